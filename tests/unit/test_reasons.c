/* Reasons: one sentence per piece of evidence, strongest first. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "audit/audit.h"
#include "trust/reasons.h"

static const int32_t labels[] = {0, 1, 0, 1};
static const lqa_str classes[] = {{"World", 5}, {"it's, new", 9}};

static void expect(lqa_reasons *reasons, int64_t row, const char *const *want, size_t n) {
  const lqa_str *list;
  assert_int_equal(lqa_reasons_get(reasons, row, &list), n);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(list[i].size, strlen(want[i]));
    assert_memory_equal(list[i].data, want[i], list[i].size);
  }
}

static void sentences_follow_the_evidence(void **state) {
  (void)state;
  lqa_evidence e;
  lqa_error err;
  assert_int_equal(lqa_evidence_init(&e, 4, 2, labels, &err), LQA_OK);
  e.decided_label[1] = 0;
  e.decided_by[1] = "ann";
  e.verdict[1] = LQA_VERDICT_NO;
  e.corrected_label[1] = 0;
  e.is_label_issue[1] = 1;
  e.issue_rank[1] = 3;
  e.self_confidence[1] = .0416;
  e.predicted_label[1] = 0;
  e.finding_bits[2] = 1ull << lqa_finding_bit("null-content");
  e.structural_label[2] = 1;
  e.verdict[2] = LQA_VERDICT_UNKNOWN;
  e.is_high_loss[3] = 1;
  e.loss_percentile[3] = .957;
  lqa_reasons reasons;
  lqa_reasons_init(&reasons, &e, classes, true);
  expect(&reasons, 0, NULL, 0);
  expect(&reasons, 1,
         (const char *[]){"ann decided: 'World'",
                          "the judge finds the label wrong and proposes 'World'",
                          "a model that never saw this row gives the label 4.2 % and predicts "
                          "'World' (label issue 3)"},
         3);
  expect(&reasons, 2,
         (const char *[]){"the judge gave no clear answer", "the row has no content (null-content)",
                          "the structure of the data suggests 'it's, new'"},
         3);
  expect(&reasons, 3,
         (const char *[]){"its training loss stays among the highest (above 95 % of the rows)"}, 1);
  reasons.losses_from_logs = false; /* it would only repeat the self-confidence */
  expect(&reasons, 3, NULL, 0);
  lqa_reasons_clear(&reasons);
  lqa_evidence_clear(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sentences_follow_the_evidence)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
