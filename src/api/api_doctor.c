/* labelqa doctor: what this build and this machine are, for bug reports and for people who wonder.
 * What is set up and does not work is a failure: LQA_BAD_ENDPOINT, after everything was shown.
 */
#include "api/command.h"
#include "api/judge_endpoint.h"
#include "api/result.h"
#include "base/pool.h"
#include "data/query/query.h"
#include "judge/endpoint_test.h"

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
  lqa_json_add_text(json, key, value);
}

/* Asks the endpoint that `labelqa judge` would use for its list of models. LQA_BAD_ENDPOINT where
 * one is set up that does not work. */
static lqa_status add_endpoint(const lqa_doctor_args *doctor, lqa_result *result, lqa_json *json) {
  lqa_endpoint_answer answer = {.text = "not set up (LLM_BASE_URL, or OPENAI_API_KEY)"};
  lqa_error err;
  lqa_judge_options options;
  lqa_judge_args args = {.model = "",
                         .llm_key = doctor->llm_key,
                         .llm_base_url = doctor->llm_base_url,
                         .openai_key = doctor->openai_key,
                         .openai_base_url = doctor->openai_base_url,
                         .https_proxy = doctor->https_proxy,
                         .http_proxy = doctor->http_proxy,
                         .all_proxy = doctor->all_proxy,
                         .no_proxy = doctor->no_proxy};
  lqa_judge_options_init(&options);
  bool is_set = args.llm_key || args.llm_base_url || args.openai_key || args.openai_base_url;
  bool is_sound = is_set && lqa_judge_set_endpoints(&args, &options, &err) == LQA_OK &&
                  lqa_judge_test_endpoint(&options.judges[0], &options, &answer, &err) == LQA_OK;
  if (is_set && !is_sound && err.status == LQA_NO_MEMORY) {
    return LQA_NO_MEMORY;
  }
  if (is_set && !is_sound) { /* a URL that was refused may hold what must not be shown */
    snprintf(answer.text, sizeof answer.text, "%.290s", err.message);
  }
  add_line(result, json, "endpoint", is_sound ? options.judges[0].base_url : "none");
  add_line(result, json, "judge", answer.text);
  return !is_set || answer.works ? LQA_OK : LQA_BAD_ENDPOINT;
}

static lqa_status run(const void *args, lqa_result **out, lqa_error *err) {
  const lqa_doctor_args *doctor = args;
  lqa_result *result = lqa_result_new(&doctor->common);
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
  lqa_status found = add_endpoint(doctor, result, &json);
  lqa_json_close_object(&json);
  lqa_buf_add_char(&result->json, '\n');
  if (found == LQA_NO_MEMORY) {
    lqa_result_free(result);
    return lqa_fail_memory(err, "asking the judge's endpoint");
  }
  LQA_TRY(lqa_result_finish(result, out, err));
  return found == LQA_OK
             ? LQA_OK
             : lqa_fail(err, LQA_BAD_ENDPOINT, "the judge's endpoint does not work: see above");
}

/* clang-format off */
#define FROM_ENVIRONMENT(variable, field)                                                     \
  {.name = variable, .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_doctor_args, field),     \
   .environment = variable, .environment_only = true, .help = ""}

static const lqa_option options[] = {
  FROM_ENVIRONMENT("LLM_API_KEY", llm_key),
  FROM_ENVIRONMENT("LLM_BASE_URL", llm_base_url),
  FROM_ENVIRONMENT("OPENAI_API_KEY", openai_key),
  FROM_ENVIRONMENT("OPENAI_BASE_URL", openai_base_url),
  FROM_ENVIRONMENT("HTTPS_PROXY", https_proxy),
  FROM_ENVIRONMENT("https_proxy", https_proxy),
  FROM_ENVIRONMENT("http_proxy", http_proxy),
  FROM_ENVIRONMENT("ALL_PROXY", all_proxy),
  FROM_ENVIRONMENT("all_proxy", all_proxy),
  FROM_ENVIRONMENT("NO_PROXY", no_proxy),
  FROM_ENVIRONMENT("no_proxy", no_proxy),
  LQA_COMMON_OPTIONS(lqa_doctor_args)};
/* clang-format on */

const lqa_command lqa_command_doctor = {
    .number = LQA_COMMAND_doctor,
    .name = "doctor",
    .summary = "Versions, threads, SIMD level, whether the judge's endpoint answers",
    .description =
        "The exit code is 5 if an endpoint is set but does not answer or refuses the key.",
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
