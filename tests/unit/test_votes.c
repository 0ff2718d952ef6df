/* tests/unit/test_votes.c - votes and the methods on them: bad input, a slow majority, an order of
 * votes that does not matter, one answer on any number of threads, edges. */
#include "votes_fixture.h"

static lqa_status open_lists(const int32_t *item, const int32_t *annotator, const int32_t *label,
                             int64_t n, lqa_error *err) {
  lqa_votes_input input;
  lqa_votes_input_init(&input);
  input.item = item;
  input.annotator = annotator;
  input.label = label;
  input.n_votes = n;
  input.threads = 1;
  lqa_votes *votes = NULL;
  lqa_error_clear(err);
  lqa_status status = lqa_votes_open(&input, &votes, err);
  lqa_votes_close(votes);
  return status;
}

static void bad_votes_are_refused(void **state) {
  (void)state;
  const int32_t item[] = {0, 1, 1}, annotator[] = {0, 0, 0}, label[] = {0, 1, 1};
  const int32_t negative[] = {0, -1, 1};
  lqa_error err;
  assert_int_equal(open_lists(item, annotator, label, 3, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "annotator 0 labels item 1 more than once"));
  assert_int_equal(open_lists(item, annotator, negative, 2, &err), LQA_BAD_DATA);
  assert_int_equal(err.row, 1);
  assert_int_equal(open_lists(item, annotator, label, 0, &err), LQA_BAD_DATA);
  assert_string_equal(err.message, "there are no votes");
  assert_int_equal(open_lists(item, annotator, label, 2, &err), LQA_OK);
}

static void wide_votes_are_checked(void **state) {
  (void)state;
  double cells[2][2] = {{0, (double)NAN}, {1.5, -1}};
  const lqa_matrix wide = {cells, LQA_FLOAT64, false, 2, 2, 2 * sizeof(double), sizeof(double)};
  lqa_votes_input input;
  lqa_votes_input_init(&input);
  input.wide = &wide;
  input.threads = 1;
  lqa_votes *votes = NULL;
  lqa_error err;
  assert_int_equal(lqa_votes_open(&input, &votes, &err), LQA_BAD_DATA);
  assert_int_equal(err.row, 1);
  cells[1][0] = 1;
  assert_int_equal(lqa_votes_open(&input, &votes, &err), LQA_OK);
  assert_int_equal(lqa_votes_count(votes), 2);
  assert_int_equal(lqa_votes_count_items(votes), 2);
  assert_int_equal(lqa_votes_count_annotators(votes), 2);
  assert_int_equal(lqa_votes_count_classes(votes), 2);
  lqa_votes_close(votes);
}

/* ---- majority, slowly ---- */

static void count_slowly(const ballots *b, int64_t item, int *count) {
  memset(count, 0, (size_t)b->n_classes * sizeof *count);
  for (int64_t v = 0; v < b->n_votes; v++) {
    if (b->item[v] == item) {
      count[b->label[v]]++;
    }
  }
}

/* Keeps in `tied` the classes with the largest value. */
static int keep(const double *value, bool *tied, int n) {
  double largest = -1e300;
  int left = 0;
  for (int k = 0; k < n; k++) {
    largest = tied[k] && value[k] > largest ? value[k] : largest;
  }
  for (int k = 0; k < n; k++) {
    tied[k] = tied[k] && value[k] == largest;
    left += tied[k];
  }
  return left;
}

/* Most votes, then the rarest class; -1 where two are left. */
static int32_t majority_slowly(const ballots *b, int64_t item) {
  int count[16];
  double value[16], frequency[16] = {0};
  bool tied[16];
  count_slowly(b, item, count);
  for (int64_t v = 0; v < b->n_votes; v++) {
    frequency[b->label[v]] -= 1;
  }
  for (int k = 0; k < b->n_classes; k++) {
    value[k] = count[k];
    tied[k] = true;
  }
  int left = keep(value, tied, b->n_classes);
  left = left > 1 ? keep(frequency, tied, b->n_classes) : left;
  for (int32_t k = 0; k < b->n_classes; k++) {
    if (tied[k]) {
      return left == 1 ? k : -1;
    }
  }
  return -1;
}

static void majority_is_the_slow_one(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 60; seed++) {
    ballots b = ballots_draw(seed, 30, 2 + (int32_t)(seed % 6), 2 + (int32_t)(seed % 4));
    lqa_votes *votes = ballots_open(&b, 1);
    int32_t *label = malloc((size_t)b.n_items * sizeof *label);
    lqa_majority majority = {.label = label};
    assert_int_equal(lqa_votes_majority(votes, NULL, &majority, NULL), LQA_OK);
    for (int64_t i = 0; i < b.n_items; i++) {
      int32_t want = majority_slowly(&b, i);
      if (want >= 0) {
        assert_int_equal(label[i], want);
      }
    }
    free(label);
    lqa_votes_close(votes);
    ballots_clear(&b);
  }
}

/* ---- one answer ---- */

/* All doubles that a consensus consists of, for comparing. */
static lqa_consensus find(const ballots *b, lqa_consensus_method method, int64_t threads) {
  lqa_votes *votes = ballots_open(b, threads);
  lqa_consensus found;
  lqa_error err;
  lqa_error_clear(&err);
  const lqa_consensus_options options = {.method = method};
  MUST(lqa_consensus_find(votes, &options, &found, &err));
  lqa_votes_close(votes);
  return found;
}

static void threads_change_nothing(void **state) {
  (void)state;
  ballots b = ballots_draw(7, 9000, 7, 3);
  for (int method = 0; method < 4; method++) {
    lqa_consensus one = find(&b, (lqa_consensus_method)method, 1);
    lqa_consensus five = find(&b, (lqa_consensus_method)method, 5);
    size_t n = (size_t)b.n_items;
    assert_memory_equal(one.label, five.label, n * sizeof *one.label);
    assert_memory_equal(one.posterior, five.posterior, 3 * n * sizeof *one.posterior);
    assert_memory_equal(one.active, five.active, n * sizeof *one.active);
    assert_memory_equal(one.annotator_quality, five.annotator_quality,
                        7 * sizeof *one.annotator_quality);
    lqa_consensus_clear(&one);
    lqa_consensus_clear(&five);
  }
  ballots_clear(&b);
}

/* Shuffles the list of votes and renames items and annotators: `item_to`, `annotator_to`. */
static ballots permute(const ballots *b, uint64_t seed, uint32_t *item_to, uint32_t *annotator_to) {
  ballots out = ballots_draw(1, b->n_items, b->n_annotators, b->n_classes);
  uint32_t *order = malloc((size_t)b->n_votes * sizeof *order);
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 2);
  for (int64_t v = 0; v < b->n_votes; v++) {
    order[v] = (uint32_t)v;
  }
  for (uint32_t i = 0; i < b->n_items; i++) {
    item_to[i] = i;
  }
  for (uint32_t a = 0; a < (uint32_t)b->n_annotators; a++) {
    annotator_to[a] = a;
  }
  lqa_rng_shuffle(&rng, order, (size_t)b->n_votes);
  lqa_rng_shuffle(&rng, item_to, (size_t)b->n_items);
  lqa_rng_shuffle(&rng, annotator_to, (size_t)b->n_annotators);
  out.n_votes = b->n_votes;
  for (int64_t v = 0; v < b->n_votes; v++) {
    out.item[v] = (int32_t)item_to[b->item[order[v]]];
    out.annotator[v] = (int32_t)annotator_to[b->annotator[order[v]]];
    out.label[v] = b->label[order[v]];
  }
  free(order);
  return out;
}

static void names_and_order_do_not_matter(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    uint32_t item_to[50], annotator_to[6];
    ballots b = ballots_draw(seed + 100, 50, 6, 3);
    ballots p = permute(&b, seed, item_to, annotator_to);
    for (int method = 0; method < 4; method++) {
      lqa_consensus x = find(&b, (lqa_consensus_method)method, 1);
      lqa_consensus y = find(&p, (lqa_consensus_method)method, 1);
      for (int i = 0; i < 50; i++) {
        for (int k = 0; k < 3; k++) {
          assert_true(fabs(x.posterior[i * 3 + k] - y.posterior[item_to[i] * 3 + k]) < 1e-6);
        }
        assert_true(fabs(x.active[i] - y.active[item_to[i]]) < 1e-6);
      }
      for (int a = 0; a < 6; a++) {
        assert_true(fabs(x.annotator_quality[a] - y.annotator_quality[annotator_to[a]]) < 1e-6);
      }
      lqa_consensus_clear(&x);
      lqa_consensus_clear(&y);
    }
    ballots_clear(&b);
    ballots_clear(&p);
  }
}

/* ---- gold, edges ---- */

static void gold_keeps_its_label_and_teaches(void **state) {
  (void)state;
  /* Two of three annotators are always wrong: only gold items can tell. */
  enum { N = 60 };
  int32_t item[3 * N], annotator[3 * N], label[3 * N], gold[N], truth[N];
  for (int i = 0; i < N; i++) {
    truth[i] = (i * 7 / 3) % 2;
    gold[i] = i < 20 ? truth[i] : -1;
    for (int a = 0; a < 3; a++) {
      item[3 * i + a] = i;
      annotator[3 * i + a] = a;
      label[3 * i + a] = a == 0 ? truth[i] : 1 - truth[i];
    }
  }
  const ballots b = {N, 3 * N, 3, 2, item, annotator, label, truth};
  lqa_votes *votes = ballots_open(&b, 1);
  for (int method = 0; method < 4; method++) {
    const lqa_consensus_options options = {.method = (lqa_consensus_method)method, .gold = gold};
    lqa_consensus c;
    assert_int_equal(lqa_consensus_find(votes, &options, &c, NULL), LQA_OK);
    for (int i = 0; i < N; i++) {
      bool is_learned = method == LQA_CONSENSUS_DAWID_SKENE || method == LQA_CONSENSUS_ONE_COIN;
      int32_t want = i < 20 ? truth[i] : 1 - truth[i];
      assert_true(c.label[i] == want || (is_learned && c.label[i] == truth[i]));
      assert_true(isnan(c.active[i]) == (i < 20));
    }
    lqa_consensus_clear(&c);
  }
  lqa_votes_close(votes);
}

static void one_of_everything_has_an_answer(void **state) {
  (void)state;
  int32_t zero[1] = {0}, items[3] = {0, 1, 2}, same[3] = {0, 0, 0}, classes[3] = {0, 1, 0};
  const ballots cases[] = {{1, 1, 1, 1, zero, zero, zero, zero},
                           {3, 3, 1, 2, items, same, classes, classes},
                           {1, 3, 3, 2, same, items, classes, zero}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int method = 0; method < 3; method++) {
      lqa_consensus c = find(&cases[i], (lqa_consensus_method)method, 1);
      assert_int_equal(c.label[0], 0);
      assert_true(c.quality[0] > .5 && c.quality[0] <= 1);
      assert_true(c.active[0] >= 0 && c.active[0] <= 1);
      lqa_consensus_clear(&c);
    }
  }
  lqa_votes *votes = ballots_open(&cases[1], 1);
  const lqa_consensus_options options = {.method = LQA_CONSENSUS_CROWDLAB};
  lqa_consensus c;
  lqa_error err;
  assert_int_equal(lqa_consensus_find(votes, &options, &c, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "no item has two votes"));
  lqa_agreement agreement;
  assert_int_equal(lqa_votes_alpha(votes, NULL, &agreement, &err), LQA_BAD_DATA);
  lqa_votes_close(votes);
}

static void perfect_agreement_has_an_interval(void **state) {
  (void)state;
  enum { N = 40 };
  int32_t item[2 * N], annotator[2 * N], label[2 * N];
  for (int i = 0; i < 2 * N; i++) {
    item[i] = i / 2;
    annotator[i] = i % 2;
    label[i] = i / 2 % 2;
  }
  const ballots b = {N, 2 * N, 2, 2, item, annotator, label, NULL};
  lqa_votes *votes = ballots_open(&b, 2);
  lqa_agreement a[3];
  const int32_t pair[2] = {0, 1};
  assert_int_equal(lqa_votes_alpha(votes, NULL, &a[0], NULL), LQA_OK);
  assert_int_equal(lqa_votes_fleiss(votes, NULL, &a[1], NULL), LQA_OK);
  assert_int_equal(lqa_votes_cohen(votes, pair, NULL, &a[2], NULL), LQA_OK);
  for (int i = 0; i < 3; i++) {
    assert_true(a[i].value == 1 && a[i].high == 1);
    assert_string_equal(a[i].interval, "exact");
    /* 40 items without a disagreement: a rate of 1 - .025^(1/40) = 8.8 % would still show none. */
    assert_true(fabs(a[i].low - (1 - .0881 / .5)) < .004);
  }
  lqa_votes_close(votes);
}

/* One item, and a hundred thousand votes on it: linear work, and no interval out of nothing. */
static void one_item_of_many_votes(void **state) {
  (void)state;
  enum { N = 100000 };
  int32_t *item = calloc(N, sizeof *item), *annotator = malloc(N * sizeof *annotator);
  int32_t *label = malloc(N * sizeof *label);
  for (int32_t i = 0; i < N; i++) {
    annotator[i] = i;
    label[i] = i % 5 == 0;
  }
  const ballots b = {1, N, N, 2, item, annotator, label, NULL};
  lqa_votes *votes = ballots_open(&b, 2);
  lqa_agreement a;
  assert_int_equal(lqa_votes_alpha(votes, NULL, &a, NULL), LQA_OK);
  assert_true(isnan(a.low) && isnan(a.high) && !a.interval);
  const lqa_consensus_options options = {.method = LQA_CONSENSUS_CROWDLAB};
  lqa_consensus c;
  assert_int_equal(lqa_consensus_find(votes, &options, &c, NULL), LQA_OK);
  assert_int_equal(c.label[0], 0);
  assert_true(fabs(c.agreement[0] - .8) < 1e-12);
  lqa_consensus_clear(&c);
  lqa_votes_close(votes);
  free(item);
  free(annotator);
  free(label);
}

static void intervals_agree_with_each_other(void **state) {
  (void)state;
  ballots b = ballots_draw(3, 400, 5, 3);
  lqa_votes *votes = ballots_open(&b, 2);
  lqa_agreement_options options;
  lqa_agreement_options_init(&options);
  lqa_agreement bootstrap, jackknife, again;
  assert_int_equal(lqa_votes_alpha(votes, &options, &bootstrap, NULL), LQA_OK);
  assert_int_equal(lqa_votes_alpha(votes, &options, &again, NULL), LQA_OK);
  options.n_resamples = 0;
  assert_int_equal(lqa_votes_alpha(votes, &options, &jackknife, NULL), LQA_OK);
  assert_true(bootstrap.low == again.low && bootstrap.high == again.high);
  assert_string_equal(bootstrap.interval, "bootstrap");
  assert_string_equal(jackknife.interval, "jackknife");
  assert_true(bootstrap.low < bootstrap.value && bootstrap.value < bootstrap.high);
  double width = jackknife.high - jackknife.low;
  assert_true(fabs(bootstrap.low - jackknife.low) < .15 * width);
  assert_true(fabs(bootstrap.high - jackknife.high) < .15 * width);
  lqa_votes_close(votes);
  ballots_clear(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bad_votes_are_refused),
      cmocka_unit_test(wide_votes_are_checked),
      cmocka_unit_test(majority_is_the_slow_one),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(names_and_order_do_not_matter),
      cmocka_unit_test(gold_keeps_its_label_and_teaches),
      cmocka_unit_test(one_of_everything_has_an_answer),
      cmocka_unit_test(perfect_agreement_has_an_interval),
      cmocka_unit_test(one_item_of_many_votes),
      cmocka_unit_test(intervals_agree_with_each_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
