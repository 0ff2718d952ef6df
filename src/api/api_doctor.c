/* labelqa doctor: what this build and this machine are, for bug reports and for people who wonder.
 */
#include "api/command.h"
#include "api/result.h"
#include "base/pool.h"
#include "data/query.h"

#include <stdio.h>

/* The best instruction set the hot loops will use; results are the same on all of them. */
static const char *simd_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) {
    return "avx512";
  }
  return __builtin_cpu_supports("avx2") ? "avx2" : "sse2";
#else
  return "portable";
#endif
}

static void add_line(lqa_result *result, lqa_json *json, const char *key, const char *value) {
  lqa_buf_printf(&result->text, "%-10s %s\n", key, value);
  lqa_json_key(json, key);
  lqa_json_text(json, value);
}

static lqa_status run(const void *args, lqa_result **out, lqa_error *err) {
  const lqa_doctor_args *doctor = args;
  lqa_result *result = lqa_result_new();
  if (!result) {
    return lqa_fail_memory(err, "looking around");
  }
  lqa_json json;
  char number[32];
  lqa_json_init(&json, &result->json, 2);
  lqa_json_open_object(&json);
  add_line(result, &json, "labelqa", LABELQA_VERSION);
  add_line(result, &json, "duckdb", lqa_database_version());
  add_line(result, &json, "compiler", __VERSION__);
  add_line(result, &json, "simd", simd_level());
  int threads = doctor->common.threads > 0 ? (int)doctor->common.threads : lqa_processor_count();
  snprintf(number, sizeof number, "%d", threads);
  add_line(result, &json, "threads", number);
  lqa_json_close_object(&json);
  lqa_buf_add_char(&result->json, '\n');
  return lqa_result_finish(result, out, err);
}

static const lqa_option options[] = {LQA_COMMON_OPTIONS(lqa_doctor_args)};

const lqa_command lqa_command_doctor = {
    .number = LQA_COMMAND_doctor,
    .name = "doctor",
    .summary = "Versions, threads, SIMD level",
    .example = "labelqa doctor",
    .args_size = sizeof(lqa_doctor_args),
    .options = options,
    .run = run,
};

void lqa_doctor_args_init(lqa_doctor_args *args) {
  lqa_command_init_args(LQA_COMMAND_doctor, args);
}

lqa_status lqa_cmd_doctor(const lqa_doctor_args *args, lqa_result **result, lqa_error *err) {
  return run(args, result, err);
}
