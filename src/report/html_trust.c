/* report/html_trust.c - what judges said, and how far p_correct may be believed: in words, as the
 * reliability table, and as its picture.
 */
#include "report/html_page.h"

#include <math.h>

void lqa_page_judge(lqa_page *page) {
  const lqa_report_judge *j = &page->report->judge;
  if (!j->ran) {
    return;
  }
  lqa_buf lines = lqa_page_lines();
  LQA_MARKUP(page->out, "<section aria-labelledby=\"judge\"><h2 id=\"judge\">Judge</h2><p>");
  lqa_html_say(page->out, "%s, protocol %s", j->model, j->protocol);
  LQA_MARKUP(page->out, "</p>\n");
  lqa_report_judged(j, &lines);
  lqa_page_list(page, &lines);
  LQA_MARKUP(page->out, "</section>\n");
}

static void add_bin(lqa_page *page, const lqa_reliability_bin *b) {
  lqa_buf_printf(page->out,
                 "<tr><th scope=\"row\">%.1f to %.1f %%</th><td class=\"n\">%lld</td><td "
                 "class=\"n\">%.1f %%</td><td class=\"n\">%.1f %%</td><td class=\"n\">%.1f to %.1f "
                 "%%</td></tr>\n",
                 100 * b->from, 100 * b->to, (long long)b->n, 100 * b->predicted,
                 100 * b->observed.estimate, 100 * b->observed.low, 100 * b->observed.high);
}

static void add_table(lqa_page *page) {
  const lqa_trust_summary *t = page->report->trust;
  LQA_MARKUP(
      page->out,
      "<div class=\"wrap\" tabindex=\"0\" role=\"region\" aria-label=\"reliability\"><table>"
      "<caption>Reliability on verified rows: predicted against observed share of wrong "
      "labels</caption><thead><tr><th scope=\"col\">predicted</th><th scope=\"col\" "
      "class=\"n\">rows</th><th scope=\"col\" class=\"n\">mean</th><th scope=\"col\" "
      "class=\"n\">observed</th><th scope=\"col\" class=\"n\">95 % interval</th></tr></thead>"
      "<tbody>\n");
  for (int i = 0; i < t->n_bins; i++) {
    if (t->bins[i].n > 0) {
      add_bin(page, &t->bins[i]);
    }
  }
  LQA_MARKUP(page->out, "</tbody></table></div>\n");
}

void lqa_page_trust(lqa_page *page) {
  lqa_buf lines = lqa_page_lines();
  lqa_report_trust_lines(page->report, "", &lines);
  if (lines.size > 0) {
    LQA_MARKUP(page->out, "<section aria-labelledby=\"evidence\"><h2 id=\"evidence\">All evidence "
                          "together</h2>\n");
    lqa_page_list(page, &lines);
    if (page->report->trust->n_bins > 0) {
      add_table(page);
    }
    LQA_MARKUP(page->out, "</section>\n");
  }
  lqa_page_drop(page, &lines);
}

void lqa_page_reliability(lqa_page *page) {
  const lqa_trust_summary *t = page->report->trust;
  lqa_chart_point points[LQA_RELIABILITY_BINS];
  int n = 0;
  for (int i = 0; t && i < t->n_bins; i++) {
    if (t->bins[i].n > 0) {
      points[n++] = (lqa_chart_point){t->bins[i].predicted, t->bins[i].observed.estimate,
                                      t->bins[i].observed.low, t->bins[i].observed.high};
    }
  }
  if (n < 2) {
    return;
  }
  lqa_buf about = lqa_page_lines();
  lqa_buf_printf(&about,
                 "On %lld verified rows: where dots lie on the dashed line, p_correct is a "
                 "probability. Lines are 95 %% intervals.",
                 (long long)t->n_verified);
  lqa_chart_lines chart = {
      .head = lqa_page_figure_begin(page, "Is p_correct right?", lqa_buf_str(&about)),
      .lines = {{"observed", points, n}},
      .n_lines = 1,
      .x_to = 1,
      .y_to = 1,
      .x_is_percent = true,
      .has_diagonal = true,
      .mark = NAN,
      .x_name = "predicted share of wrong labels",
      .y_name = "observed share"};
  lqa_chart_draw_lines(&chart, page->out);
  lqa_page_figure_end(page);
  lqa_page_drop(page, &about);
}
