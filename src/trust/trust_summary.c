/* Reliability is measured on verified rows that the calibrator has not seen: it is fitted five
 * times, each time without a fifth of them. The expected calibration error is the mean distance of
 * predicted and observed over ten bins of equal mass. Chance alone makes it larger than it is, so
 * the bias that a bootstrap over rows shows is taken off, and the interval is the basic
 * bootstrap's; draws are fixed.
 *
 * Without verified rows nothing is claimed where classes look confused systematically: at high
 * rates the labels alone cannot tell which of the two a text belongs to, and the model's own
 * estimate was off by up to .4 (bench/RESULTS.md).
 */
#include "trust/trust_summary.h"

#include "base/explog.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/interval.h"
#include "base/sort.h"

#include <math.h>
#include <string.h>

enum { PARTS = 5, RESAMPLES = 200, RESAMPLE_STREAM = 91, MAX_CHANNEL_CLASSES = 100 };
static const double MIN_CONFUSION = .05, CONFIDENCE = .95;
static const int64_t MIN_CONFUSED_ROWS = 5;

/* A verified row as reliability sees it. */
typedef struct check {
  double predicted, observed, weight;
} check;

static int compare_checks(const void *a, const void *b) {
  const check *x = a, *y = b;
  if (x->predicted != y->predicted) {
    return x->predicted < y->predicted ? -1 : 1;
  }
  return x->observed < y->observed ? -1 : x->observed > y->observed;
}

/* What the opinions from `first` on about one row make of its label: 1 wrong, 0 right, corrected
 * for the judges' errors so that the mean over rows is right (Rogan and Gladen 1978). Returns the
 * number of opinions. */
static size_t observe(const lqa_trust_summary_input *in, size_t first, check *out) {
  const lqa_opinions *o = &in->posterior->used;
  const lqa_posterior *p = in->posterior;
  int64_t row = o->items[first].row;
  double sum = 0;
  size_t n = 0;
  for (; first + n < o->n && o->items[first + n].row == row; n++) {
    const lqa_opinion *said = &o->items[first + n];
    double right = said->judge < 0 ? 1 : p->accuracy[said->judge], others = p->rows->n_classes - 1;
    double caught = right + (1 - right) * (others - 1) / others, alarm = 1 - right;
    double is_no = said->class_code != p->rows->label[row];
    sum += caught - alarm > .1 ? (is_no - alarm) / (caught - alarm) : is_no;
  }
  double inclusion = o->items[first].inclusion;
  out->weight = inclusion > 0 ? 1 / inclusion : 1;
  out->observed = sum / (double)n;
  return n;
}

/* What the evidence before the refits, or after, makes of all rows by n opinions. */
static lqa_status predict(const lqa_posterior *p, bool is_refitted, const lqa_opinions *o,
                          double *p_wrong) {
  double *accuracy = lqa_calloc((size_t)o->n_judges, sizeof *accuracy);
  lqa_calibrator_input c = {.rows = p->rows,
                            .log_class = is_refitted ? p->log_class : p->model.log_class,
                            .log_p = is_refitted ? p->log_p : p->model.log_p,
                            .opinions = o->items,
                            .n_opinions = o->n,
                            .n_judges = o->n_judges};
  lqa_status status = accuracy ? lqa_calibrator_run(&c, NULL, p_wrong, accuracy) : LQA_NO_MEMORY;
  free(accuracy);
  return status;
}

/* p_wrong and `other` (n_rows each), as the posterior mixes them. */
static lqa_status predict_mixed(const lqa_posterior *p, const lqa_opinions *o, double *p_wrong,
                                double *other) {
  double weight = p->n_rounds > 0 ? p->refit_weight : 0;
  LQA_TRY(predict(p, weight > 0, o, p_wrong));
  if (weight <= 0 || weight >= 1) {
    return LQA_OK;
  }
  LQA_TRY(predict(p, false, o, other));
  for (int64_t row = 0; row < p->rows->n_rows; row++) {
    p_wrong[row] = lqa_sigmoid(-weight * lqa_log_odds_wrong(p_wrong[row]) -
                               (1 - weight) * lqa_log_odds_wrong(other[row]));
  }
  return LQA_OK;
}

/* The opinions about rows that are not in a part, into `items`. */
static lqa_opinions leave_part_out(const lqa_opinions *o, int part, lqa_opinion *items) {
  lqa_opinions out = {.items = items, .n_judges = o->n_judges};
  size_t number = 0;
  for (size_t i = 0; i < o->n; i++) {
    number += i > 0 && o->items[i].row != o->items[i - 1].row;
    if ((int)(number % PARTS) != part) {
      items[out.n++] = o->items[i];
    }
  }
  return out;
}

/* checks[0 .. *n): every verified row, predicted without itself. */
static lqa_status cross_check(const lqa_trust_summary_input *in, check *checks, size_t *n) {
  const lqa_posterior *p = in->posterior;
  const lqa_opinions *o = &in->posterior->used;
  lqa_opinion *items = lqa_malloc(o->n, sizeof *items);
  double *p_wrong = lqa_malloc((size_t)p->rows->n_rows, sizeof *p_wrong);
  double *other = lqa_malloc((size_t)p->rows->n_rows, sizeof *other);
  lqa_status status;
  LQA_TRY_OUT(items && p_wrong && other ? LQA_OK : LQA_NO_MEMORY);
  for (int part = 0; part < PARTS; part++) {
    size_t number = 0;
    lqa_opinions rest = leave_part_out(o, part, items);
    LQA_TRY_OUT(predict_mixed(p, &rest, p_wrong, other));
    for (size_t i = 0; i < o->n; number++) {
      check one = {.predicted = p_wrong[o->items[i].row]};
      i += observe(in, i, &one);
      if ((int)(number % PARTS) == part) {
        checks[number] = one;
      }
    }
    *n = number;
  }
  qsort(checks, *n, sizeof *checks, compare_checks);
out:
  free(items);
  free(p_wrong);
  free(other);
  return status;
}

/* Cuts sorted checks into bins of equal weight; returns the expected calibration error. `bins` may
 * be NULL. */
static double bin_checks(const check *checks, size_t n, lqa_reliability_bin *bins, int *n_bins) {
  double total = 0, reached = 0, error = 0;
  for (size_t i = 0; i < n; i++) {
    total += checks[i].weight;
  }
  size_t i = 0;
  for (int b = 0; b < LQA_RELIABILITY_BINS && i < n; b++) {
    double weight = 0, square = 0, predicted = 0, observed = 0;
    size_t first = i;
    while (i < n && (i == first || reached < total * (b + 1) / LQA_RELIABILITY_BINS)) {
      weight += checks[i].weight;
      square += checks[i].weight * checks[i].weight;
      predicted += checks[i].weight * checks[i].predicted;
      observed += checks[i].weight * checks[i].observed;
      reached += checks[i++].weight;
    }
    error += fabs(predicted - observed) / total;
    if (bins) {
      double share = observed / weight;
      share = share < 0 ? 0 : share > 1 ? 1 : share;
      bins[(*n_bins)++] = (lqa_reliability_bin){
          .from = checks[first].predicted,
          .to = checks[i - 1].predicted,
          .n = (int64_t)(i - first),
          .predicted = predicted / weight,
          .observed = lqa_interval_of_share(share, weight * weight / square, CONFIDENCE)};
    }
  }
  return error;
}

static lqa_status measure_calibration(const lqa_trust_summary_input *in, lqa_trust_summary *out) {
  check *checks = lqa_malloc(in->posterior->used.n, sizeof *checks);
  check *drawn = lqa_malloc(in->posterior->used.n, sizeof *drawn);
  double errors[RESAMPLES];
  size_t n = 0;
  lqa_rng rng;
  lqa_status status;
  LQA_TRY_OUT(checks && drawn ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(cross_check(in, checks, &n));
  out->ece = bin_checks(checks, n, out->bins, &out->n_bins);
  lqa_rng_init(&rng, 0, RESAMPLE_STREAM);
  for (int r = 0; r < RESAMPLES; r++) {
    for (size_t i = 0; i < n; i++) {
      drawn[i] = checks[lqa_rng_below(&rng, n)];
    }
    qsort(drawn, n, sizeof *drawn, compare_checks);
    errors[r] = bin_checks(drawn, n, NULL, NULL);
  }
  qsort(errors, RESAMPLES, sizeof *errors, lqa_compare_doubles);
  double mean = 0, measured = out->ece;
  for (int r = 0; r < RESAMPLES; r++) {
    mean += errors[r] / RESAMPLES;
  }
  out->ece = fmax(0, 2 * measured - mean);
  out->ece_low = fmax(0, 2 * measured - errors[RESAMPLES - 1 - RESAMPLES / 40]);
  out->ece_high = fmax(out->ece, 2 * measured - errors[RESAMPLES / 40]);
  out->has_ece = true;
out:
  free(checks);
  free(drawn);
  return status;
}

static double worth_of(const lqa_posterior *p, const lqa_opinion *said) {
  int j = said->judge;
  return j < 0 ? 1 : lqa_judge_check_worth(&p->judge[j], p->accuracy[j], p->rows->n_classes);
}

/* A row is worth as much as the best word about it. */
static void count_verified(const lqa_posterior *p, lqa_trust_summary *out) {
  const lqa_opinions *o = &p->used;
  double best = 0;
  for (size_t i = 0; i < o->n; i++) {
    bool is_next = i == 0 || o->items[i].row != o->items[i - 1].row;
    out->worth += is_next ? best : 0;
    out->n_verified += is_next;
    best = fmax(is_next ? 0 : best, worth_of(p, &o->items[i]));
    out->basis = o->items[i].judge < 0              ? LQA_BASIS_REVIEWED
                 : out->basis != LQA_BASIS_REVIEWED ? LQA_BASIS_JUDGED
                                                    : out->basis;
  }
  out->worth += best;
}

/* Rows labelled `given` whose likeliest class is `truth`, for every pair, into count. */
static lqa_status count_pairs(const lqa_posterior *p, int64_t **count) {
  size_t k = (size_t)p->rows->n_classes;
  *count = lqa_calloc(k, k * sizeof **count);
  for (int64_t row = 0; *count && row < p->rows->n_rows; row++) {
    const float *q = p->class_p + (size_t)row * k;
    size_t best = 0;
    for (size_t j = 1; j < k; j++) {
      best = q[j] > q[best] ? j : best;
    }
    (*count)[(size_t)p->rows->label[row] * k + best]++;
  }
  return *count ? LQA_OK : LQA_NO_MEMORY;
}

/* The verified rows of class `truth`, and how many of them are labelled `given`. */
static void count_support(const lqa_trust_summary_input *in, lqa_suspected_confusion *c) {
  const lqa_opinions *o = &in->posterior->used;
  double n = 0, square = 0;
  for (size_t i = 0; i < o->n; i++) {
    if (o->items[i].class_code == c->truth && (i == 0 || o->items[i].row != o->items[i - 1].row)) {
      double weight = o->items[i].inclusion > 0 ? 1 / o->items[i].inclusion : 1;
      bool hit = in->posterior->rows->label[o->items[i].row] == c->given;
      n += weight;
      square += weight * weight;
      c->verified += hit;
    }
  }
  c->rate = lqa_interval_of_share(c->rate.estimate, n > 0 ? n * n / square : 0, CONFIDENCE);
}

/* Inserts a pair by its number of rows; the list keeps the largest. */
static void keep_confusion(lqa_trust_summary *out, const lqa_suspected_confusion *c) {
  int at = out->n_confusions;
  while (at > 0 && out->confusions[at - 1].rows < c->rows) {
    at--;
  }
  if (at == LQA_MAX_CONFUSIONS) {
    return;
  }
  int kept = out->n_confusions < LQA_MAX_CONFUSIONS ? out->n_confusions : LQA_MAX_CONFUSIONS - 1;
  memmove(out->confusions + at + 1, out->confusions + at,
          (size_t)(kept - at) * sizeof *out->confusions);
  out->confusions[at] = *c;
  out->n_confusions = kept + 1;
}

static lqa_status find_confusions(const lqa_trust_summary_input *in, lqa_trust_summary *out) {
  const lqa_posterior *p = in->posterior;
  int32_t n = p->rows->n_classes;
  bool is_shown = p->model.gate_weight > 0 || out->n_verified >= LQA_MIN_VERIFIED;
  int64_t *count = NULL;
  LQA_TRY(count_pairs(p, &count));
  for (int32_t given = 0; is_shown && given < n; given++) {
    for (int32_t truth = 0; truth < n; truth++) {
      lqa_suspected_confusion c = {.given = given,
                                   .truth = truth,
                                   .rate = {.estimate = lqa_channel_get(&p->channel, truth, given)},
                                   .rows = count[(size_t)given * (size_t)n + (size_t)truth]};
      if (given != truth && c.rate.estimate >= MIN_CONFUSION && c.rows >= MIN_CONFUSED_ROWS) {
        count_support(in, &c);
        keep_confusion(out, &c);
      }
    }
  }
  free(count);
  return LQA_OK;
}

static lqa_status copy_channel(const lqa_posterior *p, lqa_arena *arena, lqa_trust_summary *out) {
  int32_t n = p->rows->n_classes;
  out->n_classes = n;
  if (n > MAX_CHANNEL_CLASSES) {
    return LQA_OK;
  }
  out->channel = lqa_arena_alloc(arena, (size_t)n * (size_t)n, sizeof *out->channel);
  for (int32_t truth = 0; out->channel && truth < n; truth++) {
    for (int32_t given = 0; given < n; given++) {
      out->channel[truth * n + given] = lqa_channel_get(&p->channel, truth, given);
    }
  }
  return out->channel ? LQA_OK : LQA_NO_MEMORY;
}

static void describe_judge(const lqa_trust_summary_input *in, int judge, lqa_judge_accuracy *out) {
  const lqa_posterior *p = in->posterior;
  *out = (lqa_judge_accuracy){.model = in->judge_names[judge],
                              .n = p->judge[judge].n,
                              .is_constant = p->judge[judge].is_constant,
                              .is_weak = p->judge[judge].is_weak,
                              .is_left_out = p->is_left_out[judge]};
  out->accuracy = lqa_interval_of_share(p->accuracy[judge], (double)out->n + 20, CONFIDENCE);
}

static lqa_status describe_judges(const lqa_trust_summary_input *in, lqa_arena *arena,
                                  lqa_trust_summary *out) {
  out->n_judges = in->opinions->n_judges;
  out->judges = lqa_arena_alloc(arena, (size_t)out->n_judges + 1, sizeof *out->judges);
  for (int j = 0; out->judges && j < out->n_judges; j++) {
    describe_judge(in, j, &out->judges[j]);
  }
  return out->judges ? LQA_OK : LQA_NO_MEMORY;
}

/* A judge that is constant, or hardly better than chance, verifies nothing. */
static const char *find_bad_judge(const lqa_trust_summary *s) {
  const char *found = NULL;
  for (int j = 0; j < s->n_judges; j++) {
    if (s->judges[j].is_weak) {
      found = "a judge is right too rarely for so few answers: have more rows judged, or ask a "
              "better one";
    } else if (s->judges[j].is_left_out) {
      return "a judge gives one and the same answer, or is hardly better than chance, and fewer "
             "than 100 rows are verified by others";
    }
  }
  return found;
}

static void claim(const lqa_trust_summary_input *in, lqa_trust_summary *out) {
  bool is_verified = out->n_verified >= LQA_MIN_VERIFIED && out->worth >= LQA_MIN_WORTH;
  const char *bad_judge = is_verified ? NULL : find_bad_judge(out);
  if (!in->has_skill) {
    out->why_rank = "the model is no better than label frequencies";
  } else if (bad_judge) {
    out->why_rank = bad_judge;
  } else if (!is_verified && out->n_verified >= LQA_MIN_VERIFIED) {
    out->why_rank = "the judge errs so often that its verdicts are worth fewer than 80 rows "
                    "verified by a person: have more rows judged, or ask a better one";
  } else if (!is_verified && out->n_confusions > 0) {
    out->why_rank = "classes seem to be confused systematically, and at high rates labels alone do "
                    "not show which is right: have at least 100 rows judged or reviewed";
  } else if (!is_verified && !in->posterior->model.is_claimed) {
    out->why_rank = "the model disagrees with far more labels than their likelihood calls wrong, "
                    "and fewer than 100 rows are verified";
  }
  out->is_calibrated = !out->why_rank;
}

lqa_status lqa_trust_summary_make(const lqa_trust_summary_input *in, lqa_arena *arena,
                                  lqa_trust_summary *out) {
  const lqa_posterior *p = in->posterior;
  *out = (lqa_trust_summary){.is_known = true,
                             .basis = LQA_BASIS_MODEL,
                             .gate_z = p->model.gate_z,
                             .n_rounds = p->n_rounds};
  count_verified(p, out);
  for (int64_t row = 0; row < p->rows->n_rows; row++) {
    out->rate += 1 - (double)p->class_p[row * p->rows->n_classes + p->rows->label[row]];
  }
  out->rate /= (double)p->rows->n_rows;
  LQA_TRY(copy_channel(p, arena, out));
  LQA_TRY(find_confusions(in, out));
  LQA_TRY(describe_judges(in, arena, out));
  LQA_TRY(out->n_verified >= LQA_MIN_VERIFIED ? measure_calibration(in, out) : LQA_OK);
  claim(in, out);
  return LQA_OK;
}
