/* confident/scores.c - how likely the given label of a row is right, in three ways.
 *
 *   self-confidence               p_label
 *   normalized margin             (p_label - max over the others + 1) / 2
 *   confidence-weighted entropy   log(x + 1) / x with x = normalised entropy / p_label
 *
 * With adjustment every p_j is first lowered by the class's mean self-confidence and the row scaled
 * back to sum 1, so that classes the model is less sure of are not at a disadvantage.
 *
 * float32 matrices are scored in float32: every operation is done in double and rounded, which
 * gives the same bits. The entropy's logarithm is our own, so it may differ from the reference's in
 * the last bits.
 */
#include "confident/scores.h"

#include "base/explog.h"
#include "base/memory.h"
#include "confident/entropy_terms.h"

#include <math.h>

/* Least divisor, and least self-confidence, in the entropy score. */
#define CLIP 1e-6

enum { ENTROPY_VALUES = 2048, ENTROPY_ROWS = 256 };

lqa_status lqa_scorer_init(lqa_scorer *scorer, lqa_confident *cl, const lqa_rank_options *options,
                           lqa_error *err) {
  lqa_score_method method = options->method;
  bool adjust = options->adjust_pred_probs;
  *scorer = (lqa_scorer){.cl = cl, .method = method, .adjust = adjust, .is_single = cl->is_single};
  if (method == LQA_SCORE_NORMALIZED_MARGIN && cl->n_classes < 2) {
    return lqa_fail(err, LQA_BAD_USAGE, "the normalized margin needs at least two classes");
  }
  if (adjust && method == LQA_SCORE_CONFIDENCE_WEIGHTED_ENTROPY) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "adjust_pred_probs does not go with confidence_weighted_entropy");
  }
  scorer->log_n_classes = lqa_log(cl->n_classes);
  lqa_status status = LQA_OK;
  size_t n = (size_t)cl->n_classes;
  scorer->rows = lqa_malloc(n, lqa_pool_threads(cl->pool) * sizeof *scorer->rows);
  scorer->threshold = adjust ? lqa_malloc(n, sizeof *scorer->threshold) : NULL;
  if (!scorer->rows || (adjust && !scorer->threshold)) {
    status = lqa_fail_memory(err, "scoring labels");
    goto out;
  }
  if (adjust) {
    lqa_thresholds thresholds = {.value = scorer->threshold};
    LQA_TRY_OUT(lqa_confident_thresholds(cl, &thresholds, err));
    scorer->is_single = thresholds.is_single;
    for (int32_t k = 0; k < cl->n_classes; k++) {
      double t = scorer->threshold[k];
      scorer->max_threshold =
          k == 0 || t > scorer->max_threshold || t != t ? t : scorer->max_threshold;
    }
  }
  return LQA_OK;
out:
  lqa_scorer_clear(scorer);
  return status;
}

void lqa_scorer_clear(lqa_scorer *scorer) {
  free(scorer->rows);
  free(scorer->threshold);
  scorer->rows = scorer->threshold = NULL;
}

/* The reference sums a row pairwise where it lies in one piece, column by column elsewhere. */
static double sum_row(const lqa_scorer *s, const double *row) {
  const lqa_matrix *m = &s->cl->pred_probs;
  if (m->n_rows == 1 || llabs(m->row_stride) >= llabs(m->column_stride)) {
    return lqa_pairwise_sum(row, s->cl->n_classes, s->is_single);
  }
  double sum = row[0];
  for (int32_t k = 1; k < s->cl->n_classes; k++) {
    sum = lqa_round_single(sum + row[k], s->is_single);
  }
  return sum;
}

static void adjust_row(const lqa_scorer *s, double *row) {
  for (int32_t k = 0; k < s->cl->n_classes; k++) {
    row[k] = lqa_round_single(row[k] - s->threshold[k], s->is_single);
    row[k] = lqa_round_single(row[k] + s->max_threshold, s->is_single);
  }
  double sum = sum_row(s, row);
  for (int32_t k = 0; k < s->cl->n_classes; k++) {
    row[k] = lqa_round_single(row[k] / sum, s->is_single);
  }
}

/* NaN where any of the other probabilities is. */
static double normalized_margin(const lqa_scorer *s, const double *row, int32_t label) {
  double best = row[label == 0];
  for (int32_t k = 1; k < s->cl->n_classes; k++) {
    if (k != label && (row[k] > best || row[k] != row[k])) {
      best = row[k];
    }
  }
  double margin = lqa_round_single(row[label] - best, s->is_single);
  return lqa_round_single(margin + 1, s->is_single) / 2;
}

/* The same from the row where it lies. */
static inline __attribute__((always_inline)) double direct_margin(const void *row, bool is_single,
                                                                  int32_t label, int32_t n) {
  const float *f = row;
  const double *d = row;
  double best = is_single ? (double)f[label == 0] : d[label == 0];
  for (int32_t k = 1; k < n; k++) {
    double p = is_single ? (double)f[k] : d[k];
    best = k != label && (p > best || p != p) ? p : best;
  }
  double margin = lqa_round_single((is_single ? (double)f[label] : d[label]) - best, is_single);
  return lqa_round_single(margin + 1, is_single) / 2;
}

/* terms: of the row's entropy; p: of its label. */
static double weighted_entropy(const lqa_scorer *s, const double *terms, double p) {
  double own = p > CLIP ? p : CLIP;
  double entropy = -lqa_pairwise_sum(terms, s->cl->n_classes, false) / s->log_n_classes;
  double x = entropy / own;
  double score = lqa_log(x + 1) / (x > CLIP ? x : CLIP);
  return lqa_round_single(score, s->is_single);
}

static void load_row(const lqa_scorer *s, int64_t row, double *out) {
  for (int32_t k = 0; k < s->cl->n_classes; k++) {
    out[k] = lqa_confident_value(s->cl, row, k);
  }
}

double lqa_scorer_score(const lqa_scorer *s, int64_t row, int32_t label, size_t worker) {
  if (s->method == LQA_SCORE_SELF_CONFIDENCE && !s->adjust) {
    return lqa_confident_value(s->cl, row, label);
  }
  if (s->method == LQA_SCORE_NORMALIZED_MARGIN && !s->adjust && s->cl->is_direct) {
    const void *at = (const char *)s->cl->pred_probs.data + row * s->cl->pred_probs.row_stride;
    return s->is_single ? direct_margin(at, true, label, s->cl->n_classes)
                        : direct_margin(at, false, label, s->cl->n_classes);
  }
  double *values = s->rows + worker * (size_t)s->cl->n_classes;
  load_row(s, row, values);
  if (s->adjust) {
    adjust_row(s, values);
  }
  switch (s->method) {
  case LQA_SCORE_NORMALIZED_MARGIN:
    return normalized_margin(s, values, label);
  case LQA_SCORE_CONFIDENCE_WEIGHTED_ENTROPY:
    lqa_entropy_terms(values, (size_t)s->cl->n_classes);
    return weighted_entropy(s, values, lqa_confident_value(s->cl, row, label));
  default:
    return values[label];
  }
}

struct scoring {
  const lqa_scorer *scorer;
  double *score;
  int64_t block_rows; /* entropy_rows */
};

/* Rows as doubles, one behind the other. */
static void load_block(const lqa_confident *cl, size_t worker, int64_t row, int64_t n,
                       double *out) {
  int64_t stride = 0;
  const void *rows = lqa_confident_read_rows(cl, worker, row, n, &stride);
  for (int64_t i = 0; i < n; i++, out += cl->n_classes) {
    const float *single = (const float *)rows + i * stride;
    if (!cl->is_single) {
      memcpy(out, (const double *)rows + i * stride, (size_t)cl->n_classes * sizeof *out);
    }
    for (int32_t k = 0; cl->is_single && k < cl->n_classes; k++) {
      out[k] = (double)single[k];
    }
  }
}

/* The scores of n <= ENTROPY_ROWS rows of probabilities, which become the entropy's terms. */
static lqa_status score_entropies(const struct scoring *s, const int32_t *label, int64_t n,
                                  double *rows, double *score) {
  int32_t n_classes = s->scorer->cl->n_classes;
  double own[ENTROPY_ROWS];
  for (int64_t i = 0; i < n; i++) {
    double *row = rows + i * n_classes;
    own[i] = label[i] < 0 ? 1 : row[label[i]];
    if (label[i] < 0) { /* it may hold anything */
      memset(row, 0, (size_t)n_classes * sizeof *row);
    }
  }
  if (!lqa_entropy_terms(rows, (size_t)(n * n_classes))) {
    return LQA_BAD_DATA;
  }
  for (int64_t i = 0; i < n; i++) {
    double found = weighted_entropy(s->scorer, rows + i * n_classes, own[i]);
    score[i] = label[i] < 0 ? (double)NAN : found;
  }
  return LQA_OK;
}

static lqa_status score_entropy_chunk(const struct scoring *s, size_t chunk, size_t worker) {
  const lqa_confident *cl = s->scorer->cl;
  int64_t end = lqa_confident_chunk_end(cl, chunk), step = s->block_rows;
  int32_t label[ENTROPY_ROWS];
  double *rows = lqa_malloc((size_t)step, (size_t)cl->n_classes * sizeof *rows);
  lqa_status status;
  LQA_TRY_OUT(rows ? LQA_OK : LQA_NO_MEMORY);
  int64_t row = lqa_confident_chunk_start(cl, chunk);
  for (; row < end; row += step) {
    int64_t n = end - row < step ? end - row : step;
    LQA_TRY_OUT(lqa_confident_go_on(cl));
    lqa_confident_read_labels(cl, row, n, label);
    load_block(cl, worker, row, n, rows);
    LQA_TRY_OUT(score_entropies(s, label, n, rows, s->score + row));
  }
out:
  free(rows);
  return status;
}

static lqa_status score_chunk(void *data, size_t chunk, size_t worker) {
  const struct scoring *s = data;
  const lqa_confident *cl = s->scorer->cl;
  int64_t end = lqa_confident_chunk_end(cl, chunk);
  int32_t label[LQA_LABEL_BLOCK];
  if (s->scorer->method == LQA_SCORE_CONFIDENCE_WEIGHTED_ENTROPY) {
    return score_entropy_chunk(s, chunk, worker);
  }
  for (int64_t row = lqa_confident_chunk_start(cl, chunk); row < end; row += LQA_LABEL_BLOCK) {
    int64_t n = end - row < LQA_LABEL_BLOCK ? end - row : LQA_LABEL_BLOCK;
    LQA_TRY(lqa_confident_go_on(cl));
    lqa_confident_read_labels(cl, row, n, label);
    for (int64_t i = 0; i < n; i++) {
      s->score[row + i] =
          label[i] < 0 ? (double)NAN : lqa_scorer_score(s->scorer, row + i, label[i], worker);
    }
  }
  return LQA_OK;
}

/* Rows whose entropies are made at a time: what stays in the first-level cache. */
static int64_t entropy_rows(const lqa_confident *cl) {
  int64_t n = ENTROPY_VALUES / cl->n_classes;
  n = n < 1 ? 1 : n > ENTROPY_ROWS ? ENTROPY_ROWS : n;
  return n < cl->block_rows ? n : cl->block_rows;
}

lqa_status lqa_confident_scores(lqa_confident *cl, const lqa_rank_options *options, double *score,
                                bool *is_single, lqa_error *err) {
  lqa_scorer scorer;
  LQA_TRY(lqa_scorer_init(&scorer, cl, options, err));
  struct scoring s = {&scorer, score, entropy_rows(cl)};
  lqa_status status = lqa_pool_run(cl->pool, (size_t)cl->n_chunks, score_chunk, &s);
  if (status == LQA_BAD_DATA) {
    status = lqa_fail(err, status, "confidence_weighted_entropy needs probabilities within [0, 1]");
  }
  if (is_single && status == LQA_OK) {
    *is_single = scorer.is_single;
  }
  lqa_scorer_clear(&scorer);
  return status;
}
