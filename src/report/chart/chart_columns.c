/* report/chart/chart_columns.c - bars that stand side by side: distributions, the file from its
 * first row to its last, periods, deciles.
 */
#include "report/chart/chart.h"

#include <math.h>

enum { LEFT = 46, RIGHT = 394, TOP = 22, BOTTOM = 176, HEIGHT = 216 };

static double largest(const lqa_chart_columns *c) {
  double most = 0;
  for (int i = 0; i < c->n; i++) {
    most = fmax(most, isnan(c->values[i].value) ? 0 : c->values[i].value);
    most = fmax(most, isnan(c->values[i].high) ? 0 : c->values[i].high);
  }
  return most;
}

static lqa_scale make_scale(const lqa_chart_columns *c) {
  double most = largest(c);
  if (c->is_log) { /* a single row must still be seen: the axis begins below 1 */
    return (lqa_scale){.5, fmax(10, most * 1.2), BOTTOM, TOP, true};
  }
  double to = most > 0 ? lqa_scale_round_up(most) : c->is_percent ? .01 : 1;
  return (lqa_scale){0, c->is_percent && to > 1 ? 1 : to, BOTTOM, TOP, false};
}

static void draw_bands(const lqa_chart_columns *c, double step, lqa_buf *out) {
  for (int i = 0; i < c->n_bands; i++) {
    const lqa_chart_band *b = &c->bands[i];
    double width = fmax(2, (b->to - b->from) * step);
    lqa_svg_rect(out, LQA_SVG_BAND, (lqa_svg_box){LEFT + b->from * step, TOP, width, BOTTOM - TOP},
                 .3);
    lqa_svg_rect(out, LQA_SVG_BAND, (lqa_svg_box){LEFT + b->from * step, BOTTOM, width, 5}, 1);
  }
}

static void draw_hint(const lqa_chart_columns *c, const lqa_chart_value *v, lqa_buf *out) {
  lqa_str name = lqa_svg_cut(v->name, 40);
  int size = (int)name.size;
  const char *ending = lqa_plural(v->n);
  if (c->is_percent) {
    lqa_svg_hint(out, "%.*s%s%.1f %% of %lld row%s", size, name.data, size ? ": " : "",
                 100 * v->value, (long long)v->n, ending);
  } else {
    lqa_svg_hint(out, "%.*s%s%lld row%s", size, name.data, size ? ": " : "", (long long)v->n,
                 ending);
  }
}

static void draw_column(const lqa_chart_columns *c, int i, double step, lqa_buf *out) {
  const lqa_scale scale = make_scale(c);
  const lqa_chart_value *v = &c->values[i];
  double gap = step > 4 ? fmin(3, step * .15) : 0, x = LEFT + i * step;
  double y = lqa_scale_at(&scale, v->value);
  draw_hint(c, v, out);
  lqa_svg_rect(out, LQA_SVG_BAR, (lqa_svg_box){x + gap / 2, y, step - gap, BOTTOM - y}, 1);
  if (!isnan(v->low)) {
    double low = lqa_scale_at(&scale, v->low), high = lqa_scale_at(&scale, v->high);
    lqa_svg_line(out, LQA_SVG_WHISKER, (lqa_svg_box){x + step / 2, low, 0, high - low});
  }
  lqa_svg_end(out);
}

static void draw_names(const lqa_chart_columns *c, lqa_buf *out) {
  lqa_svg_text at = {LQA_SVG_TICK, LQA_SVG_START, LEFT, BOTTOM + 18, 0, 24};
  lqa_svg_text_at(out, &at, c->first);
  at.x = RIGHT;
  at.anchor = LQA_SVG_END;
  lqa_svg_text_at(out, &at, c->last);
  at = (lqa_svg_text){LQA_SVG_LABEL, LQA_SVG_MIDDLE, (LEFT + RIGHT) / 2.0, HEIGHT - 6, 0, 0};
  lqa_svg_say(out, &at, "%s", c->x_name);
  at = (lqa_svg_text){LQA_SVG_LABEL, LQA_SVG_START, 2, 12, 0, 0};
  lqa_svg_say(out, &at, "%s", c->y_name);
}

void lqa_chart_draw_columns(const lqa_chart_columns *c, lqa_buf *out) {
  double step = (double)(RIGHT - LEFT) / (c->n > 0 ? c->n : 1);
  lqa_svg_open(out, &(lqa_svg_head){c->head.number, LQA_CHART_WIDTH, HEIGHT, c->head.title,
                                    c->head.description});
  lqa_chart_draw_axis(&(lqa_chart_axis){.scale = make_scale(c),
                                        .is_vertical = true,
                                        .is_percent = c->is_percent,
                                        .from = LEFT,
                                        .to = RIGHT,
                                        .label_at = LEFT - 5,
                                        .wanted = 4},
                      out);
  draw_bands(c, step, out);
  for (int i = 0; i < c->n; i++) {
    if (c->values[i].n > 0) {
      draw_column(c, i, step, out);
    }
  }
  lqa_svg_line(out, LQA_SVG_AXIS, (lqa_svg_box){LEFT, BOTTOM, RIGHT - LEFT, 0});
  draw_names(c, out);
  lqa_svg_close(out);
}
