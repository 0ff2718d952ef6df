/* model/text/second_pass.h - a blend's text models trained again with doubtful rows counting less,
 * for the folds whose neighbours say that labels are confused systematically (confusion.h).
 *
 * Measured (bench/RESULTS.md): where a twelfth of the labels or more are swapped between pairs of
 * classes, it raises average precision by .02 to .10; everywhere else it lowers it, because what a
 * model doubts are mostly hard rows, rightly labelled, that it needs. Hence the condition.
 *
 * Nothing leaks: whether fold f is trained again is decided by rows of other folds as predicted by
 * pair models that left out f, and a training row's weight comes from models that left out both f
 * and the row's own fold.
 */
#ifndef LQA_MODEL_TEXT_SECOND_PASS_H
#define LQA_MODEL_TEXT_SECOND_PASS_H

#include "model/crossval/crossval_job.h"

/* The first three members of the blend: logistic regression and naive Bayes on words, naive Bayes
 * on characters. */
typedef struct lqa_second_pass {
  const lqa_sparse *words, *characters;
  lqa_blend *blend;  /* as lqa_blend_run left it; the members' outer predictions are replaced */
  int n_folds_again; /* result: folds that were trained again */
} lqa_second_pass;

/* Trains and mixes again into the result's pred_probs. */
LQA_MUST_CHECK lqa_status lqa_second_pass_run(lqa_crossval_job *job, lqa_second_pass *pass);

#endif
