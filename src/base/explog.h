/* base/explog.h - our own exp and log, so that no result depends on the C library.
 *
 * Plain IEEE adds and multiplies in a fixed order (the project is built with -ffp-contract=off), so
 * the bits are the same on every x86-64 level. All four are branch-free and inline, so loops over
 * them vectorise at -O3 -fno-trapping-math. Errors stay below 1.1 ulp (measured:
 * tests/unit/test_explog.c). exp: results below the smallest normal number are 0, above the largest
 * infinity. log: 0 gives -infinity, a negative number NaN. NaN gives NaN.
 *
 * Method: exp: n = round(x / ln 2), r = x - n ln 2 in two steps (Cody and Waite), Taylor polynomial
 * on |r| <= ln 2 / 2, scaled by 2^n. log: x = 2^e m with m in [sqrt(1/2), sqrt(2)), log m = 2
 * atanh((m - 1) / (m + 1)) as an odd series, arranged as in FreeBSD's e_log.c.
 */
#ifndef LQA_BASE_EXPLOG_H
#define LQA_BASE_EXPLOG_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline double lqa_double_of_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static inline uint64_t lqa_bits_of_double(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
static inline float lqa_float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static inline uint32_t lqa_bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline double lqa_exp(double x) {
  const double shift = 0x1.8p52;
  double clamped = x < -709.0 ? -709.0 : x;
  clamped = clamped > 709.9 ? 709.9 : clamped;
  double biased = clamped * 0x1.71547652b82fep0 + shift; /* 1 / ln 2 */
  double n = biased - shift;
  double r = clamped - n * 0x1.62e42feep-1;
  r = r - n * 0x1.a39ef35793c76p-33;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = (p * r) * r + r;
  p = p + 1.0;
  /* 2^n as a product of two powers, so that neither leaves the normal range; the low bits of a
   * number plus `shift` hold it as an integer. */
  double first = n * 0.5 + shift;
  double second = (n - (first - shift)) + shift;
  double result = p * lqa_double_of_bits((lqa_bits_of_double(first) + 1023) << 52);
  result = result * lqa_double_of_bits((lqa_bits_of_double(second) + 1023) << 52);
  result = x < -0x1.6232bdd7abcd2p+9 ? 0.0 : result; /* ln of the smallest normal number */
  result = x > 709.782712893384 ? lqa_double_of_bits(0x7ff0000000000000u) : result;
  return x != x ? x : result;
}

static inline double lqa_log(double x) {
  bool is_small = x < 0x1p-1022;
  double scaled = is_small ? x * 0x1p54 : x; /* subnormals become normal */
  uint64_t bits = lqa_bits_of_double(scaled);
  /* k - 1024 is the exponent that leaves a mantissa m in [sqrt(1/2), sqrt(2)). */
  uint64_t k = (bits + (0x4000000000000000u - 0x3fe6a09e667f3bcdu)) >> 52;
  double m = lqa_double_of_bits(bits - ((k - 1024) << 52));
  double e = lqa_double_of_bits(k | 0x4330000000000000u) - (0x1p52 + 1024); /* k as a double */
  e = is_small ? e - 54 : e;
  double f = m - 1.0;
  double s = f / (2.0 + f);
  double z = s * s;
  double p = 2.0 / 21;
  p = p * z + 2.0 / 19;
  p = p * z + 2.0 / 17;
  p = p * z + 2.0 / 15;
  p = p * z + 2.0 / 13;
  p = p * z + 2.0 / 11;
  p = p * z + 2.0 / 9;
  p = p * z + 2.0 / 7;
  p = p * z + 2.0 / 5;
  p = p * z + 2.0 / 3;
  double half = 0.5 * f * f;
  double correction = s * (half + p * z); /* log m = f - half + s (half + series) */
  double result = e * 0x1.62e42feep-1 + ((correction + e * 0x1.a39ef35793c76p-33) - half + f);
  double infinity = lqa_double_of_bits(0x7ff0000000000000u);
  result = x == 0 ? -infinity : result;
  result = x < 0 ? lqa_double_of_bits(0x7ff8000000000000u) : result;
  result = x == infinity ? x : result;
  return x != x ? x : result;
}

static inline float lqa_expf(float x) {
  const float shift = 0x1.8p23f;
  float clamped = x < -88.0f ? -88.0f : x;
  clamped = clamped > 89.0f ? 89.0f : clamped;
  float biased = clamped * 0x1.715476p0f + shift;
  float n = biased - shift;
  float r = clamped - n * 0x1.62e4p-1f;
  r = r - n * 0x1.7f7d1cp-20f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = (p * r) * r + r;
  p = p + 1.0f;
  float first = n * 0.5f + shift;
  float second = (n - (first - shift)) + shift;
  float result = p * lqa_float_of_bits((lqa_bits_of_float(first) + 127) << 23);
  result = result * lqa_float_of_bits((lqa_bits_of_float(second) + 127) << 23);
  result = x < -0x1.5d589ep+6f ? 0.0f : result; /* ln of the smallest normal number */
  result = x > 88.72283f ? lqa_float_of_bits(0x7f800000u) : result;
  return x != x ? x : result;
}

static inline float lqa_logf(float x) {
  bool is_small = x < 0x1p-126f;
  float scaled = is_small ? x * 0x1p25f : x; /* subnormals become normal */
  uint32_t bits = lqa_bits_of_float(scaled);
  uint32_t k = (bits + (0x40000000u - 0x3f3504f3u)) >> 23;
  float m = lqa_float_of_bits(bits - ((k - 128) << 23));
  float e = lqa_float_of_bits(k | 0x4b000000u) - (0x1p23f + 128);
  e = is_small ? e - 25 : e;
  float f = m - 1.0f;
  float s = f / (2.0f + f);
  float z = s * s;
  float p = 2.0f / 9;
  p = p * z + 2.0f / 7;
  p = p * z + 2.0f / 5;
  p = p * z + 2.0f / 3;
  float half = 0.5f * f * f;
  float result = e * 0x1.62e4p-1f + ((s * (half + p * z) + e * 0x1.7f7d1cp-20f) - half + f);
  float infinity = lqa_float_of_bits(0x7f800000u);
  result = x == 0 ? -infinity : result;
  result = x < 0 ? lqa_float_of_bits(0x7fc00000u) : result;
  result = x == infinity ? x : result;
  return x != x ? x : result;
}

#endif
