/* judge/ratelimit.h - how fast an endpoint may be asked: adaptive concurrency, pauses, backoff.
 *
 * Pure state machines over a clock that the caller passes in (seconds, monotonic).
 */
#ifndef LQA_JUDGE_RATELIMIT_H
#define LQA_JUDGE_RATELIMIT_H

#include "base/rng.h"

#include <stdbool.h>

typedef struct lqa_pace {
  double limit; /* requests that may be open, as a real number */
  int max_limit;
  int open;            /* requests that are open */
  double paused_until; /* no request starts before */
  double last_cut;
  int64_t answers; /* so far: 0 = the endpoint is not proven, one request at a time */
  int failures;    /* since the last answer */
} lqa_pace;

void lqa_pace_init(lqa_pace *pace, int max_limit);
bool lqa_pace_may_start(const lqa_pace *pace, double now);
void lqa_pace_start(lqa_pace *pace);
/* A request ended with an answer: the limit grows by 1 per `limit` answers. */
void lqa_pace_answer(lqa_pace *pace);
/* ... with a failure that is no rate limit: nothing grows. */
void lqa_pace_failure(lqa_pace *pace);
/* ... with "too many requests": all wait `seconds`, the limit falls to 0.7 (once in two seconds).
 */
void lqa_pace_limited(lqa_pace *pace, double now, double seconds);
/* The server says that nothing is left for `seconds`. */
void lqa_pace_pause(lqa_pace *pace, double now, double seconds);

/* The wait before try number `tries` + 1: base doubled each time, at most 16 x base, jitter +-25 %.
 */
double lqa_backoff(double base, int tries, lqa_rng *rng);

/* "1s", "6m0s", "250ms", "1h2m", "12.5" (seconds); NaN if it is no duration. */
double lqa_duration_parse(const char *text);

#endif
