/* What a judge said, for every summary: answers, agreement, the random sample, the cost.
 */
#include "report/report.h"

#include <math.h>

static void say_cost(const lqa_report_judge *j, lqa_buf *out) {
  lqa_buf_printf(out, "%lld call%s, %lld answer%s from the cache", (long long)j->calls,
                 lqa_plural(j->calls), (long long)j->cached, lqa_plural(j->cached));
  if (!isnan(j->cost_usd)) {
    lqa_buf_printf(out, ", USD %.4f", j->cost_usd);
  }
  lqa_buf_add_char(out, '\n');
  if (j->all_calls > j->calls) {
    lqa_buf_printf(out, "all sessions: %lld calls", (long long)j->all_calls);
    if (!isnan(j->all_cost_usd)) {
      lqa_buf_printf(out, ", USD %.4f", j->all_cost_usd);
    }
    lqa_buf_add_char(out, '\n');
  }
}

void lqa_report_judged(const lqa_report_judge *j, lqa_buf *out) {
  lqa_buf_printf(out, "%lld row%s: %lld YES, %lld NO, %lld UNKNOWN\n", (long long)j->judged,
                 lqa_plural(j->judged), (long long)j->yes, (long long)j->no, (long long)j->unknown);
  if (!isnan(j->agreement)) {
    lqa_buf_printf(out, "the two judges agree on %.1f %% of the rows\n", 100 * j->agreement);
  }
  if (j->random.n > 0) {
    lqa_buf_printf(out,
                   "of the rows drawn at random it doubts %.1f %% (95 %% interval %.1f to %.1f, n "
                   "= %lld)\n",
                   100 * j->random.estimate, 100 * j->random.low, 100 * j->random.high,
                   (long long)j->random.n);
  }
  say_cost(j, out);
}
