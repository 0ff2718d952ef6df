/* model/votes/consensus.c - the methods of labelqa/annotators.h under one roof.
 *
 * ActiveLab's score needs annotator weights. They come from CROWDLAB for the consensus found, with
 * the model (its confidence brought to the votes' level) where there is one, else from the votes
 * alone; where no item has two votes all weigh the same.
 */
#include "model/votes/consensus.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

void lqa_consensus_clear(lqa_consensus *c) {
  free(c->label);
  free(c->quality);
  free(c->posterior);
  free(c->agreement);
  free(c->entropy);
  free(c->active);
  free(c->majority);
  free(c->is_tied);
  free(c->annotator_quality);
  free(c->annotator_weight);
  *c = (lqa_consensus){0};
}

static lqa_status allocate(const lqa_votes *votes, lqa_consensus *c) {
  size_t n = (size_t)votes->n_items;
  size_t n_annotators = (size_t)votes->n_annotators;
  c->label = lqa_malloc(n, sizeof *c->label);
  c->quality = lqa_malloc(n, sizeof *c->quality);
  c->posterior = lqa_malloc(n, (size_t)votes->n_classes * sizeof *c->posterior);
  c->agreement = lqa_malloc(n, sizeof *c->agreement);
  c->entropy = lqa_malloc(n, sizeof *c->entropy);
  c->active = lqa_malloc(n, sizeof *c->active);
  c->majority = lqa_malloc(n, sizeof *c->majority);
  c->is_tied = lqa_malloc(n, 1);
  c->annotator_quality = lqa_malloc(n_annotators, sizeof *c->annotator_quality);
  c->annotator_weight = lqa_malloc(n_annotators, sizeof *c->annotator_weight);
  bool ok = c->label && c->quality && c->posterior && c->agreement && c->entropy && c->active &&
            c->majority && c->is_tied && c->annotator_quality && c->annotator_weight;
  return ok ? LQA_OK : LQA_NO_MEMORY;
}

/* Shares of the votes into posterior; entropy and ties of the plain vote. */
static void share_votes(const lqa_votes *votes, lqa_consensus *c) {
  int64_t n = votes->n_classes;
  for (int64_t i = 0; i < votes->n_items; i++) {
    double *p = c->posterior + i * n;
    int64_t n_votes = lqa_votes_of_item(votes, i);
    double most = 0;
    int n_most = 0;
    memset(p, 0, (size_t)n * sizeof *p);
    for (int64_t v = votes->item_start[i]; v < votes->item_start[i + 1]; v++) {
      p[votes->label[v]] += 1;
    }
    c->entropy[i] = 0;
    for (int64_t k = 0; k < n; k++) {
      n_most = p[k] > most ? 1 : n_most + (p[k] == most && most > 0);
      most = p[k] > most ? p[k] : most;
      p[k] /= (double)n_votes;
      c->entropy[i] -= p[k] > 0 ? p[k] * lqa_log(p[k]) / lqa_log(2) : 0;
    }
    c->is_tied[i] = n_most > 1;
  }
}

static bool has_pair(const lqa_votes *votes) {
  for (int64_t i = 0; i < votes->n_items; i++) {
    if (lqa_votes_of_item(votes, i) > 1) {
      return votes->n_classes > 1;
    }
  }
  return false;
}

/* The class of largest posterior; the majority's where it is among the largest. */
static void set_largest(const lqa_votes *votes, lqa_consensus *c) {
  int64_t n = votes->n_classes;
  for (int64_t i = 0; i < votes->n_items; i++) {
    const double *p = c->posterior + i * n;
    int32_t best = c->majority[i];
    for (int32_t k = 0; k < n; k++) {
      best = p[k] > p[best] ? k : best;
    }
    c->label[i] = best;
  }
}

static lqa_status run_dawid_skene(const lqa_votes *votes, const lqa_consensus_options *options,
                                  lqa_consensus *c, lqa_error *err) {
  lqa_dawid_skene_options ds;
  lqa_dawid_skene_options_init(&ds);
  ds.is_one_coin = options->method == LQA_CONSENSUS_ONE_COIN;
  ds.gold = options->gold;
  ds.max_iterations = options->max_iterations > 0 ? options->max_iterations : ds.max_iterations;
  double *prior = lqa_malloc((size_t)votes->n_classes, sizeof *prior);
  lqa_dawid_skene found = {.posterior = c->posterior, .prior = prior};
  lqa_status status;
  LQA_TRY_OUT(prior ? lqa_votes_dawid_skene(votes, &ds, &found, err)
                    : lqa_fail_memory(err, "finding the consensus"));
  c->iterations = found.iterations;
  c->has_converged = found.has_converged;
  set_largest(votes, c);
out:
  free(prior);
  return status;
}

/* Gold items' label and posterior. */
static void set_gold(const lqa_votes *votes, const int32_t *gold, lqa_consensus *c) {
  size_t n = (size_t)votes->n_classes;
  for (int64_t i = 0; gold && i < votes->n_items; i++) {
    if (gold[i] >= 0) {
      c->label[i] = gold[i];
      memset(c->posterior + (size_t)i * n, 0, n * sizeof *c->posterior);
      c->posterior[(size_t)i * n + (size_t)gold[i]] = 1;
    }
  }
}

/* CROWDLAB around a consensus: weights and posterior into `lab`. `finds`: the consensus is found,
 * not given. */
static lqa_status weigh(const lqa_votes *votes, const lqa_matrix *model, bool finds,
                        lqa_crowdlab *lab, lqa_error *err) {
  lab->models = model;
  lab->n_models = model ? 1 : 0;
  return finds ? lqa_votes_best_quality(votes, NULL, lab, err)
               : lqa_votes_crowdlab(votes, lab, err);
}

static lqa_status run_crowdlab(const lqa_votes *votes, const lqa_consensus_options *options,
                               lqa_consensus *c, lqa_error *err) {
  double *agreement = lqa_malloc((size_t)votes->n_annotators, sizeof *agreement);
  lqa_crowdlab lab = {.consensus = c->label,
                      .agreement = c->agreement,
                      .posterior = c->posterior,
                      .model_weight = &c->model_weight,
                      .annotator_weight = c->annotator_weight,
                      .annotator_agreement = agreement};
  lqa_status status;
  LQA_TRY_OUT(agreement ? LQA_OK : lqa_fail_memory(err, "finding the consensus"));
  LQA_TRY_OUT(weigh(votes, options->model, true, &lab, err));
  if (options->gold) {
    set_gold(votes, options->gold, c);
    LQA_TRY_OUT(weigh(votes, options->model, false, &lab, err));
  }
out:
  free(agreement);
  return status;
}

/* ---- ActiveLab ---- */

struct weighing {
  double *scaled, *posterior, *agreement, *item_agreement, *quality;
  int32_t *label;
};

static void clear_weighing(struct weighing *w) {
  free(w->scaled);
  free(w->posterior);
  free(w->agreement);
  free(w->item_agreement);
  free(w->quality);
  free(w->label);
}

static lqa_status allocate_weighing(const lqa_votes *votes, bool has_model, struct weighing *w) {
  size_t n = (size_t)votes->n_items;
  size_t n_cells = n * (size_t)votes->n_classes;
  w->scaled = has_model ? lqa_malloc(n_cells, sizeof *w->scaled) : NULL;
  w->posterior = lqa_malloc(n_cells, sizeof *w->posterior);
  w->agreement = lqa_malloc((size_t)votes->n_annotators, sizeof *w->agreement);
  w->item_agreement = lqa_malloc(n, sizeof *w->item_agreement);
  w->quality = lqa_malloc(n, sizeof *w->quality);
  w->label = lqa_malloc(n, sizeof *w->label);
  bool ok = (!has_model || w->scaled) && w->posterior && w->agreement && w->item_agreement &&
            w->quality && w->label;
  return ok ? LQA_OK : LQA_NO_MEMORY;
}

/* With a model, as cleanlab's get_active_learning_scores: its own consensus by scaled
 * probabilities. */
static lqa_status score_items(const lqa_votes *votes, const lqa_consensus_options *options,
                              lqa_consensus *c, struct weighing *w, lqa_error *err) {
  lqa_matrix scaled = {w->scaled,      LQA_FLOAT64,      false,
                       votes->n_items, votes->n_classes, votes->n_classes * (int64_t)sizeof(double),
                       sizeof(double)};
  bool finds = options->model && options->method == LQA_CONSENSUS_CROWDLAB && !options->gold;
  double temperature = 1;
  double model_weight = 0;
  lqa_crowdlab lab = {.consensus = w->label,
                      .agreement = w->item_agreement,
                      .posterior = w->posterior,
                      .model_weight = &model_weight,
                      .annotator_weight = c->annotator_weight,
                      .annotator_agreement = w->agreement};
  memcpy(w->label, c->label, (size_t)votes->n_items * sizeof *w->label);
  if (options->model) {
    LQA_TRY(lqa_votes_temperature(votes, options->model, &temperature, err));
    LQA_TRY(lqa_temperature_scale(options->model, temperature, w->scaled, err));
  }
  LQA_TRY(weigh(votes, options->model ? &scaled : NULL, finds, &lab, err));
  for (int64_t i = 0; i < votes->n_items; i++) {
    w->quality[i] = finds ? w->posterior[i * votes->n_classes + w->label[i]] : c->quality[i];
  }
  lqa_votes_active_scores(votes, &lab, w->quality, c->active);
  return LQA_OK;
}

static lqa_status score_active(const lqa_votes *votes, const lqa_consensus_options *options,
                               lqa_consensus *c, lqa_error *err) {
  if (!c->is_weighed) {
    for (int32_t a = 0; a < votes->n_annotators; a++) {
      c->annotator_weight[a] = 1;
    }
    const lqa_crowdlab lab = {.annotator_weight = c->annotator_weight};
    lqa_votes_active_scores(votes, &lab, c->quality, c->active);
    return LQA_OK;
  }
  struct weighing w = {0};
  bool has_model = options->model != NULL;
  double *kept = NULL;
  size_t bytes = (size_t)votes->n_annotators * sizeof *kept;
  lqa_status status;
  LQA_TRY_OUT(allocate_weighing(votes, has_model, &w));
  if (options->method == LQA_CONSENSUS_CROWDLAB) {
    kept = lqa_malloc((size_t)votes->n_annotators, sizeof *kept);
    LQA_TRY_OUT(kept ? LQA_OK : LQA_NO_MEMORY);
  }
  if (kept) {
    memcpy(kept, c->annotator_weight, bytes);
  }
  LQA_TRY_OUT(score_items(votes, options, c, &w, err));
  if (kept) {
    memcpy(c->annotator_weight, kept, bytes); /* those of the unscaled model */
  }
out:
  free(kept);
  clear_weighing(&w);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "scoring items") : status;
}

/* ---- annotators ---- */

/* Mean posterior of an annotator's votes, and the share that is the consensus among items with
 * several votes (NaN without). */
static void rate(const lqa_votes *votes, const lqa_consensus *c, int32_t annotator,
                 double *posterior, double *agreement) {
  int64_t n = 0, n_several = 0, n_right = 0;
  double sum = 0;
  for (int64_t i = votes->annotator_start[annotator]; i < votes->annotator_start[annotator + 1];
       i++) {
    int64_t v = votes->vote[i], item = votes->item[v];
    sum += c->posterior[item * votes->n_classes + votes->label[v]];
    n++;
    if (lqa_votes_of_item(votes, item) > 1) {
      n_several++;
      n_right += votes->label[v] == c->label[item];
    }
  }
  *posterior = n > 0 ? sum / (double)n : (double)NAN;
  *agreement = n_several > 0 ? (double)n_right / (double)n_several : (double)NAN;
}

/* As cleanlab's annotator_quality: the model's and the others' view, weighed. */
static double crowdlab_share(const lqa_votes *votes, const lqa_consensus *c) {
  double sum = 0;
  for (int32_t a = 0; a < votes->n_annotators; a++) {
    sum += c->annotator_weight[a];
  }
  double others =
      sum * ((double)votes->n_votes / (double)votes->n_items / (double)votes->n_annotators);
  return c->model_weight / (c->model_weight + others);
}

static void rate_annotators(const lqa_votes *votes, lqa_consensus_method method, lqa_consensus *c) {
  double w = method == LQA_CONSENSUS_CROWDLAB ? crowdlab_share(votes, c) : 0;
  for (int32_t a = 0; a < votes->n_annotators; a++) {
    double posterior, agreement;
    rate(votes, c, a, &posterior, &agreement);
    c->annotator_quality[a] = method == LQA_CONSENSUS_MAJORITY ? agreement
                              : method == LQA_CONSENSUS_CROWDLAB
                                  ? w * posterior + (1 - w) * agreement
                                  : posterior;
  }
}

static void measure_items(const lqa_votes *votes, lqa_consensus *c) {
  for (int64_t i = 0; i < votes->n_items; i++) {
    int64_t n_agree = 0;
    for (int64_t v = votes->item_start[i]; v < votes->item_start[i + 1]; v++) {
      n_agree += votes->label[v] == c->label[i];
    }
    c->agreement[i] = (double)n_agree / (double)lqa_votes_of_item(votes, i);
    c->quality[i] = c->posterior[i * votes->n_classes + c->label[i]];
  }
}

static lqa_status find(const lqa_votes *votes, const lqa_consensus_options *options,
                       lqa_consensus *c, lqa_error *err) {
  lqa_majority majority = {.label = c->majority};
  bool is_estimated =
      options->method == LQA_CONSENSUS_DAWID_SKENE || options->method == LQA_CONSENSUS_ONE_COIN;
  const lqa_matrix *model = is_estimated ? NULL : options->model;
  LQA_TRY(lqa_votes_check_items(votes, err));
  LQA_TRY(lqa_votes_majority(votes, model, &majority, err));
  share_votes(votes, c);
  memcpy(c->label, c->majority, (size_t)votes->n_items * sizeof *c->label);
  c->is_weighed = has_pair(votes);
  c->has_converged = true;
  if (options->method == LQA_CONSENSUS_CROWDLAB) {
    if (!c->is_weighed) {
      return lqa_fail(
          err, LQA_BAD_DATA,
          "CROWDLAB weights annotators by their agreement, but no item has two votes of "
          "two classes: use " LQA_OPTION_AS("method",
                                            "majority") ", or 'labelqa audit' for one label per "
                                                        "item");
    }
    LQA_TRY(run_crowdlab(votes, options, c, err));
  } else if (is_estimated) {
    LQA_TRY(run_dawid_skene(votes, options, c, err));
  }
  set_gold(votes, options->gold, c);
  measure_items(votes, c);
  rate_annotators(votes, options->method, c);
  LQA_TRY(score_active(votes, options, c, err));
  for (int64_t i = 0; options->gold && i < votes->n_items; i++) {
    c->active[i] = options->gold[i] >= 0 ? (double)NAN : c->active[i]; /* known already */
  }
  return LQA_OK;
}

lqa_status lqa_consensus_find(const lqa_votes *votes, const lqa_consensus_options *options,
                              lqa_consensus *out, lqa_error *err) {
  *out = (lqa_consensus){0};
  lqa_status status = allocate(votes, out);
  status = status == LQA_OK ? find(votes, options, out, err)
                            : lqa_fail_memory(err, "finding the consensus");
  if (status != LQA_OK) {
    lqa_consensus_clear(out);
  }
  return status;
}
