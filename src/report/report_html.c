/* report.html: one page that stands alone: no script, no network, light and dark. Bars are inline
 * SVG. All text from the data is escaped; the page carries a content security policy that forbids
 * everything but its own style.
 */
#include "report/markup.h"
#include "report/report.h"

#include <math.h>

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n<title>Label audit</title>\n<style>\n"
    ":root{color-scheme:light dark;--ink:#1c2128;--soft:#59636e;--line:#d5dae0;--page:#fff;"
    "--card:#f6f8fa;--accent:#0b63c5;--bad:#c0341d;--warn:#9a6700}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4b0;--line:#343b44;"
    "--page:#0e1116;--card:#171c23;--accent:#58a6ff;--bad:#ff7b72;--warn:#d9a441}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);margin:0 auto;"
    "padding:2rem 1.2rem;max-width:70rem}\nh1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;"
    "margin:2.2rem 0 .6rem}\n.soft{color:var(--soft)}\n.cards{display:grid;gap:.8rem;"
    "grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));margin:1.2rem 0}\n"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.8rem "
    "1rem}\n"
    ".card b{display:block;font-size:1.5rem}\n.wrap{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.35rem .6rem;border-bottom:1px solid var(--line)}th{color:var(--soft);"
    "font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    ".error{color:var(--bad);font-weight:600}.warn{color:var(--warn);font-weight:600}\n"
    "svg rect{fill:var(--accent)}svg rect.back{fill:var(--line)}\n"
    "code{background:var(--card);padding:.1rem .3rem;border-radius:4px}\n"
    "</style></head><body>\n";

static void add_escaped(lqa_str text, lqa_buf *out) {
  if (lqa_str_is_null(text)) {
    lqa_buf_add_text(out, "<span class=\"soft\">none</span>");
  } else {
    lqa_markup_escape(text, out);
  }
}

static void add_card(const char *title, int64_t value, int64_t whole, lqa_buf *out) {
  lqa_buf_printf(out,
                 "<div class=\"card\">%s<b>%lld</b><span class=\"soft\">%.1f %%</span></div>\n",
                 title, (long long)value, whole ? 100.0 * (double)value / (double)whole : 0.0);
}

static void add_cards(const lqa_report *r, lqa_buf *out) {
  lqa_buf_add_text(out, "<div class=\"cards\">\n");
  add_card("relabel", r->relabel, r->n_rows, out);
  add_card("needs review", r->needs_review, r->n_rows, out);
  add_card("keep (ambiguous)", r->keep_ambiguous, r->n_rows, out);
  add_card("keep", r->keep, r->n_rows, out);
  if (r->has_error_rate) {
    lqa_buf_printf(out,
                   "<div class=\"card\">labels wrong<b>%.1f %%</b><span class=\"soft\">95 %% "
                   "interval %.1f to %.1f, n = %lld</span></div>\n",
                   100 * r->error_rate.estimate, 100 * r->error_rate.low, 100 * r->error_rate.high,
                   (long long)r->error_rate.n);
  }
  lqa_buf_add_text(out, "</div>\n");
}

/* Appends each line of `lines` as an element that `open` begins and `close` ends. */
static void add_lines(lqa_str lines, const char *open, const char *close, lqa_buf *out) {
  lqa_str line;
  while (lqa_markup_line(&lines, &line)) {
    lqa_buf_add_text(out, open);
    lqa_markup_escape(line, out);
    lqa_buf_add_text(out, close);
  }
}

static void add_quiet_checks(const lqa_report *r, lqa_buf *out) {
  lqa_buf lines;
  lqa_buf_init(&lines, 1 << 16);
  lqa_report_quiet_checks(r, false, &lines);
  add_lines(lqa_buf_str(&lines), "<p class=\"soft\">", "</p>\n", out);
  out->failed = out->failed || lines.failed;
  lqa_buf_clear(&lines);
}

static void add_findings(const lqa_report *r, lqa_buf *out) {
  lqa_buf_add_text(out, "<h2>Structure</h2><div class=\"wrap\"><table><tr><th>severity</th>"
                        "<th>finding</th><th class=\"n\">rows</th><th>what</th></tr>\n");
  for (int64_t i = 0; i < r->n_findings; i++) {
    const lqa_report_finding *f = &r->findings[i];
    if (f->count > 0) {
      lqa_buf_printf(out, "<tr><td class=\"%s\">%s</td><td>%s</td><td class=\"n\">%lld</td><td>",
                     f->severity, f->severity, f->id, (long long)f->count);
      lqa_markup_escape(lqa_str_from(f->message), out);
      lqa_buf_add_text(out, "</td></tr>\n");
    }
  }
  lqa_buf_add_text(out, "</table></div>\n");
  add_quiet_checks(r, out);
}

/* A bar of `share` (0 to 1) of its width. */
static void add_bar(double share, lqa_buf *out) {
  double width = share > 1 ? 1 : share > 0 ? share : 0;
  lqa_buf_printf(out,
                 "<svg width=\"120\" height=\"10\" role=\"img\"><title>%.1f %%</title><rect "
                 "class=\"back\" width=\"120\" height=\"10\" rx=\"2\"/><rect width=\"%.1f\" "
                 "height=\"10\" rx=\"2\"/></svg>",
                 100 * share, 120 * width);
}

static void add_classes(const lqa_report_confident *c, lqa_buf *out) {
  lqa_buf_add_text(out, "<div class=\"wrap\"><table><tr><th>class</th><th class=\"n\">rows</th><th "
                        "class=\"n\">flagged</th><th class=\"n\">est. wrong</th><th></th></tr>\n");
  for (int64_t k = 0; k < c->n_classes; k++) {
    const lqa_report_class *class = &c->per_class[k];
    lqa_buf_add_text(out, "<tr><td>");
    add_escaped(class->label, out);
    lqa_buf_printf(out,
                   "</td><td class=\"n\">%lld</td><td class=\"n\">%lld</td><td class=\"n\">%.1f "
                   "%%</td><td>",
                   (long long)class->count, (long long)class->flagged, 100 * class->label_noise);
    add_bar(class->label_noise, out);
    lqa_buf_add_text(out, "</td></tr>\n");
  }
  lqa_buf_add_text(out, "</table></div>\n");
}

static void add_overlaps(const lqa_report_confident *c, lqa_buf *out) {
  if (c->n_overlaps == 0 || c->overlaps[0].count == 0) {
    return;
  }
  lqa_buf_add_text(out, "<p>Most confused: ");
  for (int64_t i = 0; i < c->n_overlaps && i < 5 && c->overlaps[i].count > 0; i++) {
    lqa_buf_add_text(out, i ? ", " : "");
    add_escaped(c->overlaps[i].label_a, out);
    lqa_buf_add_text(out, " / ");
    add_escaped(c->overlaps[i].label_b, out);
    lqa_buf_printf(out, " (%lld)", (long long)c->overlaps[i].count);
  }
  lqa_buf_add_text(out, ".</p>\n");
}

static void add_confident(const lqa_report *r, lqa_buf *out) {
  const lqa_report_confident *c = &r->confident;
  if (!c->ran) {
    return;
  }
  lqa_buf_printf(out, "<h2>Confident learning</h2><p>Model: %s, out of fold. ", c->model);
  lqa_report_flagged(r, out);
  lqa_buf_add_char(out, '.');
  if (c->not_scored > 0) {
    lqa_buf_add_char(out, ' ');
    lqa_report_not_scored(c, out);
    lqa_buf_add_char(out, '.');
  }
  if (!isnan(c->out_of_fold_accuracy)) {
    lqa_buf_printf(out, " Accuracy on given labels: %.1f %% out of fold",
                   100 * c->out_of_fold_accuracy);
    if (!isnan(c->train_accuracy)) {
      lqa_buf_printf(out, ", %.1f %% ", 100 * c->train_accuracy);
      lqa_report_trained_on(r, out);
    }
    lqa_buf_add_char(out, '.');
  }
  lqa_buf_add_text(out, "</p>\n");
  if (c->has_skill) {
    add_classes(c, out);
  }
  add_overlaps(c, out);
}

static void add_judge(const lqa_report *r, lqa_buf *out) {
  const lqa_report_judge *j = &r->judge;
  if (!j->ran) {
    return;
  }
  lqa_buf_add_text(out, "<h2>Judge</h2><p>");
  lqa_markup_escape(lqa_str_from(j->model), out);
  lqa_buf_printf(out,
                 ", protocol %s: %lld row%s judged, %lld YES, %lld NO, %lld UNKNOWN; %lld "
                 "call%s, %lld answer%s from the cache.</p>\n",
                 j->protocol, (long long)j->judged, lqa_plural(j->judged), (long long)j->yes,
                 (long long)j->no, (long long)j->unknown, (long long)j->calls, lqa_plural(j->calls),
                 (long long)j->cached, lqa_plural(j->cached));
}

static void add_reasons(const lqa_report_suspect *s, lqa_buf *out) {
  for (size_t i = 0; i < s->n_reasons; i++) {
    lqa_buf_add_text(out, i ? "; " : "<br><span class=\"soft\">");
    lqa_markup_escape(s->reasons[i], out);
  }
  lqa_buf_add_text(out, s->n_reasons ? "</span>" : "");
}

static void add_suspects(const lqa_report *r, lqa_buf *out) {
  if (r->n_suspects == 0) {
    return;
  }
  lqa_buf_add_text(out,
                   "<h2>Rows to doubt first</h2><div class=\"wrap\"><table><tr><th>row</th>"
                   "<th class=\"n\">trust</th><th>label</th><th>better</th><th>text</th></tr>\n");
  for (int64_t i = 0; i < r->n_suspects; i++) {
    const lqa_report_suspect *s = &r->suspects[i];
    lqa_buf_add_text(out, "<tr><td>");
    add_escaped(s->row_id, out);
    lqa_buf_printf(out, "</td><td class=\"n\">%.2f</td><td>", s->trust_score);
    add_escaped(s->label, out);
    lqa_buf_add_text(out, "</td><td>");
    add_escaped(lqa_str_equal(s->suggested, s->label) ? LQA_STR("") : s->suggested, out);
    lqa_buf_add_text(out, "</td><td>");
    lqa_buf text;
    lqa_buf_init(&text, 1 << 14);
    lqa_markup_excerpt(s->text, 300, &text);
    lqa_markup_escape(lqa_buf_str(&text), out);
    lqa_buf_clear(&text);
    add_reasons(s, out);
    lqa_buf_add_text(out, "</td></tr>\n");
  }
  lqa_buf_add_text(out, "</table></div>\n");
}

static void add_trust(const lqa_report *r, lqa_buf *out) {
  lqa_buf lines;
  lqa_buf_init(&lines, 1 << 16);
  lqa_report_trust_lines(r, "", &lines);
  if (lines.size > 0) {
    lqa_buf_add_text(out, "<h2>All evidence together</h2><ul>\n");
    add_lines(lqa_buf_str(&lines), "<li>", "</li>\n", out);
    lqa_buf_add_text(out, "</ul>\n");
  }
  lqa_buf_clear(&lines);
}

static void add_next_steps(const lqa_report *r, lqa_buf *out) {
  lqa_buf steps;
  lqa_buf_init(&steps, 1 << 16);
  lqa_report_next_steps(r, "", &steps);
  lqa_buf_add_text(out, "<h2>Next</h2><ul>\n");
  add_lines(lqa_buf_str(&steps), "<li>", "</li>\n", out);
  lqa_buf_add_text(out, "</ul>\n");
  lqa_buf_clear(&steps);
}

void lqa_report_html(const lqa_report *r, lqa_buf *out) {
  lqa_buf_add_text(out, head);
  lqa_buf_printf(out,
                 "<h1>Label audit</h1><p class=\"soft\">%lld row%s, %lld class%s, labelqa %s</p>\n",
                 (long long)r->n_rows, lqa_plural(r->n_rows), (long long)r->n_classes,
                 r->n_classes == 1 ? "" : "es", r->version);
  lqa_buf verdict;
  lqa_buf_init(&verdict, 1 << 16);
  lqa_report_verdict(r, &verdict);
  LQA_MARKUP(out, "<p>");
  lqa_markup_escape(lqa_buf_str(&verdict), out);
  LQA_MARKUP(out, "</p>\n");
  lqa_buf_clear(&verdict);
  for (int64_t i = 0; i < r->n_notes; i++) {
    lqa_buf_add_text(out, "<p class=\"soft\">Note: ");
    lqa_markup_escape(lqa_str_from(r->notes[i]), out);
    lqa_buf_add_text(out, "</p>\n");
  }
  add_cards(r, out);
  add_findings(r, out);
  add_confident(r, out);
  add_judge(r, out);
  add_trust(r, out);
  add_suspects(r, out);
  add_next_steps(r, out);
  lqa_buf_add_text(out, "</body></html>\n");
}
