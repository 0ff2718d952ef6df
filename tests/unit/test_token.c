/* tests/unit/test_token.c - tokens against Python's re on real files and against a slow definition.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/rng.h"
#include "base/unicode.h"
#include "feature/token.h"

#include <stdio.h>
#include <zlib.h>

static void assert_tokens(const char *text, size_t size, const char *expected) {
  lqa_tokenizer t;
  lqa_tokenizer_init(&t);
  assert_int_equal(lqa_tokenizer_split(&t, (lqa_str){text, size}), LQA_OK);
  lqa_buf joined;
  lqa_buf_init(&joined, 1 << 20);
  lqa_buf_add(&joined, "", 0);
  for (size_t i = 0; i < t.tokens.n; i++) {
    lqa_buf_add_text(&joined, i ? "|" : "");
    lqa_buf_add_str(&joined, lqa_tokenizer_get(&t, i));
  }
  assert_string_equal(joined.size ? joined.data : "", expected);
  lqa_buf_clear(&joined);
  lqa_tokenizer_clear(&t);
}

static void splits_words(void **state) {
  (void)state;
  assert_tokens("", 0, "");
  assert_tokens("a", 1, "");
  assert_tokens("Ab", 2, "ab");
  assert_tokens("x y zz A_ 1 23", 14, "zz|a_|23");
  assert_tokens("don't e-mail", 12, "don|mail");
  assert_tokens("nul\0byte", 8, "nul|byte");
  assert_tokens("bad\xFFutf", 7, "bad|utf");
  const char *turkish = "\xC4\xB0stanbul \xC3\x9C"
                        "ber";
  assert_tokens(turkish, strlen(turkish),
                "stanbul|\xC3\xBC"
                "ber");
}

/* Words that begin and end at every offset around the 64-byte blocks of the fast path. */
static void crosses_blocks(void **state) {
  (void)state;
  for (size_t before = 0; before < 140; before++) {
    for (size_t length = 0; length < 70; length += 3) {
      char text[256], expected[256];
      memset(text, '.', sizeof text);
      memset(text + before, 'Q', length);
      memset(expected, 'q', length);
      expected[length < 2 ? 0 : length] = '\0';
      assert_tokens(text, before + length, expected);
      assert_tokens(text, before + length + 1, expected);
    }
  }
}

/* The definition, code point by code point, on the lower-cased text. */
static void equals_the_slow_way(void **state) {
  (void)state;
  static const char *const pieces[] = {"a",
                                       "B",
                                       "_",
                                       "7",
                                       " ",
                                       ".",
                                       "\xC3\x84",
                                       "\xCE\xA3",
                                       "\xE9\x9B\xA8",
                                       "\xF0\x9F\x98\x80",
                                       "\xCC\x81",
                                       "\x80"};
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 1);
  for (int round = 0; round < 3000; round++) {
    lqa_buf text, lower, expected;
    lqa_buf_init(&text, 1 << 16);
    lqa_buf_init(&lower, 1 << 16);
    lqa_buf_init(&expected, 1 << 16);
    lqa_buf_add(&text, "", 0);
    size_t kinds = lqa_rng_below(&rng, 2) ? 6 : 12;
    for (uint64_t n = lqa_rng_below(&rng, 200); n > 0; n--) {
      lqa_buf_add_text(&text, pieces[lqa_rng_below(&rng, kinds)]);
    }
    lqa_unicode_lower(lqa_buf_str(&text), &lower);
    for (size_t at = 0, next, length; at<lower.size; at = next> at ? next : at + length) {
      size_t n = 0;
      lqa_utf8_decode(lower.data + at, lower.size - at, &length);
      for (next = at; next < lower.size; next += length, n++) {
        if (!lqa_unicode_is_word(lqa_utf8_decode(lower.data + next, lower.size - next, &length))) {
          break;
        }
      }
      if (n >= 2) {
        lqa_buf_add_text(&expected, expected.size ? "|" : "");
        lqa_buf_add(&expected, lower.data + at, next - at);
      }
    }
    assert_tokens(text.data ? text.data : "", text.size, expected.data ? expected.data : "");
    lqa_buf_clear(&text);
    lqa_buf_clear(&lower);
    lqa_buf_clear(&expected);
  }
}

/* All of a plain or gzipped file; NULL if it is not there. */
static char *load(const char *folder, const char *name, size_t *size) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  gzFile file = gzopen(path, "rb");
  if (!file) {
    return NULL;
  }
  size_t capacity = 64 << 20;
  char *data = malloc(capacity);
  *size = 0;
  for (int n; (n = gzread(file, data + *size, 1 << 20)) > 0;) {
    *size += (size_t)n;
    assert_true(*size + (1 << 20) < capacity);
  }
  gzclose(file);
  return data;
}

static void add_line_tokens(lqa_tokenizer *t, lqa_str line, lqa_buf *all, long *count) {
  assert_int_equal(lqa_tokenizer_split(t, line), LQA_OK);
  for (size_t i = 0; i < t->tokens.n; i++, ++*count) {
    lqa_buf_add_str(all, lqa_tokenizer_get(t, i));
    lqa_buf_add_char(all, '\n');
  }
}

static void assert_file_tokens(const char *data, size_t size, long expected, const char *sha256) {
  lqa_tokenizer t;
  lqa_buf all;
  lqa_tokenizer_init(&t);
  lqa_buf_init(&all, SIZE_MAX / 4);
  long count = 0;
  for (size_t at = 0; at <= size;) {
    const char *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
    size_t length = end ? (size_t)(end - data) - at : size - at;
    add_line_tokens(&t, (lqa_str){data + at, length}, &all, &count);
    at += length + 1;
  }
  char digest[65];
  lqa_sha256(all.data, all.size, digest);
  assert_int_equal(count, expected);
  assert_string_equal(digest, sha256);
  lqa_buf_clear(&all);
  lqa_tokenizer_clear(&t);
}

static void equals_python_on_real_text(void **state) {
  (void)state;
  const char *folder = getenv("LABELQA_DATA");
  FILE *reference = fopen(LABELQA_SOURCE_DIR "/tests/reference/tokens.txt", "r");
  assert_non_null(reference);
  char name[256], sha256[128];
  long count;
  int n_checked = 0;
  while (fscanf(reference, "%255s %ld %127s", name, &count, sha256) == 3) {
    size_t size;
    char *data = load(folder ? folder : LABELQA_SOURCE_DIR "/../shared/data", name, &size);
    if (data) {
      assert_file_tokens(data, size, count, sha256);
      n_checked++;
    }
    free(data);
  }
  fclose(reference);
  if (n_checked == 0) {
    print_message("no data files (LABELQA_DATA): not compared with Python on real text\n");
    skip();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(splits_words),
      cmocka_unit_test(crosses_blocks),
      cmocka_unit_test(equals_the_slow_way),
      cmocka_unit_test(equals_python_on_real_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
