/* feature/token.h - text to words, exactly as scikit-learn's text vectorizers do by default.
 *
 * A text is lower-cased (Python's str.lower), then every maximal run of two or more word characters
 * (Python's \w) is a token: re.findall(r"(?u)\b\w\w+\b", text.lower()).
 *
 *     lqa_tokenizer t;
 *     lqa_tokenizer_init(&t);
 *     LQA_TRY_OUT(lqa_tokenizer_split(&t, text));
 *     for (size_t i = 0; i < t.tokens.n; i++) use(lqa_tokenizer_get(&t, i));
 *     lqa_tokenizer_clear(&t);
 */
#ifndef LQA_FEATURE_TOKEN_H
#define LQA_FEATURE_TOKEN_H

#include "base/str.h"
#include "base/vec.h"

typedef struct lqa_token {
  uint32_t start, size; /* bytes within lqa_tokenizer.lower */
} lqa_token;

enum { LQA_TOKEN_PADDING = 64 }; /* bytes after the lower-cased text that may be read */

/* Scratch that is reused from text to text; one thread at a time. */
typedef struct lqa_tokenizer {
  LQA_VEC(char) lower; /* the lower-cased text, then LQA_TOKEN_PADDING bytes */
  LQA_VEC(lqa_token) tokens;
} lqa_tokenizer;

void lqa_tokenizer_init(lqa_tokenizer *tokenizer);
void lqa_tokenizer_clear(lqa_tokenizer *tokenizer);

/* Fills tokenizer->tokens with the words of `text` in order; valid until the next call. Invalid
 * UTF-8 separates words. Errors: LQA_NO_MEMORY, LQA_BAD_DATA for a text of 4 GB or more. */
LQA_MUST_CHECK lqa_status lqa_tokenizer_split(lqa_tokenizer *tokenizer, lqa_str text);

/* As lqa_tokenizer_split, but the tokens are the parts between white space (Python's str.split). */
LQA_MUST_CHECK lqa_status lqa_tokenizer_split_space(lqa_tokenizer *tokenizer, lqa_str text);

static inline lqa_str lqa_tokenizer_get(const lqa_tokenizer *tokenizer, size_t i) {
  lqa_token token = tokenizer->tokens.data[i];
  return (lqa_str){tokenizer->lower.data + token.start, token.size};
}

#endif
