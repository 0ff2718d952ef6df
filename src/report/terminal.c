/* The summary on the terminal: how bad it is, what was found, the rows to doubt first.
 *
 * What is worst comes first. Widths are columns, not bytes: wide characters count two. Class names
 * are cut only where the width leaves no room for them, texts to what is left; both are flattened
 * to one line and control characters replaced, so that no row can steer the terminal.
 */
#include "report/markup.h"
#include "report/report.h"

#include "base/text_wrap.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>

enum {
  MESSAGE_COLUMN = 32, /* of findings, behind severity and id ... */
  NARROW = 72,         /* ... unless the terminal is narrower than this */
  MAX_ID = 16,
  MIN_LABEL = 8,
  MIN_TEXT = 30,
  MAX_OVERLAPS = 3,
  MAX_CLASSES = 12,
  MAX_ALIKE = 5
};

/* A word in pieces of at most `room` columns. Returns the columns of the last one. */
static int print_long_word(lqa_str word, int indent, int room, lqa_buf *out) {
  int used = 0;
  for (size_t i = 0, length; i < word.size; i += length) {
    lqa_str left = {word.data + i, word.size - i};
    length = lqa_utf8_prefix(left.data, left.size, 1);
    int columns = lqa_text_columns((lqa_str){left.data, length});
    if (used > 0 && used + columns > room) {
      lqa_buf_printf(out, "\n%*s", indent, "");
      used = 0;
    }
    lqa_buf_add(out, left.data, length);
    used += columns;
  }
  return used;
}

/* The word that `text` begins with, up to a blank. */
static lqa_str first_word(lqa_str text) {
  size_t n = 0;
  while (n < text.size && text.data[n] != ' ' && text.data[n] != '\n') {
    n++;
  }
  return (lqa_str){text.data, n};
}

/* Appends `text` and a line end; the cursor stands at `indent`, where lines are continued. */
static void print_wrapped(lqa_str text, int indent, int width, lqa_buf *out) {
  int room = width - indent > MIN_LABEL ? width - indent : MIN_LABEL, used = 0;
  while (text.size > 0) {
    lqa_str word = first_word(text);
    int columns = lqa_text_columns(word);
    if (used > 0 && used + 1 + columns > room) {
      lqa_buf_printf(out, "\n%*s", indent, "");
      used = 0;
    }
    lqa_buf_add_text(out, used > 0 ? " " : "");
    used += (used > 0) + (columns > room ? print_long_word(word, indent, room, out) : columns);
    if (columns <= room) {
      lqa_buf_add_str(out, word);
    }
    size_t next = word.size + (word.size < text.size);
    text = (lqa_str){text.data + next, text.size - next};
  }
  lqa_buf_add_char(out, '\n');
}

/* A text that was put together in `line`, which is emptied, `indent` columns in. */
static void print_line(lqa_buf *line, int indent, int width, lqa_buf *out) {
  lqa_buf_printf(out, "%*s", indent, "");
  print_wrapped(lqa_buf_str(line), indent, width, out);
  out->failed = out->failed || line->failed;
  lqa_buf_clear(line);
}

static lqa_buf new_line(void) {
  lqa_buf line;
  lqa_buf_init(&line, 1 << 20);
  return line;
}

static void print_head(const lqa_report *r, int width, lqa_buf *out) {
  lqa_buf_printf(out, "%lld row%s, %lld class%s\n", (long long)r->n_rows, lqa_plural(r->n_rows),
                 (long long)r->n_classes, r->n_classes == 1 ? "" : "es");
  lqa_buf line = new_line();
  lqa_report_verdict(r, &line);
  print_line(&line, 0, width, out);
  for (int64_t i = 0; i < r->n_notes; i++) {
    lqa_buf_add_text(out, "note: ");
    print_wrapped(lqa_str_from(r->notes[i]), 6, width, out);
  }
}

/* The lines of `lines`, which is cleared, each wrapped. */
static void print_lines(lqa_buf *lines, int width, lqa_buf *out) {
  lqa_str line, left = lqa_buf_str(lines);
  while (lqa_markup_line(&left, &line)) {
    lqa_buf_add_text(out, "  ");
    print_wrapped(line, 4, width, out);
  }
  out->failed = out->failed || lines->failed;
  lqa_buf_clear(lines);
}

static void print_finding(const lqa_report_finding *f, int width, lqa_buf *out) {
  bool is_narrow = width < NARROW;
  lqa_buf_printf(out, "  %-6s%-*s%s", f->severity, is_narrow ? 0 : 23, f->id,
                 is_narrow ? "\n    " : " ");
  print_wrapped(lqa_str_from(f->message), is_narrow ? 4 : MESSAGE_COLUMN, width, out);
}

static void print_cut(const char *id, int64_t n, lqa_buf *out) {
  if (n > MAX_ALIKE) {
    lqa_buf_printf(out, "    and %lld more of %s (see report.html)\n", (long long)(n - MAX_ALIKE),
                   id);
  }
}

/* Findings of one id that follow each other, those of a check that judges each class, file or
 * column by itself, are cut. */
static void print_findings(const lqa_report *r, int width, lqa_buf *out) {
  int64_t at = -1, alike = 0;
  const char *id = "";
  lqa_buf_add_text(out, "\nStructure\n");
  for (const lqa_report_finding *f; (f = lqa_report_next_finding(r, &at));) {
    if (strcmp(f->id, id) != 0) {
      print_cut(id, alike, out);
      alike = 0;
    }
    id = f->id;
    if (alike++ < MAX_ALIKE) {
      print_finding(f, width, out);
    }
  }
  print_cut(id, alike, out);
  lqa_buf quiet = new_line();
  lqa_report_quiet_checks(r, true, &quiet);
  print_lines(&quiet, width, out);
}

/* The columns that `text` takes when it is cut to `most`. */
static int text_width(lqa_str text, int most, lqa_buf *out) {
  lqa_buf line = new_line();
  int columns = lqa_markup_fit(text, most, &line);
  out->failed = out->failed || line.failed;
  lqa_buf_clear(&line);
  return columns;
}

/* `text` in exactly `width` columns, cut where it is wider. */
static void print_cell(lqa_str text, int width, lqa_buf *out) {
  int used = lqa_markup_fit(lqa_str_is_null(text) ? LQA_STR("-") : text, width, out);
  lqa_buf_printf(out, "%*s", used < width ? width - used : 0, "");
}

/* Widths of the numbers in the table of classes. */
struct numbers {
  int rows, flagged, wrong;
};

static struct numbers number_widths(int width) {
  return width < NARROW ? (struct numbers){8, 9, 12} : (struct numbers){10, 10, 16};
}

static void print_class_rows(const lqa_report_confident *c, const int64_t *order, int width,
                             lqa_buf *out) {
  int64_t shown = c->n_classes < MAX_CLASSES ? c->n_classes : MAX_CLASSES;
  const struct numbers w = number_widths(width);
  int most = width - 2 - w.rows - w.flagged - w.wrong;
  most = most > MIN_LABEL ? most : MIN_LABEL;
  int column = most < 20 ? most : 20;
  for (int64_t i = 0; i < shown; i++) {
    int columns = text_width(c->per_class[order[i]].label, most, out);
    column = columns > column ? columns : column;
  }
  lqa_buf_printf(out, "  %-*s%*s%*s%*s\n", column, "class", w.rows, "rows", w.flagged, "flagged",
                 w.wrong, "est. wrong");
  for (int64_t i = 0; i < shown; i++) {
    const lqa_report_class *class = &c->per_class[order[i]];
    lqa_buf_add_text(out, "  ");
    print_cell(class->label, column, out);
    lqa_buf_printf(out, "%*lld%*lld%*.1f %%\n", w.rows, (long long)class->count, w.flagged,
                   (long long)class->flagged, w.wrong - 2, 100 * class->label_noise);
  }
  if (shown < c->n_classes) {
    lqa_buf line = new_line();
    lqa_buf_printf(&line, "and %lld more class%s, none worse (report.html)",
                   (long long)(c->n_classes - shown), c->n_classes - shown == 1 ? "" : "es");
    print_line(&line, 2, width, out);
  }
}

static void print_classes(const lqa_report_confident *c, int width, lqa_buf *out) {
  int64_t *order = lqa_report_worst_classes(c);
  if (order) {
    print_class_rows(c, order, width, out);
  }
  out->failed = out->failed || !order;
  free(order);
}

static void print_overlaps(const lqa_report_confident *c, int width, lqa_buf *out) {
  lqa_buf line = new_line();
  size_t most = width > 60 ? (size_t)width / 2 - 10 : 20;
  for (int64_t i = 0; i < c->n_overlaps && i < MAX_OVERLAPS && c->overlaps[i].count > 0; i++) {
    lqa_buf_add_text(&line, i == 0 ? "most confused: " : ", ");
    lqa_markup_excerpt(c->overlaps[i].label_a, most, &line);
    lqa_buf_add_text(&line, " / ");
    lqa_markup_excerpt(c->overlaps[i].label_b, most, &line);
    lqa_buf_printf(&line, " (%lld)", (long long)c->overlaps[i].count);
  }
  if (c->n_overlaps > 0 && c->overlaps[0].count > 0) {
    print_line(&line, 2, width, out);
  }
}

static void print_accuracy(const lqa_report *r, int width, lqa_buf *out) {
  const lqa_report_confident *c = &r->confident;
  lqa_buf line = new_line();
  lqa_buf_printf(&line, "accuracy on given labels: %.1f %% out of fold",
                 100 * c->out_of_fold_accuracy);
  if (!isnan(c->train_accuracy)) {
    lqa_buf_printf(&line, ", %.1f %% ", 100 * c->train_accuracy);
    lqa_report_trained_on(r, &line);
  }
  print_line(&line, 2, width, out);
}

static void print_confident(const lqa_report *r, int width, lqa_buf *out) {
  const lqa_report_confident *c = &r->confident;
  lqa_buf line = new_line();
  if (!c->ran) {
    return;
  }
  lqa_buf_add_char(out, '\n');
  lqa_buf_printf(&line, "Confident learning (%s, out of fold)", c->model);
  print_line(&line, 0, width, out);
  lqa_report_flagged(r, &line);
  print_line(&line, 2, width, out);
  if (c->not_scored > 0) {
    lqa_report_not_scored(c, &line);
    print_line(&line, 2, width, out);
  }
  if (!isnan(c->out_of_fold_accuracy)) {
    print_accuracy(r, width, out);
  }
  if (c->has_skill) {
    print_classes(c, width, out);
  }
  print_overlaps(c, width, out);
  lqa_buf_printf(&line, "high loss: %lld row%s%s", (long long)r->loss.count,
                 lqa_plural(r->loss.count),
                 r->loss.from_logs ? " (training logs)"
                                   : " (from the same probabilities: no independent signal)");
  print_line(&line, 2, width, out);
}

static void print_judge(const lqa_report *r, int width, lqa_buf *out) {
  const lqa_report_judge *j = &r->judge;
  lqa_buf line = new_line();
  if (!j->ran) {
    return;
  }
  lqa_buf_add_char(out, '\n');
  lqa_buf_printf(&line, "Judge (%s, %s)", j->model, j->protocol);
  print_line(&line, 0, width, out);
  lqa_report_judged(j, &line);
  print_lines(&line, width, out);
}

static void print_trust(const lqa_report *r, int width, lqa_buf *out) {
  lqa_buf lines = new_line();
  lqa_report_trust_lines(r, "", &lines);
  lqa_buf_add_text(out, lines.size > 0 ? "\nAll evidence together\n" : "");
  print_lines(&lines, width, out);
}

static void print_actions(const lqa_report *r, int width, lqa_buf *out) {
  lqa_buf line = new_line();
  lqa_buf_add_text(out, "\nWhat to do with the rows\n");
  lqa_buf_printf(&line, "relabel %lld   keep (ambiguous) %lld   needs_review %lld   keep %lld",
                 (long long)r->relabel, (long long)r->keep_ambiguous, (long long)r->needs_review,
                 (long long)r->keep);
  print_line(&line, 2, width, out);
  if (r->has_error_rate) {
    lqa_buf_printf(&line, "labels wrong: %.1f %% (95 %% interval %.1f to %.1f, %s, n = %lld)",
                   100 * r->error_rate.estimate, 100 * r->error_rate.low, 100 * r->error_rate.high,
                   r->error_rate.method, (long long)r->error_rate.n);
    print_line(&line, 2, width, out);
    if (r->rows_for_one_percent > r->error_rate.n) {
      lqa_buf_printf(&line, "for plus or minus 1 %%: verify %lld rows in all",
                     (long long)r->rows_for_one_percent);
      print_line(&line, 2, width, out);
    }
  }
  if (r->has_flag_recall) {
    lqa_buf_printf(
        &line, "of the wrong labels, among suspicious rows: %.1f %% (95 %% interval %.1f to %.1f)",
        100 * r->flag_recall.estimate, 100 * r->flag_recall.low, 100 * r->flag_recall.high);
    print_line(&line, 2, width, out);
  }
}

static lqa_str better_label(const lqa_report_suspect *s) {
  return lqa_str_equal(s->suggested, s->label) ? LQA_STR("") : s->suggested;
}

/* Widths of the columns row, label, better, text: as wide as needed, as narrow as must be. */
struct widths {
  int id, label, better, text;
};

static void widen(int *width, lqa_str text, int most, lqa_buf *out) {
  int columns = text_width(text, most, out);
  *width = columns > *width ? columns : *width;
}

static struct widths measure_suspects(const lqa_report *r, int width, lqa_buf *out) {
  struct widths w = {3, 5, 6, 0};
  int blanks = 2 + 4 * 2 + 5;
  for (int64_t i = 0; i < r->n_suspects; i++) {
    widen(&w.id, r->suspects[i].row_id, width < NARROW ? MAX_ID / 2 : MAX_ID, out);
  }
  int most = (width - blanks - w.id - MIN_TEXT) / 2;
  most = most > MIN_LABEL ? most : MIN_LABEL;
  for (int64_t i = 0; i < r->n_suspects; i++) {
    widen(&w.label, r->suspects[i].label, most, out);
    widen(&w.better, better_label(&r->suspects[i]), most, out);
  }
  w.text = width - blanks - w.id - w.label - w.better;
  w.text = w.text > 4 ? w.text : 0;
  return w;
}

static void print_suspect(const lqa_report_suspect *s, const struct widths *w, lqa_buf *out) {
  lqa_buf_add_text(out, "  ");
  print_cell(s->row_id, w->id, out);
  lqa_buf_printf(out, "   %.2f  ", s->trust_score);
  print_cell(s->label, w->label, out);
  lqa_buf_add_text(out, "  ");
  print_cell(better_label(s), w->better, out);
  lqa_buf_add_text(out, "  ");
  lqa_markup_fit(s->text, w->text, out);
  lqa_buf_add_char(out, '\n');
}

static void print_suspects(const lqa_report *r, int width, lqa_buf *out) {
  if (r->n_suspects == 0) {
    return;
  }
  const struct widths w = measure_suspects(r, width, out);
  lqa_buf_printf(out, "\nThe %lld row%s to doubt first\n  %-*s  trust  %-*s  %-*s  %s\n",
                 (long long)r->n_suspects, lqa_plural(r->n_suspects), w.id, "row", w.label, "label",
                 w.better, "better", w.text > 0 ? "text" : "");
  for (int64_t i = 0; i < r->n_suspects; i++) {
    print_suspect(&r->suspects[i], &w, out);
  }
}

void lqa_report_terminal(const lqa_report *report, int width, lqa_buf *out) {
  print_head(report, width, out);
  print_findings(report, width, out);
  print_confident(report, width, out);
  print_judge(report, width, out);
  print_trust(report, width, out);
  print_actions(report, width, out);
  print_suspects(report, width, out);
}

/* Not wrapped: commands are there to be copied, and who shows them on a terminal knows its width.
 */
void lqa_report_terminal_next(const lqa_report *report, lqa_buf *out) {
  lqa_buf_add_text(out, "\nNext\n");
  lqa_report_next_steps(report, "  - ", out);
  lqa_buf_printf(out, "  - Everything is in %s (open %s/report.html)\n", report->run_path,
                 report->run_path);
}
