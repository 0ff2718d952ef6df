/* store/run_schema.h - the tables of run.db. */
#ifndef LQA_STORE_RUN_SCHEMA_H
#define LQA_STORE_RUN_SCHEMA_H

#include "base/sql.h"

/* In a new, empty database. */
LQA_MUST_CHECK lqa_status lqa_run_schema_make(lqa_sql *sql, lqa_error *err);
/* LQA_BAD_DATA where `path`, which `sql` has open, is no run.db, one of another version, or holds
 * anything but our tables, indexes and triggers. */
LQA_MUST_CHECK lqa_status lqa_run_schema_check(lqa_sql *sql, const char *path, lqa_error *err);
/* Adds the table `review` unless it is there. */
LQA_MUST_CHECK lqa_status lqa_run_schema_add_review(lqa_sql *sql, lqa_error *err);

#endif
