/* trust/reasons.h - why a row has its score, in short sentences made when they are needed.
 *
 * Nothing is stored per row: 5 million rows of sentences would outweigh the data.
 */
#ifndef LQA_TRUST_REASONS_H
#define LQA_TRUST_REASONS_H

#include "base/buf.h"
#include "trust/evidence.h"

enum { LQA_REASONS_MAX = 80 };

typedef struct lqa_reasons {
  const lqa_evidence *evidence; /* borrowed */
  const lqa_str *classes;       /* borrowed, n_classes names */
  bool losses_from_logs; /* else the loss repeats the self-confidence and is not worth a word */
  lqa_buf text;          /* scratch */
  size_t ends[LQA_REASONS_MAX];
  lqa_str list[LQA_REASONS_MAX];
} lqa_reasons;

void lqa_reasons_init(lqa_reasons *reasons, const lqa_evidence *evidence, const lqa_str *classes,
                      bool losses_from_logs);
void lqa_reasons_clear(lqa_reasons *reasons);
/* The sentences for `row`, strongest evidence first; returns how many. They stay valid until the
 * next call. A row without a blemish has none. */
size_t lqa_reasons_get(lqa_reasons *reasons, int64_t row, const lqa_str **list);

#endif
