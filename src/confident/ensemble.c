/* confident/ensemble.c - the label quality scores of several models as one.
 *
 * Each model scores every row; the scores are averaged, weighted evenly, by the models' accuracy on
 * the given labels, by weights of the caller's, or by exp(-t * log-loss): large t trusts the best
 * model alone, small t all alike, and the t is taken whose weighted mean of probabilities has the
 * least log-loss (the first on ties; a t so large that every weight underflows is passed over).
 * Probabilities are clipped at 1e-6 and scaled before a model's own log-loss; of the weighted mean
 * only the machine's smallest step is clipped, as scikit-learn does.
 *
 * Logarithms are our own, so log-loss weights may differ from the reference's in the last bits.
 */
#include "confident/confident_internal.h"

#include "confident/scores.h"
#include "base/explog.h"
#include "base/memory.h"

#include <float.h>
#include <math.h>

#define CLIP 1e-6

static const double DEFAULT_T[] = {1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 200};

struct mixing {
  lqa_confident *const *models;
  int32_t n_models;
  const double *weight; /* NULL: the loss of one model, clipped and scaled */
  double *sum;          /* per chunk */
  int64_t *n_right;     /* per chunk */
};

/* ---- accuracy ---- */

static bool is_most_probable(const lqa_confident *cl, int64_t row, int32_t label) {
  double own = lqa_confident_value(cl, row, label);
  for (int32_t k = 0; k < cl->n_classes; k++) {
    double p = lqa_confident_value(cl, row, k);
    if (p > own || (p == own && k < label) || (p != p && own == own)) {
      return false;
    }
  }
  return true;
}

static lqa_status count_right(void *data, size_t chunk, size_t worker) {
  const struct mixing *m = data;
  const lqa_confident *cl = m->models[0];
  int64_t end = lqa_confident_chunk_end(cl, chunk);
  (void)worker;
  for (int64_t row = lqa_confident_chunk_start(cl, chunk); row < end; row++) {
    int32_t label;
    lqa_confident_read_labels(cl, row, 1, &label);
    m->n_right[chunk] += label >= 0 && is_most_probable(cl, row, label);
  }
  return LQA_OK;
}

/* ---- log-loss ---- */

/* One model's probability of the label, clipped and scaled to the clipped row's sum. */
static double clipped_confidence(const lqa_confident *cl, int64_t row, int32_t label) {
  double sum = 0;
  double own = 0;
  for (int32_t k = 0; k < cl->n_classes; k++) {
    double p = lqa_confident_value(cl, row, k);
    p = p > CLIP ? p : CLIP;
    sum += p;
    own = k == label ? p : own;
  }
  return own / sum;
}

static double mixed_confidence(const struct mixing *m, int64_t row, int32_t label) {
  double p = 0;
  for (int32_t i = 0; i < m->n_models; i++) {
    p += m->weight[i] * lqa_confident_value(m->models[i], row, label);
  }
  return p;
}

static lqa_status sum_losses(void *data, size_t chunk, size_t worker) {
  const struct mixing *m = data;
  const lqa_confident *cl = m->models[0];
  int64_t end = lqa_confident_chunk_end(cl, chunk);
  (void)worker;
  for (int64_t row = lqa_confident_chunk_start(cl, chunk); row < end; row++) {
    int32_t label;
    lqa_confident_read_labels(cl, row, 1, &label);
    if (label >= 0) {
      double p = m->weight ? mixed_confidence(m, row, label) : clipped_confidence(cl, row, label);
      double step = cl->is_single && !m->weight ? (double)FLT_EPSILON : DBL_EPSILON;
      p = p < step ? step : p > 1 - step ? 1 - step : p;
      m->sum[chunk] -= lqa_log(p);
    }
  }
  return LQA_OK;
}

static lqa_status measure_loss(struct mixing *m, double *loss) {
  lqa_confident *cl = m->models[0];
  memset(m->sum, 0, (size_t)cl->n_chunks * sizeof *m->sum);
  LQA_TRY(lqa_pool_run(cl->pool, (size_t)cl->n_chunks, sum_losses, m));
  double total = 0;
  for (int64_t chunk = 0; chunk < cl->n_chunks; chunk++) {
    total += m->sum[chunk];
  }
  *loss = total / (double)cl->n_used;
  return LQA_OK;
}

/* ---- weights ---- */

static void normalize(double *weight, int32_t n) {
  double sum = 0;
  for (int32_t i = 0; i < n; i++) {
    sum += weight[i];
  }
  for (int32_t i = 0; i < n; i++) {
    weight[i] /= sum;
  }
}

static lqa_status weigh_by_accuracy(struct mixing *m, lqa_ensemble *ensemble) {
  for (int32_t i = 0; i < ensemble->n_models; i++) {
    struct mixing one = *m;
    one.models = m->models + i;
    lqa_confident *cl = one.models[0];
    memset(m->n_right, 0, (size_t)cl->n_chunks * sizeof *m->n_right);
    LQA_TRY(lqa_pool_run(cl->pool, (size_t)cl->n_chunks, count_right, &one));
    int64_t n_right = 0;
    for (int64_t chunk = 0; chunk < cl->n_chunks; chunk++) {
      n_right += m->n_right[chunk];
    }
    ensemble->weight[i] = (double)n_right / (double)cl->n_used;
    if (ensemble->accuracy) {
      ensemble->accuracy[i] = ensemble->weight[i];
    }
  }
  normalize(ensemble->weight, ensemble->n_models);
  return LQA_OK;
}

static lqa_status search_t(struct mixing *m, const lqa_ensemble_options *options, double *weight,
                           double *scratch) {
  const double *t_values = options->t_values ? options->t_values : DEFAULT_T;
  int32_t n_t =
      options->t_values ? options->n_t_values : (int32_t)(sizeof DEFAULT_T / sizeof *DEFAULT_T);
  double *loss = scratch;
  double *trial = scratch + m->n_models;
  double least = (double)INFINITY;
  for (int32_t i = 0; i < m->n_models; i++) {
    struct mixing one = *m;
    one.models = m->models + i;
    LQA_TRY(measure_loss(&one, &loss[i]));
  }
  for (int32_t t = 0; t < n_t; t++) {
    for (int32_t i = 0; i < m->n_models; i++) {
      trial[i] = lqa_exp(-t_values[t] * loss[i]);
    }
    normalize(trial, m->n_models);
    m->weight = trial;
    double mixed;
    LQA_TRY(measure_loss(m, &mixed));
    if (mixed < least) {
      least = mixed;
      memcpy(weight, trial, (size_t)m->n_models * sizeof *weight);
    }
  }
  return LQA_OK;
}

static lqa_status weigh_by_loss(struct mixing *m, const lqa_ensemble_options *options,
                                double *weight, lqa_error *err) {
  const lqa_confident *cl = m->models[0];
  for (int32_t k = 0; k < cl->n_classes; k++) {
    if (cl->class_count[k] == 0) {
      return lqa_fail(err, LQA_BAD_DATA,
                      "log_loss_search needs every class among the labels, but class %d is absent",
                      (int)k);
    }
  }
  double *scratch = lqa_malloc((size_t)m->n_models, 2 * sizeof *scratch);
  lqa_status status = scratch ? search_t(m, options, weight, scratch) : LQA_NO_MEMORY;
  free(scratch);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "weighing models") : status;
}

static lqa_status weigh(struct mixing *m, lqa_ensemble *ensemble,
                        const lqa_ensemble_options *options, lqa_error *err) {
  switch (options->weights) {
  case LQA_ENSEMBLE_ACCURACY:
    return weigh_by_accuracy(m, ensemble);
  case LQA_ENSEMBLE_LOG_LOSS_SEARCH:
    return weigh_by_loss(m, options, ensemble->weight, err);
  case LQA_ENSEMBLE_CUSTOM:
    memcpy(ensemble->weight, options->custom, (size_t)m->n_models * sizeof *options->custom);
    return LQA_OK;
  case LQA_ENSEMBLE_UNIFORM:
    break;
  }
  for (int32_t i = 0; i < m->n_models; i++) {
    ensemble->weight[i] = 1.0 / m->n_models;
  }
  return LQA_OK;
}

/* ---- the scores ---- */

/* Adds one model's scores; the uniform mean adds first and divides once, as the reference does. */
static lqa_status add_scores(lqa_confident *const *models, lqa_ensemble *ensemble,
                             const lqa_ensemble_options *options, double *scratch, lqa_error *err) {
  bool is_uniform = options->weights == LQA_ENSEMBLE_UNIFORM;
  int64_t n_rows = models[0]->n_rows;
  ensemble->is_single = is_uniform;
  for (int32_t i = 0; i < ensemble->n_models; i++) {
    bool is_single = false;
    LQA_TRY(lqa_confident_scores(models[i], &options->score, scratch, &is_single, err));
    ensemble->is_single = ensemble->is_single && is_single;
    for (int64_t row = 0; row < n_rows; row++) {
      double score = is_uniform ? scratch[row] : scratch[row] * ensemble->weight[i];
      double sum = i == 0 ? score : ensemble->score[row] + score;
      ensemble->score[row] = lqa_round_single(sum, ensemble->is_single);
    }
  }
  for (int64_t row = 0; is_uniform && row < n_rows; row++) {
    ensemble->score[row] =
        lqa_round_single(ensemble->score[row] / ensemble->n_models, ensemble->is_single);
  }
  return LQA_OK;
}

lqa_status lqa_confident_ensemble(lqa_confident *const *models, lqa_ensemble *ensemble,
                                  const lqa_ensemble_options *options, lqa_error *err) {
  int64_t n_rows = models[0]->n_rows;
  size_t n_chunks = (size_t)models[0]->n_chunks;
  struct mixing m = {.models = models, .n_models = ensemble->n_models};
  lqa_status status = LQA_OK;
  double *scratch = lqa_malloc((size_t)n_rows, sizeof *scratch);
  m.sum = lqa_calloc(n_chunks, sizeof *m.sum);
  m.n_right = lqa_calloc(n_chunks, sizeof *m.n_right);
  if (!scratch || !m.sum || !m.n_right) {
    status = lqa_fail_memory(err, "scoring with several models");
    goto out;
  }
  for (int32_t i = 1; i < ensemble->n_models; i++) {
    if (models[i]->n_rows != n_rows || models[i]->n_classes != models[0]->n_classes) {
      status = lqa_fail(err, LQA_BAD_DATA, "model %d has another shape than model 0", (int)i);
      goto out;
    }
  }
  LQA_TRY_OUT(weigh(&m, ensemble, options, err));
  status = add_scores(models, ensemble, options, scratch, err);
out:
  free(scratch);
  free(m.sum);
  free(m.n_right);
  return status;
}
