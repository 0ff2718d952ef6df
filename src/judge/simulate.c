/* judge/simulate.c - see simulate.h.
 *
 * The opinion on a row is drawn from (seed, row, judge): right with the given probability,
 * otherwise another class, uniformly. It depends on nothing else, so a simulated run is
 * reproducible.
 */
#include "judge/simulate.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/vec.h"

#include <math.h>

enum { MAX_BODY = 1 << 20, OPINION_STREAM = 0x73696d75 };

typedef struct simulator {
  lqa_simulated_judge judge;
  LQA_VEC(lqa_http_request) open;
  lqa_buf body, content;
} simulator;

static int32_t opinion(const lqa_simulated_judge *j, int64_t row, int judge) {
  lqa_rng rng;
  lqa_rng_init(&rng, j->seed * 1000003 + (uint64_t)row, OPINION_STREAM + (uint64_t)judge);
  int32_t right = j->truth[row];
  if (right < 0 || lqa_rng_uniform(&rng) < j->accuracy) {
    return right;
  }
  int32_t other = (int32_t)lqa_rng_below(&rng, j->n_classes - 1);
  return other < right ? other : other + 1;
}

static void write_content(const lqa_simulated_judge *j, const lqa_http_request *request,
                          lqa_buf *out) {
  int32_t code = opinion(j, request->item->row, request->judge);
  bool blind = j->protocol == LQA_PROTOCOL_BLIND;
  if (code < 0) {
    lqa_buf_add_text(out, blind ? "LABEL: NONE" : "I cannot tell.");
  } else if (blind) {
    lqa_buf_add_text(out, "LABEL: ");
    lqa_buf_add_str(out, j->classes[code].name);
  } else if (code == request->item->label) {
    lqa_buf_add_text(out, "VERDICT: YES\nCORRECT_LABEL: ");
    lqa_buf_add_str(out, j->classes[code].name);
  } else {
    lqa_buf_add_text(out, "VERDICT: NO\nCORRECT_LABEL: ");
    lqa_buf_add_str(out, j->classes[code].name);
  }
}

static void write_body(simulator *s, const lqa_http_request *request) {
  lqa_json json;
  lqa_buf_reset(&s->content);
  lqa_buf_reset(&s->body);
  write_content(&s->judge, request, &s->content);
  lqa_json_init(&json, &s->body, 0);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "model", LQA_SIMULATED_MODEL);
  lqa_json_key(&json, "choices");
  lqa_json_open_array(&json);
  lqa_json_open_object(&json);
  lqa_json_key(&json, "message");
  lqa_json_open_object(&json);
  lqa_json_add_str(&json, "content", lqa_buf_str(&s->content));
  lqa_json_close_object(&json);
  lqa_json_add_text(&json, "finish_reason", "stop");
  lqa_json_close_object(&json);
  lqa_json_close_array(&json);
  lqa_json_key(&json, "usage");
  lqa_json_open_object(&json);
  lqa_json_add_int(&json, "prompt_tokens", (int64_t)request->body.size / 4);
  lqa_json_add_int(&json, "completion_tokens", (int64_t)s->content.size / 4);
  lqa_json_close_object(&json);
  lqa_json_close_object(&json);
}

static lqa_status start(void *self, const lqa_http_request *request, lqa_error *err) {
  simulator *s = self;
  return lqa_vec_push(&s->open, *request) == LQA_OK ? LQA_OK
                                                    : lqa_fail_memory(err, "simulating a judge");
}

static lqa_status wait_for(void *self, double seconds, lqa_http_sink sink, void *data,
                           lqa_error *err) {
  (void)seconds;
  simulator *s = self;
  size_t n = s->open.n;
  for (size_t i = 0; i < n; i++) {
    write_body(s, &s->open.data[i]);
    LQA_TRY(lqa_buf_check(&s->body, err));
    lqa_http_reply reply = {.tag = s->open.data[i].tag,
                            .status = 200,
                            .retry_after = NAN,
                            .body = lqa_buf_str(&s->body),
                            .exhausted = NAN,
                            .should_retry = -1,
                            .message = ""};
    sink(data, &reply);
  }
  s->open.n = 0;
  return LQA_OK;
}

static void close_simulator(void *self) {
  simulator *s = self;
  lqa_vec_clear(&s->open);
  lqa_buf_clear(&s->body);
  lqa_buf_clear(&s->content);
  free(s);
}

lqa_status lqa_simulated_open(const lqa_simulated_judge *judge, lqa_transport *transport,
                              lqa_error *err) {
  simulator *s = lqa_calloc(1, sizeof *s);
  if (!s) {
    return lqa_fail_memory(err, "simulating a judge");
  }
  s->judge = *judge;
  lqa_buf_init(&s->body, MAX_BODY);
  lqa_buf_init(&s->content, MAX_BODY);
  *transport = (lqa_transport){s, start, wait_for, close_simulator};
  return LQA_OK;
}
