/* judge/judge_verdict.h - what a judge, or two of them together, say of a row's label, and its one
 * text: in answers, in run.db, in rows.parquet and in reports. */
#ifndef LQA_JUDGE_JUDGE_VERDICT_H
#define LQA_JUDGE_JUDGE_VERDICT_H

#include "base/str.h"

typedef enum lqa_verdict {
  LQA_VERDICT_NONE, /* no judge saw the row */
  LQA_VERDICT_YES,  /* the label fits */
  LQA_VERDICT_NO,   /* another class fits better */
  LQA_VERDICT_UNKNOWN,
  LQA_VERDICT_COUNT
} lqa_verdict;

/* "YES", "NO", "UNKNOWN"; NULL for NONE. Static. */
const char *lqa_verdict_name(lqa_verdict verdict);
/* The other way round; NULL data is LQA_VERDICT_NONE. False for any other text. */
bool lqa_verdict_parse(lqa_str name, lqa_verdict *verdict);

#endif
