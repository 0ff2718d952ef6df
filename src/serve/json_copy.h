/* serve/json_copy.h - a part of a JSON document, written again. */
#ifndef LQA_SERVE_JSON_COPY_H
#define LQA_SERVE_JSON_COPY_H

#include "base/json.h"
#include "base/json_read.h"

/* The value of `node`; NULL writes null. */
void lqa_json_copy(const lqa_json_node *node, lqa_json *json);

#endif
