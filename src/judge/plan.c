/* judge/plan.c - what would be asked and what it would cost, before anything is spent.
 *
 * Every prompt is rendered once to get its hash, and with it the cache key; then thrown away and
 * rendered again when it is sent, so a plan over a million rows holds keys, not prompts. Items
 * whose questions are the same (exact duplicates with the same label) share one task: one call
 * answers both.
 *
 * Bounds. A tokenizer never makes more tokens than the text has bytes (byte-level BPE and byte
 * fallback both bottom out there), plus what a chat template adds, for which 128 are held. That is
 * three to four times the truth, but it is only held while a request is open; estimates shown to
 * people use 4 bytes a token. A reply without usage is charged at the bound.
 */
#include "judge/plan.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "judge/endpoint.h"
#include "judge/request.h"

#include <math.h>
#include <stdio.h>

enum { TEMPLATE_TOKENS = 128, MAX_REQUEST_BYTES = 256 << 20, TYPICAL_OUTPUT = 16 };
enum { MAX_CA_BYTES = 64 << 20 };

void lqa_judge_options_init(lqa_judge_options *options) {
  *options = (lqa_judge_options){
      .n_judges = 1,
      .max_text_chars = 6000,
      .max_calls = -1,
      .max_cost_usd = NAN,
      .concurrency = 8,
      .timeout_seconds = 60,
      .connect_seconds = 10,
      .max_tries = 5,
      .backoff_seconds = 0.5,
      .max_wait_seconds = 120,
      .drain_seconds = 20,
      .top_p = 1,
      .repeats = 1,
      .max_unknown = 0.5,
      .repeat_rows = 50,
      .max_body_bytes = (size_t)4 << 20,
  };
  for (int j = 0; j < LQA_JUDGE_MAX_JUDGES; j++) {
    options->judges[j].price_in = options->judges[j].price_out = NAN;
  }
}

/* ---- checking ---- */

static lqa_status check_ranges(const lqa_judge_options *o, lqa_error *err) {
  if (o->n_judges < 1 || o->n_judges > LQA_JUDGE_MAX_JUDGES || o->repeats < 1 || o->repeats > 100 ||
      o->concurrency < 1 || o->concurrency > 1024 || o->max_tries < 1 || o->max_tries > 100 ||
      !(o->timeout_seconds > 0) || !(o->timeout_seconds <= 86400) || o->max_text_chars < 10) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "a judge option is out of range (concurrency 1-1024, "
                    "repeats 1-100, tries 1-100, timeout 0-86400 s, text 10 or "
                    "more characters)");
  }
  return LQA_OK;
}

static lqa_status check_judge(const lqa_judge_options *o, int judge, lqa_plan_judge *out,
                              lqa_error *err) {
  const lqa_judge_endpoint *e = &o->judges[judge];
  if (!e->model || !*e->model || strlen(e->model) > 200) {
    return lqa_fail(err, LQA_BAD_USAGE, "the judge's model needs a name of 1 to 200 bytes");
  }
  LQA_TRY(lqa_key_check(e->key, judge ? "the second judge's key" : "the judge's key", err));
  LQA_TRY(lqa_endpoint_normalise(e->base_url, &out->base_url, err));
  out->url = lqa_endpoint_join(out->base_url, "chat/completions");
  out->model = e->model;
  out->key = e->key && *e->key ? e->key : NULL;
  out->price = lqa_price_from_usd(e->price_in, e->price_out);
  if (!out->url) {
    return lqa_fail_memory(err, "planning the judge's calls");
  }
  if (!out->price.known && !isnan(o->max_cost_usd)) {
    return lqa_fail(
        err, LQA_BAD_USAGE,
        "the price of '%s' is not known, so a cost limit cannot be kept: give " LQA_OPTION(
            "price") " "
                     "IN,OUT (USD per million tokens) or " LQA_OPTION("max_calls") " instead",
        e->model);
  }
  return LQA_OK;
}

/* Before anything is spent: a file that could be what --ca-file wants. Whether its certificates are
 * sound shows when the first connection is made, before the first request. */
static lqa_status check_ca_file(const char *path, lqa_error *err) {
  static const char mark[] = "-----BEGIN ";
  lqa_buf text;
  if (!path) {
    return LQA_OK;
  }
  lqa_buf_init(&text, MAX_CA_BYTES);
  lqa_status status = lqa_file_load(path, &text, err);
  const char *found = status == LQA_OK && text.data ? strstr(text.data, mark) : NULL;
  bool is_pem = found && strstr(found, "CERTIFICATE-----\n");
  is_pem = is_pem || (found && strstr(found, "CERTIFICATE-----\r\n"));
  if (status == LQA_OK && !is_pem) {
    status =
        lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                    LQA_OPTION("ca_file") ": '%s' holds no certificate; expected PEM text with "
                                          "'-----BEGIN CERTIFICATE-----'",
                    path);
  }
  lqa_buf_clear(&text);
  return status;
}

lqa_status lqa_plan_check_keys(const lqa_judge_plan *plan, lqa_error *err) {
  for (int j = 0; j < plan->options.n_judges; j++) {
    const lqa_plan_judge *judge = &plan->judges[j];
    if (!judge->key && lqa_endpoint_is_openai(judge->base_url)) {
      return lqa_fail(err, LQA_BAD_USAGE,
                      "%s needs a key: set OPENAI_API_KEY, or LLM_API_KEY with LLM_BASE_URL",
                      judge->base_url);
    }
  }
  return LQA_OK;
}

static lqa_status check_items(const lqa_judge_input *input, lqa_judge_protocol protocol,
                              lqa_error *err) {
  if (input->n_classes < 2) {
    return lqa_fail(err, LQA_BAD_USAGE, "a judge needs at least two classes to choose from");
  }
  for (size_t i = 0; i < input->n_items; i++) {
    const lqa_judge_item *item = &input->items[i];
    bool in_range = item->label >= 0 && (size_t)item->label < input->n_classes;
    if (!in_range && !(protocol == LQA_PROTOCOL_BLIND && item->label == LQA_JUDGE_NO_CLASS)) {
      return lqa_fail(err, LQA_INTERNAL, "row %lld has no known label to verify",
                      (long long)item->row);
    }
  }
  return LQA_OK;
}

/* ---- questions ---- */

lqa_task *lqa_plan_task(const lqa_judge_plan *plan, size_t item, int judge, int repeat) {
  size_t width = (size_t)plan->options.n_judges * (size_t)plan->options.repeats;
  uint32_t task =
      plan->task_of[item * width + (size_t)judge * (size_t)plan->options.repeats + (size_t)repeat];
  return task == LQA_NO_TASK ? NULL : &plan->tasks[task];
}

void lqa_plan_question(const lqa_judge_plan *plan, const lqa_task *task,
                       lqa_cache_question *question) {
  *question = (lqa_cache_question){.row_key = plan->input.items[task->item].key,
                                   .prompt_hash = task->prompt_hash,
                                   .base_url = plan->judges[task->judge].base_url,
                                   .model = plan->judges[task->judge].model,
                                   .settings = plan->settings,
                                   .repeat = task->repeat};
}

lqa_status lqa_plan_write_request(const lqa_judge_plan *plan, const lqa_task *task,
                                  lqa_buf *scratch, lqa_buf *out) {
  bool was_cut;
  lqa_buf_reset(scratch);
  LQA_TRY(lqa_prompt_render(&plan->form, &plan->input.items[task->item], scratch, &was_cut));
  lqa_request_parts parts = {plan->judges[task->judge].model, plan->judges[task->judge].refused,
                             lqa_plan_bound_out(plan, task->judge), lqa_str_from(plan->form.system),
                             lqa_buf_str(scratch)};
  lqa_request_write(&plan->options, &parts, out);
  return lqa_buf_check(out, NULL);
}

int64_t lqa_plan_bound_out(const lqa_judge_plan *plan, int judge) {
  return lqa_request_max_output(&plan->options, plan->judges[judge].refused, plan->longest_class);
}

void lqa_plan_record_answer(const lqa_judge_plan *plan, lqa_task *task) {
  task->reply = lqa_reply_parse(plan->options.protocol, task->answer.content, task->answer.end,
                                &plan->book, plan->input.items[task->item].label);
  task->state = LQA_TASK_ANSWERED;
}

lqa_status lqa_plan_read_cache(lqa_judge_plan *plan, lqa_task *task, bool *found, lqa_error *err) {
  LQA_TRY(lqa_cache_find(plan->cache, &task->key, &plan->arena, &task->answer, err));
  *found = task->answer.is_found;
  if (*found) {
    lqa_plan_record_answer(plan, task);
    task->cached = true;
  }
  return LQA_OK;
}

/* The hash of both messages, lengths first so that no text can imitate the border. */
static void hash_prompt(const lqa_judge_plan *plan, lqa_str user, lqa_buf *scratch, char out[65]) {
  lqa_buf_reset(scratch);
  lqa_buf_printf(scratch, "%zu %zu\n%s\n", strlen(plan->form.system), user.size, plan->form.system);
  lqa_buf_add_str(scratch, user);
  lqa_sha256(scratch->data, scratch->size, out);
}

/* Which items are repeated: repeat_rows of them, evenly spread over the plan. */
static bool is_repeated(const lqa_judge_plan *plan, size_t item) {
  size_t n = plan->input.n_items, m = (size_t)plan->options.repeat_rows;
  return plan->options.repeats > 1 && (m >= n || (item + 1) * m / n > item * m / n);
}

/* Adds the task for one question, or finds the one that asks the same. */
static lqa_status add_task(lqa_judge_plan *plan, lqa_map *seen, const lqa_task *task,
                           uint32_t *slot) {
  lqa_task made = *task;
  lqa_cache_question question;
  lqa_plan_question(plan, &made, &question);
  lqa_cache_key_make(&question, &made.key);
  bool added;
  LQA_TRY(lqa_map_add(seen, (lqa_str){(const char *)made.key.bytes, sizeof made.key.bytes}, slot,
                      &added));
  if (added) {
    plan->tasks[plan->n_tasks++] = made;
  } else {
    plan->numbers.shared++;
  }
  return LQA_OK;
}

static lqa_status add_item(lqa_judge_plan *plan, lqa_map *seen, size_t item, lqa_buf *user,
                           lqa_buf *scratch) {
  bool was_cut;
  lqa_buf_reset(user);
  LQA_TRY(lqa_prompt_render(&plan->form, &plan->input.items[item], user, &was_cut));
  plan->text_was_cut[item] = was_cut;
  plan->numbers.cut_texts += was_cut;
  lqa_task task = {.item = (uint32_t)item,
                   .bound_in = (int64_t)(strlen(plan->form.system) + user->size) + TEMPLATE_TOKENS};
  hash_prompt(plan, lqa_buf_str(user), scratch, task.prompt_hash);
  LQA_TRY(lqa_buf_check(scratch, NULL));
  int n_repeats = is_repeated(plan, item) ? plan->options.repeats : 1;
  size_t width = (size_t)plan->options.n_judges * (size_t)plan->options.repeats;
  for (int judge = 0; judge < plan->options.n_judges; judge++) {
    for (int repeat = 0; repeat < n_repeats; repeat++) {
      task.judge = (uint8_t)judge;
      task.repeat = (uint8_t)repeat;
      uint32_t *slot = &plan->task_of[item * width + (size_t)judge * (size_t)plan->options.repeats +
                                      (size_t)repeat];
      LQA_TRY(add_task(plan, seen, &task, slot));
      plan->numbers.requests++;
    }
  }
  return LQA_OK;
}

static lqa_status add_items(lqa_judge_plan *plan, lqa_error *err) {
  lqa_status status = LQA_OK;
  lqa_buf user, scratch;
  lqa_buf_init(&user, MAX_REQUEST_BYTES);
  lqa_buf_init(&scratch, MAX_REQUEST_BYTES);
  lqa_map *seen = lqa_map_new(true);
  size_t n = plan->input.n_items;
  size_t width = (size_t)plan->options.n_judges * (size_t)plan->options.repeats;
  plan->tasks = lqa_calloc(n, width * sizeof *plan->tasks);
  plan->task_of = lqa_malloc(n, width * sizeof *plan->task_of);
  plan->text_was_cut = lqa_calloc(n, 1);
  if (!seen || !plan->tasks || !plan->task_of || !plan->text_was_cut) {
    status = LQA_NO_MEMORY;
    goto out;
  }
  memset(plan->task_of, 0xFF, n * width * sizeof *plan->task_of);
  for (size_t i = 0; i < n; i++) {
    LQA_TRY_OUT(add_item(plan, seen, i, &user, &scratch));
  }
out:
  lqa_map_free(seen);
  lqa_buf_clear(&user);
  lqa_buf_clear(&scratch);
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "planning the judge's calls");
}

/* ---- numbers ---- */

/* Reads what the cache knows; an UNKNOWN that is to be asked again stays open but keeps its old
 * answer until a new one comes. */
static lqa_status look_up(lqa_judge_plan *plan, lqa_task *task, lqa_error *err) {
  bool found, in_batch;
  LQA_TRY(lqa_plan_read_cache(plan, task, &found, err));
  if (found && plan->options.retry_unknown && task->reply.verdict == LQA_VERDICT_UNKNOWN) {
    task->state = LQA_TASK_OPEN;
    task->cached = found = false;
    task->has_old = true;
  }
  if (found) {
    plan->numbers.cached++;
    return LQA_OK;
  }
  LQA_TRY(lqa_cache_in_batch(plan->cache, &task->key, &in_batch, err));
  if (in_batch) {
    task->state = LQA_TASK_BATCH;
    plan->numbers.in_batch++;
  }
  return LQA_OK;
}

static void add_estimate(lqa_judge_plan *plan, const lqa_task *task, int64_t *cost,
                         int64_t *bound) {
  lqa_judge_numbers *n = &plan->numbers;
  const lqa_price *price = &plan->judges[task->judge].price;
  int64_t in = (task->bound_in - TEMPLATE_TOKENS) / 4 + 16;
  n->to_ask++;
  n->tokens_in += in;
  n->tokens_out += TYPICAL_OUTPUT;
  *cost += lqa_price_cost(price, in, TYPICAL_OUTPUT);
  *bound += lqa_price_cost(price, task->bound_in, lqa_plan_bound_out(plan, task->judge));
}

static lqa_status look_up_all(lqa_judge_plan *plan, lqa_error *err) {
  LQA_TRY(lqa_cache_begin_read(plan->cache, err));
  for (size_t t = 0; t < plan->n_tasks; t++) {
    LQA_TRY(look_up(plan, &plan->tasks[t], err));
  }
  return lqa_cache_commit(plan->cache, err);
}

static lqa_status count(lqa_judge_plan *plan, lqa_error *err) {
  lqa_judge_numbers *n = &plan->numbers;
  int64_t cost = 0, bound = 0;
  bool priced = true;
  LQA_TRY(look_up_all(plan, err));
  for (size_t t = 0; t < plan->n_tasks; t++) {
    if (plan->tasks[t].state == LQA_TASK_OPEN) {
      add_estimate(plan, &plan->tasks[t], &cost, &bound);
    }
  }
  for (size_t i = 0; i < plan->input.n_items; i++) {
    n->rows[plan->input.items[i].kind]++;
  }
  for (int j = 0; j < plan->options.n_judges; j++) {
    priced = priced && plan->judges[j].price.known;
  }
  n->planned = (int64_t)plan->input.n_items;
  n->cost_usd = priced ? lqa_usd_from_pico(cost) : NAN;
  n->cost_bound_usd = priced ? lqa_usd_from_pico(bound) : NAN;
  n->max_calls =
      plan->options.max_calls >= 0 ? plan->options.max_calls : n->requests + (n->requests + 4) / 5;
  lqa_budget_init(&plan->budget, n->max_calls, plan->options.max_cost_usd);
  return LQA_OK;
}

/* ---- making and freeing ---- */

static lqa_status make(lqa_judge_plan *plan, lqa_error *err) {
  const lqa_judge_options *o = &plan->options;
  LQA_TRY(check_ranges(o, err));
  for (int j = 0; j < o->n_judges; j++) {
    LQA_TRY(check_judge(o, j, &plan->judges[j], err));
  }
  LQA_TRY(check_ca_file(o->ca_file, err));
  LQA_TRY(check_items(&plan->input, o->protocol, err));
  for (size_t i = 0; i < plan->input.n_classes; i++) {
    size_t size = plan->input.classes[i].name.size;
    plan->longest_class = size > plan->longest_class ? size : plan->longest_class;
  }
  lqa_request_settings(o, plan->longest_class, plan->settings);
  LQA_TRY(lqa_label_book_init(&plan->book, plan->input.classes, plan->input.n_classes, err));
  LQA_TRY(lqa_prompt_form_init(&plan->form, o, &plan->book, err));
  LQA_TRY(lqa_cache_open(o->cache_path, &plan->cache, err));
  LQA_TRY(lqa_cache_sweep(plan->cache, &plan->n_lost, err));
  for (int j = 0; j < o->n_judges; j++) {
    LQA_TRY(lqa_cache_get_refused(plan->cache, plan->judges[j].base_url, plan->judges[j].model,
                                  &plan->judges[j].refused, err));
  }
  LQA_TRY(add_items(plan, err));
  return count(plan, err);
}

lqa_status lqa_judge_plan_new(const lqa_judge_input *input, const lqa_judge_options *options,
                              lqa_judge_plan **out, lqa_error *err) {
  lqa_judge_plan *plan = lqa_calloc(1, sizeof *plan);
  if (!plan) {
    return lqa_fail_memory(err, "planning the judge's calls");
  }
  plan->input = *input;
  plan->options = *options;
  plan->started_ms = lqa_clock_unix_ms();
  lqa_arena_init(&plan->arena);
  lqa_status status = make(plan, err);
  if (status != LQA_OK) {
    lqa_judge_plan_free(plan);
    return status;
  }
  *out = plan;
  return LQA_OK;
}

void lqa_judge_plan_free(lqa_judge_plan *plan) {
  if (!plan) {
    return;
  }
  lqa_cache_close(plan->cache);
  lqa_prompt_form_clear(&plan->form);
  lqa_label_book_clear(&plan->book);
  for (int j = 0; j < LQA_JUDGE_MAX_JUDGES; j++) {
    free(plan->judges[j].base_url);
    free(plan->judges[j].url);
  }
  free(plan->tasks);
  free(plan->task_of);
  free(plan->text_was_cut);
  lqa_arena_clear(&plan->arena);
  free(plan);
}

const lqa_judge_numbers *lqa_judge_plan_numbers(const lqa_judge_plan *plan) {
  return &plan->numbers;
}

lqa_status lqa_judge_plan_prompt(const lqa_judge_plan *plan, lqa_buf *out, lqa_error *err) {
  bool was_cut;
  if (plan->input.n_items == 0) {
    return LQA_OK;
  }
  lqa_buf_printf(out, "--- system ---\n%s\n--- user ---\n", plan->form.system);
  if (lqa_prompt_render(&plan->form, &plan->input.items[0], out, &was_cut) != LQA_OK) {
    return lqa_fail_memory(err, "showing the first prompt");
  }
  return lqa_buf_check(out, err);
}

const char *lqa_judge_kind_name(lqa_judge_kind kind) {
  static const char *const names[] = {"suspicious", "random", "every"};
  return names[kind];
}
