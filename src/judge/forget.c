/* judge/forget.c - removes what a model said from the cache: it was wrongly set up, or answers
 * better now. What runs have recorded stays in their run.db.
 */
#include "judge/cache.h"
#include "judge/endpoint.h"
#include "judge/judge.h"

#include <stdlib.h>

static lqa_status forget_judge(lqa_cache *cache, const lqa_judge_endpoint *judge, int64_t *n,
                               lqa_error *err) {
  char *url = NULL;
  int64_t found = 0;
  LQA_TRY(lqa_endpoint_normalise(judge->base_url, &url, err));
  lqa_status status = lqa_cache_forget(cache, url, judge->model, &found, err);
  free(url);
  *n += found;
  return status;
}

lqa_status lqa_judge_forget(const lqa_judge_options *options, int64_t *n, lqa_error *err) {
  lqa_cache *cache = NULL;
  *n = 0;
  LQA_TRY(lqa_cache_open(options->cache_path, &cache, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_cache_begin(cache, err));
  for (int j = 0; j < options->n_judges; j++) {
    LQA_TRY_OUT(forget_judge(cache, &options->judges[j], n, err));
  }
  status = lqa_cache_commit(cache, err);
out:
  if (status != LQA_OK) {
    lqa_cache_roll_back(cache);
  }
  lqa_cache_close(cache);
  return status;
}
