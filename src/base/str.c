/* Text comparisons and strict number reading, independent of the locale. */
#include "base/str.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

int lqa_str_compare(lqa_str a, lqa_str b) {
  size_t shorter = a.size < b.size ? a.size : b.size;
  int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
  return order ? order : (a.size > b.size) - (a.size < b.size);
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

lqa_str lqa_str_next_line(lqa_str *rest) {
  const char *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
  size_t size = end ? (size_t)(end - rest->data) : rest->size;
  size_t used = size + (end != NULL);
  lqa_str line = {rest->data, size};
  *rest = (lqa_str){used ? rest->data + used : rest->data, rest->size - used};
  return line;
}

lqa_str lqa_str_trim(lqa_str s) {
  while (s.size && is_space(s.data[0])) {
    s.data++;
    s.size--;
  }
  while (s.size && is_space(s.data[s.size - 1])) {
    s.size--;
  }
  return s;
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool lqa_str_equal_nocase(lqa_str a, lqa_str b) {
  if (a.size != b.size) {
    return false;
  }
  for (size_t i = 0; i < a.size; i++) {
    if (lower(a.data[i]) != lower(b.data[i])) {
      return false;
    }
  }
  return true;
}

bool lqa_str_starts_with(lqa_str s, lqa_str prefix) {
  return s.size >= prefix.size && lqa_str_equal((lqa_str){s.data, prefix.size}, prefix);
}

bool lqa_str_ends_with(lqa_str s, lqa_str suffix) {
  return s.size >= suffix.size &&
         lqa_str_equal((lqa_str){s.data + s.size - suffix.size, suffix.size}, suffix);
}

/* Restricted Damerau-Levenshtein over three rolling rows. */
size_t lqa_str_distance(lqa_str a, lqa_str b) {
  enum { MAX = 64 };
  size_t rows[3][MAX + 1];
  if (a.size > MAX || b.size > MAX) {
    return SIZE_MAX;
  }
  for (size_t j = 0; j <= b.size; j++) {
    rows[0][j] = j;
  }
  for (size_t i = 1; i <= a.size; i++) {
    size_t *row = rows[i % 3];
    const size_t *above = rows[(i + 2) % 3];
    const size_t *twice_above = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.size; j++) {
      char x = lower(a.data[i - 1]), y = lower(b.data[j - 1]);
      size_t best = above[j - 1] + (x != y);
      best = above[j] + 1 < best ? above[j] + 1 : best;
      best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
      if (i > 1 && j > 1 && x == lower(b.data[j - 2]) && y == lower(a.data[i - 2]) &&
          twice_above[j - 2] + 1 < best) {
        best = twice_above[j - 2] + 1;
      }
      row[j] = best;
    }
  }
  return rows[a.size % 3][b.size];
}

bool lqa_str_to_int64(lqa_str s, long long *value) {
  bool negative = s.size && s.data[0] == '-';
  size_t i = negative;
  if (i == s.size || s.size > 20) {
    return false;
  }
  long long sum = 0;
  for (; i < s.size; i++) {
    int digit = s.data[i] - '0';
    if (digit < 0 || digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
        __builtin_sub_overflow(sum, digit, &sum)) {
      return false;
    }
  }
  if (!negative && __builtin_sub_overflow(0, sum, &sum)) {
    return false;
  }
  *value = sum;
  return true;
}

/* Only digits, sign, point and exponent: no hexadecimal, no "inf", no "nan". */
static bool looks_numeric(lqa_str s) {
  bool digit = false;
  for (size_t i = 0; i < s.size; i++) {
    char c = s.data[i];
    digit = digit || (c >= '0' && c <= '9');
    if (!((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E')) {
      return false;
    }
  }
  return digit;
}

/* The "C" locale, made once: glibc gives the same constant object each time. */
static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static void make_c_locale(void) {
  c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* As lqa_str_to_double, infinities for numbers out of range included. */
static bool read_double(lqa_str s, double *value) {
  char text[1100]; /* 767 digits can matter in a double; longer texts are no numbers here */
  if (s.size == 0 || s.size >= sizeof text || !looks_numeric(s)) {
    return false;
  }
  memcpy(text, s.data, s.size);
  text[s.size] = '\0';
  pthread_once(&c_locale_once, make_c_locale);
  char *end = NULL;
  *value = strtod_l(text, &end, c_locale);
  return end == text + s.size;
}

bool lqa_str_to_double(lqa_str s, double *value) {
  double number;
  if (!read_double(s, &number) || !isfinite(number)) {
    return false;
  }
  *value = number;
  return true;
}

bool lqa_str_is_huge(lqa_str s) {
  double number;
  return read_double(s, &number) && isinf(number);
}

bool lqa_str_is_same_number(lqa_str a, lqa_str b) {
  double x, y;
  return lqa_str_to_double(a, &x) && lqa_str_to_double(b, &y) && x == y;
}
