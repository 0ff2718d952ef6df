/* audit/provenance/length_fingerprint.c - is one class much longer, shorter or more varied?
 *
 * A class filled from another source, cut at another limit or pasted with a template shows in its
 * lengths before anything else. Rule: the class mean lies more than 3 x 1.4826 x MAD from the
 * median of the rows of all other classes pooled, or its standard deviation is over 3 times theirs
 * (1.4826 MAD estimates a normal standard deviation and ignores outliers: Hampel 1974). Where the
 * others are all of one length the MAD is taken as half a code point. Lengths are counted once per
 * distinct length and class, so that the exact medians of "all classes but this" need no sorting
 * per class: cost classes x distinct lengths.
 */
#include "audit/provenance/length_fingerprint.h"

#include "audit/audit.h"
#include "audit/phrase.h"
#include "base/memory.h"
#include "base/sort.h"
#include "base/unicode.h"

#include <math.h>

enum { PARAM_MADS, PARAM_SPREAD, PARAM_MIN_ROWS };

static const double NORMAL_MAD = 1.4826; /* standard deviations of a normal in one MAD */
static const double LEAST_SIGMA = .5;    /* code points */

enum { DIRECT = 1 << 20 }; /* lengths below are looked up in an array, longer ones by halving */

/* One distinct length; `pool` is its count over the classes under view. */
typedef struct length_table {
  size_t n;
  uint32_t *index;  /* of a length below DIRECT: its place; counts while the table is made */
  uint32_t *length; /* ascending */
  int64_t *total;   /* rows of all classes */
  int64_t *pool;    /* rows of all classes but one */
} length_table;

static void table_clear(length_table *table) {
  free(table->index);
  free(table->length);
  free(table->total);
  free(table->pool);
}

/* Counts the lengths below DIRECT in table->index and moves the others to the front, sorted; gives
 * the number of those, and of distinct lengths. */
static size_t count_lengths(length_table *table, uint32_t *lengths, size_t n, size_t *distinct) {
  size_t n_long = 0;
  *distinct = 0;
  for (size_t i = 0; i < n; i++) {
    if (lengths[i] < DIRECT) {
      *distinct += table->index[lengths[i]]++ == 0;
    } else {
      lengths[n_long++] = lengths[i];
    }
  }
  qsort(lengths, n_long, sizeof *lengths, lqa_compare_uint32);
  for (size_t i = 0; i < n_long; i++) {
    *distinct += i == 0 || lengths[i] != lengths[i - 1];
  }
  return n_long;
}

/* `lengths` holds n values and is left in disorder. */
static lqa_status table_fill(length_table *table, uint32_t *lengths, size_t n) {
  size_t distinct;
  table->index = lqa_calloc(DIRECT, sizeof *table->index);
  if (!table->index) {
    return LQA_NO_MEMORY;
  }
  size_t n_long = count_lengths(table, lengths, n, &distinct);
  table->length = lqa_malloc(distinct, sizeof *table->length);
  table->total = lqa_calloc(distinct, sizeof *table->total);
  table->pool = lqa_calloc(distinct, sizeof *table->pool);
  if (!table->length || !table->total || !table->pool) {
    return LQA_NO_MEMORY;
  }
  for (uint32_t length = 0; length < DIRECT && table->n < distinct; length++) {
    if (table->index[length]) {
      table->length[table->n] = length;
      table->total[table->n] = table->index[length];
      table->index[length] = (uint32_t)table->n++;
    }
  }
  for (size_t i = 0; i < n_long; i++) {
    if (i == 0 || lengths[i] != lengths[i - 1]) {
      table->length[table->n++] = lengths[i];
    }
    table->total[table->n - 1]++;
  }
  return LQA_OK;
}

static size_t table_find(const length_table *table, uint32_t length) {
  if (length < DIRECT) {
    return table->index[length];
  }
  size_t low = 0, high = table->n;
  while (low + 1 < high) {
    size_t middle = (low + high) / 2;
    if (table->length[middle] <= length) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

/* The length of the row at `rank` (0-based) of the pool. */
static double pool_at(const length_table *table, int64_t rank) {
  size_t i = 0;
  while (rank >= table->pool[i]) {
    rank -= table->pool[i++];
  }
  return table->length[i];
}

static double pool_median(const length_table *table, int64_t n) {
  return .5 * (pool_at(table, (n - 1) / 2) + pool_at(table, n / 2));
}

/* The median distance to `centre`, by walking outwards from it on both sides. */
static double pool_mad(const length_table *table, int64_t n, double centre) {
  size_t right = 0;
  while (right < table->n && table->length[right] < centre) {
    right++;
  }
  size_t left = right;
  int64_t seen = 0, low_rank = (n - 1) / 2, high_rank = n / 2;
  double low = 0, distance = 0;
  while (seen <= high_rank) {
    double to_left = left > 0 ? centre - table->length[left - 1] : INFINITY;
    double to_right = right < table->n ? table->length[right] - centre : INFINITY;
    distance = to_left <= to_right ? to_left : to_right;
    int64_t before = seen;
    seen += to_left <= to_right ? table->pool[--left] : table->pool[right++];
    if (before <= low_rank && low_rank < seen) {
      low = distance;
    }
  }
  return .5 * (low + distance);
}

static double pool_std(const length_table *table, int64_t n) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < table->n; i++) {
    sum += (double)table->pool[i] * table->length[i];
  }
  double mean = sum / (double)n;
  for (size_t i = 0; i < table->n; i++) {
    double d = table->length[i] - mean;
    squares += (double)table->pool[i] * d * d;
  }
  return n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
}

/* Lengths of the rows, class by class. */
typedef struct class_lengths {
  int64_t *start;   /* n_classes + 2 */
  uint32_t *length; /* of scorable rows */
} class_lengths;

enum { ROWS_PER_PIECE = 1 << 18 };

static lqa_status lay_out(const lqa_dataset *d, class_lengths *out) {
  out->start = lqa_calloc((size_t)d->n_classes + 2, sizeof *out->start);
  if (!out->start) {
    return LQA_NO_MEMORY;
  }
  int64_t n = 0;
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (lqa_dataset_is_scorable(d, row)) {
      out->start[d->label[row] + 2]++;
      n++;
    }
  }
  out->length = lqa_malloc((size_t)n, sizeof *out->length);
  if (!out->length) {
    return LQA_NO_MEMORY;
  }
  for (int32_t k = 2; k <= d->n_classes; k++) {
    out->start[k] += out->start[k - 1];
  }
  out->start[d->n_classes + 1] = n; /* overwritten by the walk below to the same value */
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (row % ROWS_PER_PIECE == 0) {
      lqa_dataset_release_content(d, row);
    }
    if (lqa_dataset_is_scorable(d, row)) {
      lqa_str text = lqa_column_get(&d->content, row);
      size_t count = lqa_utf8_count(text.data, text.size);
      out->length[out->start[d->label[row] + 1]++] =
          count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
    }
  }
  return LQA_OK;
}

static void measure_class(const class_lengths *lengths, int32_t class, lqa_class_length *out) {
  int64_t from = lengths->start[class], to = lengths->start[class + 1];
  double sum = 0, squares = 0;
  for (int64_t i = from; i < to; i++) {
    sum += lengths->length[i];
  }
  out->count = to - from;
  out->mean = out->count ? sum / (double)out->count : NAN;
  for (int64_t i = from; i < to; i++) {
    squares += (lengths->length[i] - out->mean) * (lengths->length[i] - out->mean);
  }
  out->std = out->count > 1 ? sqrt(squares / (double)(out->count - 1)) : 0;
}

static void measure_others(const class_lengths *lengths, int32_t class, int64_t n_rows,
                           length_table *table, lqa_class_length *out) {
  int64_t from = lengths->start[class], to = lengths->start[class + 1];
  int64_t n = n_rows - (to - from);
  out->others_median = out->others_mad = out->others_std = NAN;
  if (n <= 0) {
    return;
  }
  memcpy(table->pool, table->total, table->n * sizeof *table->pool);
  for (int64_t i = from; i < to; i++) {
    table->pool[table_find(table, lengths->length[i])]--;
  }
  out->others_median = pool_median(table, n);
  out->others_mad = pool_mad(table, n, out->others_median);
  out->others_std = pool_std(table, n);
}

lqa_status lqa_length_fingerprint(const lqa_dataset *dataset, lqa_class_length *out,
                                  lqa_error *err) {
  class_lengths lengths = {0};
  length_table table = {0};
  uint32_t *sorted = NULL;
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lay_out(dataset, &lengths));
  int64_t n = lengths.start[dataset->n_classes];
  sorted = lqa_malloc((size_t)n, sizeof *sorted);
  if (!sorted) {
    status = LQA_NO_MEMORY;
    goto out;
  }
  if (n > 0) {
    memcpy(sorted, lengths.length, (size_t)n * sizeof *sorted);
  }
  LQA_TRY_OUT(table_fill(&table, sorted, (size_t)n));
  for (int32_t k = 0; k < dataset->n_classes; k++) {
    measure_class(&lengths, k, &out[k]);
    measure_others(&lengths, k, n, &table, &out[k]);
  }
out:
  free(sorted);
  table_clear(&table);
  free(lengths.start);
  free(lengths.length);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "measuring text lengths") : status;
}

static lqa_status report_mean(const lqa_audit_input *input, int32_t class,
                              const lqa_class_length *length) {
  const char *name = lqa_phrase_quote(input->arena, input->dataset->classes[class], 40);
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "Class %s has texts of %.1f code points on average (%lld rows), the other classes a median "
      "of "
      "%.1f (MAD %.1f). Look for another source, a cut or a template in that class: a model can "
      "learn the length instead of the meaning.",
      name, length->mean, (long long)length->count, length->others_median, length->others_mad);
  if (finding) {
    finding->subject = lqa_arena_copy(input->arena, input->dataset->classes[class].data,
                                      input->dataset->classes[class].size);
  }
  return finding && finding->subject ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status report_spread(const lqa_audit_input *input, int32_t class,
                                const lqa_class_length *length) {
  const char *name = lqa_phrase_quote(input->arena, input->dataset->classes[class], 40);
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "Class %s has texts of very uneven length: a standard deviation of %.1f code points (%lld "
      "rows) against %.1f in the other classes. Look for pasted documents or two sources in it.",
      name, length->std, (long long)length->count, length->others_std);
  if (finding) {
    finding->subject = lqa_arena_copy(input->arena, input->dataset->classes[class].data,
                                      input->dataset->classes[class].size);
  }
  return finding && finding->subject ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status judge_class(const lqa_audit_input *input, int32_t class,
                              const lqa_class_length *length) {
  if (length->count < (int64_t)input->params[PARAM_MIN_ROWS] || isnan(length->others_median)) {
    return LQA_OK;
  }
  double sigma = fmax(NORMAL_MAD * length->others_mad, LEAST_SIGMA);
  if (fabs(length->mean - length->others_median) > input->params[PARAM_MADS] * sigma) {
    return report_mean(input, class, length);
  }
  double spread = fmax(length->others_std, LEAST_SIGMA);
  return length->std > input->params[PARAM_SPREAD] * spread ? report_spread(input, class, length)
                                                            : LQA_OK;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  const lqa_dataset *d = input->dataset;
  lqa_class_length *lengths = lqa_calloc((size_t)d->n_classes, sizeof *lengths);
  lqa_status status;
  LQA_TRY_OUT(lengths ? lqa_length_fingerprint(d, lengths, err) : LQA_NO_MEMORY);
  for (int32_t k = 0; k < d->n_classes; k++) {
    LQA_TRY_OUT(judge_class(input, k, &lengths[k]));
  }
out:
  free(lengths);
  return status;
}

const lqa_audit lqa_audit_length_fingerprint = {
    .number = LQA_AUDIT_length_fingerprint,
    .id = "length-fingerprint",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "classes whose texts are much longer, shorter or more varied than the others'",
    .needs = LQA_NEEDS_TEXT | LQA_NEEDS_LABELS,
    .is_basic = true,
    .kinds = {{"length-fingerprint", LQA_WARN, false, "one class has other text lengths"}},
    .params =
        {
            [PARAM_MADS] = {"mads", 3, 0, 1000,
                            "robust standard deviations (1.4826 MAD) from the "
                            "other classes' median",
                            false},
            [PARAM_SPREAD] = {"spread", 3, 1, 1000, "standard deviation relative to the others'",
                              false},
            [PARAM_MIN_ROWS] = {"min-rows", 2, 1, 1e9, "smaller classes are not judged", true},
        },
    .run = run,
};
