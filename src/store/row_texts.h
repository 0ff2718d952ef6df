/* store/row_texts.h - the contents of some rows, for people to read.
 *
 * After an audit they come from the dataset; for a run that is opened again one streamed pass over
 * the source fetches those that were asked for. A table row reads "age=39, workclass=Private". */
#ifndef LQA_STORE_ROW_TEXTS_H
#define LQA_STORE_ROW_TEXTS_H

#include "base/buf.h"
#include "store/run_rows.h"

typedef struct lqa_row_texts {
  const lqa_manifest *manifest;
  const lqa_dataset *dataset; /* or NULL */
  int64_t last_row;           /* the one handed out last, of the dataset; or -1 */
  size_t max_chars;           /* code points of a text; 0 = all */
  int64_t *rows;              /* ascending, owned; loaded runs only */
  uint64_t *offsets;          /* n_rows + 1 into `bytes` */
  uint8_t *valid;
  int64_t n_rows;
  lqa_buf bytes;
  lqa_buf scratch;
} lqa_row_texts;

typedef struct lqa_row_texts_input {
  const char *folder;
  const lqa_manifest *manifest;
  const lqa_run_rows *rows;
  const lqa_observer *observer;
  size_t max_chars;
} lqa_row_texts_input;

/* Makes the texts of wanted[0..n) available; any order, copied. */
LQA_MUST_CHECK lqa_status lqa_row_texts_load(const lqa_row_texts_input *input,
                                             const int64_t *wanted, int64_t n, lqa_row_texts *out,
                                             lqa_error *err);
/* Hands the content of every row to `visit`, in order: of a table its values with U+001F between
 * them; NULL data where there is none. Nothing is kept. */
typedef lqa_status (*lqa_row_content_fn)(void *data, int64_t row, lqa_str content, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_row_contents_each(const lqa_row_texts_input *input,
                                                lqa_row_content_fn visit, void *data,
                                                lqa_error *err);
void lqa_row_texts_clear(lqa_row_texts *texts);
/* NULL data where the content is NULL or the row was not asked for. Valid until the next call. */
lqa_str lqa_row_texts_get(lqa_row_texts *texts, int64_t row);

#endif
