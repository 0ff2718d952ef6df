/* audit/audit_plan.h - which checks run, with what parameters, at what severity: the user's choices
 * (`--checks`, `--severity`, `--set`, `--baseline`) checked once, before any work.
 */
#ifndef LQA_AUDIT_AUDIT_PLAN_H
#define LQA_AUDIT_AUDIT_PLAN_H

#include "audit/audit.h"
#include "audit/baseline.h"
#include "labelqa/text_list.h"

typedef struct lqa_audit_choices {
  lqa_text_list checks;   /* "all", "basic" or ids of audits or findings; none = all */
  lqa_text_list severity; /* "ID=LEVEL" */
  lqa_text_list set;      /* "ID.PARAM=VALUE" */
  const char *baseline;   /* file of accepted findings, or NULL */
} lqa_audit_choices;

typedef struct lqa_audit_plan {
  /* Per audit and kind: wanted at all, and its severity. */
  bool wanted[LQA_AUDIT_COUNT][LQA_AUDIT_MAX_KINDS];
  lqa_severity severity[LQA_AUDIT_COUNT][LQA_AUDIT_MAX_KINDS];
  bool named[LQA_AUDIT_COUNT]; /* asked for by id, not by "all" or "basic" */
  double params[LQA_AUDIT_COUNT][LQA_AUDIT_MAX_PARAMS];
  lqa_baseline baseline;
} lqa_audit_plan;

/* LQA_BAD_USAGE for an unknown id, level, parameter or a value out of range (the message lists what
 * there is); LQA_BAD_FILE or LQA_BAD_DATA for the baseline. Clear with lqa_audit_plan_clear. */
LQA_MUST_CHECK lqa_status lqa_audit_plan_init(lqa_audit_plan *plan,
                                              const lqa_audit_choices *choices, lqa_error *err);
void lqa_audit_plan_clear(lqa_audit_plan *plan);
/* True if any kind of the audit is wanted and not ignored. */
bool lqa_audit_plan_runs(const lqa_audit_plan *plan, lqa_audit_number number);

#endif
