/* A run folder from a stranger is only data: SQLite, DuckDB and our own readers open its files by
 * name, and each would follow a link to any file of this machine, or wait for a pipe for ever.
 */
#include "store/run_files.h"

#include "base/file.h"
#include "base/plain_file.h"

#include <stdlib.h>

lqa_status lqa_run_check_files(const char *folder, lqa_error *err) {
  static const char *const NAMES[] = {
      "manifest.json",  "classes.json", "report.json",    "report.md",  "report.html",
      "source.parquet", "rows.parquet", "pred_probs.npy", "review.csv", "run.db",
      "run.db-wal",     "run.db-shm",   "run.db-journal"};
  lqa_status status = LQA_OK;
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES && status == LQA_OK; i++) {
    char *path = lqa_path_join(folder, NAMES[i]);
    status = path ? lqa_plain_file_check(path, true, err) : lqa_fail_memory(err, "opening the run");
    free(path);
  }
  return status;
}
