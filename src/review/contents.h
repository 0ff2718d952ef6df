/* review/contents.h - the contents of all rows, any of them at once.
 *
 * The snapshot is compressed in blocks of many thousand rows, so a page of fifty scattered rows
 * would decompress most of it. One pass copies the texts to a nameless file; memory holds eight
 * bytes a row. */
#ifndef LQA_REVIEW_CONTENTS_H
#define LQA_REVIEW_CONTENTS_H

#include "base/buf.h"
#include "base/scratch_file.h"
#include "store/row_texts.h"

typedef struct lqa_contents {
  lqa_scratch_file file;
  uint64_t *offsets; /* n_rows + 1, owned; NULL: the run has no texts */
  uint8_t *valid;    /* a bit per row: it has content */
  int64_t n_rows;
} lqa_contents;

/* A run without text or table columns, or whose source is gone, has no contents: every get is then
 * NULL data, and the observer is told why. */
LQA_MUST_CHECK lqa_status lqa_contents_open(const lqa_row_texts_input *input, lqa_contents *out,
                                            lqa_error *err);
void lqa_contents_close(lqa_contents *contents);

/* Appends the content of `row`, at most max_bytes of it (0 = all); *has_content is false where
 * there is none. Of a table: its values with U+001F between them. */
LQA_MUST_CHECK lqa_status lqa_contents_get(const lqa_contents *contents, int64_t row,
                                           size_t max_bytes, lqa_buf *out, bool *has_content,
                                           lqa_error *err);
uint64_t lqa_contents_size(const lqa_contents *contents, int64_t row);

/* Sets found[row] = 1 for every row whose content holds `wanted`, letters A to Z in either case.
 * One sequential read of the file. */
LQA_MUST_CHECK lqa_status lqa_contents_search(const lqa_contents *contents, lqa_str wanted,
                                              uint8_t *found, lqa_error *err);

#endif
