/* "a.csv.gz" -> a.labelqa, "b.db::orders" -> orders.labelqa, "*.csv" -> data.labelqa: the run lies
 * beside whoever asked, not beside the source. */
#include "store/run_name.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the name without the suffixes of data files: "a.csv.gz" -> 1. */
static size_t stem_length(const char *name) {
  static const char *const suffixes[] = {".gz",     ".zst",    ".csv",    ".tsv",     ".txt",
                                         ".json",   ".jsonl",  ".ndjson", ".parquet", ".db",
                                         ".duckdb", ".sqlite", ".sqlite3"};
  size_t n = strlen(name);
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    size_t m = strlen(suffixes[i]);
    if (n > m && strncasecmp(name + n - m, suffixes[i], m) == 0) {
      n -= m;
      char shorter[512];
      if (n < sizeof shorter) {
        memcpy(shorter, name, n);
        shorter[n] = '\0';
        return stem_length(shorter);
      }
    }
  }
  return n;
}

char *lqa_run_default_path(const char *source) {
  char *path = NULL;
  if (strcmp(source, "-") == 0) {
    return strdup("stdin.labelqa");
  }
  const char *name = lqa_path_name(source), *table = strstr(name, "::");
  if (table) {
    return asprintf(&path, "%s.labelqa", table + 2) < 0 ? NULL : path;
  }
  size_t n = stem_length(name);
  for (size_t i = 0; i < n; i++) {
    if (strchr("*?[]{}", name[i])) { /* a glob: its fixed beginning */
      n = i;
    }
  }
  int length = asprintf(&path, "%.*s.labelqa", n ? (int)n : 4, n ? name : "data");
  return length < 0 ? NULL : path;
}
