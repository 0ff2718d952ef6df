/* server.c - the sockets of the test server.
 *
 * One thread, epoll, level-triggered. A connection reads one request at a time (Content-Length
 * bodies only), gets its reply at once from the callback, holds it until its delay is over, and
 * writes it. The delay counts from the moment when the request was seen, so what the server does
 * with it is inside, as it is in any server's latency. Delays are a scan over the connections that
 * wait: there are at most a thousand.
 */
#include "judge_server.h"

#include "base/clock.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 2048, MAX_REQUEST = 256 << 20, EVENTS = 16 };

typedef enum phase { FREE, READING, WAITING, WRITING } phase;

typedef struct connection {
  int fd;
  phase phase;
  lqa_buf in, out;
  size_t sent, limit; /* bytes of `out` to send */
  double due;
  bool reset, close_after;
} connection;

typedef struct server {
  int epoll, listener;
  connection connections[MAX_CONNECTIONS];
  int n_used;
  double now; /* when this turn's events were seen */
  exchange_fn answer;
  void *data;
} server;

static void drop(server *s, connection *c) {
  if (c->reset) {
    struct linger now = {1, 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  epoll_ctl(s->epoll, EPOLL_CTL_DEL, c->fd, NULL);
  close(c->fd);
  lqa_buf_clear(&c->in);
  lqa_buf_clear(&c->out);
  c->phase = FREE;
}

static void watch(server *s, connection *c, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static void accept_all(server *s) {
  int fd;
  while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    connection *c = NULL;
    for (int i = 0; i < MAX_CONNECTIONS && !c; i++) {
      c = s->connections[i].phase == FREE ? &s->connections[i] : NULL;
      s->n_used = c && i >= s->n_used ? i + 1 : s->n_used;
    }
    if (!c) {
      close(fd);
      continue;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *c = (connection){.fd = fd, .phase = READING};
    lqa_buf_init(&c->in, MAX_REQUEST);
    lqa_buf_init(&c->out, MAX_REQUEST);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

static lqa_str cut_at(lqa_str *s, char stop) {
  const char *end = memchr(s->data, stop, s->size);
  size_t n = end ? (size_t)(end - s->data) : s->size;
  lqa_str piece = {s->data, n};
  size_t used = end ? n + 1 : n;
  *s = (lqa_str){s->data + used, s->size - used};
  return piece;
}

/* The value of a header, or NULL data. */
static lqa_str header(lqa_str head, const char *name) {
  size_t n = strlen(name);
  while (head.size) {
    lqa_str line = lqa_str_trim(cut_at(&head, '\n'));
    if (line.size > n && line.data[n] == ':' && strncasecmp(line.data, name, n) == 0) {
      return lqa_str_trim((lqa_str){line.data + n + 1, line.size - n - 1});
    }
  }
  return (lqa_str){NULL, 0};
}

/* Whether a whole request is there; fills `x` with pieces of c->in. */
static bool read_request(const connection *c, exchange *x) {
  const char *end = c->in.size ? memmem(c->in.data, c->in.size, "\r\n\r\n", 4) : NULL;
  if (!end) {
    return false;
  }
  lqa_str head = {c->in.data, (size_t)(end - c->in.data)};
  size_t start = head.size + 4;
  long long size = 0;
  lqa_str length = header(head, "content-length");
  if (length.data && (!lqa_str_to_int64(length, &size) || size < 0)) {
    return false;
  }
  if (c->in.size - start < (size_t)size) {
    return false;
  }
  lqa_str line = cut_at(&(lqa_str){head.data, head.size}, '\n');
  x->method = cut_at(&line, ' ');
  x->path = cut_at(&line, ' ');
  x->body = (lqa_str){c->in.data + start, (size_t)size};
  lqa_str key = header(head, "authorization");
  snprintf(x->authorization, sizeof x->authorization, "%.*s", (int)key.size,
           key.data ? key.data : "");
  lqa_str own = header(head, "api-key");
  snprintf(x->api_key, sizeof x->api_key, "%.*s", (int)own.size, own.data ? own.data : "");
  return true;
}

static void prepare(const server *s, connection *c, const reply *r) {
  lqa_buf_reset(&c->out);
  lqa_buf_printf(&c->out, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s\r\n",
                 r->status, r->type, r->body.size, r->headers,
                 r->cut ? "Connection: close\r\n" : "");
  size_t head = c->out.size;
  lqa_buf_add_str(&c->out, lqa_buf_str(&r->body));
  c->limit = r->cut ? head + r->cut : c->out.size;
  c->sent = 0;
  c->reset = r->reset;
  c->close_after = r->cut > 0;
  c->due = s->now + r->delay;
  c->phase = WAITING;
  lqa_buf_reset(&c->in);
}

static void take_request(server *s, connection *c) {
  exchange x = {0};
  if (!read_request(c, &x)) {
    return;
  }
  reply r = {.status = 200, .type = "application/json"};
  lqa_buf_init(&r.body, MAX_REQUEST);
  s->answer(s->data, &x, &r);
  prepare(s, c, &r);
  lqa_buf_clear(&r.body);
}

static void read_some(server *s, connection *c) {
  char chunk[65536];
  ssize_t n;
  while ((n = read(c->fd, chunk, sizeof chunk)) > 0) {
    lqa_buf_add(&c->in, chunk, (size_t)n);
  }
  bool is_over = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
  if (is_over || c->in.failed) {
    drop(s, c);
  } else if (c->phase == READING) {
    take_request(s, c);
  }
}

static void write_some(server *s, connection *c) {
  while (c->sent < c->limit) {
    ssize_t n = send(c->fd, c->out.data + c->sent, c->limit - c->sent, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
      watch(s, c, EPOLLIN | EPOLLOUT);
      return;
    }
    if (n <= 0) {
      drop(s, c);
      return;
    }
    c->sent += (size_t)n;
  }
  if (c->close_after) {
    drop(s, c);
    return;
  }
  watch(s, c, EPOLLIN);
  c->phase = READING;
}

/* Lets out what is due; returns the seconds until the next, or -1. */
static double release_due(server *s) {
  double now = lqa_clock_seconds(), next = -1;
  for (int i = 0; i < s->n_used; i++) {
    connection *c = &s->connections[i];
    if (c->phase != WAITING) {
      continue;
    }
    if (c->due <= now && c->reset) {
      drop(s, c);
    } else if (c->due <= now) {
      c->phase = WRITING;
      write_some(s, c);
    } else if (next < 0 || c->due - now < next) {
      next = c->due - now;
    }
  }
  return next;
}

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (fd < 0) {
    return -1;
  }
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1024) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static int port_of(int fd) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  return getsockname(fd, (struct sockaddr *)&address, &size) == 0 ? ntohs(address.sin_port) : -1;
}

static void serve_once(server *s) {
  struct epoll_event events[EVENTS];
  double next = release_due(s);
  double seconds = next < 0 || next > 0.2 ? 0.2 : next;
  struct timespec wait = {0, (long)(seconds * 1e9)};
  int n = epoll_pwait2(s->epoll, events, EVENTS, &wait, NULL);
  s->now = lqa_clock_seconds();
  for (int i = 0; i < n; i++) {
    connection *c = events[i].data.ptr;
    if (!c) {
      accept_all(s);
    } else if (events[i].events & EPOLLOUT && c->phase == WRITING) {
      write_some(s, c);
    } else if (c->phase != FREE) {
      read_some(s, c);
    }
  }
}

int server_run(int port, volatile int *stop, void (*ready)(void *data, int port),
               exchange_fn answer, void *data) {
  server *s = lqa_calloc(1, sizeof *s);
  if (!s) {
    return -1;
  }
  *s = (server){.epoll = epoll_create1(EPOLL_CLOEXEC),
                .listener = listen_on(port),
                .answer = answer,
                .data = data};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (s->epoll < 0 || s->listener < 0 ||
      epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &event) != 0) {
    free(s);
    return -1;
  }
  ready(data, port_of(s->listener));
  while (!*stop) {
    serve_once(s);
  }
  for (int i = 0; i < s->n_used; i++) {
    if (s->connections[i].phase != FREE) {
      drop(s, &s->connections[i]);
    }
  }
  close(s->listener);
  close(s->epoll);
  free(s);
  return 0;
}
