/* judge/client.h - HTTP(S) through libcurl's multi interface. */
#ifndef LQA_JUDGE_CLIENT_H
#define LQA_JUDGE_CLIENT_H

#include "judge/transport.h"

typedef struct lqa_client_options {
  int max_open; /* requests, and so connections */
  double connect_seconds;
  size_t max_body_bytes;
  const char *ca_file;  /* NULL = the system's */
  const char *proxy;    /* NULL or "" = none; loopback hosts never go through it */
  const char *no_proxy; /* hosts that do not either, comma-separated; NULL = none */
} lqa_client_options;

LQA_MUST_CHECK lqa_status lqa_client_open(const lqa_client_options *options,
                                          lqa_transport *transport, lqa_error *err);

/* One request, start to end: for batches. The reply's body is handed to `body` (initialised). */
LQA_MUST_CHECK lqa_status lqa_client_fetch(lqa_transport *transport,
                                           const lqa_http_request *request, struct lqa_buf *body,
                                           lqa_http_reply *reply, lqa_error *err);

/* "7.88.1": libcurl's version, for manifests. */
const char *lqa_client_version(void);

#endif
