/* serve/http.h - an HTTP server for one person's own machine (library libmicrohttpd; serve/http.c
 * alone sees microhttpd.h).
 *
 * It listens on 127.0.0.1 and nowhere else. Before a request reaches the handler, its Host, token,
 * Origin, content type and size have been checked, so that no other page in the browser and no
 * other user of the machine can read or change anything. All requests are handled by one thread; a
 * request that takes long is answered later (lqa_http_later) while others go on. */
#ifndef LQA_SERVE_HTTP_H
#define LQA_SERVE_HTTP_H

#include "base/buf.h"

enum { LQA_HTTP_MAX_PARAMS = 32 };

typedef struct lqa_http lqa_http;
typedef struct lqa_http_ticket lqa_http_ticket; /* of a request that is answered later */

typedef struct lqa_http_param {
  const char *name, *value; /* decoded; value "" where there was none */
} lqa_http_param;

typedef struct lqa_http_incoming {
  const char *method, *path; /* "GET" stands for HEAD, too */
  lqa_http_param params[LQA_HTTP_MAX_PARAMS];
  size_t n_params;
  bool too_many_params, has_nul; /* has_nul: a NUL character (%00) in the query */
  lqa_str body;
  lqa_http_ticket *ticket;
} lqa_http_incoming;

typedef enum lqa_http_answer_kind {
  LQA_HTTP_WHOLE,
  LQA_HTTP_EVENTS, /* server-sent events from now on */
  LQA_HTTP_LATER   /* lqa_http_later will be called with the ticket */
} lqa_http_answer_kind;

typedef struct lqa_http_answer {
  lqa_http_answer_kind kind;
  int status;
  const char *content_type; /* static */
  const char *allow;        /* of 405: the methods there are; or NULL */
  lqa_buf body;
} lqa_http_answer;

/* Fills the answer; runs on the server's thread. */
typedef void (*lqa_http_handler)(void *data, const lqa_http_incoming *request,
                                 lqa_http_answer *answer);

typedef struct lqa_http_options {
  int port; /* 0 = any that is free */
  const char *token;
  lqa_http_handler handler;
  /* Does anything under this path exist, and which methods does it take ("GET, POST")? NULL: no.
   * Asked before a body is read. */
  const char *(*methods_of)(void *data, const char *path);
  void *data;
} lqa_http_options;

LQA_MUST_CHECK lqa_status lqa_http_start(const lqa_http_options *options, lqa_http **out,
                                         lqa_error *err);
int lqa_http_port(const lqa_http *http);
/* Ends all connections. No ticket may be open. */
void lqa_http_stop(lqa_http *http);

/* Answers the request of the ticket; the body is taken. From any thread. */
void lqa_http_later(lqa_http *http, lqa_http_ticket *ticket, lqa_http_answer *answer);
/* Sends an event to all who listen. From any thread. `name` is a word, `json` one line. */
void lqa_http_publish(lqa_http *http, const char *name, lqa_str json);

/* {"error": {"message", "field"}} with this status. `field` may be NULL. */
void lqa_http_fail(lqa_http_answer *answer, int status, const char *field, const char *message);

#endif
