/* judge/judge_verdict.c - a verdict to its text and back.
 *
 * The texts are exact: run.db and rows.parquet hold nothing else. What a model may write for them
 * (yes, Yes.) is the reply grammar's business (judge/reply.c).
 */
#include "judge/judge_verdict.h"

static const char *const NAMES[LQA_VERDICT_COUNT] = {NULL, "YES", "NO", "UNKNOWN"};

const char *lqa_verdict_name(lqa_verdict verdict) {
  return NAMES[verdict];
}

bool lqa_verdict_parse(lqa_str name, lqa_verdict *verdict) {
  int found = lqa_str_is_null(name) ? LQA_VERDICT_NONE : -1;
  for (int i = LQA_VERDICT_YES; found < 0 && i < LQA_VERDICT_COUNT; i++) {
    found = lqa_str_equal(name, lqa_str_from(NAMES[i])) ? i : -1;
  }
  if (found >= 0) {
    *verdict = (lqa_verdict)found;
  }
  return found >= 0;
}
