/* tests/unit/test_blend.c - blending: weights that minimise what they claim, and no leak. */
#include "model_fixture.h"

#include "base/explog.h"
#include "model/problem/blend.h"

#include <math.h>

enum { N_ROWS = 900, N_CLASSES = 3, N_FOLDS = 5 };

/* Probabilities that know the label with the given strength, under noise. */
static void make_member(const fixture *f, lqa_predictions *p, double strength, uint64_t seed) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 3);
  float *all[] = {p->outer, p->next, p->previous};
  for (int64_t row = 0; row < N_ROWS; row++) {
    double score[N_CLASSES], sum = 0;
    int32_t seen = lqa_rng_below(&rng, 10) == 0 ? (f->label[row] + 1) % 3 : f->label[row];
    for (int k = 0; k < N_CLASSES; k++) {
      score[k] = exp(strength * (k == seen) + 2 * lqa_rng_uniform(&rng));
      sum += score[k];
    }
    for (int a = 0; a < 3; a++) {
      for (int k = 0; k < N_CLASSES; k++) {
        all[a][row * N_CLASSES + k] = (float)(score[k] / sum);
      }
    }
  }
}

/* What the weights of a fold minimise: total log-loss over the rows beside it, and the pull. */
static double objective(const fixture *f, const lqa_blend *blend, int fold, const double *weight) {
  double loss = 0;
  for (int m = 0; m < blend->n_members; m++) {
    loss += (weight[m] - 0.3) * (weight[m] - 0.3) / 2;
  }
  for (int64_t row = 0; row < N_ROWS; row++) {
    bool after = f->fold[row] == (fold + 1) % N_FOLDS;
    if (!after && f->fold[row] != (fold + N_FOLDS - 1) % N_FOLDS) {
      continue;
    }
    double sum = 0, own = 0;
    for (int k = 0; k < N_CLASSES; k++) {
      double score = 0;
      for (int m = 0; m < blend->n_members; m++) {
        const lqa_predictions *p = &blend->members[m].p;
        score += weight[m] * log((double)(after ? p->previous : p->next)[row * N_CLASSES + k]);
      }
      sum += exp(score);
      own = k == f->label[row] ? score : own;
    }
    loss += log(sum) - own;
  }
  return loss;
}

typedef struct trial {
  fixture f;
  lqa_blend_member members[3];
  lqa_blend blend;
} trial;

static void trial_init(trial *t) {
  static const double strengths[] = {2.0, 1.0, 0.0};
  fixture_init(&t->f, N_ROWS, N_CLASSES, N_FOLDS);
  for (int m = 0; m < 3; m++) {
    t->members[m] = (lqa_blend_member){"member", 0.3, fixture_predictions(&t->f, true), 0};
    make_member(&t->f, &t->members[m].p, strengths[m], (uint64_t)m);
  }
  t->blend = (lqa_blend){.members = t->members, .n_members = 3};
}

static void trial_clear(trial *t) {
  for (int m = 0; m < 3; m++) {
    fixture_free_predictions(&t->members[m].p);
  }
  fixture_clear(&t->f);
}

static float *run(trial *t, int n_threads) {
  float *probs = calloc(t->f.n_values, sizeof *probs);
  lqa_problem problem = fixture_problem(&t->f);
  t->blend.pool = lqa_pool_new(n_threads);
  assert_int_equal(lqa_blend_run(&problem, &t->blend, probs), LQA_OK);
  lqa_pool_free(t->blend.pool);
  return probs;
}

static void weights_are_at_the_minimum(void **state) {
  (void)state;
  trial t;
  trial_init(&t);
  float *probs = run(&t, 2);
  for (int fold = 0; fold < N_FOLDS; fold++) {
    double *weight = t.blend.weight[fold], best = objective(&t.f, &t.blend, fold, weight);
    for (int m = 0; m < 3; m++) {
      for (int sign = -1; sign <= 1; sign += 2) {
        double tried[3] = {weight[0], weight[1], weight[2]};
        tried[m] = fmax(0, tried[m] + sign * 0.01);
        assert_true(objective(&t.f, &t.blend, fold, tried) >= best);
      }
    }
  }
  free(probs);
  trial_clear(&t);
}

static void probabilities_follow_from_the_weights(void **state) {
  (void)state;
  trial t;
  trial_init(&t);
  float *probs = run(&t, 2);
  for (int64_t row = 0; row < N_ROWS; row++) {
    double score[N_CLASSES], sum = 0;
    for (int k = 0; k < N_CLASSES; k++) {
      score[k] = 0;
      for (int m = 0; m < 3; m++) {
        score[k] += t.blend.weight[t.f.fold[row]][m] *
                    log((double)t.members[m].p.outer[row * N_CLASSES + k]);
      }
      sum += exp(score[k]);
    }
    for (int k = 0; k < N_CLASSES; k++) {
      assert_true(fabs(exp(score[k]) / sum - (double)probs[row * N_CLASSES + k]) < 1e-5);
    }
  }
  free(probs);
  trial_clear(&t);
}

static void own_label_and_threads_change_nothing(void **state) {
  (void)state;
  trial t;
  trial_init(&t);
  float *before = run(&t, 1);
  for (int64_t row = 0; row < N_ROWS; row += 97) {
    int32_t own = t.f.label[row];
    t.f.label[row] = (own + 1) % N_CLASSES;
    float *after = run(&t, 4);
    assert_memory_equal(before + row * N_CLASSES, after + row * N_CLASSES,
                        N_CLASSES * sizeof *before);
    t.f.label[row] = own;
    free(after);
  }
  float *again = run(&t, 8);
  assert_memory_equal(before, again, t.f.n_values * sizeof *before);
  free(before);
  free(again);
  trial_clear(&t);
}

static void without_pair_models_the_defaults_hold(void **state) {
  (void)state;
  trial t;
  trial_init(&t);
  free(t.members[1].p.next);
  t.members[1].p.next = NULL;
  float *probs = run(&t, 2);
  assert_true(t.blend.weight[2][1] == 0.3);
  free(probs);
  trial_clear(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_are_at_the_minimum),
      cmocka_unit_test(probabilities_follow_from_the_weights),
      cmocka_unit_test(own_label_and_threads_change_nothing),
      cmocka_unit_test(without_pair_models_the_defaults_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
