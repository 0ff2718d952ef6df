/* "NAME OP NUMBER": a name from a table, one of six comparisons, a number. */
#include "report/fail_if.h"

#include <math.h>

struct condition {
  int name;
  char op[3];
  double bound;
};

typedef double (*value_fn)(const lqa_report *report);

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

static const struct {
  const char *name;
  value_fn value;
} names[] = {{"findings.error", count_errors},
             {"findings.warn", count_warnings},
             {"flagged_rate", flagged_rate},
             {"needs_review", needs_review},
             {"error_rate.low", rate_low},
             {"error_rate.estimate", rate_estimate},
             {"error_rate.high", rate_high},
             {"flag_recall.low", recall_low},
             {"flag_recall.estimate", recall_estimate},
             {"flag_recall.high", recall_high},
             {"expected_error_rate", expected_rate}};

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

static bool parse(const char *text, struct condition *out) {
  text += strspn(text, " ");
  size_t n = strcspn(text, " <>=!");
  out->name = -1;
  for (int i = 0; i < N_NAMES; i++) {
    if (strlen(names[i].name) == n && strncmp(text, names[i].name, n) == 0) {
      out->name = i;
    }
  }
  text += n;
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

lqa_status lqa_fail_if_run(const lqa_text_list *conditions, const lqa_report *report,
                           lqa_error *err) {
  struct condition condition;
  for (size_t i = 0; i < conditions->n; i++) {
    if (!parse(conditions->items[i], &condition)) {
      return lqa_fail_if_check(conditions, err);
    }
    double value = names[condition.name].value(report);
    if (holds(&condition, value)) {
      return lqa_fail(err, LQA_FAIL_IF, LQA_OPTION("fail_if") " '%s' holds: %s is %g",
                      conditions->items[i], names[condition.name].name, value);
    }
  }
  return LQA_OK;
}
