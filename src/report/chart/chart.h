/* report/chart/chart.h - the charts of the report, each an SVG image that needs no script.
 *
 * All are drawn 400 units wide, so that they can be read on a telephone; the page puts as many
 * beside each other as fit. A chart never tells anything by colour alone: bars have lengths, cells
 * numbers, lines names at their ends.
 */
#ifndef LQA_REPORT_CHART_CHART_H
#define LQA_REPORT_CHART_CHART_H

#include "report/chart/scale.h"
#include "report/chart/svg.h"

enum { LQA_CHART_WIDTH = 400, LQA_CHART_MAX_BANDS = 20, LQA_CHART_MAX_CELLS = 12 };

/* What every chart has. */
typedef struct lqa_chart_head {
  int number; /* of the picture in the page */
  const char *title;
  lqa_str description; /* what a reader should see in it */
} lqa_chart_head;

/* A value of a chart, its interval and its name. */
typedef struct lqa_chart_value {
  lqa_str name;            /* or NULL data */
  int64_t n;               /* rows, for the hint */
  double value, low, high; /* NaN low: no interval */
} lqa_chart_value;

/* A stretch of the x axis, in columns (1.5 = the middle of the second). */
typedef struct lqa_chart_band {
  double from, to;
} lqa_chart_band;

/* Standing bars side by side. */
typedef struct lqa_chart_columns {
  lqa_chart_head head;
  const lqa_chart_value *values;
  int n;
  bool is_log;     /* the y axis: counts from 1 on; else shares from 0 on */
  bool is_percent; /* values are shares */
  const char *x_name, *y_name;
  lqa_str first, last; /* names of the ends of the x axis */
  const lqa_chart_band *bands;
  int n_bands;
} lqa_chart_columns;
void lqa_chart_draw_columns(const lqa_chart_columns *chart, lqa_buf *out);

/* Named rows, each a dot with its interval on a common scale. */
typedef struct lqa_chart_ranges {
  lqa_chart_head head;
  const lqa_chart_value *values;
  int n;
  bool is_percent;
  const char *x_name;
} lqa_chart_ranges;
void lqa_chart_draw_ranges(const lqa_chart_ranges *chart, lqa_buf *out);

typedef struct lqa_chart_point {
  double x, y, low, high; /* NaN low: no interval */
} lqa_chart_point;
typedef struct lqa_chart_line {
  const char *name;
  const lqa_chart_point *points;
  int n;
} lqa_chart_line;

/* One or two lines; y is a share. */
typedef struct lqa_chart_lines {
  lqa_chart_head head;
  lqa_chart_line lines[2];
  int n_lines;
  double x_to, y_to;
  bool x_is_percent, has_diagonal;
  double mark; /* an x with a vertical line; NaN = none */
  const char *x_name, *y_name, *mark_name;
} lqa_chart_lines;
void lqa_chart_draw_lines(const lqa_chart_lines *chart, lqa_buf *out);

/* A square table of counts, rows by columns; the diagonal is shown without colour. */
typedef struct lqa_chart_heat {
  lqa_chart_head head;
  const lqa_str *names; /* n */
  int n;                /* at most LQA_CHART_MAX_CELLS */
  const int64_t *cells; /* n x n: [row][column] */
  const char *row_name, *column_name;
} lqa_chart_heat;
void lqa_chart_draw_heat(const lqa_chart_heat *chart, lqa_buf *out);

/* The marks of an axis, with lines across the plot; for charts. */
typedef struct lqa_chart_axis {
  lqa_scale scale;
  bool is_vertical, is_percent;
  double from, to; /* where lines begin and end */
  double label_at; /* y of marks of a horizontal axis, x of a vertical one */
  int wanted;
} lqa_chart_axis;
void lqa_chart_draw_axis(const lqa_chart_axis *axis, lqa_buf *out);

#endif
