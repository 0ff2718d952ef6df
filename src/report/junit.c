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
    lqa_buf_printf(out, "\">%lld rows; first:", (long long)f->count);
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

void lqa_report_junit(const lqa_report *report, lqa_buf *out) {
  lqa_buf_printf(out,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<testsuite name=\"labelqa\" tests=\"%lld\" failures=\"%lld\">\n",
                 (long long)report->n_findings,
                 (long long)lqa_report_count_findings(report, "error"));
  for (int64_t i = 0; i < report->n_findings; i++) {
    add_case(&report->findings[i], out);
  }
  lqa_buf_add_text(out, "</testsuite>\n");
}
