/* tests/unit/test_hashed_blocks.c - features in blocks on disk: those of tf-idf, packed and
 * numbered by frequency, and returned as they were added.
 */
#include "text_stream_fixture.h"

#include "model_fixture.h"

#include <math.h>

static int compare_floats(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* Whether a row holds the same weights, in any order. */
static bool same_row(const lqa_sparse *a, const lqa_sparse *b, int64_t row) {
  uint64_t n = a->row_start[row + 1] - a->row_start[row];
  float *own = a->value + a->row_start[row], *other = b->value + b->row_start[row];
  if (n != b->row_start[row + 1] - b->row_start[row]) {
    return false;
  }
  qsort(own, n, sizeof *own, compare_floats);
  qsort(other, n, sizeof *other, compare_floats);
  for (uint64_t i = 0; i < n; i++) {
    if (fabsf(own[i] - other[i]) >= 1e-5f) {
      return false;
    }
  }
  return true;
}

/* With far more columns than terms a row holds the weights of tf-idf, in another order. A few of
 * the 7,000 pairs of words share a column, which shows in the rows that hold them. */
static void weights_are_those_of_tfidf(void **state) {
  (void)state;
  for (int variant = 0; variant < 4; variant++) {
    corpus c = make(700, 1);
    lqa_dataset *d = dataset_of(&c);
    lqa_hashed_options options = hashed_options();
    options.terms.sublinear_tf = variant % 2 == 1;
    options.terms.ngram_hi = variant < 2 ? 1 : 2;
    lqa_hashed_blocks f = build(d, &options);
    lqa_sparse x = assemble(&f);
    lqa_tfidf exact;
    lqa_text_rows rows = {&d->content, NULL};
    assert_int_equal(lqa_tfidf_build(&rows, &options.terms, NULL, &exact, NULL), LQA_OK);
    int n_off = 0;
    for (int64_t row = 0; row < c.n; row++) {
      n_off += !same_row(&x, &exact.matrix, row);
    }
    assert_true(n_off <= (options.terms.ngram_hi == 1 ? 0 : 30));
    lqa_tfidf_clear(&exact);
    lqa_sparse_clear(&x);
    lqa_hashed_blocks_clear(&f);
    lqa_dataset_free(d);
    clear(&c);
  }
}

static void most_frequent_columns_are_kept(void **state) {
  (void)state;
  corpus c = make(400, 2);
  lqa_dataset *d = dataset_of(&c);
  lqa_hashed_options options = hashed_options();
  options.terms.max_features = 50;
  lqa_hashed_blocks f = build(d, &options);
  assert_int_equal(f.n_used, 50);
  lqa_sparse x = assemble(&f);
  assert_true(x.row_start[c.n] > 50 * 20 && x.row_start[c.n] < f.n_entries);
  lqa_sparse_clear(&x);
  lqa_hashed_blocks_clear(&f);
  lqa_dataset_free(d);
  clear(&c);
}

/* Frequent columns come first, up to an eighth; a stored entry has room for both its halves; every
 * row has the length it is said to have, about 1. */
static void columns_are_numbered_by_frequency(void **state) {
  (void)state;
  corpus c = make(700, 13);
  lqa_dataset *d = dataset_of(&c);
  lqa_hashed_options options = hashed_options();
  lqa_hashed_blocks f = build(d, &options);
  lqa_sparse x = assemble(&f);
  assert_int_equal(f.n_columns, f.n_used);
  assert_true(f.value_bits >= 10 && (uint64_t)f.n_columns <= (uint64_t)1 << (32 - f.value_bits));
  double *count = calloc((size_t)f.n_columns, sizeof *count);
  for (uint64_t i = 0; i < x.row_start[c.n]; i++) {
    count[x.column[i]]++;
  }
  for (int32_t column = 1; column < f.n_columns; column++) {
    assert_true(count[column] >= 2 && count[column] <= 1.125 * count[column - 1]);
  }
  assert_true(count[0] > 20 * count[f.n_columns - 1]);
  lqa_feature_block block = {0};
  assert_int_equal(lqa_hashed_blocks_load(&f, 3, &block, NULL), LQA_OK);
  for (size_t i = 0; i < block.n_rows; i++) {
    float sum = 0;
    for (uint64_t at = block.x.row_start[i]; at < block.x.row_start[i + 1]; at++) {
      sum += block.x.value[at] * block.x.value[at];
    }
    assert_true(fabsf(sum - block.square_norm[i]) < 1e-5f && fabsf(sum - 1) < 1e-2f);
  }
  lqa_feature_block_clear(&block);
  free(count);
  lqa_sparse_clear(&x);
  lqa_hashed_blocks_clear(&f);
  lqa_dataset_free(d);
  clear(&c);
}

/* A long record crosses extents; what comes back is what was added. */
static void blocks_return_what_was_added(void **state) {
  (void)state;
  enum { BLOCKS = 3, WORDS = 100000 };
  lqa_block_store *store = NULL;
  uint32_t *words = malloc(WORDS * sizeof *words), *back = malloc(2 * WORDS * sizeof *back);
  assert_int_equal(lqa_block_store_open(NULL, BLOCKS, 0, &store, NULL), LQA_OK);
  for (uint32_t i = 0; i < WORDS; i++) {
    words[i] = i * 2654435761u;
  }
  assert_int_equal(lqa_block_store_add(store, 0, words, WORDS, NULL), LQA_OK);
  assert_int_equal(lqa_block_store_add(store, 2, words, 5, NULL), LQA_OK);
  assert_int_equal(lqa_block_store_add(store, 0, words + 7, 1000, NULL), LQA_OK);
  assert_int_equal(lqa_block_store_finish(store, NULL), LQA_OK);
  assert_int_equal(lqa_block_store_count(store, 0), WORDS + 1000);
  assert_int_equal(lqa_block_store_count(store, 1), 0);
  assert_int_equal(lqa_block_store_load(store, 0, back, NULL), LQA_OK);
  assert_memory_equal(back, words, WORDS * sizeof *words);
  assert_memory_equal(back + WORDS, words + 7, 1000 * sizeof *words);
  assert_int_equal(lqa_block_store_load(store, 2, back, NULL), LQA_OK);
  assert_memory_equal(back, words, 5 * sizeof *words);
  assert_int_equal(lqa_block_store_replace(store, 0, words + 3, WORDS - 3, NULL), LQA_OK);
  assert_int_equal(lqa_block_store_count(store, 0), WORDS - 3);
  assert_int_equal(lqa_block_store_load(store, 0, back, NULL), LQA_OK);
  assert_memory_equal(back, words + 3, (WORDS - 3) * sizeof *words);
  lqa_block_store_close(store);
  free(words);
  free(back);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_are_those_of_tfidf),
      cmocka_unit_test(most_frequent_columns_are_kept),
      cmocka_unit_test(columns_are_numbered_by_frequency),
      cmocka_unit_test(blocks_return_what_was_added),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
