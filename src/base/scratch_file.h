/* base/scratch_file.h - a nameless file for what does not fit in memory.
 *
 * The file has no name from the moment it is made, so its space is free again however the process
 * ends. Reads and writes are at an offset and may run in several threads at once; a read past what
 * was written gives zeroes. A full disk or a short transfer is an error, never silent.
 */
#ifndef LQA_BASE_SCRATCH_FILE_H
#define LQA_BASE_SCRATCH_FILE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct lqa_scratch_file {
  int fd; /* -1: not open */
  char folder[512];
} lqa_scratch_file;

/* Makes the file in `folder` (NULL: /tmp). need_bytes is what will be written, as far as known: a
 * disk that has less left is LQA_BAD_FILE at once, with both figures. */
LQA_MUST_CHECK lqa_status lqa_scratch_open(lqa_scratch_file *file, const char *folder,
                                           uint64_t need_bytes, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_scratch_write(const lqa_scratch_file *file, const void *data,
                                            size_t size, uint64_t offset, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_scratch_read(const lqa_scratch_file *file, void *data, size_t size,
                                           uint64_t offset, lqa_error *err);
/* Safe on a file that was never opened if fd is -1. */
void lqa_scratch_close(lqa_scratch_file *file);

#endif
