/* judge/endpoint_test.h - is anybody there? One GET of the endpoint's model list; costs nothing. */
#ifndef LQA_JUDGE_ENDPOINT_TEST_H
#define LQA_JUDGE_ENDPOINT_TEST_H

#include "judge/judge.h"

typedef struct lqa_endpoint_answer {
  bool works;
  char text[300]; /* one line; holds no key */
} lqa_endpoint_answer;

/* Writes what an endpoint says into `out`: "answers, 12 models", "status 401: ...", "does not
 * answer: ...". Never holds the key. LQA_BAD_USAGE for a base URL or key that is none. */
LQA_MUST_CHECK lqa_status lqa_judge_test_endpoint(const lqa_judge_endpoint *endpoint,
                                                  const lqa_judge_options *options,
                                                  lqa_endpoint_answer *out, lqa_error *err);

#endif
