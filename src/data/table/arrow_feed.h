/* data/table/arrow_feed.h - a table as an Arrow stream, which DuckDB reads where it lies.
 *
 *     lqa_arrow_feed feed;
 *     lqa_arrow_feed_init(&feed, table);
 *     duckdb_arrow_scan(connection, "t", (duckdb_arrow_stream)&feed.stream);
 *     ... run; feed.status says whether the table was to blame ...
 *     feed.stream.release(&feed.stream);
 *
 * The table's functions are called by whoever asks for the next batch: one at a time, but not
 * always on the same thread.
 */
#ifndef LQA_DATA_TABLE_ARROW_FEED_H
#define LQA_DATA_TABLE_ARROW_FEED_H

#include "data/table/table.h"
#include "labelqa/frame.h"

#include <stdatomic.h>

/* Rows in a batch, but for the last and for those with more than some megabytes of text. */
enum { LQA_ARROW_BATCH_ROWS = 8192 };

/* Not to be moved. */
typedef struct lqa_arrow_feed {
  struct ArrowArrayStream stream;
  const lqa_table *table;
  _Atomic int64_t row; /* the next to be asked for */
  lqa_status status;   /* LQA_OK, or what ended the stream early ... */
  lqa_error error;     /* ... and its words */
} lqa_arrow_feed;

/* `table` is borrowed. Nothing to release besides the stream, and what came out of it. */
void lqa_arrow_feed_init(lqa_arrow_feed *feed, const lqa_table *table);

#endif
