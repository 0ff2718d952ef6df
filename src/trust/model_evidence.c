/* A channel ranks swapped labels first and random ones last, a uniform channel the other way round;
 * so log-posteriors and scores of both are mixed by the gate's weight. The scale comes from a
 * second fit, weights of the members and channel together, whose mean probability is right where
 * the model's form is (its ranks are worse, so only its scale is used).
 */
#include "trust/model_evidence.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

static const double POWER = .7, PRIOR_ROWS = 30, FIRST_WRONG = .1, RIDGE = .002;
static const double GATE_FROM = 3, GATE_TO = 4, MIN_CLAIM = .25, TINY = 1e-12, SETTLED = 1e-9;
enum { SAMPLE_ROWS = 8192, SAMPLE_PER_CLASS = 200 };
enum { FIT_STEPS = 50, JOINT_ROUNDS = 12, JOINT_STEPS = 5, MAP_STEPS = 25 };

double lqa_log_odds_wrong(double right) {
  double q = right < 1e-9 ? 1e-9 : right > 1 - 1e-9 ? 1 - 1e-9 : right;
  return lqa_log(1 - q) - lqa_log(q);
}

double lqa_sigmoid(double z) {
  double held = z < -40 ? -40 : z > 40 ? 40 : z;
  return 1 / (1 + lqa_exp(-held));
}

/* The logarithms of a channel's cells, laid out as they are; owned by the caller, NULL: no memory.
 */
static double *log_cells(const lqa_channel *channel) {
  size_t n = (size_t)channel->n_classes * (size_t)channel->n_classes;
  double *out = lqa_malloc(n, sizeof *out);
  for (size_t i = 0; out && i < n; i++) {
    out[i] = lqa_log(channel->cell[i] + TINY);
  }
  return out;
}

/* z = log of p^power cell, scaled to sum 1. */
static void put_behind(const float *log_p, double power, const double *log_cell, size_t n,
                       double *z) {
  double largest = -INFINITY, total = 0;
  for (size_t k = 0; k < n; k++) {
    z[k] = power * (double)log_p[k] + log_cell[k];
    largest = z[k] > largest ? z[k] : largest;
  }
  for (size_t k = 0; k < n; k++) {
    total += lqa_exp(z[k] - largest);
  }
  double shift = largest + lqa_log(total);
  for (size_t k = 0; k < n; k++) {
    z[k] -= shift;
  }
}

typedef struct posterior_data {
  const lqa_channel_input *input;
  const double *log_cell;
  float *out;
} posterior_data;

static void add_posterior(const void *data, int64_t from, int64_t to, double *sum) {
  const posterior_data *d = data;
  const lqa_trust_rows *rows = d->input->rows;
  size_t n = (size_t)rows->n_classes;
  double z[LQA_CHANNEL_MAX_CLASSES];
  (void)sum;
  for (int64_t row = from; row < to; row++) {
    put_behind(d->input->log_p + (size_t)row * n, d->input->power,
               d->log_cell + (size_t)rows->label[row] * n, n, z);
    for (size_t k = 0; k < n; k++) {
      d->out[(size_t)row * n + k] = (float)z[k];
    }
  }
}

lqa_status lqa_channel_posterior(const lqa_channel_input *input, const lqa_channel *channel,
                                 float *log_class) {
  double *log_cell = log_cells(channel);
  posterior_data d = {input, log_cell, log_class};
  lqa_status status = log_cell ? lqa_trust_each(input->rows, add_posterior, &d) : LQA_NO_MEMORY;
  free(log_cell);
  return status;
}

/* The rows that are fitted on, copied: n_fit rows. */
typedef struct fit_sample {
  lqa_trust_rows rows;
  int64_t *row; /* their numbers */
  int32_t *label;
  uint8_t *fold;
  float *member[LQA_BLEND_MEMBERS];
  float *log_p; /* the blend */
  float *mixed; /* scratch, in the end the joint fit's posterior */
  float *p;     /* probabilities that a channel is fitted to */
} fit_sample;

/* One run at work. */
typedef struct evidence_job {
  const lqa_model_evidence_input *input;
  const lqa_trust_rows *rows;
  lqa_model_evidence *out;
  fit_sample fit;
  lqa_log_blend blend; /* of the sample */
  lqa_channel joint;
  double *uniform, *pairs; /* logarithms of both channels' cells */
} evidence_job;

typedef struct exp_data {
  const float *log_p;
  float *p;
  size_t n_classes;
} exp_data;

static void add_exp(const void *data, int64_t from, int64_t to, double *sum) {
  const exp_data *d = data;
  (void)sum;
  for (size_t i = (size_t)from * d->n_classes; i < (size_t)to * d->n_classes; i++) {
    d->p[i] = lqa_expf(d->log_p[i]);
  }
}

/* The probabilities that a channel is to be fitted to. */
static lqa_status set_problem(evidence_job *j, const float *log_p, lqa_channel_problem *problem) {
  exp_data d = {log_p, j->fit.p, (size_t)j->rows->n_classes};
  *problem = (lqa_channel_problem){
      .rows = &j->fit.rows, .p = j->fit.p, .prior_rows = PRIOR_ROWS, .left_out = -1};
  return lqa_trust_each(&j->fit.rows, add_exp, &d);
}

static lqa_status alloc(evidence_job *j) {
  size_t n = (size_t)j->rows->n_rows, k = (size_t)j->rows->n_classes;
  lqa_model_evidence *out = j->out;
  out->is_borrowed = j->input->room != NULL;
  out->log_p = out->is_borrowed ? j->input->room : lqa_malloc(n, k * sizeof *out->log_p);
  out->log_class = lqa_malloc(n, k * sizeof *out->log_class);
  out->p_wrong = lqa_malloc(n, sizeof *out->p_wrong);
  out->log_odds = lqa_malloc(n, sizeof *out->log_odds);
  LQA_TRY(lqa_channel_init(&out->channel, j->rows->n_classes));
  LQA_TRY(lqa_channel_init(&j->joint, j->rows->n_classes));
  bool whole = out->log_p && out->log_class && out->p_wrong && out->log_odds;
  return whole ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status alloc_sample(const evidence_job *j, int64_t n_rows, fit_sample *fit) {
  size_t n = (size_t)n_rows, bytes = (size_t)j->rows->n_classes * sizeof(float);
  fit->row = lqa_malloc(n, sizeof *fit->row);
  fit->label = lqa_malloc(n, sizeof *fit->label);
  fit->fold = lqa_malloc(n, sizeof *fit->fold);
  fit->log_p = lqa_malloc(n, bytes);
  fit->mixed = lqa_malloc(n, bytes);
  fit->p = lqa_malloc(n, bytes);
  bool whole = fit->row && fit->label && fit->fold && fit->log_p && fit->mixed && fit->p;
  for (int m = 0; m < j->input->n_members; m++) {
    fit->member[m] = lqa_malloc(n, bytes);
    whole = whole && fit->member[m];
  }
  return whole ? LQA_OK : LQA_NO_MEMORY;
}

static void copy_rows(const fit_sample *fit, const float *from, float *to) {
  size_t k = (size_t)fit->rows.n_classes;
  for (int64_t i = 0; i < fit->rows.n_rows; i++) {
    memcpy(to + (size_t)i * k, from + (size_t)fit->row[i] * k, k * sizeof *to);
  }
}

static lqa_status draw_sample(evidence_job *j) {
  fit_sample *fit = &j->fit;
  int64_t n = j->rows->n_rows, most = SAMPLE_PER_CLASS * (int64_t)j->rows->n_classes;
  most = most > SAMPLE_ROWS ? most : SAMPLE_ROWS;
  int64_t n_fit = n < most ? n : most;
  LQA_TRY(alloc_sample(j, n_fit, fit));
  fit->rows = *j->rows;
  fit->rows.n_rows = n_fit;
  fit->rows.label = fit->label;
  fit->rows.fold = fit->fold;
  for (int64_t i = 0; i < n_fit; i++) {
    fit->row[i] = (int64_t)((double)i * (double)n / (double)n_fit);
    fit->label[i] = j->rows->label[fit->row[i]];
    fit->fold[i] = j->rows->fold[fit->row[i]];
  }
  for (int m = 0; m < j->input->n_members; m++) {
    copy_rows(fit, j->input->log_p[m], fit->member[m]);
  }
  return LQA_OK;
}

static void clear_sample(fit_sample *fit) {
  free(fit->row);
  free(fit->label);
  free(fit->fold);
  free(fit->log_p);
  free(fit->mixed);
  free(fit->p);
  for (int m = 0; m < LQA_BLEND_MEMBERS; m++) {
    free(fit->member[m]);
  }
}

static void set_blend(const evidence_job *j, const lqa_trust_rows *rows, float *const *members,
                      lqa_log_blend *blend) {
  *blend = (lqa_log_blend){.rows = rows, .n_members = j->input->n_members, .ridge = RIDGE};
  for (int m = 0; m < j->input->n_members; m++) {
    blend->log_p[m] = members ? members[m] : j->input->log_p[m];
    blend->prior[m] = j->input->prior[m];
  }
}

static lqa_status blend_members(evidence_job *j) {
  double weight[LQA_BLEND_MEMBERS];
  lqa_log_blend all;
  set_blend(j, &j->fit.rows, j->fit.member, &j->blend);
  set_blend(j, j->rows, NULL, &all);
  memcpy(weight, j->input->prior, sizeof weight);
  LQA_TRY(lqa_log_blend_fit(&j->blend, weight));
  LQA_TRY(lqa_log_blend_mix(&all, weight, j->out->log_p));
  copy_rows(&j->fit, j->out->log_p, j->fit.log_p);
  return LQA_OK;
}

static void scale(float *z, size_t n) {
  double largest = -INFINITY, total = 0;
  for (size_t k = 0; k < n; k++) {
    largest = (double)z[k] > largest ? (double)z[k] : largest;
  }
  for (size_t k = 0; k < n; k++) {
    total += lqa_exp((double)z[k] - largest);
  }
  double shift = largest + lqa_log(total);
  for (size_t k = 0; k < n; k++) {
    z[k] = (float)((double)z[k] - shift);
  }
}

/* z += weight times the posterior behind a channel; returns the log-odds of a wrong label there. */
static double add_share(const evidence_job *j, int64_t row, bool is_pairs, double *scratch) {
  size_t n = (size_t)j->rows->n_classes, first = (size_t)row * n;
  size_t given = (size_t)j->rows->label[row];
  double weight = is_pairs ? j->out->gate_weight : 1 - j->out->gate_weight;
  const double *cells = (is_pairs ? j->pairs : j->uniform) + given * n;
  if (weight == 0) {
    return 0;
  }
  put_behind(j->out->log_p + first, is_pairs ? POWER : 1, cells, n, scratch);
  for (size_t k = 0; k < n; k++) {
    j->out->log_class[first + k] += (float)(weight * lqa_log(lqa_exp(scratch[k]) + TINY));
  }
  return weight * lqa_log_odds_wrong(
                      lqa_exp(is_pairs ? scratch[given] : (double)j->out->log_p[first + given]));
}

/* Mixes the posteriors of both channels into log_class, the scores into log_odds. */
static void mix_scores(const void *data, int64_t from, int64_t to, double *sum) {
  const evidence_job *j = data;
  size_t n = (size_t)j->rows->n_classes;
  double scratch[LQA_CHANNEL_MAX_CLASSES];
  (void)sum;
  for (int64_t row = from; row < to; row++) {
    float *z = j->out->log_class + (size_t)row * n;
    memset(z, 0, n * sizeof *z);
    j->out->log_odds[row] = add_share(j, row, false, scratch) + add_share(j, row, true, scratch);
    scale(z, n);
  }
}

static lqa_status score_rows(evidence_job *j) {
  lqa_model_evidence *out = j->out;
  lqa_channel_problem problem;
  double wrong;
  LQA_TRY(set_problem(j, j->fit.log_p, &problem));
  LQA_TRY(lqa_channel_gate(&problem, &out->gate_z));
  double weight = (out->gate_z - GATE_FROM) / (GATE_TO - GATE_FROM);
  out->gate_weight = weight < 0 ? 0 : weight > 1 ? 1 : weight;
  if (j->rows->without & (LQA_WITHOUT_CHANNEL | LQA_WITHOUT_GATE)) {
    out->gate_weight = j->rows->without & LQA_WITHOUT_GATE ? 1 : 0;
  }
  LQA_TRY(lqa_channel_fit_uniform(&problem, &wrong));
  lqa_channel_set_uniform(&out->channel, wrong);
  j->uniform = log_cells(&out->channel);
  lqa_channel_set_uniform(&out->channel, FIRST_WRONG);
  LQA_TRY(lqa_channel_fit(&problem, FIT_STEPS, &out->channel));
  j->pairs = log_cells(&out->channel);
  return j->uniform && j->pairs ? lqa_trust_each(j->rows, mix_scores, j) : LQA_NO_MEMORY;
}

/* Weights and channel together, by the likelihood of the given labels: fit.mixed becomes that fit's
 * posterior. */
static lqa_status fit_scale(evidence_job *j) {
  double wrong, weight[LQA_BLEND_MEMBERS];
  memcpy(weight, j->input->prior, sizeof weight);
  j->blend.channel = &j->joint;
  lqa_channel_set_uniform(&j->joint, FIRST_WRONG);
  for (int round = 0; round < JOINT_ROUNDS; round++) {
    lqa_channel_problem p;
    LQA_TRY(lqa_log_blend_fit(&j->blend, weight));
    LQA_TRY(lqa_log_blend_mix(&j->blend, weight, j->fit.mixed));
    LQA_TRY(set_problem(j, j->fit.mixed, &p));
    if (j->out->gate_weight > 0) {
      LQA_TRY(lqa_channel_fit(&p, JOINT_STEPS, &j->joint));
    } else {
      LQA_TRY(lqa_channel_fit_uniform(&p, &wrong));
      lqa_channel_set_uniform(&j->joint, wrong);
    }
  }
  lqa_channel_input p = {&j->fit.rows, j->fit.mixed, 1};
  return lqa_channel_posterior(&p, &j->joint, j->fit.mixed);
}

typedef struct map_data {
  const evidence_job *job;
  double intercept, slope;
} map_data;

enum { MAP_SUMS = 6, MAP_HALVINGS = 30 };

/* sum: gradient (2), curvature (3) and loss of a logistic map from scores to the fit's
 * probabilities. */
static void add_map(const void *data, int64_t from, int64_t to, double *sum) {
  const map_data *d = data;
  const evidence_job *j = d->job;
  size_t n = (size_t)j->rows->n_classes;
  for (int64_t row = from; row < to; row++) {
    double right = lqa_exp((double)j->fit.mixed[(size_t)row * n + (size_t)j->fit.label[row]]);
    double x = j->out->log_odds[j->fit.row[row]], z = d->intercept + d->slope * x,
           p = lqa_sigmoid(z);
    double w = p * (1 - p), rest = 1 - right - p, away = z > 0 ? z : -z;
    sum[0] += rest;
    sum[1] += rest * x;
    sum[2] += w;
    sum[3] += w * x;
    sum[4] += w * x * x;
    sum[5] += (z > 0 ? z : 0) + lqa_log(1 + lqa_exp(-away)) - (1 - right) * z;
  }
}

/* Halves the step until the loss falls: far from the optimum a whole Newton step may overshoot. */
static lqa_status step_map(map_data *map, const double step[2], double s[MAP_SUMS], bool *moved) {
  double loss = s[5], share = 1;
  *moved = false;
  for (int i = 0; i < MAP_HALVINGS && !*moved; i++, share /= 2) {
    map_data next = {map->job, map->intercept + share * step[0], map->slope + share * step[1]};
    LQA_TRY(lqa_trust_sum(&map->job->fit.rows, add_map, &next, MAP_SUMS, s));
    *moved = s[5] <= loss;
    *map = *moved ? next : *map;
  }
  return LQA_OK;
}

static lqa_status fit_map(const evidence_job *j, map_data *map) {
  double s[MAP_SUMS];
  bool moved = true;
  *map = (map_data){j, 0, 1};
  LQA_TRY(lqa_trust_sum(&j->fit.rows, add_map, map, MAP_SUMS, s));
  for (int i = 0; i < MAP_STEPS && moved; i++) {
    double a = s[2] + 1e-6, b = s[3], c = s[4] + 1e-6, det = a * c - b * b;
    if (!(det > 0)) {
      break;
    }
    const double step[2] = {(c * s[0] - b * s[1]) / det, (a * s[1] - b * s[0]) / det};
    if (step[0] * step[0] + step[1] * step[1] < SETTLED * SETTLED) {
      break;
    }
    LQA_TRY(step_map(map, step, s, &moved));
  }
  return LQA_OK;
}

/* sum: probability of being wrong, rows whose likeliest class is another. */
static void add_rates(const void *data, int64_t from, int64_t to, double *sum) {
  const map_data *d = data;
  const evidence_job *j = d->job;
  size_t n = (size_t)j->rows->n_classes;
  for (int64_t row = from; row < to; row++) {
    const float *z = j->out->log_p + (size_t)row * n;
    size_t best = 0;
    for (size_t k = 1; k < n; k++) {
      best = z[k] > z[best] ? k : best;
    }
    j->out->log_odds[row] = d->intercept + d->slope * j->out->log_odds[row];
    j->out->p_wrong[row] = lqa_sigmoid(j->out->log_odds[row]);
    sum[0] += j->out->p_wrong[row];
    sum[1] += (int32_t)best != j->rows->label[row];
  }
}

static lqa_status set_rates(evidence_job *j) {
  map_data map;
  double sum[2], n = (double)j->rows->n_rows;
  LQA_TRY(fit_map(j, &map));
  LQA_TRY(lqa_trust_sum(j->rows, add_rates, &map, 2, sum));
  j->out->rate = sum[0] / n;
  j->out->disagreeing = sum[1] / n;
  double min_claim = j->input->min_claim > 0 ? j->input->min_claim : MIN_CLAIM;
  j->out->is_claimed = j->out->rate >= min_claim * j->out->disagreeing;
  return LQA_OK;
}

lqa_status lqa_model_evidence_run(const lqa_model_evidence_input *input, lqa_model_evidence *out) {
  evidence_job j = {.input = input, .rows = input->rows, .out = out};
  lqa_status status;
  *out = (lqa_model_evidence){0};
  LQA_TRY_OUT(alloc(&j));
  LQA_TRY_OUT(draw_sample(&j));
  LQA_TRY_OUT(blend_members(&j));
  LQA_TRY_OUT(score_rows(&j));
  LQA_TRY_OUT(fit_scale(&j));
  LQA_TRY_OUT(set_rates(&j));
out:
  lqa_channel_clear(&j.joint);
  free(j.uniform);
  free(j.pairs);
  clear_sample(&j.fit);
  return status;
}

void lqa_model_evidence_clear(lqa_model_evidence *e) {
  free(e->is_borrowed ? NULL : e->log_p);
  free(e->log_class);
  free(e->p_wrong);
  free(e->log_odds);
  lqa_channel_clear(&e->channel);
  *e = (lqa_model_evidence){0};
}
