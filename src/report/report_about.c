/* Which data a report is about: a report is read far from the command that made it.
 */
#include "report/report.h"

#include "base/file.h"

enum { DATE = 10 }; /* "2026-12-01" of a time in UTC */

void lqa_report_about(const lqa_report *report, lqa_buf *out) {
  const lqa_manifest *m = report->manifest;
  if (!m || m->n_files == 0) {
    return;
  }
  lqa_buf_add_text(out, lqa_path_name(m->files[0].path));
  if (m->n_files > 1) {
    lqa_buf_printf(out, " and %d more", (int)m->n_files - 1);
  }
  if (m->source.label) {
    lqa_buf_printf(out, ", label column %s", m->source.label);
  }
  if (m->made_utc && strlen(m->made_utc) >= DATE) {
    lqa_buf_printf(out, ", %.*s", DATE, m->made_utc);
  }
}
