/* api/command.h - the contract of a command: one const descriptor per file api_<name>.c, one row in
 * command_list.h. The command line, Python and the man pages are all derived from it.
 */
#ifndef LQA_API_COMMAND_H
#define LQA_API_COMMAND_H

#include "base/buf.h"
#include "base/option.h"
#include "labelqa/labelqa.h"

/* A positional argument: a text field, or (last only) a list that takes all that remain. */
typedef struct lqa_positional {
  const char *name; /* as shown in usage: "SOURCE"; NULL ends the list */
  size_t offset;
  bool is_list;
  bool required;
} lqa_positional;

enum { LQA_COMMAND_MAX_POSITIONALS = 4 };

#define COMMAND(name) LQA_COMMAND_##name,
typedef enum lqa_command_number {
#include "api/command_list.h"
  LQA_COMMAND_COUNT
} lqa_command_number;
#undef COMMAND

typedef struct lqa_command {
  lqa_command_number number;
  const char *name;
  const char *summary;                 /* one line */
  const char *description;             /* a paragraph or two for --help, or NULL */
  void (*add_catalogue)(lqa_buf *out); /* after it: lines made from a table; or NULL */
  const char *example;                 /* command lines, one per line */
  size_t args_size;
  const lqa_option
      *options; /* ends at name == NULL; every args struct begins with lqa_common_args */
  lqa_positional positionals[LQA_COMMAND_MAX_POSITIONALS];
  /* *result is set on LQA_OK, LQA_FAIL_IF and LQA_OUT_OF_BUDGET. */
  lqa_status (*run)(const void *args, lqa_result **result, lqa_error *err);
} lqa_command;

/* NULL for an unknown name. */
const lqa_command *lqa_command_find(const char *name);
const lqa_command *lqa_command_get(lqa_command_number number);

/* Fills the defaults of `number` into `args` (args_size bytes): what lqa_<command>_args_init does.
 */
void lqa_command_init_args(lqa_command_number number, void *args);

/* What a call itself takes, beside its command's options: how its result is printed. */
typedef struct lqa_call_args {
  int quiet;
  const char *format; /* text | json */
} lqa_call_args;
extern const lqa_option lqa_call_options[]; /* over lqa_call_args */

/* Where the user's key lies, from the environment alone. */
#define LQA_STATE_HOME_OPTIONS(type, state_home_field, home_field)                 \
  {.name = "XDG_STATE_HOME",                                                       \
   .kind = LQA_OPTION_TEXT,                                                        \
   .offset = offsetof(type, state_home_field),                                     \
   .environment = "XDG_STATE_HOME",                                                \
   .environment_only = true,                                                       \
   .help = ""},                                                                    \
  {                                                                                \
    .name = "HOME", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, home_field), \
    .environment = "HOME", .environment_only = true, .help = ""                    \
  }

/* Of a command on a run, over its `reread`. */
#define LQA_REREAD_OPTIONS(type)                                                             \
  {.name = "source",                                                                         \
   .kind = LQA_OPTION_TEXT_LIST,                                                             \
   .offset = offsetof(type, reread.source),                                                  \
   .argument = "FILE",                                                                       \
   .help = "where the source of a run without snapshot is, file by file (needed if the run " \
           "was made by somebody else)",                                                     \
   .group = "Common"},                                                                       \
      LQA_STATE_HOME_OPTIONS(type, reread.state_home, reread.home)

/* The rows every command's option table ends with. --quiet and --format are lqa_call_options. */
#define LQA_COMMON_OPTIONS(type)                                                    \
  {.name = "threads",                                                               \
   .kind = LQA_OPTION_INT,                                                          \
   .offset = offsetof(type, common.threads),                                        \
   .default_value = "0",                                                            \
   .min = 0,                                                                        \
   .max = 4096,                                                                     \
   .argument = "N",                                                                 \
   .help = "threads to use, 0 = one per processor; results never depend on it",     \
   .group = "Common"},                                                              \
      {.name = "seed",                                                              \
       .kind = LQA_OPTION_INT,                                                      \
       .offset = offsetof(type, common.seed),                                       \
       .default_value = "0",                                                        \
       .min = 0,                                                                    \
       .max = 9007199254740992.0,                                                   \
       .argument = "S",                                                             \
       .help = "seed of everything random",                                         \
       .group = "Common"},                                                          \
      {.name = "width",                                                             \
       .kind = LQA_OPTION_INT,                                                      \
       .offset = offsetof(type, common.width),                                      \
       .default_value = "100",                                                      \
       .min = 40,                                                                   \
       .max = 1000,                                                                 \
       .argument = "N",                                                             \
       .help = "columns of the text output (a terminal's own width is used there)", \
       .group = "Common"},                                                          \
  {                                                                                 \
    .name = NULL                                                                    \
  }

#endif
