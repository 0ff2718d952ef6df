/* data/source/scan_duckdb.h - what a Parquet or DuckDB file holds. */
#ifndef LQA_DATA_SOURCE_SCAN_DUCKDB_H
#define LQA_DATA_SOURCE_SCAN_DUCKDB_H

#include "base/arena.h"
#include "data/query/query.h"

struct lqa_source_part;

typedef lqa_status (*lqa_duckdb_visit_fn)(void *data, const char *name, bool flag);

/* Appends what stands after FROM: the file, or part->table of a database that is attached first. */
struct lqa_buf;
LQA_MUST_CHECK lqa_status lqa_duckdb_add_from(lqa_database *database,
                                              const struct lqa_source_part *part,
                                              struct lqa_buf *sql, lqa_error *err);

/* Columns of the file or part->table; flag: it is a BLOB. Names live in `arena`. */
LQA_MUST_CHECK lqa_status lqa_duckdb_columns(lqa_database *database,
                                             const struct lqa_source_part *part, lqa_arena *arena,
                                             lqa_duckdb_visit_fn visit, void *data, lqa_error *err);
/* Names of tables and views of a DuckDB file; flag: it is "schema.table". */
LQA_MUST_CHECK lqa_status lqa_duckdb_tables(lqa_database *database,
                                            const struct lqa_source_part *part, lqa_arena *arena,
                                            lqa_duckdb_visit_fn visit, void *data, lqa_error *err);
/* The value of a key in a Parquet file's metadata, NUL-terminated in `arena`; NULL data: none. */
LQA_MUST_CHECK lqa_status lqa_duckdb_metadata(lqa_database *database,
                                              const struct lqa_source_part *part, const char *key,
                                              lqa_arena *arena, lqa_str *value, lqa_error *err);

#endif
