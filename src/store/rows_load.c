/* store/rows_load.c - rows.parquet read back into columns and evidence.
 *
 * row_columns.h says which columns there are and which of them nothing else knows; a function per
 * kind of column reads a value. One streamed pass; texts grow in blocks, everything else lands in
 * arrays of the manifest's size. Only labels outside the class list keep their text: the others are
 * class codes. */
#include "audit/audit.h"
#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/plain_file.h"
#include "base/vec.h"
#include "data/query/query.h"
#include "store/run_rows.h"

#include <math.h>
#include <stddef.h>

/* A text column that grows row by row. */
typedef struct text_column {
  LQA_VEC(char) bytes;
  uint64_t *offsets; /* n_rows + 1 */
  uint8_t *valid;
} text_column;

enum { TEXT_ROW_ID = LQA_ROLE_COUNT, TEXT_LABEL, N_TEXTS };

struct lqa_run_rows_storage {
  lqa_arena arena;
  text_column texts[N_TEXTS]; /* roles, then row_id and label */
};

typedef struct loader {
  const lqa_manifest *manifest;
  lqa_run_rows *rows;
  lqa_evidence *e;
  struct lqa_run_rows_storage *storage;
  lqa_map *classes, *files;
  int32_t *label, *file;
  int64_t *file_row;
  lqa_hash128 *hash;
  bool has_hash;
  const char *path;
  lqa_query *query;
  uint64_t error_bits; /* findings that make a row suspicious */
  int64_t row;         /* that is being read */
} loader;

static const char *role_name(const lqa_manifest *m, lqa_role role) {
  switch (role) {
  case LQA_ROLE_ANNOTATOR:
    return m->source.annotator;
  case LQA_ROLE_SPLIT:
    return m->source.split;
  case LQA_ROLE_TIME:
    return m->source.time;
  case LQA_ROLE_GROUP:
    return m->source.group;
  default:
    return NULL;
  }
}

static lqa_status fail_damaged(const loader *l, const char *what, lqa_error *err) {
  return lqa_fail_at(err, LQA_BAD_DATA, l->path, -1, NULL,
                     "'%s' does not fit the run's manifest: %s; audit the source again", l->path,
                     what);
}

static lqa_status push_text(text_column *column, int64_t row, lqa_str text) {
  LQA_TRY(lqa_vec_reserve(&column->bytes, column->bytes.n + text.size + 1));
  if (text.size > 0) {
    memcpy(column->bytes.data + column->bytes.n, text.data, text.size);
    column->bytes.n += text.size;
  }
  column->valid[row] = !lqa_str_is_null(text);
  column->offsets[row + 1] = column->bytes.n;
  return LQA_OK;
}

static lqa_str text_of(const lqa_value *value) {
  return value->is_null ? (lqa_str){NULL, 0} : value->text;
}

static bool parse_hash(lqa_str hex, lqa_hash128 *hash) {
  uint64_t part[2] = {0, 0};
  for (size_t i = 0; i < hex.size && hex.size == 32; i++) {
    const char *digit = strchr("0123456789abcdef", hex.data[i]);
    if (!digit || hex.data[i] == '\0') {
      return false;
    }
    part[i / 16] = part[i / 16] << 4 | (uint64_t)(digit - "0123456789abcdef");
  }
  *hash = (lqa_hash128){part[0], part[1]};
  return hex.size == 32;
}

/* A column that is read, and how. */
typedef struct read_row {
  const char *column;
  lqa_status (*load)(loader *l, const struct read_row *r, const lqa_value *value, lqa_error *err);
  size_t offset; /* of the array in the evidence */
  int role;      /* read only where this role was given; -1 = always */
} read_row;

static lqa_status load_text(loader *l, int text, const lqa_value *value, lqa_error *err) {
  return push_text(&l->storage->texts[text], l->row, text_of(value)) == LQA_OK
             ? LQA_OK
             : lqa_fail_memory(err, "reading rows.parquet");
}

static lqa_status load_row_id(loader *l, const read_row *r, const lqa_value *value,
                              lqa_error *err) {
  (void)r;
  return l->rows->row_id.name ? load_text(l, TEXT_ROW_ID, value, err) : LQA_OK;
}

static lqa_status load_row_number(loader *l, const read_row *r, const lqa_value *value,
                                  lqa_error *err) {
  (void)r;
  return !value->is_null && value->integer == l->row
             ? LQA_OK
             : fail_damaged(l, "its rows are not in order, or too many", err);
}

static lqa_status load_source_file(loader *l, const read_row *r, const lqa_value *value,
                                   lqa_error *err) {
  (void)r;
  (void)err;
  l->file[l->row] = value->is_null ? -1 : (int32_t)lqa_map_find(l->files, value->text);
  return LQA_OK;
}

static lqa_status load_source_row(loader *l, const read_row *r, const lqa_value *value,
                                  lqa_error *err) {
  (void)r;
  (void)err;
  l->file_row[l->row] = value->integer;
  return LQA_OK;
}

static lqa_status load_role(loader *l, const read_row *r, const lqa_value *value, lqa_error *err) {
  return load_text(l, r->role, value, err);
}

static lqa_status load_content_hash(loader *l, const read_row *r, const lqa_value *value,
                                    lqa_error *err) {
  (void)r;
  if (!value->is_null && !parse_hash(value->text, &l->hash[l->row])) {
    return fail_damaged(l, "content_hash is no 128-bit hash", err);
  }
  l->has_hash = l->has_hash || !value->is_null;
  return LQA_OK;
}

static lqa_status load_label(loader *l, const read_row *r, const lqa_value *value, lqa_error *err) {
  (void)r;
  lqa_str label = text_of(value);
  int64_t code = value->is_null ? LQA_LABEL_NULL : lqa_map_find(l->classes, label);
  bool is_known = code >= 0;
  l->label[l->row] = is_known || value->is_null ? (int32_t)code : LQA_LABEL_UNKNOWN;
  const lqa_value kept = {.text = is_known ? (lqa_str){"", 0} : label, .is_null = value->is_null};
  return load_text(l, TEXT_LABEL, &kept, err);
}

/* ---- evidence, by kind ---- */

static void *array_of(const loader *l, const read_row *r) {
  void *array;
  memcpy(&array, (const char *)l->e + r->offset, sizeof array);
  return array;
}

static lqa_status load_CLASS(loader *l, const read_row *r, const lqa_value *value, lqa_error *err) {
  (void)err;
  int32_t *codes = array_of(l, r);
  codes[l->row] = value->is_null ? LQA_CLASS_NONE : (int32_t)lqa_map_find(l->classes, value->text);
  return LQA_OK;
}

static lqa_status load_NUMBER(loader *l, const read_row *r, const lqa_value *value,
                              lqa_error *err) {
  (void)err;
  double *numbers = array_of(l, r);
  numbers[l->row] = value->is_null ? NAN : value->number;
  return LQA_OK;
}

static lqa_status load_FLAG(loader *l, const read_row *r, const lqa_value *value, lqa_error *err) {
  (void)err;
  uint8_t *flags = array_of(l, r);
  flags[l->row] = !value->is_null && value->integer != 0;
  return LQA_OK;
}

static lqa_status load_RANK(loader *l, const read_row *r, const lqa_value *value, lqa_error *err) {
  (void)err;
  int32_t *ranks = array_of(l, r);
  ranks[l->row] = value->is_null ? 0 : (int32_t)value->integer;
  return LQA_OK;
}

static lqa_status load_FINDINGS(loader *l, const read_row *r, const lqa_value *value,
                                lqa_error *err) {
  (void)err;
  uint64_t *bits = array_of(l, r);
  for (size_t i = 0; !value->is_null && i < value->n_list; i++) {
    char id[64];
    if (value->list[i].size < sizeof id) {
      memcpy(id, value->list[i].data, value->list[i].size);
      id[value->list[i].size] = '\0';
      int bit = lqa_finding_bit(id);
      bits[l->row] |= bit >= 0 ? (uint64_t)1 << bit : 0;
    }
  }
  return LQA_OK;
}

/* ---- the columns that are read ---- */

#define ROW(column, type, meaning) {#column, load_##column, 0, -1},
#define ROLE(column, role, meaning) {#column, load_role, 0, LQA_ROLE_##role},
#define MADE(column, type, meaning)
#define EVIDENCE(column, field, kind, origin, meaning) FROM_##origin(#column, field, kind)
#define FROM_AUDIT(name, field, kind) {name, load_##kind, offsetof(lqa_evidence, field), -1},
#define FROM_RUN_DB(name, field, kind)
#define FROM_RULE(name, field, kind)
#define FROM_POSTERIOR(name, field, kind) \
  {name, load_##kind, offsetof(lqa_evidence, posterior_label), -1},
static const read_row READ[] = {
#include "store/row_columns.h"
};
enum { N_READ = sizeof READ / sizeof READ[0] };

static bool is_there(const loader *l, const read_row *r) {
  return r->role < 0 || l->rows->roles[r->role].name;
}

static lqa_status load_row(loader *l, lqa_error *err) {
  size_t at = 0;
  for (size_t i = 0; i < N_READ; i++) {
    if (is_there(l, &READ[i])) {
      const lqa_value value = lqa_query_get(l->query, at++);
      LQA_TRY(READ[i].load(l, &READ[i], &value, err));
    }
  }
  if (isnan(l->e->p_correct[l->row])) {
    l->e->posterior_label[l->row] = LQA_CLASS_NONE; /* the rule's suggestion, made anew */
  }
  l->e->has_error_finding[l->row] = (l->e->finding_bits[l->row] & l->error_bits) != 0;
  return LQA_OK;
}

static lqa_status load_all(loader *l, lqa_error *err) {
  bool more = true;
  for (l->row = 0;; l->row++) {
    LQA_TRY(lqa_query_next(l->query, &more, err));
    if (!more) {
      break;
    }
    if (l->row >= l->manifest->n_rows) {
      return fail_damaged(l, "its rows are not in order, or too many", err);
    }
    LQA_TRY(load_row(l, err));
  }
  return l->row == l->manifest->n_rows ? LQA_OK : fail_damaged(l, "rows are missing", err);
}

/* Class and file names to their numbers; finding ids of severity error to bits. */
static lqa_status index_names(loader *l) {
  uint32_t index;
  l->classes = lqa_map_new(false);
  l->files = lqa_map_new(false);
  if (!l->classes || !l->files) {
    return LQA_NO_MEMORY;
  }
  for (int32_t k = 0; k < l->manifest->n_classes; k++) {
    LQA_TRY(lqa_map_add(l->classes, l->manifest->classes[k], &index, NULL));
  }
  for (int32_t i = 0; i < l->manifest->n_files; i++) {
    LQA_TRY(lqa_map_add(l->files, lqa_str_from(l->manifest->files[i].path), &index, NULL));
  }
  for (size_t i = 0; i < l->manifest->n_severities; i++) {
    int bit = lqa_finding_bit(l->manifest->severities[i].id);
    if (bit >= 0 && strcmp(l->manifest->severities[i].severity, "error") == 0) {
      l->error_bits |= (uint64_t)1 << bit;
    }
  }
  return LQA_OK;
}

static lqa_status alloc_text(loader *l, int text) {
  text_column *column = &l->storage->texts[text];
  size_t n = (size_t)l->manifest->n_rows;
  column->offsets = lqa_arena_alloc(&l->storage->arena, n + 1, sizeof *column->offsets);
  column->valid = lqa_arena_alloc(&l->storage->arena, n + 1, 1);
  return column->offsets && column->valid ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status alloc_columns(loader *l) {
  lqa_arena *arena = &l->storage->arena;
  size_t n = (size_t)l->manifest->n_rows + 1;
  l->label = lqa_arena_alloc(arena, n, sizeof *l->label);
  l->file = lqa_arena_alloc(arena, n, sizeof *l->file);
  l->file_row = lqa_arena_alloc(arena, n, sizeof *l->file_row);
  l->hash = lqa_arena_alloc(arena, n, sizeof *l->hash);
  if (!l->label || !l->file || !l->file_row || !l->hash) {
    return LQA_NO_MEMORY;
  }
  l->rows->row_id.name = l->manifest->source.id;
  l->rows->label_text.name = l->manifest->source.label ? l->manifest->source.label : "label";
  LQA_TRY(alloc_text(l, TEXT_LABEL));
  if (l->rows->row_id.name) {
    LQA_TRY(alloc_text(l, TEXT_ROW_ID));
  }
  for (int role = 0; role < LQA_ROLE_COUNT; role++) {
    l->rows->roles[role].name = role_name(l->manifest, (lqa_role)role);
    if (l->rows->roles[role].name) {
      LQA_TRY(alloc_text(l, role));
    }
  }
  return LQA_OK;
}

static void finish_text(const loader *l, int text, lqa_column *column) {
  const text_column *t = &l->storage->texts[text];
  if (column->name) {
    *column = (lqa_column){column->name, l->manifest->n_rows, t->bytes.data ? t->bytes.data : "",
                           t->offsets, t->valid};
  }
}

static void finish_columns(loader *l) {
  lqa_run_rows *rows = l->rows;
  rows->n_rows = l->manifest->n_rows;
  rows->label = l->label;
  rows->file = l->file;
  rows->file_row = l->file_row;
  rows->content_hash = l->has_hash ? l->hash : NULL;
  finish_text(l, TEXT_LABEL, &rows->label_text);
  finish_text(l, TEXT_ROW_ID, &rows->row_id);
  for (int role = 0; role < LQA_ROLE_COUNT; role++) {
    finish_text(l, role, &rows->roles[role]);
  }
}

/* `file` is the open rows.parquet: by its own path DuckDB would open it twice, and find two files
 * where another command replaces it in between. */
static lqa_status open_query(loader *l, lqa_database *database, const char *file, lqa_error *err) {
  lqa_buf sql;
  lqa_buf_init(&sql, 1 << 12);
  for (size_t i = 0; i < N_READ; i++) {
    if (is_there(l, &READ[i])) {
      lqa_buf_printf(&sql, "%s \"%s\"", i == 0 ? "SELECT" : ",", READ[i].column);
    }
  }
  lqa_buf_add_text(&sql, " FROM read_parquet($1)");
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&sql, err));
  status = lqa_query_open(database, sql.data, &file, 1, &l->query, err);
out:
  lqa_buf_clear(&sql);
  return status;
}

/* Before memory is taken for as many rows as the manifest claims. */
static lqa_status check_count(loader *l, lqa_database *database, const char *file, lqa_error *err) {
  lqa_query *query = NULL;
  bool more = false;
  LQA_TRY(lqa_query_open(database, "SELECT count(*) FROM read_parquet($1)", &file, 1, &query, err));
  lqa_status status = lqa_query_next(query, &more, err);
  bool fits = status == LQA_OK && more && lqa_query_get(query, 0).integer == l->manifest->n_rows;
  lqa_query_close(query);
  return status != LQA_OK || fits ? status : fail_damaged(l, "it has another number of rows", err);
}

static lqa_status alloc_all(loader *l, lqa_error *err) {
  if (index_names(l) != LQA_OK || alloc_columns(l) != LQA_OK) {
    return lqa_fail_memory(err, "reading rows.parquet");
  }
  return lqa_evidence_init(l->e, l->manifest->n_rows, l->manifest->n_classes, l->label, err);
}

/* What DuckDB says of a damaged file names the open file, not its place. */
static lqa_status reword(const loader *l, lqa_status status, lqa_error *err) {
  if (status == LQA_BAD_USAGE) {
    return fail_damaged(l, "a column is missing", err);
  }
  if (!err || (status != LQA_BAD_DATA && status != LQA_BAD_FILE)) {
    return status;
  }
  lqa_error inner = *err;
  return lqa_fail_at(err, LQA_BAD_DATA, l->path, -1, NULL, "'%s' cannot be read: %s", l->path,
                     inner.message);
}

static lqa_status load_from(loader *l, lqa_database *database, const char *file, lqa_error *err) {
  lqa_status status = check_count(l, database, file, err);
  if (status != LQA_OK) {
    return reword(l, status, err);
  }
  LQA_TRY(alloc_all(l, err));
  status = open_query(l, database, file, err);
  return status != LQA_OK ? reword(l, status, err) : load_all(l, err);
}

static lqa_status load(loader *l, lqa_error *err) {
  const lqa_database_options options = {.n_threads = 1};
  lqa_database *database = NULL;
  lqa_plain_file file;
  LQA_TRY(lqa_plain_file_open(l->path, &file, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_database_open(&options, &database, err));
  LQA_TRY_OUT(load_from(l, database, file.path, err));
  finish_columns(l);
out:
  lqa_query_close(l->query);
  lqa_database_close(database);
  lqa_plain_file_close(&file);
  if (status != LQA_OK) {
    lqa_evidence_clear(l->e);
  }
  return status;
}

lqa_status lqa_rows_load(const char *folder, const lqa_manifest *manifest, lqa_run_rows *rows,
                         lqa_evidence *evidence, lqa_error *err) {
  lqa_run_rows made = {0};
  char *path = lqa_path_join(folder, "rows.parquet");
  made.storage = lqa_calloc(1, sizeof *made.storage);
  if (!path || !made.storage) {
    free(path);
    free(made.storage);
    return lqa_fail_memory(err, "reading rows.parquet");
  }
  lqa_arena_init(&made.storage->arena);
  loader l = {
      .manifest = manifest, .rows = &made, .e = evidence, .storage = made.storage, .path = path};
  lqa_status status = load(&l, err);
  lqa_map_free(l.classes);
  lqa_map_free(l.files);
  free(path);
  if (status != LQA_OK) {
    lqa_run_rows_clear(&made);
    return status;
  }
  *rows = made;
  return LQA_OK;
}

void lqa_run_rows_clear(lqa_run_rows *rows) {
  if (rows->storage) {
    for (int i = 0; i < N_TEXTS; i++) {
      lqa_vec_clear(&rows->storage->texts[i].bytes);
    }
    lqa_arena_clear(&rows->storage->arena);
    free(rows->storage);
  }
  *rows = (lqa_run_rows){0};
}
