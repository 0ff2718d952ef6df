/* tests/unit/test_misalignment.c - shifted, reversed and clean label columns, with known ends. */
#include "audit_fixture.h"

#include "audit/measure/alignment.h"
#include "audit/measure/lag_refit.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>

enum { N = 3000, K = 4 };

/* Texts of words that hint at their class, labels, and predictions right in about 85 % of rows. */
typedef struct world {
  char text[N][96];
  int32_t truth[N], label[N];
  float probs[N * K];
  lqa_dataset *dataset;
} world;

static world W;

static void make_truth(uint64_t seed, int run_length) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 0);
  for (int i = 0; i < N; i++) {
    W.truth[i] = i % run_length == 0 ? (int32_t)lqa_rng_below(&rng, K) : W.truth[i - 1];
    W.label[i] = W.truth[i];
    size_t at = 0;
    for (int w = 0; w < 8; w++) {
      bool hint = lqa_rng_below(&rng, 100) < 40;
      at += (size_t)sprintf(W.text[i] + at, "%c%d ", hint ? 'a' + W.truth[i] : 'z',
                            (int)lqa_rng_below(&rng, 60));
    }
    int32_t seen = lqa_rng_below(&rng, 100) < 85 ? W.truth[i] : (int32_t)lqa_rng_below(&rng, K);
    for (int k = 0; k < K; k++) {
      W.probs[i * K + k] = k == seen ? .7f : .1f;
    }
  }
}

static void add_noise(uint64_t seed, int percent) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 1);
  for (int i = 0; i < N; i++) {
    if ((int)lqa_rng_below(&rng, 100) < percent) {
      W.label[i] = (W.label[i] + 1 + (int32_t)lqa_rng_below(&rng, K - 1)) % K;
    }
  }
}

static void shift_block(int from, int to, int shift) {
  int32_t before[N];
  memcpy(before, W.label, sizeof before);
  for (int i = from; i <= to; i++) {
    if (i - shift >= 0 && i - shift < N) {
      W.label[i] = before[i - shift];
    }
  }
}

static void reverse_block(int from, int to) {
  for (; from < to; from++, to--) {
    int32_t swap = W.label[from];
    W.label[from] = W.label[to];
    W.label[to] = swap;
  }
}

/* No prediction knows better than the labels: what a model of a slipped file gives. */
static void forget_predictions(void) {
  for (int i = 0; i < N; i++) {
    for (int k = 0; k < K; k++) {
      W.probs[i * K + k] = k == i % K ? .28f : .24f;
    }
  }
}

static void build(lqa_audit_run *run, const char *check) {
  static const char *const names[] = {"a", "b", "c", "d"};
  static fixture_row rows[N];
  for (int i = 0; i < N; i++) {
    rows[i] = (fixture_row){W.text[i], names[W.label[i]]};
  }
  W.dataset = fixture_dataset(rows, N, names, K);
  fixture_init(run, check, NULL);
}

static void audit(lqa_audit_run *run) {
  fixture_run(run, &(lqa_audit_input){.dataset = W.dataset, .pred_probs = W.probs});
}

static void done(lqa_audit_run *run) {
  lqa_audit_run_clear(run);
  lqa_dataset_free(W.dataset);
}

static void expect_ends(const lqa_finding *finding, int from, int to, int shift) {
  assert_non_null(finding);
  assert_true(finding->is_block);
  assert_in_range(finding->rows_from + 10, from, from + 20);
  assert_in_range(finding->rows_to + 10, to, to + 20);
  assert_int_equal(finding->shift, shift);
}

static void finds_shifted_blocks(void **state) {
  (void)state;
  static const int shifts[] = {1, -1, 2, -3};
  for (uint64_t seed = 0; seed < 8; seed++) {
    int shift = shifts[seed % 4], from = 400 + 137 * (int)seed, to = from + 299;
    make_truth(seed, 1);
    add_noise(seed, 5);
    shift_block(from, to, shift);
    lqa_audit_run run;
    build(&run, "misalignment");
    audit(&run);
    const lqa_finding *finding = fixture_find(&run, "row-shift", 0);
    expect_ends(finding, from, to, shift);
    assert_null(fixture_find(&run, "row-shift", 1));
    assert_true(fixture_is_clean(&run, "reversed-order"));
    assert_true(finding->kind->marks_rows &&
                finding->n_rows == finding->rows_to - finding->rows_from + 1);
    int right = 0, suggested = 0;
    for (int64_t i = 0; i < finding->n_rows; i++) {
      suggested += finding->suggested_label[i] >= 0;
      right += finding->suggested_label[i] == W.truth[finding->rows[i]];
    }
    assert_true(suggested >= 280 && right >= .9 * suggested); /* 5 % noise was there before */
    done(&run);
  }
}

static void finds_two_blocks(void **state) {
  (void)state;
  make_truth(3, 1);
  shift_block(300, 599, 1);
  shift_block(2000, 2399, -2);
  lqa_audit_run run;
  build(&run, "row-shift");
  audit(&run);
  expect_ends(fixture_find(&run, "row-shift", 0), 300, 599, 1);
  expect_ends(fixture_find(&run, "row-shift", 1), 2000, 2399, -2);
  assert_null(fixture_find(&run, "row-shift", 2));
  done(&run);
}

static void finds_a_reversed_block(void **state) {
  (void)state;
  make_truth(4, 1);
  add_noise(4, 5);
  reverse_block(1200, 1599);
  lqa_audit_run run;
  build(&run, "misalignment");
  audit(&run);
  expect_ends(fixture_find(&run, "reversed-order", 0), 1200, 1599, 0);
  assert_true(fixture_is_clean(&run, "row-shift"));
  done(&run);
}

static void finds_whole_files(void **state) {
  (void)state;
  for (int shift = -2; shift <= 2; shift++) {
    make_truth(5, 1);
    add_noise(5, 5);
    if (shift == 0) {
      reverse_block(0, N - 1);
    } else {
      shift_block(0, N - 1, shift);
    }
    forget_predictions();
    lqa_audit_run run;
    build(&run, "misalignment");
    audit(&run);
    const lqa_finding *finding = fixture_find(&run, shift ? "row-shift" : "reversed-order", 0);
    expect_ends(finding, 0, N - 1, shift);
    assert_int_equal(finding->rows_from, 0);
    assert_int_equal(finding->rows_to, N - 1);
    assert_int_equal(finding->n_rows, 0); /* a finding about the whole file marks no rows */
    assert_int_equal(finding->count, 1);
    done(&run);
  }
}

/* Clean, noisy, class-sorted, blocked and garbage label columns: no claim. */
static void says_nothing_without_cause(void **state) {
  (void)state;
  static const int noise[] = {0, 5, 20, 40};
  static const int run_length[] = {1, 25, 750};
  for (int i = 0; i < 12; i++) {
    make_truth((uint64_t)i, run_length[i % 3]);
    add_noise((uint64_t)i, noise[i / 3]);
    lqa_audit_run run;
    build(&run, "misalignment");
    audit(&run);
    assert_true(fixture_is_clean(&run, "row-shift"));
    assert_true(fixture_is_clean(&run, "reversed-order"));
    done(&run);
  }
  make_truth(20, 1);
  for (int i = 1000; i < 1400; i++) { /* a block of random labels is garbage, not shifted */
    W.label[i] = (i * 7 + i / 3) % K;
  }
  lqa_audit_run run;
  build(&run, "misalignment");
  audit(&run);
  assert_true(fixture_is_clean(&run, "row-shift"));
  done(&run);
}

static void set_two_files(int first_rows) {
  static lqa_source_file files[2];
  files[0] = (lqa_source_file){.path = "a.csv", .n_rows = first_rows};
  files[1] = (lqa_source_file){.path = "b.csv", .first_row = first_rows, .n_rows = N - first_rows};
  W.dataset->n_files = 2;
  W.dataset->files = files;
}

static void names_the_file_that_slipped(void **state) {
  (void)state;
  make_truth(6, 1);
  shift_block(1800, N - 1, 1);
  lqa_audit_run run;
  build(&run, "misalignment");
  set_two_files(1800);
  audit(&run);
  const lqa_finding *finding = fixture_find(&run, "row-shift", 0);
  expect_ends(finding, 1800, N - 1, 1);
  assert_string_equal(finding->subject, "b.csv");
  assert_false(finding->kind->marks_rows);
  done(&run);
}

static void names_the_file_of_a_block(void **state) {
  (void)state;
  make_truth(6, 1);
  shift_block(2000, 2399, 1);
  lqa_audit_run run;
  build(&run, "row-shift");
  set_two_files(1800);
  audit(&run);
  const lqa_finding *finding = fixture_find(&run, "row-shift", 0);
  expect_ends(finding, 2000, 2399, 1);
  char there[80];
  snprintf(there, sizeof there, "rows %lld-%lld (rows %lld-%lld of b.csv)",
           (long long)finding->rows_from, (long long)finding->rows_to,
           (long long)finding->rows_from - 1800, (long long)finding->rows_to - 1800);
  assert_non_null(strstr(finding->message, there));
  done(&run);
}

static void finds_codes_swapped_in_one_file(void **state) {
  (void)state;
  make_truth(7, 1);
  add_noise(7, 5);
  for (int i = 1800; i < N; i++) {
    W.label[i] = W.label[i] == 1 ? 2 : W.label[i] == 2 ? 1 : W.label[i];
  }
  lqa_audit_run run;
  build(&run, "swapped-codes");
  set_two_files(1800);
  audit(&run);
  const lqa_finding *finding = fixture_find(&run, "swapped-codes", 0);
  assert_non_null(finding);
  assert_string_equal(finding->subject, "b.csv");
  assert_string_equal(
      finding->details_json,
      "{\"column\":null,\"value\":\"b.csv\",\"map\":[[\"b\",\"c\"],[\"c\",\"b\"]]}");
  assert_null(fixture_find(&run, "swapped-codes", 1));
  done(&run);
}

static void finds_a_permutation_of_three_codes(void **state) {
  (void)state;
  make_truth(8, 1);
  for (int i = 0; i < 900; i++) {
    W.label[i] = W.label[i] < 3 ? (W.label[i] + 1) % 3 : 3;
  }
  lqa_audit_run run;
  build(&run, "swapped-codes");
  set_two_files(900);
  audit(&run);
  const lqa_finding *finding = fixture_find(&run, "swapped-codes", 0);
  assert_non_null(finding);
  assert_non_null(strstr(finding->details_json, "[\"a\",\"c\"],[\"b\",\"a\"],[\"c\",\"b\"]"));
  done(&run);
}

static void equal_codes_are_silent(void **state) {
  (void)state;
  make_truth(9, 1);
  add_noise(9, 30);
  lqa_audit_run run;
  build(&run, "swapped-codes");
  set_two_files(1500);
  audit(&run);
  assert_true(fixture_is_clean(&run, "swapped-codes"));
  done(&run);
}

/* The same slip seen in a table's columns and in embeddings. */
static void sees_tables_and_embeddings(void **state) {
  (void)state;
  static double values[2][N];
  static float vectors[N * 8];
  static lqa_matrix matrix;
  static const lqa_feature_column features[2] = {{"age", false, values[0], 0, NULL},
                                                 {"job", true, values[1], 6, NULL}};
  for (int kind = 0; kind < 2; kind++) {
    lqa_rng rng;
    lqa_rng_init(&rng, 21, 0);
    make_truth(21, 1);
    for (int i = 0; i < N; i++) {
      int t = W.truth[i];
      values[0][i] = 20 + 10 * t + (double)lqa_rng_below(&rng, 12);
      values[1][i] = lqa_rng_below(&rng, 3) ? t : (double)lqa_rng_below(&rng, 6);
      for (int k = 0; k < 8; k++) {
        vectors[i * 8 + k] = (float)lqa_rng_uniform(&rng) + (k == t ? .6f : 0.f);
      }
    }
    shift_block(0, N - 1, 1);
    forget_predictions();
    lqa_audit_run run;
    build(&run, "misalignment");
    matrix = (lqa_matrix){.data = vectors,
                          .dtype = LQA_FLOAT32,
                          .n_rows = N,
                          .n_columns = 8,
                          .row_stride = 32,
                          .column_stride = 4};
    W.dataset->kind = kind ? LQA_CONTENT_EMBEDDING : LQA_CONTENT_TABLE;
    W.dataset->features = features;
    W.dataset->n_features = 2;
    W.dataset->embeddings = &matrix;
    audit(&run);
    expect_ends(fixture_find(&run, "row-shift", 0), 0, N - 1, 1);
    W.dataset->kind = LQA_CONTENT_TEXT;
    W.dataset->features = NULL;
    W.dataset->n_features = 0;
    W.dataset->embeddings = NULL;
    done(&run);
  }
}

/* Given probabilities that slipped against the rows: no refit is needed to see it. */
static void sees_slipped_probabilities(void **state) {
  (void)state;
  make_truth(22, 1);
  shift_block(0, N - 1, 1);
  lqa_audit_run run;
  build(&run, "misalignment");
  W.dataset->kind = LQA_CONTENT_NONE;
  audit(&run);
  expect_ends(fixture_find(&run, "row-shift", 0), 0, N - 1, 1);
  W.dataset->kind = LQA_CONTENT_TEXT;
  done(&run);
}

/* Moves the predictions of rows [from, to] by `shift` rows, or turns them round for 0. */
static void move_predictions(int from, int to, int shift) {
  static float before[N * K];
  memcpy(before, W.probs, sizeof before);
  for (int i = from; i <= to; i++) {
    int other = shift ? i - shift : from + to - i;
    if (other >= from && other <= to) {
      memcpy(W.probs + i * K, before + other * K, K * sizeof *before);
    }
  }
}

static void build_given(lqa_audit_run *run, const char *check) {
  static lqa_matrix matrix;
  matrix = (lqa_matrix){.data = W.probs,
                        .dtype = LQA_FLOAT32,
                        .n_rows = N,
                        .n_columns = K,
                        .row_stride = K * sizeof(float),
                        .column_stride = sizeof(float)};
  build(run, check);
  W.dataset->pred_probs = &matrix;
}

static void slipped_probabilities_are_not_blamed_on_labels(void **state) {
  (void)state;
  static const struct {
    int from, to, shift;
  } slips[] = {{0, N - 1, 1}, {0, N - 1, -2}, {N / 2, N - 1, 1}, {0, N - 1, 0}, {600, 1199, 0}};
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    make_truth(20 + i, 1);
    add_noise(20 + i, 5);
    move_predictions(slips[i].from, slips[i].to, slips[i].shift);
    lqa_audit_run run;
    build_given(&run, "misalignment");
    audit(&run);
    assert_true(fixture_is_clean(&run, "row-shift"));
    assert_true(fixture_is_clean(&run, "reversed-order"));
    done(&run);
    build_given(&run, "given-probabilities");
    audit(&run);
    const lqa_finding *finding = fixture_find(&run, "probability-rows", 0);
    expect_ends(finding, slips[i].from, slips[i].to, 0);
    assert_null(finding->repair);
    assert_null(fixture_find(&run, "probability-rows", 1));
    done(&run);
  }
}

/* Whole classes exchanged in the matrix look like slips here and there. */
static void permuted_columns_are_no_slip(void **state) {
  (void)state;
  make_truth(30, 1);
  for (int i = 0; i < N; i++) {
    float first = W.probs[i * K];
    memmove(W.probs + i * K, W.probs + i * K + 1, (K - 1) * sizeof first);
    W.probs[i * K + K - 1] = first;
  }
  lqa_audit_run run;
  build_given(&run, "misalignment");
  audit(&run);
  assert_true(fixture_is_clean(&run, "row-shift"));
  assert_true(fixture_is_clean(&run, "reversed-order"));
  done(&run);
}

static void slipped_labels_beside_given_probabilities_are_repaired(void **state) {
  (void)state;
  make_truth(31, 1);
  add_noise(31, 5);
  shift_block(700, 999, 2);
  reverse_block(2000, 2399);
  lqa_audit_run run;
  build_given(&run, "misalignment");
  audit(&run);
  const lqa_finding *finding = fixture_find(&run, "row-shift", 0);
  expect_ends(finding, 700, 999, 2);
  assert_string_equal(finding->repair, "row-shift");
  finding = fixture_find(&run, "reversed-order", 0);
  expect_ends(finding, 2000, 2399, 0);
  assert_string_equal(finding->repair, "reversed-order");
  done(&run);
  build_given(&run, "given-probabilities");
  audit(&run);
  assert_true(fixture_is_clean(&run, "probability-rows"));
  done(&run);
}

static void without_content_both_are_named_and_no_repair_is_offered(void **state) {
  (void)state;
  make_truth(32, 1);
  shift_block(700, 999, 1);
  lqa_audit_run run;
  build_given(&run, "misalignment");
  W.dataset->kind = LQA_CONTENT_NONE;
  audit(&run);
  const lqa_finding *finding = fixture_find(&run, "row-shift", 0);
  expect_ends(finding, 700, 999, 1);
  assert_null(finding->repair);
  assert_int_equal(finding->n_rows, 0);
  assert_non_null(strstr(finding->message, "or the given probabilities are"));
  assert_non_null(strstr(finding->message, "1 row too low"));
  done(&run);
}

static void equal_rows_are_no_other_order(void **state) {
  (void)state;
  make_truth(33, 1);
  for (int i = 0; i < N * K; i++) {
    W.probs[i] = 1.f / K;
  }
  lqa_audit_run run;
  build_given(&run, "given-probabilities");
  audit(&run);
  assert_non_null(fixture_find(&run, "probability-constant", 0));
  assert_non_null(fixture_declined(&run, "probability-rows"));
  done(&run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_shifted_blocks),
      cmocka_unit_test(finds_two_blocks),
      cmocka_unit_test(finds_a_reversed_block),
      cmocka_unit_test(finds_whole_files),
      cmocka_unit_test(names_the_file_of_a_block),
      cmocka_unit_test(says_nothing_without_cause),
      cmocka_unit_test(sees_tables_and_embeddings),
      cmocka_unit_test(sees_slipped_probabilities),
      cmocka_unit_test(names_the_file_that_slipped),
      cmocka_unit_test(finds_codes_swapped_in_one_file),
      cmocka_unit_test(finds_a_permutation_of_three_codes),
      cmocka_unit_test(equal_codes_are_silent),
      cmocka_unit_test(slipped_probabilities_are_not_blamed_on_labels),
      cmocka_unit_test(permuted_columns_are_no_slip),
      cmocka_unit_test(slipped_labels_beside_given_probabilities_are_repaired),
      cmocka_unit_test(without_content_both_are_named_and_no_repair_is_offered),
      cmocka_unit_test(equal_rows_are_no_other_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
