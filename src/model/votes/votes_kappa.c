/* model/votes/votes_kappa.c - Cohen's kappa of two annotators, plain or weighted.
 *
 * Agreement (or closeness, with weights that fall linearly or quadratically with the classes'
 * distance) on the items both labelled, against what their own class shares would give by chance.
 * The interval is the large-sample normal one; for perfect agreement see votes_interval.h.
 *
 * Reference: Fleiss, Cohen and Everitt, "Large sample standard errors of kappa and weighted kappa",
 * Psychological Bulletin 72 (1969).
 */
#include "model/votes/votes.h"

#include "base/memory.h"
#include "model/votes/votes_interval.h"

#include <math.h>

struct table {
  int64_t n; /* classes */
  double n_items;
  double *cell;         /* n x n shares of items: [first says][second says] */
  double *row, *column; /* n each: the annotators' own shares */
  lqa_vote_distance distance;
};

static double weight_of(const struct table *t, int64_t a, int64_t b) {
  double gap = t->n > 1 ? fabs((double)(a - b)) / (double)(t->n - 1) : 0;
  switch (t->distance) {
  case LQA_DISTANCE_LINEAR:
    return 1 - gap;
  case LQA_DISTANCE_QUADRATIC:
    return 1 - gap * gap;
  default:
    return a == b;
  }
}

static void add_shared(const lqa_votes *votes, const int32_t annotators[2], struct table *t) {
  int64_t other = votes->annotator_start[annotators[1]];
  int64_t other_end = votes->annotator_start[annotators[1] + 1];
  for (int64_t i = votes->annotator_start[annotators[0]];
       i < votes->annotator_start[annotators[0] + 1]; i++) {
    int64_t v = votes->vote[i];
    while (other < other_end && votes->item[votes->vote[other]] < votes->item[v]) {
      other++;
    }
    if (other < other_end && votes->item[votes->vote[other]] == votes->item[v]) {
      t->cell[votes->label[v] * t->n + votes->label[votes->vote[other]]] += 1;
      t->n_items += 1;
    }
  }
}

static void share_out(struct table *t) {
  for (int64_t a = 0; a < t->n; a++) {
    for (int64_t b = 0; b < t->n; b++) {
      t->cell[a * t->n + b] /= t->n_items;
      t->row[a] += t->cell[a * t->n + b];
      t->column[b] += t->cell[a * t->n + b];
    }
  }
}

/* The large-sample standard error. `by_row`, `by_column`: scratch of n each. */
static double standard_error(const struct table *t, const lqa_agreement *k, double *by_row,
                             double *by_column) {
  for (int64_t a = 0; a < t->n; a++) {
    by_row[a] = by_column[a] = 0;
    for (int64_t b = 0; b < t->n; b++) {
      by_row[a] += t->column[b] * weight_of(t, a, b);
      by_column[a] += t->row[b] * weight_of(t, b, a);
    }
  }
  double room = 1 - k->expected;
  double sum = 0;
  for (int64_t a = 0; a < t->n; a++) {
    for (int64_t b = 0; b < t->n; b++) {
      double term = weight_of(t, a, b) * room - (by_row[a] + by_column[b]) * (1 - k->observed);
      sum += t->cell[a * t->n + b] * term * term;
    }
  }
  double offset = k->observed * k->expected - 2 * k->expected + k->observed;
  double variance = (sum - offset * offset) / (t->n_items * room * room * room * room);
  return variance > 0 ? sqrt(variance) : 0;
}

static void measure(const struct table *t, const lqa_agreement_options *options, double *scratch,
                    lqa_agreement *out) {
  *out = (lqa_agreement){.n_items = (int64_t)t->n_items, .n_votes = 2 * (int64_t)t->n_items};
  for (int64_t a = 0; a < t->n; a++) {
    for (int64_t b = 0; b < t->n; b++) {
      out->observed += t->cell[a * t->n + b] * weight_of(t, a, b);
      out->expected += t->row[a] * t->column[b] * weight_of(t, a, b);
    }
  }
  bool is_perfect = true;
  for (int64_t c = 0; c < t->n * t->n; c++) {
    is_perfect = is_perfect && (t->cell[c] == 0 || c % (t->n + 1) == 0);
  }
  out->value = is_perfect ? 1 : (out->observed - out->expected) / (1 - out->expected);
  if (is_perfect) {
    lqa_interval_of_perfection(out->n_items, 1 - out->expected, options->confidence, out);
  } else {
    out->interval = "large-sample";
    double error = standard_error(t, out, scratch, scratch + t->n);
    lqa_interval_of_error(error, options->confidence, out);
    out->low = out->low > -1 ? out->low : -1;
  }
}

static lqa_status check(const lqa_votes *votes, const int32_t annotators[2],
                        const lqa_agreement_options *options, lqa_error *err) {
  LQA_TRY(lqa_interval_check(options, err));
  for (int i = 0; i < 2; i++) {
    if (annotators[i] < 0 || annotators[i] >= votes->n_annotators) {
      return lqa_fail(err, LQA_BAD_USAGE, "annotator %d: there are %d (from 0)", (int)annotators[i],
                      (int)votes->n_annotators);
    }
  }
  if (options->distance == LQA_DISTANCE_ORDINAL) {
    return lqa_fail(err, LQA_BAD_USAGE, "Cohen's kappa takes nominal, linear or quadratic");
  }
  return LQA_OK;
}

lqa_status lqa_votes_cohen(const lqa_votes *votes, const int32_t annotators[2],
                           const lqa_agreement_options *options, lqa_agreement *out,
                           lqa_error *err) {
  lqa_agreement_options defaults;
  lqa_agreement_options_init(&defaults);
  options = options ? options : &defaults;
  LQA_TRY(check(votes, annotators, options, err));
  size_t n = (size_t)votes->n_classes;
  struct table t = {.n = votes->n_classes, .distance = options->distance};
  lqa_status status = LQA_OK;
  double *scratch = lqa_malloc(n, 2 * sizeof *scratch);
  t.cell = lqa_calloc(n, n * sizeof *t.cell);
  t.row = lqa_calloc(n, sizeof *t.row);
  t.column = lqa_calloc(n, sizeof *t.column);
  if (!scratch || !t.cell || !t.row || !t.column) {
    status = lqa_fail_memory(err, "measuring agreement");
    goto out;
  }
  add_shared(votes, annotators, &t);
  if (t.n_items == 0) {
    status = lqa_fail(err, LQA_BAD_DATA, "annotators %d and %d share no item", (int)annotators[0],
                      (int)annotators[1]);
    goto out;
  }
  share_out(&t);
  measure(&t, options, scratch, out);
out:
  free(scratch);
  free(t.cell);
  free(t.row);
  free(t.column);
  return status;
}
