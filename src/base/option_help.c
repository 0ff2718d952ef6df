/* What people read of an option table: help, man page, completion words. */
#include "base/option.h"

#include <stdio.h>

enum { INDENT = 4, TEXT_COLUMN = 30 };

static const char *group_of(const lqa_option *option) {
  return option->group ? option->group : "Options";
}

/* "--name ARG" */
static void add_name(const lqa_option *option, lqa_buf *out) {
  lqa_buf_printf(out, "--%s", option->name);
  if (option->kind == LQA_OPTION_CHOICE) {
    lqa_buf_printf(out, " %s", option->choices);
  } else if (option->kind != LQA_OPTION_FLAG) {
    lqa_buf_printf(out, " %s", option->argument ? option->argument : "VALUE");
  }
}

/* Help sentence with default and environment variable. */
static void add_sentence(const lqa_option *option, lqa_buf *out) {
  lqa_buf_add_text(out, option->help);
  bool has_default = option->default_value && option->kind != LQA_OPTION_FLAG;
  if (has_default) {
    lqa_buf_printf(out, " (default %s)", option->default_value);
  }
  if (option->environment) {
    lqa_buf_printf(out, " (else $%s)", option->environment);
  }
  if (option->kind == LQA_OPTION_TEXT_LIST && !option->split_commas) {
    lqa_buf_add_text(out, "; repeatable");
  }
}

/* Appends `text` from column `column` on, wrapped at `width`; ends the line. */
static void add_wrapped(const char *text, int column, int width, lqa_buf *out) {
  int at = column;
  const char *separator = "";
  while (*text) {
    int word = (int)strcspn(text, " ");
    if (at > column && at + 1 + word > width) {
      lqa_buf_printf(out, "\n%*s", column, "");
      at = column;
      separator = "";
    }
    lqa_buf_printf(out, "%s%.*s", separator, word, text);
    at += word + (int)strlen(separator);
    separator = " ";
    text += word;
    text += *text == ' ';
  }
  lqa_buf_add_char(out, '\n');
}

static void add_help_row(const lqa_option *option, int width, lqa_buf *out) {
  lqa_buf sentence;
  lqa_buf_init(&sentence, 1 << 16);
  size_t before = out->size;
  lqa_buf_printf(out, "%*s", INDENT, "");
  add_name(option, out);
  int used = (int)(out->size - before);
  if (used + 2 > TEXT_COLUMN) {
    lqa_buf_printf(out, "\n%*s", TEXT_COLUMN, "");
  } else {
    lqa_buf_printf(out, "%*s", TEXT_COLUMN - used, "");
  }
  add_sentence(option, &sentence);
  add_wrapped(lqa_buf_str(&sentence).data, TEXT_COLUMN, width, out);
  lqa_buf_clear(&sentence);
}

/* Whether an earlier row already opened this row's group. */
static bool is_group_seen(const lqa_option *table, const lqa_option *option) {
  for (; table < option; table++) {
    if (!table->environment_only && strcmp(group_of(table), group_of(option)) == 0) {
      return true;
    }
  }
  return false;
}

void lqa_option_help(const lqa_option *table, int width, lqa_buf *out) {
  for (const lqa_option *first = table; first->name; first++) {
    if (first->environment_only || is_group_seen(table, first)) {
      continue;
    }
    lqa_buf_printf(out, "%s%s:\n", first == table ? "" : "\n", group_of(first));
    for (const lqa_option *option = first; option->name; option++) {
      if (!option->environment_only && strcmp(group_of(option), group_of(first)) == 0) {
        add_help_row(option, width, out);
      }
    }
  }
}

void lqa_option_man(const lqa_option *table, lqa_buf *out) {
  for (; table->name; table++) {
    if (table->environment_only) {
      continue;
    }
    lqa_buf_add_text(out, ".TP\n\\fB");
    add_name(table, out);
    lqa_buf_add_text(out, "\\fR\n");
    add_sentence(table, out);
    lqa_buf_add_char(out, '\n');
  }
}

void lqa_option_words(const lqa_option *table, lqa_buf *out) {
  for (; table->name; table++) {
    if (!table->environment_only) {
      lqa_buf_printf(out, "--%s\n", table->name);
    }
  }
}
