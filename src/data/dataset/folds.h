/* data/dataset/folds.h - stratified folds that keep equal things together.
 *
 * Rows of one group (equal content, near-duplicate cluster, --group) always share a fold, else a
 * duplicate would carry its wrong label into training. Within that, every class is spread evenly:
 * groups are dealt in a seeded order to the fold that has fewest rows of the group's main class.
 * Same seed, same folds; threads play no part.
 */
#ifndef LQA_DATA_DATASET_FOLDS_H
#define LQA_DATA_DATASET_FOLDS_H

#include "base/status.h"

/* label: n_rows class codes, negative = not scorable (fold 255). group: n_rows numbers, rows with
 * the same number stay together (NULL: every row alone). fold: n_rows, out. A class with fewer rows
 * than folds is spread as far as it goes. n_folds 2..64. */
LQA_MUST_CHECK lqa_status lqa_folds_assign(int64_t n_rows, const int32_t *label, int32_t n_classes,
                                           const uint32_t *group, int n_folds, uint64_t seed,
                                           uint8_t *fold, lqa_error *err);

#endif
