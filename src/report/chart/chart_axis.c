/* report/chart/chart_axis.c - grid lines with their numbers.
 */
#include "report/chart/chart.h"

#include <math.h>
#include <stdio.h>

/* "25 %", "2.5 %", "1 000" as people write them; thin numbers stay short: 20k, 3M. */
static void format_mark(double value, bool is_percent, double step, char out[32]) {
  if (is_percent) {
    int decimals = 0;
    for (double shown = 100 * step; decimals < 3 && fabs(shown - floor(shown + .5)) > 1e-6;
         shown *= 10) {
      decimals++;
    }
    snprintf(out, 32, "%.*f %%", decimals, 100 * value);
  } else if (value >= 1e6) {
    snprintf(out, 32, "%.4gM", value / 1e6);
  } else if (value >= 1e4) {
    snprintf(out, 32, "%.4gk", value / 1e3);
  } else {
    snprintf(out, 32, "%.4g", value);
  }
}

static void draw_mark(const lqa_chart_axis *axis, double at, const char *name, lqa_buf *out) {
  double position = lqa_scale_at(&axis->scale, at), length = axis->to - axis->from;
  if (axis->is_vertical) {
    lqa_svg_line(out, LQA_SVG_GRID, (lqa_svg_box){axis->from, position, length, 0});
    lqa_svg_say(out, &(lqa_svg_text){LQA_SVG_TICK, LQA_SVG_END, axis->label_at, position + 4, 0, 0},
                "%s", name);
  } else {
    lqa_svg_line(out, LQA_SVG_GRID, (lqa_svg_box){position, axis->from, 0, length});
    lqa_svg_say(out, &(lqa_svg_text){LQA_SVG_TICK, LQA_SVG_MIDDLE, position, axis->label_at, 0, 0},
                "%s", name);
  }
}

void lqa_chart_draw_axis(const lqa_chart_axis *axis, lqa_buf *out) {
  double ticks[LQA_SCALE_MAX_TICKS];
  char name[32];
  int n = lqa_scale_ticks(&axis->scale, axis->wanted, ticks);
  for (int i = 0; i < n; i++) {
    format_mark(ticks[i], axis->is_percent, n > 1 ? ticks[1] - ticks[0] : 1, name);
    draw_mark(axis, ticks[i], name, out);
  }
}
