/* confident/prune.c - quotas of rows to prune, from the confident joint.
 *
 * Per given class at least `min_examples_per_class` rows must stay: where the diagonal is less, it
 * is lifted and the lift taken evenly from the class's other cells. frac_noise scales what is
 * pruned, the rest goes back to the diagonal. Quotas are truncated to whole rows (2.9999 gives 2).
 *
 * num_to_remove_per_class replaces the quotas' sizes and keeps their proportions. The reference
 * divides column g by the sum of row g there (a broadcast along the other axis); results follow it.
 *
 * A given class's cells are one row of the joint here (one column of the reference's transposed
 * prune matrix): "column" in the reference's description reads "row" below.
 */
#include "confident/prune.h"

#include "base/memory.h"

#include <math.h>

/* As a C cast of the reference does on x86-64: what does not fit becomes the smallest integer. */
static int64_t truncate_to_int(double value) {
  return fabs(value) < 9.2e18 ? (int64_t)value : INT64_MIN;
}

static int32_t count_nonzero(const double *cells, int32_t n) {
  int32_t count = 0;
  for (int32_t t = 0; t < n; t++) {
    count += cells[t] != 0;
  }
  return count;
}

static void keep_at_least(double *cells, int32_t n, int32_t given, double least) {
  double lifted = cells[given] > least ? cells[given] : least;
  int32_t n_others = count_nonzero(cells, n) - 1;
  double share = (lifted - cells[given]) / (n_others > 1 ? n_others : 1);
  for (int32_t t = 0; t < n; t++) {
    cells[t] -= share;
    cells[t] = cells[t] < 0 ? 0 : cells[t];
  }
  cells[given] = lifted;
}

static double sum_freed(const double *freed, int32_t n, bool by_column) {
  if (!by_column) {
    return lqa_pairwise_sum(freed, n, false);
  }
  double sum = 0;
  for (int32_t t = 0; t < n; t++) {
    sum += freed[t];
  }
  return sum;
}

/* `freed` is scratch of n. */
static void scale_noise(lqa_joint *joint, int32_t given, double fraction, double *freed) {
  double *cells = joint->cell + (int64_t)given * joint->n;
  for (int32_t t = 0; t < joint->n; t++) {
    double scaled = t == given ? cells[t] : cells[t] * fraction;
    freed[t] = cells[t] - scaled;
    cells[t] = scaled;
  }
  cells[given] += sum_freed(freed, joint->n, joint->by_column);
}

/* Column t of the joint (rows truly t). */
struct column {
  const lqa_joint *joint;
  int32_t t;
};

static double column_at(const void *data, int64_t g) {
  const struct column *c = data;
  return c->joint->cell[g * c->joint->n + c->t];
}

static double sum_column(const lqa_joint *joint, int32_t t) {
  return lqa_pairwise_sum_of(column_at, &(struct column){joint, t}, joint->n, false);
}

/* Sets the quotas so that v[t] rows truly t are pruned. Row rounding runs along a true class, which
 * is a column here, so the matrix is turned over and back. */
static void transpose(lqa_joint *joint) {
  for (int64_t i = 0; i < joint->n; i++) {
    for (int64_t j = 0; j < i; j++) {
      double *a = &joint->cell[i * joint->n + j];
      double *b = &joint->cell[j * joint->n + i];
      double swap = *a;
      *a = *b;
      *b = swap;
    }
  }
}

static lqa_status set_totals(lqa_joint *joint, const int64_t *remove, const int64_t *class_counts,
                             lqa_tie_order ties, lqa_error *err) {
  int32_t n = joint->n;
  double *true_sum = lqa_malloc((size_t)n, sizeof *true_sum);
  if (!true_sum) {
    return lqa_fail_memory(err, "setting how many rows to prune");
  }
  for (int32_t t = 0; t < n; t++) {
    true_sum[t] = sum_column(joint, t);
  }
  for (int64_t g = 0; g < n; g++) {
    for (int32_t t = 0; t < n; t++) {
      joint->cell[g * n + t] /= true_sum[g];
    }
  }
  for (int32_t t = 0; t < n; t++) {
    double noise = sum_column(joint, t) - joint->cell[(int64_t)t * n + t];
    for (int64_t g = 0; g < n; g++) {
      joint->cell[g * n + t] = joint->cell[g * n + t] * (double)remove[t] / noise;
    }
    joint->cell[(int64_t)t * n + t] = (double)(class_counts[t] - remove[t]);
  }
  free(true_sum);
  transpose(joint);
  lqa_status status = lqa_joint_round_rows(joint, ties, err);
  transpose(joint);
  return status;
}

/* The confident joint becomes whole numbers of rows to prune. */
static lqa_status prune_joint(const lqa_confident *cl, const lqa_filter_options *options,
                              lqa_joint *joint, lqa_error *err) {
  int32_t n = joint->n;
  double *freed = lqa_malloc((size_t)n, sizeof *freed);
  if (!freed) {
    return lqa_fail_memory(err, "setting how many rows to prune");
  }
  for (int32_t g = 0; g < n; g++) {
    double *cells = joint->cell + (int64_t)g * n;
    keep_at_least(cells, n, g, (double)options->min_examples_per_class);
    scale_noise(joint, g, options->frac_noise, freed);
    for (int32_t t = 0; t < n; t++) {
      cells[t] = (double)truncate_to_int(cells[t]);
    }
  }
  free(freed);
  if (options->num_to_remove) {
    LQA_TRY(set_totals(joint, options->num_to_remove, cl->class_count, cl->ties, err));
  }
  return LQA_OK;
}

/* The counts' place is used: many classes make such matrices large. */
static lqa_status load_joint(const lqa_confident *cl, const lqa_filter_options *options,
                             int64_t *counts, lqa_joint *joint, lqa_error *err) {
  size_t n = (size_t)joint->n;
  joint->cell = (double *)counts;
  if (options->confident_joint) {
    memcpy(joint->cell, options->confident_joint->cell, n * n * sizeof *joint->cell);
    joint->by_column = options->confident_joint->by_column;
    return LQA_OK;
  }
  for (size_t i = 0; i < n * n; i++) {
    double cell = (double)counts[i];
    memcpy(&joint->cell[i], &cell, sizeof cell);
  }
  lqa_joint_lift_diagonal(joint);
  joint->by_column = true;
  return lqa_joint_calibrate(joint, cl->class_count, cl->ties, err);
}

lqa_status lqa_prune_quotas(const lqa_confident *cl, const lqa_filter_options *options,
                            int64_t *counts, lqa_error *err) {
  size_t n = (size_t)cl->n_classes;
  lqa_joint joint = {.n = cl->n_classes};
  LQA_TRY(load_joint(cl, options, counts, &joint, err));
  LQA_TRY(prune_joint(cl, options, &joint, err));
  for (size_t i = 0; i < n * n; i++) {
    int64_t quota = truncate_to_int(joint.cell[i]);
    memcpy(&counts[i], &quota, sizeof quota);
  }
  return LQA_OK;
}

void lqa_prune_choose_classes(const lqa_confident *cl, int64_t min_examples, uint8_t *wanted) {
  for (int32_t k = 0; k < cl->n_classes; k++) {
    wanted[k] = cl->class_count[k] > min_examples && cl->class_count[k] > 1;
  }
}
