/* Typing the columns of a table. One pass tries numbers and stops at the first value that is none;
 * then, if need be, another one codes categories. Whether a column of whole numbers is really a
 * code cannot be told from values; it is taken for a number, as scikit-learn and XGBoost would.
 */
#include "data/feature_columns.h"

#include "base/map.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "data/storage.h"

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

/* Fills `values` with numbers; false where a value is none, or all are missing. */
static bool read_numbers(const lqa_column *texts, double *values) {
  bool any = false;
  for (int64_t row = 0; row < texts->n; row++) {
    lqa_str text = lqa_column_get(texts, row);
    values[row] = NAN;
    if (lqa_feature_is_missing(text)) {
      continue;
    }
    if (!lqa_str_to_double(lqa_str_trim(text), &values[row])) {
      return false;
    }
    any = true;
  }
  return any;
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
  lqa_str *names = lqa_storage_take(storage, (size_t)n + 1, sizeof *names);
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
                                    lqa_feature_column *out) {
  double *values = lqa_storage_take(storage, (size_t)texts->n, sizeof *values);
  if (!values) {
    return LQA_NO_MEMORY;
  }
  *out = (lqa_feature_column){.name = texts->name, .values = values};
  if (read_numbers(texts, values)) {
    return LQA_OK;
  }
  lqa_map *seen = lqa_map_new(false);
  lqa_status status = seen ? code_categories(texts, seen, values) : LQA_NO_MEMORY;
  status = status == LQA_OK ? keep_categories(storage, seen, out) : status;
  lqa_map_free(seen);
  return status;
}
