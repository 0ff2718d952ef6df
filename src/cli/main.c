/* labelqa, the command: turns a command line into a call of the library and prints what it says.
 *
 * Results go to standard output, remarks and progress to standard error; progress only on a
 * terminal. Ctrl-C, SIGTERM and SIGHUP ask the library to stop; a second one ends the process at
 * once. What a command can do is decided by the library's tables: this file knows no command by
 * name.
 */
#include "cli/console.h"
#include "labelqa/labelqa.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_overview(FILE *out) {
  fputs("labelqa audits labelled data before anyone fine-tunes on it.\n\n"
        "Usage: labelqa COMMAND [arguments] [options]\n\nCommands:\n",
        out);
  for (size_t i = 0; i < lqa_command_count(); i++) {
    fprintf(out, "  %-10s %s\n", lqa_command_name(i), lqa_command_summary(i));
  }
  fputs("\n'labelqa COMMAND --help' shows a command's options and an example.\n"
        "Start with:  labelqa audit FILE --text COL --label COL\n",
        out);
}

static int fail(const lqa_error *err) {
  char text[2 * sizeof err->message];
  lqa_message_render(err->message, LQA_AS_FLAGS, text, sizeof text);
  console_say("labelqa: ", text);
  return lqa_status_exit_code(err->status);
}

/* Prints an owned text and frees it. */
static int print_owned(char *text) {
  if (!text) {
    return 7;
  }
  bool done = console_print(stdout, text);
  lqa_free(text);
  return done ? 0 : 7;
}

/* What completion scripts, `make install` and the Python package's build ask: `labelqa __words
 * audit`, `labelqa __man audit`, `labelqa __options audit`. */
static int run_hidden(int argc, char **argv) {
  if (strcmp(argv[1], "__commands") == 0) {
    for (size_t i = 0; i < lqa_command_count(); i++) {
      puts(lqa_command_name(i));
    }
    return 0;
  }
  const char *name = argc > 2 ? argv[2] : NULL;
  if (strcmp(argv[1], "__options") == 0) {
    return print_owned(lqa_command_options(name ? name : ""));
  }
  return print_owned(strcmp(argv[1], "__man") == 0 ? lqa_command_man(name)
                                                   : lqa_command_words(name ? name : ""));
}

/* Returns the exit code. */
static int print_result(const lqa_call *call, const lqa_result *result) {
  if (!lqa_call_wants_json(call)) {
    return console_print(stdout, lqa_result_text(result)) ? 0 : 7;
  }
  fputs(lqa_result_json(result), stdout); /* main looks whether it got out */
  return 0;
}

static int run_command(int argc, char **argv);

/* The command that a call asks for behind itself, on its run, in the browser. */
static int run_next(const lqa_call *call, const lqa_result *result) {
  const char *name = lqa_call_next(call), *run = result ? lqa_result_run_path(result) : NULL;
  if (!name || !run) {
    return 0;
  }
  fflush(stdout);
  char *argv[] = {"labelqa", (char *)name, (char *)run, "--open", NULL};
  return run_command(4, argv);
}

static int run_command(int argc, char **argv) {
  lqa_error err;
  lqa_error_clear(&err);
  lqa_call *call = NULL;
  lqa_result *result = NULL;
  bool help = false;
  int code = 0;
  if (lqa_call_new(argv[1], &call, &err) != LQA_OK) {
    return fail(&err);
  }
  if (lqa_call_parse(call, argc - 2, argv + 2, &help, &err) != LQA_OK) {
    code = fail(&err);
  } else if (help) {
    code = print_owned(lqa_command_help(argv[1], console_width()));
  } else if (lqa_call_fill(call, getenv, &err) != LQA_OK) {
    code = fail(&err);
  } else {
    console_begin(call);
    lqa_status status = lqa_call_run(call, &result, &err);
    console_end();
    if (result) {
      code = print_result(call, result);
    }
    if (status != LQA_OK) {
      code = fail(&err);
    }
    int next = status == LQA_OK || status == LQA_FAIL_IF ? run_next(call, result) : 0;
    code = code ? code : next;
  }
  lqa_result_free(result);
  lqa_call_free(call);
  return code;
}

/* A result that did not get out is a failure, however far the command came. */
static int close_output(int code) {
  bool failed = ferror(stdout) != 0;
  errno = 0;
  failed = fflush(stdout) != 0 || failed;
  if (!failed) {
    return code;
  }
  fprintf(stderr, "labelqa: cannot write to standard output%s%s\n", errno ? ": " : "",
          errno ? strerror(errno) : "");
  return code ? code : 4;
}

int main(int argc, char **argv) {
  int code = 0;
  if (argc < 2) {
    print_overview(stderr);
    return 2;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
      strcmp(argv[1], "help") == 0) {
    print_overview(stdout);
  } else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
    printf("labelqa %s\n", lqa_version());
  } else if (strncmp(argv[1], "__", 2) == 0) {
    code = run_hidden(argc, argv);
  } else {
    code = run_command(argc, argv);
  }
  return close_output(code);
}
