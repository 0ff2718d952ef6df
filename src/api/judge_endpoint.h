/* api/judge_endpoint.h - from the judge command's arguments to endpoints, prices and files. */
#ifndef LQA_API_JUDGE_ENDPOINT_H
#define LQA_API_JUDGE_ENDPOINT_H

#include "base/arena.h"
#include "judge/judge.h"
#include "labelqa/labelqa.h"

/* Fills options->judges: base URL and key from one pair, model, price. Texts are borrowed from
 * `args` and `arena`. LQA_BAD_USAGE for half a pair, LQA_BAD_DATA for a damaged price table. */
LQA_MUST_CHECK lqa_status lqa_judge_set_endpoints(const lqa_judge_args *args,
                                                  lqa_judge_options *options, lqa_error *err);

/* Where the price of judge 0 or 1 came from: "as given", "by the price table", "not known". Static.
 */
const char *lqa_judge_price_origin(const lqa_judge_args *args, int judge, double price_in);

/* The cache file, in `arena`; LQA_BAD_USAGE where no home is known. */
LQA_MUST_CHECK lqa_status lqa_judge_cache_path(const lqa_judge_args *args, lqa_arena *arena,
                                               const char **path, lqa_error *err);

/* Whether the endpoint is on this machine. */
bool lqa_judge_is_local(const char *base_url);

/* LQA_BAD_USAGE where spending could not be bounded: the price is not known, no --max-calls, and
 * the endpoint is not on this machine. */
LQA_MUST_CHECK lqa_status lqa_judge_check_price(const lqa_judge_args *args,
                                                const lqa_judge_options *options, lqa_error *err);

#endif
