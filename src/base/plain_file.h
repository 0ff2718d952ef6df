/* base/plain_file.h - a file that is nothing but a file, held open.
 *
 * A run folder may come from a stranger, who can put a link, a device or a pipe where a file is
 * expected. And another command may replace a file by rename while a reader is between two looks at
 * its path. A plain file is opened once, without following a link; whoever needs a path gets one
 * that names the open file.
 */
#ifndef LQA_BASE_PLAIN_FILE_H
#define LQA_BASE_PLAIN_FILE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct lqa_plain_file {
  int descriptor; /* -1 = closed */
  uint64_t size_bytes;
  char path[32]; /* of the open file: "/dev/fd/7" */
} lqa_plain_file;

/* LQA_BAD_DATA where `path` is a link, folder, device or pipe, LQA_BAD_FILE (reason: missing) where
 * nothing is there. */
LQA_MUST_CHECK lqa_status lqa_plain_file_open(const char *path, lqa_plain_file *out,
                                              lqa_error *err);
void lqa_plain_file_close(lqa_plain_file *file);

/* LQA_BAD_DATA unless `path` is a plain file or, where `may_miss`, nothing at all. */
LQA_MUST_CHECK lqa_status lqa_plain_file_check(const char *path, bool may_miss, lqa_error *err);

#endif
