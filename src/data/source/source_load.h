/* data/source/source_load.h - a load in progress: what source_load.c and source_classes.c share. */
#ifndef LQA_DATA_SOURCE_SOURCE_LOAD_H
#define LQA_DATA_SOURCE_SOURCE_LOAD_H

#include "data/dataset/column_builder.h"
#include "data/source/source_digest.h"
#include "data/source/source_reader.h"

/* A column of the source that is loaded: where it goes, and where it stands in the current file. */
typedef struct lqa_target {
  int64_t column;   /* of the source */
  int64_t position; /* in the current part, or -1 */
  lqa_column_builder builder;
} lqa_target;

typedef struct lqa_loader {
  lqa_source *source;
  const lqa_source_roles *roles;
  lqa_dataset *dataset;
  lqa_source_reader *reader;
  lqa_source_digests *digests;
  const lqa_source_part *part; /* that the positions are for */
  bool *wanted;
  lqa_column_builder content;
  size_t n_texts, n_features, n_probs;
  size_t n_probs_read; /* columns of probabilities: two where one is given for two classes */
  lqa_target *texts, *features, *probs; /* texts' builders are unused: they go to content */
  lqa_target label, roles_at[LQA_ROLE_COUNT];
  LQA_VEC(double) probabilities;
  LQA_VEC(int64_t) row_in_file;
  int64_t n_rows;
  int64_t *first_row; /* per part; -1: no row yet */
  bool has_prob_columns;
} lqa_loader;

/* Moves the column that was loaded at `t` to the dataset. */
LQA_MUST_CHECK lqa_status lqa_loader_finish_column(lqa_loader *l, lqa_target *t, lqa_column *column,
                                                   lqa_error *err);
/* Types the feature columns into the dataset; says what was guessed. */
LQA_MUST_CHECK lqa_status lqa_loader_finish_features(lqa_loader *loader, lqa_error *err);
/* Finishes the labels: classes, codes, and the user's own probabilities. */
LQA_MUST_CHECK lqa_status lqa_loader_finish_classes(lqa_loader *l, lqa_error *err);

#endif
