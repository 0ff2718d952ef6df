/* judge/wire.c - see wire.h.
 *
 * The reader is strict (UTF-8, depth, numbers), which is what we want: a body that it refuses is no
 * answer and is asked for again. Duplicate keys are allowed, the last one counts, since some
 * proxies repeat "model"; NUL in texts is allowed because a model may write it.
 *
 * Shapes come from the public OpenAPI description of the chat completions endpoint and from the
 * sources of Ollama, llama.cpp, vLLM and LM Studio: refusals in message.refusal, content parts,
 * `reasoning` and `reasoning_content` beside the content (ignored: thoughts are no verdict), an
 * error that is a bare text, and server-sent events from servers that always stream.
 */
#include "judge/wire.h"

#include "base/json_read.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <strings.h>

enum { MAX_CONTENT_BYTES = 16 << 20 };

typedef lqa_json_node node;

static bool is_kind(const node *value, lqa_json_kind kind) {
  return value && value->kind == kind;
}

static lqa_str text_of(const node *value) {
  return is_kind(value, LQA_JSON_TEXT) ? value->text : (lqa_str){NULL, 0};
}

static lqa_str text_at(const node *object, const char *key) {
  return text_of(lqa_json_find(object, key));
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
static int64_t count_at(const node *object, const char *key) {
  int64_t count = lqa_json_find_int(object, key, -1);
  return count >= 0 ? count : -1;
}

/* Text, or the texts of an array of parts, or nothing for null. */
static void add_content(const node *content, lqa_buf *out) {
  lqa_buf_add_str(out, text_of(content));
  const node *part = is_kind(content, LQA_JSON_ARRAY) ? content->first : NULL;
  for (; part; part = part->next) {
    lqa_buf_add_str(out, text_at(part, "text"));
  }
}

/* What the pieces of a completion, whole or streamed, add up to. */
typedef struct pieces {
  lqa_buf content;
  char finish[64], model[128], fingerprint[128];
  bool is_refusal, any_choice, is_error;
  int64_t tokens_in, tokens_out;
} pieces;

static void read_text(char *out, size_t size, lqa_str s) {
  if (s.size) {
    copy_into(out, size, s);
  }
}

/* `key` is "message" for a whole reply, "delta" for a streamed one. */
static void read_choice(pieces *p, const node *choice, const char *key) {
  const node *message = lqa_json_find(choice, key);
  if (!is_kind(message, LQA_JSON_OBJECT)) {
    return;
  }
  p->any_choice = true;
  add_content(lqa_json_find(message, "content"), &p->content);
  if (text_at(message, "refusal").size) {
    p->is_refusal = true;
  }
}

static void read_reply(pieces *p, const node *root, const char *key) {
  const node *choices = lqa_json_find(root, "choices");
  const node *choice = is_kind(choices, LQA_JSON_ARRAY) ? choices->first : NULL;
  const node *usage = lqa_json_find(root, "usage");
  read_choice(p, choice, key);
  p->is_error = p->is_error || lqa_wire_find_error(root) != NULL ||
                lqa_wire_is_failed_end(text_at(choice, "finish_reason"));
  read_text(p->finish, sizeof p->finish, text_at(choice, "finish_reason"));
  read_text(p->model, sizeof p->model, text_at(root, "model"));
  read_text(p->fingerprint, sizeof p->fingerprint, text_at(root, "system_fingerprint"));
  if (is_kind(usage, LQA_JSON_OBJECT)) {
    p->tokens_in = count_at(usage, "prompt_tokens");
    p->tokens_out = count_at(usage, "completion_tokens");
  }
}

static bool is_word(const char *text, const char *const *words) {
  for (; *words; words++) {
    if (strcasecmp(text, *words) == 0) {
      return true;
    }
  }
  return false;
}

static lqa_reply_end end_of(const pieces *p) {
  static const char *const refused[] = {"content_filter", "content_filtered",   "safety",
                                        "sensitive",      "recitation",         "blocklist",
                                        "refusal",        "prohibited_content", NULL};
  static const char *const cut[] = {"length", "max_tokens", "model_length", "max_output_tokens",
                                    NULL};
  if (p->is_refusal || is_word(p->finish, refused)) {
    return LQA_REPLY_REFUSED;
  }
  return is_word(p->finish, cut) ? LQA_REPLY_TRUNCATED : LQA_REPLY_COMPLETE;
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

/* Server-sent events; a stream that does not reach "[DONE]" or a finish_reason was cut off. */
static lqa_status read_events(pieces *p, lqa_str body, lqa_arena *arena) {
  bool done = false;
  while (body.size && !done) {
    lqa_str line = lqa_str_trim(lqa_str_next_line(&body));
    if (!lqa_str_starts_with(line, LQA_STR("data:"))) {
      continue;
    }
    lqa_str data = lqa_str_trim((lqa_str){line.data + 5, line.size - 5});
    done = lqa_str_equal(data, LQA_STR("[DONE]"));
    const node *event = done ? NULL : lqa_json_parse_foreign(data, arena);
    if (!done && (!event || lqa_wire_find_error(event))) {
      return LQA_BAD_DATA;
    }
    read_reply(p, event, "delta");
  }
  return done || p->finish[0] ? LQA_OK : LQA_BAD_DATA;
}

/* Server-sent events: lines of known fields, or comments (":"), which gateways send to keep the
 * connection open. No JSON begins like that. */
static bool is_stream(lqa_str body) {
  static const char *const starts[] = {"data:", "event:", "id:", "retry:", ":"};
  bool found = false;
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
    found = found || lqa_str_starts_with(body, lqa_str_from(starts[i]));
  }
  return found;
}

static lqa_status read_body(pieces *p, lqa_str body, lqa_arena *arena) {
  if (lqa_str_starts_with(body, LQA_STR("\xef\xbb\xbf"))) {
    body = lqa_str_trim((lqa_str){body.data + 3, body.size - 3}); /* a byte order mark */
  }
  if (is_stream(body)) {
    return read_events(p, body, arena);
  }
  const node *root = lqa_json_parse_foreign(body, arena);
  read_reply(p, root, "message");
  return root ? LQA_OK : LQA_BAD_DATA;
}

static void init_pieces(pieces *p) {
  *p = (pieces){.tokens_in = -1, .tokens_out = -1};
  lqa_buf_init(&p->content, MAX_CONTENT_BYTES);
}

/* Makes a completion of the pieces if they are one, and clears them. */
static lqa_status end_pieces(pieces *p, lqa_status status, lqa_completion *out) {
  if (status == LQA_OK && (!p->any_choice || p->is_error)) {
    status = LQA_BAD_DATA;
  }
  if (status == LQA_OK) {
    status = finish_pieces(p, out);
  }
  lqa_buf_clear(&p->content);
  return status;
}

lqa_status lqa_wire_completion(lqa_str body, lqa_completion *out) {
  pieces p;
  lqa_arena arena;
  init_pieces(&p);
  lqa_arena_init_small(&arena);
  lqa_status status = read_body(&p, lqa_str_trim(body), &arena);
  lqa_arena_clear(&arena);
  return end_pieces(&p, status, out);
}

void lqa_completion_clear(lqa_completion *completion) {
  free(completion->content);
  free(completion->finish);
  free(completion->model);
  free(completion->fingerprint);
  *completion = (lqa_completion){0};
}

static void read_batch_reply(const node *body, lqa_arena *arena, lqa_batch_line *out) {
  pieces p;
  if (!is_kind(body, LQA_JSON_OBJECT)) {
    return;
  }
  init_pieces(&p);
  read_reply(&p, body, "message");
  out->has_reply = end_pieces(&p, LQA_OK, &out->reply) == LQA_OK;
  if (!out->has_reply) {
    lqa_wire_read_error(body, arena, &out->error);
  }
}

static void read_batch_line(const node *root, lqa_arena *arena, lqa_batch_line *out) {
  const node *response = lqa_json_find(root, "response");
  const node *error = lqa_json_find(root, "error");
  copy_into(out->custom_id, sizeof out->custom_id, text_at(root, "custom_id"));
  if (is_kind(error, LQA_JSON_OBJECT)) {
    lqa_wire_read_error(error, arena, &out->error);
  }
  if (is_kind(response, LQA_JSON_OBJECT)) {
    out->status = (long)count_at(response, "status_code");
    read_batch_reply(lqa_json_find(response, "body"), arena, out);
  }
}

lqa_status lqa_wire_batch_line(lqa_str line, lqa_batch_line *out) {
  lqa_arena arena;
  *out = (lqa_batch_line){.error.wait = NAN};
  lqa_arena_init_small(&arena);
  read_batch_line(lqa_json_parse_foreign(line, &arena), &arena, out);
  lqa_arena_clear(&arena);
  if (!out->custom_id[0]) {
    lqa_batch_line_clear(out);
    return LQA_BAD_DATA;
  }
  return LQA_OK;
}

void lqa_batch_line_clear(lqa_batch_line *line) {
  lqa_completion_clear(&line->reply);
}

lqa_status lqa_wire_batch_state(lqa_str body, lqa_batch_state *out) {
  lqa_arena arena;
  *out = (lqa_batch_state){0};
  lqa_arena_init_small(&arena);
  const node *root = lqa_json_parse_foreign(body, &arena);
  const node *counts = lqa_json_find(root, "request_counts");
  copy_into(out->id, sizeof out->id, text_at(root, "id"));
  copy_into(out->status, sizeof out->status, text_at(root, "status"));
  copy_into(out->output_file, sizeof out->output_file, text_at(root, "output_file_id"));
  copy_into(out->error_file, sizeof out->error_file, text_at(root, "error_file_id"));
  if (is_kind(counts, LQA_JSON_OBJECT)) {
    out->total = count_at(counts, "total");
    out->completed = count_at(counts, "completed");
    out->failed = count_at(counts, "failed");
  }
  lqa_arena_clear(&arena);
  return out->id[0] ? LQA_OK : LQA_BAD_DATA;
}

int64_t lqa_wire_count_models(lqa_str body) {
  lqa_arena arena;
  lqa_arena_init_small(&arena);
  const node *list = lqa_json_find(lqa_json_parse_foreign(body, &arena), "data");
  int64_t n = is_kind(list, LQA_JSON_ARRAY) ? (int64_t)list->n : -1;
  lqa_arena_clear(&arena);
  return n;
}

/* A price of at least 0 and below 1e6 USD per million tokens. */
static bool price_at(const node *entry, const char *key, double *price) {
  *price = lqa_json_find_number(entry, key, -1);
  return *price >= 0 && *price < 1e6;
}

static lqa_status find_price(const node *root, const char *file, const char *model, double price[2],
                             lqa_error *err) {
  const node *entry = lqa_json_find(root, model);
  double found[2];
  if (!is_kind(root, LQA_JSON_OBJECT)) {
    return lqa_fail(err, LQA_BAD_DATA, "%s: expected an object of models", file);
  }
  if (entry && (!price_at(entry, "input", &found[0]) || !price_at(entry, "output", &found[1]))) {
    return lqa_fail(err, LQA_BAD_DATA,
                    "%s: '%s' needs \"input\" and \"output\", USD per million tokens, 0 or more",
                    file, model);
  }
  if (entry) {
    price[0] = found[0];
    price[1] = found[1];
  }
  return LQA_OK;
}

lqa_status lqa_wire_price(lqa_str table, const char *file, const char *model, double price[2],
                          lqa_error *err) {
  lqa_arena arena;
  const node *root = NULL;
  lqa_arena_init(&arena);
  lqa_status status;
  LQA_TRY_OUT(lqa_json_parse(table, file, &arena, &root, err));
  status = find_price(root, file, model, price, err);
out:
  lqa_arena_clear(&arena);
  return status;
}
