/* base/status.h - how internal code returns failure.
 *
 * A fallible function returns lqa_status and, near the user, takes `lqa_error *err` last (NULL
 * allowed). The message is written once, where the fact is known; callers pass it up untouched.
 * Results go through out pointers and are set only on success.
 */
#ifndef LQA_BASE_STATUS_H
#define LQA_BASE_STATUS_H

#include "labelqa/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns from the calling function when `call` fails. Only where nothing is held. */
#define LQA_TRY(call)                   \
  do {                                  \
    lqa_status lqa_try_status = (call); \
    if (lqa_try_status != LQA_OK) {     \
      return lqa_try_status;            \
    }                                   \
  } while (0)

/* Jumps to `out:` when `call` fails, leaving the status in a local named `status`. */
#define LQA_TRY_OUT(call)   \
  do {                      \
    status = (call);        \
    if (status != LQA_OK) { \
      goto out;             \
    }                       \
  } while (0)

/* An option in the format of a message, by the name of its field; each front end writes it its own
 * way (lqa_message_render). With a value: --header yes, header=yes. */
#define LQA_OPTION(key) "\x01" key "\x02"
#define LQA_OPTION_AS(key, value) "\x01" key "\x03" value "\x02"
/* In a format, for an argument of our own words, which may name options; in any other argument the
 * marks of options are taken for the user's data. */
#define LQA_WORDS "\x0e%s\x0f"

/* Fills `err` (NULL allowed) and returns `status`, so that `return lqa_fail(err, ...)` reads well.
 * file, column and row of `err` are reset; set them with lqa_fail_at. */
LQA_MUST_CHECK lqa_status lqa_fail(lqa_error *err, lqa_status status, const char *format, ...)
    LQA_PRINTF(3, 4);

/* As lqa_fail, and records where: `file` and `column` may be NULL, `row` -1. The message should
 * still name them: it is what people see. */
LQA_MUST_CHECK lqa_status lqa_fail_at(lqa_error *err, lqa_status status, const char *file,
                                      int64_t row, const char *column, const char *format, ...)
    LQA_PRINTF(6, 7);

/* Adds the reason to an error that was just filled, and returns its status:
 *     return lqa_fail_because(lqa_fail_at(err, ...), err, LQA_REASON_EXISTS); */
LQA_MUST_CHECK lqa_status lqa_fail_because(lqa_status status, lqa_error *err, lqa_reason reason);

/* Out of memory while doing `what` ("sorting scores"). */
LQA_MUST_CHECK lqa_status lqa_fail_memory(lqa_error *err, const char *what);

/* errno of a failed system call on `path`, as a reason and in words: "cannot open 'x': No
 * such file or directory"; where the disk is full also what to do. */
LQA_MUST_CHECK lqa_status lqa_fail_errno(lqa_error *err, const char *verb, const char *path);

/* What to do about a system's reason why a file could not be written ("No space left on device"),
 * as the end of a message: "; make room there ...", or "". Static. */
const char *lqa_disk_advice(const char *reason);

#endif
