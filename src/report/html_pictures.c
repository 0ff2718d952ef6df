/* report/html_pictures.c - the pictures of report.html, each only where there is something to see:
 * what a reader would otherwise have to find in tables.
 */
#include "base/interval.h"
#include "report/html_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_ROWS = 12 };

static const char *doubt_of(const lqa_report *r) {
  return r->figures->doubt_is_probability ? "labels expected wrong" : "suspicious rows";
}

static const char *doubt_name(const lqa_report *r) {
  return r->figures->doubt_is_probability ? "expected wrong" : "suspicious rows";
}

static void fill_values(const lqa_figure_part *parts, int n, bool has_interval,
                        lqa_chart_value *values) {
  for (int i = 0; i < n; i++) {
    values[i] = (lqa_chart_value){parts[i].name, parts[i].n, parts[i].doubt.estimate,
                                  has_interval ? parts[i].doubt.low : NAN,
                                  has_interval ? parts[i].doubt.high : NAN};
  }
}

static void add_health(lqa_page *page) {
  const lqa_report_confident *c = &page->report->confident;
  bool is_wanted = c->ran && c->has_skill;
  int64_t *order = is_wanted ? lqa_report_worst_classes(c) : NULL;
  int n = c->n_classes < MAX_ROWS ? (int)c->n_classes : MAX_ROWS;
  lqa_chart_value values[MAX_ROWS];
  lqa_buf about = lqa_page_lines();
  for (int i = 0; order && i < n; i++) {
    const lqa_report_class *class = &c->per_class[order[i]];
    lqa_interval noise = lqa_interval_of_share(class->label_noise, (double)class->count, .95);
    values[i] =
        (lqa_chart_value){class->label, class->count, class->label_noise, noise.low, noise.high};
  }
  if (order && n > 0) {
    lqa_buf_add_text(&about,
                     "Share of each label that is estimated wrong, worst first; the line is "
                     "what chance allows with so many rows (95 %).");
    if (n < c->n_classes) {
      lqa_buf_printf(&about, " The %d worst of %lld classes.", n, (long long)c->n_classes);
    }
    lqa_chart_ranges chart = {.head =
                                  lqa_page_figure_begin(page, "Class health", lqa_buf_str(&about)),
                              .values = values,
                              .n = n,
                              .is_percent = true,
                              .x_name = "labels estimated wrong"};
    lqa_chart_draw_ranges(&chart, page->out);
    lqa_page_figure_end(page);
  }
  lqa_page_drop(page, &about);
  page->out->failed = page->out->failed || (is_wanted && !order);
  free(order);
}

static void add_distribution(lqa_page *page) {
  const lqa_report_figures *f = page->report->figures;
  lqa_chart_value values[LQA_FIGURE_BINS];
  for (int i = 0; i < LQA_FIGURE_BINS; i++) {
    values[i] = (lqa_chart_value){{NULL, 0}, f->histogram[i], (double)f->histogram[i], NAN, NAN};
  }
  lqa_str about = f->histogram_of_p
                      ? LQA_STR("Rows by the probability that their label is right: those to doubt "
                                "are on the left. Each line is ten times as many rows.")
                      : LQA_STR("Rows by trust_score: those to doubt are on the left. Each line is "
                                "ten times as many rows.");
  lqa_chart_columns chart = {
      .head = lqa_page_figure_begin(page, "How far labels can be trusted", about),
      .values = values,
      .n = LQA_FIGURE_BINS,
      .is_log = true,
      .x_name = f->histogram_of_p ? "p_correct" : "trust_score",
      .y_name = "rows",
      .first = LQA_STR("0"),
      .last = LQA_STR("1")};
  lqa_chart_draw_columns(&chart, page->out);
  lqa_page_figure_end(page);
}

static void add_effort(lqa_page *page) {
  const lqa_report_figures *f = page->report->figures;
  lqa_chart_point precision[LQA_FIGURE_POINTS], recall[LQA_FIGURE_POINTS];
  if (f->n_effort < 2) {
    return;
  }
  for (int i = 0; i < f->n_effort; i++) {
    const lqa_figure_effort *e = &f->effort[i];
    precision[i] = (lqa_chart_point){(double)e->budget, e->precision, NAN, NAN};
    recall[i] = (lqa_chart_point){(double)e->budget, e->recall, NAN, NAN};
  }
  lqa_buf about = lqa_page_lines();
  lqa_buf_printf(&about,
                 f->effort_by_people
                     ? "Of %lld rows that people decided %lld had a wrong label. "
                     : "Of %lld rows whose truth the source holds (columns label_true, corruption) "
                       "%lld have a wrong label. ",
                 (long long)f->effort_rows, (long long)f->effort_errors);
  lqa_buf_add_text(&about, "Precision: share of the rows looked at that is wrong; recall: share of "
                           "the wrong labels found; the most doubted rows first.");
  lqa_chart_lines chart = {
      .head = lqa_page_figure_begin(page, "What reviewing finds", lqa_buf_str(&about)),
      .lines = {{"recall", recall, f->n_effort}, {"precision", precision, f->n_effort}},
      .n_lines = 2,
      .x_to = (double)f->effort[f->n_effort - 1].budget,
      .y_to = 1,
      .mark = (double)(page->report->needs_review + page->report->relabel),
      .mark_name = "rows in doubt",
      .x_name = "rows looked at",
      .y_name = "share"};
  chart.mark = f->effort_by_people || chart.mark == 0 ? NAN : chart.mark;
  lqa_chart_draw_lines(&chart, page->out);
  lqa_page_figure_end(page);
  lqa_page_drop(page, &about);
}

/* Blocks that a check marks (shifted rows, runs of one label), as stretches of the columns. */
static int find_bands(const lqa_report *r, lqa_chart_band bands[LQA_CHART_MAX_BANDS]) {
  int n = 0;
  int64_t at = -1;
  for (const lqa_report_finding *f; (f = lqa_report_next_finding(r, &at));) {
    if (f->is_block && n < LQA_CHART_MAX_BANDS && r->n_rows > 0) {
      double columns = r->figures->n_blocks;
      bands[n++] = (lqa_chart_band){(double)f->rows_from * columns / (double)r->n_rows,
                                    (double)(f->rows_to + 1) * columns / (double)r->n_rows};
    }
  }
  return n;
}

static void say_block(const lqa_report *r, lqa_buf *about) {
  int64_t at = -1;
  for (const lqa_report_finding *f; (f = lqa_report_next_finding(r, &at));) {
    if (f->is_block) {
      lqa_buf_printf(about, " Marked: %s, rows %lld to %lld.", f->id, (long long)f->rows_from,
                     (long long)f->rows_to);
      return;
    }
  }
}

static void add_blocks(lqa_page *page) {
  const lqa_report *r = page->report;
  lqa_chart_value values[LQA_FIGURE_BLOCKS];
  lqa_chart_band bands[LQA_CHART_MAX_BANDS];
  char last[32];
  if (r->figures->n_blocks < 4) {
    return;
  }
  fill_values(r->figures->blocks, r->figures->n_blocks, false, values);
  int size = snprintf(last, sizeof last, "row %lld", (long long)(r->n_rows - 1));
  lqa_buf about = lqa_page_lines();
  lqa_buf_printf(&about, "Share of %s in blocks of %lld rows, in the order of the file.",
                 doubt_of(r),
                 (long long)((r->n_rows + r->figures->n_blocks - 1) / r->figures->n_blocks));
  say_block(r, &about);
  lqa_chart_columns chart = {.head =
                                 lqa_page_figure_begin(page, "Along the file", lqa_buf_str(&about)),
                             .values = values,
                             .n = r->figures->n_blocks,
                             .is_percent = true,
                             .x_name = "position in the file",
                             .y_name = doubt_name(r),
                             .first = LQA_STR("row 0"),
                             .last = {last, (size_t)size},
                             .bands = bands,
                             .n_bands = find_bands(r, bands)};
  lqa_chart_draw_columns(&chart, page->out);
  lqa_page_figure_end(page);
  lqa_page_drop(page, &about);
}

static void add_periods(lqa_page *page) {
  const lqa_report_figures *f = page->report->figures;
  lqa_chart_value values[LQA_FIGURE_PERIODS];
  if (f->n_periods < 2) {
    return;
  }
  fill_values(f->periods, f->n_periods, true, values);
  lqa_buf about = lqa_page_lines();
  lqa_buf_printf(&about, "Share of %s in periods of equally many rows, with 95 %% intervals.",
                 doubt_of(page->report));
  lqa_chart_columns chart = {.head = lqa_page_figure_begin(page, "Along time", lqa_buf_str(&about)),
                             .values = values,
                             .n = f->n_periods,
                             .is_percent = true,
                             .x_name = "time",
                             .y_name = doubt_name(page->report),
                             .first = {f->first_time, strnlen(f->first_time, 10)},
                             .last = {f->last_time, strnlen(f->last_time, 10)}};
  lqa_chart_draw_columns(&chart, page->out);
  lqa_page_figure_end(page);
  lqa_page_drop(page, &about);
}

static void add_source(lqa_page *page, const lqa_figure_sources *source) {
  lqa_chart_value values[LQA_FIGURE_SOURCES];
  fill_values(source->parts, source->n_parts, true, values);
  lqa_buf title = lqa_page_lines(), about = lqa_page_lines();
  lqa_buf_printf(&title, "By %s", source->title);
  lqa_buf_printf(&about, "Share of %s by %s, most first, with 95 %% intervals.",
                 doubt_of(page->report), source->title);
  if (source->n_parts < source->n_values) {
    lqa_buf_printf(&about, " Of %lld values the %d with the most rows.",
                   (long long)source->n_values, source->n_parts);
  }
  lqa_chart_ranges chart = {.head = lqa_page_figure_begin(page, title.data, lqa_buf_str(&about)),
                            .values = values,
                            .n = source->n_parts,
                            .is_percent = true,
                            .x_name = doubt_name(page->report)};
  lqa_chart_draw_ranges(&chart, page->out);
  lqa_page_figure_end(page);
  lqa_page_drop(page, &title);
  lqa_page_drop(page, &about);
}

static void add_losses(lqa_page *page) {
  const lqa_report_figures *f = page->report->figures;
  lqa_chart_value values[LQA_FIGURE_DECILES];
  if (f->n_deciles == 0) {
    return;
  }
  fill_values(f->deciles, f->n_deciles, true, values);
  lqa_buf about = lqa_page_lines();
  lqa_buf_printf(&about,
                 "Share of %s by tenths of the losses in the training logs, with 95 %% intervals: "
                 "where training found the same labels hard, the bars rise to the right.",
                 doubt_of(page->report));
  lqa_chart_columns chart = {
      .head = lqa_page_figure_begin(page, "By training loss", lqa_buf_str(&about)),
      .values = values,
      .n = f->n_deciles,
      .is_percent = true,
      .x_name = "tenth of the losses",
      .y_name = doubt_name(page->report),
      .first = LQA_STR("lowest"),
      .last = LQA_STR("highest")};
  lqa_chart_draw_columns(&chart, page->out);
  lqa_page_figure_end(page);
  lqa_page_drop(page, &about);
}

void lqa_page_pictures(lqa_page *page) {
  const lqa_report_figures *f = page->report->figures;
  if (!f || page->report->n_rows == 0) {
    return;
  }
  LQA_MARKUP(page->out, "<section aria-labelledby=\"pictures\"><h2 id=\"pictures\">Pictures</h2>\n"
                        "<div class=\"grid\">\n");
  lqa_page_confusion(page);
  add_health(page);
  add_distribution(page);
  lqa_page_reliability(page);
  add_effort(page);
  add_blocks(page);
  add_periods(page);
  for (int i = 0; i < f->n_sources; i++) {
    add_source(page, &f->sources[i]);
  }
  lqa_page_lengths(page);
  add_losses(page);
  LQA_MARKUP(page->out, "</div></section>\n");
}
