/* audit/against.h - other data that an audit is held against: an earlier run, or the data before a
 * change of label scheme. Filled by the caller (who can read runs and sources), borrowed by audits.
 */
#ifndef LQA_AUDIT_AGAINST_H
#define LQA_AUDIT_AGAINST_H

#include "data/dataset/dataset.h"

/* Rows of an earlier run (--against): its rows.parquet. */
typedef struct lqa_against {
  const char *path; /* of the run, for messages */
  int64_t n_rows;
  const lqa_hash128 *content_hash; /* n_rows */
  const lqa_str *label;            /* n_rows, as written then; NULL data = none */
  lqa_column row_id;               /* name NULL: the run had no --id, rows are matched by content */
  const lqa_str *decided; /* n_rows, what people decided in that run; NULL data = nothing */
} lqa_against;

/* The data before a change of label scheme (--migrated-from) and what was meant to become what. */
typedef struct lqa_migration {
  const char *path;     /* of the old data */
  const char *map_path; /* NULL: no map, pairs are only counted */
  int64_t n_rows;
  const lqa_hash128 *content_hash; /* or NULL: matched by id only */
  const lqa_str *label;            /* n_rows, as written in the old data */
  lqa_column row_id;               /* name NULL: matched by content */
  size_t n_pairs;                  /* the map: old label -> new label */
  const lqa_str *map_old, *map_new;
} lqa_migration;

#endif
