/* store/run_rate.h - the error rate of a run from rows that were judged in phases
 * (trust/phase_rate.h). */
#ifndef LQA_STORE_RUN_RATE_H
#define LQA_STORE_RUN_RATE_H

#include "store/run.h"
#include "trust/phase_rate.h"

/* The rows of which a column says one thing: annotator "bob", split "test". */
typedef struct lqa_slice_rate {
  const char *column; /* "annotator", "source file", "split", "source", "group" */
  lqa_str value;
  lqa_interval rate;
} lqa_slice_rate;

enum { LQA_MAX_SLICE_RATES = 250 };

typedef struct lqa_run_rate {
  lqa_phase_rate rate; /* rate.n = 0: no rows were drawn, or nothing follows from them */
  int64_t n_frame;     /* rows that it speaks for: with content and a known label */
  /* Of all wrong labels, the share among suspicious rows (flagged, or marked by an error finding);
   * n = 0: not known. Its ends combine those of two rates, so it is wider than need be. */
  lqa_interval recall;
  /* By column; in each the most verified first. Those with at least LQA_RATE_MIN_ROWS verified. */
  lqa_slice_rate *slices;
  int64_t n_slices;
} lqa_run_rate;

/* Of the judging in phases with most verified rows; a person's decision about such a row comes
 * before the judge's verdict. A judge that is constant or hardly better than chance gives no rate.
 * Arrays live in `arena`. */
LQA_MUST_CHECK lqa_status lqa_run_rate_of(const lqa_run *run, lqa_arena *arena, lqa_run_rate *out,
                                          lqa_error *err);

#endif
