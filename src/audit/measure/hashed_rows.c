/* audit/measure/hashed_rows.c - hashed features of text, tables and embeddings.
 *
 * Presence only, no weights: naive Bayes on presence loses a point or two of accuracy against a
 * real model and costs a fiftieth of it, which is the trade a test for misalignment wants. Numeric
 * columns are cut at their own quantiles (16 bins; 8 for embeddings), taken from an evenly spaced
 * sample.
 */
#include "audit/measure/hashed_rows.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/sort.h"
#include "base/unicode.h"
#include "feature/sparse.h"

#include <math.h>

enum {
  TABLE_BINS = 16,
  EMBEDDING_BINS = 8,
  MAX_DIMENSIONS = 256,
  QUANTILE_SAMPLE = 4096,
  RNG_STREAM = 0x6267 /* "bg" */
};

struct lqa_hashed_row_source {
  const lqa_dataset *dataset;
  const lqa_sparse *sparse;
  const uint32_t *cluster;
  uint32_t n_buckets;
  int32_t n_columns, n_bins; /* of a table or an embedding */
  double *edges;             /* n_columns x (n_bins - 1), ascending */
};

static double numeric_value(const lqa_dataset *d, int32_t column, int64_t row) {
  return d->kind == LQA_CONTENT_TABLE ? d->features[column].values[row]
                                      : lqa_matrix_get(d->embeddings, row, column);
}

static void cut_column(lqa_hashed_row_source *source, int32_t column, double *sample) {
  int64_t n_rows = source->dataset->n_rows;
  int64_t step = n_rows / QUANTILE_SAMPLE > 0 ? n_rows / QUANTILE_SAMPLE : 1;
  size_t n = 0;
  for (int64_t row = 0; row < n_rows && n < QUANTILE_SAMPLE; row += step) {
    double value = numeric_value(source->dataset, column, row);
    if (!isnan(value)) {
      sample[n++] = value;
    }
  }
  qsort(sample, n, sizeof *sample, lqa_compare_doubles);
  for (int32_t bin = 1; bin < source->n_bins; bin++) {
    double edge = n ? sample[n * (size_t)bin / (size_t)source->n_bins] : 0;
    source->edges[column * (source->n_bins - 1) + bin - 1] = edge;
  }
}

static lqa_status cut_columns(lqa_hashed_row_source *source) {
  size_t n_edges = (size_t)source->n_columns * (size_t)(source->n_bins - 1);
  source->edges = lqa_malloc(n_edges, sizeof *source->edges);
  double *sample = lqa_malloc(QUANTILE_SAMPLE, sizeof *sample);
  if (source->edges && sample) {
    for (int32_t column = 0; column < source->n_columns; column++) {
      cut_column(source, column, sample);
    }
  }
  lqa_status status = source->edges && sample ? LQA_OK : LQA_NO_MEMORY;
  free(sample);
  return status;
}

static bool has_features(const lqa_audit_input *input) {
  const lqa_dataset *d = input->dataset;
  switch (d->kind) {
  case LQA_CONTENT_TEXT:
    return input->sparse != NULL || d->content.bytes != NULL;
  case LQA_CONTENT_TABLE:
    return d->n_features > 0;
  case LQA_CONTENT_EMBEDDING:
    return d->embeddings != NULL;
  default:
    return false;
  }
}

lqa_status lqa_hashed_row_source_new(const lqa_audit_input *input, uint32_t n_buckets,
                                     lqa_hashed_row_source **out, lqa_error *err) {
  const lqa_dataset *d = input->dataset;
  *out = NULL;
  if (!has_features(input)) {
    return LQA_OK;
  }
  lqa_hashed_row_source *source = lqa_calloc(1, sizeof *source);
  if (!source) {
    return lqa_fail_memory(err, "preparing a quick model");
  }
  *source = (lqa_hashed_row_source){.dataset = d,
                                    .sparse = d->kind == LQA_CONTENT_TEXT ? input->sparse : NULL,
                                    .cluster = input->cluster,
                                    .n_buckets = n_buckets,
                                    .n_bins = TABLE_BINS};
  if (d->kind == LQA_CONTENT_TABLE) {
    source->n_columns = d->n_features;
  } else if (d->kind == LQA_CONTENT_EMBEDDING) {
    int64_t n = d->embeddings->n_columns;
    source->n_columns = n < MAX_DIMENSIONS ? (int32_t)n : MAX_DIMENSIONS;
    source->n_bins = EMBEDDING_BINS;
  }
  if (source->n_columns > 0 && cut_columns(source) != LQA_OK) {
    lqa_hashed_row_source_free(source);
    return lqa_fail_memory(err, "preparing a quick model");
  }
  *out = source;
  return LQA_OK;
}

void lqa_hashed_row_source_free(lqa_hashed_row_source *source) {
  if (source) {
    free(source->edges);
    free(source);
  }
}

uint32_t lqa_hashed_row_source_buckets(const lqa_hashed_row_source *source) {
  return source->n_buckets;
}

void lqa_hashed_rows_clear(lqa_hashed_rows *bag) {
  free(bag->row);
  free(bag->start);
  free(bag->bucket);
  free(bag->half);
  *bag = (lqa_hashed_rows){0};
}

/* Mixes a feature number into a bucket; n_buckets is a power of two. */
static uint32_t bucket_of(const lqa_hashed_row_source *source, uint64_t feature) {
  return (uint32_t)(feature * 0x9e3779b97f4a7c15u >> 32) & (source->n_buckets - 1);
}

typedef LQA_VEC(uint32_t) bucket_list;

static lqa_status add_terms(const lqa_hashed_row_source *source, int64_t row, bucket_list *out) {
  const lqa_sparse *m = source->sparse;
  uint64_t from = m->row_start[row], to = m->row_start[row + 1];
  LQA_TRY(lqa_vec_reserve(out, out->n + (size_t)(to - from)));
  for (uint64_t i = from; i < to; i++) {
    out->data[out->n++] = bucket_of(source, m->column[i]);
  }
  return LQA_OK;
}

static lqa_status add_words(const lqa_hashed_row_source *source, int64_t row, lqa_buf *lower,
                            bucket_list *out) {
  lqa_buf_reset(lower);
  lqa_unicode_lower(lqa_column_get(&source->dataset->content, row), lower);
  if (lower->failed) {
    return LQA_NO_MEMORY;
  }
  size_t start = 0, at = 0, length;
  for (; at < lower->size; at += length) {
    if (!lqa_unicode_is_word(lqa_utf8_decode(lower->data + at, lower->size - at, &length))) {
      if (at > start) {
        LQA_TRY(
            lqa_vec_push(out, bucket_of(source, lqa_hash64(lower->data + start, at - start, 0))));
      }
      start = at + length;
    }
  }
  if (at > start) {
    LQA_TRY(lqa_vec_push(out, bucket_of(source, lqa_hash64(lower->data + start, at - start, 0))));
  }
  return LQA_OK;
}

static int32_t find_bin(const double *edges, int32_t n_edges, double value) {
  int32_t bin = 0;
  while (bin < n_edges && value >= edges[bin]) {
    bin++;
  }
  return bin;
}

static lqa_status add_columns(const lqa_hashed_row_source *source, int64_t row, bucket_list *out) {
  const lqa_dataset *d = source->dataset;
  for (int32_t c = 0; c < source->n_columns; c++) {
    double value = numeric_value(d, c, row);
    bool is_category = d->kind == LQA_CONTENT_TABLE && d->features[c].is_categorical;
    const double *edges = source->edges + c * (source->n_bins - 1);
    int64_t code = isnan(value)  ? -1
                   : is_category ? (int64_t)value
                                 : find_bin(edges, source->n_bins - 1, value);
    LQA_TRY(lqa_vec_push(out, bucket_of(source, ((uint64_t)c + 1) << 32 ^ (uint64_t)(code + 2))));
  }
  return LQA_OK;
}

static lqa_status add_row(const lqa_hashed_row_source *source, int64_t row, lqa_buf *scratch,
                          bucket_list *out) {
  return source->sparse          ? add_terms(source, row, out)
         : source->n_columns > 0 ? add_columns(source, row, out)
                                 : add_words(source, row, scratch, out);
}

/* Rows of [from, to) with content, at most max_rows, by selection sampling (Knuth 3.4.2, S). */
static lqa_status draw_rows(const lqa_hashed_row_source *source, int64_t from, int64_t to,
                            size_t max_rows, uint64_t seed, lqa_hashed_rows *out) {
  size_t left = 0;
  for (int64_t row = from; row < to; row++) {
    left += lqa_dataset_has_content(source->dataset, row);
  }
  size_t wanted = left < max_rows ? left : max_rows;
  out->row = lqa_malloc(wanted, sizeof *out->row);
  if (!out->row) {
    return LQA_NO_MEMORY;
  }
  lqa_rng rng;
  lqa_rng_init(&rng, seed, RNG_STREAM);
  for (int64_t row = from; row < to && out->n < wanted; row++) {
    if (lqa_dataset_has_content(source->dataset, row)) {
      if (left == wanted - out->n || lqa_rng_below(&rng, left) < wanted - out->n) {
        out->row[out->n++] = row;
      }
      left--;
    }
  }
  return LQA_OK;
}

static uint8_t half_of(const lqa_hashed_row_source *source, int64_t row) {
  uint64_t key = source->cluster ? source->cluster[row] : (uint64_t)row;
  return (uint8_t)(lqa_hash64(&key, sizeof key, 1) & 1);
}

lqa_status lqa_hashed_rows_draw(const lqa_hashed_row_source *source, int64_t from, int64_t to,
                                size_t max_rows, uint64_t seed, lqa_hashed_rows *out,
                                lqa_error *err) {
  lqa_hashed_rows bag = {0};
  bucket_list buckets = {0};
  lqa_buf scratch;
  lqa_buf_init(&scratch, SIZE_MAX / 2);
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(draw_rows(source, from, to, max_rows, seed, &bag));
  bag.start = lqa_calloc(bag.n + 1, sizeof *bag.start);
  bag.half = lqa_calloc(bag.n, 1);
  if (!bag.start || !bag.half) {
    status = LQA_NO_MEMORY;
    goto out;
  }
  for (size_t i = 0; i < bag.n; i++) {
    LQA_TRY_OUT(add_row(source, bag.row[i], &scratch, &buckets));
    lqa_dataset_release_row(source->dataset, bag.row[i]);
    bag.start[i + 1] = buckets.n;
    bag.half[i] = half_of(source, bag.row[i]);
  }
  bag.bucket = buckets.data;
  buckets.data = NULL;
  *out = bag;
  bag = (lqa_hashed_rows){0};
out:
  lqa_hashed_rows_clear(&bag);
  lqa_vec_clear(&buckets);
  lqa_buf_clear(&scratch);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "preparing a quick model") : status;
}
