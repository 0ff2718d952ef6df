/* The counts that need one pass over the rows: the distribution of trust, the file from its first
 * row to its last, losses by decile.
 */
#include "report/figures.h"

#include "base/interval.h"
#include "store/run.h"

#include <math.h>

double lqa_figures_doubt(const lqa_run *run, bool is_probability, int64_t row) {
  const lqa_evidence *e = &run->evidence;
  if (is_probability) {
    return isnan(e->p_correct[row]) ? 0 : 1 - e->p_correct[row];
  }
  return lqa_evidence_is_suspicious(e, row);
}

void lqa_figure_part_add(lqa_figure_part *part, double doubt) {
  part->n++;
  part->doubt.estimate += doubt;
}

void lqa_figure_part_finish(lqa_figure_part *part) {
  double mean = part->n > 0 ? part->doubt.estimate / (double)part->n : NAN;
  part->doubt = lqa_interval_of_share(mean, (double)part->n, .95);
}

static void finish_parts(lqa_figure_part *parts, int n) {
  for (int i = 0; i < n; i++) {
    lqa_figure_part_finish(&parts[i]);
  }
}

static void count_trust(const lqa_run *run, lqa_report_figures *out) {
  const lqa_evidence *e = &run->evidence;
  out->histogram_of_p = out->doubt_is_probability;
  const double *values = out->histogram_of_p ? e->p_correct : e->trust_score;
  for (int64_t row = 0; row < e->n_rows; row++) {
    if (!isnan(values[row])) {
      int bin = (int)(values[row] * LQA_FIGURE_BINS);
      out->histogram[bin < 0 ? 0 : bin < LQA_FIGURE_BINS ? bin : LQA_FIGURE_BINS - 1]++;
    }
  }
}

/* Blocks of equal length; too few rows have none, since one row in doubt would fill a block. */
static void count_blocks(const lqa_run *run, lqa_report_figures *out) {
  int64_t n = run->evidence.n_rows, least = 20;
  out->n_blocks = n / least < LQA_FIGURE_BLOCKS ? (int)(n / least) : LQA_FIGURE_BLOCKS;
  for (int64_t row = 0; out->n_blocks > 0 && row < n; row++) {
    int block = (int)((double)row * out->n_blocks / (double)n);
    lqa_figure_part_add(&out->blocks[block],
                        lqa_figures_doubt(run, out->doubt_is_probability, row));
  }
  finish_parts(out->blocks, out->n_blocks);
}

static void count_losses(const lqa_run *run, lqa_report_figures *out) {
  const lqa_evidence *e = &run->evidence;
  if (run->manifest.loss_files.n == 0) {
    return;
  }
  for (int64_t row = 0; row < e->n_rows; row++) {
    if (!isnan(e->loss_percentile[row])) {
      int decile = (int)(e->loss_percentile[row] * LQA_FIGURE_DECILES);
      lqa_figure_part_add(
          &out->deciles[decile < LQA_FIGURE_DECILES ? decile : LQA_FIGURE_DECILES - 1],
          lqa_figures_doubt(run, out->doubt_is_probability, row));
    }
  }
  out->n_deciles = LQA_FIGURE_DECILES;
  finish_parts(out->deciles, out->n_deciles);
}

lqa_status lqa_figures_make(const lqa_run *run, lqa_arena *arena, lqa_report_figures *out) {
  *out = (lqa_report_figures){
      .is_known = true, .doubt_is_probability = run->trust.is_known && run->trust.is_calibrated};
  count_trust(run, out);
  count_blocks(run, out);
  count_losses(run, out);
  LQA_TRY(lqa_figures_pairs(run, arena, out));
  LQA_TRY(lqa_figures_sources(run, arena, out));
  LQA_TRY(lqa_figures_time(run, out));
  return lqa_figures_effort(run, out);
}
