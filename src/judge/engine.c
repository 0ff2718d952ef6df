/* judge/engine.c - asks what is left of a plan: the loop that spends money.
 *
 * One thread. Each turn: take the replies that came in; choose what starts next (held against the
 * budget, allowed by the endpoint's pace); in ONE transaction store the answers and claim the next
 * questions; then send those. So an answer is on disk before its slot asks again, a question is claimed
 * before it is sent, and a turn costs one fsync however many replies it took in.
 *
 * A kill loses at most the requests that were open; their claims stay behind and are counted as lost by
 * the next run. A cancel stops new requests, lets open ones answer (drain), and keeps all of it.
 *
 * A row gets max_tries tries. Being told "too many requests" costs a try only if the endpoint has
 * answered nothing since the row's last one: a slow endpoint is not a broken one. When several rows in a
 * row have failed and nothing was answered meanwhile, the endpoint is given up.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "base/vec.h"
#include "judge/client.h"
#include "judge/endpoint.h"
#include "judge/outcome.h"
#include "judge/plan.h"
#include "judge/ratelimit.h"
#include "judge/request.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { MAX_REQUEST_BYTES = 256 << 20, ROWS_TO_GIVE_UP = 3, FAILURES_TO_GIVE_UP = 15 };
#define TURN_SECONDS 0.25
#define CLAIM_MARGIN_SECONDS 60

/* An open request. */
typedef struct flight {
  struct engine *engine;
  lqa_task *task;
  lqa_buf body;
  int64_t bound_cost, bound_out;
  unsigned refused_then; /* what was left out when it was sent */
  bool is_open;
} flight;

typedef struct delayed {
  lqa_task *task;
  double due;
} delayed;

/* A judge's queue: retries that are due come before fresh tasks. */
typedef struct queue {
  size_t next; /* in plan->tasks */
  LQA_VEC(delayed) delayed;
  lqa_pace *pace;
  int rows_failed; /* since the endpoint's last answer */
} queue;

typedef struct engine {
  lqa_judge_plan *plan;
  const lqa_judge_options *options;
  lqa_transport *transport;
  queue queues[LQA_JUDGE_MAX_JUDGES];
  lqa_pace paces[LQA_JUDGE_MAX_JUDGES];
  flight *flights;
  size_t n_flights, n_open;
  LQA_VEC(flight *) chosen;   /* to be claimed and sent in this turn */
  LQA_VEC(lqa_task *) stored; /* answers to be stored in this turn */
  LQA_VEC(lqa_task *) freed;  /* claims to be dropped in this turn */
  lqa_rng rng;                /* jitter only */
  lqa_status end;             /* why no more requests start; LQA_OK = go on */
  lqa_error end_error;
  lqa_status broken; /* the loop itself failed (memory) */
  char last_failure[400];
  size_t n_settled, n_failed;
  double stopped_at, busy_until;
} engine;

/* ---- ends ---- */

static void stop(engine *e, lqa_status why, const char *format, ...) LQA_PRINTF(3, 4);

/* The first reason counts. */
static void stop(engine *e, lqa_status why, const char *format, ...) {
  if (e->end != LQA_OK) {
    return;
  }
  char text[900];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  e->end = lqa_fail(&e->end_error, why, "%s", text);
  e->stopped_at = lqa_clock_seconds();
}

static void settle(engine *e, lqa_task *task, lqa_task_state state) {
  task->state = (uint8_t)state;
  e->n_settled++;
}

static void fail_row(engine *e, lqa_task *task, const char *message) {
  queue *q = &e->queues[task->judge];
  const lqa_plan_judge *judge = &e->plan->judges[task->judge];
  settle(e, task, LQA_TASK_FAILED);
  e->n_failed++;
  q->rows_failed++;
  snprintf(e->last_failure, sizeof e->last_failure, "row %lld: %.340s",
           (long long)e->plan->input.items[task->item].row, message);
  if (q->rows_failed >= ROWS_TO_GIVE_UP &&
      (q->pace->answers == 0 || q->pace->failures >= FAILURES_TO_GIVE_UP)) {
    stop(e, LQA_BAD_ENDPOINT,
         "the judge's endpoint %s (model %s) failed %d calls in a row; the last: %s",
         judge->base_url, judge->model, q->pace->failures, e->last_failure);
  }
}

static void delay(engine *e, lqa_task *task, double due) {
  delayed later = {task, due};
  if (lqa_vec_push(&e->queues[task->judge].delayed, later) != LQA_OK) {
    e->broken = LQA_NO_MEMORY;
  }
}

/* ---- replies ---- */

static void keep_answer(engine *e, lqa_task *task, const lqa_outcome *o, int64_t cost,
                        const int64_t tokens[2]) {
  lqa_judge_plan *plan = e->plan;
  const lqa_completion *c = &o->completion;
  const char *key = plan->judges[task->judge].key;
  char *content = lqa_arena_copy(&plan->arena, c->content, c->content_size);
  char *model = lqa_arena_copy(&plan->arena, c->model, strlen(c->model));
  char *finish = lqa_arena_copy(&plan->arena, c->finish, strlen(c->finish));
  char *fingerprint = lqa_arena_copy(&plan->arena, c->fingerprint, strlen(c->fingerprint));
  if (!content || !model || !finish || !fingerprint || lqa_vec_push(&e->stored, task) != LQA_OK) {
    e->broken = LQA_NO_MEMORY;
    return;
  }
  /* A server may echo the header; nothing that we keep holds the key. */
  lqa_key_blank(key, content, c->content_size);
  lqa_key_blank(key, model, strlen(model));
  lqa_key_blank(key, finish, strlen(finish));
  lqa_key_blank(key, fingerprint, strlen(fingerprint));
  task->answer = (lqa_cache_answer){.content = {content, c->content_size},
                                    .end = c->end,
                                    .finish = finish,
                                    .reply_model = model,
                                    .fingerprint = fingerprint,
                                    .tokens_in = tokens[0],
                                    .tokens_out = tokens[1],
                                    .cost = cost,
                                    .asked_ms = lqa_cache_now_ms()};
  lqa_plan_take_answer(plan, task);
  task->cached = false;
  task->has_old = false;
  e->n_settled++;
}

/* Books the call; cost and tokens as charged. */
static int64_t book(engine *e, const flight *f, const lqa_outcome *o, int64_t tokens[2]) {
  lqa_judge_plan *plan = e->plan;
  const lqa_price *price = &plan->judges[f->task->judge].price;
  tokens[0] = o->has_usage ? o->completion.tokens_in : f->task->bound_in;
  tokens[1] = o->has_usage ? o->completion.tokens_out : f->bound_out;
  if (!o->counts) {
    tokens[0] = tokens[1] = 0;
    lqa_budget_free(&plan->budget, f->bound_cost);
    return price->known ? 0 : -1;
  }
  int64_t cost = o->has_usage ? lqa_price_cost(price, tokens[0], tokens[1]) : f->bound_cost;
  lqa_budget_spend(&plan->budget, f->task->judge, f->bound_cost, cost);
  plan->tokens_in += tokens[0];
  plan->tokens_out += tokens[1];
  plan->n_booked += !o->has_usage;
  return price->known ? cost : -1;
}

static void try_later(engine *e, lqa_task *task, const lqa_outcome *o, double now) {
  queue *q = &e->queues[task->judge];
  bool is_limited = o->kind == LQA_OUTCOME_LIMITED;
  double wait = lqa_backoff(e->options->backoff_seconds, task->tries + 1, &e->rng);
  if (o->wait > e->options->max_wait_seconds) {
    stop(e, LQA_BAD_ENDPOINT,
         "the judge's endpoint asks to wait %.0f s (%s); run the command again later: what was "
         "answered "
         "is kept",
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
  if (task->tries >= e->options->max_tries) {
    fail_row(e, task, o->message);
  } else {
    delay(e, task, now + wait);
  }
}

/* The next request of this task leaves out what was refused; all others from now on, too. */
static void relearn(engine *e, lqa_task *task, double now) {
  const lqa_plan_judge *judge = &e->plan->judges[task->judge];
  lqa_error ignored; /* what was learnt stays in memory if it cannot be kept on disk */
  lqa_status status = lqa_cache_set_refused(e->plan->cache, judge->base_url, judge->model,
                                            judge->refused, &ignored);
  (void)status;
  delay(e, task, now);
}

static void set_pace(engine *e, queue *q, const lqa_http_reply *reply, const lqa_outcome *o,
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
    double most = e->options->max_wait_seconds;
    lqa_pace_pause(q->pace, now, reply->exhausted < most ? reply->exhausted : most);
  }
}

static void act(engine *e, lqa_task *task, const lqa_outcome *o, double now) {
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
    stop(e, LQA_BAD_ENDPOINT, "the judge's endpoint %s (model %s) refuses: %s", judge->base_url,
         judge->model, o->message);
  }
  if (lqa_vec_push(&e->freed, task) != LQA_OK) {
    e->broken = LQA_NO_MEMORY;
  }
}

static void on_reply(void *data, const lqa_http_reply *reply) {
  engine *e = data;
  flight *f = reply->tag;
  lqa_task *task = f->task;
  lqa_plan_judge *judge = &e->plan->judges[task->judge];
  queue *q = &e->queues[task->judge];
  double now = lqa_clock_seconds();
  int64_t tokens[2];
  lqa_outcome o;
  f->is_open = false;
  e->n_open--;
  unsigned refused = f->refused_then;
  lqa_outcome_of(reply, e->options, q->pace->answers > 0, &refused, &o);
  judge->refused |= refused;
  lqa_key_blank(judge->key, o.message, strlen(o.message));
  int64_t cost = book(e, f, &o, tokens);
  e->plan->n_errors += o.is_error_status;
  set_pace(e, q, reply, &o, now);
  if (o.kind == LQA_OUTCOME_ANSWER) {
    keep_answer(e, task, &o, cost, tokens);
  } else {
    act(e, task, &o, now);
  }
  lqa_outcome_clear(&o);
}

/* ---- choosing ---- */

static flight *find_flight(engine *e) {
  for (size_t i = 0; i < e->n_flights; i++) {
    if (!e->flights[i].is_open) {
      return &e->flights[i];
    }
  }
  return NULL;
}

/* The next task of a judge, taken out of its queue; NULL if none is due. */
static lqa_task *take_next(engine *e, int judge, double now) {
  queue *q = &e->queues[judge];
  for (size_t i = 0; i < q->delayed.n; i++) {
    if (q->delayed.data[i].due <= now) {
      lqa_task *task = q->delayed.data[i].task;
      q->delayed.data[i] = q->delayed.data[--q->delayed.n];
      return task;
    }
  }
  /* An endpoint that has never answered is not tried with one row after the other. */
  bool may_begin = q->pace->answers > 0 || q->delayed.n == 0;
  while (may_begin && q->next < e->plan->n_tasks) {
    lqa_task *task = &e->plan->tasks[q->next++];
    if (task->judge == judge && task->state == LQA_TASK_OPEN) {
      return task;
    }
  }
  return NULL;
}

/* Puts a task back to the front; false only without memory. */
static void put_back(engine *e, lqa_task *task) {
  delay(e, task, 0);
}

/* Holds the budget for one task; false if it does not allow it now. */
static bool hold(engine *e, lqa_task *task, flight *f) {
  lqa_judge_plan *plan = e->plan;
  f->task = task;
  f->bound_out = lqa_plan_bound_out(plan, task->judge);
  f->bound_cost = lqa_price_cost(&plan->judges[task->judge].price, task->bound_in, f->bound_out);
  f->refused_then = plan->judges[task->judge].refused;
  return lqa_budget_hold(&plan->budget, task->judge, &f->bound_cost);
}

/* Fills `chosen`. *short_of_budget: something would start but for the budget. */
static void choose(engine *e, double now, bool *short_of_budget) {
  *short_of_budget = false;
  for (int judge = 0; judge < e->options->n_judges; judge++) {
    queue *q = &e->queues[judge];
    while (e->end == LQA_OK && lqa_pace_may_start(q->pace, now)) {
      lqa_task *task = take_next(e, judge, now);
      if (!task) {
        break;
      }
      flight *f = find_flight(e);
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

/* ---- the transaction ---- */

static lqa_status store_answers(engine *e, lqa_error *err) {
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
static void cancel_flight(engine *e, flight *f) {
  lqa_budget_free(&e->plan->budget, f->bound_cost);
  e->queues[f->task->judge].pace->open--;
  f->is_open = false;
  e->n_open--;
}

static lqa_status act_on_claim(engine *e, flight *f, lqa_claim claim, lqa_error *err) {
  bool found;
  cancel_flight(e, f);
  switch (claim) {
  case LQA_CLAIM_ANSWERED:
    LQA_TRY(lqa_plan_read_cache(e->plan, f->task, &found, err));
    e->n_settled++;
    break;
  case LQA_CLAIM_BATCH:
    settle(e, f->task, LQA_TASK_BATCH);
    break;
  default:
    delay(e, f->task, lqa_clock_seconds() + TURN_SECONDS);
  }
  return LQA_OK;
}

/* Claims what was chosen; only what is ours stays in `chosen`. */
static lqa_status claim_chosen(engine *e, lqa_error *err) {
  lqa_judge_plan *plan = e->plan;
  int64_t newer = e->options->retry_unknown ? plan->started_ms : 0;
  size_t n = 0;
  lqa_status status = LQA_OK;
  for (size_t i = 0; i < e->chosen.n; i++) {
    flight *f = e->chosen.data[i];
    lqa_claim claim = LQA_CLAIM_BUSY;
    if (status == LQA_OK) {
      status =
          lqa_cache_claim(plan->cache, &f->task->key,
                          e->options->timeout_seconds + CLAIM_MARGIN_SECONDS, newer, &claim, err);
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

static lqa_status commit_turn(engine *e, lqa_error *err) {
  lqa_cache *cache = e->plan->cache;
  if (e->stored.n + e->freed.n + e->chosen.n == 0) {
    return LQA_OK;
  }
  lqa_status status = lqa_cache_begin(cache, err);
  if (status == LQA_OK) {
    status = store_answers(e, err);
  }
  if (status == LQA_OK) {
    status = claim_chosen(e, err);
  }
  if (status == LQA_OK) {
    status = lqa_cache_commit(cache, err);
  }
  if (status != LQA_OK) {
    lqa_cache_roll_back(cache);
    for (size_t i = 0; i < e->chosen.n; i++) {
      if (e->chosen.data[i]->is_open) {
        cancel_flight(e, e->chosen.data[i]);
      }
    }
    e->chosen.n = 0;
  }
  e->stored.n = e->freed.n = 0;
  return status;
}

/* ---- sending ---- */

static lqa_status send_chosen(engine *e, lqa_error *err) {
  for (size_t i = 0; i < e->chosen.n; i++) {
    flight *f = e->chosen.data[i];
    const lqa_task *task = f->task;
    const lqa_plan_judge *judge = &e->plan->judges[task->judge];
    lqa_buf_reset(&f->body);
    if (lqa_plan_write_request(e->plan, task, &f->body) != LQA_OK) {
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

/* ---- the loop ---- */

static size_t count_open_tasks(const engine *e) {
  return (size_t)e->plan->numbers.to_ask - e->n_settled;
}

/* Nothing is open, something is left, and nothing may start: another process is asking for the rest, a
 * pause is on, or the budget is at its end. */
static void check_stuck(engine *e, bool short_of_budget, double now) {
  if (e->n_open > 0 || e->end != LQA_OK || count_open_tasks(e) == 0) {
    return;
  }
  if (short_of_budget) {
    const lqa_budget *b = &e->plan->budget;
    stop(
        e, LQA_OUT_OF_BUDGET,
        "the budget is reached: %lld calls of %lld, %.6f USD spent; %zu questions are left unasked",
        (long long)b->calls, (long long)b->max_calls, lqa_usd_from_pico(b->cost),
        count_open_tasks(e));
    return;
  }
  if (e->busy_until == 0) {
    e->busy_until = now + e->options->timeout_seconds + CLAIM_MARGIN_SECONDS;
  }
  for (int j = 0; j < e->options->n_judges; j++) {
    if (e->queues[j].pace->paused_until > now) {
      e->busy_until = 0;
    }
  }
  if (e->busy_until > 0 && now > e->busy_until) {
    stop(e, LQA_BAD_ENDPOINT,
         "another labelqa has been asking about the last %zu questions for too long; run the "
         "command "
         "again when it has ended",
         count_open_tasks(e));
  }
}

static bool may_wait_for_open(const engine *e, double now) {
  const lqa_observer *o = e->options->observer;
  bool at_once = o && o->cancelled && *o->cancelled > 1;
  return e->n_open > 0 && !at_once && now - e->stopped_at < e->options->drain_seconds;
}

static double wait_seconds(const engine *e, double now) {
  double until = now + TURN_SECONDS;
  for (int j = 0; j < e->options->n_judges; j++) {
    const queue *q = &e->queues[j];
    bool may_begin = q->pace->answers > 0 || q->delayed.n == 0;
    double earliest = may_begin && q->next < e->plan->n_tasks ? now : until;
    for (size_t i = 0; i < q->delayed.n; i++) {
      earliest = q->delayed.data[i].due < earliest ? q->delayed.data[i].due : earliest;
    }
    earliest = earliest > q->pace->paused_until ? earliest : q->pace->paused_until;
    until = lqa_pace_may_start(q->pace, earliest) && earliest < until ? earliest : until;
  }
  return until > now ? until - now : 0;
}

static lqa_status turn(engine *e, bool *done, lqa_error *err) {
  double now = lqa_clock_seconds();
  bool short_of_budget = false;
  if (lqa_observe_cancelled(e->options->observer)) {
    stop(e, LQA_INTERRUPTED, "interrupted; every answer so far is kept");
  }
  if (e->end == LQA_OK) {
    choose(e, now, &short_of_budget);
  }
  LQA_TRY(commit_turn(e, err));
  LQA_TRY(send_chosen(e, err));
  if (e->broken != LQA_OK) {
    return lqa_fail_memory(err, "judging");
  }
  check_stuck(e, short_of_budget, now);
  *done =
      e->end == LQA_OK ? count_open_tasks(e) == 0 && e->n_open == 0 : !may_wait_for_open(e, now);
  if (!*done) {
    double seconds = short_of_budget || e->end != LQA_OK ? TURN_SECONDS : wait_seconds(e, now);
    LQA_TRY(e->transport->wait(e->transport->self, seconds, on_reply, e, err));
  }
  lqa_observe_progress(e->options->observer, "judging",
                       (double)e->n_settled / (double)e->plan->numbers.to_ask);
  return LQA_OK;
}

static lqa_status run(engine *e, lqa_error *err) {
  bool done = false;
  while (!done) {
    LQA_TRY(turn(e, &done, err));
  }
  return commit_turn(e, err);
}

/* ---- setting up ---- */

static lqa_status set_up(engine *e, lqa_judge_plan *plan, lqa_transport *transport,
                         lqa_error *err) {
  const lqa_judge_options *o = &plan->options;
  bool same = o->n_judges == 2 && strcmp(plan->judges[0].base_url, plan->judges[1].base_url) == 0;
  *e = (engine){.plan = plan, .options = o, .transport = transport};
  for (int j = 0; j < o->n_judges; j++) {
    lqa_pace_init(&e->paces[j], o->concurrency);
    e->queues[j].pace = &e->paces[same ? 0 : j];
  }
  lqa_rng_init(&e->rng, (uint64_t)plan->started_ms, 0);
  e->n_flights = (size_t)(o->concurrency * (same ? 1 : o->n_judges));
  e->flights = lqa_calloc(e->n_flights, sizeof *e->flights);
  if (!e->flights) {
    return lqa_fail_memory(err, "judging");
  }
  for (size_t i = 0; i < e->n_flights; i++) {
    e->flights[i].engine = e;
    lqa_buf_init(&e->flights[i].body, MAX_REQUEST_BYTES);
  }
  return LQA_OK;
}

/* Requests that never got their reply: spent, for all we know. */
static void abandon(engine *e) {
  for (size_t i = 0; i < e->n_flights; i++) {
    flight *f = &e->flights[i];
    if (f->is_open) {
      lqa_budget_spend(&e->plan->budget, f->task->judge, f->bound_cost, f->bound_cost);
      e->plan->n_booked++;
      e->plan->tokens_in += f->task->bound_in;
      e->plan->tokens_out += f->bound_out;
      f->is_open = false;
    }
  }
}

static void clean_up(engine *e) {
  for (size_t i = 0; e->flights && i < e->n_flights; i++) {
    lqa_buf_clear(&e->flights[i].body);
  }
  free(e->flights);
  lqa_vec_clear(&e->chosen);
  lqa_vec_clear(&e->stored);
  lqa_vec_clear(&e->freed);
  for (int j = 0; j < LQA_JUDGE_MAX_JUDGES; j++) {
    lqa_vec_clear(&e->queues[j].delayed);
  }
}

/* What the whole run comes to once the loop has ended well. */
static lqa_status verdict_of(const engine *e, lqa_error *err) {
  if (e->end != LQA_OK) {
    if (err) {
      *err = e->end_error;
    }
    return e->end;
  }
  if (e->n_failed > 0) {
    return lqa_fail(
        err, LQA_BAD_ENDPOINT,
        "%zu questions stay unanswered after %d tries each; the last: %s; run the command "
        "again to ask only those",
        e->n_failed, e->options->max_tries, e->last_failure);
  }
  return LQA_OK;
}

static lqa_status open_client(const lqa_judge_options *o, lqa_transport *transport,
                              lqa_error *err) {
  lqa_client_options client = {.max_open = o->concurrency * o->n_judges,
                               .connect_seconds = o->connect_seconds,
                               .max_body_bytes = o->max_body_bytes,
                               .ca_file = o->ca_file,
                               .proxy = o->proxy};
  return lqa_client_open(&client, transport, err);
}

lqa_status lqa_judge_ask(lqa_judge_plan *plan, lqa_transport *transport, lqa_error *err) {
  engine e = {0};
  lqa_transport own = {0};
  lqa_status status = LQA_OK;
  if (plan->numbers.to_ask == 0) {
    return LQA_OK;
  }
  if (!transport) {
    LQA_TRY(open_client(&plan->options, &own, err));
    transport = &own;
  }
  LQA_TRY_OUT(set_up(&e, plan, transport, err));
  status = run(&e, err);
  abandon(&e);
  if (status == LQA_OK) {
    status = verdict_of(&e, err);
  }
out:
  clean_up(&e);
  if (own.close) {
    own.close(own.self);
  }
  return status;
}
