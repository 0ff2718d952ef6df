/* What judging would cost, before anything is spent: rows by reason, questions, tokens, money, and
 * the first row's prompt word for word.
 */
#include "judge/plan.h"
#include "base/message_text.h"
#include "report/judge_report.h"

#include <math.h>

void lqa_judge_report_money(lqa_buf *out, double usd) {
  if (isnan(usd)) {
    lqa_buf_add_text(out, "unknown");
  } else {
    lqa_buf_printf(out, "%.*f USD", usd < 0.1 ? 6 : 2, usd);
  }
}

static void plan_endpoint(const lqa_judge_report *r, int judge, lqa_buf *out) {
  const lqa_judge_endpoint *e = &r->options->judges[judge];
  lqa_buf_printf(out, "%s %s, model %s, key %s\n", judge ? "and       " : "endpoint  ", e->base_url,
                 e->model, e->key ? "set" : "not set");
  if (isnan(e->price_in)) {
    lqa_buf_add_text(out, "price      not known\n");
  } else {
    lqa_buf_printf(out, "price      %g in, %g out (USD per million tokens, %s)\n", e->price_in,
                   e->price_out, r->price_origin[judge]);
  }
}

static void plan_rows(const lqa_judge_numbers *n, lqa_buf *out) {
  lqa_buf_printf(out, "rows       %lld to judge:", (long long)n->planned);
  const char *separator = "";
  for (int kind = 0; kind < LQA_JUDGE_KIND_COUNT; kind++) {
    if (n->rows[kind] > 0) {
      lqa_buf_printf(out, "%s %lld %s", separator, (long long)n->rows[kind],
                     lqa_judge_kind_name((lqa_judge_kind)kind));
      separator = ",";
    }
  }
  lqa_buf_add_char(out, '\n');
}

static void plan_requests(const lqa_judge_numbers *n, lqa_buf *out) {
  lqa_buf_printf(out, "calls      %lld question%s, %lld answered by the cache",
                 (long long)n->requests, lqa_plural(n->requests), (long long)n->cached);
  if (n->shared > 0) {
    lqa_buf_printf(out, ", %lld the same as another row's", (long long)n->shared);
  }
  if (n->in_batch > 0) {
    lqa_buf_printf(out, ", %lld in a batch", (long long)n->in_batch);
  }
  lqa_buf_printf(out, ": %lld to ask (at most %lld call%s)\n", (long long)n->to_ask,
                 (long long)n->max_calls, lqa_plural(n->max_calls));
  lqa_buf_printf(out, "tokens     about %lld in, %lld out\ncost       about ",
                 (long long)n->tokens_in, (long long)n->tokens_out);
  lqa_judge_report_money(out, n->cost_usd);
  lqa_buf_add_text(out, "; held at most ");
  lqa_judge_report_money(out, n->cost_bound_usd);
  lqa_buf_add_char(out, '\n');
}

double lqa_judge_report_phase_cost(const lqa_judge_report *r, int phase) {
  int64_t own = r->phase > 0 ? r->phase_rows[r->phase - 1] : 0;
  double cost = lqa_judge_plan_numbers(r->plan)->cost_usd;
  if (phase < r->phase) {
    return 0;
  }
  return own > 0 ? cost * (double)r->phase_rows[phase - 1] / (double)own : 0;
}

static void plan_phases(const lqa_judge_report *r, lqa_buf *out) {
  for (int phase = 1; r->phase > 0 && phase <= LQA_JUDGE_REPORT_PHASES; phase++) {
    lqa_buf_printf(out, "phase %d    %lld rows, ", phase, (long long)r->phase_rows[phase - 1]);
    if (phase < r->phase) {
      lqa_buf_add_text(out, "done\n");
    } else {
      lqa_buf_add_text(out, "about ");
      lqa_judge_report_money(out, lqa_judge_report_phase_cost(r, phase));
      lqa_buf_add_text(out, phase == r->phase ? ": the plan shown here\n" : "\n");
    }
  }
}

static void add_phases(const lqa_judge_report *r, lqa_json *json) {
  if (r->phase == 0) {
    return;
  }
  lqa_json_key(json, "phases");
  lqa_json_open_array(json);
  for (int phase = 1; phase <= LQA_JUDGE_REPORT_PHASES; phase++) {
    lqa_json_open_object(json);
    lqa_json_add_int(json, "phase", phase);
    lqa_json_add_int(json, "rows", r->phase_rows[phase - 1]);
    lqa_json_add_bool(json, "done", phase < r->phase);
    lqa_json_add_double(json, "cost_usd", lqa_judge_report_phase_cost(r, phase));
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

/* A model cannot know what class 2 is. */
static void plan_codes(const lqa_judge_report *r, lqa_buf *out) {
  if (!r->codes) {
    return;
  }
  lqa_buf_add_text(out, "classes    are called");
  for (int32_t k = 0; k < r->n_codes && k < 4; k++) {
    lqa_buf_printf(out, "%s %.*s", k ? "," : "", (int)r->codes[k].size, r->codes[k].data);
  }
  lqa_buf_printf(out,
                 "%s: no model can know what that means. Name them in the audit: " LQA_OPTION_AS(
                     "class_names",
                     "'%.*s=NAME,...'") ", or describe them with " LQA_OPTION("class_notes") "\n",
                 r->n_codes > 4 ? ", ..." : "", (int)r->codes[0].size, r->codes[0].data);
}

lqa_status lqa_judge_report_plan_text(const lqa_judge_report *r, lqa_buf *out, lqa_error *err) {
  const lqa_judge_numbers *n = lqa_judge_plan_numbers(r->plan);
  for (int j = 0; j < r->options->n_judges; j++) {
    plan_endpoint(r, j, out);
  }
  lqa_buf_printf(out, "protocol   %s%s\n",
                 r->options->protocol == LQA_PROTOCOL_BLIND ? "blind" : "verify",
                 strcmp(r->mode, "label") == 0 ? " (the model labels every row)" : "");
  plan_rows(n, out);
  plan_requests(n, out);
  plan_phases(r, out);
  if (!isnan(r->options->max_cost_usd)) {
    lqa_buf_add_text(out, "budget     ");
    lqa_judge_report_money(out, r->options->max_cost_usd);
    lqa_buf_add_char(out, '\n');
  }
  if (n->cut_texts > 0) {
    lqa_buf_printf(
        out, "cut        %lld text%s longer than %lld characters (" LQA_OPTION("max_text") ")\n",
        (long long)n->cut_texts, lqa_plural(n->cut_texts), (long long)r->options->max_text_chars);
  }
  plan_codes(r, out);
  if (n->planned > 0) {
    lqa_buf_add_text(out, "\nThe first row's prompt:\n");
    LQA_TRY(lqa_judge_plan_prompt(r->plan, out, err));
  }
  return lqa_buf_check(out, err);
}

void lqa_judge_report_endpoints(const lqa_judge_report *r, lqa_json *json) {
  lqa_json_key(json, "endpoints");
  lqa_json_open_array(json);
  for (int j = 0; j < r->options->n_judges; j++) {
    const lqa_judge_endpoint *e = &r->options->judges[j];
    lqa_json_open_object(json);
    lqa_json_add_text(json, "base_url", e->base_url);
    lqa_json_add_text(json, "model", e->model);
    lqa_json_add_bool(json, "key_set", e->key != NULL);
    lqa_json_add_double(json, "price_in", e->price_in);
    lqa_json_add_double(json, "price_out", e->price_out);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

void lqa_judge_report_plan_json(const lqa_judge_report *r, lqa_json *json) {
  const lqa_judge_numbers *n = lqa_judge_plan_numbers(r->plan);
  lqa_buf prompt;
  lqa_buf_init(&prompt, (size_t)1 << 28);
  lqa_json_open_object(json);
  lqa_judge_report_endpoints(r, json);
  lqa_json_add_text(json, "protocol",
                    r->options->protocol == LQA_PROTOCOL_BLIND ? "blind" : "verify");
  lqa_json_add_text(json, "mode", r->mode);
  lqa_json_key(json, "rows");
  lqa_json_open_object(json);
  for (int kind = 0; kind < LQA_JUDGE_KIND_COUNT; kind++) {
    lqa_json_add_int(json, lqa_judge_kind_name((lqa_judge_kind)kind), n->rows[kind]);
  }
  lqa_json_close_object(json);
  lqa_json_add_int(json, "planned", n->planned);
  add_phases(r, json);
  lqa_json_add_int(json, "requests", n->requests);
  lqa_json_add_int(json, "cached", n->cached);
  lqa_json_add_int(json, "shared", n->shared);
  lqa_json_add_int(json, "in_batch", n->in_batch);
  lqa_json_add_int(json, "to_ask", n->to_ask);
  lqa_json_add_int(json, "max_calls", n->max_calls);
  lqa_json_add_int(json, "tokens_in", n->tokens_in);
  lqa_json_add_int(json, "tokens_out", n->tokens_out);
  lqa_json_add_double(json, "cost_usd", n->cost_usd);
  lqa_json_add_double(json, "cost_bound_usd", n->cost_bound_usd);
  lqa_json_add_double(json, "max_cost_usd", r->options->max_cost_usd);
  lqa_json_add_int(json, "cut_texts", n->cut_texts);
  lqa_json_add_message(json, "missing", r->missing);
  if (lqa_judge_plan_prompt(r->plan, &prompt, NULL) == LQA_OK) {
    lqa_json_add_str(json, "first_prompt", lqa_buf_str(&prompt));
  }
  lqa_json_close_object(json);
  lqa_buf_clear(&prompt);
}
