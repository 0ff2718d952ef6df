/* trust/phase_rate.c - a few sums over the verified rows of each phase.
 *
 * Each phase estimates the whole: the verdicts of earlier phases are known, the control stands for
 * all other rows, and the phase's own rows correct it. Phases are weighted by their rows. The
 * variance is that of a systematic sample: differences between neighbours in the order of the draw
 * (Wolter, "Introduction to Variance Estimation", 2007), with (1 - pi) for rows that were sure.
 *
 * A judge errs, so the sums run over shares of NO, which Wilson's interval fits, and the ends are
 * corrected for the judge's errors (Rogan and Gladen 1978). Rows that people verified enter as the
 * share of NO that such a row would get.
 *
 * With few wrong labels among the verified rows the variance is itself a matter of chance and
 * mostly too small. Two rules keep the interval honest: half a label counts as wrong beyond what
 * was seen, at the average weight; and the effective number of rows may pass that of a sample with
 * equal probabilities only as far as wrong labels were found (max_effective). Where none was found,
 * the lower end is 0. bench/simulate_audits.c measures the coverage.
 */
#include "trust/phase_rate.h"

#include "trust/error_rate.h"

#include <math.h>

enum { MAX_GAIN = 8, FULL_GAIN_AT = 40, MIN_STEPS = 30 };

/* Of one phase, for all rows or one class. */
typedef struct phase_sums {
  double known;            /* wrong labels among rows verified in earlier phases */
  double control;          /* over rows not drawn before */
  double diff;             /* sum of d / pi */
  double rest;             /* sum of 1 - pi */
  double rest_diff;        /* sum of (1 - pi) d / pi */
  double weights, squares; /* sums of 1 / pi and of its square */
  double found;            /* verified rows that contradict the given label */
  int64_t n, unsure;       /* unsure: of them rows with pi < 1 */
} phase_sums;

/* The judges' errors, averaged over the rows that they verified; of people alone none. */
typedef struct verdict_scale {
  double no_of_right, no_of_wrong, se_right, se_wrong;
} verdict_scale;

static verdict_scale find_scale(const lqa_phase_rate_input *in) {
  verdict_scale sum = {0};
  double n = 0, judged = 0;
  for (int h = 0; h < in->n_phases; h++) {
    for (int64_t i = 0; i < in->phases[h].n; i++) {
      const lqa_phase_row *r = &in->phases[h].rows[i];
      n += !isnan(r->wrong);
      if (r->judge >= 0 && !isnan(r->wrong)) {
        const lqa_judge_error *e = &in->judges[r->judge];
        sum.no_of_right += e->no_of_right;
        sum.no_of_wrong += e->no_of_wrong;
        sum.se_right += e->se_right;
        sum.se_wrong += e->se_wrong;
        judged++;
      }
    }
  }
  if (judged == 0) {
    return (verdict_scale){0, 1, 0, 0};
  }
  /* Rows of people do not err: they shrink the part of the judges' uncertainty. */
  return (verdict_scale){sum.no_of_right / judged, sum.no_of_wrong / judged, sum.se_right / n,
                         sum.se_wrong / n};
}

/* The share of NO for rows of which `wrong` are wrong. */
static double no_of(const verdict_scale *s, double wrong) {
  return s->no_of_right + wrong * (s->no_of_wrong - s->no_of_right);
}

static double wrong_of(const verdict_scale *s, double no) {
  return (no - s->no_of_right) / (s->no_of_wrong - s->no_of_right);
}

/* The verdict on the common scale. */
static double verdict_of(const lqa_phase_rate_input *in, const verdict_scale *s,
                         const lqa_phase_row *r) {
  if (r->judge < 0) {
    return no_of(s, r->wrong);
  }
  const lqa_judge_error *e = &in->judges[r->judge];
  double gap = e->no_of_wrong - e->no_of_right;
  return no_of(s, (r->wrong - e->no_of_right) / gap);
}

static double difference(const lqa_phase_rate_input *in, const verdict_scale *s,
                         const lqa_phase_row *r) {
  return verdict_of(in, s, r) - no_of(s, r->control);
}

static bool belongs(const lqa_phase_rate_input *in, const lqa_phase_row *r, int32_t class_code) {
  return !isnan(r->wrong) && (class_code < 0 || in->label[r->row] == class_code);
}

/* Rows that nobody could tell are left out; those of their phase that were as sure to be drawn, or
 * as unsure, stand for them. */
typedef struct told_share {
  double of_sure, of_others;
} told_share;

static told_share share_told(const lqa_rate_phase *phase) {
  double rows[2] = {0}, told[2] = {0};
  for (int64_t i = 0; i < phase->n; i++) {
    bool is_sure = phase->rows[i].inclusion >= 1;
    rows[is_sure]++;
    told[is_sure] += !isnan(phase->rows[i].wrong);
  }
  return (told_share){rows[1] > 0 ? told[1] / rows[1] : 0, rows[0] > 0 ? told[0] / rows[0] : 0};
}

static double chance_of(const told_share *told, const lqa_phase_row *r) {
  return r->inclusion >= 1 ? told->of_sure : r->inclusion * told->of_others;
}

static bool is_of(const lqa_phase_rate_input *in, const lqa_phase_row *r, int32_t class_code) {
  return class_code < 0 || in->label[r->row] == class_code;
}

/* NO among the rows of earlier phases, as verified. */
static double sum_known(const lqa_phase_rate_input *in, const verdict_scale *s, int number,
                        int32_t class_code) {
  double sum = 0;
  for (int h = 0; h < number; h++) {
    for (int64_t i = 0; i < in->phases[h].n; i++) {
      const lqa_phase_row *r = &in->phases[h].rows[i];
      sum += !is_of(in, r, class_code) ? 0
             : isnan(r->wrong)         ? no_of(s, r->control)
                                       : verdict_of(in, s, r);
    }
  }
  return sum;
}

/* NO that the control expects of the rows that were not drawn before. */
static double sum_control(const lqa_phase_rate_input *in, const verdict_scale *s, int number,
                          int32_t class_code) {
  double wrong = 0, rows = 0;
  for (int32_t k = 0; k < in->n_classes; k++) {
    bool is_in = class_code < 0 || k == class_code;
    wrong += is_in ? in->phases[number].control_sum[k] : 0;
    rows += is_in ? (double)in->class_rows[k] : 0;
  }
  for (int h = 0; h < number; h++) {
    for (int64_t i = 0; i < in->phases[h].n; i++) {
      rows -= is_of(in, &in->phases[h].rows[i], class_code);
    }
  }
  return rows * s->no_of_right + wrong * (s->no_of_wrong - s->no_of_right);
}

static phase_sums sum_phase(const lqa_phase_rate_input *in, const verdict_scale *scale, int number,
                            int32_t class_code) {
  const lqa_rate_phase *phase = &in->phases[number];
  const told_share told = share_told(phase);
  phase_sums s = {.known = sum_known(in, scale, number, class_code),
                  .control = sum_control(in, scale, number, class_code)};
  for (int64_t i = 0; i < phase->n; i++) {
    const lqa_phase_row *r = &phase->rows[i];
    if (!belongs(in, r, class_code)) {
      continue;
    }
    double pi = chance_of(&told, r), d = difference(in, scale, r);
    s.diff += d / pi;
    s.rest += 1 - pi;
    s.rest_diff += (1 - pi) * d / pi;
    s.weights += 1 / pi;
    s.squares += 1 / (pi * pi);
    s.found += r->wrong;
    s.n++;
    s.unsure += pi < 1;
  }
  return s;
}

/* Variance of the phase's total. The rows are in the order of the draw. */
static double find_variance(const lqa_phase_rate_input *in, const verdict_scale *scale, int number,
                            int32_t class_code, const phase_sums *s) {
  const lqa_rate_phase *phase = &in->phases[number];
  const told_share told = share_told(phase);
  double center = s->rest > 0 ? s->rest_diff / s->rest : 0;
  double spread = 0, steps = 0, before = NAN;
  for (int64_t i = 0; i < phase->n; i++) {
    const lqa_phase_row *r = &phase->rows[i];
    if (!belongs(in, r, class_code)) {
      continue;
    }
    double pi = chance_of(&told, r);
    double e = sqrt(1 - pi) * (difference(in, scale, r) / pi - center);
    spread += e * e;
    steps += isnan(before) ? 0 : .5 * (e - before) * (e - before);
    before = e;
  }
  double n = (double)(s->unsure > 1 ? s->unsure : 2);
  /* Neighbours tell the variance with fewer degrees of freedom: with few rows the spread is safer.
   */
  double sum = s->unsure >= MIN_STEPS ? steps : spread;
  /* The weight of an average row that was not sure to be drawn; half a wrong label more of it. */
  double unseen = s->weights > (double)s->n ? (s->weights - (double)s->n) / n : 0;
  double half = .5 * unseen * (scale->no_of_wrong - scale->no_of_right);
  return sum * n / (n - 1) + half * half;
}

/* What is known of all rows, or of one class, over all phases. */
typedef struct whole {
  double share, variance; /* of NO */
  double equal_rows;      /* rows of a sample with equal probabilities and this spread of weights */
  double found;
  double rest; /* sum of 1 - pi: 0 where every row was sure to be drawn */
  int64_t n;
} whole;

static whole combine(const lqa_phase_rate_input *in, const verdict_scale *scale,
                     int32_t class_code) {
  double size = (double)(class_code < 0 ? in->n_rows : in->class_rows[class_code]);
  whole w = {0};
  for (int h = 0; h < in->n_phases; h++) {
    w.n += sum_phase(in, scale, h, class_code).n;
  }
  for (int h = 0; h < in->n_phases && w.n > 0 && size > 0; h++) {
    phase_sums s = sum_phase(in, scale, h, class_code);
    double weight = (double)s.n / (double)w.n;
    if (s.n == 0) {
      continue;
    }
    w.share += weight * (s.known + s.control + s.diff) / size;
    w.variance += weight * weight * find_variance(in, scale, h, class_code, &s) / (size * size);
    w.equal_rows += s.squares > 0 ? s.weights * s.weights / s.squares : 0;
    w.found += s.found;
    w.rest += s.rest;
  }
  return w;
}

/* A control that is good on paper may not claim more rows than what was found can carry. */
static double max_effective(const whole *w) {
  if (w->rest <= 0) {
    return INFINITY;
  }
  double gain = 1 + (MAX_GAIN - 1) * fmin(1, w->found / FULL_GAIN_AT);
  return fmax(w->equal_rows, 1) * gain;
}

/* Of two independent deviations. */
static double length_of(double a, double b) {
  return sqrt(a * a + b * b);
}

static double to_share(double value) {
  return fmin(fmax(value, 0), 1);
}

/* Drawn at once, each row with probability 1 or with the one of all others. */
static bool is_plain(const lqa_phase_rate_input *in) {
  double other = 1;
  bool plain = in->n_phases == 1;
  for (int64_t i = 0; plain && i < in->phases[0].n; i++) {
    double pi = in->phases[0].rows[i].inclusion;
    plain = pi >= 1 || other >= 1 || pi == other;
    other = pi < 1 ? pi : other;
  }
  return plain;
}

/* The whole of two strata: Wilson's interval of each, their deviations by Pythagoras (MOVER;
 * Zou and Donner 2008). */
static lqa_interval add_strata(const lqa_stratum strata[2]) {
  double size = (double)(strata[0].population + strata[1].population);
  double estimate = 0, low = 0, high = 0;
  for (int i = 0; i < 2; i++) {
    lqa_interval part = lqa_interval_of_stratum(&strata[i], .95);
    double weight = (double)strata[i].population / size;
    double middle = strata[i].n > 0 ? part.estimate : .5;
    if (weight > 0) {
      estimate += weight * middle;
      low = length_of(low, weight * (middle - part.low));
      high = length_of(high, weight * (part.high - middle));
    }
  }
  return (lqa_interval){estimate, to_share(estimate - low), to_share(estimate + high),
                        LQA_RATE_OF_STRATA, strata[0].n + strata[1].n};
}

/* Two strata: rows that were sure to be drawn, and the others. */
static whole combine_plain(const lqa_phase_rate_input *in, const verdict_scale *scale,
                           int32_t class_code, lqa_interval *no) {
  const lqa_rate_phase *phase = &in->phases[0];
  int64_t size = class_code < 0 ? in->n_rows : in->class_rows[class_code], n[2] = {0};
  int64_t sure = 0;
  double hits[2] = {0};
  whole w = {0};
  for (int64_t i = 0; i < phase->n; i++) {
    const lqa_phase_row *r = &phase->rows[i];
    int is_sure = r->inclusion >= 1;
    sure += is_sure && is_of(in, r, class_code);
    if (belongs(in, r, class_code)) {
      n[is_sure]++;
      hits[is_sure] += fmin(fmax(verdict_of(in, scale, r), 0), 1);
      w.found += r->wrong;
      w.n++;
    }
  }
  const lqa_stratum strata[2] = {{sure, n[1], llround(hits[1])},
                                 {size - sure, n[0], llround(hits[0])}};
  *no = add_strata(strata);
  w.share = no->estimate;
  return w;
}

/* The interval of the share of NO. */
static whole combine_drawn(const lqa_phase_rate_input *in, const verdict_scale *scale,
                           int32_t class_code, lqa_interval *no) {
  whole w = combine(in, scale, class_code);
  double share = to_share(w.share), least = .5 / (w.equal_rows + 1);
  double inner = fmin(fmax(share, least), 1 - least);
  double effective = w.variance > 0 ? inner * (1 - inner) / w.variance : INFINITY;
  *no = lqa_interval_of_share(share, fmin(effective, max_effective(&w)), .95);
  return w;
}

/* The interval of the share of wrong labels, from that of NO. */
static lqa_interval make_interval(const lqa_phase_rate_input *in, const verdict_scale *scale,
                                  int32_t class_code) {
  static const double Z = 1.959963984540054;
  bool plain = is_plain(in);
  lqa_interval no;
  whole w =
      plain ? combine_plain(in, scale, class_code, &no) : combine_drawn(in, scale, class_code, &no);
  lqa_interval out = {NAN, 0, 1, plain ? LQA_RATE_OF_STRATA : LQA_RATE_BY_DIFFERENCE, w.n};
  if (w.n == 0 || (class_code >= 0 && w.n < LQA_RATE_MIN_ROWS)) {
    return out;
  }
  double rate = wrong_of(scale, w.share), gap = scale->no_of_wrong - scale->no_of_right;
  double judged = Z * length_of((1 - rate) * scale->se_right, rate * scale->se_wrong) / gap;
  if (wrong_of(scale, no.high) + judged <= 0 || wrong_of(scale, no.low) - judged >= 1) {
    out.n = 0; /* fewer NO than the judge is said to give by mistake: one of both is wrong */
    return out;
  }
  double low = length_of(rate - wrong_of(scale, no.low), judged);
  double high = length_of(wrong_of(scale, no.high) - rate, judged);
  out.estimate = to_share(rate);
  out.low = w.found > 0 ? to_share(rate - low) : 0;
  out.high = to_share(rate + high);
  return out;
}

lqa_status lqa_phase_rate_of(const lqa_phase_rate_input *in, lqa_arena *arena,
                             lqa_phase_rate *out) {
  out->by_class = lqa_arena_alloc(arena, (size_t)in->n_classes + 1, sizeof *out->by_class);
  if (!out->by_class) {
    return LQA_NO_MEMORY;
  }
  const verdict_scale scale = find_scale(in);
  out->rate = make_interval(in, &scale, -1);
  for (int32_t k = 0; k < in->n_classes; k++) {
    out->by_class[k] = make_interval(in, &scale, k);
  }
  return LQA_OK;
}

int64_t lqa_rate_rows_for(const lqa_interval *rate, int64_t population, double half_width) {
  double now = (rate->high - rate->low) / 2, all = (double)population;
  if (rate->n == 0 || isnan(now) || now <= half_width || rate->n >= population) {
    return rate->n;
  }
  double shrink = half_width / now * (half_width / now);
  return (int64_t)ceil(1 / (1 / all + shrink * (1 / (double)rate->n - 1 / all)) - 1e-9);
}
