/* The checks that have no line of their own in a report: those that looked and found nothing, those
 * whose findings the baseline accepts, and those that could not run. The last must not be taken for
 * passed, so each is named with the reason. Every renderer shows the same lines.
 */
#include "report/report.h"

static void add_clean(const lqa_report *report, lqa_buf *out) {
  int64_t n = 0;
  for (int64_t i = 0; i < report->n_findings; i++) {
    n += report->findings[i].count == 0 && report->findings[i].accepted == 0;
  }
  lqa_buf_printf(out, "%lld check%s found nothing\n", (long long)n, lqa_plural(n));
}

static void add_accepted(const lqa_report *report, lqa_buf *out) {
  const char *before = "accepted by the baseline: ";
  for (int64_t i = 0; i < report->n_findings; i++) {
    const lqa_report_finding *f = &report->findings[i];
    if (f->accepted > 0) {
      lqa_buf_printf(out, "%s%s (%lld)", before, f->id, (long long)f->accepted);
      before = ", ";
    }
  }
  lqa_buf_add_text(out, before[0] == ',' ? "\n" : "");
}

/* True if an earlier entry has this one's reason: its line is there already. */
static bool is_told(const lqa_report *report, int64_t at) {
  for (int64_t i = 0; i < at; i++) {
    if (strcmp(report->not_run[i].reason, report->not_run[at].reason) == 0) {
      return true;
    }
  }
  return false;
}

void lqa_report_quiet_checks(const lqa_report *report, lqa_buf *out) {
  add_clean(report, out);
  add_accepted(report, out);
  for (int64_t i = 0; i < report->n_not_run; i++) {
    const char *reason = report->not_run[i].reason, *before = " (";
    if (is_told(report, i)) {
      continue;
    }
    lqa_buf_printf(out, "not run: %s", reason);
    for (int64_t k = i; k < report->n_not_run; k++) {
      if (strcmp(report->not_run[k].reason, reason) == 0) {
        lqa_buf_printf(out, "%s%s", before, report->not_run[k].id);
        before = ", ";
      }
    }
    lqa_buf_add_text(out, ")\n");
  }
}
