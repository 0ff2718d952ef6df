/* audit/provenance/label_time.c - labels that are older than what they label.
 *
 * Nobody can label a ticket before it was written. Where that is on record the label came from
 * elsewhere (a template, an earlier version of the text, another row: a join on the wrong key), or
 * one of the clocks is wrong. Both columns are read as times; plain numbers are compared only with
 * plain numbers.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/time_column.h"
#include "audit/row_list.h"
#include "base/memory.h"

#include <math.h>

enum { PARAM_SLACK };

static lqa_status report(const lqa_audit_input *input, const lqa_row_list *rows, int64_t n_compared,
                         double longest) {
  const lqa_dataset *d = input->dataset;
  int64_t n = (int64_t)rows->n;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], rows->data, n,
      "%s a label (time in %s) that is older than the content (time in %s), by up to %.4g seconds, "
      "of %lld rows with both times: %s. Was the text changed after it was labelled, were labels "
      "joined by the wrong key, or do the two clocks differ (" LQA_OPTION_AS(
          "set", "label-time.slack=SECONDS") ")?",
      lqa_phrase_count(input->arena, n, "row has", "rows have"), d->roles[LQA_ROLE_LABEL_TIME].name,
      d->roles[LQA_ROLE_TIME].name, longest, (long long)n_compared,
      lqa_phrase_rows(input->arena, rows->data, n));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status check_times(const lqa_audit_input *input, const double *content,
                              const double *label) {
  lqa_row_list rows = {0};
  lqa_status status = LQA_OK;
  int64_t n_compared = 0;
  double longest = 0;
  for (int64_t row = 0; row < input->dataset->n_rows; row++) {
    double early = content[row] - label[row]; /* NaN where one is missing */
    n_compared += !isnan(early);
    if (early > input->params[PARAM_SLACK]) {
      longest = fmax(longest, early);
      LQA_TRY_OUT(lqa_vec_push(&rows, row));
    }
  }
  if (n_compared == 0) {
    LQA_TRY_OUT(lqa_finding_decline(input->findings, "no row has a time both in '%s' and in '%s'",
                                    input->dataset->roles[LQA_ROLE_TIME].name,
                                    input->dataset->roles[LQA_ROLE_LABEL_TIME].name));
  }
  if (rows.n) {
    LQA_TRY_OUT(report(input, &rows, n_compared, longest));
  }
out:
  lqa_vec_clear(&rows);
  return status;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  const lqa_dataset *d = input->dataset;
  double *content = lqa_malloc((size_t)d->n_rows, sizeof *content);
  double *label = lqa_malloc((size_t)d->n_rows, sizeof *label);
  lqa_time_form content_form, label_form;
  lqa_status status = content && label ? LQA_OK : LQA_NO_MEMORY;
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(lqa_time_read(d, &d->roles[LQA_ROLE_TIME], &content_form, content, err));
  LQA_TRY_OUT(lqa_time_read(d, &d->roles[LQA_ROLE_LABEL_TIME], &label_form, label, err));
  if ((content_form == LQA_TIME_NUMBER) != (label_form == LQA_TIME_NUMBER)) {
    status =
        lqa_fail(err, LQA_BAD_DATA,
                 "columns '%s' and '%s': one holds dates, the other plain numbers, so they "
                 "cannot be compared; give both as times, or leave out " LQA_OPTION("label_time"),
                 d->roles[LQA_ROLE_TIME].name, d->roles[LQA_ROLE_LABEL_TIME].name);
    goto out;
  }
  status = check_times(input, content, label);
out:
  free(content);
  free(label);
  return status;
}

const lqa_audit lqa_audit_label_time = {
    .number = LQA_AUDIT_label_time,
    .id = "label-time",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "labels that are older than what they label",
    .needs = LQA_NEEDS_TIME | LQA_NEEDS_LABEL_TIME,
    .kinds = {{"label-time", LQA_WARN, true, "the label is older than the content"}},
    .params = {[PARAM_SLACK] = {"slack", 0, 0, 1e9, "seconds that a label may be older", false}},
    .run = run,
};
