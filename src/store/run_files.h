/* store/run_files.h - the files of a run folder, looked at before any of them is opened. */
#ifndef LQA_STORE_RUN_FILES_H
#define LQA_STORE_RUN_FILES_H

#include "base/status.h"

/* LQA_BAD_DATA where a file of the run in `folder` is a link, a device or anything else but a plain
 * file. Missing files are fine here. */
LQA_MUST_CHECK lqa_status lqa_run_check_files(const char *folder, lqa_error *err);

#endif
