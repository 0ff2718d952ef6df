/* api/audit_reference.h - what an audit is held against: an earlier run (--against), the data
 * before a change of label scheme (--migrated-from, --map).
 */
#ifndef LQA_API_AUDIT_REFERENCE_H
#define LQA_API_AUDIT_REFERENCE_H

#include "audit/against.h"
#include "data/source/source.h"
#include "labelqa/labelqa.h"
#include "store/run.h"

typedef struct lqa_audit_reference {
  bool has_against, has_migration;
  lqa_against against;
  lqa_migration migration;
  lqa_run *run;     /* owned */
  lqa_dataset *old; /* owned */
  lqa_arena arena;  /* labels and the map */
} lqa_audit_reference;

/* Reads what `args` name; `options` are those of the new data, which the old data is read with.
 * Errors: LQA_BAD_USAGE (--map alone), and those of runs and sources. */
lqa_status lqa_audit_reference_load(lqa_audit_reference *reference, const lqa_audit_args *args,
                                    const lqa_source_options *options, lqa_error *err);
void lqa_audit_reference_clear(lqa_audit_reference *reference);

#endif
