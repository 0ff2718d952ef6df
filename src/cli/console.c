/* One line of progress, rewritten in place on a terminal and absent elsewhere; remarks as lines of
 * their own. SIGINT, SIGTERM and SIGHUP are counted in a number that the library polls: 1 means end
 * soon and keep what was done, 2 means wait for nothing; a third one ends the process.
 */
#include "cli/console.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static volatile int cancelled;
static bool on_terminal;
static bool line_shown;
static char last_line[128];
static struct timespec last_time;

static void on_signal(int number) {
  cancelled = cancelled + 1;
  if (cancelled > 1) {
    signal(number, SIG_DFL);
  }
}

static void clear_line(void) {
  if (line_shown) {
    fputs("\r\x1b[K", stderr);
    line_shown = false;
  }
}

/* At most ten updates a second, and one for every new stage. */
static bool is_due(const char *stage) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  double elapsed =
      (double)(now.tv_sec - last_time.tv_sec) + 1e-9 * (double)(now.tv_nsec - last_time.tv_nsec);
  if (elapsed < 0.1 && strncmp(stage, last_line, strlen(stage)) == 0) {
    return false;
  }
  last_time = now;
  return true;
}

static void show_progress(void *data, const char *stage, double fraction) {
  (void)data;
  if (!on_terminal || !is_due(stage)) {
    return;
  }
  if (fraction < 0) {
    snprintf(last_line, sizeof last_line, "%s ...", stage);
  } else {
    snprintf(last_line, sizeof last_line, "%s %3.0f %%", stage, 100 * fraction);
  }
  fprintf(stderr, "\r\x1b[K%s", last_line);
  line_shown = true;
}

static void show_message(void *data, lqa_message_level level, const char *text) {
  (void)data;
  char shown[2 * sizeof((lqa_error *)0)->message];
  lqa_message_render(text, LQA_AS_FLAGS, shown, sizeof shown);
  clear_line();
  fprintf(stderr, "%s%s\n", level == LQA_MESSAGE_WARN ? "warning: " : "", shown);
}

int console_width(void) {
  struct winsize size;
  if (isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) {
    return size.ws_col;
  }
  return 100;
}

void console_begin(lqa_call *call) {
  static lqa_observer observer;
  observer = (lqa_observer){.cancelled = &cancelled};
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct sigaction hangup;
  if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) { /* not under nohup */
    sigaction(SIGHUP, &action, NULL);
  }
  on_terminal = isatty(2) != 0;
  if (!lqa_call_is_quiet(call)) {
    observer.progress = show_progress;
    observer.message = show_message;
  }
  lqa_call_set_observer(call, &observer);
  if (isatty(1)) {
    lqa_call_set_width(call, console_width());
  }
}

void console_end(void) {
  clear_line();
}
