/* What a plan planted, kind by kind. */
#include "evaluate/corrupt_report.h"

void lqa_corrupt_report_sentence(const lqa_corrupt_plan *plan, lqa_buf *out) {
  lqa_buf_printf(out, "%lld rows drawn; planted:", (long long)plan->n_rows);
  for (int kind = 1; kind < LQA_CORRUPT_COUNT; kind++) {
    if (plan->counts[kind] > 0) {
      lqa_buf_printf(out, " %lld %s", (long long)plan->counts[kind],
                     lqa_corruption_name((lqa_corruption)kind));
    }
  }
  lqa_buf_add_char(out, '\n');
}

void lqa_corrupt_report_text(const lqa_corrupt_plan *plan, const char *file, lqa_buf *out) {
  lqa_buf_printf(out, "%s: %lld row%s\n", file, (long long)plan->n_rows, lqa_plural(plan->n_rows));
  for (int kind = 0; kind < LQA_CORRUPT_COUNT; kind++) {
    if (plan->counts[kind] > 0) {
      lqa_buf_printf(out, "  %-16s %8lld\n", lqa_corruption_name((lqa_corruption)kind),
                     (long long)plan->counts[kind]);
    }
  }
}

void lqa_corrupt_report_json(const lqa_corrupt_plan *plan, const char *file, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 2);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "file", file);
  lqa_json_add_int(&json, "rows", plan->n_rows);
  for (int kind = 0; kind < LQA_CORRUPT_COUNT; kind++) {
    lqa_json_add_int(&json, lqa_corruption_name((lqa_corruption)kind), plan->counts[kind]);
  }
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}
