/* tests/unit/test_posterior_reference.c - the posterior beside a plain numpy implementation: see
 * tests/reference/posterior.py.
 *
 * Tolerance 1e-6 on probabilities; logistic regression is compared at its optimum. */
#include "must.h"

#include "base/memory.h"
#include "model/linear/soft_targets.h"
#include "trust/posterior.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 1 << 15, LINE = 1 << 20, N_VIEWS = 2 };

typedef struct reference {
  FILE *file;
  char line[LINE];
} reference;

/* The next line's values, which must be called `name`. */
static size_t read_values(reference *r, const char *name, double *value) {
  assert_non_null(fgets(r->line, sizeof r->line, r->file));
  size_t size = strlen(name), n = 0;
  if (strncmp(r->line, name, size) != 0 || r->line[size] != ' ') {
    fail_msg("expected %s, found %.40s", name, r->line);
  }
  char *end = r->line + size;
  for (char *from = end;; from = end) {
    double number = strtod(from, &end);
    if (end == from) {
      return n;
    }
    assert_true(n < MOST);
    value[n++] = number;
  }
}

static double values[MOST];

static void check_doubles(reference *r, const char *name, const double *got, double tolerance) {
  size_t n = read_values(r, name, values);
  for (size_t i = 0; i < n; i++) {
    if (!(fabs(got[i] - values[i]) <= tolerance)) {
      fail_msg("%s[%zu] is %.10g, not %.10g", name, i, got[i], values[i]);
    }
  }
}

/* `is_log`: logarithms, compared as probabilities. */
static void check_floats(reference *r, const char *name, const float *got, bool is_log,
                         double tolerance) {
  size_t n = read_values(r, name, values);
  for (size_t i = 0; i < n; i++) {
    double a = is_log ? exp((double)got[i]) : (double)got[i],
           b = is_log ? exp(values[i]) : values[i];
    if (!(fabs(a - b) <= tolerance)) {
      fail_msg("%s[%zu] is %.10g, not %.10g", name, i, a, b);
    }
  }
}

typedef struct problem {
  lqa_trust_rows rows;
  int32_t *label;
  uint8_t *fold;
  float *member[N_VIEWS];
  lqa_sparse view[N_VIEWS];
  lqa_sparse_columns columns[N_VIEWS];
  lqa_opinion *opinions;
  size_t n_opinions;
} problem;

static float *read_floats(reference *r, const char *name, size_t *n) {
  *n = read_values(r, name, values);
  float *out = lqa_malloc(*n, sizeof *out);
  for (size_t i = 0; i < *n; i++) {
    out[i] = (float)values[i];
  }
  return out;
}

/* A dense line of numbers as a sparse matrix. */
static void read_view(reference *r, int64_t n_rows, lqa_sparse *x) {
  size_t n, used = 0;
  float *cells = read_floats(r, "view", &n);
  int32_t columns = (int32_t)(n / (size_t)n_rows);
  *x = (lqa_sparse){.n_rows = n_rows, .n_columns = columns};
  x->row_start = lqa_calloc((size_t)n_rows + 1, sizeof *x->row_start);
  x->column = lqa_malloc(n, sizeof *x->column);
  x->value = lqa_malloc(n, sizeof *x->value);
  for (size_t i = 0; i < n; i++) {
    if (cells[i] != 0) {
      x->column[used] = (uint32_t)(i % (size_t)columns);
      x->value[used++] = cells[i];
    }
    if ((i + 1) % (size_t)columns == 0) {
      x->row_start[(i + 1) / (size_t)columns] = used;
    }
  }
  free(cells);
}

static void read_opinions(reference *r, problem *p) {
  p->opinions = lqa_calloc(p->n_opinions, sizeof *p->opinions);
  for (int field = 0; field < 4; field++) {
    static const char *const names[] = {"row", "said", "judge", "inclusion"};
    assert_int_equal(read_values(r, names[field], values), p->n_opinions);
    for (size_t i = 0; i < p->n_opinions; i++) {
      lqa_opinion *o = &p->opinions[i];
      o->row = field == 0 ? (int64_t)values[i] : o->row;
      o->class_code = field == 1 ? (int32_t)values[i] : o->class_code;
      o->judge = field == 2 ? (int32_t)values[i] : o->judge;
      o->inclusion = field == 3 ? values[i] : o->inclusion;
    }
  }
}

static bool read_problem(reference *r, lqa_pool *pool, problem *p) {
  int c = fgetc(r->file);
  if (c == EOF) {
    return false;
  }
  ungetc(c, r->file);
  *p = (problem){0};
  assert_int_equal(read_values(r, "shape", values), 4);
  p->rows = (lqa_trust_rows){.n_rows = (int64_t)values[0],
                             .n_classes = (int32_t)values[1],
                             .n_folds = (int)values[2],
                             .pool = pool};
  p->n_opinions = (size_t)values[3];
  size_t n = read_values(r, "label", values), ignored;
  p->label = lqa_malloc(n, sizeof *p->label);
  p->fold = lqa_malloc(n, sizeof *p->fold);
  for (size_t i = 0; i < n; i++) {
    p->label[i] = (int32_t)values[i];
  }
  read_values(r, "fold", values);
  for (size_t i = 0; i < n; i++) {
    p->fold[i] = (uint8_t)values[i];
  }
  p->rows.label = p->label;
  p->rows.fold = p->fold;
  for (int v = 0; v < N_VIEWS; v++) {
    p->member[v] = read_floats(r, "member", &ignored);
  }
  for (int v = 0; v < N_VIEWS; v++) {
    read_view(r, p->rows.n_rows, &p->view[v]);
    assert_int_equal(lqa_sparse_columns_init(&p->view[v], &p->columns[v]), LQA_OK);
  }
  read_opinions(r, p);
  return true;
}

static void clear_problem(problem *p) {
  free(p->label);
  free(p->fold);
  free(p->opinions);
  for (int v = 0; v < N_VIEWS; v++) {
    free(p->member[v]);
    lqa_sparse_clear(&p->view[v]);
    lqa_sparse_columns_clear(&p->columns[v]);
  }
}

static lqa_soft_problem soft_problem(const problem *p, int view, const float *soft) {
  return (lqa_soft_problem){.x = &p->view[view],
                            .soft = soft,
                            .fold = p->fold,
                            .n_classes = p->rows.n_classes,
                            .n_folds = p->rows.n_folds,
                            .pool = p->rows.pool};
}

static lqa_status train(void *data, const float *soft, int n_members, float *const *log_p) {
  static const float ALPHA[] = {.3f, .01f};
  const problem *p = data;
  assert_int_equal(n_members, N_VIEWS);
  for (int v = 0; v < N_VIEWS; v++) {
    lqa_soft_problem s = soft_problem(p, v, soft);
    LQA_TRY(lqa_soft_bayes_run(&s, &p->columns[v], ALPHA[v], log_p[v]));
  }
  return LQA_OK;
}

static lqa_posterior_input input_of(const problem *p, const lqa_posterior_refit *refit) {
  return (lqa_posterior_input){.model = {.rows = &p->rows,
                                         .n_members = N_VIEWS,
                                         .log_p = {p->member[0], p->member[1]},
                                         .prior = {.4, .4}},
                               .refit = refit};
}

static void check_alone(reference *r, const lqa_posterior *posterior) {
  const lqa_model_evidence *m = &posterior->model;
  double rates[] = {m->rate, m->disagreeing};
  check_doubles(r, "z", &m->gate_z, 1e-5);
  check_floats(r, "log_p", m->log_p, true, 1e-6);
  check_doubles(r, "channel", m->channel.cell, 1e-6);
  check_floats(r, "log_class", m->log_class, true, 1e-6);
  check_doubles(r, "p_wrong", m->p_wrong, 1e-6);
  check_doubles(r, "rates", rates, 1e-6);
}

static void check_members(reference *r, const problem *p, const float *soft) {
  size_t n = (size_t)p->rows.n_rows * (size_t)p->rows.n_classes;
  float *out = lqa_malloc(n, sizeof *out);
  lqa_soft_problem s = soft_problem(p, 0, soft);
  assert_int_equal(lqa_soft_bayes_run(&s, &p->columns[0], .3f, out), LQA_OK);
  check_floats(r, "counting", out, true, 1e-5);
  lqa_soft_logistic_options options = {.C = 1, .epochs = 3000, .seed = 1};
  assert_int_equal(lqa_soft_logistic_run(&s, &options, out), LQA_OK);
  check_floats(r, "logistic", out, true, 1e-6);
  free(out);
}

static void check_problem(reference *r, problem *p) {
  lqa_posterior *posterior = NULL;
  lqa_posterior_refit refit = {.data = p,
                               .run = train,
                               .n_members = N_VIEWS,
                               .n_final = N_VIEWS,
                               .prior = {.4, .4},
                               .unproven = 1};
  lqa_posterior_input input = input_of(p, NULL);
  lqa_opinions opinions = {p->opinions, p->n_opinions, 2, false};
  assert_int_equal(lqa_posterior_new(&input, &posterior), LQA_OK);
  check_alone(r, posterior);
  assert_int_equal(lqa_posterior_update(posterior, &opinions), LQA_OK);
  check_floats(r, "calibrated", posterior->class_p, false, 1e-6);
  check_doubles(r, "calibrated_wrong", posterior->p_wrong, 1e-6);
  check_doubles(r, "accuracy", posterior->accuracy, 1e-6);
  check_members(r, p, posterior->class_p);
  lqa_posterior_free(posterior);
  input = input_of(p, &refit);
  assert_int_equal(lqa_posterior_new(&input, &posterior), LQA_OK);
  assert_int_equal(lqa_posterior_update(posterior, &opinions), LQA_OK);
  double rounds = posterior->n_rounds;
  check_doubles(r, "rounds", &rounds, 0);
  check_floats(r, "refit", posterior->class_p, false, 1e-6);
  check_doubles(r, "refit_wrong", posterior->p_wrong, 1e-6);
  lqa_posterior_free(posterior);
}

static void test_reference(void **state) {
  (void)state;
  static reference r;
  problem p;
  int n = 0;
  lqa_pool *pool = lqa_pool_new(2);
  r.file = fopen(LABELQA_SOURCE_DIR "/tests/reference/posterior.txt", "r");
  assert_non_null(r.file);
  while (read_problem(&r, pool, &p)) {
    check_problem(&r, &p);
    clear_problem(&p);
    n++;
  }
  assert_int_equal(n, 3);
  fclose(r.file);
  lqa_pool_free(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
