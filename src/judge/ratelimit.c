/* judge/ratelimit.c - see ratelimit.h.
 *
 * Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain, 1989): it finds the
 * rate a server grants without knowing it and shares fairly with other clients. The first request
 * goes alone: a wrong key, an unknown model or a refused field costs one call instead of
 * `concurrency` calls. Cuts are debounced since a burst of refusals is one message, not many.
 */
#include "judge/ratelimit.h"

#include <math.h>
#include <stdlib.h>

#define CUT 0.7
#define CUT_EVERY_SECONDS 2.0

void lqa_pace_init(lqa_pace *pace, int max_limit) {
  *pace = (lqa_pace){.limit = max_limit, .max_limit = max_limit, .last_cut = -1e9};
}

bool lqa_pace_may_start(const lqa_pace *pace, double now) {
  int limit = pace->answers ? (int)pace->limit : 1;
  return now >= pace->paused_until && pace->open < limit;
}

void lqa_pace_start(lqa_pace *pace) {
  pace->open++;
}

void lqa_pace_answer(lqa_pace *pace) {
  pace->open--;
  pace->answers++;
  pace->failures = 0;
  pace->limit += 1 / pace->limit;
  if (pace->limit > pace->max_limit) {
    pace->limit = pace->max_limit;
  }
}

void lqa_pace_failure(lqa_pace *pace) {
  pace->open--;
  pace->failures++;
}

void lqa_pace_pause(lqa_pace *pace, double now, double seconds) {
  if (now + seconds > pace->paused_until) {
    pace->paused_until = now + seconds;
  }
}

void lqa_pace_limited(lqa_pace *pace, double now, double seconds) {
  lqa_pace_failure(pace);
  lqa_pace_pause(pace, now, seconds);
  if (now - pace->last_cut >= CUT_EVERY_SECONDS) {
    pace->last_cut = now;
    pace->limit = pace->limit * CUT > 1 ? pace->limit * CUT : 1;
  }
}

double lqa_backoff(double base, int tries, lqa_rng *rng) {
  int doublings = tries > 5 ? 4 : tries > 1 ? tries - 1 : 0;
  return base * (double)(1 << doublings) * (0.75 + 0.5 * lqa_rng_uniform(rng));
}
