/* model/votes/votes_crowdlab.c - consensus labels from votes and a model's predictions.
 *
 * The posterior of an item is a weighted average: the model's probabilities, and for each vote a
 * distribution that gives its class the likelihood L (the mean agreement with the consensus on
 * items with several votes) and spreads 1 - L over the others. Weights measure skill against always
 * naming the commonest consensus class: 1 - error / that guess's error, at least 1e-6; an
 * annotator's error is disagreement with the other voters, the model's is disagreement with the
 * consensus, and the model's weight grows with the root of the mean number of votes.
 *
 * Cost: votes x classes, in tasks of items. Sums and products run in cleanlab 2.9's order, because
 * the best-quality consensus looks for exact ties.
 */
#include "model/votes/votes.h"

#include "base/memory.h"
#include "base/pairwise_sum.h"

#include <math.h>
#include <string.h>

#define LEAST_WEIGHT 1e-6

struct assessment {
  const lqa_votes *votes;
  lqa_crowdlab *out;
  double *scratch;     /* n_items */
  int32_t *n_same;     /* n_votes: votes of the item for the same label, this one too */
  int64_t n_multiple;  /* items whose number of votes is not 1 */
  double likelihood;   /* of the consensus class given a vote for it */
  double unlikelihood; /* of each other class */
  double guess_error;  /* of always naming the commonest class */
  double *terms;       /* per worker: n_models + n_annotators, twice */
};

static bool is_multiple(const lqa_votes *votes, int64_t item) {
  return lqa_votes_of_item(votes, item) != 1;
}

static void measure_items(struct assessment *a) {
  const lqa_votes *votes = a->votes;
  int64_t n = 0;
  for (int64_t i = 0; i < votes->n_items; i++) {
    int64_t n_agree = 0;
    for (int64_t v = votes->item_start[i]; v < votes->item_start[i + 1]; v++) {
      n_agree += votes->label[v] == a->out->consensus[i];
    }
    a->out->agreement[i] = (double)n_agree / (double)lqa_votes_of_item(votes, i);
    if (is_multiple(votes, i)) {
      a->scratch[n++] = a->out->agreement[i];
    }
  }
  a->n_multiple = n;
  a->likelihood = lqa_pairwise_sum(a->scratch, n, false) / (double)n;
  a->unlikelihood = (1 - a->likelihood) / (votes->n_classes - 1);
}

static lqa_status measure_guess(struct assessment *a) {
  const lqa_votes *votes = a->votes;
  int64_t *count = lqa_calloc((size_t)votes->n_classes, sizeof *count);
  if (!count) {
    return LQA_NO_MEMORY;
  }
  int64_t most = 0;
  for (int64_t i = 0; i < votes->n_items; i++) {
    if (is_multiple(votes, i)) {
      int64_t n = ++count[a->out->consensus[i]];
      most = n > most ? n : most;
    }
  }
  free(count);
  double error = (double)(a->n_multiple - most) / (double)a->n_multiple;
  a->guess_error = error < LEAST_WEIGHT ? LEAST_WEIGHT : error;
  return LQA_OK;
}

static lqa_status count_same(struct assessment *a) {
  const lqa_votes *votes = a->votes;
  int32_t *count = lqa_calloc((size_t)votes->n_classes, sizeof *count);
  a->n_same = lqa_malloc((size_t)votes->n_votes, sizeof *a->n_same);
  if (!count || !a->n_same) {
    free(count);
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < votes->n_items; i++) {
    int64_t from = votes->item_start[i], end = votes->item_start[i + 1];
    for (int64_t v = from; v < end; v++) {
      count[votes->label[v]]++;
    }
    for (int64_t v = from; v < end; v++) {
      a->n_same[v] = count[votes->label[v]];
    }
    for (int64_t v = from; v < end; v++) {
      count[votes->label[v]] = 0;
    }
  }
  free(count);
  return LQA_OK;
}

/* An annotator's agreement with the other voters, items weighted by how many those are: NaN
 * without. */
static double agreement_with_others(struct assessment *a, int32_t annotator) {
  const lqa_votes *votes = a->votes;
  int64_t n = 0;
  double weight = 0;
  for (int64_t i = votes->annotator_start[annotator]; i < votes->annotator_start[annotator + 1];
       i++) {
    int64_t v = votes->vote[i];
    int64_t item = votes->item[v];
    double n_others = (double)(lqa_votes_of_item(votes, item) - 1);
    int64_t n_same = a->n_same[v] - 1;
    a->scratch[n++] = n_others > 0 ? (double)n_same / n_others * n_others : 0;
    weight += n_others;
  }
  return weight > 0 ? lqa_pairwise_sum(a->scratch, n, false) / weight : (double)NAN;
}

static void measure_annotators(struct assessment *a) {
  double *agreement = a->out->annotator_agreement;
  int32_t n_known = 0;
  for (int32_t k = 0; k < a->votes->n_annotators; k++) {
    agreement[k] = agreement_with_others(a, k);
  }
  for (int32_t k = 0; k < a->votes->n_annotators; k++) {
    if (!isnan(agreement[k])) {
      a->scratch[n_known++] = agreement[k];
    }
  }
  double average = lqa_pairwise_sum(a->scratch, n_known, false) / n_known;
  for (int32_t k = 0; k < a->votes->n_annotators; k++) {
    agreement[k] = isnan(agreement[k]) ? average : agreement[k];
    double weight = 1 - (1 - agreement[k]) / a->guess_error;
    a->out->annotator_weight[k] = weight < LEAST_WEIGHT ? LEAST_WEIGHT : weight;
  }
}

/* First most probable class, NaN counting as largest. */
static int32_t argmax(const double *p, int32_t n) {
  int32_t best = 0;
  for (int32_t k = 1; k < n && p[best] == p[best]; k++) {
    best = p[k] > p[best] || p[k] != p[k] ? k : best;
  }
  return best;
}

/* `row`: scratch of n_classes. */
static void measure_model(struct assessment *a, int32_t model, double *row) {
  const lqa_votes *votes = a->votes;
  int64_t n_wrong = 0;
  for (int64_t i = 0; i < votes->n_items; i++) {
    if (is_multiple(votes, i)) {
      lqa_matrix_row_f64(&a->out->models[model], i, row);
      n_wrong += argmax(row, votes->n_classes) != a->out->consensus[i];
    }
  }
  double error = (double)n_wrong / (double)a->n_multiple;
  double skill = 1 - error / a->guess_error;
  double votes_per_item = (double)votes->n_votes / (double)votes->n_items;
  a->out->model_weight[model] =
      (skill > LEAST_WEIGHT ? skill : LEAST_WEIGHT) * sqrt(votes_per_item);
}

/* One model: sums in the order model, then annotators. A float32 model is weighted in float32. */
static void average_one(const struct assessment *a, int64_t item, double *posterior) {
  const lqa_votes *votes = a->votes;
  const lqa_matrix *model = a->out->models;
  bool is_single = model->dtype == LQA_FLOAT32;
  double model_weight = lqa_round_single(a->out->model_weight[0], is_single);
  double total = 0;
  for (int32_t k = 0; k < votes->n_classes; k++) {
    posterior[k] = lqa_round_single(lqa_matrix_get(model, item, k) * model_weight, is_single);
  }
  for (int64_t v = votes->item_start[item]; v < votes->item_start[item + 1]; v++) {
    double weight = a->out->annotator_weight[votes->annotator[v]];
    total += weight;
    for (int32_t k = 0; k < votes->n_classes; k++) {
      posterior[k] += weight * (k == votes->label[v] ? a->likelihood : a->unlikelihood);
    }
  }
  total += a->out->model_weight[0];
  for (int32_t k = 0; k < votes->n_classes; k++) {
    posterior[k] /= total;
  }
}

/* Several models: one weighted mean over models and votes. `terms`: scratch, 2 x (models + votes).
 */
static void average_many(const struct assessment *a, int64_t item, double *terms,
                         double *posterior) {
  const lqa_votes *votes = a->votes;
  int64_t n_votes = lqa_votes_of_item(votes, item);
  int64_t n = a->out->n_models + n_votes;
  double *weight = terms + n;
  for (int32_t m = 0; m < a->out->n_models; m++) {
    weight[m] = a->out->model_weight[m];
  }
  for (int64_t v = 0; v < n_votes; v++) {
    weight[a->out->n_models + v] =
        a->out->annotator_weight[votes->annotator[votes->item_start[item] + v]];
  }
  double total = lqa_pairwise_sum(weight, n, false);
  for (int32_t k = 0; k < votes->n_classes; k++) {
    for (int32_t m = 0; m < a->out->n_models; m++) {
      terms[m] = lqa_matrix_get(&a->out->models[m], item, k) * weight[m];
    }
    for (int64_t v = 0; v < n_votes; v++) {
      bool is_voted = votes->label[votes->item_start[item] + v] == k;
      int64_t t = a->out->n_models + v;
      terms[t] = (is_voted ? a->likelihood : a->unlikelihood) * weight[t];
    }
    posterior[k] = lqa_pairwise_sum(terms, n, false) / total;
  }
}

static lqa_status average_items(void *data, size_t task, size_t worker) {
  const struct assessment *a = data;
  size_t n_terms = (size_t)a->out->n_models + (size_t)a->votes->n_annotators;
  int64_t end = lqa_votes_task_end(a->votes, task);
  if (lqa_observe_cancelled(a->votes->observer)) {
    return LQA_INTERRUPTED;
  }
  for (int64_t i = (int64_t)task * LQA_VOTE_TASK; i < end; i++) {
    double *posterior = a->out->posterior + i * a->votes->n_classes;
    if (a->out->n_models == 1) {
      average_one(a, i, posterior);
    } else {
      average_many(a, i, a->terms + worker * 2 * n_terms, posterior);
    }
  }
  return LQA_OK;
}

static lqa_status check_input(const lqa_votes *votes, const lqa_crowdlab *crowdlab,
                              lqa_error *err) {
  if (crowdlab->n_models < 0) {
    return lqa_fail(err, LQA_BAD_USAGE, "n_models is %d, not at least 0", (int)crowdlab->n_models);
  }
  for (int32_t m = 0; m < crowdlab->n_models; m++) {
    LQA_TRY(lqa_votes_check_probs(votes, &crowdlab->models[m], err));
  }
  LQA_TRY(lqa_votes_check_items(votes, err));
  for (int64_t i = 0; i < votes->n_items; i++) {
    if (crowdlab->consensus[i] < 0 || crowdlab->consensus[i] >= votes->n_classes) {
      return lqa_fail_at(err, LQA_BAD_DATA, NULL, i, NULL, "the consensus of item %lld is %d",
                         (long long)i, (int)crowdlab->consensus[i]);
    }
  }
  return LQA_OK;
}

lqa_status lqa_votes_crowdlab(const lqa_votes *votes, lqa_crowdlab *crowdlab, lqa_error *err) {
  LQA_TRY(check_input(votes, crowdlab, err));
  struct assessment a = {.votes = votes, .out = crowdlab};
  lqa_status status = LQA_OK;
  size_t n_terms = (size_t)crowdlab->n_models + (size_t)votes->n_annotators;
  size_t n_scratch =
      (size_t)(votes->n_items > votes->n_annotators ? votes->n_items : votes->n_annotators);
  double *row = lqa_malloc((size_t)votes->n_classes, sizeof *row);
  a.scratch = lqa_malloc(n_scratch, sizeof *a.scratch);
  a.terms = lqa_malloc(n_terms, 2 * lqa_pool_threads(votes->pool) * sizeof *a.terms);
  if (!row || !a.scratch || !a.terms) {
    status = lqa_fail_memory(err, "weighing votes");
    goto out;
  }
  LQA_TRY_OUT(count_same(&a));
  measure_items(&a);
  LQA_TRY_OUT(measure_guess(&a));
  measure_annotators(&a);
  for (int32_t m = 0; m < crowdlab->n_models; m++) {
    measure_model(&a, m, row);
  }
  status = lqa_pool_run(votes->pool, lqa_votes_tasks(votes), average_items, &a);
out:
  free(row);
  free(a.scratch);
  free(a.n_same);
  free(a.terms);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "weighing votes") : status;
}

/* The class of largest posterior where there is one, else the label already there. */
static void set_best(const lqa_votes *votes, lqa_crowdlab *crowdlab) {
  int32_t n = votes->n_classes;
  for (int64_t i = 0; i < votes->n_items; i++) {
    const double *p = crowdlab->posterior + i * n;
    int32_t best = argmax(p, n);
    int32_t n_best = 0;
    for (int32_t k = 0; k < n; k++) {
      n_best += p[k] == p[best];
    }
    if (n_best == 1) {
      crowdlab->consensus[i] = best;
    }
  }
}

/* The models' mean probabilities as one matrix; *owned is freed by the caller. */
static lqa_status average_models(const lqa_votes *votes, const lqa_crowdlab *crowdlab,
                                 double **owned, lqa_matrix *mean) {
  int64_t n_classes = votes->n_classes;
  int64_t n = votes->n_items * n_classes;
  double *sum = lqa_malloc((size_t)n, sizeof *sum);
  if (!sum) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) {
    sum[i] = 0;
    for (int32_t m = 0; m < crowdlab->n_models; m++) {
      sum[i] += lqa_matrix_get(&crowdlab->models[m], i / n_classes, i % n_classes);
    }
    sum[i] /= crowdlab->n_models;
  }
  *owned = sum;
  *mean = (lqa_matrix){
      sum,        LQA_FLOAT64, false, votes->n_items, n_classes, n_classes * (int64_t)sizeof *sum,
      sizeof *sum};
  return LQA_OK;
}

lqa_status lqa_votes_best_quality(const lqa_votes *votes, const int32_t *start,
                                  lqa_crowdlab *crowdlab, lqa_error *err) {
  double *owned = NULL;
  lqa_matrix mean = {0};
  lqa_status status = LQA_OK;
  if (start) {
    memcpy(crowdlab->consensus, start, (size_t)votes->n_items * sizeof *start);
  } else {
    if (crowdlab->n_models > 1) {
      LQA_TRY_OUT(average_models(votes, crowdlab, &owned, &mean));
    } else if (crowdlab->n_models == 1) {
      mean = crowdlab->models[0];
    }
    lqa_majority majority = {.label = crowdlab->consensus};
    LQA_TRY_OUT(lqa_votes_majority(votes, crowdlab->n_models > 0 ? &mean : NULL, &majority, err));
  }
  LQA_TRY_OUT(lqa_votes_crowdlab(votes, crowdlab, err));
  set_best(votes, crowdlab);
  status = lqa_votes_crowdlab(votes, crowdlab, err);
out:
  free(owned);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "weighing votes") : status;
}

static double mean_of(const double *values, int32_t n) {
  return lqa_pairwise_sum(values, n, false) / n;
}

void lqa_votes_active_scores(const lqa_votes *votes, const lqa_crowdlab *crowdlab,
                             const double *quality, double *score) {
  double model = 0;
  for (int32_t m = 0; m < crowdlab->n_models; m++) {
    model += crowdlab->model_weight[m];
  }
  double doubt = mean_of(crowdlab->annotator_weight, votes->n_annotators);
  for (int64_t i = 0; i < votes->n_items; i++) {
    double trust = 0;
    for (int64_t v = votes->item_start[i]; v < votes->item_start[i + 1]; v++) {
      trust += crowdlab->annotator_weight[votes->annotator[v]];
    }
    trust += model;
    score[i] = (quality[i] * trust + 1.0 / votes->n_classes * doubt) / (trust + doubt);
  }
}
