/* tests/unit/test_confident_slow.c - labelqa/confident.h and inspector.h against a slow, obvious
 * implementation (slow_confident.h). Random problems with ties, absent classes, rows left out, NaN,
 * few rows, many classes; the same bytes for 1, 2 and 8 threads and for any cut into batches. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "slow_confident.h"

#include "base/pairwise_sum.h"
#include "base/rng.h"
#include "labelqa/inspector.h"
#include "labelqa/labelqa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_FILTERS = 7, N_ROUNDS = 60 };

/* levels: how many different values there are before scaling; 0 = one class has probability 1. */
static void make_problem(struct problem *q, lqa_rng *rng, int64_t n, int32_t k, int levels) {
  *q = (struct problem){.n = n, .k = k, .is_single = lqa_rng_below(rng, 2) == 0};
  q->p = malloc((size_t)(n * k) * sizeof *q->p);
  q->single = malloc((size_t)(n * k) * sizeof *q->single);
  q->label = malloc((size_t)n * sizeof *q->label);
  int32_t n_used = k > 2 && lqa_rng_below(rng, 3) == 0 ? k - 1 : k; /* the last class is absent */
  for (int64_t i = 0; i < n; i++) {
    int32_t truth = (int32_t)lqa_rng_below(rng, (uint64_t)n_used);
    double sum = 0, *row = q->p + i * k;
    for (int32_t j = 0; j < k; j++) {
      row[j] = levels ? 1 + (double)lqa_rng_below(rng, (uint64_t)levels) : 0;
      row[j] += j == truth ? (levels ? levels : 1) : 0;
      sum += row[j];
    }
    for (int32_t j = 0; j < k; j++) {
      row[j] = q->is_single ? (double)(float)(row[j] / sum) : row[j] / sum;
    }
    bool is_wrong = lqa_rng_below(rng, 5) == 0;
    q->label[i] = is_wrong ? (int32_t)lqa_rng_below(rng, (uint64_t)n_used) : truth;
    q->label[i] = lqa_rng_below(rng, 12) == 0 ? -1 : q->label[i];
  }
  q->label[0] = 0;
}

static void set_views(struct problem *q) {
  for (int64_t i = 0; i < q->n * q->k; i++) {
    q->single[i] = (float)q->p[i];
  }
  q->probs =
      q->is_single ? lqa_matrix_of_f32(q->single, q->n, q->k) : lqa_matrix_of_f64(q->p, q->n, q->k);
  q->labels = lqa_vector_of_i32(q->label, q->n);
}

static void clear_problem(struct problem *q) {
  free(q->p);
  free(q->single);
  free(q->label);
}

static lqa_confident_learner *open_problem(const struct problem *q, int64_t threads) {
  lqa_confident_learner_input input;
  lqa_confident_learner *cl = NULL;
  lqa_error err;
  lqa_confident_learner_input_init(&input);
  input.pred_probs = &q->probs;
  input.labels = &q->labels;
  input.threads = threads;
  input.tolerance = q->is_raw ? -1 : input.tolerance;
  assert_int_equal(lqa_confident_learner_open(&input, &cl, &err), LQA_OK);
  assert_int_equal(lqa_confident_learner_count_scaled(cl), 0);
  return cl;
}

/* ---- the comparison ---- */

static void check_rank(const struct problem *q, lqa_confident_learner *cl, const uint8_t *issue) {
  struct keyed *list = malloc((size_t)q->n * sizeof *list);
  for (int method = 0; method < 2; method++) {
    lqa_rank_options how = {(lqa_score_method)method, false};
    lqa_ranking ranking;
    int64_t n = 0, *rows = malloc((size_t)q->n * sizeof *rows);
    for (int64_t i = 0; i < q->n; i++) {
      if (issue[i]) {
        list[n++] = (struct keyed){q->label[i] < 0 ? 0 : slow_score(q, i, how.method), i};
      }
    }
    qsort(list, (size_t)n, sizeof *list, compare_keyed);
    assert_int_equal(lqa_confident_learner_rank(cl, issue, &how, &ranking, NULL), LQA_OK);
    assert_int_equal(lqa_confident_learner_rank_rows(cl, issue, &how, rows, NULL), LQA_OK);
    assert_int_equal(ranking.n, n);
    for (int64_t i = 0; i < n; i++) {
      assert_int_equal(ranking.rows[i], list[i].row);
      assert_int_equal(rows[i], list[i].row);
    }
    lqa_free(ranking.rows);
    free(rows);
  }
  free(list);
}

static void check_filters(const struct problem *q, struct slow *s, lqa_filter_options *o) {
  static const int64_t threads[] = {1, 2, 8};
  uint8_t *expected = malloc((size_t)q->n), *found = malloc((size_t)q->n);
  for (int f = 0; f < N_FILTERS; f++) {
    o->filter_by = (lqa_filter_by)f;
    slow_filter(q, s, o, expected);
    for (int i = 0; i < 3; i++) {
      lqa_confident_learner *cl = open_problem(q, threads[i]);
      int64_t n_issues;
      assert_int_equal(lqa_confident_learner_count_issues(cl, &n_issues, NULL), LQA_OK);
      assert_int_equal(n_issues, s->n_issues);
      assert_int_equal(lqa_confident_learner_find_issues(cl, o, found, NULL), LQA_OK);
      assert_memory_equal(found, expected, (size_t)q->n);
      check_rank(q, cl, found);
      lqa_confident_learner_close(cl);
    }
  }
  free(expected);
  free(found);
}

static void check_inspector(const struct problem *q, struct slow *s, const lqa_filter_options *o,
                            int64_t step) {
  lqa_inspector_options options;
  lqa_inspector *in = NULL;
  lqa_error err;
  uint8_t *expected = malloc((size_t)q->n);
  lqa_inspector_options_init(&options);
  options.filter = *o;
  options.tolerance = q->is_raw ? -1 : options.tolerance;
  options.threads = 1 + step % 3;
  slow_filter(q, s, o, expected);
  assert_int_equal(lqa_inspector_open(&options, &in, &err), LQA_OK);
  while (lqa_inspector_pass(in) != LQA_PASS_DONE) {
    for (int64_t row = 0; row < q->n; row += step) {
      lqa_matrix probs = q->probs, labels = q->labels;
      probs.n_rows = labels.n_rows = q->n - row < step ? q->n - row : step;
      probs.data = (const char *)probs.data + row * probs.row_stride;
      labels.data = (const char *)labels.data + row * labels.row_stride;
      assert_int_equal(lqa_inspector_add(in, &labels, &probs, &err), LQA_OK);
    }
    assert_int_equal(lqa_inspector_next(in, &err), LQA_OK);
  }
  assert_int_equal(lqa_inspector_count_issues(in), s->n_issues);
  assert_memory_equal(lqa_inspector_joint(in), s->joint,
                      (size_t)q->k * (size_t)q->k * sizeof *s->joint);
  assert_memory_equal(lqa_inspector_issues(in), expected, (size_t)q->n);
  lqa_inspector_close(in);
  free(expected);
}

/* Options that change the quotas; `storage` holds what they point to. */
struct storage {
  lqa_joint joint;
  double *cell;
  int64_t *remove;
};

static void choose_options(const struct problem *q, lqa_rng *rng, struct storage *storage,
                           lqa_filter_options *o) {
  int64_t n_cells = (int64_t)q->k * q->k;
  lqa_filter_options_init(o);
  *storage = (struct storage){.cell = malloc((size_t)n_cells * sizeof(double)),
                              .remove = malloc((size_t)q->k * sizeof(int64_t))};
  o->frac_noise = lqa_rng_below(rng, 3) == 0 ? lqa_rng_uniform(rng) : 1;
  o->min_examples_per_class = (int64_t)lqa_rng_below(rng, 4) * (q->n / q->k / 3);
  for (int64_t i = 0; i < n_cells; i++) {
    storage->cell[i] = (double)lqa_rng_below(rng, 1 + (uint64_t)(4 * q->n / n_cells));
  }
  for (int32_t k = 0; k < q->k; k++) {
    storage->remove[k] = (int64_t)lqa_rng_below(rng, 1 + (uint64_t)(q->n / q->k / 2));
  }
  storage->joint = (lqa_joint){storage->cell, q->k, lqa_rng_below(rng, 2) == 0};
  uint64_t draw = lqa_rng_below(rng, 5);
  o->confident_joint = draw == 0 ? &storage->joint : NULL;
  o->num_to_remove = draw == 1 ? storage->remove : NULL;
}

static void check_problem(struct problem *q, lqa_rng *rng) {
  struct slow s = {0};
  struct storage storage;
  lqa_filter_options o;
  set_views(q);
  choose_options(q, rng, &storage, &o);
  slow_scan(q, &s);
  check_filters(q, &s, &o);
  for (int f = 0; f < 3; f++) {
    o.filter_by = (lqa_filter_by)f;
    check_inspector(q, &s, &o, 1 + (int64_t)lqa_rng_below(rng, (uint64_t)q->n));
  }
  clear_slow(&s);
  free(storage.cell);
  free(storage.remove);
}

static void test_random_problems(void **state) {
  static const int levels[] = {0, 2, 9, 1000};
  lqa_rng rng;
  (void)state;
  lqa_rng_init(&rng, 21, 0);
  for (int round = 0; round < N_ROUNDS; round++) {
    struct problem q;
    int32_t k = 2 + (int32_t)lqa_rng_below(&rng, round % 4 == 0 ? 70 : 9);
    make_problem(&q, &rng, 2 + (int64_t)lqa_rng_below(&rng, 2500), k, levels[round % 4]);
    check_problem(&q, &rng);
    clear_problem(&q);
  }
}

/* Fewer rows than threads, down to one. */
static void test_few_rows(void **state) {
  lqa_rng rng;
  (void)state;
  lqa_rng_init(&rng, 22, 0);
  for (int64_t n = 1; n < 12; n++) {
    struct problem q;
    make_problem(&q, &rng, n, 2 + (int32_t)lqa_rng_below(&rng, 3), 5);
    check_problem(&q, &rng);
    clear_problem(&q);
  }
}

/* A thousand classes: quotas are sparse, and so are classes. */
static void test_many_classes(void **state) {
  lqa_rng rng;
  struct problem q;
  (void)state;
  lqa_rng_init(&rng, 23, 0);
  make_problem(&q, &rng, 1500, 1000, 100);
  check_problem(&q, &rng);
  clear_problem(&q);
}

/* What the drop-in lets pass: NaN is never confident, is the most probable class, and comes last.
 */
static void test_nan(void **state) {
  lqa_rng rng;
  (void)state;
  lqa_rng_init(&rng, 24, 0);
  for (int round = 0; round < 12; round++) {
    struct problem q;
    make_problem(&q, &rng, 900, 2 + (int32_t)lqa_rng_below(&rng, 50), 6);
    q.is_raw = true;
    for (int i = 0; i < 40; i++) {
      q.p[lqa_rng_below(&rng, (uint64_t)(q.n * q.k))] = (double)NAN;
    }
    check_problem(&q, &rng);
    clear_problem(&q);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_problems),
      cmocka_unit_test(test_few_rows),
      cmocka_unit_test(test_many_classes),
      cmocka_unit_test(test_nan),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
