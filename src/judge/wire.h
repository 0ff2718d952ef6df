/* judge/wire.h - what an OpenAI-compatible server says, taken apart.
 *
 * Tolerant of dialects, never of doubt: content as a text or as parts, errors as object, text or
 * page of HTML, usage missing or odd, a stream of events though none was asked for. All texts come
 * out owned by the result.
 */
#ifndef LQA_JUDGE_WIRE_H
#define LQA_JUDGE_WIRE_H

#include "base/arena.h"
#include "base/buf.h"
#include "judge/reply.h"

/* A chat completion. tokens < 0: the server did not say. */
typedef struct lqa_completion {
  char *content; /* "" where null */
  size_t content_size;
  lqa_reply_end end;
  char *finish;      /* finish_reason, "" if none */
  char *model;       /* "" if none */
  char *fingerprint; /* system_fingerprint, "" if none */
  int64_t tokens_in, tokens_out;
} lqa_completion;

/* LQA_OK, or LQA_BAD_DATA where the body is no chat completion (truncated, HTML, an error object
 * ...). */
LQA_MUST_CHECK lqa_status lqa_wire_completion(lqa_str body, lqa_completion *out);
void lqa_completion_clear(lqa_completion *completion);

/* An error reply, whatever its shape; texts are "" where absent; `message` holds the start of a
 * body that is no JSON. */
typedef struct lqa_wire_error {
  char message[512];
  char type[64], param[64], code[64];
  char words[2048]; /* every text of the reply that is no echo of the request */
  long stated;      /* HTTP status that the body tells by number; 0 = none */
  long status;      /* the same, else what its words mean; 0 = none */
  double wait;      /* seconds that the body asks to wait; NaN = it does not */
} lqa_wire_error;

void lqa_wire_parse_error(lqa_str body, lqa_wire_error *out);
/* Whether a body that came as a success speaks of an error. */
bool lqa_wire_has_error(lqa_str body);

/* The same for a tree; `arena` holds JSON found inside its texts. `out` is added to. */
struct lqa_json_node;
void lqa_wire_read_error(const struct lqa_json_node *root, lqa_arena *arena, lqa_wire_error *out);
/* What speaks of an error in a reply or in its first choice; NULL if nothing does. */
const struct lqa_json_node *lqa_wire_find_error(const struct lqa_json_node *root);
/* Whether a finish_reason says that the server failed. */
bool lqa_wire_is_failed_end(lqa_str finish);

/* One line of a batch output file: "custom_id", and either a completion body or an error. */
typedef struct lqa_batch_line {
  char custom_id[128];
  long status;          /* of the response; 0 where there is only an error */
  lqa_completion reply; /* valid where has_reply */
  bool has_reply;
  lqa_wire_error error;
} lqa_batch_line;

LQA_MUST_CHECK lqa_status lqa_wire_batch_line(lqa_str line, lqa_batch_line *out);
void lqa_batch_line_clear(lqa_batch_line *line);

/* A file or batch object of the provider. */
typedef struct lqa_batch_state {
  char id[128], status[32], output_file[128], error_file[128];
  int64_t total, completed, failed; /* request_counts, 0 if absent */
} lqa_batch_state;

LQA_MUST_CHECK lqa_status lqa_wire_batch_state(lqa_str body, lqa_batch_state *out);

/* How many models a list of models holds, or -1 if `body` is none. */
int64_t lqa_wire_count_models(lqa_str body);

/* A price table: {"MODEL": {"input": USD, "output": USD}, ...}, USD per million tokens. price[0]
 * and price[1] are set if `model` is in it. LQA_BAD_DATA names `file` and line of what is wrong. */
LQA_MUST_CHECK lqa_status lqa_wire_price(lqa_str table, const char *file, const char *model,
                                         double price[2], lqa_error *err);

#endif
