/* judge/agree.c - see agree.h. */
#include "judge/agree.h"

#include <math.h>

#define Z95 1.959963984540054

lqa_judge_rate lqa_rate_make(int64_t hits, int64_t n) {
  if (n <= 0) {
    return (lqa_judge_rate){hits, n, NAN, NAN, NAN};
  }
  double count = (double)n, p = (double)hits / count, z2 = Z95 * Z95;
  double middle = (p + z2 / (2 * count)) / (1 + z2 / count);
  double half = Z95 * sqrt(p * (1 - p) / count + z2 / (4 * count * count)) / (1 + z2 / count);
  double low = hits == 0 ? 0 : middle - half, high = hits == n ? 1 : middle + half;
  return (lqa_judge_rate){hits, n, p, low < 0 ? 0 : low, high > 1 ? 1 : high};
}

void lqa_agreement_add(lqa_agreement *agreement, int first, int second) {
  agreement->table[first][second]++;
}

int64_t lqa_agreement_count(const lqa_agreement *agreement) {
  int64_t n = 0;
  for (int i = 0; i < agreement->k; i++) {
    for (int j = 0; j < agreement->k; j++) {
      n += agreement->table[i][j];
    }
  }
  return n;
}

double lqa_agreement_share(const lqa_agreement *agreement) {
  int64_t n = lqa_agreement_count(agreement), same = 0;
  for (int i = 0; i < agreement->k; i++) {
    same += agreement->table[i][i];
  }
  return n ? (double)same / (double)n : NAN;
}

double lqa_agreement_kappa(const lqa_agreement *agreement) {
  double n = (double)lqa_agreement_count(agreement), chance = 0;
  for (int i = 0; i < agreement->k; i++) {
    double row = 0, column = 0;
    for (int j = 0; j < agreement->k; j++) {
      row += (double)agreement->table[i][j];
      column += (double)agreement->table[j][i];
    }
    chance += row * column / (n * n);
  }
  return n > 0 && chance < 1 ? (lqa_agreement_share(agreement) - chance) / (1 - chance) : NAN;
}

void lqa_agree_verdicts(const lqa_judge_verdict verdicts[2], const int32_t corrected[2],
                        lqa_judge_verdict *verdict, int32_t *correction) {
  bool both_no =
      verdicts[0] == LQA_JUDGE_NO && verdicts[1] == LQA_JUDGE_NO && corrected[0] == corrected[1];
  bool both_yes = verdicts[0] == LQA_JUDGE_YES && verdicts[1] == LQA_JUDGE_YES;
  *verdict = both_no ? LQA_JUDGE_NO : both_yes ? LQA_JUDGE_YES : LQA_JUDGE_UNKNOWN;
  *correction = both_no ? corrected[0] : LQA_JUDGE_NO_CLASS;
}
