/* Parquet through DuckDB, which reads the table as an Arrow stream and writes row groups side by
 * side.
 *
 * A batch of the stream is a row group. While one thread fills the next batch another encodes and
 * compresses the last; row groups are written in order, so the bytes depend on the rows and
 * DuckDB's version alone. Small row groups: their memory is used again for the next, and a reader
 * that wants some rows reads little more.
 */
#include "data/table/table_write.h"

#include "base/pool.h"
#include "data/table/arrow_feed.h"
#include "data/query/duck.h"

enum { MOST_THREADS = 4 };

typedef struct parquet_job {
  lqa_arrow_feed feed;
  const lqa_observer *observer;
} parquet_job;

/* Runs on the caller's thread, as the observer's functions must. */
static void tell_progress(void *data) {
  const parquet_job *job = data;
  lqa_observe_progress(job->observer, "writing",
                       (double)job->feed.row / (double)(job->feed.table->n_rows + 1));
}

static lqa_status copy_to(lqa_database *database, const char *path, lqa_error *err) {
  lqa_buf sql;
  lqa_buf_init(&sql, 1 << 16);
  lqa_buf_add_text(&sql, "COPY (SELECT * FROM lqa_table) TO ");
  lqa_duck_literal(&sql, lqa_str_from(path));
  lqa_buf_printf(&sql,
                 " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE %d)",
                 LQA_ARROW_BATCH_ROWS);
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&sql, err));
  status = lqa_database_run(database, sql.data, NULL, 0, err);
out:
  lqa_buf_clear(&sql);
  return status;
}

static lqa_status write_through(lqa_database *database, parquet_job *job, const char *path,
                                lqa_error *err) {
  database->tick = tell_progress;
  database->tick_data = job;
  if (duckdb_arrow_scan(database->connection, "lqa_table",
                        (duckdb_arrow_stream)(void *)&job->feed.stream) != DuckDBSuccess) {
    return lqa_fail(err, LQA_INTERNAL, "the query engine refuses the table to be written");
  }
  return copy_to(database, path, err);
}

lqa_status lqa_table_write_parquet(const lqa_table *table, const char *path,
                                   const lqa_observer *observer, lqa_error *err) {
  int n = lqa_processor_count();
  lqa_database_options options = {.n_threads = n < MOST_THREADS ? n : MOST_THREADS,
                                  .observer = observer};
  lqa_database *database = NULL;
  parquet_job job = {.observer = observer};
  LQA_TRY(lqa_observe_check(observer, err));
  LQA_TRY(lqa_database_open(&options, &database, err));
  lqa_arrow_feed_init(&job.feed, table);
  lqa_status status = write_through(database, &job, path, err);
  lqa_database_close(database);
  job.feed.stream.release(&job.feed.stream);
  if (job.feed.status != LQA_OK) {
    if (err) {
      *err = job.feed.error;
    }
    return job.feed.status;
  }
  return status;
}
