/* judge/request.h - the body of a chat completion request, and what an endpoint refuses in it.
 *
 * Endpoints differ in which fields they take: reasoning models refuse max_tokens (they want
 * max_completion_tokens) and any temperature but 1; some gateways refuse seed or top_p; some chat
 * templates know no system role. We start with what most take and what bounds the output everywhere
 * (max_completion_tokens is silently ignored by Ollama, max_tokens is not), and drop or swap a
 * field when a 400 names it: once per field, remembered in the cache and told in the summary.
 */
#ifndef LQA_JUDGE_REQUEST_H
#define LQA_JUDGE_REQUEST_H

#include "judge/judge.h"
#include "judge/wire.h"

/* Fields that can be refused; a set of them is a capability record. */
typedef enum lqa_request_field {
  LQA_FIELD_MAX_TOKENS,            /* refused: max_completion_tokens is sent instead */
  LQA_FIELD_MAX_COMPLETION_TOKENS, /* refused as well: the output cannot be bounded */
  LQA_FIELD_TEMPERATURE,
  LQA_FIELD_TOP_P,
  LQA_FIELD_SEED,
  LQA_FIELD_REASONING_EFFORT,
  LQA_FIELD_SYSTEM, /* refused: the system message leads the user message */
  LQA_FIELD_COUNT
} lqa_request_field;

const char *lqa_request_field_name(lqa_request_field field);

typedef struct lqa_request_parts {
  const char *model;
  unsigned refused; /* set of fields to leave out */
  int64_t max_output;
  lqa_str system, user;
} lqa_request_parts;

/* Appends the JSON body. */
void lqa_request_write(const lqa_judge_options *options, const lqa_request_parts *parts,
                       lqa_buf *out);

/* Learns from a 400 or 422: adds the field it names to *refused. False if it names none that was
 * sent, or the output could no longer be bounded. */
bool lqa_request_learn(const lqa_judge_options *options, const lqa_wire_error *error,
                       unsigned *refused);

/* The cap on output tokens: the user's, or 256 (4096 for models that think before they answer,
 * known by their refusal of max_tokens) plus the longest class name. */
int64_t lqa_request_max_output(const lqa_judge_options *options, unsigned refused,
                               size_t longest_class);

/* The sampling settings as one text, part of the cache's key. */
void lqa_request_settings(const lqa_judge_options *options, size_t longest_class, char out[160]);

#endif
