/* judge/agree.h - how far judges agree with each other, with people, and with confident learning.
 *
 * Pure functions over counts. Cohen's kappa (Cohen 1960) is agreement beyond what the two margins
 * would give by chance: 1 = always, 0 = no better than chance; NaN where a margin leaves no choice.
 */
#ifndef LQA_JUDGE_AGREE_H
#define LQA_JUDGE_AGREE_H

#include "judge/judge.h"

/* Share of `hits` among `n` with its Wilson 95 % interval. */
lqa_judge_rate lqa_rate_make(int64_t hits, int64_t n);

/* A share among rows that were drawn with unequal probabilities: each counts by the inverse of its
 * own (Hajek's estimator), the interval is Wilson's at Kish's effective size (sum w)^2 / sum w^2.
 * With equal probabilities it is lqa_rate_make. */
typedef struct lqa_weighted {
  int64_t hits, n;
  double weights, squares, hit_weights;
} lqa_weighted;

void lqa_weighted_add(lqa_weighted *sums, bool hit, double inclusion);
lqa_judge_rate lqa_weighted_rate(const lqa_weighted *sums);

enum { LQA_AGREE_MAX = 4 };

/* A square table of two raters' categories, k <= LQA_AGREE_MAX; cells are sums of weights. */
typedef struct lqa_judge_agreement {
  int k;
  int64_t n; /* pairs */
  double table[LQA_AGREE_MAX][LQA_AGREE_MAX];
} lqa_judge_agreement;

void lqa_agreement_add(lqa_judge_agreement *agreement, int first, int second, double weight);
double lqa_agreement_share(const lqa_judge_agreement *agreement); /* NaN where empty */
double lqa_agreement_kappa(const lqa_judge_agreement *agreement);

/* The verdict of two judges (docs/judge.md): NO needs both to say NO with the same correction,
 * YES both YES; else UNKNOWN. */
void lqa_agree_verdicts(const lqa_verdict verdicts[2], const int32_t corrected[2],
                        lqa_verdict *verdict, int32_t *correction);

#endif
