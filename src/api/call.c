/* A command being prepared: arguments set as text, then run.
 *
 * The call owns the argument struct and every text in it. --quiet and --format concern only what a
 * front end prints, so they live here and not in the commands' argument structs.
 */
#include "api/command.h"
#include "base/memory.h"
#include "base/vec.h"

#include <stdio.h>

struct lqa_call {
  const lqa_command *command;
  void *args;                  /* command->args_size bytes */
  LQA_VEC(char *) positionals; /* owned */
  lqa_call_args own;           /* lqa_call_options */
};

/* `export --format` names the format of the exported file, not of the output. */
static bool belongs_to_call(const lqa_call *call, const char *name) {
  return lqa_option_find(lqa_call_options, name) && !lqa_option_find(call->command->options, name);
}

/* Commands that are planned, and what does part of their work until they are built. */
static const struct {
  const char *name, *instead;
} planned[] = {{"compare", "labelqa annotators SOURCE --wide A,B compares columns of labels"}};

static lqa_status fail_unknown_command(const char *name, lqa_error *err) {
  for (size_t i = 0; i < sizeof planned / sizeof planned[0]; i++) {
    if (strcmp(name, planned[i].name) == 0) {
      return lqa_fail(err, LQA_BAD_USAGE, "the command '%s' is planned but not built yet; %s", name,
                      planned[i].instead);
    }
  }
  size_t best = 0, distance = SIZE_MAX;
  for (size_t i = 0; i < lqa_command_count(); i++) {
    size_t d = lqa_str_distance(lqa_str_from(name), lqa_str_from(lqa_command_name(i)));
    if (d < distance) {
      distance = d;
      best = i;
    }
  }
  if (distance <= 2) {
    return lqa_fail(err, LQA_BAD_USAGE, "unknown command '%s'; did you mean '%s'?", name,
                    lqa_command_name(best));
  }
  return lqa_fail(err, LQA_BAD_USAGE, "unknown command '%s'; 'labelqa --help' lists the commands",
                  name);
}

lqa_status lqa_call_new(const char *name, lqa_call **out, lqa_error *err) {
  const lqa_command *command = lqa_command_find(name);
  if (!command) {
    return fail_unknown_command(name, err);
  }
  lqa_call *call = lqa_calloc(1, sizeof *call);
  void *args = call ? lqa_calloc(1, command->args_size) : NULL;
  lqa_status status;
  LQA_TRY_OUT(args ? LQA_OK : lqa_fail_memory(err, "preparing the call"));
  call->command = command;
  call->args = args;
  LQA_TRY_OUT(lqa_option_init(command->options, args, err));
  status = lqa_option_init(lqa_call_options, &call->own, err);
out:
  if (status != LQA_OK) {
    lqa_call_free(call);
    return status;
  }
  *out = call;
  return LQA_OK;
}

void lqa_call_free(lqa_call *call) {
  if (!call) {
    return;
  }
  if (call->args) {
    for (const lqa_positional *p = call->command->positionals; p->name; p++) {
      if (p->is_list) {
        free(((lqa_text_list *)((char *)call->args + p->offset))->items);
      }
    }
    lqa_option_clear(call->command->options, call->args);
    free(call->args);
  }
  for (size_t i = 0; i < call->positionals.n; i++) {
    free(call->positionals.data[i]);
  }
  lqa_vec_clear(&call->positionals);
  lqa_option_clear(lqa_call_options, &call->own);
  free(call);
}

lqa_status lqa_call_set(lqa_call *call, const char *name, const char *value, lqa_error *err) {
  while (*name == '-') {
    name++;
  }
  if (belongs_to_call(call, name)) {
    return lqa_option_set(lqa_call_options, &call->own, name, value, err);
  }
  return lqa_option_set(call->command->options, call->args, name, value, err);
}

lqa_status lqa_call_add(lqa_call *call, const char *value, lqa_error *err) {
  char *copy = strdup(value);
  if (!copy || lqa_vec_push(&call->positionals, copy) != LQA_OK) {
    free(copy);
    return lqa_fail_memory(err, "storing an argument");
  }
  return LQA_OK;
}

/* One command-line word that starts with "--": sets it and says how many words it took. */
static lqa_status parse_option(lqa_call *call, int argc, char *const *argv, int *used,
                               lqa_error *err) {
  char name[64];
  const char *equals = strchr(argv[0], '=');
  size_t length = equals ? (size_t)(equals - argv[0]) : strlen(argv[0]);
  if (length - 2 >= sizeof name) {
    return lqa_fail(err, LQA_BAD_USAGE, "unknown option '%.60s...'", argv[0]);
  }
  memcpy(name, argv[0] + 2, length - 2);
  name[length - 2] = '\0';
  const lqa_option *option = belongs_to_call(call, name)
                                 ? lqa_option_find(lqa_call_options, name)
                                 : lqa_option_find(call->command->options, name);
  *used = 1;
  if (!option || option->kind == LQA_OPTION_FLAG || equals) {
    return lqa_call_set(call, name, equals ? equals + 1 : NULL, err);
  }
  if (argc < 2) {
    return lqa_fail(err, LQA_BAD_USAGE, "option " LQA_OPTION("%s") " needs a value (%s)", name,
                    option->argument ? option->argument : "see --help");
  }
  *used = 2;
  return lqa_call_set(call, name, argv[1], err);
}

lqa_status lqa_call_parse(lqa_call *call, int argc, char *const *argv, bool *help, lqa_error *err) {
  *help = false;
  bool options_ended = false;
  for (int i = 0; i < argc;) {
    int used = 1;
    if (options_ended || argv[i][0] != '-' || argv[i][1] == '\0') {
      LQA_TRY(lqa_call_add(call, argv[i], err));
    } else if (strcmp(argv[i], "--") == 0) {
      options_ended = true;
    } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
      *help = true;
      return LQA_OK;
    } else if (argv[i][1] == '-') {
      LQA_TRY(parse_option(call, argc - i, argv + i, &used, err));
    } else {
      return lqa_fail(err, LQA_BAD_USAGE,
                      "unknown option '%s'; options are written --name, 'labelqa %s --help' lists "
                      "them",
                      argv[i], call->command->name);
    }
    i += used;
  }
  return LQA_OK;
}

/* Puts the positionals into their fields. */
static lqa_status place_positionals(lqa_call *call, lqa_error *err) {
  size_t next = 0;
  const lqa_positional *p = call->command->positionals;
  for (; p->name; p++) {
    size_t left = call->positionals.n - next;
    if (p->required && left == 0) {
      return lqa_fail(err, LQA_BAD_USAGE, "%s is missing; 'labelqa %s --help' shows the usage",
                      p->name, call->command->name);
    }
    void *field = (char *)call->args + p->offset;
    if (p->is_list) {
      lqa_text_list *list = field;
      free(list->items);
      list->items = lqa_calloc(left + 1, sizeof *list->items);
      if (!list->items) {
        return lqa_fail_memory(err, "storing arguments");
      }
      for (list->n = 0; list->n < left; list->n++) {
        list->items[list->n] = call->positionals.data[next + list->n];
      }
      next += left;
    } else if (left > 0) {
      *(const char **)field = call->positionals.data[next++];
    }
  }
  if (next < call->positionals.n) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "unexpected argument '%s'; 'labelqa %s --help' shows the usage",
                    call->positionals.data[next], call->command->name);
  }
  return LQA_OK;
}

/* Deep down only the status tells that memory ran out: nobody may take it for success without a
 * message. */
static lqa_status word_failure(lqa_status status, lqa_error *err) {
  if (status == LQA_OK || !err || err->status != LQA_OK) {
    return status;
  }
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "running the command")
                                 : lqa_fail(err, status, "the command failed without a reason");
}

lqa_status lqa_call_run(lqa_call *call, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  LQA_TRY(place_positionals(call, err));
  LQA_TRY(lqa_option_check(call->command->options, call->args, err));
  return word_failure(call->command->run(call->args, result, err), err);
}

lqa_status lqa_call_fill(lqa_call *call, char *(*lookup)(const char *name), lqa_error *err) {
  return lqa_option_fill(call->command->options, call->args, lookup, err);
}

void lqa_call_set_observer(lqa_call *call, const lqa_observer *observer) {
  ((lqa_common_args *)call->args)->observer = observer;
}

void lqa_call_set_listening(lqa_call *call,
                            void (*listening)(void *data, const char *address, int open),
                            void *data) {
  if (call->command == lqa_command_get(LQA_COMMAND_review)) {
    lqa_review_args *args = call->args;
    args->listening = listening;
    args->listening_data = data;
  }
}

void lqa_call_set_terminal(lqa_call *call, const lqa_terminal *terminal) {
  if (call->command == lqa_command_get(LQA_COMMAND_review)) {
    ((lqa_review_args *)call->args)->terminal = terminal;
  }
}

void lqa_call_set_width(lqa_call *call, int64_t columns) {
  ((lqa_common_args *)call->args)->width = columns;
}

void lqa_call_set_option_style(lqa_call *call, lqa_option_style style) {
  ((lqa_common_args *)call->args)->option_style = style;
}

bool lqa_call_wants_json(const lqa_call *call) {
  return strcmp(call->own.format, "json") == 0;
}

const char *lqa_call_next(const lqa_call *call) {
  bool is_audit = call->command == lqa_command_get(LQA_COMMAND_audit);
  return is_audit && ((const lqa_audit_args *)call->args)->review ? "review" : NULL;
}

bool lqa_call_is_quiet(const lqa_call *call) {
  return call->own.quiet != 0;
}
