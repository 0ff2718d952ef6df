/* data/source/source_labels.h - labels as written to labels as meant: missing ones, lists of one,
 * names of codes. Private to data/source. */
#ifndef LQA_DATA_SOURCE_SOURCE_LABELS_H
#define LQA_DATA_SOURCE_SOURCE_LABELS_H

#include "data/source/source_load.h"

/* Elements of a label that is written as a list or an object of one; where it is one, the element
 * itself, unquoted. A label that is no list is its own element. `arena` holds what is unescaped. */
size_t lqa_label_unwrap(lqa_str label, lqa_arena *arena, lqa_str *element);

/* The names of codes: --class-names, else those that a Parquet file brings. */
LQA_MUST_CHECK lqa_status lqa_source_find_class_names(lqa_source *source, lqa_error *err);
/* The label texts of the dataset, cleaned in place. LQA_BAD_DATA: several labels in one cell. */
LQA_MUST_CHECK lqa_status lqa_loader_clean_labels(lqa_loader *loader, lqa_error *err);
/* Warns of classes that look like a missing label. */
void lqa_loader_remark_missing(const lqa_loader *loader);
/* source_unused.c: remarks columns that look like probabilities and are not used. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_loader_remark_probabilities(const lqa_loader *loader, lqa_error *err);

#endif
