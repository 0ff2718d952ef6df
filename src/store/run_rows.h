/* store/run_rows.h - what a run knows of its rows besides the evidence, and rows.parquet.
 *
 * After an audit the columns are the dataset's own (borrowed); for a run that is opened again they
 * are read back from rows.parquet (owned). Everybody else sees the same struct. */
#ifndef LQA_STORE_RUN_ROWS_H
#define LQA_STORE_RUN_ROWS_H

#include "base/buf.h"
#include "store/manifest.h"
#include "trust/evidence.h"

typedef struct lqa_run_rows {
  int64_t n_rows;
  lqa_column row_id;                    /* name NULL: the run has no --id, rows go by number */
  lqa_column label_text;                /* read it with lqa_run_rows_label */
  lqa_column roles[LQA_ROLE_COUNT];     /* annotator, split, time, group; name NULL: not given */
  const int32_t *label;                 /* class codes; LQA_LABEL_NULL, LQA_LABEL_UNKNOWN */
  const lqa_hash128 *content_hash;      /* zero: NULL content; NULL: no row has content */
  const lqa_dataset *dataset;           /* after an audit, else NULL */
  const int32_t *file;                  /* of a loaded run: number in the manifest's files ... */
  const int64_t *file_row;              /* ... and the row in it */
  struct lqa_run_rows_storage *storage; /* of a loaded run; owns the columns */
} lqa_run_rows;

/* A view of the dataset, which must outlive it. Nothing to release. */
void lqa_run_rows_of_dataset(const lqa_dataset *dataset, lqa_run_rows *rows);
/* Which of the manifest's files a row came from. */
int32_t lqa_run_rows_file_of(const lqa_run_rows *rows, int64_t row);
void lqa_run_rows_clear(lqa_run_rows *rows);

/* The value of the id column; NULL data where there is no such column or it is empty there. */
lqa_str lqa_run_rows_given_id(const lqa_run_rows *rows, int64_t row);
/* What people see as the row's id: the id, or the row number written into `scratch`. */
lqa_str lqa_run_rows_id(const lqa_run_rows *rows, int64_t row, char scratch[24]);

/* The label as given; NULL data for NULL. */
lqa_str lqa_run_rows_label(const lqa_run_rows *rows, const lqa_manifest *manifest, int64_t row);

/* The row's key across runs: "id:<id>" where the row has an id, else "hash:<32 hex digits>", else
 * "row:<number>". */
LQA_MUST_CHECK lqa_status lqa_run_rows_key(const lqa_run_rows *rows, int64_t row, lqa_buf *out);

/* Writes `folder`/rows.parquet, the columns of docs/schema/rows.parquet.md, atomically. */
typedef struct lqa_rows_output {
  const lqa_run_rows *rows;
  const lqa_evidence *evidence;
  const lqa_manifest *manifest;
  const lqa_observer *observer;
} lqa_rows_output;
LQA_MUST_CHECK lqa_status lqa_rows_save(const lqa_rows_output *output, const char *folder,
                                        lqa_error *err);

/* Reads `folder`/rows.parquet: the rows, and of the evidence all that an audit found (labels,
 * predictions, flags, losses, findings, p_correct). Verdicts, decisions and the outcome are left
 * empty: they come from run.db. LQA_BAD_DATA where it does not fit the manifest. */
LQA_MUST_CHECK lqa_status lqa_rows_load(const char *folder, const lqa_manifest *manifest,
                                        lqa_run_rows *rows, lqa_evidence *evidence, lqa_error *err);

#endif
