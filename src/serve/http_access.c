/* The rules by which a request is refused before anything reads it.
 *
 * A page of another site can make the browser send requests here, so the Host must be ours (a name
 * rebound to 127.0.0.1 is not), a change must come from our own origin or from no page at all, and
 * its body must be JSON, which a plain form cannot send. The token keeps out other users of the
 * machine. Plain text in, a decision out: the server's library is not needed to test any of it.
 */
#include "serve/http_access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static const char *const NAMES[] = {"127.0.0.1", "localhost", "[::1]"};

static bool is_own(const char *scheme, int port, const char *text) {
  char own[48];
  for (size_t i = 0; text && i < sizeof NAMES / sizeof *NAMES; i++) {
    snprintf(own, sizeof own, "%s%s:%d", scheme, NAMES[i], port);
    if (strcasecmp(text, own) == 0) {
      return true;
    }
  }
  return false;
}

bool lqa_http_is_own_host(int port, const char *host) {
  return is_own("", port, host);
}

bool lqa_http_is_token(const char *token, const char *given, size_t size) {
  size_t n = strlen(token);
  unsigned char difference = size != n;
  for (size_t i = 0; i < n; i++) {
    difference |= (unsigned char)(token[i] ^ (i < size ? given[i] : 0));
  }
  return difference == 0;
}

bool lqa_http_has_token(const char *token, const char *authorization, const char *cookie) {
  static const char scheme[] = "Bearer ";
  size_t n = strlen(scheme);
  const bool is_bearer = authorization && strncasecmp(authorization, scheme, n) == 0;
  const char *given = is_bearer ? authorization + n : cookie;
  return given && lqa_http_is_token(token, given, strlen(given));
}

/* With or without parameters. */
static bool is_json(const char *content_type) {
  size_t n = strlen("application/json");
  return content_type && strncasecmp(content_type, "application/json", n) == 0 &&
         (content_type[n] == '\0' || content_type[n] == ';' || content_type[n] == ' ');
}

int lqa_http_check_change(int port, const lqa_http_change *change, const char **why) {
  if (change->origin && !is_own("http://", port, change->origin)) {
    *why = "the request comes from another site";
    return 403;
  }
  if (!is_json(change->content_type)) {
    *why = "the body must be application/json";
    return 415;
  }
  if (change->content_length && strtoull(change->content_length, NULL, 10) > LQA_HTTP_MAX_BODY) {
    *why = "the body is larger than 1 MB";
    return 413;
  }
  return 0;
}

bool lqa_http_takes(const char *methods, const char *method) {
  const char *at = strstr(methods, method);
  size_t n = strlen(method);
  return at && (at[n] == ',' || at[n] == '\0');
}

lqa_status lqa_http_make_token(char token[LQA_HTTP_TOKEN_SIZE], lqa_error *err) {
  unsigned char bytes[(LQA_HTTP_TOKEN_SIZE - 1) / 2];
  if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
    return lqa_fail_errno(err, "read", "the system's random numbers");
  }
  for (size_t i = 0; i < sizeof bytes; i++) {
    snprintf(token + 2 * i, 3, "%02x", bytes[i]);
  }
  return LQA_OK;
}
