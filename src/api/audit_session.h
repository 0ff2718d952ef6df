/* api/audit_session.h - one audit in memory: every stage from source to outcome, nothing written.
 */
#ifndef LQA_API_AUDIT_SESSION_H
#define LQA_API_AUDIT_SESSION_H

#include "api/audit_reference.h"
#include "api/report_build.h"
#include "audit/audit_run.h"
#include "base/pool.h"
#include "data/source.h"
#include "labelqa/labelqa.h"
#include "model/crossval.h"

enum { LQA_SESSION_MAX_STAGES = 32 };

typedef struct lqa_audit_session {
  const lqa_audit_args *args;
  lqa_pool *pool;
  lqa_source_options source_options;
  lqa_source *source;
  lqa_dataset *dataset;
  lqa_audit_reference reference; /* --against, --migrated-from */
  lqa_audit_run audits;
  bool has_audits;
  lqa_crossval_result model;
  bool has_model;          /* false where probabilities were given */
  float *given_probs;      /* owned copy of given probabilities */
  const float *pred_probs; /* n_rows x n_classes float32, NaN rows where not scored */
  lqa_label_issues issues;
  lqa_evidence evidence;
  bool has_evidence;
  lqa_report report; /* without suspects, timings and run path */
  lqa_arena arena;
  lqa_report_timing timings[LQA_SESSION_MAX_STAGES];
  int n_timings;
} lqa_audit_session;

/* Runs all stages. *session must not be moved; clear it whatever the outcome. */
lqa_status lqa_audit_session_run(lqa_audit_session *session, const lqa_audit_args *args,
                                 lqa_error *err);
void lqa_audit_session_clear(lqa_audit_session *session);
/* Adds the time since `started` (lqa_clock_seconds) under `stage`, a static text. */
void lqa_audit_session_time(lqa_audit_session *session, const char *stage, double started);

#endif
