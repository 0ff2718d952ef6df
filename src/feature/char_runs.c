/* Words of a text that is plain ASCII, as most are, are found byte by byte and widened in one go;
 * others are decoded. Whether a hash is new in its text is a byte in a table: small enough to stay
 * near the processor, cleared once in 255 texts. A hash is always written and its place kept only
 * if it was new: a branch would often be guessed wrong.
 */
#include "feature/char_runs.h"

#include "base/memory.h"
#include "base/unicode.h"
#include "base/utf8.h"

#include <string.h>

lqa_status lqa_char_runs_init(lqa_char_runs *runs, unsigned n, unsigned hash_bits) {
  *runs = (lqa_char_runs){.n = n, .hash_bits = hash_bits};
  lqa_buf_init(&runs->lower, SIZE_MAX / 4);
  runs->stamp = lqa_calloc((size_t)1 << hash_bits, 1);
  return runs->stamp ? LQA_OK : LQA_NO_MEMORY;
}

void lqa_char_runs_clear(lqa_char_runs *runs) {
  lqa_buf_clear(&runs->lower);
  lqa_vec_clear(&runs->word);
  free(runs->stamp);
  runs->stamp = NULL;
}

/* Mixes n code points: a sum of products by odd numbers, so that the n loads do not wait for each
 * other. */
static inline uint32_t hash_run(const uint32_t *run, size_t n, unsigned bits) {
  static const uint64_t odd[LQA_MAX_RUN] = {
      0x9E3779B97F4A7C15u, 0xD6E8FEB86659FD93u, 0xCA5A826395121157u, 0x7B1C583AC9A3D2E5u,
      0xA0761D6478BD642Fu, 0xE7037ED1A0B428DBu, 0x8EBC6AF09C88C6E3u, 0x589965CC75374CC3u};
  uint64_t sum = n;
  for (size_t i = 0; i < n; i++) {
    sum += run[i] * odd[i];
  }
  return (uint32_t)(((sum ^ sum >> 32) * 0xD6E8FEB86659FD93u) >> (64 - bits));
}

/* The runs of a word of `size` code points, blanks included; returns the new end of the list. */
static inline uint32_t *add_runs(const lqa_char_runs *r, const uint32_t *word, size_t size,
                                 unsigned n, uint32_t *end) {
  uint8_t *stamp = r->stamp, now = r->now;
  unsigned bits = r->hash_bits, length = size < n ? (unsigned)size : n;
  for (size_t i = 0; i + length <= size; i++) {
    uint32_t hash = size < n ? hash_run(word, size, bits) : hash_run(word + i, n, bits);
    *end = hash;
    end += stamp[hash] != now;
    stamp[hash] = now;
  }
  return end;
}

static uint32_t *end_word(const lqa_char_runs *r, const uint32_t *word, size_t size,
                          uint32_t *end) {
  if (r->n == 4) { /* the usual length, unrolled */
    return add_runs(r, word, size, 4, end);
  }
  return add_runs(r, word, size, r->n, end);
}

/* Unicode white space, and the control characters that Python's str.split adds to it. */
static inline bool is_ascii_space(unsigned char c) {
  return c <= ' ' && (c == ' ' || (c >= '\t' && c <= '\r') || c >= 0x1C);
}

static uint32_t *add_ascii(const lqa_char_runs *r, const char *text, size_t size, uint32_t *end) {
  uint32_t *word = r->word.data;
  for (size_t at = 0; at < size; at++) {
    size_t n = 0;
    while (at + n < size && !is_ascii_space((unsigned char)text[at + n])) {
      n++;
    }
    for (size_t i = 0; i < n; i++) {
      word[1 + i] = (unsigned char)text[at + i];
    }
    word[1 + n] = ' ';
    end = n > 0 ? end_word(r, word, n + 2, end) : end;
    at += n;
  }
  return end;
}

static uint32_t *add_unicode(const lqa_char_runs *r, const char *text, size_t size, uint32_t *end) {
  uint32_t *word = r->word.data;
  size_t n = 0;
  for (size_t at = 0, length; at < size; at += length) {
    uint32_t c = lqa_utf8_decode(text + at, size - at, &length);
    if (c < 0x80 ? is_ascii_space((unsigned char)c) : lqa_unicode_is_space(c)) {
      word[1 + n] = ' ';
      end = n > 0 ? end_word(r, word, n + 2, end) : end;
      n = 0;
    } else {
      word[1 + n++] = c;
    }
  }
  word[1 + n] = ' ';
  return n > 0 ? end_word(r, word, n + 2, end) : end;
}

lqa_status lqa_char_runs_add(lqa_char_runs *r, lqa_str text, lqa_hash_list *out) {
  r->lower.size = 0;
  lqa_unicode_lower(text, &r->lower);
  size_t size = r->lower.size;
  LQA_TRY(r->lower.failed ? LQA_NO_MEMORY : LQA_OK);
  LQA_TRY(lqa_vec_reserve(&r->word, size + 2));
  LQA_TRY(lqa_vec_reserve(out, out->n + 2 * size + 2));
  if (++r->now == 0) {
    memset(r->stamp, 0, (size_t)1 << r->hash_bits);
    r->now = 1;
  }
  r->word.data[0] = ' ';
  bool is_ascii = lqa_utf8_ascii_prefix(r->lower.data, size) == size;
  uint32_t *end = out->data + out->n;
  end =
      is_ascii ? add_ascii(r, r->lower.data, size, end) : add_unicode(r, r->lower.data, size, end);
  out->n = (size_t)(end - out->data);
  return LQA_OK;
}
