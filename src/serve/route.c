/* serve/route.c - finding routes, checking requests against their tables. */
#include "serve/route.h"

#include "base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUTE(name) &lqa_route_##name,
const lqa_route *const lqa_routes[] = {
#include "serve/route_list.h"
    NULL};
#undef ROUTE

static const char ROW[] = "{row_number}";

/* A row number: digits alone, no sign, at most 18 of them. */
static bool parse_row(const char *text, int64_t *row) {
  size_t n = strspn(text, "0123456789");
  if (n == 0 || n > 18 || text[n] != '\0') {
    return false;
  }
  *row = strtoll(text, NULL, 10);
  return true;
}

static bool matches(const lqa_route *route, const char *path, int64_t *row) {
  const char *hole = strstr(route->path, ROW);
  if (!hole) {
    return strcmp(route->path, path) == 0;
  }
  size_t n = (size_t)(hole - route->path);
  return strncmp(route->path, path, n) == 0 && parse_row(path + n, row);
}

const lqa_route *lqa_route_find(const char *method, const char *path) {
  int64_t row;
  for (size_t i = 0; lqa_routes[i]; i++) {
    if (matches(lqa_routes[i], path, &row) && strcmp(lqa_routes[i]->method, method) == 0) {
      return lqa_routes[i];
    }
  }
  return NULL;
}

const char *lqa_route_methods(const char *path) {
  bool get = lqa_route_find("GET", path) != NULL, post = lqa_route_find("POST", path) != NULL;
  return get && post ? "GET, POST" : get ? "GET" : post ? "POST" : NULL;
}

/* ---- checking ---- */

static bool refuse(lqa_http_answer *answer, int status, const char *field, const char *format, ...)
    LQA_PRINTF(4, 5);
static bool refuse(lqa_http_answer *answer, int status, const char *field, const char *format,
                   ...) {
  char message[300];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(message, sizeof message, format, args);
  va_end(args);
  lqa_http_fail(answer, status, field, message);
  return false;
}

static const lqa_param *find_param(const lqa_param *params, lqa_str name) {
  for (; params && params->name; params++) {
    if (lqa_str_equal(lqa_str_from(params->name), name)) {
      return params;
    }
  }
  return NULL;
}

static bool is_choice(const char *choices, lqa_str value) {
  for (const char *at = choices; at;) {
    const char *end = strchr(at, '|');
    lqa_str choice = {at, end ? (size_t)(end - at) : strlen(at)};
    if (lqa_str_equal(choice, value)) {
      return true;
    }
    at = end ? end + 1 : NULL;
  }
  return false;
}

static bool check_number(const lqa_param *p, double value, lqa_http_answer *answer) {
  if (p->kind == LQA_PARAM_INT && (value != floor(value) || fabs(value) > 9007199254740992.0)) {
    return refuse(answer, 400, p->name, "%s must be a whole number", p->name);
  }
  bool is_bounded = p->min != 0 || p->max != 0;
  return !is_bounded || (value >= p->min && value <= p->max) ||
         refuse(answer, 422, p->name, "%s must lie between %g and %g", p->name, p->min, p->max);
}

/* `value` holds no NUL. */
static bool fits(const char *pattern, lqa_str value) {
  regex_t made;
  char text[256];
  if (value.size >= sizeof text || regcomp(&made, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
    return false;
  }
  memcpy(text, value.data, value.size);
  text[value.size] = '\0';
  bool found = regexec(&made, text, 0, NULL, 0) == 0;
  regfree(&made);
  return found;
}

static bool check_text(const lqa_param *p, lqa_str value, lqa_http_answer *answer) {
  if (p->kind == LQA_PARAM_CHOICE) {
    return is_choice(p->choices, value) ||
           refuse(answer, 422, p->name, "%s must be one of %s", p->name, p->choices);
  }
  if (memchr(value.data, '\0', value.size)) {
    return refuse(answer, 422, p->name, "%s must not hold a NUL character", p->name);
  }
  if (p->pattern && !fits(p->pattern, value)) {
    return refuse(answer, 422, p->name, "%s must be %s", p->name, p->meaning);
  }
  size_t n = lqa_utf8_count(value.data, value.size);
  return p->max == 0 || ((double)n <= p->max && (double)n >= p->min) ||
         refuse(answer, 422, p->name, "%s must have %g to %g characters", p->name, p->min, p->max);
}

static bool check_object(const lqa_param *params, const lqa_json_node *object,
                         lqa_http_answer *answer);

static bool check_value(const lqa_param *p, const lqa_json_node *node, lqa_http_answer *answer) {
  switch (p->kind) {
  case LQA_PARAM_TEXT:
  case LQA_PARAM_CHOICE:
    return node->kind == LQA_JSON_TEXT ? check_text(p, node->text, answer)
                                       : refuse(answer, 400, p->name, "%s must be a text", p->name);
  case LQA_PARAM_BOOL:
    return node->kind == LQA_JSON_BOOL ||
           refuse(answer, 400, p->name, "%s must be true or false", p->name);
  case LQA_PARAM_OBJECT:
    return node->kind == LQA_JSON_OBJECT
               ? check_object(p->members, node, answer)
               : refuse(answer, 400, p->name, "%s must be an object", p->name);
  default:
    return node->kind == LQA_JSON_NUMBER
               ? check_number(p, node->number, answer)
               : refuse(answer, 400, p->name, "%s must be a number", p->name);
  }
}

static bool check_object(const lqa_param *params, const lqa_json_node *object,
                         lqa_http_answer *answer) {
  for (const lqa_json_node *node = object->first; node; node = node->next) {
    const lqa_param *p = find_param(params, node->key);
    char name[80];
    snprintf(name, sizeof name, "%.*s", (int)(node->key.size < 60 ? node->key.size : 60),
             node->key.data);
    if (!p) {
      return refuse(answer, 400, name, "there is no field '%s' here", name);
    }
    bool is_absent = node->kind == LQA_JSON_NULL && !p->required;
    if (!is_absent && !check_value(p, node, answer)) {
      return false;
    }
  }
  for (; params && params->name; params++) {
    if (params->required && !lqa_json_find(object, params->name)) {
      return refuse(answer, 400, params->name, "the field %s is missing", params->name);
    }
  }
  return true;
}

static bool check_body(const lqa_route *route, const lqa_http_incoming *request, lqa_arena *arena,
                       lqa_route_call *call, lqa_http_answer *answer) {
  lqa_error err;
  lqa_error_clear(&err);
  lqa_str body = request->body.size ? request->body : LQA_STR("{}");
  lqa_status status = lqa_json_parse(body, "the body", arena, &call->body, &err);
  if (status == LQA_NO_MEMORY) {
    return refuse(answer, 500, NULL, "out of memory");
  }
  if (status != LQA_OK) {
    return refuse(answer, 400, NULL, "%.250s", err.message);
  }
  if (call->body->kind != LQA_JSON_OBJECT) {
    return refuse(answer, 400, NULL, "the body must be a JSON object");
  }
  return check_object(route->params, call->body, answer);
}

/* A parameter of the query, by the same rules, from its text. */
static bool check_query_value(const lqa_param *p, const char *value, lqa_http_answer *answer) {
  char *end = NULL;
  if (p->kind == LQA_PARAM_TEXT || p->kind == LQA_PARAM_CHOICE) {
    bool is_open = p->kind == LQA_PARAM_CHOICE && *value == '\0' && !p->required;
    return is_open || check_text(p, lqa_str_from(value), answer);
  }
  if (p->kind == LQA_PARAM_BOOL) {
    return is_choice("0|1|true|false", lqa_str_from(value)) ||
           refuse(answer, 400, p->name, "%s must be 0 or 1", p->name);
  }
  double number = strtod(value, &end);
  bool is_number = *value && *end == '\0' && isfinite(number) && !strpbrk(value, "xXpP ");
  return is_number ? check_number(p, number, answer)
                   : refuse(answer, 400, p->name, "%s must be a number", p->name);
}

static bool check_query(const lqa_route *route, const lqa_http_incoming *request,
                        lqa_http_answer *answer) {
  if (request->too_many_params) {
    return refuse(answer, 400, NULL, "there are too many parameters");
  }
  if (request->has_nul) {
    return refuse(answer, 400, NULL, "a parameter holds a NUL character");
  }
  for (size_t i = 0; i < request->n_params; i++) {
    const lqa_param *p = find_param(route->params, lqa_str_from(request->params[i].name));
    if (!p) {
      return refuse(answer, 400, request->params[i].name, "there is no parameter '%.60s' here",
                    request->params[i].name);
    }
    if (lqa_utf8_check(request->params[i].value, strlen(request->params[i].value)) >= 0) {
      return refuse(answer, 400, p->name, "%s is not UTF-8", p->name);
    }
    if (!check_query_value(p, request->params[i].value, answer)) {
      return false;
    }
  }
  for (const lqa_param *p = route->params; p && p->name; p++) {
    const lqa_route_call call = {.request = request};
    if (p->required && !lqa_route_text(&call, p->name)) {
      return refuse(answer, 400, p->name, "the parameter %s is missing", p->name);
    }
  }
  return true;
}

bool lqa_route_check(const lqa_route *route, const lqa_http_incoming *request, lqa_arena *arena,
                     lqa_route_call *call, lqa_http_answer *answer) {
  *call = (lqa_route_call){.request = request, .row = -1, .arena = arena};
  (void)matches(route, request->path, &call->row);
  if (strcmp(route->method, "GET") == 0) {
    return check_query(route, request, answer);
  }
  if (request->n_params > 0) {
    return refuse(answer, 400, request->params[0].name, "parameters go into the body");
  }
  return check_body(route, request, arena, call, answer);
}

const char *lqa_route_text(const lqa_route_call *call, const char *name) {
  for (size_t i = 0; i < call->request->n_params; i++) {
    if (strcmp(call->request->params[i].name, name) == 0) {
      return call->request->params[i].value;
    }
  }
  return NULL;
}

int64_t lqa_route_int(const lqa_route_call *call, const char *name, int64_t otherwise) {
  const char *text = lqa_route_text(call, name);
  return text ? strcmp(text, "true") == 0    ? 1
                : strcmp(text, "false") == 0 ? 0
                                             : (int64_t)strtod(text, NULL)
              : otherwise;
}

/* ---- answers ---- */

void lqa_answer_begin(lqa_http_answer *answer, lqa_json *json) {
  answer->content_type = "application/json";
  lqa_json_init(json, &answer->body, 0);
}

void lqa_answer_end(lqa_http_answer *answer, int status) {
  answer->status = answer->body.failed ? 500 : status;
}

void lqa_answer_error(lqa_http_answer *answer, lqa_status status, const lqa_error *err) {
  char message[2 * sizeof err->message];
  lqa_message_render(err->message, LQA_AS_FIELDS, message, sizeof message);
  int code = status == LQA_BAD_USAGE                                       ? 422
             : status == LQA_BAD_DATA                                      ? 422
             : status == LQA_BAD_ENDPOINT                                  ? 502
             : status == LQA_BAD_FILE && err->reason == LQA_REASON_MISSING ? 404
                                                                           : 500;
  lqa_http_fail(answer, code, *err->column ? err->column : NULL, message);
}
