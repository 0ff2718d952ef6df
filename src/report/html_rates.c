/* The error rate in a sentence, then by class, annotator and slice where enough rows were verified.
 */
#include "report/html_page.h"

enum { MAX_ROWS = 30 };

static void add_rate(lqa_page *page, const char *column, const lqa_report_class_rate *rate) {
  LQA_MARKUP(page->out, "<tr><td>");
  lqa_html_say(page->out, "%s", column);
  LQA_MARKUP(page->out, "</td><th scope=\"row\" class=\"name\">");
  lqa_page_name(page, rate->label);
  lqa_buf_printf(page->out,
                 "</th><td class=\"n\">%.1f %%</td><td class=\"n\">%.1f to %.1f %%</td>"
                 "<td class=\"n\">%lld</td></tr>\n",
                 100 * rate->estimate, 100 * rate->low, 100 * rate->high, (long long)rate->n);
}

static void add_table(lqa_page *page) {
  const lqa_report *r = page->report;
  LQA_MARKUP(page->out,
             "<div class=\"wrap\" tabindex=\"0\" role=\"region\" aria-label=\"error rates\"><table>"
             "<caption>Where at least ten rows were verified.</caption>\n"
             "<thead><tr><th scope=\"col\">of the rows with</th><th scope=\"col\"></th>"
             "<th scope=\"col\" class=\"n\">wrong</th><th scope=\"col\" class=\"n\">95 % interval"
             "</th><th scope=\"col\" class=\"n\">verified</th></tr></thead><tbody>\n");
  for (int64_t i = 0; i < r->n_rates && i < MAX_ROWS; i++) {
    add_rate(page, "label", &r->rates[i]);
  }
  for (int64_t i = 0; i < r->n_annotators && i < MAX_ROWS; i++) {
    add_rate(page, "annotator", &r->annotators[i]);
  }
  for (int64_t i = 0; i < r->n_slices && i < MAX_ROWS; i++) {
    add_rate(page, r->slices[i].column, &r->slices[i].rate);
  }
  LQA_MARKUP(page->out, "</tbody></table></div>\n");
}

void lqa_page_rates(lqa_page *page) {
  const lqa_report *r = page->report;
  if (!r->has_error_rate) {
    return;
  }
  lqa_buf line = lqa_page_lines();
  lqa_report_rate_words(r, &line);
  LQA_MARKUP(page->out, "<section aria-labelledby=\"rates\"><h2 id=\"rates\">Error rate</h2>\n<p>");
  lqa_markup_escape(lqa_buf_str(&line), page->out);
  LQA_MARKUP(page->out, "</p>\n");
  lqa_page_drop(page, &line);
  if (r->n_rates + r->n_annotators + r->n_slices > 0) {
    add_table(page);
  }
  LQA_MARKUP(page->out, "</section>\n");
}
