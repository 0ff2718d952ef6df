/* judge/client.c - see client.h (the only file that sees curl).
 *
 * Connections are kept alive and reused, HTTP/2 is taken where TLS offers it, certificates are
 * always checked, redirects are never followed (a key must not travel on), environment proxies are
 * ignored (the front end passes one explicitly), bodies are capped while they arrive.
 *
 * libcurl silently sends a request again when a reused connection turns out to be dead. For a paid
 * POST that is wrong: the server may have seen the first one. A callback that runs before every
 * send stops the second one, which the engine then books as lost and counts.
 *
 * Waiting is epoll over the sockets that libcurl names (its "socket" interface): a step costs what
 * happens in it, not what is open.
 *
 * Slots are made once and reused with their easy handle, so a request costs no allocation of ours
 * apart from header lists, which are kept per slot as long as the key stays the same.
 */
#include "judge/client.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "judge/endpoint.h"
#include "judge/ratelimit.h"

#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MAX_EVENTS = 256 };

typedef struct slot {
  struct client *client;
  CURL *easy;
  struct curl_slist *headers;
  const char *headers_key, *headers_type; /* what `headers` was built from */
  bool headers_azure;
  lqa_buf reply;
  bool is_open, overflowed;
  int n_sends; /* of the open request: never more than one */
  void *tag;
  lqa_rate_counters counters;
  int should_retry;
  char message[CURL_ERROR_SIZE];
} slot;

typedef struct client {
  CURLM *multi;
  int epoll;
  double timer; /* when libcurl wants to be called, or < 0 */
  slot *slots;
  size_t n_slots;
  lqa_client_options options;
  char *ca_file, *proxy, *no_proxy;
} client;

/* ---- callbacks ---- */

/* Runs on a fresh or reused connection, just before the request goes out. */
static int on_send(void *data, char *ip, char *local_ip, int port, int local_port) {
  (void)ip, (void)local_ip, (void)port, (void)local_port;
  slot *s = data;
  return s->n_sends++ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static size_t on_body(char *in, size_t size, size_t n, void *data) {
  slot *s = data;
  lqa_buf_add(&s->reply, in, size * n);
  if (s->reply.failed) {
    s->overflowed = true;
    return 0;
  }
  return size * n;
}

/* Splits "Name: value"; false if it is no header. */
static bool split_header(lqa_str line, lqa_str *name, lqa_str *value) {
  const char *colon = line.size ? memchr(line.data, ':', line.size) : NULL;
  if (!colon) {
    return false;
  }
  *name = lqa_str_trim((lqa_str){line.data, (size_t)(colon - line.data)});
  *value = lqa_str_trim((lqa_str){colon + 1, (size_t)(line.data + line.size - colon - 1)});
  return true;
}

static void keep_header(slot *s, lqa_str line) {
  lqa_str name, value;
  if (!split_header(line, &name, &value)) {
    return;
  }
  if (lqa_str_equal_nocase(name, LQA_STR("x-should-retry"))) {
    s->should_retry = lqa_str_equal_nocase(value, LQA_STR("true"));
  } else {
    lqa_rate_counters_read(&s->counters, name, value, (double)time(NULL));
  }
}

static void forget_headers(slot *s) {
  lqa_rate_counters_clear(&s->counters);
  s->should_retry = -1;
}

static size_t on_header(char *in, size_t size, size_t n, void *data) {
  lqa_str line = {in, size * n};
  if (lqa_str_starts_with(line, LQA_STR("HTTP/"))) {
    forget_headers(data); /* a proxy's or an interim reply came before */
  } else {
    keep_header(data, line);
  }
  return line.size;
}

/* ---- slots ---- */

static void set_fixed(const client *c, slot *s) {
  CURL *easy = s->easy;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, s);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "labelqa/" LABELQA_VERSION);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(c->options.connect_seconds * 1000));
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, s->message);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, s);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, s);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, s);
  if (c->ca_file) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, c->ca_file);
  }
}

/* A free slot with a handle, or NULL. */
static slot *find_slot(client *c) {
  for (size_t i = 0; i < c->n_slots; i++) {
    slot *s = &c->slots[i];
    if (s->is_open) {
      continue;
    }
    if (!s->easy) {
      s->easy = curl_easy_init();
      if (!s->easy) {
        return NULL;
      }
      s->client = c;
      lqa_buf_init(&s->reply, c->options.max_body_bytes);
      set_fixed(c, s);
    }
    return s;
  }
  return NULL;
}

static bool append_header(struct curl_slist **list, const char *text) {
  struct curl_slist *longer = curl_slist_append(*list, text);
  *list = longer ? longer : *list;
  return longer != NULL;
}

static lqa_status set_headers(slot *s, const lqa_http_request *request) {
  if (s->headers && s->headers_key == request->key && s->headers_type == request->content_type &&
      s->headers_azure == lqa_endpoint_is_azure(request->url)) {
    return LQA_OK;
  }
  curl_slist_free_all(s->headers);
  s->headers = NULL;
  bool fine = append_header(&s->headers, "Expect:") &&
              append_header(&s->headers, "Accept: application/json");
  char *line = NULL;
  if (fine && request->content_type) {
    fine = asprintf(&line, "Content-Type: %s", request->content_type) >= 0 &&
           append_header(&s->headers, line);
    free(fine ? line : NULL);
  }
  if (fine && request->key) {
    bool own = lqa_endpoint_is_azure(request->url) && !lqa_key_is_token(request->key);
    const char *name = own ? "api-key: " : "Authorization: Bearer ";
    fine = asprintf(&line, "%s%s", name, request->key) >= 0 && append_header(&s->headers, line);
    if (fine) {
      explicit_bzero(line, strlen(line));
      free(line);
    }
  }
  s->headers_key = request->key;
  s->headers_type = request->content_type;
  s->headers_azure = lqa_endpoint_is_azure(request->url);
  curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
  return fine ? LQA_OK : LQA_NO_MEMORY;
}

static void set_request(const client *c, slot *s, const lqa_http_request *request) {
  CURL *easy = s->easy;
  bool direct = !c->proxy || lqa_endpoint_is_loopback(request->url);
  s->n_sends = 0;
  s->overflowed = false;
  s->tag = request->tag;
  s->message[0] = '\0';
  lqa_buf_reset(&s->reply);
  forget_headers(s);
  curl_easy_setopt(easy, CURLOPT_URL, request->url);
  curl_easy_setopt(easy, CURLOPT_PROXY, direct ? "" : c->proxy);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, c->no_proxy);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(request->timeout_seconds * 1000));
  if (request->content_type) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.data); /* not copied */
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
}

static lqa_status start(void *self, const lqa_http_request *request, lqa_error *err) {
  client *c = self;
  slot *s = find_slot(c);
  if (!s || set_headers(s, request) != LQA_OK) {
    return lqa_fail_memory(err, "starting a request");
  }
  set_request(c, s, request);
  if (curl_multi_add_handle(c->multi, s->easy) != CURLM_OK) {
    return lqa_fail(err, LQA_INTERNAL, "libcurl does not take a request");
  }
  s->is_open = true;
  return LQA_OK;
}

/* ---- replies ---- */

static lqa_http_fault fault_of(const slot *s, CURLcode rc) {
  switch (rc) {
  case CURLE_OK:
    return LQA_HTTP_FINE;
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_URL_MALFORMAT:
    return LQA_HTTP_HOPELESS;
  case CURLE_OPERATION_TIMEDOUT:
    return s->n_sends ? LQA_HTTP_TIMEOUT : LQA_HTTP_UNSENT;
  default:
    return s->n_sends ? LQA_HTTP_BROKEN : LQA_HTTP_UNSENT;
  }
}

static double retry_after_of(const slot *s) {
  if (!isnan(s->counters.retry_after)) {
    return s->counters.retry_after;
  }
  curl_off_t seconds = 0; /* libcurl reads HTTP dates */
  curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &seconds);
  return seconds > 0 ? (double)seconds : NAN;
}

static void finish(client *c, slot *s, CURLcode rc, lqa_http_sink sink, void *data) {
  lqa_http_reply reply = {.tag = s->tag,
                          .fault = fault_of(s, rc),
                          .body = lqa_buf_str(&s->reply),
                          .retry_after = retry_after_of(s),
                          .should_retry = s->should_retry};
  curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &reply.status);
  reply.exhausted = lqa_rate_counters_wait(&s->counters, reply.status == 429);
  char *location = NULL;
  curl_easy_getinfo(s->easy, CURLINFO_REDIRECT_URL, &location); /* lives until the next transfer */
  reply.message = s->overflowed   ? "the reply is larger than allowed"
                  : location      ? location
                  : s->message[0] ? s->message
                                  : curl_easy_strerror(rc);
  curl_multi_remove_handle(c->multi, s->easy);
  s->is_open = false;
  sink(data, &reply);
}

/* ---- waiting ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *known) {
  (void)easy;
  client *c = data;
  struct epoll_event event = {.data.fd = fd};
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(c->epoll, EPOLL_CTL_DEL, fd, NULL);
    return 0;
  }
  event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
  int rc = epoll_ctl(c->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  if (!known) {
    curl_multi_assign(c->multi, fd, c);
  }
  return rc;
}

static int on_timer(CURLM *multi, long ms, void *data) {
  (void)multi;
  client *c = data;
  c->timer = ms < 0 ? -1 : lqa_clock_seconds() + (double)ms / 1000;
  return 0;
}

static bool run_timer(client *c) {
  int n_running;
  if (c->timer < 0 || lqa_clock_seconds() < c->timer) {
    return true;
  }
  c->timer = -1;
  return curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &n_running) == CURLM_OK;
}

/* Waits up to `seconds` and lets libcurl act on what happened. */
static bool run_events(client *c, double seconds) {
  struct epoll_event events[MAX_EVENTS];
  int n_running;
  if (c->timer >= 0) {
    double left = c->timer - lqa_clock_seconds();
    seconds = left < seconds ? left : seconds;
  }
  int n = epoll_wait(c->epoll, events, MAX_EVENTS, seconds > 0 ? (int)ceil(seconds * 1000) : 0);
  if (n < 0 && errno != EINTR) {
    return false;
  }
  for (int i = 0; i < n; i++) {
    uint32_t e = events[i].events;
    int mask = (e & EPOLLIN ? CURL_CSELECT_IN : 0) | (e & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (e & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    if (curl_multi_socket_action(c->multi, events[i].data.fd, mask, &n_running) != CURLM_OK) {
      return false;
    }
  }
  return true;
}

/* Hands over what has ended; how many that were. */
static size_t deliver_ended(client *c, lqa_http_sink sink, void *data) {
  const CURLMsg *message;
  int n_left;
  size_t n = 0;
  while ((message = curl_multi_info_read(c->multi, &n_left))) {
    slot *s = NULL;
    CURLcode rc = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&s);
    finish(c, s, rc, sink, data);
    n++;
  }
  return n;
}

static lqa_status wait_for(void *self, double seconds, lqa_http_sink sink, void *data,
                           lqa_error *err) {
  client *c = self;
  /* The timer first: a request that was just added starts with it, and a near server may have
   * answered before libcurl looks away. */
  bool fine = run_timer(c);
  bool ended = deliver_ended(c, sink, data) > 0;
  if (!fine || !run_events(c, ended ? 0 : seconds) || !run_timer(c)) {
    return lqa_fail(err, LQA_INTERNAL, "libcurl cannot wait for replies");
  }
  deliver_ended(c, sink, data);
  return LQA_OK;
}

/* ---- opening and closing ---- */

static void wipe_headers(struct curl_slist *list) {
  for (struct curl_slist *item = list; item; item = item->next) {
    explicit_bzero(item->data, strlen(item->data));
  }
  curl_slist_free_all(list);
}

static void close_client(void *self) {
  client *c = self;
  for (size_t i = 0; c->slots && i < c->n_slots; i++) {
    slot *s = &c->slots[i];
    if (s->is_open) {
      curl_multi_remove_handle(c->multi, s->easy);
    }
    curl_easy_cleanup(s->easy);
    wipe_headers(s->headers);
    lqa_buf_clear(&s->reply);
  }
  curl_multi_cleanup(c->multi);
  if (c->epoll >= 0) {
    close(c->epoll);
  }
  free(c->slots);
  free(c->ca_file);
  free(c->proxy);
  free(c->no_proxy);
  free(c);
}

static bool copy_texts(client *c) {
  const lqa_client_options *o = &c->options;
  c->ca_file = o->ca_file ? strdup(o->ca_file) : NULL;
  c->proxy = o->proxy && *o->proxy ? strdup(o->proxy) : NULL;
  c->no_proxy = strdup(o->no_proxy ? o->no_proxy : "");
  return (!o->ca_file || c->ca_file) && (!o->proxy || !*o->proxy || c->proxy) && c->no_proxy;
}

lqa_status lqa_client_open(const lqa_client_options *options, lqa_transport *transport,
                           lqa_error *err) {
  client *c = lqa_calloc(1, sizeof *c);
  if (!c) {
    return lqa_fail_memory(err, "opening the HTTP client");
  }
  c->options = *options;
  c->n_slots = (size_t)options->max_open;
  c->slots = lqa_calloc(c->n_slots, sizeof *c->slots);
  c->multi = curl_multi_init();
  c->epoll = epoll_create1(EPOLL_CLOEXEC);
  c->timer = -1;
  if (!c->slots || !c->multi || c->epoll < 0 || !copy_texts(c)) {
    close_client(c);
    return lqa_fail_memory(err, "opening the HTTP client");
  }
  curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
  curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
  curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)options->max_open);
  *transport = (lqa_transport){.self = c, .start = start, .wait = wait_for, .close = close_client};
  return LQA_OK;
}

/* Where lqa_client_fetch keeps its reply. */
typedef struct fetched {
  lqa_buf *body;
  lqa_http_reply *reply;
  bool done;
} fetched;

static void keep_fetched(void *data, const lqa_http_reply *reply) {
  fetched *f = data;
  *f->reply = *reply;
  lqa_buf_reset(f->body);
  lqa_buf_add_str(f->body, reply->body);
  f->done = true;
}

lqa_status lqa_client_fetch(lqa_transport *transport, const lqa_http_request *request,
                            lqa_buf *body, lqa_http_reply *reply, lqa_error *err) {
  fetched f = {body, reply, false};
  LQA_TRY(transport->start(transport->self, request, err));
  while (!f.done) {
    LQA_TRY(transport->wait(transport->self, 0.25, keep_fetched, &f, err));
  }
  reply->body = lqa_buf_str(body);
  return LQA_OK;
}

const char *lqa_client_version(void) {
  return curl_version_info(CURLVERSION_NOW)->version;
}
