/* audit/baseline.h - findings that were looked at and accepted, in a text file to keep beside the
 * data.
 *
 *     # accepted 2026-11-23: syndicated news, both sections are right
 *     duplicate-conflict 1042
 *     duplicate-conflict 5c2f0e7f4e0d2a3b5c2f0e7f4e0d2a3b
 *     length-fingerprint Sports
 *     class-imbalance
 *
 * A line is a finding id and, after one space or tab, what is accepted: a row by its row_id or by
 * its content_hash, or a finding by its subject; nothing more accepts all findings of that id.
 * Accepted rows lose the mark; a finding without rows left counts 0.
 */
#ifndef LQA_AUDIT_BASELINE_H
#define LQA_AUDIT_BASELINE_H

#include "audit/finding.h"
#include "base/buf.h"
#include "data/dataset/dataset.h"
#include "base/map.h"

typedef struct lqa_baseline {
  lqa_map *lines; /* "id\tkey" or "id"; NULL = nothing accepted */
} lqa_baseline;

/* Errors: LQA_BAD_FILE; LQA_BAD_DATA for a line that starts with no finding's id. */
LQA_MUST_CHECK lqa_status lqa_baseline_load(const char *path, lqa_baseline *baseline,
                                            lqa_error *err);
void lqa_baseline_clear(lqa_baseline *baseline);
/* Takes accepted rows and findings out of `finding`, and says so in its message. */
LQA_MUST_CHECK lqa_status lqa_baseline_apply(const lqa_baseline *baseline,
                                             const lqa_dataset *dataset, lqa_finding *finding,
                                             lqa_arena *arena, lqa_error *err);
/* Appends lines that accept all findings of `list`. Rows by row_id where ids were given, else by
 * content hash, which outlives a re-ordering. */
void lqa_baseline_write(const lqa_finding_list *list, const lqa_dataset *dataset, lqa_buf *out);

#endif
