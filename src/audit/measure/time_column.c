/* audit/measure/time_column.c - one form per column, found by trying each on all values.
 *
 * A column that is day-first in one half and month-first in the other cannot be told from a wrong
 * order, so it is refused with the first value that does not fit. Dates of the form 03/04/2026
 * throughout are taken as day-first.
 */
#include "audit/measure/time_column.h"

#include <math.h>
#include <stdio.h>

/* Rows that are not NULL and not written in `form`; *first is the first of them. */
static int64_t count_misfits(const lqa_column *column, lqa_time_form form, int64_t *first) {
  int64_t n = 0;
  for (int64_t row = 0; row < column->n; row++) {
    lqa_str text = lqa_column_get(column, row);
    double seconds;
    if (text.data && !lqa_time_parse(text, form, &seconds)) {
      *first = n++ ? *first : row;
    }
  }
  return n;
}

/* " as in 30 others, such as '2024-01-02'"; nothing where none fits. */
static void describe_fits(const lqa_column *column, lqa_time_form form, char out[160]) {
  int64_t n = 0, first = -1;
  for (int64_t row = 0; row < column->n; row++) {
    lqa_str text = lqa_column_get(column, row);
    double seconds;
    if (text.data && lqa_time_parse(text, form, &seconds)) {
      first = n++ ? first : row;
    }
  }
  lqa_str text = first >= 0 ? lqa_column_get(column, first) : (lqa_str){"", 0};
  out[0] = '\0';
  if (n > 0) {
    snprintf(out, 160, " as in %lld other%s, such as '%.*s'", (long long)n, n == 1 ? "" : "s",
             (int)(text.size < 40 ? text.size : 40), text.data);
  }
}

static lqa_status fail_misfit(const lqa_dataset *dataset, const lqa_column *column, int64_t row,
                              lqa_time_form form, int64_t n_misfits, lqa_error *err) {
  int64_t in_file = row;
  const char *file = dataset->n_files ? lqa_dataset_file_of(dataset, row, &in_file)->path : NULL;
  lqa_str text = lqa_column_get(column, row);
  char fits[160];
  describe_fits(column, form, fits);
  return lqa_fail_at(err, LQA_BAD_DATA, file, in_file, column->name,
                     "%s%srow %lld, column '%s': '%.*s' is not a time%s; %lld value%s not "
                     "fit. Give all times one form: 2026-11-23T21:04:12 (with Z or +01:00, or the "
                     "date alone), 23.11.2026 21:04, 11/23/2026 21:04, or seconds since 1970",
                     file ? file : "", file ? ", " : "", (long long)in_file, column->name,
                     (int)(text.size < 40 ? text.size : 40), text.data, fits, (long long)n_misfits,
                     n_misfits == 1 ? " does" : "s do");
}

/* Numbers that are all dates, but some counted in seconds and some in milliseconds. */
static lqa_status check_units(const lqa_dataset *dataset, const lqa_column *column,
                              lqa_error *err) {
  lqa_time_units units = {0};
  for (int64_t row = 0; row < column->n; row++) {
    lqa_time_count_unit(&units, lqa_column_get(column, row), row);
  }
  if (!lqa_time_mixes_units(&units)) {
    return LQA_OK;
  }
  bool odd_seconds = units.n_seconds < units.n_milliseconds;
  int64_t row = odd_seconds ? units.seconds_row : units.milliseconds_row, in_file = row;
  const char *file = dataset->n_files ? lqa_dataset_file_of(dataset, row, &in_file)->path : NULL;
  lqa_str text = lqa_column_get(column, row);
  return lqa_fail_at(err, LQA_BAD_DATA, file, in_file, column->name,
                     "%s%srow %lld, column '%s': '%.*s' counts %s since 1970, but %lld of the "
                     "column's times count "
                     "%s. Give all of them in one unit",
                     file ? file : "", file ? ", " : "", (long long)in_file, column->name,
                     (int)(text.size < 40 ? text.size : 40), text.data,
                     odd_seconds ? "seconds" : "milliseconds",
                     (long long)(odd_seconds ? units.n_milliseconds : units.n_seconds),
                     odd_seconds ? "milliseconds" : "seconds");
}

lqa_status lqa_time_read(const lqa_dataset *dataset, const lqa_column *column, lqa_time_form *form,
                         double *seconds, lqa_error *err) {
  int64_t fewest = INT64_MAX, row = 0;
  for (int f = 0; f < LQA_TIME_FORM_COUNT && fewest > 0; f++) {
    int64_t first = 0, n = count_misfits(column, (lqa_time_form)f, &first);
    if (n < fewest) {
      fewest = n;
      row = first;
      *form = (lqa_time_form)f;
    }
  }
  if (fewest > 0) {
    return fail_misfit(dataset, column, row, *form, fewest, err);
  }
  if (*form == LQA_TIME_NUMBER) {
    LQA_TRY(check_units(dataset, column, err));
  }
  for (row = 0; row < column->n; row++) {
    lqa_str text = lqa_column_get(column, row);
    if (!text.data || !lqa_time_parse(text, *form, &seconds[row])) {
      seconds[row] = NAN;
    }
  }
  return LQA_OK;
}
