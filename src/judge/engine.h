/* judge/engine.h - the inside of the loop that spends money, shared by its three files: engine.c
 * runs the loop, engine_step.c chooses, claims and sends, engine_reply.c takes what comes back.
 */
#ifndef LQA_JUDGE_ENGINE_H
#define LQA_JUDGE_ENGINE_H

#include "base/vec.h"
#include "judge/outcome.h"
#include "judge/plan.h"
#include "judge/ratelimit.h"

#define LQA_TURN_SECONDS 0.25

/* An open request. */
typedef struct lqa_flight {
  struct lqa_engine *engine;
  lqa_task *task;
  lqa_buf body;
  int64_t bound_cost, bound_out;
  unsigned refused_then; /* what was left out when it was sent */
  bool is_open;
} lqa_flight;

typedef struct lqa_delayed_task {
  lqa_task *task;
  double due;
} lqa_delayed_task;

/* A judge's queue: retries that are due come before fresh tasks. */
typedef struct lqa_engine_queue {
  size_t next; /* in plan->tasks */
  LQA_VEC(lqa_delayed_task) delayed;
  lqa_pace *pace;
  int rows_failed;              /* since the endpoint's last answer */
  int64_t n_answers, n_unknown; /* of the plan, the cache's included */
} lqa_engine_queue;

typedef struct lqa_engine {
  lqa_judge_plan *plan;
  const lqa_judge_options *options;
  lqa_transport *transport;
  lqa_engine_queue queues[LQA_JUDGE_MAX_JUDGES];
  lqa_pace paces[LQA_JUDGE_MAX_JUDGES];
  lqa_flight *flights;
  size_t n_flights, n_open;
  LQA_VEC(lqa_flight *) chosen; /* to be claimed and sent in this step */
  LQA_VEC(lqa_task *) stored;   /* answers to be stored in this step */
  LQA_VEC(lqa_task *) freed;    /* claims to be dropped in this step */
  lqa_buf scratch;              /* for writing requests */
  lqa_rng rng;                  /* jitter only */
  lqa_status end;               /* why no more requests start; LQA_OK = go on */
  lqa_error end_error;
  lqa_status broken; /* the loop itself failed (memory) */
  char last_failure[400];
  size_t n_settled, n_failed;
  double stopped_at, busy_until;
} lqa_engine;

/* Ends the run: no more requests start, the open ones may answer. The first reason counts. */
void lqa_engine_stop(lqa_engine *e, lqa_status why, const char *format, ...) LQA_PRINTF(3, 4);
/* Puts a task off until `due`. */
void lqa_engine_delay(lqa_engine *e, lqa_task *task, double due);
/* A task will not be asked again in this run. */
void lqa_engine_settle(lqa_engine *e, lqa_task *task, lqa_task_state state);

/* Counts an answer of the plan; too many UNKNOWN end the run, if something is left to ask. */
void lqa_engine_count_answer(lqa_engine *e, const lqa_task *task);

/* Takes one reply: books it, keeps the answer or decides what becomes of its task. `data` is the
 * engine. */
void lqa_engine_record_reply(void *data, const lqa_http_reply *reply);

/* Whether a judge may be asked about a row that it was not asked about before. */
bool lqa_engine_may_begin(const lqa_engine_queue *q);
/* Chooses what starts in this step. *short_of_budget: something would, but for the budget. */
void lqa_engine_choose(lqa_engine *e, double now, bool *short_of_budget);
/* One transaction: stores answers, drops claims, claims what was chosen. */
LQA_MUST_CHECK lqa_status lqa_engine_commit(lqa_engine *e, lqa_error *err);
/* Sends what was chosen and claimed. */
LQA_MUST_CHECK lqa_status lqa_engine_send(lqa_engine *e, lqa_error *err);

#endif
