/* The summary on the terminal: what was found, how bad it is, the rows to doubt first, what to do.
 *
 * Columns are cut to the terminal's width by code points; texts are flattened to one line and
 * control characters replaced, so that no row can steer the terminal.
 */
#include "report/markup.h"
#include "report/report.h"

#include "base/unicode.h"

#include <math.h>
#include <stdio.h>

enum {
  LABEL_WIDTH = 14,
  ID_WIDTH = 10,
  MIN_TEXT = 20,
  MAX_OVERLAPS = 3,
  MAX_CLASSES = 12,
  MAX_ALIKE = 5
};

static void print_head(const lqa_report *r, lqa_buf *out) {
  lqa_buf_printf(out, "%lld row%s, %lld class%s\n", (long long)r->n_rows, lqa_plural(r->n_rows),
                 (long long)r->n_classes, r->n_classes == 1 ? "" : "es");
  for (int64_t i = 0; i < r->n_notes; i++) {
    lqa_buf_printf(out, "note: %s\n", r->notes[i]);
  }
}

/* Appends `text` wrapped at `width` with continuation lines indented by `indent`. */
static void print_wrapped(lqa_str text, int indent, int width, lqa_buf *out) {
  int at = indent;
  const char *separator = "";
  for (size_t i = 0, word; i < text.size; i += word + 1) {
    word = 0;
    while (i + word < text.size && text.data[i + word] != ' ' && text.data[i + word] != '\n') {
      word++;
    }
    if (at > indent && at + 1 + (int)word > width) {
      lqa_buf_printf(out, "\n%*s", indent, "");
      at = indent;
      separator = "";
    }
    lqa_buf_printf(out, "%s%.*s", separator, (int)word, text.data + i);
    at += (int)word + (int)strlen(separator);
    separator = " ";
  }
  lqa_buf_add_char(out, '\n');
}

static void print_quiet_checks(const lqa_report *r, int width, lqa_buf *out) {
  lqa_buf lines;
  lqa_buf_init(&lines, 1 << 16);
  lqa_report_quiet_checks(r, true, &lines);
  out->failed = out->failed || lines.failed;
  lqa_str line, left = lqa_buf_str(&lines);
  while (lqa_markup_line(&left, &line)) {
    lqa_buf_add_text(out, "  ");
    print_wrapped(line, 4, width, out);
  }
  lqa_buf_clear(&lines);
}

/* Findings of one id that follow each other from `at` on: those of a check that judges each class,
 * file or column by itself. */
static int64_t count_alike(const lqa_report *r, int64_t at) {
  int64_t n = 0;
  while (at + n < r->n_findings && r->findings[at + n].count > 0 &&
         strcmp(r->findings[at + n].id, r->findings[at].id) == 0) {
    n++;
  }
  return n;
}

static void print_findings(const lqa_report *r, int width, lqa_buf *out) {
  lqa_buf_add_text(out, "\nStructure\n");
  for (int64_t i = 0, alike = 0; i < r->n_findings; i += alike ? alike : 1) {
    alike = count_alike(r, i);
    for (int64_t k = i; k < i + alike && k < i + MAX_ALIKE; k++) {
      lqa_buf_printf(out, "  %-6s%-24s", r->findings[k].severity, r->findings[k].id);
      print_wrapped(lqa_str_from(r->findings[k].message), 32, width, out);
    }
    if (alike > MAX_ALIKE) {
      lqa_buf_printf(out, "%*sand %lld more of %s (see report.html)\n", 32, "",
                     (long long)(alike - MAX_ALIKE), r->findings[i].id);
    }
  }
  print_quiet_checks(r, width, out);
}

static void print_classes(const lqa_report_confident *c, lqa_buf *out) {
  if (c->n_classes > MAX_CLASSES) {
    lqa_buf_printf(out, "  %lld classes: report.html lists them\n", (long long)c->n_classes);
    return;
  }
  lqa_buf_printf(out, "  %-20s%10s%10s%16s\n", "class", "rows", "flagged", "est. wrong");
  for (int64_t k = 0; k < c->n_classes; k++) {
    lqa_buf label;
    lqa_buf_init(&label, 4096);
    lqa_markup_excerpt(c->per_class[k].label, 19, &label);
    lqa_str s = lqa_buf_str(&label);
    int pad = 20 - (int)lqa_utf8_count(s.data, s.size);
    lqa_buf_printf(out, "  %s%*s%10lld%10lld%14.1f %%\n", s.data, pad > 0 ? pad : 0, "",
                   (long long)c->per_class[k].count, (long long)c->per_class[k].flagged,
                   100 * c->per_class[k].label_noise);
    lqa_buf_clear(&label);
  }
}

static void print_overlaps(const lqa_report_confident *c, lqa_buf *out) {
  for (int64_t i = 0; i < c->n_overlaps && i < MAX_OVERLAPS && c->overlaps[i].count > 0; i++) {
    lqa_buf_add_text(out, i == 0 ? "  most confused: " : ", ");
    lqa_markup_excerpt(c->overlaps[i].label_a, 20, out);
    lqa_buf_add_text(out, " / ");
    lqa_markup_excerpt(c->overlaps[i].label_b, 20, out);
    lqa_buf_printf(out, " (%lld)", (long long)c->overlaps[i].count);
  }
  if (c->n_overlaps > 0 && c->overlaps[0].count > 0) {
    lqa_buf_add_char(out, '\n');
  }
}

static void print_flagged(const lqa_report *r, int width, lqa_buf *out) {
  lqa_buf line;
  lqa_buf_init(&line, 1 << 12);
  lqa_report_flagged(r, &line);
  out->failed = out->failed || line.failed;
  lqa_buf_add_text(out, "  ");
  print_wrapped(lqa_buf_str(&line), 2, width, out);
  lqa_buf_clear(&line);
}

static void print_confident(const lqa_report *r, int width, lqa_buf *out) {
  const lqa_report_confident *c = &r->confident;
  if (!c->ran) {
    return;
  }
  lqa_buf_printf(out, "\nConfident learning (%s, out of fold)\n", c->model);
  print_flagged(r, width, out);
  if (c->not_scored > 0) {
    lqa_buf_add_text(out, "  ");
    lqa_report_not_scored(c, out);
    lqa_buf_add_char(out, '\n');
  }
  if (!isnan(c->out_of_fold_accuracy)) {
    lqa_buf_printf(out, "  accuracy on given labels: %.1f %% out of fold",
                   100 * c->out_of_fold_accuracy);
    if (!isnan(c->train_accuracy)) {
      lqa_buf_printf(out, ", %.1f %% ", 100 * c->train_accuracy);
      lqa_report_trained_on(r, out);
    }
    lqa_buf_add_char(out, '\n');
  }
  if (c->has_skill) {
    print_classes(c, out);
  }
  print_overlaps(c, out);
  lqa_buf_printf(out, "  high loss: %lld row%s%s\n", (long long)r->loss.count,
                 lqa_plural(r->loss.count),
                 r->loss.from_logs ? " (training logs)"
                                   : " (from the same probabilities: no independent signal)");
}

static void print_judge(const lqa_report *r, lqa_buf *out) {
  const lqa_report_judge *j = &r->judge;
  if (!j->ran) {
    return;
  }
  lqa_buf_printf(out,
                 "\nJudge (%s, %s)\n  %lld row%s: %lld YES, %lld NO, %lld UNKNOWN; %lld call%s, "
                 "%lld answer%s from the cache",
                 j->model, j->protocol, (long long)j->judged, lqa_plural(j->judged),
                 (long long)j->yes, (long long)j->no, (long long)j->unknown, (long long)j->calls,
                 lqa_plural(j->calls), (long long)j->cached, lqa_plural(j->cached));
  if (!isnan(j->cost_usd)) {
    lqa_buf_printf(out, ", USD %.4f", j->cost_usd);
  }
  if (j->all_calls > j->calls) {
    lqa_buf_printf(out, "\n  all sessions: %lld calls", (long long)j->all_calls);
    if (!isnan(j->all_cost_usd)) {
      lqa_buf_printf(out, ", USD %.4f", j->all_cost_usd);
    }
  }
  lqa_buf_add_char(out, '\n');
}

static void print_trust(const lqa_report *r, int width, lqa_buf *out) {
  lqa_buf lines;
  lqa_buf_init(&lines, 1 << 16);
  lqa_report_trust_lines(r, "", &lines);
  lqa_str rest = lqa_buf_str(&lines);
  lqa_buf_add_text(out, rest.size > 0 ? "\nAll evidence together\n" : "");
  while (rest.size > 0) {
    const char *end = memchr(rest.data, '\n', rest.size);
    size_t size = (size_t)(end - rest.data);
    lqa_buf_add_text(out, "  ");
    print_wrapped((lqa_str){rest.data, size}, 2, width, out);
    rest = (lqa_str){end + 1, rest.size - size - 1};
  }
  lqa_buf_clear(&lines);
}

static void print_actions(const lqa_report *r, lqa_buf *out) {
  lqa_buf_printf(out,
                 "\nWhat to do with the rows\n  relabel %lld   keep (ambiguous) %lld   "
                 "needs_review %lld   keep %lld\n",
                 (long long)r->relabel, (long long)r->keep_ambiguous, (long long)r->needs_review,
                 (long long)r->keep);
  if (r->has_error_rate) {
    lqa_buf_printf(out, "  labels wrong: %.1f %% (95 %% interval %.1f to %.1f, %s, n = %lld)\n",
                   100 * r->error_rate.estimate, 100 * r->error_rate.low, 100 * r->error_rate.high,
                   r->error_rate.method, (long long)r->error_rate.n);
  }
}

/* A cell of exactly `width` columns (by code points), then two spaces. */
static void print_cell(lqa_str text, int width, lqa_buf *out) {
  lqa_buf cell;
  lqa_buf_init(&cell, 1 << 14);
  lqa_markup_excerpt(lqa_str_is_null(text) ? LQA_STR("-") : text, (size_t)width - 1, &cell);
  lqa_str s = lqa_buf_str(&cell);
  int used = (int)lqa_utf8_count(s.data, s.size);
  lqa_buf_printf(out, "%s%*s  ", s.data, used < width ? width - used : 0, "");
  lqa_buf_clear(&cell);
}

static void print_suspects(const lqa_report *r, int width, lqa_buf *out) {
  if (r->n_suspects == 0) {
    return;
  }
  int text_width = width - (ID_WIDTH + 2 * LABEL_WIDTH + 6 + 10);
  text_width = text_width < MIN_TEXT ? MIN_TEXT : text_width;
  lqa_buf_printf(out, "\nThe %lld row%s to doubt first\n  %-*s  %-5s %-*s  %-*s  %s\n",
                 (long long)r->n_suspects, lqa_plural(r->n_suspects), ID_WIDTH, "row", "trust",
                 LABEL_WIDTH, "label", LABEL_WIDTH, "better", "text");
  for (int64_t i = 0; i < r->n_suspects; i++) {
    const lqa_report_suspect *s = &r->suspects[i];
    lqa_buf_add_text(out, "  ");
    print_cell(s->row_id, ID_WIDTH, out);
    lqa_buf_printf(out, "%.2f  ", s->trust_score);
    print_cell(s->label, LABEL_WIDTH, out);
    print_cell(lqa_str_equal(s->suggested, s->label) ? LQA_STR("") : s->suggested, LABEL_WIDTH,
               out);
    lqa_markup_excerpt(s->text, (size_t)text_width, out);
    lqa_buf_add_char(out, '\n');
  }
}

void lqa_report_terminal(const lqa_report *report, int width, lqa_buf *out) {
  print_head(report, out);
  print_findings(report, width, out);
  print_confident(report, width, out);
  print_judge(report, out);
  print_trust(report, width, out);
  print_actions(report, out);
  print_suspects(report, width, out);
  lqa_buf_add_text(out, "\nNext\n");
  lqa_report_next_steps(report, "  - ", out);
  lqa_buf_printf(out, "  - Everything is in %s (open %s/report.html)\n", report->run_path,
                 report->run_path);
}
