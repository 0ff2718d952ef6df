/* report/chart/scale.c - linear and logarithmic scales with round marks.
 *
 * Marks are multiples of a round step (Wilkinson's choice of 1, 2 and 5 without his weighing),
 * which is found by division and multiplication alone, so they are the same everywhere.
 */
#include "report/chart/scale.h"

#include "base/explog.h"

#include <math.h>

static double fraction_of(const lqa_scale *s, double value) {
  if (s->is_log) {
    if (!(value > s->from) || !(s->to > s->from)) {
      return 0;
    }
    return lqa_log(value / s->from) / lqa_log(s->to / s->from);
  }
  return s->to > s->from ? (value - s->from) / (s->to - s->from) : 0;
}

double lqa_scale_at(const lqa_scale *s, double value) {
  double fraction = isnan(value) ? 0 : fraction_of(s, value);
  fraction = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
  return s->low + fraction * (s->high - s->low);
}

/* The power of ten at or below `value`, which is positive. */
static double power_below(double value) {
  double power = 1;
  while (power * 10 <= value && power < 1e300) {
    power *= 10;
  }
  while (power > value && power > 1e-300) {
    power /= 10;
  }
  return power;
}

double lqa_scale_round_up(double value) {
  static const double STEPS[] = {1, 2, 2.5, 5, 10};
  if (!(value > 0) || isinf(value)) {
    return 1;
  }
  double power = power_below(value);
  for (int i = 0; i < 5; i++) {
    if (STEPS[i] * power >= value * (1 - 1e-9)) {
      return STEPS[i] * power;
    }
  }
  return 10 * power;
}

static int log_ticks(const lqa_scale *s, double ticks[LQA_SCALE_MAX_TICKS]) {
  int n = 0;
  for (double at = power_below(s->from); at <= s->to * (1 + 1e-9) && n < LQA_SCALE_MAX_TICKS;
       at *= 10) {
    if (at >= s->from * (1 - 1e-9)) {
      ticks[n++] = at;
    }
  }
  return n;
}

int lqa_scale_ticks(const lqa_scale *s, int wanted, double ticks[LQA_SCALE_MAX_TICKS]) {
  if (!(s->to > s->from) || wanted < 1) {
    return 0;
  }
  if (s->is_log) {
    return log_ticks(s, ticks);
  }
  double step = lqa_scale_round_up((s->to - s->from) / wanted);
  int n = 0;
  double first = ceil(s->from / step - 1e-9);
  for (int i = 0; i < LQA_SCALE_MAX_TICKS; i++) {
    double at = (first + i) * step;
    if (at > s->to + step * 1e-9) {
      break;
    }
    ticks[n++] = at;
  }
  return n;
}
