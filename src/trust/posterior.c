/* The constants are the method's, chosen by trial on text with known errors (see docs/trust.md). */
#include "trust/posterior.h"

#include "base/explog.h"
#include "base/memory.h"
#include "trust/refit_gate.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MAX_ROUNDS = 6 };
static const double MAX_LOG_ODDS = 80; /* a float holds exp(-80) */
static const double SETTLED = .01, PRIOR_ROWS = 1, RIDGE = .002;
static const double REFIT_FROM = -1, REFIT_TO = 2;

static lqa_status alloc(lqa_posterior *p) {
  size_t n = (size_t)p->rows->n_rows, bytes = (size_t)p->rows->n_classes * sizeof(float);
  p->class_p = p->input.is_alone ? NULL : lqa_malloc(n, bytes);
  p->p_wrong = lqa_malloc(n, sizeof *p->p_wrong);
  LQA_TRY(lqa_channel_init(&p->channel, p->rows->n_classes));
  bool whole = (p->class_p || p->input.is_alone) && p->p_wrong;
  if (p->input.refit) {
    const lqa_posterior_refit *r = p->input.refit;
    for (int m = 0; m < r->n_members || m < r->n_final; m++) {
      p->member[m] = lqa_malloc(n, bytes);
      whole = whole && p->member[m];
    }
    p->log_p = lqa_malloc(n, bytes);
    p->log_class = lqa_malloc(n, bytes);
    p->next = lqa_malloc(n, bytes);
    whole = whole && p->log_p && p->log_class && p->next;
  }
  return whole ? LQA_OK : LQA_NO_MEMORY;
}

/* The model alone: its calibrated p_wrong, spread over the other classes as the calibrator does. */
static lqa_status start_alone(lqa_posterior *p) {
  lqa_calibrator_input c = {
      .rows = p->rows, .log_class = p->model.log_class, .log_p = p->model.log_p};
  if (p->input.is_alone) { /* row by row, so in place */
    p->class_p = p->model.log_class;
    p->model.log_class = NULL;
  }
  LQA_TRY(lqa_calibrator_run(&c, p->class_p, p->p_wrong, NULL));
  size_t k = (size_t)p->rows->n_classes;
  for (int64_t row = 0; row < p->rows->n_rows; row++) {
    size_t given = (size_t)p->rows->label[row];
    float *q = p->class_p + (size_t)row * k;
    double was = p->p_wrong[row], now = p->model.p_wrong[row], z = p->model.log_odds[row];
    for (size_t j = 0; j < k; j++) {
      q[j] = j == given ? (float)(1 / (1 + lqa_exp(z < MAX_LOG_ODDS ? z : MAX_LOG_ODDS)))
                        : (float)((double)q[j] * now / was);
    }
    p->p_wrong[row] = now;
  }
  memcpy(p->channel.cell, p->model.channel.cell, k * k * sizeof *p->channel.cell);
  return LQA_OK;
}

lqa_status lqa_posterior_new(const lqa_posterior_input *input, lqa_posterior **out) {
  lqa_posterior *p = lqa_calloc(1, sizeof *p);
  if (!p) {
    return LQA_NO_MEMORY;
  }
  p->input = *input;
  p->rows = input->model.rows;
  lqa_status status;
  LQA_TRY_OUT(alloc(p));
  LQA_TRY_OUT(lqa_model_evidence_run(&input->model, &p->model));
  LQA_TRY_OUT(start_alone(p));
  *out = p;
  return LQA_OK;
out:
  lqa_posterior_free(p);
  return status;
}

static void clear_opinions(lqa_posterior *p) {
  free(p->accuracy);
  free(p->judge);
  free(p->is_left_out);
  free(p->kept);
  p->accuracy = NULL;
  p->judge = NULL;
  p->is_left_out = NULL;
  p->kept = NULL;
  p->used = (lqa_opinions){0};
}

void lqa_posterior_free(lqa_posterior *p) {
  if (!p) {
    return;
  }
  lqa_model_evidence_clear(&p->model);
  lqa_channel_clear(&p->channel);
  for (int m = 0; m < LQA_REFIT_MEMBERS; m++) {
    free(p->member[m]);
  }
  free(p->class_p);
  free(p->p_wrong);
  clear_opinions(p);
  free(p->log_p);
  free(p->log_class);
  free(p->next);
  free(p);
}

/* What judges that are left out were found to be stays. */
static lqa_status calibrate(lqa_posterior *p, const lqa_opinions *opinions, const float *log_class,
                            const float *log_p, float *q) {
  double *accuracy = lqa_calloc((size_t)opinions->n_judges, sizeof *accuracy);
  lqa_calibrator_input c = {.rows = p->rows,
                            .log_class = log_class,
                            .log_p = log_p,
                            .opinions = opinions->items,
                            .n_opinions = opinions->n,
                            .n_judges = opinions->n_judges};
  lqa_status status;
  LQA_TRY_OUT(accuracy ? lqa_calibrator_run(&c, q, p->p_wrong, accuracy) : LQA_NO_MEMORY);
  for (int j = 0; j < opinions->n_judges; j++) {
    p->accuracy[j] = p->is_left_out[j] ? p->accuracy[j] : accuracy[j];
  }
out:
  free(accuracy);
  return status;
}

typedef struct change_data {
  const float *a, *b;
  size_t n_classes;
} change_data;

static void add_change(const void *data, int64_t from, int64_t to, double *sum) {
  const change_data *d = data;
  for (size_t i = (size_t)from * d->n_classes; i < (size_t)to * d->n_classes; i++) {
    sum[0] += fabs((double)d->a[i] - (double)d->b[i]) / 2;
  }
}

/* Members on the posterior, blend, channel, calibrator; *moved = mean share of a row's posterior
 * that changed. */
static lqa_status refit_once(lqa_posterior *p, const lqa_opinions *opinions, bool is_final,
                             double *moved) {
  const lqa_posterior_refit *r = p->input.refit;
  const double *prior = is_final ? r->final_prior : r->prior;
  int n_members = is_final ? r->n_final : r->n_members;
  lqa_log_blend blend = {
      .rows = p->rows, .n_members = n_members, .ridge = RIDGE, .soft = p->class_p};
  double weight[LQA_BLEND_MEMBERS] = {0};
  LQA_TRY(r->run(r->data, p->class_p, n_members, p->member));
  for (int m = 0; m < n_members; m++) {
    blend.log_p[m] = p->member[m];
    blend.prior[m] = weight[m] = prior[m];
  }
  LQA_TRY(lqa_log_blend_fit(&blend, weight));
  LQA_TRY(lqa_log_blend_mix(&blend, weight, p->log_p));
  LQA_TRY(lqa_channel_count(p->rows, p->class_p, PRIOR_ROWS, &p->channel));
  lqa_channel_input c = {p->rows, p->log_p, 1};
  LQA_TRY(lqa_channel_posterior(&c, &p->channel, p->log_class));
  LQA_TRY(calibrate(p, opinions, p->log_class, p->log_p, p->next));
  change_data d = {p->next, p->class_p, (size_t)p->rows->n_classes};
  LQA_TRY(lqa_trust_sum(p->rows, add_change, &d, 1, moved));
  *moved /= (double)p->rows->n_rows;
  float *was = p->class_p;
  p->class_p = p->next;
  p->next = was;
  p->n_rounds++;
  return LQA_OK;
}

/* How far the refit is believed: by what it gains on verified rows. */
static lqa_status weigh_refit(lqa_posterior *p, const lqa_opinions *opinions) {
  const lqa_refit_gate_input gate = {.rows = p->rows,
                                     .log_class = {p->model.log_class, p->log_class},
                                     .log_p = {p->model.log_p, p->log_p},
                                     .opinions = opinions->items,
                                     .n_opinions = opinions->n,
                                     .n_judges = opinions->n_judges,
                                     .accuracy = p->accuracy};
  size_t n = 0;
  for (size_t i = 0; i < opinions->n; i++) {
    n += i == 0 || opinions->items[i].row != opinions->items[i - 1].row;
  }
  p->refit_weight = p->input.refit->unproven;
  if (n < LQA_REFIT_GATE_ROWS || p->refit_weight >= 1) {
    return LQA_OK;
  }
  LQA_TRY(lqa_refit_gate_run(&gate, &p->refit_z));
  double weight = (p->refit_z - REFIT_FROM) / (REFIT_TO - REFIT_FROM);
  p->refit_weight = weight < 0 ? 0 : weight > 1 ? 1 : weight;
  return LQA_OK;
}

typedef struct mean_data {
  lqa_posterior *p;
  const float *before;
  const double *wrong_before;
} mean_data;

/* Geometric means of what was believed before the refits and after. */
static void mix_beliefs(const void *data, int64_t from, int64_t to, double *sum) {
  const mean_data *d = data;
  size_t k = (size_t)d->p->rows->n_classes;
  double weight = d->p->refit_weight, z[LQA_CHANNEL_MAX_CLASSES];
  (void)sum;
  for (int64_t row = from; row < to; row++) {
    float *q = d->p->class_p + (size_t)row * k;
    const float *before = d->before + (size_t)row * k;
    double total = 0, *wrong = &d->p->p_wrong[row];
    for (size_t j = 0; j < k; j++) {
      z[j] = lqa_exp(weight * lqa_log((double)q[j] + 1e-30) +
                     (1 - weight) * lqa_log((double)before[j] + 1e-30));
      total += z[j];
    }
    for (size_t j = 0; j < k; j++) {
      q[j] = (float)(z[j] / total);
    }
    *wrong = lqa_sigmoid(-weight * lqa_log_odds_wrong(*wrong) -
                         (1 - weight) * lqa_log_odds_wrong(d->wrong_before[row]));
  }
}

static lqa_status run_rounds(lqa_posterior *p, const lqa_opinions *opinions) {
  double moved = 1;
  for (int round = 0; round < MAX_ROUNDS && moved >= SETTLED; round++) {
    LQA_TRY(refit_once(p, opinions, false, &moved));
  }
  return opinions->is_last ? refit_once(p, opinions, true, &moved) : LQA_OK;
}

static lqa_status refit(lqa_posterior *p, const lqa_opinions *opinions) {
  size_t n = (size_t)p->rows->n_rows, k = (size_t)p->rows->n_classes;
  float *before = lqa_malloc(n, k * sizeof *before);
  double *wrong = lqa_malloc(n, sizeof *wrong);
  mean_data d = {p, before, wrong};
  lqa_status status;
  LQA_TRY_OUT(before && wrong ? LQA_OK : LQA_NO_MEMORY);
  memcpy(before, p->class_p, n * k * sizeof *before);
  memcpy(wrong, p->p_wrong, n * sizeof *wrong);
  LQA_TRY_OUT(run_rounds(p, opinions));
  LQA_TRY_OUT(weigh_refit(p, opinions));
  if (p->refit_weight < 1) {
    LQA_TRY_OUT(lqa_trust_each(p->rows, mix_beliefs, &d));
    LQA_TRY_OUT(lqa_channel_count(p->rows, p->class_p, PRIOR_ROWS, &p->channel));
  }
out:
  free(before);
  free(wrong);
  return status;
}

static lqa_status copy_opinions(lqa_posterior *p, const lqa_opinions *opinions) {
  size_t n_judges = (size_t)opinions->n_judges;
  clear_opinions(p);
  p->accuracy = lqa_calloc(n_judges, sizeof *p->accuracy);
  p->judge = lqa_calloc(n_judges, sizeof *p->judge);
  p->is_left_out = lqa_calloc(n_judges, 1);
  p->kept = lqa_malloc(opinions->n, sizeof *p->kept);
  if (!p->accuracy || !p->judge || !p->is_left_out || !p->kept) {
    return LQA_NO_MEMORY;
  }
  memcpy(p->kept, opinions->items, opinions->n * sizeof *p->kept);
  p->used = *opinions;
  p->used.items = p->kept;
  return LQA_OK;
}

/* Marks the judges that verify nothing and drops what they said. Their accuracies stay. */
static void leave_out(lqa_posterior *p) {
  const lqa_calibrator_input all = {.rows = p->rows,
                                    .opinions = p->used.items,
                                    .n_opinions = p->used.n,
                                    .n_judges = p->used.n_judges};
  size_t n = 0;
  lqa_judge_check_run(&all, p->model.p_wrong, p->judge);
  for (int j = 0; j < p->used.n_judges; j++) {
    bool fails = lqa_judge_check_fails(&p->judge[j], p->accuracy[j]);
    p->judge[j].is_weak =
        !fails && lqa_judge_check_is_weak(&p->judge[j], p->accuracy[j], p->rows->n_classes);
    p->is_left_out[j] = fails || p->judge[j].is_weak;
  }
  for (size_t i = 0; i < p->used.n; i++) {
    if (p->kept[i].judge < 0 || !p->is_left_out[p->kept[i].judge]) {
      p->kept[n++] = p->kept[i];
    }
  }
  p->used.n = n;
}

static lqa_status calibrate_again(lqa_posterior *p) {
  return p->used.n > 0 ? calibrate(p, &p->used, p->model.log_class, p->model.log_p, p->class_p)
                       : start_alone(p);
}

lqa_status lqa_posterior_update(lqa_posterior *p, const lqa_opinions *opinions) {
  assert(!p->input.is_alone);
  if (opinions->n == 0) {
    return start_alone(p);
  }
  LQA_TRY(copy_opinions(p, opinions));
  LQA_TRY(calibrate(p, &p->used, p->model.log_class, p->model.log_p, p->class_p));
  leave_out(p);
  LQA_TRY(p->used.n < opinions->n ? calibrate_again(p) : LQA_OK);
  if (p->used.n == 0) {
    return LQA_OK;
  }
  LQA_TRY(lqa_channel_count(p->rows, p->class_p, PRIOR_ROWS, &p->channel));
  bool is_refitted = p->input.refit && !(p->rows->without & LQA_WITHOUT_REFIT);
  return is_refitted ? refit(p, &p->used) : LQA_OK;
}
