/* Ties the steps of confident learning together for a data set: which rows count, flags, ranks,
 * classes. Cost: the scans of confident.h, plus one pass for predictions.
 */
#include "confident/label_issues.h"

#include "base/memory.h"
#include "model/problem/metrics.h"

#include <math.h>
#include <string.h>

static lqa_status allocate(const lqa_label_issues_input *input, lqa_label_issues *out) {
  size_t n = (size_t)input->n_rows, k = (size_t)input->n_classes;
  *out = (lqa_label_issues){.n_rows = input->n_rows, .n_classes = input->n_classes};
  out->is_issue = lqa_calloc(n, 1);
  out->rank = lqa_calloc(n, sizeof *out->rank);
  out->predicted = lqa_malloc(n, sizeof *out->predicted);
  out->self_confidence = lqa_malloc(n, sizeof *out->self_confidence);
  out->per_class = lqa_calloc(k, sizeof *out->per_class);
  return out->is_issue && out->rank && out->predicted && out->self_confidence && out->per_class
             ? LQA_OK
             : LQA_NO_MEMORY;
}

void lqa_label_issues_clear(lqa_label_issues *issues) {
  free(issues->is_issue);
  free(issues->rank);
  free(issues->predicted);
  free(issues->self_confidence);
  free(issues->per_class);
  free(issues->overlaps);
  *issues = (lqa_label_issues){0};
}

void lqa_label_issues_drop(lqa_label_issues *issues) {
  memset(issues->is_issue, 0, (size_t)issues->n_rows);
  memset(issues->rank, 0, (size_t)issues->n_rows * sizeof *issues->rank);
  for (int32_t k = 0; k < issues->n_classes; k++) {
    lqa_class_summary *class = &issues->per_class[k];
    *class = (lqa_class_summary){class->count, 0, NAN, NAN, NAN};
  }
  issues->n_flagged = issues->estimated_errors = issues->n_overlaps = 0;
}

/* Predictions and self-confidence; used[i] is the label where the row counts, else -1. */
static void read_rows(const lqa_label_issues_input *input, lqa_label_issues *out, int32_t *used) {
  for (int64_t i = 0; i < input->n_rows; i++) {
    const float *p = input->pred_probs + i * input->n_classes;
    out->predicted[i] = lqa_best_class(p, input->n_classes);
    used[i] = out->predicted[i] >= 0 && input->label[i] >= 0 ? input->label[i] : -1;
    out->self_confidence[i] = used[i] >= 0 ? (double)p[used[i]] : NAN;
    out->n_not_scored += used[i] < 0;
  }
}

static lqa_status flag_rows(lqa_confident *cl, lqa_label_issues *out, lqa_error *err) {
  lqa_filter_options options;
  lqa_rank_options how = {LQA_SCORE_SELF_CONFIDENCE, false};
  lqa_ranking ranking = {0};
  lqa_filter_options_init(&options);
  LQA_TRY(lqa_confident_filter(cl, &options, out->is_issue, err));
  LQA_TRY(lqa_confident_rank(cl, out->is_issue, &how, &ranking, err));
  out->n_flagged = ranking.n;
  for (int64_t i = 0; i < ranking.n; i++) {
    out->rank[ranking.rows[i]] = (int32_t)(i + 1);
  }
  free(ranking.rows);
  return LQA_OK;
}

static double off_diagonal_sum(const lqa_joint *joint) {
  double sum = 0;
  for (int32_t i = 0; i < joint->n; i++) {
    for (int32_t j = 0; j < joint->n; j++) {
      sum += i == j ? 0 : joint->cell[(size_t)i * (size_t)joint->n + (size_t)j];
    }
  }
  return sum;
}

/* Per-class figures and overlapping pairs from the estimated joint. */
static lqa_status describe_classes(const lqa_confident *cl, const lqa_joint *joint,
                                   lqa_tie_order ties, lqa_label_issues *out, lqa_error *err) {
  size_t n = (size_t)out->n_classes;
  int64_t n_used = lqa_confident_count_used(cl);
  const int64_t *counts = lqa_confident_class_counts(cl);
  lqa_class_quality *quality = lqa_malloc(n, sizeof *quality);
  lqa_status status;
  LQA_TRY_OUT(quality ? LQA_OK : lqa_fail_memory(err, "describing classes"));
  LQA_TRY_OUT(lqa_joint_rank_classes(joint, n_used, ties, quality, err));
  for (size_t k = 0; k < n; k++) {
    lqa_class_summary *summary = &out->per_class[quality[k].class_index];
    summary->label_noise = quality[k].label_noise;
    summary->inverse_label_noise = quality[k].inverse_label_noise;
    summary->quality = quality[k].label_quality;
    summary->count = counts[quality[k].class_index];
  }
  lqa_overlap_options options = {.is_asymmetric = false, .ties = ties};
  lqa_overlap_list list = {0};
  LQA_TRY_OUT(lqa_joint_find_overlaps(joint, n_used, &options, &list, err));
  out->overlaps = list.pairs;
  out->n_overlaps = list.n;
  while (out->n_overlaps > 0 && !(out->overlaps[out->n_overlaps - 1].joint > 0)) {
    out->n_overlaps--;
  }
out:
  free(quality);
  return status;
}

static lqa_status summarise(lqa_confident *cl, lqa_tie_order ties, lqa_label_issues *out,
                            lqa_error *err) {
  size_t n = (size_t)out->n_classes;
  double *threshold = lqa_malloc(n, sizeof *threshold);
  int64_t *counts = lqa_calloc(n * n, sizeof *counts);
  double *cell = lqa_malloc(n * n, sizeof *cell);
  lqa_status status = threshold && counts && cell ? LQA_OK : lqa_fail_memory(err, "counting");
  lqa_thresholds thresholds = {.value = threshold};
  lqa_confident_scan scan = {.joint = counts};
  lqa_joint joint = {.cell = cell, .n = out->n_classes};
  if (status != LQA_OK) {
    goto out;
  }
  LQA_TRY_OUT(lqa_confident_thresholds(cl, &thresholds, err));
  LQA_TRY_OUT(lqa_confident_scan_rows(cl, &thresholds, &scan, err));
  lqa_joint_from_counts(counts, &joint);
  LQA_TRY_OUT(lqa_joint_calibrate(&joint, lqa_confident_class_counts(cl), ties, err));
  out->estimated_errors = (int64_t)rint(off_diagonal_sum(&joint));
  lqa_joint_normalize(&joint);
  LQA_TRY_OUT(describe_classes(cl, &joint, ties, out, err));
out:
  free(threshold);
  free(counts);
  free(cell);
  return status;
}

static void count_flagged(const int32_t *used, lqa_label_issues *out) {
  for (int64_t i = 0; i < out->n_rows; i++) {
    if (out->is_issue[i]) {
      out->per_class[used[i]].flagged++;
    }
  }
}

lqa_status lqa_label_issues_find(const lqa_label_issues_input *input, lqa_label_issues *out,
                                 lqa_error *err) {
  lqa_label_issues found = {0};
  lqa_confident *cl = NULL;
  int32_t *used = lqa_malloc((size_t)input->n_rows, sizeof *used);
  lqa_status status = used ? allocate(input, &found) : LQA_NO_MEMORY;
  if (status != LQA_OK) {
    status = lqa_fail_memory(err, "finding label issues");
    goto out;
  }
  read_rows(input, &found, used);
  lqa_matrix probs = lqa_matrix_of_f32(input->pred_probs, input->n_rows, input->n_classes);
  lqa_matrix labels = lqa_vector_of_i32(used, input->n_rows);
  lqa_confident_input problem = {
      .pred_probs = &probs, .labels = &labels, .ties = input->ties, .pool = input->pool};
  LQA_TRY_OUT(lqa_confident_new(&problem, &cl, err));
  LQA_TRY_OUT(flag_rows(cl, &found, err));
  LQA_TRY_OUT(summarise(cl, input->ties, &found, err));
  count_flagged(used, &found);
out:
  lqa_confident_free(cl);
  free(used);
  if (status != LQA_OK) {
    lqa_label_issues_clear(&found);
    return status;
  }
  *out = found;
  return LQA_OK;
}
