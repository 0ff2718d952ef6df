/* The weights of a streamed blend: a blend trained in memory on a sample, whose pair models choose
 * them as they do for small data (blend.h). Rows keep their folds, so a fold's weights come from
 * models and predictions of other folds alone. Weights fitted on 100,000 rows serve more rows well,
 * better than fixed ones (bench/RESULTS.md), but for their scale: members that learned from more
 * rows are surer of themselves, and naive Bayes far more than it should be. So the margins of the
 * sample's predictions are kept, to which those of the streamed blend are scaled (text_stream.c).
 */
#include "model/text/stream/text_sample.h"

#include "base/explog.h"
#include "base/memory.h"
#include "base/rng.h"
#include "model/text/text_members.h"
#include "model/text/text_memory.h"

#include <math.h>
#include <string.h>

#define SMALLEST 1e-30f /* probabilities are held above this before their logarithm is taken */

enum { MIN_SAMPLE = 2000, SAMPLE_STREAM = 13, MEMBERS = 3 };

/* The sampled rows as a data set of their own. */
typedef struct sample {
  lqa_dataset dataset;
  int64_t n;
  char *bytes;
  uint64_t *offsets;
  int32_t *label;
  uint8_t *fold, *use; /* use: 1 throughout */
} sample;

static bool is_scorable(const lqa_crossval_job *job, int64_t row) {
  return job->out->fold[row] != LQA_NO_FOLD;
}

/* Marks `wanted` of the scorable rows, each as likely: the order of the source does not matter. */
static lqa_status choose(const lqa_crossval_job *job, int64_t wanted, uint8_t **chosen) {
  int64_t n_rows = job->dataset->n_rows, left = 0;
  lqa_rng rng;
  lqa_rng_init(&rng, job->options->seed, SAMPLE_STREAM);
  *chosen = lqa_calloc((size_t)n_rows, 1);
  if (!*chosen) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < n_rows; row++) {
    left += is_scorable(job, row);
  }
  for (int64_t row = 0; row < n_rows; row++) {
    if (is_scorable(job, row)) {
      bool take = (int64_t)lqa_rng_below(&rng, (uint64_t)left) < wanted;
      (*chosen)[row] = take;
      wanted -= take;
      left--;
    }
  }
  return LQA_OK;
}

static lqa_status copy_rows(const lqa_crossval_job *job, const lqa_text_rows *rows,
                            const uint8_t *chosen, sample *s) {
  uint64_t size = 0;
  for (int64_t row = 0; row < job->dataset->n_rows; row++) {
    size += chosen[row] ? lqa_column_get(rows->text, row).size : 0;
    s->n += chosen[row];
  }
  s->bytes = lqa_malloc(size, 1);
  s->offsets = lqa_malloc((size_t)s->n + 1, sizeof *s->offsets);
  s->label = lqa_malloc((size_t)s->n, sizeof *s->label);
  s->fold = lqa_malloc((size_t)s->n, sizeof *s->fold);
  s->use = lqa_malloc((size_t)s->n, sizeof *s->use);
  if (!s->bytes || !s->offsets || !s->label || !s->fold || !s->use) {
    return LQA_NO_MEMORY;
  }
  memset(s->use, 1, (size_t)s->n);
  size_t n = 0;
  s->offsets[0] = 0;
  for (int64_t row = 0; row < job->dataset->n_rows; row++) {
    lqa_str text = chosen[row] ? lqa_column_get(rows->text, row) : (lqa_str){NULL, 0};
    if (chosen[row]) {
      memcpy(s->bytes + s->offsets[n], text.data, text.size);
      s->label[n] = job->label[row];
      s->fold[n] = job->out->fold[row];
      s->offsets[n + 1] = s->offsets[n] + text.size;
      n++;
    }
  }
  s->dataset = (lqa_dataset){.n_rows = s->n,
                             .n_classes = job->dataset->n_classes,
                             .kind = LQA_CONTENT_TEXT,
                             .content = {"sample", s->n, s->bytes, s->offsets, NULL},
                             .label = s->label};
  return LQA_OK;
}

static void clear(sample *s) {
  free(s->bytes);
  free(s->offsets);
  free(s->label);
  free(s->fold);
  free(s->use);
}

float lqa_score_margin(const float *score, int32_t n) {
  float best = -INFINITY, next = -INFINITY;
  for (int32_t k = 0; k < n; k++) {
    if (score[k] > best) {
      next = best;
      best = score[k];
    } else if (score[k] > next) {
      next = score[k];
    }
  }
  return n > 1 ? best - next : 0;
}

/* Lists the sampled rows with the margins of their probabilities, which become logarithms. */
static lqa_status keep_margins(const lqa_crossval_job *job, const uint8_t *chosen,
                               const lqa_crossval_result *fit, lqa_text_sample *out) {
  size_t n_classes = (size_t)fit->n_classes;
  out->row = lqa_malloc((size_t)fit->n_rows, sizeof *out->row);
  out->margin = lqa_malloc((size_t)fit->n_rows, sizeof *out->margin);
  if (!out->row || !out->margin) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < job->dataset->n_rows; row++) {
    if (chosen[row]) {
      float *p = fit->pred_probs + (size_t)out->n_rows * n_classes;
      for (size_t k = 0; k < n_classes; k++) {
        p[k] = lqa_logf(p[k] > SMALLEST ? p[k] : SMALLEST);
      }
      out->row[out->n_rows] = (uint32_t)row;
      out->margin[out->n_rows++] = lqa_score_margin(p, fit->n_classes);
    }
  }
  return LQA_OK;
}

/* Trains the blend on the sample. */
static lqa_status fit(const lqa_crossval_job *job, const sample *s, const uint8_t *chosen,
                      lqa_text_sample *result) {
  lqa_crossval_options options = *job->options;
  lqa_text_rows rows = {&s->dataset.content, s->use};
  lqa_crossval_result out = {.n_rows = s->n,
                             .n_classes = job->out->n_classes,
                             .n_folds = job->out->n_folds,
                             .fold = s->fold};
  lqa_crossval_job inner = {.dataset = &s->dataset,
                            .options = &options,
                            .out = &out,
                            .err = job->err,
                            .label = s->label,
                            .fitted = result->weight};
  options.memory_bytes = 0;
  options.fixed_fold = s->fold;
  lqa_arena_init(&out.arena);
  out.pred_probs = lqa_malloc((size_t)s->n, (size_t)out.n_classes * sizeof *out.pred_probs);
  lqa_status status = out.pred_probs ? lqa_text_memory_run(&inner, &rows) : LQA_NO_MEMORY;
  result->fitted = status == LQA_OK && inner.n_fitted == MEMBERS;
  if (result->fitted) {
    status = keep_margins(job, chosen, &out, result);
  }
  free(inner.wanted);
  out.fold = NULL;
  lqa_crossval_clear(&out);
  return status;
}

static void set_defaults(int n_folds, int32_t n_classes, double (*weight)[LQA_MAX_MEMBERS]) {
  double scale = lqa_class_emphasis(n_classes);
  for (int f = 0; f < n_folds; f++) {
    weight[f][0] = scale * LQA_LOGISTIC_WEIGHT * LQA_WORD_EMPHASIS;
    weight[f][1] = scale * LQA_WORD_BAYES_WEIGHT * LQA_WORD_EMPHASIS;
    weight[f][2] = scale * LQA_CHARACTER_BAYES_WEIGHT * LQA_CHARACTER_EMPHASIS;
  }
}

lqa_status lqa_text_sample_run(const lqa_crossval_job *job, const lqa_text_rows *rows,
                               const lqa_text_plan *plan, lqa_text_sample *out) {
  sample s = {0};
  uint8_t *chosen = NULL;
  lqa_status status = LQA_OK;
  out->fitted = false;
  out->n_rows = 0;
  out->row = NULL;
  out->margin = NULL;
  if (plan->sample_rows >= MIN_SAMPLE) {
    LQA_TRY_OUT(choose(job, plan->sample_rows, &chosen));
    LQA_TRY_OUT(copy_rows(job, rows, chosen, &s));
    lqa_dataset_release_content(job->dataset, job->dataset->n_rows);
    LQA_TRY_OUT(fit(job, &s, chosen, out));
  }
  if (!out->fitted) {
    set_defaults(job->out->n_folds, job->dataset->n_classes, out->weight);
  }
out:
  clear(&s);
  free(chosen);
  return status;
}

void lqa_text_sample_clear(lqa_text_sample *s) {
  free(s->row);
  free(s->margin);
  s->row = NULL;
  s->margin = NULL;
}
