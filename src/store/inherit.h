/* store/inherit.h - verdicts, decisions and spot checks follow their rows into a new run of the
 * same data. */
#ifndef LQA_STORE_INHERIT_H
#define LQA_STORE_INHERIT_H

#include "base/observer.h"
#include "store/run_db.h"
#include "store/run_rows.h"

/* Copies the history of the run in `old_folder` into `db`. A record follows its row's key: the n-th
 * old row of a key becomes the n-th new row of that key. Records of rows that are gone keep their
 * key and are found again if a later version of the data holds the row. Tells the observer what was
 * carried. */
LQA_MUST_CHECK lqa_status lqa_run_inherit(const char *old_folder, lqa_run_db *db,
                                          const lqa_run_rows *rows, const lqa_observer *observer,
                                          lqa_error *err);

/* Copies the decisions alone (--decisions-from). A row that `db` has a decision for keeps it. */
LQA_MUST_CHECK lqa_status lqa_run_inherit_decisions(const char *old_folder, lqa_run_db *db,
                                                    const lqa_run_rows *rows,
                                                    const lqa_observer *observer, lqa_error *err);

#endif
