/* What a person should do with a result, most urgent first. Every renderer shows the same list. */
#include "report/report.h"

#include <math.h>

int64_t lqa_report_count_findings(const lqa_report *report, const char *severity) {
  int64_t count = 0;
  for (int64_t i = 0; i < report->n_findings; i++) {
    count += report->findings[i].count > 0 && strcmp(report->findings[i].severity, severity) == 0;
  }
  return count;
}

void lqa_report_flagged(const lqa_report *report, lqa_buf *out) {
  const lqa_report_confident *c = &report->confident;
  if (!c->has_skill) {
    lqa_buf_add_text(out, "No row is flagged: the probabilities predict the labels no better than "
                          "their frequencies, so disagreement is no sign of an error");
    return;
  }
  double share = report->n_rows > 0 ? 100.0 * (double)c->flagged / (double)report->n_rows : 0;
  lqa_buf_printf(out, "%lld row%s flagged (%.1f %%), about %lld label%s estimated wrong",
                 (long long)c->flagged, lqa_plural(c->flagged), share,
                 (long long)c->estimated_errors, lqa_plural(c->estimated_errors));
}

void lqa_report_trained_on(const lqa_report *report, lqa_buf *out) {
  const char *member = report->confident.trained_member;
  if (member) {
    lqa_buf_printf(out, "on training rows (%s alone)", member);
  } else {
    lqa_buf_add_text(out, "on its own training rows");
  }
}

/* Repairs come first: nothing that a model says counts while labels stand beside the wrong rows. */
static void add_repairs(const lqa_report *report, const char *bullet, lqa_buf *out) {
  for (int64_t i = 0; i < report->n_findings; i++) {
    const lqa_report_finding *f = &report->findings[i];
    if (f->count > 0 && f->repair) {
      lqa_buf_printf(out, "%sRepair %s first: labelqa export %s fixed FILE.csv --repair %s\n",
                     bullet, f->id, report->run_path, f->repair);
    }
  }
}

void lqa_report_advise_relabel(double low, const char *run_path, const char *bullet, lqa_buf *out) {
  if (low > LQA_BEYOND_REPAIR) {
    lqa_buf_printf(out,
                   "%sMore than 30 %% of the labels are wrong (the 95 %% interval begins at %.1f "
                   "%%): repairing them one by one is the wrong tool. Relabel from scratch, by "
                   "people or by a model (labelqa judge %s --mode label), and spot-check the "
                   "result.\n",
                   bullet, 100 * low, run_path);
  }
}

/* The lower end of the share of wrong labels: by people's spot check, else by the judge's random
 * sample; NaN where neither was made. */
static double find_low(const lqa_report *report) {
  return report->error_rate.n > 0 ? report->error_rate.low
         : report->judge.ran      ? report->judge.random.low
                                  : NAN;
}

bool lqa_report_is_beyond_repair(const lqa_report *report) {
  return find_low(report) > LQA_BEYOND_REPAIR;
}

void lqa_report_next_steps(const lqa_report *report, const char *bullet, lqa_buf *out) {
  int64_t open = report->needs_review;
  add_repairs(report, bullet, out);
  lqa_report_advise_relabel(find_low(report), report->run_path, bullet, out);
  if (open > 0) {
    lqa_buf_printf(
        out,
        "%sLook at the %lld row%s that need%s review, on a page of this machine: labelqa "
        "review %s (or fill in %s/review.csv)\n",
        bullet, (long long)open, lqa_plural(open), open == 1 ? "s" : "", report->run_path,
        report->run_path);
  }
  if (open > 0 && !report->judge.ran) {
    lqa_buf_printf(out,
                   "%sOr let a language model verify the suspects and a random sample first "
                   "(prints the plan and the price, spends nothing): labelqa judge %s\n",
                   bullet, report->run_path);
  }
  if (!report->has_error_rate) {
    lqa_buf_printf(out,
                   "%sMeasure how many labels are wrong: labelqa sample %s --n 200 --out "
                   "sheet.csv\n",
                   bullet, report->run_path);
  }
  if (report->relabel > 0) {
    lqa_buf_printf(out,
                   "%sTake out the %lld row%s to relabel: labelqa export %s relabel "
                   "relabel.csv\n",
                   bullet, (long long)report->relabel, lqa_plural(report->relabel),
                   report->run_path);
  }
  if (!report->confident.has_skill) {
    lqa_buf_printf(out,
                   "%sThe labels were not checked: a model that knows them no better than their "
                   "frequencies finds no errors. Give it more of what decides the label.\n",
                   bullet);
  } else if (open == 0 && report->relabel == 0) {
    lqa_buf_printf(out, "%sNo row is suspicious. A spot check measures what was missed.\n", bullet);
  }
}
