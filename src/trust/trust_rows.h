/* trust/trust_rows.h - the rows that the posterior is about, and sums over them in parallel.
 *
 * Only rows with content and a known label are here, numbered 0 .. n_rows-1 without gaps. Sums over
 * rows are cut into blocks by the number of rows and the size of a partial sum, never by threads,
 * and blocks are added up in order: the same bits on any number of threads, and partial sums that
 * can be added across machines.
 */
#ifndef LQA_TRUST_TRUST_ROWS_H
#define LQA_TRUST_TRUST_ROWS_H

#include "base/pool.h"

#include <stdint.h>

/* Parts of the posterior that can be left out, to see what each is worth (bench/trust.py). */
enum {
  LQA_WITHOUT_CHANNEL = 1,    /* a uniform channel */
  LQA_WITHOUT_GATE = 2,       /* the channel is always believed */
  LQA_WITHOUT_CALIBRATOR = 4, /* verified rows say nothing of others */
  LQA_WITHOUT_REFIT = 8,
  LQA_WITHOUT_STRUCTURE = 16,
  LQA_WITHOUT_LOSSES = 32
};

/* Borrowed. */
typedef struct lqa_trust_rows {
  int64_t n_rows;
  int32_t n_classes;
  int n_folds;
  const int32_t *label; /* the given class, 0 .. n_classes-1 */
  const uint8_t *fold;  /* 0 .. n_folds-1 */
  lqa_pool *pool;       /* NULL: this thread alone */
  int without;          /* LQA_WITHOUT_..., 0 */
} lqa_trust_rows;

/* Adds rows [from, to) to `sum` (n_sums doubles, zeroed before). */
typedef void (*lqa_trust_add_fn)(const void *data, int64_t from, int64_t to, double *sum);

/* sum (n_sums doubles) = what `add` makes of all rows. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_trust_sum(const lqa_trust_rows *rows, lqa_trust_add_fn add,
                                        const void *data, size_t n_sums, double *sum);

/* Calls `each` for pieces [from, to) of all rows, on the pool; `sum` is NULL there. */
LQA_MUST_CHECK lqa_status lqa_trust_each(const lqa_trust_rows *rows, lqa_trust_add_fn each,
                                         const void *data);

#endif
