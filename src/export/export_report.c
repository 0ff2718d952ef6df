/* What an export wrote, with what a reader of the file must know: labels that were lost, cells that
 * were changed for spreadsheets, a cleaned file that nothing was changed in.
 */
#include "export/export_report.h"

#include "base/json.h"

/* "1 row", "3 rows". */
static void add_count(lqa_buf *text, int64_t n, const char *noun) {
  lqa_buf_printf(text, "%lld %s%s", (long long)n, noun, n == 1 ? "" : "s");
}

void lqa_export_report_text(const lqa_export_report *r, lqa_buf *text) {
  lqa_buf_printf(text, "%s: ", r->options->path);
  if (r->export->is_one_format) {
    lqa_buf_printf(text, "%lld classes\n", (long long)r->summary->n_rows);
    return;
  }
  add_count(text, r->summary->n_rows, "row");
  if (r->export->changes_labels) {
    lqa_buf_add_text(text, ", ");
    add_count(text, r->summary->n_changed, "label");
    lqa_buf_add_text(text, " changed");
  }
  lqa_buf_add_char(text, '\n');
  if (r->summary->n_emptied > 0) {
    bool one = r->summary->n_emptied == 1;
    lqa_buf_add_text(text, one ? "the right label of " : "the right labels of ");
    add_count(text, r->summary->n_emptied, "row");
    lqa_buf_printf(text,
                   " %s overwritten when the labels were shifted: %s empty now, label %s again\n",
                   one ? "was" : "were", one ? "it is" : "they are", one ? "it" : "them");
  }
  if (r->summary->n_guarded > 0) {
    add_count(text, r->summary->n_guarded, "cell");
    lqa_buf_add_text(text, " that a spreadsheet would take for a formula got a leading apostrophe; "
                           "take .jsonl or .parquet for the exact texts\n");
  }
  if (r->export->number == LQA_EXPORT_cleaned && r->summary->n_changed == 0 &&
      !r->options->apply_relabel) {
    lqa_buf_printf(
        text,
        "Nobody has decided for another label yet: check rows with 'labelqa sample %s', or take "
        "the judge's candidates with " LQA_OPTION_AS("apply", "relabel") "\n",
        r->run_path);
  }
}

void lqa_export_report_json(const lqa_export_report *r, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 2);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "file", r->options->path);
  lqa_json_add_text(&json, "what", r->export->name);
  lqa_json_add_int(&json, r->export->is_one_format ? "classes" : "rows", r->summary->n_rows);
  if (r->export->changes_labels) {
    lqa_json_add_int(&json, "labels_changed", r->summary->n_changed);
    lqa_json_add_int(&json, "labels_emptied", r->summary->n_emptied);
    lqa_json_add_int(&json, "cells_guarded", r->summary->n_guarded);
  }
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}
