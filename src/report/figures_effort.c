/* What reviewing brings, measured where people have decided: of the rows they looked at, those that
 * the model doubted most come first. The order is by the model's own confidence, which no decision
 * has changed; p_correct and trust_score know the answers already.
 */
#include "base/memory.h"
#include "report/figures.h"
#include "store/run.h"

#include <math.h>

enum { LEAST = 20 }; /* decisions from which on a curve says something */

struct decided {
  double confidence;
  int64_t row;
};

static int compare_decided(const void *a, const void *b) {
  const struct decided *x = a, *y = b;
  if (x->confidence != y->confidence) {
    return x->confidence < y->confidence ? -1 : 1;
  }
  return (x->row > y->row) - (x->row < y->row);
}

static int64_t find_decided(const lqa_evidence *e, struct decided *rows) {
  int64_t n = 0;
  for (int64_t row = 0; row < e->n_rows; row++) {
    if (e->decided_label[row] >= 0) {
      double s = e->self_confidence[row];
      rows[n++] = (struct decided){isnan(s) ? 0 : s, row};
    }
  }
  qsort(rows, (size_t)n, sizeof *rows, compare_decided);
  return n;
}

static bool is_wrong(const lqa_evidence *e, int64_t row) {
  return e->decided_label[row] != e->label[row];
}

static void draw(const lqa_evidence *e, const struct decided *rows, int64_t n,
                 lqa_report_figures *out) {
  int points = n < LQA_FIGURE_POINTS ? (int)n : LQA_FIGURE_POINTS;
  int64_t found = 0;
  for (int64_t i = 0; i < n; i++) {
    out->effort_errors += is_wrong(e, rows[i].row);
  }
  for (int64_t i = 0; i < n && out->effort_errors > 0; i++) {
    found += is_wrong(e, rows[i].row);
    if ((i + 1) * points / n > i * points / n) {
      out->effort[out->n_effort++] = (lqa_figure_effort){
          i + 1, (double)found / (double)(i + 1), (double)found / (double)out->effort_errors};
    }
  }
  out->effort_rows = n;
  out->effort_by_people = true;
}

lqa_status lqa_figures_effort(const lqa_run *run, lqa_report_figures *out) {
  const lqa_evidence *e = &run->evidence;
  struct decided *rows = lqa_malloc((size_t)e->n_rows, sizeof *rows);
  if (!rows) {
    return LQA_NO_MEMORY;
  }
  int64_t n = find_decided(e, rows);
  if (n >= LEAST) {
    draw(e, rows, n, out);
  }
  free(rows);
  return LQA_OK;
}
