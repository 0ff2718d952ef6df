/* Numbers with what they mean: a rate never stands without its interval, an agreement never without
 * the number of rows, a cost never without what it was booked for.
 */
#include "api/judge_text.h"

#include "api/judge_endpoint.h"
#include "judge/plan.h"

#include <math.h>

/* ---- the plan ---- */

static void add_money(lqa_buf *out, double usd) {
  if (isnan(usd)) {
    lqa_buf_add_text(out, "unknown");
  } else {
    lqa_buf_printf(out, "%.*f USD", usd < 0.1 ? 6 : 2, usd);
  }
}

static void plan_endpoint(const lqa_judge_session *s, int judge, lqa_buf *out) {
  const lqa_judge_endpoint *e = &s->options.judges[judge];
  lqa_buf_printf(out, "%s %s, model %s, key %s\n", judge ? "and       " : "endpoint  ", e->base_url,
                 e->model, e->key ? "set" : "not set");
  if (isnan(e->price_in)) {
    lqa_buf_add_text(out, "price      not known\n");
  } else {
    lqa_buf_printf(out, "price      %g in, %g out (USD per million tokens, %s)\n", e->price_in,
                   e->price_out, lqa_judge_price_origin(s->args, judge, e->price_in));
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
  add_money(out, n->cost_usd);
  lqa_buf_add_text(out, "; held at most ");
  add_money(out, n->cost_bound_usd);
  lqa_buf_add_char(out, '\n');
}

lqa_status lqa_judge_plan_text(const lqa_judge_session *s, lqa_buf *out, lqa_error *err) {
  const lqa_judge_numbers *n = lqa_judge_plan_numbers(s->plan);
  for (int j = 0; j < s->options.n_judges; j++) {
    plan_endpoint(s, j, out);
  }
  lqa_buf_printf(out, "protocol   %s%s\n",
                 s->options.protocol == LQA_PROTOCOL_BLIND ? "blind" : "verify",
                 strcmp(s->args->mode, "label") == 0 ? " (the model labels every row)" : "");
  plan_rows(n, out);
  plan_requests(n, out);
  if (!isnan(s->options.max_cost_usd)) {
    lqa_buf_add_text(out, "budget     ");
    add_money(out, s->options.max_cost_usd);
    lqa_buf_add_char(out, '\n');
  }
  if (n->cut_texts > 0) {
    lqa_buf_printf(out, "cut        %lld text%s longer than %lld characters (--max-text)\n",
                   (long long)n->cut_texts, lqa_plural(n->cut_texts),
                   (long long)s->options.max_text_chars);
  }
  if (n->planned > 0) {
    lqa_buf_add_text(out, "\nThe first row's prompt:\n");
    LQA_TRY(lqa_judge_plan_prompt(s->plan, out, err));
  }
  return lqa_buf_check(out, err);
}

static void json_endpoints(const lqa_judge_session *s, lqa_json *json) {
  lqa_json_key(json, "endpoints");
  lqa_json_open_array(json);
  for (int j = 0; j < s->options.n_judges; j++) {
    const lqa_judge_endpoint *e = &s->options.judges[j];
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

void lqa_judge_plan_json(const lqa_judge_session *s, lqa_json *json) {
  const lqa_judge_numbers *n = lqa_judge_plan_numbers(s->plan);
  const char *missing;
  lqa_error why;
  lqa_buf prompt;
  lqa_buf_init(&prompt, (size_t)1 << 28);
  lqa_json_open_object(json);
  json_endpoints(s, json);
  lqa_json_add_text(json, "protocol",
                    s->options.protocol == LQA_PROTOCOL_BLIND ? "blind" : "verify");
  lqa_json_add_text(json, "mode", s->args->mode);
  lqa_json_key(json, "rows");
  lqa_json_open_object(json);
  for (int kind = 0; kind < LQA_JUDGE_KIND_COUNT; kind++) {
    lqa_json_add_int(json, lqa_judge_kind_name((lqa_judge_kind)kind), n->rows[kind]);
  }
  lqa_json_close_object(json);
  lqa_json_add_int(json, "planned", n->planned);
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
  lqa_json_add_double(json, "max_cost_usd", s->options.max_cost_usd);
  lqa_json_add_int(json, "cut_texts", n->cut_texts);
  lqa_judge_missing(s, &why, &missing);
  lqa_json_add_text(json, "missing", missing);
  if (lqa_judge_plan_prompt(s->plan, &prompt, NULL) == LQA_OK) {
    lqa_json_add_str(json, "first_prompt", lqa_buf_str(&prompt));
  }
  lqa_json_close_object(json);
  lqa_buf_clear(&prompt);
}

bool lqa_judge_missing(const lqa_judge_session *s, lqa_error *why, const char **missing) {
  lqa_error_clear(why);
  bool is_missing = lqa_plan_check_keys(s->plan, why) != LQA_OK ||
                    lqa_judge_check_price(s->args, &s->options, why) != LQA_OK;
  *missing = is_missing ? why->message : NULL;
  return is_missing;
}

/* ---- the summary ---- */

static void text_rate(const char *name, const lqa_judge_rate *rate, lqa_buf *out) {
  if (rate->n > 0) {
    lqa_buf_printf(out, "%s %.1f %% (%lld of %lld, 95 %%: %.1f to %.1f)\n", name,
                   100 * rate->estimate, (long long)rate->hits, (long long)rate->n, 100 * rate->low,
                   100 * rate->high);
  }
}

static void text_judge(const lqa_judge_session *s, int judge, lqa_buf *out) {
  const lqa_judge_score *score = &s->summary.judges[judge];
  const char *model = s->options.judges[judge].model;
  if (s->options.n_judges == 2) {
    lqa_buf_printf(out, "%s: %lld YES, %lld NO, %lld UNKNOWN\n", model, (long long)score->yes,
                   (long long)score->no, (long long)score->unknown);
  }
  if (score->reply_model[0] && strcmp(score->reply_model, model) != 0) {
    lqa_buf_printf(out, "%s answers as %s\n", model, score->reply_model);
  }
  if (score->other_model > 0) {
    lqa_buf_printf(out, "%lld answer%s from another model than %s: counted as UNKNOWN\n",
                   (long long)score->other_model, lqa_plural(score->other_model), model);
  }
  text_rate("  finds wrong labels (people's decisions):", &score->sensitivity, out);
  text_rate("  doubts right labels (people's decisions):", &score->false_alarm, out);
  text_rate("  says the same when asked again:", &score->self_agreement, out);
}

static void text_agreement(const lqa_judge_session *s, lqa_buf *out) {
  const lqa_judge_summary *sum = &s->summary;
  if (s->options.n_judges == 2 && !isnan(sum->agreement)) {
    lqa_buf_printf(out, "The two judges agree on %.1f %% of rows", 100 * sum->agreement);
    if (!isnan(sum->kappa)) {
      lqa_buf_printf(out, ", kappa %.2f", sum->kappa);
    }
    lqa_buf_add_text(out, ".\n");
    if (sum->same_family) {
      lqa_buf_add_text(out,
                       "Both come from one maker: they are likely to be wrong together. A second "
                       "judge of another family says more.\n");
    }
  }
  if (sum->overlap_rows > 0) {
    lqa_buf_printf(
        out, "Confident learning and judge agree on %.1f %% (%lld row%s, weighted to the whole",
        100 * sum->overlap_agreement, (long long)sum->overlap_rows, lqa_plural(sum->overlap_rows));
    if (!isnan(sum->overlap_kappa)) {
      lqa_buf_printf(out, ", kappa %.2f", sum->overlap_kappa);
    }
    lqa_buf_add_text(out, ").\n");
    if (sum->overlap_kappa < 0.2 && sum->overlap_rows >= 20) {
      lqa_buf_add_text(out, "That is little: one of them does not see what the other sees (a class "
                            "description that is missing, systematic confusion that the model has "
                            "learnt). Look at rows where they differ before believing either.\n");
    }
  }
}

static void text_money(const lqa_judge_summary *sum, lqa_buf *out) {
  lqa_buf_printf(out, "%lld call%s, %lld answer%s from the cache, %lld tokens in, %lld out, cost ",
                 (long long)sum->calls, lqa_plural(sum->calls), (long long)sum->cached,
                 lqa_plural(sum->cached), (long long)sum->tokens_in, (long long)sum->tokens_out);
  add_money(out, sum->cost_usd);
  lqa_buf_add_char(out, '\n');
  if (sum->errors > 0) {
    lqa_buf_printf(out, "%lld call%s refused with an error status: cost nothing\n",
                   (long long)sum->errors, lqa_plural(sum->errors));
  }
  if (sum->booked > 0) {
    lqa_buf_printf(out,
                   "%lld call%s ended without a bill (time-outs, lost connections, no usage): "
                   "booked at the upper bound\n",
                   (long long)sum->booked, lqa_plural(sum->booked));
  }
  if (sum->lost > 0) {
    lqa_buf_printf(out,
                   "%lld call%s open when an earlier run was killed: perhaps paid, never "
                   "received\n",
                   (long long)sum->lost, lqa_plural(sum->lost));
  }
}

static void text_advice(const lqa_judge_session *s, lqa_buf *out) {
  const lqa_judge_summary *sum = &s->summary;
  if (sum->truncated > 0) {
    lqa_buf_printf(out,
                   "%lld answer%s cut by the token limit: raise --max-output-tokens (models "
                   "that think first need 2000 or more)\n",
                   (long long)sum->truncated, lqa_plural(sum->truncated));
  }
  if (sum->dropped_fields[0]) {
    lqa_buf_printf(out, "Request fields that the endpoint refuses and that are left out: %s\n",
                   sum->dropped_fields);
  }
  text_rate("Wrong labels among the rows drawn at random:", &sum->random_error, out);
  if (sum->advise_relabel) {
    lqa_buf_add_text(out,
                     "More than 30 % of the labels look wrong. Repairing one by one is the wrong "
                     "tool: label everything anew, by people or by the model (--mode label).\n");
  }
}

void lqa_judge_summary_text(const lqa_judge_session *s, lqa_buf *out) {
  const lqa_judge_summary *sum = &s->summary;
  lqa_buf_printf(out, "%lld of %lld row%s judged: %lld YES, %lld NO, %lld UNKNOWN\n",
                 (long long)sum->judged, (long long)sum->planned, lqa_plural(sum->planned),
                 (long long)sum->yes, (long long)sum->no, (long long)sum->unknown);
  if (sum->in_batch > 0) {
    lqa_buf_printf(out, "%lld %s in a submitted batch\n", (long long)sum->in_batch,
                   sum->in_batch == 1 ? "row waits" : "rows wait");
  }
  if (sum->unanswered > 0) {
    lqa_buf_printf(out, "%lld %s unanswered; run the command again to ask only %s\n",
                   (long long)sum->unanswered, sum->unanswered == 1 ? "row stays" : "rows stay",
                   sum->unanswered == 1 ? "that one" : "those");
  }
  for (int j = 0; j < s->options.n_judges; j++) {
    text_judge(s, j, out);
  }
  text_agreement(s, out);
  text_money(sum, out);
  text_advice(s, out);
}

static void json_rate(lqa_json *json, const char *key, const lqa_judge_rate *rate) {
  lqa_json_key(json, key);
  if (rate->n == 0) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_double(json, "estimate", rate->estimate);
  lqa_json_add_double(json, "low", rate->low);
  lqa_json_add_double(json, "high", rate->high);
  lqa_json_add_int(json, "hits", rate->hits);
  lqa_json_add_int(json, "n", rate->n);
  lqa_json_close_object(json);
}

static void json_scores(const lqa_judge_session *s, lqa_json *json) {
  lqa_json_key(json, "judges");
  lqa_json_open_array(json);
  for (int j = 0; j < s->options.n_judges; j++) {
    const lqa_judge_score *score = &s->summary.judges[j];
    lqa_json_open_object(json);
    lqa_json_add_text(json, "model", s->options.judges[j].model);
    lqa_json_add_text(json, "reply_model", score->reply_model);
    lqa_json_add_int(json, "yes", score->yes);
    lqa_json_add_int(json, "no", score->no);
    lqa_json_add_int(json, "unknown", score->unknown);
    lqa_json_add_int(json, "other_model", score->other_model);
    json_rate(json, "sensitivity", &score->sensitivity);
    json_rate(json, "false_alarm", &score->false_alarm);
    json_rate(json, "self_agreement", &score->self_agreement);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

/* What the session's columns of run.db do not hold. */
static void json_details(const lqa_judge_session *s, lqa_json *json) {
  const lqa_judge_summary *sum = &s->summary;
  lqa_json_add_text(json, "mode", s->args->mode);
  lqa_json_add_int(json, "unanswered", sum->unanswered);
  lqa_json_add_int(json, "in_batch", sum->in_batch);
  lqa_json_add_int(json, "errors", sum->errors);
  lqa_json_add_int(json, "booked", sum->booked);
  lqa_json_add_int(json, "lost", sum->lost);
  lqa_json_add_int(json, "truncated", sum->truncated);
  lqa_json_add_double(json, "kappa", sum->kappa);
  lqa_json_add_bool(json, "same_family", sum->same_family);
  lqa_json_add_double(json, "overlap_agreement", sum->overlap_agreement);
  lqa_json_add_double(json, "overlap_kappa", sum->overlap_kappa);
  lqa_json_add_int(json, "overlap_rows", sum->overlap_rows);
  json_rate(json, "random_error", &sum->random_error);
  lqa_json_add_bool(json, "advise_relabel", sum->advise_relabel);
  lqa_json_add_text(json, "dropped_fields", sum->dropped_fields);
  json_scores(s, json);
}

void lqa_judge_summary_json(const lqa_judge_session *s, lqa_json *json) {
  const lqa_judge_summary *sum = &s->summary;
  lqa_json_open_object(json);
  lqa_json_add_int(json, "planned", sum->planned);
  lqa_json_add_int(json, "judged", sum->judged);
  lqa_json_add_int(json, "yes", sum->yes);
  lqa_json_add_int(json, "no", sum->no);
  lqa_json_add_int(json, "unknown", sum->unknown);
  lqa_json_add_int(json, "cached", sum->cached);
  lqa_json_add_int(json, "calls", sum->calls);
  lqa_json_add_int(json, "tokens_in", sum->tokens_in);
  lqa_json_add_int(json, "tokens_out", sum->tokens_out);
  lqa_json_add_double(json, "cost_usd", sum->cost_usd);
  lqa_json_add_double(json, "agreement", sum->agreement);
  json_details(s, json);
  lqa_json_close_object(json);
}

void lqa_judge_details_json(const lqa_judge_session *s, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 0);
  lqa_json_open_object(&json);
  json_endpoints(s, &json);
  json_details(s, &json);
  lqa_json_close_object(&json);
}
