/* model/votes/votes_dawid_skene.c - true labels and annotators' confusions, estimated together.
 *
 * Expectation-maximisation. Given posteriors over the true labels, an annotator's confusion matrix
 * is the posterior-weighted count of what they said (plus `smoothing` votes in every cell, so that
 * a class seen twice is no certainty). Given confusions and the class prior, the posterior of an
 * item is prior times the likelihoods of its votes, added up as logarithms. Gold items keep their
 * label throughout and so teach the confusions. One-coin annotators have one accuracy; errors
 * spread evenly.
 *
 * Only the labels an annotator ever used are kept (a slot each, one value per true class): the
 * cells of all others hold nothing but smoothing. So memory grows with votes x classes at most, not
 * with annotators x classes x classes, and a hundred thousand annotators of few votes fit.
 *
 * Items are independent in one step and annotators in the other, so both run in parallel with the
 * same result on any number of threads. Cost per iteration: votes x classes.
 */
#include "model/votes/votes.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

struct estimation {
  const lqa_votes *votes;
  const lqa_dawid_skene_options *options;
  lqa_dawid_skene *out;
  int64_t *slot_start;   /* n_annotators + 1: the slots of an annotator, */
  int32_t *slot_label;   /* and the label of a slot, in order of first use */
  int32_t *slot_of_vote; /* n_votes: among the annotator's own */
  double *confusion;     /* slots x n_classes: P(says the slot's label | true class) */
  double *log_confusion;
  double *log_prior;
  double *change;     /* per task: largest move of a posterior */
  double *likelihood; /* per task: sum of log-likelihoods */
  double *scratch;    /* per worker: n_classes */
};

void lqa_dawid_skene_options_init(lqa_dawid_skene_options *options) {
  *options = (lqa_dawid_skene_options){.smoothing = 0.01, .max_iterations = 200, .tolerance = 1e-6};
}

static int32_t gold_of(const struct estimation *e, int64_t item) {
  return e->options->gold ? e->options->gold[item] : -1;
}

static void start(struct estimation *e) {
  const lqa_votes *votes = e->votes;
  int64_t n = votes->n_classes;
  for (int64_t i = 0; i < votes->n_items; i++) {
    double *p = e->out->posterior + i * n;
    int64_t n_votes = lqa_votes_of_item(votes, i);
    for (int64_t k = 0; k < n; k++) {
      p[k] = n_votes > 0 ? 0 : 1.0 / (double)n;
    }
    for (int64_t v = votes->item_start[i]; v < votes->item_start[i + 1]; v++) {
      p[votes->label[v]] += 1.0 / (double)n_votes;
    }
    if (gold_of(e, i) >= 0) {
      memset(p, 0, (size_t)n * sizeof *p);
      p[gold_of(e, i)] = 1;
    }
  }
}

/* ---- maximisation ---- */

static void estimate_prior(struct estimation *e) {
  const lqa_votes *votes = e->votes;
  int64_t n = votes->n_classes;
  double total = 0;
  for (int64_t k = 0; k < n; k++) {
    e->out->prior[k] = e->options->smoothing;
  }
  for (int64_t i = 0; i < votes->n_items; i++) {
    if (lqa_votes_of_item(votes, i) > 0 || gold_of(e, i) >= 0) {
      for (int64_t k = 0; k < n; k++) {
        e->out->prior[k] += e->out->posterior[i * n + k];
      }
    }
  }
  for (int64_t k = 0; k < n; k++) {
    total += e->out->prior[k];
  }
  for (int64_t k = 0; k < n; k++) {
    e->out->prior[k] /= total;
    e->log_prior[k] = lqa_log(e->out->prior[k]);
  }
}

/* The slots' probabilities with one accuracy for all classes. */
static void count_coin(const struct estimation *e, int32_t annotator) {
  const lqa_votes *votes = e->votes;
  int64_t n = votes->n_classes;
  double right = e->options->smoothing;
  double total = 2 * e->options->smoothing;
  for (int64_t i = votes->annotator_start[annotator]; i < votes->annotator_start[annotator + 1];
       i++) {
    int64_t v = votes->vote[i];
    right += e->out->posterior[votes->item[v] * n + votes->label[v]];
    total += 1;
  }
  double accuracy = total > 0 ? right / total : 1.0 / (double)n;
  double error = n > 1 ? (1 - accuracy) / (double)(n - 1) : 1;
  for (int64_t s = e->slot_start[annotator]; s < e->slot_start[annotator + 1]; s++) {
    for (int64_t k = 0; k < n; k++) {
      e->confusion[s * n + k] = k == e->slot_label[s] ? accuracy : error;
    }
  }
}

/* The slots' probabilities. `sum`: scratch of n_classes. */
static void count_matrix(const struct estimation *e, int32_t annotator, double *sum) {
  const lqa_votes *votes = e->votes;
  int64_t n = votes->n_classes;
  int64_t from = e->slot_start[annotator], end = e->slot_start[annotator + 1];
  for (int64_t c = from * n; c < end * n; c++) {
    e->confusion[c] = e->options->smoothing;
  }
  for (int64_t i = votes->annotator_start[annotator]; i < votes->annotator_start[annotator + 1];
       i++) {
    int64_t v = votes->vote[i];
    const double *p = e->out->posterior + votes->item[v] * n;
    double *cell = e->confusion + (from + e->slot_of_vote[v]) * n;
    for (int64_t k = 0; k < n; k++) {
      cell[k] += p[k];
    }
  }
  for (int64_t k = 0; k < n; k++) {
    sum[k] = e->options->smoothing * (double)(n - (end - from)); /* labels never used */
  }
  for (int64_t s = from; s < end; s++) {
    for (int64_t k = 0; k < n; k++) {
      sum[k] += e->confusion[s * n + k];
    }
  }
  for (int64_t s = from; s < end; s++) {
    for (int64_t k = 0; k < n; k++) {
      double *cell = &e->confusion[s * n + k];
      *cell = sum[k] > 0 ? *cell / sum[k] : 1.0 / (double)n;
    }
  }
}

static lqa_status estimate_annotator(void *data, size_t annotator, size_t worker) {
  const struct estimation *e = data;
  int64_t n = e->votes->n_classes;
  if (e->options->is_one_coin) {
    count_coin(e, (int32_t)annotator);
  } else {
    count_matrix(e, (int32_t)annotator, e->scratch + worker * (size_t)n);
  }
  for (int64_t c = e->slot_start[annotator] * n; c < e->slot_start[annotator + 1] * n; c++) {
    e->log_confusion[c] = lqa_log(e->confusion[c]);
  }
  return LQA_OK;
}

/* ---- expectation ---- */

/* The item's posterior into p; returns the log-likelihood of its votes. */
static double weigh_item(const struct estimation *e, int64_t item, double *p) {
  const lqa_votes *votes = e->votes;
  int64_t n = votes->n_classes;
  double largest = -(double)INFINITY;
  double sum = 0;
  memcpy(p, e->log_prior, (size_t)n * sizeof *p);
  for (int64_t v = votes->item_start[item]; v < votes->item_start[item + 1]; v++) {
    const double *logs =
        e->log_confusion + (e->slot_start[votes->annotator[v]] + e->slot_of_vote[v]) * n;
    for (int64_t k = 0; k < n; k++) {
      p[k] += logs[k];
    }
  }
  for (int64_t k = 0; k < n; k++) {
    largest = p[k] > largest ? p[k] : largest;
  }
  for (int64_t k = 0; k < n; k++) {
    p[k] = lqa_exp(p[k] - largest);
    sum += p[k];
  }
  for (int64_t k = 0; k < n; k++) {
    p[k] /= sum;
  }
  return largest + lqa_log(sum);
}

static double weigh_gold(const struct estimation *e, int64_t item, double *p) {
  double likelihood = weigh_item(e, item, p);
  int32_t gold = gold_of(e, item);
  double own = p[gold];
  memset(p, 0, (size_t)e->votes->n_classes * sizeof *p);
  p[gold] = 1;
  return likelihood + lqa_log(own > 1e-300 ? own : 1e-300);
}

static lqa_status weigh_items(void *data, size_t task, size_t worker) {
  struct estimation *e = data;
  int64_t n = e->votes->n_classes;
  int64_t end = lqa_votes_task_end(e->votes, task);
  double *fresh = e->scratch + worker * (size_t)n;
  e->change[task] = e->likelihood[task] = 0;
  for (int64_t i = (int64_t)task * LQA_VOTE_TASK; i < end; i++) {
    double *p = e->out->posterior + i * n;
    e->likelihood[task] += gold_of(e, i) >= 0 ? weigh_gold(e, i, fresh) : weigh_item(e, i, fresh);
    for (int64_t k = 0; k < n; k++) {
      double change = fabs(fresh[k] - p[k]);
      e->change[task] = change > e->change[task] ? change : e->change[task];
      p[k] = fresh[k];
    }
  }
  return LQA_OK;
}

static lqa_status iterate(struct estimation *e, double *change) {
  size_t n_tasks = lqa_votes_tasks(e->votes);
  lqa_pool *pool = e->votes->pool;
  estimate_prior(e);
  LQA_TRY(lqa_pool_run(pool, (size_t)e->votes->n_annotators, estimate_annotator, e));
  LQA_TRY(lqa_pool_run(pool, n_tasks, weigh_items, e));
  *change = e->out->log_likelihood = 0;
  for (size_t t = 0; t < n_tasks; t++) {
    *change = e->change[t] > *change ? e->change[t] : *change;
    e->out->log_likelihood += e->likelihood[t];
  }
  return lqa_observe_cancelled(e->votes->observer) ? LQA_INTERRUPTED : LQA_OK;
}

/* ---- results ---- */

/* P(says its own class | true class k), and in *rest what each label never used gets. */
static double own_probability(const struct estimation *e, int64_t annotator, int64_t k,
                              double *rest) {
  int64_t n = e->votes->n_classes;
  int64_t from = e->slot_start[annotator], end = e->slot_start[annotator + 1];
  double left = 1;
  double own = -1;
  for (int64_t s = from; s < end; s++) {
    double p = e->confusion[s * n + k];
    left -= p;
    own = e->slot_label[s] == k ? p : own;
  }
  *rest = end - from < n && left > 0 ? left / (double)(n - (end - from)) : 0;
  if (e->options->is_one_coin && from < end) {
    double accuracy = e->confusion[from * n + e->slot_label[from]];
    *rest = n > 1 ? (1 - accuracy) / (double)(n - 1) : 0;
    own = accuracy;
  }
  return own >= 0 ? own : *rest;
}

static void expand(const struct estimation *e, int64_t annotator, double *confusion) {
  int64_t n = e->votes->n_classes;
  for (int64_t k = 0; k < n; k++) {
    double rest = 0;
    double own = own_probability(e, annotator, k, &rest);
    for (int64_t j = 0; j < n; j++) {
      confusion[k * n + j] = rest;
    }
    for (int64_t s = e->slot_start[annotator]; s < e->slot_start[annotator + 1]; s++) {
      confusion[k * n + e->slot_label[s]] = e->confusion[s * n + k];
    }
    confusion[k * n + k] = own;
  }
}

static void report(const struct estimation *e) {
  int64_t n = e->votes->n_classes;
  for (int64_t a = 0; a < e->votes->n_annotators; a++) {
    double accuracy = 0;
    double rest = 0;
    for (int64_t k = 0; e->out->accuracy && k < n; k++) {
      accuracy += e->out->prior[k] * own_probability(e, a, k, &rest);
    }
    if (e->out->accuracy) {
      e->out->accuracy[a] = accuracy;
    }
    if (e->out->confusion) {
      expand(e, a, e->out->confusion + a * n * n);
    }
  }
}

static lqa_status check(const lqa_votes *votes, const lqa_dawid_skene_options *options,
                        lqa_error *err) {
  if (!(options->smoothing >= 0) || options->max_iterations < 1 || !(options->tolerance >= 0)) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "smoothing and tolerance must not be negative, max_iterations at least 1");
  }
  for (int64_t i = 0; options->gold && i < votes->n_items; i++) {
    if (options->gold[i] >= votes->n_classes) {
      return lqa_fail_at(err, LQA_BAD_DATA, NULL, i, NULL,
                         "the gold label of item %lld is %d, beyond the %d classes", (long long)i,
                         (int)options->gold[i], (int)votes->n_classes);
    }
  }
  return LQA_OK;
}

/* Numbers the labels that each annotator used. `slot`: scratch of n_classes. */
static void number_slots(struct estimation *e, int32_t *slot) {
  const lqa_votes *votes = e->votes;
  int64_t n_slots = 0;
  for (int32_t a = 0; a < votes->n_annotators; a++) {
    int64_t from = votes->annotator_start[a], end = votes->annotator_start[a + 1];
    e->slot_start[a] = n_slots;
    for (int64_t i = from; i < end; i++) {
      slot[votes->label[votes->vote[i]]] = -1;
    }
    for (int64_t i = from; i < end; i++) {
      int32_t label = votes->label[votes->vote[i]];
      if (slot[label] < 0) {
        slot[label] = (int32_t)(n_slots - e->slot_start[a]);
        e->slot_label[n_slots++] = label;
      }
      e->slot_of_vote[votes->vote[i]] = slot[label];
    }
  }
  e->slot_start[votes->n_annotators] = n_slots;
}

static lqa_status allocate_slots(struct estimation *e) {
  size_t n = (size_t)e->votes->n_classes;
  size_t n_votes = (size_t)e->votes->n_votes;
  int32_t *slot = lqa_malloc(n, sizeof *slot);
  e->slot_start = lqa_malloc((size_t)e->votes->n_annotators + 1, sizeof *e->slot_start);
  e->slot_label = lqa_malloc(n_votes, sizeof *e->slot_label);
  e->slot_of_vote = lqa_malloc(n_votes, sizeof *e->slot_of_vote);
  bool ok = slot && e->slot_start && e->slot_label && e->slot_of_vote;
  if (ok) {
    number_slots(e, slot);
    size_t n_slots = (size_t)e->slot_start[e->votes->n_annotators];
    e->confusion = lqa_malloc(n_slots, n * sizeof *e->confusion);
    e->log_confusion = lqa_malloc(n_slots, n * sizeof *e->log_confusion);
  }
  free(slot);
  return ok && e->confusion && e->log_confusion ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status allocate(struct estimation *e) {
  size_t n = (size_t)e->votes->n_classes;
  size_t n_tasks = lqa_votes_tasks(e->votes);
  e->log_prior = lqa_malloc(n, sizeof *e->log_prior);
  e->change = lqa_malloc(n_tasks, sizeof *e->change);
  e->likelihood = lqa_malloc(n_tasks, sizeof *e->likelihood);
  e->scratch = lqa_malloc(n, lqa_pool_threads(e->votes->pool) * sizeof *e->scratch);
  if (!e->log_prior || !e->change || !e->likelihood || !e->scratch) {
    return LQA_NO_MEMORY;
  }
  return allocate_slots(e);
}

static void clear(struct estimation *e) {
  free(e->slot_start);
  free(e->slot_label);
  free(e->slot_of_vote);
  free(e->confusion);
  free(e->log_confusion);
  free(e->log_prior);
  free(e->change);
  free(e->likelihood);
  free(e->scratch);
}

lqa_status lqa_votes_dawid_skene(const lqa_votes *votes, const lqa_dawid_skene_options *options,
                                 lqa_dawid_skene *out, lqa_error *err) {
  lqa_dawid_skene_options defaults;
  lqa_dawid_skene_options_init(&defaults);
  options = options ? options : &defaults;
  LQA_TRY(check(votes, options, err));
  struct estimation e = {.votes = votes, .options = options, .out = out};
  lqa_status status = LQA_OK;
  double change = (double)INFINITY;
  LQA_TRY_OUT(allocate(&e));
  start(&e);
  out->iterations = 0;
  while (out->iterations < options->max_iterations && change > options->tolerance) {
    LQA_TRY_OUT(iterate(&e, &change));
    out->iterations++;
  }
  out->has_converged = change <= options->tolerance;
  report(&e);
out:
  clear(&e);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "estimating annotators") : status;
}
