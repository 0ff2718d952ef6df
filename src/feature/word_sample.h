/* feature/word_sample.h - do texts separate words by spaces?
 */
#ifndef LQA_FEATURE_WORD_SAMPLE_H
#define LQA_FEATURE_WORD_SAMPLE_H

#include "feature/symbols.h"

/* True if words cannot be told by spaces: the median row in use has at most 3 words, and most code
 * points belong to scripts without spaces (Han, kana, Thai, Lao, Khmer, Burmese, Tibetan) or a word
 * has 12 code points and more on average. Looks at up to 2,000 rows, evenly spread, so the answer
 * depends on the data alone. */
LQA_MUST_CHECK lqa_status lqa_lacks_spaces(const lqa_text_rows *rows, bool *out, lqa_error *err);

#endif
