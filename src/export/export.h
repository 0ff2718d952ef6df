/* export/export.h - what people take out of a run: one const descriptor per kind of export in a
 * file of its own, one row in export_list.h. The bridge (api/api_export.c) picks one and runs it.
 */
#ifndef LQA_EXPORT_EXPORT_H
#define LQA_EXPORT_EXPORT_H

#include "store/run.h"

typedef struct lqa_export_options {
  const char *path;   /* file to write */
  const char *format; /* "csv", "jsonl", "parquet", a labelling tool's, or NULL: from the suffix */
  bool apply_relabel; /* cleaned: also take unreviewed corrections */
  const char *repair; /* fixed: id of the finding whose repair to apply */
  const char *by;     /* weights: column to take, "trust_score" (NULL: this) or "p_correct" */
} lqa_export_options;

typedef struct lqa_export_summary {
  int64_t n_rows;    /* written */
  int64_t n_changed; /* labels that differ from the source's */
  int64_t n_emptied; /* rows whose right label is lost: NULL now */
  int64_t n_guarded; /* copied cells that CSV had to change: a leading apostrophe */
} lqa_export_summary;

#define EXPORT(name) LQA_EXPORT_##name,
typedef enum lqa_export_number {
#include "export/export_list.h"
  LQA_EXPORT_COUNT
} lqa_export_number;
#undef EXPORT

typedef struct lqa_export {
  lqa_export_number number;
  const char *name;    /* "cleaned" */
  const char *summary; /* one line */
  bool changes_labels; /* it copies the source with other labels: n_changed is worth a word */
  bool has_tasks;      /* it can be written as tasks of a labelling tool */
  bool is_one_format;  /* it has a format of its own, whatever the suffix */
  /* Writes options->path atomically; called through lqa_export_run. */
  lqa_status (*run)(lqa_run *run, const lqa_export_options *options, lqa_export_summary *summary,
                    lqa_error *err);
} lqa_export;

/* By name; NULL if there is none. */
const lqa_export *lqa_export_find(const char *name);
const lqa_export *lqa_export_get(lqa_export_number number);

/* Checks the options and where the file would go, then runs `export`. Nothing is written unless all
 * of it is. Errors: LQA_BAD_USAGE (format or options that do not fit, a file in the way of the run
 * or its sources), LQA_BAD_FILE, LQA_BAD_DATA. */
LQA_MUST_CHECK lqa_status lqa_export_run(const lqa_export *export, lqa_run *run,
                                         const lqa_export_options *options,
                                         lqa_export_summary *summary, lqa_error *err);

#endif
