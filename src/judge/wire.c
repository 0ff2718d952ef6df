/* judge/wire.c - see wire.h.
 *
 * jansson is strict about what it reads (UTF-8, depth, numbers), which is what we want: a body that
 * it refuses is no answer and is asked for again. Duplicate keys are allowed, the last one counts,
 * since some proxies repeat "model"; NUL in texts is allowed because a model may write it.
 *
 * Shapes come from the public OpenAPI description of the chat completions endpoint and from the
 * sources of Ollama, llama.cpp, vLLM and LM Studio: refusals in message.refusal, content parts,
 * `reasoning` and `reasoning_content` beside the content (ignored: thoughts are no verdict), an
 * error that is a bare text, and server-sent events from servers that always stream.
 */
#include "judge/wire.h"

#include "base/memory.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

enum { MAX_CONTENT_BYTES = 16 << 20 };

static json_t *parse(lqa_str body) {
  return body.size ? json_loadb(body.data, body.size, JSON_ALLOW_NUL, NULL) : NULL;
}

static lqa_str text_of(const json_t *value) {
  return json_is_string(value) ? (lqa_str){json_string_value(value), json_string_length(value)}
                               : (lqa_str){NULL, 0};
}

static lqa_str text_at(const json_t *object, const char *key) {
  return text_of(json_object_get(object, key));
}

static void copy_into(char *out, size_t size, lqa_str s) {
  size_t n = s.size < size ? s.size : size - 1;
  while (n > 0 && n < s.size && ((unsigned char)s.data[n] & 0xC0) == 0x80) {
    n--; /* never half a code point */
  }
  memcpy(out, n ? s.data : "", n);
  out[n] = '\0';
  for (char *c = out; *c; c++) {
    *c = (unsigned char)*c < ' ' || *c == 127 ? ' ' : *c;
  }
}

/* A non-negative whole number, else -1. */
static int64_t count_at(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value) : -1;
}

/* Text, or the texts of an array of parts, or nothing for null. */
static void add_content(const json_t *content, lqa_buf *out) {
  size_t i;
  const json_t *part;
  lqa_buf_add_str(out, text_of(content));
  json_array_foreach(content, i, part) {
    lqa_buf_add_str(out, text_at(part, "text"));
  }
}

/* What the pieces of a completion, whole or streamed, add up to. */
typedef struct pieces {
  lqa_buf content;
  char finish[64], model[128], fingerprint[128];
  bool is_refusal, any_choice;
  int64_t tokens_in, tokens_out;
} pieces;

static void take_text(char *out, size_t size, lqa_str s) {
  if (s.size) {
    copy_into(out, size, s);
  }
}

/* `key` is "message" for a whole reply, "delta" for a streamed one. */
static void take_choice(pieces *p, const json_t *choice, const char *key) {
  const json_t *message = json_object_get(choice, key);
  if (!json_is_object(message)) {
    return;
  }
  p->any_choice = true;
  add_content(json_object_get(message, "content"), &p->content);
  if (text_at(message, "refusal").size) {
    p->is_refusal = true;
  }
}

static void take_reply(pieces *p, const json_t *root, const char *key) {
  const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
  const json_t *usage = json_object_get(root, "usage");
  take_choice(p, choice, key);
  take_text(p->finish, sizeof p->finish, text_at(choice, "finish_reason"));
  take_text(p->model, sizeof p->model, text_at(root, "model"));
  take_text(p->fingerprint, sizeof p->fingerprint, text_at(root, "system_fingerprint"));
  if (json_is_object(usage)) {
    p->tokens_in = count_at(usage, "prompt_tokens");
    p->tokens_out = count_at(usage, "completion_tokens");
  }
}

static lqa_reply_end end_of(const pieces *p) {
  if (p->is_refusal || strcmp(p->finish, "content_filter") == 0) {
    return LQA_REPLY_REFUSED;
  }
  return strcmp(p->finish, "length") == 0 ? LQA_REPLY_TRUNCATED : LQA_REPLY_COMPLETE;
}

/* Moves the pieces into `out`. */
static lqa_status finish_pieces(pieces *p, lqa_completion *out) {
  *out = (lqa_completion){.end = end_of(p), .tokens_in = p->tokens_in, .tokens_out = p->tokens_out};
  lqa_buf_add_char(&p->content, '\0');
  size_t size = 0;
  out->content = lqa_buf_take(&p->content, &size);
  out->content_size = size ? size - 1 : 0;
  out->finish = strdup(p->finish);
  out->model = strdup(p->model);
  out->fingerprint = strdup(p->fingerprint);
  if (!out->content || !out->finish || !out->model || !out->fingerprint) {
    lqa_completion_clear(out);
    return LQA_NO_MEMORY;
  }
  return LQA_OK;
}

static lqa_str next_line(lqa_str *rest) {
  const char *end = memchr(rest->data, '\n', rest->size);
  size_t size = end ? (size_t)(end - rest->data) : rest->size;
  lqa_str line = {rest->data, size};
  size_t used = end ? size + 1 : size;
  *rest = (lqa_str){rest->data + used, rest->size - used};
  return lqa_str_trim(line);
}

/* Server-sent events; a stream that does not reach "[DONE]" or a finish_reason was cut off. */
static lqa_status take_events(pieces *p, lqa_str body) {
  bool done = false;
  while (body.size && !done) {
    lqa_str line = next_line(&body);
    if (!lqa_str_starts_with(line, LQA_STR("data:"))) {
      continue;
    }
    lqa_str data = lqa_str_trim((lqa_str){line.data + 5, line.size - 5});
    done = lqa_str_equal(data, LQA_STR("[DONE]"));
    json_t *event = done ? NULL : parse(data);
    if (!done && (!event || json_object_get(event, "error"))) {
      json_decref(event);
      return LQA_BAD_DATA;
    }
    take_reply(p, event, "delta");
    json_decref(event);
  }
  return done || p->finish[0] ? LQA_OK : LQA_BAD_DATA;
}

static lqa_status take_body(pieces *p, lqa_str body) {
  if (lqa_str_starts_with(body, LQA_STR("data:"))) {
    return take_events(p, body);
  }
  json_t *root = parse(body);
  if (root) {
    take_reply(p, root, "message");
  }
  json_decref(root);
  return root ? LQA_OK : LQA_BAD_DATA;
}

lqa_status lqa_wire_completion(lqa_str body, lqa_completion *out) {
  pieces p = {.tokens_in = -1, .tokens_out = -1};
  lqa_buf_init(&p.content, MAX_CONTENT_BYTES);
  lqa_status status = take_body(&p, lqa_str_trim(body));
  if (status == LQA_OK && !p.any_choice) {
    status = LQA_BAD_DATA;
  }
  if (status == LQA_OK) {
    status = finish_pieces(&p, out);
  }
  lqa_buf_clear(&p.content);
  return status;
}

void lqa_completion_clear(lqa_completion *completion) {
  free(completion->content);
  free(completion->finish);
  free(completion->model);
  free(completion->fingerprint);
  *completion = (lqa_completion){0};
}

/* {"message", "type", "param", "code"}; code may be a number. */
static void take_error(const json_t *error, lqa_wire_error *out) {
  copy_into(out->message, sizeof out->message, text_at(error, "message"));
  copy_into(out->type, sizeof out->type, text_at(error, "type"));
  copy_into(out->param, sizeof out->param, text_at(error, "param"));
  const json_t *code = json_object_get(error, "code");
  if (json_is_integer(code)) {
    snprintf(out->code, sizeof out->code, "%lld", (long long)json_integer_value(code));
  } else {
    copy_into(out->code, sizeof out->code, text_of(code));
  }
}

void lqa_wire_parse_error(lqa_str body, lqa_wire_error *out) {
  *out = (lqa_wire_error){0};
  json_t *root = parse(body);
  const json_t *error = json_object_get(root, "error");
  if (json_is_object(error)) {
    take_error(error, out);
  } else if (json_is_string(error)) {
    copy_into(out->message, sizeof out->message, text_of(error));
  } else if (json_is_object(root)) {
    take_error(root, out); /* vLLM and FastAPI put it at the top */
    if (!out->message[0]) {
      copy_into(out->message, sizeof out->message, text_at(root, "detail"));
    }
  } else {
    copy_into(out->message, 160, lqa_str_trim(body));
  }
  json_decref(root);
}

static void take_batch_reply(const json_t *body, lqa_batch_line *out) {
  char *text = json_is_object(body) ? json_dumps(body, JSON_COMPACT) : NULL;
  if (text && lqa_wire_completion(lqa_str_from(text), &out->reply) == LQA_OK) {
    out->has_reply = true;
  } else if (text) {
    lqa_wire_parse_error(lqa_str_from(text), &out->error);
  }
  free(text);
}

lqa_status lqa_wire_batch_line(lqa_str line, lqa_batch_line *out) {
  *out = (lqa_batch_line){0};
  json_t *root = parse(line);
  const json_t *response = json_object_get(root, "response");
  const json_t *error = json_object_get(root, "error");
  copy_into(out->custom_id, sizeof out->custom_id, text_at(root, "custom_id"));
  if (json_is_object(error)) {
    take_error(error, &out->error);
  }
  if (json_is_object(response)) {
    out->status = (long)count_at(response, "status_code");
    take_batch_reply(json_object_get(response, "body"), out);
  }
  bool usable = out->custom_id[0] != '\0';
  json_decref(root);
  if (!usable) {
    lqa_batch_line_clear(out);
  }
  return usable ? LQA_OK : LQA_BAD_DATA;
}

void lqa_batch_line_clear(lqa_batch_line *line) {
  lqa_completion_clear(&line->reply);
}

lqa_status lqa_wire_batch_state(lqa_str body, lqa_batch_state *out) {
  *out = (lqa_batch_state){0};
  json_t *root = parse(body);
  const json_t *counts = json_object_get(root, "request_counts");
  copy_into(out->id, sizeof out->id, text_at(root, "id"));
  copy_into(out->status, sizeof out->status, text_at(root, "status"));
  copy_into(out->output_file, sizeof out->output_file, text_at(root, "output_file_id"));
  copy_into(out->error_file, sizeof out->error_file, text_at(root, "error_file_id"));
  if (json_is_object(counts)) {
    out->total = count_at(counts, "total");
    out->completed = count_at(counts, "completed");
    out->failed = count_at(counts, "failed");
  }
  bool usable = out->id[0] != '\0';
  json_decref(root);
  return usable ? LQA_OK : LQA_BAD_DATA;
}

int64_t lqa_wire_count_models(lqa_str body) {
  json_t *root = parse(body);
  const json_t *list = json_object_get(root, "data");
  int64_t n = json_is_array(list) ? (int64_t)json_array_size(list) : -1;
  json_decref(root);
  return n;
}

/* A price of at least 0 and below 1e6 USD per million tokens. */
static bool price_at(const json_t *entry, const char *key, double *price) {
  const json_t *value = json_object_get(entry, key);
  *price = json_number_value(value);
  return json_is_number(value) && isfinite(*price) && *price >= 0 && *price < 1e6;
}

lqa_status lqa_wire_price(lqa_str table, const char *file, const char *model, double price[2],
                          lqa_error *err) {
  json_error_t where;
  double found[2];
  json_t *root =
      json_loadb(table.data ? table.data : "", table.size, JSON_REJECT_DUPLICATES, &where);
  const json_t *entry = json_object_get(root, model);
  lqa_status status = LQA_OK;
  if (!json_is_object(root)) {
    status = lqa_fail(err, LQA_BAD_DATA, "%s: line %d: %s", file, root ? 1 : where.line,
                      root ? "expected an object of models" : where.text);
  } else if (entry &&
             (!price_at(entry, "input", &found[0]) || !price_at(entry, "output", &found[1]))) {
    status = lqa_fail(err, LQA_BAD_DATA,
                      "%s: '%s' needs \"input\" and \"output\", USD per million tokens, 0 or more",
                      file, model);
  } else if (entry) {
    price[0] = found[0];
    price[1] = found[1];
  }
  json_decref(root);
  return status;
}
