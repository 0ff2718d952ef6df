/* diff_text.c - the same for people, and the rows as a table. */
#include "data/table/table.h"
#include "versions/diff.h"

#include <math.h>
#include <string.h>

enum { SHOWN_PAIRS = 10 };

static lqa_str or_none(lqa_str label) {
  return lqa_str_is_null(label) ? lqa_str_from("(no label)") : label;
}

static void say_rows(const lqa_diff *d, lqa_buf *out) {
  lqa_buf_printf(out, "Rows, matched by %s: %lld before, %lld now\n",
                 d->match.by_id ? "id" : "content", (long long)d->a->rows.n_rows,
                 (long long)d->b->rows.n_rows);
  lqa_buf_printf(out,
                 "  unchanged %lld   relabelled %lld   content changed %lld   added %lld   removed "
                 "%lld\n",
                 (long long)d->counts[LQA_DIFF_UNCHANGED],
                 (long long)d->counts[LQA_DIFF_RELABELLED],
                 (long long)d->counts[LQA_DIFF_CONTENT_CHANGED],
                 (long long)d->counts[LQA_DIFF_ADDED], (long long)d->counts[LQA_DIFF_REMOVED]);
  lqa_buf_printf(out, "  no longer doubted %lld   newly doubted %lld\n", (long long)d->fixed,
                 (long long)d->newly_doubted);
  if (d->counts[LQA_DIFF_RELABELLED] > 0) {
    lqa_buf_printf(out,
                   "  the new labels are: decided in the first run %lld, its judge's %lld, someone "
                   "else's %lld\n",
                   (long long)d->by[LQA_DIFF_BY_DECISION], (long long)d->by[LQA_DIFF_BY_JUDGE],
                   (long long)d->by[LQA_DIFF_BY_OTHERS]);
  }
  if (d->reverted > 0) {
    lqa_buf_printf(out, "  another label now, although people had decided: %lld\n",
                   (long long)d->reverted);
  }
  if (d->not_applied > 0) {
    lqa_buf_printf(out, "  decided in the first run, but not in the data: %lld\n",
                   (long long)d->not_applied);
  }
}

static void say_pairs(const lqa_diff *d, lqa_buf *out) {
  for (size_t i = 0; i < d->pairs.n && i < SHOWN_PAIRS; i++) {
    const lqa_diff_pair *p = &d->pairs.data[i];
    lqa_str from = or_none(p->from), to = or_none(p->to);
    lqa_buf_printf(out, "%s%6lld  %.*s -> %.*s\n", i == 0 ? "\nRelabelled\n" : "",
                   (long long)p->count, (int)from.size, from.data, (int)to.size, to.data);
  }
  if (d->pairs.n > SHOWN_PAIRS) {
    lqa_buf_printf(out, "        and %zu more pairs of labels\n", d->pairs.n - SHOWN_PAIRS);
  }
}

static const lqa_report_finding *find(const lqa_report *report, const char *id) {
  for (int64_t i = 0; i < report->n_findings; i++) {
    if (report->findings[i].count > 0 && strcmp(report->findings[i].id, id) == 0) {
      return &report->findings[i];
    }
  }
  return NULL;
}

static void say_findings(const lqa_report *report, const lqa_report *other, const char *title,
                         lqa_buf *out) {
  bool any = false;
  for (int64_t i = 0; i < report->n_findings; i++) {
    const lqa_report_finding *f = &report->findings[i];
    if (f->count > 0 && !find(other, f->id)) {
      lqa_buf_printf(out, "%s%s", any ? ", " : title, f->id);
      any = true;
    }
  }
  lqa_buf_add_text(out, any ? "\n" : "");
}

static void say_rate(const lqa_report *report, const char *when, lqa_buf *out) {
  if (report->has_error_rate) {
    lqa_buf_printf(out, "  %-7s%.1f %% (95 %%: %.1f to %.1f, n = %lld)\n", when,
                   100 * report->error_rate.estimate, 100 * report->error_rate.low,
                   100 * report->error_rate.high, (long long)report->error_rate.n);
  } else {
    lqa_buf_printf(out, "  %-7snot measured\n", when);
  }
}

static void say_rates(const lqa_diff *d, lqa_buf *out) {
  lqa_buf_add_text(out, "\nWrong labels\n");
  say_rate(d->report_a, "before", out);
  say_rate(d->report_b, "now", out);
  const lqa_interval *x = &d->error_difference;
  if (x->n > 0) {
    lqa_buf_printf(out, "  difference %+.1f points (95 %%: %+.1f to %+.1f, p = %.3g): %s\n",
                   100 * x->estimate, 100 * x->low, 100 * x->high, d->error_p,
                   x->high < 0  ? "fewer are wrong"
                   : x->low > 0 ? "more are wrong"
                                : "no difference is shown");
  }
}

static void say_judge(const lqa_interval *in, const char *when, lqa_buf *out) {
  if (in->n > 0) {
    lqa_buf_printf(out,
                   "The judge's NO, %s: right in %.1f %% of %lld rows that people decided "
                   "(95 %%: %.1f to %.1f)\n",
                   when, 100 * in->estimate, (long long)in->n, 100 * in->low, 100 * in->high);
  }
}

void lqa_diff_text(const lqa_diff *d, lqa_buf *out) {
  say_rows(d, out);
  say_pairs(d, out);
  say_findings(d->report_b, d->report_a, "\nNew findings: ", out);
  say_findings(d->report_a, d->report_b, "\nFindings that are gone: ", out);
  say_rates(d, out);
  say_judge(&d->relabel_a, "before", out);
  say_judge(&d->relabel_b, "now", out);
}

/* ---- the rows as a table ---- */

static void get_status(void *data, int64_t i, lqa_value *value) {
  const lqa_diff *d = data;
  value->text = lqa_str_from(lqa_diff_status_name(d->rows.data[i].status));
}

static void get_by(void *data, int64_t i, lqa_value *value) {
  const lqa_diff *d = data;
  const char *by = lqa_diff_by_name(d->rows.data[i].by);
  value->is_null = !by;
  value->text = lqa_str_from(by ? by : "");
}

static void get_number(int64_t row, lqa_value *value) {
  value->is_null = row < 0;
  value->integer = row;
}

static void get_row_a(void *data, int64_t i, lqa_value *value) {
  get_number(((const lqa_diff *)data)->rows.data[i].row_a, value);
}

static void get_row_b(void *data, int64_t i, lqa_value *value) {
  get_number(((const lqa_diff *)data)->rows.data[i].row_b, value);
}

static void set_text(lqa_str text, lqa_value *value) {
  value->is_null = lqa_str_is_null(text);
  value->text = text;
}

static void get_id(void *data, int64_t i, lqa_value *value) {
  const lqa_diff *d = data;
  const lqa_diff_row *r = &d->rows.data[i];
  set_text(r->row_b >= 0 ? lqa_run_rows_given_id(&d->b->rows, r->row_b)
                         : lqa_run_rows_given_id(&d->a->rows, r->row_a),
           value);
}

static void get_label_a(void *data, int64_t i, lqa_value *value) {
  const lqa_diff *d = data;
  int64_t row = d->rows.data[i].row_a;
  set_text(row >= 0 ? lqa_diff_label(d->a, row) : (lqa_str){NULL, 0}, value);
}

static void get_label_b(void *data, int64_t i, lqa_value *value) {
  const lqa_diff *d = data;
  int64_t row = d->rows.data[i].row_b;
  set_text(row >= 0 ? lqa_diff_label(d->b, row) : (lqa_str){NULL, 0}, value);
}

static void set_action(const lqa_run *run, int64_t row, lqa_value *value) {
  set_text(row >= 0 ? lqa_str_from(lqa_action_name((lqa_action)run->evidence.action[row]))
                    : (lqa_str){NULL, 0},
           value);
}

static void get_action_a(void *data, int64_t i, lqa_value *value) {
  const lqa_diff *d = data;
  set_action(d->a, d->rows.data[i].row_a, value);
}

static void get_action_b(void *data, int64_t i, lqa_value *value) {
  const lqa_diff *d = data;
  set_action(d->b, d->rows.data[i].row_b, value);
}

lqa_status lqa_diff_save(const lqa_diff *diff, const char *path, const lqa_observer *observer,
                         lqa_error *err) {
  static const lqa_table_column COLUMNS[] = {{"status", LQA_VALUE_TEXT, get_status, NULL},
                                             {"row_id", LQA_VALUE_TEXT, get_id, NULL},
                                             {"row_a", LQA_VALUE_INT64, get_row_a, NULL},
                                             {"row_b", LQA_VALUE_INT64, get_row_b, NULL},
                                             {"label_a", LQA_VALUE_TEXT, get_label_a, NULL},
                                             {"label_b", LQA_VALUE_TEXT, get_label_b, NULL},
                                             {"by", LQA_VALUE_TEXT, get_by, NULL},
                                             {"action_a", LQA_VALUE_TEXT, get_action_a, NULL},
                                             {"action_b", LQA_VALUE_TEXT, get_action_b, NULL}};
  lqa_table_format format;
  LQA_TRY(lqa_table_format_of(path, &format, err));
  const lqa_table table = {.n_rows = (int64_t)diff->rows.n,
                           .columns = COLUMNS,
                           .n_columns = sizeof COLUMNS / sizeof *COLUMNS,
                           .data = (void *)diff};
  return lqa_table_save(&table, path, format, observer, err);
}
