/* An option table as JSON, for front ends that are made from it: one object a row with its name,
 * kind and help, and choices, default, placeholder and whether commas split, where it has them.
 */
#include "base/option.h"

static const char *const kinds[] = {
    [LQA_OPTION_FLAG] = "flag",      [LQA_OPTION_INT] = "int",       [LQA_OPTION_DOUBLE] = "double",
    [LQA_OPTION_TEXT] = "text",      [LQA_OPTION_CHOICE] = "choice", [LQA_OPTION_SIZE] = "size",
    [LQA_OPTION_TEXT_LIST] = "list",
};

static void add_member(const char *key, const char *value, lqa_json *json) {
  if (value) {
    lqa_json_add_text(json, key, value);
  }
}

void lqa_option_json(const lqa_option *table, lqa_json *json) {
  for (const lqa_option *row = table; row->name; row++) {
    if (row->environment_only) {
      continue;
    }
    lqa_json_open_object(json);
    lqa_json_add_text(json, "name", row->name);
    lqa_json_add_text(json, "kind", kinds[row->kind]);
    add_member("choices", row->choices, json);
    add_member("default", row->default_value, json);
    add_member("argument", row->argument, json);
    lqa_json_add_bool(json, "split_commas", row->split_commas);
    lqa_json_add_text(json, "help", row->help ? row->help : "");
    lqa_json_close_object(json);
  }
}
