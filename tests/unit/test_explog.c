/* exp and log against long double libm, edge by edge, and bit for bit on every SIMD level. */
#include "base/explog.h"
#include "base/hash.h"
#include "base/rng.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

enum { N_POINTS = 1 << 20 };

/* Distance of `got` from the true value in units of the last place of a double. */
static double ulps(double got, long double want) {
  int exponent;
  frexpl(want, &exponent);
  return (double)(fabsl(got - want) / ldexpl(1, exponent - 53));
}

static double ulps_f(float got, double want) {
  int exponent;
  frexp(want, &exponent);
  return fabs(got - want) / ldexp(1, exponent - 24);
}

/* Uniform in [low, high). */
static double between(lqa_rng *rng, double low, double high) {
  return low + (high - low) * lqa_rng_uniform(rng);
}

static void test_exp_error(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 1);
  for (int i = 0; i < N_POINTS; i++) {
    double range = i % 3 == 0 ? 708.3 : i % 3 == 1 ? 1 : 40;
    double x = between(&rng, -range, range);
    assert_true(ulps(lqa_exp(x), expl(x)) < 1.1);
    float y = (float)between(&rng, i % 2 ? -87.3 : -2, i % 2 ? 88.7 : 2);
    assert_true(ulps_f(lqa_expf(y), exp(y)) < 1.1);
  }
}

static void test_log_error(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 2, 1);
  for (int i = 0; i < N_POINTS; i++) {
    double x = i % 3 == 0   ? exp(between(&rng, -745, 709))
               : i % 3 == 1 ? between(&rng, 0.5, 2)
                            : 1 + between(&rng, -1, 1) * exp(between(&rng, -30, 0));
    if (x != 1 && x > 0) {
      assert_true(ulps(lqa_log(x), logl(x)) < 1.1);
    }
    float y = i % 2 ? lqa_float_of_bits((uint32_t)(1 + lqa_rng_below(&rng, 0x7f7fffff))) : (float)x;
    if (y != 1 && y > 0 && y <= FLT_MAX) {
      assert_true(ulps_f(lqa_logf(y), log(y)) < 1.1);
    }
  }
}

/* Every float subnormal's neighbourhood would take long; every 97th does not. */
static void test_log_of_subnormals(void **state) {
  (void)state;
  for (uint32_t bits = 1; bits < 0x00800000; bits += 97) {
    float x = lqa_float_of_bits(bits);
    assert_true(ulps_f(lqa_logf(x), log(x)) < 1.1);
  }
  for (int e = 0; e < 52; e++) {
    double x = ldexp(1, -1074 + e) * 1.0;
    assert_true(ulps(lqa_log(x), logl(x)) < 1.1);
  }
}

static void test_exp_edges(void **state) {
  (void)state;
  const double least = -0x1.6232bdd7abcd2p+9, most = 0x1.62e42fefa39efp+9;
  assert_true(lqa_exp(0.0) == 1 && lqa_exp(-0.0) == 1);
  assert_true(lqa_exp(least) > 0 && lqa_exp(nextafter(least, -INFINITY)) == 0);
  assert_true(ulps(lqa_exp(least), expl(least)) < 1.1);
  assert_true(lqa_exp(most) <= DBL_MAX && lqa_exp(nextafter(most, INFINITY)) == INFINITY);
  assert_true(ulps(lqa_exp(most), expl(most)) < 1.1);
  assert_true(lqa_exp(-INFINITY) == 0 && lqa_exp(INFINITY) == INFINITY && isnan(lqa_exp(NAN)));
  assert_true(lqa_exp(-1e300) == 0 && lqa_exp(1e300) == INFINITY);
  assert_true(lqa_exp(5e-324) == 1 && lqa_exp(-5e-324) == 1);
  const float least_f = -0x1.5d589ep+6f, most_f = 0x1.62e42ep+6f;
  assert_true(lqa_expf(0.0f) == 1 && lqa_expf(-0.0f) == 1);
  assert_true(lqa_expf(least_f) > 0 && lqa_expf(nextafterf(least_f, -INFINITY)) == 0);
  assert_true(lqa_expf(most_f) <= FLT_MAX && lqa_expf(nextafterf(most_f, INFINITY)) == INFINITY);
  assert_true(lqa_expf(-INFINITY) == 0 && lqa_expf(INFINITY) == INFINITY);
  assert_true(isnan(lqa_expf(NAN)));
}

static void test_log_edges(void **state) {
  (void)state;
  assert_true(lqa_log(1) == 0 && !signbit(lqa_log(1)));
  assert_true(lqa_log(0.0) == -INFINITY && lqa_log(-0.0) == -INFINITY);
  assert_true(isnan(lqa_log(-1)) && isnan(lqa_log(-5e-324)) && isnan(lqa_log(-INFINITY)));
  assert_true(isnan(lqa_log(NAN)) && lqa_log(INFINITY) == INFINITY);
  assert_true(ulps(lqa_log(DBL_MAX), logl(DBL_MAX)) < 1.1);
  assert_true(ulps(lqa_log(DBL_MIN), logl(DBL_MIN)) < 1.1);
  assert_true(lqa_logf(1) == 0 && lqa_logf(0) == -INFINITY && lqa_logf(-0.0f) == -INFINITY);
  assert_true(isnan(lqa_logf(-1)) && isnan(lqa_logf(NAN)) && lqa_logf(INFINITY) == INFINITY);
}

/* The same loops, vectorised for each level: identical bits, or results would depend on the
 * machine. */
#define LOOPS(level, attribute)                                                       \
  attribute static void loops_##level(const double *x, const float *y, double *out) { \
    float *out_f = (float *)(out + 2 * N_POINTS);                                     \
    for (int i = 0; i < N_POINTS; i++) {                                              \
      out[i] = lqa_exp(x[i]);                                                         \
    }                                                                                 \
    for (int i = 0; i < N_POINTS; i++) {                                              \
      out[N_POINTS + i] = lqa_log(x[i]);                                              \
    }                                                                                 \
    for (int i = 0; i < N_POINTS; i++) {                                              \
      out_f[i] = lqa_expf(y[i]);                                                      \
    }                                                                                 \
    for (int i = 0; i < N_POINTS; i++) {                                              \
      out_f[N_POINTS + i] = lqa_logf(y[i]);                                           \
    }                                                                                 \
  }
LOOPS(plain, )
#if defined(__x86_64__)
LOOPS(avx2, __attribute__((target("avx2,fma"))))
LOOPS(avx512, __attribute__((target("avx512f,avx512dq,avx512vl,fma"))))
#endif

/* Any bits at all, NaN apart (which NaN comes out is the processor's choice). */
static void fill_any_bits(double *x, float *y) {
  lqa_rng rng;
  lqa_rng_init(&rng, 3, 1);
  for (int i = 0; i < N_POINTS; i++) {
    uint64_t bits = lqa_rng_next(&rng);
    x[i] = i % 2 ? lqa_double_of_bits(bits) : between(&rng, i % 4 ? -750 : 0, i % 4 ? 750 : 2);
    y[i] = i % 2 ? lqa_float_of_bits((uint32_t)bits) : (float)x[i];
    x[i] = isnan(x[i]) ? 0.5 : x[i];
    y[i] = isnan(y[i]) ? 0.5f : y[i];
  }
}

static void clear_nans(double *out) {
  float *out_f = (float *)(out + 2 * N_POINTS);
  for (int i = 0; i < 2 * N_POINTS; i++) {
    out[i] = isnan(out[i]) ? 0 : out[i];
    out_f[i] = isnan(out_f[i]) ? 0 : out_f[i];
  }
}

static void test_same_bits_everywhere(void **state) {
  (void)state;
  size_t bytes = 3 * N_POINTS * sizeof(double);
  double *x = malloc(N_POINTS * sizeof *x), *first = malloc(bytes), *other = malloc(bytes);
  float *y = malloc(N_POINTS * sizeof *y);
  fill_any_bits(x, y);
  loops_plain(x, y, first);
  clear_nans(first);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    loops_avx2(x, y, other);
    clear_nans(other);
    assert_memory_equal(first, other, bytes);
  }
  if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    loops_avx512(x, y, other);
    clear_nans(other);
    assert_memory_equal(first, other, bytes);
  }
#endif
  /* The bits of version 0.1: any compiler, any machine. A change here changes users' results. */
  char digest[65];
  lqa_sha256(first, bytes, digest);
  assert_string_equal(digest, "e5e7a428b29871212eba6126417530f1b677eaef6a0446b3f9f7393ecd90168f");
  free(x);
  free(y);
  free(first);
  free(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exp_error),         cmocka_unit_test(test_log_error),
      cmocka_unit_test(test_log_of_subnormals), cmocka_unit_test(test_exp_edges),
      cmocka_unit_test(test_log_edges),         cmocka_unit_test(test_same_bits_everywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
