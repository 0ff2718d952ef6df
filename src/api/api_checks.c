/* labelqa checks: the catalogue, straight from the table of audits; with an id, that check's page
 * of docs/audits and the parameters that can be set.
 */
#include "api/command.h"
#include "api/result.h"
#include "audit/audit.h"
#include "audit/audit_page.h"

#include <string.h>

static void add_param_lines(const lqa_audit *audit, lqa_buf *out) {
  for (const lqa_audit_param *p = audit->params; p->name; p++) {
    lqa_buf_printf(out, "    " LQA_OPTION_AS("set", "%s.%s=%g") "   %s\n", audit->id, p->name,
                   p->default_value, p->help);
  }
}

static void add_text(const lqa_audit *audit, lqa_buf *out) {
  for (const lqa_finding_kind *kind = audit->kinds; kind->id; kind++) {
    lqa_buf_printf(out, "%-26s %-6s %s\n", kind->id, lqa_severity_name(kind->severity),
                   kind->summary);
  }
  add_param_lines(audit, out);
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

/* `page` is Markdown, or NULL. */
static void add_json(const lqa_audit *audit, const char *page, lqa_json *json) {
  lqa_json_open_object(json);
  lqa_json_add_text(json, "id", audit->id);
  lqa_json_add_text(json, "family", lqa_audit_family_name(audit->family));
  lqa_json_add_text(json, "summary", audit->summary);
  lqa_json_add_bool(json, "basic", audit->is_basic);
  add_kinds(audit, json);
  add_params(audit, json);
  if (page) {
    lqa_json_add_text(json, "page", page);
  }
  lqa_json_close_object(json);
}

static void list_all(lqa_result *result, lqa_json *json) {
  lqa_json_open_array(json);
  lqa_buf_printf(&result->text, "%-26s %-6s %s\n", "finding", "level", "what it means");
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    add_text(lqa_audit_get((lqa_audit_number)i), &result->text);
    add_json(lqa_audit_get((lqa_audit_number)i), NULL, json);
  }
  lqa_json_close_array(json);
  lqa_buf_add_text(&result->text,
                   "\nOne check in detail: labelqa checks ID\n"
                   "Change a level: " LQA_OPTION_AS("severity", "ID=error|warn|info|ignore") ".\n");
  lqa_buf_add_text(&result->text, "Run a few: " LQA_OPTION_AS("checks", "basic") " or ");
  lqa_buf_add_text(&result->text, LQA_OPTION_AS("checks", "ID,ID") ".\n");
}

/* Markdown as it reads on a terminal: no marks of headings, code set in by four columns. */
static void add_page(const char *page, lqa_buf *out) {
  bool in_code = false;
  for (const char *line = page, *end; *line; line = end) {
    end = line + strcspn(line, "\n");
    end += *end == '\n';
    if (strncmp(line, "```", 3) == 0) {
      in_code = !in_code;
      continue;
    }
    line += in_code ? 0 : strspn(line, "#");
    line += !in_code && line[0] == ' ' && line > page && line[-1] == '#';
    lqa_buf_printf(out, "%s%.*s", in_code && *line != '\n' ? "    " : "", (int)(end - line), line);
  }
}

static lqa_status show_one(const char *id, lqa_result *result, lqa_json *json, lqa_error *err) {
  const lqa_audit *audit = lqa_audit_find(id);
  const char *page = lqa_audit_page_find(id);
  if (!audit) {
    return lqa_fail(err, LQA_BAD_USAGE, "no check is called '%s'; 'labelqa checks' lists them", id);
  }
  if (page) {
    add_page(page, &result->text);
  } else {
    add_text(audit, &result->text);
  }
  if (page && audit->params[0].name) {
    lqa_buf_add_text(&result->text, "\nParameters, with their defaults\n");
    add_param_lines(audit, &result->text);
  }
  add_json(audit, page, json);
  return LQA_OK;
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_checks_args *args = data;
  lqa_result *result = lqa_result_new(&args->common);
  if (!result) {
    return lqa_fail_memory(err, "listing checks");
  }
  lqa_json json;
  lqa_json_init(&json, &result->json, 2);
  if (!args->id) {
    list_all(result, &json);
  } else if (show_one(args->id, result, &json, err) != LQA_OK) {
    lqa_result_free(result);
    return LQA_BAD_USAGE;
  }
  lqa_buf_add_char(&result->json, '\n');
  return lqa_result_finish(result, out, err);
}

static const lqa_option options[] = {LQA_COMMON_OPTIONS(lqa_checks_args)};

const lqa_command lqa_command_checks = {
    .number = LQA_COMMAND_checks,
    .name = "checks",
    .summary = "The catalogue of checks, or the page of one check",
    .example = "labelqa checks\nlabelqa checks row-shift",
    .args_size = sizeof(lqa_checks_args),
    .options = options,
    .positionals = {{.name = "ID", .offset = offsetof(lqa_checks_args, id)}},
    .run = run,
};

void lqa_checks_args_init(lqa_checks_args *args) {
  lqa_command_init_args(LQA_COMMAND_checks, args);
}

lqa_status lqa_cmd_checks(const lqa_checks_args *args, lqa_result **result, lqa_error *err) {
  return run(args, result, err);
}
