/* Text models from disk: the members of text_model.c, one after the other, none of which holds more
 * than tables of columns and a few blocks of rows.
 *
 * Words are read once into hashed blocks (feature/hashed_blocks.h), which logistic regression
 * passes over until it has converged and naive Bayes twice (text_stream_bayes.c). The blend is a
 * sum of logarithms, so one array of scores takes the members in turn. Its weights are the
 * defaults: fitting them would take pair models, that is training everything twice.
 */
#include "model/text/stream/text_stream.h"

#include "base/explog.h"
#include "base/memory.h"
#include "feature/word_sample.h"
#include "model/text/stream/softmax_stream.h"
#include "model/text/text_members.h"

#include <math.h>
#include <string.h>

#define STREAM_TOLERANCE 1e-3 /* in a blend, as in crossval.c */

enum { ROWS_PER_TASK = 4096 };

typedef lqa_text_stream stream;

static void release_text(void *data, int64_t row) {
  lqa_dataset_release_content(data, row);
}

static lqa_status build(stream *s, const lqa_tfidf_options *terms) {
  const lqa_crossval_options *o = s->job->options;
  lqa_hashed_options options = {.terms = *terms,
                                .bucket_bits = s->plan->bucket_bits,
                                .filter_bits = s->plan->filter_bits,
                                .n_blocks = s->plan->n_blocks,
                                .seed = o->seed,
                                .folder = o->temporary_folder,
                                .need_bytes = s->plan->disk_bytes,
                                .pool = o->pool,
                                .observer = o->observer,
                                .release = release_text,
                                .release_data = (void *)s->job->dataset};
  return lqa_hashed_blocks_build(s->rows, &options, &s->features, s->job->err);
}

/* Words, or characters in the cases of text_model.c. */
static lqa_status build_features(stream *s) {
  const lqa_crossval_options *o = s->job->options;
  lqa_tfidf_options words = lqa_word_options(o), characters = lqa_character_options(o);
  bool lacks_spaces;
  LQA_TRY(lqa_lacks_spaces(s->rows, &lacks_spaces, s->job->err));
  if (lacks_spaces) {
    LQA_TRY(build(s, &characters));
    return lqa_job_note(s->job, "The texts do not separate words by spaces: character 1-3-grams "
                                "were used instead of words.");
  }
  LQA_TRY(build(s, &words));
  if (s->features.n_used > 0) {
    return LQA_OK;
  }
  lqa_hashed_blocks_clear(&s->features);
  LQA_TRY(build(s, &characters));
  return lqa_job_note(s->job, "No word occurs in enough rows: character n-grams were used.");
}

/* --- members --- */

static lqa_status run_logistic(stream *s) {
  lqa_crossval_job *job = s->job;
  lqa_softmax_fold folds[LQA_MAX_FOLDS];
  lqa_softmax_options options = lqa_softmax_defaults();
  options.C = job->options->C;
  options.tolerance = job->options->kind == LQA_MODEL_AUTO
                          ? fmax(STREAM_TOLERANCE, job->options->tolerance)
                          : job->options->tolerance;
  options.seed = job->options->seed;
  options.pool = job->options->pool;
  options.observer = job->options->observer;
  lqa_stream_problem problem = {.features = &s->features,
                                .label = job->label,
                                .fold = job->out->fold,
                                .n_classes = job->dataset->n_classes,
                                .n_folds = job->out->n_folds,
                                .folder = job->options->temporary_folder};
  lqa_job_begin(job, "training");
  LQA_TRY(lqa_softmax_stream_run(&problem, &options, job->out->pred_probs, folds, job->err));
  lqa_job_end(job, "training");
  return lqa_job_sum_training(job, folds);
}

/* --- the blend --- */

/* Probabilities of the first member to scores. */
static lqa_status start_scores(void *data, size_t task, size_t worker) {
  (void)worker;
  stream *s = data;
  lqa_crossval_result *out = s->job->out;
  size_t n_classes = (size_t)out->n_classes, first = task * ROWS_PER_TASK;
  for (size_t row = first; row < (size_t)out->n_rows && row < first + ROWS_PER_TASK; row++) {
    float *p = out->pred_probs + row * n_classes;
    for (size_t k = 0; out->fold[row] != LQA_NO_FOLD && k < n_classes; k++) {
      float least = LQA_SMALLEST_PROBABILITY;
      p[k] = (float)s->sample.weight[out->fold[row]][s->member] *
             lqa_logf(p[k] > least ? p[k] : least);
    }
  }
  return LQA_OK;
}

/* Scales each fold's scores to the margins that the sample's blend had on the sampled rows of the
 * fold. Its weights were fitted for those; members that learned from more rows are surer. No label
 * of the fold takes part. */
static void match_margins(stream *s) {
  const lqa_crossval_result *out = s->job->out;
  const lqa_text_sample *sample = &s->sample;
  double wanted[LQA_MAX_FOLDS] = {0}, found[LQA_MAX_FOLDS] = {0};
  for (int64_t i = 0; i < sample->n_rows; i++) {
    size_t row = sample->row[i];
    wanted[out->fold[row]] += (double)sample->margin[i];
    found[out->fold[row]] +=
        (double)lqa_score_margin(out->pred_probs + row * (size_t)out->n_classes, out->n_classes);
  }
  for (int f = 0; f < out->n_folds; f++) {
    s->scale[f] = wanted[f] > 0 && found[f] > 0 ? (float)(wanted[f] / found[f]) : 1;
  }
}

/* Scores to probabilities. */
static lqa_status end_scores(void *data, size_t task, size_t worker) {
  (void)worker;
  stream *s = data;
  lqa_crossval_result *out = s->job->out;
  size_t n_classes = (size_t)out->n_classes, first = task * ROWS_PER_TASK;
  for (size_t row = first; row < (size_t)out->n_rows && row < first + ROWS_PER_TASK; row++) {
    float *p = out->pred_probs + row * n_classes, max = -INFINITY, sum = 0;
    float scale = out->fold[row] != LQA_NO_FOLD ? s->scale[out->fold[row]] : 1;
    for (size_t k = 0; k < n_classes; k++) {
      p[k] *= scale;
      max = p[k] > max ? p[k] : max;
    }
    for (size_t k = 0; out->fold[row] != LQA_NO_FOLD && k < n_classes; k++) {
      p[k] = lqa_expf(p[k] - max < -80.f ? -80.f : p[k] - max);
      sum += p[k];
    }
    for (size_t k = 0; out->fold[row] != LQA_NO_FOLD && k < n_classes; k++) {
      p[k] /= sum;
    }
  }
  return LQA_OK;
}

static lqa_status over_rows(stream *s, lqa_task_fn task) {
  size_t n = ((size_t)s->job->out->n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
  return lqa_pool_run(s->job->options->pool, n, task, s);
}

/* Whether a member says anything in the blend. */
static bool has_weight(const stream *s, int member) {
  bool any = false;
  for (int f = 0; f < s->job->out->n_folds; f++) {
    any = any || s->sample.weight[f][member] > 0;
  }
  return any;
}

/* A naive Bayes member, unless its tables are too large or it has no weight. */
static lqa_status add_bayes(stream *s, int member) {
  static const char *const progress[] = {NULL, "counting words", "counting characters"};
  static const char *const stages[] = {NULL, "word model", "character model"};
  static const char *const notes[] = {
      NULL, "Naive Bayes on words was left out of the blend: on the sampled rows it added nothing.",
      "Characters were left out of the blend: on the sampled rows they added nothing."};
  bool fits = member == 1 ? s->plan->word_bayes : s->plan->characters;
  if (!fits || !has_weight(s, member)) {
    return fits ? lqa_job_note(s->job, notes[member]) : LQA_OK;
  }
  s->member = member;
  lqa_job_begin(s->job, progress[member]);
  LQA_TRY(lqa_text_stream_bayes(s, member == 2));
  lqa_job_end(s->job, stages[member]);
  return LQA_OK;
}

static lqa_status run_blend(stream *s) {
  lqa_crossval_job *job = s->job;
  lqa_job_begin(job, "fitting weights");
  LQA_TRY(lqa_text_sample_run(job, s->rows, s->plan, &s->sample));
  lqa_job_end(job, "weights");
  LQA_TRY(run_logistic(s));
  LQA_TRY(over_rows(s, start_scores));
  LQA_TRY(add_bayes(s, 1));
  LQA_TRY(add_bayes(s, 2));
  if (!s->plan->word_bayes || !s->plan->characters) {
    LQA_TRY(lqa_job_note(job, "Naive Bayes was left out of the blend: its tables would take too "
                              "much memory."));
  }
  match_margins(s);
  return over_rows(s, end_scores);
}

/* Naive Bayes alone: the scores of one member of weight 1. */
static lqa_status run_bayes_alone(stream *s) {
  for (int f = 0; f < s->job->out->n_folds; f++) {
    s->sample.weight[f][0] = 1;
    s->scale[f] = 1;
  }
  lqa_job_begin(s->job, "counting words");
  LQA_TRY(lqa_text_stream_bayes(s, false));
  LQA_TRY(over_rows(s, end_scores));
  lqa_job_end(s->job, "word model");
  return LQA_OK;
}

static lqa_status run_kind(stream *s) {
  lqa_crossval_result *out = s->job->out;
  switch (s->job->options->kind) {
  case LQA_MODEL_LOGISTIC:
    out->model = "logistic";
    return run_logistic(s);
  case LQA_MODEL_NAIVE_BAYES:
    out->model = "naive-bayes";
    return run_bayes_alone(s);
  default:
    out->model = "auto";
    return run_blend(s);
  }
}

/* Where the blend's weights come from. */
static const char *blend_text(const stream *s) {
  if (s->job->options->kind != LQA_MODEL_AUTO) {
    return "";
  }
  return s->sample.fitted ? lqa_arena_printf(&s->job->out->arena,
                                             "; the blend's weights were fitted on %lld rows",
                                             (long long)s->plan->sample_rows)
                          : "; the blend has its default weights";
}

/* "640", "9.3", "0.005": small limits must not read as none. */
static const char *megabytes(const stream *s, uint64_t bytes) {
  double mb = (double)bytes / 1e6;
  const char *text = lqa_arena_printf(&s->job->out->arena, mb < 10 ? "%.2g" : "%.0f", mb);
  return text ? text : "?";
}

static lqa_status describe(const stream *s) {
  lqa_crossval_result *out = s->job->out;
  const lqa_text_plan *p = s->plan;
  out->description = lqa_arena_printf(
      &out->arena, "%s on hashed tf-idf of %u columns, from disk, %d folds",
      strcmp(out->model, "auto") == 0 ? "blend" : out->model, s->features.n_used, out->n_folds);
  LQA_TRY(out->description ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY(lqa_job_note(
      s->job,
      lqa_arena_printf(
          &out->arena,
          "The model was trained from disk: in memory it would take about %s MB, and "
          "of " LQA_OPTION(
              "memory_limit") " (%s MB) the rows leave %s MB. Terms share %u hashed "
                              "columns, %zu block%s of rows took about %s MB of temporary space%s.",
          megabytes(s, p->memory_bytes), megabytes(s, p->limit),
          megabytes(s, p->limit > p->rows_bytes ? p->limit - p->rows_bytes : 0), s->features.n_used,
          p->n_blocks, lqa_plural((int64_t)p->n_blocks), megabytes(s, p->disk_bytes),
          blend_text(s))));
  return p->below_minimum
             ? lqa_job_note(s->job, "The memory limit is too small for this many rows: it was "
                                    "passed.")
             : LQA_OK;
}

lqa_status lqa_text_stream_run(lqa_crossval_job *job, const lqa_text_rows *rows,
                               const lqa_text_plan *plan) {
  stream s = {.job = job, .rows = rows, .plan = plan};
  lqa_status status;
  lqa_job_begin(job, "writing features");
  LQA_TRY_OUT(build_features(&s));
  lqa_job_end(job, "features");
  LQA_TRY_OUT(run_kind(&s));
  LQA_TRY_OUT(describe(&s));
out:
  lqa_text_sample_clear(&s.sample);
  lqa_hashed_blocks_clear(&s.features);
  return status;
}
