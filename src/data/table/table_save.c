/* Choosing the format and putting the finished file in place. */
#include "data/table/table.h"

#include "base/file.h"
#include "data/table/table_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
  const char *suffix;
  lqa_table_format format;
} suffixes[] = {{".parquet", LQA_TABLE_PARQUET},
                {".csv", LQA_TABLE_CSV},
                {".jsonl", LQA_TABLE_JSONL},
                {".ndjson", LQA_TABLE_JSONL},
                {".json", LQA_TABLE_JSONL}};

lqa_status lqa_table_format_of(const char *path, lqa_table_format *format, lqa_error *err) {
  lqa_str text = lqa_str_from(path);
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    size_t n = strlen(suffixes[i].suffix);
    if (text.size > n && lqa_str_equal_nocase((lqa_str){text.data + text.size - n, n},
                                              lqa_str_from(suffixes[i].suffix))) {
      *format = suffixes[i].format;
      return LQA_OK;
    }
  }
  return lqa_fail_at(err, LQA_BAD_USAGE, path, -1, NULL,
                     "the name '%s' does not show its format: end it in .csv, .jsonl or "
                     ".parquet, or name the format",
                     path);
}

static lqa_status write_table(const lqa_table *table, const char *path, lqa_table_format format,
                              const lqa_observer *observer, lqa_error *err) {
  switch (format) {
  case LQA_TABLE_PARQUET:
    return lqa_table_write_parquet(table, path, observer, err);
  case LQA_TABLE_CSV:
    return lqa_table_write_csv(table, path, observer, err);
  default:
    return lqa_table_write_jsonl(table, path, observer, err);
  }
}

lqa_status lqa_table_save(const lqa_table *table, const char *path, lqa_table_format format,
                          const lqa_observer *observer, lqa_error *err) {
  char *temporary = lqa_path_temporary(path);
  if (!temporary) {
    return lqa_fail_memory(err, "writing a table");
  }
  lqa_status status;
  LQA_TRY_OUT(write_table(table, temporary, format, observer, err));
  status = lqa_file_commit(temporary, path, err);
out:
  if (status != LQA_OK) {
    unlink(temporary);
  }
  free(temporary);
  return status;
}
