/* audit/provenance/class_imbalance.c - one class far larger than another.
 *
 * No fault by itself, hence information: thresholds, error rates and accuracy read differently when
 * the largest class outnumbers the smallest ten to one. Rare classes (rare-class) are left out, so
 * that one stray label does not make every file unbalanced.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "base/memory.h"

enum { PARAM_RATIO };

static lqa_status report(const lqa_audit_input *input, const int64_t *count, int32_t smallest,
                         int32_t largest) {
  const lqa_str *classes = input->dataset->classes;
  lqa_finding *finding =
      lqa_finding_add(input->findings, &input->audit->kinds[0], NULL, 0,
                      "Class %s has %s, class %s only %s (%.1f times fewer). Read accuracy and "
                      "error rates per class, "
                      "and draw review samples stratified by class.",
                      lqa_phrase_quote(input->arena, classes[largest], 40),
                      lqa_phrase_count(input->arena, count[largest], "row", "rows"),
                      lqa_phrase_quote(input->arena, classes[smallest], 40),
                      lqa_phrase_count(input->arena, count[smallest], "row", "rows"),
                      (double)count[largest] / (double)count[smallest]);
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  const lqa_dataset *d = input->dataset;
  int64_t *count = lqa_calloc((size_t)d->n_classes, sizeof *count);
  if (!count) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0) {
      count[d->label[row]]++;
    }
  }
  int32_t smallest = -1, largest = -1;
  for (int32_t k = 0; k < d->n_classes; k++) {
    if (count[k] >= 2) {
      smallest = smallest < 0 || count[k] < count[smallest] ? k : smallest;
      largest = largest < 0 || count[k] > count[largest] ? k : largest;
    }
  }
  lqa_status status = LQA_OK;
  if (smallest >= 0 &&
      (double)count[largest] > input->params[PARAM_RATIO] * (double)count[smallest]) {
    status = report(input, count, smallest, largest);
  }
  free(count);
  return status;
}

const lqa_audit lqa_audit_class_imbalance = {
    .number = LQA_AUDIT_class_imbalance,
    .id = "class-imbalance",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "the largest class outnumbers the smallest by more than ten to one",
    .needs = LQA_NEEDS_LABELS,
    .kinds = {{"class-imbalance", LQA_INFO, false, "class sizes differ by more than the ratio"}},
    .params = {{"ratio", 10, 1, 1e9, "largest class over smallest class", false}},
    .run = run,
};
