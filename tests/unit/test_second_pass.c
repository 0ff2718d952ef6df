/* tests/unit/test_second_pass.c - systematic confusion is told from noise; training again leaks
 * nothing and does not depend on threads.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/rng.h"
#include "model/problem/confusion.h"
#include "model/out_of_fold/crossval.h"

#include <stdio.h>
#include <string.h>

enum { N_ROWS = 1500, N_CLASSES = 4, N_FOLDS = 5, TEXT = 240 };

/* ---- confusion ---- */

/* Rows of three classes; the model is sure, but for a tenth to be shared out. Of the labels of
 * class 0 `swapped` percent are 2, and of all labels `random` percent are the next class. */
static lqa_confusion confusion_of(uint64_t swapped, uint64_t random) {
  enum { ROWS = 3000 };
  static double p[ROWS * 3];
  static int32_t label[ROWS];
  lqa_rng rng;
  lqa_rng_init(&rng, 4, 1);
  for (int row = 0; row < ROWS; row++) {
    int32_t truth = (int32_t)(row % 3), given = truth;
    if (lqa_rng_below(&rng, 100) < random) {
      given = (truth + 1) % 3;
    }
    if (truth == 0 && lqa_rng_below(&rng, 100) < swapped) {
      given = 2;
    }
    label[row] = given;
    for (int k = 0; k < 3; k++) {
      p[row * 3 + k] = k == truth ? .9 : .05;
    }
  }
  lqa_confusion found;
  assert_int_equal(lqa_confusion_fit(p, label, ROWS, 3, &found), LQA_OK);
  return found;
}

static void confusion_is_found(void **state) {
  (void)state;
  lqa_confusion found = confusion_of(20, 0);
  assert_int_equal(found.from, 0);
  assert_int_equal(found.to, 2);
  assert_true(found.share > .12 && found.share < .22);
  assert_true(found.bound > .08 && found.bound < found.share);
  assert_true(lqa_confusion_is_systematic(&found));
}

static void noise_the_model_expects_is_none(void **state) {
  (void)state;
  lqa_confusion clean = confusion_of(0, 0), noisy = confusion_of(0, 7);
  assert_false(lqa_confusion_is_systematic(&clean));
  assert_false(lqa_confusion_is_systematic(&noisy));
}

/* Predictions that are always of the class before: worse than frequencies, no evidence. */
static void a_model_that_knows_nothing_is_no_evidence(void **state) {
  (void)state;
  double p[300 * 3];
  int32_t label[300];
  for (int row = 0; row < 300; row++) {
    label[row] = row % 3;
    for (int k = 0; k < 3; k++) {
      p[row * 3 + k] = k == (row + 2) % 3 ? .9 : .05;
    }
  }
  lqa_confusion found;
  assert_int_equal(lqa_confusion_fit(p, label, 300, 3, &found), LQA_OK);
  assert_false(lqa_confusion_is_systematic(&found));
}

/* A gain within chance: half of the rows a little better than frequencies, half a little worse, and
 * one class always taken for the next. */
static void a_gain_within_chance_is_no_evidence(void **state) {
  (void)state;
  double p[300 * 3];
  int32_t label[300];
  for (int row = 0; row < 300; row++) {
    int own = label[row] = row % 3;
    double right = row % 2 ? .56 : .2;
    for (int k = 0; k < 3; k++) {
      p[row * 3 + k] = k == own ? right : k == (own + 1) % 3 ? .98 - right : .02;
    }
  }
  lqa_confusion found;
  assert_int_equal(lqa_confusion_fit(p, label, 300, 3, &found), LQA_OK);
  assert_false(lqa_confusion_is_systematic(&found));
}

/* ---- texts ---- */

typedef struct corpus {
  char text[N_ROWS][TEXT];
  lqa_str content[N_ROWS], label[N_ROWS];
  uint8_t fold[N_ROWS];
} corpus;

static const char *const names[] = {"a", "b", "c", "d"};

/* Texts that tell their class by one to eight of twelve words. */
static corpus *make(uint64_t swapped_percent, uint64_t random_percent) {
  corpus *c = calloc(1, sizeof *c);
  lqa_rng rng;
  lqa_rng_init(&rng, 11, 1);
  for (int row = 0; row < N_ROWS; row++) {
    uint64_t truth = lqa_rng_below(&rng, N_CLASSES), given = truth;
    uint64_t telling = 1 + lqa_rng_below(&rng, 8);
    int size = 0;
    for (uint64_t w = 0; w < 12; w++) {
      uint64_t word =
          w < telling ? 1000 * (truth + 1) + lqa_rng_below(&rng, 150) : lqa_rng_below(&rng, 300);
      size +=
          snprintf(c->text[row] + size, TEXT - (size_t)size, "word%llu ", (unsigned long long)word);
    }
    given = lqa_rng_below(&rng, 100) < swapped_percent ? (truth + 2) % N_CLASSES : given;
    given = lqa_rng_below(&rng, 100) < random_percent
                ? (truth + 1 + lqa_rng_below(&rng, N_CLASSES - 1)) % N_CLASSES
                : given;
    c->content[row] = (lqa_str){c->text[row], (size_t)size};
    c->label[row] = lqa_str_from(names[given]);
    c->fold[row] = (uint8_t)(row % N_FOLDS);
  }
  return c;
}

static lqa_crossval_result run(const corpus *c, lqa_pool *pool) {
  lqa_dataset *d = NULL;
  lqa_crossval_options options;
  lqa_crossval_result r;
  lqa_error err;
  lqa_error_clear(&err);
  lqa_crossval_options_init(&options);
  options.fixed_fold = c->fold;
  options.pool = pool;
  assert_int_equal(lqa_dataset_from_arrays(N_ROWS, c->content, c->label, NULL, 0, &d, NULL),
                   LQA_OK);
  if (lqa_crossval_run(d, &options, &r, &err) != LQA_OK) {
    fail_msg("%s", err.message);
  }
  lqa_dataset_free(d);
  return r;
}

static bool trained_twice(const lqa_crossval_result *r) {
  for (size_t i = 0; i < r->notes.n; i++) {
    if (strstr(r->notes.data[i], "confused systematically")) {
      return true;
    }
  }
  return false;
}

static void only_systematic_errors_train_again(void **state) {
  (void)state;
  for (int systematic = 0; systematic < 2; systematic++) {
    corpus *c = make(systematic ? 25 : 0, systematic ? 0 : 10);
    lqa_crossval_result r = run(c, NULL);
    assert_int_equal(trained_twice(&r), systematic);
    lqa_crossval_clear(&r);
    free(c);
  }
}

static void own_label_changes_nothing(void **state) {
  (void)state;
  corpus *c = make(25, 0);
  lqa_crossval_result before = run(c, NULL);
  assert_true(trained_twice(&before));
  for (int row = 3; row < N_ROWS; row += 251) {
    lqa_str own = c->label[row];
    c->label[row] = lqa_str_from(lqa_str_equal(own, LQA_STR("a")) ? "b" : "a");
    lqa_crossval_result after = run(c, NULL);
    assert_memory_equal(before.pred_probs + row * N_CLASSES, after.pred_probs + row * N_CLASSES,
                        N_CLASSES * sizeof(float));
    assert_memory_not_equal(before.pred_probs, after.pred_probs,
                            N_ROWS * N_CLASSES * sizeof(float));
    lqa_crossval_clear(&after);
    c->label[row] = own;
  }
  lqa_crossval_clear(&before);
  free(c);
}

static void threads_change_nothing(void **state) {
  (void)state;
  corpus *c = make(25, 0);
  lqa_pool *pool = lqa_pool_new(4);
  lqa_crossval_result one = run(c, NULL), many = run(c, pool);
  assert_memory_equal(one.pred_probs, many.pred_probs, N_ROWS * N_CLASSES * sizeof(float));
  lqa_crossval_clear(&one);
  lqa_crossval_clear(&many);
  lqa_pool_free(pool);
  free(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(confusion_is_found),
      cmocka_unit_test(noise_the_model_expects_is_none),
      cmocka_unit_test(a_model_that_knows_nothing_is_no_evidence),
      cmocka_unit_test(a_gain_within_chance_is_no_evidence),
      cmocka_unit_test(only_systematic_errors_train_again),
      cmocka_unit_test(own_label_changes_nothing),
      cmocka_unit_test(threads_change_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
