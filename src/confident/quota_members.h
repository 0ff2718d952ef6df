/* confident/quota_members.h - fills quotas from rows that come one after the other.
 */
#ifndef LQA_CONFIDENT_QUOTA_MEMBERS_H
#define LQA_CONFIDENT_QUOTA_MEMBERS_H

#include "confident/scores.h"

/* A row that a quota takes. */
typedef struct lqa_taken {
  double key; /* smallest first */
  int64_t row;
  double score;
} lqa_taken;

/* The least keys so far, equal keys by row. */
typedef struct lqa_taker {
  lqa_taken *data;
  size_t n, capacity;
  int64_t quota;
} lqa_taker;

typedef struct lqa_quota_members {
  int32_t n_classes;
  bool is_single;
  lqa_taker *taker; /* [given][true]: the largest margins; NULL = not wanted */
  void *need;       /* float or double [given][true]: a margin must be larger to be taken */
  lqa_taker *worst; /* [given]: the least self-confident rows; NULL = not wanted */
  double *below;    /* [given]: a self-confidence must be less to be taken */
} lqa_quota_members;

/* From the quotas of lqa_prune_quotas; takes those that the filter asks for. */
LQA_MUST_CHECK lqa_status lqa_quota_members_init(lqa_quota_members *members,
                                                 const lqa_confident *totals,
                                                 const lqa_filter_options *options,
                                                 const int64_t *quota, lqa_error *err);
void lqa_quota_members_clear(lqa_quota_members *members);

/* Offers the rows of a batch, the first of which is row `first` of all. */
LQA_MUST_CHECK lqa_status lqa_quota_members_add(lqa_quota_members *members, lqa_confident *batch,
                                                lqa_score_method method, int64_t first,
                                                lqa_error *err);

/* Once all rows were offered: sets LQA_ROW_BY_NOISE_RATE and LQA_ROW_BY_CLASS in `flags`. */
void lqa_quota_members_mark(lqa_quota_members *members, uint8_t *flags);

#endif
