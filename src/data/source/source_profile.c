/* The first thousand rows of every column: counts that tell numbers from categories, texts and
 * names. A file of very many columns is looked at in fewer rows.
 */
#include "data/source/source_profile.h"

#include "base/memory.h"
#include "base/unicode.h"
#include "data/dataset/feature_columns.h"
#include "data/source/source_reader.h"

enum { SAMPLE_ROWS = 1000, LEAST_ROWS = 50, MOST_VALUES = 2000000 };
enum { MAX_LABEL_BYTES = 64, MIN_TEXT_BYTES = 15, MIN_NAMES = 20 };

/* Letters with a space, or letters beyond ASCII: people write so, machines do not. */
static bool is_wordy(lqa_str value) {
  bool letter = false, space = false, other = false;
  for (size_t i = 0; i < value.size; i++) {
    unsigned char c = (unsigned char)value.data[i];
    letter |= (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    space |= c == ' ' || c == '\n';
    other |= c >= 0x80;
  }
  return other || (letter && space);
}

static lqa_status observe(lqa_column_profile *p, lqa_str value) {
  uint32_t place;
  long long number;
  double real;
  value = lqa_str_trim(value);
  if (value.size == 0) {
    return LQA_OK;
  }
  bool is_integer = lqa_str_to_int64(value, &number);
  p->is_rising = is_integer && (p->n == 0 || (p->is_rising && number > p->last));
  p->last = is_integer ? number : p->last;
  p->n++;
  p->n_bytes += value.size;
  p->n_integers += is_integer;
  p->n_numbers += is_integer || lqa_str_to_double(value, &real) || lqa_feature_is_missing(value);
  p->n_wordy += is_wordy(value);
  p->n_lists += (value.data[0] == '[' && value.data[value.size - 1] == ']') ||
                (value.data[0] == '{' && value.data[value.size - 1] == '}');
  return lqa_map_add(p->distinct, value, &place, NULL);
}

static lqa_status read_rows(lqa_source *source, int64_t n_rows, lqa_error *err) {
  lqa_source_reader *reader = NULL;
  size_t n_columns = lqa_source_count_columns(source);
  bool more = true;
  LQA_TRY(lqa_source_reader_open(source, &reader, err));
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < n_rows && more; row++) {
    LQA_TRY_OUT(lqa_source_reader_next(reader, &more, err));
    for (size_t c = 0; more && c < n_columns; c++) {
      LQA_TRY_OUT(observe(&source->profiles[c], lqa_source_reader_get(reader, c)));
    }
  }
out:
  lqa_source_reader_close(reader);
  return status;
}

lqa_status lqa_source_profile(lqa_source *source, lqa_error *err) {
  if (source->profiles) {
    return LQA_OK;
  }
  size_t n = lqa_source_count_columns(source);
  int64_t n_rows = MOST_VALUES / (int64_t)(n > 0 ? n : 1);
  n_rows = n_rows < LEAST_ROWS ? LEAST_ROWS : n_rows > SAMPLE_ROWS ? SAMPLE_ROWS : n_rows;
  source->profiles = lqa_calloc(n, sizeof *source->profiles);
  lqa_status status;
  LQA_TRY_OUT(source->profiles ? LQA_OK : LQA_NO_MEMORY);
  for (size_t c = 0; c < n; c++) {
    source->profiles[c].distinct = lqa_map_new(true);
    LQA_TRY_OUT(source->profiles[c].distinct ? LQA_OK : LQA_NO_MEMORY);
  }
  status = read_rows(source, n_rows, err);
out:
  if (status != LQA_OK) {
    lqa_source_profiles_free(source->profiles, n);
    source->profiles = NULL;
  }
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "guessing columns") : status;
}

void lqa_source_profiles_free(lqa_column_profile *profiles, size_t n) {
  for (size_t c = 0; profiles && c < n; c++) {
    lqa_map_free(profiles[c].distinct);
  }
  free(profiles);
}

static uint64_t mean_bytes(const lqa_column_profile *p) {
  return p->n > 0 ? p->n_bytes / (uint64_t)p->n : 0;
}

bool lqa_profile_is_categories(const lqa_column_profile *p) {
  int64_t n_distinct = lqa_map_count(p->distinct);
  return p->n > 0 && n_distinct >= 2 && n_distinct <= (p->n + 1) / 2 &&
         mean_bytes(p) <= MAX_LABEL_BYTES;
}

bool lqa_profile_is_texts(const lqa_column_profile *p) {
  return mean_bytes(p) >= MIN_TEXT_BYTES && p->n_numbers < p->n && 2 * p->n_wordy > p->n &&
         2 * (int64_t)lqa_map_count(p->distinct) > p->n;
}

bool lqa_profile_is_names(const lqa_column_profile *p) {
  return p->n >= MIN_NAMES && 2 * p->n_numbers < p->n &&
         10 * (int64_t)lqa_map_count(p->distinct) > 9 * p->n;
}

const char *lqa_profile_type(const lqa_column_profile *p) {
  return p->n == 0                      ? "empty"
         : p->n_lists == p->n           ? "lists"
         : p->n_integers == p->n        ? "whole numbers"
         : p->n_numbers == p->n         ? "numbers"
         : lqa_profile_is_texts(p)      ? "texts"
         : lqa_profile_is_categories(p) ? "categories"
                                        : "words";
}
