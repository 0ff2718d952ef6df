/* audit/confident_learning/filter.c - which rows to flag.
 *
 * Every filter starts from the scan's bits. A row is only ever flagged (except by the two low_*
 * filters) when another class beats its label, so quotas are filled in two steps:
 *
 *  1. Among the rows that disagree. Quota (g, t) takes the rows of g with the largest margin
 *     p_t - p_g; rows that agree have no margin above rounding, so while the quota is met by larger
 *     margins the rows that disagree decide it alone. These are few, and they are read once.
 *  2. Where a quota reaches below that (or a tie at its end needs the reference's sort) and some
 *     disagreeing row of the class is still undecided, that pair is redone over all rows of the
 * class.
 *
 * Rows that agree still use up quota, as in the reference; they are only never flagged.
 */
#include "audit/confident_learning/prune.h"
#include "audit/confident_learning/scores.h"

#include "base/memory.h"

#include <math.h>

enum { BY_NOISE_RATE = 4, BY_CLASS = 8 }; /* more bits beside LQA_ROW_* */

void lqa_filter_options_init(lqa_filter_options *options) {
  *options = (lqa_filter_options){
      .filter_by = LQA_FILTER_PRUNE_BY_NOISE_RATE, .frac_noise = 1.0, .min_examples_per_class = 1};
}

struct pruning {
  lqa_confident *cl;
  const lqa_prune *prune;
  uint8_t *flags;    /* n_rows */
  uint8_t *deferred; /* n_classes x n_classes: pairs for the second step */
};

/* ---- first step: rows that disagree ---- */

/* Margins above rounding of one class's rows, grouped by the class that leads. */
struct hits {
  int64_t *start; /* n_classes + 1 */
  double *key;    /* minus the margin: smallest first */
  uint32_t *at;   /* position in the class's rows */
};

static inline __attribute__((always_inline)) void visit_row(const void *values, bool is_single,
                                                            int32_t n, int32_t given,
                                                            const int64_t *quota, struct hits *hits,
                                                            uint32_t at) {
  const float *f = values;
  const double *d = values;
  double own = is_single ? (double)f[given] : d[given];
  for (int32_t t = 0; t < n; t++) {
    double margin = is_single ? (double)(f[t] - f[given]) : d[t] - own;
    if (margin > LQA_CONFIDENT_MARGIN_BOUND && quota[t] > 0) {
      if (hits->key) {
        hits->key[hits->start[t]] = -margin;
        hits->at[hits->start[t]] = at;
      }
      hits->start[t]++;
    }
  }
}

static void visit_rows(const struct pruning *p, int32_t given, const uint32_t *rows, int64_t n,
                       size_t worker, struct hits *hits) {
  const lqa_confident *cl = p->cl;
  const int64_t *quota = p->prune->quota + (int64_t)given * cl->n_classes;
  for (int64_t i = 0; i < n; i++) {
    int64_t stride;
    const void *values = lqa_confident_read_rows(cl, worker, rows[i], 1, &stride);
    if (cl->is_single) {
      visit_row(values, true, cl->n_classes, given, quota, hits, (uint32_t)i);
    } else {
      visit_row(values, false, cl->n_classes, given, quota, hits, (uint32_t)i);
    }
  }
}

/* Counts, makes room, then visits again to fill. After it hits of class t are [start[t],
 * start[t+1]). */
static lqa_status collect_hits(const struct pruning *p, int32_t given, const uint32_t *rows,
                               int64_t n, size_t worker, struct hits *hits) {
  int32_t n_classes = p->cl->n_classes;
  hits->start = lqa_calloc((size_t)n_classes + 1, sizeof *hits->start);
  if (!hits->start) {
    return LQA_NO_MEMORY;
  }
  visit_rows(p, given, rows, n, worker, hits);
  int64_t total = 0;
  for (int32_t t = 0; t < n_classes; t++) {
    int64_t count = hits->start[t];
    hits->start[t] = total;
    total += count;
  }
  hits->key = lqa_malloc((size_t)total, sizeof *hits->key);
  hits->at = lqa_malloc((size_t)total, sizeof *hits->at);
  if (!hits->key || !hits->at) {
    return LQA_NO_MEMORY;
  }
  visit_rows(p, given, rows, n, worker, hits);
  memmove(hits->start + 1, hits->start, (size_t)n_classes * sizeof *hits->start);
  hits->start[0] = 0;
  return LQA_OK;
}

static void clear_hits(struct hits *hits) {
  free(hits->start);
  free(hits->key);
  free(hits->at);
}

/* Fills one quota from the hits; true if all rows it takes are known. `scratch`: one value a hit.
 */
static bool fill_quota(const struct pruning *p, const struct hits *hits, int32_t t, int64_t quota,
                       const uint32_t *rows, double *scratch) {
  const double *key = hits->key + hits->start[t];
  const uint32_t *at = hits->at + hits->start[t];
  int64_t n = hits->start[t + 1] - hits->start[t];
  lqa_cut cut = {0, n, 0};
  int64_t room = 0;
  if (n > quota) {
    cut = lqa_find_cut(key, n, quota, scratch);
    room = quota - cut.n_less;
  }
  bool is_tied = room < cut.n_equal && p->cl->ties == LQA_TIES_COMPAT;
  for (int64_t i = 0; i < n; i++) {
    bool is_equal = n > quota && key[i] == cut.key;
    if (n <= quota || key[i] < cut.key || (is_equal && !is_tied && room-- > 0)) {
      p->flags[rows[at[i]]] |= BY_NOISE_RATE;
    }
  }
  return n >= quota && !is_tied;
}

static lqa_status prune_disagreeing(void *data, int32_t given, const uint32_t *rows, int64_t n,
                                    size_t worker) {
  struct pruning *p = data;
  int32_t n_classes = p->cl->n_classes;
  const int64_t *quota = p->prune->quota + (int64_t)given * n_classes;
  uint8_t *deferred = p->deferred + (int64_t)given * n_classes;
  struct hits hits = {0};
  double *scratch = NULL;
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(collect_hits(p, given, rows, n, worker, &hits));
  scratch = lqa_malloc((size_t)hits.start[n_classes], sizeof *scratch);
  if (!scratch) {
    status = LQA_NO_MEMORY;
    goto out;
  }
  for (int32_t t = 0; t < n_classes; t++) {
    if (t != given && quota[t] > 0) {
      deferred[t] = !fill_quota(p, &hits, t, quota[t], rows, scratch);
    }
  }
  int64_t n_undecided = 0;
  for (int64_t i = 0; i < n; i++) {
    n_undecided += !(p->flags[rows[i]] & BY_NOISE_RATE);
  }
  if (n_undecided == 0) {
    memset(deferred, 0, (size_t)n_classes);
  }
out:
  free(scratch);
  clear_hits(&hits);
  return status;
}

/* ---- second step: all rows of a class ---- */

/* Minus the margins of all rows for one leading class; *least is the smallest key of an undecided
 * row. */
static void fill_keys(const struct pruning *p, int32_t given, int32_t t, const uint32_t *rows,
                      int64_t n, double *key, double *least) {
  *least = (double)NAN;
  for (int64_t i = 0; i < n; i++) {
    double margin =
        lqa_confident_value(p->cl, rows[i], t) - lqa_confident_value(p->cl, rows[i], given);
    key[i] = -lqa_round_single(margin, p->cl->is_single);
    bool is_undecided =
        (p->flags[rows[i]] & (LQA_ROW_DISAGREES | BY_NOISE_RATE)) == LQA_ROW_DISAGREES;
    if (is_undecided && lqa_key_less(key[i], *least)) {
      *least = key[i];
    }
  }
}

static int64_t count_less(const double *key, int64_t n, double bound) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) {
    count += lqa_key_less(key[i], bound);
  }
  return count;
}

static lqa_status prune_all(void *data, int32_t given, const uint32_t *rows, int64_t n,
                            size_t worker) {
  struct pruning *p = data;
  (void)worker;
  int64_t pair = (int64_t)given * p->cl->n_classes;
  double *key = lqa_malloc((size_t)n, sizeof *key);
  uint8_t *chosen = lqa_calloc((size_t)n, 1);
  lqa_status status = key && chosen ? LQA_OK : LQA_NO_MEMORY;
  for (int32_t t = 0; status == LQA_OK && t < p->cl->n_classes; t++) {
    if (!p->deferred[pair + t]) {
      continue;
    }
    int64_t quota = p->prune->quota[pair + t];
    quota = quota < n ? quota : n;
    double least;
    fill_keys(p, given, t, rows, n, key, &least);
    if (count_less(key, n, least) < quota) {
      status = lqa_select_smallest(key, n, quota, p->cl->ties, chosen, 1);
    }
    for (int64_t i = 0; status == LQA_OK && i < n; i++) {
      p->flags[rows[i]] |= chosen[i] ? BY_NOISE_RATE : 0;
      chosen[i] = 0;
    }
  }
  free(chosen);
  free(key);
  return status;
}

/* ---- prune_by_noise_rate, prune_by_class ---- */

static lqa_status prune_by_noise_rate(struct pruning *p, const uint8_t *wanted, lqa_error *err) {
  size_t n = (size_t)p->cl->n_classes;
  lqa_status status = LQA_OK;
  uint8_t *again = lqa_calloc(n, 1);
  p->deferred = lqa_calloc(n, n);
  if (!again || !p->deferred) {
    status = lqa_fail_memory(err, "pruning by noise rate");
    goto out;
  }
  LQA_TRY_OUT(lqa_confident_each_class(p->cl, wanted, p->flags, LQA_ROW_DISAGREES,
                                       prune_disagreeing, p, err));
  bool any = false;
  for (size_t k = 0; k < n; k++) {
    again[k] = memchr(p->deferred + k * n, 1, n) != NULL;
    any = any || again[k];
  }
  if (any) {
    status = lqa_confident_each_class(p->cl, again, NULL, 0, prune_all, p, err);
  }
out:
  free(again);
  free(p->deferred);
  return status;
}

static lqa_status prune_least_confident(void *data, int32_t given, const uint32_t *rows, int64_t n,
                                        size_t worker) {
  struct pruning *p = data;
  (void)worker;
  int64_t keep = p->prune->quota[(int64_t)given * (p->cl->n_classes + 1)];
  int64_t remove = keep == INT64_MIN ? 0 : keep < 0 ? n : n - keep; /* INT64_MIN: 0 / 0, no quota */
  double *key = lqa_malloc((size_t)n, sizeof *key);
  uint8_t *chosen = lqa_calloc((size_t)n, 1);
  lqa_status status = key && chosen ? LQA_OK : LQA_NO_MEMORY;
  if (status == LQA_OK) {
    for (int64_t i = 0; i < n; i++) {
      key[i] = lqa_confident_value(p->cl, rows[i], given);
    }
    status = lqa_select_smallest(key, n, remove, p->cl->ties, chosen, 1);
  }
  for (int64_t i = 0; status == LQA_OK && i < n; i++) {
    p->flags[rows[i]] |= chosen[i] ? BY_CLASS : 0;
  }
  free(chosen);
  free(key);
  return status;
}

/* Classes with enough rows to lose one. */
static void choose_classes(const lqa_confident *cl, int64_t min_examples, uint8_t *wanted) {
  for (int32_t k = 0; k < cl->n_classes; k++) {
    wanted[k] = cl->class_count[k] > min_examples && cl->class_count[k] > 1;
  }
}

static lqa_status load_joint(const lqa_confident *cl, const lqa_filter_options *options,
                             const int64_t *counts, lqa_joint *joint, lqa_error *err) {
  if (options->confident_joint) {
    size_t n_cells = (size_t)joint->n * (size_t)joint->n;
    memcpy(joint->cell, options->confident_joint->cell, n_cells * sizeof *joint->cell);
    joint->by_column = options->confident_joint->by_column;
    return LQA_OK;
  }
  lqa_joint_from_counts(counts, joint);
  return lqa_joint_calibrate(joint, cl->class_count, cl->ties, err);
}

static lqa_status prune_rows(lqa_confident *cl, const lqa_filter_options *options, int64_t *counts,
                             uint8_t *flags, lqa_error *err) {
  size_t n = (size_t)cl->n_classes;
  lqa_status status = LQA_OK;
  lqa_joint joint = {.cell = lqa_malloc(n * n, sizeof(double)), .n = cl->n_classes};
  lqa_prune prune = {.quota = counts}; /* the counts are not needed once the joint is made */
  struct pruning p = {.cl = cl, .prune = &prune, .flags = flags};
  uint8_t *wanted = lqa_malloc(n, 1);
  if (!joint.cell || !wanted) {
    status = lqa_fail_memory(err, "pruning");
    goto out;
  }
  LQA_TRY_OUT(load_joint(cl, options, counts, &joint, err));
  LQA_TRY_OUT(lqa_prune_from_joint(&joint, options, cl->class_count, cl->ties, &prune, err));
  choose_classes(cl, options->min_examples_per_class, wanted);
  if (options->filter_by != LQA_FILTER_PRUNE_BY_CLASS) {
    LQA_TRY_OUT(prune_by_noise_rate(&p, wanted, err));
  }
  if (options->filter_by != LQA_FILTER_PRUNE_BY_NOISE_RATE) {
    status = lqa_confident_each_class(cl, wanted, NULL, 0, prune_least_confident, &p, err);
  }
out:
  free(joint.cell);
  free(wanted);
  return status;
}

static lqa_status filter_low_scores(lqa_confident *cl, lqa_score_method method, int64_t n_issues,
                                    uint8_t *issue, lqa_error *err) {
  double *score = lqa_malloc((size_t)cl->n_rows, sizeof *score);
  if (!score) {
    return lqa_fail_memory(err, "scoring labels");
  }
  lqa_status status = lqa_confident_scores(cl, method, false, score, err);
  memset(issue, 0, (size_t)cl->n_rows);
  if (status == LQA_OK) {
    status = lqa_select_smallest(score, cl->n_rows, n_issues, cl->ties, issue, 1);
    if (status == LQA_NO_MEMORY) {
      status = lqa_fail_memory(err, "choosing the lowest scores");
    }
  }
  free(score);
  return status;
}

static lqa_status apply(lqa_confident *cl, const lqa_filter_options *options,
                        lqa_confident_scan *scan, uint8_t *issue, lqa_error *err) {
  uint8_t bits = LQA_ROW_DISAGREES;
  switch (options->filter_by) {
  case LQA_FILTER_LOW_SELF_CONFIDENCE:
    return filter_low_scores(cl, LQA_SCORE_SELF_CONFIDENCE, scan->n_both, issue, err);
  case LQA_FILTER_LOW_NORMALIZED_MARGIN:
    return filter_low_scores(cl, LQA_SCORE_NORMALIZED_MARGIN, scan->n_both, issue, err);
  case LQA_FILTER_CONFIDENT_LEARNING:
    bits |= LQA_ROW_OFF_DIAGONAL;
    break;
  case LQA_FILTER_PREDICTED_NEQ_GIVEN:
    break;
  case LQA_FILTER_PRUNE_BY_NOISE_RATE:
    bits |= BY_NOISE_RATE;
    break;
  case LQA_FILTER_PRUNE_BY_CLASS:
    bits |= BY_CLASS;
    break;
  case LQA_FILTER_BOTH:
    bits |= BY_NOISE_RATE | BY_CLASS;
    break;
  }
  if (bits & (BY_NOISE_RATE | BY_CLASS)) {
    LQA_TRY(prune_rows(cl, options, scan->joint, issue, err));
  }
  for (int64_t row = 0; row < cl->n_rows; row++) {
    issue[row] = (issue[row] & bits) == bits;
  }
  return LQA_OK;
}

lqa_status lqa_confident_filter(lqa_confident *cl, const lqa_filter_options *options,
                                uint8_t *issue, lqa_error *err) {
  size_t n = (size_t)cl->n_classes;
  lqa_status status = LQA_OK;
  lqa_thresholds thresholds = {.value = lqa_malloc(n, sizeof(double))};
  lqa_confident_scan scan = {.joint = lqa_malloc(n * n, sizeof(int64_t)), .flags = issue};
  if (!thresholds.value || !scan.joint) {
    status = lqa_fail_memory(err, "finding label issues");
    goto out;
  }
  LQA_TRY_OUT(lqa_confident_thresholds(cl, &thresholds, err));
  LQA_TRY_OUT(lqa_confident_scan_rows(cl, &thresholds, &scan, err));
  status = apply(cl, options, &scan, issue, err);
out:
  free(thresholds.value);
  free(scan.joint);
  return status;
}

lqa_status lqa_confident_count_issues(lqa_confident *cl, int64_t *n_issues, lqa_error *err) {
  lqa_thresholds thresholds = {.value = lqa_malloc((size_t)cl->n_classes, sizeof(double))};
  if (!thresholds.value) {
    return lqa_fail_memory(err, "counting label issues");
  }
  lqa_confident_scan scan = {0};
  lqa_status status = lqa_confident_thresholds(cl, &thresholds, err);
  if (status == LQA_OK) {
    status = lqa_confident_scan_rows(cl, &thresholds, &scan, err);
  }
  free(thresholds.value);
  if (status == LQA_OK) {
    *n_issues = scan.n_both;
  }
  return status;
}

lqa_status lqa_confident_rank(lqa_confident *cl, const uint8_t *issue, lqa_score_method method,
                              bool adjust_pred_probs, int64_t **order, int64_t *n_order,
                              lqa_error *err) {
  lqa_scorer scorer;
  LQA_TRY(lqa_scorer_init(&scorer, cl, method, adjust_pred_probs, err));
  int64_t n = 0;
  for (int64_t row = 0; row < cl->n_rows; row++) {
    n += issue[row] != 0;
  }
  int64_t *place = lqa_malloc((size_t)n, sizeof *place);
  int64_t *rows = lqa_malloc((size_t)n, sizeof *rows);
  double *key = lqa_malloc((size_t)n, sizeof *key);
  lqa_status status = place && rows && key ? LQA_OK : LQA_NO_MEMORY;
  int64_t i = 0;
  for (int64_t row = 0; status == LQA_OK && row < cl->n_rows; row++) {
    if (issue[row]) {
      int32_t label;
      lqa_confident_read_labels(cl, row, 1, &label);
      rows[i] = row;
      key[i++] = label < 0 ? 0 : lqa_scorer_score(&scorer, row, label, 0);
    }
  }
  if (status == LQA_OK) {
    status = lqa_argsort(key, n, cl->ties, place);
  }
  for (i = 0; status == LQA_OK && i < n; i++) {
    place[i] = rows[place[i]];
  }
  free(key);
  free(rows);
  lqa_scorer_clear(&scorer);
  if (status != LQA_OK) {
    free(place);
    return lqa_fail_memory(err, "ranking label issues");
  }
  *order = place;
  *n_order = n;
  return LQA_OK;
}
