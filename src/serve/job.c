/* serve/job.c - work on a thread of its own, one at a time.
 *
 * The thread touches nothing of the review: the commands open the run for themselves, as they would
 * from another terminal. When it ends, the next request reads the run again. */
#include "serve/review_server.h"

#include "base/memory.h"

#include <stdio.h>

void lqa_job_write(const lqa_job *job, lqa_json *json) {
  lqa_json_open_object(json);
  lqa_json_add_bool(json, "running", atomic_load(&job->is_running) && job->kind == LQA_JOB_JUDGE);
  lqa_json_add_int(json, "judged", atomic_load(&job->judged));
  lqa_json_add_int(json, "planned", atomic_load(&job->planned));
  lqa_json_add_int(json, "yes", atomic_load(&job->yes));
  lqa_json_add_int(json, "no", atomic_load(&job->no));
  lqa_json_add_int(json, "unknown", atomic_load(&job->unknown));
  lqa_json_close_object(json);
}

static void publish(lqa_server *server, const char *event, const lqa_buf *text) {
  if (!text->failed && text->data) {
    lqa_http_publish(server->http, event, lqa_buf_str(text));
  }
}

/* ---- a judge tells how far it is ---- */

static void tell_progress(lqa_server *server, const char *state, const char *message) {
  lqa_buf text;
  lqa_json json;
  const lqa_job *job = &server->job;
  lqa_buf_init(&text, 1 << 16);
  lqa_json_init(&json, &text, 0);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "state", state);
  lqa_json_add_bool(&json, "running", strcmp(state, "running") == 0);
  lqa_json_add_int(&json, "judged", atomic_load(&job->judged));
  lqa_json_add_int(&json, "planned", atomic_load(&job->planned));
  lqa_json_add_int(&json, "yes", atomic_load(&job->yes));
  lqa_json_add_int(&json, "no", atomic_load(&job->no));
  lqa_json_add_int(&json, "unknown", atomic_load(&job->unknown));
  lqa_json_add_text(&json, "message", message);
  lqa_json_close_object(&json);
  publish(server, "progress", &text);
  lqa_buf_clear(&text);
}

static void hear_progress(void *data, const char *stage, double fraction) {
  (void)stage;
  lqa_server *server = data;
  int64_t judged = atomic_load(&server->job.judged);
  if (fraction > 0 && judged > 0) {
    atomic_store(&server->job.planned, (int64_t)((double)judged / fraction + .5));
  }
  tell_progress(server, "running", NULL);
}

static void hear_answer(void *data, const lqa_serve_answer *answer) {
  lqa_server *server = data;
  lqa_job *job = &server->job;
  lqa_buf text;
  lqa_json json;
  atomic_fetch_add(&job->judged, 1);
  atomic_fetch_add(strcmp(answer->verdict, "YES") == 0  ? &job->yes
                   : strcmp(answer->verdict, "NO") == 0 ? &job->no
                                                        : &job->unknown,
                   1);
  lqa_buf_init(&text, 1 << 16);
  lqa_json_init(&json, &text, 0);
  lqa_json_open_object(&json);
  lqa_json_add_int(&json, "row_number", answer->row);
  lqa_json_add_text(&json, "verdict", answer->verdict);
  lqa_json_add_text(&json, "corrected_label", answer->corrected);
  lqa_json_close_object(&json);
  publish(server, "verdict", &text);
  lqa_buf_clear(&text);
}

/* ---- the thread ---- */

static lqa_status work_on(lqa_server *server, lqa_buf *json, lqa_error *err) {
  lqa_job *job = &server->job;
  const lqa_serve_work *work = &server->options.work;
  const lqa_observer observer = {
      .progress = hear_progress, .data = server, .cancelled = &job->cancelled};
  const lqa_observer silent = {.cancelled = &job->cancelled};
  bool spends = job->kind == LQA_JOB_JUDGE;
  if (job->kind == LQA_JOB_REPORT) {
    return work->report(work->data, json, err);
  }
  const lqa_serve_judge what = {.settings = job->settings,
                                .n_settings = job->n_settings,
                                .spend = spends,
                                .observer = spends ? &observer : &silent,
                                .answered = spends ? hear_answer : NULL,
                                .data = server};
  return work->judge(work->data, &what, json, err);
}

static void answer_ticket(lqa_server *server, lqa_status status, lqa_buf *json,
                          const lqa_error *err) {
  lqa_http_answer answer = {
      .kind = LQA_HTTP_WHOLE, .status = 200, .content_type = "application/json"};
  lqa_buf_init(&answer.body, (size_t)1 << 30);
  if (status == LQA_OK) {
    lqa_buf_add_str(&answer.body, lqa_buf_str(json));
  } else {
    lqa_answer_error(&answer, status, err);
  }
  lqa_http_later(server->http, server->job.ticket, &answer);
}

static const char *name_of_end(lqa_status status) {
  return status == LQA_OK              ? "finished"
         : status == LQA_INTERRUPTED   ? "stopped"
         : status == LQA_OUT_OF_BUDGET ? "out of budget"
                                       : "failed";
}

static void *run_job(void *data) {
  lqa_server *server = data;
  lqa_job *job = &server->job;
  lqa_error err;
  lqa_buf json;
  char message[2 * sizeof err.message] = "";
  lqa_error_clear(&err);
  lqa_buf_init(&json, (size_t)1 << 30);
  lqa_status status = work_on(server, &json, &err);
  if (status != LQA_OK) {
    lqa_message_render(err.message, LQA_AS_FIELDS, message, sizeof message);
  }
  atomic_store(&server->needs_reload, job->kind != LQA_JOB_PLAN);
  atomic_store(&job->is_running, false);
  if (job->kind == LQA_JOB_JUDGE) {
    tell_progress(server, name_of_end(status), *message ? message : NULL);
  }
  if (job->kind != LQA_JOB_PLAN) {
    lqa_http_publish(server->http, "report", LQA_STR("{}"));
  }
  if (job->ticket) {
    answer_ticket(server, status, &json, &err);
  }
  lqa_buf_clear(&json);
  return NULL;
}

/* ---- start and stop ---- */

static bool is_excepted(const char *const *except, lqa_str name) {
  for (; except && *except; except++) {
    if (lqa_str_equal(lqa_str_from(*except), name)) {
      return true;
    }
  }
  return false;
}

/* Members of the body as options: max_cost 0.5 -> "max_cost", "0.5". */
static lqa_status copy_settings(lqa_job *job, const lqa_json_node *body,
                                const char *const *except) {
  size_t n = body ? body->n : 0;
  job->settings = lqa_arena_alloc(&job->arena, n + 1, sizeof *job->settings);
  for (const lqa_json_node *m = body ? body->first : NULL; m && job->settings; m = m->next) {
    if (m->kind == LQA_JSON_NULL || is_excepted(except, m->key)) {
      continue;
    }
    lqa_str value =
        m->kind == LQA_JSON_BOOL ? (m->number != 0 ? LQA_STR("1") : LQA_STR("0")) : m->text;
    lqa_serve_setting *s = &job->settings[job->n_settings];
    s->name = lqa_arena_copy(&job->arena, m->key.data, m->key.size);
    s->value = lqa_arena_copy(&job->arena, value.data, value.size);
    if (!s->name || !s->value) {
      return LQA_NO_MEMORY;
    }
    job->n_settings++;
  }
  return job->settings ? LQA_OK : LQA_NO_MEMORY;
}

bool lqa_job_start(lqa_server *server, lqa_job_kind kind, const lqa_json_node *body,
                   const char *const *except, lqa_http_ticket *ticket, lqa_http_answer *answer) {
  lqa_job *job = &server->job;
  if (atomic_load(&job->is_running)) {
    lqa_http_fail(answer, 409, NULL, "something else is running: wait for its end, or stop it");
    return false;
  }
  lqa_job_join(server);
  job->kind = kind;
  job->ticket = ticket;
  job->cancelled = 0;
  job->n_settings = 0;
  lqa_arena_init_small(&job->arena);
  if (kind == LQA_JOB_JUDGE) {
    atomic_store(&job->judged, 0);
    atomic_store(&job->planned, 0);
    atomic_store(&job->yes, 0);
    atomic_store(&job->no, 0);
    atomic_store(&job->unknown, 0);
  }
  bool is_ready = copy_settings(job, body, except) == LQA_OK;
  answer->kind = ticket ? LQA_HTTP_LATER : LQA_HTTP_WHOLE; /* before the thread may answer */
  atomic_store(&job->is_running, is_ready);
  job->has_thread = is_ready && pthread_create(&job->thread, NULL, run_job, server) == 0;
  if (!job->has_thread) {
    atomic_store(&job->is_running, false);
    lqa_arena_clear(&job->arena);
    lqa_http_fail(answer, 500, NULL, "out of memory");
  }
  return job->has_thread;
}

void lqa_job_stop(lqa_server *server) {
  if (server->job.has_thread) {
    server->job.cancelled = 1;
  }
}

void lqa_job_join(lqa_server *server) {
  if (server->job.has_thread) {
    pthread_join(server->job.thread, NULL);
    lqa_arena_clear(&server->job.arena);
    server->job.has_thread = false;
  }
}
