/* trust/rule.h - the simple rule (docs/run-folder.md): from evidence to trust score, action and
 * suggested label.
 */
#ifndef LQA_TRUST_RULE_H
#define LQA_TRUST_RULE_H

#include "trust/evidence.h"

typedef struct lqa_rule_result {
  double trust_score;
  lqa_action action;
  int32_t suggested_label; /* LQA_CLASS_NONE: no class is known to fit */
} lqa_rule_result;

/* What the evidence on one row comes to. */
lqa_rule_result lqa_rule_outcome(const lqa_evidence *evidence, int64_t row);
/* The same for all rows, into the evidence's outcome columns. p_correct stays as it is. */
void lqa_rule_run(lqa_evidence *evidence);

/* Rows per action. */
void lqa_rule_count(const lqa_evidence *evidence, int64_t count[LQA_ACTION_COUNT]);

/* Rows in the order people should look at them: those whose action is not `keep`, by trust score,
 * then issue rank (unflagged last), then row number. `rows` has room for n_rows; returns how many.
 */
int64_t lqa_rule_order(const lqa_evidence *evidence, int64_t *rows);

#endif
