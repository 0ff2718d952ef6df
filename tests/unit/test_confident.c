/* tests/unit/test_confident.c - confident learning against stored answers of cleanlab, against
 * itself over threads and memory layouts, and under failing allocations. */

#include "must.h"

#include "confident/confident.h"
#include "base/pairwise_sum.h"
#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define UNIT \
  16777216.0 /* 2^24: the reference file's probabilities are whole multiples of 1 / UNIT */
#define MAX_VALUES 8192

/* ---- the reference file: lines of a name and values, groups ended by "end" ---- */

struct reader {
  FILE *file;
  char line[1 << 18];
  char name[64];
  double values[MAX_VALUES];
  size_t n;
};

static bool read_line(struct reader *r) {
  if (!fgets(r->line, sizeof r->line, r->file)) {
    return false;
  }
  int used = 0;
  assert_int_equal(sscanf(r->line, "%63s%n", r->name, &used), 1);
  char *at = r->line + used;
  r->n = 0;
  for (char *end = at; r->name[0] != '#'; at = end) {
    double value = strtod(at, &end);
    if (end == at) {
      break;
    }
    assert_true(r->n < MAX_VALUES);
    r->values[r->n++] = value;
  }
  return true;
}

static struct reader *open_reference(void) {
  struct reader *r = calloc(1, sizeof *r);
  r->file = fopen(LABELQA_SOURCE_DIR "/tests/reference/confident_learning.txt", "r");
  assert_non_null(r->file);
  return r;
}

static void close_reference(struct reader *r) {
  fclose(r->file);
  free(r);
}

/* ---- one problem, in any layout ---- */

struct problem {
  int64_t n_rows;
  int32_t n_classes;
  int32_t *label;
  double *p;
  float *p32; /* the same, where is_single */
  bool is_single;
  lqa_matrix matrix, labels;
  lqa_confident *cl;
};

static void open_problem(struct problem *q, lqa_tie_order ties, lqa_pool *pool) {
  lqa_error err;
  if (q->matrix.data == NULL) {
    q->matrix = q->is_single ? lqa_matrix_of_f32(q->p32, q->n_rows, q->n_classes)
                             : lqa_matrix_of_f64(q->p, q->n_rows, q->n_classes);
    q->labels = lqa_vector_of_i32(q->label, q->n_rows);
  }
  lqa_confident_input input = {
      .pred_probs = &q->matrix, .labels = &q->labels, .ties = ties, .pool = pool};
  MUST(lqa_confident_new(&input, &q->cl, &err));
}

static void clear_problem(struct problem *q) {
  lqa_confident_free(q->cl);
  free(q->label);
  free(q->p);
  free(q->p32);
  *q = (struct problem){0};
}

/* ---- stored answers ---- */

static void set_units(struct problem *q, const struct reader *r) {
  q->p = malloc(r->n * sizeof *q->p);
  q->p32 = malloc(r->n * sizeof *q->p32);
  for (size_t i = 0; i < r->n; i++) {
    q->p[i] = r->values[i] / UNIT;
    q->p32[i] = (float)q->p[i];
  }
  open_problem(q, LQA_TIES_COMPAT, NULL);
}

static void check_flags(struct problem *q, const struct reader *r, const lqa_filter_options *o) {
  uint8_t *issue = malloc((size_t)q->n_rows);
  assert_int_equal(lqa_confident_filter(q->cl, o, issue, NULL), LQA_OK);
  for (int64_t i = 0; i < q->n_rows; i++) {
    assert_int_equal(issue[i], (int)r->values[i]);
  }
  free(issue);
}

static bool check_filter_line(struct problem *q, const struct reader *r) {
  static const char *const names[] = {
      "prune_by_noise_rate",   "prune_by_class",      "both",
      "confident_learning",    "predicted_neq_given", "low_self_confidence",
      "low_normalized_margin", "half_noise"};
  lqa_filter_options o;
  lqa_filter_options_init(&o);
  for (int i = 0; i < 8; i++) {
    if (strcmp(r->name, names[i]) == 0) {
      o.filter_by = i < 7 ? (lqa_filter_by)i : LQA_FILTER_PRUNE_BY_NOISE_RATE;
      o.frac_noise = i < 7 ? 1 : 0.5;
      check_flags(q, r, &o);
      return true;
    }
  }
  return false;
}

static bool check_score_line(struct problem *q, const struct reader *r) {
  static const char *const names[] = {"self_confidence", "normalized_margin",
                                      "confidence_weighted_entropy", "adjusted_margin"};
  for (int i = 0; i < 4; i++) {
    if (strcmp(r->name, names[i]) != 0) {
      continue;
    }
    double *score = malloc((size_t)q->n_rows * sizeof *score);
    lqa_score_method method = i == 3 ? LQA_SCORE_NORMALIZED_MARGIN : (lqa_score_method)i;
    lqa_rank_options how = {method, i == 3};
    assert_int_equal(lqa_confident_scores(q->cl, &how, score, NULL, NULL), LQA_OK);
    for (int64_t row = 0; row < q->n_rows; row++) {
      double tolerance = i != 2 ? 0 : q->is_single ? 1e-4 : 1e-12;
      assert_true(fabs(score[row] - r->values[row]) <= tolerance);
    }
    free(score);
    return true;
  }
  return false;
}

static void check_ranking(struct problem *q, const struct reader *r) {
  uint8_t *issue = malloc((size_t)q->n_rows);
  lqa_filter_options o;
  lqa_filter_options_init(&o);
  assert_int_equal(lqa_confident_filter(q->cl, &o, issue, NULL), LQA_OK);
  lqa_rank_options how = {LQA_SCORE_SELF_CONFIDENCE, false};
  lqa_ranking ranking;
  assert_int_equal(lqa_confident_rank(q->cl, issue, &how, &ranking, NULL), LQA_OK);
  assert_int_equal(ranking.n, r->n);
  for (size_t i = 0; i < r->n; i++) {
    assert_int_equal(ranking.rows[i], (int64_t)r->values[i]);
  }
  free(ranking.rows);
  free(issue);
}

static void check_values(const double *got, const struct reader *r) {
  for (size_t i = 0; i < r->n; i++) {
    assert_true(got[i] == r->values[i]);
  }
}

/* raw_joint, calibrated_joint, joint and what follows from the joint. */
static void check_joint_line(struct problem *q, const struct reader *r) {
  size_t n = (size_t)q->n_classes;
  lqa_thresholds t = {.value = malloc(n * sizeof(double))};
  lqa_confident_scan scan = {.joint = malloc(n * n * sizeof(int64_t))};
  lqa_joint joint = {.cell = malloc(n * n * sizeof(double)), .n = q->n_classes};
  lqa_class_quality *quality = malloc(n * sizeof *quality);
  const int64_t *counts = lqa_confident_class_counts(q->cl);
  assert_int_equal(lqa_confident_thresholds(q->cl, &t, NULL), LQA_OK);
  assert_int_equal(lqa_confident_scan_rows(q->cl, &t, &scan, NULL), LQA_OK);
  lqa_joint_from_counts(scan.joint, &joint);
  if (strcmp(r->name, "thresholds") == 0) {
    check_values(t.value, r);
  } else if (strcmp(r->name, "raw_joint") == 0) {
    check_values(joint.cell, r);
  } else {
    assert_int_equal(lqa_joint_calibrate(&joint, counts, LQA_TIES_COMPAT, NULL), LQA_OK);
    if (strcmp(r->name, "calibrated_joint") == 0) {
      check_values(joint.cell, r);
    }
    lqa_joint_normalize(&joint);
  }
  if (strcmp(r->name, "joint") == 0) {
    check_values(joint.cell, r);
  } else if (strncmp(r->name, "class_", 6) == 0 || strcmp(r->name, "inverse_noise") == 0) {
    assert_int_equal(lqa_joint_rank_classes(&joint, q->n_rows, LQA_TIES_COMPAT, quality, NULL),
                     LQA_OK);
    for (size_t k = 0; k < n; k++) {
      double got = r->name[0] == 'i'                     ? quality[k].inverse_label_noise
                   : strcmp(r->name, "class_order") == 0 ? quality[k].class_index
                                                         : quality[k].label_quality;
      assert_true(got == r->values[k]);
    }
  } else if (strncmp(r->name, "overlap_", 8) == 0) {
    lqa_overlap_list list;
    lqa_overlap_options options = {false, LQA_TIES_COMPAT};
    assert_int_equal(lqa_joint_find_overlaps(&joint, q->n_rows, &options, &list, NULL), LQA_OK);
    assert_int_equal(list.n, r->n);
    for (size_t i = 0; i < r->n; i++) {
      int64_t got = r->name[8] == 'a'   ? list.pairs[i].class_a
                    : r->name[8] == 'b' ? list.pairs[i].class_b
                                        : list.pairs[i].n_overlapping;
      assert_int_equal(got, (int64_t)r->values[i]);
    }
    free(list.pairs);
  }
  free(quality);
  free(joint.cell);
  free(scan.joint);
  free(t.value);
}

static void check_sort_line(const struct reader *r, double *keys) {
  int64_t n = (int64_t)r->n;
  if (strcmp(r->name, "keys") == 0) {
    memcpy(keys, r->values, r->n * sizeof *keys);
  } else if (strcmp(r->name, "order") == 0) {
    int64_t *order = malloc(r->n * sizeof *order);
    assert_int_equal(lqa_argsort(keys, n, LQA_TIES_COMPAT, order), LQA_OK);
    for (int64_t i = 0; i < n; i++) {
      assert_int_equal(order[i], (int64_t)r->values[i]);
    }
    free(order);
  }
}

static void check_sum_line(const struct reader *r, const double *keys, int64_t n) {
  bool is_single = strcmp(r->name, "sum32") == 0;
  double *v = malloc((size_t)n * sizeof *v);
  for (int64_t i = 0; i < n; i++) {
    v[i] = lqa_round_single(keys[i] / 7.0, is_single);
  }
  assert_true(lqa_pairwise_sum(v, n, is_single) == r->values[0]);
  free(v);
}

struct long_vector {
  bool is_single;
};

static double long_vector_at(const void *data, int64_t i) {
  double value = (double)((uint64_t)i * 2654435761u % 4294967296u) / 4294967296.0;
  return lqa_round_single(value, ((const struct long_vector *)data)->is_single);
}

/* Vectors longer than numpy's buffer of 8192 values. */
static void check_long_sum(const struct reader *r) {
  for (int single = 0; single < 2; single++) {
    struct long_vector v = {single != 0};
    double sum = lqa_pairwise_sum_of(long_vector_at, &v, (int64_t)r->values[0], v.is_single);
    assert_true(sum == r->values[1 + single]);
  }
}

static void test_reference(void **state) {
  (void)state;
  struct reader *r = open_reference();
  struct problem q = {0};
  double *keys = malloc(MAX_VALUES * sizeof *keys);
  int64_t n_keys = 0;
  int n_lines = 0;
  while (read_line(r)) {
    n_lines++;
    if (strcmp(r->name, "case") == 0) {
      q.n_rows = (int64_t)r->values[1];
      q.n_classes = (int32_t)r->values[2];
      q.is_single = r->values[3] != 0;
    } else if (strcmp(r->name, "labels") == 0) {
      q.label = malloc(r->n * sizeof *q.label);
      for (size_t i = 0; i < r->n; i++) {
        q.label[i] = (int32_t)r->values[i];
      }
    } else if (strcmp(r->name, "units") == 0) {
      set_units(&q, r);
    } else if (strcmp(r->name, "count") == 0) {
      int64_t count;
      assert_int_equal(lqa_confident_count_issues(q.cl, &count, NULL), LQA_OK);
      assert_int_equal(count, (int64_t)r->values[0]);
    } else if (strcmp(r->name, "ranked") == 0) {
      check_ranking(&q, r);
    } else if (strcmp(r->name, "sort") == 0) {
      n_keys = (int64_t)r->values[0];
    } else if (strcmp(r->name, "long_sum") == 0) {
      check_long_sum(r);
    } else if (strncmp(r->name, "sum", 3) == 0) {
      check_sum_line(r, keys, n_keys);
    } else if (strcmp(r->name, "end") == 0) {
      clear_problem(&q);
    } else if (q.cl == NULL) {
      check_sort_line(r, keys);
    } else if (!check_filter_line(&q, r) && !check_score_line(&q, r)) {
      check_joint_line(&q, r);
    }
  }
  assert_true(n_lines > 300);
  free(keys);
  close_reference(r);
}

/* ---- properties ---- */

/* A random problem with ties; every fifth row is ignored (label -1, probabilities NaN). */
static void make_problem(struct problem *q, uint64_t seed, int64_t n_rows, int32_t n_classes) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 1);
  *q = (struct problem){.n_rows = n_rows, .n_classes = n_classes};
  q->label = malloc((size_t)n_rows * sizeof *q->label);
  q->p = malloc((size_t)(n_rows * n_classes) * sizeof *q->p);
  for (int64_t i = 0; i < n_rows; i++) {
    double sum = 0;
    double *row = q->p + i * n_classes;
    q->label[i] = i % 5 == 4 ? -1 : (int32_t)lqa_rng_below(&rng, (uint64_t)n_classes);
    for (int32_t k = 0; k < n_classes; k++) {
      row[k] = (double)(1 + lqa_rng_below(&rng, 8));
      row[k] *= k == q->label[i] ? 3 : 1;
      sum += row[k];
    }
    for (int32_t k = 0; k < n_classes; k++) {
      row[k] = q->label[i] < 0 ? (double)NAN : row[k] / sum;
    }
  }
}

static void run_all_filters(struct problem *q, uint8_t *issue) {
  for (int f = 0; f < 7; f++) {
    lqa_filter_options o;
    lqa_filter_options_init(&o);
    o.filter_by = (lqa_filter_by)f;
    assert_int_equal(lqa_confident_filter(q->cl, &o, issue + f * q->n_rows, NULL), LQA_OK);
  }
}

static void test_threads_change_nothing(void **state) {
  (void)state;
  for (int ties = 0; ties < 2; ties++) {
    struct problem q;
    make_problem(&q, 7, 5000, 23);
    uint8_t *one = malloc(7 * (size_t)q.n_rows);
    uint8_t *many = malloc(7 * (size_t)q.n_rows);
    open_problem(&q, (lqa_tie_order)ties, NULL);
    run_all_filters(&q, one);
    lqa_confident_free(q.cl);
    for (int threads = 2; threads <= 7; threads += 5) {
      lqa_pool *pool = lqa_pool_new(threads);
      assert_non_null(pool);
      open_problem(&q, (lqa_tie_order)ties, pool);
      run_all_filters(&q, many);
      assert_memory_equal(one, many, 7 * (size_t)q.n_rows);
      lqa_confident_free(q.cl);
      lqa_pool_free(pool);
    }
    q.cl = NULL;
    clear_problem(&q);
    free(one);
    free(many);
  }
}

/* Ignored rows change nothing: the same flags as for the problem without them. */
static void test_ignored_rows(void **state) {
  (void)state;
  struct problem q;
  make_problem(&q, 11, 3000, 19);
  struct problem dense = {.n_classes = q.n_classes};
  dense.label = malloc((size_t)q.n_rows * sizeof *dense.label);
  dense.p = malloc((size_t)(q.n_rows * q.n_classes) * sizeof *dense.p);
  for (int64_t i = 0; i < q.n_rows; i++) {
    if (q.label[i] >= 0) {
      dense.label[dense.n_rows] = q.label[i];
      memcpy(dense.p + dense.n_rows * q.n_classes, q.p + i * q.n_classes,
             (size_t)q.n_classes * sizeof *q.p);
      dense.n_rows++;
    }
  }
  uint8_t *with = malloc(7 * (size_t)q.n_rows);
  uint8_t *without = malloc(7 * (size_t)dense.n_rows);
  open_problem(&q, LQA_TIES_STABLE, NULL);
  open_problem(&dense, LQA_TIES_STABLE, NULL);
  assert_int_equal(lqa_confident_count_used(q.cl), dense.n_rows);
  run_all_filters(&q, with);
  run_all_filters(&dense, without);
  int64_t n_flagged = 0;
  for (int f = 0; f < 7; f++) {
    int64_t j = 0;
    for (int64_t i = 0; i < q.n_rows; i++) {
      int expected = q.label[i] < 0 ? 0 : without[f * dense.n_rows + j++];
      assert_int_equal(with[f * q.n_rows + i], expected);
      n_flagged += expected;
    }
  }
  assert_true(n_flagged > 0);
  clear_problem(&q);
  clear_problem(&dense);
  free(with);
  free(without);
}

/* Fortran order, both strides negative, foreign byte order: all one matrix. */
static void test_layouts(void **state) {
  (void)state;
  struct problem q;
  make_problem(&q, 3, 400, 21);
  size_t n_values = (size_t)(q.n_rows * q.n_classes);
  uint8_t *plain = malloc(7 * (size_t)q.n_rows);
  uint8_t *other = malloc(7 * (size_t)q.n_rows);
  double *moved = malloc(n_values * sizeof *moved);
  open_problem(&q, LQA_TIES_COMPAT, NULL);
  run_all_filters(&q, plain);
  for (int layout = 0; layout < 3; layout++) {
    const int64_t size = sizeof(double);
    int64_t columns = q.n_classes;
    lqa_matrix m = {moved, LQA_FLOAT64, layout == 2, q.n_rows, columns, columns * size, size};
    if (layout == 0) {
      m.row_stride = size;
      m.column_stride = q.n_rows * size;
    } else if (layout == 1) {
      m.data = moved + n_values - 1;
      m.row_stride = -columns * size;
      m.column_stride = -size;
    }
    for (int64_t i = 0; i < q.n_rows; i++) {
      for (int64_t k = 0; k < columns; k++) {
        uint64_t bits;
        memcpy(&bits, &q.p[i * columns + k], sizeof bits);
        bits = m.swapped ? __builtin_bswap64(bits) : bits;
        memcpy((char *)(uintptr_t)m.data + i * m.row_stride + k * m.column_stride, &bits,
               sizeof bits);
      }
    }
    lqa_confident_free(q.cl);
    q.matrix = m;
    open_problem(&q, LQA_TIES_COMPAT, NULL);
    run_all_filters(&q, other);
    assert_memory_equal(plain, other, 7 * (size_t)q.n_rows);
  }
  clear_problem(&q);
  free(moved);
  free(plain);
  free(other);
}

/* Leaves summed apart and folded give the whole sum's bits. */
static void test_sum_in_pieces(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 5, 1);
  for (int64_t n = 1; n < 30000; n += 1 + n / 7) {
    double *v = malloc((size_t)n * sizeof *v);
    double *leaf_sum = malloc((size_t)lqa_pairwise_count_slots(n) * sizeof *leaf_sum);
    for (int64_t i = 0; i < n; i++) {
      v[i] = lqa_rng_uniform(&rng);
    }
    for (int64_t at = 0; at < n;) {
      lqa_pairwise_span leaf = lqa_pairwise_leaf_at(n, at);
      assert_int_equal(leaf.start, at);
      leaf_sum[lqa_pairwise_slot(leaf.start)] = lqa_pairwise_sum(v + at, leaf.n, false);
      at += leaf.n;
    }
    assert_true(lqa_pairwise_fold(leaf_sum, n, false) == lqa_pairwise_sum(v, n, false));
    free(v);
    free(leaf_sum);
  }
}

/* Selection takes the rows that sorting puts first, in both orders, NaN last. */
static void test_selection_equals_sorting(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 9, 1);
  for (int round = 0; round < 400; round++) {
    int64_t n = 1 + (int64_t)lqa_rng_below(&rng, 300);
    uint64_t distinct = 1 + lqa_rng_below(&rng, 60);
    int64_t m = (int64_t)lqa_rng_below(&rng, (uint64_t)n + 1);
    lqa_tie_order ties = (lqa_tie_order)(round % 2);
    double keys[301];
    int64_t order[301];
    uint8_t chosen[301] = {0};
    for (int64_t i = 0; i < n; i++) {
      uint64_t draw = lqa_rng_below(&rng, distinct);
      keys[i] = draw == 7 ? (double)NAN : draw == 3 ? -0.0 : (double)draw - 3;
    }
    assert_int_equal(lqa_argsort(keys, n, ties, order), LQA_OK);
    assert_int_equal(lqa_select_smallest(keys, n, m, ties, chosen), LQA_OK);
    for (int64_t i = 0; i < n; i++) {
      assert_int_equal(chosen[order[i]], i < m);
      assert_true(i == 0 || !lqa_key_less(keys[order[i]], keys[order[i - 1]]));
      assert_true(i == 0 || ties == LQA_TIES_COMPAT || order[i] > order[i - 1] ||
                  lqa_key_less(keys[order[i - 1]], keys[order[i]]));
    }
  }
}

/* ---- refusals and faults ---- */

static void test_bad_input(void **state) {
  (void)state;
  double p[] = {0.2, 0.8, 0.6, 0.4, 1.5, -0.5};
  int32_t label[] = {0, 1, 0};
  lqa_matrix matrix = lqa_matrix_of_f64(p, 3, 2);
  lqa_matrix labels = lqa_vector_of_i32(label, 3);
  lqa_confident_input input = {.pred_probs = &matrix, .labels = &labels};
  lqa_confident *cl = NULL;
  lqa_error err;
  assert_int_equal(lqa_confident_new(&input, &cl, &err), LQA_OK);
  int64_t count = -1;
  assert_int_equal(lqa_confident_count_issues(cl, &count, &err), LQA_BAD_DATA);
  assert_int_equal(err.row, 2);
  assert_non_null(strstr(err.message, "pred_probs[2, 0] is 1.5"));
  assert_int_equal(count, -1);
  lqa_confident_free(cl);
  label[1] = 2;
  assert_int_equal(lqa_confident_new(&input, &cl, &err), LQA_BAD_DATA);
  assert_int_equal(err.row, 1);
  assert_non_null(strstr(err.message, "labels[1] is 2"));
  labels.n_rows = 2;
  assert_int_equal(lqa_confident_new(&input, &cl, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "2 values but pred_probs has 3 rows"));
  labels = lqa_matrix_of_f64(p, 3, 1);
  assert_int_equal(lqa_confident_new(&input, &cl, &err), LQA_BAD_DATA);
  matrix.n_rows = labels.n_rows = 0;
  labels.dtype = LQA_INT64;
  assert_int_equal(lqa_confident_new(&input, &cl, &err), LQA_BAD_DATA);
}

static lqa_status run_once(struct problem *q, uint8_t *issue) {
  lqa_confident_input input = {
      .pred_probs = &q->matrix, .labels = &q->labels, .ties = LQA_TIES_COMPAT};
  lqa_confident *cl = NULL;
  LQA_TRY(lqa_confident_new(&input, &cl, NULL));
  lqa_filter_options o;
  lqa_filter_options_init(&o);
  o.filter_by = LQA_FILTER_BOTH;
  lqa_rank_options how = {LQA_SCORE_NORMALIZED_MARGIN, true};
  lqa_ranking ranking = {0};
  lqa_status status = lqa_confident_filter(cl, &o, issue, NULL);
  if (status == LQA_OK) {
    status = lqa_confident_rank(cl, issue, &how, &ranking, NULL);
  }
  free(ranking.rows);
  lqa_confident_free(cl);
  return status;
}

/* Every allocation fails once: always LQA_NO_MEMORY, never a leak or a crash. */
static void test_failing_allocations(void **state) {
  (void)state;
  struct problem q;
  make_problem(&q, 2, 600, 18);
  uint8_t *issue = malloc((size_t)q.n_rows);
  open_problem(&q, LQA_TIES_COMPAT, NULL);
  long n = 1;
  for (;; n++) {
    lqa_memory_fail_after(n);
    lqa_status status = run_once(&q, issue);
    lqa_memory_fail_after(0);
    if (status == LQA_OK) {
      break;
    }
    assert_int_equal(status, LQA_NO_MEMORY);
  }
  assert_true(n > 20);
  clear_problem(&q);
  free(issue);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reference),     cmocka_unit_test(test_threads_change_nothing),
      cmocka_unit_test(test_ignored_rows),  cmocka_unit_test(test_layouts),
      cmocka_unit_test(test_sum_in_pieces), cmocka_unit_test(test_selection_equals_sorting),
      cmocka_unit_test(test_bad_input),     cmocka_unit_test(test_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
