/* model/text/soft_text.h - models of text trained again and again on class probabilities: features
 * are made once.
 *
 * Members, in this order: naive Bayes on words, naive Bayes on characters, logistic regression on
 * words. They are those of the blend (text_memory.c), with soft targets (linear/soft_targets.h).
 */
#ifndef LQA_MODEL_TEXT_SOFT_TEXT_H
#define LQA_MODEL_TEXT_SOFT_TEXT_H

#include "base/observer.h"
#include "base/pool.h"
#include "data/dataset/dataset.h"

typedef struct lqa_soft_text lqa_soft_text;

/* Borrowed while lqa_soft_text is in use. */
typedef struct lqa_soft_text_input {
  const lqa_column *text;
  const int64_t *row; /* n_rows, ascending: the rows of `text` that take part */
  int64_t n_rows;
  const uint8_t *fold; /* n_rows, 0 .. n_folds-1 */
  int n_folds;
  int32_t n_classes;
  uint64_t memory_bytes; /* 0 = no limit */
  lqa_pool *pool;
  const lqa_observer *observer;
} lqa_soft_text_input;

/* Reads the texts. LQA_OK with *out NULL where the members would pass 256 MB, or the memory limit.
 * LQA_NO_MEMORY, LQA_INTERRUPTED, LQA_BAD_DATA. */
LQA_MUST_CHECK lqa_status lqa_soft_text_new(const lqa_soft_text_input *input, lqa_soft_text **out,
                                            lqa_error *err);
void lqa_soft_text_free(lqa_soft_text *text);

/* Trains the first n_members on soft (n_rows x n_classes), out of fold, into log_p[m] of the same
 * shape. `text` is an lqa_soft_text. */
LQA_MUST_CHECK lqa_status lqa_soft_text_run(void *text, const float *soft, int n_members,
                                            float *const *log_p);

#endif
