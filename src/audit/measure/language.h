/* audit/measure/language.h - a rough guess of what a text is written in. */
#ifndef LQA_AUDIT_MEASURE_LANGUAGE_H
#define LQA_AUDIT_MEASURE_LANGUAGE_H

#include "base/buf.h"

typedef enum lqa_language {
  LQA_LANGUAGE_NONE, /* too short, or not told apart */
  LQA_LANGUAGE_ENGLISH,
  LQA_LANGUAGE_GERMAN,
  LQA_LANGUAGE_FRENCH,
  LQA_LANGUAGE_SPANISH,
  LQA_LANGUAGE_ITALIAN,
  LQA_LANGUAGE_PORTUGUESE,
  LQA_LANGUAGE_DUTCH,
  LQA_LANGUAGE_SWEDISH,
  LQA_LANGUAGE_POLISH,
  LQA_LANGUAGE_TURKISH,
  LQA_LANGUAGE_CYRILLIC,
  LQA_LANGUAGE_GREEK,
  LQA_LANGUAGE_ARABIC,
  LQA_LANGUAGE_HEBREW,
  LQA_LANGUAGE_DEVANAGARI,
  LQA_LANGUAGE_THAI,
  LQA_LANGUAGE_KOREAN,
  LQA_LANGUAGE_CHINESE_JAPANESE,
  LQA_LANGUAGE_COUNT
} lqa_language;

/* The word lists, ready to look up; read-only after creation, so threads may share it. */
typedef struct lqa_language_guesser lqa_language_guesser;
lqa_language_guesser *lqa_language_guesser_new(void); /* NULL when out of memory */
void lqa_language_guesser_free(lqa_language_guesser *guesser);

/* A script other than Latin if most letters are of it; else the language whose function words lead
 * clearly (three different ones or more, and twice as many as any other's). Looks at the first
 * 1,000 bytes; `scratch` is overwritten. */
lqa_language lqa_language_guess(const lqa_language_guesser *guesser, lqa_str text,
                                lqa_buf *scratch);
/* "English", "Cyrillic script"; "unknown" for NONE. */
const char *lqa_language_name(lqa_language language);

#endif
