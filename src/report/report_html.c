/* report.html: one page that stands alone: no script, no network, light and dark, on a telephone
 * and on paper. Its content security policy forbids everything but its own style, which it names by
 * hash, so that nothing that slipped into the page could run, load or restyle anything.
 *
 * Markup of ours and text of others never meet in one call: see report/markup.h.
 */
#include "base/hash.h"
#include "report/html_page.h"

#include <math.h>

enum { NAME = 60 };

lqa_buf lqa_page_lines(void) {
  lqa_buf lines;
  lqa_buf_init(&lines, 1 << 20);
  return lines;
}

void lqa_page_drop(lqa_page *page, lqa_buf *lines) {
  page->out->failed = page->out->failed || lines->failed;
  lqa_buf_clear(lines);
}

void lqa_page_list(lqa_page *page, lqa_buf *lines) {
  lqa_str line, left = lqa_buf_str(lines);
  LQA_MARKUP(page->out, "<ul>\n");
  while (lqa_markup_line(&left, &line)) {
    LQA_MARKUP(page->out, "<li>");
    lqa_markup_escape(line, page->out);
    LQA_MARKUP(page->out, "</li>\n");
  }
  LQA_MARKUP(page->out, "</ul>\n");
  lqa_page_drop(page, lines);
}

void lqa_page_name(lqa_page *page, lqa_str name) {
  if (lqa_str_is_null(name)) {
    LQA_MARKUP(page->out, "<span class=\"soft\">none</span>");
    return;
  }
  LQA_MARKUP(page->out, "<bdi>");
  lqa_html_excerpt(name, NAME, page->out);
  LQA_MARKUP(page->out, "</bdi>");
}

lqa_chart_head lqa_page_figure_begin(lqa_page *page, const char *title, lqa_str about) {
  LQA_MARKUP(page->out, "<figure><figcaption><h3>");
  lqa_html_say(page->out, "%s", title);
  LQA_MARKUP(page->out, "</h3><p>");
  lqa_markup_escape(about, page->out);
  LQA_MARKUP(page->out, "</p></figcaption>\n");
  return (lqa_chart_head){++page->n_pictures, title, about};
}

void lqa_page_figure_end(lqa_page *page) {
  LQA_MARKUP(page->out, "</figure>\n");
}

static int hex_value(char c) {
  return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The 32 bytes of a SHA-256 in base64, as a policy wants them. */
static void add_base64(const char hex[65], lqa_buf *out) {
  static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 33; i += 3) { /* 32 bytes are ten groups of three, and two */
    unsigned group = 0;
    for (int k = 0; k < 3; k++) {
      const char *digits = &hex[2 * (i + k)];
      group = group << 8 |
              (i + k < 32 ? (unsigned)(hex_value(digits[0]) << 4 | hex_value(digits[1])) : 0);
    }
    for (int k = 0; k < 4; k++) {
      bool is_padding = i == 30 && k == 3;
      lqa_buf_add_char(out, is_padding ? '=' : DIGITS[group >> (18 - 6 * k) & 63]);
    }
  }
}

static void add_head(lqa_page *page, lqa_str about) {
  lqa_buf *out = page->out;
  char hash[65];
  lqa_sha256(lqa_page_style, strlen(lqa_page_style), hash);
  LQA_MARKUP(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'sha256-");
  add_base64(hash, out);
  LQA_MARKUP(out, "'; base-uri 'none'; form-action 'none'\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n<title>Label audit");
  if (about.size > 0) {
    LQA_MARKUP(out, ": ");
    lqa_html_excerpt(about, 200, out);
  }
  LQA_MARKUP(out, "</title>\n<style>");
  lqa_page_add_style(out);
  LQA_MARKUP(out, "</style></head>\n<body>\n");
}

static void add_title(lqa_page *page, lqa_str about) {
  const lqa_report *r = page->report;
  LQA_MARKUP(page->out, "<header><h1>Label audit");
  if (about.size > 0) {
    LQA_MARKUP(page->out, ": <bdi>");
    lqa_html_excerpt(about, 200, page->out);
    LQA_MARKUP(page->out, "</bdi>");
  }
  LQA_MARKUP(page->out, "</h1>\n<p class=\"soft\">");
  lqa_html_say(page->out, "%lld row%s, %lld class%s, labelqa %s", (long long)r->n_rows,
               lqa_plural(r->n_rows), (long long)r->n_classes, r->n_classes == 1 ? "" : "es",
               r->version);
  LQA_MARKUP(page->out, "</p>\n<p class=\"verdict\">");
  lqa_buf verdict = lqa_page_lines();
  lqa_report_verdict(r, &verdict);
  lqa_markup_escape(lqa_buf_str(&verdict), page->out);
  lqa_page_drop(page, &verdict);
  LQA_MARKUP(page->out, "</p></header>\n");
}

static void add_card(lqa_page *page, const char *title, int64_t value) {
  int64_t whole = page->report->n_rows;
  LQA_MARKUP(page->out, "<li>");
  lqa_html_say(page->out, "%s", title);
  lqa_buf_printf(page->out, "<b>%lld</b><span class=\"soft\">%.1f %% of rows</span></li>\n",
                 (long long)value, whole ? 100.0 * (double)value / (double)whole : 0.0);
}

static void add_cards(lqa_page *page) {
  const lqa_report *r = page->report;
  LQA_MARKUP(page->out, "<ul class=\"cards\">\n");
  add_card(page, "relabel", r->relabel);
  add_card(page, "needs_review", r->needs_review);
  add_card(page, "keep (ambiguous)", r->keep_ambiguous);
  add_card(page, "keep", r->keep);
  if (r->has_error_rate) {
    lqa_buf_printf(page->out,
                   "<li>labels wrong<b>%.1f %%</b><span class=\"soft\">95 %% interval %.1f to "
                   "%.1f, n = %lld, ",
                   100 * r->error_rate.estimate, 100 * r->error_rate.low, 100 * r->error_rate.high,
                   (long long)r->error_rate.n);
    lqa_html_say(page->out, "%s", r->error_rate.method);
    LQA_MARKUP(page->out, "</span></li>\n");
  }
  if (r->has_flag_recall) {
    lqa_buf_printf(
        page->out,
        "<li>of the wrong labels, among suspicious rows<b>%.1f %%</b><span class=\"soft\">95 %% "
        "interval %.1f to %.1f</span></li>\n",
        100 * r->flag_recall.estimate, 100 * r->flag_recall.low, 100 * r->flag_recall.high);
  }
  LQA_MARKUP(page->out, "</ul>\n");
}

static void add_next(lqa_page *page) {
  lqa_buf steps = lqa_page_lines();
  lqa_report_next_steps(page->report, "", &steps);
  LQA_MARKUP(page->out, "<section aria-labelledby=\"next\"><h2 id=\"next\">Next</h2>\n");
  lqa_page_list(page, &steps);
  LQA_MARKUP(page->out, "</section>\n");
}

static void add_notes(lqa_page *page) {
  for (int64_t i = 0; i < page->report->n_notes; i++) {
    LQA_MARKUP(page->out, "<p class=\"soft\">Note: ");
    lqa_html_excerpt(lqa_str_from(page->report->notes[i]), 2000, page->out);
    LQA_MARKUP(page->out, "</p>\n");
  }
}

static void add_contents(lqa_page *page) {
  const lqa_report *r = page->report;
  LQA_MARKUP(page->out, "<nav aria-label=\"sections\"><a href=\"#next\">Next</a>");
  if (r->figures && r->n_rows > 0) {
    LQA_MARKUP(page->out, "<a href=\"#pictures\">Pictures</a>");
  }
  LQA_MARKUP(page->out, "<a href=\"#structure\">Structure</a>");
  if (r->has_error_rate) {
    LQA_MARKUP(page->out, "<a href=\"#rates\">Error rate</a>");
  }
  if (r->confident.ran) {
    LQA_MARKUP(page->out, "<a href=\"#learning\">Confident learning</a>");
  }
  if (r->judge.ran) {
    LQA_MARKUP(page->out, "<a href=\"#judge\">Judge</a>");
  }
  if (r->n_suspects > 0) {
    LQA_MARKUP(page->out, "<a href=\"#suspects\">Rows to doubt first</a>");
  }
  LQA_MARKUP(page->out, "<a href=\"#method\">Method</a></nav>\n");
}

void lqa_report_html(const lqa_report *r, lqa_buf *out) {
  lqa_page page = {r, out, 0};
  lqa_buf about = lqa_page_lines();
  lqa_report_about(r, &about);
  add_head(&page, lqa_buf_str(&about));
  add_title(&page, lqa_buf_str(&about));
  LQA_MARKUP(out, "<main>\n");
  add_cards(&page);
  add_notes(&page);
  add_contents(&page);
  add_next(&page);
  lqa_page_pictures(&page);
  lqa_page_findings(&page);
  lqa_page_rates(&page);
  lqa_page_classes(&page);
  lqa_page_judge(&page);
  lqa_page_trust(&page);
  lqa_page_suspects(&page);
  lqa_page_method(&page);
  LQA_MARKUP(out, "</main></body></html>\n");
  lqa_page_drop(&page, &about);
}
