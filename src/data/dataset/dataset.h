/* data/dataset/dataset.h - the rows under audit: immutable columns in source order.
 *
 * A dataset is loaded once and then only read, by any number of threads. Texts lie back to back in
 * one block with 64-bit offsets; the block is heap memory or, under a memory limit, a private
 * memory map of an unlinked spill file, which readers cannot tell apart.
 *
 * Row numbers are 0-based positions over all sources. Nothing is dropped: rows with NULL content or
 * label stay, and `lqa_dataset_is_scorable` says which rows a model may see.
 */
#ifndef LQA_DATA_DATASET_DATASET_H
#define LQA_DATA_DATASET_DATASET_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/npy.h"
#include "base/status.h"
#include "base/str.h"

/* A column of texts; NULL entries have valid bit 0. */
typedef struct lqa_column {
  const char *name; /* as the source spells it */
  int64_t n;
  const char *bytes;       /* all values back to back */
  const uint64_t *offsets; /* n + 1 */
  const uint8_t *valid;    /* one byte per row, 1 = not NULL; NULL pointer = none is NULL */
} lqa_column;

static inline lqa_str lqa_column_get(const lqa_column *column, int64_t row) {
  if (column->valid && !column->valid[row]) {
    return (lqa_str){NULL, 0};
  }
  return (lqa_str){column->bytes + column->offsets[row],
                   (size_t)(column->offsets[row + 1] - column->offsets[row])};
}

/* One column of a table (--features): numbers where every non-missing value reads as one, else
 * categories coded by first appearance. */
typedef struct lqa_feature_column {
  const char *name;
  bool is_categorical;
  const double *values;      /* n_rows; NaN = missing; category code for categorical columns */
  int32_t n_categories;      /* 0 for numeric columns */
  const lqa_str *categories; /* n_categories names, or NULL */
} lqa_feature_column;

/* What the model is fed. */
typedef enum lqa_content_kind {
  LQA_CONTENT_TEXT,      /* --text */
  LQA_CONTENT_TABLE,     /* --features */
  LQA_CONTENT_EMBEDDING, /* --embeddings alone; beside text or a table the kind is theirs */
  LQA_CONTENT_NONE       /* only --pred-probs */
} lqa_content_kind;

enum { LQA_LABEL_NULL = -1, LQA_LABEL_UNKNOWN = -2 };

/* Which optional columns were named. */
typedef enum lqa_role {
  LQA_ROLE_ID,
  LQA_ROLE_SPLIT,
  LQA_ROLE_TIME,
  LQA_ROLE_ANNOTATOR,
  LQA_ROLE_SOURCE,
  LQA_ROLE_GROUP,
  LQA_ROLE_LABEL_TIME,
  LQA_ROLE_COUNT
} lqa_role;

typedef struct lqa_source_file {
  const char *path; /* as the user gave it, glob expanded */
  int64_t first_row, n_rows;
  uint64_t size_bytes;
  char sha256[65];
} lqa_source_file;

typedef struct lqa_dataset {
  int64_t n_rows;
  lqa_content_kind kind;

  /* Content: the --text columns joined by a space; for a table the feature values joined by U+001F
   * (so that duplicates can be found); NULL where every part is NULL or blank. */
  lqa_column content;
  const char *content_name;        /* the text column, or columns joined by "+" */
  const lqa_hash128 *content_hash; /* n_rows; of the folded content; zero where NULL */

  /* Labels. codes[i] is a class, LQA_LABEL_NULL or LQA_LABEL_UNKNOWN; label_text keeps what was
   * written. */
  lqa_column label_text;
  const int32_t *label; /* n_rows */
  int32_t n_classes;
  const lqa_str *classes; /* n_classes, in class order (labels.h) */
  bool classes_given;     /* by --classes or --classes-file */

  lqa_column roles[LQA_ROLE_COUNT]; /* name == NULL: not given */

  int32_t n_features;
  const lqa_feature_column *features;
  const lqa_matrix *embeddings; /* n_rows x d, or NULL */
  const lqa_matrix *pred_probs; /* n_rows x n_classes as given by the user, or NULL */

  int32_t n_files;
  const lqa_source_file *files;

  struct lqa_dataset_storage *storage; /* owns everything above */
} lqa_dataset;

void lqa_dataset_free(lqa_dataset *dataset);

static inline bool lqa_dataset_has_role(const lqa_dataset *d, lqa_role role) {
  return d->roles[role].name != NULL;
}
/* NULL content: no model sees the row. */
static inline bool lqa_dataset_has_content(const lqa_dataset *d, int64_t row) {
  return d->kind == LQA_CONTENT_NONE || d->kind == LQA_CONTENT_EMBEDDING || !d->content.valid ||
         d->content.valid[row];
}
/* Content and a known label: the row may train a model and be scored. */
static inline bool lqa_dataset_is_scorable(const lqa_dataset *d, int64_t row) {
  return d->label[row] >= 0 && lqa_dataset_has_content(d, row);
}
/* The file a row came from, and its 0-based row there. */
const lqa_source_file *lqa_dataset_file_of(const lqa_dataset *d, int64_t row, int64_t *row_in_file);
/* The class of this name, or LQA_LABEL_UNKNOWN. A linear search: for options, not for rows. */
int32_t lqa_dataset_find_class(const lqa_dataset *d, lqa_str name);
/* The row's id: the id column, else its number written into `scratch`. */
lqa_str lqa_dataset_row_id(const lqa_dataset *d, int64_t row, char scratch[24]);

/* Gives back the memory of the content of rows [0, row) where it is a map of a spill file; reading
 * them again is slower, not wrong. For passes over all rows under a memory limit: call it every so
 * often. */
void lqa_dataset_release_content(const lqa_dataset *d, int64_t row);

/* The same for the surroundings of one row: after rows that are read at random, since the system
 * may bring in up to two megabytes for each. */
void lqa_dataset_release_row(const lqa_dataset *d, int64_t row);

/* Builds a dataset in memory from plain arrays: tests, Python and C callers that have no file.
 * Copies everything. contents and labels: n_rows values, NULL data = SQL NULL; classes may be NULL
 * (then what occurs, in class order). */
LQA_MUST_CHECK lqa_status lqa_dataset_from_arrays(int64_t n_rows, const lqa_str *contents,
                                                  const lqa_str *labels, const lqa_str *classes,
                                                  int32_t n_classes, lqa_dataset **out,
                                                  lqa_error *err);

#endif
