/* The bridge from evaluate/ to report/, which do not know each other. Nothing but the report sees
 * the truth: it is read after everything else of the run is made.
 */
#include "api/report_truth.h"

#include "base/memory.h"
#include "evaluate/evaluate.h"
#include "evaluate/truth.h"

static const lqa_truth_columns COLUMNS = {"label_true", "corruption"};

static bool has_column(const lqa_manifest *m, const char *name) {
  bool is_there = false;
  for (size_t i = 0; i < m->n_columns; i++) {
    is_there = is_there || strcmp(m->columns[i], name) == 0;
  }
  return is_there && !(m->source.label && strcmp(m->source.label, name) == 0);
}

static void copy_curve(const lqa_evaluation *evaluation, lqa_report_figures *out) {
  int n = evaluation->n_points < LQA_FIGURE_POINTS ? evaluation->n_points : LQA_FIGURE_POINTS;
  for (int i = 0; i < n; i++) {
    const lqa_budget_point *p = &evaluation->curve[i];
    out->effort[i] = (lqa_figure_effort){p->budget, p->precision, p->recall};
  }
  out->n_effort = n;
  out->effort_rows = evaluation->n_rows;
  out->effort_errors = evaluation->n_errors;
  out->effort_by_people = false;
}

static lqa_status measure(const lqa_run *run, lqa_report_figures *out, lqa_error *err) {
  lqa_truth_rows rows;
  LQA_TRY(lqa_truth_load(run, &COLUMNS, &rows, err));
  lqa_evaluation *evaluation = lqa_calloc(1, sizeof *evaluation);
  const lqa_truth truth = {rows.is_error, rows.is_left_out, rows.kind, rows.label};
  lqa_status status;
  LQA_TRY_OUT(evaluation ? lqa_evaluate_rows(&run->evidence, &truth, evaluation, err)
                         : lqa_fail_memory(err, "measuring against the truth"));
  if (evaluation->n_errors > 0) {
    copy_curve(evaluation, out);
  }
out:
  free(evaluation);
  lqa_truth_rows_clear(&rows);
  return status;
}

lqa_status lqa_report_truth_add(const lqa_run *run, lqa_report *report, lqa_error *err) {
  lqa_error why;
  const lqa_manifest *m = &run->manifest;
  if (!report->figures || !has_column(m, COLUMNS.truth) || !has_column(m, COLUMNS.corruption)) {
    return LQA_OK;
  }
  lqa_status status = measure(run, report->figures, &why);
  bool is_grave = status == LQA_NO_MEMORY || status == LQA_INTERRUPTED;
  if (is_grave && err) {
    *err = why;
  }
  return is_grave ? status : LQA_OK;
}
