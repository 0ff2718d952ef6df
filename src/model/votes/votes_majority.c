/* model/votes/votes_majority.c - the label most annotators gave, and four ways out of a tie.
 *
 * A tie goes to the class that a model finds most probable, else to the class rarest over all votes
 * (the rarer a class, the more a vote for it says), else to the class whose voters agree most with
 * the majority of the items that were not tied. What is tied even then stays open: the lowest class
 * is reported and marked, so that the caller may draw. The rules are cleanlab 2.9's.
 */
#include "model/votes/votes.h"

#include "base/memory.h"
#include "base/pairwise_sum.h"

#include <math.h>
#include <string.h>

struct majority {
  const lqa_votes *votes;
  const lqa_matrix *pred_probs;
  lqa_majority *out;
  int32_t *count;     /* n_classes: votes of the item in hand */
  uint8_t *tied;      /* n_classes: still in the race */
  int64_t *frequency; /* n_classes: over all votes */
  double *agreement;  /* n_annotators, of step three */
  double *scratch;    /* n_annotators */
};

/* Counts the item's votes and puts the classes with most in `tied`; returns how many there are. */
static int32_t count_votes(struct majority *m, int64_t item) {
  const lqa_votes *votes = m->votes;
  int32_t n = votes->n_classes;
  int32_t most = 0;
  int32_t n_tied = 0;
  memset(m->count, 0, (size_t)n * sizeof *m->count);
  for (int64_t v = votes->item_start[item]; v < votes->item_start[item + 1]; v++) {
    int32_t count = ++m->count[votes->label[v]];
    most = count > most ? count : most;
  }
  for (int32_t k = 0; k < n; k++) {
    m->tied[k] = m->count[k] == most;
    n_tied += m->tied[k];
  }
  return n_tied;
}

/* Keeps the tied classes whose value is largest (all where the values are NaN); returns how many
 * are left. */
static int32_t keep_largest(struct majority *m, const double *value) {
  double largest = -(double)INFINITY;
  int32_t n_tied = 0;
  for (int32_t k = 0; k < m->votes->n_classes; k++) {
    largest = m->tied[k] && value[k] > largest ? value[k] : largest;
  }
  for (int32_t k = 0; k < m->votes->n_classes; k++) {
    m->tied[k] = m->tied[k] && !(value[k] < largest);
    n_tied += m->tied[k];
  }
  return n_tied;
}

static int32_t first_tied(const struct majority *m) {
  int32_t k = 0;
  while (k < m->votes->n_classes - 1 && !m->tied[k]) {
    k++;
  }
  return k;
}

/* The first three steps. `value`: scratch of n_classes. Returns how many classes are left. */
static int32_t narrow(struct majority *m, int64_t item, double *value) {
  int32_t n_tied = count_votes(m, item);
  int32_t n = m->votes->n_classes;
  if (n_tied > 1 && m->pred_probs) {
    lqa_matrix_row_f64(m->pred_probs, item, value);
    n_tied = keep_largest(m, value);
  }
  for (int32_t k = 0; n_tied > 1 && k < n; k++) {
    value[k] = -(double)m->frequency[k];
  }
  return n_tied > 1 ? keep_largest(m, value) : n_tied;
}

/* How often an annotator's votes on items that were not tied are the majority's; the average of the
 * others for an annotator without such an item. */
static void measure_agreement(struct majority *m, const uint8_t *was_tied) {
  const lqa_votes *votes = m->votes;
  int32_t n_known = 0;
  for (int32_t a = 0; a < votes->n_annotators; a++) {
    int64_t n = 0;
    int64_t n_right = 0;
    for (int64_t i = votes->annotator_start[a]; i < votes->annotator_start[a + 1]; i++) {
      int64_t v = votes->vote[i];
      if (!was_tied[votes->item[v]]) {
        n++;
        n_right += votes->label[v] == m->out->label[votes->item[v]];
      }
    }
    m->agreement[a] = n > 0 ? (double)n_right / (double)n : (double)NAN;
    if (n > 0) {
      m->scratch[n_known++] = m->agreement[a];
    }
  }
  double average = lqa_pairwise_sum(m->scratch, n_known, false) / n_known;
  for (int32_t a = 0; a < votes->n_annotators; a++) {
    m->agreement[a] = isnan(m->agreement[a]) ? average : m->agreement[a];
  }
}

/* Step three: the tied classes by the mean agreement of their voters. */
static int32_t narrow_by_voters(struct majority *m, int64_t item, double *value) {
  const lqa_votes *votes = m->votes;
  for (int32_t k = 0; k < votes->n_classes; k++) {
    int32_t n = 0;
    for (int64_t v = votes->item_start[item]; m->tied[k] && v < votes->item_start[item + 1]; v++) {
      if (votes->label[v] == k) {
        m->scratch[n++] = m->agreement[votes->annotator[v]];
      }
    }
    value[k] = lqa_pairwise_sum(m->scratch, n, false) / n;
  }
  return keep_largest(m, value);
}

static void leave_open(struct majority *m, int64_t item) {
  size_t n = (size_t)m->votes->n_classes;
  m->out->n_open++;
  if (m->out->is_open) {
    m->out->is_open[item] = 1;
  }
  if (m->out->candidate) {
    memcpy(m->out->candidate + (size_t)item * n, m->tied, n);
  }
}

static void decide(struct majority *m, uint8_t *was_tied, double *value) {
  const lqa_votes *votes = m->votes;
  int64_t n_left = 0;
  for (int64_t i = 0; i < votes->n_items; i++) {
    bool is_empty = lqa_votes_of_item(votes, i) == 0;
    was_tied[i] = !is_empty && count_votes(m, i) > 1;
    int32_t n_tied = is_empty ? 0 : was_tied[i] ? narrow(m, i, value) : 1;
    m->out->label[i] = is_empty ? -1 : first_tied(m);
    was_tied[i] = (uint8_t)(was_tied[i] | (n_tied > 1 ? 2 : 0));
    n_left += n_tied > 1;
  }
  if (n_left == 0) {
    return;
  }
  measure_agreement(m, was_tied);
  for (int64_t i = 0; i < votes->n_items; i++) {
    if (was_tied[i] & 2) {
      narrow(m, i, value);
      int32_t n_tied = narrow_by_voters(m, i, value);
      m->out->label[i] = first_tied(m);
      if (n_tied > 1) {
        leave_open(m, i);
      }
    }
  }
}

static void clear_marks(const lqa_votes *votes, lqa_majority *out) {
  out->n_open = 0;
  if (out->is_open) {
    memset(out->is_open, 0, (size_t)votes->n_items);
  }
  if (out->candidate) {
    memset(out->candidate, 0, (size_t)votes->n_items * (size_t)votes->n_classes);
  }
}

lqa_status lqa_votes_majority(const lqa_votes *votes, const lqa_matrix *pred_probs,
                              lqa_majority *out, lqa_error *err) {
  size_t n = (size_t)votes->n_classes;
  if (pred_probs) {
    LQA_TRY(lqa_votes_check_probs(votes, pred_probs, err));
  }
  struct majority m = {.votes = votes, .pred_probs = pred_probs, .out = out};
  lqa_status status = LQA_OK;
  uint8_t *was_tied = lqa_malloc((size_t)votes->n_items, 1);
  double *value = lqa_malloc(n, sizeof *value);
  m.count = lqa_malloc(n, sizeof *m.count);
  m.tied = lqa_malloc(n, 1);
  m.frequency = lqa_calloc(n, sizeof *m.frequency);
  m.agreement = lqa_malloc((size_t)votes->n_annotators, sizeof *m.agreement);
  m.scratch = lqa_malloc((size_t)votes->n_annotators, sizeof *m.scratch);
  if (!was_tied || !value || !m.count || !m.tied || !m.frequency || !m.agreement || !m.scratch) {
    status = lqa_fail_memory(err, "taking the majority vote");
    goto out;
  }
  for (int64_t v = 0; v < votes->n_votes; v++) {
    m.frequency[votes->label[v]]++;
  }
  clear_marks(votes, out);
  decide(&m, was_tied, value);
out:
  free(was_tied);
  free(value);
  free(m.count);
  free(m.tied);
  free(m.frequency);
  free(m.agreement);
  free(m.scratch);
  return status;
}
