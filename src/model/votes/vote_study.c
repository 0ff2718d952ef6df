/* model/votes/vote_study.c - the steps of `labelqa annotators`, from votes to measures.
 *
 * Where texts are given and no probabilities, a model is trained out of fold on the plain votes
 * (gold labels where known) and its probabilities join the consensus; an item without text gets the
 * class shares. The method, if left to us: CROWDLAB with a model, else Dawid-Skene, or CROWDLAB's
 * weights for the votes alone where they are too few to fill confusion matrices (the bound is
 * measured: bench/annotators).
 */
#include "model/votes/vote_study.h"

#include "base/clock.h"
#include "base/memory.h"
#include "model/out_of_fold/crossval.h"

#include <math.h>
#include <string.h>

/* Votes per cell of an annotator's confusion matrix that make it worth estimating. */
#define VOTES_PER_CELL 2.5

const char *lqa_consensus_method_name(lqa_consensus_method method) {
  static const char *const names[] = {"majority", "dawid-skene", "one-coin", "crowdlab"};
  return names[method];
}

void lqa_vote_study_clear(lqa_vote_study *s) {
  lqa_votes_close(s->votes);
  lqa_consensus_clear(&s->consensus);
  lqa_annotator_pairs_clear(&s->pairs);
  free(s->annotators);
  free(s->trained);
  *s = (lqa_vote_study){0};
}

static lqa_status open_votes(lqa_vote_study *s, const lqa_vote_study_options *options,
                             lqa_error *err) {
  const lqa_vote_table *t = s->table;
  lqa_votes_input input;
  lqa_votes_input_init(&input);
  input.item = t->item;
  input.annotator = t->annotator;
  input.label = t->label;
  input.n_votes = t->n_votes;
  input.n_items = t->n_items;
  input.n_annotators = t->n_annotators;
  input.n_classes = t->n_classes;
  input.threads = options->threads;
  input.observer = options->observer;
  return lqa_votes_open(&input, &s->votes, err);
}

/* ---- the model ---- */

/* Rows that no model could score get the class shares of the labels. `share`: scratch. */
static void fill_gaps(const lqa_vote_study *s, const int32_t *label, float *share) {
  int32_t n = s->votes->n_classes;
  memset(share, 0, (size_t)n * sizeof *share);
  for (int64_t i = 0; i < s->votes->n_items; i++) {
    share[label[i]] += 1;
  }
  for (int32_t k = 0; k < n; k++) {
    share[k] /= (float)s->votes->n_items;
  }
  for (int64_t i = 0; i < s->votes->n_items; i++) {
    float *p = s->trained + i * n;
    if (p[0] != p[0]) {
      memcpy(p, share, (size_t)n * sizeof *p);
    }
  }
}

static lqa_status train_on(lqa_vote_study *s, const lqa_vote_study_options *options,
                           const int32_t *label, lqa_str *names, lqa_error *err) {
  const lqa_vote_table *t = s->table;
  lqa_dataset *dataset = NULL;
  lqa_crossval_options crossval;
  lqa_crossval_result model;
  float *share = NULL;
  for (int64_t i = 0; i < t->n_items; i++) {
    names[i] = t->classes[label[i]];
  }
  LQA_TRY(
      lqa_dataset_from_arrays(t->n_items, t->text, names, t->classes, t->n_classes, &dataset, err));
  lqa_crossval_options_init(&crossval);
  crossval.seed = options->agreement.seed;
  crossval.memory_bytes = options->memory_bytes;
  crossval.pool = s->votes->pool;
  crossval.observer = options->observer;
  lqa_status status;
  LQA_TRY_OUT(lqa_crossval_run(dataset, &crossval, &model, err));
  s->trained = model.pred_probs;
  model.pred_probs = NULL;
  s->model = "text model, out of fold";
  s->model_accuracy = model.out_of_fold_accuracy;
  lqa_crossval_clear(&model);
  share = lqa_malloc((size_t)t->n_classes, sizeof *share);
  status = share ? LQA_OK : lqa_fail_memory(err, "training a model");
out:
  if (share) {
    fill_gaps(s, label, share);
  }
  free(share);
  lqa_dataset_free(dataset);
  return status;
}

static lqa_status train(lqa_vote_study *s, const lqa_vote_study_options *options, lqa_error *err) {
  size_t n = (size_t)s->votes->n_items;
  int32_t *label = lqa_malloc(n, sizeof *label);
  lqa_str *names = lqa_malloc(n, sizeof *names);
  lqa_majority majority = {.label = label};
  lqa_status status;
  LQA_TRY_OUT(label && names ? LQA_OK : lqa_fail_memory(err, "training a model"));
  lqa_observe_progress(options->observer, "training", -1);
  LQA_TRY_OUT(lqa_votes_majority(s->votes, NULL, &majority, err));
  for (size_t i = 0; s->table->gold && i < n; i++) {
    label[i] = s->table->gold[i] >= 0 ? s->table->gold[i] : label[i];
  }
  status = train_on(s, options, label, names, err);
out:
  free(label);
  free(names);
  return status;
}

/* ---- consensus ---- */

static bool has_two_votes(const lqa_votes *votes) {
  for (int64_t i = 0; i < votes->n_items; i++) {
    if (lqa_votes_of_item(votes, i) > 1) {
      return true;
    }
  }
  return false;
}

static lqa_consensus_method choose_method(const lqa_vote_study *s, bool has_model) {
  const lqa_votes *votes = s->votes;
  double cells = (double)votes->n_annotators * votes->n_classes * votes->n_classes;
  if (!s->has_agreement || votes->n_classes < 2) {
    return LQA_CONSENSUS_MAJORITY;
  }
  bool fills_cells = (double)votes->n_votes >= VOTES_PER_CELL * cells;
  return has_model || !fills_cells ? LQA_CONSENSUS_CROWDLAB : LQA_CONSENSUS_DAWID_SKENE;
}

static lqa_status find_consensus(lqa_vote_study *s, const lqa_vote_study_options *options,
                                 lqa_error *err) {
  const lqa_vote_table *t = s->table;
  const float *probs = t->probs ? t->probs : s->trained;
  int64_t n = t->n_classes;
  const lqa_matrix model = {
      probs, LQA_FLOAT32, false, t->n_items, n, n * (int64_t)sizeof *probs, sizeof *probs};
  s->method = options->is_auto ? choose_method(s, probs != NULL) : options->method;
  const lqa_consensus_options consensus = {.method = s->method,
                                           .model = probs ? &model : NULL,
                                           .gold = t->gold,
                                           .max_iterations = options->max_iterations};
  lqa_observe_progress(options->observer, "consensus", -1);
  return lqa_consensus_find(s->votes, &consensus, &s->consensus, err);
}

static void compare_items(lqa_vote_study *s) {
  const lqa_vote_table *t = s->table;
  for (int64_t i = 0; i < t->n_items; i++) {
    s->n_moved += s->consensus.label[i] != s->consensus.majority[i];
    s->n_tied += s->consensus.is_tied[i];
    if (t->truth && t->truth[i] != -1) {
      s->n_truth++;
      s->n_right += t->truth[i] == s->consensus.label[i];
      s->n_majority_right += t->truth[i] == s->consensus.majority[i];
    }
  }
}

/* ---- annotators ---- */

/* Times of the table's votes in the order of `votes`. */
static double *sort_times(const lqa_vote_study *s, const double *time) {
  const lqa_vote_table *t = s->table;
  const lqa_votes *votes = s->votes;
  double *sorted = lqa_malloc((size_t)t->n_votes, sizeof *sorted);
  for (int64_t v = 0; sorted && v < t->n_votes; v++) {
    int64_t from = votes->item_start[t->item[v]], end = votes->item_start[t->item[v] + 1];
    while (end - from > 1) {
      int64_t middle = from + (end - from) / 2;
      if (votes->annotator[middle] <= t->annotator[v]) {
        from = middle;
      } else {
        end = middle;
      }
    }
    sorted[from] = time[v];
  }
  return sorted;
}

static lqa_status measure_annotators(lqa_vote_study *s, const lqa_vote_study_options *options,
                                     lqa_error *err) {
  double *time = options->time ? sort_times(s, options->time) : NULL;
  s->annotators = lqa_malloc((size_t)s->votes->n_annotators, sizeof *s->annotators);
  lqa_status status = LQA_OK;
  if (!s->annotators || (options->time && !time)) {
    status = lqa_fail_memory(err, "measuring annotators");
    goto out;
  }
  const lqa_annotators_options measuring = {
      .truth = s->table->truth, .time = time, .confidence = options->agreement.confidence};
  lqa_observe_progress(options->observer, "annotators", -1);
  LQA_TRY_OUT(lqa_annotators_measure(s->votes, &s->consensus, &measuring, s->annotators, err));
  lqa_agreement_options kappa = options->agreement;
  kappa.distance = kappa.distance == LQA_DISTANCE_ORDINAL ? LQA_DISTANCE_QUADRATIC : kappa.distance;
  status = lqa_annotator_pairs_find(s->votes, &kappa, &s->pairs, err);
out:
  free(time);
  return status;
}

static lqa_status measure_agreement(lqa_vote_study *s, const lqa_vote_study_options *options,
                                    lqa_error *err) {
  if (!s->has_agreement) {
    return LQA_OK;
  }
  lqa_observe_progress(options->observer, "agreement", -1);
  LQA_TRY(lqa_votes_alpha(s->votes, &options->agreement, &s->alpha, err));
  s->has_fleiss = options->agreement.distance == LQA_DISTANCE_NOMINAL;
  return s->has_fleiss ? lqa_votes_fleiss(s->votes, &options->agreement, &s->fleiss, err) : LQA_OK;
}

static lqa_status run(lqa_vote_study *s, const lqa_vote_study_options *options, lqa_error *err) {
  bool wants_model = options->is_auto || options->method == LQA_CONSENSUS_CROWDLAB;
  LQA_TRY(open_votes(s, options, err));
  s->has_agreement = has_two_votes(s->votes);
  s->model = s->table->probs ? "given probabilities" : NULL;
  if (s->table->text && !s->table->probs && wants_model && s->votes->n_classes > 1) {
    LQA_TRY(train(s, options, err));
  }
  LQA_TRY(find_consensus(s, options, err));
  compare_items(s);
  LQA_TRY(measure_annotators(s, options, err));
  LQA_TRY(lqa_observe_check(options->observer, err));
  return measure_agreement(s, options, err);
}

lqa_status lqa_vote_study_run(const lqa_vote_table *table, const lqa_vote_study_options *options,
                              lqa_vote_study *out, lqa_error *err) {
  double started = lqa_clock_seconds();
  *out = (lqa_vote_study){.table = table, .model_accuracy = (double)NAN};
  lqa_status status = run(out, options, err);
  out->seconds = lqa_clock_seconds() - started;
  if (status != LQA_OK) {
    lqa_vote_study_clear(out);
  }
  return status;
}
