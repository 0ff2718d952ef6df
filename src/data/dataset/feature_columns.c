/* Typing the columns of a table. One pass tries numbers and counts the values that are none; then,
 * if there are any, another one codes categories. Whether a column of whole numbers is really a
 * code cannot be told from values; it is taken for a number, as scikit-learn and XGBoost would.
 */
#include "data/dataset/feature_columns.h"

#include "base/map.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "data/dataset/storage.h"

#include <math.h>

bool lqa_feature_is_missing(lqa_str value) {
  static const char *const marks[] = {"NA", "N/A", "NaN", "null", "none", "nil", "?", "-"};
  lqa_str s = lqa_str_trim(value);
  if (s.size == 0 || s.size > 4) {
    return s.size == 0;
  }
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    if (lqa_str_equal_nocase(s, lqa_str_from(marks[i]))) {
      return true;
    }
  }
  return false;
}

/* inf, -Infinity and the like; also what is too large for a number. */
static bool is_infinity(lqa_str s) {
  static const char *const words[] = {"inf", "infinity"};
  bool is_signed = s.size > 0 && (s.data[0] == '-' || s.data[0] == '+');
  lqa_str rest = {s.data + is_signed, s.size - is_signed};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (lqa_str_equal_nocase(rest, lqa_str_from(words[i]))) {
      return true;
    }
  }
  return lqa_str_is_huge(s);
}

/* "1,234,567.8", "1.234.567,8", "1 234": groups of three digits behind one to three. */
static bool is_grouped(lqa_str s) {
  size_t digits = 0, at = s.size > 0 && (s.data[0] == '-' || s.data[0] == '+');
  char mark = '\0';
  for (; at < s.size; at++) {
    char c = s.data[at];
    if (c >= '0' && c <= '9') {
      digits++;
    } else if (mark == '\0' && (c == ',' || c == '.' || c == ' ') && digits >= 1 && digits <= 3) {
      mark = c;
      digits = 0;
    } else if (mark != '\0' && c == mark && digits == 3) {
      digits = 0;
    } else {
      break;
    }
  }
  bool has_fraction = at < s.size && (s.data[at] == ',' || s.data[at] == '.');
  for (at += has_fraction; at < s.size && s.data[at] >= '0' && s.data[at] <= '9';) {
    at++;
  }
  return mark != '\0' && digits == 3 && at == s.size;
}

/* A number as people write it: with a decimal comma, marks between thousands, or a per cent sign.
 */
static bool is_written_number(lqa_str s) {
  char text[64];
  double number;
  if (s.size > 1 && s.data[s.size - 1] == '%') {
    s = lqa_str_trim((lqa_str){s.data, s.size - 1});
    if (lqa_str_to_double(s, &number)) {
      return true;
    }
  }
  const char *comma = s.size < sizeof text ? memchr(s.data, ',', s.size) : NULL;
  if (comma) {
    memcpy(text, s.data, s.size);
    text[comma - s.data] = '.';
  }
  return is_grouped(s) || (comma && lqa_str_to_double((lqa_str){text, s.size}, &number));
}

/* Fills `values` with numbers; NaN where a value is missing or no number. */
static lqa_feature_guess read_numbers(const lqa_column *texts, double *values) {
  lqa_feature_guess guess = {.first_other = -1, .first_infinity = -1, .first_written = -1};
  int64_t n_infinities = 0;
  for (int64_t row = 0; row < texts->n; row++) {
    lqa_str text = lqa_column_get(texts, row);
    values[row] = NAN;
    if (lqa_feature_is_missing(text)) {
      continue;
    }
    if (lqa_str_to_double(lqa_str_trim(text), &values[row])) {
      guess.n_numbers++;
      continue;
    }
    guess.first_other = guess.n_other++ == 0 ? row : guess.first_other;
    if (is_infinity(lqa_str_trim(text))) {
      guess.first_infinity = n_infinities++ == 0 ? row : guess.first_infinity;
    } else if (is_written_number(lqa_str_trim(text))) {
      guess.first_written = guess.n_written++ == 0 ? row : guess.first_written;
    }
  }
  guess.is_only_infinities =
      guess.n_numbers > 0 && n_infinities > 0 && n_infinities == guess.n_other;
  return guess;
}

static lqa_status code_categories(const lqa_column *texts, lqa_map *seen, double *values) {
  for (int64_t row = 0; row < texts->n; row++) {
    lqa_str text = lqa_column_get(texts, row);
    uint32_t code = 0;
    if (lqa_feature_is_missing(text)) {
      values[row] = NAN;
      continue;
    }
    LQA_TRY(lqa_map_add(seen, lqa_str_trim(text), &code, NULL));
    values[row] = code;
  }
  return LQA_OK;
}

static lqa_status keep_categories(lqa_dataset_storage *storage, const lqa_map *seen,
                                  lqa_feature_column *out) {
  uint32_t n = lqa_map_count(seen);
  lqa_str *names = lqa_storage_alloc(storage, (size_t)n + 1, sizeof *names);
  for (uint32_t k = 0; names && k < n; k++) {
    lqa_str key = lqa_map_key(seen, k);
    names[k] = (lqa_str){lqa_arena_copy(&storage->arena, key.data, key.size), key.size};
    names = names[k].data ? names : NULL;
  }
  out->categories = names;
  out->n_categories = (int32_t)n;
  out->is_categorical = true;
  return names ? LQA_OK : LQA_NO_MEMORY;
}

lqa_status lqa_feature_column_build(lqa_dataset_storage *storage, const lqa_column *texts,
                                    lqa_feature_column *out, lqa_feature_guess *guess) {
  double *values = lqa_storage_alloc(storage, (size_t)texts->n, sizeof *values);
  if (!values) {
    return LQA_NO_MEMORY;
  }
  *out = (lqa_feature_column){.name = texts->name, .values = values};
  *guess = read_numbers(texts, values);
  if (guess->n_other == 0 && guess->n_numbers > 0) {
    return LQA_OK;
  }
  lqa_map *seen = lqa_map_new(false);
  lqa_status status;
  LQA_TRY_OUT(seen ? code_categories(texts, seen, values) : LQA_NO_MEMORY);
  status = keep_categories(storage, seen, out);
out:
  lqa_map_free(seen);
  return status;
}
