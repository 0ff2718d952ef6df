/* judge/endpoint_test.c - see endpoint_test.h. The model list is the one request that every
 * OpenAI-compatible server answers without charging, and it needs the key where one is needed.
 */
#include "judge/endpoint_test.h"

#include "base/buf.h"
#include "judge/client.h"
#include "judge/endpoint.h"
#include "judge/wire.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_LIST_BYTES = 16 << 20, LIST_SECONDS = 10 };

/* True if the endpoint works. Some that do have no list of models: they say so by 404 or 405. */
static bool describe(const lqa_http_reply *reply, char out[300]) {
  lqa_wire_error error;
  if (reply->fault != LQA_HTTP_FINE) {
    snprintf(out, 300, "does not answer: %.200s", reply->message);
    return false;
  }
  int64_t n = lqa_wire_count_models(reply->body);
  if (reply->status == 200 && n >= 0) {
    snprintf(out, 300, "answers, %lld models", (long long)n);
    return true;
  }
  lqa_wire_parse_error(reply->body, &error);
  snprintf(out, 300, "status %ld: %.200s", reply->status, error.message);
  return reply->status == 404 || reply->status == 405;
}

static lqa_status fetch(const char *url, const lqa_judge_endpoint *endpoint,
                        const lqa_judge_options *options, lqa_endpoint_answer *out,
                        lqa_error *err) {
  lqa_transport transport;
  lqa_http_reply reply;
  lqa_buf body;
  lqa_client_options client = {.max_open = 1,
                               .connect_seconds = options->connect_seconds,
                               .max_body_bytes = MAX_LIST_BYTES,
                               .ca_file = options->ca_file,
                               .proxy = options->proxy,
                               .no_proxy = options->no_proxy};
  lqa_http_request request = {.url = url,
                              .key = endpoint->key && *endpoint->key ? endpoint->key : NULL,
                              .timeout_seconds = LIST_SECONDS};
  LQA_TRY(lqa_client_open(&client, &transport, err));
  lqa_buf_init(&body, MAX_LIST_BYTES);
  lqa_status status;
  LQA_TRY_OUT(lqa_client_fetch(&transport, &request, &body, &reply, err));
  out->works = describe(&reply, out->text);
  lqa_key_blank(endpoint->key, out->text, strlen(out->text));
out:
  transport.close(transport.self);
  lqa_buf_clear(&body);
  return status;
}

lqa_status lqa_judge_test_endpoint(const lqa_judge_endpoint *endpoint,
                                   const lqa_judge_options *options, lqa_endpoint_answer *out,
                                   lqa_error *err) {
  char *base = NULL;
  LQA_TRY(lqa_key_check(endpoint->key, "the judge's key", err));
  LQA_TRY(lqa_endpoint_normalise(endpoint->base_url, &base, err));
  char *url = lqa_endpoint_join(base, "models");
  lqa_status status = url ? fetch(url, endpoint, options, out, err)
                          : lqa_fail_memory(err, "looking for the judge's endpoint");
  free(url);
  free(base);
  return status;
}
