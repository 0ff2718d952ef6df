/* report/html_lengths.c - text lengths by class: a class whose texts are shorter or longer than all
 * others often comes from another source, or was cut.
 */
#include "base/memory.h"
#include "report/html_page.h"

#include <math.h>

enum { MAX_ROWS = 12 };

struct order {
  const lqa_report_length *lengths;
  double mean;
};

static int compare_far(const void *a, const void *b, void *data) {
  const struct order *o = data;
  int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
  double x = fabs(o->lengths[i].mean - o->mean), y = fabs(o->lengths[j].mean - o->mean);
  return x != y ? (x > y ? -1 : 1) : (i > j) - (i < j);
}

static int compare_long(const void *a, const void *b, void *data) {
  const struct order *o = data;
  int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
  double x = o->lengths[i].mean, y = o->lengths[j].mean;
  return x != y ? (x > y ? -1 : 1) : (i > j) - (i < j);
}

static double mean_of_all(const lqa_report *r) {
  double sum = 0;
  int64_t n = 0;
  for (int64_t k = 0; k < r->n_lengths; k++) {
    if (r->lengths[k].count > 0) {
      sum += r->lengths[k].mean * (double)r->lengths[k].count;
      n += r->lengths[k].count;
    }
  }
  return n > 0 ? sum / (double)n : 0;
}

/* The classes farthest from the mean of all, longest first. */
static int choose(const lqa_report *r, int64_t *order) {
  struct order by = {r->lengths, mean_of_all(r)};
  int64_t n = 0;
  for (int64_t k = 0; k < r->n_lengths; k++) {
    order[n] = k;
    n += r->lengths[k].count > 0;
  }
  qsort_r(order, (size_t)n, sizeof *order, compare_far, &by);
  n = n < MAX_ROWS ? n : MAX_ROWS;
  qsort_r(order, (size_t)n, sizeof *order, compare_long, &by);
  return (int)n;
}

static void draw(lqa_page *page, const int64_t *order, int n) {
  const lqa_report *r = page->report;
  lqa_chart_value values[MAX_ROWS];
  for (int i = 0; i < n; i++) {
    const lqa_report_length *l = &r->lengths[order[i]];
    values[i] =
        (lqa_chart_value){l->label, l->count, l->mean, fmax(0, l->mean - l->std), l->mean + l->std};
  }
  lqa_buf about = lqa_page_lines();
  lqa_buf_add_text(&about, "Mean length of the texts; the line is one standard deviation to either "
                           "side.");
  if (n < r->n_lengths) {
    lqa_buf_printf(&about, " The %d classes farthest from the mean of all (%.0f).", n,
                   mean_of_all(r));
  }
  lqa_chart_ranges chart = {
      .head = lqa_page_figure_begin(page, "Text lengths by class", lqa_buf_str(&about)),
      .values = values,
      .n = n,
      .x_name = "characters"};
  lqa_chart_draw_ranges(&chart, page->out);
  lqa_page_figure_end(page);
  lqa_page_drop(page, &about);
}

void lqa_page_lengths(lqa_page *page) {
  const lqa_report *r = page->report;
  if (r->n_lengths == 0) {
    return;
  }
  int64_t *order = lqa_malloc((size_t)r->n_lengths + 1, sizeof *order);
  int n = order ? choose(r, order) : 0;
  if (n > 0) {
    draw(page, order, n);
  }
  page->out->failed = page->out->failed || !order;
  free(order);
}
