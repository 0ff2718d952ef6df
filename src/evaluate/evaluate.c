/* One pass counts every audit's named rows against the truth; one sort gives the curve of precision
 * and recall against the number of rows a person reviews.
 */
#include "evaluate/evaluate.h"

#include "base/memory.h"

#include <math.h>

static bool is_named(const lqa_evidence *e, int64_t row, lqa_evaluated audit) {
  switch (audit) {
  case LQA_EVALUATED_PROVENANCE:
    return e->has_error_finding[row];
  case LQA_EVALUATED_CONFIDENT_LEARNING:
    return e->is_label_issue[row];
  case LQA_EVALUATED_JUDGE:
    return e->is_label_issue[row] && e->verdict[row] == LQA_VERDICT_NO;
  case LQA_EVALUATED_HIGH_LOSS:
    return e->is_high_loss[row];
  default:
    return e->action[row] != LQA_ACTION_KEEP;
  }
}

static bool counts(const lqa_truth *truth, int64_t row) {
  return !truth->is_left_out || !truth->is_left_out[row];
}

static void count_verdict(lqa_verdict verdict, bool is_error, lqa_judge_measure *judge) {
  if (verdict != LQA_VERDICT_NONE) {
    judge->n_wrong += is_error;
    judge->n_right += !is_error;
    judge->n_wrong_doubted += is_error && verdict == LQA_VERDICT_NO;
    judge->n_right_doubted += !is_error && verdict == LQA_VERDICT_NO;
  }
}

static void count_row(const lqa_evidence *e, const lqa_truth *truth, int64_t row,
                      lqa_evaluation *out) {
  bool is_error = truth->is_error[row];
  int kind = truth->kind ? truth->kind[row] : LQA_CORRUPT_CLEAN;
  out->n_rows++;
  out->n_errors += is_error;
  out->kind_errors[kind] += is_error;
  for (int a = 0; a < LQA_EVALUATED_COUNT; a++) {
    if (is_named(e, row, (lqa_evaluated)a)) {
      out->scores[a].n_flagged++;
      out->scores[a].n_true += is_error;
      out->scores[a].kind_true[kind] += is_error;
    }
  }
  count_verdict((lqa_verdict)e->verdict[row], is_error, &out->judge);
  out->has_judge = out->has_judge || e->verdict[row] != LQA_VERDICT_NONE;
}

static double ratio(int64_t a, int64_t b) {
  return b > 0 ? (double)a / (double)b : NAN;
}

struct suspect {
  double trust, confidence;
  int64_t row;
};

static int compare_suspects(const void *a, const void *b) {
  const struct suspect *x = a, *y = b;
  if (x->trust != y->trust) {
    return x->trust < y->trust ? -1 : 1;
  }
  if (x->confidence != y->confidence) {
    return x->confidence < y->confidence ? -1 : 1;
  }
  return (x->row > y->row) - (x->row < y->row);
}

/* Rows that count, most suspicious first. */
static int64_t order_suspects(const lqa_evidence *e, const lqa_truth *truth,
                              struct suspect *suspects) {
  int64_t n = 0;
  for (int64_t i = 0; i < e->n_rows; i++) {
    if (counts(truth, i)) {
      double s = e->self_confidence[i];
      suspects[n++] = (struct suspect){e->trust_score[i], isnan(s) ? 0 : s, i};
    }
  }
  qsort(suspects, (size_t)n, sizeof *suspects, compare_suspects);
  return n;
}

/* The budgets at which the curve is read: evenly spaced up to twice the errors or flags. */
static int64_t budget_at(const lqa_evaluation *out, int64_t n, int point) {
  int64_t flagged = out->scores[LQA_EVALUATED_COMBINED].n_flagged;
  int64_t most = 2 * (flagged > out->n_errors ? flagged : out->n_errors);
  most = most > n || most == 0 ? n : most;
  return (most * (point + 1) + LQA_BUDGET_POINTS - 1) / LQA_BUDGET_POINTS;
}

static void walk_curve(const struct suspect *suspects, int64_t n, const lqa_truth *truth,
                       lqa_evaluation *out) {
  int64_t hits = 0;
  double precision_sum = 0;
  for (int64_t i = 0; i < n; i++) {
    if (truth->is_error[suspects[i].row]) {
      hits++;
      precision_sum += (double)hits / (double)(i + 1);
    }
    while (out->n_points < LQA_BUDGET_POINTS && i + 1 == budget_at(out, n, out->n_points)) {
      out->curve[out->n_points++] =
          (lqa_budget_point){i + 1, ratio(hits, i + 1), ratio(hits, out->n_errors)};
    }
  }
  out->average_precision = out->n_errors ? precision_sum / (double)out->n_errors : NAN;
}

lqa_status lqa_evaluate_rows(const lqa_evidence *evidence, const lqa_truth *truth,
                             lqa_evaluation *out, lqa_error *err) {
  struct suspect *suspects = lqa_malloc((size_t)evidence->n_rows, sizeof *suspects);
  if (!suspects) {
    return lqa_fail_memory(err, "evaluating");
  }
  *out = (lqa_evaluation){.has_kinds = truth->kind != NULL};
  for (int64_t i = 0; i < evidence->n_rows; i++) {
    if (counts(truth, i)) {
      count_row(evidence, truth, i, out);
    }
  }
  for (int a = 0; a < LQA_EVALUATED_COUNT; a++) {
    lqa_score *score = &out->scores[a];
    score->precision = ratio(score->n_true, score->n_flagged);
    score->recall = ratio(score->n_true, out->n_errors);
  }
  out->confident_budget = out->scores[LQA_EVALUATED_CONFIDENT_LEARNING].n_flagged;
  int64_t n = order_suspects(evidence, truth, suspects);
  walk_curve(suspects, n, truth, out);
  free(suspects);
  return lqa_evaluate_posterior(evidence, truth, &out->posterior) == LQA_OK
             ? LQA_OK
             : lqa_fail_memory(err, "evaluating");
}
