/* The report's summary is made along with its files; commands that print a summary of their own
 * drop it here.
 */
#include "api/run_rewrite.h"

#include "api/run_report.h"

lqa_status lqa_run_report_rewrite(lqa_run *run, const char *path, const lqa_common_args *common,
                                  lqa_error *err) {
  const lqa_report_args args = {.common = *common, .run = path, .top = LQA_REPORT_DEFAULT_TOP};
  lqa_result *unused = lqa_result_new();
  lqa_status status = unused ? lqa_run_report_refresh(run, path, &args, unused, err)
                             : lqa_fail_memory(err, "writing the report");
  lqa_result_free(unused);
  return status;
}
