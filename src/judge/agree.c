/* judge/agree.c - see agree.h. */
#include "judge/agree.h"

#include <math.h>

/* At 95 %; `effective` may differ from n where rows have weights. */
static lqa_judge_rate make_rate(double p, double effective, int64_t hits, int64_t n) {
  lqa_judge_rate rate = {hits, lqa_interval_of_share(n > 0 ? p : (double)NAN, effective, .95)};
  rate.share.n = n;
  return rate;
}

lqa_judge_rate lqa_rate_make(int64_t hits, int64_t n) {
  return make_rate(n > 0 ? (double)hits / (double)n : 0, (double)n, hits, n);
}

void lqa_weighted_add(lqa_weighted *sums, bool hit, double inclusion) {
  double weight = inclusion > 0 ? 1 / inclusion : 1;
  sums->n++;
  sums->hits += hit;
  sums->weights += weight;
  sums->squares += weight * weight;
  sums->hit_weights += hit ? weight : 0;
}

lqa_judge_rate lqa_weighted_rate(const lqa_weighted *sums) {
  double effective = sums->n > 0 ? sums->weights * sums->weights / sums->squares : 0;
  double p = sums->n > 0 ? sums->hit_weights / sums->weights : 0;
  return make_rate(p, effective, sums->hits, sums->n);
}

void lqa_agreement_add(lqa_judge_agreement *agreement, int first, int second, double weight) {
  agreement->table[first][second] += weight;
  agreement->n++;
}

static double sum_table(const lqa_judge_agreement *agreement) {
  double sum = 0;
  for (int i = 0; i < agreement->k; i++) {
    for (int j = 0; j < agreement->k; j++) {
      sum += agreement->table[i][j];
    }
  }
  return sum;
}

double lqa_agreement_share(const lqa_judge_agreement *agreement) {
  double sum = sum_table(agreement), same = 0;
  for (int i = 0; i < agreement->k; i++) {
    same += agreement->table[i][i];
  }
  return sum > 0 ? same / sum : NAN;
}

double lqa_agreement_kappa(const lqa_judge_agreement *agreement) {
  double sum = sum_table(agreement), chance = 0;
  for (int i = 0; i < agreement->k; i++) {
    double row = 0, column = 0;
    for (int j = 0; j < agreement->k; j++) {
      row += agreement->table[i][j];
      column += agreement->table[j][i];
    }
    chance += row * column / (sum * sum);
  }
  return sum > 0 && chance < 1 ? (lqa_agreement_share(agreement) - chance) / (1 - chance) : NAN;
}

void lqa_agree_verdicts(const lqa_verdict verdicts[2], const int32_t corrected[2],
                        lqa_verdict *verdict, int32_t *correction) {
  bool both_no = verdicts[0] == LQA_VERDICT_NO && verdicts[1] == LQA_VERDICT_NO &&
                 corrected[0] == corrected[1];
  bool both_yes = verdicts[0] == LQA_VERDICT_YES && verdicts[1] == LQA_VERDICT_YES;
  *verdict = both_no ? LQA_VERDICT_NO : both_yes ? LQA_VERDICT_YES : LQA_VERDICT_UNKNOWN;
  *correction = both_no ? corrected[0] : LQA_JUDGE_NO_CLASS;
}
