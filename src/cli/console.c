/* One line of progress, rewritten in place on a terminal and absent elsewhere; remarks as lines of
 * their own. SIGINT, SIGTERM and SIGHUP are counted in a number that the library polls: 1 means end
 * soon and keep what was done, 2 means wait for nothing; a third one ends the process.
 */
#include "cli/console.h"
#include "cli/keyboard.h"

#include "base/printable.h"
#include "base/text_wrap.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TEXT = 256 << 20 };

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
  lqa_printable_clean(last_line, strlen(last_line));
  fprintf(stderr, "\r\x1b[K%s", last_line);
  line_shown = true;
}

static int columns_of(int descriptor) {
  struct winsize size;
  bool known = isatty(descriptor) && ioctl(descriptor, TIOCGWINSZ, &size) == 0;
  return known && size.ws_col >= 40 ? size.ws_col : 0;
}

/* https://no-color.org: set and not empty means none, whatever the terminal can do. */
static bool wants_color(void) {
  const char *never = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return isatty(1) && !(never && *never) && terminal && strcmp(terminal, "dumb") != 0;
}

/* The colour of a line that begins with a finding's severity, NULL for any other line. */
static const char *color_of(lqa_str line) {
  static const struct {
    const char *word, *color;
  } SEVERITIES[] = {{"  error ", "31"}, {"  warn ", "33"}, {"  info ", "36"}};
  for (size_t i = 0; i < sizeof SEVERITIES / sizeof *SEVERITIES; i++) {
    if (lqa_str_starts_with(line, lqa_str_from(SEVERITIES[i].word))) {
      return SEVERITIES[i].color;
    }
  }
  return NULL;
}

static void write_line(FILE *file, lqa_str line, bool colored) {
  const char *color = colored ? color_of(line) : NULL;
  size_t word = color ? 7 : 0;
  if (color) {
    fprintf(file, "\x1b[%sm%.*s\x1b[0m", color, (int)word, line.data);
  }
  fwrite(line.data + word, 1, line.size - word, file);
}

static void write_lines(FILE *file, lqa_str text) {
  bool colored = file == stdout && wants_color();
  while (text.size > 0) {
    const char *end = memchr(text.data, '\n', text.size);
    size_t size = end ? (size_t)(end - text.data) + 1 : text.size;
    write_line(file, (lqa_str){text.data, size}, colored);
    text = (lqa_str){text.data + size, text.size - size};
  }
}

/* What cannot be cleaned for lack of memory is not shown. */
bool console_print(FILE *file, const char *text) {
  int columns = columns_of(fileno(file));
  lqa_buf shown;
  lqa_buf_init(&shown, MAX_TEXT);
  if (columns > 0) {
    lqa_text_wrap(lqa_str_from(text), columns, &shown);
  } else {
    lqa_buf_add_text(&shown, text);
  }
  bool done = !shown.failed;
  if (done) {
    lqa_printable_clean(shown.data, shown.size);
    write_lines(file, lqa_buf_str(&shown));
  } else {
    fputs("labelqa: out of memory while writing the result\n", stderr);
  }
  lqa_buf_clear(&shown);
  return done;
}

void console_say(const char *before, const char *text) {
  lqa_buf line;
  lqa_buf_init(&line, MAX_TEXT);
  lqa_buf_printf(&line, "%s%s\n", before, text);
  if (line.failed) {
    fprintf(stderr, "%s%s\n", before, text);
  } else {
    (void)console_print(stderr, line.data);
  }
  lqa_buf_clear(&line);
}

static void show_message(void *data, lqa_message_level level, const char *text) {
  (void)data;
  char shown[2 * sizeof((lqa_error *)0)->message];
  lqa_message_render(text, LQA_AS_FLAGS, shown, sizeof shown);
  clear_line();
  console_say(level == LQA_MESSAGE_WARN ? "warning: " : "", shown);
}

/* By the desktop's own program, without a shell; that there is none is no failure. */
static void open_in_browser(const char *address) {
  pid_t child = fork();
  if (child == 0) {
    if (fork() == 0) {
      execlp("xdg-open", "xdg-open", address, (char *)NULL);
      _exit(127);
    }
    _exit(0);
  }
  if (child > 0) {
    waitpid(child, NULL, 0);
  }
}

/* The one line that scripts read: it must be out before the command goes on. */
static void show_address(void *data, const char *address, int open) {
  (void)data;
  clear_line();
  printf("%s\n", address);
  fflush(stdout);
  if (open) {
    open_in_browser(address);
  }
}

int console_width(void) {
  int columns = columns_of(1);
  return columns > 0 ? columns : 100;
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
  lqa_call_set_listening(call, show_address, NULL);
  lqa_call_set_terminal(call, keyboard_get(&cancelled));
  lqa_call_set_option_style(call, LQA_AS_FLAGS);
  if (isatty(1)) {
    lqa_call_set_width(call, console_width());
  }
}

void console_end(void) {
  keyboard_end();
  clear_line();
}
