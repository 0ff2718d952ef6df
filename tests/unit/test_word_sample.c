/* Which texts separate words by spaces. */
#include "feature/word_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/dataset/dataset.h"

static bool lacks_spaces(const char *const *text, int64_t n) {
  lqa_str contents[8] = {{0}}, labels[8] = {{0}}, classes[] = {LQA_STR("a")};
  lqa_dataset *dataset;
  lqa_error err;
  bool found = false;
  for (int64_t i = 0; i < n; i++) {
    contents[i] = lqa_str_from(text[i]);
    labels[i] = classes[0];
  }
  assert_int_equal(lqa_dataset_from_arrays(n, contents, labels, classes, 1, &dataset, &err),
                   LQA_OK);
  const lqa_text_rows rows = {.text = &dataset->content};
  assert_int_equal(lqa_lacks_spaces(&rows, &found, &err), LQA_OK);
  lqa_dataset_free(dataset);
  return found;
}

static void test_languages(void **state) {
  (void)state;
  static const char *const chinese[] = {"今天的足球比赛非常精彩", "银行宣布提高贷款利率，股市下跌",
                                        "新手机"};
  static const char *const thai[] = {"ธนาคารประกาศขึ้นดอกเบี้ย", "ทีมฟุตบอลชนะการแข่งขัน"};
  static const char *const base64[] = {"YWxsIHRoZSBraW5ncyBob3JzZXM", "bm9uZSBjb3VsZCBtZW5kIGhpbQ"};
  static const char *const queries[] = {"lost card", "exchange rate", "top up"};
  static const char *const korean[] = {"은행 금리 인상 발표에 시장 하락",
                                       "축구 대표팀 경기 결과 승리"};
  static const char *const mixed[] = {"the bank raised its rates again today",
                                      "the 银行 raised its rates again today", "a goal in the cup"};
  assert_true(lacks_spaces(chinese, 3));
  assert_true(lacks_spaces(thai, 2));
  assert_true(lacks_spaces(base64, 2));
  assert_false(lacks_spaces(queries, 3));
  assert_false(lacks_spaces(korean, 2));
  assert_false(lacks_spaces(mixed, 3));
  assert_false(lacks_spaces(NULL, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_languages)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
