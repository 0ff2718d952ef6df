/* How good p_correct and suggested_label are where the truth is known. Rankings are compared by
 * average precision on the same rows; the calibration error is the mean distance between predicted
 * and true share of wrong labels over ten bins of equal size.
 */
#include "evaluate/evaluate.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum { BINS = 10 };

typedef struct ranked {
  double suspicion;
  int64_t row;
} ranked;

/* Most suspicious first; ties in the order of rows. */
static int compare_ranked(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->suspicion != y->suspicion) {
    return x->suspicion > y->suspicion ? -1 : 1;
  }
  return x->row < y->row ? -1 : x->row > y->row;
}

static double average_precision(const ranked *rows, int64_t n, const uint8_t *is_error) {
  double sum = 0;
  int64_t hits = 0;
  for (int64_t i = 0; i < n; i++) {
    hits += is_error[rows[i].row];
    sum += is_error[rows[i].row] ? (double)hits / (double)(i + 1) : 0;
  }
  return hits > 0 ? sum / (double)hits : NAN;
}

static double calibration_error(const ranked *rows, int64_t n, const uint8_t *is_error) {
  double error = 0;
  for (int b = 0; b < BINS; b++) {
    double predicted = 0, wrong = 0;
    for (int64_t i = n * b / BINS; i < n * (b + 1) / BINS; i++) {
      predicted += rows[i].suspicion;
      wrong += is_error[rows[i].row];
    }
    error += fabs(predicted - wrong);
  }
  return error / (double)n;
}

/* How suspicious a row is to one audit; *is_named: it says so itself. */
static double suspicion_of(const lqa_evidence *e, int64_t row, lqa_evaluated audit,
                           bool *is_named) {
  switch (audit) {
  case LQA_EVALUATED_CONFIDENT_LEARNING:
    *is_named = e->is_label_issue[row];
    return e->issue_rank[row] > 0 ? 1 + 1 / (double)e->issue_rank[row]
                                  : 1 - e->self_confidence[row];
  case LQA_EVALUATED_HIGH_LOSS:
    *is_named = e->is_high_loss[row];
    return isnan(e->loss[row]) ? -1 : e->loss[row];
  case LQA_EVALUATED_JUDGE:
    *is_named = e->verdict[row] == LQA_VERDICT_NO;
    return *is_named - (e->verdict[row] == LQA_VERDICT_YES);
  default:
    *is_named = e->has_error_finding[row];
    return *is_named;
  }
}

static double rank_by_audit(const lqa_evidence *e, const lqa_truth *truth, lqa_evaluated audit,
                            ranked *rows, int64_t n) {
  bool any = false;
  for (int64_t i = 0; i < n; i++) {
    bool is_named;
    rows[i].suspicion = suspicion_of(e, rows[i].row, audit, &is_named);
    any = any || is_named;
  }
  qsort(rows, (size_t)n, sizeof *rows, compare_ranked);
  return any ? average_precision(rows, n, truth->is_error) : NAN;
}

static double rank_by(const double *trust, const lqa_truth *truth, ranked *rows, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    rows[i].suspicion = 1 - trust[rows[i].row];
  }
  qsort(rows, (size_t)n, sizeof *rows, compare_ranked);
  return average_precision(rows, n, truth->is_error);
}

static void count_labels(const lqa_evidence *e, const lqa_truth *truth, int64_t row,
                         lqa_posterior_measure *out) {
  bool is_right = e->suggested_label[row] == truth->label[row];
  bool is_changed = e->suggested_label[row] != e->label[row];
  out->n_rows++;
  out->n_wrong += e->label[row] != truth->label[row];
  out->n_changed += is_changed;
  out->n_changed_right += is_changed && is_right;
  out->n_right_after += is_right;
}

lqa_status lqa_evaluate_posterior(const lqa_evidence *e, const lqa_truth *truth,
                                  lqa_posterior_measure *out) {
  ranked *rows = lqa_malloc((size_t)e->n_rows, sizeof *rows);
  int64_t n = 0;
  *out = (lqa_posterior_measure){0};
  if (!rows) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < e->n_rows; row++) {
    bool is_in = truth->label && truth->label[row] >= 0 && !isnan(e->p_correct[row]) &&
                 (!truth->is_left_out || !truth->is_left_out[row]);
    if (is_in) {
      rows[n++].row = row;
      count_labels(e, truth, row, out);
    }
  }
  if (n > 0) {
    for (int a = 0; a < LQA_EVALUATED_COMBINED; a++) {
      out->audit_precision[a] = rank_by_audit(e, truth, (lqa_evaluated)a, rows, n);
    }
    out->self_confidence_precision = rank_by(e->self_confidence, truth, rows, n);
    out->trust_precision = rank_by(e->trust_score, truth, rows, n);
    out->average_precision = rank_by(e->p_correct, truth, rows, n);
    out->calibration_error = calibration_error(rows, n, truth->is_error);
  }
  free(rows);
  return LQA_OK;
}

static double share(int64_t a, int64_t b) {
  return b > 0 ? (double)a / (double)b : NAN;
}

void lqa_posterior_measure_print(const lqa_posterior_measure *m, lqa_buf *out) {
  if (m->n_rows == 0) {
    return;
  }
  lqa_buf_printf(out,
                 "\nall evidence together, on the %lld rows that have p_correct\n"
                 "  average precision: p_correct %.3f, trust_score %.3f, self_confidence %.3f\n",
                 (long long)m->n_rows, m->average_precision, m->trust_precision,
                 m->self_confidence_precision);
  const char *before = "  of one audit alone:";
  for (int a = 0; a < LQA_EVALUATED_COMBINED; a++) {
    if (!isnan(m->audit_precision[a])) {
      lqa_buf_printf(out, "%s %s %.3f (gain %.3f)", before, lqa_evaluated_title((lqa_evaluated)a),
                     m->audit_precision[a], m->average_precision - m->audit_precision[a]);
      before = ",\n                     ";
    }
  }
  lqa_buf_add_text(out, before[0] == ',' ? "\n" : "");
  lqa_buf_printf(out, "  calibration error of p_correct: %.3f\n", m->calibration_error);
  lqa_buf_printf(out, "  suggested_label differs from label in %lld rows", (long long)m->n_changed);
  if (m->n_changed > 0) {
    lqa_buf_printf(out, "; precision %.3f, recall %.3f", share(m->n_changed_right, m->n_changed),
                   share(m->n_changed_right, m->n_wrong));
  }
  lqa_buf_printf(out, "\n  right labels: %.1f %% as given, %.1f %% as suggested\n",
                 100 * (1 - share(m->n_wrong, m->n_rows)),
                 100 * share(m->n_right_after, m->n_rows));
}

void lqa_posterior_measure_json(const lqa_posterior_measure *m, lqa_json *json) {
  lqa_json_key(json, "posterior");
  if (m->n_rows == 0) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_int(json, "rows", m->n_rows);
  lqa_json_add_double(json, "average_precision", m->average_precision);
  lqa_json_add_double(json, "trust_score_average_precision", m->trust_precision);
  lqa_json_add_double(json, "self_confidence_average_precision", m->self_confidence_precision);
  lqa_json_key(json, "audits");
  lqa_json_open_object(json);
  for (int a = 0; a < LQA_EVALUATED_COMBINED; a++) {
    lqa_json_add_double(json, lqa_evaluated_key((lqa_evaluated)a), m->audit_precision[a]);
  }
  lqa_json_close_object(json);
  lqa_json_add_double(json, "calibration_error", m->calibration_error);
  lqa_json_add_int(json, "changed", m->n_changed);
  lqa_json_add_double(json, "precision", share(m->n_changed_right, m->n_changed));
  lqa_json_add_double(json, "recall", share(m->n_changed_right, m->n_wrong));
  lqa_json_add_double(json, "right_before", 1 - share(m->n_wrong, m->n_rows));
  lqa_json_add_double(json, "right_after", share(m->n_right_after, m->n_rows));
  lqa_json_close_object(json);
}
