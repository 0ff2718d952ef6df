/* report/html_method.c - how the figures came about: enough to do it again, and to know what the
 * figures can and cannot say.
 */
#include "report/html_page.h"

enum { MAX_FILES = 20, VALUE = 300 };

static void add_term(lqa_page *page, const char *term, lqa_str value) {
  LQA_MARKUP(page->out, "<dt>");
  lqa_html_say(page->out, "%s", term);
  LQA_MARKUP(page->out, "</dt><dd>");
  lqa_html_excerpt(value, VALUE, page->out);
  LQA_MARKUP(page->out, "</dd>\n");
}

static void add_file(lqa_page *page, const lqa_source_file *file) {
  LQA_MARKUP(page->out, "<dt>source</dt><dd>");
  lqa_html_say(page->out, "%s, %lld row%s", file->path, (long long)file->n_rows,
               lqa_plural(file->n_rows));
  if (file->sha256[0]) {
    LQA_MARKUP(page->out, "<br><span class=\"soft\">");
    lqa_html_say(page->out, "SHA-256 %s", file->sha256);
    LQA_MARKUP(page->out, "</span>");
  }
  LQA_MARKUP(page->out, "</dd>\n");
}

static void add_made(lqa_page *page, const lqa_manifest *m) {
  LQA_MARKUP(page->out, "<dl>\n");
  add_term(page, "program", LQA_STR("labelqa"));
  add_term(page, "version", lqa_str_from(page->report->version));
  add_term(page, "made", lqa_str_from(m->made_utc ? m->made_utc : ""));
  LQA_MARKUP(page->out, "<dt>seed</dt><dd>");
  lqa_html_say(page->out, "%lld", (long long)m->seed);
  LQA_MARKUP(page->out, "</dd>\n");
  add_term(page, "model", lqa_str_from(m->model ? m->model : "none"));
  for (int32_t i = 0; i < m->n_files && i < MAX_FILES; i++) {
    add_file(page, &m->files[i]);
  }
  if (m->n_files > MAX_FILES) {
    LQA_MARKUP(page->out, "<dt>source</dt><dd>");
    lqa_html_say(page->out, "and %d more files, see manifest.json", (int)m->n_files - MAX_FILES);
    LQA_MARKUP(page->out, "</dd>\n");
  }
  LQA_MARKUP(page->out, "</dl>\n");
}

static void add_options(lqa_page *page, const lqa_manifest *m) {
  if (m->n_options == 0) {
    return;
  }
  LQA_MARKUP(page->out,
             "<details><summary>All options</summary><div class=\"wrap\" tabindex=\"0\" "
             "role=\"region\" aria-label=\"options\"><table><caption>As a user would type "
             "them, defaults included</caption><thead><tr><th scope=\"col\">option</th>"
             "<th scope=\"col\">value</th></tr></thead><tbody>\n");
  for (size_t i = 0; i < m->n_options; i++) {
    LQA_MARKUP(page->out, "<tr><th scope=\"row\">");
    lqa_html_say(page->out, "%s", m->options[i].name);
    LQA_MARKUP(page->out, "</th><td class=\"name\">");
    lqa_html_excerpt(lqa_str_from(m->options[i].value ? m->options[i].value : ""), VALUE,
                     page->out);
    LQA_MARKUP(page->out, "</td></tr>\n");
  }
  LQA_MARKUP(page->out, "</tbody></table></div></details>\n");
}

static void add_notes(lqa_page *page) {
  const lqa_report_figures *f = page->report->figures;
  LQA_MARKUP(page->out, "<ul>\n");
  if (page->report->confident.ran && page->report->confident.has_skill) {
    LQA_MARKUP(page->out,
               "<li>Every probability is out of fold: no row was scored by a model that had seen "
               "its label. Confident learning (Northcutt, Jiang and Chuang 2021) flags rows whose "
               "label such a model contradicts; est. wrong is the off-diagonal mass of its "
               "calibrated joint.</li>\n");
  }
  LQA_MARKUP(page->out,
             "<li>trust_score follows a fixed rule: a person's decision, then a judge's verdict, "
             "then the checks and the model. p_correct combines all evidence.</li>"
             "<li>Intervals hold 95 % and are Wilson's; those of classes, blocks, periods and "
             "sources show what chance allows with so many rows, not the error of the model."
             "</li>\n");
  if (f && f->doubt_is_probability) {
    LQA_MARKUP(page->out, "<li>Expected wrong is the mean of 1 - p_correct.</li>\n");
  } else if (f) {
    LQA_MARKUP(page->out, "<li>A row is suspicious where confident learning flags it or a finding "
                          "of severity error marks it.</li>\n");
  }
  if (page->report->confident.ran && !page->report->loss.from_logs) {
    LQA_MARKUP(page->out, "<li>Losses come from the same probabilities: they are no independent "
                          "signal. labelqa losses adds those of a training.</li>\n");
  }
  LQA_MARKUP(page->out, "</ul>\n");
}

static void add_timings(lqa_page *page) {
  const lqa_report *r = page->report;
  if (r->n_timings == 0) {
    return;
  }
  LQA_MARKUP(page->out,
             "<details><summary>Time by stage</summary><div class=\"wrap\" tabindex=\"0\" "
             "role=\"region\" aria-label=\"time by stage\"><table><caption>Seconds"
             "</caption><thead><tr><th scope=\"col\">stage</th><th scope=\"col\" "
             "class=\"n\">seconds</th></tr></thead><tbody>\n");
  for (int64_t i = 0; i < r->n_timings; i++) {
    LQA_MARKUP(page->out, "<tr><th scope=\"row\">");
    lqa_html_say(page->out, "%s", r->timings[i].stage);
    lqa_buf_printf(page->out, "</th><td class=\"n\">%.2f</td></tr>\n", r->timings[i].seconds);
  }
  LQA_MARKUP(page->out, "</tbody></table></div></details>\n");
}

void lqa_page_method(lqa_page *page) {
  const lqa_manifest *m = page->report->manifest;
  LQA_MARKUP(page->out, "<section aria-labelledby=\"method\"><h2 id=\"method\">Method</h2>\n");
  add_notes(page);
  if (m) {
    add_made(page, m);
    add_options(page, m);
  }
  add_timings(page);
  LQA_MARKUP(page->out, "</section>\n");
}
