/* GET /api/openapi.json: this interface, made from the tables that requests are checked against. */
#include "audit/audit.h"
#include "serve/review_server.h"

#include <stdio.h>
#include <stdlib.h>

/* Where a list of names goes, and of which run they are. */
typedef struct spec {
  const lqa_server *server;
  lqa_json *json;
} spec;

static void add_type(const spec *s, const lqa_param *p, bool may_be_null);

static void add_choices(const char *choices, lqa_json *json) {
  for (const char *at = choices; at;) {
    const char *end = strchr(at, '|');
    lqa_json_str(json, (lqa_str){at, end ? (size_t)(end - at) : strlen(at)});
    at = end ? end + 1 : NULL;
  }
}

/* A filter by a column that the run does not have is none of the interface. */
static bool is_there(const spec *s, const lqa_param *p) {
  const lqa_column *roles = s->server->review->run->rows.roles;
  return p->names == LQA_NAMES_ANNOTATOR ? roles[LQA_ROLE_ANNOTATOR].name != NULL
         : p->names == LQA_NAMES_SPLIT   ? roles[LQA_ROLE_SPLIT].name != NULL
         : p->names == LQA_NAMES_GROUP   ? roles[LQA_ROLE_GROUP].name != NULL
                                         : true;
}

/* The values that the run knows. */
static void add_names(const spec *s, lqa_param_names names) {
  const lqa_manifest *m = &s->server->review->run->manifest;
  if (names == LQA_NAMES_CLASS) {
    for (int32_t k = 0; k < m->n_classes; k++) {
      lqa_json_str(s->json, m->classes[k]);
    }
  } else if (names == LQA_NAMES_FILE) {
    for (int32_t i = 0; i < m->n_files; i++) {
      lqa_json_text(s->json, m->files[i].path);
    }
  } else if (names == LQA_NAMES_FINDING) {
    for (int bit = 0; bit < lqa_finding_bit_count(); bit++) {
      lqa_json_text(s->json, lqa_finding_bit_id(bit));
    }
  } else {
    const char *column;
    for (size_t i = 0; (column = lqa_view_sort_column(s->server->review, i)) != NULL; i++) {
      lqa_json_text(s->json, column);
    }
  }
}

/* The rest of {"type": "object", ...} of a table of parameters; what is not required may be null.
 */
static void add_object(const spec *s, const lqa_param *params, const char *any_of) {
  lqa_json_add_bool(s->json, "additionalProperties", false);
  lqa_json_key(s->json, "properties");
  lqa_json_open_object(s->json);
  for (const lqa_param *p = params; p && p->name; p++) {
    if (is_there(s, p)) {
      lqa_json_key(s->json, p->name);
      lqa_json_open_object(s->json);
      lqa_json_add_text(s->json, "description", p->meaning);
      add_type(s, p, !p->required);
      lqa_json_close_object(s->json);
    }
  }
  lqa_json_close_object(s->json);
  lqa_json_key(s->json, "required");
  lqa_json_open_array(s->json);
  for (const lqa_param *p = params; p && p->name; p++) {
    if (p->required) {
      lqa_json_text(s->json, p->name);
    }
  }
  lqa_json_close_array(s->json);
  if (any_of) {
    lqa_json_key(s->json, "anyOf");
    lqa_json_raw(s->json, lqa_str_from(any_of));
  }
}

static void add_bounds(const lqa_param *p, const char *least, const char *most, lqa_json *json) {
  if (p->min != 0 || p->max != 0) {
    lqa_json_add_double(json, least, p->min);
    if (p->max != 0) {
      lqa_json_add_double(json, most, p->max);
    }
  }
}

static void add_enum(const spec *s, const lqa_param *p, bool may_be_null) {
  lqa_json_key(s->json, "enum");
  lqa_json_open_array(s->json);
  if (p->kind == LQA_PARAM_CHOICE) {
    add_choices(p->choices, s->json);
  } else if (p->kind == LQA_PARAM_BOOL) {
    lqa_json_bool(s->json, true);
  } else {
    add_names(s, p->names);
    if (p->may_be_empty) {
      lqa_json_text(s->json, "");
    }
  }
  if (may_be_null) {
    lqa_json_null(s->json);
  }
  lqa_json_close_array(s->json);
}

static void add_type(const spec *s, const lqa_param *p, bool may_be_null) {
  static const char *const TYPES[] = {"string", "integer", "number", "boolean", "string", "object"};
  bool is_listed =
      p->kind == LQA_PARAM_CHOICE || (p->kind == LQA_PARAM_BOOL && p->min > 0) ||
      (p->kind == LQA_PARAM_TEXT && p->names >= LQA_NAMES_CLASS && p->names <= LQA_NAMES_SORT);
  lqa_json_key(s->json, "type");
  if (may_be_null) {
    lqa_json_open_array(s->json);
    lqa_json_text(s->json, TYPES[p->kind]);
    lqa_json_text(s->json, "null");
    lqa_json_close_array(s->json);
  } else {
    lqa_json_text(s->json, TYPES[p->kind]);
  }
  if (p->kind == LQA_PARAM_OBJECT) {
    add_object(s, p->members, NULL);
  } else if (is_listed) {
    add_enum(s, p, may_be_null);
  } else if (p->kind == LQA_PARAM_TEXT) {
    add_bounds(p, "minLength", "maxLength", s->json);
    lqa_json_add_text(s->json, "pattern", p->pattern ? p->pattern : "^[^\\u0000]*$");
  } else if (p->kind != LQA_PARAM_BOOL) {
    add_bounds(p, "minimum", "maximum", s->json);
  }
}

static void add_parameter(const spec *s, const lqa_param *p, const char *place) {
  lqa_json *json = s->json;
  lqa_json_open_object(json);
  lqa_json_add_text(json, "name", p->name);
  lqa_json_add_text(json, "in", place);
  lqa_json_add_bool(json, "required", p->required);
  lqa_json_add_text(json, "description", p->meaning);
  lqa_json_key(json, "schema");
  lqa_json_open_object(json);
  add_type(s, p, false);
  lqa_json_close_object(json);
  lqa_json_close_object(json);
}

static void add_input(const spec *s, const lqa_route *route) {
  lqa_json *json = s->json;
  static const lqa_param ROW = {"row_number",     LQA_PARAM_INT, "number of the row, from 0",
                                .required = true, .min = 0,      .max = 9007199254740991.0};
  bool is_post = strcmp(route->method, "POST") == 0, has_row = strchr(route->path, '{') != NULL;
  lqa_json_key(json, "parameters");
  lqa_json_open_array(json);
  if (has_row) {
    add_parameter(s, &ROW, "path");
  }
  for (const lqa_param *p = is_post ? NULL : route->params; p && p->name; p++) {
    if (is_there(s, p)) {
      add_parameter(s, p, "query");
    }
  }
  lqa_json_close_array(json);
  if (!is_post) {
    return;
  }
  lqa_json_key(json, "requestBody");
  lqa_json_open_object(json);
  lqa_json_add_bool(json, "required", true);
  lqa_json_key(json, "content");
  lqa_json_open_object(json);
  lqa_json_key(json, "application/json");
  lqa_json_open_object(json);
  lqa_json_key(json, "schema");
  lqa_json_open_object(json);
  lqa_json_add_text(json, "type", "object");
  add_object(s, route->params, route->any_of);
  lqa_json_close_object(json);
  lqa_json_close_object(json);
  lqa_json_close_object(json);
  lqa_json_close_object(json);
}

static void add_answer(const char *status, const char *type, lqa_json *json) {
  static const struct {
    const char *status, *meaning;
  } MEANINGS[] = {{"200", "done"},
                  {"201", "on disk"},
                  {"202", "begun"},
                  {"400", "malformed, or an unknown field"},
                  {"401", "no token, or a wrong one"},
                  {"403", "a foreign Host or Origin"},
                  {"404", "there is no such row"},
                  {"409", "not now"},
                  {"413", "the body is larger than 1 MB"},
                  {"415", "the body is not application/json"},
                  {"422", "a value that makes no sense here"},
                  {"500", "the server failed: a full disk, memory, a bug"},
                  {"502", "the judge's endpoint failed"}};
  const char *meaning = "";
  for (size_t i = 0; i < sizeof MEANINGS / sizeof *MEANINGS; i++) {
    meaning = strcmp(MEANINGS[i].status, status) == 0 ? MEANINGS[i].meaning : meaning;
  }
  lqa_json_key(json, status);
  lqa_json_open_object(json);
  lqa_json_add_text(json, "description", meaning);
  lqa_json_key(json, "content");
  lqa_json_open_object(json);
  lqa_json_key(json, type);
  lqa_json_open_object(json);
  if (*status != '2') {
    lqa_json_key(json, "schema");
    lqa_json_open_object(json);
    lqa_json_add_text(json, "$ref", "#/components/schemas/error");
    lqa_json_close_object(json);
  }
  lqa_json_close_object(json);
  lqa_json_close_object(json);
  lqa_json_close_object(json);
}

static void add_answers(const lqa_route *route, lqa_json *json) {
  bool is_post = strcmp(route->method, "POST") == 0, is_stream = route == &lqa_route_events;
  char statuses[80];
  snprintf(statuses, sizeof statuses, "%s 400 401 403%s 500", route->answers,
           is_post ? " 413 415" : "");
  lqa_json_key(json, "responses");
  lqa_json_open_object(json);
  for (char *save, *s = strtok_r(statuses, " ", &save); s; s = strtok_r(NULL, " ", &save)) {
    add_answer(s, is_stream && *s == '2' ? "text/event-stream" : "application/json", json);
  }
  lqa_json_close_object(json);
}

static void add_route(const spec *s, const lqa_route *route) {
  lqa_json *json = s->json;
  lqa_json_key(json, strcmp(route->method, "POST") == 0 ? "post" : "get");
  lqa_json_open_object(json);
  lqa_json_add_text(json, "operationId", route->name);
  lqa_json_add_text(json, "summary", route->summary);
  add_input(s, route);
  add_answers(route, json);
  lqa_json_close_object(json);
}

static bool is_first_of_path(size_t at) {
  for (size_t i = 0; i < at; i++) {
    if (strcmp(lqa_routes[i]->path, lqa_routes[at]->path) == 0) {
      return false;
    }
  }
  return true;
}

static void add_paths(const spec *s) {
  lqa_json *json = s->json;
  lqa_json_key(json, "paths");
  lqa_json_open_object(json);
  for (size_t i = 0; lqa_routes[i]; i++) {
    if (!is_first_of_path(i)) {
      continue;
    }
    lqa_json_key(json, lqa_routes[i]->path);
    lqa_json_open_object(json);
    for (size_t k = i; lqa_routes[k]; k++) {
      if (strcmp(lqa_routes[k]->path, lqa_routes[i]->path) == 0) {
        add_route(s, lqa_routes[k]);
      }
    }
    lqa_json_close_object(json);
  }
  lqa_json_close_object(json);
}

static const char COMPONENTS[] =
    "{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
    "\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"labelqa\"}},"
    "\"schemas\":{\"error\":{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{"
    "\"error\":{\"type\":\"object\",\"required\":[\"message\",\"field\"],\"properties\":{"
    "\"message\":{\"type\":\"string\"},\"field\":{\"type\":[\"string\",\"null\"]}}}}}}}";

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  (void)call;
  lqa_json json;
  const spec s = {server, &json};
  lqa_answer_begin(out, &json);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "openapi", "3.1.0");
  lqa_json_key(&json, "info");
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "title", "labelqa review");
  lqa_json_add_text(&json, "version", "1");
  lqa_json_close_object(&json);
  lqa_json_key(&json, "security");
  lqa_json_raw(&json, LQA_STR("[{\"token\":[]},{\"cookie\":[]}]"));
  add_paths(&s);
  lqa_json_key(&json, "components");
  lqa_json_raw(&json, lqa_str_from(COMPONENTS));
  lqa_json_close_object(&json);
  lqa_answer_end(out, 200);
}

const lqa_route lqa_route_openapi = {.name = "openapi",
                                     .method = "GET",
                                     .path = "/api/openapi.json",
                                     .summary = "This interface",
                                     .answers = "200",
                                     .answer = answer};
