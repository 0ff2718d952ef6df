/* data/votes/vote_table.h - the labels of several annotators, read from a SOURCE of any form.
 *
 *     lqa_vote_table *table = NULL;
 *     LQA_TRY(lqa_vote_table_load(&options, observer, &table, err));
 *     ... table->item[v], table->annotator[v], table->label[v] ...
 *     lqa_vote_table_free(table);
 *
 * Long: a row is a vote, with the columns item, annotator and label. Wide: a row is an item, with
 * one column per annotator. Columns are named by the user or guessed (and told). Items and
 * annotators are numbered in order of first appearance, classes as dataset/labels.h
 * orders them. An empty
 * label, or one of `missing`, is no vote.
 *
 * What else a row holds belongs to its item: the known label (`truth`, `gold`), a text, and
 * probabilities. Rows of one item must not contradict each other. Rows are streamed: memory is 16
 * bytes a vote, the names, and what is asked for per item.
 */
#ifndef LQA_DATA_VOTES_VOTE_TABLE_H
#define LQA_DATA_VOTES_VOTE_TABLE_H

#include "base/map.h"
#include "base/vec.h"
#include "data/source/source.h"

/* What to do where an annotator labels an item more than once. */
typedef enum lqa_repeats { LQA_REPEATS_ERROR, LQA_REPEATS_FIRST, LQA_REPEATS_LAST } lqa_repeats;

/* Borrowed until lqa_vote_table_load returns. */
typedef struct lqa_vote_options {
  lqa_source_options source; /* label, annotator, id (the item), text, time, pred_probs, classes */
  lqa_text_list wide;        /* one column per annotator; "*" stands for any characters */
  lqa_text_list missing;     /* texts that mean: did not label */
  const char *truth, *gold;  /* a column, or a file of items and labels; NULL = none */
  lqa_repeats repeats;
} lqa_vote_options;

/* The names of the columns that were read; NULL = none. */
typedef struct lqa_vote_columns {
  const char *item, *annotator, *label, *text, *time, *truth, *gold;
} lqa_vote_columns;

typedef struct lqa_vote_table {
  bool is_wide;
  const char *file; /* the only one, for messages; NULL where there are several */
  lqa_vote_columns columns;
  int64_t n_rows, n_items, n_votes;
  int32_t n_annotators, n_classes;
  const lqa_str *classes;
  int32_t *item, *annotator, *label; /* n_votes each */
  uint32_t *row;                     /* n_votes: 0-based row in its file */
  lqa_str *time;                     /* n_votes: as written, NULL data = unknown; or NULL */
  int32_t *truth, *gold;             /* n_items: a class, -1 = unknown, -2 = a class that nobody
                                      * voted for (truth only); or NULL */
  lqa_str *text;                     /* n_items, NULL data = none; or NULL */
  float *probs;                      /* n_items x n_classes; or NULL */
  int64_t n_missing;                 /* rows or cells without a label */
  int64_t n_repeats, n_repeats_same; /* votes dropped by `repeats`, and those that said the same */
  int64_t n_texts_differ;            /* rows whose text is not their item's */
  int64_t n_truth_unknown;           /* known labels of items that nobody labelled */
  int64_t n_probs_scaled;            /* items whose probabilities were scaled to sum 1 */
  LQA_VEC(const char *) notes;       /* sentences for people */
  int32_t *item_name;                /* n_items: number in `items`, or the row where that is NULL */
  int64_t n_items_empty;             /* left out: nobody labelled them */
  lqa_map *items, *annotators;       /* names; items NULL: they are row numbers */
  lqa_arena arena;
} lqa_vote_table;

/* LQA_BAD_USAGE: no such column, or none can be guessed. LQA_BAD_DATA: damaged or contradictory
 * content, with file, row and column. */
LQA_MUST_CHECK lqa_status lqa_vote_table_load(const lqa_vote_options *options,
                                              const lqa_observer *observer, lqa_vote_table **out,
                                              lqa_error *err);
void lqa_vote_table_free(lqa_vote_table *table);

/* The item's name: what the source calls it, else its row number written into `scratch`. */
lqa_str lqa_vote_table_item(const lqa_vote_table *table, int64_t item, char scratch[24]);
lqa_str lqa_vote_table_annotator(const lqa_vote_table *table, int32_t annotator);

#endif
