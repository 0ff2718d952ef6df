/* Calls on threads of their own: status and words, cancellation from both sides; reading ahead. */
#include "base/background.h"
#include "base/memory.h"
#include "data/source/read_ahead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void nap(void) {
  nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static lqa_status count_up(void *data, const lqa_observer *observer, lqa_error *err) {
  (void)observer;
  int *n = data;
  nap();
  (*n)++;
  return *n > 1 ? lqa_fail(err, LQA_BAD_DATA, "counted to %d", *n) : LQA_OK;
}

static lqa_status until_cancelled(void *data, const lqa_observer *observer, lqa_error *err) {
  int *is_seen = data;
  while (!lqa_observe_cancelled(observer)) {
    nap();
  }
  *is_seen = 1;
  return lqa_observe_check(observer, err);
}

static void status_and_words(void **state) {
  (void)state;
  int n = 0;
  lqa_background *job;
  lqa_error err;
  assert_int_equal(lqa_background_start(count_up, &n, NULL, &job, &err), LQA_OK);
  assert_int_equal(lqa_background_wait(job, &err), LQA_OK);
  assert_int_equal(n, 1);
  lqa_background_free(job);
  assert_int_equal(lqa_background_start(count_up, &n, NULL, &job, &err), LQA_OK);
  assert_int_equal(lqa_background_wait(job, &err), LQA_BAD_DATA);
  assert_string_equal(err.message, "counted to 2");
  assert_int_equal(lqa_background_wait(job, NULL), LQA_BAD_DATA);
  lqa_background_free(job);
  lqa_background_free(NULL);
}

static void freeing_stops(void **state) {
  (void)state;
  int is_seen = 0;
  lqa_background *job;
  assert_int_equal(lqa_background_start(until_cancelled, &is_seen, NULL, &job, NULL), LQA_OK);
  lqa_background_free(job);
  assert_int_equal(is_seen, 1);
}

static void callers_wish_is_passed_on(void **state) {
  (void)state;
  int is_seen = 0;
  volatile int cancelled = 1;
  const lqa_observer observer = {.cancelled = &cancelled};
  lqa_background *job;
  lqa_error err;
  assert_int_equal(lqa_background_start(until_cancelled, &is_seen, &observer, &job, &err), LQA_OK);
  assert_int_equal(lqa_background_wait(job, &err), LQA_INTERRUPTED);
  lqa_background_free(job);
}

/* A stream of `size` bytes i * 7, in pieces of changing length; then the end or an error. */
typedef struct stream {
  size_t at, size, step;
  bool fails;
} stream;

static lqa_status read_stream(void *data, char *to, size_t capacity, size_t *got, lqa_error *err) {
  stream *s = data;
  size_t left = s->size - s->at, n = 1 + s->step++ % 70001;
  n = n < left ? n : left;
  *got = n < capacity ? n : capacity;
  for (size_t i = 0; i < *got; i++) {
    to[i] = (char)((s->at + i) * 7);
  }
  s->at += *got;
  return *got == 0 && s->fails ? lqa_fail(err, LQA_BAD_DATA, "broken at %zu", s->at) : LQA_OK;
}

/* Reads all in pieces of `piece`; returns the final status. */
static lqa_status read_all(stream *s, size_t piece, lqa_error *err) {
  lqa_read_ahead *ahead = lqa_read_ahead_new(read_stream, s);
  assert_non_null(ahead);
  char *bytes = malloc(piece);
  size_t at = 0, got = 1;
  lqa_status status = LQA_OK;
  while (status == LQA_OK && got > 0) {
    status = lqa_read_ahead_get(ahead, bytes, piece, &got, err);
    for (size_t i = 0; status == LQA_OK && i < got; i++) {
      assert_int_equal(bytes[i], (char)((at + i) * 7));
    }
    at += status == LQA_OK ? got : 0;
  }
  assert_int_equal(at, s->size);
  assert_int_equal(lqa_read_ahead_get(ahead, bytes, piece, &got, err), status); /* it stays */
  assert_int_equal(got, 0);
  lqa_read_ahead_free(ahead);
  free(bytes);
  return status;
}

static void ahead_reads_the_same(void **state) {
  (void)state;
  const size_t sizes[] = {0, 1, 1000, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 1 << 20, 3000000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (size_t piece = 1000; piece < 2000000; piece *= 37) {
      lqa_error err;
      assert_int_equal(read_all(&(stream){.size = sizes[i]}, piece, &err), LQA_OK);
      assert_int_equal(read_all(&(stream){.size = sizes[i], .fails = true}, piece, &err),
                       LQA_BAD_DATA);
      char expected[64];
      snprintf(expected, sizeof expected, "broken at %zu", sizes[i]);
      assert_string_equal(err.message, expected);
    }
  }
}

static void ahead_can_be_left(void **state) {
  (void)state;
  for (size_t piece = 1; piece < 1000000; piece *= 10) {
    stream s = {.size = 10000000};
    lqa_read_ahead *ahead = lqa_read_ahead_new(read_stream, &s);
    char *bytes = malloc(piece);
    size_t got;
    assert_int_equal(lqa_read_ahead_get(ahead, bytes, piece, &got, NULL), LQA_OK);
    lqa_read_ahead_free(ahead);
    free(bytes);
  }
  lqa_read_ahead_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(status_and_words),          cmocka_unit_test(freeing_stops),
      cmocka_unit_test(callers_wish_is_passed_on), cmocka_unit_test(ahead_reads_the_same),
      cmocka_unit_test(ahead_can_be_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
