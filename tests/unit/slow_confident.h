/* slow_confident.h - a slow, obvious implementation of confident learning: every class's rows are
 * gathered and sorted in full, one row is compared with another by (key, row). */
#ifndef LQA_TESTS_SLOW_CONFIDENT_H
#define LQA_TESTS_SLOW_CONFIDENT_H

#include "confident/confident.h"
#include "base/pairwise_sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct problem {
  int64_t n;
  int32_t k;
  bool is_single, is_raw; /* raw: not checked, may hold NaN */
  double *p;              /* n x k, float32 values where is_single */
  float *single;
  int32_t *label;
  lqa_matrix probs, labels;
};

static inline double round_as(const struct problem *q, double x) {
  return q->is_single ? (double)(float)x : x;
}

static inline void slow_thresholds(const struct problem *q, lqa_thresholds *t) {
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

static inline int32_t argmax(const double *row, int32_t n) {
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
static inline int32_t confident_class(const struct problem *q, const lqa_thresholds *t, int64_t i) {
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
static inline bool disagrees(const struct problem *q, int64_t i) {
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

static inline int compare_keyed(const void *a, const void *b) {
  const struct keyed *x = a, *y = b;
  if (lqa_key_less(x->key, y->key) || lqa_key_less(y->key, x->key)) {
    return lqa_key_less(x->key, y->key) ? -1 : 1;
  }
  return (x->row > y->row) - (x->row < y->row);
}

/* Marks the m smallest of the rows of a class (-1: all), by `t`: margin over the label, or, where t
 * is the class, self-confidence. */
static inline void mark_first(const struct problem *q, int32_t given, int32_t t, int64_t m,
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

static inline double slow_score(const struct problem *q, int64_t i, lqa_score_method method) {
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

static inline void slow_scan(const struct problem *q, struct slow *s) {
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

static inline void clear_slow(struct slow *s) {
  free(s->count);
  free(s->joint);
  free(s->quota);
  free(s->off);
  free(s->differs);
}

static inline double sum_of_row(const lqa_joint *joint, const double *row) {
  double sum = 0;
  for (int32_t t = 0; joint->by_column && t < joint->n; t++) {
    sum += row[t];
  }
  return joint->by_column ? sum : lqa_pairwise_sum(row, joint->n, false);
}

/* One given class's cells: at least `least` rows stay, `fraction` of the noise is pruned. */
static inline void shape_row(lqa_joint *joint, int32_t g, double least, double fraction) {
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
static inline void set_totals(lqa_joint *joint, const int64_t *remove, const int64_t *count) {
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

static inline void slow_quotas(const struct problem *q, struct slow *s,
                               const lqa_filter_options *o) {
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

static inline void slow_prune(const struct problem *q, const struct slow *s,
                              const lqa_filter_options *o, bool by_class, uint8_t *mark) {
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

static inline void slow_lowest(const struct problem *q, const struct slow *s,
                               lqa_score_method method, uint8_t *issue) {
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

static inline void slow_filter(const struct problem *q, struct slow *s, const lqa_filter_options *o,
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

#endif
