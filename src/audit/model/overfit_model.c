/* audit/model/overfit_model.c - the model knows its own training rows by heart.
 *
 * Out-of-fold probabilities stay honest then, but the model has no room left to disagree with a
 * label it was trained on: it memorises errors too, and the flags get fewer. Seen with tiny files,
 * huge --C and texts that carry an identifier.
 */
#include "audit/audit.h"
#include "audit/phrase.h"

#include <math.h>

enum { PARAM_ACCURACY };

/* A model that is as right on rows it has not seen has learnt, not remembered. */
static const double MIN_GAP = .005;

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  if (isnan(input->train_accuracy)) {
    return lqa_finding_decline(input->findings, "no model was trained");
  }
  bool is_right_elsewhere = input->train_accuracy - input->out_of_fold_accuracy < MIN_GAP;
  if (input->train_accuracy < input->params[PARAM_ACCURACY] || is_right_elsewhere) {
    return LQA_OK;
  }
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "The model%s%s is right on %s of its own training rows but %s on %s of rows it has not seen: "
      "it "
      "remembers rows, wrong labels included. Lower " LQA_OPTION("C") ", raise " LQA_OPTION(
          "min_df") ", or look for an identifier "
                    "in the content.",
      input->trained_member ? "'s " : "", input->trained_member ? input->trained_member : "",
      lqa_phrase_percent(input->arena, input->train_accuracy),
      input->trained_member ? "the blend" : "only",
      lqa_phrase_percent(input->arena, input->out_of_fold_accuracy));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

const lqa_audit lqa_audit_overfit_model = {
    .number = LQA_AUDIT_overfit_model,
    .id = "overfit-model",
    .family = LQA_FAMILY_MODEL,
    .summary = "the model is right on all of its own training rows",
    .needs = LQA_NEEDS_PRED_PROBS | LQA_NEEDS_LABELS,
    .kinds = {{"overfit-model", LQA_WARN, false, "accuracy on training rows is 100 %"}},
    .params = {{"accuracy", 1, 0, 1, "accuracy on training rows from which on it is reported",
                false}},
    .run = run,
};
