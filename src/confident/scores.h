/* confident/scores.h - label quality of single rows. */
#ifndef LQA_CONFIDENT_SCORES_H
#define LQA_CONFIDENT_SCORES_H

#include "confident/confident_internal.h"

/* What scoring a row needs; init may read the matrix (thresholds, where probabilities are
 * adjusted). */
typedef struct lqa_scorer {
  lqa_confident *cl;
  lqa_score_method method;
  bool adjust;
  bool is_single;    /* scores are float32 values */
  double *threshold; /* n_classes where adjust, else NULL */
  double max_threshold;
  double log_n_classes;
  double *rows; /* scratch: n_classes values a worker */
} lqa_scorer;

/* LQA_BAD_USAGE where method and adjustment do not go together or there is one class only. */
LQA_MUST_CHECK lqa_status lqa_scorer_init(lqa_scorer *scorer, lqa_confident *cl,
                                          const lqa_rank_options *options, lqa_error *err);
void lqa_scorer_clear(lqa_scorer *scorer);
double lqa_scorer_score(const lqa_scorer *scorer, int64_t row, int32_t label, size_t worker);

#endif
