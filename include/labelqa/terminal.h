/* labelqa/terminal.h - a plain terminal, as a front end lends it: the library itself never prints.
 */
#ifndef LABELQA_TERMINAL_H
#define LABELQA_TERMINAL_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lqa_terminal {
  /* Its present size, in characters; at least 20 and 10 are worked with. */
  void (*size)(void *data, int *columns, int *lines);
  /* Clears the screen and shows `text`: UTF-8 lines that end in "\n", without control characters.
   */
  void (*show)(void *data, const char *text);
  /* Waits for a key: a byte of UTF-8; 0 for a key that is no character; -1 at the end. */
  int (*read_key)(void *data);
  void *data; /* handed to the callbacks */
} lqa_terminal;

#ifdef __cplusplus
}
#endif
#endif
