/* model/votes_dawid_skene.c - true labels and annotators' confusions, estimated together.
 *
 * Expectation-maximisation. Given posteriors over the true labels, an annotator's confusion matrix
 * is the posterior-weighted count of what they said (plus `smoothing` votes in every cell, so that
 * a class seen twice is no certainty). Given confusions and the class prior, the posterior of an
 * item is prior times the likelihoods of its votes, added up as logarithms. Gold items keep their
 * label throughout and so teach the confusions. One-coin annotators have one accuracy; errors
 * spread evenly.
 *
 * Items are independent in one step and annotators in the other, so both run in parallel with the
 * same result on any number of threads. Cost per iteration: votes x classes.
 */
#include "model/votes.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

struct estimation {
  const lqa_votes *votes;
  const lqa_dawid_skene_options *options;
  lqa_dawid_skene *out;
  double *confusion;     /* n_annotators x n_classes x n_classes [true][said] */
  double *log_confusion; /* the same, transposed to [said][true] */
  double *log_prior;
  double *change;     /* per task: largest move of a posterior */
  double *likelihood; /* per task: sum of log-likelihoods */
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

static void count_coin(const struct estimation *e, int32_t annotator, double *confusion) {
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
  for (int64_t k = 0; k < n * n; k++) {
    bool is_diagonal = k % (n + 1) == 0;
    confusion[k] = is_diagonal ? accuracy : n > 1 ? (1 - accuracy) / (double)(n - 1) : 1;
  }
}

static void count_matrix(const struct estimation *e, int32_t annotator, double *confusion) {
  const lqa_votes *votes = e->votes;
  int64_t n = votes->n_classes;
  for (int64_t k = 0; k < n * n; k++) {
    confusion[k] = e->options->smoothing;
  }
  for (int64_t i = votes->annotator_start[annotator]; i < votes->annotator_start[annotator + 1];
       i++) {
    int64_t v = votes->vote[i];
    const double *p = e->out->posterior + votes->item[v] * n;
    for (int64_t k = 0; k < n; k++) {
      confusion[k * n + votes->label[v]] += p[k];
    }
  }
  for (int64_t k = 0; k < n; k++) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
      sum += confusion[k * n + j];
    }
    for (int64_t j = 0; j < n; j++) {
      confusion[k * n + j] = sum > 0 ? confusion[k * n + j] / sum : 1.0 / (double)n;
    }
  }
}

static lqa_status estimate_annotator(void *data, size_t annotator, size_t worker) {
  const struct estimation *e = data;
  int64_t n = e->votes->n_classes;
  double *confusion = e->confusion + (int64_t)annotator * n * n;
  double *logs = e->log_confusion + (int64_t)annotator * n * n;
  (void)worker;
  if (e->options->is_one_coin) {
    count_coin(e, (int32_t)annotator, confusion);
  } else {
    count_matrix(e, (int32_t)annotator, confusion);
  }
  for (int64_t k = 0; k < n; k++) {
    for (int64_t j = 0; j < n; j++) {
      logs[j * n + k] = lqa_log(confusion[k * n + j]);
    }
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
        e->log_confusion + ((int64_t)votes->annotator[v] * n + votes->label[v]) * n;
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
  double *fresh = lqa_malloc((size_t)n, sizeof *fresh);
  (void)worker;
  if (!fresh) {
    return LQA_NO_MEMORY;
  }
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
  free(fresh);
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

static void report(const struct estimation *e) {
  size_t n = (size_t)e->votes->n_classes;
  size_t n_annotators = (size_t)e->votes->n_annotators;
  if (e->out->confusion) {
    memcpy(e->out->confusion, e->confusion, n_annotators * n * n * sizeof *e->confusion);
  }
  for (size_t a = 0; e->out->accuracy && a < n_annotators; a++) {
    e->out->accuracy[a] = 0;
    for (size_t k = 0; k < n; k++) {
      e->out->accuracy[a] += e->out->prior[k] * e->confusion[(a * n + k) * n + k];
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

static lqa_status allocate(struct estimation *e, lqa_error *err) {
  size_t n = (size_t)e->votes->n_classes;
  size_t n_cells = (size_t)e->votes->n_annotators * n;
  size_t n_tasks = lqa_votes_tasks(e->votes);
  e->confusion = lqa_malloc(n_cells, n * sizeof *e->confusion);
  e->log_confusion = lqa_malloc(n_cells, n * sizeof *e->log_confusion);
  e->log_prior = lqa_malloc(n, sizeof *e->log_prior);
  e->change = lqa_malloc(n_tasks, sizeof *e->change);
  e->likelihood = lqa_malloc(n_tasks, sizeof *e->likelihood);
  if (!e->confusion || !e->log_confusion || !e->log_prior || !e->change || !e->likelihood) {
    return lqa_fail_memory(err, "estimating annotators");
  }
  return LQA_OK;
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
  LQA_TRY_OUT(allocate(&e, err));
  start(&e);
  out->iterations = 0;
  while (out->iterations < options->max_iterations && change > options->tolerance) {
    LQA_TRY_OUT(iterate(&e, &change));
    out->iterations++;
  }
  out->has_converged = change <= options->tolerance;
  report(&e);
out:
  free(e.confusion);
  free(e.log_confusion);
  free(e.log_prior);
  free(e.change);
  free(e.likelihood);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "estimating annotators") : status;
}
