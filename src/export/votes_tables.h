/* export/votes_tables.h - a study of votes as tables: items, annotators, pairs, confusions. */
#ifndef LQA_EXPORT_VOTES_TABLES_H
#define LQA_EXPORT_VOTES_TABLES_H

#include "data/table/table.h"
#include "model/votes/vote_study.h"

typedef enum lqa_votes_table {
  LQA_VOTES_ITEMS,
  LQA_VOTES_ANNOTATORS,
  LQA_VOTES_PAIRS,
  LQA_VOTES_CONFUSION,
  LQA_VOTES_TABLE_COUNT
} lqa_votes_table;

typedef struct lqa_votes_column {
  const char *name; /* NULL ends a table */
  lqa_value_type type;
  lqa_value_fn get;
  const char *meaning;
  int needs; /* what the votes must have, or the column is left out; 0 = it is always there */
} lqa_votes_column;

const lqa_votes_column *lqa_votes_columns(lqa_votes_table table);

/* Each writes one table, atomically; the format comes from the suffix (csv, jsonl, parquet). */
LQA_MUST_CHECK lqa_status lqa_votes_items_save(const lqa_vote_study *study, const char *path,
                                               const lqa_observer *observer, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_votes_annotators_save(const lqa_vote_study *study, const char *path,
                                                    const lqa_observer *observer, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_votes_pairs_save(const lqa_vote_study *study, const char *path,
                                               const lqa_observer *observer, lqa_error *err);
/* One row per annotator, consensus and answer that occur together. */
LQA_MUST_CHECK lqa_status lqa_votes_confusion_save(const lqa_vote_study *study, const char *path,
                                                   const lqa_observer *observer, lqa_error *err);
/* The posteriors: n_items x n_classes float32. */
LQA_MUST_CHECK lqa_status lqa_votes_probs_save(const lqa_vote_study *study, const char *path,
                                               lqa_error *err);

#endif
