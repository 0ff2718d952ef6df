/* store/manifest.h - manifest.json: how a run was made, enough to read its source again.
 *
 * On writing every text is borrowed; a loaded manifest lives in the arena it was loaded into.
 */
#ifndef LQA_STORE_MANIFEST_H
#define LQA_STORE_MANIFEST_H

#include "base/field.h"
#include "data/source/source.h"

typedef struct lqa_run_option {
  const char *name, *value; /* as a user would type them: "folds", "5" */
} lqa_run_option;

typedef struct lqa_run_stage {
  const char *name;
  double seconds;
  int64_t peak_rss_bytes; /* of the process so far; 0 = not measured */
} lqa_run_stage;

/* The severity that an id's findings had in this run; decides which rows are suspicious. */
typedef struct lqa_run_severity {
  const char *id, *severity;
} lqa_run_severity;

typedef struct lqa_run_check_time {
  const char *id;
  double seconds;
} lqa_run_check_time;

typedef struct lqa_manifest {
  const char *version, *command, *made_utc;
  const lqa_run_option *options;
  size_t n_options;
  int64_t seed;
  int64_t n_rows;

  /* How to read the source again. Roles hold what was used, guesses included. */
  lqa_source_options source;
  const lqa_source_file *files;
  int32_t n_files;
  const char *const *columns; /* of the source, in order; NULL = not recorded */
  size_t n_columns;
  bool has_snapshot;
  const char *maker; /* signature of what names files outside the run; NULL or "": none */
  /* Not in the file: what lqa_run_claim_set found and was told. */
  bool is_own;                 /* this user made the run */
  lqa_text_list sources_named; /* where its source is */
  lqa_content_kind content_kind;

  const lqa_str *classes;
  int32_t n_classes;
  bool classes_given;

  const char *tie_order; /* "stable" or "compat" */
  const char *model;     /* what made the probabilities: "logistic" */
  lqa_text_list judge_models;
  const lqa_run_severity *severities;
  size_t n_severities;
  lqa_text_list
      loss_files; /* training logs that were added; none = losses of the out-of-fold model */
  int64_t loss_epochs;
  const lqa_run_stage *stages;
  size_t n_stages;
  const lqa_run_check_time *checks; /* time per check that ran */
  size_t n_checks;
  int64_t peak_rss_bytes;
} lqa_manifest;

/* What stands in manifest.json, from which docs/schema/manifest.json.md is made. */
extern const lqa_field lqa_manifest_fields[];

/* Writes `folder`/manifest.json, atomically. */
LQA_MUST_CHECK lqa_status lqa_manifest_save(const lqa_manifest *manifest, const char *folder,
                                            lqa_error *err);
/* LQA_BAD_FILE where `folder` holds no manifest, LQA_BAD_DATA where it is damaged or of a newer
 * kind. */
LQA_MUST_CHECK lqa_status lqa_manifest_load(const char *folder, lqa_arena *arena, lqa_manifest *out,
                                            lqa_error *err);

/* The roles as lqa_source_resolve found them, into manifest->source. Borrowed. */
/* What a code of the label column is called (--class-names): the text itself where it has no name.
 */
lqa_str lqa_manifest_class_name(const lqa_manifest *manifest, lqa_str code);
void lqa_manifest_set_roles(lqa_manifest *manifest, const lqa_source_roles *roles);

/* classes.json: the class names, in the order of pred_probs.npy's columns. */
LQA_MUST_CHECK lqa_status lqa_classes_save(const lqa_manifest *manifest, const char *folder,
                                           lqa_error *err);

#endif
