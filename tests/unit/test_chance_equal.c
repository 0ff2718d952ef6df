/* Which equal rows are copies: tables of few and of many values, messages and sentences. */
#include "audit/chance_equal.h"
#include "base/memory.h"
#include "source_fixture.h"

/* Groups of equal content of a file, parted. */
static lqa_dataset *part(lqa_source_options options, lqa_row_groups *copies,
                         lqa_row_groups *chance) {
  lqa_dataset *d = load(options);
  assert_int_equal(lqa_row_groups_by_content(d, copies, NULL), LQA_OK);
  assert_int_equal(lqa_chance_equal_part(d, copies, chance, NULL), LQA_OK);
  return d;
}

static void clear(lqa_dataset *d, lqa_row_groups *copies, lqa_row_groups *chance) {
  lqa_row_groups_clear(copies);
  lqa_row_groups_clear(chance);
  lqa_dataset_free(d);
}

static lqa_source_options table_options(const char *const *features, size_t n) {
  lqa_source_options o = options_for("t.csv", NULL);
  o.features = (lqa_text_list){(const char **)(uintptr_t)features, n};
  o.label = "y";
  return o;
}

static void test_tables(void **state) {
  (void)state;
  static const char *const names[] = {"sex", "class", "fare"};
  lqa_row_groups copies, chance;
  FILE *file = fopen("t.csv", "w");
  fputs("sex,class,fare,y\n", file);
  for (int i = 0; i < 400; i++) { /* rows 398 and 399 are copies of 0 and 1 */
    int k = i < 398 ? i : i - 398;
    fprintf(file, "%c,%d,%d.%03d,%d\n", "fm"[k % 2], k / 2 % 3, k * 37 % 211, k * 613 % 997, i % 2);
  }
  fclose(file);
  lqa_dataset *d = part(table_options(names, 2), &copies, &chance);
  assert_int_equal(copies.n_groups, 0);
  assert_int_equal(chance.n_groups, 6);
  assert_int_equal(chance.n_members, 400);
  clear(d, &copies, &chance);
  d = part(table_options(names, 3), &copies, &chance);
  assert_int_equal(copies.n_groups, 2);
  assert_int_equal(chance.n_groups, 0);
  assert_int_equal(copies.rows[1], 398);
  clear(d, &copies, &chance);
  d = part(table_options(names, 1), &copies, &chance);
  assert_int_equal(chance.n_groups, 2);
  clear(d, &copies, &chance);
  lqa_source_options few = table_options(names, 2);
  few.limit = 29; /* no statistics */
  d = part(few, &copies, &chance);
  assert_int_equal(chance.n_groups, 0);
  assert_int_equal(copies.n_groups, 6);
  clear(d, &copies, &chance);
}

static void test_texts(void **state) {
  (void)state;
  static const char *const twice[] = {"ok", "thank you", "好",
                                      "the green bicycle of my neighbour was stolen at night",
                                      "这家店的服务态度非常好下次还会再来"};
  lqa_row_groups copies, chance;
  FILE *file = fopen("m.csv", "w");
  fputs("text,label\n", file);
  for (int i = 0; i < 300; i++) {
    fprintf(file, "thank you for letter %d about town %d and the weather there,%c\n", i, i * 7 % 50,
            "ab"[i % 2]);
  }
  for (int i = 0; i < 10; i++) {
    fprintf(file, "%s,%c\n", twice[i / 2], "ab"[i % 2]);
  }
  fclose(file);
  lqa_dataset *d = part(options_for("m.csv", NULL), &copies, &chance);
  assert_int_equal(chance.n_groups, 3);
  assert_int_equal(copies.n_groups, 2);
  assert_int_equal(chance.rows[0], 300);
  assert_int_equal(copies.rows[0], 306);
  clear(d, &copies, &chance);
}

static void test_no_memory(void **state) {
  (void)state;
  static const char *const names[] = {"sex", "class", "fare"};
  lqa_dataset *sets[] = {load(table_options(names, 2)), load(options_for("m.csv", NULL))};
  for (int i = 0; i < 2; i++) {
    lqa_status status = LQA_NO_MEMORY;
    for (long n = 1; status != LQA_OK; n++) {
      lqa_row_groups copies, chance;
      assert_int_equal(lqa_row_groups_by_content(sets[i], &copies, NULL), LQA_OK);
      lqa_memory_fail_after(n);
      status = lqa_chance_equal_part(sets[i], &copies, &chance, NULL);
      lqa_memory_fail_after(0);
      assert_true(status == LQA_OK || status == LQA_NO_MEMORY);
      lqa_row_groups_clear(&copies);
      lqa_row_groups_clear(&chance);
    }
    lqa_dataset_free(sets[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables), cmocka_unit_test(test_texts),
                                     cmocka_unit_test(test_no_memory)};
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
