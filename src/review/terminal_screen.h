/* review/terminal_screen.h - a row of the queue as lines of text. */
#ifndef LQA_REVIEW_TERMINAL_SCREEN_H
#define LQA_REVIEW_TERMINAL_SCREEN_H

#include "review/review.h"
#include "trust/reasons.h"

typedef struct lqa_row_screen {
  lqa_review *review; /* borrowed */
  lqa_reasons reasons;
  lqa_buf text; /* what was made last, whole lines */
  lqa_buf content, wrapped, foot;
  int columns, lines;
} lqa_row_screen;

/* Of which row, and what stands around it. */
typedef struct lqa_row_screen_state {
  int64_t row;
  int64_t from_line; /* of its content, which may be longer than the screen */
  int64_t decided;   /* in this session ... */
  double minutes;    /* ... and how long it has lasted */
  lqa_str note;      /* to go with the next decision */
  const char *said;  /* one line about what was just done */
} lqa_row_screen_state;

void lqa_row_screen_init(lqa_row_screen *screen, lqa_review *review);
void lqa_row_screen_clear(lqa_row_screen *screen);

/* Makes `text`. Returns in *has_more whether content is left below. LQA_NO_MEMORY; what reading the
 * content fails with. */
LQA_MUST_CHECK lqa_status lqa_row_screen_show(lqa_row_screen *screen,
                                              const lqa_row_screen_state *state, bool *has_more,
                                              lqa_error *err);
/* The classes that hold `typed`, letters A to Z in either case, as many as there is room for, with
 * numbers from 1; the others are only counted. */
LQA_MUST_CHECK lqa_status lqa_row_screen_classes(lqa_row_screen *screen, lqa_str typed,
                                                 lqa_error *err);
/* The class with number `which` (from 0) among those, or LQA_CLASS_NONE. */
int32_t lqa_row_screen_class_at(const lqa_row_screen *screen, lqa_str typed, int which);
LQA_MUST_CHECK lqa_status lqa_row_screen_note(lqa_row_screen *screen, lqa_str note, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_row_screen_help(lqa_row_screen *screen, lqa_error *err);
/* The class that Enter takes: the suggestion, or the given label where there is none. */
int32_t lqa_row_screen_proposal(const lqa_row_screen *screen, int64_t row);

#endif
