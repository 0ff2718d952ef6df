/* How an evaluation reads on a terminal: who found how much, by kind of error, and what a person
 * gets for reviewing N rows.
 */
#include "evaluate/evaluate.h"

#include "trust/error_rate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PLOT_ROWS = 10, PLOT_COLUMN_WIDTH = 3 };

static const char *const titles[LQA_EVALUATED_COUNT] = {"provenance", "confident learning",
                                                        "judge-confirmed", "high loss", "combined"};
static const char *const keys[LQA_EVALUATED_COUNT] = {"provenance", "confident_learning",
                                                      "judge_confirmed", "high_loss", "combined"};

static void add_share(lqa_buf *out, double value) {
  if (isnan(value)) {
    lqa_buf_printf(out, "%10s", "-");
  } else {
    lqa_buf_printf(out, "%10.3f", value);
  }
}

const char *lqa_evaluated_title(lqa_evaluated audit) {
  return titles[audit];
}

const char *lqa_evaluated_key(lqa_evaluated audit) {
  return keys[audit];
}

static bool is_shown(const lqa_evaluation *e, int audit) {
  return audit != LQA_EVALUATED_JUDGE || e->has_judge;
}

static void print_scores(const lqa_evaluation *e, lqa_buf *out) {
  lqa_buf_printf(out, "%-20s%10s%10s%10s%10s\n", "audit", "rows", "right", "precision", "recall");
  for (int a = 0; a < LQA_EVALUATED_COUNT; a++) {
    const lqa_score *score = &e->scores[a];
    if (!is_shown(e, a)) {
      continue;
    }
    lqa_buf_printf(out, "%-20s%10lld%10lld", titles[a], (long long)score->n_flagged,
                   (long long)score->n_true);
    add_share(out, score->precision);
    add_share(out, score->recall);
    lqa_buf_add_char(out, '\n');
  }
}

/* "98.2 % (161 of 164, 95 %: 94.8 to 99.4)" */
static void print_rate(int64_t hits, int64_t n, lqa_buf *out) {
  lqa_interval i = lqa_interval_wilson(hits, n, 0.95);
  if (n == 0) {
    lqa_buf_add_text(out, "none judged\n");
    return;
  }
  lqa_buf_printf(out, "%.1f %% (%lld of %lld, 95 %%: %.1f to %.1f)\n", 100 * i.estimate,
                 (long long)hits, (long long)n, 100 * i.low, 100 * i.high);
}

/* How far the judge can be believed: what it says of rows whose truth is known. */
static void print_judge(const lqa_judge_measure *judge, lqa_buf *out) {
  lqa_buf_printf(out, "\nthe judge alone, on the %lld rows that it judged\n",
                 (long long)(judge->n_wrong + judge->n_right));
  lqa_buf_add_text(out, "  says NO to wrong labels (sensitivity)   ");
  print_rate(judge->n_wrong_doubted, judge->n_wrong, out);
  lqa_buf_add_text(out, "  says NO to right labels (false alarms)  ");
  print_rate(judge->n_right_doubted, judge->n_right, out);
}

static void print_kinds(const lqa_evaluation *e, lqa_buf *out) {
  lqa_buf_printf(out, "\nrecall by kind of error\n%-18s%8s", "kind", "errors");
  for (int a = 0; a < LQA_EVALUATED_COUNT; a++) {
    if (is_shown(e, a)) {
      lqa_buf_printf(out, "%20s", titles[a]);
    }
  }
  lqa_buf_add_char(out, '\n');
  for (int kind = 1; kind < LQA_CORRUPT_COUNT; kind++) {
    if (e->kind_errors[kind] == 0) {
      continue;
    }
    lqa_buf_printf(out, "%-18s%8lld", lqa_corruption_name((lqa_corruption)kind),
                   (long long)e->kind_errors[kind]);
    for (int a = 0; a < LQA_EVALUATED_COUNT; a++) {
      if (is_shown(e, a)) {
        lqa_buf_printf(out, "%20.3f",
                       (double)e->scores[a].kind_true[kind] / (double)e->kind_errors[kind]);
      }
    }
    lqa_buf_add_char(out, '\n');
  }
}

static int plot_level(double share) {
  return (int)floor(share * PLOT_ROWS + 0.5);
}

/* One line of the plot: P where precision stands, R where recall does, B where both do. */
static void print_plot_line(const lqa_evaluation *e, int level, lqa_buf *out) {
  lqa_buf_printf(out, "%5.1f |", (double)level / PLOT_ROWS);
  for (int i = 0; i < e->n_points; i++) {
    bool p = plot_level(e->curve[i].precision) == level;
    bool r = plot_level(e->curve[i].recall) == level;
    lqa_buf_printf(out, "%*s", PLOT_COLUMN_WIDTH, p && r ? "B" : p ? "P" : r ? "R" : "");
  }
  lqa_buf_add_char(out, '\n');
}

/* The point nearest to confident learning's own budget. */
static int marked_point(const lqa_evaluation *e) {
  int best = 0;
  for (int i = 1; i < e->n_points; i++) {
    if (llabs(e->curve[i].budget - e->confident_budget) <
        llabs(e->curve[best].budget - e->confident_budget)) {
      best = i;
    }
  }
  return best;
}

static void print_plot(const lqa_evaluation *e, lqa_buf *out) {
  lqa_buf_add_text(out, "\nprecision at k (P) and recall at k (R) of the k most suspicious rows "
                        "(B = both)\n");
  for (int level = PLOT_ROWS; level >= 0; level--) {
    print_plot_line(e, level, out);
  }
  lqa_buf_printf(out, "      +%.*s\n", e->n_points * PLOT_COLUMN_WIDTH,
                 "------------------------------------------------------------------------");
  int mark = marked_point(e);
  lqa_buf_printf(out, "%7s%*s\n", "", (mark + 1) * PLOT_COLUMN_WIDTH, "^");
  lqa_buf_printf(out, "       up to %lld rows; ^ = the %lld rows that confident learning flags\n",
                 (long long)e->curve[e->n_points - 1].budget, (long long)e->confident_budget);
}

void lqa_evaluation_print(const lqa_evaluation *e, int width, lqa_buf *out) {
  lqa_buf_printf(out, "%lld rows, %lld of them real errors (base rate %.1f %%)\n\n",
                 (long long)e->n_rows, (long long)e->n_errors,
                 e->n_rows ? 100.0 * (double)e->n_errors / (double)e->n_rows : 0.0);
  print_scores(e, out);
  if (e->has_judge) {
    print_judge(&e->judge, out);
  }
  if (e->has_kinds) {
    print_kinds(e, out);
  }
  if (e->n_points > 0 && width >= 7 + e->n_points * PLOT_COLUMN_WIDTH) {
    print_plot(e, out);
  }
  if (!isnan(e->average_precision)) {
    lqa_buf_printf(out, "\naverage precision of the ranking: %.3f\n", e->average_precision);
  }
  lqa_posterior_measure_print(&e->posterior, out);
}

static void add_kind_counts(const char *key, const int64_t *counts, lqa_json *json) {
  lqa_json_key(json, key);
  lqa_json_open_object(json);
  for (int kind = 1; kind < LQA_CORRUPT_COUNT; kind++) {
    lqa_json_key(json, lqa_corruption_name((lqa_corruption)kind));
    lqa_json_int(json, counts[kind]);
  }
  lqa_json_close_object(json);
}

static void add_score(const lqa_evaluation *e, int audit, lqa_json *json) {
  const lqa_score *score = &e->scores[audit];
  lqa_json_key(json, keys[audit]);
  lqa_json_open_object(json);
  lqa_json_add_int(json, "count", score->n_flagged);
  lqa_json_add_int(json, "right", score->n_true);
  lqa_json_add_double(json, "precision", score->precision);
  lqa_json_add_double(json, "recall", score->recall);
  if (e->has_kinds) {
    add_kind_counts("right_by_kind", score->kind_true, json);
  }
  lqa_json_close_object(json);
}

static void add_rate(const char *key, int64_t hits, int64_t n, lqa_json *json) {
  lqa_interval i = lqa_interval_wilson(hits, n, 0.95);
  lqa_json_key(json, key);
  lqa_json_open_object(json);
  lqa_json_add_double(json, "estimate", i.estimate);
  lqa_json_add_double(json, "low", i.low);
  lqa_json_add_double(json, "high", i.high);
  lqa_json_add_int(json, "hits", hits);
  lqa_json_add_int(json, "n", n);
  lqa_json_close_object(json);
}

static void add_judge(const lqa_judge_measure *judge, lqa_json *json) {
  lqa_json_key(json, "judge");
  lqa_json_open_object(json);
  add_rate("sensitivity", judge->n_wrong_doubted, judge->n_wrong, json);
  add_rate("false_alarm", judge->n_right_doubted, judge->n_right, json);
  lqa_json_close_object(json);
}

static void add_curve(const lqa_evaluation *e, lqa_json *json) {
  lqa_json_key(json, "budget");
  lqa_json_open_array(json);
  for (int i = 0; i < e->n_points; i++) {
    lqa_json_open_object(json);
    lqa_json_add_int(json, "rows", e->curve[i].budget);
    lqa_json_add_double(json, "precision", e->curve[i].precision);
    lqa_json_add_double(json, "recall", e->curve[i].recall);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

void lqa_evaluation_json(const lqa_evaluation *e, lqa_json *json) {
  lqa_json_open_object(json);
  lqa_json_add_int(json, "rows", e->n_rows);
  lqa_json_add_int(json, "errors", e->n_errors);
  if (e->has_kinds) {
    add_kind_counts("errors_by_kind", e->kind_errors, json);
  }
  lqa_json_key(json, "audits");
  lqa_json_open_object(json);
  for (int a = 0; a < LQA_EVALUATED_COUNT; a++) {
    if (is_shown(e, a)) {
      add_score(e, a, json);
    }
  }
  lqa_json_close_object(json);
  if (e->has_judge) {
    add_judge(&e->judge, json);
  }
  lqa_json_add_double(json, "average_precision", e->average_precision);
  lqa_json_add_int(json, "confident_learning_budget", e->confident_budget);
  lqa_posterior_measure_json(&e->posterior, json);
  add_curve(e, json);
  lqa_json_close_object(json);
}
