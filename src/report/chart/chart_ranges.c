/* report/chart/chart_ranges.c - named rows with a dot and an interval each, after Cleveland's dot
 * plots: names stand where they can be read, lengths share one scale.
 */
#include "report/chart/chart.h"

#include <math.h>

enum { LEFT = 150, RIGHT = 338, TOP = 8, STEP = 22, NAME = 18, FOOT = 40 };

static double largest(const lqa_chart_ranges *c) {
  double most = 0;
  for (int i = 0; i < c->n; i++) {
    const lqa_chart_value *v = &c->values[i];
    most = fmax(most, isnan(v->value) ? 0 : v->value);
    most = fmax(most, isnan(v->high) ? 0 : v->high);
  }
  return most;
}

static void draw_value(const lqa_chart_ranges *c, const lqa_chart_value *v, double y,
                       lqa_buf *out) {
  const lqa_svg_text at = {LQA_SVG_TICK, LQA_SVG_END, LQA_CHART_WIDTH - 2, y + 4, 0, 0};
  if (c->is_percent) {
    lqa_svg_say(out, &at, "%.1f %%", 100 * v->value);
  } else {
    lqa_svg_say(out, &at, v->value < 1e5 ? "%.0f" : "%.3g", v->value);
  }
}

static void draw_row(const lqa_chart_ranges *c, int i, const lqa_scale *scale, lqa_buf *out) {
  const lqa_chart_value *v = &c->values[i];
  double y = TOP + STEP * (i + .5), x = lqa_scale_at(scale, v->value);
  lqa_str name = lqa_svg_cut(v->name, 60);
  lqa_svg_hint(out, "%.*s: %lld row%s", (int)name.size, name.data, (long long)v->n,
               lqa_plural(v->n));
  lqa_svg_text_at(out, &(lqa_svg_text){LQA_SVG_LABEL, LQA_SVG_END, LEFT - 8, y + 4, 0, NAME},
                  v->name);
  if (!isnan(v->low)) {
    double low = lqa_scale_at(scale, v->low), high = lqa_scale_at(scale, v->high);
    lqa_svg_line(out, LQA_SVG_WHISKER, (lqa_svg_box){low, y, high - low, 0});
  }
  lqa_svg_dot(out, LQA_SVG_BAR, x, y);
  draw_value(c, v, y, out);
  lqa_svg_end(out);
}

void lqa_chart_draw_ranges(const lqa_chart_ranges *c, lqa_buf *out) {
  double bottom = TOP + STEP * c->n, most = largest(c);
  const lqa_scale scale = {0, most > 0 ? lqa_scale_round_up(most) : 1, LEFT, RIGHT, false};
  lqa_svg_open(out, &(lqa_svg_head){c->head.number, LQA_CHART_WIDTH, bottom + FOOT, c->head.title,
                                    c->head.description});
  lqa_chart_draw_axis(&(lqa_chart_axis){.scale = scale,
                                        .is_percent = c->is_percent,
                                        .from = TOP,
                                        .to = bottom,
                                        .label_at = bottom + 15,
                                        .wanted = 4},
                      out);
  for (int i = 0; i < c->n; i++) {
    draw_row(c, i, &scale, out);
  }
  lqa_svg_line(out, LQA_SVG_AXIS, (lqa_svg_box){LEFT, TOP, 0, bottom - TOP});
  lqa_svg_say(
      out, &(lqa_svg_text){LQA_SVG_LABEL, LQA_SVG_MIDDLE, LQA_CHART_WIDTH / 2.0, bottom + 34, 0, 0},
      "%s", c->x_name);
  lqa_svg_close(out);
}
