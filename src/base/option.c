/* Option tables: values from text into the fields of an argument struct.
 *
 * One reader per kind turns text into a value; everything else (command line, Python's keywords,
 * the environment, defaults) goes through it, so a value means the same wherever it comes from.
 * Ownership is told by address: a field that points at its row's default borrows, any other pointer
 * is a copy that belongs to the struct. That keeps argument structs plain data that C users fill by
 * hand.
 *
 * Messages name the option, the value and what was expected; an unknown name is answered with the
 * nearest known one (edit distance, or the only name that starts like it).
 */
#include "base/option.h"

#include "base/memory.h"
#include "base/vec.h"

#include <stdio.h>

/* Beyond this a bound is no bound that a message should spell out. */
static const double FAR = 9e15;

/* Both spellings, "max-features" and "max_features", are one name. */
static bool same_name(const char *a, const char *b) {
  for (; *a && *b; a++, b++) {
    if (*a != *b && !((*a == '_' && *b == '-') || (*a == '-' && *b == '_'))) {
      return false;
    }
  }
  return *a == *b;
}

const lqa_option *lqa_option_find(const lqa_option *table, const char *name) {
  for (const lqa_option *row = table; row->name; row++) {
    if (!row->environment_only && same_name(row->name, name)) {
      return row;
    }
  }
  return NULL;
}

static const char *nearest_name(const lqa_option *table, const char *name) {
  lqa_str typed = lqa_str_from(name);
  size_t best = 1 + typed.size / 4;
  const char *nearest = NULL;
  for (const lqa_option *row = table; row->name; row++) {
    lqa_str known = lqa_str_from(row->name);
    size_t distance = lqa_str_distance(typed, known);
    if (typed.size >= 3 && lqa_str_starts_with(known, typed)) {
      distance = 1;
    }
    if (!row->environment_only && distance <= best && (!nearest || distance < best)) {
      best = distance;
      nearest = row->name;
    }
  }
  return nearest;
}

static lqa_status fail_unknown(const lqa_option *table, const char *name, lqa_error *err) {
  const char *nearest = nearest_name(table, name);
  if (nearest) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "unknown option " LQA_OPTION("%.100s") "; did you mean " LQA_OPTION("%s") "?",
                    name, nearest);
  }
  return lqa_fail(
      err, LQA_BAD_USAGE,
      "unknown option " LQA_OPTION("%.100s") "; the help of the command lists its options", name);
}

static bool has_bounds(const lqa_option *row) {
  return row->min != 0 || row->max != 0;
}

/* "option --folds: 'x' is not a whole number from 2 to 100" */
static lqa_status fail_number(const lqa_option *row, const char *value, lqa_error *err) {
  const char *what = row->kind == LQA_OPTION_INT ? "a whole number" : "a number";
  char range[80] = "";
  if (has_bounds(row) && row->max >= FAR) {
    double number;
    bool is_far = lqa_str_to_double(lqa_str_from(value), &number) && number > row->max;
    if (is_far) {
      snprintf(range, sizeof range, " from %.15g to %.16g", row->min, row->max);
    } else {
      snprintf(range, sizeof range, " of at least %.15g", row->min);
    }
  } else if (has_bounds(row) && row->min <= -FAR) {
    snprintf(range, sizeof range, " of at most %.15g", row->max);
  } else if (has_bounds(row)) {
    snprintf(range, sizeof range, " from %.15g to %.15g", row->min, row->max);
  }
  return lqa_fail(err, LQA_BAD_USAGE, "option " LQA_OPTION("%s") ": '%.200s' is not %s%s",
                  row->name, value, what, range);
}

static bool in_bounds(const lqa_option *row, double value) {
  return !has_bounds(row) || (value >= row->min && value <= row->max);
}

static lqa_status set_int(const lqa_option *row, void *field, const char *value, lqa_error *err) {
  long long number;
  if (!lqa_str_to_int64(lqa_str_from(value), &number) || !in_bounds(row, (double)number)) {
    return fail_number(row, value, err);
  }
  *(int64_t *)field = number;
  return LQA_OK;
}

static lqa_status set_double(const lqa_option *row, void *field, const char *value,
                             lqa_error *err) {
  double number;
  if (!lqa_str_to_double(lqa_str_from(value), &number) || !in_bounds(row, number)) {
    return fail_number(row, value, err);
  }
  *(double *)field = number;
  return LQA_OK;
}

static lqa_status set_flag(const lqa_option *row, void *field, const char *value, lqa_error *err) {
  static const char *const words[] = {"0", "1", "no", "yes", "false", "true", "off", "on"};
  if (!value) {
    *(int *)field = 1;
    return LQA_OK;
  }
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (lqa_str_equal_nocase(lqa_str_from(value), lqa_str_from(words[i]))) {
      *(int *)field = i % 2;
      return LQA_OK;
    }
  }
  return lqa_fail(err, LQA_BAD_USAGE, "option " LQA_OPTION("%s") ": '%.200s' is neither yes nor no",
                  row->name, value);
}

/* Bytes per unit: SI prefixes count in thousands, "KiB" and its kind in 1024s; 0 if unknown. */
static double unit_bytes(lqa_str unit) {
  static const char prefixes[] = "KMGTP";
  if (unit.size == 0 || lqa_str_equal_nocase(unit, LQA_STR("B"))) {
    return 1;
  }
  double thousand = 1, binary = 1;
  for (const char *p = prefixes; *p; p++) {
    thousand *= 1000;
    binary *= 1024;
    lqa_str prefix = {p, 1};
    if (!lqa_str_equal_nocase((lqa_str){unit.data, 1}, prefix)) {
      continue;
    }
    lqa_str rest = {unit.data + 1, unit.size - 1};
    if (lqa_str_equal_nocase(rest, LQA_STR("iB"))) {
      return binary;
    }
    return rest.size == 0 || lqa_str_equal_nocase(rest, LQA_STR("B")) ? thousand : 0;
  }
  return 0;
}

static lqa_status set_size(const lqa_option *row, void *field, const char *value, lqa_error *err) {
  size_t digits = strspn(value, "0123456789.");
  double number;
  double unit = unit_bytes(lqa_str_trim(lqa_str_from(value + digits)));
  if (unit == 0 || !lqa_str_to_double((lqa_str){value, digits}, &number) ||
      number * unit >= 0x1p63) {
    return lqa_fail(
        err, LQA_BAD_USAGE,
        "option " LQA_OPTION("%s") ": '%.200s' is not a size such as 512MB, 2GB, 64MiB or 1000000",
        row->name, value);
  }
  *(uint64_t *)field = (uint64_t)(number * unit);
  return LQA_OK;
}

static char *copy_text(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = lqa_malloc(size, 1);
  return copy ? memcpy(copy, text, size) : NULL;
}

static void free_text(const lqa_option *row, const char **field) {
  if (*field != row->default_value) {
    free((char *)*field);
  }
  *field = NULL;
}

static lqa_status set_text(const lqa_option *row, void *field, const char *value, lqa_error *err) {
  char *copy = copy_text(value);
  if (!copy) {
    return lqa_fail_memory(err, "storing an option");
  }
  free_text(row, field);
  *(const char **)field = copy;
  return LQA_OK;
}

/* Is `value` one of "a|b|c"? */
static bool is_choice(const char *choices, const char *value) {
  size_t size = strlen(value);
  for (const char *at = choices; at; at = strchr(at, '|')) {
    at += *at == '|';
    if (strcspn(at, "|") == size && memcmp(at, value, size) == 0) {
      return true;
    }
  }
  return false;
}

static lqa_status set_choice(const lqa_option *row, void *field, const char *value,
                             lqa_error *err) {
  if (strchr(value, '|') || !is_choice(row->choices, value)) {
    return lqa_fail(err, LQA_BAD_USAGE, "option " LQA_OPTION("%s") ": '%.200s' is not one of %s",
                    row->name, value, row->choices);
  }
  return set_text(row, field, value, err);
}

static bool is_default_list(const lqa_option *row, const lqa_text_list *list) {
  return list->items == (const char **)&row->default_value ||
         (row->default_list && list->items == (const char **)row->default_list);
}

static void free_list(const lqa_option *row, lqa_text_list *list) {
  for (size_t i = 0; i < list->n && !is_default_list(row, list); i++) {
    free((char *)list->items[i]);
  }
  if (!is_default_list(row, list)) {
    free(list->items);
  }
  *list = (lqa_text_list){0};
}

/* Takes `item`, whatever happens. */
static lqa_status push_item(lqa_text_list *list, char *item, lqa_error *err) {
  const char **grown = item ? lqa_realloc(list->items, list->n + 1, sizeof *grown) : NULL;
  if (!grown) {
    free(item);
    return lqa_fail_memory(err, "storing an option");
  }
  list->items = grown;
  list->items[list->n++] = item;
  return LQA_OK;
}

/* Reads the item at *at, plain or in CSV quotes, into `item` (size enough for all of *at) and steps
 * to the comma or the end behind it; false where quotes are not closed or text follows them. */
static bool read_item(const char **at, char *item) {
  const char *in = *at;
  size_t size = 0;
  if (*in != '"') {
    size = strcspn(in, ",");
    memcpy(item, in, size);
    in += size;
  } else {
    for (in++; *in && (*in != '"' || in[1] == '"'); in++) {
      in += *in == '"';
      item[size++] = *in;
    }
    if (*in != '"' || (in[1] != ',' && in[1] != '\0')) {
      return false;
    }
    in++;
  }
  item[size] = '\0';
  *at = in;
  return true;
}

/* All items or none: a bad item leaves the list as it was. */
static lqa_status split_items(const lqa_option *row, const char *value, lqa_text_list *list,
                              lqa_error *err) {
  char *item = lqa_malloc(strlen(value) + 1, 1);
  if (!item) {
    return lqa_fail_memory(err, "storing an option");
  }
  lqa_status status = LQA_OK;
  for (const char *at = value;; at++) {
    bool quoted = *at == '"';
    if (!read_item(&at, item) || (!quoted && item[0] == '\0')) {
      status = lqa_fail(
          err, LQA_BAD_USAGE,
          "option " LQA_OPTION("%s") ": '%.200s' is not a list such as A,B,\"C, with a comma\"",
          row->name, value);
      break;
    }
    status = push_item(list, copy_text(item), err);
    if (status != LQA_OK || *at == '\0') {
      break;
    }
  }
  free(item);
  return status;
}

static lqa_status set_list(const lqa_option *row, void *field, const char *value, lqa_error *err) {
  lqa_text_list added = {0}, *list = field;
  const char **grown;
  lqa_status status;
  LQA_TRY_OUT(row->split_commas ? split_items(row, value, &added, err)
                                : push_item(&added, copy_text(value), err));
  if (is_default_list(row, list)) {
    *list = added;
    return LQA_OK;
  }
  grown = lqa_realloc(list->items, list->n + added.n, sizeof *grown);
  LQA_TRY_OUT(grown ? LQA_OK : lqa_fail_memory(err, "storing an option"));
  memcpy(grown + list->n, added.items, added.n * sizeof *grown);
  *list = (lqa_text_list){grown, list->n + added.n};
  free(added.items);
  return LQA_OK;
out:
  free_list(row, &added);
  return status;
}

static lqa_status set_field(const lqa_option *row, void *args, const char *value, lqa_error *err) {
  void *field = (char *)args + row->offset;
  if (!value && row->kind != LQA_OPTION_FLAG) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "option " LQA_OPTION("%s") " needs a value: " LQA_OPTION_AS("%s", "%s"),
                    row->name, row->name,
                    row->argument  ? row->argument
                    : row->choices ? row->choices
                                   : "VALUE");
  }
  switch (row->kind) {
  case LQA_OPTION_FLAG:
    return set_flag(row, field, value, err);
  case LQA_OPTION_INT:
    return set_int(row, field, value, err);
  case LQA_OPTION_DOUBLE:
    return set_double(row, field, value, err);
  case LQA_OPTION_TEXT:
    return set_text(row, field, value, err);
  case LQA_OPTION_CHOICE:
    return set_choice(row, field, value, err);
  case LQA_OPTION_SIZE:
    return set_size(row, field, value, err);
  case LQA_OPTION_TEXT_LIST:
    return set_list(row, field, value, err);
  }
  return lqa_fail(err, LQA_INTERNAL, "option " LQA_OPTION("%s") " has an unknown kind", row->name);
}

/* Borrows the row's default list. */
static lqa_status init_list(const lqa_option *row, lqa_text_list *list, lqa_error *err) {
  if (row->default_list) {
    *list = (lqa_text_list){(const char **)row->default_list, 0};
    while (row->default_list[list->n]) {
      list->n++;
    }
    return LQA_OK;
  }
  if (row->split_commas && strchr(row->default_value, ',')) {
    return lqa_fail(err, LQA_INTERNAL,
                    "option " LQA_OPTION("%s") ": several default items need default_list",
                    row->name);
  }
  *list = (lqa_text_list){(const char **)&row->default_value, 1};
  return LQA_OK;
}

static lqa_status init_field(const lqa_option *row, void *args, lqa_error *err) {
  void *field = (char *)args + row->offset;
  switch (row->kind) {
  case LQA_OPTION_TEXT_LIST:
    return init_list(row, field, err);
  case LQA_OPTION_CHOICE:
    if (!is_choice(row->choices, row->default_value)) {
      return lqa_fail(err, LQA_INTERNAL,
                      "option " LQA_OPTION("%s") ": default '%s' is not one of %s", row->name,
                      row->default_value, row->choices);
    }
    *(const char **)field = row->default_value;
    return LQA_OK;
  case LQA_OPTION_TEXT:
    *(const char **)field = row->default_value;
    return LQA_OK;
  default:
    return set_field(row, args, row->default_value, err) == LQA_OK ? LQA_OK : LQA_INTERNAL;
  }
}

lqa_status lqa_option_init(const lqa_option *table, void *args, lqa_error *err) {
  for (const lqa_option *row = table; row->name; row++) {
    if (row->default_value) {
      LQA_TRY(init_field(row, args, err));
    }
  }
  return LQA_OK;
}

lqa_status lqa_option_set(const lqa_option *table, void *args, const char *name, const char *value,
                          lqa_error *err) {
  const lqa_option *row = lqa_option_find(table, name);
  return row ? set_field(row, args, value, err) : fail_unknown(table, name, err);
}

lqa_status lqa_option_fill(const lqa_option *table, void *args, char *(*lookup)(const char *name),
                           lqa_error *err) {
  for (const lqa_option *row = table; row->name; row++) {
    if (!row->environment || *(const char **)((char *)args + row->offset)) {
      continue;
    }
    const char *value = lookup(row->environment);
    if (value && value[0]) {
      LQA_TRY(set_field(row, args, value, err));
    }
  }
  return LQA_OK;
}

void lqa_option_clear(const lqa_option *table, void *args) {
  for (const lqa_option *row = table; row->name; row++) {
    void *field = (char *)args + row->offset;
    switch (row->kind) {
    case LQA_OPTION_TEXT:
    case LQA_OPTION_CHOICE:
      free_text(row, field);
      break;
    case LQA_OPTION_TEXT_LIST:
      free_list(row, field);
      break;
    case LQA_OPTION_FLAG:
      *(int *)field = 0;
      break;
    case LQA_OPTION_INT:
    case LQA_OPTION_DOUBLE:
    case LQA_OPTION_SIZE:
      memset(field, 0, 8);
      break;
    }
  }
}

lqa_status lqa_option_check(const lqa_option *table, const void *args, lqa_error *err) {
  for (const lqa_option *row = table; row->name; row++) {
    const void *field = (const char *)args + row->offset;
    bool is_text = row->kind == LQA_OPTION_TEXT || row->kind == LQA_OPTION_CHOICE;
    bool is_missing = (is_text && !*(const char *const *)field) ||
                      (row->kind == LQA_OPTION_TEXT_LIST && !((const lqa_text_list *)field)->n);
    if (row->required && is_missing) {
      return lqa_fail(err, LQA_BAD_USAGE, "option " LQA_OPTION("%s") " is required: %s", row->name,
                      row->help);
    }
  }
  return LQA_OK;
}
