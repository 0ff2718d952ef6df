/* model/out_of_fold/crossval.h - out-of-fold probabilities for a data set: the evidence that most
 * audits rest on.
 *
 *     lqa_crossval_options options;
 *     lqa_crossval_options_init(&options);
 *     lqa_crossval_result result;
 *     LQA_TRY(lqa_crossval_run(dataset, &options, &result, err));
 *     ... result.pred_probs ...
 *     lqa_crossval_clear(&result);
 *
 * Every row is predicted by models that were trained without it and without any row of equal
 * content, equal --group or the same near-duplicate cluster. With folds held fixed, changing a
 * row's own label changes no bit of its own prediction. Vocabulary and idf come from all scorable
 * rows; they hold no label. The bytes do not depend on the pool or on the processor.
 */
#ifndef LQA_MODEL_OUT_OF_FOLD_CROSSVAL_H
#define LQA_MODEL_OUT_OF_FOLD_CROSSVAL_H

#include "data/dataset/dataset.h"
#include "model/crossval/crossval_result.h"

/* Errors: LQA_BAD_USAGE (options), LQA_BAD_DATA (fewer scorable rows than folds, a single class),
 * LQA_NO_MEMORY, LQA_INTERRUPTED. On failure *out is cleared. */
LQA_MUST_CHECK lqa_status lqa_crossval_run(const lqa_dataset *dataset,
                                           const lqa_crossval_options *options,
                                           lqa_crossval_result *out, lqa_error *err);

#endif
