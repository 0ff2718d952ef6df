/* How many rows confident learning could not look at, and why: rows that no one scored must not
 * pass for rows that were found right.
 */
#include "report/markup.h"
#include "report/report.h"

void lqa_report_not_scored(const lqa_report_confident *confident, lqa_buf *out) {
  int64_t n = confident->not_scored;
  if (n > 0) {
    bool is_given = strcmp(confident->model, "given probabilities") == 0;
    lqa_buf_printf(out, "%lld row%s not scored (no content%s no known label%s)", (long long)n,
                   lqa_plural(n), is_given ? "," : " or",
                   is_given ? " or a NaN among the probabilities" : "");
  }
}
