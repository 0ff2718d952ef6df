/* data/parquet_feed.h - the rows of a table as DuckDB's chunks, made ready ahead.
 *
 * Internal to table_parquet.c: it sees duckdb.h.
 */
#ifndef LQA_DATA_PARQUET_FEED_H
#define LQA_DATA_PARQUET_FEED_H

#include "data/duck.h"
#include "data/table.h"

typedef struct lqa_parquet_feed lqa_parquet_feed;

/* DuckDB's type for a column of this type; the caller destroys it. */
duckdb_logical_type lqa_parquet_type(lqa_value_type type);

/* NULL: no memory. The table's functions are called on one thread at a time, which need not be the
 * caller's, until the feed is freed. */
lqa_parquet_feed *lqa_parquet_feed_new(const lqa_table *table);
/* Puts the next *n rows into `chunk`, which has the table's columns; 0 at the end. Fails as the
 * table's begin_row does, or with LQA_NO_MEMORY. */
lqa_status lqa_parquet_feed_take(lqa_parquet_feed *feed, duckdb_data_chunk chunk, idx_t *n,
                                 lqa_error *err);
/* NULL is fine. */
void lqa_parquet_feed_free(lqa_parquet_feed *feed);

#endif
