/* confident/row_quotas.h - fills many quotas from the rows of a matrix, without
 * holding the rows.
 *
 * A visitor looks at some rows and offers items: a key, and the group it stands in. The quota of a
 * group takes its smallest keys, the earlier row where they are equal.
 */
#ifndef LQA_CONFIDENT_ROW_QUOTAS_H
#define LQA_CONFIDENT_ROW_QUOTAS_H

#include "confident/confident_internal.h"

typedef struct lqa_quota_item {
  double key; /* smallest first, NaN last */
  uint32_t row;
  int32_t group;
} lqa_quota_item;

/* Where a visitor puts its items. */
typedef struct lqa_quota_sink {
  lqa_quota_item *item;
  size_t n; /* the visitor adds up to most_items for a row */
  /* n_groups values, float or double as the matrix: keys that are not below have no use. */
  const void *limit;
  struct filling *filling;
  size_t chunk, worker;
} lqa_quota_sink;

/* Some rows, at most block_rows of them. */
typedef struct lqa_row_block {
  int64_t row, n;
  const int32_t *label; /* n of them */
  size_t worker;
} lqa_row_block;

/* Offers items of each row in turn; before each row that has any it calls lqa_quota_sink_room. The
 * same rows must give the same items every time. */
typedef lqa_status (*lqa_quota_visit)(void *data, const lqa_row_block *rows, lqa_quota_sink *sink);

LQA_MUST_CHECK lqa_status lqa_quota_sink_empty(lqa_quota_sink *sink);

enum { LQA_QUOTA_SINK = 512 };

/* Makes room for the items of one row. */
LQA_MUST_CHECK static inline lqa_status lqa_quota_sink_room(lqa_quota_sink *sink) {
  return sink->n <= LQA_QUOTA_SINK ? LQA_OK : lqa_quota_sink_empty(sink);
}

typedef struct lqa_row_quotas {
  lqa_confident *cl;
  int64_t n_groups;
  const int64_t *quota; /* n_groups; 0 takes nothing */
  double low, high;     /* where most keys lie */
  double limit;         /* of no use are keys that are not below; INFINITY = none */
  size_t most_items;    /* that one row has */
  lqa_quota_visit visit;
  void *data;
  uint8_t *flags; /* n_rows: of rows that are taken, `bit` is set */
  uint8_t bit;
  uint8_t *open; /* n_groups, set: 1 where a group has fewer keys than its quota (all are taken), or
                    where compat order leaves the choice among equal keys to a sort (none of them is
                    taken) */
} lqa_row_quotas;

/* Visits all rows twice: to count keys by size, then to take those that are small enough. Memory:
 * counts, a small share of the matrix's size, and the keys near the end of each quota. */
LQA_MUST_CHECK lqa_status lqa_row_quotas_fill(const lqa_row_quotas *quotas, lqa_error *err);

#endif
