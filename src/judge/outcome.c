/* judge/outcome.c - see outcome.h.
 *
 * | reply | meaning | counted as paid |
 * |---|---|---|
 * | 2xx with a completion | answer | yes, by its usage |
 * | 2xx with an error inside, in its choice too | as the status it speaks of | yes, at the bound |
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
 * x-should-retry overrules where it speaks. A gateway's 4xx or 5xx around an upstream's 401, 402 or
 * 403 is that. Waits are told in headers and in bodies: the longer one counts. Sources: the public
 * OpenAPI description, openai-python's retry rules, and the error bodies of Ollama, vLLM and
 * llama.cpp.
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

static bool says(const lqa_wire_error *e, const char *const *words) {
  for (; *words; words++) {
    if (strcasestr(e->message, *words) || strcasestr(e->words, *words)) {
      return true;
    }
  }
  return false;
}

/* Errors that say something about the row, not about the request. */
static bool is_about_row(const lqa_wire_error *e) {
  static const char *const codes[] = {"content_filter",
                                      "content_policy_violation",
                                      "context_length_exceeded",
                                      "string_above_max_length",
                                      "exceed_context_size_error",
                                      "ResponsibleAIPolicyViolation",
                                      "data_inspection_failed",
                                      NULL};
  static const char *const phrases[] = {"maximum context length",
                                        "content management policy",
                                        "context length",
                                        "context window",
                                        "context size",
                                        "prompt is too long",
                                        "input is too long",
                                        "content_filter",
                                        NULL};
  return is_any(e->code, codes) || is_any(e->type, codes) || says(e, phrases);
}

/* The status to act on: what the reply says of itself, unless the body knows better. */
static long status_of(const lqa_http_reply *reply, const lqa_wire_error *e) {
  bool is_key = e->stated == 401 || e->stated == 402 || e->stated == 403;
  if (reply->status < 300) {
    return e->status ? e->status : 500;
  }
  return reply->status >= 400 && reply->status != 429 && is_key ? e->stated : reply->status;
}

static void say(lqa_call_outcome *out, const lqa_http_reply *reply, const lqa_wire_error *e) {
  const char *code = e->code[0] ? e->code : e->type;
  if (reply->status >= 300 && reply->status < 400) {
    snprintf(out->message, sizeof out->message,
             "status %ld: it redirects to %.250s, which is not followed because the key would "
             "travel on; give the right base URL",
             reply->status, reply->message ? reply->message : "another place");
    return;
  }
  long status = status_of(reply, e);
  char inside[64] = "";
  if (status != reply->status) {
    snprintf(inside, sizeof inside, " inside a reply of status %ld", reply->status);
  }
  snprintf(out->message, sizeof out->message, "%sstatus %ld%s%s%.60s%s%s%.260s",
           status == 401 ? "authentication error, " : "", status, inside, *code ? " (" : "", code,
           *code ? ")" : "", e->message[0] ? ": " : "", e->message);
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

/* The longer of two waits; NaN = none. */
static double longer(double a, double b) {
  return isnan(a) || b > a ? b : a;
}

static void judge_status(const lqa_http_reply *reply, const lqa_wire_error *e, bool proven,
                         lqa_call_outcome *out) {
  long status = status_of(reply, e);
  double wait = longer(reply->retry_after, e->wait);
  lqa_outcome_kind hopeless = proven ? LQA_OUTCOME_ROW : LQA_OUTCOME_END;
  if (is_quota(e) || status == 401 || status == 402 || status == 403 || status < 400) {
    set(out, LQA_OUTCOME_END, NAN);
  } else if (reply->should_retry == 0) {
    set(out, hopeless, NAN);
  } else if (status == 429 || (status == 503 && !isnan(wait))) {
    set(out, LQA_OUTCOME_LIMITED, longer(wait, reply->exhausted));
  } else if (status >= 500 || status == 408 || status == 409 || status == 425 ||
             reply->should_retry == 1) {
    set(out, LQA_OUTCOME_RETRY, wait);
  } else {
    set(out, hopeless, NAN);
  }
}

/* What an error comes to, under whatever status it travelled. */
static void read_error(const lqa_http_reply *reply, const lqa_judge_options *options, bool proven,
                       unsigned *refused, lqa_call_outcome *out) {
  lqa_wire_error e;
  lqa_wire_parse_error(reply->body, &e);
  say(out, reply, &e);
  long status = status_of(reply, &e);
  bool is_request = status == 400 || status == 422;
  if ((is_request || status == 413) && is_about_row(&e)) {
    refuse_row(out, &e);
  } else if ((is_request || status == 500 || status == 501) &&
             lqa_request_learn(options, &e, refused)) {
    set(out, LQA_OUTCOME_LEARNT, NAN);
  } else {
    judge_status(reply, &e, proven, out);
  }
}

/* A success without an answer in it: paid, for all we know. */
static void no_answer(const lqa_http_reply *reply, lqa_call_outcome *out) {
  lqa_wire_error e;
  lqa_wire_parse_error(reply->body, &e);
  set(out, LQA_OUTCOME_RETRY, NAN);
  snprintf(out->message, sizeof out->message, "%s%.280s",
           reply->fault == LQA_HTTP_FINE ? "the reply is no chat completion: " : "",
           reply->fault == LQA_HTTP_FINE ? e.message : reply->message);
}

static bool read_answer(const lqa_http_reply *reply, lqa_call_outcome *out) {
  if (reply->fault != LQA_HTTP_FINE ||
      lqa_wire_completion(reply->body, &out->completion) != LQA_OK) {
    return false;
  }
  out->has_usage = out->completion.tokens_in >= 0 && out->completion.tokens_out >= 0;
  set(out, LQA_OUTCOME_ANSWER, NAN);
  return true;
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
  out->is_error_status = reply->status >= 300;
  out->counts = reply->status >= 200 && reply->status < 300;
  if (out->is_error_status) {
    read_error(reply, options, proven, refused, out);
  } else if (out->counts && !read_answer(reply, out)) {
    if (reply->fault == LQA_HTTP_FINE && lqa_wire_has_error(reply->body)) {
      read_error(reply, options, proven, refused, out);
    } else {
      no_answer(reply, out);
    }
  } else if (!out->counts) {
    read_fault(reply, proven, out);
  }
}

void lqa_outcome_clear(lqa_call_outcome *outcome) {
  lqa_completion_clear(&outcome->completion);
}
