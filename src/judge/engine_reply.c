/* judge/engine_reply.c - what a reply does: to the books, to the endpoint's pace, to its task.
 *
 * A row gets max_tries tries. Being told "too many requests" costs a try only if the endpoint has
 * answered nothing since the row's last one: a slow endpoint is not a broken one. When several rows
 * in a row have failed and nothing was answered meanwhile, the endpoint is given up.
 */
#include "base/clock.h"
#include "base/message.h"
#include "judge/endpoint.h"
#include "judge/engine.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { ROWS_TO_GIVE_UP = 3, FAILURES_TO_GIVE_UP = 15 };

void lqa_engine_stop(lqa_engine *e, lqa_status why, const char *format, ...) {
  if (e->end != LQA_OK) {
    return;
  }
  char text[900];
  va_list list;
  va_start(list, format);
  lqa_message_format(text, sizeof text, format, list);
  va_end(list);
  e->end = lqa_fail(&e->end_error, why, LQA_WORDS, text);
  e->stopped_at = lqa_clock_seconds();
}

void lqa_engine_settle(lqa_engine *e, lqa_task *task, lqa_task_state state) {
  task->state = (uint8_t)state;
  e->n_settled++;
}

static void note_failure(lqa_engine *e, const lqa_task *task, const char *message) {
  snprintf(e->last_failure, sizeof e->last_failure, "row %lld: %.340s",
           (long long)e->plan->input.items[task->item].row, message);
}

static void fail_row(lqa_engine *e, lqa_task *task, const char *message) {
  lqa_engine_queue *q = &e->queues[task->judge];
  const lqa_plan_judge *judge = &e->plan->judges[task->judge];
  lqa_engine_settle(e, task, LQA_TASK_FAILED);
  e->n_failed++;
  q->rows_failed++;
  note_failure(e, task, message);
  if (q->rows_failed >= ROWS_TO_GIVE_UP &&
      (q->pace->answers == 0 || q->pace->failures >= FAILURES_TO_GIVE_UP)) {
    lqa_engine_stop(e, LQA_BAD_ENDPOINT,
                    "the judge's endpoint %s (model %s) failed %d calls in a row; the last: %s",
                    judge->base_url, judge->model, q->pace->failures, e->last_failure);
  }
}

void lqa_engine_delay(lqa_engine *e, lqa_task *task, double due) {
  lqa_delayed_task later = {task, due};
  if (lqa_vec_push(&e->queues[task->judge].delayed, later) != LQA_OK) {
    e->broken = LQA_NO_MEMORY;
  }
}

void lqa_engine_count_answer(lqa_engine *e, const lqa_task *task) {
  lqa_engine_queue *q = &e->queues[task->judge];
  const lqa_plan_judge *judge = &e->plan->judges[task->judge];
  bool any_left = (int64_t)e->n_settled < e->plan->numbers.to_ask;
  q->n_answers++;
  q->n_unknown += task->reply.verdict == LQA_VERDICT_UNKNOWN;
  if (any_left && lqa_unknown_is_too_much(q->n_unknown, q->n_answers, e->options->max_unknown)) {
    lqa_engine_stop(e, LQA_BAD_ENDPOINT,
                    "%lld of the first %lld answers of %s are UNKNOWN, so no more requests are "
                    "sent (the last: %s). Probably " LQA_WORDS
                    ". " LQA_OPTION_AS("max_unknown", "1") " continues anyway",
                    (long long)q->n_unknown, (long long)q->n_answers, judge->model, task->reply.why,
                    lqa_unknown_advice(task->reply.why));
  }
}

static void tell_answer(const lqa_judge_plan *plan, const lqa_task *task) {
  const lqa_reply *reply = &task->reply;
  char corrected[256] = "";
  if (!plan->options.answered) {
    return;
  }
  if (reply->verdict == LQA_VERDICT_NO && reply->corrected >= 0) {
    lqa_str name = plan->input.classes[reply->corrected].name;
    snprintf(corrected, sizeof corrected, "%.*s", (int)name.size, name.data);
  }
  plan->options.answered(plan->options.answered_data, plan->input.items[task->item].row,
                         lqa_verdict_name(reply->verdict), *corrected ? corrected : NULL);
}

static void keep_answer(lqa_engine *e, lqa_task *task, const lqa_call_outcome *o,
                        const lqa_charge *charge) {
  if (lqa_plan_copy_answer(e->plan, &o->completion, charge, &task->answer) != LQA_OK ||
      lqa_vec_push(&e->stored, task) != LQA_OK) {
    e->broken = LQA_NO_MEMORY;
    return;
  }
  lqa_plan_record_answer(e->plan, task);
  task->cached = false;
  task->has_old = false;
  e->n_settled++;
  lqa_engine_count_answer(e, task);
  tell_answer(e->plan, task);
}

/* Books the call; returns what it was charged as. */
static lqa_charge book(lqa_engine *e, const lqa_flight *f, const lqa_call_outcome *o) {
  lqa_judge_plan *plan = e->plan;
  const lqa_price *price = &plan->judges[f->task->judge].price;
  if (!o->counts) {
    lqa_budget_free(&plan->budget, f->bound_cost);
    return (lqa_charge){0, 0, price->known ? 0 : -1};
  }
  lqa_charge charge = {f->task->bound_in, f->bound_out, f->bound_cost};
  if (o->has_usage) {
    charge.tokens_in = o->completion.tokens_in;
    charge.tokens_out = o->completion.tokens_out;
    charge.cost = lqa_price_cost(price, charge.tokens_in, charge.tokens_out);
  }
  lqa_budget_spend(&plan->budget, f->task->judge, f->bound_cost, charge.cost);
  plan->tokens_in += charge.tokens_in;
  plan->tokens_out += charge.tokens_out;
  plan->n_booked += !o->has_usage;
  charge.cost = price->known ? charge.cost : -1;
  return charge;
}

static void try_later(lqa_engine *e, lqa_task *task, const lqa_call_outcome *o, double now) {
  lqa_engine_queue *q = &e->queues[task->judge];
  bool is_limited = o->kind == LQA_OUTCOME_LIMITED;
  double wait = lqa_backoff(e->options->backoff_seconds, task->tries + 1, &e->rng);
  if (o->wait > e->options->max_wait_seconds) {
    lqa_engine_stop(e, LQA_BAD_ENDPOINT,
                    "the judge's endpoint asks to wait %.0f s (%s); run the command again later: "
                    "all answers so far are kept",
                    o->wait, o->message);
    return;
  }
  if (!isnan(o->wait) && o->wait > wait) {
    wait = o->wait;
  }
  if (is_limited) {
    lqa_pace_pause(q->pace, now, isnan(o->wait) ? e->options->backoff_seconds : o->wait);
  }
  bool is_slow_only = is_limited && q->pace->answers > task->answers_seen;
  task->answers_seen = q->pace->answers;
  task->tries += is_slow_only ? 0 : 1;
  note_failure(e, task, o->message);
  if (task->tries >= e->options->max_tries) {
    fail_row(e, task, o->message);
  } else {
    lqa_engine_delay(e, task, now + wait);
  }
}

/* The next request of this task leaves out what was refused; all others from now on, too. */
static void relearn(lqa_engine *e, lqa_task *task, double now) {
  const lqa_plan_judge *judge = &e->plan->judges[task->judge];
  lqa_error ignored; /* what was learnt stays in memory if it cannot be kept on disk */
  lqa_status status = lqa_cache_set_refused(e->plan->cache, judge->base_url, judge->model,
                                            judge->refused, &ignored);
  (void)status;
  lqa_engine_delay(e, task, now);
}

static void set_pace(lqa_engine_queue *q, const lqa_http_reply *reply, const lqa_call_outcome *o,
                     double now) {
  if (o->kind == LQA_OUTCOME_ANSWER) {
    lqa_pace_answer(q->pace);
    q->rows_failed = 0;
  } else if (o->kind == LQA_OUTCOME_LIMITED) {
    lqa_pace_limited(q->pace, now, 0);
  } else if (o->kind == LQA_OUTCOME_LEARNT) {
    q->pace->open--;
  } else {
    lqa_pace_failure(q->pace);
  }
  if (!isnan(reply->exhausted)) {
    lqa_pace_pause(q->pace, now, reply->exhausted); /* too long a pause ends the run: engine.c */
  }
}

static void act(lqa_engine *e, lqa_task *task, const lqa_call_outcome *o, double now) {
  const lqa_plan_judge *judge = &e->plan->judges[task->judge];
  switch (o->kind) {
  case LQA_OUTCOME_ANSWER:
    return;
  case LQA_OUTCOME_LEARNT:
    relearn(e, task, now);
    return;
  case LQA_OUTCOME_LIMITED:
  case LQA_OUTCOME_RETRY:
    try_later(e, task, o, now);
    break;
  case LQA_OUTCOME_ROW:
    fail_row(e, task, o->message);
    break;
  case LQA_OUTCOME_END:
    lqa_engine_stop(e, LQA_BAD_ENDPOINT, "the judge's endpoint %s (model %s) refuses: %s",
                    judge->base_url, judge->model, o->message);
  }
  if (lqa_vec_push(&e->freed, task) != LQA_OK) {
    e->broken = LQA_NO_MEMORY;
  }
}

void lqa_engine_record_reply(void *data, const lqa_http_reply *reply) {
  lqa_engine *e = data;
  lqa_flight *f = reply->tag;
  lqa_task *task = f->task;
  lqa_plan_judge *judge = &e->plan->judges[task->judge];
  lqa_engine_queue *q = &e->queues[task->judge];
  double now = lqa_clock_seconds();
  lqa_call_outcome o;
  f->is_open = false;
  e->n_open--;
  unsigned refused = f->refused_then;
  lqa_outcome_of(reply, e->options, q->pace->answers > 0, &refused, &o);
  judge->refused |= refused;
  lqa_key_blank(judge->key, o.message, strlen(o.message));
  const lqa_charge charge = book(e, f, &o);
  e->plan->n_errors += o.is_error_status;
  set_pace(q, reply, &o, now);
  if (o.kind == LQA_OUTCOME_ANSWER) {
    keep_answer(e, task, &o, &charge);
  } else {
    act(e, task, &o, now);
  }
  lqa_outcome_clear(&o);
}
