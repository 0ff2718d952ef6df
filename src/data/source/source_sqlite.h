/* data/source/source_sqlite.h - what a SQLite file holds. */
#ifndef LQA_DATA_SOURCE_SOURCE_SQLITE_H
#define LQA_DATA_SOURCE_SOURCE_SQLITE_H

#include "base/arena.h"
#include "base/status.h"

struct lqa_source_part;

typedef lqa_status (*lqa_sqlite_visit_fn)(void *data, const char *name);

/* Names of tables and views, in the order of their creation; copies live in `arena`. */
LQA_MUST_CHECK lqa_status lqa_sqlite_tables(const struct lqa_source_part *part, lqa_arena *arena,
                                            lqa_sqlite_visit_fn visit, void *data, lqa_error *err);
/* Names of the columns of part->table. */
LQA_MUST_CHECK lqa_status lqa_sqlite_columns(const struct lqa_source_part *part, lqa_arena *arena,
                                             lqa_sqlite_visit_fn visit, void *data, lqa_error *err);

#endif
