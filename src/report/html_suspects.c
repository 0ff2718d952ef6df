/* report/html_suspects.c - the rows to doubt first: what they say, what they are called, what they
 * rather are, and why.
 */
#include "report/html_page.h"

#include <math.h>

enum { TEXT = 300, REASON = 300 };

static void add_numbers(lqa_page *page, const lqa_report_suspect *s) {
  LQA_MARKUP(page->out, " <span class=\"soft\">");
  if (!isnan(s->p_correct)) {
    const lqa_trust_summary *t = page->report->trust;
    lqa_html_say(page->out, "p_correct %.3f%s, ", s->p_correct,
                 t && t->is_calibrated ? "" : " (a rank)");
  }
  lqa_html_say(page->out, "trust %.2f, %s", s->trust_score, s->action ? s->action : "");
  if (s->verdict) {
    lqa_html_say(page->out, ", judge says %s", s->verdict);
  }
  LQA_MARKUP(page->out, "</span>");
}

static void add_labels(lqa_page *page, const lqa_report_suspect *s) {
  LQA_MARKUP(page->out, "<p>given <strong>");
  lqa_page_name(page, s->label);
  LQA_MARKUP(page->out, "</strong>");
  if (!lqa_str_is_null(s->suggested) && !lqa_str_equal(s->suggested, s->label)) {
    LQA_MARKUP(page->out, ", rather <strong>");
    lqa_page_name(page, s->suggested);
    LQA_MARKUP(page->out, "</strong>");
  } else if (!lqa_str_is_null(s->predicted) && !lqa_str_equal(s->predicted, s->label)) {
    LQA_MARKUP(page->out, ", the model says <strong>");
    lqa_page_name(page, s->predicted);
    LQA_MARKUP(page->out, "</strong>");
  }
  LQA_MARKUP(page->out, "</p>\n");
}

static void add_reasons(lqa_page *page, const lqa_report_suspect *s) {
  if (s->n_reasons == 0) {
    return;
  }
  LQA_MARKUP(page->out, "<p class=\"soft\">");
  for (size_t i = 0; i < s->n_reasons; i++) {
    if (i > 0) {
      LQA_MARKUP(page->out, "; ");
    }
    lqa_html_excerpt(s->reasons[i], REASON, page->out);
  }
  LQA_MARKUP(page->out, "</p>\n");
}

static void add_suspect(lqa_page *page, const lqa_report_suspect *s) {
  LQA_MARKUP(page->out, "<li><h3>row ");
  lqa_page_name(page, s->row_id);
  add_numbers(page, s);
  LQA_MARKUP(page->out, "</h3>\n");
  add_labels(page, s);
  LQA_MARKUP(page->out, "<blockquote dir=\"auto\">");
  if (lqa_str_is_null(s->text)) {
    LQA_MARKUP(page->out, "<span class=\"soft\">no content</span>");
  } else {
    lqa_html_excerpt(s->text, TEXT, page->out);
  }
  LQA_MARKUP(page->out, "</blockquote>\n");
  add_reasons(page, s);
  LQA_MARKUP(page->out, "</li>\n");
}

void lqa_page_suspects(lqa_page *page) {
  const lqa_report *r = page->report;
  int64_t in_doubt = r->relabel + r->needs_review + r->keep_ambiguous;
  if (r->n_suspects == 0) {
    return;
  }
  LQA_MARKUP(page->out,
             "<section aria-labelledby=\"suspects\"><h2 id=\"suspects\">Rows to doubt first"
             "</h2>\n");
  if (in_doubt > r->n_suspects) {
    LQA_MARKUP(page->out, "<p class=\"soft\">");
    lqa_html_say(page->out, "%lld of %lld; review.csv has them all.", (long long)r->n_suspects,
                 (long long)in_doubt);
    LQA_MARKUP(page->out, "</p>\n");
  }
  LQA_MARKUP(page->out, "<ol class=\"suspects\">\n");
  for (int64_t i = 0; i < r->n_suspects; i++) {
    add_suspect(page, &r->suspects[i]);
  }
  LQA_MARKUP(page->out, "</ol></section>\n");
}
