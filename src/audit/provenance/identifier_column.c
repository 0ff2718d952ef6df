/* audit/provenance/identifier_column.c - a feature of the table that only names the rows.
 *
 * A customer number or a row counter among the features lets a tree model learn rows by heart, and
 * its importance looks like a discovery. Reported are categorical columns with a value of its own
 * in (nearly) every row, and numeric columns of whole numbers that are all different and count
 * along.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/sequence.h"
#include "base/memory.h"

#include <math.h>

enum { PARAM_UNIQUE };
enum { MIN_ROWS = 50 };

static const double COUNTING = .95; /* share of values in ascending or descending order */

static bool is_naming_category(const lqa_feature_column *column, int64_t n_rows, double unique) {
  return column->is_categorical && (double)column->n_categories >= unique * (double)n_rows;
}

/* Whole numbers that rise by one for most rows: a counter with or without holes. */
static lqa_status is_counter(const lqa_feature_column *column, int64_t n_rows, bool *result) {
  *result = false;
  int64_t by_one = 0;
  for (int64_t row = 0; row < n_rows; row++) {
    double value = column->values[row];
    if (isnan(value) || value != floor(value)) {
      return LQA_OK;
    }
    by_one += row > 0 && value - column->values[row - 1] == 1;
  }
  if ((double)by_one < .5 * (double)n_rows) {
    return LQA_OK;
  }
  lqa_sequence found;
  LQA_TRY(lqa_sequence_check(column->values, n_rows, &found));
  *result = found.ascending >= COUNTING;
  lqa_sequence_clear(&found);
  return LQA_OK;
}

static lqa_status report(const lqa_audit_input *input, const char *name, const char *how) {
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "Feature column %s %s: it names rows instead of describing them, and a model can learn rows "
      "by "
      "heart from it. Leave it out of " LQA_OPTION("features") " (name it with " LQA_OPTION(
          "id") " if it is the id).",
      name, how);
  if (finding) {
    finding->subject = name;
  }
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  const lqa_dataset *d = input->dataset;
  if (d->n_features == 0 || d->n_rows < MIN_ROWS) {
    return d->n_features == 0
               ? lqa_finding_decline(input->findings, "no " LQA_OPTION("features") " columns")
               : lqa_finding_decline(input->findings, "fewer than %d rows", MIN_ROWS);
  }
  for (int32_t c = 0; c < d->n_features; c++) {
    const lqa_feature_column *column = &d->features[c];
    bool counts = false;
    if (is_naming_category(column, d->n_rows, input->params[PARAM_UNIQUE])) {
      LQA_TRY(report(input, column->name, "has another value in nearly every row"));
    } else if (!column->is_categorical) {
      LQA_TRY(is_counter(column, d->n_rows, &counts));
      LQA_TRY(counts ? report(input, column->name, "counts the rows") : LQA_OK);
    }
  }
  return LQA_OK;
}

const lqa_audit lqa_audit_identifier_column = {
    .number = LQA_AUDIT_identifier_column,
    .id = "identifier-column",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "feature columns that name rows instead of describing them",
    .needs = LQA_NEEDS_CONTENT,
    .kinds = {{"identifier-column", LQA_WARN, false, "a feature column is an identifier"}},
    .params = {{"unique", .95, .5, 1, "different values over rows of a categorical column", false}},
    .run = run,
};
