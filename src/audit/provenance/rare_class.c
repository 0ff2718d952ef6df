/* audit/provenance/rare_class.c - classes with next to no rows.
 *
 * A class seen once is rarely a class: it is a typing slip, a retired code or a join that went
 * wrong, and no model can learn it. Without a class list this is how a stray label shows. A class
 * of the given list that never occurs is the other side: a renamed or lost class.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/row_list.h"

enum { RARE, ABSENT };
enum { PARAM_MIN_ROWS };

static lqa_status report_rare(const lqa_audit_input *input, int32_t class,
                              const lqa_row_list *rows) {
  const lqa_dataset *d = input->dataset;
  int64_t n = (int64_t)rows->n;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[RARE], rows->data, n,
      "Class %s has %s (%s), fewer than %lld: suspected schema drift or a misspelt label. Rename "
      "it "
      "to the class that is meant, gather more rows, or drop it.",
      lqa_phrase_quote(input->arena, d->classes[class], 40),
      lqa_phrase_count(input->arena, n, "row", "rows"),
      lqa_phrase_rows(input->arena, rows->data, n), (long long)input->params[PARAM_MIN_ROWS]);
  if (finding) {
    finding->subject = lqa_arena_copy(input->arena, d->classes[class].data, d->classes[class].size);
  }
  return finding && finding->subject ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status report_absent(const lqa_audit_input *input, int32_t class) {
  const lqa_dataset *d = input->dataset;
  lqa_finding *finding =
      lqa_finding_add(input->findings, &input->audit->kinds[ABSENT], NULL, 0,
                      "Class %s is in the class list but no row carries it. Was it renamed or lost "
                      "in an export? Otherwise take it off the list.",
                      lqa_phrase_quote(input->arena, d->classes[class], 40));
  if (finding) {
    finding->subject = lqa_arena_copy(input->arena, d->classes[class].data, d->classes[class].size);
  }
  return finding && finding->subject ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status gather_rows(const lqa_dataset *d, int32_t class, lqa_row_list *rows) {
  rows->n = 0;
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] == class) {
      LQA_TRY(lqa_vec_push(rows, row));
    }
  }
  return LQA_OK;
}

static lqa_status judge_class(const lqa_audit_input *input, int32_t class, int64_t count,
                              lqa_row_list *rows) {
  if (count == 0) {
    return input->dataset->classes_given ? report_absent(input, class) : LQA_OK;
  }
  if ((double)count >= input->params[PARAM_MIN_ROWS]) {
    return LQA_OK;
  }
  LQA_TRY(gather_rows(input->dataset, class, rows));
  return report_rare(input, class, rows);
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  const lqa_dataset *d = input->dataset;
  lqa_row_list rows = {0};
  int64_t *count = lqa_calloc((size_t)d->n_classes, sizeof *count);
  lqa_status status;
  LQA_TRY_OUT(count ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0) {
      count[d->label[row]]++;
    }
  }
  for (int32_t k = 0; k < d->n_classes; k++) {
    LQA_TRY_OUT(judge_class(input, k, count[k], &rows));
  }
out:
  lqa_vec_clear(&rows);
  free(count);
  return status;
}

const lqa_audit lqa_audit_rare_class = {
    .number = LQA_AUDIT_rare_class,
    .id = "rare-class",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "classes with too few rows",
    .needs = LQA_NEEDS_LABELS,
    .kinds =
        {
            [RARE] = {"rare-class", LQA_WARN, true, "the row's class has next to no rows"},
            [ABSENT] = {"rare-class", LQA_WARN, false, "a class of the given list never occurs"},
        },
    .params = {{"min-rows", 2, 0, 1e15, "classes with fewer rows are reported", true}},
    .run = run,
};
