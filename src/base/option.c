/* Values go from text to a field at an offset; the table row says how.
 *
 * Fields are addressed through memcpy-free typed pointers: a row's kind fixes the field's type, and
 * a unit test per table sets every row once, so a wrong kind shows there.
 */
#include "base/option.h"

#include "base/memory.h"

#include <stdio.h>

static void *field_of(const lqa_option *option, void *args) {
  return (char *)args + option->offset;
}

static char fold_char(char c) {
  return c == '_' ? '-' : c;
}

static bool is_named(const lqa_option *option, const char *name) {
  const char *own = option->name;
  while (*own && *own == fold_char(*name)) {
    own++;
    name++;
  }
  return *own == '\0' && *name == '\0' && !option->environment_only;
}

const lqa_option *lqa_option_find(const lqa_option *table, const char *name) {
  for (; table->name; table++) {
    if (is_named(table, name)) {
      return table;
    }
  }
  return NULL;
}

/* Levenshtein distance, capped: names longer than the row are far away. */
static int distance(const char *a, const char *b) {
  enum { MAX = 40 };
  int row[MAX + 1], n = (int)strlen(b);
  if (n > MAX) {
    return MAX;
  }
  for (int j = 0; j <= n; j++) {
    row[j] = j;
  }
  for (int i = 1; a[i - 1]; i++) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= n; j++) {
      int best = diagonal + (fold_char(a[i - 1]) != b[j - 1]);
      diagonal = row[j];
      best = row[j] + 1 < best ? row[j] + 1 : best;
      row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
    }
  }
  return row[n];
}

static lqa_status fail_unknown(const lqa_option *table, const char *name, lqa_error *err) {
  const lqa_option *nearest = NULL;
  int least = 4;
  for (; table->name; table++) {
    int d = distance(name, table->name);
    bool begins = strlen(name) >= 3 && strncmp(table->name, name, strlen(name)) == 0;
    d = begins ? 1 : d;
    if (!table->environment_only && d < least && d < (int)strlen(name)) {
      least = d;
      nearest = table;
    }
  }
  if (nearest) {
    return lqa_fail(err, LQA_BAD_USAGE, "unknown option --%s; did you mean --%s?", name,
                    nearest->name);
  }
  return lqa_fail(err, LQA_BAD_USAGE, "unknown option --%s; --help lists the options", name);
}

static lqa_status fail_value(const lqa_option *option, const char *value, const char *expected,
                             lqa_error *err) {
  return lqa_fail(err, LQA_BAD_USAGE, "--%s %s: expected %s", option->name, value, expected);
}

static bool has_bounds(const lqa_option *option) {
  return option->min != 0 || option->max != 0;
}

static lqa_status check_bounds(const lqa_option *option, const char *value, double number,
                               lqa_error *err) {
  if (!has_bounds(option) || (number >= option->min && number <= option->max)) {
    return LQA_OK;
  }
  char expected[96];
  snprintf(expected, sizeof expected, "a number from %.15g to %.15g", option->min, option->max);
  return fail_value(option, value, expected, err);
}

static lqa_status set_int(const lqa_option *option, void *args, const char *value, lqa_error *err) {
  long long number;
  if (!lqa_str_to_int64(lqa_str_from(value), &number)) {
    return fail_value(option, value, "a whole number", err);
  }
  LQA_TRY(check_bounds(option, value, (double)number, err));
  *(int64_t *)field_of(option, args) = number;
  return LQA_OK;
}

static lqa_status set_double(const lqa_option *option, void *args, const char *value,
                             lqa_error *err) {
  double number;
  if (!lqa_str_to_double(lqa_str_from(value), &number)) {
    return fail_value(option, value, "a number", err);
  }
  LQA_TRY(check_bounds(option, value, number, err));
  *(double *)field_of(option, args) = number;
  return LQA_OK;
}

/* The factor of a size suffix, 0 for an unknown one. Both "GB" and "GiB" are powers of 1024. */
static double size_factor(lqa_str suffix) {
  static const char units[] = "KMGT";
  double factor = 1;
  if (suffix.size == 0 || lqa_str_equal_nocase(suffix, LQA_STR("B"))) {
    return 1;
  }
  const char *unit = memchr(units, suffix.data[0] & ~0x20, sizeof units - 1);
  if (!unit) {
    return 0;
  }
  for (const char *u = units; u <= unit; u++) {
    factor *= 1024;
  }
  lqa_str rest = {suffix.data + 1, suffix.size - 1};
  return rest.size == 0 || lqa_str_equal_nocase(rest, LQA_STR("B")) ||
                 lqa_str_equal_nocase(rest, LQA_STR("iB"))
             ? factor
             : 0;
}

static lqa_status set_size(const lqa_option *option, void *args, const char *value,
                           lqa_error *err) {
  double number = 0;
  size_t digits = strspn(value, "0123456789.");
  double factor = size_factor(lqa_str_trim(lqa_str_from(value + digits)));
  if (factor == 0 || !lqa_str_to_double((lqa_str){value, digits}, &number) ||
      number * factor > 9e18) {
    return fail_value(option, value, "a size such as 512MB or 2GB", err);
  }
  *(uint64_t *)field_of(option, args) = (uint64_t)(number * factor);
  return LQA_OK;
}

static lqa_status set_text(const lqa_option *option, void *args, const char *value,
                           lqa_error *err) {
  char *copy = strdup(value);
  if (!copy) {
    return lqa_fail_memory(err, "storing an option");
  }
  char **field = field_of(option, args);
  free(*field);
  *field = copy;
  return LQA_OK;
}

/* True if `value` is one of "a|b|c". */
static bool is_choice(const char *choices, const char *value) {
  size_t n = strlen(value);
  for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
    if (strncmp(at, value, n) == 0 && (at[n] == '|' || at[n] == '\0') && n > 0) {
      return true;
    }
  }
  return false;
}

static lqa_status set_choice(const lqa_option *option, void *args, const char *value,
                             lqa_error *err) {
  if (!is_choice(option->choices, value)) {
    char expected[256];
    snprintf(expected, sizeof expected, "one of %s", option->choices);
    return fail_value(option, value, expected, err);
  }
  return set_text(option, args, value, err);
}

static lqa_status push_item(lqa_text_list *list, const char *text, size_t size, lqa_error *err) {
  const char **grown = lqa_realloc(list->items, list->n + 1, sizeof *grown);
  if (!grown) {
    return lqa_fail_memory(err, "storing an option");
  }
  list->items = grown;
  char *copy = lqa_malloc(size + 1, 1);
  if (!copy) {
    return lqa_fail_memory(err, "storing an option");
  }
  memcpy(copy, text, size);
  copy[size] = '\0';
  list->items[list->n++] = copy;
  return LQA_OK;
}

/* One CSV field of `*at` into `out`, moving `*at` past it and its comma; doubled quotes are one. */
static bool next_csv_item(const char **at, lqa_buf *out) {
  const char *s = *at;
  bool quoted = *s == '"';
  s += quoted;
  for (; *s; s++) {
    if (quoted && *s == '"') {
      if (s[1] != '"') {
        quoted = false;
        continue;
      }
      s++;
    } else if (!quoted && *s == ',') {
      break;
    }
    lqa_buf_add_char(out, *s);
  }
  bool more = *s == ',';
  *at = s + more;
  return more;
}

static lqa_status push_csv(lqa_text_list *list, const char *value, lqa_error *err) {
  lqa_buf item;
  lqa_buf_init(&item, 1 << 20);
  lqa_status status = LQA_OK;
  bool more = true;
  while (more && status == LQA_OK) {
    lqa_buf_reset(&item);
    more = next_csv_item(&value, &item);
    status = item.failed ? lqa_fail_memory(err, "reading a list")
                         : push_item(list, lqa_buf_str(&item).data, item.size, err);
  }
  lqa_buf_clear(&item);
  return status;
}

static void clear_list(lqa_text_list *list) {
  for (size_t i = 0; i < list->n; i++) {
    free((char *)list->items[i]);
  }
  free(list->items);
  *list = (lqa_text_list){NULL, 0};
}

/* Whether the list still holds just its default. */
static bool holds_default(const lqa_option *option, const lqa_text_list *list) {
  if (!option->default_value) {
    return false;
  }
  lqa_text_list expected = {NULL, 0};
  bool same = push_csv(&expected, option->default_value, NULL) == LQA_OK && expected.n == list->n;
  for (size_t i = 0; same && i < list->n; i++) {
    same = strcmp(expected.items[i], list->items[i]) == 0;
  }
  clear_list(&expected);
  return same;
}

static lqa_status set_list(const lqa_option *option, void *args, const char *value,
                           lqa_error *err) {
  lqa_text_list *list = field_of(option, args);
  if (holds_default(option, list)) {
    clear_list(list);
  }
  return option->split_commas ? push_csv(list, value, err)
                              : push_item(list, value, strlen(value), err);
}

static lqa_status set_flag(const lqa_option *option, void *args, const char *value,
                           lqa_error *err) {
  static const char *const yes[] = {"1", "yes", "true"}, *const no[] = {"0", "no", "false"};
  int *field = field_of(option, args);
  if (!value) {
    *field = 1;
    return LQA_OK;
  }
  for (int i = 0; i < 3; i++) {
    if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
      *field = strcmp(value, yes[i]) == 0;
      return LQA_OK;
    }
  }
  return fail_value(option, value, "no value, or yes or no", err);
}

static lqa_status set_value(const lqa_option *option, void *args, const char *value,
                            lqa_error *err) {
  if (!value && option->kind != LQA_OPTION_FLAG) {
    return lqa_fail(err, LQA_BAD_USAGE, "option --%s needs a value (%s)", option->name,
                    option->argument ? option->argument : "see --help");
  }
  switch (option->kind) {
  case LQA_OPTION_FLAG:
    return set_flag(option, args, value, err);
  case LQA_OPTION_INT:
    return set_int(option, args, value, err);
  case LQA_OPTION_DOUBLE:
    return set_double(option, args, value, err);
  case LQA_OPTION_TEXT:
    return set_text(option, args, value, err);
  case LQA_OPTION_CHOICE:
    return set_choice(option, args, value, err);
  case LQA_OPTION_SIZE:
    return set_size(option, args, value, err);
  case LQA_OPTION_TEXT_LIST:
    return set_list(option, args, value, err);
  }
  return lqa_fail(err, LQA_INTERNAL, "option --%s has no kind", option->name);
}

lqa_status lqa_option_init(const lqa_option *table, void *args, lqa_error *err) {
  for (; table->name; table++) {
    if (table->default_value) {
      LQA_TRY(set_value(table, args, table->default_value, err));
    }
  }
  return LQA_OK;
}

lqa_status lqa_option_set(const lqa_option *table, void *args, const char *name, const char *value,
                          lqa_error *err) {
  const lqa_option *option = lqa_option_find(table, name);
  return option ? set_value(option, args, value, err) : fail_unknown(table, name, err);
}

lqa_status lqa_option_fill(const lqa_option *table, void *args, char *(*lookup)(const char *name),
                           lqa_error *err) {
  for (; table->name; table++) {
    if (!table->environment || *(const char **)field_of(table, args)) {
      continue;
    }
    const char *value = lookup(table->environment);
    if (value && *value) {
      LQA_TRY(set_text(table, args, value, err));
    }
  }
  return LQA_OK;
}

void lqa_option_clear(const lqa_option *table, void *args) {
  for (; table->name; table++) {
    if (table->kind == LQA_OPTION_TEXT || table->kind == LQA_OPTION_CHOICE) {
      char **field = field_of(table, args);
      free(*field);
      *field = NULL;
    } else if (table->kind == LQA_OPTION_TEXT_LIST) {
      clear_list(field_of(table, args));
    }
  }
}

static bool is_given(const lqa_option *option, const void *args) {
  const void *field = (const char *)args + option->offset;
  return option->kind == LQA_OPTION_TEXT_LIST ? ((const lqa_text_list *)field)->n > 0
                                              : *(const char *const *)field != NULL;
}

lqa_status lqa_option_check(const lqa_option *table, const void *args, lqa_error *err) {
  for (; table->name; table++) {
    if (table->required && !is_given(table, args)) {
      return lqa_fail(err, LQA_BAD_USAGE, "option --%s is missing (%s)", table->name, table->help);
    }
  }
  return LQA_OK;
}
