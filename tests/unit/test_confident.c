/* tests/unit/test_confident.c - confident learning against stored answers of cleanlab. */
#include "confident_fixture.h"

#include "base/pairwise_sum.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
