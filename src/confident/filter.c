/* confident/filter.c - which rows to flag, by seven filters.
 *
 * Every filter starts from the scan's bits, adds bits of its own where quotas must be filled, and
 * keeps the rows that have all the bits it asks for. Except by the two low_* filters a row is only
 * flagged when another class beats its label (the bit LQA_ROW_DISAGREES).
 */
#include "confident/prune.h"
#include "confident/row_quotas.h"
#include "confident/scores.h"

#include "base/memory.h"

#include <math.h>

void lqa_filter_options_init(lqa_filter_options *options) {
  *options = (lqa_filter_options){
      .filter_by = LQA_FILTER_PRUNE_BY_NOISE_RATE, .frac_noise = 1.0, .min_examples_per_class = 1};
}

/* `counts`: the confident joint's counts, whose place the quotas take. */
static lqa_status prune_rows(lqa_confident *cl, const lqa_filter_options *options, int64_t *counts,
                             uint8_t *flags, lqa_error *err) {
  lqa_status status = LQA_OK;
  uint8_t *wanted = lqa_malloc((size_t)cl->n_classes, 1);
  if (!wanted) {
    return lqa_fail_memory(err, "pruning");
  }
  LQA_TRY_OUT(lqa_prune_quotas(cl, options, counts, err));
  lqa_prune_choose_classes(cl, options->min_examples_per_class, wanted);
  if (options->filter_by != LQA_FILTER_PRUNE_BY_CLASS) {
    LQA_TRY_OUT(lqa_prune_by_noise_rate(cl, counts, wanted, flags, err));
  }
  if (options->filter_by != LQA_FILTER_PRUNE_BY_NOISE_RATE) {
    LQA_TRY_OUT(lqa_prune_by_class(cl, counts, wanted, flags, err));
  }
out:
  free(wanted);
  return status;
}

/* The lowest scores, whatever their labels: one quota. */
struct lowest {
  lqa_scorer scorer;
};

static lqa_status visit_scores(void *data, const lqa_row_block *rows, lqa_quota_sink *sink) {
  const struct lowest *l = data;
  for (int64_t i = 0; i < rows->n; i++) {
    lqa_quota_item item = {.key = (double)NAN, .row = (uint32_t)(rows->row + i)};
    LQA_TRY(lqa_quota_sink_room(sink));
    if (rows->label[i] >= 0) {
      item.key = lqa_scorer_score(&l->scorer, item.row, rows->label[i], rows->worker);
    }
    sink->item[sink->n++] = item;
  }
  return LQA_OK;
}

/* Where compat order leaves the choice to the sort, all scores are sorted. */
static lqa_status sort_scores(lqa_confident *cl, lqa_score_method method, int64_t n_issues,
                              uint8_t *issue, lqa_error *err) {
  double *score = lqa_malloc((size_t)cl->n_rows, sizeof *score);
  if (!score) {
    return lqa_fail_memory(err, "scoring labels");
  }
  lqa_rank_options how = {method, false};
  lqa_status status;
  memset(issue, 0, (size_t)cl->n_rows);
  LQA_TRY_OUT(lqa_confident_scores(cl, &how, score, NULL, err));
  status = lqa_select_smallest(score, cl->n_rows, n_issues, cl->ties, issue);
  if (status == LQA_NO_MEMORY) {
    status = lqa_fail_memory(err, "choosing the lowest scores");
  }
out:
  free(score);
  return status;
}

static lqa_status filter_low_scores(lqa_confident *cl, lqa_score_method method, int64_t n_issues,
                                    uint8_t *issue, lqa_error *err) {
  struct lowest lowest = {{0}};
  lqa_rank_options how = {method, false};
  uint8_t is_open = 0;
  LQA_TRY(lqa_scorer_init(&lowest.scorer, cl, &how, err));
  lqa_row_quotas quotas = {.cl = cl,
                           .n_groups = 1,
                           .quota = &n_issues,
                           .low = 0,
                           .high = 1,
                           .limit = (double)INFINITY,
                           .most_items = 1,
                           .visit = visit_scores,
                           .data = &lowest,
                           .flags = issue,
                           .bit = 1,
                           .open = &is_open};
  memset(issue, 0, (size_t)cl->n_rows);
  lqa_status status;
  LQA_TRY_OUT(lqa_row_quotas_fill(&quotas, err));
  if (is_open) {
    status = sort_scores(cl, method, n_issues, issue, err);
  }
out:
  lqa_scorer_clear(&lowest.scorer);
  return status;
}

static lqa_status apply(lqa_confident *cl, const lqa_filter_options *options,
                        lqa_confident_scan *scan, uint8_t *issue, lqa_error *err) {
  uint8_t bits = LQA_ROW_DISAGREES;
  switch (options->filter_by) {
  case LQA_FILTER_LOW_SELF_CONFIDENCE:
    return filter_low_scores(cl, LQA_SCORE_SELF_CONFIDENCE, scan->n_both, issue, err);
  case LQA_FILTER_LOW_NORMALIZED_MARGIN:
    return filter_low_scores(cl, LQA_SCORE_NORMALIZED_MARGIN, scan->n_both, issue, err);
  case LQA_FILTER_CONFIDENT_LEARNING:
    bits |= LQA_ROW_OFF_DIAGONAL;
    break;
  case LQA_FILTER_PREDICTED_NEQ_GIVEN:
    break;
  case LQA_FILTER_PRUNE_BY_NOISE_RATE:
    bits |= LQA_ROW_BY_NOISE_RATE;
    break;
  case LQA_FILTER_PRUNE_BY_CLASS:
    bits |= LQA_ROW_BY_CLASS;
    break;
  case LQA_FILTER_BOTH:
    bits |= LQA_ROW_BY_NOISE_RATE | LQA_ROW_BY_CLASS;
    break;
  }
  if (bits & (LQA_ROW_BY_NOISE_RATE | LQA_ROW_BY_CLASS)) {
    LQA_TRY(prune_rows(cl, options, scan->joint, issue, err));
  }
  for (int64_t row = 0; row < cl->n_rows; row++) {
    issue[row] = (issue[row] & bits) == bits;
  }
  return LQA_OK;
}

lqa_status lqa_confident_filter(lqa_confident *cl, const lqa_filter_options *options,
                                uint8_t *issue, lqa_error *err) {
  size_t n = (size_t)cl->n_classes;
  lqa_status status = LQA_OK;
  lqa_thresholds thresholds = {.value = lqa_malloc(n, sizeof(double))};
  lqa_confident_scan scan = {.joint = lqa_malloc(n * n, sizeof(int64_t)), .flags = issue};
  if (!thresholds.value || !scan.joint) {
    status = lqa_fail_memory(err, "finding label issues");
    goto out;
  }
  LQA_TRY_OUT(lqa_confident_thresholds(cl, &thresholds, err));
  LQA_TRY_OUT(lqa_confident_scan_rows(cl, &thresholds, &scan, err));
  status = apply(cl, options, &scan, issue, err);
out:
  free(thresholds.value);
  free(scan.joint);
  return status;
}

lqa_status lqa_confident_count_issues(lqa_confident *cl, int64_t *n_issues, lqa_error *err) {
  lqa_thresholds thresholds = {.value = lqa_malloc((size_t)cl->n_classes, sizeof(double))};
  if (!thresholds.value) {
    return lqa_fail_memory(err, "counting label issues");
  }
  lqa_confident_scan scan = {0};
  lqa_status status;
  LQA_TRY_OUT(lqa_confident_thresholds(cl, &thresholds, err));
  LQA_TRY_OUT(lqa_confident_scan_rows(cl, &thresholds, &scan, err));
  *n_issues = scan.n_both;
out:
  free(thresholds.value);
  return status;
}
