/* confident/health.c - what an estimated joint says about classes.
 *
 * Row i of the joint is the mass of rows given label i, column j that of rows truly j. Mass off the
 * diagonal of a row is label noise (given i, truly another), of a column inverse label noise (truly
 * j, given another). Two classes overlap by the mass that is given one and truly the other.
 */
#include "confident/confident_internal.h"

#include "base/memory.h"

#include <math.h>

static void assess_class(const lqa_joint *joint, int32_t k, int64_t n_rows,
                         lqa_class_quality *quality) {
  int64_t n = joint->n;
  double row_sum = lqa_pairwise_sum(joint->cell + k * n, n, false);
  double column_sum = 0;
  for (int64_t i = 0; i < n; i++) {
    column_sum += joint->cell[i * n + k];
  }
  double diagonal = joint->cell[k * n + k];
  double given_wrong = row_sum - diagonal;
  double truly_missed = column_sum - diagonal;
  quality->class_index = k;
  quality->label_issues = (int64_t)rint(given_wrong * (double)n_rows);
  quality->inverse_label_issues = (int64_t)rint(truly_missed * (double)n_rows);
  quality->label_noise = given_wrong / (row_sum > LQA_CONFIDENT_EPS ? row_sum : LQA_CONFIDENT_EPS);
  quality->inverse_label_noise =
      truly_missed / (column_sum > LQA_CONFIDENT_EPS ? column_sum : LQA_CONFIDENT_EPS);
  quality->label_quality = 1 - quality->label_noise;
}

lqa_status lqa_joint_rank_classes(const lqa_joint *joint, int64_t n_rows, lqa_tie_order ties,
                                  lqa_class_quality *quality, lqa_error *err) {
  size_t n = (size_t)joint->n;
  lqa_class_quality *unordered = lqa_malloc(n, sizeof *unordered);
  double *key = lqa_malloc(n, sizeof *key);
  int64_t *order = lqa_malloc(n, sizeof *order);
  lqa_status status;
  LQA_TRY_OUT(unordered && key && order ? LQA_OK : LQA_NO_MEMORY);
  for (size_t k = 0; k < n; k++) {
    assess_class(joint, (int32_t)k, n_rows, &unordered[k]);
    key[k] = unordered[k].label_quality;
  }
  LQA_TRY_OUT(lqa_argsort(key, joint->n, ties, order));
  for (size_t k = 0; k < n; k++) {
    quality[k] = unordered[order[k]];
  }
out:
  free(unordered);
  free(key);
  free(order);
  return status == LQA_OK ? status : lqa_fail_memory(err, "ranking classes");
}

static void list_overlaps(const lqa_joint *joint, int64_t n_rows, bool is_asymmetric,
                          lqa_class_overlap *pairs) {
  int64_t count = 0;
  for (int32_t a = 0; a < joint->n; a++) {
    for (int32_t b = is_asymmetric ? 0 : a + 1; b < joint->n; b++) {
      if (a == b) {
        continue;
      }
      double mass = joint->cell[(int64_t)a * joint->n + b];
      if (!is_asymmetric) {
        mass += joint->cell[(int64_t)b * joint->n + a];
      }
      pairs[count++] = (lqa_class_overlap){a, b, (int64_t)rint(mass * (double)n_rows), mass};
    }
  }
}

/* Descending as pandas does it: the reversed values ascending, and that order reversed. */
static lqa_status sort_overlaps(const lqa_class_overlap *from, int64_t n, lqa_tie_order ties,
                                lqa_class_overlap *to) {
  double *key = lqa_malloc((size_t)n, sizeof *key);
  int64_t *order = lqa_malloc((size_t)n, sizeof *order);
  lqa_status status;
  LQA_TRY_OUT(key && order ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t i = 0; i < n; i++) {
    key[i] = from[n - 1 - i].joint;
  }
  LQA_TRY_OUT(lqa_argsort(key, n, ties, order));
  for (int64_t i = 0; i < n; i++) {
    to[n - 1 - i] = from[n - 1 - order[i]];
  }
out:
  free(key);
  free(order);
  return status;
}

lqa_status lqa_joint_find_overlaps(const lqa_joint *joint, int64_t n_rows,
                                   const lqa_overlap_options *options, lqa_overlap_list *overlaps,
                                   lqa_error *err) {
  int64_t n = (int64_t)joint->n * (joint->n - 1) / (options->is_asymmetric ? 1 : 2);
  lqa_class_overlap *unordered = lqa_malloc((size_t)n, sizeof *unordered);
  lqa_class_overlap *ordered = lqa_malloc((size_t)n, sizeof *ordered);
  lqa_status status;
  LQA_TRY_OUT(unordered && ordered ? LQA_OK : LQA_NO_MEMORY);
  list_overlaps(joint, n_rows, options->is_asymmetric, unordered);
  status = sort_overlaps(unordered, n, options->ties, ordered);
out:
  free(unordered);
  if (status != LQA_OK) {
    free(ordered);
    return lqa_fail_memory(err, "finding overlapping classes");
  }
  *overlaps = (lqa_overlap_list){ordered, n};
  return LQA_OK;
}
