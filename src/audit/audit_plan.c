/* audit/audit_plan.c - the user's choices of checks, severities and parameters, checked against the
 * table of audits.
 *
 * An id may be an audit's ("length-fingerprint") or one of its findings' ("duplicate-conflict" of
 * the audit "duplicate"): naming a finding runs its audit and keeps that finding only. Every
 * mistake is reported before a row is looked at, with the ids or names that would have been right.
 */
#include "audit/audit_plan.h"

#include <math.h>
#include <stdio.h>

enum { MAX_ID_BYTES = 64, MAX_LIST_BYTES = 1 << 14 };

static void plan_everything(lqa_audit_plan *plan, bool wanted) {
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    for (int k = 0; k < LQA_AUDIT_MAX_KINDS; k++) {
      plan->wanted[i][k] = wanted;
    }
  }
}

static void plan_defaults(lqa_audit_plan *plan) {
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    const lqa_audit *audit = lqa_audit_get((lqa_audit_number)i);
    for (int k = 0; k < lqa_audit_kind_count(audit); k++) {
      plan->severity[i][k] = audit->kinds[k].severity;
    }
    for (int p = 0; p < lqa_audit_param_count(audit); p++) {
      plan->params[i][p] = audit->params[p].default_value;
    }
  }
}

typedef struct id_list {
  const char *wrong, *nearest;
  size_t distance;
  lqa_buf ids;
} id_list;

static void list_id(id_list *list, const char *id) {
  size_t distance = lqa_str_distance(lqa_str_from(list->wrong), lqa_str_from(id));
  if (distance < list->distance) {
    list->nearest = id;
    list->distance = distance;
  }
  lqa_buf_printf(&list->ids, "%s%s", list->ids.size ? ", " : "", id);
}

/* All that may be named: the ids of audits, and those of findings where they are others. */
static void list_ids(id_list *list) {
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    const lqa_audit *audit = lqa_audit_get((lqa_audit_number)i);
    list_id(list, audit->id);
    for (int k = 0; k < lqa_audit_kind_count(audit); k++) {
      const char *id = audit->kinds[k].id, *before = k ? audit->kinds[k - 1].id : audit->id;
      if (strcmp(id, audit->id) != 0 && strcmp(id, before) != 0) {
        list_id(list, id);
      }
    }
  }
}

static lqa_status fail_unknown_id(const char *option, const char *id, bool takes_groups,
                                  lqa_error *err) {
  id_list list = {.wrong = id, .distance = 3};
  lqa_buf_init(&list.ids, MAX_LIST_BYTES);
  if (takes_groups) {
    list_id(&list, "all");
    list_id(&list, "basic");
  }
  list_ids(&list);
  lqa_status status = lqa_fail(
      err, LQA_BAD_USAGE, LQA_OPTION("%s") ": there is no check '%.60s'%s%s%s There are: %s",
      option, id, list.nearest ? "; did you mean '" : "", list.nearest ? list.nearest : "",
      list.nearest ? "'?" : ".", list.ids.data ? list.ids.data : "");
  lqa_buf_clear(&list.ids);
  return status;
}

typedef void (*kind_fn)(lqa_audit_plan *plan, int audit, int kind, lqa_severity severity);

/* Calls `apply` for every kind whose own id, or whose audit's id, is `id`; returns how many. */
static int each_kind(lqa_audit_plan *plan, const char *id, bool by_audit, kind_fn apply,
                     lqa_severity severity) {
  int n = 0;
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    const lqa_audit *audit = lqa_audit_get((lqa_audit_number)i);
    for (int k = 0; k < lqa_audit_kind_count(audit); k++) {
      if (strcmp(by_audit ? audit->id : audit->kinds[k].id, id) == 0) {
        apply(plan, i, k, severity);
        n++;
      }
    }
  }
  return n;
}

/* A check that is off by default (severity ignore) is turned on by naming it. */
static void want(lqa_audit_plan *plan, int audit, int kind, lqa_severity severity) {
  plan->wanted[audit][kind] = plan->named[audit] = true;
  if (plan->severity[audit][kind] == LQA_IGNORE) {
    plan->severity[audit][kind] = severity;
  }
}

static void set_severity(lqa_audit_plan *plan, int audit, int kind, lqa_severity severity) {
  plan->severity[audit][kind] = severity;
}

static void plan_basic(lqa_audit_plan *plan) {
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    const lqa_audit *audit = lqa_audit_get((lqa_audit_number)i);
    for (int k = 0; audit->is_basic && k < lqa_audit_kind_count(audit); k++) {
      plan->wanted[i][k] = true;
    }
  }
}

static lqa_status plan_checks(lqa_audit_plan *plan, const lqa_text_list *checks, lqa_error *err) {
  plan_everything(plan, checks->n == 0);
  for (size_t c = 0; c < checks->n; c++) {
    const char *id = checks->items[c];
    if (strcmp(id, "all") == 0) {
      plan_everything(plan, true);
    } else if (strcmp(id, "basic") == 0) {
      plan_basic(plan);
    } else if (each_kind(plan, id, true, want, LQA_WARN) == 0 &&
               each_kind(plan, id, false, want, LQA_WARN) == 0) {
      return fail_unknown_id("checks", id, true, err);
    }
  }
  return LQA_OK;
}

/* Cuts "left=right"; false if there is no '=' or `left` does not fit. */
static bool cut(const char *text, char left[MAX_ID_BYTES], const char **right) {
  const char *equals = strchr(text, '=');
  size_t size = equals ? (size_t)(equals - text) : 0;
  if (size == 0 || size >= MAX_ID_BYTES) {
    return false;
  }
  memcpy(left, text, size);
  left[size] = 0;
  *right = equals + 1;
  return true;
}

static lqa_status plan_severities(lqa_audit_plan *plan, const lqa_text_list *items,
                                  lqa_error *err) {
  for (size_t i = 0; i < items->n; i++) {
    char id[MAX_ID_BYTES];
    const char *level;
    lqa_severity severity;
    if (!cut(items->items[i], id, &level) || !lqa_severity_parse(level, &severity)) {
      return lqa_fail(
          err, LQA_BAD_USAGE,
          LQA_OPTION_AS("severity",
                        "%s") ": expected ID=LEVEL with LEVEL one of error, warn, info, ignore",
          items->items[i]);
    }
    if (each_kind(plan, id, false, set_severity, severity) == 0 &&
        each_kind(plan, id, true, set_severity, severity) == 0) {
      return fail_unknown_id("severity", id, false, err);
    }
  }
  return LQA_OK;
}

static lqa_status fail_unknown_param(const lqa_audit *audit, const char *name, lqa_error *err) {
  lqa_buf names;
  lqa_buf_init(&names, MAX_LIST_BYTES);
  for (int p = 0; p < lqa_audit_param_count(audit); p++) {
    lqa_buf_printf(&names, "%s%s", p ? ", " : "", audit->params[p].name);
  }
  lqa_status status =
      lqa_fail(err, LQA_BAD_USAGE,
               LQA_OPTION_AS("set", "%s.%s") ": the check has no such parameter; it has %s",
               audit->id, name, names.size ? names.data : "none");
  lqa_buf_clear(&names);
  return status;
}

static lqa_status set_param(lqa_audit_plan *plan, const lqa_audit *audit, const char *name,
                            const char *text, lqa_error *err) {
  int p = 0;
  while (p < lqa_audit_param_count(audit) && strcmp(audit->params[p].name, name) != 0) {
    p++;
  }
  if (p == lqa_audit_param_count(audit)) {
    return fail_unknown_param(audit, name, err);
  }
  const lqa_audit_param *param = &audit->params[p];
  double value;
  bool ok = lqa_str_to_double(lqa_str_from(text), &value) && value >= param->min &&
            value <= param->max && (!param->is_whole || value == floor(value));
  if (!ok) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION_AS("set", "%s.%s=%s") ": expected a %snumber from %g to %g (%s)",
                    audit->id, name, text, param->is_whole ? "whole " : "", param->min, param->max,
                    param->help);
  }
  plan->params[audit->number][p] = value;
  return LQA_OK;
}

static lqa_status plan_params(lqa_audit_plan *plan, const lqa_text_list *items, lqa_error *err) {
  for (size_t i = 0; i < items->n; i++) {
    char id[MAX_ID_BYTES];
    const char *value;
    char *dot = NULL;
    if (cut(items->items[i], id, &value)) {
      dot = strchr(id, '.');
    }
    if (!dot) {
      return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION_AS("set", "%s") ": expected ID.PARAM=VALUE",
                      items->items[i]);
    }
    *dot = 0;
    const lqa_audit *audit = lqa_audit_find(id);
    if (!audit) {
      return fail_unknown_id("set", id, false, err);
    }
    LQA_TRY(set_param(plan, audit, dot + 1, value, err));
  }
  return LQA_OK;
}

lqa_status lqa_audit_plan_init(lqa_audit_plan *plan, const lqa_audit_choices *choices,
                               lqa_error *err) {
  *plan = (lqa_audit_plan){0};
  plan_defaults(plan);
  LQA_TRY(plan_checks(plan, &choices->checks, err));
  LQA_TRY(plan_severities(plan, &choices->severity, err));
  LQA_TRY(plan_params(plan, &choices->set, err));
  return choices->baseline ? lqa_baseline_load(choices->baseline, &plan->baseline, err) : LQA_OK;
}

void lqa_audit_plan_clear(lqa_audit_plan *plan) {
  lqa_baseline_clear(&plan->baseline);
}

bool lqa_audit_plan_runs(const lqa_audit_plan *plan, lqa_audit_number number) {
  for (int k = 0; k < lqa_audit_kind_count(lqa_audit_get(number)); k++) {
    if (plan->wanted[number][k] && plan->severity[number][k] != LQA_IGNORE) {
      return true;
    }
  }
  return false;
}
