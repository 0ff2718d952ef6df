/* judge/simulate.h - a judge that knows the truth and is right as often as it is told to be: for
 * the worked example and for tests, without a network. It is a transport, so its answers go through
 * the same parser, cache and books as a real one's; whoever uses it says so.
 */
#ifndef LQA_JUDGE_SIMULATE_H
#define LQA_JUDGE_SIMULATE_H

#include "judge/transport.h"

typedef struct lqa_simulated_judge {
  double accuracy; /* probability that its opinion is the true class */
  uint64_t seed;
  lqa_judge_protocol protocol;
  const lqa_judge_class *classes; /* borrowed */
  size_t n_classes;
  const int32_t *truth; /* true class by row number; borrowed */
} lqa_simulated_judge;

/* Endpoint and model names under which it appears; no request ever leaves the process. */
#define LQA_SIMULATED_URL "http://127.0.0.1/simulated"
#define LQA_SIMULATED_MODEL "simulated"

LQA_MUST_CHECK lqa_status lqa_simulated_open(const lqa_simulated_judge *judge,
                                             lqa_transport *transport, lqa_error *err);

#endif
