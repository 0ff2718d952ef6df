/* tests/unit/test_embeddings.c - models of embeddings: they learn, leak nothing, depend neither on
 * threads nor on how the file stores its numbers; wrong files get an error with its place.
 */
#include "source_fixture.h"
#include "trained.h"

#include "base/rng.h"
#include "feature/dense.h"
#include "model/out_of_fold/crossval.h"
#include "model/linear/softmax.h"

#include <math.h>

enum { N = 400, D = 12, K = 3 };

static float numbers[N * D];
static const lqa_model_kind kinds[] = {LQA_MODEL_AUTO, LQA_MODEL_LOGISTIC, LQA_MODEL_KNN};

/* Vectors around their class's own; numbers that float16 holds exactly. */
static void make(const char *table, bool permuted) {
  lqa_buf buf;
  lqa_rng rng;
  lqa_buf_init(&buf, 1 << 20);
  lqa_rng_init(&rng, 11, 1);
  lqa_buf_add_text(&buf, "words,label\n");
  for (int row = 0; row < N; row++) {
    int class = (int)lqa_rng_below(&rng, K);
    for (int j = 0; j < D; j++) {
      numbers[row * D + j] = (float)lqa_rng_below(&rng, 256) / 64 + (j % K == class ? 1.f : 0.f);
    }
    class = permuted ? (int)lqa_rng_below(&rng, K) : class;
    lqa_buf_printf(&buf, "word%d other%d row%d,l%d\n", row % 7, class, row, class);
  }
  write_bytes(table, buf.data, buf.size);
  lqa_buf_clear(&buf);
}

static lqa_source_options options_of(const char *table, const char *embeddings, bool with_text) {
  static const char *text[] = {"words"};
  lqa_source_options o = options_for(table, NULL);
  o.label = "label";
  o.embeddings = embeddings;
  o.text = (lqa_text_list){text, with_text ? 1 : 0};
  return o;
}

static lqa_dataset *load_made(bool permuted, bool with_text) {
  make("made.csv", permuted);
  assert_int_equal(lqa_npy_save_f32("made.npy", numbers, N, D, NULL), LQA_OK);
  return load(options_of("made.csv", "made.npy", with_text));
}

static void learns_what_there_is(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false, false);
  assert_int_equal(d->kind, LQA_CONTENT_EMBEDDING);
  for (size_t i = 0; i < 3; i++) {
    lqa_crossval_options options = defaults(kinds[i]);
    lqa_crossval_result r = train(d, &options);
    assert_true(r.out_of_fold_accuracy > .8);
    assert_true(r.log_loss < .6 * r.prior_log_loss);
    assert_non_null(strstr(r.description, "12 dimensions"));
    for (size_t row = 0; row < N; row++) {
      const float *p = r.pred_probs + row * K;
      assert_true(fabsf(p[0] + p[1] + p[2] - 1) < 1e-5f);
    }
    lqa_crossval_clear(&r);
  }
  lqa_dataset_free(d);
}

/* An island of one class within another: only neighbours see it. */
static void neighbours_see_what_is_not_linear(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false, false);
  int32_t *label = (int32_t *)d->label;
  lqa_rng rng;
  lqa_rng_init(&rng, 3, 1);
  for (int row = 0; row < N; row++) { /* class = whether the two coordinates agree in sign */
    bool a = lqa_rng_below(&rng, 2), b = lqa_rng_below(&rng, 2);
    memset(numbers + row * D, 0, D * sizeof *numbers);
    numbers[row * D] = (a ? 1.f : -1.f) + (float)lqa_rng_uniform(&rng) / 2;
    numbers[row * D + 1] = (b ? 1.f : -1.f) + (float)lqa_rng_uniform(&rng) / 2;
    label[row] = a == b;
  }
  lqa_matrix matrix = {numbers, LQA_FLOAT32, false, N, D, D * sizeof(float), sizeof(float)};
  const lqa_matrix *stored = d->embeddings;
  d->embeddings = &matrix;
  static const double least[] = {.95, 0, .95}, most[] = {1.01, .8, 1.01};
  for (size_t i = 0; i < 3; i++) {
    lqa_crossval_options options = defaults(kinds[i]);
    lqa_crossval_result r = train(d, &options);
    assert_true(r.out_of_fold_accuracy > least[i] && r.out_of_fold_accuracy < most[i]);
    lqa_crossval_clear(&r);
  }
  d->embeddings = stored;
  lqa_dataset_free(d);
}

/* On labels that mean nothing a leak shows as a log-loss below the labels' entropy. */
static void permuted_labels_teach_nothing(void **state) {
  (void)state;
  for (int with_text = 0; with_text < 2; with_text++) {
    lqa_dataset *d = load_made(true, with_text);
    int32_t *label = (int32_t *)d->label;
    lqa_rng rng;
    lqa_rng_init(&rng, 17, 1);
    for (int row = 0; row < N; row++) { /* the text names the label: shuffle against it, too */
      label[row] = (int32_t)lqa_rng_below(&rng, K);
    }
    for (size_t i = 0; i < 3; i++) {
      lqa_crossval_options options = defaults(kinds[i]);
      lqa_crossval_result r = train(d, &options);
      assert_true(r.log_loss > r.prior_log_loss);
      lqa_crossval_clear(&r);
    }
    lqa_dataset_free(d);
  }
}

/* Vectors that coincide within a fold would tell, were a row's own fold not left out. */
static void own_label_changes_nothing(void **state) {
  (void)state;
  for (int with_text = 0; with_text < 2; with_text++) {
    lqa_dataset *d = load_made(false, with_text);
    int32_t *label = (int32_t *)d->label;
    for (size_t i = 0; i < 3; i++) {
      lqa_crossval_options options = defaults(kinds[i]);
      lqa_crossval_result dealt = train(d, &options);
      options.fixed_fold = dealt.fold;
      lqa_crossval_result before = train(d, &options);
      for (int64_t row = 3; row < N; row += 67) {
        int32_t own = label[row];
        label[row] = (own + 1) % K;
        lqa_crossval_result after = train(d, &options);
        assert_memory_equal(before.pred_probs + row * K, after.pred_probs + row * K,
                            K * sizeof(float));
        assert_memory_not_equal(before.pred_probs, after.pred_probs, N * K * sizeof(float));
        lqa_crossval_clear(&after);
        label[row] = own;
      }
      lqa_crossval_clear(&before);
      lqa_crossval_clear(&dealt);
    }
    lqa_dataset_free(d);
  }
}

static void threads_change_nothing(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false, true);
  for (size_t i = 0; i < 3; i++) {
    lqa_crossval_options options = defaults(kinds[i]);
    lqa_crossval_result one = train(d, &options);
    for (int n_threads = 2; n_threads <= 8; n_threads *= 4) {
      options.pool = lqa_pool_new(n_threads);
      lqa_crossval_result many = train(d, &options);
      assert_memory_equal(one.pred_probs, many.pred_probs, N * K * sizeof(float));
      lqa_crossval_clear(&many);
      lqa_pool_free(options.pool);
    }
    lqa_crossval_clear(&one);
  }
  lqa_dataset_free(d);
}

static uint16_t half_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return value == 0 ? 0 : (uint16_t)((((bits >> 23) - 112) << 10) | ((bits >> 13) & 0x3FF));
}

/* float16, float32, float64, big-endian; rows or columns first: the same vectors, the same bits. */
static void storage_changes_nothing(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false, false);
  static uint16_t half[N * D];
  static double fortran[N * D];
  static uint32_t swapped[N * D];
  for (int i = 0; i < N * D; i++) {
    uint32_t bits;
    memcpy(&bits, &numbers[i], sizeof bits);
    swapped[i] = __builtin_bswap32(bits);
    half[i] = half_of(numbers[i]);
    fortran[i % D * N + i / D] = (double)numbers[i];
  }
  const lqa_matrix stored[] = {{half, LQA_FLOAT16, false, N, D, D * 2, 2},
                               {fortran, LQA_FLOAT64, false, N, D, 8, N * 8},
                               {swapped, LQA_FLOAT32, true, N, D, D * 4, 4}};
  const lqa_matrix *own = d->embeddings;
  lqa_crossval_options options = defaults(LQA_MODEL_AUTO);
  lqa_crossval_result plain = train(d, &options);
  for (size_t i = 0; i < 3; i++) {
    d->embeddings = &stored[i];
    lqa_crossval_result other = train(d, &options);
    assert_memory_equal(plain.pred_probs, other.pred_probs, N * K * sizeof(float));
    lqa_crossval_clear(&other);
  }
  d->embeddings = own;
  lqa_crossval_clear(&plain);
  lqa_dataset_free(d);
}

static void equal_vectors_share_a_fold(void **state) {
  (void)state;
  for (int with_text = 0; with_text < 2; with_text++) {
    make("twins.csv", false);
    memcpy(numbers + N / 2 * D, numbers, N / 2 * D * sizeof *numbers);
    assert_int_equal(lqa_npy_save_f32("twins.npy", numbers, N, D, NULL), LQA_OK);
    lqa_dataset *d = load(options_of("twins.csv", "twins.npy", with_text));
    assert_int_equal(d->kind, with_text ? LQA_CONTENT_TEXT : LQA_CONTENT_EMBEDDING);
    lqa_crossval_options options = defaults(LQA_MODEL_KNN);
    lqa_crossval_result r = train(d, &options);
    for (int row = 0; row < N / 2; row++) {
      assert_int_equal(r.fold[row], r.fold[row + N / 2]);
    }
    lqa_crossval_clear(&r);
    lqa_dataset_free(d);
  }
}

/* The solver reads a dense row as it reads a sparse one. */
static void dense_is_sparse(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false, false);
  uint8_t use[N], fold[N];
  for (int row = 0; row < N; row++) {
    use[row] = 1;
    fold[row] = (uint8_t)(row % 5);
  }
  lqa_dense dense;
  assert_int_equal(lqa_dense_build(d->embeddings, use, NULL, &dense), LQA_OK);
  static uint32_t column[N * D];
  for (int i = 0; i < N * D; i++) {
    column[i] = (uint32_t)(i % D);
  }
  lqa_sparse sparse = dense.x;
  sparse.is_dense = false;
  sparse.column = column;
  static float probs[2][N * K];
  lqa_softmax_options options = lqa_softmax_defaults();
  for (int i = 0; i < 2; i++) {
    lqa_problem problem = {i ? &sparse : &dense.x, d->label, fold, K, 5};
    lqa_softmax_fold folds[5];
    assert_int_equal(
        lqa_softmax_run(&problem, &options, &(lqa_predictions){.outer = probs[i]}, folds), LQA_OK);
    for (int f = 0; f < 5; f++) {
      assert_true(folds[f].converged && folds[f].gap <= 1e-6 * N);
    }
  }
  assert_memory_equal(probs[0], probs[1], sizeof probs[0]);
  lqa_dense_clear(&dense);
  lqa_dataset_free(d);
}

/* Unit length, centred; whatever the scale of the file's numbers; rows without use are zero. */
static void rows_are_centred_and_scaled(void **state) {
  (void)state;
  float values[] = {3, 4, 0, 30, 40, 0, 0, 0, 2, 5, 5, 5};
  lqa_matrix matrix = {values, LQA_FLOAT32, false, 4, 3, 12, 4};
  uint8_t use[] = {1, 1, 1, 0};
  lqa_dense dense;
  assert_int_equal(lqa_dense_build(&matrix, use, NULL, &dense), LQA_OK);
  for (int row = 0; row < 3; row++) {
    const float *x = dense.x.value + row * 3;
    assert_true(fabsf(x[0] * x[0] + x[1] * x[1] + x[2] * x[2] - 1) < 1e-6f);
  }
  assert_memory_equal(dense.x.value, dense.x.value + 3, 3 * sizeof(float));
  assert_true(fabsf(dense.x.value[6] + dense.x.value[0]) < 1e-6f); /* opposite of the mean */
  for (int j = 9; j < 12; j++) {
    assert_true(dense.x.value[j] == 0);
  }
  lqa_dense_clear(&dense);
}

static void refuses_what_cannot_be_used(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false, false);
  lqa_crossval_result r;
  lqa_error err;
  static const lqa_model_kind wrong[] = {LQA_MODEL_NAIVE_BAYES, LQA_MODEL_TREES};
  for (size_t i = 0; i < 2; i++) {
    lqa_crossval_options options = defaults(wrong[i]);
    assert_int_equal(lqa_crossval_run(d, &options, &r, &err), LQA_BAD_USAGE);
    assert_non_null(strstr(err.message, "auto, logistic or knn"));
  }
  lqa_crossval_options options = defaults(LQA_MODEL_AUTO);
  options.memory_bytes = 1000;
  assert_int_equal(lqa_crossval_run(d, &options, &r, &err), LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "memory limit"));
  lqa_dataset_free(d);
  numbers[17 * D + 5] = INFINITY;
  numbers[18 * D + 1] = NAN;
  assert_int_equal(lqa_npy_save_f32("bad.npy", numbers, N, D, NULL), LQA_OK);
  assert_refused(options_of("made.csv", "bad.npy", false), LQA_BAD_DATA,
                 "bad.npy, row 17, column 5|infinity");
  numbers[17 * D + 5] = 0;
  assert_int_equal(lqa_npy_save_f32("bad.npy", numbers, N, D, NULL), LQA_OK);
  assert_refused(options_of("made.csv", "bad.npy", false), LQA_BAD_DATA,
                 "bad.npy, row 18, column 1|NaN");
  assert_int_equal(lqa_npy_save_f32("bad.npy", numbers, N, 0, NULL), LQA_OK);
  assert_refused(options_of("made.csv", "bad.npy", false), LQA_BAD_DATA, "0 columns");
}

/* One class far from the rest in one number; vectors all equal; a class of a single row. */
static void odd_vectors_fall_back(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false, false);
  static float odd[N * D];
  lqa_matrix matrix = {odd, LQA_FLOAT32, false, N, D, D * sizeof(float), sizeof(float)};
  const lqa_matrix *stored = d->embeddings;
  d->embeddings = &matrix;
  for (int round = 0; round < 3; round++) { /* zeroes, all equal, huge and tiny */
    for (int i = 0; i < N * D; i++) {
      odd[i] = round == 0 ? 0 : round == 1 ? 3.5f : numbers[i] * (i / D % 2 ? 1e30f : 1e-30f);
    }
    for (size_t i = 0; i < 3; i++) {
      lqa_crossval_options options = defaults(kinds[i]);
      lqa_crossval_result r = train(d, &options);
      for (int j = 0; j < N * K; j++) {
        assert_true(isfinite(r.pred_probs[j]));
      }
      assert_true(round < 2 ? r.log_loss > r.prior_log_loss - .01 : r.out_of_fold_accuracy > .8);
      lqa_crossval_clear(&r);
    }
  }
  d->embeddings = stored;
  lqa_dataset_free(d);
}

/* Texts that name the class beside vectors that say little: the blend uses both. */
static void texts_join_the_blend(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false, true);
  lqa_crossval_options options = defaults(LQA_MODEL_AUTO);
  lqa_crossval_result r = train(d, &options);
  assert_non_null(strstr(r.description, "linear head"));
  assert_non_null(strstr(r.description, "naive Bayes"));
  assert_true(r.out_of_fold_accuracy > .95);
  lqa_crossval_clear(&r);
  options.kind = LQA_MODEL_NAIVE_BAYES; /* of the text alone */
  r = train(d, &options);
  assert_string_equal(r.model, "naive-bayes");
  lqa_crossval_clear(&r);
  lqa_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(learns_what_there_is),
      cmocka_unit_test(neighbours_see_what_is_not_linear),
      cmocka_unit_test(permuted_labels_teach_nothing),
      cmocka_unit_test(own_label_changes_nothing),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(storage_changes_nothing),
      cmocka_unit_test(equal_vectors_share_a_fold),
      cmocka_unit_test(dense_is_sparse),
      cmocka_unit_test(rows_are_centred_and_scaled),
      cmocka_unit_test(refuses_what_cannot_be_used),
      cmocka_unit_test(odd_vectors_fall_back),
      cmocka_unit_test(texts_join_the_blend),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
