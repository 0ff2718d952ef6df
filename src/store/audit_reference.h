/* store/audit_reference.h - what an audit is held against: an earlier run (--against), the data
 * before a change of label scheme (--migrated-from, --map).
 */
#ifndef LQA_STORE_AUDIT_REFERENCE_H
#define LQA_STORE_AUDIT_REFERENCE_H

#include "audit/against.h"
#include "data/source/source.h"
#include "store/run.h"

typedef struct lqa_audit_reference {
  bool has_against, has_migration;
  lqa_against against;
  lqa_migration migration;
  lqa_run *run;     /* owned */
  lqa_dataset *old; /* owned */
  lqa_arena arena;  /* labels and the map */
} lqa_audit_reference;

/* Where each is found; NULL: not asked for. */
typedef struct lqa_audit_reference_paths {
  const char *against;       /* a run folder */
  const char *migrated_from; /* a source */
  const char *map;           /* a table with columns old and new */
} lqa_audit_reference_paths;

/* Reads what `paths` name, which must outlive the reference; `options` are those of the new data,
 * which the old data is read with. Errors: LQA_BAD_USAGE (a map alone), and those of runs and
 * sources. */
LQA_MUST_CHECK lqa_status lqa_audit_reference_load(lqa_audit_reference *reference,
                                                   const lqa_audit_reference_paths *paths,
                                                   const lqa_source_options *options,
                                                   const lqa_observer *observer, lqa_error *err);
void lqa_audit_reference_clear(lqa_audit_reference *reference);

#endif
