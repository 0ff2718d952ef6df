/* Which class a column of probabilities is for: the rule that audit and annotators share. */
#include "must.h"
#include "shown.h"

#include "data/dataset/class_columns.h"

#include <string.h>

enum { MOST = 4 };

typedef struct row {
  const char *columns[MOST + 1], *labels[MOST + 1];
  lqa_status status;
  bool is_named;
  const char *words; /* of the error */
} row;

static const row ROWS[] = {
    {{"p_red", "p_blue"}, {"blue", "red"}, LQA_OK, true, NULL},
    {{"red", "blue"}, {"blue", "red"}, LQA_OK, true, NULL},
    {{"p_1", "p_10"}, {"1", "10"}, LQA_OK, true, NULL},
    {{"p0", "p1"}, {"0", "1"}, LQA_OK, true, NULL},
    {{"c", "a", "b"}, {"a", "b"}, LQA_OK, true, NULL}, /* a class that does not occur */
    {{"first", "second"}, {"x", "y"}, LQA_OK, false, NULL},
    {{"p_0", "p_1"}, {"no", "yes"}, LQA_OK, false, NULL},
    {{"p", "p_a"}, {"a"}, LQA_OK, false, NULL}, /* nothing is left of the first */
    {{"a", "a"}, {"a"}, LQA_OK, false, NULL},
    {{"p_red", "p_blu"}, {"red", "blue"}, LQA_BAD_DATA, false, "named after 'blue'"},
    {{"p_1", "p_2", "p_3"}, {"0", "1", "2"}, LQA_BAD_DATA, false, "named after '0'"},
};

static lqa_map *map_of(const char *const *texts) {
  lqa_map *map = lqa_map_new(false);
  lqa_error err = {0};
  for (; *texts; texts++) {
    uint32_t number;
    MUST(lqa_map_add(map, lqa_str_from(*texts), &number, NULL));
  }
  return map;
}

static void one_rule(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    const row *r = &ROWS[i];
    lqa_str name[MOST];
    lqa_class_columns c = {r->columns, 0, name, false};
    lqa_map *labels = map_of(r->labels);
    lqa_error err = {0};
    while (r->columns[c.n]) {
      c.n++;
    }
    lqa_status status = lqa_class_columns_match(&c, labels, &err);
    assert_int_equal(status, r->status);
    assert_int_equal(c.is_named, r->is_named);
    if (r->words) {
      assert_non_null(strstr(err.message, r->words));
      assert_non_null(strstr(shown(&err), "--classes"));
    }
    lqa_map_free(labels);
  }
}

static void numbers_follow_names(void **state) {
  (void)state;
  const char *const columns[] = {"p_c", "p_a", "p_b"};
  const lqa_str classes[] = {LQA_STR("a"), LQA_STR("b"), LQA_STR("c")};
  const char *const texts[] = {"a", "b", "c", NULL};
  lqa_str name[3];
  int32_t class_of[3];
  lqa_class_columns c = {columns, 3, name, false};
  lqa_map *labels = map_of(texts);
  lqa_error err = {0};
  MUST(lqa_class_columns_match(&c, labels, NULL));
  MUST(lqa_class_columns_number(&c, classes, class_of));
  assert_true(class_of[0] == 2 && class_of[1] == 0 && class_of[2] == 1);
  c.is_named = false;
  MUST(lqa_class_columns_number(&c, classes, class_of));
  assert_true(class_of[0] == 0 && class_of[1] == 1 && class_of[2] == 2);
  lqa_map_free(labels);
}

static void one_column_names_its_class(void **state) {
  (void)state;
  const lqa_str numbers[] = {LQA_STR("1"), LQA_STR("11")};
  const lqa_str sexes[] = {LQA_STR("female"), LQA_STR("male")};
  assert_int_equal(lqa_class_columns_positive("p_11", numbers), 1);
  assert_int_equal(lqa_class_columns_positive("p_1", numbers), 0);
  assert_int_equal(lqa_class_columns_positive("p_female", sexes), 0);
  assert_int_equal(lqa_class_columns_positive("p_male", sexes), 1);
  assert_int_equal(lqa_class_columns_positive("score", sexes), 1);
}

static void integers_are_written_plainly(void **state) {
  (void)state;
  static const char *const yes[] = {"3", "0", "-1", NULL}, *const no[] = {"1", "01", NULL},
                           *const none[] = {NULL};
  const char *const *sets[] = {yes, no, none};
  for (int i = 0; i < 3; i++) {
    lqa_map *labels = map_of(sets[i]);
    assert_int_equal(lqa_class_columns_are_integers(labels), i == 0);
    lqa_map_free(labels);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_rule), cmocka_unit_test(numbers_follow_names),
      cmocka_unit_test(one_column_names_its_class), cmocka_unit_test(integers_are_written_plainly)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
