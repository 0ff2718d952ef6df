/* Cost: one addition a value; memory up to 64 KB a sum, less where there are fewer values. */
#include "base/running_sum.h"

#include "base/memory.h"

enum { LEAST_CAPACITY = 32 };

lqa_status lqa_running_sum_add(lqa_running_sum *sum, double value, bool is_single) {
  if (sum->n == sum->capacity) {
    size_t capacity = sum->capacity ? 2 * sum->capacity : LEAST_CAPACITY;
    double *larger = lqa_realloc(sum->value, capacity, sizeof *larger);
    if (!larger) {
      return LQA_NO_MEMORY;
    }
    sum->value = larger;
    sum->capacity = capacity;
  }
  sum->value[sum->n++] = value;
  sum->count++;
  if (sum->n == LQA_PAIRWISE_BUFFER) {
    sum->total = lqa_running_sum_total(sum, is_single);
    sum->n = 0;
  }
  return LQA_OK;
}

double lqa_running_sum_total(const lqa_running_sum *sum, bool is_single) {
  if (sum->n == 0) {
    return sum->total;
  }
  double rest = lqa_pairwise_sum(sum->value, (int64_t)sum->n, is_single);
  return lqa_round_single(sum->total + rest, is_single);
}

void lqa_running_sum_clear(lqa_running_sum *sum) {
  free(sum->value);
  *sum = (lqa_running_sum){0};
}
