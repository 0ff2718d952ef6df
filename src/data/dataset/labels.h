/* data/dataset/labels.h - from label texts to class codes.
 *
 * The class set is what the user gave, in that order; else what occurs: in numeric order if all
 * labels are integers (equal numbers written differently stay apart, ordered by their text), else
 * by code point.
 */
#ifndef LQA_DATA_DATASET_LABELS_H
#define LQA_DATA_DATASET_LABELS_H

#include "base/map.h"
#include "data/dataset/dataset.h"

/* Sorts `classes` in class order, in place. */
void lqa_labels_sort(lqa_str *classes, size_t n);
/* True where all of them are integers, of any size. */
bool lqa_labels_are_integers(const lqa_str *classes, size_t n);
/* The distinct labels of label_text, in order of first appearance; borrows from the data set. */
LQA_MUST_CHECK lqa_status lqa_labels_collect(const lqa_dataset *dataset, lqa_map **labels);
/* Fills label, classes, n_classes and classes_given of `dataset` from its label_text. `given` NULL:
 * what occurs. LQA_BAD_USAGE when a given class is empty or repeated. */
LQA_MUST_CHECK lqa_status lqa_labels_encode(lqa_dataset *dataset, const lqa_str *given,
                                            int32_t n_given, lqa_error *err);

/* The classes of a file, one a line, taken as they are (a carriage return at a line's end apart);
 * they live in `arena`. LQA_BAD_DATA if it names none. */
LQA_MUST_CHECK lqa_status lqa_classes_load(const char *path, lqa_arena *arena, lqa_str **classes,
                                           int32_t *n, lqa_error *err);

#endif
