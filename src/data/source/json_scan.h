/* data/source/json_scan.h - one JSON value at a time, out of bytes that may end in the middle.
 *
 * Nothing is changed while scanning: where the bytes end within a value, the caller refills its
 * window and scans again from the value's first byte. Escapes are only noted; lqa_json_unescape
 * undoes them once a value is complete. */
#ifndef LQA_DATA_SOURCE_JSON_SCAN_H
#define LQA_DATA_SOURCE_JSON_SCAN_H

#include "base/str.h"

typedef enum lqa_json_outcome {
  LQA_JSON_FOUND,
  LQA_JSON_INCOMPLETE, /* the bytes end within the value, and more may come */
  LQA_JSON_INVALID,
  LQA_JSON_TOO_LONG,
  LQA_JSON_NO_MEMORY
} lqa_json_outcome;

typedef struct lqa_json_cursor {
  const char *p, *end;
  bool at_end;          /* no more bytes will come behind `end` */
  const char *expected; /* LQA_JSON_INVALID: what should have stood at p; static */
} lqa_json_cursor;

static inline void lqa_json_skip_space(lqa_json_cursor *c) {
  while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\r' || *c->p == '\t')) {
    c->p++;
  }
}

/* LQA_JSON_INVALID, with what should have stood here. */
lqa_json_outcome lqa_json_expect(lqa_json_cursor *c, const char *expected);
/* Out of bytes: more may come, or the text ends within something. */
lqa_json_outcome lqa_json_run_dry(lqa_json_cursor *c);
/* A string from its opening quote; `body` is what lies between the quotes, escapes and all. */
lqa_json_outcome lqa_json_scan_string(lqa_json_cursor *c, lqa_str *body, bool *has_escapes);
/* Any value, after white space: a string's body, null and NaN as {NULL, 0}, everything else as it
 * is written. *has_escapes only for strings. */
lqa_json_outcome lqa_json_scan_value(lqa_json_cursor *c, lqa_str *value, bool *has_escapes);
/* Undoes escapes in place (the result is never longer); they are known to be valid. */
void lqa_json_unescape(lqa_str *text);

#endif
