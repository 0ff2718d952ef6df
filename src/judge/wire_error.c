/* judge/wire_error.c - what went wrong, in whatever shape a server says it.
 *
 * OpenAI nests {"error": {"message", "type", "param", "code"}}, vLLM puts these at the top, FastAPI
 * sends {"detail": [{"loc": ["body", "seed"], "msg"}]}, Google an array around the object, gateways
 * the upstream's JSON as a text inside their own, and any of them with status 200 or inside a
 * choice. So no shape is expected: the tree is walked, the first code, type and parameter that are
 * found count, texts under the keys that carry messages become the message, every other text is
 * kept in `words`, where a refused field or role may be named. What echoes the request ("input") is
 * skipped: it names fields that nobody refused.
 */
#include "judge/wire.h"

#include "base/json_read.h"
#include "judge/ratelimit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

enum { MAX_DEPTH = 12, MAX_PAGE = 160 };

typedef lqa_json_node node;

typedef struct walk {
  lqa_wire_error *out;
  lqa_arena *arena; /* for JSON inside texts */
  double now;       /* unix seconds */
} walk;

static bool is_kind(const node *value, lqa_json_kind kind) {
  return value && value->kind == kind;
}

static bool is_any(lqa_str text, const char *const *words) {
  for (; *words; words++) {
    if (lqa_str_equal_nocase(text, lqa_str_from(*words))) {
      return true;
    }
  }
  return false;
}

/* Appends `s` with control characters as blanks, never half a code point. */
static void append(char *out, size_t size, lqa_str s) {
  size_t used = strlen(out), room = size - used - 1, n = s.size < room ? s.size : room;
  while (n > 0 && n < s.size && ((unsigned char)s.data[n] & 0xC0) == 0x80) {
    n--;
  }
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s.data[i];
    out[used + i] = c < ' ' || c == 127 ? ' ' : s.data[i];
  }
  out[used + n] = '\0';
}

/* Appends behind a separator, unless `out` says it already. */
static void add(char *out, size_t size, lqa_str s) {
  s = lqa_str_trim(s);
  if (s.size == 0 || memmem(out, strlen(out), s.data, s.size)) {
    return;
  }
  if (*out) {
    append(out, size, LQA_STR("; "));
  }
  append(out, size, s);
}

static void set_once(char *out, size_t size, const node *value) {
  if (!*out && (is_kind(value, LQA_JSON_TEXT) || is_kind(value, LQA_JSON_NUMBER))) {
    append(out, size, value->text);
  }
}

/* The first of `keys` that holds a text or a number. */
static void read_first(const node *object, const char *const *keys, char *out, size_t size) {
  for (; *keys; keys++) {
    set_once(out, size, lqa_json_find(object, *keys));
  }
}

/* {"loc": ["body", "messages", 0, "role"]} names the parameter "messages.0.role". */
static void read_place(const node *place, char *out, size_t size) {
  static const char *const roots[] = {"body", "query", "header", "__root__", NULL};
  char path[128] = "";
  for (const node *part = place->first; part; part = part->next) {
    bool is_text = part->kind == LQA_JSON_TEXT || part->kind == LQA_JSON_NUMBER;
    if (!is_text || (part == place->first && is_any(part->text, roots))) {
      continue;
    }
    if (*path) {
      append(path, sizeof path, LQA_STR("."));
    }
    append(path, sizeof path, part->text);
  }
  if (!*out) {
    append(out, size, lqa_str_from(path));
  }
}

/* ---- what a status the body speaks of ---- */

static long status_of_digits(const char *text) {
  bool is_status =
      strlen(text) == 3 && (text[0] == '4' || text[0] == '5') && strspn(text, "0123456789") == 3;
  return is_status ? strtol(text, NULL, 10) : 0;
}

static long status_of_words(const char *text) {
  static const struct {
    const char *word;
    long status;
  } table[] = {
      {"insufficient_quota", 402},
      {"billing", 402},
      {"payment", 402},
      {"unauthenticated", 401},
      {"unauthorized", 401},
      {"authentication", 401},
      {"api_key", 401},
      {"apikey", 401},
      {"permission", 403},
      {"forbidden", 403},
      {"accessdenied", 403},
      {"access_denied", 403},
      {"rate_limit", 429},
      {"ratelimit", 429},
      {"resource_exhausted", 429},
      {"too_many_requests", 429},
      {"toomanyrequests", 429},
      {"throttl", 429},
      {"not_found", 404},
      {"notfound", 404},
      {"overloaded", 503},
      {"unavailable", 503},
      {"invalid_request", 400},
      {"invalid_argument", 400},
      {"badrequest", 400},
      {"bad_request", 400},
      {"invalid_parameter", 400},
      {"server_error", 500},
      {"internal", 500},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (strcasestr(text, table[i].word)) {
      return table[i].status;
    }
  }
  return 0;
}

/* Prose is believed for the one thing that no second try mends. */
static long status_of_prose(const char *text) {
  static const char *const words[] = {"api key",           "api-key",        "unauthorized",
                                      "not authenticated", "authentication", NULL};
  for (const char *const *word = words; *word; word++) {
    if (strcasestr(text, *word)) {
      return 401;
    }
  }
  return 0;
}

static void find_status(lqa_wire_error *e) {
  e->status = e->stated;
  e->status = e->status ? e->status : status_of_words(e->code);
  e->status = e->status ? e->status : status_of_words(e->type);
  e->status = e->status ? e->status : status_of_prose(e->message);
}

/* ---- waits ---- */

static void note_wait(lqa_wire_error *e, double seconds) {
  if (!isnan(seconds) && !(e->wait >= seconds)) {
    e->wait = seconds;
  }
}

/* "retry_after", "retryDelay", "X-RateLimit-Reset", "retry_after_ms" and their kind. */
static bool is_wait_key(lqa_str key, double *unit) {
  static const char *const names[] = {"retryafter",     "retrydelay", "retryin",  "resetafter",
                                      "ratelimitreset", "resetsat",   "resetsin", "waitfor",
                                      "waitseconds",    NULL};
  char plain[64] = "";
  size_t n = 0;
  for (size_t i = 0; i < key.size && n + 1 < sizeof plain; i++) {
    if (key.data[i] != '_' && key.data[i] != '-') {
      plain[n++] = key.data[i];
    }
  }
  plain[n] = '\0';
  *unit = n > 2 && strcasecmp(plain + n - 2, "ms") == 0 ? 1e-3 : 1;
  for (const char *const *name = names; *name; name++) {
    if (strcasestr(plain, *name)) {
      return true;
    }
  }
  return false;
}

static void read_wait(const walk *w, const node *value) {
  double unit;
  bool has_text = value->kind == LQA_JSON_TEXT || value->kind == LQA_JSON_NUMBER;
  if (has_text && is_wait_key(value->key, &unit)) {
    note_wait(w->out, unit * lqa_wait_parse(value->text, w->now));
  }
}

/* ---- the walk ---- */

static void visit(walk *w, const node *value, bool is_message, int depth);

static void read_text(walk *w, lqa_str text, bool is_message, int depth) {
  lqa_str inner = lqa_str_trim(text);
  if (inner.size > 1 && (inner.data[0] == '{' || inner.data[0] == '[')) {
    const node *root = lqa_json_parse_foreign(inner, w->arena);
    if (root) {
      visit(w, root, is_message, depth + 1);
      return;
    }
  }
  lqa_wire_error *e = w->out;
  add(e->words, sizeof e->words, text);
  if (is_message) {
    add(e->message, sizeof e->message, text);
  }
}

static bool is_message_key(lqa_str key) {
  static const char *const keys[] = {
      "error",         "message",           "msg",        "detail",      "details",
      "errors",        "error_message",     "reason",     "description", "errorMessage",
      "error_msg",     "error_description", "title",      "err",         "raw",
      "failed_reason", "metadata",          "innererror", NULL};
  return is_any(key, keys);
}

static bool is_echo_key(lqa_str key) {
  static const char *const keys[] = {"input",   "request", "body",  "url",       "trace",
                                     "stack",   "ctx",     "model", "traceback", "request_id",
                                     "choices", "object",  "usage", NULL};
  return is_any(key, keys);
}

static void visit_object(walk *w, const node *object, bool is_message, int depth) {
  static const char *const codes[] = {"code",       "error_code",  "errorCode",
                                      "err_code",   "status_code", "statusCode",
                                      "httpStatus", "status",      NULL};
  static const char *const types[] = {"type", "error_type", "errorType", NULL};
  static const char *const params[] = {"param", "parameter", "field", NULL};
  lqa_wire_error *e = w->out;
  const node *place = lqa_json_find(object, "loc");
  if (is_kind(place, LQA_JSON_ARRAY)) {
    read_place(place, e->param, sizeof e->param);
  }
  read_first(object, params, e->param, sizeof e->param);
  read_first(object, codes, e->code, sizeof e->code);
  read_first(object, types, e->type, sizeof e->type);
  for (const char *const *key = codes; *key && !e->stated; key++) {
    char digits[64] = "";
    set_once(digits, sizeof digits, lqa_json_find(object, *key));
    e->stated = status_of_digits(digits);
  }
  for (const node *member = object->first; member; member = member->next) {
    read_wait(w, member);
    if (is_echo_key(member->key)) {
      continue;
    }
    if (is_message && (member->kind == LQA_JSON_TEXT || member->kind == LQA_JSON_ARRAY)) {
      add(e->words, sizeof e->words, member->key); /* {"errors": {"seed": ["not allowed"]}} */
    }
    visit(w, member, is_message_key(member->key), depth);
  }
}

static void visit(walk *w, const node *value, bool is_message, int depth) {
  if (depth > MAX_DEPTH) {
    return;
  }
  if (value->kind == LQA_JSON_TEXT) {
    read_text(w, value->text, is_message, depth);
  } else if (value->kind == LQA_JSON_OBJECT) {
    visit_object(w, value, is_message, depth + 1);
  } else if (value->kind == LQA_JSON_ARRAY) {
    for (const node *item = value->first; item; item = item->next) {
      visit(w, item, is_message, depth + 1);
    }
  }
}

/* The place leads the message: "seed: Extra inputs are not permitted". */
static void name_param(lqa_wire_error *e) {
  if (*e->param && !strstr(e->message, e->param)) {
    char message[sizeof e->message];
    snprintf(message, sizeof message, "%s%s%.400s", e->param, *e->message ? ": " : "", e->message);
    e->message[0] = '\0';
    append(e->message, sizeof e->message, lqa_str_from(message));
  }
}

/* ---- where an error may stand ---- */

/* Whether a member "error" speaks of one: null, false, "" and {} do not. */
static bool is_error(const node *value) {
  if (!value) {
    return false;
  }
  bool is_container = value->kind == LQA_JSON_OBJECT || value->kind == LQA_JSON_ARRAY;
  return is_container                   ? value->n > 0
         : value->kind == LQA_JSON_TEXT ? value->text.size > 0
                                        : value->kind == LQA_JSON_BOOL && value->number != 0;
}

const lqa_json_node *lqa_wire_find_error(const lqa_json_node *root) {
  static const char *const inside[] = {"message", "delta"};
  const node *choices = lqa_json_find(root, "choices");
  const node *choice = is_kind(choices, LQA_JSON_ARRAY) ? choices->first : NULL;
  const node *found[] = {lqa_json_find(root, "error"), lqa_json_find(root, "errors"),
                         lqa_json_find(choice, "error"),
                         lqa_json_find(lqa_json_find(choice, inside[0]), "error"),
                         lqa_json_find(lqa_json_find(choice, inside[1]), "error")};
  for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
    if (is_error(found[i])) {
      return found[i];
    }
  }
  return NULL;
}

/* A finish_reason that says that the server failed, not that the model ended. */
bool lqa_wire_is_failed_end(lqa_str finish) {
  static const char *const words[] = {"error",
                                      "abort",
                                      "aborted",
                                      "cancelled",
                                      "canceled",
                                      "timeout",
                                      "network_error",
                                      "engine_error",
                                      "server_error",
                                      "insufficient_system_resource",
                                      "malformed_function_call",
                                      NULL};
  return is_any(finish, words);
}

void lqa_wire_read_error(const lqa_json_node *root, lqa_arena *arena, lqa_wire_error *out) {
  const node *choices = lqa_json_find(root, "choices");
  const node *choice = is_kind(choices, LQA_JSON_ARRAY) ? choices->first : NULL;
  const node *inner = lqa_wire_find_error(root);
  walk w = {out, arena, (double)time(NULL)};
  if (choice && inner) {
    visit(&w, inner, true, 0); /* the rest of such a reply is what the model said */
  } else if (choice) {
    static const char *const keys[] = {"finish_reason", NULL};
    read_first(choice, keys, out->code, sizeof out->code);
    add(out->message, sizeof out->message, lqa_str_from(out->code));
  } else if (root) {
    visit(&w, root, true, 0);
  }
  if (!*out->message) {
    append(out->message, sizeof out->message, lqa_str_from(out->words));
  }
  name_param(out);
  note_wait(out, lqa_wait_in_prose(out->message));
  find_status(out);
}

/* The data of the first event that holds an error, or NULL. */
static const node *find_event(lqa_str body, lqa_arena *arena) {
  const char *end = body.data + body.size;
  for (const char *line = body.data; line && line < end;) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    lqa_str text = {line, (size_t)((stop ? stop : end) - line)};
    if (lqa_str_starts_with(text, LQA_STR("data:"))) {
      const node *event =
          lqa_json_parse_foreign(lqa_str_trim((lqa_str){text.data + 5, text.size - 5}), arena);
      if (event && lqa_wire_find_error(event)) {
        return event;
      }
    }
    line = stop ? stop + 1 : NULL;
  }
  return NULL;
}

void lqa_wire_parse_error(lqa_str body, lqa_wire_error *out) {
  lqa_arena arena;
  *out = (lqa_wire_error){.wait = NAN};
  lqa_arena_init_small(&arena);
  const node *root = lqa_json_parse_foreign(body, &arena);
  root = root ? root : find_event(body, &arena);
  lqa_wire_read_error(root, &arena, out);
  if (!root) {
    lqa_str text = lqa_str_trim(body);
    append(out->message, MAX_PAGE, text);
    append(out->words, sizeof out->words, text);
    note_wait(out, lqa_wait_in_prose(out->words));
  }
  lqa_arena_clear(&arena);
}

/* Without choices a message, a detail or a status of 4xx or 5xx at the top is an error as well. */
static bool is_bare_error(const node *root) {
  static const char *const keys[] = {"code", "status", "status_code", "statusCode", "error_code"};
  const node *first = is_kind(root, LQA_JSON_ARRAY) ? root->first : root;
  const char *object = lqa_json_find_text(first, "object");
  bool found = lqa_wire_find_error(first) != NULL || is_error(lqa_json_find(first, "detail")) ||
               (object && strcmp(object, "error") == 0);
  for (size_t i = 0; i < sizeof keys / sizeof *keys && !found; i++) {
    char digits[8] = "";
    set_once(digits, sizeof digits, lqa_json_find(first, keys[i]));
    found = status_of_digits(digits) != 0;
  }
  return found;
}

bool lqa_wire_has_error(lqa_str body) {
  lqa_arena arena;
  lqa_arena_init_small(&arena);
  const node *root = lqa_json_parse_foreign(body, &arena);
  const node *choices = lqa_json_find(root, "choices");
  const node *choice = is_kind(choices, LQA_JSON_ARRAY) ? choices->first : NULL;
  const char *finish = lqa_json_find_text(choice, "finish_reason");
  bool found = root ? lqa_wire_find_error(root) != NULL || (!choice && is_bare_error(root)) ||
                          (finish && lqa_wire_is_failed_end(lqa_str_from(finish)))
                    : find_event(body, &arena) != NULL;
  lqa_arena_clear(&arena);
  return found;
}
