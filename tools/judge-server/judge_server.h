/* judge_server.h - a small OpenAI-compatible server for tests, demonstrations and benchmarks. It
 * knows the true labels, answers as a judge of a chosen accuracy would, and misbehaves on request.
 *
 * server.c   sockets: epoll, one thread, delays, cut and reset connections
 * answer.c   what a judge would say: truth file, accuracy, both protocols
 * fault.c    the catalogue of misbehaviour, and the replies it makes
 * files.c    /files and /batches
 * judge_main.c  options, routes, the log
 */
#ifndef JUDGE_SERVER_H
#define JUDGE_SERVER_H

#include "base/buf.h"
#include "base/map.h"
#include "base/rng.h"

/* ---- what a judge would say ---- */

typedef struct truth {
  lqa_map *texts;  /* row text -> index */
  lqa_map *labels; /* distinct labels */
  uint32_t *label_of;
  size_t n, capacity;
  double accuracy, noise; /* noise: chance per call that the answer is drawn anew */
  uint64_t seed;
} truth;

/* JSON lines of {"text": ..., "label": ...}. 0 on success. */
int truth_load(truth *t, const char *path);
void truth_free(truth *t);

/* A chat request, taken apart. Texts are owned. */
typedef struct question {
  char *model, *user;
  char *text, *given; /* of the row; given NULL in the blind protocol */
  bool has_max_tokens, has_max_completion_tokens, has_temperature, has_seed, has_top_p, has_system;
} question;

/* 0 on success; *problem is a static text otherwise. */
int question_read(lqa_str body, question *q, const char **problem);
void question_clear(question *q);

/* Appends the answer's content. `wrong` asks for the opposite of what it would say. False if the
 * text is not in the truth file (the answer is then UNKNOWN to the client). */
bool answer_write(const truth *t, const question *q, uint64_t call, bool wrong, lqa_buf *out);

/* ---- misbehaviour ---- */

typedef enum fault_kind {
  FAULT_NONE,
  FAULT_429,
  FAULT_429_AFTER,
  FAULT_429_DATE,
  FAULT_QUOTA,
  FAULT_400,
  FAULT_401,
  FAULT_404,
  FAULT_500,
  FAULT_503,
  FAULT_STRING,
  FAULT_HTML_502,
  FAULT_SLOW,
  FAULT_TRUNCATED,
  FAULT_RESET,
  FAULT_MALFORMED,
  FAULT_HTML,
  FAULT_ERROR_200,
  FAULT_GRAMMAR,
  FAULT_REFUSAL,
  FAULT_FILTER,
  FAULT_EMPTY,
  FAULT_NULL,
  FAULT_LENGTH,
  FAULT_MODEL,
  FAULT_NO_USAGE,
  FAULT_UNSUPPORTED,
  FAULT_ECHO_KEY,
  FAULT_ECHO_KEY_400,
  FAULT_HUGE,
  FAULT_REDIRECT,
  FAULT_EVENTS,
  FAULT_PARTS,
  FAULT_FENCE,
  FAULT_THINK,
  FAULT_EXHAUSTED,
  FAULT_CHOICE_ERROR,
  FAULT_AUTH_200,
  FAULT_RESET_7M,
  FAULT_LONE_THINK,
  FAULT_HARMONY,
  FAULT_IM_END,
  FAULT_COUNT
} fault_kind;

typedef struct fault_info {
  const char *name;
  bool is_paid;     /* a real provider would charge for it */
  const char *help; /* for --help */
} fault_info;

extern const fault_info fault_table[FAULT_COUNT];
int fault_find(const char *name); /* -1 if unknown */

/* How a reply goes out. */
typedef struct reply {
  int status;
  const char *type;  /* content type */
  char headers[256]; /* further header lines, each with CR LF */
  lqa_buf body;
  size_t cut;   /* > 0: announce the whole body, send only this much, close */
  bool reset;   /* no bytes at all, connection reset */
  double delay; /* seconds */
  int64_t tokens_in, tokens_out;
} reply;

typedef struct exchange {
  lqa_str method, path, body;
  char authorization[512], api_key[512];
  uint64_t call; /* number of the chat call, from 1 */
} exchange;

/* Fills `out` for a chat call that suffers `kind`; `content` is what would have been said,
 * `opposite` its contrary. */
void fault_reply(fault_kind kind, const exchange *x, const question *q, const char *content,
                 const char *opposite, reply *out);
void reply_json(reply *out, int status, const char *text);
void reply_completion(reply *out, const char *model, const char *content, const char *finish);

/* ---- files and batches ---- */

typedef void (*batch_answer)(void *data, lqa_str body, reply *out);

/* True if the path is one of /v1/files..., /v1/batches...; fills `out`. Each line of a batch is
 * answered through `answer` when the batch is made; it is reported done at the `polls`-th look. */
bool files_route(const exchange *x, int polls, batch_answer answer, void *data, reply *out);

/* ---- sockets ---- */

typedef void (*exchange_fn)(void *data, const exchange *x, reply *out);

/* Serves on 127.0.0.1:port (0 = any) until `*stop`; calls `ready` with the port. 0 on success. */
int server_run(int port, volatile int *stop, void (*ready)(void *data, int port),
               exchange_fn answer, void *data);

#endif
