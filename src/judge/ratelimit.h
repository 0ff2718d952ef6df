/* judge/ratelimit.h - how fast an endpoint may be asked: adaptive concurrency, pauses, backoff.
 *
 * Pure state machines over a clock that the caller passes in (seconds, monotonic).
 */
#ifndef LQA_JUDGE_RATELIMIT_H
#define LQA_JUDGE_RATELIMIT_H

#include "base/rng.h"
#include "base/str.h"

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

/* "1s", "6m0s", "250ms", "1h2m", "2 days", "PT7M12S", "12.5" (seconds); NaN if it is no duration.
 */
double lqa_duration_parse(const char *text);

/* A duration, or the moment until which to wait: seconds or milliseconds since 1970, an RFC 3339
 * time or an HTTP date. `now` in seconds since 1970. NaN if it is none of these; 0 for a moment
 * that is over. */
double lqa_wait_parse(lqa_str text, double now);
/* The longest wait that prose asks for: "Please try again in 7m12.5s."; NaN if it asks for none. */
double lqa_wait_in_prose(const char *text);

/* What a server counts and tells in reply headers: "x-ratelimit-remaining-requests: 0",
 * "anthropic-ratelimit-tokens-reset: 2026-01-01T00:00:00Z", "RateLimit: remaining=0, reset=432". */
enum { LQA_MAX_COUNTERS = 12 };
typedef struct lqa_rate_counters {
  struct {
    char name[48];
    double remaining, reset; /* NaN = not told; reset in seconds from now */
  } items[LQA_MAX_COUNTERS];
  int n;
  double retry_after; /* seconds; NaN = not told */
  bool is_exact;      /* told in milliseconds: counts more than a rounded one */
} lqa_rate_counters;

void lqa_rate_counters_clear(lqa_rate_counters *counters);
/* Reads one header line's name and value; false if it is about something else. */
bool lqa_rate_counters_read(lqa_rate_counters *counters, lqa_str name, lqa_str value, double now);
/* The longest reset of a counter that stands at exactly 0 (gateways send -1 for "do not know"); of
 * a reply that says "too many requests" also of one that does not tell what remains. NaN: none. */
double lqa_rate_counters_wait(const lqa_rate_counters *counters, bool is_limited);

#endif
