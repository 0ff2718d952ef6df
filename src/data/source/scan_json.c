/* JSON objects as a scan. The columns are all keys of the file, in order of first appearance, which
 * takes a first pass over it; that pass also finds damage before any row is used.
 */
#include "data/source/scan.h"

#include "base/map.h"
#include "base/memory.h"
#include "data/source/json_rows.h"
#include "data/source/scan_json.h"
#include "data/source/source_part.h"

enum { MAX_BATCH_ROWS = 4096, MAX_COLUMNS = 10000 };

typedef struct json_scan {
  lqa_scan base;
  lqa_json_rows json;
  lqa_input *input;
  const lqa_source_part *part;
  const lqa_observer *observer;
  lqa_map *columns;
  LQA_VEC(lqa_str) values;
  int64_t *seen_in; /* per column: the row that last held it */
} json_scan;

static lqa_status fail_column(const json_scan *scan, lqa_str key, const char *what,
                              lqa_error *err) {
  return lqa_fail_at(err, LQA_BAD_DATA, scan->part->name, scan->json.row, NULL,
                     "%s, row %lld (line %lld): key '%.*s' %s", scan->part->name,
                     (long long)scan->json.row, (long long)scan->json.line,
                     (int)(key.size < 100 ? key.size : 100), key.data, what);
}

/* The column of field i: usually the one that stands at place i. */
static int64_t find_column(const json_scan *scan, size_t i, lqa_str key) {
  if (i < scan->base.n_columns && lqa_str_equal(lqa_map_key(scan->columns, (uint32_t)i), key)) {
    return (int64_t)i;
  }
  return lqa_map_find(scan->columns, key);
}

static lqa_status add_object(json_scan *scan, lqa_error *err) {
  size_t n = scan->base.n_columns;
  if (lqa_vec_reserve(&scan->values, scan->values.n + n) != LQA_OK) {
    return lqa_fail_memory(err, "reading JSON");
  }
  lqa_str *values = scan->values.data + scan->values.n;
  memset(values, 0, n * sizeof *values);
  for (size_t i = 0; i < scan->json.fields.n; i++) {
    const lqa_json_field *field = &scan->json.fields.data[i];
    int64_t column = find_column(scan, i, field->key);
    if (column < 0) {
      return fail_column(scan, field->key,
                         "has appeared while the file was being read: was it "
                         "changed meanwhile?",
                         err);
    }
    if (scan->seen_in[column] == scan->json.row) {
      return fail_column(scan, field->key, "occurs twice in one object", err);
    }
    scan->seen_in[column] = scan->json.row;
    values[column] = field->value;
  }
  scan->values.n += n;
  return LQA_OK;
}

static lqa_status read_batch(lqa_scan *base, lqa_scan_rows *rows, lqa_error *err) {
  json_scan *scan = (json_scan *)base;
  bool more = true;
  scan->values.n = 0;
  *rows = (lqa_scan_rows){.first_row = scan->json.row + 1};
  LQA_TRY(lqa_observe_check(scan->observer, err));
  while (more && rows->n < MAX_BATCH_ROWS) {
    LQA_TRY(lqa_json_rows_next(&scan->json, rows->n == 0, &more, err));
    if (more) {
      LQA_TRY(add_object(scan, err));
      rows->n++;
    }
  }
  rows->values = scan->values.data;
  return LQA_OK;
}

static double fraction(const lqa_scan *base) {
  return lqa_input_fraction(((const json_scan *)base)->input);
}

static void close_scan(lqa_scan *base) {
  json_scan *scan = (json_scan *)base;
  lqa_json_rows_close(&scan->json);
  lqa_input_close(scan->input);
  lqa_map_free(scan->columns);
  lqa_vec_clear(&scan->values);
  free(scan->seen_in);
  free(scan);
}

static lqa_status prepare_columns(json_scan *scan, lqa_error *err) {
  size_t n = scan->part->n_columns;
  uint32_t index;
  scan->columns = lqa_map_new(false);
  scan->seen_in = lqa_malloc(n, sizeof *scan->seen_in);
  bool ready = scan->columns && scan->seen_in;
  for (size_t i = 0; ready && i < n; i++) {
    scan->seen_in[i] = -1;
    ready =
        lqa_map_add(scan->columns, lqa_str_from(scan->part->columns[i]), &index, NULL) == LQA_OK;
  }
  return ready ? LQA_OK : lqa_fail_memory(err, "reading JSON");
}

lqa_status lqa_scan_open_json(const lqa_source_part *part, const lqa_scan_options *options,
                              lqa_scan **out, lqa_error *err) {
  json_scan *scan = lqa_calloc(1, sizeof *scan);
  if (!scan) {
    return lqa_fail_memory(err, "opening a file");
  }
  lqa_status status = LQA_OK;
  scan->base = (lqa_scan){read_batch, fraction, close_scan, part->n_columns};
  scan->part = part;
  scan->observer = options->observer;
  LQA_TRY_OUT(lqa_input_open(part->path, part->name, part->encoding, &scan->input, err));
  status = lqa_json_rows_open(&scan->json, scan->input, part->name, options->max_field_bytes);
  LQA_TRY_OUT(status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "opening a file"));
  LQA_TRY_OUT(prepare_columns(scan, err));
  *out = &scan->base;
  return LQA_OK;
out:
  close_scan(&scan->base);
  return status;
}

/* Adds the keys of the current object. A key with a NUL byte cannot name a column. */
static lqa_status add_keys(const lqa_json_rows *json, lqa_json_keys *all, lqa_error *err) {
  lqa_map *keys = all->keys;
  for (size_t i = 0; i < json->fields.n; i++) {
    lqa_str key = json->fields.data[i].key;
    bool is_text = json->fields.data[i].is_text, added = false;
    uint32_t index;
    if (i < lqa_map_count(keys) && lqa_str_equal(lqa_map_key(keys, (uint32_t)i), key)) {
      all->is_text.data[i] = all->is_text.data[i] || is_text;
      continue;
    }
    if (memchr(key.data, '\0', key.size) || lqa_map_count(keys) >= MAX_COLUMNS) {
      return lqa_fail_at(
          err, LQA_BAD_DATA, json->name, json->row, NULL, "%s, row %lld (line %lld): %s",
          json->name, (long long)json->row, (long long)json->line,
          memchr(key.data, '\0', key.size) ? "a key holds a NUL byte"
                                           : "more than 10000 different keys: are these rows?");
    }
    if (lqa_map_add(keys, key, &index, &added) != LQA_OK ||
        (added && lqa_vec_push(&all->is_text, false) != LQA_OK)) {
      return lqa_fail_memory(err, "reading JSON");
    }
    all->is_text.data[index] = all->is_text.data[index] || is_text;
  }
  return LQA_OK;
}

static lqa_status collect_keys(lqa_json_rows *json, const lqa_observer *observer,
                               lqa_json_keys *keys, lqa_error *err) {
  bool more = true;
  while (more) {
    LQA_TRY(lqa_json_rows_next(json, true, &more, err));
    LQA_TRY(more ? add_keys(json, keys, err) : LQA_OK);
    if (json->row % MAX_BATCH_ROWS == 0) {
      LQA_TRY(lqa_observe_check(observer, err));
    }
  }
  return LQA_OK;
}

lqa_status lqa_scan_json_columns(const lqa_source_part *part, const lqa_scan_options *options,
                                 lqa_json_keys *keys, lqa_error *err) {
  lqa_input *input = NULL;
  LQA_TRY(lqa_input_open(part->path, part->name, part->encoding, &input, err));
  lqa_json_rows json;
  lqa_status status = lqa_json_rows_open(&json, input, part->name, options->max_field_bytes);
  status = status == LQA_OK ? collect_keys(&json, options->observer, keys, err)
                            : lqa_fail_memory(err, "opening a file");
  lqa_json_rows_close(&json);
  lqa_input_close(input);
  return status;
}
