/* report/html_page.h - the parts of report.html, one file each. Internal to the renderer. */
#ifndef LQA_REPORT_HTML_PAGE_H
#define LQA_REPORT_HTML_PAGE_H

#include "report/chart/chart.h"
#include "report/markup.h"
#include "report/report.h"

typedef struct lqa_page {
  const lqa_report *report;
  lqa_buf *out;
  int n_pictures;
} lqa_page;

/* The style sheet, whose hash the page's content security policy names. */
extern const char lqa_page_style[];
void lqa_page_add_style(lqa_buf *out);

void lqa_page_pictures(lqa_page *page);
void lqa_page_findings(lqa_page *page);
void lqa_page_classes(lqa_page *page);
void lqa_page_rates(lqa_page *page);
void lqa_page_judge(lqa_page *page);
void lqa_page_trust(lqa_page *page);
void lqa_page_suspects(lqa_page *page);
void lqa_page_method(lqa_page *page);

/* Each line of `lines`, which is cleared, as an item of a list. */
void lqa_page_list(lqa_page *page, lqa_buf *lines);
/* An empty buffer for such lines, and its end: where it failed, the page fails. */
lqa_buf lqa_page_lines(void);
void lqa_page_drop(lqa_page *page, lqa_buf *lines);
/* A name from the data: cut, escaped, its own direction of writing; "none" where it is NULL. */
void lqa_page_name(lqa_page *page, lqa_str name);
/* A picture: begin, then one chart with the head that it returns, then end. `about` must outlive
 * the chart. */
lqa_chart_head lqa_page_figure_begin(lqa_page *page, const char *title, lqa_str about);
void lqa_page_figure_end(lqa_page *page);

/* Pictures that have files of their own. */
void lqa_page_confusion(lqa_page *page);
void lqa_page_reliability(lqa_page *page);
void lqa_page_lengths(lqa_page *page);

#endif
