/* report/chart/chart_heat.c - counts by row and column as cells whose colour grows with the count.
 *
 * The number stands in each cell, so the colour only leads the eye. Colour follows the square root
 * of the count: one pair of classes that leads by far must not make all others look like none.
 */
#include "base/utf8.h"
#include "report/chart/chart.h"

#include <math.h>

enum { RIGHT = 396, NAME = 16, MAX_CELL = 58, FEW = 6 };

/* Where the cells begin: behind the longest name. */
struct corner {
  double left, top;
  bool is_steep; /* names of columns stand upright, for lack of room */
};

static int64_t largest(const lqa_chart_heat *c) {
  int64_t most = 0;
  for (int i = 0; i < c->n * c->n; i++) {
    most = i / c->n != i % c->n && c->cells[i] > most ? c->cells[i] : most;
  }
  return most;
}

static struct corner find_corner(const lqa_chart_heat *c) {
  size_t longest = 0;
  for (int i = 0; i < c->n; i++) {
    size_t points = lqa_utf8_count(c->names[i].data ? c->names[i].data : "", c->names[i].size);
    longest = points > longest ? points : longest;
  }
  double length = 7 * (double)(longest < NAME ? longest : NAME);
  bool is_steep = c->n > FEW;
  return (struct corner){fmax(40, length + 12), (is_steep ? length : .72 * length) + 44, is_steep};
}

static double cell_size(const lqa_chart_heat *c, double left) {
  return fmin(MAX_CELL, (RIGHT - left) / (c->n > 0 ? c->n : 1));
}

static void draw_names(const lqa_chart_heat *c, const struct corner *at, double size,
                       lqa_buf *out) {
  for (int i = 0; i < c->n; i++) {
    double middle = (i + .5) * size;
    lqa_svg_text down = {LQA_SVG_TICK, LQA_SVG_END, at->left - 5, at->top + middle + 4, 0, NAME};
    lqa_svg_text across = {
        LQA_SVG_TICK, LQA_SVG_START, at->left + middle + 4, at->top - 5, at->is_steep ? -90 : -45,
        NAME};
    lqa_svg_text_at(out, &down, c->names[i]);
    lqa_svg_text_at(out, &across, c->names[i]);
  }
  lqa_svg_say(out, &(lqa_svg_text){LQA_SVG_LABEL, LQA_SVG_START, 2, 14, 0, 0},
              "down: %s, across: %s", c->row_name, c->column_name);
}

static double strength_of(int64_t count, int64_t most) {
  return count > 0 && most > 0 ? .1 + .7 * sqrt((double)count / (double)most) : 0;
}

static void draw_cell(int64_t count, double strength, lqa_svg_box box, lqa_buf *out) {
  lqa_svg_rect(out, LQA_SVG_PLAIN, box, 1);
  if (strength > 0) {
    lqa_svg_rect(out, LQA_SVG_BAR, box, strength);
  }
  if (count > 0) {
    lqa_svg_say(out,
                &(lqa_svg_text){strength > .6 ? LQA_SVG_ON_BAR : LQA_SVG_CELL, LQA_SVG_MIDDLE,
                                box.x + box.width / 2, box.y + box.height / 2 + 4, 0, 0},
                count < 10000 ? "%lld" : "%lldk",
                (long long)(count < 10000 ? count : count / 1000));
  }
}

static void draw_row(const lqa_chart_heat *c, int row, lqa_svg_box box, lqa_buf *out) {
  int64_t most = largest(c);
  for (int column = 0; column < c->n; column++, box.x += box.width + 1) {
    int64_t count = c->cells[row * c->n + column];
    lqa_str a = lqa_svg_cut(c->names[row], 40), b = lqa_svg_cut(c->names[column], 40);
    lqa_svg_hint(out, "%s %.*s, %s %.*s: %lld row%s", c->row_name, (int)a.size, a.data,
                 c->column_name, (int)b.size, b.data, (long long)count, lqa_plural(count));
    draw_cell(count, row == column ? 0 : strength_of(count, most), box, out);
    lqa_svg_end(out);
  }
}

void lqa_chart_draw_heat(const lqa_chart_heat *c, lqa_buf *out) {
  const struct corner at = find_corner(c);
  double size = cell_size(c, at.left);
  lqa_svg_open(out, &(lqa_svg_head){c->head.number, LQA_CHART_WIDTH, at.top + c->n * size + 4,
                                    c->head.title, c->head.description});
  draw_names(c, &at, size, out);
  for (int row = 0; row < c->n; row++) {
    draw_row(c, row, (lqa_svg_box){at.left + .5, at.top + row * size + .5, size - 1, size - 1},
             out);
  }
  lqa_svg_close(out);
}
