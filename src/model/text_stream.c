/* Text models from disk: the members of text_model.c, one after the other, none of which holds more
 * than tables of columns and one block of rows.
 *
 * Words are read once into hashed blocks (feature/hashed_blocks.h), which logistic regression
 * passes over until it has converged and naive Bayes twice. Characters are cheaper to hash again
 * than to keep: naive Bayes on them passes twice over the text. The blend is a sum of logarithms,
 * so one array of scores takes the members in turn. Its weights are the defaults: fitting them
 * would take pair models, that is training everything twice.
 */
#include "model/text_plan.h"

#include "base/explog.h"
#include "base/memory.h"
#include "feature/char_hash.h"
#include "feature/word_sample.h"
#include "model/naive_bayes.h"
#include "model/softmax_stream.h"
#include "model/text_members.h"

#include <math.h>
#include <string.h>

#define SMALLEST 1e-9f        /* as in blend.c */
#define STREAM_TOLERANCE 1e-3 /* in a blend, as in crossval.c */

enum { ROWS_PER_TASK = 4096, PIECE_ROWS = 16384, PIECE_BYTES = 4 << 20 };

typedef struct stream {
  lqa_crossval_job *job;
  const lqa_text_rows *rows;
  const lqa_text_plan *plan;
  lqa_hashed_blocks features;
  float *piece_probs; /* of one block or piece */
  size_t piece_capacity;
  lqa_feature_block block;
  LQA_VEC(int32_t) label; /* of the block's rows */
  LQA_VEC(uint8_t) fold;
  double weight[LQA_MAX_FOLDS][LQA_MAX_MEMBERS];
  int member; /* at hand: a column of weight */
  bool fitted;
} stream;

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

static lqa_status reserve_piece(stream *s, size_t n_rows) {
  if (n_rows <= s->piece_capacity) {
    return LQA_OK;
  }
  size_t bytes = (size_t)s->job->dataset->n_classes * sizeof *s->piece_probs;
  float *larger = lqa_realloc(s->piece_probs, n_rows, bytes);
  if (!larger) {
    return LQA_NO_MEMORY;
  }
  s->piece_probs = larger;
  s->piece_capacity = n_rows;
  return LQA_OK;
}

/* Adds a row's weighted log-probabilities to its scores; a score is NaN before the first member. */
static void add_scores(const stream *s, int fold, const float *p, float *score) {
  int32_t n_classes = s->job->dataset->n_classes;
  float weight = (float)s->weight[fold][s->member];
  for (int32_t k = 0; k < n_classes; k++) {
    float term = weight * lqa_logf(p[k] > SMALLEST ? p[k] : SMALLEST);
    score[k] = isnan(score[k]) ? term : score[k] + term;
  }
}

/* How a member's pieces come: one that is loaded, counted or predicted. */
typedef struct piece {
  lqa_problem problem;
  const uint32_t *row; /* of the source; NULL: from first_row on */
  int64_t first_row;
} piece;

static lqa_status add_piece(stream *s, lqa_bayes_stream *bayes, const piece *p) {
  size_t n_classes = (size_t)p->problem.n_classes, n = (size_t)p->problem.x->n_rows;
  LQA_TRY(reserve_piece(s, n));
  LQA_TRY(lqa_bayes_stream_predict(bayes, &p->problem, s->piece_probs));
  for (size_t i = 0; i < n; i++) {
    size_t row = p->row ? p->row[i] : (size_t)p->first_row + i;
    if (p->problem.fold[i] != LQA_NO_FOLD) {
      add_scores(s, p->problem.fold[i], s->piece_probs + i * n_classes,
                 s->job->out->pred_probs + row * n_classes);
    }
  }
  return LQA_OK;
}

static lqa_status use_piece(stream *s, lqa_bayes_stream *bayes, const piece *p, bool counts) {
  LQA_TRY(lqa_observe_check(s->job->options->observer, s->job->err));
  return counts ? lqa_bayes_stream_count(bayes, &p->problem) : add_piece(s, bayes, p);
}

/* All blocks of words. */
static lqa_status pass_words(stream *s, lqa_bayes_stream *bayes, bool counts) {
  const lqa_crossval_result *out = s->job->out;
  for (size_t b = 0; b < s->features.n_blocks; b++) {
    LQA_TRY(lqa_hashed_blocks_load(&s->features, b, &s->block, s->job->err));
    LQA_TRY(lqa_vec_reserve(&s->label, s->block.n_rows));
    LQA_TRY(lqa_vec_reserve(&s->fold, s->block.n_rows));
    for (size_t i = 0; i < s->block.n_rows; i++) {
      s->label.data[i] = s->job->label[s->block.row[i]];
      s->fold.data[i] = out->fold[s->block.row[i]];
    }
    piece p = {
        {&s->block.x, s->label.data, s->fold.data, out->n_classes, out->n_folds}, s->block.row, 0};
    LQA_TRY(use_piece(s, bayes, &p, counts));
  }
  return LQA_OK;
}

/* All texts, in pieces of consecutive rows. */
static lqa_status pass_characters(stream *s, lqa_bayes_stream *bayes, bool counts) {
  const lqa_crossval_result *out = s->job->out;
  const lqa_column *text = s->rows->text;
  lqa_char_hash_options options = {.n = LQA_CHARACTERS_PER_RUN,
                                   .hash_bits = s->plan->character_bits,
                                   .pool = s->job->options->pool,
                                   .keep_all = true};
  for (int64_t row = 0, last; row < text->n; row = last) {
    uint64_t limit = text->offsets[row] + PIECE_BYTES;
    for (last = row + 1;
         last < text->n && last - row < PIECE_ROWS && text->offsets[last] < limit;) {
      last++;
    }
    lqa_column part = *text;
    part.n = last - row;
    part.offsets += row;
    part.valid = part.valid ? part.valid + row : NULL;
    lqa_text_rows rows = {&part, s->rows->use ? s->rows->use + row : NULL};
    lqa_sparse x;
    lqa_status status = lqa_char_hash_build(&rows, &options, &x);
    if (status == LQA_OK) {
      piece p = {
          {&x, s->job->label + row, out->fold + row, out->n_classes, out->n_folds}, NULL, row};
      status = use_piece(s, bayes, &p, counts);
    }
    lqa_sparse_clear(&x);
    LQA_TRY(status);
    lqa_dataset_release_content(s->job->dataset, last);
  }
  return LQA_OK;
}

typedef lqa_status (*pass_fn)(stream *, lqa_bayes_stream *, bool);

/* One naive Bayes member, counted and predicted, into the scores. */
static lqa_status run_bayes(stream *s, pass_fn pass, int32_t n_columns, float alpha) {
  lqa_crossval_job *job = s->job;
  lqa_naive_bayes_options options = {alpha, job->options->pool};
  lqa_bayes_stream *bayes = NULL;
  lqa_status status;
  LQA_TRY_OUT(lqa_bayes_stream_open(n_columns, job->dataset->n_classes, job->out->n_folds, &options,
                                    &bayes));
  LQA_TRY_OUT(pass(s, bayes, true));
  LQA_TRY_OUT(lqa_bayes_stream_train(bayes));
  LQA_TRY_OUT(pass(s, bayes, false));
out:
  lqa_bayes_stream_close(bayes);
  return status;
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
      p[k] =
          (float)s->weight[out->fold[row]][s->member] * lqa_logf(p[k] > SMALLEST ? p[k] : SMALLEST);
    }
  }
  return LQA_OK;
}

/* Scores to probabilities. */
static lqa_status end_scores(void *data, size_t task, size_t worker) {
  (void)worker;
  stream *s = data;
  lqa_crossval_result *out = s->job->out;
  size_t n_classes = (size_t)out->n_classes, first = task * ROWS_PER_TASK;
  for (size_t row = first; row < (size_t)out->n_rows && row < first + ROWS_PER_TASK; row++) {
    float *p = out->pred_probs + row * n_classes, max = -INFINITY, sum = 0;
    for (size_t k = 0; k < n_classes; k++) {
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

static lqa_status run_blend(stream *s) {
  lqa_crossval_job *job = s->job;
  lqa_job_begin(job, "fitting weights");
  LQA_TRY(lqa_text_sample_weights(job, s->rows, s->plan, s->weight, &s->fitted));
  lqa_job_end(job, "weights");
  LQA_TRY(run_logistic(s));
  LQA_TRY(over_rows(s, start_scores));
  if (s->plan->word_bayes) {
    s->member = 1;
    lqa_job_begin(job, "counting words");
    LQA_TRY(run_bayes(s, pass_words, s->features.n_columns, LQA_WORD_ALPHA));
    lqa_job_end(job, "word model");
  }
  if (s->plan->characters) {
    s->member = 2;
    lqa_job_begin(job, "counting characters");
    LQA_TRY(
        run_bayes(s, pass_characters, (int32_t)1 << s->plan->character_bits, LQA_CHARACTER_ALPHA));
    lqa_job_end(job, "character model");
  }
  if (!s->plan->word_bayes || !s->plan->characters) {
    LQA_TRY(lqa_job_note(job, "Naive Bayes was left out of the blend: its tables would take too "
                              "much memory."));
  }
  return over_rows(s, end_scores);
}

/* Naive Bayes alone: the scores of one member of weight 1. */
static lqa_status run_bayes_alone(stream *s) {
  for (int f = 0; f < s->job->out->n_folds; f++) {
    s->weight[f][0] = 1;
  }
  lqa_job_begin(s->job, "counting words");
  LQA_TRY(run_bayes(s, pass_words, s->features.n_columns, LQA_WORD_ALPHA));
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
  return s->fitted ? lqa_arena_printf(&s->job->out->arena,
                                      "; the blend's weights were fitted on %lld rows",
                                      (long long)s->plan->sample_rows)
                   : "; the blend has its default weights";
}

static lqa_status describe(const stream *s) {
  lqa_crossval_result *out = s->job->out;
  const lqa_text_plan *p = s->plan;
  out->description = lqa_arena_printf(
      &out->arena, "%s on hashed tf-idf of %u columns, from disk, %d folds",
      strcmp(out->model, "auto") == 0 ? "blend" : out->model, s->features.n_used, out->n_folds);
  LQA_TRY(out->description ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY(lqa_job_note(
      s->job, lqa_arena_printf(
                  &out->arena,
                  "The model was trained from disk: in memory it would take about %.0f MB, and "
                  "of --memory-limit (%.0f MB) the rows leave %.0f MB. Terms share %u hashed "
                  "columns, %zu blocks of rows took about %.0f MB of temporary space%s.",
                  (double)p->memory_bytes / 1e6, (double)p->limit / 1e6,
                  (double)(p->limit > p->rows_bytes ? p->limit - p->rows_bytes : 0) / 1e6,
                  s->features.n_used, p->n_blocks, (double)p->disk_bytes / 1e6, blend_text(s))));
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
  lqa_hashed_blocks_clear(&s.features);
  lqa_feature_block_clear(&s.block);
  lqa_vec_clear(&s.label);
  lqa_vec_clear(&s.fold);
  free(s.piece_probs);
  return status;
}
