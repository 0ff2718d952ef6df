/* data/source/input.h - the bytes of a file as UTF-8: decompressed and transcoded on the way.
 *
 * gzip (several members too) and zstd are told by their magic numbers, UTF-8 and UTF-16 by their
 * byte-order marks, which are dropped, UTF-16 without one by its NUL bytes. Bytes of a file that
 * claims to be UTF-8 are passed on as they are: the reader checks them, because it knows the row.
 */
#ifndef LQA_DATA_SOURCE_INPUT_H
#define LQA_DATA_SOURCE_INPUT_H

#include "base/status.h"

typedef struct lqa_input lqa_input;

/* Opens `path`; `name` is what messages call it. `encoding` NULL or UTF-8: what a byte-order mark
 * says, else UTF-8; LQA_BAD_USAGE for one that iconv does not know. LQA_BAD_FILE: missing, a
 * folder, unreadable. */
LQA_MUST_CHECK lqa_status lqa_input_open(const char *path, const char *name, const char *encoding,
                                         lqa_input **out, lqa_error *err);
/* Up to `capacity` bytes; *got 0 means the end. LQA_BAD_DATA: truncated or damaged compression,
 * bytes that are not of the encoding. */
LQA_MUST_CHECK lqa_status lqa_input_read(lqa_input *input, char *to, size_t capacity, size_t *got,
                                         lqa_error *err);
/* How much of the file has been read, 0 to 1. */
double lqa_input_fraction(const lqa_input *input);
/* The encoding that the bytes alone showed, without a mark and against the option, or NULL. */
const char *lqa_input_guessed_encoding(const lqa_input *input);
void lqa_input_close(lqa_input *input);

#endif
