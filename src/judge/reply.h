/* judge/reply.h - the grammar of answers (docs/design/judge.md): a pure function from text to
 * verdict.
 *
 * Strict on purpose: a verdict moves a label, so whatever is not exactly in the grammar is UNKNOWN
 * and goes to people. Hostile row text can at most make a model write something odd, which is
 * UNKNOWN too.
 */
#ifndef LQA_JUDGE_REPLY_H
#define LQA_JUDGE_REPLY_H

#include "judge/label_book.h"

typedef struct lqa_reply {
  lqa_verdict verdict; /* YES, NO or UNKNOWN */
  int32_t corrected;   /* class, only with NO */
  const char *why;     /* static; "" unless UNKNOWN */
} lqa_reply;

/* How the answer ended, as far as it matters here. */
typedef enum lqa_reply_end {
  LQA_REPLY_COMPLETE,
  LQA_REPLY_TRUNCATED,
  LQA_REPLY_REFUSED
} lqa_reply_end;

/* `given` is the row's label, LQA_JUDGE_NO_CLASS allowed in the blind protocol only. */
lqa_reply lqa_reply_parse(lqa_judge_protocol protocol, lqa_str content, lqa_reply_end end,
                          const lqa_label_book *book, int32_t given);

#endif
