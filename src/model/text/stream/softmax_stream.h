/* model/text/stream/softmax_stream.h - logistic regression as softmax.h, on features that lie on
 * disk in blocks.
 *
 * The same problem, solver, tolerance and certificate; what differs is the order in which rows are
 * visited: every epoch takes the blocks in a fresh random order and within each its rows in a fresh
 * random order. Memory: the weights of all folds, and for each group of folds one block with its
 * duals. The duals lie in a file of their own. No pair models. Bytes do not depend on the pool.
 */
#ifndef LQA_MODEL_TEXT_STREAM_SOFTMAX_STREAM_H
#define LQA_MODEL_TEXT_STREAM_SOFTMAX_STREAM_H

#include "feature/hashed_blocks.h"
#include "model/linear/softmax.h"

/* Rows by number in the source. */
typedef struct lqa_stream_problem {
  const lqa_hashed_blocks *features;
  const int32_t *label;
  const uint8_t *fold; /* no row of a block is LQA_NO_FOLD */
  int32_t n_classes;
  int n_folds;
  const char *folder; /* for the duals; NULL = /tmp */
} lqa_stream_problem;

/* Trains and predicts: out is n_source_rows x n_classes, rows in no block stay untouched; folds has
 * n_folds entries. options->weight must be NULL. Errors: LQA_NO_MEMORY, LQA_INTERRUPTED,
 * LQA_BAD_FILE (the disk). */
LQA_MUST_CHECK lqa_status lqa_softmax_stream_run(const lqa_stream_problem *problem,
                                                 const lqa_softmax_options *options, float *out,
                                                 lqa_softmax_fold *folds, lqa_error *err);

/* Bytes of duals on disk, and of memory for weights, of n_rows rows and n_columns columns. */
uint64_t lqa_softmax_stream_disk_bytes(int64_t n_rows, int32_t n_classes, int n_folds);
uint64_t lqa_softmax_stream_weight_bytes(int64_t n_columns, int32_t n_classes, int n_folds);

#endif
