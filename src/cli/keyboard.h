/* cli/keyboard.h - the terminal for commands that talk with the user key by key. */
#ifndef LQA_CLI_KEYBOARD_H
#define LQA_CLI_KEYBOARD_H

#include "labelqa/labelqa.h"

/* NULL where standard input or output is no terminal. It becomes raw with the first key that is
 * asked for, and is put right by keyboard_end or when the process exits. */
const lqa_terminal *keyboard_get(const volatile int *cancelled);
void keyboard_end(void);

#endif
