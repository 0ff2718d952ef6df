/* Boosting with gradients of our own: softmax loss (one score for two classes, else one a class),
 * scores that start at the class frequencies of the training part.
 *
 * First the pair models, each watched on both folds that it leaves out; then, with the rounds that
 * were best there, the models that predict. A held-out part is frozen at its own best round as soon
 * as it has been out of patience once, so what is kept of it cannot depend on the labels of the
 * other part, although one booster serves both.
 */
#include "model/table/boosted_trees.h"

#include "base/explog.h"
#include "base/memory.h"
#include "model/problem/metrics.h"
#include "model/table/trees.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#define SMALLEST_CURVE 1e-16f
#define SMALLEST_PROBABILITY 1e-15

enum {
  MAX_TREES = 2000, /* of a model: fewer rounds for many classes, each counting for more */
  FEW_ROUNDS = 100,
  QUICK_PERCENT = 30,
  MIN_ROUNDS = 10,
  MODEL_UNITS = 1000, /* of progress */
  FIXED_ROUNDS = 50   /* where there are no pair models to choose by */
};

lqa_boosting_options lqa_boosting_defaults(void) {
  return (lqa_boosting_options){
      .depth = 3, .learning_percent = 20, .max_rounds = 400, .patience = 20};
}

/* A fold that a model leaves out. */
typedef struct held_part {
  int fold;
  size_t first, n; /* in the model's list of held-out rows */
  double best_loss;
  int best_round;
  bool done;
  float *margin; /* n x n_outputs, at the best round */
} held_part;

typedef struct boosting {
  const lqa_problem *problem;
  const lqa_table_matrix *table;
  const lqa_boosting_options *options;
  const lqa_predictions *out;
  const lqa_tree_library *library;
  lqa_boosting_fold *folds;
  int32_t n_outputs;
  int max_rounds, learning_percent;
  int best_round[LQA_MAX_FOLDS][2]; /* of a pair model, for the folds it leaves out */
  lqa_error errors[2 * LQA_MAX_FOLDS];
  int first_model; /* number of task 0 */
  int n_stages;    /* sets of fold models to grow: pair models first, or not */
  atomic_int done; /* in MODEL_UNITS for every model, of all stages */
} boosting;

/* One model at work. */
typedef struct growth {
  boosting *job;
  int64_t *train, *held;
  size_t n_train, n_held;
  float *prior;            /* n_outputs: scores that every row starts from */
  float *gradient, *curve; /* n_train x n_outputs */
  float *probs;            /* n_classes scratch */
  lqa_tree_rows *train_rows, *held_rows;
  lqa_booster *booster;
  held_part parts[2];
  int n_parts;
  int units;     /* of the model's MODEL_UNITS that are done */
  bool may_tell; /* on the thread that observers are called from */
  lqa_error *err;
} growth;

static void clear_growth(growth *g) {
  lqa_booster_free(g->job->library, g->booster);
  lqa_tree_rows_free(g->job->library, g->train_rows);
  lqa_tree_rows_free(g->job->library, g->held_rows);
  free(g->train);
  free(g->held);
  free(g->prior);
  free(g->gradient);
  free(g->curve);
  free(g->probs);
  free(g->parts[0].margin);
  free(g->parts[1].margin);
}

/* Rows of the training part, and of each fold left out. */
static lqa_status split_rows(growth *g, lqa_holdout holdout) {
  const lqa_problem *p = g->job->problem;
  size_t n = (size_t)p->x->n_rows;
  g->train = lqa_malloc(n, sizeof *g->train);
  g->held = lqa_malloc(n, sizeof *g->held);
  if (!g->train || !g->held) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < p->x->n_rows; row++) {
    int fold = p->fold[row];
    if (fold != LQA_NO_FOLD && fold != holdout.first && fold != holdout.second) {
      g->train[g->n_train++] = row;
    }
  }
  g->n_parts = holdout.second < 0 ? 1 : 2;
  for (int i = 0; i < g->n_parts; i++) {
    held_part *part = &g->parts[i];
    part->fold = i ? holdout.second : holdout.first;
    part->first = g->n_held;
    for (int64_t row = 0; row < p->x->n_rows; row++) {
      if (p->fold[row] == part->fold) {
        g->held[g->n_held++] = row;
      }
    }
    part->n = g->n_held - part->first;
    part->margin = lqa_calloc(part->n, (size_t)g->job->n_outputs * sizeof *part->margin);
    if (!part->margin) {
      return LQA_NO_MEMORY;
    }
  }
  return LQA_OK;
}

/* How far a row counts for a class. */
static float target_of(const boosting *job, int64_t row, int32_t k) {
  const float *soft = job->options->soft;
  return soft ? soft[row * job->problem->n_classes + k] : (float)(job->problem->label[row] == k);
}

/* Class frequencies with one row added to each, as scores. */
static lqa_status start_scores(growth *g) {
  const lqa_problem *p = g->job->problem;
  double *count = lqa_malloc((size_t)p->n_classes, sizeof *count);
  g->prior = lqa_malloc((size_t)g->job->n_outputs, sizeof *g->prior);
  if (!count || !g->prior) {
    free(count);
    return LQA_NO_MEMORY;
  }
  for (int32_t k = 0; k < p->n_classes; k++) {
    count[k] = 1;
  }
  for (size_t i = 0; i < g->n_train; i++) {
    for (int32_t k = 0; k < p->n_classes; k++) {
      count[k] += (double)target_of(g->job, g->train[i], k);
    }
  }
  if (g->job->n_outputs == 1) {
    g->prior[0] = (float)lqa_log(count[1] / count[0]);
  }
  for (int32_t k = 0; g->job->n_outputs > 1 && k < p->n_classes; k++) {
    g->prior[k] = (float)lqa_log(count[k] / ((double)g->n_train + p->n_classes));
  }
  free(count);
  return LQA_OK;
}

static lqa_status prepare(growth *g, lqa_holdout holdout, uint64_t seed) {
  boosting *job = g->job;
  size_t outputs = (size_t)job->n_outputs;
  LQA_TRY(split_rows(g, holdout));
  LQA_TRY(start_scores(g));
  g->gradient = lqa_malloc(g->n_train, outputs * sizeof *g->gradient);
  g->curve = lqa_malloc(g->n_train, outputs * sizeof *g->curve);
  g->probs = lqa_malloc((size_t)job->problem->n_classes, sizeof *g->probs);
  if (!g->gradient || !g->curve || !g->probs) {
    return LQA_NO_MEMORY;
  }
  lqa_booster_options options = {.depth = job->options->depth,
                                 .learning_percent = job->learning_percent,
                                 .min_child_weight = 1,
                                 .n_outputs = job->n_outputs,
                                 .seed = seed};
  LQA_TRY(lqa_tree_rows_new(job->library, job->table, g->train, (int64_t)g->n_train, &g->train_rows,
                            g->err));
  LQA_TRY(lqa_tree_rows_new(job->library, job->table, g->held, (int64_t)g->n_held, &g->held_rows,
                            g->err));
  return lqa_booster_new(job->library, &options, g->train_rows, &g->booster, g->err);
}

/* Class probabilities of a row from its margins. */
static void mix(const growth *g, const float *margin, float *probs) {
  int32_t n = g->job->n_outputs;
  if (n == 1) {
    float e = lqa_expf(-fabsf(g->prior[0] + margin[0]));
    float large = 1 / (1 + e);
    bool positive = g->prior[0] + margin[0] > 0;
    probs[positive] = large;
    probs[!positive] = e * large;
    return;
  }
  float max = -INFINITY, sum = 0;
  for (int32_t k = 0; k < n; k++) {
    probs[k] = g->prior[k] + margin[k];
    max = probs[k] > max ? probs[k] : max;
  }
  for (int32_t k = 0; k < n; k++) {
    probs[k] = lqa_expf(probs[k] - max);
    sum += probs[k];
  }
  for (int32_t k = 0; k < n; k++) {
    probs[k] /= sum;
  }
}

/* First and second derivative of the loss by every score. */
static void fill_gradients(growth *g, const float *margins) {
  int32_t n = g->job->n_outputs;
  for (size_t i = 0; i < g->n_train; i++) {
    float *gradient = g->gradient + i * (size_t)n, *curve = g->curve + i * (size_t)n;
    mix(g, margins + i * (size_t)n, g->probs);
    for (int32_t k = 0; k < n; k++) {
      int32_t class = n == 1 ? 1 : k;
      float p = g->probs[class], scale = n == 1 ? 1 : 2;
      float c = scale * p * (1 - p);
      gradient[k] = p - target_of(g->job, g->train[i], class);
      curve[k] = c > SMALLEST_CURVE ? c : SMALLEST_CURVE;
    }
  }
}

/* Tells how far all models are once this one has grown `round` of `limit` rounds. */
static void tell_progress(growth *g, int round, int limit) {
  boosting *job = g->job;
  int units = MODEL_UNITS * round / limit;
  int done = atomic_fetch_add(&job->done, units - g->units) + units - g->units;
  g->units = units;
  if (g->may_tell) {
    int total = job->n_stages * job->problem->n_folds * MODEL_UNITS;
    lqa_observe_progress(job->options->observer, "growing trees", (double)done / (double)total);
  }
}

static lqa_status grow_round(growth *g) {
  const float *margins;
  if (lqa_observe_cancelled(g->job->options->observer)) {
    return LQA_INTERRUPTED;
  }
  LQA_TRY(lqa_booster_margins(g->job->library, g->booster, g->train_rows, &margins, g->err));
  fill_gradients(g, margins);
  return lqa_booster_grow(g->job->library, g->booster, g->gradient, g->curve, g->err);
}

/* Total log-loss of a left-out part. */
static double part_loss(const growth *g, const held_part *part, const float *margins) {
  double loss = 0;
  for (size_t i = 0; i < part->n; i++) {
    int32_t label = g->job->problem->label[g->held[part->first + i]];
    mix(g, margins + i * (size_t)g->job->n_outputs, g->probs);
    double p = (double)g->probs[label];
    loss -= lqa_log(p > SMALLEST_PROBABILITY ? p : SMALLEST_PROBABILITY);
  }
  return loss;
}

/* Looks at the left-out parts after `round` rounds; *done when none can still improve. */
static lqa_status watch(growth *g, int round, bool *done) {
  const float *margins;
  LQA_TRY(lqa_booster_margins(g->job->library, g->booster, g->held_rows, &margins, g->err));
  *done = true;
  for (int i = 0; i < g->n_parts; i++) {
    held_part *part = &g->parts[i];
    size_t outputs = (size_t)g->job->n_outputs;
    const float *own = margins + part->first * outputs;
    if (part->done) {
      continue;
    }
    double loss = part_loss(g, part, own);
    if (round == 0 || loss < part->best_loss) {
      part->best_loss = loss;
      part->best_round = round;
      memcpy(part->margin, own, part->n * outputs * sizeof *own);
    }
    part->done = round - part->best_round >= g->job->options->patience;
    *done = *done && part->done;
  }
  return LQA_OK;
}

static lqa_status grow_watched(growth *g) {
  bool done = false;
  LQA_TRY(watch(g, 0, &done));
  for (int round = 1; round <= g->job->max_rounds && !done; round++) {
    LQA_TRY(grow_round(g));
    LQA_TRY(watch(g, round, &done));
    tell_progress(g, done ? g->job->max_rounds : round, g->job->max_rounds);
  }
  return LQA_OK;
}

static lqa_status grow_rounds(growth *g, int rounds) {
  const float *margins;
  for (int round = 0; round < rounds; round++) {
    LQA_TRY(grow_round(g));
    tell_progress(g, round + 1, rounds);
  }
  LQA_TRY(lqa_booster_margins(g->job->library, g->booster, g->held_rows, &margins, g->err));
  memcpy(g->parts[0].margin, margins, g->parts[0].n * (size_t)g->job->n_outputs * sizeof *margins);
  return LQA_OK;
}

static lqa_status count_correct(growth *g, lqa_boosting_fold *fold) {
  const float *margins;
  LQA_TRY(lqa_booster_margins(g->job->library, g->booster, g->train_rows, &margins, g->err));
  fold->n_train = (int64_t)g->n_train;
  fold->n_train_correct = 0;
  for (size_t i = 0; i < g->n_train; i++) {
    mix(g, margins + i * (size_t)g->job->n_outputs, g->probs);
    fold->n_train_correct +=
        lqa_best_class(g->probs, g->job->problem->n_classes) == g->job->problem->label[g->train[i]];
  }
  return LQA_OK;
}

static void predict_parts(const growth *g, lqa_holdout holdout) {
  const boosting *job = g->job;
  for (int i = 0; i < g->n_parts; i++) {
    const held_part *part = &g->parts[i];
    float *place = lqa_prediction_place(job->out, holdout, part->fold);
    for (size_t j = 0; place && j < part->n; j++) {
      int64_t row = g->held[part->first + j];
      if (g->n_parts == 1 || lqa_prediction_wanted(job->out, row)) {
        mix(g, part->margin + j * (size_t)job->n_outputs, place + row * job->problem->n_classes);
      }
    }
  }
}

static lqa_status train_model(void *data, size_t task, size_t worker) {
  boosting *job = data;
  int n_folds = job->problem->n_folds, model = job->first_model + (int)task;
  lqa_holdout holdout = lqa_holdout_of(model, n_folds);
  growth g = {.job = job, .may_tell = worker == 0, .err = &job->errors[model]};
  lqa_status status;
  LQA_TRY_OUT(prepare(&g, holdout, job->options->seed));
  if (model < n_folds) {
    LQA_TRY_OUT(grow_rounds(&g, job->folds[model].rounds));
    LQA_TRY_OUT(count_correct(&g, &job->folds[model]));
  } else {
    LQA_TRY_OUT(grow_watched(&g));
    job->best_round[model - n_folds][0] = g.parts[0].best_round;
    job->best_round[model - n_folds][1] = g.parts[1].best_round;
  }
  predict_parts(&g, holdout);
out:
  clear_growth(&g);
  return status;
}

/* Many classes: as many trees in fewer, longer steps. */
static void fit_rounds(boosting *job) {
  int most = MAX_TREES / job->n_outputs;
  most = most < MIN_ROUNDS ? MIN_ROUNDS : most;
  job->learning_percent = most < FEW_ROUNDS ? QUICK_PERCENT : job->options->learning_percent;
  job->max_rounds = most < job->options->max_rounds ? most : job->options->max_rounds;
  for (int f = 0; f < job->problem->n_folds; f++) {
    job->folds[f].rounds = job->max_rounds < FIXED_ROUNDS ? job->max_rounds : FIXED_ROUNDS;
  }
}

static lqa_status run_models(boosting *job, int first, lqa_error *err) {
  size_t n = (size_t)job->problem->n_folds;
  job->first_model = first;
  lqa_status status = lqa_pool_run(job->options->pool, n, train_model, job);
  for (size_t i = 0; status != LQA_OK && err && i < n; i++) {
    if (job->errors[first + (int)i].status == status) {
      *err = job->errors[first + (int)i];
      break;
    }
  }
  return status;
}

lqa_status lqa_boosted_trees_run(const lqa_problem *problem, const lqa_table_matrix *table,
                                 const lqa_boosting_options *options, const lqa_predictions *out,
                                 lqa_boosting_fold *folds, lqa_error *err) {
  boosting *job = lqa_calloc(1, sizeof *job);
  lqa_tree_library *library = NULL;
  int n_folds = problem->n_folds;
  lqa_status status;
  LQA_TRY_OUT(job ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(lqa_tree_library_open(&library, err));
  *job = (boosting){.problem = problem,
                    .table = table,
                    .options = options,
                    .out = out,
                    .library = library,
                    .folds = folds};
  job->n_outputs = problem->n_classes == 2 ? 1 : problem->n_classes;
  bool has_pairs = n_folds >= 3 && !options->soft;
  job->n_stages = has_pairs ? 2 : 1;
  fit_rounds(job);
  if (has_pairs) {
    LQA_TRY_OUT(run_models(job, n_folds, err));
    for (int f = 0; f < n_folds; f++) {
      int before = (f + n_folds - 1) % n_folds;
      folds[f].rounds = (job->best_round[f][1] + job->best_round[before][0] + 1) / 2;
    }
  }
  LQA_TRY_OUT(run_models(job, 0, err));
out:
  lqa_tree_library_close(library);
  free(job);
  return status;
}
