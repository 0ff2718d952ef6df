/* labelqa export RUN cleaned: the source with the labels that people decided.
 *
 * Only decisions are taken by default: a judge's correction is right often, not always, and a flag
 * of confident learning says that a label is suspect, not what it should be. With --apply relabel
 * corrections of rows that nobody has looked at are taken too; predictions of the model never are.
 */
#include "export/source_copy.h"

typedef struct cleaner {
  const lqa_run *run;
  bool apply_relabel;
} cleaner;

static int32_t choose_label(const cleaner *c, int64_t row) {
  const lqa_evidence *e = &c->run->evidence;
  if (e->decided_label[row] != LQA_CLASS_NONE) {
    return e->decided_label[row];
  }
  bool is_corrected = e->verdict[row] == LQA_VERDICT_NO && e->corrected_label[row] >= 0;
  return c->apply_relabel && is_corrected ? e->corrected_label[row] : LQA_CLASS_NONE;
}

static bool relabel(void *data, const lqa_source_reader *reader, int64_t row, lqa_str *label,
                    bool *is_lost) {
  (void)reader;
  (void)is_lost;
  const cleaner *c = data;
  int32_t chosen = choose_label(c, row);
  if (chosen == LQA_CLASS_NONE || chosen == c->run->rows.label[row]) {
    return false;
  }
  *label = c->run->manifest.classes[chosen];
  return true;
}

static lqa_status run(lqa_run *run, const lqa_export_options *options, lqa_export_summary *summary,
                      lqa_error *err) {
  cleaner c = {run, options->apply_relabel};
  const lqa_source_copy copy = {.run = run, .relabel = relabel, .data = &c};
  return lqa_source_copy_save(&copy, options, summary, err);
}

const lqa_export lqa_export_cleaned = {
    .number = LQA_EXPORT_cleaned,
    .name = "cleaned",
    .summary = "the source with people's decisions applied; or also the judge's candidates",
    .changes_labels = true,
    .run = run,
};
