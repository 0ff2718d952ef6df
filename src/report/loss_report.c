/* What training logs brought: records read, rows with a loss, and records that fit no row. */
#include "report/loss_report.h"

void lqa_loss_report_text(const lqa_loss_summary *s, lqa_buf *out) {
  lqa_buf_printf(
      out, "%lld record%s of %lld epoch%s read; %lld row%s with a loss, %lld high to the end\n",
      (long long)s->records, lqa_plural(s->records), (long long)s->epochs, lqa_plural(s->epochs),
      (long long)s->rows, lqa_plural(s->rows), (long long)s->high);
  lqa_buf_printf(out, "epochs: %s\n", s->rule);
  if (s->unmatched > 0) {
    lqa_buf_printf(out, "%lld record%s of no row of this run, or of one that is there twice\n",
                   (long long)s->unmatched, lqa_plural(s->unmatched));
  }
  lqa_buf_add_char(out, '\n');
}
