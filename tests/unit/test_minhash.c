/* tests/unit/test_minhash.c - near-duplicate clusters against brute force on all pairs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "feature/minhash.h"

#include <stdio.h>

enum { N = 600, MAX_TEXT = 400 };

typedef struct corpus {
  char bytes[N * MAX_TEXT];
  uint64_t offsets[N + 1];
  lqa_column column;
} corpus;

/* Sentences of made-up words; every third row is an earlier row with some words changed. */
static void make_corpus(corpus *c, uint64_t seed) {
  static const char *const syllables[] = {"ka", "mo", "ri", "su", "te", "lo", "ni", "ba"};
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 0);
  static char words[N][40][16];
  for (int row = 0; row < N; row++) {
    int source = row % 3 == 2 ? (int)lqa_rng_below(&rng, (uint64_t)row) : -1;
    size_t at = c->offsets[row];
    for (int w = 0; w < 24; w++) {
      if (source >= 0 && lqa_rng_below(&rng, 100) >= 4) {
        memcpy(words[row][w], words[source][w], sizeof words[row][w]);
      } else {
        snprintf(words[row][w], sizeof words[row][w], "%s%s%s", syllables[lqa_rng_below(&rng, 8)],
                 syllables[lqa_rng_below(&rng, 8)], syllables[lqa_rng_below(&rng, 8)]);
      }
      at += (size_t)sprintf(c->bytes + at, "%s ", words[row][w]);
    }
    c->offsets[row + 1] = at;
  }
  c->column = (lqa_column){"t", N, c->bytes, c->offsets, NULL};
}

static void run(const corpus *c, const lqa_minhash_options *options, uint32_t *cluster) {
  for (uint32_t row = 0; row < N; row++) {
    cluster[row] = row;
  }
  assert_int_equal(lqa_minhash_cluster(&c->column, options, cluster, NULL), LQA_OK);
}

static uint32_t find_root(uint32_t *parent, uint32_t row) {
  while (parent[row] != row) {
    row = parent[row];
  }
  return row;
}

/* All pairs; counts those at or above the threshold and those of one cluster among them. */
static void check_against_all_pairs(const corpus *c, const lqa_minhash_options *options,
                                    const uint32_t *cluster, int *pairs, int *found) {
  static lqa_shingle_set sets[N];
  uint32_t parent[N];
  lqa_shingler *shingler = lqa_shingler_new(options->shingle, options->words);
  for (uint32_t row = 0; row < N; row++) {
    parent[row] = row;
    assert_int_equal(lqa_shingler_run(shingler, lqa_column_get(&c->column, row), &sets[row]), 0);
  }
  for (uint32_t a = 0; a < N; a++) {
    for (uint32_t b = a + 1; b < N; b++) {
      if (lqa_shingle_jaccard(&sets[a], &sets[b]) >= options->jaccard) {
        (*pairs)++;
        *found += cluster[a] == cluster[b];
        uint32_t x = find_root(parent, a), y = find_root(parent, b);
        parent[x > y ? x : y] = x > y ? y : x;
      }
    }
  }
  for (uint32_t row = 0; row < N; row++) { /* no cluster is larger than what is truly connected */
    assert_int_equal(find_root(parent, row), find_root(parent, cluster[row]));
    assert_int_equal(cluster[cluster[row]], cluster[row]);
    assert_true(cluster[row] <= row);
    lqa_shingle_set_clear(&sets[row]);
  }
  lqa_shingler_free(shingler);
}

static void finds_what_brute_force_finds(void **state) {
  (void)state;
  static corpus c;
  uint32_t cluster[N];
  static const lqa_minhash_options cases[] = {{.jaccard = .8, .shingle = 5},
                                              {.jaccard = .6, .shingle = 5},
                                              {.jaccard = .5, .shingle = 2, .words = true}};
  for (size_t k = 0; k < 3; k++) {
    int pairs = 0, found = 0;
    for (uint64_t seed = 0; seed < 3; seed++) {
      make_corpus(&c, seed);
      run(&c, &cases[k], cluster);
      check_against_all_pairs(&c, &cases[k], cluster, &pairs, &found);
    }
    assert_true(pairs > 50);
    assert_true(found >= .97 * pairs);
  }
}

static void threads_and_memory_change_nothing(void **state) {
  (void)state;
  static corpus c;
  uint32_t one[N], other[N];
  make_corpus(&c, 7);
  lqa_minhash_options options = {.jaccard = .6, .shingle = 5};
  run(&c, &options, one);
  for (int threads = 2; threads <= 8; threads *= 2) {
    options.pool = lqa_pool_new(threads);
    options.memory_bytes = threads == 4 ? 1 : 0; /* one band at a time */
    run(&c, &options, other);
    lqa_pool_free(options.pool);
    assert_memory_equal(one, other, sizeof one);
  }
}

static void bands_follow_the_threshold(void **state) {
  (void)state;
  int bands, rows;
  lqa_minhash_bands(.8, &bands, &rows);
  assert_int_equal(bands, 21);
  assert_int_equal(rows, 6);
  lqa_minhash_bands(.01, &bands, &rows);
  assert_int_equal(rows, 1);
  lqa_minhash_bands(1, &bands, &rows);
  assert_int_equal(rows, LQA_MINHASH_PERMUTATIONS);
}

static double jaccard_of(const char *a, const char *b, int shingle, bool words) {
  lqa_shingler *shingler = lqa_shingler_new(shingle, words);
  lqa_shingle_set x = {0}, y = {0};
  assert_int_equal(lqa_shingler_run(shingler, lqa_str_from(a), &x), LQA_OK);
  assert_int_equal(lqa_shingler_run(shingler, lqa_str_from(b), &y), LQA_OK);
  double jaccard = lqa_shingle_jaccard(&x, &y);
  lqa_shingle_set_clear(&x);
  lqa_shingle_set_clear(&y);
  lqa_shingler_free(shingler);
  return jaccard;
}

static void shingles_are_sets_of_folded_text(void **state) {
  (void)state;
  assert_true(jaccard_of("Hello  World", "hello world", 5, false) == 1);
  assert_true(jaccard_of("abcdef", "abcdeg", 5, false) == 1. / 3);
  assert_true(jaccard_of("aaaaaaaaaa", "aaaaa", 5, false) == 1); /* repetitions count once */
  assert_true(jaccard_of("ab", "abc", 5, false) == 0);           /* short texts: themselves */
  assert_true(jaccard_of("", "", 5, false) == 1);
  assert_true(jaccard_of("one two, three", "One. Two three!", 2, true) == 1);
  assert_true(jaccard_of("one two three", "one two four", 2, true) == 1. / 3);
  assert_true(jaccard_of("\xc3\xa4\xc3\xb6", "\xc3\xa4o\xcc\x88", 2, false) == 1); /* NFC and NFD */
}

static void many_rows_of_one_template_stay_cheap(void **state) {
  (void)state;
  static corpus c;
  size_t at = 0;
  for (int row = 0; row < N; row++) { /* one long common part, no two rows at .95 */
    at +=
        (size_t)sprintf(c.bytes + at, "thank you for your order number %d%d%d, it has been shipped",
                        row * 7919, row * 104729, row * 1299709);
    c.offsets[row + 1] = at;
  }
  c.column = (lqa_column){"t", N, c.bytes, c.offsets, NULL};
  uint32_t cluster[N];
  lqa_minhash_options options = {.jaccard = .95, .shingle = 5};
  run(&c, &options, cluster);
  int joined = 0;
  for (uint32_t row = 0; row < N; row++) {
    joined += cluster[row] != row;
  }
  assert_int_equal(joined, 0);
}

static void null_texts_and_copies_are_left_alone(void **state) {
  (void)state;
  static const char bytes[] = "a long enough text here a long enough text here";
  uint64_t offsets[] = {0, 23, 23, 47};
  uint8_t valid[] = {1, 0, 1};
  lqa_column column = {"t", 3, bytes, offsets, valid};
  uint32_t cluster[] = {0, 1, 0}; /* row 2 is a known copy of row 0 */
  lqa_minhash_options options = {.jaccard = .8, .shingle = 5};
  assert_int_equal(lqa_minhash_cluster(&column, &options, cluster, NULL), LQA_OK);
  assert_int_equal(cluster[1], 1);
  assert_int_equal(cluster[2], 0);
  column.n = 0;
  assert_int_equal(lqa_minhash_cluster(&column, &options, cluster, NULL), LQA_OK);
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  static corpus c;
  make_corpus(&c, 1);
  lqa_minhash_options options = {.jaccard = .6, .shingle = 5};
  uint32_t cluster[N];
  int failures = 0;
  for (long n = 1; n < 30; n++) {
    for (uint32_t row = 0; row < N; row++) {
      cluster[row] = row;
    }
    lqa_memory_fail_after(n);
    failures += lqa_minhash_cluster(&c.column, &options, cluster, NULL) == LQA_NO_MEMORY;
  }
  lqa_memory_fail_after(0);
  assert_true(failures >= 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_what_brute_force_finds),
      cmocka_unit_test(threads_and_memory_change_nothing),
      cmocka_unit_test(bands_follow_the_threshold),
      cmocka_unit_test(shingles_are_sets_of_folded_text),
      cmocka_unit_test(many_rows_of_one_template_stay_cheap),
      cmocka_unit_test(null_texts_and_copies_are_left_alone),
      cmocka_unit_test(running_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
