/* data/source/source_native.c - see source_native.h.
 *
 * The copy is one query of DuckDB over the source's own files, so no value passes through a text.
 * New values stand beside the rows by position (POSITIONAL JOIN with an Arrow stream that asks for
 * one row after the other), which needs one thread and keeps the order. Metadata of the first file
 * is written again under its own keys.
 */
#include "data/source/source_native.h"

#include "base/file.h"
#include "base/json_read.h"
#include "base/memory.h"
#include "data/query/duck.h"
#include "data/source/scan_duckdb.h"
#include "data/source/source_part.h"
#include "data/table/arrow_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FEED "labelqa_new_values"

static const size_t max_sql_bytes = (size_t)1 << 26;

typedef struct copier {
  lqa_source *source;
  const lqa_typed_copy *copy;
  lqa_database *database;
  lqa_arrow_feed feed;
  bool is_new; /* the current row's value is replaced by `value` */
  lqa_str value;
  char number[24];               /* a ClassLabel's code */
  const lqa_json_node *metadata; /* "huggingface" of the first file, or NULL */
  lqa_arena arena;
} copier;

/* "SELECT columns FROM file UNION ALL ..." in the order of the first file's columns. */
static lqa_status add_rows(lqa_database *database, const lqa_source *source, lqa_buf *sql,
                           lqa_error *err) {
  for (size_t i = 0; i < source->parts.n; i++) {
    const lqa_source_part *part = &source->parts.data[i];
    lqa_buf_add_text(sql, i ? " UNION ALL BY NAME SELECT * FROM " : "SELECT * FROM ");
    LQA_TRY(lqa_duckdb_add_from(database, part, sql, err));
  }
  if (source->options.limit > 0) {
    lqa_buf_printf(sql, " LIMIT %lld", (long long)source->options.limit);
  }
  return lqa_buf_check(sql, err);
}

static bool is_typed_kind(const lqa_source_part *part) {
  return part->kind == LQA_PART_PARQUET || (part->kind == LQA_PART_DUCKDB && !part->is_postgres);
}

/* "a BIGINT, b VARCHAR" of one file; *has_types where some column is no text. */
static lqa_status describe(lqa_database *database, const lqa_source_part *part, lqa_buf *out,
                           bool *has_types, lqa_error *err) {
  lqa_buf sql;
  lqa_query *query = NULL;
  bool more = false;
  lqa_buf_init(&sql, max_sql_bytes);
  lqa_buf_reset(out);
  lqa_buf_add_text(&sql, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ");
  lqa_status status;
  LQA_TRY_OUT(lqa_duckdb_add_from(database, part, &sql, err));
  lqa_buf_add_text(&sql, ")");
  LQA_TRY_OUT(lqa_query_open(database, sql.data, NULL, 0, &query, err));
  LQA_TRY_OUT(lqa_query_next(query, &more, err));
  while (more) {
    lqa_str type = lqa_query_get(query, 1).text;
    *has_types = *has_types || !lqa_str_equal(type, LQA_STR("VARCHAR"));
    lqa_duck_identifier(out, lqa_query_get(query, 0).text);
    lqa_buf_add_char(out, ' ');
    lqa_buf_add_str(out, type);
    lqa_buf_add_char(out, '\n');
    LQA_TRY_OUT(lqa_query_next(query, &more, err));
  }
out:
  lqa_query_close(query);
  lqa_buf_clear(&sql);
  return status;
}

static lqa_status open_database(const lqa_source *source, const lqa_observer *observer,
                                lqa_database **out, lqa_error *err) {
  lqa_database_options options = {.n_threads = 1,
                                  .memory_bytes = source->options.memory_bytes / 2,
                                  .temporary_folder = source->options.temporary_folder,
                                  .observer = observer};
  return lqa_database_open(&options, out, err);
}

static lqa_status compare_parts(lqa_database *database, const lqa_source *source, bool *has_types,
                                lqa_error *err) {
  lqa_buf first, other;
  bool any = false;
  lqa_buf_init(&first, max_sql_bytes);
  lqa_buf_init(&other, max_sql_bytes);
  lqa_status status;
  LQA_TRY_OUT(describe(database, &source->parts.data[0], &first, &any, err));
  for (size_t i = 1; i < source->parts.n && any; i++) {
    LQA_TRY_OUT(describe(database, &source->parts.data[i], &other, &any, err));
    any = any && lqa_str_equal(lqa_buf_str(&first), lqa_buf_str(&other));
  }
out:
  *has_types = status == LQA_OK && any;
  lqa_buf_clear(&first);
  lqa_buf_clear(&other);
  return status;
}

lqa_status lqa_source_has_types(lqa_source *source, bool *has_types, lqa_error *err) {
  lqa_database *database = NULL;
  *has_types = false;
  bool fits = source->parts.n > 0 && !source->options.where;
  for (size_t i = 0; i < source->parts.n; i++) {
    fits = fits && is_typed_kind(&source->parts.data[i]);
  }
  if (!fits) {
    return LQA_OK;
  }
  LQA_TRY(open_database(source, NULL, &database, err));
  lqa_status status = compare_parts(database, source, has_types, err);
  lqa_database_close(database);
  return status;
}

/* ---- metadata ---- */

/* Appends ", KV_METADATA {...}" with what the first file says of its columns. */
static lqa_status add_metadata(copier *c, lqa_buf *sql, lqa_error *err) {
  const lqa_source_part *part = &c->source->parts.data[0];
  lqa_query *query = NULL;
  bool more = false, any = false;
  if (part->kind != LQA_PART_PARQUET) {
    return LQA_OK;
  }
  LQA_TRY(lqa_query_open(c->database,
                         "SELECT decode(key), decode(value) FROM parquet_kv_metadata($1) "
                         "WHERE decode(key) IN ('huggingface', 'pandas') ORDER BY 1",
                         &part->path, 1, &query, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_query_next(query, &more, err));
  while (more) {
    lqa_str key = lqa_query_get(query, 0).text, value = lqa_query_get(query, 1).text;
    lqa_buf_add_text(sql, any ? ", " : ", KV_METADATA {");
    lqa_buf_add_str(sql, key);
    lqa_buf_add_text(sql, ": ");
    lqa_duck_literal(sql, value);
    if (lqa_str_equal(key, LQA_STR("huggingface"))) {
      char *text = lqa_arena_copy(&c->arena, value.data, value.size);
      c->metadata = text ? lqa_json_parse_foreign((lqa_str){text, value.size}, &c->arena) : NULL;
    }
    any = true;
    LQA_TRY_OUT(lqa_query_next(query, &more, err));
  }
out:
  lqa_buf_add_text(sql, any ? "}" : "");
  lqa_query_close(query);
  return status;
}

/* The names of a ClassLabel column: {"info": {"features": {"label": {"names": [...]}}}}. */
static const lqa_json_node *find_names(const copier *c) {
  const lqa_json_node *info = lqa_json_find(c->metadata, "info");
  const lqa_json_node *features = lqa_json_find(info ? info : c->metadata, "features");
  return lqa_json_find(lqa_json_find(features, c->copy->column), "names");
}

/* The code of a class that is given by its name. */
static void find_code(copier *c) {
  long long number;
  if (!c->value.data || lqa_str_to_int64(c->value, &number)) {
    return;
  }
  const lqa_json_node *names = find_names(c), *name = names ? names->first : NULL;
  for (int code = 0; name; name = name->next, code++) {
    if (lqa_str_equal(name->text, c->value)) {
      snprintf(c->number, sizeof c->number, "%d", code);
      c->value = lqa_str_from(c->number);
      return;
    }
  }
}

/* ---- copying ---- */

static lqa_status begin_row(void *data, int64_t row, lqa_error *err) {
  copier *c = data;
  LQA_TRY(c->copy->begin_row(c->copy->data, row, err));
  c->is_new = c->copy->get(c->copy->data, &c->value);
  if (c->is_new) {
    find_code(c);
  }
  return LQA_OK;
}

static void get_is_new(void *data, int64_t row, lqa_value *value) {
  (void)row;
  value->integer = ((const copier *)data)->is_new;
}

static void get_value(void *data, int64_t row, lqa_value *value) {
  (void)row;
  const copier *c = data;
  value->text = c->is_new ? c->value : (lqa_str){NULL, 0};
  value->is_null = lqa_str_is_null(value->text);
}

/* The rows with the new values in place, which stand beside them by position. */
static lqa_status add_select(copier *c, lqa_buf *sql, lqa_error *err) {
  lqa_str column = lqa_str_from(c->copy->column);
  if (!c->copy->column) {
    return add_rows(c->database, c->source, sql, err);
  }
  lqa_buf_add_text(sql,
                   "SELECT old.* REPLACE (CASE WHEN new.is_new THEN cast_to_type(new.value, old.");
  lqa_duck_identifier(sql, column);
  lqa_buf_add_text(sql, ") ELSE old.");
  lqa_duck_identifier(sql, column);
  lqa_buf_add_text(sql, " END AS ");
  lqa_duck_identifier(sql, column);
  lqa_buf_add_text(sql, ") FROM (");
  LQA_TRY(add_rows(c->database, c->source, sql, err));
  lqa_buf_add_text(sql, ") old POSITIONAL JOIN " FEED " new");
  return lqa_buf_check(sql, err);
}

static lqa_status run_copy(copier *c, const char *path, lqa_error *err) {
  lqa_buf sql, metadata;
  lqa_buf_init(&sql, max_sql_bytes);
  lqa_buf_init(&metadata, max_sql_bytes);
  lqa_buf_add_text(&sql, "COPY (");
  lqa_status status;
  LQA_TRY_OUT(add_metadata(c, &metadata, err));
  LQA_TRY_OUT(add_select(c, &sql, err));
  lqa_buf_add_text(&sql, ") TO ");
  lqa_duck_literal(&sql, lqa_str_from(path));
  if (c->copy->format == LQA_TABLE_PARQUET) {
    lqa_buf_printf(&sql,
                   " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE %d%s)",
                   LQA_ARROW_BATCH_ROWS, metadata.data ? metadata.data : "");
  } else {
    lqa_buf_add_text(&sql, " (FORMAT json)");
  }
  LQA_TRY_OUT(lqa_buf_check(&sql, err));
  status = lqa_database_run(c->database, sql.data, NULL, 0, err);
out:
  lqa_buf_clear(&metadata);
  lqa_buf_clear(&sql);
  return status;
}

/* The new values as a table that DuckDB reads row by row. */
static lqa_status copy_with_values(copier *c, const char *path, lqa_error *err) {
  const lqa_table_column columns[] = {{"is_new", LQA_VALUE_BOOL, get_is_new, NULL},
                                      {"value", LQA_VALUE_TEXT, get_value, NULL}};
  const lqa_table table = {.n_rows = c->copy->n_rows,
                           .columns = columns,
                           .n_columns = 2,
                           .data = c,
                           .begin_row = begin_row};
  lqa_arrow_feed_init(&c->feed, &table);
  lqa_status status = LQA_OK;
  if (duckdb_arrow_scan(c->database->connection, FEED,
                        (duckdb_arrow_stream)(void *)&c->feed.stream) != DuckDBSuccess) {
    status = lqa_fail(err, LQA_INTERNAL, "the query engine refuses the labels to be written");
  } else {
    status = run_copy(c, path, err);
  }
  if (c->feed.status != LQA_OK) {
    status = c->feed.status;
    if (err) {
      *err = c->feed.error;
    }
  }
  return status;
}

/* The engine goes before the stream that it may still hold. */
static lqa_status copy_to(copier *c, const char *path, const lqa_observer *observer,
                          lqa_error *err) {
  LQA_TRY(open_database(c->source, observer, &c->database, err));
  lqa_status status = c->copy->column ? copy_with_values(c, path, err) : run_copy(c, path, err);
  lqa_database_close(c->database);
  if (c->copy->column && c->feed.stream.release) {
    c->feed.stream.release(&c->feed.stream);
  }
  return status;
}

lqa_status lqa_source_copy_typed(lqa_source *source, const lqa_typed_copy *copy,
                                 const lqa_observer *observer, lqa_error *err) {
  copier c = {.source = source, .copy = copy};
  char *temporary = lqa_path_temporary(copy->path);
  if (!temporary) {
    return lqa_fail_memory(err, "copying the source");
  }
  lqa_arena_init(&c.arena);
  lqa_status status;
  LQA_TRY_OUT(copy_to(&c, temporary, observer, err));
  status = lqa_file_commit(temporary, copy->path, err);
out:
  if (status != LQA_OK) {
    unlink(temporary);
  }
  lqa_arena_clear(&c.arena);
  free(temporary);
  return status;
}
