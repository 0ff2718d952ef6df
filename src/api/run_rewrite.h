/* api/run_rewrite.h - after something was added to a run: all of its files, made again. */
#ifndef LQA_API_RUN_REWRITE_H
#define LQA_API_RUN_REWRITE_H

#include "labelqa/labelqa.h"
#include "store/run.h"

/* As `labelqa report`, for a command that has something else to say: run.db -> evidence -> files
 * and report, with the default number of suspects. `path` is the run as the user named it. */
lqa_status lqa_run_report_rewrite(lqa_run *run, const char *path, const lqa_common_args *common,
                                  lqa_error *err);

#endif
