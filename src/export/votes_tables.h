/* export/votes_tables.h - a study of votes as tables: items, annotators, pairs, confusions. */
#ifndef LQA_EXPORT_VOTES_TABLES_H
#define LQA_EXPORT_VOTES_TABLES_H

#include "model/votes/vote_study.h"

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
