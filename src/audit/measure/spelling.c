/* audit/measure/spelling.c - skeletons and edit distances of label names.
 *
 * The look-alike table holds the Cyrillic and Greek letters that are drawn like Latin ones (a small
 * part of Unicode's confusables.txt, UTS 39); full-width and styled letters are already folded by
 * NFKC. Distance: Damerau 1964, as the usual three-row dynamic programme.
 */
#include "audit/measure/spelling.h"

#include "base/unicode.h"

enum { MAX_NAME = 64, MAX_BYTES = 1 << 16 };

/* Lower-case look-alikes: code point, Latin letter. Ascending. */
static const struct {
  uint32_t code_point;
  char latin;
} TWINS[] = {
    {0x3b1, 'a'}, {0x3b9, 'i'}, {0x3ba, 'k'}, {0x3bd, 'v'}, {0x3bf, 'o'}, {0x3c1, 'p'},
    {0x3c5, 'u'}, {0x3c7, 'x'}, {0x430, 'a'}, {0x432, 'b'}, {0x435, 'e'}, {0x43a, 'k'},
    {0x43c, 'm'}, {0x43d, 'h'}, {0x43e, 'o'}, {0x440, 'p'}, {0x441, 'c'}, {0x442, 't'},
    {0x443, 'y'}, {0x445, 'x'}, {0x455, 's'}, {0x456, 'i'}, {0x458, 'j'}, {0x501, 'd'},
    {0x51b, 'q'}, {0x51d, 'w'}, {0x131, 'i'},
};

static uint32_t latin_twin(uint32_t code_point) {
  for (size_t i = 0; i < sizeof TWINS / sizeof TWINS[0]; i++) {
    if (TWINS[i].code_point == code_point) {
      return (uint32_t)TWINS[i].latin;
    }
  }
  return code_point;
}

static bool is_letter(uint32_t code_point) {
  return lqa_unicode_is_word(code_point) && code_point != '_' &&
         !(code_point >= '0' && code_point <= '9');
}

/* The code point at `at`, 0 at the end. */
static uint32_t look_ahead(const lqa_buf *text, size_t at) {
  size_t length;
  return at < text->size ? lqa_utf8_decode(text->data + at, text->size - at, &length) : 0;
}

void lqa_spelling_skeleton(lqa_str name, lqa_buf *out) {
  lqa_buf folded;
  lqa_buf_init(&folded, MAX_BYTES);
  lqa_unicode_case_fold(name, &folded);
  uint32_t before = 0;
  for (size_t at = 0, length; at < folded.size; at += length) {
    uint32_t code_point = lqa_utf8_decode(folded.data + at, folded.size - at, &length);
    uint32_t after = look_ahead(&folded, at + length);
    bool is_inside = before != 0 && lqa_unicode_is_word(after);
    bool is_separator = code_point != 0 && code_point < 128 && strchr(" _-./", (int)code_point);
    if (!is_separator || !is_inside || (!is_letter(before) && !is_letter(after))) {
      char utf8[4];
      lqa_buf_add(out, utf8, lqa_utf8_encode(latin_twin(code_point), utf8));
    }
    before = code_point;
  }
  out->failed = out->failed || folded.failed;
  lqa_buf_clear(&folded);
}

/* Code points of a name; returns how many, or -1 if there are more than MAX_NAME. */
static int decode_name(lqa_str name, uint32_t out[MAX_NAME]) {
  int n = 0;
  for (size_t at = 0, length; at < name.size; at += length) {
    if (n == MAX_NAME) {
      return -1;
    }
    out[n++] = lqa_utf8_decode(name.data + at, name.size - at, &length);
  }
  return n;
}

static int least(int a, int b) {
  return a < b ? a : b;
}

int lqa_spelling_distance(lqa_str a, lqa_str b, int limit) {
  uint32_t x[MAX_NAME], y[MAX_NAME];
  int n = decode_name(a, x), m = decode_name(b, y);
  if (n < 0 || m < 0 || n - m > limit || m - n > limit) {
    return lqa_str_equal(a, b) ? 0 : limit + 1;
  }
  int rows[3][MAX_NAME + 1];
  for (int j = 0; j <= m; j++) {
    rows[0][j] = j;
  }
  for (int i = 1; i <= n; i++) {
    int *now = rows[i % 3], *before = rows[(i - 1) % 3], *earlier = rows[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= m; j++) {
      now[j] = least(before[j - 1] + (x[i - 1] != y[j - 1]), least(before[j], now[j - 1]) + 1);
      if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1]) {
        now[j] = least(now[j], earlier[j - 2] + 1);
      }
    }
  }
  return least(rows[n % 3][m], limit + 1);
}

static size_t next_digit(lqa_str name, size_t at) {
  while (at < name.size && (name.data[at] < '0' || name.data[at] > '9')) {
    at++;
  }
  return at;
}

bool lqa_spelling_differs_in_digits(lqa_str a, lqa_str b) {
  size_t i = next_digit(a, 0), j = next_digit(b, 0);
  while (i < a.size && j < b.size) {
    if (a.data[i] != b.data[j]) {
      return true;
    }
    i = next_digit(a, i + 1);
    j = next_digit(b, j + 1);
  }
  return i < a.size || j < b.size;
}
