/* The sentence that a person takes away: how many labels are wrong, how sure that is, and what to
 * do first. Only what was measured by looking at rows has an interval; an estimate of the model
 * alone is called one.
 */
#include "report/report.h"
#include "trust/phase_rate.h"

#include <math.h>

/* The finding whose repair comes before anything else, or NULL. */
static const lqa_report_finding *find_repair(const lqa_report *r) {
  int64_t at = -1;
  for (const lqa_report_finding *f; (f = lqa_report_next_finding(r, &at));) {
    if (f->repair) {
      return f;
    }
  }
  return NULL;
}

static void say_estimate(const lqa_report *r, lqa_buf *out) {
  const lqa_report_confident *c = &r->confident;
  double share = r->n_rows > 0 ? 100.0 * (double)c->estimated_errors / (double)r->n_rows : 0;
  lqa_buf_printf(
      out,
      "About %lld of %lld labels (%.1f %%) look wrong to the model; no person has checked "
      "a random sample yet, so this has no interval.",
      (long long)c->estimated_errors, (long long)r->n_rows, share);
}

/* By all evidence together, where p_correct is a probability. */
static void say_expected(const lqa_report *r, lqa_buf *out) {
  lqa_buf_printf(out,
                 "About %.1f %% of the labels are expected to be wrong, by all evidence together; "
                 "no person has checked a random sample yet, so this has no interval.",
                 100 * r->trust->rate);
}

static const char *who_verified(const lqa_report *r) {
  const char *method = r->error_rate.method;
  bool by_judge =
      strcmp(method, LQA_RATE_BY_DIFFERENCE) == 0 || strcmp(method, LQA_RATE_OF_STRATA) == 0;
  return by_judge ? "a judge verified" : "people checked";
}

static void say_how_bad(const lqa_report *r, lqa_buf *out) {
  if (r->has_error_rate) {
    lqa_buf_printf(out,
                   "%.1f %% of the labels are wrong (95 %% interval %.1f to %.1f %%, by %lld row%s "
                   "that %s).",
                   100 * r->error_rate.estimate, 100 * r->error_rate.low, 100 * r->error_rate.high,
                   (long long)r->error_rate.n, lqa_plural(r->error_rate.n), who_verified(r));
  } else if (!r->confident.ran) {
    lqa_buf_add_text(out, "No label was compared with its content: there are no probabilities.");
  } else if (!r->confident.has_skill) {
    lqa_buf_add_text(out, "How many labels are wrong is not known: the model predicts them no "
                          "better than their frequencies.");
  } else if (r->trust && r->trust->is_known && r->trust->is_calibrated) {
    say_expected(r, out);
  } else {
    say_estimate(r, out);
  }
}

static void say_first_step(const lqa_report *r, lqa_buf *out) {
  const lqa_report_finding *repair = find_repair(r);
  int64_t in_doubt = r->relabel + r->needs_review;
  if (repair) {
    lqa_buf_printf(out, " First: repair %s, then audit again%s.", repair->id,
                   lqa_report_is_beyond_repair(r) ? "; without the repair more than 30 % are wrong"
                                                  : "");
  } else if (lqa_report_is_beyond_repair(r)) {
    lqa_buf_add_text(out, " First: plan to relabel from scratch; more than 30 % are wrong.");
  } else if (in_doubt > 0) {
    lqa_buf_printf(out, " First: review the %lld row%s in doubt, worst first in review.csv.",
                   (long long)in_doubt, lqa_plural(in_doubt));
  } else {
    lqa_buf_add_text(out, r->has_error_rate
                              ? " No row is in doubt."
                              : " No row is in doubt; a spot check measures what was missed.");
  }
}

void lqa_report_verdict(const lqa_report *report, lqa_buf *out) {
  say_how_bad(report, out);
  say_first_step(report, out);
}
