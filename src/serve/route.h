/* serve/route.h - what can be asked of the server: one file and one row of route_list.h each.
 *
 * A route describes its parameters in tables; from them requests are checked and /api/openapi.json
 * is written, so that the two cannot differ. */
#ifndef LQA_SERVE_ROUTE_H
#define LQA_SERVE_ROUTE_H

#include "base/json.h"
#include "base/json_read.h"
#include "serve/http.h"

typedef enum lqa_param_kind {
  LQA_PARAM_TEXT,
  LQA_PARAM_INT,
  LQA_PARAM_NUMBER,
  LQA_PARAM_BOOL,
  LQA_PARAM_CHOICE,
  LQA_PARAM_OBJECT /* in a body: members are checked by `members` */
} lqa_param_kind;

/* What a text may be: the description of the interface lists the run's values. */
typedef enum lqa_param_names {
  LQA_NAMES_ANY,
  LQA_NAMES_CLASS,
  LQA_NAMES_FINDING,
  LQA_NAMES_FILE,
  LQA_NAMES_SORT,      /* a column that rows can be sorted by */
  LQA_NAMES_ANNOTATOR, /* any, where the run has such a column; so the next two */
  LQA_NAMES_SPLIT,
  LQA_NAMES_GROUP
} lqa_param_names;

typedef struct lqa_param {
  const char *name; /* NULL ends a table */
  lqa_param_kind kind;
  const char *meaning;
  bool required;
  double min, max; /* INT, NUMBER; of TEXT the longest in characters; both 0 = no bounds; of BOOL
                    * min 1: it must be true */
  const char *choices; /* CHOICE: "a|b|c" */
  const struct lqa_param *members;
  lqa_param_names names;
  bool may_be_empty;   /* of `names`: "" is the same as leaving it out */
  const char *pattern; /* of TEXT: a regular expression that what is taken fits; NULL = none */
} lqa_param;

typedef struct lqa_server lqa_server;

typedef struct lqa_route_call {
  const lqa_http_incoming *request;
  const lqa_json_node *body; /* of POST: an object, checked; else NULL */
  int64_t row;               /* of a path that ends in a row number; else -1 */
  lqa_arena *arena;          /* lives as long as the call */
} lqa_route_call;

typedef struct lqa_route {
  const char *name;   /* of its row in route_list.h */
  const char *method; /* "GET" or "POST" */
  const char *path;   /* "/api/rows/{row_number}": the last part is a row's number */
  const char *summary;
  const lqa_param *params; /* of the query (GET) or the body (POST); NULL = none */
  const char *any_of;      /* of the body's JSON schema, what tables cannot say; or NULL */
  const char *answers;     /* statuses beside 400, 401, 403 (and for POST 413, 415): "200 404" */
  void (*answer)(lqa_server *server, const lqa_route_call *call, lqa_http_answer *answer);
} lqa_route;

#define ROUTE(name) extern const lqa_route lqa_route_##name;
#include "serve/route_list.h"
#undef ROUTE

/* NULL-terminated, in the order of route_list.h. */
extern const lqa_route *const lqa_routes[];

/* The values of a GET's query by name; NULL where it was not given. */
const char *lqa_route_text(const lqa_route_call *call, const char *name);
int64_t lqa_route_int(const lqa_route_call *call, const char *name, int64_t otherwise);

/* Checks the request against the route's tables and fills `call`; false where `answer` refuses. */
bool lqa_route_check(const lqa_route *route, const lqa_http_incoming *request, lqa_arena *arena,
                     lqa_route_call *call, lqa_http_answer *answer);
/* The route that takes this method and path, or NULL. */
const lqa_route *lqa_route_find(const char *method, const char *path);
/* The methods of a path: "GET", "POST", "GET, POST"; NULL where there is no route. */
const char *lqa_route_methods(const char *path);

/* A JSON answer: begins it, and ends it with this status (500 where memory ran out). */
void lqa_answer_begin(lqa_http_answer *answer, lqa_json *json);
void lqa_answer_end(lqa_http_answer *answer, int status);
/* What failed, with the status that fits: 422 for wrong values, 404, 409, 500 ... */
void lqa_answer_error(lqa_http_answer *answer, lqa_status status, const lqa_error *err);

#endif
