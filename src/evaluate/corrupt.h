/* evaluate/corrupt.h - plants known errors into clean data, for measuring the audits.
 *
 * Works on a dataset's labels and yields a plan: which source row each output row comes from, its
 * corrupted label, and the kind of corruption. Writing it out is the caller's (api/api_corrupt.c).
 * Kinds never overlap. Rates are fractions of all rows drawn; counts round to the nearest.
 */
#ifndef LQA_EVALUATE_CORRUPT_H
#define LQA_EVALUATE_CORRUPT_H

#include "data/dataset/dataset.h"

typedef enum lqa_corruption {
  LQA_CORRUPT_CLEAN,
  LQA_CORRUPT_OFF_BY_ONE,      /* the next class in class order, modulo K */
  LQA_CORRUPT_RANDOM_FLIP,     /* uniformly another class */
  LQA_CORRUPT_SYSTEMATIC,      /* classes A and B swapped */
  LQA_CORRUPT_ROW_SHIFT,       /* one block of rows, each with the label of the row above */
  LQA_CORRUPT_STRUCTURAL_NULL, /* content emptied */
  LQA_CORRUPT_STRUCTURAL_DUP,  /* a copy of another row, under another label, added at the end */
  LQA_CORRUPT_STRUCTURAL_ENUM, /* label "MISC" */
  LQA_CORRUPT_COUNT
} lqa_corruption;

/* "clean", "off_by_one", ... as the corruption column spells it. */
const char *lqa_corruption_name(lqa_corruption corruption);
/* The number of a name, or -1. */
int lqa_corruption_parse(lqa_str name);
static inline bool lqa_corruption_is_structural(lqa_corruption corruption) {
  return corruption >= LQA_CORRUPT_STRUCTURAL_NULL;
}

typedef struct lqa_swap {
  int32_t a, b; /* classes */
  double rate;
} lqa_swap;

typedef struct lqa_corrupt_options {
  int64_t sample; /* rows to draw first, in source order; 0 = all */
  double off_by_one, random_flip, row_shift;
  const lqa_swap *swaps;
  size_t n_swaps;
  int64_t null_content, duplicate_conflict, unknown_label;
  uint64_t seed;
} lqa_corrupt_options;

/* One entry per output row; owned arrays. */
typedef struct lqa_corrupt_plan {
  int64_t n_rows;
  int64_t *source_row; /* ascending, then the planted duplicates */
  int32_t *label;      /* class code; LQA_LABEL_UNKNOWN means "MISC", LQA_LABEL_NULL stays NULL */
  uint8_t *kind;       /* lqa_corruption */
  int64_t counts[LQA_CORRUPT_COUNT];
} lqa_corrupt_plan;

/* Errors: LQA_BAD_USAGE where there are too few candidate rows for what is asked. */
LQA_MUST_CHECK lqa_status lqa_corrupt_plan_make(const lqa_dataset *dataset,
                                                const lqa_corrupt_options *options,
                                                lqa_corrupt_plan *plan, lqa_error *err);
void lqa_corrupt_plan_clear(lqa_corrupt_plan *plan);

#endif
