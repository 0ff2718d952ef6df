/* report/html_findings.c - what the checks found, errors first; what was not run is folded away.
 */
#include "report/html_page.h"

enum { MAX_ALIKE = 5, MESSAGE = 4000 };

static void add_tag(lqa_page *page, const char *severity) {
  switch (lqa_report_severity_rank(severity)) {
  case 0:
    LQA_MARKUP(page->out, "<li class=\"error\">");
    break;
  case 1:
    LQA_MARKUP(page->out, "<li class=\"warn\">");
    break;
  default:
    LQA_MARKUP(page->out, "<li>");
  }
  LQA_MARKUP(page->out, "<h3><b>");
  lqa_html_say(page->out, "%s", severity);
  LQA_MARKUP(page->out, "</b> ");
}

static void add_finding(lqa_page *page, const lqa_report_finding *f) {
  add_tag(page, f->severity);
  lqa_html_say(page->out, "%s", f->id);
  if (f->n_rows > 0 || f->count > 1) {
    LQA_MARKUP(page->out, " <span class=\"soft\">");
    lqa_html_say(page->out, "%lld row%s", (long long)f->count, lqa_plural(f->count));
    LQA_MARKUP(page->out, "</span>");
  }
  LQA_MARKUP(page->out, "</h3>\n<p dir=\"auto\">");
  lqa_html_excerpt(lqa_str_from(f->message), MESSAGE, page->out);
  LQA_MARKUP(page->out, "</p></li>\n");
}

/* Findings of one id beyond the first few, which a check makes of each class, file or column. */
static int64_t count_alike(const lqa_report *r, int64_t at) {
  int64_t n = 1, next = at;
  const char *id = r->findings[at].id;
  for (const lqa_report_finding *f; (f = lqa_report_next_finding(r, &next));) {
    if (strcmp(f->id, id) != 0) {
      break;
    }
    n++;
  }
  return n;
}

static void add_group(lqa_page *page, int64_t *at) {
  const lqa_report *r = page->report;
  int64_t n = count_alike(r, *at);
  for (int64_t i = 0; i < n; i++) {
    if (i == MAX_ALIKE) {
      LQA_MARKUP(page->out, "<li><details><summary>");
      lqa_html_say(page->out, "%lld more of %s", (long long)(n - MAX_ALIKE), r->findings[*at].id);
      LQA_MARKUP(page->out, "</summary><ul class=\"findings\">\n");
    }
    add_finding(page, &r->findings[*at]);
    if (i + 1 < n) {
      lqa_report_next_finding(r, at);
    }
  }
  if (n > MAX_ALIKE) {
    LQA_MARKUP(page->out, "</ul></details></li>\n");
  }
}

static void add_quiet(lqa_page *page) {
  lqa_buf lines = lqa_page_lines();
  lqa_report_quiet_checks(page->report, false, &lines);
  LQA_MARKUP(page->out, "<details><summary>");
  lqa_html_say(page->out, "Checks that found nothing, and %lld that %s not run",
               (long long)page->report->n_not_run, page->report->n_not_run == 1 ? "was" : "were");
  LQA_MARKUP(page->out, "</summary>\n");
  lqa_page_list(page, &lines);
  LQA_MARKUP(page->out, "</details>\n");
}

void lqa_page_findings(lqa_page *page) {
  int64_t at = -1;
  LQA_MARKUP(page->out,
             "<section aria-labelledby=\"structure\"><h2 id=\"structure\">Structure</h2>\n");
  if (lqa_report_next_finding(page->report, &at)) {
    LQA_MARKUP(page->out, "<ul class=\"findings\">\n");
    do {
      add_group(page, &at);
    } while (lqa_report_next_finding(page->report, &at));
    LQA_MARKUP(page->out, "</ul>\n");
  } else {
    LQA_MARKUP(page->out, "<p>No check found anything.</p>\n");
  }
  add_quiet(page);
  LQA_MARKUP(page->out, "</section>\n");
}
