/* labelqa/result.h - what a command has to say. */
#ifndef LABELQA_RESULT_H
#define LABELQA_RESULT_H

#include "labelqa/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a command has to say: a text for people and a JSON document for programs. */
typedef struct lqa_result lqa_result;

/* For people; lines end in "\n"; UTF-8. Valid until lqa_result_free. */
LQA_API const char *lqa_result_text(const lqa_result *result);
/* One JSON document. Valid until lqa_result_free. */
LQA_API const char *lqa_result_json(const lqa_result *result);
/* The run folder concerned, or NULL. */
LQA_API const char *lqa_result_run_path(const lqa_result *result);
LQA_API void lqa_result_free(lqa_result *result);

#ifdef __cplusplus
}
#endif
#endif
