/* Error records: the message is written once, where the fact is known, and passed up untouched. */
#include "base/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void lqa_error_clear(lqa_error *err) {
  if (err) {
    memset(err, 0, sizeof *err);
    err->row = -1;
  }
}

int lqa_status_exit_code(lqa_status status) {
  return status == LQA_NO_MEMORY ? LQA_INTERNAL : (int)status;
}

static void fill(lqa_error *err, lqa_status status, const char *format, va_list args) {
  lqa_error_clear(err);
  err->status = status;
  lqa_message_format(err->message, sizeof err->message, format, args);
}

lqa_status lqa_fail(lqa_error *err, lqa_status status, const char *format, ...) {
  if (err) {
    va_list args;
    va_start(args, format);
    fill(err, status, format, args);
    va_end(args);
  }
  return status;
}

lqa_status lqa_fail_at(lqa_error *err, lqa_status status, const char *file, int64_t row,
                       const char *column, const char *format, ...) {
  if (err) {
    va_list args;
    va_start(args, format);
    fill(err, status, format, args);
    va_end(args);
    snprintf(err->file, sizeof err->file, "%s", file ? file : "");
    snprintf(err->column, sizeof err->column, "%s", column ? column : "");
    err->row = row;
  }
  return status;
}

lqa_status lqa_fail_because(lqa_status status, lqa_error *err, lqa_reason reason) {
  if (err) {
    err->reason = reason;
  }
  return status;
}

lqa_status lqa_fail_memory(lqa_error *err, const char *what) {
  return lqa_fail(err, LQA_NO_MEMORY, "out of memory while %s", what);
}

const char *lqa_disk_advice(const char *reason) {
  static const struct {
    int number;
    const char *advice;
  } known[] = {{ENOSPC, "; make room on that disk and run the command again"},
               {EDQUOT, "; make room within the quota and run the command again"},
               {EFBIG, "; raise the limit on the size of files (ulimit -f), or write to a file "
                       "system that takes larger ones"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char words[128];
    if (strcmp(reason, strerror_r(known[i].number, words, sizeof words)) == 0) {
      return known[i].advice;
    }
  }
  return "";
}

static lqa_reason reason_of_errno(int number) {
  switch (number) {
  case ENOENT:
  case ENOTDIR:
    return LQA_REASON_MISSING;
  case EEXIST:
    return LQA_REASON_EXISTS;
  case EACCES:
  case EPERM:
    return LQA_REASON_PERMISSION;
  case EISDIR:
    return LQA_REASON_FOLDER;
  default:
    return LQA_REASON_NONE;
  }
}

lqa_status lqa_fail_errno(lqa_error *err, const char *verb, const char *path) {
  int number = errno;
  char words[128];
  const char *reason = strerror_r(number, words, sizeof words);
  lqa_status status = lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL, "cannot %s '%s': %s%s", verb,
                                  path, reason, lqa_disk_advice(reason));
  return lqa_fail_because(status, err, reason_of_errno(number));
}
