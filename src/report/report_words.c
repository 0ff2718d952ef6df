/* report/report_words.c - the sentences of a report with options as one kind of user writes them.
 *
 * Findings, notes and the reasons why checks were not run come from the library, which names an
 * option by its key between marks (base/status.h). Files on disk are read by whoever finds them and
 * show the command's flags; what a front end prints is in its own style. run.db keeps the marks.
 */
#include "report/report.h"

#include "base/message_text.h"

static lqa_status show_findings(const lqa_report *report, lqa_option_style style, lqa_arena *arena,
                                lqa_report *out) {
  size_t n = (size_t)report->n_findings;
  lqa_report_finding *findings = lqa_arena_alloc(arena, n + 1, sizeof *findings);
  for (size_t i = 0; findings && i < n; i++) {
    findings[i] = report->findings[i];
    findings[i].message = lqa_message_in_style(report->findings[i].message, style, arena);
    findings = findings[i].message ? findings : NULL;
  }
  out->findings = findings;
  return findings ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status show_not_run(const lqa_report *report, lqa_option_style style, lqa_arena *arena,
                               lqa_report *out) {
  size_t n = (size_t)report->n_not_run;
  lqa_report_not_run *not_run = lqa_arena_alloc(arena, n + 1, sizeof *not_run);
  for (size_t i = 0; not_run && i < n; i++) {
    not_run[i] = report->not_run[i];
    not_run[i].reason = lqa_message_in_style(report->not_run[i].reason, style, arena);
    not_run = not_run[i].reason ? not_run : NULL;
  }
  out->not_run = not_run;
  return not_run ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status show_notes(const lqa_report *report, lqa_option_style style, lqa_arena *arena,
                             lqa_report *out) {
  size_t n = (size_t)report->n_notes;
  const char **notes = lqa_arena_alloc(arena, n + 1, sizeof *notes);
  for (size_t i = 0; notes && i < n; i++) {
    notes[i] = lqa_message_in_style(report->notes[i], style, arena);
    notes = notes[i] ? notes : NULL;
  }
  out->notes = notes;
  return notes ? LQA_OK : LQA_NO_MEMORY;
}

lqa_status lqa_report_in_style(const lqa_report *report, lqa_option_style style, lqa_arena *arena,
                               lqa_report *out) {
  *out = *report;
  LQA_TRY(show_findings(report, style, arena, out));
  LQA_TRY(show_not_run(report, style, arena, out));
  return show_notes(report, style, arena, out);
}
