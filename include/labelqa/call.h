/* labelqa/call.h - commands by name, with options as text: what bindings and front ends build on.
 *
 * One mechanism for every front end: make a call, set options as text, add positional arguments,
 * run.
 *
 *     lqa_call *call = NULL;
 *     lqa_call_new("audit", &call, &err);
 *     lqa_call_set(call, "label", "category", &err);
 *     lqa_call_add(call, "tickets.csv", &err);
 *     lqa_call_run(call, &result, &err);
 *     lqa_call_free(call); */
#ifndef LABELQA_CALL_H
#define LABELQA_CALL_H

#include "labelqa/error.h"
#include "labelqa/observer.h"
#include "labelqa/result.h"
#include "labelqa/terminal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lqa_call lqa_call;

/* LQA_BAD_USAGE for an unknown command; the message suggests the nearest. */
LQA_API LQA_MUST_CHECK lqa_status lqa_call_new(const char *command, lqa_call **call,
                                               lqa_error *err);
/* An option by its long name, with or without the dashes; NULL value for flags. Copies. */
LQA_API LQA_MUST_CHECK lqa_status lqa_call_set(lqa_call *call, const char *name, const char *value,
                                               lqa_error *err);
/* The next positional argument. Copies. */
LQA_API LQA_MUST_CHECK lqa_status lqa_call_add(lqa_call *call, const char *value, lqa_error *err);
/* Options and positionals as a command line has them (without program and command name).
 * *help is set where --help or -h was among them. */
LQA_API LQA_MUST_CHECK lqa_status lqa_call_parse(lqa_call *call, int argc, char *const *argv,
                                                 bool *help, lqa_error *err);
/* Gives options that were not set the value of their environment variable (LABELQA_DATA, keys ...).
 * Front ends pass getenv. */
LQA_API LQA_MUST_CHECK lqa_status lqa_call_fill(lqa_call *call, char *(*lookup)(const char *name),
                                                lqa_error *err);
LQA_API void lqa_call_set_observer(lqa_call *call, const lqa_observer *observer);
/* Of review: who hears the page's address (lqa_review_args.listening). Other commands ignore it. */
LQA_API void lqa_call_set_listening(lqa_call *call,
                                    void (*listening)(void *data, const char *address, int open),
                                    void *data);
/* Of review: the terminal it may use (lqa_review_args.terminal). Other commands ignore it. */
LQA_API void lqa_call_set_terminal(lqa_call *call, const lqa_terminal *terminal);
LQA_API void lqa_call_set_width(lqa_call *call, int64_t columns);
LQA_API void lqa_call_set_option_style(lqa_call *call, lqa_option_style style);
/* Runs it. *result is set on LQA_OK, and also on LQA_FAIL_IF and LQA_OUT_OF_BUDGET, whose work is
 * done, and by doctor on LQA_BAD_ENDPOINT. */
LQA_API LQA_MUST_CHECK lqa_status lqa_call_run(lqa_call *call, lqa_result **result, lqa_error *err);
/* The command that is to follow on the result's run ("review" after audit with `review`), or NULL.
 * Running it is the front end's. */
LQA_API const char *lqa_call_next(const lqa_call *call);
/* True if --format json, or --quiet, was set. */
LQA_API bool lqa_call_wants_json(const lqa_call *call);
LQA_API bool lqa_call_is_quiet(const lqa_call *call);
LQA_API void lqa_call_free(lqa_call *call);

/* Number of commands; name and one-line summary of each, in the order of the help. */
LQA_API size_t lqa_command_count(void);
LQA_API const char *lqa_command_name(size_t command);
LQA_API const char *lqa_command_summary(size_t command);
/* Owned texts (release with lqa_free): --help of one command, its roff man page (NULL: that of
 * labelqa itself), its option names one a line for shell completion, and its options as JSON, a
 * list of {name, kind, choices, default, argument, split_commas, help}. NULL for an unknown command
 * or when out of memory. */
LQA_API char *lqa_command_help(const char *command, int width);
LQA_API char *lqa_command_man(const char *command);
LQA_API char *lqa_command_words(const char *command);
LQA_API char *lqa_command_options(const char *command);
LQA_API void lqa_free(void *owned);

#ifdef __cplusplus
}
#endif
#endif
