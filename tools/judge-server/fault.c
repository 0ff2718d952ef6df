/* fault.c - the catalogue of misbehaviour: what real servers and gateways have been seen to do. */
#include "judge_server.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const fault_info fault_table[FAULT_COUNT] = {
    [FAULT_NONE] = {"none", true, "a good answer"},
    [FAULT_429] = {"429", false, "too many requests, without Retry-After"},
    [FAULT_429_AFTER] = {"429-after", false, "too many requests, Retry-After in milliseconds"},
    [FAULT_429_DATE] = {"429-date", false, "too many requests, Retry-After as a date (1 s)"},
    [FAULT_QUOTA] = {"quota", false, "429 insufficient_quota: no money left"},
    [FAULT_400] = {"400", false, "a 400 that names no field"},
    [FAULT_401] = {"401", false, "wrong key"},
    [FAULT_404] = {"404", false, "no such model"},
    [FAULT_500] = {"500", false, "internal error"},
    [FAULT_503] = {"503", false, "overloaded"},
    [FAULT_STRING] = {"string-error", false, "500 with {\"error\": \"text\"}"},
    [FAULT_HTML_502] = {"html-502", false, "a gateway's page with status 502"},
    [FAULT_SLOW] = {"slow", true, "answers after two minutes"},
    [FAULT_TRUNCATED] = {"truncated", true, "closes in the middle of the body"},
    [FAULT_RESET] = {"reset", true, "resets the connection after reading the request"},
    [FAULT_MALFORMED] = {"malformed", true, "JSON that ends too early"},
    [FAULT_HTML] = {"html", true, "a page with status 200"},
    [FAULT_ERROR_200] = {"error-200", true, "an error object with status 200"},
    [FAULT_GRAMMAR] = {"grammar", true, "a chatty answer"},
    [FAULT_REFUSAL] = {"refusal", true, "message.refusal"},
    [FAULT_FILTER] = {"filter", true, "finish_reason content_filter"},
    [FAULT_EMPTY] = {"empty", true, "empty content"},
    [FAULT_NULL] = {"null", true, "null content"},
    [FAULT_LENGTH] = {"length", true, "cut by the token limit"},
    [FAULT_MODEL] = {"other-model", true, "another model, and the opposite answer"},
    [FAULT_NO_USAGE] = {"no-usage", true, "no usage"},
    [FAULT_UNSUPPORTED] = {"unsupported", false, "400: seed is not supported"},
    [FAULT_ECHO_KEY] = {"echo-key", true, "the Authorization header in the answer"},
    [FAULT_ECHO_KEY_400] = {"echo-key-500", false, "the Authorization header in an error"},
    [FAULT_HUGE] = {"huge", true, "a body of 1 MB"},
    [FAULT_REDIRECT] = {"redirect", false, "302 to another host"},
    [FAULT_EVENTS] = {"events", true, "server-sent events though none were asked for"},
    [FAULT_PARTS] = {"parts", true, "content as an array of parts"},
    [FAULT_FENCE] = {"fence", true, "the answer in a code fence"},
    [FAULT_THINK] = {"think", true, "the answer behind a <think> block"},
    [FAULT_EXHAUSTED] = {"exhausted", true, "a good answer; x-ratelimit says that none is left"},
    [FAULT_CHOICE_ERROR] = {"choice-error", true, "status 200, an error beside the message"},
    [FAULT_AUTH_200] = {"auth-200", true, "status 200 around a 401"},
    [FAULT_RESET_7M] = {"reset-7m", false, "429; x-ratelimit-reset-requests: 7m12s"},
    [FAULT_LONE_THINK] = {"lone-think", true, "thoughts without the opening mark"},
    [FAULT_HARMONY] = {"harmony", true, "the answer in harmony's final channel"},
    [FAULT_IM_END] = {"im-end", true, "the answer between <|im_start|> and <|im_end|>"},
};

int fault_find(const char *name) {
  for (int i = 0; i < FAULT_COUNT; i++) {
    if (strcmp(name, fault_table[i].name) == 0) {
      return i;
    }
  }
  return -1;
}

void reply_json(reply *out, int status, const char *text) {
  out->status = status;
  lqa_buf_reset(&out->body);
  lqa_buf_add_text(&out->body, text);
}

static void error_object(reply *out, int status, const char *message, const char *type,
                         const char *param, const char *code) {
  lqa_json json;
  out->status = status;
  lqa_buf_reset(&out->body);
  lqa_json_init(&json, &out->body, 0);
  lqa_json_open_object(&json);
  lqa_json_key(&json, "error");
  lqa_json_open_object(&json);
  lqa_json_key(&json, "message");
  lqa_json_text(&json, message);
  lqa_json_key(&json, "type");
  lqa_json_text(&json, type);
  lqa_json_key(&json, "param");
  lqa_json_text(&json, param);
  lqa_json_key(&json, "code");
  lqa_json_text(&json, code);
  lqa_json_close_object(&json);
  lqa_json_close_object(&json);
}

/* How a completion departs from the plain one. */
typedef struct shape {
  bool no_usage, as_parts;
  const char *refusal, *finish;
} shape;

static void write_message(lqa_json *json, const char *content, const shape *s) {
  lqa_json_key(json, "message");
  lqa_json_open_object(json);
  lqa_json_key(json, "role");
  lqa_json_text(json, "assistant");
  lqa_json_key(json, "content");
  if (s->as_parts) {
    lqa_json_open_array(json);
    lqa_json_open_object(json);
    lqa_json_key(json, "type");
    lqa_json_text(json, "text");
    lqa_json_key(json, "text");
    lqa_json_text(json, content);
    lqa_json_close_object(json);
    lqa_json_close_array(json);
  } else {
    lqa_json_text(json, content);
  }
  lqa_json_key(json, "refusal");
  lqa_json_text(json, s->refusal);
  lqa_json_close_object(json);
}

static void write_usage(lqa_json *json, const reply *out) {
  lqa_json_key(json, "usage");
  lqa_json_open_object(json);
  lqa_json_key(json, "prompt_tokens");
  lqa_json_int(json, out->tokens_in);
  lqa_json_key(json, "completion_tokens");
  lqa_json_int(json, out->tokens_out);
  lqa_json_key(json, "total_tokens");
  lqa_json_int(json, out->tokens_in + out->tokens_out);
  lqa_json_close_object(json);
}

static void completion(reply *out, const char *model, const char *content, const shape *s) {
  lqa_json json;
  out->status = 200;
  out->tokens_out = content ? (int64_t)strlen(content) / 4 + 1 : 0;
  lqa_buf_reset(&out->body);
  lqa_json_init(&json, &out->body, 0);
  lqa_json_open_object(&json);
  lqa_json_key(&json, "id");
  lqa_json_text(&json, "chatcmpl-test");
  lqa_json_key(&json, "object");
  lqa_json_text(&json, "chat.completion");
  lqa_json_key(&json, "created");
  lqa_json_int(&json, 1700000000);
  lqa_json_key(&json, "model");
  lqa_json_text(&json, model);
  lqa_json_key(&json, "system_fingerprint");
  lqa_json_text(&json, "fp_test");
  lqa_json_key(&json, "choices");
  lqa_json_open_array(&json);
  lqa_json_open_object(&json);
  lqa_json_key(&json, "index");
  lqa_json_int(&json, 0);
  write_message(&json, content, s);
  lqa_json_key(&json, "finish_reason");
  lqa_json_text(&json, s->finish);
  lqa_json_close_object(&json);
  lqa_json_close_array(&json);
  if (!s->no_usage) {
    write_usage(&json, out);
  }
  lqa_json_close_object(&json);
}

void reply_completion(reply *out, const char *model, const char *content, const char *finish) {
  completion(out, model, content, &(shape){.finish = finish});
}

static void page(reply *out, int status) {
  out->type = "text/html";
  reply_json(out, status,
             "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>");
}

static void events(reply *out, const char *model, const char *content) {
  lqa_buf text;
  lqa_buf_init(&text, (size_t)1 << 20);
  lqa_json json;
  lqa_json_init(&json, &text, 0);
  lqa_json_text(&json, content);
  out->type = "text/event-stream";
  out->tokens_out = (int64_t)strlen(content) / 4 + 1;
  lqa_buf_reset(&out->body);
  lqa_buf_printf(
      &out->body,
      "data: {\"model\":\"%s\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
      "\"assistant\",\"content\":%s},\"finish_reason\":null}]}\n\n"
      "data: {\"model\":\"%s\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
      "\"stop\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":%lld,\"completion_tokens\":%lld}}"
      "\n\ndata: [DONE]\n\n",
      model, text.data, model, (long long)out->tokens_in, (long long)out->tokens_out);
  lqa_buf_clear(&text);
}

/* Puts `before` and `after` around the content. */
static void wrapped(reply *out, const question *q, const char *before, const char *content,
                    const char *after) {
  char *text = NULL;
  if (asprintf(&text, "%s%s%s", before, content, after) >= 0) {
    reply_completion(out, q->model, text, "stop");
    free(text);
  }
}

static void limited(reply *out, fault_kind kind) {
  error_object(out, 429, "Rate limit reached for requests", "requests", NULL,
               "rate_limit_exceeded");
  if (kind == FAULT_429_AFTER) {
    snprintf(out->headers, sizeof out->headers, "retry-after-ms: 15\r\nRetry-After: 1\r\n");
  } else if (kind == FAULT_429_DATE) {
    time_t then = time(NULL) + 1;
    struct tm parts;
    gmtime_r(&then, &parts);
    strftime(out->headers, sizeof out->headers, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n",
             &parts);
  } else if (kind == FAULT_RESET_7M) {
    snprintf(out->headers, sizeof out->headers,
             "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 7m12s\r\n");
  }
}

/* Faults whose reply is an error status. False if `kind` is none of them. */
static bool error_reply(fault_kind kind, const exchange *x, reply *out) {
  char text[700];
  switch (kind) {
  case FAULT_429:
  case FAULT_429_AFTER:
  case FAULT_429_DATE:
  case FAULT_RESET_7M:
    limited(out, kind);
    return true;
  case FAULT_QUOTA:
    error_object(out, 429, "You exceeded your current quota", "insufficient_quota", NULL,
                 "insufficient_quota");
    return true;
  case FAULT_400:
    error_object(out, 400, "Something about this request is wrong", "invalid_request_error", NULL,
                 NULL);
    return true;
  case FAULT_401:
    snprintf(text, sizeof text, "Incorrect API key provided: %s", x->authorization);
    error_object(out, 401, text, "invalid_request_error", NULL, "invalid_api_key");
    return true;
  case FAULT_404:
    error_object(out, 404, "The model does not exist", "invalid_request_error", "model",
                 "model_not_found");
    return true;
  case FAULT_500:
    error_object(out, 500, "The server had an error", "server_error", NULL, NULL);
    return true;
  case FAULT_503:
    reply_json(out, 503,
               "{\"error\":\"server busy, please try again.  maximum pending requests "
               "exceeded\"}");
    return true;
  case FAULT_STRING:
    reply_json(out, 500, "{\"error\":\"llama runner process has terminated\"}");
    return true;
  case FAULT_HTML_502:
    page(out, 502);
    return true;
  case FAULT_UNSUPPORTED:
    error_object(out, 400, "Unsupported parameter: 'seed' is not supported with this model.",
                 "invalid_request_error", "seed", "unsupported_parameter");
    return true;
  case FAULT_ECHO_KEY_400:
    snprintf(text, sizeof text, "upstream refused the header %s", x->authorization);
    error_object(out, 500, text, "server_error", NULL, NULL);
    return true;
  case FAULT_REDIRECT:
    snprintf(out->headers, sizeof out->headers, "Location: http://203.0.113.1/v1\r\n");
    reply_json(out, 302, "");
    return true;
  default:
    return false;
  }
}

/* Faults of the transport or of the body; the status is 200. */
static bool broken_reply(fault_kind kind, reply *out) {
  switch (kind) {
  case FAULT_SLOW:
    out->delay = 120;
    return true;
  case FAULT_TRUNCATED:
    out->cut = out->body.size / 2;
    return true;
  case FAULT_RESET:
    out->reset = true;
    return true;
  case FAULT_MALFORMED:
    out->body.size -= out->body.size / 3;
    return true;
  case FAULT_HTML:
    page(out, 200);
    return true;
  case FAULT_ERROR_200:
    error_object(out, 200, "upstream error", "server_error", NULL, NULL);
    return true;
  case FAULT_AUTH_200:
    error_object(out, 200, "Incorrect API key provided", "invalid_request_error", NULL,
                 "invalid_api_key");
    return true;
  case FAULT_CHOICE_ERROR:
    lqa_buf_reset(&out->body);
    lqa_buf_add_text(
        &out->body,
        "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
        "\"VERDICT: YES\\nCORRECT_LABEL: SAME\"},\"finish_reason\":\"error\",\"error\":{"
        "\"code\":502,\"message\":\"Provider disconnected\"}}]}");
    return true;
  case FAULT_HUGE:
    for (int i = 0; i < 16384; i++) {
      lqa_buf_printf(&out->body, "%64s", "");
    }
    return true;
  default:
    return false;
  }
}

/* The answer stands among other words: chatter, thoughts, a template's marks, the caller's key. */
static bool wrapped_reply(fault_kind kind, const exchange *x, const question *q,
                          const char *content, reply *out) {
  switch (kind) {
  case FAULT_GRAMMAR:
    wrapped(out, q, "Sure! ", content, "\nLet me know if you need more.");
    return true;
  case FAULT_ECHO_KEY:
    wrapped(out, q, "Your header is ", x->authorization, "");
    return true;
  case FAULT_FENCE:
    wrapped(out, q, "```text\n", content, "\n```\n");
    return true;
  case FAULT_LONE_THINK:
    wrapped(out, q, "VERDICT: YES, or is it?\n</think>\n\n", content, "");
    return true;
  case FAULT_HARMONY:
    wrapped(out, q,
            "<|channel|>analysis<|message|>VERDICT: YES<|end|><|start|>assistant<|channel|>final"
            "<|message|>",
            content, "<|return|>");
    return true;
  case FAULT_IM_END:
    wrapped(out, q, "<|im_start|>assistant\n", content, "<|im_end|>\n<|im_start|>user\nmore");
    return true;
  case FAULT_THINK:
    wrapped(out, q, "<think>VERDICT: YES\nhm</think>\n\n", content, "");
    return true;
  default:
    return false;
  }
}

void fault_reply(fault_kind kind, const exchange *x, const question *q, const char *content,
                 const char *opposite, reply *out) {
  out->tokens_in = (int64_t)strlen(q->user) / 4;
  if (error_reply(kind, x, out)) {
    return;
  }
  reply_completion(out, q->model, content, "stop");
  if (broken_reply(kind, out) ||
      wrapped_reply(kind, x, q, kind == FAULT_GRAMMAR ? opposite : content, out)) {
    return;
  }
  switch (kind) {
  case FAULT_REFUSAL:
    completion(out, q->model, NULL, &(shape){.refusal = "I can't help.", .finish = "stop"});
    break;
  case FAULT_FILTER:
    completion(out, q->model, opposite, &(shape){.finish = "content_filter"});
    break;
  case FAULT_EMPTY:
    reply_completion(out, q->model, "", "stop");
    break;
  case FAULT_NULL:
    reply_completion(out, q->model, NULL, "stop");
    break;
  case FAULT_LENGTH:
    reply_completion(out, q->model, opposite, "length");
    break;
  case FAULT_MODEL:
    reply_completion(out, "tiny-fallback-1b", opposite, "stop");
    break;
  case FAULT_NO_USAGE:
    completion(out, q->model, content, &(shape){.finish = "stop", .no_usage = true});
    break;
  case FAULT_EVENTS:
    events(out, q->model, content);
    break;
  case FAULT_PARTS:
    completion(out, q->model, content, &(shape){.finish = "stop", .as_parts = true});
    break;
  case FAULT_EXHAUSTED:
    snprintf(out->headers, sizeof out->headers,
             "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 40ms\r\n"
             "x-ratelimit-remaining-tokens: -1\r\nx-ratelimit-reset-tokens: 1h0m0s\r\n");
    break;
  default:
    break;
  }
}
