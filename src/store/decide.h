/* store/decide.h - people's decisions come back from a file, row by row: what makes sense is
 * recorded, what does not is refused with its reason. */
#ifndef LQA_STORE_DECIDE_H
#define LQA_STORE_DECIDE_H

#include "store/run.h"

typedef struct lqa_refused_answer {
  const char *file;
  int64_t row; /* in the file, 0-based */
  lqa_str row_id;
  const char *reason;
} lqa_refused_answer;

typedef struct lqa_decided {
  int64_t taken, kept, changed; /* decisions recorded; for the given label, for another */
  int64_t withdrawn, known, unsure, empty; /* known: decided so before; nothing recorded */
  LQA_VEC(lqa_refused_answer) refused;     /* texts in the arena */
} lqa_decided;

typedef struct lqa_decide_options {
  lqa_text_list files;
  const char *by; /* whose decisions, where the file does not say; NULL = "review" */
} lqa_decide_options;

/* Reads all files, then records in one transaction: on disk when this returns. The caller makes the
 * run's files again and clears `out`. Errors: a file that cannot be read or holds no decisions. */
LQA_MUST_CHECK lqa_status lqa_run_decide(lqa_run *run, const lqa_decide_options *options,
                                         lqa_arena *arena, lqa_decided *out, lqa_error *err);

#endif
