/* tests/unit/test_tfidf.c - tf-idf against scikit-learn's numbers, and against itself over threads.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "feature/tfidf.h"

#include <math.h>
#include <stdio.h>

#define TOLERANCE 1e-6

/* Texts as one column. */
typedef struct texts {
  lqa_buf bytes;
  LQA_VEC(uint64_t) offsets;
  lqa_column column;
} texts;

static void begin_texts(texts *t) {
  *t = (texts){0};
  lqa_buf_init(&t->bytes, SIZE_MAX / 4);
  lqa_buf_add(&t->bytes, "", 0);
  assert_int_equal(lqa_vec_push(&t->offsets, 0), LQA_OK);
}

static void add_text(texts *t, const char *data, size_t size) {
  lqa_buf_add(&t->bytes, data, size);
  assert_int_equal(lqa_vec_push(&t->offsets, t->bytes.size), LQA_OK);
}

static lqa_text_rows end_texts(texts *t) {
  t->column = (lqa_column){.name = "text",
                           .n = (int64_t)t->offsets.n - 1,
                           .bytes = t->bytes.data,
                           .offsets = t->offsets.data};
  return (lqa_text_rows){&t->column, NULL};
}

static void clear_texts(texts *t) {
  lqa_buf_clear(&t->bytes);
  lqa_vec_clear(&t->offsets);
}

static void load_corpus(texts *t) {
  FILE *file = fopen(LABELQA_SOURCE_DIR "/tests/reference/tfidf_corpus.txt", "r");
  assert_non_null(file);
  char line[1024];
  begin_texts(t);
  while (fgets(line, sizeof line, file)) {
    add_text(t, line, strlen(line) - 1);
  }
  fclose(file);
}

static lqa_tfidf build(const lqa_text_rows *rows, const lqa_tfidf_options *options, int n_threads) {
  lqa_pool *pool = lqa_pool_new(n_threads);
  lqa_tfidf tfidf;
  lqa_error err;
  lqa_error_clear(&err);
  if (lqa_tfidf_build(rows, options, pool, &tfidf, &err) != LQA_OK) {
    fail_msg("%s", err.message);
  }
  lqa_pool_free(pool);
  return tfidf;
}

static lqa_tfidf_options read_case(const char *line) {
  char analyzer[16];
  int lo, hi, sublinear;
  long min_df, most;
  assert_int_equal(
      sscanf(line, "case %15s %d %d %ld %ld %d", analyzer, &lo, &hi, &min_df, &most, &sublinear),
      6);
  return (lqa_tfidf_options){.kind = strcmp(analyzer, "word") == 0 ? LQA_TERMS_WORDS
                                                                   : LQA_TERMS_CHARACTERS,
                             .ngram_lo = lo,
                             .ngram_hi = hi,
                             .min_df = min_df,
                             .max_features = most,
                             .sublinear_tf = sublinear};
}

static void assert_term(const lqa_tfidf *tfidf, uint32_t column, const char *line) {
  char *text;
  double idf = strtod(line + strlen("term "), &text);
  lqa_buf term;
  lqa_buf_init(&term, 4096);
  lqa_tfidf_term(tfidf, column, &term);
  lqa_buf_add_text(&term, "|\n");
  assert_string_equal(term.data, text + 1);
  assert_true(fabs(tfidf->idf[column] - idf) < 1e-12);
  lqa_buf_clear(&term);
}

static void assert_value(const lqa_tfidf *tfidf, uint64_t at, const char *line) {
  long row;
  unsigned column;
  double value;
  assert_int_equal(sscanf(line, "value %ld %u %lf", &row, &column, &value), 3);
  assert_true(at >= tfidf->matrix.row_start[row] && at < tfidf->matrix.row_start[row + 1]);
  assert_int_equal(tfidf->matrix.column[at], column);
  assert_true(fabs((double)tfidf->matrix.value[at] - value) < TOLERANCE);
}

static void equals_scikit_learn(void **state) {
  (void)state;
  texts t;
  load_corpus(&t);
  lqa_text_rows rows = end_texts(&t);
  FILE *reference = fopen(LABELQA_SOURCE_DIR "/tests/reference/tfidf.txt", "r");
  assert_non_null(reference);
  char line[1024];
  lqa_tfidf tfidf = {0};
  uint32_t n_terms = 0, n_cases = 0;
  uint64_t n_values = 0;
  while (fgets(line, sizeof line, reference)) {
    if (line[0] == 'c') {
      lqa_tfidf_options options = read_case(line);
      tfidf = build(&rows, &options, 2);
      n_terms = 0;
      n_values = 0;
      n_cases++;
    } else if (line[0] == 't') {
      assert_term(&tfidf, n_terms++, line);
    } else if (line[0] == 'v') {
      assert_value(&tfidf, n_values++, line);
    } else {
      assert_int_equal(n_terms, tfidf.matrix.n_columns);
      assert_int_equal(n_values, tfidf.matrix.row_start[tfidf.matrix.n_rows]);
      lqa_tfidf_clear(&tfidf);
    }
  }
  assert_int_equal(n_cases, 5);
  fclose(reference);
  clear_texts(&t);
}

/* Random texts over a small vocabulary, Zipf-like, many rows. */
static void make_texts(texts *t, uint64_t seed, int n_rows) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 1);
  begin_texts(t);
  for (int row = 0; row < n_rows; row++) {
    char text[2048];
    int size = 0;
    for (uint64_t n = lqa_rng_below(&rng, 40); n > 0; n--) {
      uint64_t word = lqa_rng_below(&rng, 1 + lqa_rng_below(&rng, 3000));
      size += snprintf(text + size, sizeof text - (size_t)size, "%s%llu ",
                       word % 50 == 7 ? "\xC3\xA9" : "w", (unsigned long long)word);
    }
    add_text(t, text, (size_t)size);
  }
}

static void assert_same(const lqa_tfidf *a, const lqa_tfidf *b) {
  uint64_t n = a->matrix.row_start[a->matrix.n_rows];
  assert_int_equal(a->matrix.n_columns, b->matrix.n_columns);
  assert_int_equal(n, b->matrix.row_start[b->matrix.n_rows]);
  assert_memory_equal(a->matrix.row_start, b->matrix.row_start,
                      (size_t)(a->matrix.n_rows + 1) * sizeof(uint64_t));
  assert_memory_equal(a->matrix.column, b->matrix.column, n * sizeof(uint32_t));
  assert_memory_equal(a->matrix.value, b->matrix.value, n * sizeof(float));
  assert_memory_equal(a->idf, b->idf, (size_t)a->matrix.n_columns * sizeof(double));
}

static void threads_and_memory_change_nothing(void **state) {
  (void)state;
  texts t;
  make_texts(&t, 5, 20000);
  lqa_text_rows rows = end_texts(&t);
  lqa_tfidf_options options = lqa_tfidf_defaults();
  for (int most = 0; most <= 2000; most += 2000) {
    options.max_features = most;
    options.memory_bytes = 0;
    lqa_tfidf one = build(&rows, &options, 1), eight = build(&rows, &options, 8);
    options.memory_bytes = 100000; /* many rounds of counting */
    lqa_tfidf small = build(&rows, &options, 2);
    assert_true(one.matrix.n_columns > 1000);
    assert_same(&one, &eight);
    assert_same(&one, &small);
    lqa_tfidf_clear(&one);
    lqa_tfidf_clear(&eight);
    lqa_tfidf_clear(&small);
  }
  clear_texts(&t);
}

/* Of all terms, the kept ones are the most frequent; a dropped one is never more frequent. */
static void max_features_keeps_the_most_frequent(void **state) {
  (void)state;
  texts t;
  make_texts(&t, 6, 3000);
  lqa_text_rows rows = end_texts(&t);
  lqa_tfidf_options options = lqa_tfidf_defaults();
  lqa_tfidf all = build(&rows, &options, 2);
  options.max_features = 500;
  lqa_tfidf some = build(&rows, &options, 2);
  assert_int_equal(some.matrix.n_columns, 500);
  lqa_buf term, other;
  lqa_buf_init(&term, 4096);
  lqa_buf_init(&other, 4096);
  uint32_t kept = 0, lowest_kept = UINT32_MAX, highest_dropped = 0;
  for (uint32_t column = 0; column < all.terms.n_terms; column++) {
    lqa_buf_reset(&term);
    lqa_buf_reset(&other);
    lqa_tfidf_term(&all, column, &term);
    if (kept < 500) {
      lqa_tfidf_term(&some, kept, &other);
    }
    uint32_t count = all.terms.terms[column].count;
    if (lqa_str_equal(lqa_buf_str(&term), lqa_buf_str(&other))) {
      assert_int_equal(some.terms.terms[kept].count, count);
      lowest_kept = count < lowest_kept ? count : lowest_kept;
      kept++;
    } else {
      highest_dropped = count > highest_dropped ? count : highest_dropped;
    }
  }
  assert_int_equal(kept, 500);
  assert_true(lowest_kept >= highest_dropped);
  lqa_buf_clear(&term);
  lqa_buf_clear(&other);
  lqa_tfidf_clear(&all);
  lqa_tfidf_clear(&some);
  clear_texts(&t);
}

static void no_terms_give_an_empty_matrix(void **state) {
  (void)state;
  texts t;
  begin_texts(&t);
  add_text(&t, "? !", 3);
  add_text(&t, "", 0);
  add_text(&t, "once", 4);
  lqa_text_rows rows = end_texts(&t);
  lqa_tfidf_options options = lqa_tfidf_defaults();
  lqa_tfidf tfidf = build(&rows, &options, 2);
  assert_int_equal(tfidf.matrix.n_rows, 3);
  assert_int_equal(tfidf.matrix.n_columns, 0);
  assert_int_equal(tfidf.matrix.row_start[3], 0);
  lqa_tfidf_clear(&tfidf);
  clear_texts(&t);
}

static void rows_out_of_use_stay_empty(void **state) {
  (void)state;
  texts t;
  begin_texts(&t);
  for (int i = 0; i < 4; i++) {
    add_text(&t, i % 2 ? "red apple" : "green pear", i % 2 ? 9 : 10);
  }
  lqa_text_rows rows = end_texts(&t);
  const uint8_t use[] = {1, 1, 0, 1};
  rows.use = use;
  lqa_tfidf_options options = lqa_tfidf_defaults();
  lqa_tfidf tfidf = build(&rows, &options, 2);
  assert_int_equal(tfidf.n_documents, 3);
  assert_int_equal(tfidf.matrix.n_columns, 3); /* apple, red, red apple: twice each */
  assert_int_equal(tfidf.matrix.row_start[3] - tfidf.matrix.row_start[2], 0);
  lqa_tfidf_clear(&tfidf);
  clear_texts(&t);
}

static void refuses_impossible_ngrams(void **state) {
  (void)state;
  texts t;
  make_texts(&t, 7, 3000);
  lqa_text_rows rows = end_texts(&t);
  lqa_tfidf_options options = lqa_tfidf_defaults();
  options.ngram_hi = 9;
  lqa_tfidf tfidf;
  lqa_error err;
  assert_int_equal(lqa_tfidf_build(&rows, &options, NULL, &tfidf, &err), LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, LQA_OPTION("min_df")));
  lqa_tfidf_clear(&tfidf);
  clear_texts(&t);
}

/* Every allocation fails once: always LQA_NO_MEMORY, never a crash or a leak. */
static void survives_failing_allocations(void **state) {
  (void)state;
  texts t;
  make_texts(&t, 8, 200);
  lqa_text_rows rows = end_texts(&t);
  lqa_tfidf_options options = lqa_tfidf_defaults();
  int n_failed = 0;
  for (long n = 1; n < 100000; n++) {
    lqa_tfidf tfidf;
    lqa_error err;
    lqa_memory_fail_after(n);
    lqa_status status = lqa_tfidf_build(&rows, &options, NULL, &tfidf, &err);
    lqa_memory_fail_after(0);
    lqa_tfidf_clear(&tfidf);
    if (status == LQA_OK) {
      break;
    }
    assert_int_equal(status, LQA_NO_MEMORY);
    n_failed++;
  }
  assert_true(n_failed > 10);
  clear_texts(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_scikit_learn),
      cmocka_unit_test(threads_and_memory_change_nothing),
      cmocka_unit_test(max_features_keeps_the_most_frequent),
      cmocka_unit_test(no_terms_give_an_empty_matrix),
      cmocka_unit_test(rows_out_of_use_stay_empty),
      cmocka_unit_test(refuses_impossible_ngrams),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
