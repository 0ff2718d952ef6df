/* model/linear/softmax_group.h - some models that are trained side by side in SIMD lanes (internal
 * to softmax.c and its kernels).
 *
 * Lane l of a group belongs to model first_model + l / width and class l % width; width is 2, 4 or
 * 8, or for more classes a multiple of 8 and then the group is a single model. How models are
 * grouped changes no bit: lanes of different models never meet.
 */
#ifndef LQA_MODEL_LINEAR_SOFTMAX_GROUP_H
#define LQA_MODEL_LINEAR_SOFTMAX_GROUP_H

#include "base/lanes.h"
#include "model/linear/softmax.h"

enum { LQA_MAX_GROUP = 16 };    /* models */
enum { LQA_SMALL_VECTORS = 4 }; /* up to here a row's lanes live in registers */

/* What training asks of a row, together: rows are visited in random order, and each array more
 * would be one more wait for memory. */
typedef struct lqa_softmax_row {
  uint64_t start; /* of its values; of its columns too, but for a dense matrix */
  uint32_t n;     /* entries */
  float scale;    /* C * weight */
  float curve;    /* scale * (|x|^2 + bias_scale) */
  int32_t label, fold;
  int32_t unused;
} lqa_softmax_row;

typedef struct lqa_softmax_group {
  const lqa_problem *problem;
  int first_model, n_models, width, n_vectors;
  float C, bias_scale;            /* bias_scale: square of the constant feature's value */
  int64_t n_train[LQA_MAX_GROUP]; /* per model of the group */
  const float *row_weight;        /* or NULL */
  lqa_softmax_row *row;           /* n_rows; lqa_softmax_describe_rows fills it */

  lqa_f8 *weight;   /* n_columns x n_vectors */
  lqa_f8 *residual; /* n_rows x n_vectors: target - alpha, the dual variables; 0 where held out */
  lqa_f8 *centre,
      *pull;   /* n_vectors: an intercept is their sum. The penalty pulls to the centre;
                * pull = bias_scale * C * sum of residuals, kept apart for its precision */
  lqa_f8 *gap; /* n_vectors: of the last epoch, per lane */
  lqa_i8 *first_out, *second_out; /* n_vectors: folds that the lane's model leaves out */
  lqa_i8 *lane_class;             /* n_vectors */
  lqa_i8 *valid, *active;         /* masks: lane in use; and its model not yet converged */
  lqa_f8 *scratch;                /* 6 x n_vectors, where n_vectors > LQA_SMALL_VECTORS */
} lqa_softmax_group;

/* Fills group->row for the rows of its problem; square_norm: n_rows, |x|^2, or NULL: computed. */
void lqa_softmax_describe_rows(lqa_softmax_group *group, const float *square_norm);

/* One pass of dual coordinate ascent over `rows` in that order; sets group->gap. */
void lqa_softmax_epoch(lqa_softmax_group *group, const uint32_t *rows, size_t n_rows);

/* What predicting sums up for one model over its training rows. */
typedef struct lqa_softmax_sums {
  double loss; /* sum of weight * -log p(label) */
  int64_t n_train, n_correct;
} lqa_softmax_sums;

/* A block of rows to predict, and where its results go. */
typedef struct lqa_softmax_block {
  int64_t first, last; /* rows [first, last) */
  const lqa_predictions *out;
  lqa_softmax_sums *sums; /* per model of the group */
  double *gap;            /* per lane: sum of weight * (alpha - p)^2 / p over training rows */
  double *gradient;       /* per lane: sum of weight * (target - p) over training rows */
  lqa_f8 *p, *sum;        /* scratch, n_vectors each */
} lqa_softmax_block;

/* Predicts the rows of a block with the present weights; adds to its sums unless they are NULL. */
void lqa_softmax_predict(const lqa_softmax_group *group, const lqa_softmax_block *block);

#endif
