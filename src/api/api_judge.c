/* labelqa judge: a language model looks at the suspects. The plan costs nothing and is what one
 * gets without --yes; spending and batches work on one session (api/judge_session.h).
 */
#include "api/command.h"
#include "api/judge_endpoint.h"
#include "api/judge_phases.h"
#include "api/judge_result.h"
#include "judge/batch.h"

/* ---- asking ---- */

static void warn_of(const lqa_judge_session *s) {
  const lqa_observer *observer = s->args->common.observer;
  for (int j = 0; j < s->options.n_judges; j++) {
    const lqa_judge_endpoint *e = &s->options.judges[j];
    if (e->key && strncmp(e->base_url, "http:", 5) == 0 && !lqa_judge_is_local(e->base_url)) {
      lqa_observe_message(observer, LQA_MESSAGE_WARN,
                          "%s is not encrypted: key and rows travel in the clear", e->base_url);
    }
  }
}

static lqa_status ask(lqa_judge_session *s, lqa_result *result, lqa_result **out, lqa_error *err) {
  LQA_TRY(lqa_judge_check_price(s->args, &s->options, err));
  warn_of(s);
  lqa_status asked = lqa_judge_ask(s->plan, NULL, err);
  bool has_answers = asked == LQA_OK || asked == LQA_BAD_ENDPOINT || asked == LQA_OUT_OF_BUDGET ||
                     asked == LQA_INTERRUPTED || asked == LQA_BAD_FILE;
  return has_answers ? lqa_judge_result_save(s, asked, result, out, err) : asked;
}

/* ---- batches ---- */

static lqa_status write_batch(lqa_judge_session *s, lqa_result *result, lqa_result **out,
                              lqa_error *err) {
  int64_t n;
  LQA_TRY(lqa_judge_batch_write(s->plan, s->args->batch_write, &n, err));
  if (n == 0) {
    lqa_buf_printf(&result->text,
                   "All questions are answered, so %s is empty: 'labelqa judge %s --yes' reads the "
                   "answers from the cache.\n",
                   s->args->batch_write, s->args->run);
    return lqa_judge_result_finish(s, false, result, out, err);
  }
  lqa_buf_printf(
      &result->text,
      "%lld question%s written to %s. Send it to the provider; when the results are there, read "
      "them with\n  labelqa judge %s --batch-read RESULTS\nand the same options. Nothing was "
      "spent.\n",
      (long long)n, lqa_plural(n), s->args->batch_write, s->args->run);
  return lqa_judge_result_finish(s, false, result, out, err);
}

static void count_batch(const lqa_batch_count *count, lqa_buf *out) {
  lqa_buf_printf(out, "%lld answer%s taken in", (long long)count->answers,
                 lqa_plural(count->answers));
  if (count->errors > 0) {
    lqa_buf_printf(out, ", %lld line%s with errors (the rows can be asked again)",
                   (long long)count->errors, lqa_plural(count->errors));
  }
  if (count->foreign > 0) {
    lqa_buf_printf(out, ", %lld line%s of other questions", (long long)count->foreign,
                   lqa_plural(count->foreign));
  }
  lqa_buf_add_char(out, '\n');
}

static lqa_status read_batch(lqa_judge_session *s, lqa_result *result, lqa_result **out,
                             lqa_error *err) {
  lqa_batch_count count;
  LQA_TRY(lqa_judge_batch_read(s->plan, s->args->batch_read, &count, err));
  count_batch(&count, &result->text);
  return lqa_judge_result_save(s, LQA_OK, result, out, err);
}

static lqa_status submit_batch(lqa_judge_session *s, lqa_result *result, lqa_result **out,
                               lqa_error *err) {
  char id[128];
  if (!s->args->yes) {
    return lqa_judge_result_plan(s, result, out, err);
  }
  LQA_TRY(lqa_judge_check_price(s->args, &s->options, err));
  LQA_TRY(lqa_judge_batch_submit(s->plan, id, err));
  lqa_buf_printf(&result->text,
                 "Batch %s submitted. Fetch its results with\n  labelqa judge %s "
                 "--batch-poll\nand the same options.\n",
                 id, s->args->run);
  return lqa_judge_result_finish(s, false, result, out, err);
}

static lqa_status poll_batches(lqa_judge_session *s, lqa_result *result, lqa_result **out,
                               lqa_error *err) {
  lqa_batch_news news;
  LQA_TRY(lqa_judge_batch_poll(s->plan, &news, err));
  if (news.n_open + news.n_done == 0) {
    lqa_buf_add_text(&result->text, "No batch is open for this endpoint and model.\n");
  }
  if (news.n_open > 0) {
    lqa_buf_printf(&result->text, "%lld batches are open: %lld of %lld questions answered (%s)\n",
                   (long long)news.n_open, (long long)news.completed, (long long)news.total,
                   news.last_status);
  }
  if (news.n_done > 0) {
    lqa_buf_printf(&result->text, "%lld batches ended (%s): ", (long long)news.n_done,
                   news.last_status);
    count_batch(&news.count, &result->text);
  }
  LQA_TRY(lqa_judge_session_replan(s, err));
  return lqa_judge_result_save(s, LQA_OK, result, out, err);
}

/* ---- the command ---- */

static lqa_status check_batch_options(const lqa_judge_args *a, lqa_error *err) {
  int n = (a->batch_write != NULL) + (a->batch_read != NULL) + a->batch_submit + a->batch_poll;
  return n <= 1
             ? LQA_OK
             : lqa_fail(err, LQA_BAD_USAGE,
                        LQA_OPTION("batch_write") ", " LQA_OPTION("batch_read") ", " LQA_OPTION(
                            "batch_submit") " and " LQA_OPTION("batch_poll") " exclude each other: "
                                                                             "give one of them");
}

static lqa_status dispatch(lqa_judge_session *s, lqa_result *result, lqa_result **out,
                           lqa_error *err) {
  const lqa_judge_args *a = s->args;
  if (a->forget && !a->yes) {
    lqa_buf_printf(&result->text,
                   "%lld cached answer%s of %s removed from the cache; no request was sent. "
                   "Verdicts stored in runs stay there.\n",
                   (long long)s->n_forgotten, lqa_plural(s->n_forgotten),
                   s->options.judges[0].model);
    return lqa_judge_result_finish(s, false, result, out, err);
  }
  if (a->batch_write) {
    return write_batch(s, result, out, err);
  }
  if (a->batch_read) {
    return read_batch(s, result, out, err);
  }
  if (a->batch_submit) {
    return submit_batch(s, result, out, err);
  }
  if (a->batch_poll) {
    return poll_batches(s, result, out, err);
  }
  return a->yes ? ask(s, result, out, err) : lqa_judge_result_plan(s, result, out, err);
}

/* Runs an open session and closes it. `said`: what phases before it told, or NULL. */
static lqa_status finish(lqa_judge_session *s, const lqa_buf *said, lqa_result **out,
                         lqa_error *err) {
  lqa_result *result = lqa_result_new(&s->args->common), *shown = NULL;
  if (result && said) {
    lqa_buf_add_str(&result->text, lqa_buf_str(said));
  }
  lqa_status status = result ? dispatch(s, result, &shown, err) : lqa_fail_memory(err, "judging");
  if (shown) {
    *out = shown;
  } else {
    lqa_result_free(result);
  }
  return status;
}

/* What a phase leaves of the user's limits. */
static void charge(const lqa_judge_session *s, lqa_judge_args *args) {
  const lqa_judge_summary *sum = &s->summary;
  if (args->max_calls >= 0) {
    args->max_calls = args->max_calls > sum->calls ? args->max_calls - sum->calls : 0;
  }
  if (args->max_cost >= 0 && sum->cost_usd > 0) {
    args->max_cost = args->max_cost > sum->cost_usd ? args->max_cost - sum->cost_usd : 0;
  }
}

static void tell_phase(const lqa_judge_session *s, lqa_buf *said) {
  const lqa_judge_args *a = s->args;
  lqa_buf_printf(said, "Phase %d of %d: %lld of %lld rows.", s->phase + 1, LQA_JUDGE_PHASES,
                 (long long)lqa_judge_phase_rows(a->budget, s->phase), (long long)a->budget);
  lqa_buf_add_text(
      said, a->yes || s->phase == LQA_JUDGE_PHASES - 1
                ? "\n"
                : " Later phases choose the rows that these answers leave most uncertain. Below is "
                  "the plan of this phase; the price of all phases grows in proportion.\n");
}

/* One phase; *ended: there is a result to show, or a failure. */
static lqa_status run_phase(lqa_judge_args *args, int phase, lqa_buf *said, lqa_result **out,
                            lqa_error *err) {
  lqa_judge_session session;
  lqa_status status = LQA_OK;
  bool is_last = phase == LQA_JUDGE_PHASES - 1;
  LQA_TRY(lqa_judge_session_open_phase(args, phase, &session, err));
  if (is_last || !lqa_judge_phase_is_done(&session)) {
    lqa_result_free(*out);
    *out = NULL;
    tell_phase(&session, said);
    status = finish(&session, said, out, err);
    charge(&session, args);
  }
  lqa_judge_session_close(&session);
  return status;
}

/* With --yes all phases, one behind the other; else the plan of the first that is not done. */
static lqa_status run_phases(const lqa_judge_args *args, lqa_result **out, lqa_error *err) {
  lqa_judge_args left = *args;
  lqa_buf said;
  lqa_status status = LQA_OK;
  lqa_buf_init(&said, 1 << 16);
  for (int phase = 0; phase < LQA_JUDGE_PHASES; phase++) {
    LQA_TRY_OUT(run_phase(&left, phase, &said, out, err));
    if (!args->yes && *out) {
      break;
    }
  }
out:
  lqa_buf_clear(&said);
  return status;
}

static bool asks_in_phases(const lqa_judge_args *a) {
  bool is_batch = a->batch_write || a->batch_read || a->batch_submit || a->batch_poll;
  return a->budget > 0 && strcmp(a->strategy, "phases") == 0 && strcmp(a->mode, "judge") == 0 &&
         !is_batch;
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_judge_args *args = data;
  lqa_judge_session session;
  LQA_TRY(check_batch_options(args, err));
  if (asks_in_phases(args)) {
    return run_phases(args, out, err);
  }
  LQA_TRY(lqa_judge_session_open(args, false, &session, err));
  lqa_status status = finish(&session, NULL, out, err);
  lqa_judge_session_close(&session);
  return status;
}

/* ---- options ---- */

/* clang-format off */
#define AT(field) offsetof(lqa_judge_args, field)
#define TEXT(option, field, place, text) \
  {.name = option, .kind = LQA_OPTION_TEXT, .offset = AT(field), .argument = place, .help = text}
#define FLAG(option, field, text) \
  {.name = option, .kind = LQA_OPTION_FLAG, .offset = AT(field), .help = text}
#define INT(option, field, value, low, high, text) \
  {.name = option, .kind = LQA_OPTION_INT, .offset = AT(field), .default_value = value, \
   .min = low, .max = high, .argument = "N", .help = text}
#define FROM_ENVIRONMENT(variable, field) \
  {.name = variable, .kind = LQA_OPTION_TEXT, .offset = AT(field), .environment = variable, \
   .environment_only = true, .help = ""}

static const lqa_option options[] = {
  {.name = "model", .kind = LQA_OPTION_TEXT, .offset = AT(model), .default_value = "gpt-4o-mini",
   .argument = "NAME", .help = "the model to ask"},
  FLAG("yes", yes, "send the requests and pay for them; without it only the plan is printed"),
  INT("top", top, "60", 0, 1e9, "suspicious rows to judge, most suspicious first"),
  INT("sample-unflagged", sample_unflagged, "20", 0, 1e9,
      "other rows to judge, drawn at random, to estimate the errors that no check "
           "suspects"),
  INT("budget", budget, "0", 0, 1e9, "judge this many rows, drawn by --strategy, instead of --top"),
  {.name = "strategy", .kind = LQA_OPTION_CHOICE, .offset = AT(strategy),
   .default_value = "phases",
   .choices = "phases|expected-corrections|uncertainty|random",
   .help = "how --budget chooses rows: phases draws three times, each time the rows that are most "
           "uncertain after the answers so far; the others draw once (batches: by "
           "expected-corrections)"},
  {.name = "mode", .kind = LQA_OPTION_CHOICE, .offset = AT(mode), .default_value = "judge",
   .choices = "judge|label", .help = "label: every row gets the model's label (blind protocol)"},
  {.name = "protocol", .kind = LQA_OPTION_CHOICE, .offset = AT(protocol),
   .default_value = "verify", .choices = "verify|blind",
   .help = "verify shows the assigned label, blind does not"},
  TEXT("class-notes", class_notes, "FILE",
       "what belongs in each class, one line 'CLASS: text' per class"),
  TEXT("prompt", prompt, "FILE",
       "template with {{categories}}, {{notes}}, {{text}}, {{label}}, {{instructions}}"),
  INT("max-text", max_text, "6000", 10, 1e9,
      "characters of a text; longer ones are cut in the middle"),

  {.name = "max-calls", .kind = LQA_OPTION_INT, .offset = AT(max_calls), .default_value = "-1",
   .min = -1, .max = 1e12, .argument = "N", .group = "Money",
   .help = "requests to send at most; -1 = the plan's questions plus a fifth"},
  {.name = "max-cost", .kind = LQA_OPTION_DOUBLE, .offset = AT(max_cost), .default_value = "-1",
   .min = -1, .max = 1e6, .argument = "USD", .group = "Money",
   .help = "US dollars to spend at most; -1 = no limit"},
  {.name = "price", .kind = LQA_OPTION_TEXT, .offset = AT(price), .argument = "IN,OUT",
   .group = "Money", .help = "US dollars per million input and output tokens"},
  {.name = "prices", .kind = LQA_OPTION_TEXT, .offset = AT(prices), .argument = "FILE",
   .group = "Money", .help = "price table (JSON) to use before the built-in one"},
  {.name = "retry-unknown", .kind = LQA_OPTION_FLAG, .offset = AT(retry_unknown),
   .group = "Money", .help = "ask rows again whose cached answer was UNKNOWN"},
  {.name = "max-unknown", .kind = LQA_OPTION_DOUBLE, .offset = AT(max_unknown),
   .default_value = "0.5", .min = 0, .max = 1, .argument = "SHARE", .group = "Money",
   .help = "stop when more of at least ten answers are UNKNOWN; 1 = never"},
  {.name = "forget", .kind = LQA_OPTION_FLAG, .offset = AT(forget), .group = "Money",
   .help = "remove the model's answers at this endpoint from the cache; with --yes ask "
           "again"},
  {.name = "cache", .kind = LQA_OPTION_TEXT, .offset = AT(cache), .argument = "FILE",
   .group = "Money", .help = "where paid answers are kept"},

  {.name = "second-model", .kind = LQA_OPTION_TEXT, .offset = AT(second_model),
   .argument = "NAME", .group = "Second judge",
   .help = "a second model; a verdict then needs both to agree"},
  {.name = "second-base-url", .kind = LQA_OPTION_TEXT, .offset = AT(second_base_url),
   .argument = "URL", .group = "Second judge",
   .help = "its endpoint, with the key in LLM_API_KEY_2; without it, the first one's"},
  {.name = "second-price", .kind = LQA_OPTION_TEXT, .offset = AT(second_price),
   .argument = "IN,OUT", .group = "Second judge", .help = "its price"},
  {.name = "repeat", .kind = LQA_OPTION_INT, .offset = AT(repeat), .default_value = "1",
   .min = 1, .max = 100, .argument = "K", .group = "Second judge",
   .help = "ask some rows K times: how often the judge agrees with itself"},
  {.name = "repeat-rows", .kind = LQA_OPTION_INT, .offset = AT(repeat_rows),
   .default_value = "50", .min = 1, .max = 1e9, .argument = "N", .group = "Second judge",
   .help = "how many rows --repeat asks"},

  {.name = "concurrency", .kind = LQA_OPTION_INT, .offset = AT(concurrency),
   .default_value = "8", .min = 1, .max = 1024, .argument = "N", .group = "Endpoint",
   .help = "requests open at a time; fewer after the endpoint answers 'too many'"},
  {.name = "timeout", .kind = LQA_OPTION_DOUBLE, .offset = AT(timeout), .default_value = "60",
   .min = 0.001, .max = 86400, .argument = "S", .group = "Endpoint",
   .help = "seconds that a request may take"},
  {.name = "backoff", .kind = LQA_OPTION_DOUBLE, .offset = AT(backoff), .default_value = "0.5",
   .min = 0.001, .max = 60, .argument = "S", .group = "Endpoint",
   .help = "seconds before a row's second try; they double up to 16 times"},
  {.name = "max-output-tokens", .kind = LQA_OPTION_INT, .offset = AT(max_output_tokens),
   .default_value = "0", .min = 0, .max = 1e6, .argument = "N", .group = "Endpoint",
   .help = "cap on the answer; 0 = 256 and the longest class name (thinking models: 4096)"},
  {.name = "temperature", .kind = LQA_OPTION_DOUBLE, .offset = AT(temperature),
   .default_value = "0", .min = 0, .max = 2, .argument = "T", .group = "Endpoint",
   .help = "sampling temperature"},
  {.name = "reasoning-effort", .kind = LQA_OPTION_TEXT, .offset = AT(reasoning_effort),
   .argument = "LEVEL", .group = "Endpoint",
   .help = "sent as reasoning_effort; not sent otherwise"},
  {.name = "ca-file", .kind = LQA_OPTION_TEXT, .offset = AT(ca_file), .argument = "FILE",
   .group = "Endpoint", .help = "certificates (PEM) to trust instead of the system's"},

  {.name = "batch-write", .kind = LQA_OPTION_TEXT, .offset = AT(batch_write), .argument = "FILE",
   .group = "Batches", .help = "write the questions as a provider's batch file; spends nothing"},
  {.name = "batch-read", .kind = LQA_OPTION_TEXT, .offset = AT(batch_read), .argument = "FILE",
   .group = "Batches", .help = "read a batch's results into the run"},
  {.name = "batch-submit", .kind = LQA_OPTION_FLAG, .offset = AT(batch_submit),
   .group = "Batches", .help = "upload the questions and start a batch (with --yes)"},
  {.name = "batch-poll", .kind = LQA_OPTION_FLAG, .offset = AT(batch_poll), .group = "Batches",
   .help = "check submitted batches and read the results of finished ones"},

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
  LQA_REREAD_OPTIONS(lqa_judge_args), LQA_COMMON_OPTIONS(lqa_judge_args)};
/* clang-format on */

const lqa_command lqa_command_judge = {
    .number = LQA_COMMAND_judge,
    .name = "judge",
    .summary = "A language model verifies the suspects; without --yes only the plan and its price",
    .description =
        "Sends the most suspicious rows, and a random sample of the others, to a model behind an\n"
        "OpenAI-compatible endpoint and stores its verdicts in the run. Key and endpoint come in\n"
        "pairs from the environment: LLM_API_KEY with LLM_BASE_URL, else OPENAI_API_KEY with\n"
        "OPENAI_BASE_URL. Paid answers are cached: asking again costs nothing.",
    .example = "labelqa judge tickets.labelqa\n"
               "labelqa judge tickets.labelqa --yes --max-cost 0.50\n"
               "LLM_BASE_URL=http://localhost:11434/v1 labelqa judge tickets.labelqa --model "
               "llama3.1 --yes",
    .args_size = sizeof(lqa_judge_args),
    .options = options,
    .positionals = {{"RUN", offsetof(lqa_judge_args, run), false, true}},
    .run = run,
};

void lqa_judge_args_init(lqa_judge_args *args) {
  lqa_command_init_args(LQA_COMMAND_judge, args);
}

lqa_status lqa_cmd_judge(const lqa_judge_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
