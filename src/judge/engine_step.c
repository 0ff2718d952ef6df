/* judge/engine_step.c - what starts next: chosen within budget and pace, claimed, sent.
 *
 * Retries that are due come before fresh tasks. Everything chosen in a step is claimed in the same
 * transaction that stores the answers of the step before: one fsync for all of it.
 */
#include "base/clock.h"
#include "judge/engine.h"

#define CLAIM_MARGIN_SECONDS 60

static lqa_flight *find_flight(lqa_engine *e) {
  for (size_t i = 0; i < e->n_flights; i++) {
    if (!e->flights[i].is_open) {
      return &e->flights[i];
    }
  }
  return NULL;
}

/* An endpoint that has only ever failed is not tried with one row after the other. */
bool lqa_engine_may_begin(const lqa_engine_queue *q) {
  return q->pace->answers > 0 || q->pace->failures == 0 || q->delayed.n == 0;
}

/* The next task of a judge, taken out of its queue; NULL if none is due. */
static lqa_task *pop_next(lqa_engine *e, int judge, double now) {
  lqa_engine_queue *q = &e->queues[judge];
  for (size_t i = 0; i < q->delayed.n; i++) {
    if (q->delayed.data[i].due <= now) {
      lqa_task *task = q->delayed.data[i].task;
      q->delayed.data[i] = q->delayed.data[--q->delayed.n];
      return task;
    }
  }
  while (lqa_engine_may_begin(q) && q->next < e->plan->n_tasks) {
    lqa_task *task = &e->plan->tasks[q->next++];
    if (task->judge == judge && task->state == LQA_TASK_OPEN) {
      return task;
    }
  }
  return NULL;
}

/* Puts a task back to the front; false only without memory. */
static void put_back(lqa_engine *e, lqa_task *task) {
  lqa_engine_delay(e, task, 0);
}

/* Holds the budget for one task; false if it does not allow it now. */
static bool hold(lqa_engine *e, lqa_task *task, lqa_flight *f) {
  lqa_judge_plan *plan = e->plan;
  f->task = task;
  f->bound_out = lqa_plan_bound_out(plan, task->judge);
  f->bound_cost = lqa_price_cost(&plan->judges[task->judge].price, task->bound_in, f->bound_out);
  f->refused_then = plan->judges[task->judge].refused;
  return lqa_budget_hold(&plan->budget, task->judge, &f->bound_cost);
}

void lqa_engine_choose(lqa_engine *e, double now, bool *short_of_budget) {
  *short_of_budget = false;
  for (int judge = 0; judge < e->options->n_judges; judge++) {
    lqa_engine_queue *q = &e->queues[judge];
    while (e->end == LQA_OK && lqa_pace_may_start(q->pace, now)) {
      lqa_task *task = pop_next(e, judge, now);
      if (!task) {
        break;
      }
      lqa_flight *f = find_flight(e);
      if (!f || !hold(e, task, f)) {
        put_back(e, task);
        *short_of_budget = f != NULL;
        break;
      }
      f->is_open = true;
      e->n_open++;
      lqa_pace_start(q->pace);
      if (lqa_vec_push(&e->chosen, f) != LQA_OK) {
        e->broken = LQA_NO_MEMORY;
        return;
      }
    }
  }
}

static lqa_status store_answers(lqa_engine *e, lqa_error *err) {
  lqa_judge_plan *plan = e->plan;
  for (size_t i = 0; i < e->stored.n; i++) {
    lqa_task *task = e->stored.data[i];
    lqa_cache_question question;
    lqa_plan_question(plan, task, &question);
    LQA_TRY(lqa_cache_store(plan->cache, &task->key, &question, &task->answer, err));
  }
  for (size_t i = 0; i < e->freed.n; i++) {
    LQA_TRY(lqa_cache_release(plan->cache, &e->freed.data[i]->key, err));
  }
  return LQA_OK;
}

/* Takes a flight that did not start out of the books. */
static void cancel_flight(lqa_engine *e, lqa_flight *f) {
  lqa_budget_free(&e->plan->budget, f->bound_cost);
  e->queues[f->task->judge].pace->open--;
  f->is_open = false;
  e->n_open--;
}

static lqa_status act_on_claim(lqa_engine *e, lqa_flight *f, lqa_claim claim, lqa_error *err) {
  bool found;
  cancel_flight(e, f);
  switch (claim) {
  case LQA_CLAIM_ANSWERED:
    LQA_TRY(lqa_plan_read_cache(e->plan, f->task, &found, err));
    e->n_settled++;
    break;
  case LQA_CLAIM_BATCH:
    lqa_engine_settle(e, f->task, LQA_TASK_BATCH);
    break;
  default:
    lqa_engine_delay(e, f->task, lqa_clock_seconds() + LQA_TURN_SECONDS);
  }
  return LQA_OK;
}

/* Claims what was chosen; only what is ours stays in `chosen`. */
static lqa_status claim_chosen(lqa_engine *e, lqa_error *err) {
  lqa_judge_plan *plan = e->plan;
  lqa_claim_terms terms = {e->options->timeout_seconds + CLAIM_MARGIN_SECONDS,
                           e->options->retry_unknown ? plan->started_ms : 0};
  size_t n = 0;
  lqa_status status = LQA_OK;
  for (size_t i = 0; i < e->chosen.n; i++) {
    lqa_flight *f = e->chosen.data[i];
    lqa_claim claim = LQA_CLAIM_BUSY;
    if (status == LQA_OK) {
      status = lqa_cache_claim(plan->cache, &f->task->key, &terms, &claim, err);
    }
    if (status == LQA_OK && claim == LQA_CLAIM_TAKEN) {
      e->chosen.data[n++] = f;
      e->busy_until = 0;
    } else if (status == LQA_OK) {
      status = act_on_claim(e, f, claim, err);
    } else {
      cancel_flight(e, f);
    }
  }
  e->chosen.n = n;
  return status;
}

lqa_status lqa_engine_commit(lqa_engine *e, lqa_error *err) {
  lqa_cache *cache = e->plan->cache;
  if (e->stored.n + e->freed.n + e->chosen.n == 0) {
    return LQA_OK;
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_cache_begin(cache, err));
  LQA_TRY_OUT(store_answers(e, err));
  LQA_TRY_OUT(claim_chosen(e, err));
  status = lqa_cache_commit(cache, err);
out:
  if (status != LQA_OK) {
    lqa_cache_roll_back(cache);
    for (size_t i = 0; i < e->chosen.n; i++) {
      if (e->chosen.data[i]->is_open) {
        cancel_flight(e, e->chosen.data[i]);
      }
    }
    e->chosen.n = 0;
    return status; /* what could not be stored stays in `stored` */
  }
  e->stored.n = e->freed.n = 0;
  return LQA_OK;
}

lqa_status lqa_engine_send(lqa_engine *e, lqa_error *err) {
  for (size_t i = 0; i < e->chosen.n; i++) {
    lqa_flight *f = e->chosen.data[i];
    const lqa_task *task = f->task;
    const lqa_plan_judge *judge = &e->plan->judges[task->judge];
    lqa_buf_reset(&f->body);
    if (lqa_plan_write_request(e->plan, task, &e->scratch, &f->body) != LQA_OK) {
      return lqa_fail_memory(err, "writing a request");
    }
    lqa_http_request request = {.url = judge->url,
                                .key = judge->key,
                                .content_type = "application/json",
                                .body = lqa_buf_str(&f->body),
                                .timeout_seconds = e->options->timeout_seconds,
                                .tag = f,
                                .item = &e->plan->input.items[task->item],
                                .judge = task->judge,
                                .repeat = task->repeat};
    LQA_TRY(e->transport->start(e->transport->self, &request, err));
  }
  e->chosen.n = 0;
  return LQA_OK;
}
