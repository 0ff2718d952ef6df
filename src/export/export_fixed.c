/* labelqa export RUN fixed --repair FINDING: the source with a structural damage undone.
 *
 * Labels that slipped, stand in reversed order, were swapped or are misspelt can be put right at
 * once, which no review of single rows can. Only the repair is applied: people's decisions were
 * made on the labels as they stood. Audit the fixed file next.
 */
#include "export/label_repair.h"
#include "export/source_copy.h"

static bool relabel(void *data, const lqa_source_reader *reader, int64_t row, lqa_str *label,
                    bool *is_lost) {
  return lqa_label_repair_get(data, reader, row, label, is_lost);
}

static lqa_status begin(void *data, const lqa_source *source, lqa_error *err) {
  return lqa_label_repair_begin(data, source, err);
}

static lqa_status run(lqa_run *run, const lqa_export_options *options, lqa_export_summary *summary,
                      lqa_error *err) {
  lqa_label_repair *repair;
  LQA_TRY(lqa_label_repair_load(run, options->repair, &repair, err));
  const lqa_source_copy copy = {.run = run, .relabel = relabel, .begin = begin, .data = repair};
  lqa_status status = lqa_source_copy_save(&copy, options, summary, err);
  lqa_label_repair_free(repair);
  return status;
}

const lqa_export lqa_export_fixed = {
    .number = LQA_EXPORT_fixed,
    .name = "fixed",
    .summary = "the source with the repair that a finding offers",
    .changes_labels = true,
    .run = run,
};
