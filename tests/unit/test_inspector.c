/* tests/unit/test_inspector.c - batches and files against the whole matrix. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/rng.h"
#include "base/running_sum.h"
#include "labelqa/labelqa.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { N = 20000, K = 5 };

static float probs[N * K];
static int32_t labels[N];

static void make_problem(void) {
  lqa_rng rng;
  lqa_rng_init(&rng, 11, 0);
  for (int i = 0; i < N; i++) {
    int truth = (int)lqa_rng_below(&rng, K);
    double sum = 0, p[K];
    for (int k = 0; k < K; k++) {
      p[k] = lqa_rng_uniform(&rng) + (k == truth ? lqa_rng_uniform(&rng) * 2 : 0);
      sum += p[k];
    }
    for (int k = 0; k < K; k++) {
      probs[i * K + k] = (float)(p[k] / sum);
    }
    labels[i] = lqa_rng_below(&rng, 8) == 0 ? (int32_t)lqa_rng_below(&rng, K) : truth;
    labels[i] = i % 97 == 0 ? -1 : labels[i];
  }
}

static lqa_matrix probs_of(int64_t first, int64_t n) {
  return (lqa_matrix){probs + first * K, LQA_FLOAT32,  false, n, K,
                      K * sizeof *probs, sizeof *probs};
}
static lqa_matrix labels_of(int64_t first, int64_t n) {
  return (lqa_matrix){labels + first, LQA_INT32, false, n, 1, sizeof *labels, sizeof *labels};
}

static lqa_ranking whole(uint8_t *issue) {
  lqa_matrix all_labels = labels_of(0, N), all_probs = probs_of(0, N);
  lqa_confident_learner_input input;
  lqa_confident_learner *cl;
  lqa_error err;
  lqa_ranking ranking;
  lqa_confident_learner_input_init(&input);
  input.labels = &all_labels;
  input.pred_probs = &all_probs;
  assert_int_equal(lqa_confident_learner_open(&input, &cl, &err), LQA_OK);
  assert_int_equal(lqa_confident_learner_find_issues(cl, NULL, issue, &err), LQA_OK);
  assert_int_equal(lqa_confident_learner_rank(cl, issue, NULL, &ranking, &err), LQA_OK);
  lqa_confident_learner_close(cl);
  return ranking;
}

static lqa_inspector *open_inspector(void) {
  lqa_inspector_options options;
  lqa_inspector *in;
  lqa_error err;
  lqa_inspector_options_init(&options);
  options.threads = 2;
  assert_int_equal(lqa_inspector_open(&options, &in, &err), LQA_OK);
  return in;
}

static void check_same(lqa_inspector *in) {
  static uint8_t issue[N];
  lqa_ranking expected = whole(issue), found;
  lqa_error err;
  assert_int_equal(lqa_inspector_rank(in, &found, &err), LQA_OK);
  assert_int_equal(found.n, expected.n);
  assert_true(found.n > 100);
  assert_memory_equal(found.rows, expected.rows, (size_t)found.n * sizeof *found.rows);
  assert_memory_equal(lqa_inspector_issues(in), issue, N);
  lqa_free(expected.rows);
  lqa_free(found.rows);
}

static void test_batches(void **state) {
  (void)state;
  lqa_error err;
  for (int64_t step = 999; step <= N; step += 9000) {
    lqa_inspector *in = open_inspector();
    while (lqa_inspector_pass(in) != LQA_PASS_DONE) {
      for (int64_t row = 0; row < N; row += step) {
        int64_t n = N - row < step ? N - row : step;
        lqa_matrix some_labels = labels_of(row, n), some_probs = probs_of(row, n);
        assert_int_equal(lqa_inspector_add(in, &some_labels, &some_probs, &err), LQA_OK);
      }
      assert_int_equal(lqa_inspector_next(in, &err), LQA_OK);
    }
    assert_int_equal(lqa_inspector_count_rows(in), N);
    check_same(in);
    lqa_inspector_close(in);
  }
}

static void write_file(const char *path, const char *type, const char *shape, const void *data,
                       size_t bytes) {
  char header[128];
  int n = snprintf(header, sizeof header,
                   "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
  while ((n + 11) % 64) {
    header[n++] = ' ';
  }
  header[n++] = '\n';
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fwrite("\x93NUMPY\x01\x00", 1, 8, file);
  fputc(n & 255, file);
  fputc(n >> 8, file);
  fwrite(header, 1, (size_t)n, file);
  fwrite(data, 1, bytes, file);
  assert_int_equal(fclose(file), 0);
}

static void test_files(void **state) {
  char folder[] = "/tmp/labelqa-inspector-XXXXXX", a[64], b[64];
  lqa_error err;
  (void)state;
  assert_non_null(mkdtemp(folder));
  snprintf(a, sizeof a, "%s/labels.npy", folder);
  snprintf(b, sizeof b, "%s/probs.npy", folder);
  write_file(a, "<i4", "20000,", labels, sizeof labels);
  write_file(b, "<f4", "20000, 5", probs, sizeof probs);
  for (int64_t rows = 0; rows < 20000; rows += 7777) {
    lqa_inspector *in = open_inspector();
    assert_int_equal(lqa_inspector_read_npy(in, a, b, rows, &err), LQA_OK);
    check_same(in);
    lqa_inspector_close(in);
  }
  lqa_inspector *in = open_inspector();
  assert_int_equal(lqa_inspector_read_npy(in, b, a, 0, &err), LQA_BAD_DATA);
  write_file(b, "<f4", "20000, 5", probs, sizeof probs - 4);
  assert_int_not_equal(lqa_inspector_read_npy(in, a, b, 0, &err), LQA_OK);
  assert_non_null(strstr(err.message, "probs.npy"));
  write_file(b, "<f4", "19999, 5", probs, sizeof probs);
  assert_int_not_equal(lqa_inspector_read_npy(in, a, b, 0, &err), LQA_OK);
  write_file(b, "<f4", "10000, 5", probs, sizeof probs / 2);
  assert_int_equal(lqa_inspector_read_npy(in, a, b, 0, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "20000 labels but 10000 rows"));
  lqa_inspector_close(in);
  unlink(a);
  unlink(b);
  rmdir(folder);
}

static void test_a_pass_with_other_rows(void **state) {
  lqa_inspector *in = open_inspector();
  lqa_matrix some_labels = labels_of(0, 500), some_probs = probs_of(0, 500);
  lqa_matrix other_labels = labels_of(500, 500);
  lqa_error err;
  (void)state;
  assert_int_equal(lqa_inspector_next(in, &err), LQA_BAD_DATA);
  assert_int_equal(lqa_inspector_add(in, &some_labels, &some_probs, &err), LQA_OK);
  assert_int_equal(lqa_inspector_next(in, &err), LQA_OK);
  assert_int_equal(lqa_inspector_next(in, &err), LQA_BAD_DATA);
  assert_int_equal(lqa_inspector_add(in, &other_labels, &some_probs, &err), LQA_OK);
  assert_int_equal(lqa_inspector_next(in, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "rows labelled"));
  lqa_inspector_close(in);
}

static void test_running_sum(void **state) {
  static double values[40000];
  lqa_running_sum sum = {0};
  lqa_rng rng;
  (void)state;
  lqa_rng_init(&rng, 5, 0);
  for (int single = 0; single < 2; single++) {
    for (int64_t n = 0; n < 40000; n++) {
      if (n % 997 == 0 || n == 8192 || n == 8193) {
        double expected = lqa_pairwise_sum(values, n, single);
        assert_true(lqa_running_sum_total(&sum, single) == expected);
      }
      values[n] = (double)(float)lqa_rng_uniform(&rng);
      assert_int_equal(lqa_running_sum_add(&sum, values[n], single), LQA_OK);
    }
    lqa_running_sum_clear(&sum);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_batches),
      cmocka_unit_test(test_files),
      cmocka_unit_test(test_a_pass_with_other_rows),
      cmocka_unit_test(test_running_sum),
  };
  make_problem();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
