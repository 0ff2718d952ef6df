/* report/html_classes.c - confident learning in words, and its classes as a table, worst first.
 */
#include "base/interval.h"
#include "report/html_page.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_CLASSES = 25, MAX_OVERLAPS = 5 };

static void add_words(lqa_page *page) {
  const lqa_report *r = page->report;
  const lqa_report_confident *c = &r->confident;
  lqa_buf line = lqa_page_lines();
  lqa_buf_printf(&line, "Model: %s, out of fold. ", c->model);
  lqa_report_flagged(r, &line);
  lqa_buf_add_char(&line, '.');
  if (c->not_scored > 0) {
    lqa_buf_add_char(&line, ' ');
    lqa_report_not_scored(c, &line);
    lqa_buf_add_char(&line, '.');
  }
  if (!isnan(c->out_of_fold_accuracy)) {
    lqa_buf_printf(&line, " Accuracy on given labels: %.1f %% out of fold",
                   100 * c->out_of_fold_accuracy);
    if (!isnan(c->train_accuracy)) {
      lqa_buf_printf(&line, ", %.1f %% ", 100 * c->train_accuracy);
      lqa_report_trained_on(r, &line);
    }
    lqa_buf_add_char(&line, '.');
  }
  LQA_MARKUP(page->out, "<p>");
  lqa_markup_escape(lqa_buf_str(&line), page->out);
  LQA_MARKUP(page->out, "</p>\n");
  lqa_page_drop(page, &line);
}

static void add_class(lqa_page *page, const lqa_report_class *class) {
  lqa_interval noise = lqa_interval_of_share(class->label_noise, (double)class->count, .95);
  LQA_MARKUP(page->out, "<tr><th scope=\"row\" class=\"name\">");
  lqa_page_name(page, class->label);
  lqa_buf_printf(page->out,
                 "</th><td class=\"n\">%lld</td><td class=\"n\">%lld</td><td class=\"n\">%.1f "
                 "%%</td>",
                 (long long)class->count, (long long)class->flagged, 100 * class->label_noise);
  if (class->count > 0) {
    lqa_buf_printf(page->out, "<td class=\"n\">%.1f to %.1f %%</td>", 100 * noise.low,
                   100 * noise.high);
  } else {
    LQA_MARKUP(page->out, "<td></td>");
  }
  lqa_buf_printf(page->out, "<td class=\"n\">%.1f %%</td></tr>\n",
                 100 * class->inverse_label_noise);
}

static void add_rows(lqa_page *page, const int64_t *order, int64_t from, int64_t to) {
  LQA_MARKUP(
      page->out,
      "<thead><tr><th scope=\"col\">class</th><th scope=\"col\" class=\"n\">rows</th>"
      "<th scope=\"col\" class=\"n\">flagged</th><th scope=\"col\" class=\"n\">est. wrong</th>"
      "<th scope=\"col\" class=\"n\">by chance</th><th scope=\"col\" class=\"n\">missed"
      "</th></tr></thead><tbody>\n");
  for (int64_t i = from; i < to; i++) {
    add_class(page, &page->report->confident.per_class[order[i]]);
  }
  LQA_MARKUP(page->out, "</tbody></table></div>\n");
}

static void add_tables(lqa_page *page, const int64_t *order) {
  int64_t n = page->report->confident.n_classes, shown = n < MAX_CLASSES ? n : MAX_CLASSES;
  LQA_MARKUP(page->out,
             "<div class=\"wrap\" tabindex=\"0\" role=\"region\" aria-label=\"classes\"><table>"
             "<caption>Worst first. est. wrong: share of the label that is wrong, estimated; by "
             "chance: what chance allows with so many rows (95 %); missed: share of what truly is "
             "this class and is labelled otherwise.</caption>\n");
  add_rows(page, order, 0, shown);
  if (shown < n) {
    LQA_MARKUP(page->out, "<details><summary>");
    lqa_html_say(page->out, "%lld more class%s, none worse", (long long)(n - shown),
                 n - shown == 1 ? "" : "es");
    LQA_MARKUP(page->out,
               "</summary><div class=\"wrap\" tabindex=\"0\" role=\"region\" "
               "aria-label=\"more classes\"><table><caption>The other classes</caption>");
    add_rows(page, order, shown, n);
    LQA_MARKUP(page->out, "</details>\n");
  }
}

static void add_overlaps(lqa_page *page) {
  const lqa_report_confident *c = &page->report->confident;
  if (c->n_overlaps == 0 || c->overlaps[0].count == 0) {
    return;
  }
  LQA_MARKUP(page->out, "<p>Most confused: ");
  for (int64_t i = 0; i < c->n_overlaps && i < MAX_OVERLAPS && c->overlaps[i].count > 0; i++) {
    if (i > 0) {
      LQA_MARKUP(page->out, ", ");
    }
    lqa_page_name(page, c->overlaps[i].label_a);
    LQA_MARKUP(page->out, " / ");
    lqa_page_name(page, c->overlaps[i].label_b);
    lqa_buf_printf(page->out, " (%lld)", (long long)c->overlaps[i].count);
  }
  LQA_MARKUP(page->out, ".</p>\n");
}

void lqa_page_classes(lqa_page *page) {
  if (!page->report->confident.ran) {
    return;
  }
  LQA_MARKUP(page->out,
             "<section aria-labelledby=\"learning\"><h2 id=\"learning\">Confident learning"
             "</h2>\n");
  add_words(page);
  if (page->report->confident.has_skill) {
    int64_t *order = lqa_report_worst_classes(&page->report->confident);
    if (order) {
      add_tables(page, order);
    }
    page->out->failed = page->out->failed || !order;
    free(order);
  }
  add_overlaps(page);
  LQA_MARKUP(page->out, "</section>\n");
}
