/* audit/provenance/content_changed.c - what changed since an earlier run.
 *
 * Labels belong to contents. If the content behind an id was edited after it was labelled, the
 * label may no longer hold; if a label changed, somebody should know who changed it. Rows are
 * matched by id where both runs have one, else by content hash (then an edited row shows as removed
 * and added). Nothing but hashes, labels and decisions of the earlier
 * run is needed: a label that people decided on there is no news. The apostrophes that our
 * own CSV exports put before cells like formulas are no change.
 */
#include "audit/against.h"
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/row_pairing.h"
#include "audit/row_list.h"

enum { CHANGED, ADDED, REMOVED };

typedef struct changes {
  lqa_row_list content, label, added;
  int64_t removed;
} changes;

static void changes_clear(changes *c) {
  lqa_vec_clear(&c->content);
  lqa_vec_clear(&c->label);
  lqa_vec_clear(&c->added);
}

static bool are_equal(lqa_hash128 a, lqa_hash128 b) {
  return a.low == b.low && a.high == b.high;
}

static lqa_status compare_content(const lqa_dataset *d, const lqa_against *a, int64_t row,
                                  int64_t other, bool *is_same) {
  *is_same = !d->content_hash || !a->content_hash ||
             are_equal(d->content_hash[row], a->content_hash[other]);
  if (!*is_same) { /* through a CSV export with its apostrophes */
    lqa_hash128 bare;
    LQA_TRY(lqa_row_pairing_unguarded(d, row, &bare, is_same));
    *is_same = *is_same && are_equal(bare, a->content_hash[other]);
  }
  return LQA_OK;
}

static bool are_same(lqa_str now, lqa_str before) {
  bool now_null = now.data == NULL || now.size == 0;
  bool before_null = before.data == NULL || before.size == 0;
  return now_null || before_null
             ? now_null == before_null
             : lqa_str_equal(now, before) || lqa_row_pairing_is_guarded(now, before);
}

/* The label of then, or the one that people decided in that run: that change is ours. */
static bool has_same_label(const lqa_dataset *d, const lqa_against *a, int64_t row, int64_t other) {
  lqa_str now = lqa_column_get(&d->label_text, row);
  bool is_decided = a->decided && a->decided[other].data != NULL;
  return are_same(now, a->label[other]) || (is_decided && are_same(now, a->decided[other]));
}

static lqa_status compare(const lqa_dataset *d, const lqa_against *a, const lqa_row_pairing *match,
                          changes *out) {
  for (int64_t row = 0; row < d->n_rows; row++) {
    int64_t other = match->other_of[row];
    if (other < 0) {
      LQA_TRY(lqa_vec_push(&out->added, row));
      continue;
    }
    bool is_same;
    LQA_TRY(compare_content(d, a, row, other, &is_same));
    if (!is_same) {
      LQA_TRY(lqa_vec_push(&out->content, row));
    }
    if (!has_same_label(d, a, row, other)) {
      LQA_TRY(lqa_vec_push(&out->label, row));
    }
  }
  for (int64_t other = 0; other < a->n_rows; other++) {
    out->removed += !match->is_taken[other];
  }
  return LQA_OK;
}

static lqa_status report_rows(const lqa_audit_input *input, int kind, const lqa_row_list *rows,
                              const char *subject, const char *what, const char *advice) {
  int64_t n = (int64_t)rows->n;
  if (n == 0) {
    return LQA_OK;
  }
  lqa_finding *finding =
      lqa_finding_add(input->findings, &input->audit->kinds[kind], rows->data, n,
                      "%s %s %s (%s). %s", lqa_phrase_count(input->arena, n, "row", "rows"), what,
                      input->against->path, lqa_phrase_rows(input->arena, rows->data, n), advice);
  if (finding) {
    finding->subject = subject;
  }
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status report(const lqa_audit_input *input, const changes *found) {
  LQA_TRY(report_rows(input, CHANGED, &found->content, "content", "with another content than in",
                      "The labels were given to the old content: label these rows again or confirm "
                      "them."));
  LQA_TRY(
      report_rows(input, CHANGED, &found->label, "label", "with another label than in",
                  "Who changed them, and why? Accept them in the baseline once that is clear."));
  LQA_TRY(report_rows(input, ADDED, &found->added, "added", "not in",
                      "New rows have not been through the checks and reviews of that run."));
  if (found->removed > 0) {
    lqa_finding *finding =
        lqa_finding_add(input->findings, &input->audit->kinds[REMOVED], NULL, 0,
                        "%s of %s %s no longer in the data. Were rows dropped on purpose? If "
                        "labels were attached by position, see row-shift.",
                        lqa_phrase_count(input->arena, found->removed, "row", "rows"),
                        input->against->path, found->removed == 1 ? "is" : "are");
    return finding ? LQA_OK : LQA_NO_MEMORY;
  }
  return LQA_OK;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  const lqa_against *a = input->against;
  lqa_row_pairing match;
  changes found = {0};
  LQA_TRY(lqa_row_pairing_init(
      input->dataset, &(lqa_other_rows){a->n_rows, a->content_hash, &a->row_id}, &match, err));
  lqa_status status;
  LQA_TRY_OUT(compare(input->dataset, a, &match, &found));
  status = report(input, &found);
out:
  changes_clear(&found);
  lqa_row_pairing_clear(&match);
  return status;
}

const lqa_audit lqa_audit_content_changed = {
    .number = LQA_AUDIT_content_changed,
    .id = "content-changed",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "rows whose content or label changed since an earlier run",
    .needs = LQA_NEEDS_AGAINST,
    .kinds =
        {
            [CHANGED] = {"content-changed", LQA_ERROR, true,
                         "content or label differ from an earlier run"},
            [ADDED] = {"rows-added", LQA_INFO, true, "the row was not in the earlier run"},
            [REMOVED] = {"rows-removed", LQA_INFO, false, "rows of the earlier run are missing"},
        },
    .run = run,
};
