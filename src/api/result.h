/* api/result.h - what a command has to say, as text and as JSON, built piece by piece. */
#ifndef LQA_API_RESULT_H
#define LQA_API_RESULT_H

#include "base/json.h"
#include "labelqa/labelqa.h"

struct lqa_result {
  lqa_buf text;   /* for people */
  size_t next_at; /* bytes of `text` before what it says should be done next; 0 = says nothing */
  lqa_buf json;   /* one document */
  char *run_path;
  lqa_option_style style; /* of options that the text names */
};

/* An empty result whose text names options in the style of `common`; NULL when out of memory.
 * lqa_result_free releases it. */
lqa_result *lqa_result_new(const lqa_common_args *common);
/* Shows the marks of options in the text; LQA_NO_MEMORY where a buffer is not whole. The result
 * stays the caller's. */
LQA_MUST_CHECK lqa_status lqa_result_show(lqa_result *result, lqa_error *err);
/* Hands `result` to *out if its buffers are whole, with the marks of options in its text shown;
 * else frees it and returns LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_result_finish(lqa_result *result, lqa_result **out, lqa_error *err);

#endif
