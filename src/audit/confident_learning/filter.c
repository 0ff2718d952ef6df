/* audit/confident_learning/filter.c - which rows to flag, by seven filters, and in what order.
 *
 * Every filter starts from the scan's bits, adds bits of its own where quotas must be filled, and
 * keeps the rows that have all the bits it asks for. Except by the two low_* filters a row is only
 * flagged when another class beats its label (the bit LQA_ROW_DISAGREES).
 */
#include "audit/confident_learning/prune.h"
#include "audit/confident_learning/scores.h"

#include "base/memory.h"

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

static lqa_status filter_low_scores(lqa_confident *cl, lqa_score_method method, int64_t n_issues,
                                    uint8_t *issue, lqa_error *err) {
  double *score = lqa_malloc((size_t)cl->n_rows, sizeof *score);
  if (!score) {
    return lqa_fail_memory(err, "scoring labels");
  }
  lqa_rank_options how = {method, false};
  lqa_status status = lqa_confident_scores(cl, &how, score, NULL, err);
  memset(issue, 0, (size_t)cl->n_rows);
  if (status == LQA_OK) {
    status = lqa_select_smallest(score, cl->n_rows, n_issues, cl->ties, issue);
    if (status == LQA_NO_MEMORY) {
      status = lqa_fail_memory(err, "choosing the lowest scores");
    }
  }
  free(score);
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
  lqa_status status = lqa_confident_thresholds(cl, &thresholds, err);
  if (status == LQA_OK) {
    status = lqa_confident_scan_rows(cl, &thresholds, &scan, err);
  }
  free(thresholds.value);
  if (status == LQA_OK) {
    *n_issues = scan.n_both;
  }
  return status;
}

/* The flagged rows and their scores. */
static void score_flagged(const lqa_scorer *scorer, const uint8_t *issue, int64_t *rows,
                          double *score) {
  int64_t n = 0;
  for (int64_t row = 0; row < scorer->cl->n_rows; row++) {
    if (issue[row]) {
      int32_t label;
      lqa_confident_read_labels(scorer->cl, row, 1, &label);
      rows[n] = row;
      score[n++] = label < 0 ? 0 : lqa_scorer_score(scorer, row, label, 0);
    }
  }
}

static int64_t count_flagged(const uint8_t *issue, int64_t n_rows) {
  int64_t n = 0;
  for (int64_t row = 0; row < n_rows; row++) {
    n += issue[row] != 0;
  }
  return n;
}

lqa_status lqa_confident_rank(lqa_confident *cl, const uint8_t *issue,
                              const lqa_rank_options *options, lqa_ranking *ranking,
                              lqa_error *err) {
  lqa_scorer scorer;
  LQA_TRY(lqa_scorer_init(&scorer, cl, options, err));
  size_t n = (size_t)count_flagged(issue, cl->n_rows);
  int64_t *order = lqa_malloc(n, sizeof *order);
  int64_t *rows = lqa_malloc(n, sizeof *rows);
  double *score = lqa_malloc(n, sizeof *score);
  lqa_status status = order && rows && score ? LQA_OK : LQA_NO_MEMORY;
  if (status == LQA_OK) {
    score_flagged(&scorer, issue, rows, score);
    status = lqa_argsort(score, (int64_t)n, cl->ties, order);
  }
  for (size_t i = 0; status == LQA_OK && i < n; i++) {
    order[i] = rows[order[i]];
  }
  free(score);
  free(rows);
  lqa_scorer_clear(&scorer);
  if (status != LQA_OK) {
    free(order);
    return lqa_fail_memory(err, "ranking label issues");
  }
  *ranking = (lqa_ranking){order, (int64_t)n};
  return LQA_OK;
}
