/* report.md: the report as people paste it into a pull request. */
#include "report/markup.h"
#include "report/report.h"

#include <math.h>

/* A table cell: one line, no pipe, no markup. */
static void add_cell(lqa_str text, size_t n, lqa_buf *out) {
  lqa_buf flat, safe;
  lqa_buf_init(&flat, 1 << 16);
  lqa_buf_init(&safe, 1 << 18);
  lqa_markup_excerpt(text, n, &flat);
  lqa_markup_escape(lqa_buf_str(&flat), &safe);
  lqa_str s = lqa_buf_str(&safe);
  for (size_t i = 0; i < s.size; i++) {
    if (strchr("|*_`[]\\", s.data[i])) {
      lqa_buf_add_char(out, '\\');
    }
    lqa_buf_add_char(out, s.data[i]);
  }
  lqa_buf_clear(&flat);
  lqa_buf_clear(&safe);
}

static void add_quiet_checks(const lqa_report *r, lqa_buf *out) {
  lqa_buf lines;
  lqa_buf_init(&lines, 1 << 16);
  lqa_report_quiet_checks(r, false, &lines);
  out->failed = out->failed || lines.failed;
  lqa_str line, left = lqa_buf_str(&lines);
  while (lqa_markup_line(&left, &line)) {
    lqa_buf_add_text(out, "- ");
    add_cell(line, 4000, out);
    lqa_buf_add_char(out, '\n');
  }
  lqa_buf_clear(&lines);
}

static void add_findings(const lqa_report *r, lqa_buf *out) {
  lqa_buf_add_text(out,
                   "\n## Structure\n\n| severity | finding | rows | what |\n|---|---|---|---|\n");
  for (int64_t i = 0; i < r->n_findings; i++) {
    const lqa_report_finding *f = &r->findings[i];
    if (f->count > 0) {
      lqa_buf_printf(out, "| %s | %s | %lld | ", f->severity, f->id, (long long)f->count);
      add_cell(lqa_str_from(f->message), 2000, out);
      lqa_buf_add_text(out, " |\n");
    }
  }
  lqa_buf_add_char(out, '\n');
  add_quiet_checks(r, out);
}

static void add_classes(const lqa_report_confident *c, lqa_buf *out) {
  lqa_buf_add_text(out, "\n| class | rows | flagged | label noise | inverse | quality |\n"
                        "|---|---|---|---|---|---|\n");
  for (int64_t k = 0; k < c->n_classes; k++) {
    const lqa_report_class *class = &c->per_class[k];
    lqa_buf_add_text(out, "| ");
    add_cell(class->label, 80, out);
    lqa_buf_printf(out, " | %lld | %lld | %.3f | %.3f | %.3f |\n", (long long)class->count,
                   (long long)class->flagged, class->label_noise, class->inverse_label_noise,
                   class->quality);
  }
}

static void add_confident(const lqa_report *r, lqa_buf *out) {
  const lqa_report_confident *c = &r->confident;
  if (!c->ran) {
    return;
  }
  lqa_buf_printf(out, "\n## Confident learning\n\nModel: %s, out of fold. ", c->model);
  lqa_report_flagged(r, out);
  lqa_buf_add_char(out, '.');
  if (c->not_scored > 0) {
    lqa_buf_add_char(out, ' ');
    lqa_report_not_scored(c, out);
    lqa_buf_add_char(out, '.');
  }
  if (!isnan(c->out_of_fold_accuracy)) {
    lqa_buf_printf(out, " Accuracy on given labels: %.3f out of fold", c->out_of_fold_accuracy);
    if (!isnan(c->train_accuracy)) {
      lqa_buf_printf(out, ", %.3f ", c->train_accuracy);
      lqa_report_trained_on(r, out);
    }
    lqa_buf_add_char(out, '.');
  }
  lqa_buf_add_char(out, '\n');
  if (c->has_skill) {
    add_classes(c, out);
  }
}

static void add_judge(const lqa_report *r, lqa_buf *out) {
  const lqa_report_judge *j = &r->judge;
  if (j->ran) {
    lqa_buf_printf(out,
                   "\n## Judge\n\n%s, protocol %s: %lld row%s judged, %lld YES, %lld NO, %lld "
                   "UNKNOWN, %lld call%s.\n",
                   j->model, j->protocol, (long long)j->judged, lqa_plural(j->judged),
                   (long long)j->yes, (long long)j->no, (long long)j->unknown, (long long)j->calls,
                   lqa_plural(j->calls));
  }
}

static void add_trust(const lqa_report *r, lqa_buf *out) {
  lqa_buf lines;
  lqa_buf_init(&lines, 1 << 16);
  lqa_report_trust_lines(r, "", &lines);
  lqa_str rest = lqa_buf_str(&lines);
  lqa_buf_add_text(out, rest.size > 0 ? "\n## All evidence together\n\n" : "");
  while (rest.size > 0) {
    const char *end = memchr(rest.data, '\n', rest.size);
    lqa_str line = {rest.data, (size_t)(end - rest.data)};
    lqa_buf_add_text(out, "- ");
    add_cell(line, 4000, out);
    lqa_buf_add_char(out, '\n');
    rest = (lqa_str){end + 1, rest.size - line.size - 1};
  }
  lqa_buf_clear(&lines);
}

static void add_suspects(const lqa_report *r, lqa_buf *out) {
  if (r->n_suspects == 0) {
    return;
  }
  lqa_buf_add_text(out, "\n## Rows to doubt first\n\n| row | label | better | trust | text |\n"
                        "|---|---|---|---|---|\n");
  for (int64_t i = 0; i < r->n_suspects; i++) {
    const lqa_report_suspect *s = &r->suspects[i];
    lqa_buf_add_text(out, "| ");
    add_cell(s->row_id, 40, out);
    lqa_buf_add_text(out, " | ");
    add_cell(s->label, 40, out);
    lqa_buf_add_text(out, " | ");
    add_cell(s->suggested, 40, out);
    lqa_buf_printf(out, " | %.2f | ", s->trust_score);
    add_cell(s->text, 160, out);
    lqa_buf_add_text(out, " |\n");
  }
}

static void add_notes(const lqa_report *r, lqa_buf *out) {
  for (int64_t i = 0; i < r->n_notes; i++) {
    lqa_buf_add_text(out, "- Note: ");
    add_cell(lqa_str_from(r->notes[i]), 4000, out);
    lqa_buf_add_char(out, '\n');
  }
  lqa_buf_add_text(out, r->n_notes ? "\n" : "");
}

void lqa_report_markdown(const lqa_report *r, lqa_buf *out) {
  lqa_buf_printf(out, "# Label audit\n\n%lld row%s, %lld class%s. labelqa %s.\n\n",
                 (long long)r->n_rows, lqa_plural(r->n_rows), (long long)r->n_classes,
                 r->n_classes == 1 ? "" : "es", r->version);
  add_notes(r, out);
  lqa_buf_printf(out,
                 "| relabel | keep (ambiguous) | needs\\_review | keep |\n|---|---|---|---|\n"
                 "| %lld | %lld | %lld | %lld |\n",
                 (long long)r->relabel, (long long)r->keep_ambiguous, (long long)r->needs_review,
                 (long long)r->keep);
  if (r->has_error_rate) {
    lqa_buf_printf(out, "\nLabels wrong: %.1f %% (95 %% interval %.1f to %.1f; %s, n = %lld).\n",
                   100 * r->error_rate.estimate, 100 * r->error_rate.low, 100 * r->error_rate.high,
                   r->error_rate.method, (long long)r->error_rate.n);
  }
  add_findings(r, out);
  add_confident(r, out);
  add_judge(r, out);
  add_trust(r, out);
  add_suspects(r, out);
  lqa_buf_add_text(out, "\n## Next\n\n");
  lqa_report_next_steps(r, "- ", out);
}
