/* model/problem/problem.h - what a model learns from, and where its out-of-fold predictions go.
 *
 * Two kinds of models are trained. Model f, for f in 0..F-1, leaves out fold f and predicts it:
 * these are the probabilities that audits use. Pair model f leaves out folds f and f + 1 (modulo F)
 * and predicts both: whatever has to be chosen from labels for fold f (how to blend, how to
 * calibrate) is chosen from predictions of other folds by models that saw nothing of fold f. So no
 * bit of a row's probabilities depends on its own label.
 */
#ifndef LQA_MODEL_PROBLEM_PROBLEM_H
#define LQA_MODEL_PROBLEM_PROBLEM_H

#include "feature/sparse.h"

enum { LQA_MAX_FOLDS = 64, LQA_NO_FOLD = 255 };

/* Borrowed. Rows with fold LQA_NO_FOLD take no part. */
typedef struct lqa_problem {
  const lqa_sparse *x;
  const int32_t *label; /* class of each row in a fold */
  const uint8_t *fold;  /* 0..n_folds-1 or LQA_NO_FOLD */
  int32_t n_classes;
  int n_folds;
} lqa_problem;

/* The caller's arrays, n_rows x n_classes each; rows that are in no fold stay untouched. */
typedef struct lqa_predictions {
  float *outer; /* by the model that leaves out the row's fold */
  float *next;  /* by the pair model that leaves out the row's fold and the one after it */
  float
      *previous; /* by the pair model that leaves out the row's fold and the one before it; next and
                  * previous may both be NULL: no pair models are trained. They need 3 folds. */
  const uint8_t *wanted; /* n_rows: 1 = predict this row by pair models; NULL: all rows. Must not
                          * depend on labels. */
} lqa_predictions;

/* The folds that model `m` leaves out: m < n_folds: {m}; else a pair. second = -1: none. */
typedef struct lqa_holdout {
  int first, second;
} lqa_holdout;

static inline lqa_holdout lqa_holdout_of(int model, int n_folds) {
  int f = model % n_folds;
  return (lqa_holdout){f, model < n_folds ? -1 : (f + 1) % n_folds};
}
static inline int lqa_model_count(const lqa_predictions *predictions, int n_folds) {
  return predictions->next ? 2 * n_folds : n_folds;
}
/* Where a row of fold `fold` is predicted by a model with this holdout; NULL: nowhere. */
static inline float *lqa_prediction_place(const lqa_predictions *p, lqa_holdout holdout, int fold) {
  if (holdout.second < 0) {
    return fold == holdout.first ? p->outer : NULL;
  }
  return fold == holdout.first ? p->next : fold == holdout.second ? p->previous : NULL;
}
/* Whether a pair model has to predict the row. */
static inline bool lqa_prediction_wanted(const lqa_predictions *p, int64_t row) {
  return !p->wanted || p->wanted[row];
}

#endif
