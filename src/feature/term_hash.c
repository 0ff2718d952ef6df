/* Symbols are hashed once; an n-gram's hash follows from its symbols' by multiply and mix. */
#include "feature/term_hash.h"

#include "base/hash.h"
#include "base/utf8.h"

static inline uint64_t mix(uint64_t x) {
  x = (x ^ x >> 32) * 0xD6E8FEB86659FD93u;
  return x ^ x >> 32;
}

/* Never 0, which marks a break. */
static inline uint64_t symbol_hash(const char *data, size_t size) {
  return lqa_hash64(data, size, 0) | 1;
}

void lqa_term_hasher_init(lqa_term_hasher *hasher) {
  *hasher = (lqa_term_hasher){0};
  lqa_tokenizer_init(&hasher->tokenizer);
}

void lqa_term_hasher_clear(lqa_term_hasher *hasher) {
  lqa_tokenizer_clear(&hasher->tokenizer);
  lqa_vec_clear(&hasher->symbols);
  lqa_vec_clear(&hasher->terms);
}

static lqa_status read_words(lqa_term_hasher *h, lqa_str text) {
  LQA_TRY(lqa_tokenizer_split(&h->tokenizer, text));
  size_t n = h->tokenizer.tokens.n;
  LQA_TRY(lqa_vec_reserve(&h->symbols, n));
  for (size_t i = 0; i < n; i++) {
    lqa_str word = lqa_tokenizer_get(&h->tokenizer, i);
    h->symbols.data[i] = symbol_hash(word.data, word.size);
  }
  h->symbols.n = n;
  return LQA_OK;
}

static lqa_status read_characters(lqa_term_hasher *h, lqa_str text) {
  LQA_TRY(lqa_tokenizer_split_space(&h->tokenizer, text));
  size_t n = h->tokenizer.tokens.n;
  LQA_TRY(lqa_vec_reserve(&h->symbols, h->tokenizer.lower.n + 3 * n));
  uint64_t *to = h->symbols.data, space = symbol_hash(" ", 1);
  for (size_t i = 0; i < n; i++) {
    lqa_str word = lqa_tokenizer_get(&h->tokenizer, i);
    *to++ = space;
    for (size_t at = 0, length; at < word.size; at += length) {
      lqa_utf8_decode(word.data + at, word.size - at, &length);
      *to++ = symbol_hash(word.data + at, length);
    }
    *to++ = space;
    *to++ = 0;
  }
  h->symbols.n = (size_t)(to - h->symbols.data);
  return LQA_OK;
}

lqa_status lqa_term_hasher_read(lqa_term_hasher *h, const lqa_tfidf_options *options,
                                lqa_str text) {
  size_t lo = (size_t)options->ngram_lo, hi = (size_t)options->ngram_hi;
  h->symbols.n = h->terms.n = 0;
  if (text.size == 0) {
    return LQA_OK;
  }
  LQA_TRY(options->kind == LQA_TERMS_CHARACTERS ? read_characters(h, text) : read_words(h, text));
  size_t n = h->symbols.n;
  LQA_TRY(lqa_vec_reserve(&h->terms, n * (hi - lo + 1)));
  for (size_t i = 0; i < n; i++) {
    uint64_t term = 0;
    for (size_t k = 0; k < hi && i + k < n && h->symbols.data[i + k] != 0; k++) {
      term = mix(term * 0x9E3779B97F4A7C15u + h->symbols.data[i + k]);
      if (k + 1 >= lo) {
        h->terms.data[h->terms.n++] = term;
      }
    }
  }
  return LQA_OK;
}
