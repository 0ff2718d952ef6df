/* files.c - /files and /batches, as far as a client needs them: upload, create, look, download. */
#include "judge_server.h"

#include "base/json.h"

#include <jansson.h>
#include <stdio.h>

enum { MAX_FILES = 64, MAX_BATCHES = 32, MAX_FILE_BYTES = 256 << 20 };

typedef struct batch {
  int input, output, errors, looks, total;
} batch;

static lqa_buf stored[MAX_FILES];
static int n_stored;
static batch batches[MAX_BATCHES];
static int n_batches;

static int new_file(void) {
  if (n_stored == MAX_FILES) {
    return -1;
  }
  lqa_buf_init(&stored[n_stored], MAX_FILE_BYTES);
  return n_stored++;
}

/* The content of the part named "file" of a multipart body. */
static lqa_str file_part(lqa_str body) {
  const char *end = memchr(body.data, '\r', body.size);
  size_t mark = end ? (size_t)(end - body.data) : 0;
  const char *field = memmem(body.data, body.size, "name=\"file\"", 11);
  const char *limit = body.data + body.size;
  const char *start = field ? memmem(field, (size_t)(limit - field), "\r\n\r\n", 4) : NULL;
  if (!mark || !start) {
    return (lqa_str){NULL, 0};
  }
  start += 4;
  const char *stop = memmem(start, (size_t)(limit - start), body.data, mark);
  return stop ? (lqa_str){start, (size_t)(stop - start) - 2} : (lqa_str){NULL, 0};
}

static void upload(const exchange *x, reply *out) {
  lqa_str part = file_part(x->body);
  int file = part.data ? new_file() : -1;
  if (file < 0) {
    reply_json(out, 400,
               "{\"error\":{\"message\":\"no file\",\"type\":\"invalid_request_error\"}}");
    return;
  }
  lqa_buf_add_str(&stored[file], part);
  lqa_buf_printf(&out->body,
                 "{\"id\":\"file-%d\",\"object\":\"file\",\"bytes\":%zu,"
                 "\"purpose\":\"batch\",\"status\":\"processed\"}",
                 file, part.size);
}

/* Answers one line of the input into the output, or into the errors. */
static void answer_line(lqa_str line, batch *b, batch_answer answer, void *data) {
  json_t *root = json_loadb(line.data, line.size, 0, NULL);
  const char *id = json_string_value(json_object_get(root, "custom_id"));
  char *body = json_dumps(json_object_get(root, "body"), JSON_COMPACT);
  reply r = {.status = 200};
  lqa_buf_init(&r.body, MAX_FILE_BYTES);
  if (id && body) {
    answer(data, lqa_str_from(body), &r);
    lqa_buf *to = &stored[r.status == 200 ? b->output : b->errors];
    lqa_buf_printf(to,
                   "{\"id\":\"batch_req\",\"custom_id\":\"%s\",\"response\":{\"status_code\":%d,"
                   "\"request_id\":\"r\",\"body\":",
                   id, r.status);
    lqa_buf_add_str(to, lqa_buf_str(&r.body));
    lqa_buf_add_text(to, "},\"error\":null}\n");
    b->total++;
  }
  lqa_buf_clear(&r.body);
  free(body);
  json_decref(root);
}

static void describe(const batch *b, int number, bool done, reply *out) {
  lqa_buf_printf(&out->body,
                 "{\"id\":\"batch-%d\",\"object\":\"batch\",\"status\":\"%s\",\"input_file_id\":"
                 "\"file-%d\",\"request_counts\":{\"total\":%d,\"completed\":%d,\"failed\":0}",
                 number, done ? "completed" : "in_progress", b->input, b->total,
                 done ? b->total : 0);
  if (done) {
    lqa_buf_printf(&out->body, ",\"output_file_id\":\"file-%d\",\"error_file_id\":\"file-%d\"",
                   b->output, b->errors);
  }
  lqa_buf_add_text(&out->body, "}");
}

static void create(const exchange *x, batch_answer answer, void *data, reply *out) {
  json_t *root = json_loadb(x->body.data, x->body.size, 0, NULL);
  const char *id = json_string_value(json_object_get(root, "input_file_id"));
  int input = -1;
  if (!id || sscanf(id, "file-%d", &input) != 1 || input < 0 || input >= n_stored ||
      n_batches == MAX_BATCHES) {
    reply_json(out, 400,
               "{\"error\":{\"message\":\"bad batch\",\"type\":\"invalid_request_error\"}}");
    json_decref(root);
    return;
  }
  batch *b = &batches[n_batches];
  *b = (batch){.input = input, .output = new_file(), .errors = new_file()};
  lqa_str rest = lqa_buf_str(&stored[input]);
  while (rest.size && b->errors >= 0) {
    const char *end = memchr(rest.data, '\n', rest.size);
    size_t n = end ? (size_t)(end - rest.data) : rest.size;
    answer_line((lqa_str){rest.data, n}, b, answer, data);
    rest = (lqa_str){rest.data + n + (end ? 1 : 0), rest.size - n - (end ? 1 : 0)};
  }
  describe(b, n_batches++, false, out);
  json_decref(root);
}

static void look(int number, int polls, reply *out) {
  if (number < 0 || number >= n_batches) {
    reply_json(out, 404, "{\"error\":{\"message\":\"no such batch\"}}");
    return;
  }
  batch *b = &batches[number];
  b->looks++;
  describe(b, number, b->looks >= polls, out);
}

static void download(int number, reply *out) {
  if (number < 0 || number >= n_stored) {
    reply_json(out, 404, "{\"error\":{\"message\":\"no such file\"}}");
    return;
  }
  lqa_buf_add_str(&out->body, lqa_buf_str(&stored[number]));
}

bool files_route(const exchange *x, int polls, batch_answer answer, void *data, reply *out) {
  char path[256];
  int number = -1;
  snprintf(path, sizeof path, "%.*s", (int)(x->path.size < 255 ? x->path.size : 255), x->path.data);
  bool is_post = lqa_str_equal(x->method, LQA_STR("POST"));
  if (is_post && strcmp(path, "/v1/files") == 0) {
    upload(x, out);
  } else if (is_post && strcmp(path, "/v1/batches") == 0) {
    create(x, answer, data, out);
  } else if (!is_post && sscanf(path, "/v1/batches/batch-%d", &number) == 1) {
    look(number, polls, out);
  } else if (!is_post && sscanf(path, "/v1/files/file-%d/content", &number) == 1) {
    download(number, out);
  } else {
    return false;
  }
  return true;
}
