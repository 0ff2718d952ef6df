/* tests/unit/test_text_stream.c - training from disk: the same optimum, the same counts as in
 * memory; no leak; a disk that fails. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "text_stream_fixture.h"

#include "feature/hashed_blocks.h"
#include "model/out_of_fold/crossval.h"
#include "model/linear/naive_bayes.h"
#include "model/text/stream/softmax_stream.h"
#include "model/text/stream/text_sample.h"
#include "model/text/text_plan.h"
#include "model_fixture.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The optimum of softmax.h on the same features: objectives within 1e-5 of their value,
 * probabilities within .003, and the gap that was asked for. */
static void reaches_the_optimum(void **state) {
  (void)state;
  corpus c = make(1500, 4);
  lqa_dataset *d = dataset_of(&c);
  lqa_hashed_options options = hashed_options();
  options.bucket_bits = 14;
  lqa_hashed_blocks f = build(d, &options);
  lqa_sparse x = assemble(&f);
  size_t n = (size_t)c.n * N_CLASSES;
  float *memory = calloc(n, sizeof *memory), *disk = calloc(n, sizeof *disk);
  lqa_softmax_fold a[N_FOLDS], b[N_FOLDS];
  lqa_softmax_options train = lqa_softmax_defaults();
  lqa_problem problem = {&x, c.code, c.fold, N_CLASSES, N_FOLDS};
  lqa_stream_problem stream = {&f, c.code, c.fold, N_CLASSES, N_FOLDS, NULL};
  assert_int_equal(lqa_softmax_run(&problem, &train, &(lqa_predictions){.outer = memory}, a),
                   LQA_OK);
  assert_int_equal(lqa_softmax_stream_run(&stream, &train, disk, b, NULL), LQA_OK);
  for (int fold = 0; fold < N_FOLDS; fold++) {
    assert_true(b[fold].converged);
    assert_int_equal(b[fold].n_train, a[fold].n_train);
    assert_true(fabs(b[fold].objective - a[fold].objective) < 1e-5 * a[fold].objective);
    assert_true(b[fold].gap < 1e-5 * (double)b[fold].n_train);
  }
  for (size_t i = 0; i < n; i++) {
    assert_true(fabsf(memory[i] - disk[i]) < 3e-3f);
  }
  free(memory);
  free(disk);
  lqa_sparse_clear(&x);
  lqa_hashed_blocks_clear(&f);
  lqa_dataset_free(d);
  clear(&c);
}

/* Rows in pieces, in their order: the same bytes as all at once. */
static void bayes_in_pieces_is_bayes(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, 1000, 5, N_FOLDS);
  f.fold[13] = LQA_NO_FOLD;
  lqa_problem problem = fixture_problem(&f);
  lqa_predictions all = fixture_predictions(&f, false);
  lqa_naive_bayes_options options = {0.3f, lqa_pool_new(2)};
  assert_int_equal(lqa_naive_bayes_run(&problem, &options, &all), LQA_OK);
  float *out = calloc(f.n_values, sizeof *out);
  lqa_bayes_stream *bayes = NULL;
  assert_int_equal(lqa_bayes_stream_open(f.x.n_columns, 5, N_FOLDS, &options, &bayes), LQA_OK);
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t row = 0, last; row < f.x.n_rows; row = last) {
      last = row + 77 < f.x.n_rows ? row + 77 : f.x.n_rows;
      lqa_sparse part = f.x;
      part.row_start += row;
      part.n_rows = last - row;
      lqa_bayes_piece piece = {{&part, f.label + row, f.fold + row, 5, N_FOLDS}, .rows = {0}};
      assert_int_equal(lqa_bayes_piece_sort(&piece), LQA_OK);
      for (int fold = N_FOLDS - 1; fold >= 0; fold--) {
        if (pass == 0) {
          lqa_bayes_stream_count(bayes, &piece, fold);
        } else {
          lqa_bayes_stream_predict(bayes, &piece, fold, out + row * 5);
        }
      }
      lqa_bayes_piece_clear(&piece);
    }
    assert_int_equal(pass == 0 ? lqa_bayes_stream_train(bayes) : LQA_OK, LQA_OK);
  }
  assert_memory_equal(out, all.outer, f.n_values * sizeof *out);
  lqa_bayes_stream_close(bayes);
  lqa_pool_free(options.pool);
  fixture_free_predictions(&all);
  fixture_clear(&f);
  free(out);
}

/* --- whole cross-validations --- */

static lqa_crossval_options crossval_options(lqa_model_kind kind, uint64_t limit, const corpus *c) {
  lqa_crossval_options options = defaults(kind);
  options.memory_bytes = limit;
  options.fixed_fold = c->fold;
  return options;
}

static lqa_crossval_result run(const corpus *c, const lqa_crossval_options *options) {
  lqa_dataset *d = dataset_of(c);
  lqa_crossval_result result = train(d, options);
  lqa_dataset_free(d);
  return result;
}

static bool has_note(const lqa_crossval_result *r, const char *part) {
  for (size_t i = 0; i < r->notes.n; i++) {
    if (strstr(r->notes.data[i], part)) {
      return true;
    }
  }
  return false;
}

static const lqa_model_kind kinds[] = {LQA_MODEL_AUTO, LQA_MODEL_LOGISTIC, LQA_MODEL_NAIVE_BAYES};

/* A tiny limit takes the route from disk, says so, and predicts as well. */
static void says_its_route_and_learns(void **state) {
  (void)state;
  corpus c = make(1200, 5);
  for (size_t i = 0; i < 3; i++) {
    lqa_crossval_options options = crossval_options(kinds[i], 0, &c);
    lqa_crossval_result memory = run(&c, &options);
    options.memory_bytes = 1 << 20;
    lqa_crossval_result disk = run(&c, &options);
    options.memory_bytes = (uint64_t)4 << 30;
    lqa_crossval_result roomy = run(&c, &options);
    assert_false(has_note(&memory, "from disk"));
    assert_true(has_note(&disk, "The model was trained from disk"));
    assert_true(has_note(&disk, "too small for this many rows"));
    assert_string_equal(disk.model, memory.model);
    assert_true(fabs(disk.out_of_fold_accuracy - memory.out_of_fold_accuracy) < 0.01);
    assert_true(fabs(disk.log_loss - memory.log_loss) < 0.05);
    assert_memory_equal(roomy.pred_probs, memory.pred_probs, 1200 * N_CLASSES * sizeof(float));
    lqa_crossval_clear(&memory);
    lqa_crossval_clear(&disk);
    lqa_crossval_clear(&roomy);
  }
  clear(&c);
}

static double mean_margin(const lqa_crossval_result *r) {
  double sum = 0;
  for (int64_t i = 0; i < r->n_rows; i++) {
    float score[N_CLASSES];
    for (int k = 0; k < N_CLASSES; k++) {
      score[k] = logf(r->pred_probs[i * N_CLASSES + k]);
    }
    sum += (double)lqa_score_margin(score, N_CLASSES);
  }
  return sum / (double)r->n_rows;
}

/* Weights that were fitted on a sample of a tenth make the blend of all rows no surer than one that
 * was trained on as few rows. */
static void scale_is_that_of_the_sample(void **state) {
  (void)state;
  corpus c = make(60000, 14);
  lqa_crossval_options options = crossval_options(LQA_MODEL_AUTO, 71000000, &c);
  lqa_crossval_result disk = run(&c, &options);
  assert_true(has_note(&disk, "were fitted on"));
  corpus tenth = c;
  tenth.n /= 10;
  options.memory_bytes = 0;
  lqa_crossval_result memory = run(&tenth, &options);
  double ratio = mean_margin(&disk) / mean_margin(&memory);
  assert_true(ratio > 0.96 && ratio < 1.04);
  lqa_crossval_clear(&memory);
  lqa_crossval_clear(&disk);
  clear(&c);
}

/* Texts whose class lies in pairs of words only: a word, and so its characters, says nothing. */
static void write_pairs(corpus *c) {
  lqa_rng rng;
  lqa_rng_init(&rng, 15, 1);
  for (int64_t i = 0; i < c->n; i++) {
    uint64_t k = lqa_rng_below(&rng, N_CLASSES);
    size_t size = 0;
    for (int pair = 0; pair < 5; pair++) {
      unsigned a = (unsigned)lqa_rng_below(&rng, 60);
      unsigned b = (unsigned)(lqa_rng_below(&rng, 20) * 3 + (k + 60 - a) % 3);
      size += (size_t)snprintf(c->text[i] + size, sizeof c->text[i] - size, "word%u word%u stop ",
                               100 + a, 100 + b);
    }
    c->content[i] = (lqa_str){c->text[i], size};
    c->code[i] = (int32_t)k;
    c->label[i] = lqa_str_from(class_names[k]);
  }
}

static void member_without_weight_is_left_out(void **state) {
  (void)state;
  corpus c = make(9000, 15);
  write_pairs(&c);
  lqa_crossval_options options = crossval_options(LQA_MODEL_AUTO, 0, &c);
  lqa_crossval_result memory = run(&c, &options);
  options.memory_bytes = 36000000;
  lqa_crossval_result disk = run(&c, &options);
  assert_true(has_note(&disk, "Characters were left out of the blend"));
  assert_false(has_note(&disk, "too much memory"));
  assert_true(fabs(disk.log_loss - memory.log_loss) < 0.01);
  lqa_crossval_clear(&memory);
  lqa_crossval_clear(&disk);
  clear(&c);
}

static void margin_is_best_less_next(void **state) {
  (void)state;
  const float scores[] = {-3, -1, -2.5f, -1.25f};
  assert_true(lqa_score_margin(scores, 4) == 0.25f);
  assert_true(lqa_score_margin(scores, 2) == 2);
  assert_true(lqa_score_margin(scores, 1) == 0);
}

static void threads_change_nothing(void **state) {
  (void)state;
  corpus c = make(900, 6);
  for (size_t i = 0; i < 3; i++) {
    lqa_crossval_options options = crossval_options(kinds[i], 1 << 20, &c);
    lqa_crossval_result one = run(&c, &options);
    for (int n_threads = 2; n_threads <= 5; n_threads += 3) {
      options.pool = lqa_pool_new(n_threads);
      lqa_crossval_result many = run(&c, &options);
      assert_memory_equal(one.pred_probs, many.pred_probs, 900 * N_CLASSES * sizeof(float));
      lqa_crossval_clear(&many);
      lqa_pool_free(options.pool);
    }
    lqa_crossval_clear(&one);
  }
  clear(&c);
}

/* With folds held fixed a row's own label changes no bit of its own probabilities; in the blend
 * with weights fitted on a sample as well. */
static void own_label_changes_nothing(void **state) {
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    bool samples = i == 3; /* a limit that leaves room for a sample of 2,000 rows */
    corpus c = make(samples ? 6000 : 400, 7);
    lqa_crossval_options options =
        crossval_options(samples ? LQA_MODEL_AUTO : kinds[i], samples ? 36000000 : 1 << 20, &c);
    options.pool = lqa_pool_new(2);
    lqa_crossval_result before = run(&c, &options);
    assert_true(has_note(&before, "from disk"));
    assert_int_equal(has_note(&before, "were fitted on"), samples);
    for (int64_t row = 1; row < c.n; row += c.n / 3) {
      lqa_str own = c.label[row];
      c.label[row] = lqa_str_from(lqa_str_equal(own, LQA_STR("a")) ? "b" : "a");
      lqa_crossval_result after = run(&c, &options);
      assert_memory_equal(before.pred_probs + row * N_CLASSES, after.pred_probs + row * N_CLASSES,
                          N_CLASSES * sizeof(float));
      assert_memory_not_equal(before.pred_probs, after.pred_probs,
                              (size_t)c.n * N_CLASSES * sizeof(float));
      lqa_crossval_clear(&after);
      c.label[row] = own;
    }
    lqa_crossval_clear(&before);
    lqa_pool_free(options.pool);
    clear(&c);
  }
}

/* Texts without spaces, rows without content or label, the order of the source. */
static void odd_rows_are_taken(void **state) {
  (void)state;
  corpus c = make(300, 8);
  c.content[5] = (lqa_str){NULL, 0};
  c.label[6] = (lqa_str){NULL, 0};
  for (int64_t i = 0; i < c.n; i++) {
    for (size_t at = 0; i >= 10 && at < c.content[i].size; at++) {
      c.text[i][at] = c.text[i][at] == ' ' ? 'x' : c.text[i][at];
    }
  }
  c.fold[5] = c.fold[6] = LQA_NO_FOLD;
  lqa_crossval_options options = crossval_options(LQA_MODEL_AUTO, 1 << 20, &c);
  lqa_crossval_result r = run(&c, &options);
  assert_true(has_note(&r, "character 1-3-grams") || has_note(&r, "character n-grams"));
  for (int64_t i = 0; i < c.n; i++) {
    const float *p = r.pred_probs + i * N_CLASSES;
    bool scored = i != 5 && i != 6;
    assert_true(scored ? fabsf(p[0] + p[1] + p[2] - 1) < 1e-5f : isnan(p[0]));
  }
  assert_true(r.out_of_fold_accuracy > 0.8);
  lqa_crossval_clear(&r);
  clear(&c);
}

/* Many classes make large tables, but not for few different characters: a limit that leaves room is
 * no reason to train from disk. */
static void many_classes_stay_in_memory(void **state) {
  (void)state;
  corpus c = make(3000, 16);
  char name[77][4];
  for (int k = 0; k < 77; k++) {
    snprintf(name[k], sizeof name[k], "c%02d", k);
  }
  for (int64_t i = 0; i < c.n; i++) {
    c.label[i] = lqa_str_from(name[i % 77]);
    c.fold[i] = (uint8_t)(i / 77 % N_FOLDS);
  }
  lqa_crossval_options options = crossval_options(LQA_MODEL_AUTO, 250000000, &c);
  lqa_crossval_result r = run(&c, &options);
  assert_false(has_note(&r, "from disk"));
  assert_false(has_note(&r, "left out"));
  lqa_crossval_clear(&r);
  clear(&c);
}

/* Where a member's tables do not fit, the others have the weights of the sample's blend, and its
 * scale: with many classes that is far from the defaults. */
static void sample_serves_fewer_members(void **state) {
  (void)state;
  corpus c = make(12000, 17);
  char name[70][4];
  for (int64_t i = 0; i < c.n; i++) {
    int k = (int)(i % 70);
    snprintf(name[k], sizeof name[k], "c%02d", k);
    c.content[i].size = (size_t)snprintf(c.text[i], sizeof c.text[i], "own%d like%d of%d word%d", k,
                                         k / 7, (int)(i % 11), (int)(i % 13));
    c.label[i] = lqa_str_from(name[k]);
    c.fold[i] = (uint8_t)(i / 70 % N_FOLDS);
  }
  lqa_crossval_options options = crossval_options(LQA_MODEL_AUTO, 60000000, &c);
  lqa_crossval_result r = run(&c, &options);
  assert_true(has_note(&r, "Naive Bayes was left out") && has_note(&r, "were fitted on"));
  assert_true(r.log_loss < 0.1);
  lqa_crossval_clear(&r);
  clear(&c);
}

/* --- faults --- */

static lqa_status run_quietly(const corpus *c, const lqa_crossval_options *options,
                              lqa_error *err) {
  lqa_dataset *d = dataset_of(c);
  lqa_crossval_result result;
  lqa_error_clear(err);
  lqa_status status = lqa_crossval_run(d, options, &result, err);
  if (status == LQA_OK) {
    lqa_crossval_clear(&result);
  }
  lqa_dataset_free(d);
  return status;
}

/* Files may not grow beyond `limit`: the first write of features, or of duals, comes up short. */
static int on_a_full_disk(const corpus *c, lqa_model_kind kind, rlim_t limit) {
  fflush(NULL);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    lqa_crossval_options options = crossval_options(kind, 1 << 20, c);
    lqa_error err;
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small = {limit, limit};
    setrlimit(RLIMIT_FSIZE, &small);
    lqa_status status = run_quietly(c, &options, &err);
    bool clear_text = strstr(err.message, "temporary file") != NULL;
    _exit(status == LQA_BAD_FILE && clear_text ? 0 : status == LQA_OK ? 11 : 12);
  }
  int how = 0;
  assert_int_equal(waitpid(pid, &how, 0), pid);
  return WIFEXITED(how) ? WEXITSTATUS(how) : 13;
}

static void full_disk_is_an_error(void **state) {
  (void)state;
  corpus c = make(1200, 9);
  assert_int_equal(on_a_full_disk(&c, LQA_MODEL_LOGISTIC, 1000), 0);       /* features */
  assert_int_equal(on_a_full_disk(&c, LQA_MODEL_AUTO, 50001), 0);          /* within an extent */
  assert_int_equal(on_a_full_disk(&c, LQA_MODEL_LOGISTIC, 110003), 0);     /* duals */
  assert_int_equal(on_a_full_disk(&c, LQA_MODEL_LOGISTIC, 100 << 20), 11); /* room enough */
  clear(&c);
}

static void too_little_space_is_told_before(void **state) {
  (void)state;
  lqa_scratch_file file;
  lqa_error err;
  assert_int_equal(lqa_scratch_open(&file, "/tmp", UINT64_MAX / 2, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "MB left"));
  assert_string_equal(err.file, "/tmp");
  assert_int_equal(lqa_scratch_open(&file, "/nowhere/at/all", 0, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "/nowhere/at/all"));
  lqa_scratch_close(&file);
}

/* Nothing is left in the folder, whatever happened. */
static void leaves_no_file(void **state) {
  (void)state;
  char folder[] = "/tmp/labelqa-test-XXXXXX";
  assert_non_null(mkdtemp(folder));
  corpus c = make(300, 10);
  lqa_crossval_options options = crossval_options(LQA_MODEL_AUTO, 1 << 20, &c);
  lqa_error err;
  options.temporary_folder = folder;
  assert_int_equal(run_quietly(&c, &options, &err), LQA_OK);
  volatile int cancelled = 1;
  options.observer = &(lqa_observer){.cancelled = &cancelled};
  assert_int_equal(run_quietly(&c, &options, &err), LQA_INTERRUPTED);
  assert_int_equal(rmdir(folder), 0); /* it is empty */
  clear(&c);
}

/* Cancels at the n-th sign of life of a run: in every stage it stops soon. */
typedef struct stopper {
  volatile int cancelled;
  char stage[64];
  const char *wanted;
} stopper;

static void stop_at(void *data, const char *stage, double fraction) {
  stopper *s = data;
  (void)fraction;
  if (strcmp(stage, s->wanted) == 0) {
    s->cancelled = 1;
  }
}

static void every_stage_can_be_stopped(void **state) {
  (void)state;
  static const char *const stages[] = {"counting terms", "writing features", "training",
                                       "counting words", "counting characters"};
  corpus c = make(600, 11);
  for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
    stopper s = {.wanted = stages[i]};
    lqa_observer observer = {.progress = stop_at, .data = &s, .cancelled = &s.cancelled};
    lqa_crossval_options options = crossval_options(LQA_MODEL_AUTO, 1 << 20, &c);
    lqa_error err;
    options.observer = &observer;
    assert_int_equal(run_quietly(&c, &options, &err), LQA_INTERRUPTED);
    assert_int_equal(s.cancelled, 1);
    assert_non_null(strstr(err.message, "interrupted"));
  }
  clear(&c);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  corpus c = make(60, 12);
  lqa_dataset *d = dataset_of(&c);
  lqa_crossval_options options = crossval_options(LQA_MODEL_AUTO, 1 << 20, &c);
  int n_failed = 0;
  for (long n = 1;; n++) {
    lqa_crossval_result result;
    lqa_memory_fail_after(n);
    lqa_status status = lqa_crossval_run(d, &options, &result, NULL);
    lqa_memory_fail_after(0);
    if (status == LQA_OK) {
      lqa_crossval_clear(&result);
      break;
    }
    assert_int_equal(status, LQA_NO_MEMORY);
    n_failed++;
  }
  assert_true(n_failed > 50);
  lqa_dataset_free(d);
  clear(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reaches_the_optimum),
      cmocka_unit_test(bayes_in_pieces_is_bayes),
      cmocka_unit_test(says_its_route_and_learns),
      cmocka_unit_test(scale_is_that_of_the_sample),
      cmocka_unit_test(member_without_weight_is_left_out),
      cmocka_unit_test(margin_is_best_less_next),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(own_label_changes_nothing),
      cmocka_unit_test(odd_rows_are_taken),
      cmocka_unit_test(many_classes_stay_in_memory),
      cmocka_unit_test(sample_serves_fewer_members),
      cmocka_unit_test(full_disk_is_an_error),
      cmocka_unit_test(too_little_space_is_told_before),
      cmocka_unit_test(leaves_no_file),
      cmocka_unit_test(every_stage_can_be_stopped),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
