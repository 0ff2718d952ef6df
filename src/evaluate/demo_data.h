/* evaluate/demo_data.h - the demo's clean data: AG News' official test split where it is at hand or
 * may be fetched, else a made-up corpus. */
#ifndef LQA_EVALUATE_DEMO_DATA_H
#define LQA_EVALUATE_DEMO_DATA_H

#include "base/observer.h"
#include "data/dataset/dataset.h"

enum { LQA_DEMO_CLASSES = 4 };
extern const char *const lqa_demo_class_names[LQA_DEMO_CLASSES];

typedef struct lqa_demo_options {
  const char *data; /* the split as CSV, or a folder that holds it; NULL: neither */
  bool download;    /* fetch it from its public home */
  int n_threads;
  uint64_t seed;
  const lqa_observer *observer;
} lqa_demo_options;

/* The clean data, and in `about` a sentence that says what it is. */
LQA_MUST_CHECK lqa_status lqa_demo_data_load(const lqa_demo_options *options, char about[256],
                                             lqa_dataset **out, lqa_error *err);

#endif
