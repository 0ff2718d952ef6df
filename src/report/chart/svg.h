/* report/chart/svg.h - SVG elements, written one by one: no markup can come in through an argument.
 *
 * Colours are classes that the page's style defines for light and dark; positions are in units of
 * the view box, written with one decimal and a point in every locale. Texts are escaped and cut.
 */
#ifndef LQA_REPORT_CHART_SVG_H
#define LQA_REPORT_CHART_SVG_H

#include "base/buf.h"

/* What an element is; each is a class of the style sheet. */
typedef enum lqa_svg_look {
  LQA_SVG_BAR,     /* the quantity itself */
  LQA_SVG_SECOND,  /* a second quantity beside it */
  LQA_SVG_WHISKER, /* an interval */
  LQA_SVG_GRID,    /* thin lines behind */
  LQA_SVG_AXIS,
  LQA_SVG_GUIDE,  /* a dashed line: what would be ideal, where a limit is */
  LQA_SVG_BAND,   /* a stretch that is marked as wrong */
  LQA_SVG_PLAIN,  /* cells without a quantity */
  LQA_SVG_LABEL,  /* text */
  LQA_SVG_TICK,   /* small text at axes */
  LQA_SVG_CELL,   /* text on a cell of weak colour or none */
  LQA_SVG_ON_BAR, /* text on a cell of strong colour */
  LQA_SVG_LOOK_COUNT
} lqa_svg_look;

typedef enum lqa_svg_anchor { LQA_SVG_START, LQA_SVG_MIDDLE, LQA_SVG_END } lqa_svg_anchor;

typedef struct lqa_svg_box {
  double x, y, width, height;
} lqa_svg_box;

/* An image of width x height units with a title and a description for who does not see it.
 * `number` makes their ids unique in the page. */
typedef struct lqa_svg_head {
  int number;
  double width, height;
  const char *title;
  lqa_str description;
} lqa_svg_head;
void lqa_svg_open(lqa_buf *out, const lqa_svg_head *head);
void lqa_svg_close(lqa_buf *out);

/* The first n code points of a text, for "%.*s". */
lqa_str lqa_svg_cut(lqa_str text, size_t n);
/* A group with a hint that shows where the pointer rests; close it with lqa_svg_end. */
void lqa_svg_hint(lqa_buf *out, const char *format, ...) LQA_PRINTF(2, 3);
void lqa_svg_end(lqa_buf *out);

/* `strength` is the opacity of the fill, 0 to 1. */
void lqa_svg_rect(lqa_buf *out, lqa_svg_look look, lqa_svg_box box, double strength);
/* From (x, y) by (width, height). */
void lqa_svg_line(lqa_buf *out, lqa_svg_look look, lqa_svg_box line);
void lqa_svg_dot(lqa_buf *out, lqa_svg_look look, double x, double y);

typedef struct lqa_svg_text {
  lqa_svg_look look;
  lqa_svg_anchor anchor;
  double x, y;
  double turned; /* degrees, about (x, y); 0 = upright */
  size_t most;   /* code points, the middle is left out of longer texts; 0 = 60 */
} lqa_svg_text;
void lqa_svg_text_at(lqa_buf *out, const lqa_svg_text *where, lqa_str text);
void lqa_svg_say(lqa_buf *out, const lqa_svg_text *where, const char *format, ...) LQA_PRINTF(3, 4);

/* A line through points: begin, points, end. */
void lqa_svg_path_begin(lqa_buf *out, lqa_svg_look look);
void lqa_svg_path_point(lqa_buf *out, double x, double y);
void lqa_svg_path_end(lqa_buf *out);

#endif
