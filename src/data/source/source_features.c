/* The columns of a table once all rows are read: each is typed, and what was guessed is told.
 * Typing can fool a user without a word (a price column with one "n.a." becomes 40,000 categories),
 * so a column that is nearly numbers is warned of, and infinities among numbers stop the command.
 */
#include "base/buf.h"
#include "data/dataset/feature_columns.h"
#include "data/source/source_load.h"
#include "data/dataset/storage.h"

enum { MOST_NAMES = 20 };

/* A twentieth of the values at most is neither a number nor written like one. */
static bool is_written(const lqa_feature_guess *guess) {
  int64_t n_values = guess->n_numbers + guess->n_other;
  return guess->n_written > 0 && (guess->n_other - guess->n_written) * 20 <= n_values;
}

/* A column of numbers and infinities is an error, one that is nearly numbers, or that holds numbers
 * as people write them, a warning: mistakes of whoever wrote the file. */
static lqa_status judge_guess(lqa_loader *l, const lqa_column *texts,
                              const lqa_feature_guess *guess, lqa_error *err) {
  bool is_nearly_numbers = guess->n_other * 20 < guess->n_numbers;
  int64_t row = guess->is_only_infinities ? guess->first_infinity
                : is_nearly_numbers       ? guess->first_other
                : is_written(guess)       ? guess->first_written
                                          : -1;
  if (row < 0) {
    return LQA_OK;
  }
  lqa_str value = lqa_str_trim(lqa_column_get(texts, row));
  int size = (int)(value.size < 40 ? value.size : 40);
  int64_t row_in_file = row;
  const lqa_source_file *file = lqa_dataset_file_of(l->dataset, row, &row_in_file);
  if (guess->is_only_infinities) {
    return lqa_fail_at(err, LQA_BAD_DATA, file->path, row_in_file, texts->name,
                       "%s, row %lld, column '%s': '%.*s' is no finite number, as the column's "
                       "others are: correct it, or leave it empty for a missing value",
                       file->path, (long long)row_in_file, texts->name, size, value.data);
  }
  if (!is_nearly_numbers) {
    lqa_observe_message(l->source->observer, LQA_MESSAGE_WARN,
                        "column '%s' is taken for categories, because row %lld of %s holds '%.*s'; "
                        "if these are numbers, write them plainly, as 1234.5",
                        texts->name, (long long)row_in_file, file->path, size, value.data);
    return LQA_OK;
  }
  lqa_observe_message(l->source->observer, LQA_MESSAGE_WARN,
                      "column '%s' is taken for categories, because row %lld of %s holds '%.*s'; "
                      "%lld of its %lld values are numbers",
                      texts->name, (long long)row_in_file, file->path, size, value.data,
                      (long long)guess->n_numbers, (long long)(guess->n_numbers + guess->n_other));
  return LQA_OK;
}

/* " (age, hours)": the names of one kind of columns, of many the first few. */
static void add_names(const lqa_loader *l, const lqa_feature_column *features, bool categorical,
                      lqa_buf *line) {
  size_t n = 0;
  for (size_t i = 0; i < l->n_features; i++) {
    if (features[i].is_categorical == categorical && n++ < MOST_NAMES) {
      lqa_buf_printf(line, "%s%s", n == 1 ? " (" : ", ", features[i].name);
    }
  }
  if (n > MOST_NAMES) {
    lqa_buf_printf(line, " and %zu more", n - MOST_NAMES);
  }
  lqa_buf_add_text(line, n ? ")" : "");
}

/* "features: 2 columns of numbers (age, hours), 1 of categories (job)" */
static void tell_features(const lqa_loader *l, const lqa_feature_column *features) {
  lqa_buf line;
  lqa_buf_init(&line, 1 << 16);
  lqa_buf_add_text(&line, "features: ");
  for (int kind = 0; kind < 2; kind++) {
    size_t n = 0;
    for (size_t i = 0; i < l->n_features; i++) {
      n += features[i].is_categorical == kind;
    }
    lqa_buf_printf(&line, "%s%zu %s", kind ? ", " : "", n,
                   kind     ? "of categories"
                   : n == 1 ? "column of numbers"
                            : "columns of numbers");
    add_names(l, features, kind, &line);
  }
  if (!line.failed) {
    lqa_observe_message(l->source->observer, LQA_MESSAGE_INFO, "%s", line.data);
  }
  lqa_buf_clear(&line);
}

lqa_status lqa_loader_finish_features(lqa_loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  lqa_feature_column *features = lqa_storage_alloc(d->storage, l->n_features + 1, sizeof *features);
  if (!features) {
    return lqa_fail_memory(err, "loading features");
  }
  for (size_t i = 0; i < l->n_features; i++) {
    lqa_column texts;
    LQA_TRY(lqa_loader_finish_column(l, &l->features[i], &texts, err));
    lqa_feature_guess guess;
    if (lqa_feature_column_build(d->storage, &texts, &features[i], &guess) != LQA_OK) {
      return lqa_fail_memory(err, "loading features");
    }
    LQA_TRY(judge_guess(l, &texts, &guess, err));
  }
  if (l->n_features > 0) {
    tell_features(l, features);
  }
  d->features = l->n_features > 0 ? features : NULL;
  d->n_features = (int32_t)l->n_features;
  return LQA_OK;
}
