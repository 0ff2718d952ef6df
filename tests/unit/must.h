/* tests/unit/must.h - cmocka with what it needs, and calls that must succeed. */
#ifndef LQA_TESTS_MUST_H
#define LQA_TESTS_MUST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/status.h"

static inline void must_be_ok(lqa_status status, const lqa_error *err) {
  if (status != LQA_OK) {
    print_error("status %d: %s\n", (int)status, err->message);
  }
  assert_int_equal(status, LQA_OK);
}

/* The call takes `&err` of the caller's lqa_error err; its message is shown where it fails. */
#define MUST(call) must_be_ok((call), &err)

#endif
