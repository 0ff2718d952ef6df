/* audit/model/unskilled_model.c - the out-of-fold model has learnt nothing of the labels.
 *
 * Confident learning takes a model's disagreement for evidence. A model that predicts labels no
 * better than their frequencies disagrees with most of them, rightly labelled or not, so the flags
 * are dropped (api/audit_session.c) and this finding says why. Better means: the gain per row, less
 * two standard errors, is above 0 by log-loss or by accuracy (model/problem/metrics.h).
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "model/problem/metrics.h"

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  const lqa_metrics *m = input->metrics;
  if (!m || m->n_rows == 0) {
    return lqa_finding_decline(input->findings, "no row has a label and probabilities");
  }
  if (!lqa_audit_is_unskilled(input)) {
    return LQA_OK;
  }
  bool given = input->dataset->pred_probs != NULL;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "%s the labels no better than their frequencies do (log-loss %.3f against %.3f, right on %s "
      "of the rows against %s for the most frequent label): disagreement with them is no sign of "
      "an error, so no row is flagged by confident learning and no count of wrong labels is "
      "estimated. %s",
      given ? "The given probabilities predict" : "The model predicts", m->log_loss,
      m->prior_log_loss, lqa_phrase_percent(input->arena, m->accuracy),
      lqa_phrase_percent(input->arena, m->prior_accuracy),
      given ? "Check that their rows and columns are in the order of the data and the classes."
            : "Give it more of what decides the label (other columns, more rows, embeddings), and "
              "check that each label is on its own row.");
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

const lqa_audit lqa_audit_unskilled_model = {
    .number = LQA_AUDIT_unskilled_model,
    .id = "unskilled-model",
    .family = LQA_FAMILY_MODEL,
    .summary = "the model predicts the labels no better than their frequencies",
    .needs = LQA_NEEDS_PRED_PROBS | LQA_NEEDS_LABELS,
    .kinds = {{"unskilled-model", LQA_WARN, false,
               "the model is no better than class frequencies: its flags are dropped"}},
    .run = run,
};
