/* tests/unit/test_posterior.c - the posterior on made-up rows: what may reach a row's own evidence,
 * and opinions that do not fit. */
#include "must.h"

#include "base/memory.h"
#include "base/rng.h"
#include "model/linear/soft_targets.h"
#include "trust/posterior.h"

#include <math.h>
#include <string.h>

enum { N_FOLDS = 5, COLUMNS = 12, MOST_OPINIONS = 4000 };

/* Rows whose content points at their true class, of which some are labelled otherwise. */
typedef struct made_up {
  lqa_trust_rows rows;
  int32_t *label, *truth;
  uint8_t *fold;
  float *log_p;
  lqa_opinion opinions[MOST_OPINIONS];
  size_t n_opinions;
  lqa_rng rng;
} made_up;

static double draw(made_up *m) {
  return (double)lqa_rng_below(&m->rng, 1 << 20) / (1 << 20);
}

static int32_t other_class(made_up *m, int32_t k) {
  int32_t n = m->rows.n_classes;
  return (int32_t)((k + 1 + (int32_t)lqa_rng_below(&m->rng, (uint64_t)(n - 1))) % n);
}

/* One row's log-probabilities: the true class leads by 3 in 17 of 20 rows. */
static void make_row(made_up *m, int64_t row, double share_wrong) {
  size_t n = (size_t)m->rows.n_classes;
  float *z = m->log_p + (size_t)row * n;
  m->truth[row] = (int32_t)(row % (int64_t)n);
  m->label[row] = draw(m) < share_wrong ? other_class(m, m->truth[row]) : m->truth[row];
  m->fold[row] = (uint8_t)lqa_rng_below(&m->rng, N_FOLDS);
  int32_t seen = draw(m) < .85 ? m->truth[row] : other_class(m, m->truth[row]);
  for (size_t k = 0; k < n; k++) {
    z[k] = (float)(draw(m) + ((int32_t)k == seen ? 1 + 4 * draw(m) : 0));
  }
  lqa_log_softmax(z, 1, m->rows.n_classes);
}

static void make(made_up *m, int64_t n_rows, int32_t n_classes, double share_wrong) {
  size_t n = (size_t)n_rows;
  *m = (made_up){.rows = {.n_rows = n_rows, .n_classes = n_classes, .n_folds = N_FOLDS}};
  lqa_rng_init(&m->rng, 7, 1);
  m->label = lqa_malloc(n, sizeof *m->label);
  m->truth = lqa_malloc(n, sizeof *m->truth);
  m->fold = lqa_malloc(n, sizeof *m->fold);
  m->log_p = lqa_malloc(n, (size_t)n_classes * sizeof *m->log_p);
  m->rows.label = m->label;
  m->rows.fold = m->fold;
  for (int64_t row = 0; row < n_rows; row++) {
    make_row(m, row, share_wrong);
  }
}

static void clear(made_up *m) {
  free(m->label);
  free(m->truth);
  free(m->fold);
  free(m->log_p);
}

/* `judge` (negative: a person) says something of every step-th row, right in a share of cases. */
static void ask(made_up *m, int judge, int64_t step, double accuracy) {
  for (int64_t row = 0; row < m->rows.n_rows; row += step) {
    int32_t truth = m->truth[row];
    m->opinions[m->n_opinions++] =
        (lqa_opinion){row, draw(m) < accuracy ? truth : other_class(m, truth), judge, 1};
  }
}

static lqa_posterior *run(const made_up *m, int n_judges, const lqa_posterior_refit *refit) {
  lqa_posterior_input input = {
      .model = {.rows = &m->rows, .n_members = 1, .log_p = {m->log_p}, .prior = {1}},
      .refit = refit};
  lqa_opinions opinions = {m->opinions, m->n_opinions, n_judges, true};
  lqa_posterior *posterior = NULL;
  must_be_ok(lqa_posterior_new(&input, &posterior), NULL);
  must_be_ok(lqa_posterior_update(posterior, &opinions), NULL);
  return posterior;
}

/* Every number is one. */
static void check_whole(const lqa_posterior *p) {
  size_t k = (size_t)p->rows->n_classes;
  for (int64_t row = 0; row < p->rows->n_rows; row++) {
    double total = 0;
    for (size_t j = 0; j < k; j++) {
      float q = p->class_p[(size_t)row * k + j];
      assert_true(q >= 0 && q <= 1);
      total += (double)q;
    }
    assert_true(fabs(total - 1) < 1e-4);
    assert_true(p->p_wrong[row] >= 0 && p->p_wrong[row] <= 1);
  }
}

/* Mean p_wrong of rows with a wrong label minus that of the others. */
static double separation(const made_up *m, const lqa_posterior *p) {
  double sum[2] = {0, 0};
  int64_t n[2] = {0, 0};
  for (int64_t row = 0; row < m->rows.n_rows; row++) {
    bool wrong = m->label[row] != m->truth[row];
    sum[wrong] += p->p_wrong[row];
    n[wrong]++;
  }
  return sum[1] / (double)n[1] - sum[0] / (double)n[0];
}

/* ---- what may reach a row ---- */

/* A matrix of counts that depend on the true class. */
static void make_view(made_up *m, lqa_sparse *x) {
  size_t n = (size_t)m->rows.n_rows, used = 0;
  *x = (lqa_sparse){.n_rows = m->rows.n_rows, .n_columns = COLUMNS};
  x->row_start = lqa_calloc(n + 1, sizeof *x->row_start);
  x->column = lqa_malloc(n * COLUMNS, sizeof *x->column);
  x->value = lqa_malloc(n * COLUMNS, sizeof *x->value);
  for (size_t row = 0; row < n; row++) {
    for (uint32_t c = 0; c < COLUMNS; c++) {
      bool own = (int32_t)(c % (uint32_t)m->rows.n_classes) == m->truth[row];
      if (draw(m) < (own ? .7 : .3)) {
        x->column[used] = c;
        x->value[used++] = (float)(.5 + draw(m));
      }
    }
    x->row_start[row + 1] = used;
  }
}

typedef struct members {
  const made_up *m;
  lqa_sparse x;
  lqa_sparse_columns columns;
} members;

static lqa_status train(void *data, const float *soft, int n_members, float *const *log_p) {
  const members *v = data;
  lqa_soft_problem problem = {.x = &v->x,
                              .soft = soft,
                              .fold = v->m->fold,
                              .n_classes = v->m->rows.n_classes,
                              .n_folds = N_FOLDS,
                              .pool = v->m->rows.pool};
  lqa_soft_logistic_options options = {.C = 1, .epochs = 5, .seed = 1};
  LQA_TRY(lqa_soft_bayes_run(&problem, &v->columns, .3f, log_p[0]));
  LQA_TRY(lqa_soft_bayes_run(&problem, &v->columns, .01f, log_p[1]));
  return n_members < 3 ? LQA_OK : lqa_soft_logistic_run(&problem, &options, log_p[2]);
}

static void train_on(const members *v, const float *soft, float *out[3]) {
  size_t size = (size_t)v->m->rows.n_rows * (size_t)v->m->rows.n_classes;
  for (int i = 0; i < 3; i++) {
    out[i] = lqa_malloc(size, sizeof *out[i]);
  }
  must_be_ok(train((void *)v, soft, 3, out), NULL);
}

/* Another belief about one row leaves every member's prediction of the row's whole fold bit for bit
 * as it was, and reaches other folds. */
static void test_leak(void **state) {
  (void)state;
  static made_up m;
  members v = {&m, {0}, {0}};
  float *before[3], *after[3];
  enum { ROW = 123 };
  make(&m, 500, 3, .1);
  make_view(&m, &v.x);
  must_be_ok(lqa_sparse_columns_init(&v.x, &v.columns), NULL);
  float *soft = lqa_calloc(500, 3 * sizeof *soft);
  for (size_t row = 0; row < 500; row++) {
    soft[row * 3 + (size_t)m.label[row]] = 1;
  }
  train_on(&v, soft, before);
  soft[ROW * 3 + m.label[ROW]] = 0;
  soft[ROW * 3 + (m.label[ROW] + 1) % 3] = 1;
  train_on(&v, soft, after);
  for (int i = 0; i < 3; i++) {
    size_t changed = 0;
    for (size_t row = 0; row < 500; row++) {
      bool same = memcmp(before[i] + row * 3, after[i] + row * 3, 3 * sizeof(float)) == 0;
      assert_true(same || m.fold[row] != m.fold[ROW]);
      changed += !same;
    }
    assert_true(changed > 300);
    free(before[i]);
    free(after[i]);
  }
  free(soft);
  lqa_sparse_clear(&v.x);
  lqa_sparse_columns_clear(&v.columns);
  clear(&m);
}

/* With channel and scale as they are, a row's posterior is its content's evidence times its own
 * label's term; other rows keep their bits. */
static void test_own_label(void **state) {
  (void)state;
  static made_up m;
  lqa_channel channel;
  enum { ROW = 77, K = 4 };
  make(&m, 400, K, .1);
  must_be_ok(lqa_channel_init(&channel, K), NULL);
  lqa_channel_set_uniform(&channel, .2);
  float *before = lqa_malloc(400, K * sizeof *before), *after = lqa_malloc(400, K * sizeof *after);
  lqa_channel_input input = {&m.rows, m.log_p, 1};
  must_be_ok(lqa_channel_posterior(&input, &channel, before), NULL);
  int32_t was = m.label[ROW], now = (was + 1) % K;
  m.label[ROW] = now;
  must_be_ok(lqa_channel_posterior(&input, &channel, after), NULL);
  for (int64_t row = 0; row < 400; row++) {
    assert_true(row == ROW || memcmp(before + row * K, after + row * K, K * sizeof(float)) == 0);
  }
  for (int32_t k = 0; k < K; k++) { /* all that changed is the channel's own factor */
    double factor = log(lqa_channel_get(&channel, k, now)) - log(lqa_channel_get(&channel, k, was));
    double first = log(lqa_channel_get(&channel, 0, now)) - log(lqa_channel_get(&channel, 0, was));
    const float *a = after + ROW * K, *b = before + ROW * K;
    assert_true(fabs((double)(a[k] - a[0] - (b[k] - b[0])) - (factor - first)) < 1e-4);
  }
  free(before);
  free(after);
  lqa_channel_clear(&channel);
  clear(&m);
}

static void test_threads(void **state) {
  (void)state;
  static made_up m;
  members v = {&m, {0}, {0}};
  float *first = NULL;
  make(&m, 9000, 4, .1);
  make_view(&m, &v.x);
  must_be_ok(lqa_sparse_columns_init(&v.x, &v.columns), NULL);
  ask(&m, 0, 30, .9);
  lqa_posterior_refit refit = {.data = &v,
                               .run = train,
                               .n_members = 2,
                               .n_final = 3,
                               .prior = {.4, .4},
                               .final_prior = {.1, .15, .8},
                               .unproven = 1};
  size_t bytes = 9000 * 4 * sizeof *first;
  for (int threads = 1; threads <= 4; threads *= 2) {
    m.rows.pool = lqa_pool_new(threads);
    lqa_posterior *p = run(&m, 1, &refit);
    if (!first) {
      first = lqa_malloc(bytes, 1);
      memcpy(first, p->class_p, bytes);
    }
    assert_memory_equal(first, p->class_p, bytes);
    lqa_posterior_free(p);
    lqa_pool_free(m.rows.pool);
  }
  free(first);
  lqa_sparse_clear(&v.x);
  lqa_sparse_columns_clear(&v.columns);
  clear(&m);
}

/* ---- judges ---- */

static void test_good_judge(void **state) {
  (void)state;
  static made_up m;
  make(&m, 2000, 4, .1);
  ask(&m, 0, 10, .95);
  lqa_posterior *p = run(&m, 1, NULL);
  check_whole(p);
  assert_false(p->is_left_out[0]);
  assert_true(p->accuracy[0] > .87);
  assert_int_equal(p->used.n, m.n_opinions);
  lqa_posterior_free(p);
  clear(&m);
}

/* A judge that is right in 40 of 100 answers is noticed, and nothing rests on it. */
static void test_bad_judge(void **state) {
  (void)state;
  static const int32_t CLASSES[] = {2, 4, 10};
  for (size_t i = 0; i < 3; i++) {
    static made_up m;
    make(&m, 2000, CLASSES[i], .1);
    ask(&m, 0, 10, .4);
    lqa_posterior *p = run(&m, 1, NULL);
    check_whole(p);
    assert_true(p->is_left_out[0]);
    assert_true(p->accuracy[0] < .6);
    assert_int_equal(p->used.n, 0);
    assert_memory_equal(p->p_wrong, p->model.p_wrong, 2000 * sizeof *p->p_wrong);
    lqa_posterior_free(p);
    clear(&m);
  }
}

/* Right labels of class 1 that are believed wrong after a judge called four in ten of class 1 class
 * 2, and of the others named one in fifty wrongly. */
static int misled(int64_t n_rows, int64_t step, int *named) {
  static made_up m;
  int believed = 0;
  make(&m, n_rows, 3, .1);
  for (int64_t row = 0; row < n_rows; row += step) {
    double error = m.truth[row] == 1 ? .4 : .02;
    m.opinions[m.n_opinions++] = (lqa_opinion){row, draw(&m) < error ? 2 : m.truth[row], 0, 1};
  }
  lqa_posterior *p = run(&m, 1, NULL);
  *named = 0;
  for (size_t i = 0; i < m.n_opinions; i++) {
    int64_t row = m.opinions[i].row;
    bool is_misnamed = m.truth[row] == 1 && m.label[row] == 1 && m.opinions[i].class_code == 2;
    *named += is_misnamed;
    believed += is_misnamed && p->class_p[row * 3 + 1] < .5F;
  }
  lqa_posterior_free(p);
  clear(&m);
  return believed;
}

static void test_judge_that_confuses_two_classes(void **state) {
  (void)state;
  int few, many;
  assert_true(misled(1800, 10, &few) > few / 3); /* 180 answers: its accuracy is all there is */
  assert_true(misled(1800, 1, &many) < many / 5);
}

/* One that errs often is used only where it has answered often. */
static void test_weak_judge(void **state) {
  (void)state;
  static const struct {
    int every;
    double accuracy;
    bool is_used;
  } CASES[] = {{10, .6, false}, {1, .67, true}};
  for (size_t i = 0; i < 2; i++) {
    static made_up m;
    make(&m, 2000, 4, .1);
    ask(&m, 0, CASES[i].every, CASES[i].accuracy);
    lqa_posterior *p = run(&m, 1, NULL);
    check_whole(p);
    assert_int_equal(!p->judge[0].is_weak, CASES[i].is_used);
    assert_int_equal(!p->is_left_out[0], CASES[i].is_used);
    assert_int_equal(p->used.n, CASES[i].is_used ? m.n_opinions : 0);
    lqa_posterior_free(p);
    clear(&m);
  }
}

static void test_worth_of_an_answer(void **state) {
  (void)state;
  const lqa_judge_check check = {.n = 200};
  const double right = (200 * .7 + LQA_JUDGE_PRIOR_RIGHT) / 220; /* 70 of 100, with the prior */
  assert_float_equal(lqa_judge_check_worth(&check, right, 2), .16, 1e-12);
  assert_float_equal(lqa_judge_check_worth(&check, right, 4), .36, 1e-12);
  assert_float_equal(lqa_judge_check_worth(&check, 218. / 220, 4), 1, 1e-12);
  assert_float_equal(lqa_judge_check_worth(&check, .3, 2), 0, 0);
  assert_true(lqa_judge_check_is_weak(&check, right, 4)); /* worth 72 rows */
  const lqa_judge_check often = {.n = 1000};
  assert_false(lqa_judge_check_is_weak(&often, .7, 4));
}

/* One that says the same of every row, beside a good one: the good one's answers count. */
static void test_constant_judge(void **state) {
  (void)state;
  static made_up m;
  make(&m, 2000, 4, .1);
  for (int64_t row = 0; row < 2000; row += 10) {
    m.opinions[m.n_opinions++] = (lqa_opinion){row, m.truth[row], 0, 1};
    m.opinions[m.n_opinions++] = (lqa_opinion){row, 2, 1, 1};
    m.opinions[m.n_opinions++] = (lqa_opinion){row, m.label[row], 2, 1};
  }
  lqa_posterior *p = run(&m, 3, NULL);
  check_whole(p);
  assert_false(p->is_left_out[0]);
  assert_true(p->judge[1].is_constant && p->is_left_out[1]);
  assert_true(p->judge[2].is_constant && p->is_left_out[2]); /* YES to all */
  assert_int_equal(p->used.n, 200);
  assert_true(separation(&m, p) > .3);
  lqa_posterior_free(p);
  clear(&m);
}

/* Repeats count once: asking a judge five times says no more than asking it once. */
static void test_repeats(void **state) {
  (void)state;
  static made_up m;
  make(&m, 2000, 4, .1);
  ask(&m, 0, 10, .9);
  lqa_posterior *once = run(&m, 1, NULL);
  for (size_t i = m.n_opinions; i-- > 0;) {
    for (size_t j = 0; j < 5; j++) {
      m.opinions[5 * i + j] = m.opinions[i];
    }
  }
  m.n_opinions *= 5;
  lqa_posterior *often = run(&m, 1, NULL);
  assert_true(fabs(once->accuracy[0] - often->accuracy[0]) < 1e-9);
  for (int64_t row = 0; row < 2000; row++) {
    assert_true(fabs(once->p_wrong[row] - often->p_wrong[row]) < 1e-9);
  }
  lqa_posterior_free(once);
  lqa_posterior_free(often);
  clear(&m);
}

/* Two judges are two witnesses: where they differ, doubt is left. */
static void test_two_judges(void **state) {
  (void)state;
  static made_up m;
  make(&m, 2000, 4, .1);
  for (int64_t row = 0; row < 2000; row += 10) {
    m.opinions[m.n_opinions++] = (lqa_opinion){row, m.truth[row], 0, 1};
    bool differs = row % 100 == 0;
    m.opinions[m.n_opinions++] =
        (lqa_opinion){row, differs ? (m.truth[row] + 1) % 4 : m.truth[row], 1, 1};
  }
  lqa_posterior *p = run(&m, 2, NULL);
  check_whole(p);
  assert_true(p->accuracy[0] > p->accuracy[1]);
  double sum[2] = {0, 0};
  for (int64_t row = 0; row < 2000; row += 10) {
    sum[row % 100 == 0] += (double)p->class_p[row * 4 + m.truth[row]];
  }
  assert_true(sum[0] / 180 > .98);
  assert_true(sum[1] / 20 < sum[0] / 180);
  lqa_posterior_free(p);
  clear(&m);
}

/* ---- opinions and shapes that do not fit ---- */

static void check_shape(int64_t n_rows, int32_t n_classes, double wrong, int64_t step) {
  static made_up m;
  make(&m, n_rows, n_classes, wrong);
  ask(&m, -1, step, 1);
  lqa_posterior *p = run(&m, 0, NULL);
  check_whole(p);
  for (size_t i = 0; i < m.n_opinions; i++) { /* people are right */
    const lqa_opinion *o = &m.opinions[i];
    assert_true((double)p->class_p[o->row * n_classes + o->class_code] > .999);
  }
  lqa_posterior_free(p);
  clear(&m);
}

static void test_shapes(void **state) {
  (void)state;
  check_shape(1000, 3, .1, 1); /* all rows reviewed */
  check_shape(1000, 3, 0, 1);  /* all reviewed, none wrong */
  check_shape(1000, 3, 0, 20); /* some, none wrong */
  check_shape(1000, 3, 1, 1);  /* all wrong */
  check_shape(2, 2, 0, 1);
  check_shape(1200, 400, .1, 12); /* three rows a class */
}

/* People who contradict each other about a row leave it between their classes. */
static void test_contradiction(void **state) {
  (void)state;
  static made_up m;
  make(&m, 1000, 3, .1);
  ask(&m, -1, 20, 1);
  m.opinions[m.n_opinions++] = (lqa_opinion){990, 0, -1, 1};
  m.opinions[m.n_opinions++] = (lqa_opinion){990, 1, -2, 1};
  lqa_posterior *p = run(&m, 0, NULL);
  check_whole(p);
  assert_true((double)p->class_p[990 * 3 + 2] < .01);
  lqa_posterior_free(p);
  clear(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_leak),           cmocka_unit_test(test_own_label),
      cmocka_unit_test(test_threads),        cmocka_unit_test(test_good_judge),
      cmocka_unit_test(test_bad_judge),      cmocka_unit_test(test_judge_that_confuses_two_classes),
      cmocka_unit_test(test_weak_judge),     cmocka_unit_test(test_worth_of_an_answer),
      cmocka_unit_test(test_constant_judge), cmocka_unit_test(test_repeats),
      cmocka_unit_test(test_two_judges),     cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_contradiction),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
