/* audit/measure/sequence.c - the longest non-descending subsequence, by patience
 * sorting.
 *
 * One misplaced row with a huge number would put every later row "out of order" if rows were
 * compared with the row above or the maximum so far. The rows outside a longest non-descending
 * subsequence are the fewest whose removal leaves the rest in order (Fredman 1975), which is what a
 * reader would point at.
 */
#include "audit/measure/sequence.h"

#include <math.h>

static const uint32_t NONE = UINT32_MAX;

/* The first pile whose top is greater than `value`, of n ascending tops. */
static size_t find_pile(const double *value, const uint32_t *top, size_t n, double wanted) {
  size_t low = 0, high = n;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (value[top[middle]] > wanted) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

lqa_status lqa_sequence_check(const double *value, int64_t n, lqa_sequence *out) {
  lqa_sequence made = {0};
  size_t size = (size_t)n, n_piles = 0;
  uint32_t *top = lqa_malloc(size, sizeof *top), *before = lqa_malloc(size, sizeof *before);
  uint8_t *stays = lqa_calloc(size, 1);
  lqa_status status;
  LQA_TRY_OUT(top && before && stays ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t i = 0; i < n; i++) {
    if (!isnan(value[i])) {
      size_t pile = find_pile(value, top, n_piles, value[i]);
      before[i] = pile ? top[pile - 1] : NONE;
      top[pile] = (uint32_t)i;
      n_piles += pile == n_piles;
      made.n_values++;
    }
  }
  for (uint32_t i = n_piles ? top[n_piles - 1] : NONE; i != NONE; i = before[i]) {
    stays[i] = 1;
  }
  for (int64_t i = 0; i < n; i++) {
    if (!isnan(value[i]) && !stays[i]) {
      LQA_TRY_OUT(lqa_vec_push(&made.breaks, i));
    }
  }
  made.ascending = made.n_values ? (double)n_piles / (double)made.n_values : 0;
out:
  free(top);
  free(before);
  free(stays);
  if (status != LQA_OK) {
    lqa_sequence_clear(&made);
    return status;
  }
  *out = made;
  return LQA_OK;
}

void lqa_sequence_clear(lqa_sequence *sequence) {
  lqa_vec_clear(&sequence->breaks);
  *sequence = (lqa_sequence){0};
}
