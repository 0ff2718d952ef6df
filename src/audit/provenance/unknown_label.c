/* audit/provenance/unknown_label.c - labels outside the class list.
 *
 * Only a given list (--classes) can be left; without one the classes are what occurs, and a stray
 * label shows as a rare class or a near-miss spelling instead. The message counts each stray value,
 * most frequent first: a renamed class is one value many times, a typing slip many values once.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/row_list.h"
#include "base/buf.h"
#include "base/map.h"

enum { VALUES_NAMED = 5, QUOTE_CODE_POINTS = 40, MAX_LIST_BYTES = 1 << 12 };

typedef LQA_VEC(int64_t) count_list;

static lqa_status count_values(const lqa_dataset *d, const lqa_row_list *rows, lqa_map *values,
                               count_list *counts) {
  for (size_t i = 0; i < rows->n; i++) {
    uint32_t value;
    bool added;
    LQA_TRY(lqa_map_add(values, lqa_column_get(&d->label_text, rows->data[i]), &value, &added));
    if (added) {
      LQA_TRY(lqa_vec_push(counts, 0));
    }
    counts->data[value]++;
  }
  return LQA_OK;
}

/* Names the most frequent values; takes their counts to 0 on the way. */
static const char *list_values(lqa_arena *arena, const lqa_map *values, count_list *counts) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_LIST_BYTES);
  size_t named = counts->n < VALUES_NAMED ? counts->n : VALUES_NAMED;
  for (size_t k = 0; k < named; k++) {
    size_t best = 0;
    for (size_t i = 1; i < counts->n; i++) {
      best = counts->data[i] > counts->data[best] ? i : best;
    }
    lqa_buf_printf(&out, "%s%s %s", k ? ", " : "",
                   lqa_phrase_quote(arena, lqa_map_key(values, (uint32_t)best), QUOTE_CODE_POINTS),
                   counts->data[best] == 1
                       ? "once"
                       : lqa_phrase_count(arena, counts->data[best], "time", "times"));
    counts->data[best] = 0;
  }
  if (named < counts->n) {
    lqa_buf_printf(&out, " and %zu other values", counts->n - named);
  }
  const char *text = out.failed ? NULL : lqa_arena_copy(arena, out.data, out.size);
  lqa_buf_clear(&out);
  return text ? text : "";
}

static lqa_status report(const lqa_audit_input *input, const lqa_row_list *rows) {
  const lqa_dataset *d = input->dataset;
  lqa_map *values = lqa_map_new(false);
  count_list counts = {0};
  lqa_status status;
  LQA_TRY_OUT(values ? count_values(d, rows, values, &counts) : LQA_NO_MEMORY);
  int64_t n = (int64_t)rows->n;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], rows->data, n,
      "%s a label outside the %d known classes: %s (%s). Correct these labels, or add the class "
      "to " LQA_OPTION("classes") ".",
      lqa_phrase_count(input->arena, n, "row carries", "rows carry"), (int)d->n_classes,
      list_values(input->arena, values, &counts), lqa_phrase_rows(input->arena, rows->data, n));
  status = finding ? LQA_OK : LQA_NO_MEMORY;
out:
  lqa_vec_clear(&counts);
  lqa_map_free(values);
  return status;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  lqa_row_list rows = {0};
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < input->dataset->n_rows; row++) {
    if (input->dataset->label[row] == LQA_LABEL_UNKNOWN) {
      LQA_TRY_OUT(lqa_vec_push(&rows, row));
    }
  }
  if (rows.n) {
    status = report(input, &rows);
  }
out:
  lqa_vec_clear(&rows);
  return status;
}

const lqa_audit lqa_audit_unknown_label = {
    .number = LQA_AUDIT_unknown_label,
    .id = "unknown-label",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "labels outside the class list that was given",
    .needs = LQA_NEEDS_LABELS,
    .is_basic = true,
    .kinds = {{"unknown-label", LQA_ERROR, true, "the label is not in the class list"}},
    .run = run,
};
