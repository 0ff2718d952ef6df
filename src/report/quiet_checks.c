/* The checks that have no line of their own in a report: those that looked and found nothing, those
 * whose findings the baseline accepts, and those that could not run. The last must not be taken for
 * passed, so each is named with the reason. Every renderer shows the same lines.
 */
#include "report/report.h"

enum { BRIEF_REASONS = 3 }; /* up to as many have a line each even where it should be brief */

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

static void list_ids(const lqa_report *report, const char *reason, lqa_buf *out) {
  const char *before = " (";
  for (int64_t i = 0; i < report->n_not_run; i++) {
    if (strcmp(report->not_run[i].reason, reason) == 0) {
      lqa_buf_printf(out, "%s%s", before, report->not_run[i].id);
      before = ", ";
    }
  }
  lqa_buf_add_text(out, ")\n");
}

static void add_each_reason(const lqa_report *report, lqa_buf *out) {
  for (int64_t i = 0; i < report->n_not_run; i++) {
    if (!is_told(report, i)) {
      lqa_buf_printf(out, "not run: %s", report->not_run[i].reason);
      list_ids(report, report->not_run[i].reason, out);
    }
  }
}

static void add_all_reasons(const lqa_report *report, lqa_buf *out) {
  const char *before = "";
  lqa_buf_printf(out, "%lld checks not run: ", (long long)report->n_not_run);
  for (int64_t i = 0; i < report->n_not_run; i++) {
    if (!is_told(report, i)) {
      lqa_buf_printf(out, "%s%s", before, report->not_run[i].reason);
      before = "; ";
    }
  }
  lqa_buf_add_text(out, " (report.html names them)\n");
}

static int64_t count_reasons(const lqa_report *report) {
  int64_t n = 0;
  for (int64_t i = 0; i < report->n_not_run; i++) {
    n += !is_told(report, i);
  }
  return n;
}

void lqa_report_quiet_checks(const lqa_report *report, bool brief, lqa_buf *out) {
  add_clean(report, out);
  add_accepted(report, out);
  if (brief && count_reasons(report) > BRIEF_REASONS) {
    add_all_reasons(report, out);
  } else {
    add_each_reason(report, out);
  }
}
