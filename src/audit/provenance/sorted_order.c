/* audit/provenance/sorted_order.c - labels that come in runs.
 *
 * A file sorted or blocked by class is no fault, but it breaks what takes rows in order:
 * mini-batches of one class, a split by position, a preview. And it blinds the check for shifted
 * labels, since within a run every label is also its neighbour's. The share of rows that repeat the
 * label above is compared with what a shuffled file would have.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "base/memory.h"

#include <math.h>

enum { PARAM_EXCESS };
enum { MIN_PAIRS = 50 };

static const double MAX_CHANCE = .95;

/* Pairs of neighbours, those of equal label, and the share that chance would give. */
typedef struct repeats {
  double pairs, equal, chance;
} repeats;

static lqa_status count_repeats(const lqa_dataset *d, repeats *out) {
  double *count = lqa_calloc((size_t)d->n_classes, sizeof *count), n = 0;
  if (!count) {
    return LQA_NO_MEMORY;
  }
  *out = (repeats){0};
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0) {
      count[d->label[row]]++;
      n++;
      out->pairs += row > 0 && d->label[row - 1] >= 0;
      out->equal += row > 0 && d->label[row - 1] == d->label[row];
    }
  }
  for (int32_t k = 0; n > 0 && k < d->n_classes; k++) {
    out->chance += count[k] / n * (count[k] / n);
  }
  free(count);
  return LQA_OK;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  repeats found;
  LQA_TRY(count_repeats(input->dataset, &found));
  if (found.pairs < MIN_PAIRS || found.chance > MAX_CHANCE) {
    return found.pairs < MIN_PAIRS
               ? lqa_finding_decline(input->findings, "fewer than %d neighbouring rows with labels",
                                     MIN_PAIRS)
               : lqa_finding_decline(input->findings, "nearly all rows have the same label");
  }
  double share = found.equal / found.pairs;
  double z = (share - found.chance) / sqrt(found.chance * (1 - found.chance) / found.pairs);
  double excess = (share - found.chance) / (1 - found.chance);
  if (excess < input->params[PARAM_EXCESS] || z < 6) {
    return LQA_OK;
  }
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "Labels come in runs: %s of the rows repeat the label above (%s in a shuffled file; z = "
      "%.1f). "
      "Shuffle before training or splitting by position; in such a file a shifted label column can "
      "only be seen where the class changes.",
      lqa_phrase_percent(input->arena, share), lqa_phrase_percent(input->arena, found.chance), z);
  if (finding) {
    finding->z = z;
  }
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

const lqa_audit lqa_audit_sorted_order = {
    .number = LQA_AUDIT_sorted_order,
    .id = "sorted-order",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "labels that come in runs: the file is sorted or blocked by class",
    .needs = LQA_NEEDS_LABELS,
    .kinds = {{"sorted-order", LQA_INFO, false, "the rows are not in random order of class"}},
    .params = {{"excess", .2, .01, 1, "of the rows that could repeat a label beyond chance, do",
                false}},
    .run = run,
};
