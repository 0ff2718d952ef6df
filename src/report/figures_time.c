/* Doubt along time: rows in the order of their times, cut into periods of equal counts, so that no
 * period rests on a handful of rows.
 */
#include "base/memory.h"
#include "report/figures.h"
#include "store/run.h"

#include <math.h>

enum { LEAST = 20 }; /* rows in a period */

struct moment {
  double seconds;
  int64_t row;
};

static int compare_moments(const void *a, const void *b) {
  const struct moment *x = a, *y = b;
  if (x->seconds != y->seconds) {
    return x->seconds < y->seconds ? -1 : 1;
  }
  return (x->row > y->row) - (x->row < y->row);
}

/* The rows that have a time, where all times are written in `form`; -1 where one is not. */
static int64_t read_times(const lqa_column *column, lqa_time_form form, struct moment *moments) {
  int64_t n = 0;
  for (int64_t row = 0; row < column->n; row++) {
    lqa_str text = lqa_column_get(column, row);
    if (!lqa_str_is_null(text) && text.size > 0) {
      if (!lqa_time_parse(text, form, &moments[n].seconds)) {
        return -1;
      }
      moments[n++].row = row;
    }
  }
  return n;
}

static void cut_periods(const lqa_run *run, const struct moment *moments, int64_t n,
                        lqa_report_figures *out) {
  int periods = n / LEAST < LQA_FIGURE_PERIODS ? (int)(n / LEAST) : LQA_FIGURE_PERIODS;
  if (periods < 2 || moments[0].seconds == moments[n - 1].seconds) {
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    int period = (int)((double)i * periods / (double)n);
    lqa_figure_part_add(&out->periods[period],
                        lqa_figures_doubt(run, out->doubt_is_probability, moments[i].row));
  }
  for (int i = 0; i < periods; i++) {
    lqa_figure_part_finish(&out->periods[i]);
  }
  out->n_periods = periods;
}

lqa_status lqa_figures_time(const lqa_run *run, lqa_report_figures *out) {
  const lqa_column *column = &run->rows.roles[LQA_ROLE_TIME];
  if (!column->name || column->n == 0) {
    return LQA_OK;
  }
  struct moment *moments = lqa_malloc((size_t)column->n, sizeof *moments);
  if (!moments) {
    return LQA_NO_MEMORY;
  }
  int64_t n = -1;
  int form = 0;
  for (; form < LQA_TIME_FORM_COUNT; form++) {
    n = read_times(column, (lqa_time_form)form, moments);
    if (n >= 0) {
      break;
    }
  }
  if (n > 0) {
    qsort(moments, (size_t)n, sizeof *moments, compare_moments);
    cut_periods(run, moments, n, out);
    lqa_time_format(moments[0].seconds, (lqa_time_form)form, out->first_time);
    lqa_time_format(moments[n - 1].seconds, (lqa_time_form)form, out->last_time);
  }
  free(moments);
  return LQA_OK;
}
