/* A table of rows with known true labels, a judge-server that knows them, and what a run of the
 * judge layer against it comes to. Included by the test_judge_*.c files. */
#ifndef JUDGE_FIXTURE_H
#define JUDGE_FIXTURE_H

#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"
#include "judge/judge.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define CANARY_KEY "sk-canary-7f3a9c1e55d2b8"

enum { FIXTURE_CLASSES = 4 };

typedef struct fixture {
  char folder[64], truth[128], log[128], cache[128];
  size_t n;
  lqa_judge_item *items;
  char (*texts)[96], (*keys)[24];
  int32_t *truths;
  lqa_judge_class classes[FIXTURE_CLASSES];
  lqa_judge_input input;
  lqa_judge_options options;
  char base_url[64];
  pid_t server;
} fixture;

/* n rows; every tenth has a wrong label. */
static inline void fixture_open(fixture *f, size_t n) {
  static const char *const names[FIXTURE_CLASSES] = {"World", "Sports", "Business", "Sci/Tech"};
  *f = (fixture){.n = n};
  /* In memory where there is such a place: the tests are about answers, not about disks. */
  strcpy(f->folder, lqa_path_is_folder("/dev/shm") ? "/dev/shm/labelqa-judge-XXXXXX"
                                                   : "/tmp/labelqa-judge-XXXXXX");
  assert_non_null(mkdtemp(f->folder));
  snprintf(f->truth, sizeof f->truth, "%s/truth.jsonl", f->folder);
  snprintf(f->log, sizeof f->log, "%s/calls.jsonl", f->folder);
  snprintf(f->cache, sizeof f->cache, "%s/cache/judge.db", f->folder);
  f->items = lqa_calloc(n, sizeof *f->items);
  f->texts = lqa_calloc(n, sizeof *f->texts);
  f->keys = lqa_calloc(n, sizeof *f->keys);
  f->truths = lqa_calloc(n, sizeof *f->truths);
  for (int i = 0; i < FIXTURE_CLASSES; i++) {
    f->classes[i].name = lqa_str_from(names[i]);
  }
  FILE *file = fopen(f->truth, "w");
  assert_non_null(file);
  for (size_t i = 0; i < n; i++) {
    f->truths[i] = (int32_t)(i % FIXTURE_CLASSES);
    snprintf(f->texts[i], sizeof f->texts[i], "Story %zu of the day, told in some words.", i);
    snprintf(f->keys[i], sizeof f->keys[i], "key-%zu", i);
    f->items[i] = (lqa_judge_item){
        .row = (int64_t)i,
        .key = lqa_str_from(f->keys[i]),
        .text = lqa_str_from(f->texts[i]),
        .label = (f->truths[i] + (i % 10 == 0)) % FIXTURE_CLASSES,
        .kind = i % 5 == 0 ? LQA_JUDGE_SUSPICIOUS : LQA_JUDGE_RANDOM,
        .inclusion = 1,
        .stratum = -1,
        .is_flagged = i % 5 == 0,
        .decided = LQA_JUDGE_NO_CLASS,
    };
    fprintf(file, "{\"text\":\"%s\",\"label\":\"%s\"}\n", f->texts[i], names[f->truths[i]]);
  }
  fclose(file);
  f->input = (lqa_judge_input){f->items, n, f->classes, FIXTURE_CLASSES};
  lqa_judge_options_init(&f->options);
  f->options.judges[0] = (lqa_judge_endpoint){
      .model = "gpt-test", .key = CANARY_KEY, .price_in = 0.15, .price_out = 0.6};
  f->options.cache_path = f->cache;
  f->options.backoff_seconds = 0.005;
  f->options.concurrency = 16;
  f->options.timeout_seconds = 60; /* tests of time-outs set their own; machines can be slow */
  f->options.max_calls = 100000;
  f->options.max_unknown = 1;
  f->options.max_body_bytes = (size_t)1 << 18;
}

/* Starts the server; `arguments` end with NULL. */
static inline void fixture_serve(fixture *f, const char *const *arguments) {
  int out[2];
  assert_int_equal(pipe(out), 0);
  f->server = fork();
  assert_true(f->server >= 0);
  if (f->server == 0) {
    const char *argv[32] = {JUDGE_SERVER, "--truth", f->truth, "--log", f->log};
    size_t n = 5;
    while (arguments && *arguments && n < 31) {
      argv[n++] = *arguments++;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out[1], 1);
    execv(JUDGE_SERVER, (char *const *)argv);
    _exit(127);
  }
  close(out[1]);
  FILE *pipe_in = fdopen(out[0], "r");
  assert_non_null(fgets(f->base_url, sizeof f->base_url, pipe_in));
  f->base_url[strcspn(f->base_url, "\n")] = '\0';
  fclose(pipe_in);
  f->options.judges[0].base_url = f->base_url;
}

static inline void fixture_stop(fixture *f) {
  if (f->server > 0) {
    kill(f->server, SIGTERM);
    waitpid(f->server, NULL, 0);
    f->server = 0;
  }
}

static inline void fixture_close(fixture *f) {
  fixture_stop(f);
  free(f->items);
  free(f->texts);
  free(f->keys);
  free(f->truths);
  assert_int_equal(lqa_folder_remove(f->folder, NULL), LQA_OK);
}

/* What the sink heard. */
typedef struct heard {
  const fixture *fixture;
  int64_t right, unknown, wrong, answers, cached;
  lqa_verdict *verdicts; /* by row; NONE = not told */
} heard;

static inline lqa_status hear_row(void *data, const lqa_judge_row *row, lqa_error *err) {
  (void)err;
  heard *h = data;
  const fixture *f = h->fixture;
  bool is_good = f->items[row->index].label == f->truths[row->index];
  bool right = is_good ? row->verdict == LQA_VERDICT_YES
                       : row->verdict == LQA_VERDICT_NO && row->corrected == f->truths[row->index];
  h->unknown += row->verdict == LQA_VERDICT_UNKNOWN;
  h->right += right;
  h->wrong += !right && row->verdict != LQA_VERDICT_UNKNOWN;
  if (h->verdicts) {
    h->verdicts[row->index] = row->verdict;
  }
  return LQA_OK;
}

static inline lqa_status hear_answer(void *data, const lqa_judge_answer *answer, lqa_error *err) {
  (void)err;
  heard *h = data;
  h->answers++;
  h->cached += answer->cached;
  assert_null(memmem(answer->raw.data, answer->raw.size, CANARY_KEY, strlen(CANARY_KEY)));
  return LQA_OK;
}

/* Plan, ask, fold. Returns what asking came to. */
static inline lqa_status fixture_run(fixture *f, heard *h, lqa_judge_summary *summary,
                                     lqa_error *err) {
  lqa_judge_plan *plan = NULL;
  lqa_error_clear(err);
  *h = (heard){.fixture = f, .verdicts = h->verdicts};
  lqa_status status = lqa_judge_plan_new(&f->input, &f->options, &plan, err);
  if (status != LQA_OK) {
    return status;
  }
  lqa_status asked = lqa_judge_ask(plan, NULL, err);
  lqa_judge_sink sink = {h, hear_answer, hear_row};
  lqa_error fold_error;
  assert_int_equal(lqa_judge_apply(plan, &sink, summary, &fold_error), LQA_OK);
  lqa_judge_plan_free(plan);
  return asked;
}

/* What the server wrote down. */
typedef struct bill {
  int64_t calls, paid, tokens_in, tokens_out;
} bill;

static inline bill fixture_bill(const fixture *f) {
  bill b = {0};
  FILE *file = fopen(f->log, "r");
  char line[1024];
  while (file && fgets(line, sizeof line, file)) {
    long long in = 0, out = 0;
    const char *tokens = strstr(line, "\"tokens_in\":");
    assert_non_null(tokens);
    assert_int_equal(sscanf(tokens, "\"tokens_in\":%lld,\"tokens_out\":%lld", &in, &out), 2);
    b.calls++;
    if (strstr(line, "\"paid\":true")) {
      b.paid++;
      b.tokens_in += in;
      b.tokens_out += out;
    }
  }
  if (file) {
    fclose(file);
  }
  return b;
}

static inline double bill_usd(const fixture *f, bill b) {
  return ((double)b.tokens_in * f->options.judges[0].price_in +
          (double)b.tokens_out * f->options.judges[0].price_out) /
         1e6;
}

#endif
