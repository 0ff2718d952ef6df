/* The reverse of base/option.c's setters. */
#include "api/option_values.h"

#include "base/json.h"

static char *text_of_double(lqa_arena *arena, double value) {
  char text[32];
  lqa_format_double(value, text);
  return lqa_arena_printf(arena, "%s", text);
}

static char *text_of_list(lqa_arena *arena, const lqa_text_list *list) {
  lqa_buf joined;
  lqa_buf_init(&joined, 1 << 20);
  for (size_t i = 0; i < list->n; i++) {
    lqa_buf_add_text(&joined, i ? "," : "");
    lqa_buf_add_text(&joined, list->items[i]);
  }
  lqa_str s = lqa_buf_str(&joined);
  char *copy = joined.failed ? NULL : lqa_arena_copy(arena, s.data, s.size);
  lqa_buf_clear(&joined);
  return copy;
}

/* Whether the option holds anything worth recording. */
static bool has_value(const lqa_option *option, const void *field) {
  switch (option->kind) {
  case LQA_OPTION_TEXT:
  case LQA_OPTION_CHOICE:
    return *(const char *const *)field != NULL;
  case LQA_OPTION_TEXT_LIST:
    return ((const lqa_text_list *)field)->n > 0;
  case LQA_OPTION_FLAG:
    return *(const int *)field != 0;
  default:
    return true;
  }
}

static char *text_of(const lqa_option *option, const void *field, lqa_arena *arena) {
  switch (option->kind) {
  case LQA_OPTION_FLAG:
    return lqa_arena_printf(arena, "yes");
  case LQA_OPTION_INT:
    return lqa_arena_printf(arena, "%lld", (long long)*(const int64_t *)field);
  case LQA_OPTION_SIZE:
    return lqa_arena_printf(arena, "%llu", (unsigned long long)*(const uint64_t *)field);
  case LQA_OPTION_DOUBLE:
    return text_of_double(arena, *(const double *)field);
  case LQA_OPTION_TEXT_LIST:
    return text_of_list(arena, field);
  default:
    return lqa_arena_printf(arena, "%s", *(const char *const *)field);
  }
}

lqa_status lqa_option_values(const lqa_option *table, const void *args, lqa_arena *arena,
                             const lqa_run_option **out, size_t *n_out, lqa_error *err) {
  size_t n = 0;
  for (const lqa_option *option = table; option->name; option++) {
    n++;
  }
  lqa_run_option *values = lqa_arena_alloc(arena, n + 1, sizeof *values);
  n = 0;
  for (const lqa_option *option = table; values && option->name; option++) {
    const void *field = (const char *)args + option->offset;
    if (option->environment_only || !has_value(option, field)) {
      continue;
    }
    values[n] = (lqa_run_option){option->name, text_of(option, field, arena)};
    if (!values[n++].value) {
      values = NULL;
    }
  }
  if (!values) {
    return lqa_fail_memory(err, "recording options");
  }
  *out = values;
  *n_out = n;
  return LQA_OK;
}
