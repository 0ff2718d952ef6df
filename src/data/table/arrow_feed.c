/* Batches of columns as the Arrow C data interface lays them out, each with everything it owns in
 * one struct. Offsets have 64 bits, so that a batch may hold texts of any size.
 *
 * Source: "The Arrow C data interface" of the Arrow project.
 */
#include "data/table/arrow_feed.h"

#include "base/memory.h"
#include "base/vec.h"
#include "data/table/table_write.h"

#include <errno.h>
#include <string.h>

enum { BATCH_ROWS = LQA_ARROW_BATCH_ROWS, BATCH_BYTES = 64 << 20 };

/* Texts behind one another. */
typedef struct texts {
  LQA_VEC(int64_t) end; /* end[0] = 0, then the end of each */
  LQA_VEC(char) bytes;
} texts;

/* A column of a batch. */
typedef struct column {
  lqa_value_type type;
  uint8_t *valid; /* bits */
  int64_t n_null;
  void *values;              /* numbers and bits; NULL for texts */
  texts texts;               /* of a column of texts or of lists of texts */
  LQA_VEC(int64_t) list_end; /* of lists, counted in texts; first 0 */
  const void *buffers[3], *item_buffers[3];
  struct ArrowArray array, items;
  struct ArrowArray *child;
} column;

typedef struct batch {
  int64_t n_rows;
  int32_t n_columns;
  size_t n_bytes; /* of text */
  const void *buffers[1];
  struct ArrowArray **children;
  column columns[];
} batch;

/* Bytes of a value; 0: bits, or texts. */
static size_t width_of(lqa_value_type type) {
  return type == LQA_VALUE_INT64 || type == LQA_VALUE_DOUBLE ? 8 : type == LQA_VALUE_INT32 ? 4 : 0;
}

static bool has_texts(lqa_value_type type) {
  return type == LQA_VALUE_TEXT || type == LQA_VALUE_TEXT_LIST;
}

static lqa_status add_text(texts *t, lqa_str text) {
  LQA_TRY(lqa_vec_reserve(&t->bytes, t->bytes.n + text.size + 1)); /* never NULL */
  if (text.size > 0) {
    memcpy(t->bytes.data + t->bytes.n, text.data, text.size);
  }
  t->bytes.n += text.size;
  return lqa_vec_push(&t->end, (int64_t)t->bytes.n);
}

static lqa_status open_column(column *c, lqa_value_type type) {
  c->type = type;
  c->valid = lqa_calloc(BATCH_ROWS / 8, 1);
  c->values = has_texts(type) ? NULL : lqa_calloc(BATCH_ROWS, width_of(type) ? width_of(type) : 1);
  if (!c->valid || (!has_texts(type) && !c->values)) {
    return LQA_NO_MEMORY;
  }
  LQA_TRY(type == LQA_VALUE_TEXT_LIST ? lqa_vec_push(&c->list_end, 0) : LQA_OK);
  LQA_TRY(lqa_vec_reserve(&c->texts.bytes, 1));
  return has_texts(type) ? lqa_vec_push(&c->texts.end, 0) : LQA_OK;
}

static void free_batch(batch *b) {
  for (int32_t i = 0; b && i < b->n_columns; i++) {
    column *c = &b->columns[i];
    free(c->valid);
    free(c->values);
    lqa_vec_clear(&c->texts.end);
    lqa_vec_clear(&c->texts.bytes);
    lqa_vec_clear(&c->list_end);
  }
  free(b ? b->children : NULL);
  free(b);
}

static batch *new_batch(const lqa_table *table) {
  size_t n = (size_t)table->n_columns;
  batch *b = lqa_calloc(1, sizeof *b + n * sizeof b->columns[0]);
  if (!b) {
    return NULL;
  }
  b->n_columns = table->n_columns;
  b->children = lqa_calloc(n, sizeof *b->children);
  lqa_status status;
  LQA_TRY_OUT(b->children ? LQA_OK : LQA_NO_MEMORY);
  for (size_t i = 0; i < n; i++) {
    LQA_TRY_OUT(open_column(&b->columns[i], table->columns[i].type));
  }
out:
  if (status != LQA_OK) {
    free_batch(b);
    return NULL;
  }
  return b;
}

static bool is_present(lqa_value_type type, const lqa_value *value) {
  return !value->is_null && (type != LQA_VALUE_TEXT || value->text.data) &&
         (type != LQA_VALUE_DOUBLE || value->number == value->number);
}

static lqa_status add_list(column *c, const lqa_value *value, bool is_here) {
  for (size_t i = 0; is_here && i < value->n_list; i++) {
    LQA_TRY(add_text(&c->texts, value->list[i]));
  }
  return lqa_vec_push(&c->list_end, (int64_t)c->texts.end.n - 1);
}

static lqa_status add_value(column *c, int64_t i, const lqa_value *value) {
  bool is_here = is_present(c->type, value);
  c->valid[i / 8] |= (uint8_t)(is_here << (i % 8));
  c->n_null += !is_here;
  switch (c->type) {
  case LQA_VALUE_TEXT:
    return add_text(&c->texts, is_here ? value->text : (lqa_str){0});
  case LQA_VALUE_TEXT_LIST:
    return add_list(c, value, is_here);
  case LQA_VALUE_INT64:
    ((int64_t *)c->values)[i] = value->integer;
    return LQA_OK;
  case LQA_VALUE_INT32:
    ((int32_t *)c->values)[i] = (int32_t)value->integer;
    return LQA_OK;
  case LQA_VALUE_DOUBLE:
    ((double *)c->values)[i] = value->number;
    return LQA_OK;
  default:
    ((uint8_t *)c->values)[i / 8] |= (uint8_t)((value->integer != 0) << (i % 8));
    return LQA_OK;
  }
}

/* All cells of a row: rows in order, since the table may be fed from a stream. */
static lqa_status add_row(lqa_arrow_feed *feed, batch *b, int64_t row) {
  const lqa_table *table = feed->table;
  if (table->begin_row) {
    LQA_TRY(table->begin_row(table->data, row, &feed->error));
  }
  for (int32_t i = 0; i < table->n_columns; i++) {
    column *c = &b->columns[i];
    size_t before = c->texts.bytes.n;
    lqa_value value = lqa_table_get(table, i, row);
    if (add_value(c, b->n_rows, &value) != LQA_OK) {
      return lqa_fail_memory(&feed->error, "writing a Parquet file");
    }
    b->n_bytes += c->texts.bytes.n - before;
  }
  b->n_rows++;
  return LQA_OK;
}

static lqa_status fill(lqa_arrow_feed *feed, batch *b) {
  int64_t row = feed->row;
  for (; row < feed->table->n_rows && b->n_rows < BATCH_ROWS && b->n_bytes < BATCH_BYTES; row++) {
    LQA_TRY(add_row(feed, b, row));
  }
  feed->row = row;
  return LQA_OK;
}

/* A child's memory goes with its parent's. */
static void release_child(struct ArrowArray *array) {
  array->release = NULL;
}

static void release_batch(struct ArrowArray *array) {
  free_batch(array->private_data);
  array->release = NULL;
}

static void lay_out_texts(const texts *t, const void **buffers) {
  buffers[1] = t->end.data;
  buffers[2] = t->bytes.data;
}

/* Points the Arrow structs at what was filled. */
static void lay_out(column *c, int64_t n_rows) {
  bool is_list = c->type == LQA_VALUE_TEXT_LIST;
  c->buffers[0] = c->n_null > 0 ? c->valid : NULL;
  c->buffers[1] = is_list ? (void *)c->list_end.data : c->values;
  if (c->type == LQA_VALUE_TEXT) {
    lay_out_texts(&c->texts, c->buffers);
  }
  c->array = (struct ArrowArray){.length = n_rows,
                                 .null_count = c->n_null,
                                 .n_buffers = c->type == LQA_VALUE_TEXT ? 3 : 2,
                                 .buffers = c->buffers,
                                 .release = release_child};
  if (is_list) {
    lay_out_texts(&c->texts, c->item_buffers);
    c->items = (struct ArrowArray){.length = (int64_t)c->texts.end.n - 1,
                                   .n_buffers = 3,
                                   .buffers = c->item_buffers,
                                   .release = release_child};
    c->child = &c->items;
    c->array.n_children = 1;
    c->array.children = &c->child;
  }
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  lqa_arrow_feed *feed = stream->private_data;
  *out = (struct ArrowArray){0};
  if (feed->row >= feed->table->n_rows || feed->status != LQA_OK) {
    return feed->status == LQA_OK ? 0 : EIO; /* a released array: the end */
  }
  batch *b = new_batch(feed->table);
  feed->status = b ? fill(feed, b) : lqa_fail_memory(&feed->error, "writing a Parquet file");
  if (feed->status != LQA_OK) {
    free_batch(b);
    return EIO;
  }
  for (int32_t i = 0; i < b->n_columns; i++) {
    lay_out(&b->columns[i], b->n_rows);
    b->children[i] = &b->columns[i].array;
  }
  *out = (struct ArrowArray){.length = b->n_rows,
                             .n_buffers = 1,
                             .buffers = b->buffers,
                             .n_children = b->n_columns,
                             .children = b->children,
                             .release = release_batch,
                             .private_data = b};
  return 0;
}

/* ---- the schema ---- */

typedef struct schema {
  struct ArrowSchema **children;
  struct ArrowSchema *columns, *items; /* n_columns each */
  struct ArrowSchema **item;           /* n_columns: pointers to items */
} schema;

static void release_schema_child(struct ArrowSchema *s) {
  s->release = NULL;
}

static void free_schema(schema *s) {
  if (s) {
    free(s->children);
    free(s->columns);
    free(s->items);
    free(s->item);
    free(s);
  }
}

static void release_schema(struct ArrowSchema *s) {
  free_schema(s->private_data);
  s->release = NULL;
}

static schema *new_schema(size_t n) {
  schema *s = lqa_calloc(1, sizeof *s);
  if (s) {
    s->children = lqa_calloc(n, sizeof(struct ArrowSchema *));
    s->columns = lqa_calloc(n, sizeof *s->columns);
    s->items = lqa_calloc(n, sizeof *s->items);
    s->item = lqa_calloc(n, sizeof(struct ArrowSchema *));
    if (!s->children || !s->columns || !s->items || !s->item) {
      free_schema(s);
      return NULL;
    }
  }
  return s;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  static const char *const formats[] = {
      [LQA_VALUE_TEXT] = "U",   [LQA_VALUE_INT64] = "l", [LQA_VALUE_INT32] = "i",
      [LQA_VALUE_DOUBLE] = "g", [LQA_VALUE_BOOL] = "b",  [LQA_VALUE_TEXT_LIST] = "+L"};
  lqa_arrow_feed *feed = stream->private_data;
  const lqa_table *table = feed->table;
  schema *s = new_schema((size_t)table->n_columns);
  *out = (struct ArrowSchema){0};
  if (!s) {
    feed->status = lqa_fail_memory(&feed->error, "writing a Parquet file");
    return 1; /* the one error that duckdb_arrow_scan knows */
  }
  for (int32_t i = 0; i < table->n_columns; i++) {
    bool is_list = table->columns[i].type == LQA_VALUE_TEXT_LIST;
    s->items[i] = (struct ArrowSchema){.format = "U",
                                       .name = "item",
                                       .flags = ARROW_FLAG_NULLABLE,
                                       .release = release_schema_child};
    s->item[i] = &s->items[i];
    s->columns[i] = (struct ArrowSchema){.format = formats[table->columns[i].type],
                                         .name = table->columns[i].name,
                                         .flags = ARROW_FLAG_NULLABLE,
                                         .n_children = is_list,
                                         .children = is_list ? &s->item[i] : NULL,
                                         .release = release_schema_child};
    s->children[i] = &s->columns[i];
  }
  *out = (struct ArrowSchema){.format = "+s",
                              .n_children = table->n_columns,
                              .children = s->children,
                              .release = release_schema,
                              .private_data = s};
  return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
  const lqa_arrow_feed *feed = stream->private_data;
  return feed->error.message; /* never NULL: DuckDB does not ask */
}

static void release_stream(struct ArrowArrayStream *stream) {
  stream->release = NULL;
}

void lqa_arrow_feed_init(lqa_arrow_feed *feed, const lqa_table *table) {
  *feed = (lqa_arrow_feed){.stream = {get_schema, get_next, get_last_error, release_stream, feed},
                           .table = table};
}
