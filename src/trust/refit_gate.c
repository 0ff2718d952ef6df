/* Training on the posterior finds confusion that labels alone hide, but where there is none it
 * trains simpler models than the audit's and may lose by it. The verified rows decide: both
 * models' evidence is calibrated five times, each time without a fifth of them, and they are
 * predicted. A row's members are out of fold, so what was said of it has not reached its evidence.
 *
 * Right or wrong is what is predicted; the target is what the row's opinions make of it by
 * themselves, even odds before.
 */
#include "trust/refit_gate.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>

enum { PARTS = 5 };
static const double WEIGHT_POWER = .3, CERTAIN = 1e-6;

/* A verified row. */
typedef struct gate_row {
  size_t first, n; /* its opinions */
  double target, weight;
  double loss[2];
} gate_row;

/* Probability of a wrong label by a row's opinions alone. */
static double target_of(const lqa_refit_gate_input *in, const gate_row *g) {
  double z = 0, others = (double)(in->rows->n_classes - 1);
  for (size_t i = g->first; i < g->first + g->n; i++) {
    const lqa_opinion *o = &in->opinions[i];
    double a = o->judge < 0 ? 1 - CERTAIN : fmin(in->accuracy[o->judge], 1 - CERTAIN);
    double error = (1 - a) / others;
    bool is_yes = o->class_code == in->rows->label[o->row];
    z += is_yes ? lqa_log(error) - lqa_log(a)
                : lqa_log((a + error * (others - 1)) / others) - lqa_log(error);
  }
  return 1 / (1 + lqa_exp(-z / (double)g->n));
}

static size_t list_rows(const lqa_refit_gate_input *in, gate_row *rows) {
  size_t n = 0;
  for (size_t i = 0; i < in->n_opinions; i++) {
    if (n == 0 || in->opinions[rows[n - 1].first].row != in->opinions[i].row) {
      rows[n++] = (gate_row){.first = i};
    }
    rows[n - 1].n++;
  }
  for (size_t i = 0; i < n; i++) {
    double inclusion = in->opinions[rows[i].first].inclusion;
    rows[i].target = target_of(in, &rows[i]);
    rows[i].weight = inclusion > 0 ? lqa_exp(-WEIGHT_POWER * lqa_log(inclusion)) : 1;
  }
  return n;
}

/* One model's loss on the rows of one part. */
static lqa_status predict_part(const lqa_refit_gate_input *in, int model, int part, gate_row *rows,
                               size_t n) {
  size_t kept = 0;
  lqa_opinion *items = lqa_malloc(in->n_opinions, sizeof *items);
  double *p_wrong = lqa_malloc((size_t)in->rows->n_rows, sizeof *p_wrong);
  double *accuracy = lqa_calloc((size_t)in->n_judges, sizeof *accuracy);
  lqa_status status;
  LQA_TRY_OUT(items && p_wrong && accuracy ? LQA_OK : LQA_NO_MEMORY);
  for (size_t i = 0; i < n; i++) {
    for (size_t o = rows[i].first; (int)(i % PARTS) != part && o < rows[i].first + rows[i].n; o++) {
      items[kept++] = in->opinions[o];
    }
  }
  lqa_calibrator_input c = {.rows = in->rows,
                            .log_class = in->log_class[model],
                            .log_p = in->log_p[model],
                            .opinions = items,
                            .n_opinions = kept,
                            .n_judges = in->n_judges};
  LQA_TRY_OUT(lqa_calibrator_run(&c, NULL, p_wrong, accuracy));
  for (size_t i = (size_t)part; i < n; i += PARTS) {
    double p = fmin(fmax(p_wrong[in->opinions[rows[i].first].row], CERTAIN), 1 - CERTAIN);
    rows[i].loss[model] = -rows[i].target * lqa_log(p) - (1 - rows[i].target) * lqa_log(1 - p);
  }
out:
  free(items);
  free(p_wrong);
  free(accuracy);
  return status;
}

static double gain(const gate_row *rows, size_t n) {
  double weight = 0, sum = 0, square = 0;
  for (size_t i = 0; i < n; i++) {
    weight += rows[i].weight;
    sum += rows[i].weight * (rows[i].loss[0] - rows[i].loss[1]);
  }
  double mean = sum / weight;
  for (size_t i = 0; i < n; i++) {
    double away = rows[i].weight * (rows[i].loss[0] - rows[i].loss[1] - mean);
    square += away * away;
  }
  return sum / (sqrt(square) + 1e-12);
}

lqa_status lqa_refit_gate_run(const lqa_refit_gate_input *in, double *z) {
  gate_row *rows = lqa_malloc(in->n_opinions, sizeof *rows);
  lqa_status status;
  LQA_TRY_OUT(rows ? LQA_OK : LQA_NO_MEMORY);
  size_t n = list_rows(in, rows);
  for (int part = 0; part < PARTS; part++) {
    LQA_TRY_OUT(predict_part(in, 0, part, rows, n));
    LQA_TRY_OUT(predict_part(in, 1, part, rows, n));
  }
  *z = gain(rows, n);
out:
  free(rows);
  return status;
}
