/* tests/unit/test_http_access.c - who may ask the review server, header by header. */
#include "must.h"

#include "serve/http_access.h"

#include <stdio.h>
#include <string.h>

static void test_host(void **state) {
  (void)state;
  assert_true(lqa_http_is_own_host(8765, "127.0.0.1:8765"));
  assert_true(lqa_http_is_own_host(8765, "LOCALHOST:8765"));
  assert_true(lqa_http_is_own_host(8765, "[::1]:8765"));
  assert_false(lqa_http_is_own_host(8765, "localhost:87650"));
  assert_false(lqa_http_is_own_host(8765, "localhost"));
  assert_false(lqa_http_is_own_host(8765, "rebound.example:8765"));
  assert_false(lqa_http_is_own_host(8765, NULL));
}

static void test_token(void **state) {
  (void)state;
  char token[LQA_HTTP_TOKEN_SIZE], other[LQA_HTTP_TOKEN_SIZE], bearer[96];
  lqa_error err;
  MUST(lqa_http_make_token(token, &err));
  MUST(lqa_http_make_token(other, &err));
  assert_int_equal(strspn(token, "0123456789abcdef"), LQA_HTTP_TOKEN_SIZE - 1);
  assert_string_not_equal(token, other);
  snprintf(bearer, sizeof bearer, "bearer %s", token);
  assert_true(lqa_http_has_token(token, bearer, NULL));
  assert_true(lqa_http_has_token(token, NULL, token));
  assert_true(lqa_http_has_token(token, "Basic eA==", token));
  assert_false(lqa_http_has_token(token, "Bearer x", token)); /* the header counts where it is */
  assert_false(lqa_http_has_token(token, NULL, other));
  assert_false(lqa_http_has_token(token, NULL, NULL));
  assert_false(lqa_http_is_token(token, token, LQA_HTTP_TOKEN_SIZE - 2));
}

static int status_of(const char *origin, const char *type, const char *length) {
  const char *why = NULL;
  int status = lqa_http_check_change(8765, &(lqa_http_change){origin, type, length}, &why);
  assert_true((status == 0) == (why == NULL));
  return status;
}

static void test_change(void **state) {
  (void)state;
  const char *own = "http://localhost:8765", *json = "application/json";
  assert_int_equal(status_of(own, json, "12"), 0);
  assert_int_equal(status_of(NULL, "Application/JSON; charset=utf-8", NULL), 0);
  assert_int_equal(status_of("http://localhost:8766", json, "12"), 403);
  assert_int_equal(status_of("https://localhost:8765", json, "12"), 403);
  assert_int_equal(status_of("null", json, "12"), 403);
  assert_int_equal(status_of(own, "text/plain", "12"), 415);
  assert_int_equal(status_of(own, "application/jsonp", "12"), 415);
  assert_int_equal(status_of(own, NULL, "12"), 415);
  assert_int_equal(status_of(own, json, "1048576"), 0);
  assert_int_equal(status_of(own, json, "1048577"), 413);
  assert_int_equal(status_of(own, json, "99999999999999999999999"), 413);
}

static void test_methods(void **state) {
  (void)state;
  assert_true(lqa_http_takes("GET, POST", "GET"));
  assert_true(lqa_http_takes("GET, POST", "POST"));
  assert_false(lqa_http_takes("GET, POST", "PUT"));
  assert_false(lqa_http_takes("GET, POST", "GE"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_host),
      cmocka_unit_test(test_token),
      cmocka_unit_test(test_change),
      cmocka_unit_test(test_methods),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
