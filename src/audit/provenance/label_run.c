/* audit/provenance/label_run.c - one label over a long run of rows that are not of that class.
 *
 * A filled-down cell, a default value, an annotator who held one key: the label stays the same
 * while the content changes. A long run alone proves nothing (sorted files are nothing but runs),
 * so two things must come together: the run is far longer than the file's own habit of repeating
 * that label lets expect (a Markov chain with the repeat rate of all other rows), and inside it the
 * out-of-fold model disagrees with the label far more often than it does on that label elsewhere.
 * Cost: two passes over labels and predictions.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/alignment.h"
#include "audit/row_list.h"
#include "audit/p_value.h"
#include "base/explog.h"
#include "base/memory.h"

#include <math.h>

enum { PARAM_ALPHA, PARAM_MIN_ROWS };

/* Per class: rows, rows that repeat the label above, rows judged by the model and disagreed with.
 */
typedef struct class_habit {
  double rows, repeats, judged, wrong;
} class_habit;

typedef struct label_run {
  int64_t from, to; /* inclusive */
  int32_t class;
  double judged, wrong;
} label_run;

static label_run read_run(const lqa_alignment *a, int64_t from, int64_t end) {
  const int32_t *label = a->dataset->label;
  label_run run = {.from = from, .to = from, .class = label[from]};
  int64_t row = from;
  for (; row < end && label[row] == run.class; row++) {
    if (a->predicted[row] >= 0) {
      run.judged++;
      run.wrong += a->predicted[row] != run.class;
    }
  }
  run.to = row - 1;
  return run;
}

static void count_habits(const lqa_alignment *a, class_habit *habits) {
  const lqa_dataset *d = a->dataset;
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0) {
      class_habit *habit = &habits[d->label[row]];
      habit->rows++;
      habit->repeats += row > 0 && d->label[row - 1] == d->label[row];
      habit->judged += a->predicted[row] >= 0;
      habit->wrong += a->predicted[row] >= 0 && a->predicted[row] != d->label[row];
    }
  }
}

static bool is_unusual(const label_run *run, const class_habit *habit, int64_t n_rows, double alpha,
                       double *z) {
  double length = (double)(run->to - run->from + 1);
  double rows = habit->rows - length, repeats = habit->repeats - (length - 1);
  double repeat_rate = (repeats + 1) / (rows + 2);
  double log_chance = lqa_log((double)n_rows) + (length - 1) * lqa_log(repeat_rate);
  double judged = habit->judged - run->judged, wrong = habit->wrong - run->wrong;
  double expected = (wrong + 1) / (judged + 2);
  double spread = sqrt(expected * (1 - expected) * (run->judged > 0 ? run->judged : 1));
  *z = (run->wrong - run->judged * expected) / spread;
  return log_chance < lqa_log(alpha) && *z > lqa_alignment_z_limit((double)n_rows, alpha) &&
         run->wrong > .5 * run->judged;
}

static lqa_status report(const lqa_audit_input *input, const label_run *run, double z) {
  lqa_row_list rows = {0};
  lqa_finding *finding = NULL;
  lqa_status status = LQA_OK;
  for (int64_t row = run->from; row <= run->to; row++) {
    LQA_TRY_OUT(lqa_vec_push(&rows, row));
  }
  finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], rows.data, (int64_t)rows.n,
      "The %s all carry the label %s, but the model agrees with only %lld of %lld of them (z = "
      "%.1f). A filled-down cell, a default value or a stuck key? Label these rows again.",
      lqa_phrase_block(input->arena, input->dataset, run->from, run->to),
      lqa_phrase_quote(input->arena, input->dataset->classes[run->class], 40),
      (long long)(run->judged - run->wrong), (long long)run->judged, z);
out:
  lqa_vec_clear(&rows);
  if (!finding) {
    return LQA_NO_MEMORY;
  }
  finding->is_block = true;
  finding->rows_from = run->from;
  finding->rows_to = run->to;
  finding->z = z;
  return LQA_OK;
}

static lqa_status judge_runs(const lqa_audit_input *input, const lqa_alignment *a,
                             const class_habit *habits) {
  const lqa_dataset *d = input->dataset;
  for (int64_t row = 0; row < d->n_rows;) {
    if (d->label[row] < 0) {
      row++;
      continue;
    }
    int64_t from, end;
    lqa_alignment_file_bounds(d, row, &from, &end);
    label_run run = read_run(a, row, end);
    double z;
    if ((double)(run.to - run.from + 1) >= input->params[PARAM_MIN_ROWS] &&
        is_unusual(&run, &habits[run.class], d->n_rows, input->params[PARAM_ALPHA], &z)) {
      LQA_TRY(report(input, &run, z));
    }
    row = run.to + 1;
  }
  return LQA_OK;
}

static lqa_status run_audit(const lqa_audit_input *input, lqa_error *err) {
  lqa_alignment alignment;
  LQA_TRY(lqa_alignment_init(&alignment, input->dataset, input->pred_probs, err));
  class_habit *habits = lqa_calloc((size_t)input->dataset->n_classes, sizeof *habits);
  lqa_status status;
  LQA_TRY_OUT(habits ? LQA_OK : LQA_NO_MEMORY);
  count_habits(&alignment, habits);
  status = judge_runs(input, &alignment, habits);
out:
  free(habits);
  lqa_alignment_clear(&alignment);
  return status;
}

const lqa_audit lqa_audit_label_run = {
    .number = LQA_AUDIT_label_run,
    .id = "label-run",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "one label over a long run of rows that are not of that class",
    .needs = LQA_NEEDS_PRED_PROBS | LQA_NEEDS_LABELS,
    .kinds = {{"label-run", LQA_WARN, true, "the row is in a long run of one label"}},
    .params =
        {
            [PARAM_ALPHA] = {"alpha", .01, 1e-9, .5, "chance of a false alarm in a clean file",
                             false},
            [PARAM_MIN_ROWS] = {"min-rows", 15, 2, 1e9, "shorter runs are not judged", true},
        },
    .run = run_audit,
};
