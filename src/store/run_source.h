/* store/run_source.h - a run's source, opened again: its snapshot, or the original files if they
 * are still what they were. */
#ifndef LQA_STORE_RUN_SOURCE_H
#define LQA_STORE_RUN_SOURCE_H

#include "store/manifest.h"

typedef struct lqa_run_source {
  lqa_source *source;
  lqa_source_options options; /* what it was opened with */
  const char *paths[1];
  char *snapshot;
  const char **files; /* of a run without snapshot: the paths that were hashed and opened */
} lqa_run_source;

/* Opens `folder`/source.parquet, or, for a run without snapshot, the files of the manifest after
 * comparing their SHA-256. Errors: LQA_BAD_FILE where it is gone, LQA_BAD_DATA where it changed, or
 * where the run is somebody else's and nobody named its source (store/run_claim.h). */
LQA_MUST_CHECK lqa_status lqa_run_source_open(const char *folder, const lqa_manifest *manifest,
                                              const lqa_observer *observer, lqa_run_source *out,
                                              lqa_error *err);
void lqa_run_source_close(lqa_run_source *source);

/* The columns that make a row's content, as numbers of the source's columns. */
typedef struct lqa_content_columns {
  size_t *columns; /* owned: free() */
  size_t n;
} lqa_content_columns;
LQA_MUST_CHECK lqa_status lqa_run_source_content(const lqa_run_source *source,
                                                 const lqa_manifest *manifest,
                                                 lqa_content_columns *out, lqa_error *err);

#endif
