/* trust/evidence.h - all that is known of each row, and what follows from it: the columns of
 * rows.parquet in memory. The audits, the judge and people fill the evidence; trust/rule.c
 * derives the outcome; store/ writes and reads both.
 */
#ifndef LQA_TRUST_EVIDENCE_H
#define LQA_TRUST_EVIDENCE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "judge/judge_verdict.h"

typedef enum lqa_action {
  LQA_ACTION_RELABEL,
  LQA_ACTION_KEEP_AMBIGUOUS,
  LQA_ACTION_NEEDS_REVIEW,
  LQA_ACTION_KEEP,
  LQA_ACTION_COUNT
} lqa_action;

enum { LQA_CLASS_NONE = -1 };

/* One array per column, n_rows long; all owned by `arena`; each has a row in evidence_columns.h,
 * which says what it means. Class codes index the run's classes; LQA_CLASS_NONE is NULL. A decided
 * label outside the classes is not allowed (refused on entry). */
typedef struct lqa_evidence {
  int64_t n_rows;
  int32_t n_classes;
  const int32_t *label;     /* LQA_LABEL_NULL and LQA_LABEL_UNKNOWN are negative */
  int32_t *predicted_label; /* LQA_CLASS_NONE where not scored */
  double *self_confidence;  /* NaN = NULL */
  uint8_t *is_label_issue;
  int32_t *issue_rank;            /* 0 = NULL, else from 1 */
  double *loss, *loss_percentile; /* NaN = NULL */
  uint8_t *is_high_loss;
  uint64_t *finding_bits; /* bit i: marked by marking kind i (see lqa_finding_bit in audit_run.h) */
  uint8_t *has_error_finding; /* marked by a finding of severity error */
  uint8_t *verdict;           /* lqa_verdict */
  int32_t *corrected_label;
  int32_t *decided_label;
  const char **decided_by;   /* NULL = nobody */
  int32_t *structural_label; /* what a provenance finding suggests, or LQA_CLASS_NONE */
  int32_t *posterior_label;  /* the likeliest class by all evidence, or LQA_CLASS_NONE */
  /* outcome */
  int32_t *suggested_label;
  double *p_correct; /* NaN = NULL */
  double *trust_score;
  uint8_t *action; /* lqa_action */
  lqa_arena arena;
} lqa_evidence;

LQA_MUST_CHECK lqa_status lqa_evidence_init(lqa_evidence *evidence, int64_t n_rows,
                                            int32_t n_classes, const int32_t *label,
                                            lqa_error *err);
void lqa_evidence_clear(lqa_evidence *evidence);

/* Suspicious = flagged by confident learning, or marked by an error finding. */
static inline bool lqa_evidence_is_suspicious(const lqa_evidence *e, int64_t row) {
  return e->is_label_issue[row] || e->has_error_finding[row];
}
const char *lqa_action_name(lqa_action action); /* "keep (ambiguous)" */
/* The other way round. False for any other text. */
bool lqa_action_parse(lqa_str name, lqa_action *action);

#endif
