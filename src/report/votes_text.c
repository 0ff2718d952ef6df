/* report/votes_text.c - a study of votes on the terminal: how much people agree, who to look at,
 * what to label again.
 */
#include "report/votes_report.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "report/markup.h"

#include <math.h>

enum { NAME = 16, CLASS = 12, MOST_SHOWN_CLASSES = 4, LEAST_SHARED = 10 };

static double percent(int64_t part, int64_t whole) {
  return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

/* The text cut to `width` and filled up with spaces. */
static void add_cell(lqa_str text, size_t width, lqa_buf *out) {
  size_t from = out->size;
  lqa_markup_excerpt(text, width, out);
  size_t used = out->failed ? width : lqa_utf8_count(out->data + from, out->size - from);
  lqa_buf_printf(out, "%*s", (int)(used < width ? width - used : 0), "");
}

/* Without the sign of what is shown as zero. */
static double unsigned_zero(double value) {
  return fabs(value) < 0.0005 ? 0 : value;
}

static void add_number(double value, int width, lqa_buf *out) {
  if (isnan(value)) {
    lqa_buf_printf(out, "%*s", width, "-");
  } else {
    lqa_buf_printf(out, "%*.3f", width, unsigned_zero(value));
  }
}

static void add_name(const lqa_vote_study *s, int32_t annotator, lqa_buf *out) {
  lqa_markup_excerpt(lqa_vote_table_annotator(s->table, annotator), NAME, out);
}

static void add_count(int64_t n, const char *one, const char *many, lqa_buf *out) {
  lqa_buf_printf(out, "%lld %s", (long long)n, n == 1 ? one : many);
}

static void print_head(const lqa_votes_report *r, lqa_buf *out) {
  const lqa_vote_table *t = r->study->table;
  lqa_buf_printf(out, "%s: ", r->source);
  add_count(t->n_items, "item, ", "items, ", out);
  add_count(t->n_annotators, "annotator, ", "annotators, ", out);
  add_count(t->n_votes, "vote of ", "votes of ", out);
  add_count(t->n_classes, "class", "classes", out);
  lqa_buf_printf(out, "; %.1f per item\n", (double)t->n_votes / (double)t->n_items);
  for (size_t i = 0; i < t->notes.n; i++) {
    lqa_buf_printf(out, "note: %s\n", t->notes.data[i]);
  }
}

static void print_truth(const lqa_vote_study *s, lqa_buf *out) {
  if (s->n_truth > 0) {
    lqa_buf_printf(out,
                   "  against the truth: %.1f %% of %lld items right; plain majority %.1f %%\n",
                   percent(s->n_right, s->n_truth), (long long)s->n_truth,
                   percent(s->n_majority_right, s->n_truth));
  }
}

static void print_consensus(const lqa_vote_study *s, lqa_buf *out) {
  bool is_estimated = s->method == LQA_CONSENSUS_DAWID_SKENE || s->method == LQA_CONSENSUS_ONE_COIN;
  lqa_buf_printf(out, "\nConsensus (%s", lqa_consensus_method_name(s->method));
  if (is_estimated) {
    lqa_buf_printf(out, ", %d iterations%s", (int)s->consensus.iterations,
                   s->consensus.has_converged ? "" : ", not converged");
  } else if (s->method == LQA_CONSENSUS_CROWDLAB) {
    lqa_buf_printf(out, ", %s", s->model ? s->model : "votes alone");
  }
  lqa_buf_printf(out, ")\n  %lld items get another label than by plain majority; %lld were tied\n",
                 (long long)s->n_moved, (long long)s->n_tied);
  if (!isnan(s->model_accuracy)) {
    lqa_buf_printf(out, "  the model agrees with the plain majority in %.1f %% of the items\n",
                   100 * s->model_accuracy);
  }
  print_truth(s, out);
}

static void print_coefficient(const char *name, const lqa_agreement *a, const lqa_votes_report *r,
                              lqa_buf *out) {
  lqa_buf_printf(out, "  %-22s", name);
  add_number(a->value, 7, out);
  if (isnan(a->low)) {
    lqa_buf_printf(out, "   (%s)\n",
                   a->n_items < 2 ? "one item: no interval"
                                  : "only one class was used: chance agreement cannot be computed");
    return;
  }
  lqa_buf_printf(out, "   %.3f to %.3f", unsigned_zero(a->low), unsigned_zero(a->high));
  if (a->interval && strcmp(a->interval, "bootstrap") == 0) {
    lqa_buf_printf(out, "   (bootstrap over %lld items, %lld resamples)\n", (long long)a->n_items,
                   (long long)r->n_resamples);
  } else {
    lqa_buf_printf(out, "   (%s, %lld items)\n", a->interval, (long long)a->n_items);
  }
}

static int compare_kappas(const void *a, const void *b) {
  const lqa_annotator_pair *const *x = a, *const *y = b;
  double p = (*x)->kappa.value, q = (*y)->kappa.value;
  return p != q ? (p < q ? -1 : 1) : (*x > *y) - (*x < *y);
}

static void add_pair(const lqa_vote_study *s, const lqa_annotator_pair *pair, lqa_buf *out) {
  add_name(s, pair->first, out);
  lqa_buf_add_text(out, " / ");
  add_name(s, pair->second, out);
  lqa_buf_printf(out, " %.3f", unsigned_zero(pair->kappa.value));
  if (!isnan(pair->kappa.low)) {
    lqa_buf_printf(out, " (%.3f to %.3f)", unsigned_zero(pair->kappa.low),
                   unsigned_zero(pair->kappa.high));
  }
  lqa_buf_printf(out, " over %lld items\n", (long long)pair->n_shared);
}

/* Pairs with at least `least` items in common into `order`, by kappa. */
static size_t order_pairs(const lqa_vote_study *s, int64_t least,
                          const lqa_annotator_pair **order) {
  size_t n = 0;
  for (size_t i = 0; i < s->pairs.n; i++) {
    if (s->pairs.pairs[i].n_shared >= least) {
      order[n++] = &s->pairs.pairs[i];
    }
  }
  qsort(order, n, sizeof *order, compare_kappas);
  return n;
}

static void print_pairs(const lqa_vote_study *s, lqa_buf *out) {
  const lqa_annotator_pair **order = lqa_malloc(s->pairs.n + 1, sizeof *order);
  if (!order || s->pairs.n == 0) {
    out->failed = out->failed || !order;
    free(order);
    return;
  }
  int64_t least = LEAST_SHARED;
  size_t n = order_pairs(s, least, order);
  if (n == 0) {
    least = 1;
    n = order_pairs(s, least, order);
  }
  lqa_buf_printf(out, "  Cohen's kappa of %zu pair%s with %lld item%s or more in common", n,
                 n == 1 ? "" : "s", (long long)least, least == 1 ? "" : "s");
  if (s->pairs.n_compared < s->table->n_annotators) {
    lqa_buf_printf(out, " (the %d annotators with most votes)", (int)s->pairs.n_compared);
  }
  double median = (order[(n - 1) / 2]->kappa.value + order[n / 2]->kappa.value) / 2;
  lqa_buf_printf(out, ": median %.3f\n", unsigned_zero(median));
  lqa_buf_add_text(out, n > 1 ? "    lowest   " : "    ");
  add_pair(s, order[0], out);
  if (n > 1) {
    lqa_buf_add_text(out, "    highest  ");
    add_pair(s, order[n - 1], out);
  }
  free(order);
}

static void print_agreement(const lqa_votes_report *r, lqa_buf *out) {
  const lqa_vote_study *s = r->study;
  lqa_buf_printf(out, "\nAgreement beyond chance, with %g %% intervals\n", 100 * r->confidence);
  if (!s->has_agreement) {
    lqa_buf_add_text(out, "  no item has two votes: agreement cannot be measured\n");
    return;
  }
  print_coefficient("Krippendorff's alpha", &s->alpha, r, out);
  if (s->has_fleiss) {
    print_coefficient("Fleiss' kappa", &s->fleiss, r, out);
  }
  print_pairs(s, out);
}

static void add_mistake(const lqa_vote_study *s, const lqa_annotator *a, lqa_buf *out) {
  lqa_buf cell;
  lqa_buf_init(&cell, 4096);
  if (a->n_worst > 0) {
    lqa_markup_excerpt(s->table->classes[a->worst[0]], CLASS, &cell);
    lqa_buf_add_text(&cell, " as ");
    lqa_markup_excerpt(s->table->classes[a->worst[1]], CLASS, &cell);
    lqa_buf_printf(&cell, " %lld of %lld", (long long)a->n_worst, (long long)a->n_worst_of);
  } else {
    lqa_buf_add_text(&cell, "-");
  }
  add_cell(lqa_buf_str(&cell), 30, out);
  out->failed = out->failed || cell.failed;
  lqa_buf_clear(&cell);
}

static void print_annotator(const lqa_vote_study *s, int32_t annotator, lqa_buf *out) {
  const lqa_annotator *a = &s->annotators[annotator];
  lqa_buf_add_text(out, "  ");
  add_cell(lqa_vote_table_annotator(s->table, annotator), NAME, out);
  lqa_buf_printf(out, "%7lld", (long long)a->n_votes);
  add_number(a->quality.estimate, 9, out);
  if (isnan(a->quality.estimate)) {
    lqa_buf_printf(out, "%14s", "-");
  } else {
    lqa_buf_printf(out, "  %.2f to %.2f", a->quality.low, a->quality.high);
  }
  add_number(a->with_others.estimate, 8, out);
  if (s->n_truth > 0) {
    add_number(a->truth_accuracy.estimate, 7, out);
  }
  lqa_buf_add_text(out, "  ");
  add_mistake(s, a, out);
  if (a->bias >= 0.005) {
    lqa_markup_excerpt(s->table->classes[a->bias_class], CLASS, out);
    lqa_buf_printf(out, " %+.0f %%", 100 * a->bias);
  }
  while (out->size > 0 && out->data[out->size - 1] == ' ') {
    out->data[--out->size] = '\0';
  }
  lqa_buf_add_char(out, '\n');
}

static void print_annotators(const lqa_votes_report *r, lqa_buf *out) {
  const lqa_vote_study *s = r->study;
  int32_t *order = lqa_votes_report_annotators(s);
  int64_t n = s->table->n_annotators, shown = n < r->top ? n : r->top;
  out->failed = out->failed || !order;
  lqa_buf_printf(out, "\nAnnotators, surest to be weak first (%lld of %lld)\n", (long long)shown,
                 (long long)n);
  lqa_buf_printf(out, "  %-16s%7s%9s%14s%8s%s  %-30s%s\n", "annotator", "votes", "quality",
                 "interval", "others", s->n_truth > 0 ? "  truth" : "", "commonest mistake",
                 "overuses");
  for (int64_t i = 0; order && i < shown; i++) {
    print_annotator(s, order[i], out);
  }
  free(order);
}

static void print_copies(const lqa_vote_study *s, int64_t most, int64_t *n, lqa_buf *out) {
  for (size_t i = 0; i < s->pairs.n && *n < most; i++) {
    const lqa_annotator_pair *pair = &s->pairs.pairs[i];
    if (pair->is_copy) {
      lqa_buf_add_text(out, *n == 0 ? "\nLook at these annotators\n  " : "  ");
      add_name(s, pair->first, out);
      lqa_buf_add_text(out, " and ");
      add_name(s, pair->second, out);
      lqa_buf_printf(
          out,
          "  same answers: %lld of %lld items, and in %lld of the %lld where one differs "
          "from the others\n",
          (long long)pair->n_same, (long long)pair->n_shared, (long long)pair->n_wrong_same,
          (long long)pair->n_wrong);
      (*n)++;
    }
  }
}

static void print_marks(const lqa_votes_report *r, lqa_buf *out) {
  const lqa_vote_study *s = r->study;
  int32_t *order = lqa_votes_report_annotators(s);
  int64_t n = 0, n_marked = 0;
  for (int64_t i = 0; order && i < s->table->n_annotators; i++) {
    n_marked += s->annotators[order[i]].marks != 0;
    if (s->annotators[order[i]].marks && n < r->top) {
      lqa_buf_add_text(out, n == 0 ? "\nLook at these annotators\n  " : "  ");
      add_cell(lqa_vote_table_annotator(s->table, order[i]), NAME, out);
      lqa_votes_report_marks(s, order[i], out);
      lqa_buf_add_char(out, '\n');
      n++;
    }
  }
  if (n_marked > n) {
    lqa_buf_printf(out, "  and %lld more\n", (long long)(n_marked - n));
  }
  n = n > 0 ? 1 : 0;
  print_copies(s, r->top + n, &n, out);
  free(order);
}

/* The class with most votes in `count`, the first of equals; -1 where none is left. */
static int32_t find_most(const int64_t *count, int32_t n) {
  int32_t best = 0;
  for (int32_t k = 1; k < n; k++) {
    best = count[k] > count[best] ? k : best;
  }
  return count[best] > 0 ? best : -1;
}

/* "dog 5, wolf 4": the votes of an item, commonest first. `count`: scratch, zeroes before and
 * after. */
static void add_votes(const lqa_vote_study *s, int64_t item, int64_t *count, lqa_buf *out) {
  const lqa_votes *votes = s->votes;
  int64_t from = votes->item_start[item], end = votes->item_start[item + 1];
  for (int64_t v = from; v < end; v++) {
    count[votes->label[v]]++;
  }
  for (int shown = 0; shown < MOST_SHOWN_CLASSES; shown++) {
    int32_t best = find_most(count, votes->n_classes);
    if (best >= 0) {
      lqa_buf_add_text(out, shown ? ", " : "");
      lqa_markup_excerpt(s->table->classes[best], CLASS, out);
      lqa_buf_printf(out, " %lld", (long long)count[best]);
      count[best] = 0;
    }
  }
  for (int64_t v = from; v < end; v++) {
    count[votes->label[v]] = 0;
  }
}

static void print_items(const lqa_votes_report *r, lqa_buf *out) {
  const lqa_vote_study *s = r->study;
  int32_t *order = lqa_votes_report_items(s);
  int64_t n = s->table->n_items, shown = n < r->top ? n : r->top;
  int64_t *count = lqa_calloc((size_t)s->table->n_classes, sizeof *count);
  out->failed = out->failed || !order || !count;
  lqa_buf_printf(out, "\nItems to label again first (%lld of %lld, by ActiveLab)\n",
                 (long long)shown, (long long)n);
  lqa_buf_printf(out, "  %-16s%7s%9s  %-14s%s\n", "item", "score", "quality", "consensus", "votes");
  for (int64_t i = 0; order && count && i < shown && !isnan(s->consensus.active[order[i]]); i++) {
    char scratch[24];
    lqa_buf_add_text(out, "  ");
    add_cell(lqa_vote_table_item(s->table, order[i], scratch), NAME, out);
    add_number(s->consensus.active[order[i]], 7, out);
    add_number(s->consensus.quality[order[i]], 9, out);
    lqa_buf_add_text(out, "  ");
    add_cell(s->table->classes[s->consensus.label[order[i]]], 14, out);
    add_votes(s, order[i], count, out);
    lqa_buf_add_char(out, '\n');
  }
  free(count);
  free(order);
}

void lqa_votes_report_text(const lqa_votes_report *report, lqa_buf *out) {
  print_head(report, out);
  print_consensus(report->study, out);
  print_agreement(report, out);
  print_annotators(report, out);
  print_marks(report, out);
  print_items(report, out);
}
