/* The map against a plain list, hashes against published values, random numbers against theirs. */
#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

static void test_numbers_in_order(void **state) {
  (void)state;
  lqa_map *map = lqa_map_new(true);
  uint32_t index;
  bool added;
  assert_int_equal(lqa_map_add(map, LQA_STR("b"), &index, &added), LQA_OK);
  assert_true(index == 0 && added);
  assert_int_equal(lqa_map_add(map, LQA_STR("a\0x"), &index, &added), LQA_OK);
  assert_true(index == 1 && added);
  assert_int_equal(lqa_map_add(map, LQA_STR("b"), &index, &added), LQA_OK);
  assert_true(index == 0 && !added);
  assert_int_equal(lqa_map_add(map, LQA_STR("a\0y"), &index, NULL), LQA_OK);
  assert_true(index == 2);
  assert_int_equal(lqa_map_find(map, LQA_STR("a\0x")), 1);
  assert_int_equal(lqa_map_find(map, LQA_STR("a")), -1);
  assert_int_equal(lqa_map_find(map, LQA_STR("")), -1);
  assert_int_equal(lqa_map_add(map, (lqa_str){NULL, 0}, &index, NULL), LQA_OK);
  assert_int_equal(lqa_map_find(map, LQA_STR("")), 3); /* an absent key is the empty one */
  assert_int_equal(lqa_map_count(map), 4);
  assert_true(lqa_str_equal(lqa_map_key(map, 2), LQA_STR("a\0y")));
  lqa_map_free(map);
  lqa_map_free(NULL);
}

/* Random keys, also many that differ in one byte only, against a list searched from the front. */
static void check_against_list(bool copy_keys) {
  enum { KEYS = 2000, STEPS = 20000 };
  static char keys[KEYS][24];
  static size_t order[KEYS];
  lqa_rng rng;
  lqa_rng_init(&rng, 5, copy_keys);
  size_t count = 0;
  lqa_map *map = lqa_map_new(copy_keys);
  for (int i = 0; i < KEYS; i++) {
    snprintf(keys[i], sizeof keys[i], i % 2 ? "%d" : "prefix-of-some-%d", i);
  }
  for (int step = 0; step < STEPS; step++) {
    size_t key = lqa_rng_below(&rng, KEYS), place = 0;
    while (place < count && order[place] != key) {
      place++;
    }
    char copy[24];
    memcpy(copy, keys[key], sizeof copy);
    lqa_str text = lqa_str_from(copy_keys ? copy : keys[key]);
    assert_int_equal(lqa_map_find(map, text), place < count ? (int64_t)place : -1);
    if (lqa_rng_below(&rng, 3) > 0) {
      uint32_t index;
      bool added;
      assert_int_equal(lqa_map_add(map, text, &index, &added), LQA_OK);
      assert_int_equal(index, place);
      assert_int_equal(added, place == count);
      order[count] = key;
      count += added;
    }
  }
  for (size_t i = 0; i < count; i++) {
    assert_true(lqa_str_equal(lqa_map_key(map, (uint32_t)i), lqa_str_from(keys[order[i]])));
  }
  assert_int_equal(lqa_map_count(map), count);
  lqa_map_free(map);
}

static void test_against_list(void **state) {
  (void)state;
  check_against_list(true);
  check_against_list(false);
}

/* Whatever allocation fails, the map stays as it was and goes on working. */
static void test_failing_memory(void **state) {
  (void)state;
  for (long n = 1; n < 60; n++) {
    lqa_memory_fail_after(n);
    lqa_map *map = lqa_map_new(true);
    for (int i = 0; map && i < 500; i++) {
      char key[16];
      uint32_t index = 0, before = lqa_map_count(map);
      snprintf(key, sizeof key, "%d", i);
      if (lqa_map_add(map, lqa_str_from(key), &index, NULL) != LQA_OK) {
        assert_int_equal(lqa_map_count(map), before);
        assert_int_equal(lqa_map_find(map, lqa_str_from(key)), -1);
        assert_int_equal(lqa_map_add(map, lqa_str_from(key), &index, NULL), LQA_OK);
      }
      assert_int_equal(index, before);
    }
    lqa_memory_fail_after(0);
    lqa_map_free(map);
  }
}

/* Published values of XXH3, stable since 0.8.0. */
static void test_hashes(void **state) {
  (void)state;
  char hex[33];
  lqa_hash128_format(lqa_hash128_of("", 0), hex);
  assert_string_equal(hex, "99aa06d3014798d86001c324468d497f");
  assert_true(lqa_hash64("", 0, 0) == 0x2d06800538d394c2u);
  assert_true(lqa_hash64("a", 1, 0) == 0xe6c632b61e964e1fu);
  lqa_hash128_format(lqa_hash128_of("abc", 3), hex);
  assert_string_equal(hex, "06b05ab6733a618578af5f94892f3950");
  assert_true(lqa_hash64("a", 1, 1) != lqa_hash64("a", 1, 0));
}

/* NIST's examples (FIPS 180-2, appendix B) and the empty text. */
static void test_sha256(void **state) {
  (void)state;
  char digest[65];
  lqa_sha256("", 0, digest);
  assert_string_equal(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  lqa_sha256("abc", 3, digest);
  assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  char *million = lqa_malloc(1000000, 1);
  memset(million, 'a', 1000000);
  lqa_sha256(million, 1000000, digest);
  assert_string_equal(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  char path[] = "/tmp/labelqa-sha-XXXXXX";
  int fd = mkstemp(path);
  assert_int_equal(write(fd, million, 1000000), 1000000);
  close(fd);
  uint64_t size = 0;
  char of_file[65];
  assert_int_equal(lqa_sha256_file(path, of_file, &size, NULL), LQA_OK);
  assert_string_equal(of_file, digest);
  assert_int_equal(size, 1000000);
  unlink(path);
  free(million);
  lqa_error err;
  assert_int_equal(lqa_sha256_file(path, of_file, &size, &err), LQA_BAD_FILE);
  assert_int_equal(lqa_sha256_file("/tmp", of_file, &size, &err), LQA_BAD_FILE);
}

/* xoshiro256** from the state {1, 2, 3, 4}: values of the authors' xoshiro256starstar.c. */
static void test_rng_values(void **state) {
  (void)state;
  lqa_rng rng = {{1, 2, 3, 4}};
  const uint64_t expected[] = {11520u, 0u, 1509978240u, 1215971899390074240u};
  for (int i = 0; i < 4; i++) {
    assert_true(lqa_rng_next(&rng) == expected[i]);
  }
}

/* The first numbers of (0, 0) and (0, 1): a change would change every seeded result. */
static void test_rng_streams(void **state) {
  (void)state;
  lqa_rng a, b, c;
  lqa_rng_init(&a, 0, 0);
  lqa_rng_init(&b, 0, 1);
  lqa_rng_init(&c, 1, 0);
  uint64_t first_a = lqa_rng_next(&a), first_b = lqa_rng_next(&b);
  assert_true(first_a == 0xfb5405f7bd79c540u);
  assert_true(first_b == 0x5ada691ac1abbef3u);
  int equal = 0;
  for (int i = 0; i < 1000; i++) {
    uint64_t x = lqa_rng_next(&a), y = lqa_rng_next(&b), z = lqa_rng_next(&c);
    equal += x == y || y == z || x == z;
  }
  assert_int_equal(equal, 0);
}

/* Chi-square of `counts` against equal shares, in standard deviations. */
static double surplus(const int *counts, int cells, double expected) {
  double chi = 0;
  for (int i = 0; i < cells; i++) {
    chi += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return (chi - (cells - 1)) / sqrt(2.0 * (cells - 1));
}

static void test_rng_is_even(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 42, 3);
  int counts[7] = {0}, cells[10] = {0};
  double sum = 0;
  for (int i = 0; i < 700000; i++) {
    counts[lqa_rng_below(&rng, 7)]++;
    double u = lqa_rng_uniform(&rng);
    assert_true(u >= 0 && u < 1);
    cells[(int)(u * 10)]++;
    sum += u;
  }
  assert_true(fabs(surplus(counts, 7, 100000)) < 5);
  assert_true(fabs(surplus(cells, 10, 70000)) < 5);
  assert_true(fabs(sum / 700000 - 0.5) < 0.002);
  assert_int_equal(lqa_rng_below(&rng, 0), 0);
  assert_int_equal(lqa_rng_below(&rng, 1), 0);
  for (int i = 0; i < 100; i++) {
    assert_true(lqa_rng_below(&rng, ((uint64_t)1 << 63) + 1) <= (uint64_t)1 << 63);
  }
}

/* All 24 orders of four come up equally often. */
static void test_shuffle(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 7, 1);
  int counts[256] = {0}, seen[24], n = 0;
  for (int i = 0; i < 240000; i++) {
    uint32_t v[4] = {0, 1, 2, 3};
    lqa_rng_shuffle(&rng, v, 4);
    counts[v[0] | v[1] << 2 | v[2] << 4 | v[3] << 6]++;
  }
  for (int i = 0; i < 256; i++) {
    if (counts[i] > 0) {
      assert_true(n < 24);
      seen[n++] = counts[i];
    }
  }
  assert_int_equal(n, 24);
  assert_true(fabs(surplus(seen, 24, 10000)) < 5);
  lqa_rng_shuffle(&rng, NULL, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers_in_order), cmocka_unit_test(test_against_list),
      cmocka_unit_test(test_failing_memory),   cmocka_unit_test(test_hashes),
      cmocka_unit_test(test_sha256),           cmocka_unit_test(test_rng_values),
      cmocka_unit_test(test_rng_streams),      cmocka_unit_test(test_rng_is_even),
      cmocka_unit_test(test_shuffle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
