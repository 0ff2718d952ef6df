/* UTF-8 against a plain decoder; properties and lower case against CPython for every code point. */
#include "base/rng.h"
#include "base/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>
#include <cmocka.h>

enum {
  N_POINTS = 0x110000,
  WORD = 1,
  SPACE = 2,
  BEFORE = 4,
  AFTER = 8,
  THROUGH = 16,
  ASSIGNED = 32
};

/* What the reference table says: a set of the bits above, and the lower case (0 = the same). */
static struct reference {
  unsigned char bits[N_POINTS];
  uint32_t lower[N_POINTS][2];
} * reference;

static lqa_buf scratch; /* result of lower_of */

static int load_reference(void **state) {
  (void)state;
  static const char *const names[] = {"word", "space", "before", "after", "through", "assigned"};
  lqa_buf_init(&scratch, 1 << 10);
  reference = calloc(1, sizeof *reference);
  FILE *file = fopen(LABELQA_SOURCE_DIR "/tests/reference/unicode/python311.txt", "r");
  char line[128], name[16];
  if (!file || !reference) {
    return -1;
  }
  while (fgets(line, sizeof line, file)) {
    unsigned first, second, third = 0;
    if (sscanf(line, "lower %x %x %x", &first, &second, &third) >= 2) {
      reference->lower[first][0] = second;
      reference->lower[first][1] = third;
      continue;
    }
    if (sscanf(line, "%15s %x-%x", name, &first, &second) != 3) {
      return -1;
    }
    for (int i = 0; i < 6; i++) {
      for (unsigned c = first; strcmp(name, names[i]) == 0 && c <= second; c++) {
        reference->bits[c] |= (unsigned char)(1 << i);
      }
    }
  }
  fclose(file);
  return 0;
}

static int drop_reference(void **state) {
  (void)state;
  free(reference);
  lqa_buf_clear(&scratch);
  return 0;
}

static bool is_scalar(uint32_t c) {
  return c < 0xD800 || c > 0xDFFF;
}

/* "prefix", c, "suffix" in lower case, valid until the next call. */
static const char *lower_of(const char *prefix, uint32_t c, const char *suffix) {
  char text[32];
  size_t n = strlen(prefix);
  memcpy(text, prefix, n);
  n += lqa_utf8_encode(c, text + n);
  memcpy(text + n, suffix, strlen(suffix));
  n += strlen(suffix);
  lqa_buf_reset(&scratch);
  lqa_unicode_lower((lqa_str){text, n}, &scratch);
  assert_false(scratch.failed);
  return scratch.data;
}

static bool ends_with(const char *text, const char *suffix) {
  return lqa_str_ends_with(lqa_str_from(text), lqa_str_from(suffix));
}

static void expect_bit(uint32_t c, int bit, bool actual, const char *what) {
  bool expected = (reference->bits[c] & bit) != 0;
  if (expected != actual) {
    fail_msg("U+%04X: %s is %d, CPython says %d", c, what, actual, expected);
  }
}

static void test_word_and_space(void **state) {
  (void)state;
  for (uint32_t c = 0; c < N_POINTS; c++) {
    if (is_scalar(c)) {
      expect_bit(c, WORD, lqa_unicode_is_word(c), "word");
      expect_bit(c, SPACE, lqa_unicode_is_space(c), "space");
    }
  }
}

static void test_lower_of_each(void **state) {
  (void)state;
  for (uint32_t c = 1; c < N_POINTS; c++) {
    char expected[16];
    uint32_t *lower = reference->lower[c];
    size_t n = lqa_utf8_encode(lower[0] ? lower[0] : c, expected);
    n += lower[1] ? lqa_utf8_encode(lower[1], expected + n) : 0;
    expected[n] = '\0';
    if (is_scalar(c) && strcmp(lower_of("", c, ""), expected) != 0) {
      fail_msg("U+%04X: lower case is '%s', CPython says '%s'", c, lower_of("", c, ""), expected);
    }
  }
}

/* The neighbours' part in the final sigma, for every code point of Unicode 14 on every side;
 * what is newer comes as the system's utf8proc knows it. */
static void test_final_sigma(void **state) {
  (void)state;
  for (uint32_t c = 1; c < N_POINTS; c++) {
    if (reference->bits[c] & ASSIGNED) {
      expect_bit(c, BEFORE, ends_with(lower_of("", c, "\u03a3"), "\u03c2"), "before");
      expect_bit(c, AFTER, memcmp(lower_of("a\u03a3", c, "") + 1, "\u03c2", 2) != 0, "after");
      expect_bit(c, THROUGH, ends_with(lower_of("a", c, "\u03a3"), "\u03c2"), "through");
    }
  }
}

static void expect_lower(const char *text, const char *expected) {
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_unicode_lower(lqa_str_from(text), &out);
  assert_string_equal(out.data, expected);
  lqa_buf_clear(&out);
}

static void test_lower_of_words(void **state) {
  (void)state;
  expect_lower("ΟΔΥΣΣΕΥΣ ΣΑΣ, Σ. ΑΣ.Α ΑΣ'", "οδυσσευς σας, σ. ασ.α ας'");
  expect_lower("İSTANBUL", "i̇stanbul");
  expect_lower("A\xFFZ", "a\uFFFDz");
  expect_lower("ΑΣ\xFF", "ας\uFFFD");
  expect_lower("abcdefghijKLMNOPQRSTUVWXYZ[]@`{", "abcdefghijklmnopqrstuvwxyz[]@`{");
}

/* A decoder written from the table in the Unicode standard (3-7, well-formed byte sequences). */
static uint32_t decode_by_table(const unsigned char *s, size_t size, size_t *length) {
  static const struct {
    unsigned char first_low, first_high, second_low, second_high;
    size_t n;
  } rows[] = {
      {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
      {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
      {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
  *length = 1;
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    if (s[0] < rows[r].first_low || s[0] > rows[r].first_high || rows[r].n > size) {
      continue;
    }
    uint32_t c = rows[r].n == 1 ? s[0] : s[0] & (0x3Fu >> (rows[r].n - 1));
    bool good = rows[r].n < 2 || (s[1] >= rows[r].second_low && s[1] <= rows[r].second_high);
    for (size_t i = 1; i < rows[r].n; i++) {
      good = good && s[i] >= 0x80 && s[i] <= 0xBF;
      c = c << 6 | (s[i] & 0x3Fu);
    }
    *length = good ? rows[r].n : 1;
    return good ? c : 0xFFFD;
  }
  return 0xFFFD;
}

static void test_decode_random_bytes(void **state) {
  (void)state;
  static const unsigned char edges[] = {0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0x9F, 0xA0,
                                        0xED, 0xEF, 0xF0, 0x8F, 0x90, 0xF4, 0xF5, 0xFF, 'a',  0};
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 1);
  for (int round = 0; round < 1000000; round++) {
    unsigned char text[4];
    size_t size = 1 + lqa_rng_below(&rng, 4), length, expected_length;
    for (size_t i = 0; i < size; i++) {
      text[i] =
          round % 2 ? (unsigned char)lqa_rng_next(&rng) : edges[lqa_rng_below(&rng, sizeof edges)];
    }
    uint32_t expected = decode_by_table(text, size, &expected_length);
    assert_int_equal(lqa_utf8_decode((char *)text, size, &length), expected);
    assert_int_equal(length, expected_length);
  }
}

static void test_encode_decodes_back(void **state) {
  (void)state;
  for (uint32_t c = 0; c < N_POINTS; c++) {
    char bytes[4];
    size_t n = lqa_utf8_encode(c, bytes), length;
    uint32_t back = lqa_utf8_decode(bytes, n, &length);
    assert_int_equal(back, is_scalar(c) ? c : 0xFFFD);
    assert_true(!is_scalar(c) || length == n);
    assert_int_equal(lqa_utf8_check(bytes, n), is_scalar(c) ? -1 : 0);
  }
}

static void test_check_count_prefix(void **state) {
  (void)state;
  const char text[] = "0123456789\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z";
  size_t size = sizeof text - 1;
  assert_int_equal(lqa_utf8_check(text, size), -1);
  assert_int_equal(lqa_utf8_check("\xEF\xBF\xBD", 3), -1); /* a genuine U+FFFD is valid */
  assert_int_equal(lqa_utf8_check("0123456789\xC3", 11), 10);
  assert_int_equal(lqa_utf8_check("", 0), -1);
  assert_int_equal(lqa_utf8_count(text, size), 14);
  assert_int_equal(lqa_utf8_count("a\xFF\xFE", 3), 3);
  assert_int_equal(lqa_utf8_prefix(text, size, 0), 0);
  assert_int_equal(lqa_utf8_prefix(text, size, 11), 12);
  assert_int_equal(lqa_utf8_prefix(text, size, 13), 19);
  assert_int_equal(lqa_utf8_prefix(text, size, 99), size);
}

static void expect_fold(const char *text, const char *expected) {
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_buf_add_text(&out, "|");
  lqa_unicode_case_fold(lqa_str_from(text), &out);
  assert_false(out.failed);
  assert_string_equal(out.data + 1, expected);
  lqa_buf_clear(&out);
}

static void test_fold(void **state) {
  (void)state;
  expect_fold("  Hello \t\n World  ", "hello world");
  expect_fold("", "");
  expect_fold(" \t ", "");
  expect_fold("\u3000", "");
  expect_fold("Straße ﬁn\u00A0\u2003Ａ①", "strasse fin a1");
  expect_fold("e\u0301 É", "é é");
  expect_fold("ΣΑΣ σας", "σασ σασ");
  expect_fold("A\xFF"
              "B\u00E4",
              "a\uFFFDbä");
}

/* Folding what is folded changes nothing, for every code point between two letters. */
static void test_fold_is_idempotent(void **state) {
  (void)state;
  lqa_buf once, twice;
  lqa_buf_init(&once, 1 << 20);
  lqa_buf_init(&twice, 1 << 20);
  for (uint32_t c = 0; c < N_POINTS; c++) {
    char text[16] = "A";
    size_t n = 1 + lqa_utf8_encode(c, text + 1);
    text[n++] = 'B';
    lqa_buf_reset(&once);
    lqa_buf_reset(&twice);
    lqa_unicode_case_fold((lqa_str){text, n}, &once);
    lqa_unicode_case_fold(lqa_buf_str(&once), &twice);
    assert_false(once.failed || twice.failed);
    if (!lqa_str_equal(lqa_buf_str(&once), lqa_buf_str(&twice))) {
      fail_msg("U+%04X: folded twice '%s' is not folded once '%s'", c, twice.data, once.data);
    }
  }
  lqa_buf_clear(&once);
  lqa_buf_clear(&twice);
}

/* Folding as it is defined: by utf8proc over the whole text, then single spaces. */
static void fold_by_definition(lqa_str text, lqa_buf *out) {
  lqa_buf valid;
  lqa_buf_init(&valid, 1 << 20);
  size_t length;
  for (size_t i = 0; i < text.size; i += length) {
    char bytes[4];
    uint32_t c = lqa_utf8_decode(text.data + i, text.size - i, &length);
    lqa_buf_add(&valid, bytes, lqa_utf8_encode(c, bytes));
  }
  utf8proc_uint8_t *mapped = NULL;
  utf8proc_ssize_t n = utf8proc_map(
      (const utf8proc_uint8_t *)lqa_buf_str(&valid).data, (utf8proc_ssize_t)valid.size, &mapped,
      UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  assert_true(n >= 0);
  size_t start = out->size;
  bool due = false;
  for (size_t i = 0; i < (size_t)n; i += length) {
    uint32_t c = lqa_utf8_decode((char *)mapped + i, (size_t)n - i, &length);
    if (lqa_unicode_is_space(c)) {
      due = out->size > start;
      continue;
    }
    lqa_buf_add(out, " ", due);
    lqa_buf_add(out, mapped + i, length);
    due = false;
  }
  free(mapped);
  lqa_buf_clear(&valid);
}

static void check_fold(lqa_str text, lqa_buf *actual, lqa_buf *expected) {
  lqa_buf_reset(actual);
  lqa_buf_reset(expected);
  lqa_unicode_case_fold(text, actual);
  fold_by_definition(text, expected);
  assert_false(actual->failed || expected->failed);
  if (!lqa_str_equal(lqa_buf_str(actual), lqa_buf_str(expected))) {
    fail_msg("'%.*s' folds to '%s', by definition to '%s'", (int)text.size, text.data,
             lqa_buf_str(actual).data, lqa_buf_str(expected).data);
  }
}

/* Every code point alone, after and before a letter, before and after marks that combine. */
static void test_fold_of_each(void **state) {
  (void)state;
  static const char *const around[][2] = {{"", ""},
                                          {"a", "b"},
                                          {"", "\u0301"},
                                          {"\u1100", ""},
                                          {"", "\u11A8"},
                                          {"e\u0301", "\u0323x"},
                                          {"\u03B9", "\u0308"}};
  lqa_buf actual, expected;
  lqa_buf_init(&actual, 1 << 20);
  lqa_buf_init(&expected, 1 << 20);
  for (uint32_t c = 0; c < N_POINTS; c++) {
    for (size_t i = 0; is_scalar(c) && i < sizeof around / sizeof *around; i++) {
      char text[32], bytes[5] = {0};
      size_t n = lqa_utf8_encode(c, bytes), prefix = strlen(around[i][0]);
      memcpy(text, around[i][0], prefix);
      memcpy(text + prefix, bytes, n);
      strcpy(text + prefix + n, around[i][1]);
      check_fold((lqa_str){text, prefix + n + strlen(around[i][1])}, &actual, &expected);
      i += c > 0x3400 && c % 64 ? 3 : 0; /* the far planes only in part */
    }
  }
  lqa_buf_clear(&actual);
  lqa_buf_clear(&expected);
}

/* A code point of some block that matters, or any. */
static uint32_t random_point(lqa_rng *rng) {
  static const uint32_t blocks[][2] = {
      {0, 0x7F},        {0x80, 0x17F},      {0x180, 0x36F},   {0x300, 0x30F},
      {0x370, 0x52F},   {0x900, 0x97F},     {0x600, 0x6FF},   {0x1100, 0x11FF},
      {0x1E00, 0x1FFF}, {0x2000, 0x214F},   {0x3000, 0x30FF}, {0xAC00, 0xAC80},
      {0xFF00, 0xFFEF}, {0x1F600, 0x1F64F}, {0x4E00, 0x4F00}, {0, N_POINTS - 1}};
  const uint32_t *block = blocks[lqa_rng_below(rng, sizeof blocks / sizeof *blocks)];
  return block[0] + (uint32_t)lqa_rng_below(rng, block[1] - block[0] + 1);
}

/* Random neighbours, some pieces longer than the stack holds, some invalid bytes. */
static void test_fold_of_random_texts(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 2, 1);
  lqa_buf actual, expected;
  lqa_buf_init(&actual, 1 << 20);
  lqa_buf_init(&expected, 1 << 20);
  for (int round = 0; round < 60000; round++) {
    char text[1200];
    size_t n = 0, points = lqa_rng_below(&rng, round % 50 ? 12 : 290);
    uint32_t mark = lqa_rng_below(&rng, 4) ? 0 : 0x300 + (uint32_t)lqa_rng_below(&rng, 0x50);
    for (size_t i = 0; i < points; i++) {
      uint32_t c = mark && i ? mark : random_point(&rng);
      n += lqa_utf8_encode(lqa_rng_below(&rng, 5) ? c : ' ', text + n);
      text[n - 1] = (char)(lqa_rng_below(&rng, 40) ? text[n - 1] : (char)0xE1);
    }
    check_fold((lqa_str){text, n}, &actual, &expected);
  }
  lqa_buf_clear(&actual);
  lqa_buf_clear(&expected);
}

static void test_blank(void **state) {
  (void)state;
  assert_true(lqa_unicode_is_blank(LQA_STR("")));
  assert_true(lqa_unicode_is_blank(LQA_STR(" \t\r\n\u00A0\u200B\uFEFF\u3000\x01")));
  assert_true(lqa_unicode_is_blank((lqa_str){"\0", 1}));
  assert_false(lqa_unicode_is_blank(LQA_STR(" .")));
  assert_false(lqa_unicode_is_blank(LQA_STR("\u00A0é")));
}

static void test_buffer_ceiling(void **state) {
  (void)state;
  lqa_buf out;
  lqa_buf_init(&out, 4);
  lqa_unicode_lower(LQA_STR("ABCDE"), &out);
  assert_true(out.failed);
  lqa_buf_reset(&out);
  lqa_unicode_case_fold(LQA_STR("ABCDE"), &out);
  assert_true(out.failed);
  lqa_buf_reset(&out);
  lqa_unicode_case_fold(LQA_STR("ÄBCDE"), &out);
  assert_true(out.failed);
  lqa_buf_clear(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_word_and_space),       cmocka_unit_test(test_lower_of_each),
      cmocka_unit_test(test_final_sigma),          cmocka_unit_test(test_lower_of_words),
      cmocka_unit_test(test_decode_random_bytes),  cmocka_unit_test(test_encode_decodes_back),
      cmocka_unit_test(test_check_count_prefix),   cmocka_unit_test(test_fold),
      cmocka_unit_test(test_fold_is_idempotent),   cmocka_unit_test(test_fold_of_each),
      cmocka_unit_test(test_fold_of_random_texts), cmocka_unit_test(test_blank),
      cmocka_unit_test(test_buffer_ceiling),
  };
  return cmocka_run_group_tests(tests, load_reference, drop_reference);
}
