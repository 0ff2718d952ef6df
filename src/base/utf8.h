/* base/utf8.h - UTF-8 without tables: decoding, encoding, validity, counting.
 *
 * Invalid input never stops anything: each invalid byte reads as U+FFFD of length 1.
 */
#ifndef LQA_BASE_UTF8_H
#define LQA_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The code point of a sequence that begins with a byte above 0x7F; see lqa_utf8_decode. */
uint32_t lqa_utf8_decode_multibyte(const char *text, size_t size, size_t *length);

/* Decodes one code point at text[0..size); *length is the bytes used (1 for an invalid byte).
 * Returns U+FFFD (0xFFFD) for invalid input. size must be > 0. */
static inline uint32_t lqa_utf8_decode(const char *text, size_t size, size_t *length) {
  if ((unsigned char)text[0] < 0x80) {
    *length = 1;
    return (unsigned char)text[0];
  }
  return lqa_utf8_decode_multibyte(text, size, length);
}

/* Writes 1-4 bytes, returns how many. */
static inline size_t lqa_utf8_encode(uint32_t c, char out[4]) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (char)(0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xE0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3F));
    out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3F));
  out[2] = (char)(0x80 | (c >> 6 & 0x3F));
  out[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

/* The number of leading bytes below 0x80. */
size_t lqa_utf8_ascii_prefix(const char *text, size_t size);
/* The offset of the first invalid byte, or -1 if all is valid UTF-8 (surrogates are invalid). */
int64_t lqa_utf8_check(const char *text, size_t size);
/* Number of code points; each invalid byte counts as one. */
size_t lqa_utf8_count(const char *text, size_t size);
/* The byte length of the first n code points. */
size_t lqa_utf8_prefix(const char *text, size_t size, size_t n);

#endif
