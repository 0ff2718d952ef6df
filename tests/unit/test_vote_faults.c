/* tests/unit/test_vote_faults.c - every allocation of reading and studying votes may fail, one at a
 * time: an error then, and nothing lost. */
#include "source_fixture.h"

#include "base/memory.h"
#include "data/votes/vote_table.h"
#include "model/votes/vote_study.h"

enum { MOST_ALLOCATIONS = 5000 };

static void write_votes(void) {
  lqa_buf csv;
  lqa_buf_init(&csv, 1 << 20);
  lqa_buf_add_text(&csv, "item,annotator,label,gold,when,p_a,p_b\n");
  for (int i = 0; i < 40; i++) {
    for (int a = 0; a < 4; a++) {
      lqa_buf_printf(&csv, "i%d,w%d,%s,%s,%d,0.%d,0.%d\n", i, a,
                     (i + (a == 3 && i % 3 == 0)) % 2 ? "a" : "b", i < 5 ? i % 2 ? "a" : "b" : "",
                     i, i % 9 + 1, 9 - i % 9);
    }
  }
  lqa_buf_add_text(&csv, "i0,w0,a,b,1,0.1,0.9\n");
  write_bytes("votes.csv", csv.data, csv.size);
  lqa_buf_clear(&csv);
}

static lqa_status load_votes(lqa_vote_table **table, lqa_error *err) {
  static const char *probs[] = {"p_a", "p_b"};
  lqa_vote_options o = {.source = options_for("votes.csv", NULL)};
  o.source.n_threads = 1;
  o.source.pred_probs = (lqa_text_list){probs, 2};
  o.source.time = "when";
  o.gold = o.truth = "gold";
  o.repeats = LQA_REPEATS_FIRST;
  return lqa_vote_table_load(&o, NULL, table, err);
}

static void reading_survives_every_failure(void **state) {
  (void)state;
  write_votes();
  int n_failed = 0;
  for (long n = 1; n < 700; n++) {
    lqa_vote_table *table = NULL;
    lqa_error err;
    lqa_error_clear(&err);
    lqa_memory_fail_after(n);
    lqa_status status = load_votes(&table, &err);
    lqa_memory_fail_after(0);
    if (status == LQA_OK) { /* a remark was lost, or all allocations are through */
      assert_int_equal(table->n_votes, 160);
      lqa_vote_table_free(table);
    } else {
      assert_null(table);
      assert_true(err.message[0] != '\0');
      n_failed++;
    }
  }
  assert_true(n_failed > 50);
}

static lqa_status study_votes(const lqa_vote_table *table, int method, lqa_vote_study *study) {
  lqa_error err;
  lqa_vote_study_options options = {.method = (lqa_consensus_method)method, .threads = 1};
  lqa_agreement_options_init(&options.agreement);
  options.agreement.n_resamples = 3;
  return lqa_vote_study_run(table, &options, study, &err);
}

static void studying_survives_every_failure(void **state) {
  (void)state;
  lqa_vote_table *table = NULL;
  write_votes();
  assert_int_equal(load_votes(&table, NULL), LQA_OK);
  for (int method = 0; method < 4; method++) {
    lqa_status status = LQA_NO_MEMORY;
    long n = 0;
    while (status != LQA_OK) {
      lqa_vote_study study;
      lqa_memory_fail_after(++n);
      status = study_votes(table, method, &study);
      lqa_memory_fail_after(0);
      assert_true(status == LQA_OK || status == LQA_NO_MEMORY);
      assert_true(n < MOST_ALLOCATIONS);
      if (status == LQA_OK) {
        assert_int_equal(study.n_truth, 5);
        lqa_vote_study_clear(&study);
      }
    }
    assert_true(n > 30);
  }
  lqa_vote_table_free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reading_survives_every_failure),
      cmocka_unit_test(studying_survives_every_failure),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
