/* model/table/trees.h - gradient boosted trees, one booster at a time: a thin skin over XGBoost's C
 * API.
 *
 *     lqa_tree_library *library;
 *     LQA_TRY(lqa_tree_library_open(&library, err));
 *     lqa_tree_rows *rows; lqa_booster *booster;
 *     ... lqa_tree_rows_new, lqa_booster_new, then per round:
 *     lqa_booster_margins (scores so far), gradients by the caller, lqa_booster_grow
 *
 * Gradients are the caller's, so that no result depends on the C library's exp. A booster and its
 * rows belong to one thread at a time and use that thread alone; different ones may run at once.
 * Failures of XGBoost are LQA_INTERNAL with its own words.
 */
#ifndef LQA_MODEL_TABLE_TREES_H
#define LQA_MODEL_TABLE_TREES_H

#include "feature/encode_table.h"

typedef struct lqa_tree_library lqa_tree_library;
typedef struct lqa_tree_rows lqa_tree_rows;
typedef struct lqa_booster lqa_booster;

typedef struct lqa_booster_options {
  int depth;
  int learning_percent; /* shrinkage of every tree, in hundredths */
  int min_child_weight; /* sum of curves that a leaf needs at least */
  int32_t n_outputs;    /* trees grown per round */
  uint64_t seed;
} lqa_booster_options;

/* Loads XGBoost at the first call of the process; LQA_BAD_FILE where it is not installed. */
LQA_MUST_CHECK lqa_status lqa_tree_library_open(lqa_tree_library **out, lqa_error *err);
void lqa_tree_library_close(lqa_tree_library *library);

/* Copies the given rows of the table. */
LQA_MUST_CHECK lqa_status lqa_tree_rows_new(const lqa_tree_library *library,
                                            const lqa_table_matrix *table, const int64_t *row,
                                            int64_t n, lqa_tree_rows **out, lqa_error *err);
void lqa_tree_rows_free(const lqa_tree_library *library, lqa_tree_rows *rows);

LQA_MUST_CHECK lqa_status lqa_booster_new(const lqa_tree_library *library,
                                          const lqa_booster_options *options,
                                          const lqa_tree_rows *train, lqa_booster **out,
                                          lqa_error *err);
void lqa_booster_free(const lqa_tree_library *library, lqa_booster *booster);
/* Sums of the leaves, n x n_outputs, 0 before the first round; valid until the next call. */
LQA_MUST_CHECK lqa_status lqa_booster_margins(const lqa_tree_library *library, lqa_booster *booster,
                                              const lqa_tree_rows *rows, const float **margins,
                                              lqa_error *err);
/* One round on the training rows; gradient and curve (second derivative): n x n_outputs. */
LQA_MUST_CHECK lqa_status lqa_booster_grow(const lqa_tree_library *library, lqa_booster *booster,
                                           float *gradient, float *curve, lqa_error *err);

#endif
