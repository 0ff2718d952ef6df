/* Sources: opening, columns of several files as one, lookup by name. */
#include "data/source/source.h"

#include "base/memory.h"
#include "data/source/source_part.h"
#include "data/source/source_profile.h"

#include <stdio.h>
#include <unistd.h>

static const uint64_t default_field_bytes = 64u << 20;

static lqa_status check_options(const lqa_source_options *options, lqa_error *err) {
  const char *header = options->header;
  if (header && strcmp(header, "auto") != 0 && strcmp(header, "yes") != 0 &&
      strcmp(header, "no") != 0) {
    return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION("header") " is yes, no or auto, not '%s'",
                    header);
  }
  if (header && strcmp(header, "yes") == 0 && options->columns.n > 0) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("columns") " names the columns of files without a header: it cannot "
                                          "go with " LQA_OPTION_AS("header", "yes"));
  }
  if (options->limit < 0) {
    return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION("limit") " cannot be negative");
  }
  if (options->features.n > 0 && options->text.n > 0) {
    return lqa_fail(
        err, LQA_BAD_USAGE,
        LQA_OPTION("features") " audits a table: it cannot go with " LQA_OPTION("text"));
  }
  return LQA_OK;
}

/* The database sees the source's own files and no others; a server's tables are the exception. */
lqa_status lqa_source_database(lqa_source *source, lqa_database **out, lqa_error *err) {
  if (source->database) {
    *out = source->database;
    return LQA_OK;
  }
  bool network = false;
  const char **files = lqa_malloc(source->parts.n + 1, sizeof *files);
  if (!files) {
    return lqa_fail_memory(err, "opening the sources");
  }
  for (size_t i = 0; i < source->parts.n; i++) {
    network = network || source->parts.data[i].is_postgres;
    files[i] = source->parts.data[i].path;
  }
  lqa_database_options options = {.n_threads = 1,
                                  .memory_bytes = source->options.memory_bytes / 2,
                                  .temporary_folder = source->options.temporary_folder,
                                  .allow_network = network,
                                  .observer = source->observer};
  lqa_database *database = NULL;
  lqa_status status;
  LQA_TRY_OUT(lqa_database_open(&options, &database, err));
  if (!network) {
    LQA_TRY_OUT(lqa_database_only_files(database, files, source->parts.n, err));
  }
  *out = source->database = database;
  database = NULL;
out:
  lqa_database_close(database);
  free(files);
  return status;
}

lqa_status lqa_source_check_names(const lqa_source *source, const char *what, lqa_error *err) {
  uint32_t n = lqa_map_count(source->columns);
  for (uint32_t c = 0; c < n; c++) {
    for (uint32_t other = c + 1; other < n; other++) {
      lqa_str a = lqa_map_key(source->columns, c), b = lqa_map_key(source->columns, other);
      if (lqa_str_equal_nocase(a, b)) {
        return lqa_fail_at(err, LQA_BAD_DATA, source->parts.data[0].name, -1, b.data,
                           "'%s': columns '%s' and '%s' differ only in case, so " LQA_WORDS
                           " is not possible: "
                           "rename one",
                           source->parts.data[0].name, a.data, b.data, what);
      }
    }
  }
  return LQA_OK;
}

/* Numbers the part's columns among the source's, adding new ones. */
static lqa_status number_columns(lqa_source *source, lqa_source_part *part, lqa_error *err) {
  for (size_t i = 0; i < part->n_columns; i++) {
    if (lqa_map_add(source->columns, lqa_str_from(part->columns[i]), &part->to_column[i], NULL) !=
        LQA_OK) {
      return lqa_fail_memory(err, "reading columns");
    }
  }
  return LQA_OK;
}

static bool has_column(const lqa_source_part *part, const char *name) {
  for (size_t i = 0; i < part->n_columns; i++) {
    if (strcmp(part->columns[i], name) == 0) {
      return true;
    }
  }
  return false;
}

/* All files have the same columns, except that a JSON object may lack a key. */
static lqa_status check_same_columns(const lqa_source *source, lqa_error *err) {
  const lqa_source_part *first = &source->parts.data[0];
  for (size_t p = 0; p < source->parts.n; p++) {
    const lqa_source_part *part = &source->parts.data[p];
    for (uint32_t c = 0; part->kind != LQA_PART_JSON && c < lqa_map_count(source->columns); c++) {
      lqa_str column = lqa_map_key(source->columns, c);
      if (has_column(part, column.data)) {
        continue;
      }
      const lqa_source_part *other = first;
      while (!has_column(other, column.data)) {
        other++;
      }
      return lqa_fail_at(err, LQA_BAD_DATA, part->name, -1, column.data,
                         "'%s' has no column '%s', which '%s' has: files read as one must have the "
                         "same columns",
                         part->name, column.data, other->name);
    }
  }
  return LQA_OK;
}

static lqa_status open_parts(lqa_source *source, lqa_error *err) {
  LQA_TRY(lqa_source_expand(source, err));
  for (size_t i = 0; i < source->parts.n; i++) {
    LQA_TRY(lqa_observe_check(source->observer, err));
    LQA_TRY(lqa_source_tell_format(source, &source->parts.data[i], err));
    LQA_TRY(number_columns(source, &source->parts.data[i], err));
  }
  return check_same_columns(source, err);
}

lqa_status lqa_source_open(const lqa_source_options *options, const lqa_observer *observer,
                           lqa_source **out, lqa_error *err) {
  LQA_TRY(check_options(options, err));
  lqa_source *source = lqa_calloc(1, sizeof *source);
  if (!source) {
    return lqa_fail_memory(err, "opening the sources");
  }
  source->options = *options;
  source->n_rows = -1;
  if (source->options.max_field_bytes == 0) {
    source->options.max_field_bytes = default_field_bytes;
  }
  if (options->where && !*options->where) {
    source->options.where = NULL;
  }
  source->observer = observer;
  lqa_arena_init(&source->arena);
  source->columns = lqa_map_new(true);
  lqa_status status =
      source->columns ? open_parts(source, err) : lqa_fail_memory(err, "opening the sources");
  if (status != LQA_OK) {
    lqa_source_close(source);
    return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "opening the sources") : status;
  }
  if (options->source_name) {
    source->parts.data[0].given = options->source_name;
  }
  *out = source;
  return LQA_OK;
}

void lqa_source_close(lqa_source *source) {
  if (!source) {
    return;
  }
  lqa_database_close(source->database);
  for (size_t i = 0; i < source->parts.n; i++) {
    if (source->parts.data[i].original && source->parts.data[i].original_fd >= 0) {
      close(source->parts.data[i].original_fd);
    }
    if (source->parts.data[i].fd >= 0) {
      close(source->parts.data[i].fd);
    }
  }
  lqa_vec_clear(&source->parts);
  lqa_source_profiles_free(source->profiles, source->columns ? lqa_map_count(source->columns) : 0);
  lqa_vec_clear(&source->class_names);
  lqa_map_free(source->columns);
  lqa_arena_clear(&source->arena);
  free(source);
}

size_t lqa_source_count_columns(const lqa_source *source) {
  return lqa_map_count(source->columns);
}

/* Keys of the map are copies with a closing NUL (arena.h). */
const char *lqa_source_column_name(const lqa_source *source, size_t column) {
  return lqa_map_key(source->columns, (uint32_t)column).data;
}

int64_t lqa_source_find_column(const lqa_source *source, const char *name) {
  lqa_str wanted = lqa_str_from(name);
  int64_t found = lqa_map_find(source->columns, wanted);
  for (uint32_t c = 0; found == -1 && c < lqa_map_count(source->columns); c++) {
    if (lqa_str_equal_nocase(lqa_map_key(source->columns, c), wanted)) {
      for (uint32_t other = c + 1; other < lqa_map_count(source->columns); other++) {
        if (lqa_str_equal_nocase(lqa_map_key(source->columns, other), wanted)) {
          return -1;
        }
      }
      found = c;
    }
  }
  return found;
}

int32_t lqa_source_count_files(const lqa_source *source) {
  return (int32_t)source->parts.n;
}

const char *lqa_source_file_path(const lqa_source *source, int32_t file) {
  return source->parts.data[file].given;
}
