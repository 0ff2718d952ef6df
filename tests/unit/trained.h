/* tests/unit/trained.h - cross-validation that must succeed. */
#ifndef LQA_TESTS_TRAINED_H
#define LQA_TESTS_TRAINED_H

#include "must.h"

#include "model/out_of_fold/crossval.h"

static inline lqa_crossval_result train(const lqa_dataset *d, const lqa_crossval_options *options) {
  lqa_crossval_result result;
  lqa_error err;
  lqa_error_clear(&err);
  MUST(lqa_crossval_run(d, options, &result, &err));
  return result;
}

static inline lqa_crossval_options defaults(lqa_model_kind kind) {
  lqa_crossval_options options;
  lqa_crossval_options_init(&options);
  options.kind = kind;
  return options;
}

#endif
