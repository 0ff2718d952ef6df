/* The result object: two buffers and a path. Ceiling 256 MB each, far above any report. */
#include "api/result.h"

#include "base/memory.h"
#include "base/message_text.h"

enum { MAX_RESULT_BYTES = 256 << 20 };

lqa_result *lqa_result_new(const lqa_common_args *common) {
  lqa_result *result = lqa_calloc(1, sizeof *result);
  if (result) {
    lqa_buf_init(&result->text, MAX_RESULT_BYTES);
    lqa_buf_init(&result->json, MAX_RESULT_BYTES);
    result->style = common->option_style;
  }
  return result;
}

void lqa_result_free(lqa_result *result) {
  if (!result) {
    return;
  }
  lqa_buf_clear(&result->text);
  lqa_buf_clear(&result->json);
  free(result->run_path);
  free(result);
}

/* What stands before `next_at` and what stands after it, each with its options shown. */
static void show_options(lqa_result *result) {
  lqa_buf shown;
  lqa_buf_init(&shown, MAX_RESULT_BYTES);
  lqa_str text = lqa_buf_str(&result->text);
  size_t next_at = result->next_at;
  lqa_message_add((lqa_str){text.data, next_at}, result->style, &shown);
  result->next_at = shown.size;
  lqa_message_add((lqa_str){text.data + next_at, text.size - next_at}, result->style, &shown);
  lqa_buf_clear(&result->text);
  result->text = shown;
}

lqa_status lqa_result_show(lqa_result *result, lqa_error *err) {
  if (result->text.size > 0 && !result->text.failed) {
    show_options(result);
  }
  return result->text.failed || result->json.failed ? lqa_fail_memory(err, "writing the result")
                                                    : LQA_OK;
}

lqa_status lqa_result_finish(lqa_result *result, lqa_result **out, lqa_error *err) {
  lqa_status status = lqa_result_show(result, err);
  if (status != LQA_OK) {
    lqa_result_free(result);
    return status;
  }
  *out = result;
  return LQA_OK;
}

const char *lqa_result_text(const lqa_result *result) {
  return result->text.data ? result->text.data : "";
}

const char *lqa_result_json(const lqa_result *result) {
  return result->json.size ? result->json.data : "{}\n";
}

const char *lqa_result_run_path(const lqa_result *result) {
  return result->run_path;
}
