/* tests/fuzz/fuzz_file.h - the input as a file, for parsers that take a path: in a folder of this
 * process, in memory where the system has /dev/shm, removed at exit. */
#ifndef LQA_TESTS_FUZZ_FILE_H
#define LQA_TESTS_FUZZ_FILE_H

#include "base/file.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char fuzz_folder[64];

static inline void demand(bool holds) {
  if (!holds) {
    abort();
  }
}

static inline void remove_fuzz_folder(void) {
  (void)!lqa_folder_remove(fuzz_folder, NULL);
}

/* Writes `fuzz_folder`/`name`; its path is valid until the next call. */
static inline const char *fuzz_file(const char *name, const void *data, size_t size) {
  static char path[128];
  if (!fuzz_folder[0]) {
    snprintf(fuzz_folder, sizeof fuzz_folder, "%s/labelqa-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    demand(mkdtemp(fuzz_folder) != NULL && atexit(remove_fuzz_folder) == 0);
  }
  snprintf(path, sizeof path, "%s/%s", fuzz_folder, name);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  demand(file >= 0 && write(file, data, size) == (ssize_t)size);
  close(file);
  return path;
}

/* How reading a source may end. A file whose first bytes say DuckDB and that DuckDB does not open
 * is LQA_BAD_FILE. */
static inline bool fuzz_source_may(lqa_status status) {
  return status == LQA_OK || status == LQA_BAD_DATA || status == LQA_BAD_USAGE ||
         status == LQA_BAD_FILE;
}

#endif
