/* judge/engine.c - asks what is left of a plan: the loop that spends money.
 *
 * One thread. Each step: take the replies that came in; choose what starts next (held against the
 * budget, allowed by the endpoint's pace); in ONE transaction store the answers and claim the next
 * questions; then send those. So an answer is on disk before its slot asks again, a question is
 * claimed before it is sent, and a step costs one fsync however many replies it took in.
 *
 * Where the answers cannot be stored (a full disk), no more is asked; open requests may answer, so
 * that what they cost reaches the run at least, and storing is tried once more at the end.
 *
 * A kill loses at most the requests that were open; their claims stay behind and are counted as
 * lost by the next run. A cancel stops new requests, lets open ones answer (drain), keeps all of
 * it.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "judge/client.h"
#include "judge/engine.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { MAX_REQUEST_BYTES = 256 << 20, MANY_OPEN = 8 };
#define WAIT_MARGIN_SECONDS 60
#define GATHER_NANOSECONDS 500000

static size_t count_open_tasks(const lqa_engine *e) {
  return (size_t)e->plan->numbers.to_ask - e->n_settled;
}

static void stop_short_of_budget(lqa_engine *e) {
  const lqa_budget *b = &e->plan->budget;
  char money[64] = "";
  if (e->plan->judges[0].price.known) {
    snprintf(money, sizeof money, ", %.6f USD booked", lqa_usd_from_pico(b->cost));
  }
  lqa_engine_stop(e, LQA_OUT_OF_BUDGET,
                  "the budget is reached: %lld calls of %lld%s; %zu questions are left unasked%s%s",
                  (long long)b->calls, (long long)b->max_calls, money, count_open_tasks(e),
                  e->last_failure[0] ? "; the last failure: " : "", e->last_failure);
}

/* Nothing is open, something is left, and nothing may start: another process is asking for the
 * rest, a pause is on, or the budget is at its end. */
static void check_stuck(lqa_engine *e, bool short_of_budget, double now) {
  if (e->n_open > 0 || e->end != LQA_OK || count_open_tasks(e) == 0) {
    return;
  }
  if (short_of_budget) {
    stop_short_of_budget(e);
    return;
  }
  if (e->busy_until == 0) {
    e->busy_until = now + e->options->timeout_seconds + WAIT_MARGIN_SECONDS;
  }
  for (int j = 0; j < e->options->n_judges; j++) {
    double pause = e->queues[j].pace->paused_until - now;
    if (pause > e->options->max_wait_seconds) {
      lqa_engine_stop(e, LQA_BAD_ENDPOINT,
                      "the judge's endpoint asks to wait %.0f s until it takes requests again; run "
                      "the command again later: all answers so far are kept",
                      pause);
    }
    e->busy_until = pause > 0 ? 0 : e->busy_until;
  }
  if (e->busy_until > 0 && now > e->busy_until) {
    lqa_engine_stop(
        e, LQA_BAD_ENDPOINT,
        "another labelqa has been asking about the last %zu questions for too long; run the "
        "command "
        "again when it has ended",
        count_open_tasks(e));
  }
}

static bool may_wait_for_open(const lqa_engine *e, double now) {
  const lqa_observer *o = e->options->observer;
  bool at_once = o && o->cancelled && *o->cancelled > 1;
  return e->n_open > 0 && !at_once && now - e->stopped_at < e->options->drain_seconds;
}

static double wait_seconds(const lqa_engine *e, double now) {
  double until = now + LQA_TURN_SECONDS;
  for (int j = 0; j < e->options->n_judges; j++) {
    const lqa_engine_queue *q = &e->queues[j];
    double earliest = lqa_engine_may_begin(q) && q->next < e->plan->n_tasks ? now : until;
    for (size_t i = 0; i < q->delayed.n; i++) {
      earliest = q->delayed.data[i].due < earliest ? q->delayed.data[i].due : earliest;
    }
    earliest = earliest > q->pace->paused_until ? earliest : q->pace->paused_until;
    until = lqa_pace_may_start(q->pace, earliest) && earliest < until ? earliest : until;
  }
  return until > now ? until - now : 0;
}

/* With many requests open, replies come in a stream: half a millisecond of patience gathers several
 * into one turn, and one turn is one fsync. */
static lqa_status wait_for_replies(lqa_engine *e, double seconds, lqa_error *err) {
  const lqa_transport *t = e->transport;
  size_t before = e->n_open;
  LQA_TRY(t->wait(t->self, seconds, lqa_engine_record_reply, e, err));
  if (before > MANY_OPEN && e->n_open < before) {
    struct timespec moment = {0, GATHER_NANOSECONDS};
    nanosleep(&moment, NULL);
    return t->wait(t->self, 0, lqa_engine_record_reply, e, err);
  }
  return LQA_OK;
}

/* Commits; a cache that fails ends the asking, not the taking in. */
static lqa_status commit(lqa_engine *e, lqa_error *err) {
  lqa_error failure;
  if (e->end == LQA_BAD_FILE) {
    return LQA_OK;
  }
  lqa_status status = lqa_engine_commit(e, &failure);
  if (status == LQA_BAD_FILE) {
    lqa_engine_stop(e, status, LQA_WORDS, failure.message);
    return LQA_OK;
  }
  if (status != LQA_OK && err) {
    *err = failure;
  }
  return status;
}

static lqa_status turn(lqa_engine *e, bool *done, lqa_error *err) {
  double now = lqa_clock_seconds();
  bool short_of_budget = false;
  if (lqa_observe_cancelled(e->options->observer)) {
    lqa_engine_stop(e, LQA_INTERRUPTED, "interrupted; every answer so far is kept");
  }
  if (e->end == LQA_OK) {
    lqa_engine_choose(e, now, &short_of_budget);
  }
  LQA_TRY(commit(e, err));
  LQA_TRY(lqa_engine_send(e, err));
  if (e->broken != LQA_OK) {
    return lqa_fail_memory(err, "judging");
  }
  check_stuck(e, short_of_budget, now);
  *done =
      e->end == LQA_OK ? count_open_tasks(e) == 0 && e->n_open == 0 : !may_wait_for_open(e, now);
  if (!*done) {
    double seconds = short_of_budget || e->end != LQA_OK ? LQA_TURN_SECONDS : wait_seconds(e, now);
    LQA_TRY(wait_for_replies(e, seconds, err));
  }
  lqa_observe_progress(e->options->observer, "judging",
                       (double)e->n_settled / (double)e->plan->numbers.to_ask);
  return LQA_OK;
}

static lqa_status run(lqa_engine *e, lqa_error *err) {
  bool done = false;
  while (!done) {
    LQA_TRY(turn(e, &done, err));
  }
  lqa_error second; /* of two failures the first one is told */
  lqa_status status = lqa_engine_commit(e, &second);
  if (status != LQA_OK && e->end == LQA_OK && err) {
    *err = second;
  }
  return e->end == LQA_OK ? status : LQA_OK;
}

static lqa_status set_up(lqa_engine *e, lqa_judge_plan *plan, lqa_transport *transport,
                         lqa_error *err) {
  const lqa_judge_options *o = &plan->options;
  bool same = o->n_judges == 2 && strcmp(plan->judges[0].base_url, plan->judges[1].base_url) == 0;
  *e = (lqa_engine){.plan = plan, .options = o, .transport = transport};
  for (int j = 0; j < o->n_judges; j++) {
    lqa_pace_init(&e->paces[j], o->concurrency);
    e->queues[j].pace = &e->paces[same ? 0 : j];
  }
  lqa_rng_init(&e->rng, (uint64_t)plan->started_ms, 0);
  lqa_buf_init(&e->scratch, MAX_REQUEST_BYTES);
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
static void abandon(lqa_engine *e) {
  for (size_t i = 0; i < e->n_flights; i++) {
    lqa_flight *f = &e->flights[i];
    if (f->is_open) {
      lqa_budget_spend(&e->plan->budget, f->task->judge, f->bound_cost, f->bound_cost);
      e->plan->n_booked++;
      e->plan->tokens_in += f->task->bound_in;
      e->plan->tokens_out += f->bound_out;
      f->is_open = false;
    }
  }
}

static void clean_up(lqa_engine *e) {
  for (size_t i = 0; e->flights && i < e->n_flights; i++) {
    lqa_buf_clear(&e->flights[i].body);
  }
  free(e->flights);
  lqa_buf_clear(&e->scratch);
  lqa_vec_clear(&e->chosen);
  lqa_vec_clear(&e->stored);
  lqa_vec_clear(&e->freed);
  for (int j = 0; j < LQA_JUDGE_MAX_JUDGES; j++) {
    lqa_vec_clear(&e->queues[j].delayed);
  }
}

/* What the whole run comes to once the loop has ended well. */
static lqa_status verdict_of(const lqa_engine *e, lqa_error *err) {
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
                               .proxy = o->proxy,
                               .no_proxy = o->no_proxy};
  return lqa_client_open(&client, transport, err);
}

/* What the cache answered tells as much as new answers do. */
static void count_cached(lqa_engine *e) {
  for (size_t i = 0; i < e->plan->n_tasks; i++) {
    if (e->plan->tasks[i].state == LQA_TASK_ANSWERED) {
      lqa_engine_count_answer(e, &e->plan->tasks[i]);
    }
  }
}

lqa_status lqa_judge_ask(lqa_judge_plan *plan, lqa_transport *transport, lqa_error *err) {
  lqa_engine e = {0};
  lqa_transport own = {0};
  lqa_status status = LQA_OK;
  if (plan->numbers.to_ask == 0) {
    return LQA_OK;
  }
  if (!transport) {
    LQA_TRY(lqa_plan_check_keys(plan, err));
    LQA_TRY(open_client(&plan->options, &own, err));
    transport = &own;
  }
  LQA_TRY_OUT(set_up(&e, plan, transport, err));
  count_cached(&e);
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
