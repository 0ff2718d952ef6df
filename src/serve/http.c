/* serve/http.c - libmicrohttpd behind one handler.
 *
 * One thread with epoll serves every connection, so the handler needs no locks and a slow or
 * half-open connection costs a file descriptor and nothing else; it is closed after IDLE_SECONDS
 * without a byte. Events lie in a ring; a listener that has read all is suspended until the next
 * one (or a comment every few seconds, which shows a broken connection). A request that is answered
 * later is suspended, too.
 */
#include "serve/http.h"

#include "base/json.h"
#include "base/memory.h"
#include "serve/http_access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum {
  MAX_CONNECTIONS = 800,
  IDLE_SECONDS = 20,
  CONNECTION_BYTES = 64 << 10,
  RING = 4096,
  PULSE_SECONDS = 10,
  MAX_DROPPED = 64 << 20
};

/* One request, from its first byte to its last. */
struct lqa_http_ticket {
  lqa_http *http;
  struct MHD_Connection *connection;
  lqa_buf body;
  lqa_http_answer answer;
  uint64_t dropped;  /* bytes of a body that nobody wants */
  bool is_let_in;    /* the address with the token */
  bool is_refused;   /* the answer is known; what follows of the body is dropped */
  bool is_called;    /* the handler has seen it */
  bool is_suspended; /* answered later; under the server's lock */
  bool is_ready;     /* answered later, and the answer is here */
};

typedef struct listener {
  lqa_http *http;
  struct MHD_Connection *connection;
  uint64_t next; /* number of the event to send next */
  char *pending; /* the event being sent, owned */
  size_t size, sent;
  bool is_suspended;
  struct listener *after;
} listener;

struct lqa_http {
  lqa_http_options options;
  struct MHD_Daemon *daemon;
  int port;
  pthread_mutex_t lock; /* of all below */
  char *ring[RING];     /* owned texts */
  uint64_t n_events;
  listener *listeners;
  bool is_stopping;
  pthread_t pulse;
  bool has_pulse;
};

/* ---- answers ---- */

void lqa_http_fail(lqa_http_answer *answer, int status, const char *field, const char *message) {
  lqa_json json;
  answer->kind = LQA_HTTP_WHOLE;
  answer->status = status;
  answer->content_type = "application/json";
  lqa_buf_reset(&answer->body);
  lqa_json_init(&json, &answer->body, 0);
  lqa_json_open_object(&json);
  lqa_json_key(&json, "error");
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "message", message);
  lqa_json_add_text(&json, "field", field);
  lqa_json_close_object(&json);
  lqa_json_close_object(&json);
}

static void add_headers(struct MHD_Response *response, const lqa_http_answer *answer) {
  static const char *const HEADERS[][2] = {
      {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "
                                  "img-src 'self'; connect-src 'self'; "
                                  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cache-Control", "no-store"}};
  for (size_t i = 0; i < sizeof HEADERS / sizeof *HEADERS; i++) {
    MHD_add_response_header(response, HEADERS[i][0], HEADERS[i][1]);
  }
  if (answer->content_type) {
    MHD_add_response_header(response, "Content-Type", answer->content_type);
  }
  if (answer->allow) {
    MHD_add_response_header(response, "Allow", answer->allow);
  }
}

static enum MHD_Result send_whole(struct MHD_Connection *connection, lqa_http_answer *answer) {
  size_t size = 0;
  bool failed = answer->body.failed;
  char *bytes = failed ? NULL : lqa_buf_take(&answer->body, &size);
  struct MHD_Response *response =
      bytes ? MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE)
            : MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
  if (!response) {
    free(bytes);
    return MHD_NO;
  }
  add_headers(response, answer);
  enum MHD_Result result =
      MHD_queue_response(connection, failed ? 500 : (unsigned)answer->status, response);
  MHD_destroy_response(response);
  return result;
}

/* ---- who may ---- */

static const char *header(struct MHD_Connection *connection, const char *name) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The URL that was printed: its token becomes a cookie, and leaves the address bar. */
static enum MHD_Result let_in(lqa_http *http, struct MHD_Connection *connection) {
  char cookie[128];
  struct MHD_Response *response =
      MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
  if (!response) {
    return MHD_NO;
  }
  const lqa_http_answer answer = {.content_type = "text/plain"};
  snprintf(cookie, sizeof cookie, "labelqa=%s; HttpOnly; SameSite=Strict; Path=/",
           http->options.token);
  add_headers(response, &answer);
  MHD_add_response_header(response, "Set-Cookie", cookie);
  MHD_add_response_header(response, "Location", "/");
  enum MHD_Result result = MHD_queue_response(connection, 303, response);
  MHD_destroy_response(response);
  return result;
}

/* ---- events ---- */

static void wake(listener *l) {
  if (l->is_suspended) {
    l->is_suspended = false;
    MHD_resume_connection(l->connection);
  }
}

static void publish_text(lqa_http *http, char *text) {
  pthread_mutex_lock(&http->lock);
  char **slot = &http->ring[http->n_events % RING];
  free(*slot);
  *slot = text;
  http->n_events++;
  for (listener *l = http->listeners; l; l = l->after) {
    wake(l);
  }
  pthread_mutex_unlock(&http->lock);
}

void lqa_http_publish(lqa_http *http, const char *name, lqa_str json) {
  char *text = NULL;
  if (asprintf(&text, "event: %s\ndata: %.*s\n\n", name, (int)json.size, json.data) >= 0) {
    publish_text(http, text);
  }
}

/* The next event of this listener, as a copy; NULL where it has seen all. Locked. */
static char *next_event(listener *l) {
  lqa_http *http = l->http;
  if (l->next == http->n_events) {
    return NULL;
  }
  if (http->n_events - l->next > RING) {
    l->next = http->n_events - RING; /* too slow: what is gone is gone */
  }
  return strdup(http->ring[l->next++ % RING]);
}

static ssize_t read_events(void *data, uint64_t position, char *out, size_t max) {
  (void)position;
  listener *l = data;
  pthread_mutex_lock(&l->http->lock);
  if (!l->pending) {
    l->pending = next_event(l);
    l->size = l->pending ? strlen(l->pending) : 0;
    l->sent = 0;
  }
  bool is_over = l->http->is_stopping;
  if (!l->pending && !is_over) {
    l->is_suspended = true;
    MHD_suspend_connection(l->connection);
  }
  pthread_mutex_unlock(&l->http->lock);
  if (!l->pending) {
    return is_over ? MHD_CONTENT_READER_END_OF_STREAM : 0;
  }
  size_t n = l->size - l->sent < max ? l->size - l->sent : max;
  memcpy(out, l->pending + l->sent, n);
  l->sent += n;
  if (l->sent == l->size) {
    free(l->pending);
    l->pending = NULL;
  }
  return (ssize_t)n;
}

static void end_listener(void *data) {
  listener *l = data;
  pthread_mutex_lock(&l->http->lock);
  listener **at = &l->http->listeners;
  while (*at && *at != l) {
    at = &(*at)->after;
  }
  if (*at) {
    *at = l->after;
  }
  pthread_mutex_unlock(&l->http->lock);
  free(l->pending);
  free(l);
}

static enum MHD_Result send_events(lqa_http *http, struct MHD_Connection *connection) {
  static const lqa_http_answer answer = {.content_type = "text/event-stream"};
  listener *l = lqa_calloc(1, sizeof *l);
  if (!l) {
    return MHD_NO;
  }
  *l = (listener){.http = http, .connection = connection, .pending = strdup(": hello\n\n")};
  l->size = l->pending ? strlen(l->pending) : 0;
  pthread_mutex_lock(&http->lock);
  l->next = http->n_events;
  l->after = http->listeners;
  http->listeners = l;
  pthread_mutex_unlock(&http->lock);
  struct MHD_Response *response =
      MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_events, l, end_listener);
  if (!response) {
    end_listener(l);
    return MHD_NO;
  }
  add_headers(response, &answer);
  enum MHD_Result result = MHD_queue_response(connection, 200, response);
  MHD_destroy_response(response);
  return result;
}

/* A comment now and then: a listener that is gone is noticed when something is sent to it. */
static void *beat(void *data) {
  lqa_http *http = data;
  for (int tenth = 1;; tenth++) {
    usleep(100000);
    pthread_mutex_lock(&http->lock);
    bool is_over = http->is_stopping, is_due = tenth % (10 * PULSE_SECONDS) == 0;
    bool has_listeners = http->listeners != NULL;
    pthread_mutex_unlock(&http->lock);
    if (is_over) {
      return NULL;
    }
    char *text = is_due && has_listeners ? strdup(": still here\n\n") : NULL;
    if (text) {
      publish_text(http, text);
    }
  }
}

/* ---- requests ---- */

static enum MHD_Result add_param(void *data, enum MHD_ValueKind kind, const char *name,
                                 size_t name_size, const char *value, size_t value_size) {
  (void)kind;
  lqa_http_incoming *request = data;
  if (request->n_params == LQA_HTTP_MAX_PARAMS) {
    request->too_many_params = true;
    return MHD_NO;
  }
  request->has_nul = request->has_nul || memchr(name, '\0', name_size) ||
                     (value && memchr(value, '\0', value_size));
  request->params[request->n_params++] = (lqa_http_param){name, value ? value : ""};
  return MHD_YES;
}

static enum MHD_Result finish(lqa_http_ticket *ticket) {
  if (ticket->answer.kind == LQA_HTTP_EVENTS) {
    return send_events(ticket->http, ticket->connection);
  }
  return send_whole(ticket->connection, &ticket->answer);
}

/* The whole request is here. */
static enum MHD_Result call_handler(lqa_http_ticket *ticket, const char *method, const char *path) {
  lqa_http *http = ticket->http;
  lqa_http_incoming request = {
      .method = method, .path = path, .body = lqa_buf_str(&ticket->body), .ticket = ticket};
  MHD_get_connection_values_n(ticket->connection, MHD_GET_ARGUMENT_KIND, add_param, &request);
  ticket->is_called = true;
  http->options.handler(http->options.data, &request, &ticket->answer);
  if (ticket->answer.kind != LQA_HTTP_LATER) {
    return finish(ticket);
  }
  pthread_mutex_lock(&http->lock);
  bool is_ready = ticket->is_ready;
  if (!is_ready) {
    ticket->is_suspended = true;
    MHD_suspend_connection(ticket->connection);
  }
  pthread_mutex_unlock(&http->lock);
  return is_ready ? finish(ticket) : MHD_YES;
}

void lqa_http_later(lqa_http *http, lqa_http_ticket *ticket, lqa_http_answer *answer) {
  pthread_mutex_lock(&http->lock);
  lqa_buf_clear(&ticket->answer.body);
  ticket->answer = *answer;
  ticket->is_ready = true;
  if (ticket->is_suspended) {
    ticket->is_suspended = false;
    MHD_resume_connection(ticket->connection);
  }
  pthread_mutex_unlock(&http->lock);
  *answer = (lqa_http_answer){.kind = LQA_HTTP_WHOLE};
}

/* What can be said from the first line and the headers: a refusal in the ticket's answer. It is
 * sent when the body is through, since a client that is still sending would not read it. */
static void check_start(lqa_http_ticket *ticket, const char *method, const char *path) {
  lqa_http *http = ticket->http;
  struct MHD_Connection *connection = ticket->connection;
  const char *given = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token");
  const char *why = NULL, *methods = NULL;
  int status = 0;
  if (!lqa_http_is_own_host(http->port, header(connection, "Host"))) {
    status = 403;
    why = "the Host is not this server";
  } else if (given && strcmp(path, "/") == 0 && strcmp(method, "GET") == 0 &&
             lqa_http_is_token(http->options.token, given, strlen(given))) {
    ticket->is_let_in = true;
  } else if (!lqa_http_has_token(
                 http->options.token, header(connection, "Authorization"),
                 MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, "labelqa"))) {
    status = 401;
    why = "the token is missing or wrong: open the address that labelqa review printed";
  } else if (!(methods = http->options.methods_of(http->options.data, path))) {
    status = 404;
    why = "there is no page at this address";
  } else if (!lqa_http_takes(methods, method)) {
    status = 405;
    why = "this address does not accept that method";
    ticket->answer.allow = methods;
  } else if (strcmp(method, "GET") != 0) {
    status = lqa_http_check_change(http->port,
                                   &(lqa_http_change){header(connection, "Origin"),
                                                      header(connection, "Content-Type"),
                                                      header(connection, "Content-Length")},
                                   &why);
  }
  if (status != 0) {
    ticket->is_refused = true;
    lqa_http_fail(&ticket->answer, status, NULL, why);
  }
}

static lqa_http_ticket *new_ticket(lqa_http *http, struct MHD_Connection *connection) {
  lqa_http_ticket *ticket = lqa_calloc(1, sizeof *ticket);
  if (ticket) {
    *ticket = (lqa_http_ticket){.http = http, .connection = connection};
    lqa_buf_init(&ticket->body, LQA_HTTP_MAX_BODY);
    lqa_buf_init(&ticket->answer.body, (size_t)1 << 30);
  }
  return ticket;
}

static enum MHD_Result take_body(lqa_http_ticket *ticket, const char *upload, size_t size) {
  if (ticket->is_refused || ticket->body.failed) {
    ticket->dropped += size;
    return ticket->dropped <= MAX_DROPPED ? MHD_YES : MHD_NO;
  }
  lqa_buf_add(&ticket->body, upload, size);
  return MHD_YES;
}

static enum MHD_Result take_request(void *data, struct MHD_Connection *connection, const char *path,
                                    const char *method, const char *version, const char *upload,
                                    size_t *upload_size, void **state) {
  (void)version;
  lqa_http_ticket *ticket = *state;
  method = strcmp(method, "HEAD") == 0 ? "GET" : method;
  if (!ticket) { /* the headers are here */
    *state = ticket = new_ticket(data, connection);
    if (ticket) {
      check_start(ticket, method, path);
    }
    return ticket ? MHD_YES : MHD_NO;
  }
  if (*upload_size > 0) {
    size_t size = *upload_size;
    *upload_size = 0;
    return take_body(ticket, upload, size);
  }
  if (ticket->is_let_in) {
    return let_in(ticket->http, connection);
  }
  if (!ticket->is_refused && !ticket->is_called && ticket->body.failed) {
    lqa_http_fail(&ticket->answer, 413, NULL, "the body is larger than 1 MB");
    ticket->is_refused = true;
  }
  bool is_answered = ticket->is_refused || ticket->is_called;
  return is_answered ? finish(ticket) : call_handler(ticket, method, path);
}

static void end_request(void *data, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode why) {
  (void)data, (void)connection, (void)why;
  lqa_http_ticket *ticket = *state;
  if (ticket) {
    lqa_buf_clear(&ticket->body);
    lqa_buf_clear(&ticket->answer.body);
    free(ticket);
    *state = NULL;
  }
}

/* ---- the server ---- */

static lqa_status fail_start(int port, lqa_error *err) {
  char address[40];
  snprintf(address, sizeof address, "127.0.0.1:%d", port);
  return lqa_fail_errno(err, "listen on", address);
}

static void ignore_message(void *data, const char *format, va_list args) {
  (void)data, (void)format, (void)args;
}

lqa_status lqa_http_start(const lqa_http_options *options, lqa_http **out, lqa_error *err) {
  lqa_http *http = lqa_calloc(1, sizeof *http);
  if (!http) {
    return lqa_fail_memory(err, "starting the server");
  }
  http->options = *options;
  pthread_mutex_init(&http->lock, NULL);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)options->port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  errno = 0;
  http->daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
      (uint16_t)options->port, NULL, NULL, take_request, http, MHD_OPTION_EXTERNAL_LOGGER,
      ignore_message, NULL, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
      MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL, MHD_OPTION_CONNECTION_LIMIT,
      (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_END);
  if (!http->daemon) {
    lqa_http_stop(http);
    return fail_start(options->port, err);
  }
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
  http->port = info ? info->port : options->port;
  http->has_pulse = pthread_create(&http->pulse, NULL, beat, http) == 0;
  *out = http;
  return LQA_OK;
}

int lqa_http_port(const lqa_http *http) {
  return http->port;
}

void lqa_http_stop(lqa_http *http) {
  if (!http) {
    return;
  }
  pthread_mutex_lock(&http->lock);
  http->is_stopping = true;
  for (listener *l = http->listeners; l; l = l->after) {
    wake(l);
  }
  pthread_mutex_unlock(&http->lock);
  if (http->daemon) {
    MHD_stop_daemon(http->daemon);
  }
  if (http->has_pulse) {
    pthread_join(http->pulse, NULL);
  }
  for (int i = 0; i < RING; i++) {
    free(http->ring[i]);
  }
  pthread_mutex_destroy(&http->lock);
  free(http);
}
