/* Training logs: any bytes are losses of a run of eight rows, or an error; what is taken in is a
 * number for each row or none, and percentiles lie between 0 and 1. The first byte chooses the
 * suffix and whether the run has ids. */
#include "fuzz_file.h"
#include "store/loss_log.h"

#include <math.h>

enum { ROWS = 8 };

static void check_losses(const lqa_evidence *e) {
  for (int row = 0; row < ROWS; row++) {
    demand(isnan(e->loss[row]) == isnan(e->loss_percentile[row]));
    demand(isnan(e->loss[row]) || (e->loss_percentile[row] >= 0 && e->loss_percentile[row] <= 1));
    demand(!isinf(e->loss[row]));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = {"x.csv", "x.json", "x.jsonl", "x.tsv"};
  static const char ids[] = "abcdefgg";
  static const uint64_t offsets[ROWS + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  static const int32_t labels[ROWS] = {0, 1, 0, 1, 0, 1, 0, 1};
  if (size == 0) {
    return 0;
  }
  const char *path = fuzz_file(names[data[0] & 3], data + 1, size - 1);
  const lqa_text_list files = {&path, 1};
  lqa_loss_summary summary;
  lqa_run run = {.rows = {.n_rows = ROWS, .label = labels}};
  lqa_arena_init(&run.arena);
  if (data[0] & 4) {
    run.rows.row_id = (lqa_column){"id", ROWS, ids, offsets, NULL};
  }
  demand(lqa_evidence_init(&run.evidence, ROWS, 2, labels, NULL) == LQA_OK);
  lqa_status status = lqa_run_add_losses(&run, &files, &summary, NULL);
  demand(fuzz_source_may(status));
  if (status == LQA_OK) {
    check_losses(&run.evidence);
  }
  lqa_evidence_clear(&run.evidence);
  lqa_arena_clear(&run.arena);
  return 0;
}
