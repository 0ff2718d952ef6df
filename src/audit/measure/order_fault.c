/* audit/measure/order_fault.c - the sign test of a segment, by a model that saw contents
 * and labels.
 *
 * The model is the naive Bayes of lag_refit.c in two halves that predict each other, so no row is
 * judged by a model that saw its label. Where all labels slipped it has learnt the slip and sides
 * with them; that case is lag_refit.c's own, which is asked first. Cost: one fit, one prediction of
 * every row, only where probabilities were given and seem to stand beside the wrong labels.
 */
#include "audit/measure/order_fault.h"

#include "audit/measure/hashed_rows.h"
#include "audit/measure/lag_refit.h"
#include "base/memory.h"

enum { SAMPLE_ROWS = 200000 };

/* A single test of one segment that was found on other evidence. */
static const double MIN_Z = 2;
static const double HIT = .8;

static bool has_content(const lqa_audit_input *input, lqa_status *status, lqa_error *err) {
  lqa_hashed_row_source *source = NULL;
  *status = lqa_hashed_row_source_new(input, 2, &source, err);
  bool is_there = source != NULL;
  lqa_hashed_row_source_free(source);
  return is_there;
}

lqa_status lqa_order_fault_init(lqa_order_fault *a, const lqa_audit_input *input, lqa_error *err) {
  *a = (lqa_order_fault){.is_needed = input->dataset->pred_probs != NULL};
  lqa_status status = LQA_OK;
  lqa_refit refit;
  if (!a->is_needed || !has_content(input, &status, err)) {
    return status;
  }
  a->predicted = lqa_malloc((size_t)input->dataset->n_rows, sizeof *a->predicted);
  if (!a->predicted) {
    return lqa_fail_memory(err, "looking for misaligned rows");
  }
  LQA_TRY(lqa_refit_predict(input, (lqa_hypothesis){0}, SAMPLE_ROWS, &refit, a->predicted, err));
  LQA_TRY(lqa_alignment_init_votes(&a->quick, input->dataset, a->predicted, HIT, err));
  a->has_content = true;
  return LQA_OK;
}

lqa_fault_side lqa_order_fault_find(const lqa_order_fault *a, const lqa_segment *segment) {
  if (!a->is_needed) {
    return LQA_FAULT_LABELS;
  }
  if (!a->has_content) {
    return LQA_FAULT_OPEN;
  }
  lqa_sign_test test = lqa_alignment_test(&a->quick, segment);
  return test.z > MIN_Z    ? LQA_FAULT_LABELS
         : test.z < -MIN_Z ? LQA_FAULT_PROBABILITIES
                           : LQA_FAULT_OPEN;
}

void lqa_order_fault_clear(lqa_order_fault *a) {
  lqa_alignment_clear(&a->quick);
  free(a->predicted);
  *a = (lqa_order_fault){0};
}
