/* base/lanes.h - eight floats at a time, the same bits on every x86-64 level.
 *
 * GCC and clang vector extensions, element-wise IEEE operations and fixed shuffles only: compiled
 * for SSE2 a vector is two registers, for AVX2 and AVX-512 one, and no result can differ (the
 * project is built without contraction of a * b + c). All functions are inlined into kernels that
 * are compiled once per level (LQA_EVERY_LEVEL) and chosen at load by the processor.
 *
 * A fold's classes lie side by side in groups of 2, 4 or 8 lanes, or in several whole vectors.
 */
#ifndef LQA_BASE_LANES_H
#define LQA_BASE_LANES_H

#include <stdint.h>

#if defined(__x86_64__)
#define LQA_EVERY_LEVEL __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define LQA_EVERY_LEVEL
#endif
#define LQA_INLINE static inline __attribute__((always_inline))

enum { LQA_LANES = 8 };

typedef float lqa_f8 __attribute__((vector_size(32)));
typedef int32_t lqa_i8 __attribute__((vector_size(32)));

LQA_INLINE lqa_f8 lqa_f8_all(float x) {
  return (lqa_f8){x, x, x, x, x, x, x, x};
}
LQA_INLINE lqa_f8 lqa_f8_choose(lqa_i8 mask, lqa_f8 yes, lqa_f8 no) {
  return (lqa_f8)(((lqa_i8)yes & mask) | ((lqa_i8)no & ~mask));
}
LQA_INLINE lqa_f8 lqa_f8_max(lqa_f8 a, lqa_f8 b) {
  return lqa_f8_choose(a > b, a, b);
}

/* lqa_expf in eight lanes for x <= 0 (softmax subtracts the maximum): below -87 it is exp(-87),
 * about 1e-38, so no lane is ever 0 or denormal. Cephes' expf: reduction by ln 2 in two parts,
 * degree 5. */
LQA_INLINE lqa_f8 lqa_f8_exp(lqa_f8 x) {
  const lqa_f8 magic = lqa_f8_all(12582912.f); /* 1.5 * 2^23: adding it rounds to an integer */
  x = lqa_f8_max(x, lqa_f8_all(-87.f));
  lqa_f8 shifted = x * 1.44269504088896341f + magic;
  lqa_f8 n = shifted - magic;
  lqa_f8 r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  lqa_f8 p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.f;
  lqa_i8 exponent = ((lqa_i8)shifted - (lqa_i8)magic) << 23;
  return (lqa_f8)((lqa_i8)p + exponent);
}

#define LQA_SWAP_1(a) __builtin_shufflevector(a, a, 1, 0, 3, 2, 5, 4, 7, 6)
#define LQA_SWAP_2(a) __builtin_shufflevector(a, a, 2, 3, 0, 1, 6, 7, 4, 5)
#define LQA_SWAP_4(a) __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3)

/* In every lane the sum over its group of `width` (2, 4 or 8) lanes. */
LQA_INLINE lqa_f8 lqa_f8_group_sum(lqa_f8 a, int width) {
  a = a + LQA_SWAP_1(a);
  a = width > 2 ? a + LQA_SWAP_2(a) : a;
  return width > 4 ? a + LQA_SWAP_4(a) : a;
}
LQA_INLINE lqa_f8 lqa_f8_group_max(lqa_f8 a, int width) {
  a = lqa_f8_max(a, LQA_SWAP_1(a));
  a = width > 2 ? lqa_f8_max(a, LQA_SWAP_2(a)) : a;
  return width > 4 ? lqa_f8_max(a, LQA_SWAP_4(a)) : a;
}

#endif
