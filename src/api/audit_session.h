/* api/audit_session.h - one audit in memory: every stage from source to outcome, nothing written.
 */
#ifndef LQA_API_AUDIT_SESSION_H
#define LQA_API_AUDIT_SESSION_H

#include "store/audit_reference.h"
#include "report/report_build.h"
#include "audit/audit_run.h"
#include "base/background.h"
#include "base/pool.h"
#include "data/source/source.h"
#include "labelqa/labelqa.h"
#include "model/out_of_fold/crossval.h"
#include "model/problem/metrics.h"

enum { LQA_SESSION_MAX_STAGES = 32 };

typedef struct lqa_audit_session {
  const lqa_audit_args *args;
  const char *temporary_folder; /* for what does not fit in memory */
  lqa_pool *pool;
  lqa_source_options source_options;
  lqa_source *source;
  lqa_dataset *dataset;
  const char
      *snapshot_path; /* where the copy of the source goes; NULL: none is kept. The caller's */
  lqa_background *snapshot;      /* writes it while the stages run */
  lqa_audit_reference reference; /* --against, --migrated-from */
  lqa_audit_run audits;
  bool has_audits;
  lqa_crossval_result model;
  bool has_model;          /* false where probabilities were given */
  float *given_probs;      /* owned copy of given probabilities */
  const float *pred_probs; /* n_rows x n_classes float32, NaN rows where not scored */
  lqa_label_issues issues;
  lqa_metrics metrics; /* of pred_probs */
  lqa_evidence evidence;
  bool has_evidence;
  lqa_report report; /* without suspects, timings and run path */
  lqa_arena arena;
  lqa_report_timing timings[LQA_SESSION_MAX_STAGES];
  int n_timings;
} lqa_audit_session;

/* Ends reading, which removes what it keeps in temporary_folder: before that folder is moved. */
void lqa_audit_session_close_source(lqa_audit_session *s);
/* Runs all stages on a session that is zero but for snapshot_path and temporary_folder; it must not
 * be moved, and is to be cleared whatever the outcome. */
LQA_MUST_CHECK lqa_status lqa_audit_session_run(lqa_audit_session *session,
                                                const lqa_audit_args *args, lqa_error *err);
/* Whether --memory-limit leaves room for one more writer of Parquet. */
bool lqa_audit_session_has_room(const lqa_audit_session *session);
/* Waits until the snapshot, if there is to be one, is on disk. */
LQA_MUST_CHECK lqa_status lqa_audit_session_finish_snapshot(lqa_audit_session *session,
                                                            lqa_error *err);
void lqa_audit_session_clear(lqa_audit_session *session);
/* Adds the time since `started` (lqa_clock_seconds) under `stage`, a static text. */
void lqa_audit_session_time(lqa_audit_session *session, const char *stage, double started);

#endif
