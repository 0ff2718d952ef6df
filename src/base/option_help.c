/* What an option table says about itself: --help, the man page and completion words.
 *
 * Help has two columns, names on the left and wrapped text on the right, under one heading per
 * group in the order in which groups first occur. Remarks in brackets (default, repeatable,
 * environment) are made from the row, so they cannot disagree with what the parser does. The man
 * page carries the same sentences as roff .TP paragraphs.
 */
#include "base/option.h"

enum { NAME_INDENT = 2, TEXT_COLUMN = 28, MIN_TEXT = 24, MAX_ROW_TEXT = 4096 };

static const char *group_of(const lqa_option *row) {
  return row->group ? row->group : "Options";
}

/* True if no earlier row of the table has this row's group. */
static bool opens_group(const lqa_option *table, const lqa_option *row) {
  for (const lqa_option *earlier = table; earlier < row; earlier++) {
    if (!earlier->environment_only && strcmp(group_of(earlier), group_of(row)) == 0) {
      return false;
    }
  }
  return !row->environment_only;
}

/* The placeholder behind the name: "COL", "auto|yes|no", or NULL for a flag. */
static const char *argument_of(const lqa_option *row) {
  if (row->kind == LQA_OPTION_FLAG) {
    return NULL;
  }
  if (row->argument) {
    return row->argument;
  }
  switch (row->kind) {
  case LQA_OPTION_CHOICE:
    return row->choices;
  case LQA_OPTION_INT:
    return "N";
  case LQA_OPTION_DOUBLE:
    return "X";
  case LQA_OPTION_SIZE:
    return "SIZE";
  default:
    return "TEXT";
  }
}

static void add_remark(const char *remark, const char *value, bool *open, lqa_buf *out) {
  lqa_buf_printf(out, "%s%s%s", *open ? "; " : " (", remark, value);
  *open = true;
}

/* Help sentence and bracketed remarks, unwrapped. */
static void add_sentence(const lqa_option *row, lqa_buf *out) {
  bool open = false;
  lqa_buf_add_text(out, row->help ? row->help : "");
  if (row->kind == LQA_OPTION_CHOICE && row->argument) {
    add_remark("one of ", row->choices, &open, out);
  }
  if (row->kind == LQA_OPTION_TEXT_LIST) {
    add_remark(row->split_commas ? "comma-separated, repeatable" : "repeatable", "", &open, out);
  }
  if (row->required) {
    add_remark("required", "", &open, out);
  }
  if (row->default_value && row->kind != LQA_OPTION_FLAG) {
    add_remark("default ", row->default_value, &open, out);
  }
  if (row->environment) {
    add_remark("else $", row->environment, &open, out);
  }
  lqa_buf_add_text(out, open ? ")" : "");
}

/* Appends `text` wrapped at spaces between TEXT_COLUMN and `width`; the cursor stands at
 * `column`. */
static void add_wrapped(lqa_str text, int column, int width, lqa_buf *out) {
  bool line_start = true;
  for (size_t at = 0; at < text.size;) {
    const char *space = memchr(text.data + at, ' ', text.size - at);
    int size = space ? (int)(space - text.data - (ptrdiff_t)at) : (int)(text.size - at);
    if (column > TEXT_COLUMN && column + !line_start + size > width) {
      lqa_buf_add_char(out, '\n');
      column = 0;
      line_start = true;
    }
    if (column < TEXT_COLUMN) {
      lqa_buf_printf(out, "%*s", TEXT_COLUMN - column, "");
      column = TEXT_COLUMN;
    }
    lqa_buf_printf(out, "%s%.*s", line_start ? "" : " ", size, text.data + at);
    column += size + !line_start;
    line_start = false;
    at += (size_t)size + 1;
  }
  lqa_buf_add_char(out, '\n');
}

static void add_row(const lqa_option *row, int width, lqa_buf *out) {
  lqa_buf text;
  lqa_buf_init(&text, MAX_ROW_TEXT);
  const char *argument = argument_of(row);
  size_t start = out->size;
  lqa_buf_printf(out, "%*s--%s%s%s", NAME_INDENT, "", row->name, argument ? " " : "",
                 argument ? argument : "");
  int column = (int)(out->size - start);
  if (column + 2 > TEXT_COLUMN) {
    lqa_buf_add_char(out, '\n');
    column = 0;
  }
  add_sentence(row, &text);
  add_wrapped(lqa_buf_str(&text), column, width, out);
  out->failed = out->failed || text.failed;
  lqa_buf_clear(&text);
}

void lqa_option_help(const lqa_option *table, int width, lqa_buf *out) {
  width = width < TEXT_COLUMN + MIN_TEXT ? TEXT_COLUMN + MIN_TEXT : width;
  bool first = true;
  for (const lqa_option *group = table; group->name; group++) {
    if (!opens_group(table, group)) {
      continue;
    }
    lqa_buf_printf(out, "%s%s:\n", first ? "" : "\n", group_of(group));
    first = false;
    for (const lqa_option *row = group; row->name; row++) {
      if (!row->environment_only && strcmp(group_of(row), group_of(group)) == 0) {
        add_row(row, width, out);
      }
    }
  }
}

/* Text that roff takes as it is: hyphens stay hyphens, no line begins with a request. */
static void add_roff(lqa_str text, lqa_buf *out) {
  if (text.size && (text.data[0] == '.' || text.data[0] == '\'')) {
    lqa_buf_add_text(out, "\\&");
  }
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '\\') {
      lqa_buf_add_text(out, "\\e");
    } else if (text.data[i] == '-') {
      lqa_buf_add_text(out, "\\-");
    } else {
      lqa_buf_add_char(out, text.data[i]);
    }
  }
}

static void add_man_row(const lqa_option *row, lqa_buf *out) {
  lqa_buf text;
  lqa_buf_init(&text, MAX_ROW_TEXT);
  const char *argument = argument_of(row);
  lqa_buf_add_text(out, ".TP\n\\fB\\-\\-");
  add_roff(lqa_str_from(row->name), out);
  lqa_buf_add_text(out, "\\fR");
  if (argument) {
    lqa_buf_add_text(out, " \\fI");
    add_roff(lqa_str_from(argument), out);
    lqa_buf_add_text(out, "\\fR");
  }
  lqa_buf_add_char(out, '\n');
  add_sentence(row, &text);
  add_roff(lqa_buf_str(&text), out);
  lqa_buf_add_char(out, '\n');
  out->failed = out->failed || text.failed;
  lqa_buf_clear(&text);
}

void lqa_option_man(const lqa_option *table, lqa_buf *out) {
  for (const lqa_option *group = table; group->name; group++) {
    if (!opens_group(table, group)) {
      continue;
    }
    lqa_buf_printf(out, ".SS %s\n", group_of(group));
    for (const lqa_option *row = group; row->name; row++) {
      if (!row->environment_only && strcmp(group_of(row), group_of(group)) == 0) {
        add_man_row(row, out);
      }
    }
  }
}

void lqa_option_words(const lqa_option *table, lqa_buf *out) {
  for (const lqa_option *row = table; row->name; row++) {
    if (!row->environment_only) {
      lqa_buf_printf(out, "--%s\n", row->name);
    }
  }
}
