/* judge/plan.h - the plan's inside, shared by the files of this layer: plan.c makes it, engine.c
 * asks, fold.c combines, batch.c takes the long way round.
 */
#ifndef LQA_JUDGE_PLAN_H
#define LQA_JUDGE_PLAN_H

#include "base/arena.h"
#include "judge/budget.h"
#include "judge/cache.h"
#include "judge/prompt.h"
#include "judge/wire.h"

typedef enum lqa_task_state {
  LQA_TASK_OPEN,     /* to be asked */
  LQA_TASK_ANSWERED, /* `answer` is set */
  LQA_TASK_FAILED,   /* no answer after all tries */
  LQA_TASK_BATCH     /* waits in a submitted batch */
} lqa_task_state;

/* One question: an item, a judge, a repeat. */
typedef struct lqa_task {
  uint32_t item;
  uint8_t judge, repeat;
  uint8_t state; /* lqa_task_state */
  bool cached;   /* answered without spending in this run */
  bool has_old;  /* `answer` is an UNKNOWN of an earlier run, until a new one comes */
  uint8_t tries;
  int64_t bound_in; /* tokens of the prompt at most */
  lqa_cache_key key;
  char prompt_hash[65];
  int64_t answers_seen; /* of the endpoint, at the last try */
  lqa_cache_answer answer;
  lqa_reply reply; /* what the answer comes to */
} lqa_task;

/* A judge as the plan uses it. */
typedef struct lqa_plan_judge {
  char *base_url, *url; /* normalised; of the completions */
  const char *model, *key;
  lqa_price price;
  unsigned refused; /* request fields, as known so far */
} lqa_plan_judge;

struct lqa_judge_plan {
  lqa_judge_input input;     /* borrowed */
  lqa_judge_options options; /* borrowed texts */
  lqa_label_book book;
  lqa_prompt_form form;
  size_t longest_class;
  char settings[160];
  lqa_plan_judge judges[LQA_JUDGE_MAX_JUDGES];
  lqa_cache *cache;
  lqa_arena arena; /* answers' texts */
  lqa_task *tasks; /* item-major, judges inside, repeats after */
  size_t n_tasks;
  uint32_t *task_of; /* n_items x n_judges x repeats: the task that answers it (questions that are
                           the same share one), or LQA_NO_TASK */
  uint8_t *text_was_cut; /* per item */
  lqa_judge_numbers numbers;
  lqa_budget budget;
  int64_t started_ms;
  int64_t n_errors, n_booked, n_lost; /* requests */
  int64_t tokens_in, tokens_out;      /* spent in this run */
};

enum { LQA_NO_TASK = 0xFFFFFFFF };

/* The task for (item, judge, repeat), or NULL where that is not asked. */
lqa_task *lqa_plan_task(const lqa_judge_plan *plan, size_t item, int judge, int repeat);

/* Fills what the cache keeps beside the answer. */
void lqa_plan_question(const lqa_judge_plan *plan, const lqa_task *task,
                       lqa_cache_question *question);

/* Appends the request body of a task; `scratch` is a buffer that it may use. */
LQA_MUST_CHECK lqa_status lqa_plan_write_request(const lqa_judge_plan *plan, const lqa_task *task,
                                                 lqa_buf *scratch, lqa_buf *out);

/* What a task may cost at most, in tokens. */
int64_t lqa_plan_bound_out(const lqa_judge_plan *plan, int judge);

/* What an answer was charged as; cost in pico-dollars, -1 = price unknown. */
typedef struct lqa_charge {
  int64_t tokens_in, tokens_out, cost;
} lqa_charge;

/* Makes an answer to keep out of a completion: texts are copied into the plan's arena, with every
 * key of the plan's judges blanked out. LQA_OK or LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_plan_copy_answer(lqa_judge_plan *plan, const lqa_completion *c,
                                               const lqa_charge *charge, lqa_cache_answer *out);

/* Sets task->reply from task->answer and marks it answered. */
void lqa_plan_record_answer(const lqa_judge_plan *plan, lqa_task *task);

/* LQA_BAD_USAGE where an endpoint that needs a key has none. */
LQA_MUST_CHECK lqa_status lqa_plan_check_keys(const lqa_judge_plan *plan, lqa_error *err);

/* Looks the task up in the cache again: another process answered it. */
LQA_MUST_CHECK lqa_status lqa_plan_read_cache(lqa_judge_plan *plan, lqa_task *task, bool *found,
                                              lqa_error *err);

#endif
