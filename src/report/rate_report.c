/* Spot checks speak for themselves: people looked at rows drawn at random. Rows judged in phases
 * speak by the difference estimator (trust/phase_rate.h).
 */
#include "report/rate_report.h"

#include "store/run_rate.h"
#include "store/spot_check.h"

#include <math.h>
#include <string.h>

/* By given label: of a spot check its strata, of phases their domains. */
static void add_rate(lqa_report *report, lqa_str label, const lqa_interval *rate, int64_t room) {
  if (rate->n >= LQA_RATE_MIN_ROWS && report->n_rates < room) {
    report->rates[report->n_rates++] =
        (lqa_report_class_rate){label, rate->estimate, rate->low, rate->high, rate->n};
  }
}

static int64_t count_labelled(const lqa_run *run, int32_t class_code) {
  int64_t n = 0;
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    n += run->evidence.label[row] == class_code;
  }
  return n;
}

/* A stratum is suspicious rows of a class or the others: both make the class. Where one of the two
 * was merged with those of other classes, what is left is not the class, and says nothing of it. */
static void add_spot_rates(const lqa_run *run, const lqa_spot_check *check, lqa_report *report,
                           int64_t room) {
  for (int32_t k = 0; k < run->manifest.n_classes; k++) {
    lqa_stratum strata[2];
    size_t n = 0;
    int64_t answered = 0, population = 0;
    for (size_t i = 0; i < check->n_strata && n < 2; i++) {
      const lqa_spot_stratum *s = &check->strata[i];
      if (!s->is_rest && lqa_str_equal(s->label, run->manifest.classes[k])) {
        strata[n++] = (lqa_stratum){s->population, s->answered, s->wrong};
        answered += s->answered;
        population += s->population;
      }
    }
    if (answered > 0 && population == count_labelled(run, k)) {
      const lqa_interval rate = lqa_interval_stratified(strata, n, .95);
      add_rate(report, run->manifest.classes[k], &rate, room);
    }
  }
}

static lqa_status add_slices(const lqa_run_rate *rate, lqa_arena *arena, lqa_report *report) {
  size_t room = (size_t)rate->n_slices + 1;
  report->annotators = lqa_arena_alloc(arena, room, sizeof *report->annotators);
  report->slices = lqa_arena_alloc(arena, room, sizeof *report->slices);
  if (!report->annotators || !report->slices) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < rate->n_slices; i++) {
    const lqa_slice_rate *s = &rate->slices[i];
    const lqa_report_class_rate one = {s->value, s->rate.estimate, s->rate.low, s->rate.high,
                                       s->rate.n};
    if (strcmp(s->column, "annotator") == 0) {
      report->annotators[report->n_annotators++] = one;
    } else {
      report->slices[report->n_slices++] = (lqa_report_slice_rate){s->column, one};
    }
  }
  return LQA_OK;
}

/* What people checked at random comes first; else what judges and people verified in phases. */
lqa_status lqa_report_add_rates(lqa_run *run, lqa_arena *arena, lqa_report *report,
                                lqa_error *err) {
  lqa_spot_check check;
  lqa_run_rate phases;
  bool found = false;
  int64_t n_frame = run->rows.n_rows;
  int64_t room = run->manifest.n_classes;
  report->n_rates = report->n_annotators = report->n_slices = 0;
  report->annotators = NULL;
  report->slices = NULL;
  report->rates = lqa_arena_alloc(arena, (size_t)room + 1, sizeof *report->rates);
  if (!report->rates) {
    return lqa_fail_memory(err, "estimating the error rate");
  }
  LQA_TRY(lqa_spot_rate(run, arena, &check, &found, err));
  report->has_flag_recall = found && check.recall.n > 0 && !isnan(check.recall.estimate);
  report->flag_recall = report->has_flag_recall ? check.recall : (lqa_interval){0};
  found = found && check.rate.n > 0;
  if (found) {
    report->error_rate = check.rate;
    report->error_rate_frame = "all rows";
    add_spot_rates(run, &check, report, room);
  } else {
    LQA_TRY(lqa_run_rate_of(run, arena, &phases, err));
    found = phases.rate.rate.n > 0;
    n_frame = phases.n_frame;
    report->error_rate = found ? phases.rate.rate : (lqa_interval){0};
    report->error_rate_frame = "all rows with content and a known label";
    for (int32_t k = 0; found && k < run->manifest.n_classes; k++) {
      add_rate(report, run->manifest.classes[k], &phases.rate.by_class[k], room);
    }
    report->has_flag_recall = phases.recall.n > 0 && !isnan(phases.recall.estimate);
    report->flag_recall = report->has_flag_recall ? phases.recall : (lqa_interval){0};
    if (add_slices(&phases, arena, report) != LQA_OK) {
      return lqa_fail_memory(err, "estimating the error rate");
    }
  }
  report->has_error_rate = found;
  report->rows_for_one_percent = found ? lqa_rate_rows_for(&report->error_rate, n_frame, .01) : 0;
  return LQA_OK;
}

void lqa_report_rate_words(const lqa_report *r, lqa_buf *out) {
  const lqa_interval *rate = &r->error_rate;
  if (!r->has_error_rate) {
    return;
  }
  lqa_buf_printf(out,
                 "%.1f %% of the labels are wrong (95 %% interval %.1f to %.1f, by %s; %lld rows "
                 "verified, to speak for %s).",
                 100 * rate->estimate, 100 * rate->low, 100 * rate->high, rate->method,
                 (long long)rate->n, r->error_rate_frame);
  if (r->rows_for_one_percent > rate->n) {
    lqa_buf_printf(out, " For plus or minus 1 %%, verify %lld rows in all.",
                   (long long)r->rows_for_one_percent);
  }
}
