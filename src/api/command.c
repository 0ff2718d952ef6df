/* The table of commands and what is derived from it: names, help, man pages, completion words.
 *
 * A command is a const descriptor in its own file and a row in command_list.h; a row without a file
 * does not link, a file without a row does not compile (it names its own enum value).
 */
#include "api/command.h"

#include "base/memory.h"

#include <stdio.h>

#define COMMAND(name) extern const lqa_command lqa_command_##name;
#include "api/command_list.h"
#undef COMMAND

#define COMMAND(name) &lqa_command_##name,
static const lqa_command *const commands[LQA_COMMAND_COUNT] = {
#include "api/command_list.h"
};
#undef COMMAND

enum { MAX_HELP_BYTES = 1 << 20, N_CALL_OPTIONS = 2 };

const lqa_option lqa_call_options[N_CALL_OPTIONS + 1] = {
    {.name = "quiet",
     .kind = LQA_OPTION_FLAG,
     .offset = offsetof(lqa_call_args, quiet),
     .help = "no progress and no remarks",
     .group = "Printing"},
    {.name = "format",
     .kind = LQA_OPTION_CHOICE,
     .offset = offsetof(lqa_call_args, format),
     .default_value = "text",
     .choices = "text|json",
     .help = "print the result for people or for programs",
     .group = "Printing"},
    {.name = NULL}};

const char *lqa_version(void) {
  return LABELQA_VERSION;
}

const lqa_command *lqa_command_get(lqa_command_number number) {
  return commands[number];
}

const lqa_command *lqa_command_find(const char *name) {
  for (int i = 0; i < LQA_COMMAND_COUNT; i++) {
    if (strcmp(commands[i]->name, name) == 0) {
      return commands[i];
    }
  }
  return NULL;
}

void lqa_command_init_args(lqa_command_number number, void *args) {
  memset(args, 0, commands[number]->args_size);
  lqa_status status = lqa_option_init(commands[number]->options, args, NULL);
  (void)status; /* fails only for a table whose own default does not parse: caught by a unit test */
}

size_t lqa_command_count(void) {
  return LQA_COMMAND_COUNT;
}

const char *lqa_command_name(size_t command) {
  return command < LQA_COMMAND_COUNT ? commands[command]->name : NULL;
}

const char *lqa_command_summary(size_t command) {
  return command < LQA_COMMAND_COUNT ? commands[command]->summary : NULL;
}

/* "labelqa audit SOURCE... [options]" */
static void add_usage(const lqa_command *command, lqa_buf *out) {
  lqa_buf_printf(out, "labelqa %s", command->name);
  for (const lqa_positional *p = command->positionals; p->name; p++) {
    lqa_buf_printf(out, p->required ? " %s%s" : " [%s%s]", p->name, p->is_list ? "..." : "");
  }
  lqa_buf_add_text(out, " [options]");
}

/* Appends `text` with `indent` spaces before every line. */
static void add_indented(const char *text, int indent, lqa_buf *out) {
  while (*text) {
    const char *end = strchr(text, '\n');
    int length = end ? (int)(end - text) : (int)strlen(text);
    lqa_buf_printf(out, "%*s%.*s\n", indent, "", length, text);
    text += length + (end ? 1 : 0);
  }
}

/* The call's options that the command has no option of the same name for: `export --format` is the
 * exported file's. */
static void find_call_options(const lqa_command *command, lqa_option rows[N_CALL_OPTIONS + 1]) {
  size_t n = 0;
  for (const lqa_option *row = lqa_call_options; row->name; row++) {
    if (!lqa_option_find(command->options, row->name)) {
      rows[n++] = *row;
    }
  }
  rows[n] = (lqa_option){0};
}

char *lqa_command_help(const char *name, int width) {
  const lqa_command *command = lqa_command_find(name);
  if (!command) {
    return NULL;
  }
  lqa_buf out;
  lqa_buf_init(&out, MAX_HELP_BYTES);
  lqa_buf_add_text(&out, "Usage: ");
  add_usage(command, &out);
  lqa_buf_printf(&out, "\n\n%s\n", command->summary);
  if (command->description) {
    lqa_buf_printf(&out, "\n%s\n", command->description);
  }
  if (command->add_catalogue) {
    command->add_catalogue(&out);
  }
  lqa_buf_add_text(&out, "\n");
  lqa_option_help(command->options, width, &out);
  lqa_option rows[N_CALL_OPTIONS + 1];
  find_call_options(command, rows);
  lqa_buf_add_char(&out, '\n');
  lqa_option_help(rows, width, &out);
  lqa_buf_add_text(&out, "\nExample:\n");
  add_indented(command->example, 2, &out);
  return lqa_buf_take(&out, NULL);
}

/* The page of labelqa itself: the commands, each with a page of its own. */
static char *write_overview(void) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_HELP_BYTES);
  lqa_buf_printf(&out,
                 ".TH LABELQA 1 \"\" \"labelqa %s\"\n.SH NAME\nlabelqa \\- audits labelled data\n"
                 ".SH SYNOPSIS\nlabelqa COMMAND [arguments] [options]\n.SH COMMANDS\n",
                 LABELQA_VERSION);
  for (int i = 0; i < LQA_COMMAND_COUNT; i++) {
    lqa_buf_printf(&out, ".TP\n.B %s\n%s. See labelqa-%s(1).\n", commands[i]->name,
                   commands[i]->summary, commands[i]->name);
  }
  return lqa_buf_take(&out, NULL);
}

char *lqa_command_man(const char *name) {
  if (!name) {
    return write_overview();
  }
  const lqa_command *command = lqa_command_find(name);
  if (!command) {
    return NULL;
  }
  lqa_buf out;
  lqa_buf_init(&out, MAX_HELP_BYTES);
  lqa_buf_printf(&out, ".TH LABELQA-%s 1 \"\" \"labelqa %s\"\n.SH NAME\nlabelqa-%s \\- %s\n",
                 command->name, LABELQA_VERSION, command->name, command->summary);
  lqa_buf_add_text(&out, ".SH SYNOPSIS\n");
  add_usage(command, &out);
  if (command->description) {
    lqa_buf_printf(&out, "\n.SH DESCRIPTION\n%s", command->description);
  }
  if (command->add_catalogue) {
    lqa_buf_add_text(&out, "\n.nf\n");
    command->add_catalogue(&out);
    lqa_buf_add_text(&out, ".fi");
  }
  lqa_buf_add_text(&out, "\n.SH OPTIONS\n");
  lqa_option_man(command->options, &out);
  lqa_option rows[N_CALL_OPTIONS + 1];
  find_call_options(command, rows);
  lqa_option_man(rows, &out);
  lqa_buf_add_text(&out, ".SH EXAMPLE\n.nf\n");
  add_indented(command->example, 0, &out);
  lqa_buf_add_text(&out, ".fi\n");
  return lqa_buf_take(&out, NULL);
}

char *lqa_command_words(const char *name) {
  const lqa_command *command = lqa_command_find(name);
  if (!command) {
    return NULL;
  }
  lqa_buf out;
  lqa_buf_init(&out, MAX_HELP_BYTES);
  lqa_option_words(command->options, &out);
  lqa_option rows[N_CALL_OPTIONS + 1];
  find_call_options(command, rows);
  lqa_option_words(rows, &out);
  lqa_buf_add_text(&out, "--help\n");
  return lqa_buf_take(&out, NULL);
}

char *lqa_command_options(const char *name) {
  const lqa_command *command = lqa_command_find(name);
  if (!command) {
    return NULL;
  }
  lqa_buf out;
  lqa_json json;
  lqa_option rows[N_CALL_OPTIONS + 1];
  lqa_buf_init(&out, MAX_HELP_BYTES);
  lqa_json_init(&json, &out, 0);
  find_call_options(command, rows);
  lqa_json_open_array(&json);
  lqa_option_json(command->options, &json);
  lqa_option_json(rows, &json);
  lqa_json_close_array(&json);
  lqa_buf_add_char(&out, '\n');
  return lqa_buf_take(&out, NULL);
}
