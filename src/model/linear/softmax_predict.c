/* Predicting with a group's weights: held-out rows get their probabilities, training rows are
 * summed up into the certificate (loss, duality gap, intercept gradient) and the training accuracy.
 *
 * Runs on blocks of rows, in parallel; sums are over the rows of a block in order, so the caller
 * adds blocks in order and gets the same bits for any number of threads.
 */
#include "model/linear/softmax_row.h"

#include "base/explog.h"

typedef double loose_d8 __attribute__((vector_size(64), aligned(8)));

/* Writes the probabilities of model `m` of the group from the lanes `p` of a row. A class that the
 * model's training rows lack gets 1 / (n + K); see softmax.h. */
static void store_row(const lqa_softmax_group *g, int m, const lqa_f8 *p, float *out) {
  int n_classes = g->problem->n_classes;
  const float *lane = (const float *)p + m * g->width;
  const int32_t *valid = (const int32_t *)g->valid + m * g->width;
  float absent = 1.f / ((float)g->n_train[m] + (float)n_classes);
  int n_absent = 0;
  for (int k = 0; k < n_classes; k++) {
    n_absent += !valid[k];
  }
  float scale = n_absent ? 1.f - absent * (float)n_absent : 1.f;
  for (int k = 0; k < n_classes; k++) {
    out[k] = valid[k] ? lane[k] * scale : absent;
  }
}

/* Whether the label is the most probable class; of equal ones the first counts. */
static bool is_best_class(const float *lane, int32_t label, int n_classes) {
  int better = 0;
  for (int k = 0; k < n_classes; k++) {
    better += (lane[k] > lane[label]) | ((lane[k] == lane[label]) & (k < label));
  }
  return better == 0;
}

/* Adds a training row of model `m` to its sums. likelihood: product of the probabilities that are
 * not yet in sums->loss; a logarithm of many at once costs a logarithm of one. */
static void add_row(const lqa_softmax_group *g, int m, const lqa_f8 *p, int64_t row,
                    lqa_softmax_sums *sums, double *likelihood) {
  const float *lane = (const float *)p + m * g->width;
  int32_t label = g->problem->label[row];
  double probability = (double)lane[label] + 1e-38;
  sums->n_train++;
  sums->n_correct += is_best_class(lane, label, g->problem->n_classes);
  if (g->row_weight) {
    sums->loss -= (double)g->row_weight[row] * lqa_log(probability);
    return;
  }
  *likelihood *= probability;
  if (*likelihood < 1e-200) {
    sums->loss -= lqa_log(*likelihood);
    *likelihood = 1;
  }
}

/* sum[0..8) += x */
LQA_INLINE void add_lanes(double *sum, lqa_f8 x) {
  loose_d8 *to = (loose_d8 *)sum;
  *to += __builtin_convertvector(x, loose_d8);
}

/* Adds the row's gap and intercept gradient, lane by lane. */
LQA_INLINE void add_certificate(const lqa_softmax_group *g, const lqa_f8 *p, int64_t row, int n,
                                double *gap, double *gradient) {
  const lqa_f8 *residual = g->residual + (size_t)row * (size_t)n;
  int32_t label = g->problem->label[row], fold = g->problem->fold[row];
  float weight = g->row_weight ? g->row_weight[row] : 1.f;
  for (int j = 0; j < n; j++) {
    lqa_i8 counts = g->valid[j] & lqa_lane_learns(g, j, fold);
    lqa_f8 target = lqa_lane_target(g, j, label);
    lqa_f8 term = lqa_gap_term(target - residual[j], p[j], counts) * weight;
    lqa_f8 slope = lqa_f8_choose(counts, (target - p[j]) * weight, lqa_f8_all(0));
    add_lanes(gap + j * LQA_LANES, term);
    add_lanes(gradient + j * LQA_LANES, slope);
  }
}

LQA_INLINE void predict_rows(const lqa_softmax_group *g, const lqa_softmax_block *block, int n,
                             int width) {
  double likelihood[LQA_MAX_GROUP];
  for (int m = 0; m < g->n_models; m++) {
    likelihood[m] = 1;
  }
  for (int64_t row = block->first; row < block->last; row++) {
    int fold = g->problem->fold[row];
    bool is_pair = g->first_model >= g->problem->n_folds;
    if (fold == LQA_NO_FOLD || (is_pair && !lqa_prediction_wanted(block->out, row))) {
      continue;
    }
    lqa_row_entries x = lqa_row_get(g->problem->x, row);
    lqa_row_scores(g, &x, block->p, n);
    lqa_fold_softmax(g, block->p, block->sum, n, width);
    if (block->sums) {
      add_certificate(g, block->p, row, n, block->gap, block->gradient);
    }
    for (int m = 0; m < g->n_models; m++) {
      lqa_holdout holdout = lqa_holdout_of(g->first_model + m, g->problem->n_folds);
      float *out = lqa_prediction_place(block->out, holdout, fold);
      if (out) {
        store_row(g, m, block->p, out + row * g->problem->n_classes);
      } else if (block->sums) {
        add_row(g, m, block->p, row, &block->sums[m], &likelihood[m]);
      }
    }
  }
  for (int m = 0; block->sums && m < g->n_models; m++) {
    block->sums[m].loss -= lqa_log(likelihood[m]);
  }
}

#define PREDICT(NAME, N, WIDTH)                                                \
  LQA_EVERY_LEVEL static void predict_##NAME(const lqa_softmax_group *g,       \
                                             const lqa_softmax_block *block) { \
    predict_rows(g, block, N, WIDTH);                                          \
  }

PREDICT(2, g->n_vectors, 2)
PREDICT(4, g->n_vectors, 4)
PREDICT(8, g->n_vectors, 8)
PREDICT(1_4, 1, 4)
PREDICT(2_4, 2, 4)
PREDICT(3_4, 3, 4)
PREDICT(large, g->n_vectors, g->width)

void lqa_softmax_predict(const lqa_softmax_group *group, const lqa_softmax_block *block) {
  static void (*const four[3])(const lqa_softmax_group *,
                               const lqa_softmax_block *) = {predict_1_4, predict_2_4, predict_3_4};
  if (group->width == 4 && group->n_vectors <= 3) {
    four[group->n_vectors - 1](group, block);
  } else if (group->width == 4) {
    predict_4(group, block);
  } else if (group->width == 2) {
    predict_2(group, block);
  } else if (group->width == 8) {
    predict_8(group, block);
  } else {
    predict_large(group, block);
  }
}
