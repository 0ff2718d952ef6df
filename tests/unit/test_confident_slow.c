/* tests/unit/test_confident_slow.c - labelqa/confident.h and inspector.h against a slow, obvious
 * implementation: every class's rows are gathered and sorted in full, one row is compared with
 * another by (key, row). Random problems with ties, absent classes, rows left out, NaN, few rows,
 * many classes; the same bytes for 1, 2 and 8 threads and for any cut into batches. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "confident/confident.h"
#include "base/pairwise_sum.h"
#include "base/rng.h"
#include "labelqa/inspector.h"
#include "labelqa/labelqa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_FILTERS = 7, N_ROUNDS = 60 };

struct problem {
  int64_t n;
  int32_t k;
  bool is_single, is_raw; /* raw: not checked, may hold NaN */
  double *p;              /* n x k, float32 values where is_single */
  float *single;
  int32_t *label;
  lqa_matrix probs, labels;
};

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

/* ---- the slow way ---- */

static double round_as(const struct problem *q, double x) {
  return q->is_single ? (double)(float)x : x;
}

static void slow_thresholds(const struct problem *q, lqa_thresholds *t) {
  double *own = malloc((size_t)q->n * sizeof *own);
  t->is_single = q->is_single;
  for (int32_t k = 0; k < q->k; k++) {
    int64_t n = 0;
    for (int64_t i = 0; i < q->n; i++) {
      if (q->label[i] == k) {
        own[n++] = q->p[i * q->k + k];
      }
    }
    double mean = n ? round_as(q, lqa_pairwise_sum(own, n, q->is_single) / (double)n) : 2;
    double floor = round_as(q, 2e-6);
    t->value[k] = mean < floor ? floor : mean;
    t->is_single = t->is_single && n > 0;
  }
  free(own);
}

static int32_t argmax(const double *row, int32_t n) {
  int32_t best = 0;
  for (int32_t j = 0; j < n; j++) {
    if (row[j] != row[j]) {
      return j;
    }
    best = row[j] > row[best] ? j : best;
  }
  return best;
}

/* -1 = none */
static int32_t confident_class(const struct problem *q, const lqa_thresholds *t, int64_t i) {
  const double *row = q->p + i * q->k;
  int32_t found = -1, count = 0;
  for (int32_t j = 0; j < q->k; j++) {
    double cut = t->is_single ? (double)((float)t->value[j] - 1e-6f) : t->value[j] - 1e-6;
    if (row[j] >= cut) {
      found = j;
      count++;
    }
  }
  return count > 1 ? argmax(row, q->k) : found;
}

/* Another class is more probable even when the label's probability gains 1e-6. */
static bool disagrees(const struct problem *q, int64_t i) {
  double *row = malloc((size_t)q->k * sizeof *row);
  memcpy(row, q->p + i * q->k, (size_t)q->k * sizeof *row);
  double *own = &row[q->label[i]];
  *own = q->is_single ? (double)((float)*own + 1e-6f) : *own + 1e-6;
  bool result = argmax(row, q->k) != q->label[i];
  free(row);
  return result;
}

struct keyed {
  double key;
  int64_t row;
};

static int compare_keyed(const void *a, const void *b) {
  const struct keyed *x = a, *y = b;
  if (lqa_key_less(x->key, y->key) || lqa_key_less(y->key, x->key)) {
    return lqa_key_less(x->key, y->key) ? -1 : 1;
  }
  return (x->row > y->row) - (x->row < y->row);
}

/* Marks the m smallest of the rows of a class (-1: all), by `t`: margin over the label, or, where t
 * is the class, self-confidence. */
static void mark_first(const struct problem *q, int32_t given, int32_t t, int64_t m,
                       uint8_t *mark) {
  struct keyed *list = malloc((size_t)q->n * sizeof *list);
  int64_t n = 0;
  for (int64_t i = 0; i < q->n; i++) {
    if (q->label[i] == given) {
      double own = q->p[i * q->k + given];
      double key = t == given ? own : -round_as(q, q->p[i * q->k + t] - own);
      list[n++] = (struct keyed){key, i};
    }
  }
  qsort(list, (size_t)n, sizeof *list, compare_keyed);
  for (int64_t i = 0; i < m && i < n; i++) {
    mark[list[i].row] = 1;
  }
  free(list);
}

static double slow_score(const struct problem *q, int64_t i, lqa_score_method method) {
  const double *row = q->p + i * q->k;
  int32_t label = q->label[i];
  if (label < 0) {
    return (double)NAN;
  }
  if (method == LQA_SCORE_SELF_CONFIDENCE) {
    return row[label];
  }
  double best = -(double)INFINITY;
  for (int32_t j = 0; j < q->k; j++) {
    best = j != label && (row[j] > best || row[j] != row[j]) ? row[j] : best;
  }
  return round_as(q, round_as(q, row[label] - best) + 1) / 2;
}

struct slow {
  int64_t *count; /* per class */
  int64_t *joint;
  uint8_t *off, *differs;
  int64_t n_issues;
  int64_t *quota;
};

static void slow_scan(const struct problem *q, struct slow *s) {
  size_t k = (size_t)q->k, n = (size_t)q->n;
  lqa_thresholds t = {.value = malloc(k * sizeof(double))};
  s->count = calloc(k, sizeof *s->count);
  s->joint = calloc(k * k, sizeof *s->joint);
  s->quota = calloc(k * k, sizeof *s->quota);
  s->off = calloc(n, 1);
  s->differs = calloc(n, 1);
  slow_thresholds(q, &t);
  for (int64_t i = 0; i < q->n; i++) {
    if (q->label[i] >= 0) {
      int32_t guess = confident_class(q, &t, i);
      s->count[q->label[i]]++;
      s->off[i] = guess >= 0 && guess != q->label[i];
      s->differs[i] = disagrees(q, i);
      s->n_issues += s->off[i] && s->differs[i];
      if (guess >= 0) {
        s->joint[(int64_t)q->label[i] * q->k + guess]++;
      }
    }
  }
  free(t.value);
}

static void clear_slow(struct slow *s) {
  free(s->count);
  free(s->joint);
  free(s->quota);
  free(s->off);
  free(s->differs);
}

static double sum_of_row(const lqa_joint *joint, const double *row) {
  double sum = 0;
  for (int32_t t = 0; joint->by_column && t < joint->n; t++) {
    sum += row[t];
  }
  return joint->by_column ? sum : lqa_pairwise_sum(row, joint->n, false);
}

/* One given class's cells: at least `least` rows stay, `fraction` of the noise is pruned. */
static void shape_row(lqa_joint *joint, int32_t g, double least, double fraction) {
  double *row = joint->cell + (int64_t)g * joint->n;
  double kept = row[g] > least ? row[g] : least, n_others = -1;
  double *freed = calloc((size_t)joint->n, sizeof *freed);
  for (int32_t t = 0; t < joint->n; t++) {
    n_others += row[t] != 0;
  }
  double share = (kept - row[g]) / (n_others > 1 ? n_others : 1);
  for (int32_t t = 0; t < joint->n; t++) {
    row[t] = t == g ? kept : row[t] - share > 0 ? row[t] - share : 0;
    freed[t] = t == g ? 0 : row[t] - row[t] * fraction;
    row[t] = t == g ? row[t] : row[t] * fraction;
  }
  row[g] += sum_of_row(joint, freed);
  for (int32_t t = 0; t < joint->n; t++) {
    row[t] = trunc(row[t]);
  }
  free(freed);
}

/* remove[t] rows truly t are to go: the quirk of dividing by the sum over the other axis is kept.
 */
static void set_totals(lqa_joint *joint, const int64_t *remove, const int64_t *count) {
  int64_t n = joint->n;
  double *column = malloc((size_t)n * sizeof *column), *sum = malloc((size_t)n * sizeof *sum);
  lqa_joint turned = {malloc((size_t)(n * n) * sizeof(double)), joint->n, false};
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t t = 0; t < n; t++) {
      for (int64_t g = 0; g < n; g++) {
        column[g] = joint->cell[g * n + t];
      }
      sum[t] = lqa_pairwise_sum(column, n, false) - (pass ? column[t] : 0);
    }
    for (int64_t i = 0; i < n * n; i++) {
      int64_t g = i / n, t = i % n;
      joint->cell[i] =
          pass == 0 ? joint->cell[i] / sum[g] : joint->cell[i] * (double)remove[t] / sum[t];
      joint->cell[i] = pass == 1 && g == t ? (double)(count[t] - remove[t]) : joint->cell[i];
      turned.cell[t * n + g] = joint->cell[i];
    }
  }
  assert_int_equal(lqa_joint_round_rows(&turned, LQA_TIES_STABLE, NULL), LQA_OK);
  for (int64_t i = 0; i < n * n; i++) {
    joint->cell[i] = turned.cell[i % n * n + i / n];
  }
  free(column);
  free(sum);
  free(turned.cell);
}

static void slow_quotas(const struct problem *q, struct slow *s, const lqa_filter_options *o) {
  int64_t n = q->k;
  lqa_joint joint = {malloc((size_t)(n * n) * sizeof(double)), q->k, true};
  if (o->confident_joint) {
    memcpy(joint.cell, o->confident_joint->cell, (size_t)(n * n) * sizeof(double));
    joint.by_column = o->confident_joint->by_column;
  } else {
    for (int64_t i = 0; i < n * n; i++) {
      int64_t least = i / n == i % n;
      joint.cell[i] = (double)(s->joint[i] > least ? s->joint[i] : least);
    }
    assert_int_equal(lqa_joint_calibrate(&joint, s->count, LQA_TIES_STABLE, NULL), LQA_OK);
  }
  for (int32_t g = 0; g < q->k; g++) {
    shape_row(&joint, g, (double)o->min_examples_per_class, o->frac_noise);
  }
  if (o->num_to_remove) {
    set_totals(&joint, o->num_to_remove, s->count);
  }
  for (int64_t i = 0; i < n * n; i++) {
    s->quota[i] = joint.cell[i] == joint.cell[i] ? (int64_t)joint.cell[i] : INT64_MIN;
  }
  free(joint.cell);
}

static void slow_prune(const struct problem *q, const struct slow *s, const lqa_filter_options *o,
                       bool by_class, uint8_t *mark) {
  for (int32_t g = 0; g < q->k; g++) {
    if (s->count[g] <= o->min_examples_per_class || s->count[g] < 2) {
      continue;
    }
    for (int32_t t = 0; t < q->k; t++) {
      int64_t quota = s->quota[(int64_t)g * q->k + t];
      if (by_class && t == g && quota != INT64_MIN) {
        mark_first(q, g, g, quota < 0 ? s->count[g] : s->count[g] - quota, mark);
      } else if (!by_class && t != g && quota > 0) {
        mark_first(q, g, t, quota, mark);
      }
    }
  }
}

static void slow_lowest(const struct problem *q, const struct slow *s, lqa_score_method method,
                        uint8_t *issue) {
  struct keyed *list = malloc((size_t)q->n * sizeof *list);
  for (int64_t i = 0; i < q->n; i++) {
    list[i] = (struct keyed){slow_score(q, i, method), i};
  }
  qsort(list, (size_t)q->n, sizeof *list, compare_keyed);
  for (int64_t i = 0; i < s->n_issues; i++) {
    issue[list[i].row] = 1;
  }
  free(list);
}

static void slow_filter(const struct problem *q, struct slow *s, const lqa_filter_options *o,
                        uint8_t *issue) {
  uint8_t *other = calloc((size_t)q->n, 1);
  memset(issue, 0, (size_t)q->n);
  slow_quotas(q, s, o);
  switch (o->filter_by) {
  case LQA_FILTER_LOW_SELF_CONFIDENCE:
    slow_lowest(q, s, LQA_SCORE_SELF_CONFIDENCE, issue);
    break;
  case LQA_FILTER_LOW_NORMALIZED_MARGIN:
    slow_lowest(q, s, LQA_SCORE_NORMALIZED_MARGIN, issue);
    break;
  case LQA_FILTER_CONFIDENT_LEARNING:
    memcpy(issue, s->off, (size_t)q->n);
    break;
  case LQA_FILTER_PREDICTED_NEQ_GIVEN:
    memset(issue, 1, (size_t)q->n);
    break;
  default:
    slow_prune(q, s, o, o->filter_by == LQA_FILTER_PRUNE_BY_CLASS, issue);
  }
  if (o->filter_by == LQA_FILTER_BOTH) {
    slow_prune(q, s, o, true, other);
  }
  for (int64_t i = 0; i < q->n; i++) {
    bool is_kept = o->filter_by >= LQA_FILTER_LOW_SELF_CONFIDENCE || s->differs[i];
    issue[i] = issue[i] && is_kept && (o->filter_by != LQA_FILTER_BOTH || other[i]);
  }
  free(other);
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
