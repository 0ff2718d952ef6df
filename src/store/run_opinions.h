/* store/run_opinions.h - what people and judges said of a run's rows, as the posterior takes it. */
#ifndef LQA_STORE_RUN_OPINIONS_H
#define LQA_STORE_RUN_OPINIONS_H

#include "base/vec.h"
#include "store/run.h"

/* A judge: a model at an endpoint. Both live in the run's arena. */
typedef struct lqa_run_judge {
  const char *model, *base_url;
} lqa_run_judge;

typedef struct lqa_run_opinions {
  LQA_VEC(lqa_opinion) items;   /* ascending by row */
  LQA_VEC(const char *) judges; /* their models */
  LQA_VEC(lqa_run_judge) keys;  /* beside `judges` */
} lqa_run_opinions;

/* Rows that take part: row[number] is the run's, number[row] the other way round, -1 = none. */
typedef struct lqa_run_numbers {
  const int64_t *row, *number;
  int64_t n;
} lqa_run_numbers;

/* `out` zeroed before, cleared by the caller whatever the status. LQA_NO_MEMORY, LQA_BAD_FILE. */
LQA_MUST_CHECK lqa_status lqa_run_opinions_list(lqa_run *run, const lqa_run_numbers *numbers,
                                                lqa_run_opinions *out, lqa_error *err);
void lqa_run_opinions_clear(lqa_run_opinions *opinions);

#endif
