/* Judges' accuracies and the correction are found in turns: with the accuracies, the verified rows'
 * true classes are a distribution; with those, the correction is a regression on soft targets; with
 * that, the accuracies are the expected share of right answers.
 *
 * Rows that are verified because they looked suspicious are many of a kind; weights of the inverse
 * inclusion probability, tempered to the power .3, keep them from bending the correction of the
 * rest.
 *
 * Judges err together: a text that one misreads misleads another, and a judge asked again mostly
 * repeats itself. So the log-likelihoods of the answers about a row are divided by the design
 * effect of correlated witnesses: repeats of a judge count as one answer (correlation 1), J judges
 * as J / (1 + (J - 1) .3). A person's decision is not weakened.
 *
 * A judge with 100 answers a class or more gets a confusion matrix of its own (Dawid and Skene),
 * which starts as its accuracy with the weight of 100 answers for each true class. The matrices are
 * only freed when all has settled with accuracies: from the start they would take systematic errors
 * of the labels for the judge's (bench/RESULTS.md).
 */
#include "trust/calibrator.h"

#include "base/explog.h"
#include "base/memory.h"
#include "trust/gaussian_process.h"
#include "trust/model_evidence.h"

#include <math.h>
#include <string.h>

enum { MAX_ROUNDS = 30, MIN_ROUNDS = 6, NEWTON_STEPS = 3, ANSWERS_PER_CLASS = 100 };
static const double CLIP = 8, MARGIN_UNIT = 3, EVEN_SHARE = .1, WEIGHT_POWER = .3;
static const double BETWEEN_JUDGES = .3, SAYS_PRIOR = 100;

/* A verified row. */
typedef struct verified {
  int64_t row;
  size_t first, n; /* its opinions */
} verified;

typedef struct calibration {
  const lqa_calibrator_input *input;
  size_t n_classes;
  verified *rows;
  size_t n_rows;
  double *offset, *weight, *target, *u;
  double *class_p; /* n_rows x n_classes: true class, all opinions counted */
  double *accuracy;
  double **says; /* of every judge: P(class said | true class), true x said; NULL: by accuracy */
  double *repeat_share; /* of an opinion: 1 / answers of its judge about the row */
  double *share;        /* the same, divided by the design effect of several judges */
  lqa_gp *gp;
} calibration;

/* The best class but the given one, by log_class. */
static int32_t best_other(const lqa_calibrator_input *in, int64_t row) {
  size_t n = (size_t)in->rows->n_classes;
  const float *z = in->log_class + (size_t)row * n;
  int32_t best = -1;
  for (int32_t k = 0; k < (int32_t)n; k++) {
    if (k != in->rows->label[row] && (best < 0 || z[k] > z[best])) {
      best = k;
    }
  }
  return best;
}

static double clip(double value) {
  return value < -CLIP ? -CLIP : value > CLIP ? CLIP : value;
}

static lqa_gp_row describe(const lqa_calibrator_input *in, int64_t row) {
  const float *z = in->log_p + (size_t)row * (size_t)in->rows->n_classes;
  int32_t given = in->rows->label[row], other = best_other(in, row);
  return (lqa_gp_row){clip((double)z[other] - (double)z[given]) / MARGIN_UNIT, given, other};
}

static double offset_of(const lqa_calibrator_input *in, int64_t row) {
  size_t at = (size_t)row * (size_t)in->rows->n_classes + (size_t)in->rows->label[row];
  return clip(lqa_log_odds_wrong(lqa_exp((double)in->log_class[at])));
}

/* p = the row's class distribution if its label is wrong with probability `wrong`: the other
 * classes in proportion to the posterior, with a tenth spread evenly. */
static void spread(const lqa_calibrator_input *in, int64_t row, double wrong, double *p) {
  size_t n = (size_t)in->rows->n_classes, given = (size_t)in->rows->label[row];
  const float *z = in->log_class + (size_t)row * n;
  double total = 0, sum = 0;
  for (size_t k = 0; k < n; k++) {
    p[k] = k == given ? 0 : lqa_exp((double)z[k]);
    total += p[k];
  }
  for (size_t k = 0; k < n; k++) {
    p[k] =
        k == given ? 0 : (1 - EVEN_SHARE) * p[k] / (total + 1e-300) + EVEN_SHARE / (double)(n - 1);
    sum += p[k];
  }
  for (size_t k = 0; k < n; k++) {
    p[k] *= wrong / sum;
  }
  p[given] = 1 - wrong;
}

static size_t list_verified(const lqa_calibrator_input *in, verified *rows) {
  size_t n = 0;
  for (size_t i = 0; i < in->n_opinions; i++) {
    if (n == 0 || rows[n - 1].row != in->opinions[i].row) {
      rows[n++] = (verified){in->opinions[i].row, i, 0};
    }
    rows[n - 1].n++;
  }
  return n;
}

/* Opinions of a judge about a row stand together. */
static void share_row(calibration *c, const verified *v) {
  const lqa_opinion *o = c->input->opinions;
  size_t end = v->first + v->n, n_judges = 0;
  for (size_t i = v->first, next; i < end; i = next) {
    for (next = i + 1; next < end && o[next].judge == o[i].judge; next++) {
    }
    for (size_t j = i; j < next; j++) {
      c->repeat_share[j] = o[i].judge < 0 ? 1 : 1 / (double)(next - i);
    }
    n_judges += o[i].judge >= 0;
  }
  double design = n_judges > 1 ? 1 + BETWEEN_JUDGES * (double)(n_judges - 1) : 1;
  for (size_t i = v->first; i < end; i++) {
    c->share[i] = o[i].judge < 0 ? 1 : c->repeat_share[i] / design;
  }
}

static lqa_status alloc(calibration *c) {
  size_t n = c->input->n_opinions;
  c->rows = lqa_malloc(n, sizeof *c->rows);
  c->offset = lqa_malloc(n, sizeof *c->offset);
  c->weight = lqa_malloc(n, sizeof *c->weight);
  c->target = lqa_malloc(n, sizeof *c->target);
  c->u = lqa_calloc(n, sizeof *c->u);
  c->share = lqa_malloc(n, sizeof *c->share);
  c->repeat_share = lqa_malloc(n, sizeof *c->repeat_share);
  c->class_p = lqa_malloc(n, c->n_classes * sizeof *c->class_p);
  c->says = lqa_calloc((size_t)c->input->n_judges + 1, sizeof *c->says);
  bool whole = c->rows && c->offset && c->weight && c->target && c->u && c->class_p && c->share &&
               c->repeat_share && c->says;
  return whole ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status prepare(calibration *c) {
  const lqa_calibrator_input *in = c->input;
  double total = 0;
  LQA_TRY(alloc(c));
  c->n_rows = list_verified(in, c->rows);
  lqa_gp_row *rows = lqa_malloc(c->n_rows, sizeof *rows);
  if (!rows) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < c->n_rows; i++) {
    double inclusion = in->opinions[c->rows[i].first].inclusion;
    rows[i] = describe(in, c->rows[i].row);
    share_row(c, &c->rows[i]);
    c->offset[i] = offset_of(in, c->rows[i].row);
    c->weight[i] = lqa_exp(-WEIGHT_POWER * lqa_log(inclusion > 0 ? inclusion : 1));
    total += c->weight[i];
  }
  for (size_t i = 0; i < c->n_rows; i++) {
    c->weight[i] *= (double)c->n_rows / total;
  }
  for (int j = 0; j < in->n_judges; j++) {
    c->accuracy[j] = LQA_JUDGE_PRIOR_RIGHT / (LQA_JUDGE_PRIOR_RIGHT + LQA_JUDGE_PRIOR_WRONG);
  }
  c->gp = lqa_gp_new(rows, c->n_rows, in->rows->n_classes);
  free(rows);
  return c->gp ? LQA_OK : LQA_NO_MEMORY;
}

/* log P(what was said | true class). */
static double log_said(const calibration *c, const lqa_opinion *said, size_t class) {
  size_t k = c->n_classes, code = (size_t)said->class_code;
  if (said->judge >= 0 && c->says[said->judge]) {
    return lqa_log(c->says[said->judge][class * k + code]);
  }
  double right = said->judge < 0 ? 1 : c->accuracy[said->judge];
  right = right < 1 - 1e-6 ? right : 1 - 1e-6;
  return lqa_log(class == code ? right : (1 - right) / (double)(k - 1));
}

/* A verified row's classes after its opinions; target = probability that the label is wrong. */
static void weigh_opinions(calibration *c, size_t i) {
  const lqa_calibrator_input *in = c->input;
  const verified *v = &c->rows[i];
  double *p = c->class_p + i * c->n_classes, largest = -INFINITY, total = 0;
  spread(in, v->row, lqa_sigmoid(c->offset[i] + c->u[i]), p);
  for (size_t k = 0; k < c->n_classes; k++) {
    p[k] = lqa_log(p[k] + 1e-300);
    for (size_t o = v->first; o < v->first + v->n; o++) {
      p[k] += c->share[o] * log_said(c, &in->opinions[o], k);
    }
    largest = p[k] > largest ? p[k] : largest;
  }
  for (size_t k = 0; k < c->n_classes; k++) {
    p[k] = lqa_exp(p[k] - largest);
    total += p[k];
  }
  for (size_t k = 0; k < c->n_classes; k++) {
    p[k] /= total;
  }
  c->target[i] = 1 - p[(size_t)in->rows->label[v->row]];
}

/* The judges' accuracies anew; returns the largest change. */
static double update_accuracies(calibration *c) {
  const lqa_calibrator_input *in = c->input;
  double furthest = 0;
  for (int j = 0; j < in->n_judges; j++) {
    double right = LQA_JUDGE_PRIOR_RIGHT;
    double n = LQA_JUDGE_PRIOR_RIGHT + LQA_JUDGE_PRIOR_WRONG;
    for (size_t i = 0; i < c->n_rows; i++) {
      for (size_t o = c->rows[i].first; o < c->rows[i].first + c->rows[i].n; o++) {
        if (in->opinions[o].judge == j) {
          right += c->repeat_share[o] *
                   c->class_p[i * c->n_classes + (size_t)in->opinions[o].class_code];
          n += c->repeat_share[o];
        }
      }
    }
    furthest = fmax(furthest, fabs(right / n - c->accuracy[j]));
    c->accuracy[j] = right / n;
  }
  return furthest;
}

/* The confusion matrices anew, of the judges that have one. */
static void update_says(calibration *c) {
  const lqa_calibrator_input *in = c->input;
  size_t k = c->n_classes;
  for (int j = 0; j < in->n_judges; j++) {
    double right = c->accuracy[j], *says = c->says[j];
    for (size_t i = 0; says && i < k * k; i++) {
      says[i] = SAYS_PRIOR * (i / k == i % k ? right : (1 - right) / (double)(k - 1));
    }
  }
  for (size_t i = 0; i < c->n_rows; i++) {
    for (size_t o = c->rows[i].first; o < c->rows[i].first + c->rows[i].n; o++) {
      const lqa_opinion *said = &in->opinions[o];
      double *says = said->judge >= 0 ? c->says[said->judge] : NULL;
      for (size_t t = 0; says && t < k; t++) {
        says[t * k + (size_t)said->class_code] += c->repeat_share[o] * c->class_p[i * k + t];
      }
    }
  }
  for (size_t row = 0; row < (size_t)in->n_judges * k; row++) {
    double sum = 0, *says = c->says[row / k] ? c->says[row / k] + row % k * k : NULL;
    for (size_t s = 0; says && s < k; s++) {
      sum += says[s];
    }
    for (size_t s = 0; says && s < k; s++) {
      says[s] /= sum;
    }
  }
}

/* Matrices for the judges that have answered often enough. */
static lqa_status free_says(calibration *c, bool *any) {
  const lqa_calibrator_input *in = c->input;
  size_t cells = c->n_classes * c->n_classes;
  *any = false;
  for (int j = 0; j < in->n_judges; j++) {
    double answers = 0;
    for (size_t o = 0; o < in->n_opinions; o++) {
      answers += in->opinions[o].judge == j ? c->repeat_share[o] : 0;
    }
    if (answers >= ANSWERS_PER_CLASS * (double)c->n_classes) {
      c->says[j] = lqa_calloc(cells, sizeof **c->says);
      LQA_TRY(c->says[j] ? LQA_OK : LQA_NO_MEMORY);
      *any = true;
    }
  }
  update_says(c);
  return LQA_OK;
}

static lqa_status settle(calibration *c) {
  for (int round = 0; round < MAX_ROUNDS; round++) {
    for (size_t i = 0; i < c->n_rows; i++) {
      weigh_opinions(c, i);
    }
    double moved = 1;
    int steps = c->input->rows->without & LQA_WITHOUT_CALIBRATOR ? 0 : NEWTON_STEPS;
    for (int step = 0; step < steps && moved > 1e-10; step++) {
      LQA_TRY(lqa_gp_step(c->gp, c->offset, c->target, c->weight, c->u, &moved));
    }
    double furthest = update_accuracies(c);
    update_says(c);
    if (furthest < 1e-5 && round > MIN_ROUNDS - 1) {
      break;
    }
  }
  return LQA_OK;
}

static lqa_status fit(calibration *c) {
  bool any;
  LQA_TRY(settle(c));
  LQA_TRY(free_says(c, &any));
  return any ? settle(c) : LQA_OK;
}

typedef struct apply_data {
  const calibration *calibration;
  float *q;
  double *p_wrong;
} apply_data;

static void apply_row(const apply_data *d, int64_t row, double *p) {
  const calibration *c = d->calibration;
  lqa_gp_row view = describe(c->input, row);
  double z = offset_of(c->input, row) + (c->gp ? lqa_gp_correct(c->gp, &view) : 0);
  d->p_wrong[row] = lqa_sigmoid(z);
  if (!d->q) {
    return;
  }
  spread(c->input, row, d->p_wrong[row], p);
  for (size_t k = 0; k < c->n_classes; k++) {
    d->q[(size_t)row * c->n_classes + k] = (float)p[k];
  }
}

static void apply_rows(const void *data, int64_t from, int64_t to, double *sum) {
  const apply_data *d = data;
  double p[LQA_CHANNEL_MAX_CLASSES];
  (void)sum;
  for (int64_t row = from; row < to; row++) {
    apply_row(d, row, p);
  }
}

static lqa_status apply(const calibration *c, float *q, double *p_wrong) {
  apply_data d = {c, q, p_wrong};
  LQA_TRY(lqa_trust_each(c->input->rows, apply_rows, &d));
  for (size_t i = 0; q && i < c->n_rows; i++) {
    float *to = q + (size_t)c->rows[i].row * c->n_classes;
    for (size_t k = 0; k < c->n_classes; k++) {
      to[k] = (float)c->class_p[i * c->n_classes + k];
    }
  }
  return LQA_OK;
}

static void clear(calibration *c) {
  free(c->rows);
  free(c->offset);
  free(c->weight);
  free(c->target);
  free(c->u);
  free(c->class_p);
  free(c->share);
  free(c->repeat_share);
  for (int j = 0; c->says && j < c->input->n_judges; j++) {
    free(c->says[j]);
  }
  free(c->says);
  lqa_gp_free(c->gp);
}

lqa_status lqa_calibrator_run(const lqa_calibrator_input *input, float *q, double *p_wrong,
                              double *accuracy) {
  calibration c = {
      .input = input, .n_classes = (size_t)input->rows->n_classes, .accuracy = accuracy};
  lqa_status status;
  if (input->n_opinions > 0) {
    LQA_TRY_OUT(prepare(&c));
    LQA_TRY_OUT(fit(&c));
  }
  LQA_TRY_OUT(apply(&c, q, p_wrong));
out:
  clear(&c);
  return status;
}
