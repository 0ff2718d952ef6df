/* junit.xml: each check is a test case, so that a CI system shows data findings like test failures:
 * error findings fail, warnings and infos pass with their text.
 */
#include "report/report.h"
#include "report/markup.h"

static void add_case(const lqa_report_finding *f, lqa_buf *out) {
  lqa_buf_add_text(out, "  <testcase classname=\"labelqa\" name=\"");
  lqa_markup_escape(lqa_str_from(f->id), out);
  lqa_buf_add_text(out, "\">");
  if (f->count > 0 && strcmp(f->severity, "error") == 0) {
    lqa_buf_add_text(out, "<failure message=\"");
    lqa_markup_escape(lqa_str_from(f->message), out);
    lqa_buf_printf(out, "\">%lld row%s; first:", (long long)f->count, lqa_plural(f->count));
    for (int64_t i = 0; i < f->n_rows && i < 20; i++) {
      lqa_buf_printf(out, " %lld", (long long)f->rows[i]);
    }
    lqa_buf_add_text(out, "</failure>");
  } else if (f->count > 0) {
    lqa_buf_add_text(out, "<system-out>");
    lqa_markup_escape(lqa_str_from(f->message), out);
    lqa_buf_add_text(out, "</system-out>");
  }
  lqa_buf_add_text(out, "</testcase>\n");
}

static void add_skipped(const lqa_report_not_run *check, lqa_buf *out) {
  lqa_buf_add_text(out, "  <testcase classname=\"labelqa\" name=\"");
  lqa_markup_escape(lqa_str_from(check->id), out);
  lqa_buf_add_text(out, "\"><skipped message=\"");
  lqa_markup_escape(lqa_str_from(check->reason), out);
  lqa_buf_add_text(out, "\"/></testcase>\n");
}

void lqa_report_junit(const lqa_report *report, lqa_buf *out) {
  lqa_buf_printf(out,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<testsuite name=\"labelqa\" tests=\"%lld\" failures=\"%lld\" skipped=\"%lld\">\n",
                 (long long)(report->n_findings + report->n_not_run),
                 (long long)lqa_report_count_findings(report, "error"),
                 (long long)report->n_not_run);
  for (int64_t i = 0; i < report->n_findings; i++) {
    add_case(&report->findings[i], out);
  }
  for (int64_t i = 0; i < report->n_not_run; i++) {
    add_skipped(&report->not_run[i], out);
  }
  lqa_buf_add_text(out, "</testsuite>\n");
}
