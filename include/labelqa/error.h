/* labelqa/error.h - status codes and the error record that every fallible call fills.
 *
 * A status is also the command's exit code (see lqa_status_exit_code): a program that embeds the
 * library and a shell script that calls the command see the same nine outcomes.
 *
 *     lqa_error err;
 *     lqa_error_clear(&err);
 *     if (lqa_cmd_audit(&args, &result, &err) != LQA_OK)
 *         lqa_message_render(err.message, LQA_AS_FIELDS, text, sizeof text), puts(text);
 */
#ifndef LABELQA_ERROR_H
#define LABELQA_ERROR_H

#include <stddef.h>
#include <stdint.h>

/* LQA_MUST_CHECK: a compiler warns where the result of the call is dropped. LQA_MUST_CHECK_TYPE
 * says it of every function that returns the type; clang alone knows that for C. */
#if defined(__GNUC__)
#define LQA_MUST_CHECK __attribute__((warn_unused_result))
#define LQA_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#define LQA_API __attribute__((visibility("default")))
#else
#define LQA_MUST_CHECK
#define LQA_PRINTF(format_index, first)
#define LQA_API
#endif
#if defined(__clang__)
#define LQA_MUST_CHECK_TYPE __attribute__((warn_unused_result))
#else
#define LQA_MUST_CHECK_TYPE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What a call came to. The numbers are the command's exit codes, LQA_NO_MEMORY apart. */
typedef enum LQA_MUST_CHECK_TYPE lqa_status {
  LQA_OK = 0,
  LQA_FAIL_IF = 1,       /* a --fail-if condition holds; the run itself is complete */
  LQA_BAD_USAGE = 2,     /* wrong options, or a column the source does not have */
  LQA_BAD_DATA = 3,      /* the input's content is wrong */
  LQA_BAD_FILE = 4,      /* a file cannot be read or written, or a run folder is in the way */
  LQA_BAD_ENDPOINT = 5,  /* the judge's endpoint failed, or rows stay unanswered */
  LQA_OUT_OF_BUDGET = 6, /* the judge's budget was reached before the plan was done */
  LQA_INTERNAL = 7,      /* a bug: please report it */
  LQA_NO_MEMORY = 8,     /* exit code 7 */
  LQA_INTERRUPTED = 130  /* cancelled; what was done is kept */
} lqa_status;

/* Why, where a program may want to act on it: a status says what kind of thing failed, the reason
 * which of its cases. New reasons may be added. */
typedef enum lqa_reason {
  LQA_REASON_NONE,       /* the status says it all */
  LQA_REASON_MISSING,    /* a file or folder does not exist */
  LQA_REASON_EXISTS,     /* something is in the way */
  LQA_REASON_PERMISSION, /* not allowed by the system */
  LQA_REASON_FOLDER,     /* a folder where a file was expected */
  LQA_REASON_SINGULAR    /* a matrix has no inverse */
} lqa_reason;

/* What went wrong, in the user's words. Plain data: copy it, keep it, no free. */
typedef struct lqa_error {
  lqa_status status;
  lqa_reason reason;
  char message[4096]; /* names file, row, column, what was expected, what to do; for people:
                       * lqa_message_render */
  char file[512];     /* the file concerned, or "" */
  char column[128];   /* the column concerned, or "" */
  int64_t row;        /* 0-based row within `file`, or -1 */
} lqa_error;

/* Messages, of errors and of observers, name options by key, between the characters 1 and 2 (a
 * value follows the key after a 3). A front end shows them the way its users write options; data of
 * the user never holds these characters in a message. */
typedef enum lqa_option_style {
  LQA_AS_FIELDS,  /* max_cost, header yes: the fields of the structs in labelqa.h */
  LQA_AS_FLAGS,   /* --max-cost, --header yes */
  LQA_AS_KEYWORDS /* max_cost=, header=yes */
} lqa_option_style;

/* Writes `message` with its options in `style` into `out` (`size` bytes, cut to fit and closed).
 * Returns the length of the whole, as snprintf does. */
LQA_API size_t lqa_message_render(const char *message, lqa_option_style style, char *out,
                                  size_t size);

/* Resets `err` to "nothing wrong" (status LQA_OK, row -1, empty texts). NULL is allowed. */
LQA_API void lqa_error_clear(lqa_error *err);

/* The process exit code for a status: the status itself, 7 for LQA_NO_MEMORY. */
LQA_API int lqa_status_exit_code(lqa_status status);

#ifdef __cplusplus
}
#endif
#endif
