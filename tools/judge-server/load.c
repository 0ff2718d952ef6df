/* load.c - judge-load: how fast the judge layer asks, and what that costs the processor.
 *
 *     judge-load SERVER ROWS CONCURRENCY DELAY_MS [CACHE]
 *
 * Makes ROWS rows, starts SERVER (judge-server) with that delay, asks about each row once and
 * prints one line of JSON: calls, seconds, and processor seconds, for asking alone, with planning
 * and folding around it, and of the server. CACHE is where answers are kept (fsync included);
 * without it they are not.
 */
#include "base/memory.h"
#include "judge/judge.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_BYTES = 400 };

typedef struct load {
  size_t n;
  lqa_judge_item *items;
  char (*texts)[TEXT_BYTES], (*keys)[40];
  lqa_judge_class classes[4];
  char truth[64], url[64];
  pid_t server;
} load;

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int make_rows(load *l) {
  static const char *const names[] = {"World", "Sports", "Business", "Sci/Tech"};
  l->items = lqa_calloc(l->n, sizeof *l->items);
  l->texts = lqa_calloc(l->n, sizeof *l->texts);
  l->keys = lqa_calloc(l->n, sizeof *l->keys);
  strcpy(l->truth, "/tmp/judge-load-XXXXXX");
  int fd = mkstemp(l->truth);
  FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
  if (!l->items || !l->texts || !l->keys || !file) {
    return -1;
  }
  for (int c = 0; c < 4; c++) {
    l->classes[c].name = lqa_str_from(names[c]);
  }
  for (size_t i = 0; i < l->n; i++) { /* as long as a news item: 240 bytes */
    snprintf(l->texts[i], TEXT_BYTES, "Item %zu: %0230d", i, (int)i);
    snprintf(l->keys[i], sizeof l->keys[i], "hash:%032zx", i);
    l->items[i] = (lqa_judge_item){.row = (int64_t)i,
                                   .key = lqa_str_from(l->keys[i]),
                                   .text = lqa_str_from(l->texts[i]),
                                   .label = (int32_t)(i % 4),
                                   .inclusion = 1,
                                   .stratum = -1,
                                   .decided = LQA_JUDGE_NO_CLASS};
    fprintf(file, "{\"text\":\"%s\",\"label\":\"%s\"}\n", l->texts[i], names[i % 4]);
  }
  return fclose(file);
}

static int start_server(load *l, char *program, char *delay) {
  int out[2];
  if (pipe(out) != 0) {
    return -1;
  }
  l->server = fork();
  if (l->server == 0) {
    char *argv[] = {program, "--truth", l->truth, "--delay-ms", delay, NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out[1], 1);
    execv(program, argv);
    _exit(127);
  }
  close(out[1]);
  FILE *pipe_in = fdopen(out[0], "r");
  if (l->server < 0 || !pipe_in || !fgets(l->url, sizeof l->url, pipe_in)) {
    return -1;
  }
  l->url[strcspn(l->url, "\n")] = '\0';
  return fclose(pipe_in);
}

/* What the server has used, once it has ended. */
static double stop_server(const load *l) {
  struct rusage usage;
  kill(l->server, SIGTERM);
  waitpid(l->server, NULL, 0);
  getrusage(RUSAGE_CHILDREN, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static int measure(const load *l, int concurrency, const char *cache) {
  lqa_judge_options o;
  lqa_judge_plan *plan = NULL;
  lqa_judge_summary s;
  lqa_error err;
  lqa_judge_input input = {l->items, l->n, l->classes, 4};
  lqa_judge_options_init(&o);
  o.judges[0] = (lqa_judge_endpoint){l->url, "load-test", "sk-load-test-key", 0, 0};
  o.concurrency = concurrency;
  o.cache_path = cache;
  double cpu0 = seconds(CLOCK_PROCESS_CPUTIME_ID);
  lqa_status status = lqa_judge_plan_new(&input, &o, &plan, &err);
  double cpu1 = seconds(CLOCK_PROCESS_CPUTIME_ID), start = seconds(CLOCK_MONOTONIC);
  if (status == LQA_OK) {
    status = lqa_judge_ask(plan, NULL, &err);
  }
  double wall = seconds(CLOCK_MONOTONIC) - start, cpu2 = seconds(CLOCK_PROCESS_CPUTIME_ID);
  if (status != LQA_OK || lqa_judge_apply(plan, NULL, &s, &err) != LQA_OK) {
    fprintf(stderr, "judge-load: %s\n", err.message);
    return 1;
  }
  double cpu3 = seconds(CLOCK_PROCESS_CPUTIME_ID);
  printf("{\"calls\": %lld, \"yes\": %lld, \"seconds\": %.4f, \"cpu_asking\": %.4f, \"cpu_all\": "
         "%.4f, \"cpu_server\": %.4f}\n",
         (long long)s.calls, (long long)s.yes, wall, cpu2 - cpu1, cpu3 - cpu0, stop_server(l));
  lqa_judge_plan_free(plan);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: judge-load SERVER ROWS CONCURRENCY DELAY_MS [CACHE]\n");
    return 2;
  }
  load l = {.n = (size_t)atol(argv[2])};
  if (make_rows(&l) != 0 || start_server(&l, argv[1], argv[4]) != 0) {
    perror("judge-load");
    return 4;
  }
  int rc = measure(&l, atoi(argv[3]), argc > 5 ? argv[5] : NULL);
  if (rc != 0) {
    stop_server(&l);
  }
  unlink(l.truth);
  free(l.items);
  free(l.texts);
  free(l.keys);
  return rc;
}
