/* Intervals against scipy (numbers made by tests/reference/intervals.py) and by simulation. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/rng.h"
#include "base/interval.h"
#include "trust/beta.h"
#include "trust/error_rate.h"

#include <math.h>
#include <stdbool.h>

static void assert_near(double got, double want, double tolerance) {
  if (!(fabs(got - want) <= tolerance * fmax(1, fabs(want)))) {
    print_error("got %.17g, want %.17g\n", got, want);
  }
  assert_true(fabs(got - want) <= tolerance * fmax(1, fabs(want)));
}

static void distributions_match_scipy(void **state) {
  (void)state;
  static const double normal[][2] = {{1e-12, -7.03448382530113},
                                     {.001, -3.09023230616781},
                                     {.025, -1.95996398454005},
                                     {.2, -.841621233572914},
                                     {.5, 0},
                                     {.9, 1.2815515655446},
                                     {.975, 1.95996398454005},
                                     {.9999999, 5.19933758229066}};
  static const double beta[][4] = {{.1, 2, 3, .0523},
                                   {.5, .5, .5, .5},
                                   {.9, 30, 2, .169564633100865},
                                   {.01, 1, 500, .993429516957585},
                                   {.123, 12345.5, 87655.5, .332052097637217},
                                   {.999, 200, .5, .527244107025235}};
  static const double gamma[][2] = {{.001, 6.90717888538385},
                                    {.5, .5723649429247},
                                    {1, 0},
                                    {2, 0},
                                    {3.7, 1.42807232666539},
                                    {10, 12.8018274800815},
                                    {100.25, 360.284559637764},
                                    {1e6, 12815504.5691476}};
  for (size_t i = 0; i < 8; i++) {
    assert_near(lqa_normal_quantile(normal[i][0]), normal[i][1], 1e-9);
    assert_near(lqa_log_gamma(gamma[i][0]), gamma[i][1], 1e-13);
  }
  for (size_t i = 0; i < 6; i++) {
    assert_near(lqa_beta_cdf(beta[i][0], beta[i][1], beta[i][2]), beta[i][3], 1e-10);
    assert_near(lqa_beta_quantile(beta[i][3], beta[i][1], beta[i][2]), beta[i][0], 1e-10);
  }
}

static void binomial_intervals_match_scipy(void **state) {
  (void)state;
  static const struct {
    int64_t hits, n;
    double wilson[2], exact[2], jeffreys[2];
  } cases[] = {
      {0, 1, {0, .793450685622763}, {0, .975}, {0, .853253683690425}},
      {1, 1, {.206549314377237, 1}, {.025, 1}, {.146746316309575, 1}},
      {0, 20, {0, .161125158052819}, {0, .168433470983085}, {0, .116638982904875}},
      {1,
       20,
       {.0088814488007954, .236131193446742},
       {.00126508949795603, .248732762772028},
       {.0054490325814266, .210818636249265}},
      {7,
       50,
       {.0695083342701629, .261861937105855},
       {.0581917003399734, .267396002497008},
       {.0648717011505185, .255325028156392}},
      {50, 50, {.928652400866641, 1}, {.928878263535795, 1}, {.951241540555929, 1}},
      {3,
       149,
       {.00687071118641248, .0575192710646705},
       {.00417156525022592, .0577115504660381},
       {.00570250194721026, .0527497315210625}},
      {0, 149, {0, .0251336178700095}, {0, .0244536249055963}, {0, .0166895367890601}},
      {480,
       1000,
       {.449170794996941, .510982275342481},
       {.448632942694534, .511485117547853},
       {.449130244912429, .510985340382716}},
      {12345,
       100000,
       {.121425617754522, .125503311160565},
       {.121417106707884, .125504760848672},
       {.121422071090188, .125499725521389}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    lqa_interval w = lqa_interval_wilson(cases[i].hits, cases[i].n, .95);
    lqa_interval c = lqa_interval_clopper_pearson(cases[i].hits, cases[i].n, .95);
    lqa_interval j = lqa_interval_jeffreys(cases[i].hits, cases[i].n, .95);
    assert_near(w.low, cases[i].wilson[0], 1e-10);
    assert_near(w.high, cases[i].wilson[1], 1e-10);
    assert_near(c.low, cases[i].exact[0], 1e-10);
    assert_near(c.high, cases[i].exact[1], 1e-10);
    assert_near(j.low, cases[i].jeffreys[0], 1e-10);
    assert_near(j.high, cases[i].jeffreys[1], 1e-10);
    assert_true(w.estimate == (double)cases[i].hits / (double)cases[i].n);
    assert_int_equal(w.n, cases[i].n);
  }
  lqa_interval none = lqa_interval_wilson(0, 0, .95);
  assert_true(isnan(none.estimate) && none.low == 0 && none.high == 1 && none.n == 0);
}

static void stratified_interval_matches_numpy(void **state) {
  (void)state;
  static const struct {
    lqa_stratum strata[3];
    size_t n;
    double want[3];
  } cases[] = {
      {{{1000, 40, 4}, {200, 30, 21}}, 2, {.2, .130581013041315, .293850178025188}},
      {{{5000, 100, 0}, {300, 50, 10}, {20, 20, 3}},
       3,
       {.0118421052631579, .00425141822145411, .0325426445543894}},
      {{{100, 1, 0}, {100, 1, 1}, {100, 5, 2}},
       3,
       {.466666666666667, .158125250355835, .8030047514717}},
      {{{10, 10, 1}, {10, 10, 9}}, 2, {.5, .5, .5}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    lqa_interval got = lqa_interval_stratified(cases[i].strata, cases[i].n, .95);
    assert_near(got.estimate, cases[i].want[0], 1e-12);
    assert_near(got.low, cases[i].want[1], 1e-10);
    assert_near(got.high, cases[i].want[2], 1e-10);
  }
}

/* One stratum of an endless population is plain Wilson; an unchecked stratum widens, never
 * narrows. */
static void stratified_interval_degrades_sensibly(void **state) {
  (void)state;
  lqa_stratum one = {INT64_MAX / 2, 50, 7};
  lqa_interval plain = lqa_interval_wilson(7, 50, .95);
  lqa_interval single = lqa_interval_stratified(&one, 1, .95);
  assert_near(single.low, plain.low, 1e-12);
  assert_near(single.high, plain.high, 1e-12);
  lqa_stratum known[] = {{1000, 50, 5}, {1000, 50, 5}};
  lqa_stratum gap[] = {{1000, 50, 5}, {1000, 0, 0}};
  lqa_interval both = lqa_interval_stratified(known, 2, .95);
  lqa_interval half = lqa_interval_stratified(gap, 2, .95);
  assert_near(half.estimate, .1, 1e-12);
  assert_true(half.low < both.low && half.high > both.high);
  lqa_interval none = lqa_interval_stratified(gap + 1, 1, .95);
  assert_true(isnan(none.estimate) && none.n == 0);
}

/* Rows of a stratum that are drawn without replacement: hypergeometric hits. */
static int64_t draw_hits(lqa_rng *rng, int64_t population, int64_t wrong, int64_t n) {
  int64_t hits = 0;
  for (int64_t i = 0; i < n; i++) {
    bool hit = (int64_t)lqa_rng_below(rng, (uint64_t)(population - i)) < wrong - hits;
    hits += hit;
  }
  return hits;
}

static void stratified_interval_covers_the_truth(void **state) {
  (void)state;
  static const int64_t design[][3] = {/* population, wrong, drawn */
                                      {8000, 40, 80},
                                      {1500, 30, 30},
                                      {400, 220, 60},
                                      {100, 35, 30}};
  double truth = (40 + 30 + 220 + 35) / 10000.;
  enum { ROUNDS = 4000 };
  int covered = 0;
  lqa_rng rng;
  lqa_rng_init(&rng, 11, 3);
  for (int round = 0; round < ROUNDS; round++) {
    lqa_stratum strata[4];
    for (int h = 0; h < 4; h++) {
      strata[h] = (lqa_stratum){design[h][0], design[h][2],
                                draw_hits(&rng, design[h][0], design[h][1], design[h][2])};
    }
    lqa_interval got = lqa_interval_stratified(strata, 4, .95);
    covered += got.low <= truth && truth <= got.high;
  }
  print_message("95 %% interval covered %.1f %%\n", 100. * covered / ROUNDS);
  assert_true(covered > .93 * ROUNDS);
  assert_true(covered < .999 * ROUNDS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(distributions_match_scipy),
      cmocka_unit_test(binomial_intervals_match_scipy),
      cmocka_unit_test(stratified_interval_matches_numpy),
      cmocka_unit_test(stratified_interval_degrades_sensibly),
      cmocka_unit_test(stratified_interval_covers_the_truth),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
