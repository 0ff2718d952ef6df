/* confident/entropy_terms.c - p ln p without a branch, so that the compiler works on as many
 * probabilities at a time as the processor has lanes. Every value goes through the same operations
 * in the same order at every SIMD level (base/explog.h).
 */
#include "confident/entropy_terms.h"

#include "base/explog.h"
#include "base/lanes.h"

LQA_EVERY_LEVEL static bool make_terms(double *value, size_t n) {
  uint64_t outside = 0;
  for (size_t i = 0; i < n; i++) {
    double p = value[i];
    outside |= (uint64_t)(p < 0) | (uint64_t)(p > 1);
    double term = p * lqa_log(p);
    value[i] = p == 0 ? 0 : term;
  }
  return outside == 0;
}

bool lqa_entropy_terms(double *value, size_t n) {
  return make_terms(value, n);
}
