/* tests/unit/test_votes_reference.c - consensus and agreement beside cleanlab, crowd-kit,
 * krippendorff, scikit-learn and statsmodels: see tests/reference/votes.py.
 *
 * Tolerances: 1e-9 for what is computed in one go; 2e-5 beside
 * crowd-kit's fixed points of expectation maximisation, which it seeks by another way. */
#include "votes_fixture.h"

#include <stdio.h>

enum { MOST = 1 << 16, LINE = 1 << 20 };

typedef struct reference {
  FILE *file;
  char line[LINE];
} reference;

/* The next line's values, which must be called `name`. */
static int64_t take(reference *r, const char *name, double *value) {
  assert_non_null(fgets(r->line, sizeof r->line, r->file));
  size_t size = strlen(name);
  if (strncmp(r->line, name, size) != 0) {
    print_error("expected %s, found %.40s\n", name, r->line);
  }
  assert_int_equal(strncmp(r->line, name, size), 0);
  int64_t n = 0;
  char *end = r->line + size;
  for (char *from = end;; from = end) {
    double number = strtod(from, &end);
    if (end == from) {
      return n;
    }
    assert_true(n < MOST);
    value[n++] = number;
  }
}

static void compare(const double *got, const double *want, int64_t n, double tolerance,
                    const char *what) {
  for (int64_t i = 0; i < n; i++) {
    if (!(fabs(got[i] - want[i]) <= tolerance)) {
      print_error("%s[%lld] is %.12g, not %.12g\n", what, (long long)i, got[i], want[i]);
    }
    assert_true(fabs(got[i] - want[i]) <= tolerance);
  }
}

static lqa_votes *open_wide(const double *cell, const int64_t shape[3]) {
  const lqa_matrix wide = {
      cell, LQA_FLOAT64, false, shape[0], shape[1], shape[1] * (int64_t)sizeof *cell, sizeof *cell};
  lqa_votes_input input;
  lqa_votes_input_init(&input);
  input.wide = &wide;
  input.n_classes = (int32_t)shape[2];
  input.threads = 2;
  lqa_votes *votes = NULL;
  assert_int_equal(lqa_votes_open(&input, &votes, NULL), LQA_OK);
  return votes;
}

static void check_crowdlab(reference *r, const lqa_votes *votes, const double *probs) {
  static double want[MOST];
  int64_t n = votes->n_items, n_classes = votes->n_classes;
  const lqa_matrix model = {
      probs, LQA_FLOAT64, false, n, n_classes, n_classes * (int64_t)sizeof *probs, sizeof *probs};
  const lqa_consensus_options options = {.method = LQA_CONSENSUS_CROWDLAB, .model = &model};
  lqa_consensus c;
  assert_int_equal(lqa_consensus_find(votes, &options, &c, NULL), LQA_OK);
  assert_int_equal(take(r, "crowdlab_label", want), n);
  for (int64_t i = 0; i < n; i++) {
    assert_int_equal(c.label[i], (int32_t)want[i]);
  }
  take(r, "crowdlab_quality", want);
  compare(c.quality, want, n, 1e-9, "quality");
  take(r, "crowdlab_agreement", want);
  compare(c.agreement, want, n, 1e-9, "agreement");
  take(r, "crowdlab_model_weight", want);
  compare(&c.model_weight, want, 1, 1e-9, "model weight");
  take(r, "crowdlab_annotator_weight", want);
  compare(c.annotator_weight, want, votes->n_annotators, 1e-9, "annotator weight");
  take(r, "crowdlab_annotator_quality", want);
  compare(c.annotator_quality, want, votes->n_annotators, 1e-9, "annotator quality");
  lqa_annotator *annotators = malloc((size_t)votes->n_annotators * sizeof *annotators);
  const lqa_annotators_options measuring = {.confidence = .95};
  assert_int_equal(lqa_annotators_measure(votes, &c, &measuring, annotators, NULL), LQA_OK);
  take(r, "annotator_agreement", want);
  for (int32_t a = 0; a < votes->n_annotators; a++) {
    compare(&annotators[a].agreement, &want[a], 1, 1e-12, "agreement with consensus");
  }
  free(annotators);
  lqa_consensus_clear(&c);
}

/* Returns how many of crowd-kit's two answers there are. */
static int check_dawid_skene(reference *r, const lqa_votes *votes) {
  static double want[MOST];
  static double prior[64];
  int n_compared = 0;
  int64_t n = votes->n_items * votes->n_classes;
  double *posterior = malloc((size_t)n * sizeof *posterior);
  for (int is_one_coin = 0; is_one_coin < 2; is_one_coin++) {
    lqa_dawid_skene_options options;
    lqa_dawid_skene_options_init(&options);
    options.is_one_coin = is_one_coin;
    options.max_iterations = 60;
    options.tolerance = 0;
    lqa_dawid_skene found = {.posterior = posterior, .prior = prior};
    assert_int_equal(lqa_votes_dawid_skene(votes, &options, &found, NULL), LQA_OK);
    assert_int_equal(take(r, is_one_coin ? "coin_plain" : "ds_plain", want), n);
    compare(posterior, want, n, 1e-9, is_one_coin ? "one coin" : "Dawid-Skene");
    options.max_iterations = 400;
    options.smoothing = 1e-10;
    assert_int_equal(lqa_votes_dawid_skene(votes, &options, &found, NULL), LQA_OK);
    if (take(r, is_one_coin ? "coin_crowdkit" : "ds_crowdkit", want) == n) {
      compare(posterior, want, n, 2e-5, is_one_coin ? "crowd-kit's coin" : "crowd-kit");
      n_compared++;
    }
  }
  free(posterior);
  return n_compared;
}

static void check_agreement(reference *r, const lqa_votes *votes) {
  double want[4];
  lqa_agreement found;
  static const struct {
    const char *name;
    lqa_vote_distance distance;
  } alphas[] = {{"alpha", LQA_DISTANCE_NOMINAL},
                {"alpha_ordinal", LQA_DISTANCE_ORDINAL},
                {"alpha_quadratic", LQA_DISTANCE_QUADRATIC}},
    kappas[] = {{"kappa", LQA_DISTANCE_NOMINAL},
                {"kappa_linear", LQA_DISTANCE_LINEAR},
                {"kappa_quadratic", LQA_DISTANCE_QUADRATIC}};
  lqa_agreement_options options;
  lqa_agreement_options_init(&options);
  options.n_resamples = 0;
  for (int i = 0; i < 3; i++) {
    options.distance = alphas[i].distance;
    take(r, alphas[i].name, want);
    assert_int_equal(lqa_votes_alpha(votes, &options, &found, NULL), LQA_OK);
    compare(&found.value, want, 1, 1e-12, alphas[i].name);
  }
  const int32_t pair[2] = {0, 1};
  for (int i = 0; i < 3; i++) {
    options.distance = kappas[i].distance;
    take(r, kappas[i].name, want);
    assert_int_equal(lqa_votes_cohen(votes, pair, &options, &found, NULL), LQA_OK);
    compare(&found.value, want, 1, 1e-12, kappas[i].name);
  }
  options.distance = LQA_DISTANCE_NOMINAL;
  assert_int_equal(lqa_votes_cohen(votes, pair, &options, &found, NULL), LQA_OK);
  take(r, "kappa_interval", want);
  compare(&found.low, want, 1, 1e-8, "kappa low");
  double high = want[1] < 1 ? want[1] : 1;
  compare(&found.high, &high, 1, 1e-8, "kappa high");
}

/* The same table without gaps. */
static void check_complete(reference *r, const int64_t shape[3], const double *probs) {
  static double cells[MOST], want[MOST];
  lqa_agreement found;
  take(r, "complete", cells);
  lqa_votes *votes = open_wide(cells, shape);
  take(r, "fleiss_complete", want);
  assert_int_equal(lqa_votes_fleiss(votes, NULL, &found, NULL), LQA_OK);
  compare(&found.value, want, 1, 1e-12, "Fleiss' kappa");
  int64_t row_bytes = shape[2] * (int64_t)sizeof *probs;
  const lqa_matrix model = {probs,    LQA_FLOAT64, false,        shape[0],
                            shape[2], row_bytes,   sizeof *probs};
  const lqa_consensus_options options = {.method = LQA_CONSENSUS_CROWDLAB, .model = &model};
  lqa_consensus c;
  assert_int_equal(lqa_consensus_find(votes, &options, &c, NULL), LQA_OK);
  take(r, "active_complete", want);
  compare(c.active, want, shape[0], 1e-9, "ActiveLab's score");
  lqa_consensus_clear(&c);
  lqa_votes_close(votes);
}

static void answers_are_the_others(void **state) {
  (void)state;
  static double cells[MOST], probs[MOST];
  reference *r = calloc(1, sizeof *r);
  int n_cases = 0, n_compared = 0;
  r->file = fopen(LABELQA_SOURCE_DIR "/tests/reference/votes.txt", "r");
  assert_non_null(r->file);
  while (fgets(r->line, sizeof r->line, r->file)) {
    double shape[3];
    assert_string_equal(r->line, "case\n");
    take(r, "shape", shape);
    const int64_t sizes[3] = {(int64_t)shape[0], (int64_t)shape[1], (int64_t)shape[2]};
    take(r, "votes", cells);
    take(r, "probs", probs);
    lqa_votes *votes = open_wide(cells, sizes);
    check_crowdlab(r, votes, probs);
    n_compared += check_dawid_skene(r, votes);
    check_agreement(r, votes);
    check_complete(r, sizes, probs);
    lqa_votes_close(votes);
    assert_non_null(fgets(r->line, sizeof r->line, r->file));
    assert_string_equal(r->line, "end\n");
    n_cases++;
  }
  assert_int_equal(n_cases, 12);
  assert_true(n_compared >= 12);
  fclose(r->file);
  free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(answers_are_the_others)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
