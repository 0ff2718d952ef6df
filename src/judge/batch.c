/* judge/batch.c - see batch.h.
 *
 * A submit is two calls, and a kill between the second and our note of it must not lead to paying
 * twice: the questions are therefore claimed under a provisional name before the batch is made, and
 * renamed after. If the outcome of making it is not known (time-out, lost connection) the claims
 * stay for their day, and the user is told; what is certain to have failed releases them.
 */
#include "judge/batch.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "judge/client.h"
#include "judge/endpoint.h"
#include "judge/plan.h"
#include "judge/wire.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LINES = 50000, MAX_BYTES = 200000000, MAX_REPLY = 512 << 20 };
#define CLAIM_SECONDS (26 * 3600.0)
#define UPLOAD_SECONDS 600.0

/* ---- writing ---- */

static lqa_status write_line(const lqa_judge_plan *plan, const lqa_task *task, lqa_buf *scratch,
                             lqa_buf *out) {
  char id[65];
  lqa_cache_key_format(&task->key, id);
  lqa_buf_printf(out,
                 "{\"custom_id\":\"%s\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\","
                 "\"body\":",
                 id);
  LQA_TRY(lqa_plan_write_request(plan, task, scratch, out));
  lqa_buf_add_text(out, "}\n");
  return LQA_OK;
}

static lqa_status write_lines(const lqa_judge_plan *plan, lqa_buf *out, int64_t *n_lines,
                              lqa_error *err) {
  if (plan->options.n_judges != 1) {
    return lqa_fail(err, LQA_BAD_USAGE, "a batch is for one judge; run the second one by itself");
  }
  lqa_buf scratch;
  lqa_buf_init(&scratch, MAX_BYTES);
  lqa_status status = LQA_OK;
  *n_lines = 0;
  for (size_t t = 0; t < plan->n_tasks; t++) {
    if (plan->tasks[t].state == LQA_TASK_OPEN) {
      LQA_TRY_OUT(write_line(plan, &plan->tasks[t], &scratch, out));
      ++*n_lines;
    }
  }
out:
  lqa_buf_clear(&scratch);
  if (*n_lines > MAX_LINES || out->full) {
    return lqa_fail(
        err, LQA_BAD_USAGE,
        "the batch would pass the providers' limits (50,000 lines, 200 MB): choose fewer "
        "rows with " LQA_OPTION("top") " or " LQA_OPTION("budget"));
  }
  return status == LQA_OK && !out->failed ? LQA_OK : lqa_fail_memory(err, "writing the batch");
}

lqa_status lqa_judge_batch_write(lqa_judge_plan *plan, const char *path, int64_t *n_lines,
                                 lqa_error *err) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_BYTES);
  lqa_status status;
  LQA_TRY_OUT(write_lines(plan, &out, n_lines, err));
  status = lqa_file_save(path, out.size ? out.data : "", out.size, err);
out:
  lqa_buf_clear(&out);
  return status;
}

/* ---- reading ---- */

/* The plan's tasks by key. */
static lqa_map *index_tasks(const lqa_judge_plan *plan) {
  lqa_map *map = lqa_map_new(false);
  for (size_t t = 0; map && t < plan->n_tasks; t++) {
    uint32_t index;
    lqa_str key = {(const char *)plan->tasks[t].key.bytes, sizeof plan->tasks[t].key.bytes};
    if (lqa_map_add(map, key, &index, NULL) != LQA_OK) {
      lqa_map_free(map);
      return NULL;
    }
  }
  return map;
}

/* The batch file says what was used; where it does not, the most that it can have been. */
static lqa_charge charge_of(const lqa_judge_plan *plan, const lqa_task *task,
                            const lqa_completion *c) {
  const lqa_price *price = &plan->judges[task->judge].price;
  bool has_usage = c->tokens_in >= 0 && c->tokens_out >= 0;
  lqa_charge charge = {c->tokens_in, c->tokens_out, -1};
  if (!has_usage) {
    charge.tokens_in = task->bound_in;
    charge.tokens_out = lqa_plan_bound_out(plan, task->judge);
  }
  if (price->known) {
    charge.cost = lqa_price_cost(price, charge.tokens_in, charge.tokens_out);
  }
  return charge;
}

static lqa_status copy_answer(lqa_judge_plan *plan, const lqa_task *task, const lqa_completion *c,
                              lqa_cache_answer *out, lqa_error *err) {
  const lqa_charge charge = charge_of(plan, task, c);
  return lqa_plan_copy_answer(plan, c, &charge, out) == LQA_OK
             ? LQA_OK
             : lqa_fail_memory(err, "reading the batch");
}

/* A paid answer to a question of another plan: kept under its key all the same. */
static lqa_status keep_foreign(lqa_judge_plan *plan, const lqa_cache_key *key,
                               const lqa_completion *c, lqa_error *err) {
  lqa_task unknown = {.judge = 0};
  lqa_cache_answer answer;
  lqa_cache_question question = {
      .row_key = LQA_STR(""), .prompt_hash = "", .base_url = "", .model = "", .settings = ""};
  LQA_TRY(copy_answer(plan, &unknown, c, &answer, err));
  return lqa_cache_store(plan->cache, key, &question, &answer, err);
}

static lqa_status keep_answer(lqa_judge_plan *plan, lqa_task *task, const lqa_completion *c,
                              lqa_error *err) {
  lqa_cache_question question;
  lqa_plan_question(plan, task, &question);
  LQA_TRY(copy_answer(plan, task, c, &task->answer, err));
  LQA_TRY(lqa_cache_store(plan->cache, &task->key, &question, &task->answer, err));
  lqa_plan_record_answer(plan, task);
  task->cached = true;
  task->has_old = false;
  return LQA_OK;
}

/* Takes one result line into the cache. Inside a transaction. */
static lqa_status store_line(lqa_judge_plan *plan, const lqa_map *index, lqa_batch_line *line,
                             lqa_batch_count *count, lqa_error *err) {
  lqa_cache_key key;
  bool is_ours = lqa_cache_key_parse(line->custom_id, &key);
  int64_t found =
      is_ours ? lqa_map_find(index, (lqa_str){(const char *)key.bytes, sizeof key.bytes}) : -1;
  count->errors += is_ours && !line->has_reply;
  count->foreign += found < 0;
  if (!is_ours || !line->has_reply) {
    return LQA_OK;
  }
  if (found < 0) {
    return keep_foreign(plan, &key, &line->reply, err);
  }
  count->answers++;
  return keep_answer(plan, &plan->tasks[found], &line->reply, err);
}

static lqa_status store_lines(lqa_judge_plan *plan, lqa_str text, const char *name,
                              lqa_batch_count *count, lqa_error *err) {
  lqa_map *index = index_tasks(plan);
  lqa_status status;
  LQA_TRY_OUT(index ? LQA_OK : lqa_fail_memory(err, "reading the batch"));
  for (int64_t number = 1; text.size; number++) {
    lqa_str line = lqa_str_trim(lqa_str_next_line(&text));
    lqa_batch_line parsed;
    if (line.size == 0) {
      continue;
    }
    if (lqa_wire_batch_line(line, &parsed) != LQA_OK) {
      LQA_TRY_OUT(lqa_fail_at(err, LQA_BAD_DATA, name, number - 1, NULL,
                              "%s: line %lld is no result of a batch (JSON with a custom_id)", name,
                              (long long)number));
    }
    status = store_line(plan, index, &parsed, count, err);
    lqa_batch_line_clear(&parsed);
    LQA_TRY_OUT(status);
  }
out:
  lqa_map_free(index);
  return status;
}

/* All lines in one transaction: a damaged file changes nothing. */
static lqa_status store_results(lqa_judge_plan *plan, lqa_str text, const char *name,
                                lqa_batch_count *count, lqa_error *err) {
  LQA_TRY(lqa_cache_begin(plan->cache, err));
  lqa_status status;
  LQA_TRY_OUT(store_lines(plan, text, name, count, err));
  return lqa_cache_commit(plan->cache, err);
out:
  lqa_cache_roll_back(plan->cache);
  return status;
}

lqa_status lqa_judge_batch_read(lqa_judge_plan *plan, const char *path, lqa_batch_count *count,
                                lqa_error *err) {
  lqa_buf text;
  lqa_buf_init(&text, MAX_REPLY);
  lqa_status status;
  *count = (lqa_batch_count){0};
  LQA_TRY_OUT(lqa_file_load(path, &text, err));
  status = store_results(plan, lqa_buf_str(&text), path, count, err);
out:
  lqa_buf_clear(&text);
  return status;
}

/* ---- talking to the provider ---- */

/* One request of a submit or a poll. */
typedef struct errand {
  lqa_judge_plan *plan;
  lqa_transport transport;
  lqa_buf reply;
  bool is_unsure; /* the last request may have been carried out, though it failed */
} errand;

static lqa_status begin_errand(errand *e, lqa_judge_plan *plan, lqa_error *err) {
  const lqa_judge_options *o = &plan->options;
  *e = (errand){.plan = plan};
  lqa_buf_init(&e->reply, MAX_REPLY);
  lqa_client_options client = {.max_open = 1,
                               .connect_seconds = o->connect_seconds,
                               .max_body_bytes = MAX_REPLY,
                               .ca_file = o->ca_file,
                               .proxy = o->proxy,
                               .no_proxy = o->no_proxy};
  return lqa_client_open(&client, &e->transport, err);
}

static void end_errand(errand *e) {
  if (e->transport.close) {
    e->transport.close(e->transport.self);
  }
  lqa_buf_clear(&e->reply);
}

static lqa_status refuse(const errand *e, const lqa_http_reply *reply, const char *path,
                         lqa_error *err) {
  lqa_wire_error error;
  lqa_wire_parse_error(reply->body, &error);
  const char *text = reply->fault != LQA_HTTP_FINE ? reply->message : error.message;
  lqa_status status = lqa_fail(err, LQA_BAD_ENDPOINT, "%s/%s: status %ld: %.400s",
                               e->plan->judges[0].base_url, path, reply->status, text);
  if (err) {
    lqa_key_blank(e->plan->judges[0].key, err->message, strlen(err->message));
  }
  return status;
}

/* POSTs `body`, or GETs where content_type is NULL; e->reply holds the body of a 2xx. */
static lqa_status call(errand *e, const char *path, const char *content_type, lqa_str body,
                       lqa_error *err) {
  const lqa_plan_judge *judge = &e->plan->judges[0];
  char *url = lqa_endpoint_join(judge->base_url, path);
  if (!url) {
    return lqa_fail_memory(err, "talking to the judge's endpoint");
  }
  lqa_http_request request = {.url = url,
                              .key = judge->key,
                              .content_type = content_type,
                              .body = body,
                              .timeout_seconds = UPLOAD_SECONDS};
  lqa_http_reply reply;
  lqa_status status = lqa_client_fetch(&e->transport, &request, &e->reply, &reply, err);
  e->is_unsure = status != LQA_OK || reply.fault == LQA_HTTP_TIMEOUT ||
                 reply.fault == LQA_HTTP_BROKEN || reply.status >= 500;
  if (status == LQA_OK &&
      (reply.fault != LQA_HTTP_FINE || reply.status < 200 || reply.status >= 300)) {
    status = refuse(e, &reply, path, err);
  }
  free(url);
  return status;
}

static lqa_status read_state(const errand *e, const char *path, lqa_batch_state *state,
                             lqa_error *err) {
  if (lqa_wire_batch_state(lqa_buf_str(&e->reply), state) != LQA_OK) {
    return lqa_fail(err, LQA_BAD_ENDPOINT, "%s/%s: the reply has no id",
                    e->plan->judges[0].base_url, path);
  }
  lqa_key_blank(e->plan->judges[0].key, state->status, strlen(state->status));
  return LQA_OK;
}

/* ---- submitting ---- */

static lqa_status check_budget(const lqa_judge_plan *plan, lqa_error *err) {
  const lqa_judge_numbers *n = &plan->numbers;
  bool passes_calls = n->to_ask > plan->budget.max_calls;
  bool passes_cost = plan->budget.max_cost >= 0 &&
                     !(n->cost_bound_usd <= lqa_usd_from_pico(plan->budget.max_cost));
  if (passes_calls || passes_cost) {
    return lqa_fail(err, LQA_OUT_OF_BUDGET,
                    "the batch of %lld questions could pass the budget (at most %.6f USD at list "
                    "price); nothing was sent",
                    (long long)n->to_ask, n->cost_bound_usd);
  }
  return LQA_OK;
}

static void write_upload(lqa_str lines, const char *boundary, lqa_buf *out) {
  lqa_buf_printf(out,
                 "--%s\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--%s\r\n"
                 "Content-Disposition: form-data; name=\"file\"; filename=\"labelqa.jsonl\"\r\n"
                 "Content-Type: application/jsonl\r\n\r\n",
                 boundary, boundary);
  lqa_buf_add_str(out, lines);
  lqa_buf_printf(out, "\r\n--%s--\r\n", boundary);
}

static lqa_status upload(errand *e, lqa_str lines, lqa_batch_state *file, lqa_error *err) {
  char boundary[65], type[128];
  lqa_sha256(lines.data, lines.size, boundary);
  snprintf(type, sizeof type, "multipart/form-data; boundary=%s", boundary);
  lqa_buf body;
  lqa_buf_init(&body, lines.size + 4096);
  write_upload(lines, boundary, &body);
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&body, err));
  status = call(e, "files", type, lqa_buf_str(&body), err);
out:
  lqa_buf_clear(&body);
  return status == LQA_OK ? read_state(e, "files", file, err) : status;
}

static lqa_status create(errand *e, const char *file_id, lqa_batch_state *batch, lqa_error *err) {
  lqa_buf body;
  lqa_json json;
  lqa_buf_init(&body, 4096);
  lqa_json_init(&json, &body, 0);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "input_file_id", file_id);
  lqa_json_add_text(&json, "endpoint", "/v1/chat/completions");
  lqa_json_add_text(&json, "completion_window", "24h");
  lqa_json_close_object(&json);
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&body, err));
  status = call(e, "batches", "application/json", lqa_buf_str(&body), err);
out:
  lqa_buf_clear(&body);
  return status == LQA_OK ? read_state(e, "batches", batch, err) : status;
}

/* Claims all open questions under the batch `id`; `old` (may be NULL) is closed in the same step.
 */
static lqa_status claim_all(lqa_judge_plan *plan, const char *id, const char *old, lqa_error *err) {
  lqa_cache *cache = plan->cache;
  LQA_TRY(lqa_cache_begin(cache, err));
  lqa_status status;
  LQA_TRY_OUT(old ? lqa_cache_batch_close(cache, old, err) : LQA_OK);
  LQA_TRY_OUT(lqa_cache_batch_add(cache, id, plan->judges[0].base_url, plan->judges[0].model, err));
  for (size_t t = 0; t < plan->n_tasks; t++) {
    if (plan->tasks[t].state == LQA_TASK_OPEN) {
      LQA_TRY_OUT(lqa_cache_batch_add_key(cache, &plan->tasks[t].key, id, CLAIM_SECONDS, err));
    }
  }
  return lqa_cache_commit(cache, err);
out:
  lqa_cache_roll_back(cache);
  return status;
}

static lqa_status make_batch(errand *e, lqa_str lines, char id[128], lqa_error *err) {
  char provisional[96];
  lqa_batch_state file, batch;
  LQA_TRY(upload(e, lines, &file, err));
  snprintf(provisional, sizeof provisional, "?%lld-%.70s", (long long)lqa_clock_unix_ms(), file.id);
  LQA_TRY(claim_all(e->plan, provisional, NULL, err));
  lqa_status status = create(e, file.id, &batch, err);
  if (status != LQA_OK && !e->is_unsure) {
    lqa_error ignored;
    LQA_TRY(lqa_cache_batch_close(e->plan->cache, provisional, &ignored));
  }
  LQA_TRY(status);
  LQA_TRY(claim_all(e->plan, batch.id, provisional, err));
  snprintf(id, 128, "%s", batch.id);
  return LQA_OK;
}

lqa_status lqa_judge_batch_submit(lqa_judge_plan *plan, char id[128], lqa_error *err) {
  errand e = {0};
  lqa_buf lines;
  int64_t n_lines;
  lqa_buf_init(&lines, MAX_BYTES);
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_plan_check_keys(plan, err));
  LQA_TRY_OUT(check_budget(plan, err));
  LQA_TRY_OUT(write_lines(plan, &lines, &n_lines, err));
  if (n_lines == 0) {
    status = lqa_fail(err, LQA_BAD_USAGE, "no question is left: every answer is in the cache");
    goto out;
  }
  LQA_TRY_OUT(begin_errand(&e, plan, err));
  LQA_TRY_OUT(make_batch(&e, lqa_buf_str(&lines), id, err));
  for (size_t t = 0; t < plan->n_tasks; t++) {
    if (plan->tasks[t].state == LQA_TASK_OPEN) {
      plan->tasks[t].state = LQA_TASK_BATCH;
    }
  }
out:
  end_errand(&e);
  lqa_buf_clear(&lines);
  return status;
}

/* ---- polling ---- */

static lqa_status store_file(errand *e, const char *file_id, lqa_batch_count *count,
                             lqa_error *err) {
  char path[192];
  if (!*file_id) {
    return LQA_OK;
  }
  snprintf(path, sizeof path, "files/%s/content", file_id);
  LQA_TRY(call(e, path, NULL, (lqa_str){NULL, 0}, err));
  return store_results(e->plan, lqa_buf_str(&e->reply), path, count, err);
}

static bool is_final(const char *status) {
  return strcmp(status, "completed") == 0 || strcmp(status, "failed") == 0 ||
         strcmp(status, "expired") == 0 || strcmp(status, "cancelled") == 0;
}

static lqa_status poll_one(errand *e, const char *id, lqa_batch_news *news, lqa_error *err) {
  char path[192];
  lqa_batch_state state;
  snprintf(path, sizeof path, "batches/%s", id);
  LQA_TRY(call(e, path, NULL, (lqa_str){NULL, 0}, err));
  LQA_TRY(read_state(e, path, &state, err));
  snprintf(news->last_status, sizeof news->last_status, "%s", state.status);
  if (!is_final(state.status)) {
    news->n_open++;
    news->completed += state.completed > 0 ? state.completed : 0;
    news->total += state.total > 0 ? state.total : 0;
    return LQA_OK;
  }
  LQA_TRY(store_file(e, state.output_file, &news->count, err));
  LQA_TRY(store_file(e, state.error_file, &news->count, err));
  news->n_done++;
  return lqa_cache_batch_close(e->plan->cache, id, err);
}

static lqa_status poll_all(errand *e, lqa_batch_news *news, lqa_error *err) {
  const lqa_plan_judge *judge = &e->plan->judges[0];
  char id[128] = "";
  for (;;) {
    LQA_TRY(lqa_cache_batch_next(e->plan->cache, judge->base_url, judge->model, id, err));
    if (!*id) {
      return LQA_OK;
    }
    if (*id == '?') { /* made, perhaps: its name never reached us */
      news->n_open++;
      snprintf(news->last_status, sizeof news->last_status, "%s", "not known");
      continue;
    }
    LQA_TRY(poll_one(e, id, news, err));
  }
}

lqa_status lqa_judge_batch_poll(lqa_judge_plan *plan, lqa_batch_news *news, lqa_error *err) {
  errand e = {0};
  lqa_status status;
  *news = (lqa_batch_news){0};
  LQA_TRY_OUT(begin_errand(&e, plan, err));
  status = poll_all(&e, news, err);
out:
  end_errand(&e);
  return status;
}
