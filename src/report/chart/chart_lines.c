/* report/chart/chart_lines.c - one or two lines over a common x axis; the second is dashed and both
 * are named, so that they are told apart without colour. Points with intervals stand alone as dots:
 * a line between them would claim what was not measured.
 */
#include "report/chart/chart.h"

#include <math.h>

enum { LEFT = 46, RIGHT = 378, TOP = 40, BOTTOM = 220, HEIGHT = 260 };

static void draw_line(const lqa_chart_line *line, lqa_svg_look look, const lqa_scale *x,
                      const lqa_scale *y, lqa_buf *out) {
  for (int i = 0; i < line->n; i++) {
    const lqa_chart_point *p = &line->points[i];
    if (!isnan(p->low)) {
      double low = lqa_scale_at(y, p->low), high = lqa_scale_at(y, p->high);
      lqa_svg_line(out, LQA_SVG_WHISKER, (lqa_svg_box){lqa_scale_at(x, p->x), low, 0, high - low});
    }
  }
  lqa_svg_path_begin(out, look);
  for (int i = 0; i < line->n; i++) {
    if (!isnan(line->points[i].y) && isnan(line->points[i].low)) {
      lqa_svg_path_point(out, lqa_scale_at(x, line->points[i].x),
                         lqa_scale_at(y, line->points[i].y));
    }
  }
  lqa_svg_path_end(out);
  for (int i = 0; i < line->n; i++) {
    if (!isnan(line->points[i].low)) {
      lqa_svg_dot(out, look, lqa_scale_at(x, line->points[i].x),
                  lqa_scale_at(y, line->points[i].y));
    }
  }
}

/* Which line is which, above the plot. */
static void draw_key(const lqa_chart_lines *c, lqa_buf *out) {
  double at = LEFT;
  for (int i = 0; i < c->n_lines && c->n_lines > 1; i++) {
    lqa_svg_path_begin(out, i ? LQA_SVG_SECOND : LQA_SVG_BAR);
    lqa_svg_path_point(out, at, 26);
    lqa_svg_path_point(out, at + 24, 26);
    lqa_svg_path_end(out);
    lqa_svg_say(out, &(lqa_svg_text){LQA_SVG_LABEL, LQA_SVG_START, at + 30, 30, 0, 0}, "%s",
                c->lines[i].name);
    at += 150;
  }
}

static void draw_mark(const lqa_chart_lines *c, const lqa_scale *x, lqa_buf *out) {
  if (isnan(c->mark) || c->mark > c->x_to) {
    return;
  }
  double at = lqa_scale_at(x, c->mark);
  bool is_late = at > (LEFT + RIGHT) / 2.0;
  lqa_svg_line(out, LQA_SVG_GUIDE, (lqa_svg_box){at, TOP, 0, BOTTOM - TOP});
  lqa_svg_say(out,
              &(lqa_svg_text){LQA_SVG_TICK, is_late ? LQA_SVG_END : LQA_SVG_START,
                              is_late ? at - 4 : at + 4, BOTTOM - 6, 0, 0},
              "%s", c->mark_name);
}

static void draw_axes(const lqa_chart_lines *c, const lqa_scale *x, const lqa_scale *y,
                      lqa_buf *out) {
  lqa_chart_draw_axis(&(lqa_chart_axis){.scale = *y,
                                        .is_vertical = true,
                                        .is_percent = true,
                                        .from = LEFT,
                                        .to = RIGHT,
                                        .label_at = LEFT - 5,
                                        .wanted = 5},
                      out);
  lqa_chart_draw_axis(&(lqa_chart_axis){.scale = *x,
                                        .is_percent = c->x_is_percent,
                                        .from = TOP,
                                        .to = BOTTOM,
                                        .label_at = BOTTOM + 16,
                                        .wanted = 4},
                      out);
  lqa_svg_say(
      out, &(lqa_svg_text){LQA_SVG_LABEL, LQA_SVG_MIDDLE, (LEFT + RIGHT) / 2.0, HEIGHT - 6, 0, 0},
      "%s", c->x_name);
  lqa_svg_say(out, &(lqa_svg_text){LQA_SVG_LABEL, LQA_SVG_START, 2, 12, 0, 0}, "%s", c->y_name);
}

void lqa_chart_draw_lines(const lqa_chart_lines *c, lqa_buf *out) {
  const lqa_scale x = {0, c->x_to, LEFT, RIGHT, false}, y = {0, c->y_to, BOTTOM, TOP, false};
  lqa_svg_open(out, &(lqa_svg_head){c->head.number, LQA_CHART_WIDTH, HEIGHT, c->head.title,
                                    c->head.description});
  draw_axes(c, &x, &y, out);
  if (c->has_diagonal) {
    double end = fmin(c->x_to, c->y_to), x_end = lqa_scale_at(&x, end);
    double y_end = lqa_scale_at(&y, end);
    lqa_svg_line(out, LQA_SVG_GUIDE, (lqa_svg_box){LEFT, BOTTOM, x_end - LEFT, y_end - BOTTOM});
  }
  draw_mark(c, &x, out);
  for (int i = 0; i < c->n_lines; i++) {
    draw_line(&c->lines[i], i ? LQA_SVG_SECOND : LQA_SVG_BAR, &x, &y, out);
  }
  draw_key(c, out);
  lqa_svg_close(out);
}
