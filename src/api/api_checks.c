/* labelqa checks: the catalogue, straight from the table of audits. */
#include "api/command.h"
#include "api/result.h"
#include "audit/audit.h"

static void add_text(const lqa_audit *audit, lqa_buf *out) {
  for (const lqa_finding_kind *kind = audit->kinds; kind->id; kind++) {
    lqa_buf_printf(out, "%-26s %-6s %s\n", kind->id, lqa_severity_name(kind->severity),
                   kind->summary);
  }
  for (const lqa_audit_param *p = audit->params; p->name; p++) {
    lqa_buf_printf(out, "    --set %s.%s=%g   %s\n", audit->id, p->name, p->default_value, p->help);
  }
}

static void add_kinds(const lqa_audit *audit, lqa_json *json) {
  lqa_json_key(json, "findings");
  lqa_json_open_array(json);
  for (const lqa_finding_kind *kind = audit->kinds; kind->id; kind++) {
    lqa_json_open_object(json);
    lqa_json_add_text(json, "id", kind->id);
    lqa_json_add_text(json, "severity", lqa_severity_name(kind->severity));
    lqa_json_add_bool(json, "marks_rows", kind->marks_rows);
    lqa_json_add_text(json, "summary", kind->summary);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_params(const lqa_audit *audit, lqa_json *json) {
  lqa_json_key(json, "parameters");
  lqa_json_open_array(json);
  for (const lqa_audit_param *p = audit->params; p->name; p++) {
    lqa_json_open_object(json);
    lqa_json_add_text(json, "name", p->name);
    lqa_json_add_double(json, "default", p->default_value);
    lqa_json_add_double(json, "min", p->min);
    lqa_json_add_double(json, "max", p->max);
    lqa_json_add_bool(json, "whole", p->is_whole);
    lqa_json_add_text(json, "help", p->help);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_json(const lqa_audit *audit, lqa_json *json) {
  lqa_json_open_object(json);
  lqa_json_add_text(json, "id", audit->id);
  lqa_json_add_text(json, "family", lqa_audit_family_name(audit->family));
  lqa_json_add_text(json, "summary", audit->summary);
  lqa_json_add_bool(json, "basic", audit->is_basic);
  add_kinds(audit, json);
  add_params(audit, json);
  lqa_json_close_object(json);
}

static lqa_status run(const void *args, lqa_result **out, lqa_error *err) {
  (void)args;
  lqa_result *result = lqa_result_new();
  if (!result) {
    return lqa_fail_memory(err, "listing checks");
  }
  lqa_json json;
  lqa_json_init(&json, &result->json, 2);
  lqa_json_open_array(&json);
  lqa_buf_printf(&result->text, "%-26s %-6s %s\n", "finding", "level", "what it means");
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    add_text(lqa_audit_get((lqa_audit_number)i), &result->text);
    add_json(lqa_audit_get((lqa_audit_number)i), &json);
  }
  lqa_json_close_array(&json);
  lqa_buf_add_char(&result->json, '\n');
  lqa_buf_add_text(&result->text,
                   "\nChange a level: --severity ID=error|warn|info|ignore. Run a few: --checks "
                   "basic or --checks ID,ID.\n");
  return lqa_result_finish(result, out, err);
}

static const lqa_option options[] = {LQA_COMMON_OPTIONS(lqa_checks_args)};

const lqa_command lqa_command_checks = {
    .number = LQA_COMMAND_checks,
    .name = "checks",
    .summary = "The catalogue of checks, with severities and parameters",
    .example = "labelqa checks",
    .args_size = sizeof(lqa_checks_args),
    .options = options,
    .run = run,
};

void lqa_checks_args_init(lqa_checks_args *args) {
  lqa_command_init_args(LQA_COMMAND_checks, args);
}

lqa_status lqa_cmd_checks(const lqa_checks_args *args, lqa_result **result, lqa_error *err) {
  return run(args, result, err);
}
