/* tests/unit/test_annotator.c - winners and annotators against a slow count; planted spammers,
 * copies, turned-round answers and drift are found, honest annotators are not. */
#include "votes_fixture.h"

#include "model/votes/majority_without.h"

/* The winner of an item's votes without those of annotators x and y; -1 for a tie or none. */
static int32_t winner_slowly(const ballots *b, int32_t item, int32_t x, int32_t y) {
  int count[8] = {0};
  int most = 0, n_most = 0;
  int32_t best = -1;
  for (int64_t v = 0; v < b->n_votes; v++) {
    if (b->item[v] == item && b->annotator[v] != x && b->annotator[v] != y) {
      count[b->label[v]]++;
    }
  }
  for (int k = 0; k < 8; k++) {
    n_most = count[k] > most ? 1 : n_most + (count[k] == most);
    if (count[k] > most) {
      most = count[k];
      best = k;
    }
  }
  return most == 0 || n_most > 1 ? -1 : best;
}

static void winners_are_the_slow_ones(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 40; seed++) {
    ballots b = ballots_draw(seed, 25, 2 + (int32_t)(seed % 9), 2 + (int32_t)(seed % 7));
    lqa_votes *votes = ballots_open(&b, 1);
    lqa_item_counts counts[25];
    assert_int_equal(lqa_item_counts_init(votes, counts), LQA_OK);
    for (int64_t v = 0; v < b.n_votes; v++) {
      int32_t item = b.item[v], x = b.annotator[v];
      assert_int_equal(lqa_item_majority_without(&counts[item], b.label[v], -1),
                       winner_slowly(&b, item, x, -1));
      for (int32_t y = 0; y < b.n_annotators; y++) {
        int32_t other = ballots_find(&b, item, y);
        if (y != x && other >= 0) {
          assert_int_equal(lqa_item_majority_without(&counts[item], b.label[v], other),
                           winner_slowly(&b, item, x, y));
        }
      }
    }
    lqa_votes_close(votes);
    ballots_clear(&b);
  }
}

struct study {
  lqa_votes *votes;
  lqa_consensus consensus;
  lqa_annotator *annotators;
  lqa_annotator_pairs pairs;
};

static struct study study_votes(const ballots *b, const int32_t *truth, const double *time,
                                int64_t threads) {
  struct study s = {.votes = ballots_open(b, threads)};
  const lqa_consensus_options method = {.method = LQA_CONSENSUS_MAJORITY};
  const lqa_annotators_options options = {.truth = truth, .time = time, .confidence = .95};
  lqa_agreement_options agreement;
  lqa_agreement_options_init(&agreement);
  s.annotators = calloc((size_t)b->n_annotators, sizeof *s.annotators);
  assert_int_equal(lqa_consensus_find(s.votes, &method, &s.consensus, NULL), LQA_OK);
  assert_int_equal(lqa_annotators_measure(s.votes, &s.consensus, &options, s.annotators, NULL),
                   LQA_OK);
  assert_int_equal(lqa_annotator_pairs_find(s.votes, &agreement, &s.pairs, NULL), LQA_OK);
  return s;
}

static void clear_study(struct study *s) {
  lqa_consensus_clear(&s->consensus);
  lqa_annotator_pairs_clear(&s->pairs);
  lqa_votes_close(s->votes);
  free(s->annotators);
}

static void check_annotator(const ballots *b, const struct study *s, int32_t a) {
  const lqa_annotator *got = &s->annotators[a];
  int64_t n = 0, n_right = 0, n_true = 0, n_judged = 0, n_same = 0, worst = 0;
  int64_t cell[8][8] = {{0}};
  for (int64_t v = 0; v < b->n_votes; v++) {
    if (b->annotator[v] == a) {
      int32_t winner = winner_slowly(b, b->item[v], a, -1);
      n++;
      n_right += b->label[v] == s->consensus.label[b->item[v]];
      n_true += b->label[v] == b->truth[b->item[v]];
      n_judged += winner >= 0;
      n_same += winner == b->label[v];
      cell[s->consensus.label[b->item[v]]][b->label[v]]++;
    }
  }
  for (int j = 0; j < 64; j++) {
    worst = j / 8 != j % 8 && cell[j / 8][j % 8] > worst ? cell[j / 8][j % 8] : worst;
  }
  assert_int_equal(got->n_votes, n);
  assert_int_equal(got->n_judged, n_judged);
  assert_int_equal(got->n_worst, worst);
  if (n > 0) {
    assert_true(got->agreement == (double)n_right / (double)n);
    assert_true(got->truth_accuracy.estimate == (double)n_true / (double)n);
    assert_true(got->truth_accuracy.low <= got->truth_accuracy.estimate &&
                got->truth_accuracy.estimate <= got->truth_accuracy.high);
  }
  if (n_judged > 0) {
    assert_true(got->with_others.estimate == (double)n_same / (double)n_judged);
  }
}

static void check_pair(const ballots *b, const lqa_annotator_pair *pair) {
  int64_t n = 0, n_same = 0, n_wrong = 0, n_wrong_same = 0;
  for (int32_t i = 0; i < b->n_items; i++) {
    int32_t x = ballots_find(b, i, pair->first), y = ballots_find(b, i, pair->second);
    if (x >= 0 && y >= 0) {
      int32_t winner = winner_slowly(b, i, pair->first, pair->second);
      bool is_wrong = winner >= 0 && (x != winner || y != winner);
      n++;
      n_same += x == y;
      n_wrong += is_wrong;
      n_wrong_same += is_wrong && x == y;
    }
  }
  assert_int_equal(pair->n_shared, n);
  assert_int_equal(pair->n_same, n_same);
  assert_int_equal(pair->n_wrong, n_wrong);
  assert_int_equal(pair->n_wrong_same, n_wrong_same);
  assert_int_equal(pair->kappa.n_items, n);
}

static void counts_are_the_slow_ones(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    ballots b = ballots_draw(seed, 30, 2 + (int32_t)(seed % 6), 2 + (int32_t)(seed % 5));
    struct study s = study_votes(&b, b.truth, NULL, 3);
    for (int32_t a = 0; a < b.n_annotators; a++) {
      check_annotator(&b, &s, a);
    }
    for (size_t i = 0; i < s.pairs.n; i++) {
      check_pair(&b, &s.pairs.pairs[i]);
    }
    clear_study(&s);
    ballots_clear(&b);
  }
}

static void threads_change_nothing(void **state) {
  (void)state;
  ballots b = ballots_draw(5, 6000, 9, 3);
  struct study one = study_votes(&b, b.truth, NULL, 1), four = study_votes(&b, b.truth, NULL, 4);
  for (int a = 0; a < 9; a++) {
    assert_memory_equal(&one.annotators[a].kappa, &four.annotators[a].kappa,
                        sizeof one.annotators[a].kappa);
    assert_true(one.annotators[a].quality.estimate == four.annotators[a].quality.estimate);
  }
  assert_int_equal(one.pairs.n, 36);
  for (size_t i = 0; i < one.pairs.n; i++) {
    assert_true(one.pairs.pairs[i].kappa.low == four.pairs.pairs[i].kappa.low);
    assert_int_equal(one.pairs.pairs[i].n_wrong_same, four.pairs.pairs[i].n_wrong_same);
  }
  clear_study(&one);
  clear_study(&four);
  ballots_clear(&b);
}

/* ---- planted oddities ---- */

enum { ITEMS = 400, HONEST = 6, CONSTANT = 6, RANDOM, REVERSED, COPY, TIRED, ALL };

/* Six honest annotators (85 %), and one of each kind of odd one; the copy copies annotator 0. */
static ballots plant(uint64_t seed) {
  ballots b = ballots_draw(seed, ITEMS, ALL, 3);
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 9);
  b.n_votes = 0;
  for (int32_t i = 0; i < ITEMS; i++) {
    int32_t first = 0;
    for (int32_t a = 0; a < ALL; a++) {
      double skill = a < HONEST ? .85 : a == TIRED ? (i < ITEMS / 2 ? .95 : .6) : 0;
      int32_t wrong = (b.truth[i] + 1 + (int32_t)lqa_rng_below(&rng, 2)) % 3;
      int32_t said = lqa_rng_uniform(&rng) < skill ? b.truth[i] : wrong;
      said = a == CONSTANT ? 1 : a == RANDOM ? (int32_t)lqa_rng_below(&rng, 3) : said;
      said = a == REVERSED ? (b.truth[i] + 1) % 3 : a == COPY ? first : said;
      first = a == 0 ? said : first;
      b.item[b.n_votes] = i;
      b.annotator[b.n_votes] = a;
      b.label[b.n_votes++] = said;
    }
  }
  return b;
}

static void oddities_are_marked(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 10; seed++) {
    ballots b = plant(seed);
    double *time = malloc((size_t)b.n_votes * sizeof *time);
    for (int64_t v = 0; v < b.n_votes; v++) {
      time[v] = b.item[v]; /* votes come by item: the same order as in lqa_votes */
    }
    struct study s = study_votes(&b, NULL, time, 1);
    for (int a = 0; a < ALL; a++) {
      uint32_t want = a == CONSTANT   ? LQA_ANNOTATOR_SPAMMER | LQA_ANNOTATOR_CONSTANT
                      : a == RANDOM   ? LQA_ANNOTATOR_SPAMMER
                      : a == REVERSED ? LQA_ANNOTATOR_REVERSED
                      : a == TIRED    ? LQA_ANNOTATOR_DRIFT
                                      : 0;
      assert_int_equal(s.annotators[a].marks, want);
    }
    for (size_t i = 0; i < s.pairs.n; i++) {
      bool want = s.pairs.pairs[i].first == 0 && s.pairs.pairs[i].second == COPY;
      assert_int_equal(s.pairs.pairs[i].is_copy, want);
    }
    free(time);
    clear_study(&s);
    ballots_clear(&b);
  }
}

/* Items that are hard for everyone make honest mistakes coincide. */
static void hard_items_make_no_copies(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 10; seed++) {
    ballots b = ballots_draw(seed, 500, 8, 2);
    lqa_rng rng;
    lqa_rng_init(&rng, seed, 10);
    b.n_votes = 0;
    for (int32_t i = 0; i < 500; i++) {
      double skill = i % 5 == 0 ? .6 : .97;
      for (int32_t a = 0; a < 8; a++) {
        b.item[b.n_votes] = i;
        b.annotator[b.n_votes] = a;
        b.label[b.n_votes++] = lqa_rng_uniform(&rng) < skill ? b.truth[i] : 1 - b.truth[i];
      }
    }
    struct study s = study_votes(&b, NULL, NULL, 1);
    for (size_t i = 0; i < s.pairs.n; i++) {
      assert_false(s.pairs.pairs[i].is_copy);
    }
    for (int a = 0; a < 8; a++) {
      assert_int_equal(s.annotators[a].marks, 0);
    }
    clear_study(&s);
    ballots_clear(&b);
  }
}

static void many_annotators_of_few_votes_fit(void **state) {
  (void)state;
  enum { N = 100000 };
  int32_t *item = malloc(2 * N * sizeof *item), *annotator = malloc(2 * N * sizeof *annotator);
  int32_t *label = malloc(2 * N * sizeof *label);
  for (int32_t v = 0; v < 2 * N; v++) {
    item[v] = v / 4;
    annotator[v] = v % N;
    label[v] = (v / 4 + (v % 11 == 0)) % 40;
  }
  const ballots b = {N / 2, 2 * N, N, 40, item, annotator, label, NULL};
  struct study s = study_votes(&b, NULL, NULL, 2);
  assert_int_equal(s.pairs.n_compared, 200);
  assert_int_equal(s.annotators[N - 1].n_votes, 2);
  const lqa_consensus_options options = {.method = LQA_CONSENSUS_DAWID_SKENE, .max_iterations = 3};
  lqa_consensus c;
  assert_int_equal(lqa_consensus_find(s.votes, &options, &c, NULL), LQA_OK);
  assert_int_equal(c.label[1], 1);
  lqa_consensus_clear(&c);
  clear_study(&s);
  free(item);
  free(annotator);
  free(label);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(winners_are_the_slow_ones),
      cmocka_unit_test(counts_are_the_slow_ones),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(oddities_are_marked),
      cmocka_unit_test(hard_items_make_no_copies),
      cmocka_unit_test(many_annotators_of_few_votes_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
