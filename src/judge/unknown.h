/* judge/unknown.h - answers that are no verdict: when there are too many, and why that may be. */
#ifndef LQA_JUDGE_UNKNOWN_H
#define LQA_JUDGE_UNKNOWN_H

#include "base/str.h"
#include "base/utf8.h"

enum { LQA_UNKNOWN_EXAMPLES = 3, LQA_UNKNOWN_REASONS = 12 };

typedef struct lqa_unknown_example {
  int64_t row;
  const char *why; /* static */
  char text[200];  /* the start of the reply, on one line */
} lqa_unknown_example;

typedef struct lqa_unknown_notes {
  lqa_unknown_example examples[LQA_UNKNOWN_EXAMPLES];
  int n_examples;
  struct {
    const char *why;
    int64_t n;
  } reasons[LQA_UNKNOWN_REASONS];
  int n_reasons;
} lqa_unknown_notes;

/* Whether more than the share `most` of at least ten answers is UNKNOWN. */
bool lqa_unknown_is_too_much(int64_t n_unknown, int64_t n_answers, double most);
/* What probably causes UNKNOWN of this reason (lqa_reply), and what to do. Static. */
const char *lqa_unknown_advice(const char *why);
/* Takes note of one answer. */
void lqa_unknown_note(lqa_unknown_notes *notes, int64_t row, const char *why, lqa_str raw);
/* The most frequent reason, "" if there is none. */
const char *lqa_unknown_reason(const lqa_unknown_notes *notes);

#endif
