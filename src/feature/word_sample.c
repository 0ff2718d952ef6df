/* A sample tells whether words are a usable unit.
 *
 * Chinese, Japanese or Thai sentences come out of a splitter by spaces as two or three long "words"
 * that hardly ever recur, so a model of words has nothing to learn from. Few words alone say
 * little: search queries and intents are short in every language; hence the second condition.
 */
#include "feature/word_sample.h"

#include "base/utf8.h"
#include "feature/token.h"

enum { MAX_ROWS = 2000, MAX_WORDS = 3, LONG_WORD = 12 };

typedef struct sample {
  int64_t n_rows, few; /* rows looked at; with at most MAX_WORDS words */
  int64_t n_words, n_points, n_spaceless;
} sample;

static bool is_spaceless(uint32_t c) {
  static const uint32_t ranges[][2] = {
      {0x0E00, 0x0EFF}, /* Thai, Lao */ {0x0F00, 0x109F}, /* Tibetan, Burmese */
      {0x1780, 0x17FF}, /* Khmer */ {0x3040, 0x30FF},     /* kana */
      {0x3400, 0x4DBF}, /* Han */ {0x4E00, 0x9FFF},       {0xF900, 0xFAFF}, {0x20000, 0x3FFFF}};
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
    if (c >= ranges[i][0] && c <= ranges[i][1]) {
      return true;
    }
  }
  return false;
}

static void count_points(lqa_str text, sample *s) {
  size_t length;
  for (size_t i = 0; i < text.size; i += length) {
    uint32_t c = lqa_utf8_decode(text.data + i, text.size - i, &length);
    s->n_points += c > ' ';
    s->n_spaceless += is_spaceless(c);
  }
}

lqa_status lqa_lacks_spaces(const lqa_text_rows *rows, bool *out, lqa_error *err) {
  lqa_tokenizer tokenizer;
  sample s = {0};
  int64_t step = rows->text->n / MAX_ROWS + 1;
  lqa_status status = LQA_OK;
  *out = false;
  lqa_tokenizer_init(&tokenizer);
  for (int64_t row = 0; row < rows->text->n; row += step) {
    lqa_str text = lqa_column_get(rows->text, row);
    if (text.size == 0 || (rows->use && !rows->use[row])) {
      continue;
    }
    text.size = text.size < (1 << 16) ? text.size : (1 << 16);
    LQA_TRY_OUT(lqa_tokenizer_split(&tokenizer, text));
    count_points(text, &s);
    s.n_rows++;
    s.few += tokenizer.tokens.n <= MAX_WORDS;
    s.n_words += (int64_t)tokenizer.tokens.n;
  }
out:
  lqa_tokenizer_clear(&tokenizer);
  if (status != LQA_OK) {
    return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "looking at the text") : status;
  }
  *out = 2 * s.few > s.n_rows &&
         (2 * s.n_spaceless > s.n_points || s.n_points >= LONG_WORD * s.n_words);
  return LQA_OK;
}
