/* Two encodings of a table. Trees take numbers as they are, category codes and NaN for missing;
 * a linear model needs numbers of like size and a column for every category.
 *
 * Categories beyond the 255 most frequent share one code: a column with thousands of them names
 * rows rather than describing them, and its histogram would cost more than all others. Numbers are
 * cut at four standard deviations, because one capital gain of 99,999 among zeros would otherwise
 * decide its row. Cost: a few passes over the columns.
 */
#include "feature/encode_table.h"

#include "base/memory.h"

#include <math.h>

#define LARGEST 1e37f /* room for XGBoost to double it */
#define CUT 4.0f

static float shorten(double value) {
  double cut = value > (double)LARGEST ? (double)LARGEST : value;
  return (float)(cut < -(double)LARGEST ? -(double)LARGEST : cut);
}

static bool is_constant(const lqa_feature_column *column, const uint8_t *use, int64_t n_rows) {
  int64_t first = -1;
  for (int64_t row = 0; row < n_rows; row++) {
    if (!use[row]) {
      continue;
    }
    if (first < 0) {
      first = row;
    }
    double a = column->values[first], b = column->values[row];
    if (isnan(a) != isnan(b) || (!isnan(a) && a != b)) {
      return false;
    }
  }
  return true;
}

typedef struct category {
  int64_t count;
  int32_t code;
} category;

static int by_count(const void *a, const void *b) {
  const category *x = a, *y = b;
  if (x->count != y->count) {
    return x->count < y->count ? 1 : -1;
  }
  return x->code < y->code ? -1 : 1;
}

/* New code of every category: its rank by frequency, the last code for the rare ones. */
static lqa_status rank_categories(const lqa_feature_column *column, const uint8_t *use,
                                  int64_t n_rows, int32_t *to, int32_t *n_codes) {
  category *list = lqa_calloc((size_t)column->n_categories, sizeof *list);
  if (!list) {
    return LQA_NO_MEMORY;
  }
  for (int32_t k = 0; k < column->n_categories; k++) {
    list[k].code = k;
  }
  for (int64_t row = 0; row < n_rows; row++) {
    if (use[row] && !isnan(column->values[row])) {
      list[(int32_t)column->values[row]].count++;
    }
  }
  qsort(list, (size_t)column->n_categories, sizeof *list, by_count);
  int32_t n = column->n_categories;
  *n_codes = n > LQA_MAX_CATEGORIES ? LQA_MAX_CATEGORIES + 1 : n;
  for (int32_t rank = 0; rank < n; rank++) {
    to[list[rank].code] = rank < LQA_MAX_CATEGORIES ? rank : LQA_MAX_CATEGORIES;
  }
  free(list);
  return LQA_OK;
}

static lqa_status encode_column(const lqa_feature_column *from, const uint8_t *use, int32_t c,
                                lqa_table_matrix *out) {
  int32_t *to = NULL;
  out->column[c].name = from->name;
  if (from->is_categorical) {
    to = lqa_malloc((size_t)from->n_categories, sizeof *to);
    lqa_status status =
        to ? rank_categories(from, use, out->n_rows, to, &out->column[c].n_codes) : LQA_NO_MEMORY;
    if (status != LQA_OK) {
      free(to);
      return status;
    }
  }
  for (int64_t row = 0; row < out->n_rows; row++) {
    double value = from->values[row];
    float *place = &out->value[row * out->n_columns + c];
    *place = isnan(value) ? NAN : to ? (float)to[(int32_t)value] : shorten(value);
  }
  free(to);
  return LQA_OK;
}

/* Columns that vary. */
static int32_t choose_columns(const lqa_dataset *d, const uint8_t *use, int32_t *chosen) {
  int32_t n = 0;
  for (int32_t c = 0; c < d->n_features; c++) {
    if (!is_constant(&d->features[c], use, d->n_rows)) {
      chosen[n++] = c;
    }
  }
  return n;
}

lqa_status lqa_table_encode(const lqa_dataset *dataset, const uint8_t *use, lqa_table_matrix *out) {
  int32_t *chosen = lqa_malloc((size_t)dataset->n_features, sizeof *chosen);
  lqa_status status;
  *out = (lqa_table_matrix){.n_rows = dataset->n_rows};
  LQA_TRY_OUT(chosen ? LQA_OK : LQA_NO_MEMORY);
  out->n_columns = choose_columns(dataset, use, chosen);
  out->n_constant = dataset->n_features - out->n_columns;
  out->column = lqa_calloc((size_t)out->n_columns, sizeof *out->column);
  out->value = lqa_malloc((size_t)out->n_rows, (size_t)out->n_columns * sizeof *out->value);
  LQA_TRY_OUT(out->column && out->value ? LQA_OK : LQA_NO_MEMORY);
  for (int32_t i = 0; i < out->n_columns; i++) {
    LQA_TRY_OUT(encode_column(&dataset->features[chosen[i]], use, i, out));
  }
out:
  free(chosen);
  if (status != LQA_OK) {
    lqa_table_matrix_clear(out);
  }
  return status;
}

void lqa_table_matrix_clear(lqa_table_matrix *table) {
  free(table->value);
  free(table->column);
  *table = (lqa_table_matrix){0};
}

/* --- for linear models ------------------------------------------------------------------------ */

/* Where a column's values go in the sparse matrix. */
typedef struct spread {
  int32_t first;   /* sparse column of the number, or of code 0 */
  int32_t missing; /* sparse column of the missing indicator, or -1 */
  float mean, scale;
} spread;

static spread measure(const lqa_table_matrix *t, const uint8_t *use, int32_t c) {
  double n = 0, sum = 0, squares = 0;
  spread s = {.missing = -1};
  for (int64_t row = 0; row < t->n_rows; row++) {
    float value = t->value[row * t->n_columns + c];
    if (use[row] && !isnan(value)) {
      n++;
      sum += (double)value;
    } else if (use[row]) {
      s.missing = 0;
    }
  }
  double mean = n > 0 ? sum / n : 0;
  for (int64_t row = 0; row < t->n_rows; row++) {
    float value = t->value[row * t->n_columns + c];
    if (use[row] && !isnan(value)) {
      squares += ((double)value - mean) * ((double)value - mean);
    }
  }
  s.mean = (float)mean;
  s.scale = squares > 0 ? (float)(1 / sqrt(squares / n)) : 0;
  return s;
}

static int32_t place_columns(const lqa_table_matrix *t, const uint8_t *use, spread *spreads) {
  int32_t next = 0;
  for (int32_t c = 0; c < t->n_columns; c++) {
    spreads[c] = measure(t, use, c);
    spreads[c].first = next;
    next += t->column[c].n_codes > 0 ? t->column[c].n_codes : 1;
    spreads[c].missing = spreads[c].missing < 0 ? -1 : next++;
  }
  return next;
}

static void add_entry(lqa_sparse *x, uint64_t *n, int32_t column, float value) {
  x->column[*n] = (uint32_t)column;
  x->value[(*n)++] = value;
}

static float standardise(const spread *s, float value) {
  float z = (value - s->mean) * s->scale;
  return z > CUT ? CUT : z < -CUT ? -CUT : z;
}

static void expand_row(const lqa_table_matrix *t, const spread *spreads, int64_t row, lqa_sparse *x,
                       uint64_t *n) {
  for (int32_t c = 0; c < t->n_columns; c++) {
    float value = t->value[row * t->n_columns + c];
    const spread *s = &spreads[c];
    if (isnan(value)) {
      add_entry(x, n, s->missing, 1);
    } else if (t->column[c].n_codes > 0) {
      add_entry(x, n, s->first + (int32_t)value, 1);
    } else {
      add_entry(x, n, s->first, standardise(s, value));
    }
  }
}

lqa_status lqa_table_expand(const lqa_table_matrix *table, const uint8_t *use, lqa_sparse *out) {
  spread *spreads = lqa_malloc((size_t)table->n_columns, sizeof *spreads);
  size_t n_rows = (size_t)table->n_rows, width = (size_t)table->n_columns;
  lqa_status status;
  *out = (lqa_sparse){.n_rows = table->n_rows};
  LQA_TRY_OUT(spreads ? LQA_OK : LQA_NO_MEMORY);
  out->n_columns = place_columns(table, use, spreads);
  out->row_start = lqa_malloc(n_rows + 1, sizeof *out->row_start);
  out->column = lqa_malloc(n_rows, width * sizeof *out->column);
  out->value = lqa_malloc(n_rows, width * sizeof *out->value);
  LQA_TRY_OUT(out->row_start && out->column && out->value ? LQA_OK : LQA_NO_MEMORY);
  uint64_t n = 0;
  out->row_start[0] = 0;
  for (int64_t row = 0; row < table->n_rows; row++) {
    if (use[row]) {
      expand_row(table, spreads, row, out, &n);
    }
    out->row_start[row + 1] = n;
  }
out:
  free(spreads);
  if (status != LQA_OK) {
    lqa_sparse_clear(out);
  }
  return status;
}
