/* Keys without Enter and without echo. Signals stay on, so Ctrl-C ends the command as elsewhere;
 * only suspending is off, since the shell would be left with a raw terminal.
 */
#include "cli/keyboard.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { ESCAPE = 27, SEQUENCE_MS = 30, WAIT_MS = 100 };

static struct termios before;
static bool is_raw;
static const volatile int *stopped;

void keyboard_end(void) {
  if (is_raw) {
    tcsetattr(0, TCSAFLUSH, &before);
    is_raw = false;
  }
}

static void make_raw(void) {
  static bool is_registered;
  struct termios raw;
  if (is_raw || tcgetattr(0, &before) != 0) {
    return;
  }
  raw = before;
  raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  raw.c_iflag &= ~(tcflag_t)IXON;
  raw.c_cc[VSUSP] = _POSIX_VDISABLE;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  if (!is_registered) {
    is_registered = atexit(keyboard_end) == 0;
  }
  is_raw = tcsetattr(0, TCSADRAIN, &raw) == 0;
}

static void find_size(void *data, int *columns, int *lines) {
  (void)data;
  struct winsize size;
  bool known = ioctl(1, TIOCGWINSZ, &size) == 0;
  *columns = known && size.ws_col >= 20 ? size.ws_col : 80;
  *lines = known && size.ws_row >= 10 ? size.ws_row : 24;
}

static void show(void *data, const char *text) {
  (void)data;
  make_raw(); /* what is typed from now on is not echoed into the picture */
  const char *kind = getenv("TERM");
  fputs(!kind || strcmp(kind, "dumb") == 0 ? "\n" : "\x1b[H\x1b[2J", stdout);
  fputs(text, stdout);
  fflush(stdout);
}

static bool has_input(int milliseconds) {
  struct pollfd in = {.fd = 0, .events = POLLIN};
  return poll(&in, 1, milliseconds) > 0;
}

/* -1 at the end of input, or when the command is to stop. */
static int read_byte(void) {
  unsigned char byte;
  while (!*stopped) {
    if (!has_input(WAIT_MS)) {
      continue;
    }
    ssize_t n = read(0, &byte, 1);
    if (n == 1) {
      return byte;
    }
    if (n == 0 || errno != EINTR) {
      return -1;
    }
  }
  return -1;
}

/* Arrows and function keys send Escape, '[' or 'O', and more up to a letter or '~'. */
static int read_key(void *data) {
  (void)data;
  make_raw();
  int key = read_byte();
  if (key != ESCAPE || !has_input(SEQUENCE_MS)) {
    return key;
  }
  int next = read_byte();
  while (next >= 0 && (next < '@' || next > '~' || next == '[' || next == 'O')) {
    next = read_byte();
  }
  return next < 0 ? -1 : 0;
}

const lqa_terminal *keyboard_get(const volatile int *cancelled) {
  static const lqa_terminal terminal = {find_size, show, read_key, NULL};
  stopped = cancelled;
  return isatty(0) && isatty(1) ? &terminal : NULL;
}
