/* serve/http_access.h - who may ask: names of this server, token, origin, content type. */
#ifndef LQA_SERVE_HTTP_ACCESS_H
#define LQA_SERVE_HTTP_ACCESS_H

#include "base/status.h"

enum { LQA_HTTP_MAX_BODY = 1 << 20, LQA_HTTP_TOKEN_SIZE = 65 };

/* Headers of a request that changes something; NULL: missing. */
typedef struct lqa_http_change {
  const char *origin, *content_type, *content_length;
} lqa_http_change;

/* Does the Host header ("localhost:8765") name this server? NULL: no. */
bool lqa_http_is_own_host(int port, const char *host);
/* Takes as long for a wrong token as for the right one. */
bool lqa_http_is_token(const char *token, const char *given, size_t size);
/* The token from "Authorization: Bearer" or, without that, from the cookie; either may be NULL. */
bool lqa_http_has_token(const char *token, const char *authorization, const char *cookie);
/* 0 where the request may go on; else the status of the refusal, with its words (static). */
int lqa_http_check_change(int port, const lqa_http_change *change, const char **why);
/* Is `method` in "GET, POST"? */
bool lqa_http_takes(const char *methods, const char *method);
/* 64 hexadecimal digits from the system's source of randomness. */
LQA_MUST_CHECK lqa_status lqa_http_make_token(char token[LQA_HTTP_TOKEN_SIZE], lqa_error *err);

#endif
