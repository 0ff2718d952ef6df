/* data/votes/vote_read.h - a vote table while it is read: what the vote_*.c files share. */
#ifndef LQA_DATA_VOTES_VOTE_READ_H
#define LQA_DATA_VOTES_VOTE_READ_H

#include "data/source/source_reader.h"
#include "data/votes/vote_table.h"

/* Columns of the source, -1 = none. */
typedef struct lqa_vote_plan {
  int64_t item, annotator, label, time, truth, gold;
  size_t *texts, *wide, *probs;
  size_t n_texts, n_wide, n_probs;
} lqa_vote_plan;

typedef struct lqa_vote_reader {
  const lqa_vote_options *options;
  const lqa_observer *observer;
  lqa_source *source;
  lqa_source_reader *rows;
  lqa_vote_plan plan;
  lqa_vote_table *table;
  lqa_map *labels;  /* of votes and gold, in order of first appearance after the given ones */
  lqa_map *truths;  /* labels of --truth */
  int64_t n_given;  /* classes that the user gave, 0 = none */
  int64_t file;     /* the current row's file, */
  int64_t file_row; /* and its number there */
  LQA_VEC(int64_t) first_vote; /* per file */
  LQA_VEC(int32_t) item;       /* per vote, as in the table; labels by their number in `labels` */
  LQA_VEC(int32_t) annotator;
  LQA_VEC(int32_t) label;
  LQA_VEC(uint32_t) row;
  LQA_VEC(lqa_str) time;
  LQA_VEC(uint32_t) first_row; /* per item: the row read first, over all sources */
  LQA_VEC(int32_t) truth;      /* per item: number in `truths`, -1 = unknown */
  LQA_VEC(int32_t) gold;       /* per item: number in `labels` */
  LQA_VEC(lqa_str) text;
  LQA_VEC(double) probs;   /* per item n_probs */
  const char **prob_names; /* n_probs columns; NULL = none, or a .npy */
  size_t n_probs;
  lqa_npy npy; /* open where npy.map is set */
} lqa_vote_reader;

/* A file beside the votes: something about every item. */
typedef struct lqa_vote_side {
  const char *path;
  lqa_source *source;
  lqa_source_reader *rows;
  size_t item; /* its item column */
} lqa_vote_side;

/* vote_columns.c: settles every column, and tells what was guessed. */
LQA_MUST_CHECK lqa_status lqa_vote_columns_resolve(lqa_vote_reader *r, lqa_error *err);
/* All names that vote tables' columns usually have; NULL ends. */
extern const char *const lqa_vote_usual_names[];

/* vote_read.c: all rows. */
LQA_MUST_CHECK lqa_status lqa_vote_rows_read(lqa_vote_reader *r, lqa_error *err);
/* LQA_BAD_DATA at the current row. */
LQA_MUST_CHECK lqa_status lqa_vote_fail(const lqa_vote_reader *r, int64_t column, lqa_error *err,
                                        const char *format, ...) LQA_PRINTF(4, 5);
/* A copy in the table's arena; NULL data where memory ran out. */
lqa_str lqa_vote_copy(lqa_vote_reader *r, lqa_str text);
/* Blank, or one of the user's --missing. */
bool lqa_vote_is_missing(const lqa_vote_reader *r, lqa_str text);
/* The number of a label: adds it, or where classes were given LQA_BAD_DATA, "file, row" being the
 * current. -1 for a missing one. */
LQA_MUST_CHECK lqa_status lqa_vote_label_add(lqa_vote_reader *r, int64_t column, lqa_str text,
                                             int32_t *number, lqa_error *err);
/* What a label is called where it is a code that has a name (--class-names, ClassLabel). */
lqa_str lqa_vote_label_name(const lqa_vote_reader *r, lqa_str text);
/* Adds a sentence to the table's notes. */
LQA_MUST_CHECK lqa_status lqa_vote_note(lqa_vote_reader *r, const char *format, ...)
    LQA_PRINTF(2, 3);

/* vote_known.c: truth and gold from files, by item. */
LQA_MUST_CHECK lqa_status lqa_vote_known_load(lqa_vote_reader *r, lqa_error *err);
/* Opens a file that is keyed by item; close it whatever the outcome. `option`: for messages. */
LQA_MUST_CHECK lqa_status lqa_vote_side_open(const lqa_vote_reader *r, const char *option,
                                             const char *path, lqa_vote_side *side, lqa_error *err);
void lqa_vote_side_close(lqa_vote_side *side);
/* The next row's item, -1 for one that nobody labelled; *more false at the end. */
LQA_MUST_CHECK lqa_status lqa_vote_side_next(const lqa_vote_reader *r, lqa_vote_side *side,
                                             int64_t *item, bool *more, lqa_error *err);
/* vote_repeats.c: drops or refuses votes of one annotator on one item. */
LQA_MUST_CHECK lqa_status lqa_vote_repeats_check(lqa_vote_reader *r, lqa_error *err);
/* vote_classes.c: the class set; renumbers votes, truth and gold into the table. */
LQA_MUST_CHECK lqa_status lqa_vote_classes_given(lqa_vote_reader *r, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_vote_classes_finish(lqa_vote_reader *r, lqa_error *err);
/* vote_probs.c: reads a --pred-probs that is a file, by item. */
LQA_MUST_CHECK lqa_status lqa_vote_probs_open(lqa_vote_reader *r, lqa_error *err);
/* The classes that the columns of probabilities are for, in the table's arena: *n = 0 if the labels
 * say. */
LQA_MUST_CHECK lqa_status lqa_vote_probs_classes(lqa_vote_reader *r, lqa_str **classes, size_t *n,
                                                 lqa_error *err);
/* With classes settled: the table's probs. `item_of`: numbers of the items that stay. */
LQA_MUST_CHECK lqa_status lqa_vote_probs_finish(lqa_vote_reader *r, const int32_t *item_of,
                                                lqa_error *err);

#endif
