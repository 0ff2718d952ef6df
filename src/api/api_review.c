/* labelqa review: serves the review page until it is told to end. What takes long on the page is
 * what the commands do: a judge, and the run's files made again.
 */
#include "api/open_run.h"
#include "api/command.h"
#include "api/result.h"
#include "base/file.h"
#include "review/terminal_queue.h"
#include "serve/review_server.h"

#include <stddef.h>
#include <time.h>

enum { MAX_GUIDELINES = 1 << 20 };

/* ---- work for the server ---- */

static void hear_answer(void *data, int64_t row, const char *verdict, const char *corrected) {
  const lqa_serve_judge *what = data;
  const lqa_serve_answer answer = {row, verdict, corrected};
  what->answered(what->data, &answer);
}

/* Endpoint, keys and the rest that only the environment gives; borrowed. */
static void share_environment(const lqa_review_args *from, lqa_judge_args *to, bool is_end) {
#define SHARE(field) to->field = is_end ? NULL : from->field
  SHARE(llm_key);
  SHARE(llm_base_url);
  SHARE(openai_key);
  SHARE(openai_base_url);
  SHARE(second_key);
  SHARE(cache_home);
  SHARE(config_home);
  SHARE(home);
  SHARE(https_proxy);
  SHARE(http_proxy);
  SHARE(all_proxy);
  SHARE(no_proxy);
#undef SHARE
}

static lqa_status call_judge(const lqa_review_args *args, const lqa_serve_judge *what,
                             lqa_judge_args *judge, lqa_result **result, lqa_error *err) {
  const lqa_option *options = lqa_command_get(LQA_COMMAND_judge)->options;
  for (size_t i = 0; i < what->n_settings; i++) {
    LQA_TRY(lqa_option_set(options, judge, what->settings[i].name, what->settings[i].value, err));
  }
  judge->run = args->run;
  judge->common = args->common;
  judge->reread = args->reread;
  judge->common.observer = what->observer;
  judge->yes = what->spend;
  judge->answered = what->answered ? hear_answer : NULL;
  judge->answered_data = (void *)what;
  share_environment(args, judge, false);
  return lqa_cmd_judge(judge, result, err);
}

static lqa_status run_judge(void *data, const lqa_serve_judge *what, lqa_buf *json,
                            lqa_error *err) {
  const lqa_review_args *args = data;
  lqa_judge_args judge = {0};
  lqa_result *result = NULL;
  lqa_judge_args_init(&judge);
  lqa_status status = call_judge(args, what, &judge, &result, err);
  if (result) {
    lqa_buf_add_text(json, lqa_result_json(result));
    lqa_result_free(result);
  }
  share_environment(args, &judge, true);
  judge.run = NULL;
  judge.reread = (lqa_reread_args){0};
  lqa_option_clear(lqa_command_get(LQA_COMMAND_judge)->options, &judge);
  return status;
}

static lqa_status make_files(void *data, lqa_buf *json, lqa_error *err) {
  const lqa_review_args *args = data;
  lqa_report_args report;
  lqa_result *result = NULL;
  lqa_report_args_init(&report);
  report.run = args->run;
  report.common = args->common;
  report.reread = args->reread;
  report.common.observer = NULL;
  LQA_TRY(lqa_cmd_report(&report, &result, err));
  lqa_buf_add_text(json, lqa_result_json(result));
  lqa_result_free(result);
  return LQA_OK;
}

/* ---- the command ---- */

static void wait_for_end(const lqa_observer *observer) {
  const struct timespec moment = {.tv_nsec = 50000000};
  while (!lqa_observe_cancelled(observer)) {
    nanosleep(&moment, NULL);
  }
}

static void say_end(const lqa_review_args *args, int64_t decided, int64_t left, lqa_result *out) {
  lqa_buf_printf(&out->text,
                 "%lld row%s decided, %lld left to review; the files of %s are up to date\n",
                 (long long)decided, lqa_plural(decided), (long long)left, args->run);
}

/* Serves until the end, then makes the files again, whatever has been decided. */
static lqa_status serve(const lqa_review_args *args, const lqa_serve_options *options,
                        lqa_result *result, lqa_error *err) {
  lqa_server *server = NULL;
  char address[160];
  if (!args->common.observer || !args->common.observer->cancelled) {
    return lqa_fail(err, LQA_BAD_USAGE, "review works until it is cancelled: give an observer");
  }
  LQA_TRY(lqa_server_start(args->run, options, &server, err));
  lqa_server_address(server, address, sizeof address);
  if (args->listening) {
    args->listening(args->listening_data, address, args->open);
  }
  wait_for_end(args->common.observer);
  int64_t decided = server->review->decided, left = server->review->to_review;
  lqa_server_stop(server);
  LQA_TRY(make_files((void *)args, &result->json, err));
  say_end(args, decided, left, result);
  return LQA_OK;
}

/* The queue on the terminal, then the files, also after a failure: what was decided is on disk. */
static lqa_status decide_on_terminal(const lqa_review_args *args, const lqa_review_options *options,
                                     lqa_result *result, lqa_error *err) {
  lqa_review *review = NULL;
  lqa_error ignored;
  int64_t decided = 0;
  if (!args->terminal) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("tty") " needs a terminal as standard input and output; without the "
                                      "option a page is served");
  }
  LQA_TRY(lqa_review_open(args->run, options, &review, err));
  lqa_status status = lqa_terminal_queue_run(
      review, args->terminal, lqa_str_from(args->reviewer ? args->reviewer : "reviewer"), &decided,
      err);
  int64_t left = review->to_review;
  lqa_review_close(review);
  lqa_status made = make_files((void *)args, &result->json, status == LQA_OK ? err : &ignored);
  say_end(args, decided, left, result);
  return status == LQA_OK ? made : status;
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_review_args *args = data;
  lqa_buf guidelines;
  lqa_buf_init(&guidelines, MAX_GUIDELINES);
  lqa_result *result = lqa_result_new(&args->common);
  lqa_status status;
  LQA_TRY_OUT(result ? LQA_OK : lqa_fail_memory(err, "starting the review"));
  LQA_TRY_OUT(args->guidelines ? lqa_file_load(args->guidelines, &guidelines, err) : LQA_OK);
  const lqa_run_claim claim = lqa_reread_claim(&args->reread);
  const lqa_serve_options options = {
      .review = {.second_share = args->second_review,
                 .lease_seconds = args->lease,
                 .blind = args->blind != 0,
                 .seed = (uint64_t)args->common.seed,
                 .observer = args->common.observer,
                 .claim = &claim},
      .port = (int)args->port,
      .reviewer = args->reviewer,
      .guidelines = args->guidelines ? guidelines.data : NULL,
      .against = args->against,
      .work = {.data = (void *)args, .judge = run_judge, .report = make_files}};
  status = args->tty ? decide_on_terminal(args, &options.review, result, err)
                     : serve(args, &options, result, err);
out:
  lqa_buf_clear(&guidelines);
  if (status != LQA_OK) {
    lqa_result_free(result);
    return status;
  }
  return lqa_result_finish(result, out, err);
}

/* clang-format off */
#define AT(field) offsetof(lqa_review_args, field)
#define FROM_ENVIRONMENT(variable, field) \
  {.name = variable, .kind = LQA_OPTION_TEXT, .offset = AT(field), .environment = variable, \
   .environment_only = true, .help = ""}
static const lqa_option options[] = {
  {.name = "port", .kind = LQA_OPTION_INT, .offset = AT(port), .default_value = "0", .min = 0,
   .max = 65535, .argument = "N", .help = "port on 127.0.0.1; 0 = any that is free"},
  {.name = "open", .kind = LQA_OPTION_FLAG, .offset = AT(open),
   .help = "open the page in the browser"},
  {.name = "tty", .kind = LQA_OPTION_FLAG, .offset = AT(tty),
   .help = "decide on this terminal, by keyboard, without a page"},
  {.name = "reviewer", .kind = LQA_OPTION_TEXT, .offset = AT(reviewer), .argument = "NAME",
   .help = "name stored with a decision if the page gives none"},
  {.name = "blind", .kind = LQA_OPTION_FLAG, .offset = AT(blind),
   .help = "hide given and suggested labels and all evidence until a row is decided"},
  {.name = "second-review", .kind = LQA_OPTION_DOUBLE, .offset = AT(second_review),
   .default_value = "0", .min = 0, .max = 1, .argument = "SHARE",
   .help = "share of the rows that two reviewers decide, to measure how far they agree"},
  {.name = "lease", .kind = LQA_OPTION_INT, .offset = AT(lease), .default_value = "600",
   .min = 1, .max = 86400, .argument = "S",
   .help = "seconds that a row stays with one reviewer"},
  {.name = "guidelines", .kind = LQA_OPTION_TEXT, .offset = AT(guidelines), .argument = "FILE",
   .help = "a text to show beside the rows: what belongs in which class"},
  {.name = "against", .kind = LQA_OPTION_TEXT, .offset = AT(against), .argument = "OLD",
   .help = "an older run: the page Versions shows what changed since, as labelqa diff does"},
  FROM_ENVIRONMENT("LLM_API_KEY", llm_key),
  FROM_ENVIRONMENT("LLM_BASE_URL", llm_base_url),
  FROM_ENVIRONMENT("OPENAI_API_KEY", openai_key),
  FROM_ENVIRONMENT("OPENAI_BASE_URL", openai_base_url),
  FROM_ENVIRONMENT("LLM_API_KEY_2", second_key),
  FROM_ENVIRONMENT("XDG_CACHE_HOME", cache_home),
  FROM_ENVIRONMENT("XDG_CONFIG_HOME", config_home),
  FROM_ENVIRONMENT("HOME", home),
  FROM_ENVIRONMENT("HTTPS_PROXY", https_proxy),
  FROM_ENVIRONMENT("https_proxy", https_proxy),
  FROM_ENVIRONMENT("http_proxy", http_proxy),
  FROM_ENVIRONMENT("ALL_PROXY", all_proxy),
  FROM_ENVIRONMENT("all_proxy", all_proxy),
  FROM_ENVIRONMENT("NO_PROXY", no_proxy),
  FROM_ENVIRONMENT("no_proxy", no_proxy),
  LQA_REREAD_OPTIONS(lqa_review_args), LQA_COMMON_OPTIONS(lqa_review_args)};
/* clang-format on */

const lqa_command lqa_command_review = {
    .number = LQA_COMMAND_review,
    .name = "review",
    .summary = "A page on this machine where people decide the doubtful rows",
    .description =
        "Serves the page on 127.0.0.1 and prints its address, which carries a token. Every\n"
        "decision is on disk before the page goes on. Ctrl-C ends it and makes the run's files\n"
        "again. Nothing leaves the machine unless someone presses Run on the page of the judge.",
    .example = "labelqa review tickets.labelqa --open\n"
               "labelqa review tickets.labelqa --second-review 0.1 --guidelines classes.md\n"
               "labelqa review tickets.labelqa --tty --reviewer anna",
    .args_size = sizeof(lqa_review_args),
    .options = options,
    .positionals = {{"RUN", offsetof(lqa_review_args, run), false, true}},
    .run = run,
};

void lqa_review_args_init(lqa_review_args *args) {
  lqa_command_init_args(LQA_COMMAND_review, args);
}

lqa_status lqa_cmd_review(const lqa_review_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
