/* serve/spot_json.h - a spot check on the page. */
#ifndef LQA_SERVE_SPOT_JSON_H
#define LQA_SERVE_SPOT_JSON_H

#include "serve/review_server.h"
#include "store/spot_check.h"

/* Answers with the newest sheet: {n, drawn, checked, rows: the next unchecked ones, error_rate}. */
LQA_MUST_CHECK lqa_status lqa_spot_answer_state(lqa_server *server, int status,
                                                lqa_http_answer *answer, lqa_error *err);

#endif
