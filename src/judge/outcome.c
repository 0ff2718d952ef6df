/* judge/outcome.c - see outcome.h.
 *
 * | reply | meaning | counted as paid |
 * |---|---|---|
 * | 2xx with a completion | answer | yes, by its usage |
 * | 2xx with anything else, cut or too large | try again | yes, at the bound |
 * | sent, then time-out or lost connection | try again | yes, at the bound |
 * | no connection | try again | no |
 * | certificate wrong, bad URL; 3xx | end | no |
 * | 400, 422 naming a field | the same without the field | no |
 * | 400 for content or context length | a refusal: the row goes to people | no |
 * | other 4xx | end, or this row if the endpoint has answered before | no |
 * | 401, 402, 403; 429 for quota or billing | end | no |
 * | 408, 409, 425, 5xx | try again | no |
 * | 429, 503 with Retry-After | wait, then try again | no |
 * x-should-retry overrules where it speaks. Sources: the public OpenAPI description,
 * openai-python's retry rules, and the error bodies of Ollama, vLLM and llama.cpp.
 */
#include "judge/outcome.h"

#include "judge/request.h"

#include <math.h>
#include <stdio.h>

static bool is_any(const char *text, const char *const *words) {
  for (; *words; words++) {
    if (strcmp(text, *words) == 0) {
      return true;
    }
  }
  return false;
}

/* Errors that trying again cannot mend: there is no money behind the key. */
static bool is_quota(const lqa_wire_error *e) {
  static const char *const words[] = {"insufficient_quota", "billing_hard_limit_reached",
                                      "billing_not_active", "access_terminated", NULL};
  return is_any(e->code, words) || is_any(e->type, words);
}

/* Errors that say something about the row, not about the request. */
static bool is_about_row(const lqa_wire_error *e) {
  static const char *const words[] = {
      "content_filter",          "content_policy_violation",  "context_length_exceeded",
      "string_above_max_length", "exceed_context_size_error", NULL};
  return is_any(e->code, words) || is_any(e->type, words) ||
         strstr(e->message, "maximum context length") ||
         strstr(e->message, "content management policy");
}

static void say(lqa_call_outcome *out, const lqa_http_reply *reply, const lqa_wire_error *e) {
  const char *code = e->code[0] ? e->code : e->type;
  if (reply->status < 400) {
    snprintf(out->message, sizeof out->message,
             "status %ld: it redirects to %.250s, which is not followed because the key would "
             "travel on; give the right base URL",
             reply->status, reply->message ? reply->message : "another place");
    return;
  }
  snprintf(out->message, sizeof out->message, "status %ld%s%s%s%s%.280s", reply->status,
           *code ? " (" : "", code, *code ? ")" : "", e->message[0] ? ": " : "", e->message);
}

static void set(lqa_call_outcome *out, lqa_outcome_kind kind, double wait) {
  out->kind = kind;
  out->wait = wait;
}

/* A refusal by error status is an answer that cost nothing. */
static void refuse_row(lqa_call_outcome *out, const lqa_wire_error *e) {
  lqa_completion *c = &out->completion;
  c->content = strdup(e->message);
  c->content_size = c->content ? strlen(c->content) : 0;
  c->end = LQA_REPLY_REFUSED;
  c->finish = strdup(e->code[0] ? e->code : "refused");
  c->model = strdup("");
  c->fingerprint = strdup("");
  bool whole = c->content && c->finish && c->model && c->fingerprint;
  set(out, whole ? LQA_OUTCOME_ANSWER : LQA_OUTCOME_ROW, NAN);
  out->has_usage = true;
}

/* Statuses that are no success; nothing was paid. */
static void judge_status(const lqa_http_reply *reply, const lqa_wire_error *e, bool proven,
                         lqa_call_outcome *out) {
  long status = reply->status;
  double wait = reply->retry_after;
  lqa_outcome_kind hopeless = proven ? LQA_OUTCOME_ROW : LQA_OUTCOME_END;
  if (is_quota(e) || status == 401 || status == 402 || status == 403 || status < 400) {
    set(out, LQA_OUTCOME_END, NAN);
  } else if (reply->should_retry == 0) {
    set(out, hopeless, NAN);
  } else if (status == 429 || (status == 503 && !isnan(wait))) {
    set(out, LQA_OUTCOME_LIMITED, wait);
  } else if (status >= 500 || status == 408 || status == 409 || status == 425 ||
             reply->should_retry == 1) {
    set(out, LQA_OUTCOME_RETRY, wait);
  } else {
    set(out, hopeless, NAN);
  }
}

static void read_status(const lqa_http_reply *reply, const lqa_judge_options *options, bool proven,
                        unsigned *refused, lqa_call_outcome *out) {
  lqa_wire_error e;
  lqa_wire_parse_error(reply->body, &e);
  out->is_error_status = true;
  say(out, reply, &e);
  bool is_request = reply->status == 400 || reply->status == 422;
  if ((is_request || reply->status == 413) && is_about_row(&e)) {
    refuse_row(out, &e);
  } else if ((is_request || reply->status == 500) && lqa_request_learn(options, &e, refused)) {
    set(out, LQA_OUTCOME_LEARNT, NAN);
  } else {
    judge_status(reply, &e, proven, out);
  }
}

static void read_success(const lqa_http_reply *reply, lqa_call_outcome *out) {
  out->counts = true;
  if (reply->fault == LQA_HTTP_FINE &&
      lqa_wire_completion(reply->body, &out->completion) == LQA_OK) {
    out->has_usage = out->completion.tokens_in >= 0 && out->completion.tokens_out >= 0;
    set(out, LQA_OUTCOME_ANSWER, NAN);
    return;
  }
  lqa_wire_error e;
  lqa_wire_parse_error(reply->body, &e);
  set(out, LQA_OUTCOME_RETRY, NAN);
  snprintf(out->message, sizeof out->message, "%s%.280s",
           reply->fault == LQA_HTTP_FINE ? "the reply is no chat completion: " : "",
           reply->fault == LQA_HTTP_FINE ? e.message : reply->message);
}

static void read_fault(const lqa_http_reply *reply, bool proven, lqa_call_outcome *out) {
  bool hopeless = reply->fault == LQA_HTTP_HOPELESS;
  out->counts = reply->fault == LQA_HTTP_TIMEOUT || reply->fault == LQA_HTTP_BROKEN;
  set(out, hopeless && !proven ? LQA_OUTCOME_END : LQA_OUTCOME_RETRY, NAN);
  snprintf(out->message, sizeof out->message, "%.380s", reply->message);
}

void lqa_outcome_of(const lqa_http_reply *reply, const lqa_judge_options *options, bool proven,
                    unsigned *refused, lqa_call_outcome *out) {
  *out = (lqa_call_outcome){.wait = NAN};
  if (reply->status >= 300) {
    read_status(reply, options, proven, refused, out);
  } else if (reply->status >= 200) {
    read_success(reply, out);
  } else {
    read_fault(reply, proven, out);
  }
}

void lqa_outcome_clear(lqa_call_outcome *outcome) {
  lqa_completion_clear(&outcome->completion);
}
