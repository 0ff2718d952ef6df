/* What a file is: by its magic number, else by its name, else by its first character; and its
 * columns, where those do not take a header to find (source_header.c).
 */
#include "data/source/source_part.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/source/scan_duckdb.h"
#include "data/source/scan_json.h"
#include "data/source/source_sqlite.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { HEAD_BYTES = 1 << 19, MAGIC_BYTES = 16 };

static lqa_status add_name(void *data, const char *name) {
  return lqa_vec_push(&((lqa_name_list *)data)->names, name);
}

static lqa_status add_flagged_name(void *data, const char *name, bool flag) {
  lqa_name_list *list = data;
  LQA_TRY(add_name(data, name));
  return lqa_vec_push(&list->flags, flag);
}

static void clear_names(lqa_name_list *list) {
  lqa_vec_clear(&list->names);
  lqa_vec_clear(&list->flags);
}

static bool has_suffix(const char *name, const char *suffix) {
  size_t n = strlen(name), m = strlen(suffix);
  return n > m && lqa_str_equal_nocase((lqa_str){name + n - m, m}, (lqa_str){suffix, m});
}

/* The suffix of the content: "a.csv.gz" ends in ".csv". */
bool lqa_source_part_has_suffix(const lqa_source_part *part, const char *suffix) {
  static const char *const outer[] = {"", ".gz", ".zst", ".zstd", ".gzip"};
  char with[32];
  for (size_t i = 0; i < sizeof outer / sizeof *outer; i++) {
    snprintf(with, sizeof with, "%s%s", suffix, outer[i]);
    if (has_suffix(part->given, with)) {
      return true;
    }
  }
  return false;
}

static lqa_status fail_part(const lqa_source_part *part, lqa_status status, const char *why,
                            lqa_error *err) {
  return lqa_fail_at(err, status, part->name, -1, NULL, "'%s' " LQA_WORDS, part->name, why);
}

/* Arrow's own files and streams (Hugging Face's caches) are one command away from Parquet. */
static lqa_status fail_arrow(const lqa_source_part *part, const char *opener, lqa_error *err) {
  return lqa_fail_at(err, LQA_BAD_DATA, part->name, -1, NULL,
                     "'%s' is an Arrow %s: save it as Parquet, which is read: python3 -c \"import "
                     "pyarrow as a, pyarrow.parquet as p; "
                     "p.write_table(a.ipc.%s('%s').read_all(), 'data.parquet')\"",
                     part->name, strcmp(opener, "open_file") == 0 ? "file" : "stream", opener,
                     part->name);
}

/* "DUCK" after a checksum, then a version far below 256 in eight bytes: "id,name\nDUCK" is text. */
static bool is_duckdb(const char *magic, ssize_t n) {
  return n == MAGIC_BYTES && memcmp(magic + 8, "DUCK", 4) == 0 &&
         memcmp(magic + 13, "\0\0", 3) == 0;
}

/* Formats with a magic number. *known is false where there is none. */
static lqa_status tell_by_magic(lqa_source_part *part, bool *known, lqa_error *err) {
  char magic[MAGIC_BYTES] = {0};
  int fd = open(part->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return lqa_fail_errno(err, "open", part->name);
  }
  ssize_t n = pread(fd, magic, sizeof magic, 0);
  close(fd);
  *known = true;
  if (n >= 4 && memcmp(magic, "PAR1", 4) == 0) {
    part->kind = LQA_PART_PARQUET;
  } else if (n == MAGIC_BYTES && memcmp(magic, "SQLite format 3", 16) == 0) {
    part->kind = LQA_PART_SQLITE;
  } else if (is_duckdb(magic, n)) {
    part->kind = LQA_PART_DUCKDB;
  } else if (n >= 4 && memcmp(magic, "PK\3\4", 4) == 0 && has_suffix(part->given, ".npz")) {
    return fail_part(part, LQA_BAD_DATA,
                     "is an archive of NumPy arrays, not a table: save each array as .npy "
                     "(numpy.save) for " LQA_OPTION("embeddings") " or " LQA_OPTION(
                         "pred_probs") ", and texts and labels as CSV",
                     err);
  } else if (n >= 6 && memcmp(magic, "\x93NUMPY", 6) == 0) {
    return fail_part(
        part, LQA_BAD_DATA,
        "is a NumPy array, not a table: give it to " LQA_OPTION("embeddings") " or " LQA_OPTION(
            "pred_probs") ", and a "
                          "file with the labels as the source",
        err);
  } else if (n >= 4 && memcmp(magic, "PK\3\4", 4) == 0) {
    return fail_part(part, LQA_BAD_DATA,
                     "is a zip archive or a spreadsheet: unpack it, or save it as CSV", err);
  } else if (n >= 6 && memcmp(magic, "ARROW1", 6) == 0) {
    return fail_arrow(part, "open_file", err);
  } else if (n >= 8 && memcmp(magic, "\xff\xff\xff\xff", 4) == 0 && magic[7] == 0) {
    return fail_arrow(part, "open_stream", err);
  } else if (n > 0 && has_suffix(part->given, ".parquet")) {
    return fail_part(part, LQA_BAD_DATA, "is not a Parquet file: it does not begin with PAR1", err);
  } else {
    *known = false;
  }
  return LQA_OK;
}

/* The first bytes of the content into `bytes`, which has room for HEAD_BYTES. */
static lqa_status read_head(const lqa_source *source, const lqa_source_part *part, char *bytes,
                            lqa_source_head *head, lqa_error *err) {
  lqa_input *input = NULL;
  size_t got = 1, size = 0;
  LQA_TRY(lqa_input_open(part->path, part->name, part->encoding, &input, err));
  const char *guessed = lqa_input_guessed_encoding(input);
  if (guessed) {
    lqa_observe_message(source->observer, LQA_MESSAGE_INFO,
                        "%s: looks like UTF-16 without a byte-order mark and is read as %s",
                        part->name, guessed);
  }
  lqa_status status = LQA_OK;
  while (got > 0 && size < HEAD_BYTES) {
    LQA_TRY_OUT(lqa_input_read(input, bytes + size, HEAD_BYTES - size, &got, err));
    size += got;
  }
out:
  *head = (lqa_source_head){{bytes, size}, got == 0};
  lqa_input_close(input);
  return status;
}

static bool looks_like_json(const lqa_source_part *part, lqa_str head) {
  static const char *const json[] = {".json", ".jsonl", ".ndjson"};
  static const char *const text[] = {".csv", ".tsv", ".tab", ".txt", ".psv"};
  for (size_t i = 0; i < sizeof json / sizeof *json; i++) {
    if (lqa_source_part_has_suffix(part, json[i])) {
      return true;
    }
  }
  for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
    if (lqa_source_part_has_suffix(part, text[i])) {
      return false;
    }
  }
  lqa_str trimmed = lqa_str_trim(head);
  if (trimmed.size > 0 && trimmed.data[0] == '[') {
    trimmed = lqa_str_trim((lqa_str){trimmed.data + 1, trimmed.size - 1});
  }
  return trimmed.size > 0 && trimmed.data[0] == '{';
}

static lqa_status tell_json(lqa_source *source, lqa_source_part *part, lqa_name_list *list,
                            lqa_error *err) {
  lqa_scan_options options = {.max_field_bytes = source->options.max_field_bytes,
                              .observer = source->observer};
  lqa_json_keys all = {.keys = lqa_map_new(true)};
  lqa_status status;
  LQA_TRY_OUT(all.keys ? lqa_scan_json_columns(part, &options, &all, err)
                       : lqa_fail_memory(err, "reading columns"));
  part->is_text = lqa_arena_alloc(&source->arena, all.is_text.n + 1, sizeof *part->is_text);
  LQA_TRY_OUT(part->is_text ? LQA_OK : lqa_fail_memory(err, "reading columns"));
  for (uint32_t i = 0; i < lqa_map_count(all.keys); i++) {
    lqa_str key = lqa_map_key(all.keys, i);
    part->is_text[i] = all.is_text.data[i];
    char *name = lqa_arena_copy(&source->arena, key.data, key.size);
    LQA_TRY_OUT(name && add_name(list, name) == LQA_OK ? LQA_OK
                                                       : lqa_fail_memory(err, "reading columns"));
  }
out:
  lqa_map_free(all.keys);
  lqa_vec_clear(&all.is_text);
  return status;
}

static lqa_status tell_text(lqa_source *source, lqa_source_part *part, lqa_name_list *list,
                            lqa_error *err) {
  lqa_source_head head = {0};
  char *bytes = lqa_malloc(HEAD_BYTES, 1);
  lqa_status status;
  LQA_TRY_OUT(bytes ? read_head(source, part, bytes, &head, err)
                    : lqa_fail_memory(err, "reading a file's head"));
  if (lqa_str_trim(head.bytes).size == 0 && head.whole) {
    LQA_TRY_OUT(fail_part(part, LQA_BAD_DATA, "is empty: it has no header and no rows", err));
  }
  part->kind = looks_like_json(part, head.bytes) ? LQA_PART_JSON : LQA_PART_CSV;
  if (part->kind == LQA_PART_JSON) {
    LQA_TRY_OUT(lqa_source_flatten_json(source, part, &head, err));
  }
  status = part->kind == LQA_PART_JSON ? tell_json(source, part, list, err)
                                       : lqa_source_tell_csv(source, part, &head, list, err);
out:
  free(bytes);
  return status;
}

/* Splits "schema.table". */
static lqa_status split_schema(lqa_source *source, lqa_source_part *part, lqa_error *err) {
  const char *dot = part->table ? strchr(part->table, '.') : NULL;
  if (dot) {
    part->schema = lqa_arena_copy(&source->arena, part->table, (size_t)(dot - part->table));
    part->table = dot + 1;
    return part->schema ? LQA_OK : lqa_fail_memory(err, "reading columns");
  }
  return LQA_OK;
}

/* Finds part->table among `tables`, or takes the only one. */
static lqa_status choose_table(lqa_source *source, lqa_source_part *part,
                               const lqa_name_list *tables, lqa_error *err) {
  char listed[512] = "";
  for (size_t i = 0; i < tables->names.n; i++) {
    bool has_schema = tables->flags.n > i && tables->flags.data[i];
    if (part->table ? strcmp(part->table, tables->names.data[i]) == 0 : tables->names.n == 1) {
      part->table = tables->names.data[i];
      return has_schema ? split_schema(source, part, err) : LQA_OK;
    }
    size_t used = strlen(listed);
    snprintf(listed + used, sizeof listed - used, "%s%s", i ? ", " : "", tables->names.data[i]);
  }
  if (tables->names.n == 0) {
    return fail_part(part, LQA_BAD_DATA, "holds no table", err);
  }
  return part->table
             ? lqa_fail_at(err, LQA_BAD_USAGE, part->name, -1, NULL,
                           "'%s' has no table '%s'; it has: %s", part->name, part->table, listed)
             : lqa_fail_at(err, LQA_BAD_USAGE, part->name, -1, NULL,
                           "'%s' holds several tables: name one as '%s::TABLE'; it has: %s",
                           part->name, part->name, listed);
}

static lqa_status tell_database(lqa_source *source, lqa_source_part *part, lqa_name_list *list,
                                lqa_error *err) {
  lqa_arena *arena = &source->arena;
  lqa_name_list tables = {0};
  bool is_sqlite = part->kind == LQA_PART_SQLITE;
  lqa_database *database = NULL;
  lqa_status status = is_sqlite ? LQA_OK : lqa_source_database(source, &database, err);
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(is_sqlite ? lqa_sqlite_tables(part, arena, add_name, &tables, err)
                        : lqa_duckdb_tables(database, part, arena, add_flagged_name, &tables, err));
  LQA_TRY_OUT(choose_table(source, part, &tables, err));
  status = is_sqlite ? lqa_sqlite_columns(part, arena, add_name, list, err)
                     : lqa_duckdb_columns(database, part, arena, add_flagged_name, list, err);
out:
  clear_names(&tables);
  return status;
}

static lqa_status tell_parquet(lqa_source *source, lqa_source_part *part, lqa_name_list *list,
                               lqa_error *err) {
  lqa_database *database = NULL;
  LQA_TRY(lqa_source_database(source, &database, err));
  return lqa_duckdb_columns(database, part, &source->arena, add_flagged_name, list, err);
}

/* Copies the names to the part; none may repeat. */
static lqa_status keep_columns(lqa_source *source, lqa_source_part *part, const lqa_name_list *list,
                               lqa_error *err) {
  size_t n = list->names.n;
  part->n_columns = n;
  part->columns = lqa_arena_alloc(&source->arena, n + 1, sizeof *part->columns);
  part->to_column = lqa_arena_alloc(&source->arena, n + 1, sizeof *part->to_column);
  part->is_blob = list->flags.n ? lqa_arena_alloc(&source->arena, n + 1, sizeof(bool)) : NULL;
  if (!part->columns || !part->to_column || (list->flags.n && !part->is_blob)) {
    return lqa_fail_memory(err, "reading columns");
  }
  for (size_t i = 0; i < n; i++) {
    part->columns[i] = list->names.data[i];
    if (part->is_blob) {
      part->is_blob[i] = list->flags.data[i];
    }
    for (size_t j = 0; j < i; j++) {
      if (strcmp(part->columns[i], part->columns[j]) == 0) {
        return lqa_fail_at(
            err, LQA_BAD_DATA, part->name, -1, part->columns[i],
            "'%s': two columns have the name '%s' (the %zu. and the %zu.): rename one", part->name,
            part->columns[i], j + 1, i + 1);
      }
    }
  }
  return n > 0 ? LQA_OK : fail_part(part, LQA_BAD_DATA, "has no columns", err);
}

lqa_status lqa_source_tell_format(lqa_source *source, lqa_source_part *part, lqa_error *err) {
  lqa_name_list list = {0};
  bool known = part->is_postgres;
  lqa_status status = LQA_OK;
  part->encoding = source->options.encoding;
  if (lqa_path_is_folder(part->path)) {
    return lqa_fail_because(
        lqa_fail_at(err, LQA_BAD_FILE, part->name, -1, NULL,
                    "'%s' is a folder: name its files, or a glob such as '%s/*.csv'", part->name,
                    part->name),
        err, LQA_REASON_FOLDER);
  }
  LQA_TRY_OUT(known ? LQA_OK : tell_by_magic(part, &known, err));
  if (!known && part->table) {
    LQA_TRY_OUT(fail_part(part, LQA_BAD_DATA,
                          "is no DuckDB or SQLite file, so '::TABLE' means nothing", err));
  } else if (!known) {
    LQA_TRY_OUT(tell_text(source, part, &list, err));
  } else if (part->kind == LQA_PART_PARQUET) {
    LQA_TRY_OUT(tell_parquet(source, part, &list, err));
  } else {
    LQA_TRY_OUT(tell_database(source, part, &list, err));
  }
  status = keep_columns(source, part, &list, err);
out:
  clear_names(&list);
  return status;
}
