/* cli/console.h - the terminal: progress line, remarks, signals. */
#ifndef LQA_CLI_CONSOLE_H
#define LQA_CLI_CONSOLE_H

#include "labelqa/labelqa.h"

#include <stdbool.h>
#include <stdio.h>

/* Columns of the terminal on standard output, 100 where there is none. */
int console_width(void);
/* Prints `text`, wrapped where `file` is a terminal. False, with a message, when out of memory. */
bool console_print(FILE *file, const char *text);
/* A line on standard error, wrapped like that. */
void console_say(const char *before, const char *text);
/* Installs signal handlers and gives `call` an observer that writes to standard error. */
void console_begin(lqa_call *call);
/* Clears the progress line. */
void console_end(void);

#endif
