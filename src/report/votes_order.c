/* report/votes_order.c - what text and JSON share: orders, and the sentences about odd annotators.
 */
#include "report/votes_report.h"

#include "base/memory.h"
#include "report/markup.h"

#include <math.h>

struct ranked {
  double value;
  int32_t number;
};

static int compare(const void *a, const void *b) {
  const struct ranked *x = a, *y = b;
  if (x->value != y->value) {
    return x->value < y->value ? -1 : 1;
  }
  return (x->number > y->number) - (x->number < y->number);
}

static int32_t *rank(const double *value, int64_t n) {
  struct ranked *ranked = lqa_malloc((size_t)n, sizeof *ranked);
  int32_t *order = lqa_malloc((size_t)n, sizeof *order);
  for (int64_t i = 0; ranked && order && i < n; i++) {
    ranked[i] = (struct ranked){isnan(value[i]) ? (double)INFINITY : value[i], (int32_t)i};
  }
  if (ranked && order) {
    qsort(ranked, (size_t)n, sizeof *ranked, compare);
    for (int64_t i = 0; i < n; i++) {
      order[i] = ranked[i].number;
    }
  } else {
    free(order);
    order = NULL;
  }
  free(ranked);
  return order;
}

int32_t *lqa_votes_report_annotators(const lqa_vote_study *s) {
  int64_t n = s->table->n_annotators;
  double *best = lqa_malloc((size_t)n, sizeof *best);
  for (int64_t a = 0; best && a < n; a++) {
    best[a] = s->annotators[a].quality.high;
  }
  int32_t *order = best ? rank(best, n) : NULL;
  free(best);
  return order;
}

int32_t *lqa_votes_report_items(const lqa_vote_study *s) {
  return rank(s->consensus.active, s->table->n_items);
}

void lqa_votes_report_marks(const lqa_vote_study *s, int32_t annotator, lqa_buf *out) {
  const lqa_annotator *a = &s->annotators[annotator];
  const char *separator = "";
  if (a->marks & LQA_ANNOTATOR_CONSTANT) {
    lqa_buf_printf(out, "spammer: says '");
    lqa_markup_excerpt(s->table->classes[a->top_class], 30, out);
    lqa_buf_printf(out, "' in %.0f %% of %lld votes, whatever the item", 100 * a->top_share,
                   (long long)a->n_votes);
    separator = "; ";
  } else if (a->marks & (LQA_ANNOTATOR_SPAMMER | LQA_ANNOTATOR_REVERSED)) {
    bool is_reversed = a->marks & LQA_ANNOTATOR_REVERSED;
    lqa_buf_printf(out, "%s (kappa %.2f, at most %.2f, over %lld votes)",
                   is_reversed
                       ? "reversed: agrees with the others less than by chance; are labels swapped?"
                       : "spammer: agrees with the others hardly more than by chance",
                   a->kappa.estimate, a->kappa.high, (long long)a->n_judged);
    separator = "; ";
  }
  if (a->marks & LQA_ANNOTATOR_DRIFT) {
    lqa_buf_printf(out,
                   "%sdrift: agrees with the others in %.0f %% of the first half, %.0f %% of the "
                   "second (%lld votes)",
                   separator, 100 * a->early, 100 * a->late, (long long)a->n_timed);
  }
}
