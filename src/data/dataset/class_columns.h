/* data/dataset/class_columns.h - which class a column of given probabilities is for: the one rule
 * of `audit` and of `annotators`.
 *
 * Columns are named by class where, a common prefix apart ("p_World", "p_Sports"), no name is
 * empty, none occurs twice, and each label is one of them. Where no label is, they stand in class
 * order. What lies between would put probabilities under the wrong classes without a word, and is
 * an error. Columns of a .npy have no names: with integer labels column k is class k. */
#ifndef LQA_DATA_DATASET_CLASS_COLUMNS_H
#define LQA_DATA_DATASET_CLASS_COLUMNS_H

#include "base/arena.h"
#include "base/map.h"

typedef struct lqa_class_columns {
  const char *const *columns; /* their names as the file has them */
  size_t n;
  lqa_str *name; /* the caller's, n: what is left of each, where is_named */
  bool is_named; /* by class */
} lqa_class_columns;

/* Sets name and is_named. `labels`: the classes that were given, else the labels that occur.
 * LQA_BAD_DATA where only some of them are named. */
LQA_MUST_CHECK lqa_status lqa_class_columns_match(lqa_class_columns *columns, const lqa_map *labels,
                                                  lqa_error *err);
/* class_of[i] = the class of column i; there are as many classes as columns. */
LQA_MUST_CHECK lqa_status lqa_class_columns_number(const lqa_class_columns *columns,
                                                   const lqa_str *classes, int32_t *class_of);

/* Of two classes the one that a single column of probabilities is for: that which its name ends in
 * (the longer where it ends in both), else the second, as classifiers give it. */
int lqa_class_columns_positive(const char *column, const lqa_str classes[2]);

/* Whether all labels are integers, each written in the plain way, and there are some. */
bool lqa_class_columns_are_integers(const lqa_map *labels);
/* The classes 0 to n - 1, in `arena`; NULL if no memory. */
lqa_str *lqa_class_columns_integers(lqa_arena *arena, int64_t n);

#endif
