/* report/chart/scale.h - from quantities to positions, and where an axis has its marks. */
#ifndef LQA_REPORT_CHART_SCALE_H
#define LQA_REPORT_CHART_SCALE_H

#include <stdbool.h>

/* Values from..to lie at positions low..high (low may be the larger one, for y). A logarithmic
 * scale begins at from > 0; what is below lies at `low`. */
typedef struct lqa_scale {
  double from, to, low, high;
  bool is_log;
} lqa_scale;

enum { LQA_SCALE_MAX_TICKS = 16 };

/* Limited to low..high; NaN lies at `low`. */
double lqa_scale_at(const lqa_scale *scale, double value);
/* Marks at 1, 2 or 5 times a power of ten (at powers of ten on a logarithmic scale), about `wanted`
 * of them; returns how many. */
int lqa_scale_ticks(const lqa_scale *scale, int wanted, double ticks[LQA_SCALE_MAX_TICKS]);
/* The least 1, 2, 2.5 or 5 times a power of ten that is not below `value`: where an axis may end.
 */
double lqa_scale_round_up(double value);

#endif
