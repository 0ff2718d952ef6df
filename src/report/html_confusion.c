/* report/html_confusion.c - given against suggested labels: a heat map of the classes that change
 * most, and the pairs as a table for who wants numbers.
 */
#include "report/html_page.h"

#include <stdlib.h>

enum { MAX_PAIRS = 10 };

/* The classes to show: all where they fit, else those of the pairs with the most rows. */
static int choose_classes(const lqa_report *r, int32_t chosen[LQA_CHART_MAX_CELLS]) {
  int n = 0;
  if (r->n_classes <= LQA_CHART_MAX_CELLS) {
    for (; n < (int)r->n_classes; n++) {
      chosen[n] = n;
    }
    return n;
  }
  for (int64_t i = 0; i < r->figures->n_pairs; i++) {
    const int32_t both[] = {r->figures->pairs[i].given, r->figures->pairs[i].suggested};
    for (int k = 0; k < 2; k++) {
      bool is_new = true;
      for (int at = 0; at < n; at++) {
        is_new = is_new && chosen[at] != both[k];
      }
      if (is_new && n < LQA_CHART_MAX_CELLS) {
        chosen[n++] = both[k];
      }
    }
  }
  return n;
}

static int find_class(const int32_t *chosen, int n, int32_t class) {
  for (int i = 0; i < n; i++) {
    if (chosen[i] == class) {
      return i;
    }
  }
  return -1;
}

static void fill_cells(const lqa_report *r, const int32_t *chosen, int n, int64_t *cells) {
  for (int i = 0; i < n; i++) {
    cells[i * n + i] = r->figures->agreed[chosen[i]];
  }
  for (int64_t i = 0; i < r->figures->n_pairs; i++) {
    const lqa_figure_pair *pair = &r->figures->pairs[i];
    int row = find_class(chosen, n, pair->given), column = find_class(chosen, n, pair->suggested);
    if (row >= 0 && column >= 0) {
      cells[row * n + column] = pair->n;
    }
  }
}

static void say_about(const lqa_report *r, int shown, lqa_buf *about) {
  const lqa_report_figures *f = r->figures;
  const lqa_figure_pair *top = &f->pairs[0];
  lqa_buf_printf(about, "%s another label for %lld row%s (%.1f %%), most often '",
                 f->pairs_of_model ? "The model predicts, and flags," : "All evidence suggests",
                 (long long)f->n_changed, lqa_plural(f->n_changed),
                 r->n_rows > 0 ? 100.0 * (double)f->n_changed / (double)r->n_rows : 0);
  lqa_markup_excerpt(r->classes[top->suggested], 40, about);
  lqa_buf_add_text(about, "' in place of '");
  lqa_markup_excerpt(r->classes[top->given], 40, about);
  lqa_buf_printf(about, "' (%lld).", (long long)top->n);
  if (shown < r->n_classes) {
    lqa_buf_printf(about, " Of %lld classes the %d in the most frequent pairs are shown.",
                   (long long)r->n_classes, shown);
  }
}

static void add_pair(lqa_page *page, const lqa_figure_pair *pair) {
  LQA_MARKUP(page->out, "<tr><td class=\"name\">");
  lqa_page_name(page, page->report->classes[pair->given]);
  LQA_MARKUP(page->out, "</td><td class=\"name\">");
  lqa_page_name(page, page->report->classes[pair->suggested]);
  lqa_buf_printf(page->out, "</td><td class=\"n\">%lld</td></tr>\n", (long long)pair->n);
}

static void add_pairs(lqa_page *page) {
  const lqa_report_figures *f = page->report->figures;
  LQA_MARKUP(page->out, "<details><summary>As a table</summary><div class=\"wrap\" tabindex=\"0\" "
                        "role=\"region\" aria-label=\"pairs of labels\"><table><caption>The most "
                        "frequent changes</caption><thead><tr><th scope=\"col\">given</th><th "
                        "scope=\"col\">rather</th><th scope=\"col\" class=\"n\">rows</th></tr>"
                        "</thead><tbody>\n");
  for (int64_t i = 0; i < f->n_pairs && i < MAX_PAIRS; i++) {
    add_pair(page, &f->pairs[i]);
  }
  LQA_MARKUP(page->out, "</tbody></table></div>\n");
  if (f->n_pairs > MAX_PAIRS) {
    LQA_MARKUP(page->out, "<p class=\"soft\">");
    lqa_html_say(page->out, "and %lld more pairs", (long long)(f->n_pairs - MAX_PAIRS));
    LQA_MARKUP(page->out, "</p>\n");
  }
  LQA_MARKUP(page->out, "</details>\n");
}

void lqa_page_confusion(lqa_page *page) {
  const lqa_report *r = page->report;
  int32_t chosen[LQA_CHART_MAX_CELLS];
  int64_t cells[LQA_CHART_MAX_CELLS * LQA_CHART_MAX_CELLS] = {0};
  lqa_str names[LQA_CHART_MAX_CELLS];
  if (r->figures->n_pairs == 0) {
    return;
  }
  int n = choose_classes(r, chosen);
  for (int i = 0; i < n; i++) {
    names[i] = r->classes[chosen[i]];
  }
  fill_cells(r, chosen, n, cells);
  lqa_buf about = lqa_page_lines();
  say_about(r, n, &about);
  lqa_chart_heat chart = {.head = lqa_page_figure_begin(page,
                                                        r->figures->pairs_of_model
                                                            ? "Given against predicted labels"
                                                            : "Given against suggested labels",
                                                        lqa_buf_str(&about)),
                          .names = names,
                          .n = n,
                          .cells = cells,
                          .row_name = "given",
                          .column_name = r->figures->pairs_of_model ? "predicted" : "suggested"};
  lqa_chart_draw_heat(&chart, page->out);
  add_pairs(page);
  lqa_page_figure_end(page);
  lqa_page_drop(page, &about);
}
