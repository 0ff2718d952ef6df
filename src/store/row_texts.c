/* store/row_texts.c - texts of chosen rows.
 *
 * The pass over the source is sequential whatever the order they are wanted in: a Parquet row group
 * or a CSV line cannot be jumped to. Memory: the texts kept, cut to max_chars. */
#include "store/row_texts.h"

#include "base/memory.h"
#include "base/sort.h"
#include "base/unicode.h"
#include "data/dataset/feature_columns.h"
#include "store/run_source.h"

static const size_t max_bytes = SIZE_MAX / 4;
static const char FIELD_BREAK = 0x1f; /* between the values of a table row's content */

/* The content of a table row with its column names. */
static void add_fields(const lqa_text_list *names, lqa_str content, lqa_buf *out) {
  const char *at = content.data, *end = content.data + content.size;
  for (size_t i = 0; i < names->n && at <= end; i++) {
    const char *stop = memchr(at, FIELD_BREAK, (size_t)(end - at));
    stop = stop ? stop : end;
    lqa_buf_printf(out, "%s%s=", i > 0 ? ", " : "", names->items[i]);
    lqa_buf_add(out, at, (size_t)(stop - at));
    at = stop + 1;
  }
}

static lqa_str cut(const lqa_row_texts *t, lqa_str text) {
  return t->max_chars > 0 && !lqa_str_is_null(text)
             ? (lqa_str){text.data, lqa_utf8_prefix(text.data, text.size, t->max_chars)}
             : text;
}

/* The text that people see of `content`; may live in the scratch buffer. */
static lqa_str make_readable(lqa_row_texts *t, lqa_str content) {
  if (lqa_str_is_null(content) || t->manifest->content_kind != LQA_CONTENT_TABLE) {
    return cut(t, content);
  }
  lqa_buf_reset(&t->scratch);
  add_fields(&t->manifest->source.features, content, &t->scratch);
  return cut(t, lqa_buf_str(&t->scratch));
}

static int64_t find_row(const lqa_row_texts *t, int64_t row) {
  const int64_t *found =
      bsearch(&row, t->rows, (size_t)t->n_rows, sizeof *t->rows, lqa_compare_int64);
  return found ? found - t->rows : -1;
}

/* Rows come in any order: under a memory limit each gives the memory of its surroundings back. */
static lqa_str get_of_dataset(lqa_row_texts *t, int64_t row) {
  if (!t->dataset->content.bytes) {
    return (lqa_str){NULL, 0};
  }
  if (t->last_row >= 0) {
    lqa_dataset_release_row(t->dataset, t->last_row);
  }
  t->last_row = row;
  return make_readable(t, lqa_column_get(&t->dataset->content, row));
}

lqa_str lqa_row_texts_get(lqa_row_texts *t, int64_t row) {
  lqa_str none = {NULL, 0};
  if (t->dataset) {
    return get_of_dataset(t, row);
  }
  int64_t i = find_row(t, row);
  return i < 0 || !t->valid[i] ? none
                               : (lqa_str){t->bytes.data + t->offsets[i],
                                           (size_t)(t->offsets[i + 1] - t->offsets[i])};
}

/* Joins the content columns of the current row as the dataset does: texts by a space, NULLs left
 * out; table values by U+001F. False where all are NULL or blank. */
static bool join_content(const lqa_source_reader *reader, const lqa_content_columns *columns,
                         bool is_table, lqa_buf *out) {
  bool any = false;
  lqa_buf_reset(out);
  for (size_t i = 0; i < columns->n; i++) {
    lqa_str part = lqa_source_reader_get(reader, columns->columns[i]);
    if (is_table && lqa_feature_is_missing(part)) {
      part = (lqa_str){NULL, 0};
    }
    bool is_kept = is_table || !lqa_str_is_null(part);
    if (is_kept && (is_table ? i > 0 : any)) {
      lqa_buf_add_char(out, is_table ? FIELD_BREAK : ' ');
    }
    if (!lqa_str_is_null(part)) {
      lqa_buf_add_str(out, part);
    }
    any = any || is_kept;
  }
  return out->size > 0 && !lqa_unicode_is_blank(lqa_buf_str(out));
}

static lqa_status keep_text(lqa_row_texts *t, int64_t i, lqa_str content, lqa_error *err) {
  lqa_str text = make_readable(t, content);
  t->valid[i] = !lqa_str_is_null(text);
  if (t->valid[i]) {
    lqa_buf_add_str(&t->bytes, text);
  }
  t->offsets[i + 1] = t->bytes.size;
  LQA_TRY(lqa_buf_check(&t->scratch, err));
  return lqa_buf_check(&t->bytes, err);
}

static lqa_status read_texts(lqa_row_texts *t, lqa_source_reader *reader,
                             const lqa_content_columns *columns, lqa_error *err) {
  lqa_buf content;
  lqa_buf_init(&content, max_bytes);
  lqa_status status = LQA_OK;
  bool more = true, is_table = t->manifest->content_kind == LQA_CONTENT_TABLE;
  int64_t next = 0;
  for (int64_t row = 0; next < t->n_rows; row++) {
    LQA_TRY_OUT(lqa_source_reader_next(reader, &more, err));
    if (!more) {
      break;
    }
    if (row == t->rows[next]) {
      bool has_text = join_content(reader, columns, is_table, &content);
      lqa_str text = has_text ? lqa_buf_str(&content) : (lqa_str){NULL, 0};
      LQA_TRY_OUT(lqa_buf_check(&content, err));
      LQA_TRY_OUT(keep_text(t, next++, text, err));
    }
  }
out:
  lqa_buf_clear(&content);
  return status == LQA_OK && next < t->n_rows
             ? lqa_fail(err, LQA_BAD_DATA, "the run's source ends before row %lld",
                        (long long)t->rows[next])
             : status;
}

static lqa_status load_texts(lqa_row_texts *t, const lqa_row_texts_input *input, lqa_error *err) {
  lqa_run_source source;
  lqa_content_columns columns = {NULL, 0};
  lqa_source_reader *reader = NULL;
  lqa_status status = LQA_OK;
  LQA_TRY(lqa_run_source_open(input->folder, input->manifest, input->observer, &source, err));
  LQA_TRY_OUT(lqa_run_source_content(&source, input->manifest, &columns, err));
  LQA_TRY_OUT(lqa_source_reader_open(source.source, &reader, err));
  status = read_texts(t, reader, &columns, err);
out:
  lqa_source_reader_close(reader);
  free(columns.columns);
  lqa_run_source_close(&source);
  return status;
}

static lqa_status read_rows(lqa_row_texts *t, const int64_t *wanted, int64_t n, lqa_error *err) {
  t->rows = lqa_malloc((size_t)n + 1, sizeof *t->rows);
  t->offsets = lqa_calloc((size_t)n + 1, sizeof *t->offsets);
  t->valid = lqa_calloc((size_t)n + 1, 1);
  if (!t->rows || !t->offsets || !t->valid) {
    return lqa_fail_memory(err, "reading texts");
  }
  memcpy(t->rows, wanted, (size_t)n * sizeof *wanted);
  qsort(t->rows, (size_t)n, sizeof *t->rows, lqa_compare_int64);
  for (int64_t i = 0; i < n; i++) {
    if (t->n_rows == 0 || t->rows[t->n_rows - 1] != t->rows[i]) {
      t->rows[t->n_rows++] = t->rows[i];
    }
  }
  return LQA_OK;
}

lqa_status lqa_row_texts_load(const lqa_row_texts_input *input, const int64_t *wanted, int64_t n,
                              lqa_row_texts *out, lqa_error *err) {
  lqa_row_texts t = {.manifest = input->manifest,
                     .dataset = input->rows->dataset,
                     .last_row = -1,
                     .max_chars = input->max_chars};
  lqa_buf_init(&t.bytes, max_bytes);
  lqa_buf_init(&t.scratch, max_bytes);
  lqa_status status = LQA_OK;
  bool has_content = input->manifest->source.text.n > 0 || input->manifest->source.features.n > 0;
  if (!t.dataset) {
    LQA_TRY_OUT(read_rows(&t, wanted, has_content ? n : 0, err));
    LQA_TRY_OUT(t.n_rows > 0 ? load_texts(&t, input, err) : LQA_OK);
  }
out:
  if (status != LQA_OK) {
    lqa_row_texts_clear(&t);
    return status;
  }
  *out = t;
  return LQA_OK;
}

void lqa_row_texts_clear(lqa_row_texts *t) {
  free(t->rows);
  free(t->offsets);
  free(t->valid);
  lqa_buf_clear(&t->bytes);
  lqa_buf_clear(&t->scratch);
  *t = (lqa_row_texts){0};
}

static lqa_status visit_contents(const lqa_row_texts_input *input, lqa_source_reader *reader,
                                 const lqa_content_columns *columns, lqa_row_content_fn visit,
                                 void *data, lqa_error *err) {
  lqa_buf content;
  lqa_buf_init(&content, max_bytes);
  lqa_status status = LQA_OK;
  bool more = true, is_table = input->manifest->content_kind == LQA_CONTENT_TABLE;
  for (int64_t row = 0; row < input->rows->n_rows; row++) {
    LQA_TRY_OUT(lqa_source_reader_next(reader, &more, err));
    if (!more) {
      status = lqa_fail(err, LQA_BAD_DATA, "the run's source ends before row %lld", (long long)row);
      goto out;
    }
    bool has_text = join_content(reader, columns, is_table, &content);
    LQA_TRY_OUT(lqa_buf_check(&content, err));
    lqa_str text = has_text ? lqa_buf_str(&content) : (lqa_str){NULL, 0};
    LQA_TRY_OUT(visit(data, row, text, err));
  }
out:
  lqa_buf_clear(&content);
  return status;
}

lqa_status lqa_row_contents_each(const lqa_row_texts_input *input, lqa_row_content_fn visit,
                                 void *data, lqa_error *err) {
  lqa_run_source source;
  lqa_content_columns columns = {NULL, 0};
  lqa_source_reader *reader = NULL;
  lqa_status status = LQA_OK;
  LQA_TRY(lqa_run_source_open(input->folder, input->manifest, input->observer, &source, err));
  LQA_TRY_OUT(lqa_run_source_content(&source, input->manifest, &columns, err));
  LQA_TRY_OUT(lqa_source_reader_open(source.source, &reader, err));
  status = visit_contents(input, reader, &columns, visit, data, err);
out:
  lqa_source_reader_close(reader);
  free(columns.columns);
  lqa_run_source_close(&source);
  return status;
}
