/* judge/transport.h - how requests travel: HTTP through libcurl (client.c), or a simulated judge
 * (simulate.c). A table of three functions over one object; one thread.
 */
#ifndef LQA_JUDGE_TRANSPORT_H
#define LQA_JUDGE_TRANSPORT_H

#include "judge/judge.h"

typedef struct lqa_http_request {
  const char *url;
  const char *key;          /* bearer, or NULL */
  const char *content_type; /* of the body; NULL = a GET without body */
  lqa_str body;             /* borrowed until the reply */
  double timeout_seconds;
  void *tag; /* comes back with the reply */
  /* What is asked, for transports that answer themselves. */
  const lqa_judge_item *item;
  int judge, repeat;
} lqa_http_request;

typedef enum lqa_http_fault {
  LQA_HTTP_FINE,     /* a whole reply with a status */
  LQA_HTTP_UNSENT,   /* no connection: the server saw nothing */
  LQA_HTTP_HOPELESS, /* no connection, and trying again will not help (certificate, bad URL) */
  LQA_HTTP_TIMEOUT,  /* sent, no whole reply in time */
  LQA_HTTP_BROKEN    /* sent, connection lost, reply cut or too large */
} lqa_http_fault;

/* Texts are valid during the call. */
typedef struct lqa_http_reply {
  void *tag;
  lqa_http_fault fault;
  long status; /* 0 if none was received; known even where the body was cut */
  lqa_str body;
  double retry_after; /* seconds; NaN = not said */
  double exhausted; /* seconds until the server's own count of requests or tokens refills, where it
                          says that none is left; NaN otherwise */
  int should_retry; /* x-should-retry: 1, 0, or -1 = not said */
  const char *message; /* of a fault; where a redirect (not followed) leads */
} lqa_http_reply;

typedef void (*lqa_http_sink)(void *data, const lqa_http_reply *reply);

struct lqa_transport {
  void *self;
  /* LQA_OK or LQA_NO_MEMORY, LQA_INTERNAL. */
  lqa_status (*start)(void *self, const lqa_http_request *request, lqa_error *err);
  /* Waits up to `seconds` for something to happen and tells `sink` of every reply that is there. */
  lqa_status (*wait)(void *self, double seconds, lqa_http_sink sink, void *data, lqa_error *err);
  void (*close)(void *self); /* drops open requests */
};

#endif
