/* A thread turns rows into chunks while DuckDB encodes and compresses the chunks before: texts are
 * put together and copied on one processor, written on another. Rows stay in order, so the bytes of
 * the file are those of a single thread. A table of one chunk gets no thread; nor does one where no
 * thread can be had.
 */
#include "data/parquet_feed.h"

#include "base/memory.h"
#include "data/table_write.h"

#include <pthread.h>
#include <signal.h>

enum { N_CHUNKS = 4 };

typedef struct ready_chunk {
  duckdb_data_chunk chunk;
  idx_t n;
  lqa_status status;
} ready_chunk;

struct lqa_parquet_feed {
  const lqa_table *table;
  duckdb_logical_type *types; /* of the columns */
  int64_t row;                /* the next to be read from the table */
  lqa_error error;            /* of the chunk whose status is not LQA_OK: the last */
  bool is_begun, has_thread;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t filled, emptied;
  ready_chunk ready[N_CHUNKS];
  uint64_t n_filled, n_emptied; /* under the lock */
  bool stopping;                /* under the lock */
};

duckdb_logical_type lqa_parquet_type(lqa_value_type type) {
  static const duckdb_type ids[] = {
      [LQA_VALUE_TEXT] = DUCKDB_TYPE_VARCHAR,  [LQA_VALUE_INT64] = DUCKDB_TYPE_BIGINT,
      [LQA_VALUE_INT32] = DUCKDB_TYPE_INTEGER, [LQA_VALUE_DOUBLE] = DUCKDB_TYPE_DOUBLE,
      [LQA_VALUE_BOOL] = DUCKDB_TYPE_BOOLEAN,  [LQA_VALUE_TEXT_LIST] = DUCKDB_TYPE_VARCHAR};
  duckdb_logical_type logical = duckdb_create_logical_type(ids[type]);
  if (type == LQA_VALUE_TEXT_LIST) {
    duckdb_logical_type list = duckdb_create_list_type(logical);
    duckdb_destroy_logical_type(&logical);
    return list;
  }
  return logical;
}

static bool set_list(duckdb_vector vector, idx_t i, const lqa_value *value) {
  duckdb_list_entry *entries = duckdb_vector_get_data(vector);
  idx_t offset = duckdb_list_vector_get_size(vector);
  entries[i] = (duckdb_list_entry){offset, value->n_list};
  if (duckdb_list_vector_reserve(vector, offset + value->n_list) != DuckDBSuccess ||
      duckdb_list_vector_set_size(vector, offset + value->n_list) != DuckDBSuccess) {
    return false;
  }
  duckdb_vector child = duckdb_list_vector_get_child(vector);
  for (size_t j = 0; j < value->n_list; j++) {
    lqa_str item = value->list[j].data ? value->list[j] : LQA_STR("");
    duckdb_vector_assign_string_element_len(child, offset + j, item.data, item.size);
  }
  return true;
}

/* Sets a present value; false sends it as NULL. */
static bool set_value(duckdb_vector vector, void *data, idx_t i, lqa_value_type type,
                      const lqa_value *value) {
  switch (type) {
  case LQA_VALUE_TEXT:
    if (value->text.data) {
      duckdb_vector_assign_string_element_len(vector, i, value->text.data, value->text.size);
    }
    return value->text.data != NULL;
  case LQA_VALUE_INT64:
    ((int64_t *)data)[i] = value->integer;
    return true;
  case LQA_VALUE_INT32:
    ((int32_t *)data)[i] = (int32_t)value->integer;
    return true;
  case LQA_VALUE_DOUBLE:
    ((double *)data)[i] = value->number;
    return value->number == value->number;
  case LQA_VALUE_BOOL:
    ((bool *)data)[i] = value->integer != 0;
    return true;
  default:
    return set_list(vector, i, value);
  }
}

static void set_null(duckdb_vector vector, void *data, idx_t i, lqa_value_type type) {
  uint64_t *validity = duckdb_vector_get_validity(vector);
  validity[i / 64] &= ~(1ULL << (i % 64));
  if (type == LQA_VALUE_TEXT_LIST) {
    ((duckdb_list_entry *)data)[i] = (duckdb_list_entry){duckdb_list_vector_get_size(vector), 0};
  }
}

/* All cells of row feed->row + i: rows in order, since the table may be fed from a stream. */
static lqa_status fill_row(lqa_parquet_feed *feed, duckdb_data_chunk chunk, idx_t i) {
  const lqa_table *table = feed->table;
  int64_t row = feed->row + (int64_t)i;
  if (table->begin_row) {
    LQA_TRY(table->begin_row(table->data, row, &feed->error));
  }
  for (int32_t c = 0; c < table->n_columns; c++) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, (idx_t)c);
    void *data = duckdb_vector_get_data(vector);
    lqa_value value = lqa_table_get(table, c, row);
    if (value.is_null || !set_value(vector, data, i, table->columns[c].type, &value)) {
      set_null(vector, data, i, table->columns[c].type);
    }
  }
  return LQA_OK;
}

/* The next rows of the table. */
static lqa_status fill_chunk(lqa_parquet_feed *feed, duckdb_data_chunk chunk, idx_t *n) {
  int64_t left = feed->table->n_rows - feed->row, most = (int64_t)duckdb_vector_size();
  *n = (idx_t)(left < most ? left : most);
  for (int32_t c = 0; c < feed->table->n_columns; c++) {
    duckdb_vector_ensure_validity_writable(duckdb_data_chunk_get_vector(chunk, (idx_t)c));
  }
  for (idx_t i = 0; i < *n; i++) {
    LQA_TRY(fill_row(feed, chunk, i));
  }
  feed->row += (int64_t)*n;
  return LQA_OK;
}

/* Waits for a free place; NULL: stop. */
static ready_chunk *next_empty(lqa_parquet_feed *feed) {
  pthread_mutex_lock(&feed->lock);
  while (!feed->stopping && feed->n_filled - feed->n_emptied == N_CHUNKS) {
    pthread_cond_wait(&feed->emptied, &feed->lock);
  }
  ready_chunk *place = feed->stopping ? NULL : &feed->ready[feed->n_filled % N_CHUNKS];
  pthread_mutex_unlock(&feed->lock);
  return place;
}

static void *run(void *argument) {
  lqa_parquet_feed *feed = argument;
  for (bool more = true; more;) {
    ready_chunk *place = next_empty(feed);
    if (!place) {
      break;
    }
    place->chunk = duckdb_create_data_chunk(feed->types, (idx_t)feed->table->n_columns);
    place->status = place->chunk ? fill_chunk(feed, place->chunk, &place->n) : LQA_NO_MEMORY;
    more = place->status == LQA_OK && place->n > 0;
    pthread_mutex_lock(&feed->lock);
    feed->n_filled++;
    pthread_cond_signal(&feed->filled);
    pthread_mutex_unlock(&feed->lock);
  }
  return NULL;
}

static void begin(lqa_parquet_feed *feed) {
  feed->is_begun = true;
  if (feed->table->n_rows > (int64_t)duckdb_vector_size()) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    feed->has_thread = pthread_create(&feed->thread, NULL, run, feed) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
}

/* The oldest chunk that is ready; it stays in its place until `release`. */
static ready_chunk *next_filled(lqa_parquet_feed *feed) {
  pthread_mutex_lock(&feed->lock);
  while (feed->n_filled == feed->n_emptied) {
    pthread_cond_wait(&feed->filled, &feed->lock);
  }
  ready_chunk *place = &feed->ready[feed->n_emptied % N_CHUNKS];
  pthread_mutex_unlock(&feed->lock);
  return place;
}

static void release(lqa_parquet_feed *feed, ready_chunk *place) {
  duckdb_destroy_data_chunk(&place->chunk);
  pthread_mutex_lock(&feed->lock);
  feed->n_emptied++;
  pthread_cond_signal(&feed->emptied);
  pthread_mutex_unlock(&feed->lock);
}

lqa_status lqa_parquet_feed_take(lqa_parquet_feed *feed, duckdb_data_chunk chunk, idx_t *n,
                                 lqa_error *err) {
  if (!feed->is_begun) {
    begin(feed);
  }
  lqa_status status;
  if (!feed->has_thread) {
    status = fill_chunk(feed, chunk, n);
  } else {
    ready_chunk *place = next_filled(feed);
    status = place->status;
    *n = place->n;
    for (int32_t c = 0; status == LQA_OK && c < feed->table->n_columns; c++) {
      duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(chunk, (idx_t)c),
                                     duckdb_data_chunk_get_vector(place->chunk, (idx_t)c));
    }
    if (status == LQA_OK && *n > 0) {
      release(feed, place); /* the last one stays */
    }
  }
  if (status != LQA_OK && err) {
    *err = feed->error;
  }
  return status;
}

lqa_parquet_feed *lqa_parquet_feed_new(const lqa_table *table) {
  lqa_parquet_feed *feed = lqa_calloc(1, sizeof *feed);
  if (!feed) {
    return NULL;
  }
  feed->table = table;
  feed->types = lqa_calloc((size_t)table->n_columns, sizeof *feed->types);
  if (!feed->types) {
    free(feed);
    return NULL;
  }
  for (int32_t c = 0; c < table->n_columns; c++) {
    feed->types[c] = lqa_parquet_type(table->columns[c].type);
  }
  pthread_mutex_init(&feed->lock, NULL);
  pthread_cond_init(&feed->filled, NULL);
  pthread_cond_init(&feed->emptied, NULL);
  return feed;
}

void lqa_parquet_feed_free(lqa_parquet_feed *feed) {
  if (!feed) {
    return;
  }
  if (feed->has_thread) {
    pthread_mutex_lock(&feed->lock);
    feed->stopping = true;
    pthread_cond_signal(&feed->emptied);
    pthread_mutex_unlock(&feed->lock);
    pthread_join(feed->thread, NULL);
  }
  for (int i = 0; i < N_CHUNKS; i++) {
    duckdb_destroy_data_chunk(&feed->ready[i].chunk);
  }
  for (int32_t c = 0; c < feed->table->n_columns; c++) {
    duckdb_destroy_logical_type(&feed->types[c]);
  }
  free(feed->types);
  pthread_cond_destroy(&feed->filled);
  pthread_cond_destroy(&feed->emptied);
  pthread_mutex_destroy(&feed->lock);
  free(feed);
}
