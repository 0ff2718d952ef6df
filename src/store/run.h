/* store/run.h - a run: its manifest, rows, evidence and run.db in one place.
 *
 * After an audit:
 *     lqa_run_draft_begin(path, overwrite, &draft, err);      // before the work: refuses early
 *     lqa_run_new(&parts, &draft, &run, err);                 // run.db, carried over, scored
 *     lqa_run_save(run, pred_probs, err);                     // all files but the report
 *     ... snapshot, report files into run->folder ...
 *     lqa_run_close(run);
 *     lqa_run_draft_commit(&draft, err);
 *
 * Later:
 *     lqa_run_open(path, true, &run, err);
 *     lqa_run_db_add_decision(run->db, ...);
 *     lqa_run_refresh(run, err);                              // run.db -> evidence -> files
 *     lqa_run_close(run);
 */
#ifndef LQA_STORE_RUN_H
#define LQA_STORE_RUN_H

#include "base/map.h"
#include "base/vec.h"
#include "store/run_db.h"
#include "store/run_draft.h"
#include "store/run_rows.h"
#include "trust/trust_summary.h"

#include <time.h>

/* What run.db said when it was last read. */
typedef struct lqa_overlay {
  int64_t verdicts, decisions; /* in force */
  int64_t void_verdicts;       /* about another label than the row has now, or an unknown class */
  int64_t void_decisions;      /* for a class that is no more */
} lqa_overlay;

typedef struct lqa_run {
  char *folder; /* where its files are; owned */
  lqa_manifest manifest;
  lqa_run_rows rows;
  lqa_evidence evidence;
  lqa_overlay overlay;
  lqa_trust_summary trust; /* of the latest lqa_run_posterior */
  lqa_run_db *db;
  const lqa_observer *observer; /* borrowed; NULL = silent */
  lqa_run_lock lock;
  lqa_map *classes; /* class name -> code */
  lqa_map *people;  /* names in decided_by -> index in names */
  LQA_VEC(const char *) names;
  bool for_writing;
  lqa_manifest loaded;       /* as it was read: what differs now was changed by us */
  struct timespec rows_time; /* of the rows.parquet that was loaded */
  lqa_arena arena;
} lqa_run;

/* What an audit made. */
typedef struct lqa_run_parts {
  const lqa_manifest *manifest; /* copied shallowly: its texts are borrowed until lqa_run_close */
  const lqa_dataset *dataset;   /* borrowed until lqa_run_close */
  lqa_evidence *evidence;       /* taken: empty after */
  const lqa_observer *observer;
  const char *decisions_from; /* a run folder whose decisions are taken over; NULL = none */
} lqa_run_parts;

/* Makes run.db in the draft's folder, stores suggested labels, carries verdicts and decisions over
 * from the run that the draft replaces, and applies the rule. */
LQA_MUST_CHECK lqa_status lqa_run_new(const lqa_run_parts *parts, const lqa_run_draft *draft,
                                      lqa_run **out, lqa_error *err);
/* Writes classes.json, pred_probs.npy (n_rows x n_classes; NULL: not written), rows.parquet,
 * review.csv and manifest.json into the run's folder. */
LQA_MUST_CHECK lqa_status lqa_run_save(lqa_run *run, const float *pred_probs, lqa_error *err);

/* The last step of writing a new run: run.db is whole without its log. */
LQA_MUST_CHECK lqa_status lqa_run_seal(lqa_run *run, lqa_error *err);

/* Loads a run folder. For writing it is locked against replacement until closed. `observer` may be
 * NULL. Errors: LQA_BAD_FILE (no run, in use), LQA_BAD_DATA (damaged). */
LQA_MUST_CHECK lqa_status lqa_run_open(const char *path, bool for_writing,
                                       const lqa_observer *observer, lqa_run **out, lqa_error *err);
void lqa_run_close(lqa_run *run);

/* Reads verdicts and decisions from run.db again and applies the rule. */
LQA_MUST_CHECK lqa_status lqa_run_overlay(lqa_run *run, lqa_error *err);
/* lqa_run_overlay, then rows.parquet, review.csv and the manifest, each by rename. Where another
 * command has rewritten them since this one opened the run, its losses and judges are kept (rows
 * and evidence are read again). The caller holds lqa_run_lock_files and writes the report files
 * under the same lock. */
LQA_MUST_CHECK lqa_status lqa_run_refresh(lqa_run *run, lqa_error *err);

/* Reads the rows again if another command has rewritten them, then lqa_run_overlay. *changed says
 * whether it had. */
LQA_MUST_CHECK lqa_status lqa_run_reload(lqa_run *run, bool *changed, lqa_error *err);
/* What a decision that was recorded means for its row, in memory: LQA_CLASS_NONE withdraws it. */
LQA_MUST_CHECK lqa_status lqa_run_set_decision(lqa_run *run, int64_t row, int32_t label, lqa_str by,
                                               lqa_error *err);

/* What the audit reported, report.json as it was then: kept in run.db, so that the report files can
 * be made again whatever happened to them. A run without it falls back on the file. */
LQA_MUST_CHECK lqa_status lqa_run_keep_report(lqa_run *run, lqa_str json, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_run_load_report(const lqa_run *run, lqa_buf *json, lqa_error *err);

/* The class code of a name, or LQA_CLASS_NONE. */
int32_t lqa_run_find_class(const lqa_run *run, lqa_str name);
/* Whose records: the reference that run.db wants; `key` is scratch that must outlive its use. */
LQA_MUST_CHECK lqa_status lqa_run_row_ref(const lqa_run *run, int64_t row, lqa_buf *key,
                                          lqa_row_ref *out, lqa_error *err);
/* A fingerprint of all keys and labels: spot checks count only for the rows they were drawn
 * from. */
LQA_MUST_CHECK lqa_status lqa_run_population(const lqa_run *run, char out[33], lqa_error *err);

#endif
