/* report.md: the report as people paste it into a pull request: the same words and numbers as
 * report.html, without its pictures, each table cut to what is worst.
 */
#include "report/markup.h"
#include "report/report.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_CLASSES = 20, MAX_SUSPECTS = 15, MAX_ALIKE = 10, NAME = 80, MESSAGE = 1000 };

/* Each of the lines of `lines`, which is cleared, as a bullet. */
static void add_lines(lqa_buf *lines, lqa_buf *out) {
  lqa_str line, left = lqa_buf_str(lines);
  while (lqa_markup_line(&left, &line)) {
    LQA_MARKUP(out, "- ");
    lqa_markdown_excerpt(line, 4 * (size_t)MESSAGE, out);
    LQA_MARKUP(out, "\n");
  }
  out->failed = out->failed || lines->failed;
  lqa_buf_clear(lines);
}

static void drop(lqa_buf *lines, lqa_buf *out) {
  out->failed = out->failed || lines->failed;
  lqa_buf_clear(lines);
}

static lqa_buf new_lines(void) {
  lqa_buf lines;
  lqa_buf_init(&lines, 1 << 20);
  return lines;
}

static void add_finding(const lqa_report_finding *f, lqa_buf *out) {
  lqa_markdown_say(out, "%s", f->severity);
  LQA_MARKUP(out, " | ");
  lqa_markdown_say(out, "%s", f->id);
  lqa_buf_printf(out, " | %lld | ", (long long)f->count);
  lqa_markdown_excerpt(lqa_str_from(f->message), MESSAGE, out);
}

static void add_cut(const char *id, int64_t n, lqa_buf *out) {
  if (n > MAX_ALIKE) {
    LQA_MARKUP(out, "| | ");
    lqa_markdown_say(out, "%s", id);
    lqa_buf_printf(out, " | | and %lld more like this, see report.html |\n",
                   (long long)(n - MAX_ALIKE));
  }
}

static void add_findings(const lqa_report *r, lqa_buf *out) {
  int64_t at = -1, alike = 0;
  const char *id = "";
  LQA_MARKUP(out, "\n## Structure\n\n| severity | finding | rows | what |\n|---|---|---|---|\n");
  for (const lqa_report_finding *f; (f = lqa_report_next_finding(r, &at));) {
    if (strcmp(f->id, id) != 0) {
      add_cut(id, alike, out);
      alike = 0;
    }
    id = f->id;
    if (alike++ < MAX_ALIKE) {
      LQA_MARKUP(out, "| ");
      add_finding(f, out);
      LQA_MARKUP(out, " |\n");
    }
  }
  add_cut(id, alike, out);
  LQA_MARKUP(out, "\n");
  lqa_buf lines = new_lines();
  lqa_report_quiet_checks(r, false, &lines);
  add_lines(&lines, out);
}

static void add_class_rows(const lqa_report_confident *c, const int64_t *order, lqa_buf *out) {
  int64_t shown = c->n_classes < MAX_CLASSES ? c->n_classes : MAX_CLASSES;
  LQA_MARKUP(out,
             "\n| class, worst first | rows | flagged | est. wrong | of the true class, labelled "
             "otherwise |\n|---|---|---|---|---|\n");
  for (int64_t i = 0; i < shown; i++) {
    const lqa_report_class *class = &c->per_class[order[i]];
    LQA_MARKUP(out, "| ");
    lqa_markdown_excerpt(class->label, NAME, out);
    lqa_buf_printf(out, " | %lld | %lld | %.1f %% | %.1f %% |\n", (long long)class->count,
                   (long long)class->flagged, 100 * class->label_noise,
                   100 * class->inverse_label_noise);
  }
  if (shown < c->n_classes) {
    LQA_MARKUP(out, "\n");
    lqa_markdown_say(out, "%lld more class%s, none worse: see report.html.",
                     (long long)(c->n_classes - shown), c->n_classes - shown == 1 ? "" : "es");
    LQA_MARKUP(out, "\n");
  }
}

static void add_classes(const lqa_report_confident *c, lqa_buf *out) {
  int64_t *order = lqa_report_worst_classes(c);
  if (order) {
    add_class_rows(c, order, out);
  }
  out->failed = out->failed || !order;
  free(order);
}

static void add_accuracy(const lqa_report *r, lqa_buf *out) {
  const lqa_report_confident *c = &r->confident;
  lqa_buf line = new_lines();
  lqa_buf_printf(&line, " Accuracy on given labels: %.1f %% out of fold",
                 100 * c->out_of_fold_accuracy);
  if (!isnan(c->train_accuracy)) {
    lqa_buf_printf(&line, ", %.1f %% ", 100 * c->train_accuracy);
    lqa_report_trained_on(r, &line);
  }
  lqa_markdown_escape(lqa_buf_str(&line), out);
  LQA_MARKUP(out, ".");
  drop(&line, out);
}

static void add_confident(const lqa_report *r, lqa_buf *out) {
  const lqa_report_confident *c = &r->confident;
  if (!c->ran) {
    return;
  }
  lqa_buf line = new_lines();
  LQA_MARKUP(out, "\n## Confident learning\n\n");
  lqa_markdown_say(out, "Model: %s, out of fold. ", c->model);
  lqa_report_flagged(r, &line);
  lqa_buf_add_char(&line, '.');
  if (c->not_scored > 0) {
    lqa_buf_add_char(&line, ' ');
    lqa_report_not_scored(c, &line);
    lqa_buf_add_char(&line, '.');
  }
  lqa_markdown_escape(lqa_buf_str(&line), out);
  drop(&line, out);
  if (!isnan(c->out_of_fold_accuracy)) {
    add_accuracy(r, out);
  }
  LQA_MARKUP(out, "\n");
  if (c->has_skill) {
    add_classes(c, out);
  }
}

static void add_judge(const lqa_report *r, lqa_buf *out) {
  if (r->judge.ran) {
    lqa_buf lines = new_lines();
    LQA_MARKUP(out, "\n## Judge\n\n");
    lqa_markdown_say(out, "%s, protocol %s:", r->judge.model, r->judge.protocol);
    LQA_MARKUP(out, "\n\n");
    lqa_report_judged(&r->judge, &lines);
    add_lines(&lines, out);
  }
}

static void add_trust(const lqa_report *r, lqa_buf *out) {
  lqa_buf lines = new_lines();
  lqa_report_trust_lines(r, "", &lines);
  if (lines.size > 0) {
    LQA_MARKUP(out, "\n## All evidence together\n\n");
  }
  add_lines(&lines, out);
}

static void add_suspect(const lqa_report_suspect *s, lqa_buf *out) {
  const struct {
    lqa_str text;
    size_t n;
  } cells[] = {{s->row_id, 40}, {s->label, 40}, {s->suggested, 40}};
  for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
    LQA_MARKUP(out, "| ");
    lqa_markdown_excerpt(cells[i].text, cells[i].n, out);
    LQA_MARKUP(out, " ");
  }
  lqa_buf_printf(out, "| %.2f | ", s->trust_score);
  lqa_markdown_excerpt(s->text, 160, out);
  LQA_MARKUP(out, " |\n");
}

static void add_suspects(const lqa_report *r, lqa_buf *out) {
  if (r->n_suspects == 0) {
    return;
  }
  LQA_MARKUP(out, "\n## Rows to doubt first\n\n| row | label | better | trust | text |\n"
                  "|---|---|---|---|---|\n");
  for (int64_t i = 0; i < r->n_suspects && i < MAX_SUSPECTS; i++) {
    add_suspect(&r->suspects[i], out);
  }
  if (r->n_suspects > MAX_SUSPECTS) {
    LQA_MARKUP(out, "\nMore of them in report.html and review.csv.\n");
  }
}

/* The file that was audited, and by what: a report is read far from the command that made it. */
static void add_head(const lqa_report *r, lqa_buf *out) {
  lqa_buf about = new_lines(), verdict = new_lines();
  LQA_MARKUP(out, "# Label audit");
  lqa_report_about(r, &about);
  if (about.size > 0) {
    LQA_MARKUP(out, ": ");
    lqa_markdown_escape(lqa_buf_str(&about), out);
  }
  lqa_report_verdict(r, &verdict);
  LQA_MARKUP(out, "\n\n**");
  lqa_markdown_escape(lqa_buf_str(&verdict), out);
  LQA_MARKUP(out, "**\n\n");
  lqa_markdown_say(out, "%lld row%s, %lld class%s. labelqa %s.", (long long)r->n_rows,
                   lqa_plural(r->n_rows), (long long)r->n_classes, r->n_classes == 1 ? "" : "es",
                   r->version);
  LQA_MARKUP(out, "\n\n");
  drop(&about, out);
  drop(&verdict, out);
  for (int64_t i = 0; i < r->n_notes; i++) {
    LQA_MARKUP(out, "- Note: ");
    lqa_markdown_excerpt(lqa_str_from(r->notes[i]), MESSAGE, out);
    LQA_MARKUP(out, "\n");
  }
  if (r->n_notes > 0) {
    LQA_MARKUP(out, "\n");
  }
}

static void add_actions(const lqa_report *r, lqa_buf *out) {
  lqa_buf_printf(out,
                 "| relabel | keep (ambiguous) | needs\\_review | keep |\n|---|---|---|---|\n"
                 "| %lld | %lld | %lld | %lld |\n",
                 (long long)r->relabel, (long long)r->keep_ambiguous, (long long)r->needs_review,
                 (long long)r->keep);
  if (r->has_error_rate) {
    LQA_MARKUP(out, "\n");
    lqa_markdown_say(out, "Labels wrong: %.1f %% (95 %% interval %.1f to %.1f; %s, n = %lld).",
                     100 * r->error_rate.estimate, 100 * r->error_rate.low,
                     100 * r->error_rate.high, r->error_rate.method, (long long)r->error_rate.n);
    LQA_MARKUP(out, "\n");
  }
  if (r->has_flag_recall) {
    LQA_MARKUP(out, "\n");
    lqa_markdown_say(
        out, "Of the wrong labels, among suspicious rows: %.1f %% (95 %% interval %.1f to %.1f).",
        100 * r->flag_recall.estimate, 100 * r->flag_recall.low, 100 * r->flag_recall.high);
    LQA_MARKUP(out, "\n");
  }
}

static void add_rate(const char *column, const lqa_report_class_rate *rate, lqa_buf *out) {
  LQA_MARKUP(out, "| ");
  lqa_markdown_say(out, "%s ", column);
  lqa_markdown_excerpt(rate->label, NAME, out);
  lqa_buf_printf(out, " | %.1f %% | %.1f to %.1f %% | %lld |\n", 100 * rate->estimate,
                 100 * rate->low, 100 * rate->high, (long long)rate->n);
}

static void add_rates(const lqa_report *r, lqa_buf *out) {
  if (!r->has_error_rate) {
    return;
  }
  lqa_buf line = new_lines();
  LQA_MARKUP(out, "\n## Error rate\n\n");
  lqa_report_rate_words(r, &line);
  lqa_markdown_escape(lqa_buf_str(&line), out);
  LQA_MARKUP(out, "\n");
  drop(&line, out);
  if (r->n_rates + r->n_annotators + r->n_slices > 0) {
    LQA_MARKUP(out,
               "\n| of the rows with | wrong | 95 % interval | verified |\n|---|---|---|---|\n");
  }
  for (int64_t i = 0; i < r->n_rates && i < MAX_CLASSES; i++) {
    add_rate("label", &r->rates[i], out);
  }
  for (int64_t i = 0; i < r->n_annotators && i < MAX_CLASSES; i++) {
    add_rate("annotator", &r->annotators[i], out);
  }
  for (int64_t i = 0; i < r->n_slices && i < MAX_CLASSES; i++) {
    add_rate(r->slices[i].column, &r->slices[i].rate, out);
  }
}

void lqa_report_markdown(const lqa_report *r, lqa_buf *out) {
  add_head(r, out);
  add_actions(r, out);
  add_findings(r, out);
  add_rates(r, out);
  add_confident(r, out);
  add_judge(r, out);
  add_trust(r, out);
  add_suspects(r, out);
  lqa_buf steps = new_lines();
  lqa_report_next_steps(r, "", &steps);
  LQA_MARKUP(out, "\n## Next\n\n");
  add_lines(&steps, out);
}
