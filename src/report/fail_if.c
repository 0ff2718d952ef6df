/* "NAME OP NUMBER": a name from a table, one of six comparisons, a number. A figure that every
 * class has is tried for each, or for the one in brackets; a class's name may hold any character.
 */
#include "report/fail_if.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct condition {
  int name;
  lqa_str class; /* in brackets, else NULL */
  char op[3];
  double bound;
};

typedef double (*value_fn)(const lqa_report *report);
typedef double (*class_value_fn)(const lqa_report_class_rate *rate);

static double count_errors(const lqa_report *r) {
  return (double)lqa_report_count_findings(r, "error");
}
static double count_warnings(const lqa_report *r) {
  return (double)lqa_report_count_findings(r, "warn");
}
static double flagged_rate(const lqa_report *r) {
  return r->n_rows ? (double)r->confident.flagged / (double)r->n_rows : 0;
}
static double needs_review(const lqa_report *r) {
  return (double)r->needs_review;
}
static double rate_low(const lqa_report *r) {
  return r->has_error_rate ? r->error_rate.low : NAN;
}
static double rate_estimate(const lqa_report *r) {
  return r->has_error_rate ? r->error_rate.estimate : NAN;
}
static double rate_high(const lqa_report *r) {
  return r->has_error_rate ? r->error_rate.high : NAN;
}
static double recall_low(const lqa_report *r) {
  return r->has_flag_recall ? r->flag_recall.low : NAN;
}
static double recall_estimate(const lqa_report *r) {
  return r->has_flag_recall ? r->flag_recall.estimate : NAN;
}
static double recall_high(const lqa_report *r) {
  return r->has_flag_recall ? r->flag_recall.high : NAN;
}
/* Only where p_correct is a probability; of a rank no share follows. */
static double expected_rate(const lqa_report *r) {
  return r->trust && r->trust->is_known && r->trust->is_calibrated ? r->trust->rate : NAN;
}

static double class_low(const lqa_report_class_rate *c) {
  return c->low;
}
static double class_estimate(const lqa_report_class_rate *c) {
  return c->estimate;
}
static double class_high(const lqa_report_class_rate *c) {
  return c->high;
}

static const struct {
  const char *name;
  value_fn value;
  class_value_fn of_class;
} names[] = {{"findings.error", count_errors, NULL},
             {"findings.warn", count_warnings, NULL},
             {"flagged_rate", flagged_rate, NULL},
             {"needs_review", needs_review, NULL},
             {"error_rate.low", rate_low, NULL},
             {"error_rate.estimate", rate_estimate, NULL},
             {"error_rate.high", rate_high, NULL},
             {"flag_recall.low", recall_low, NULL},
             {"flag_recall.estimate", recall_estimate, NULL},
             {"flag_recall.high", recall_high, NULL},
             {"expected_error_rate", expected_rate, NULL},
             {"error_rate.by_class.low", NULL, class_low},
             {"error_rate.by_class.estimate", NULL, class_estimate},
             {"error_rate.by_class.high", NULL, class_high}};

enum { N_NAMES = sizeof names / sizeof names[0] };

static bool parse_op(const char **text, char op[3]) {
  static const char *const ops[] = {">=", "<=", "==", "!=", ">", "<"};
  for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
    size_t n = strlen(ops[i]);
    if (strncmp(*text, ops[i], n) == 0) {
      strcpy(op, ops[i]);
      *text += n;
      return true;
    }
  }
  return false;
}

static int find_name(lqa_str name) {
  for (int i = 0; i < N_NAMES; i++) {
    if (lqa_str_equal(name, lqa_str_from(names[i].name))) {
      return i;
    }
  }
  return -1;
}

/* error_rate.by_class[CLASS].high: the name without the brackets, and what they hold. */
static int find_class_name(const char **text, lqa_str *class) {
  static const char START[] = "error_rate.by_class[";
  const char *end = strrchr(*text, ']');
  char plain[64];
  if (strncmp(*text, START, sizeof START - 1) != 0 || !end) {
    return -1;
  }
  const char *from = *text + sizeof START - 1;
  size_t n = strcspn(end + 1, " <>=!");
  if (n > 20 || from > end) {
    return -1;
  }
  *class = (lqa_str){from, (size_t)(end - from)};
  snprintf(plain, sizeof plain, "error_rate.by_class%.*s", (int)n, end + 1);
  *text = end + 1 + n;
  return find_name(lqa_str_from(plain));
}

static bool parse(const char *text, struct condition *out) {
  text += strspn(text, " ");
  out->class = (lqa_str){0};
  out->name = find_class_name(&text, &out->class);
  if (out->name < 0) {
    size_t n = strcspn(text, " <>=!");
    out->name = find_name((lqa_str){text, n});
    text += n;
  }
  text += strspn(text, " ");
  return out->name >= 0 && parse_op(&text, out->op) &&
         lqa_str_to_double(lqa_str_trim(lqa_str_from(text)), &out->bound);
}

lqa_status lqa_fail_if_check(const lqa_text_list *conditions, lqa_error *err) {
  struct condition condition;
  for (size_t i = 0; i < conditions->n; i++) {
    if (!parse(conditions->items[i], &condition)) {
      return lqa_fail(
          err, LQA_BAD_USAGE,
          LQA_OPTION("fail_if") " '%s': expected NAME OP NUMBER, such as 'findings.error > 0'; "
                                "names: " LQA_FAIL_IF_NAMES "; operators: > >= < <= == !=",
          conditions->items[i]);
    }
  }
  return LQA_OK;
}

static bool holds(const struct condition *c, double value) {
  if (isnan(value)) {
    return false;
  }
  bool equal = value == c->bound;
  switch (c->op[0]) {
  case '>':
    return value > c->bound || (c->op[1] == '=' && equal);
  case '<':
    return value < c->bound || (c->op[1] == '=' && equal);
  case '=':
    return equal;
  default:
    return !equal;
  }
}

static bool has_class(const lqa_report *report, lqa_str class) {
  for (int64_t k = 0; k < report->n_classes; k++) {
    if (lqa_str_equal(report->classes[k], class)) {
      return true;
    }
  }
  return false;
}

static lqa_status run_by_class(const struct condition *c, const char *text,
                               const lqa_report *report, lqa_error *err) {
  if (c->class.data && !has_class(report, c->class)) {
    return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION("fail_if") " '%s': the run has no class '%.*s'",
                    text, (int)c->class.size, c->class.data);
  }
  for (int64_t i = 0; i < report->n_rates; i++) {
    const lqa_report_class_rate *rate = &report->rates[i];
    double value = names[c->name].of_class(rate);
    if ((!c->class.data || lqa_str_equal(rate->label, c->class)) && holds(c, value)) {
      return lqa_fail(err, LQA_FAIL_IF,
                      LQA_OPTION("fail_if") " '%s' holds: %s of class '%.*s' is %g", text,
                      names[c->name].name, (int)rate->label.size, rate->label.data, value);
    }
  }
  return LQA_OK;
}

static lqa_status run_one(const struct condition *c, const char *text, const lqa_report *report,
                          lqa_error *err) {
  if (names[c->name].of_class) {
    return run_by_class(c, text, report, err);
  }
  double value = names[c->name].value(report);
  return holds(c, value) ? lqa_fail(err, LQA_FAIL_IF, LQA_OPTION("fail_if") " '%s' holds: %s is %g",
                                    text, names[c->name].name, value)
                         : LQA_OK;
}

lqa_status lqa_fail_if_run(const lqa_text_list *conditions, const lqa_report *report,
                           lqa_error *err) {
  struct condition condition;
  for (size_t i = 0; i < conditions->n; i++) {
    if (!parse(conditions->items[i], &condition)) {
      return lqa_fail_if_check(conditions, err);
    }
    LQA_TRY(run_one(&condition, conditions->items[i], report, err));
  }
  return LQA_OK;
}
