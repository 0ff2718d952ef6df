/* judge_main.c - judge-server: options, routes, the log of paid calls.
 *
 *     judge-server --truth rows.jsonl --accuracy 0.95 --delay-ms 50 --fault 429=0.3 --log
 * calls.jsonl
 *
 * Prints "http://127.0.0.1:PORT/v1" and serves until it is told to stop (SIGTERM, SIGINT).
 * Every chat call is one line of the log, written before its reply goes out:
 * what a provider would have on its bill.
 */
#include "judge_server.h"

#include "base/json.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_CONTENT = 1 << 20 };

typedef struct app {
  truth truth;
  double rates[FAULT_COUNT];
  double delay;
  const char *key;     /* required, or NULL */
  const char *refused; /* comma-separated request fields that are refused */
  const char *refusal; /* STATUS:FILE: what a refusal says; NULL = as OpenAI does */
  const char *path;    /* where chats are answered, query included */
  bool azure;          /* the key comes in the header api-key, and nowhere else */
  uint64_t seed, calls;
  int port, log, polls, fault_limit;
} app;

static volatile int stop_flag;

static void on_signal(int number) {
  (void)number;
  stop_flag = 1;
}

/* ---- one chat call ---- */

static fault_kind draw_fault(const app *a, uint64_t call) {
  lqa_rng rng;
  lqa_rng_init(&rng, a->seed + 77, call);
  double u = lqa_rng_uniform(&rng);
  for (int i = 1; i < FAULT_COUNT; i++) {
    if (u < a->rates[i]) {
      return (fault_kind)i;
    }
    u -= a->rates[i];
  }
  return FAULT_NONE;
}

static bool is_listed(const char *list, const char *word) {
  const char *hit = list ? strstr(list, word) : NULL;
  char next = hit ? hit[strlen(word)] : '\0';
  return hit && (hit == list || hit[-1] == ',') && (next == '\0' || next == ',');
}

/* The first field of the request that this server refuses, or NULL. */
static const char *refused_field(const app *a, const question *q) {
  const struct {
    bool sent;
    const char *name;
  } fields[] = {{q->has_max_tokens, "max_tokens"},
                {q->has_max_completion_tokens, "max_completion_tokens"},
                {q->has_temperature, "temperature"},
                {q->has_top_p, "top_p"},
                {q->has_seed, "seed"}};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    if (fields[i].sent && is_listed(a->refused, fields[i].name)) {
      return fields[i].name;
    }
  }
  return q->has_system && is_listed(a->refused, "system") ? "system" : NULL;
}

/* The reply that --refusal STATUS:FILE names. */
static void refuse_by_file(const char *refusal, reply *out) {
  char text[4096] = "";
  const char *colon = strchr(refusal, ':');
  FILE *file = colon ? fopen(colon + 1, "re") : NULL;
  size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
  text[n] = '\0';
  reply_json(out, atoi(refusal), text);
  if (file) {
    fclose(file);
  }
}

static void refuse_field(const char *name, reply *out) {
  char text[400];
  if (strcmp(name, "system") == 0) {
    snprintf(text, sizeof text, "{\"error\":{\"message\":\"System role not supported\"}}");
  } else {
    snprintf(text, sizeof text,
             "{\"error\":{\"message\":\"Unsupported parameter: '%s' is not supported with this "
             "model.\",\"type\":\"invalid_request_error\",\"param\":\"%s\",\"code\":"
             "\"unsupported_parameter\"}}",
             name, name);
  }
  reply_json(out, 400, text);
}

/* One line; written before the reply goes out. */
static void write_log(const app *a, const exchange *x, const question *q, fault_kind kind,
                      const reply *r) {
  lqa_buf line;
  lqa_json json;
  if (a->log < 0) {
    return;
  }
  lqa_buf_init(&line, MAX_CONTENT);
  lqa_json_init(&json, &line, 0);
  lqa_json_open_object(&json);
  lqa_json_key(&json, "call");
  lqa_json_int(&json, (int64_t)x->call);
  lqa_json_key(&json, "model");
  lqa_json_text(&json, q->model);
  lqa_json_key(&json, "text");
  lqa_json_text(&json, q->text);
  lqa_json_key(&json, "fault");
  lqa_json_text(&json, fault_table[kind].name);
  lqa_json_key(&json, "status");
  lqa_json_int(&json, r->reset ? 0 : r->status);
  lqa_json_key(&json, "paid");
  lqa_json_bool(&json, r->status < 300);
  lqa_json_key(&json, "tokens_in");
  lqa_json_int(&json, r->tokens_in);
  lqa_json_key(&json, "tokens_out");
  lqa_json_int(&json, r->tokens_out);
  lqa_json_close_object(&json);
  lqa_buf_add_char(&line, '\n');
  if (line.failed || write(a->log, line.data, line.size) != (ssize_t)line.size) {
    perror("judge-server: log");
  }
  lqa_buf_clear(&line);
}

static void judge(app *a, exchange *x, reply *out) {
  question q;
  const char *problem;
  if (question_read(x->body, &q, &problem) != 0) {
    char text[200];
    snprintf(text, sizeof text,
             "{\"error\":{\"message\":\"%s\",\"type\":\"invalid_request_error\"}}", problem);
    reply_json(out, 400, text);
    return;
  }
  x->call = ++a->calls;
  lqa_buf content, opposite;
  lqa_buf_init(&content, MAX_CONTENT);
  lqa_buf_init(&opposite, MAX_CONTENT);
  answer_write(&a->truth, &q, x->call, false, &content);
  answer_write(&a->truth, &q, x->call, true, &opposite);
  const char *refused = refused_field(a, &q);
  fault_kind kind = refused ? FAULT_UNSUPPORTED : draw_fault(a, x->call);
  out->delay = a->delay;
  if (refused && a->refusal) {
    refuse_by_file(a->refusal, out);
  } else if (refused) {
    refuse_field(refused, out);
  } else if (kind == FAULT_UNSUPPORTED && !q.has_seed) {
    fault_reply(FAULT_NONE, x, &q, content.data, opposite.data, out);
    kind = FAULT_NONE;
  } else {
    fault_reply(kind, x, &q, content.data, opposite.data, out);
  }
  write_log(a, x, &q, kind, out);
  lqa_buf_clear(&content);
  lqa_buf_clear(&opposite);
  question_clear(&q);
}

/* ---- routes ---- */

static void answer_batch_line(void *data, lqa_str body, reply *out) {
  exchange x = {.body = body};
  judge(data, &x, out);
}

static bool has_key(const app *a, const exchange *x) {
  char expected[512];
  if (a->azure) {
    return !x->authorization[0] && (!a->key || strcmp(a->key, x->api_key) == 0);
  }
  snprintf(expected, sizeof expected, "Bearer %s", a->key ? a->key : "");
  return !a->key || strcmp(expected, x->authorization) == 0;
}

static void route(void *data, const exchange *x, reply *out) {
  app *a = data;
  exchange copy = *x;
  if (!has_key(a, x)) {
    reply_json(out, 401,
               "{\"error\":{\"message\":\"Incorrect API key provided\",\"type\":"
               "\"invalid_request_error\",\"code\":\"invalid_api_key\"}}");
  } else if (lqa_str_equal(x->path, lqa_str_from(a->path))) {
    judge(a, &copy, out);
  } else if (lqa_str_equal(x->path, LQA_STR("/v1/models"))) {
    reply_json(out, 200,
               "{\"object\":\"list\",\"data\":[{\"id\":\"simulated\",\"object\":\"model\"}]}");
  } else if (!files_route(x, a->polls, answer_batch_line, a, out)) {
    reply_json(out, 404, "{\"error\":{\"message\":\"no such path\"}}");
  }
}

static void say_ready(void *data, int port) {
  (void)data;
  printf("http://127.0.0.1:%d/v1\n", port);
  fflush(stdout);
}

/* ---- options ---- */

static int usage(void) {
  fprintf(stderr, "usage: judge-server --truth FILE.jsonl [--port N] [--accuracy A] [--noise R]\n"
                  "  [--delay-ms MS] [--fault KIND=RATE]... [--refuse FIELD,...] [--key KEY]\n"
                  "  [--log FILE] [--seed S] [--polls N]\n"
                  "  [--refusal STATUS:FILE] [--path /v1/chat/completions] [--azure 1]\n"
                  "The simulated judge is right with probability A. Kinds of fault:\n");
  for (int i = 1; i < FAULT_COUNT; i++) {
    fprintf(stderr, "  %-14s %s\n", fault_table[i].name, fault_table[i].help);
  }
  return 2;
}

static int add_fault(app *a, char *text) {
  char *equals = strchr(text, '=');
  if (equals) {
    *equals = '\0';
  }
  int kind = fault_find(text);
  if (kind < 0) {
    return -1;
  }
  a->rates[kind] = equals ? atof(equals + 1) : 1;
  return 0;
}

static int read_options(app *a, int argc, char **argv, const char **truth_path) {
  static const struct option table[] = {
      {"truth", 1, NULL, 't'},  {"port", 1, NULL, 'p'},     {"accuracy", 1, NULL, 'a'},
      {"noise", 1, NULL, 'n'},  {"delay-ms", 1, NULL, 'd'}, {"fault", 1, NULL, 'f'},
      {"refuse", 1, NULL, 'r'}, {"key", 1, NULL, 'k'},      {"log", 1, NULL, 'l'},
      {"seed", 1, NULL, 's'},   {"polls", 1, NULL, 'o'},    {"refusal", 1, NULL, 'R'},
      {"path", 1, NULL, 'P'},   {"azure", 1, NULL, 'A'},    {NULL, 0, NULL, 0}};
  int c;
  while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
    switch (c) {
    case 't':
      *truth_path = optarg;
      break;
    case 'p':
      a->port = atoi(optarg);
      break;
    case 'a':
      a->truth.accuracy = atof(optarg);
      break;
    case 'n':
      a->truth.noise = atof(optarg);
      break;
    case 'd':
      a->delay = atof(optarg) / 1000;
      break;
    case 'r':
      a->refused = optarg;
      break;
    case 'k':
      a->key = optarg;
      break;
    case 's':
      a->seed = a->truth.seed = strtoull(optarg, NULL, 10);
      break;
    case 'o':
      a->polls = atoi(optarg);
      break;
    case 'l':
      a->log = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
      break;
    case 'R':
      a->refusal = optarg;
      break;
    case 'P':
      a->path = optarg;
      break;
    case 'A':
      a->azure = atoi(optarg) != 0;
      break;
    case 'f':
      if (add_fault(a, optarg) != 0) {
        return -1;
      }
      break;
    default:
      return -1;
    }
  }
  return *truth_path ? 0 : -1;
}

int main(int argc, char **argv) {
  app a = {.path = "/v1/chat/completions", .truth.accuracy = 1, .log = -1, .polls = 2};
  const char *truth_path = NULL;
  if (read_options(&a, argc, argv, &truth_path) != 0) {
    return usage();
  }
  if (truth_load(&a.truth, truth_path) != 0) {
    fprintf(stderr, "judge-server: cannot read '%s' (JSON lines of text and label)\n", truth_path);
    return 4;
  }
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  int rc = server_run(a.port, &stop_flag, say_ready, route, &a);
  truth_free(&a.truth);
  if (rc != 0) {
    fprintf(stderr, "judge-server: cannot listen on 127.0.0.1:%d\n", a.port);
  }
  return rc != 0 ? 4 : 0;
}
