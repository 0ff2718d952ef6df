/* Naive Bayes from disk: two passes, one that counts and one that predicts, over blocks of hashed
 * words or over the text itself, whose characters are cheaper to hash again than to keep.
 *
 * A pass goes in waves of parts. While the folds count or predict one wave, each fold in one task,
 * the next wave is loaded or hashed by further tasks of the same round; so processors have work
 * though there are few folds, and nobody waits for the disk.
 */
#include "model/text/stream/text_stream.h"

#include "base/explog.h"
#include "feature/char_runs.h"
#include "model/linear/naive_bayes.h"
#include "model/text/text_members.h"

#include <math.h>

enum { PARTS = 8, PART_ROWS = 4096, PART_BYTES = 256 << 10 };

/* Some rows: a block, or consecutive texts. */
typedef struct rows_part {
  size_t block;
  int64_t first, last;     /* texts */
  lqa_feature_block words; /* loaded */
  lqa_hash_list hashes;    /* of the texts, columns of x */
  LQA_VEC(float) values;
  LQA_VEC(uint64_t) starts;
  lqa_sparse x;
  LQA_VEC(int32_t) label;
  LQA_VEC(uint8_t) fold;
  LQA_VEC(float) probs;
  lqa_bayes_piece piece;
} rows_part;

typedef struct wave {
  rows_part parts[PARTS];
  size_t n_parts;
} wave;

typedef struct pass {
  lqa_text_stream *s;
  lqa_bayes_stream *bayes;
  bool characters, counts;
  wave waves[2], *now, *next;
  int64_t next_row; /* not yet in a wave */
  size_t next_block;
  lqa_char_runs *runs; /* per worker */
  lqa_error *errors;   /* per worker */
} pass;

/* --- waves --- */

static int64_t end_of_part(const lqa_column *text, int64_t first) {
  int64_t last = first + 1;
  uint64_t limit = text->offsets[first] + PART_BYTES;
  while (last < text->n && last - first < PART_ROWS && text->offsets[last] < limit) {
    last++;
  }
  return last;
}

/* Says which rows the next wave's parts hold; none when all were. Of blocks a wave has one. */
static void cut_wave(pass *p) {
  const lqa_text_stream *s = p->s;
  wave *w = p->next;
  w->n_parts = 0;
  if (!p->characters) {
    w->n_parts = p->next_block < s->features.n_blocks;
    w->parts[0].block = p->next_block++;
    return;
  }
  while (w->n_parts < PARTS && p->next_row < s->rows->text->n) {
    rows_part *part = &w->parts[w->n_parts++];
    part->first = p->next_row;
    p->next_row = part->last = end_of_part(s->rows->text, p->next_row);
  }
}

static lqa_status load_block(const pass *p, rows_part *part, lqa_error *err) {
  const lqa_crossval_job *job = p->s->job;
  LQA_TRY(lqa_hashed_blocks_load(&p->s->features, part->block, &part->words, err));
  size_t n = part->words.n_rows;
  LQA_TRY(lqa_vec_reserve(&part->label, n));
  LQA_TRY(lqa_vec_reserve(&part->fold, n));
  for (size_t i = 0; i < n; i++) {
    part->label.data[i] = job->label[part->words.row[i]];
    part->fold.data[i] = job->out->fold[part->words.row[i]];
  }
  part->x = part->words.x;
  part->piece.problem =
      (lqa_problem){.x = &part->x, .label = part->label.data, .fold = part->fold.data};
  return LQA_OK;
}

static lqa_status hash_texts(const pass *p, rows_part *part, lqa_char_runs *runs) {
  const lqa_text_rows *rows = p->s->rows;
  size_t n = (size_t)(part->last - part->first);
  part->hashes.n = 0;
  LQA_TRY(lqa_vec_reserve(&part->starts, n + 1));
  part->starts.data[0] = 0;
  for (size_t i = 0; i < n; i++) {
    int64_t row = part->first + (int64_t)i;
    lqa_str text = lqa_column_get(rows->text, row);
    size_t from = part->hashes.n;
    if ((!rows->use || rows->use[row]) && !lqa_str_is_null(text)) {
      LQA_TRY(lqa_char_runs_add(runs, text, &part->hashes));
    }
    size_t to = part->hashes.n;
    LQA_TRY(lqa_vec_reserve(&part->values, to));
    float value = (float)(1 / sqrt((double)(to - from)));
    for (size_t at = from; at < to; at++) {
      part->values.data[at] = value;
    }
    part->starts.data[i + 1] = to;
  }
  part->x = (lqa_sparse){.n_rows = (int64_t)n,
                         .n_columns = (int32_t)1 << p->s->plan->character_bits,
                         .row_start = part->starts.data,
                         .column = part->hashes.data,
                         .value = part->values.data};
  part->piece.problem = (lqa_problem){.x = &part->x,
                                      .label = p->s->job->label + part->first,
                                      .fold = p->s->job->out->fold + part->first};
  return LQA_OK;
}

static lqa_status fill_part(const pass *p, rows_part *part, size_t worker) {
  const lqa_crossval_result *out = p->s->job->out;
  LQA_TRY(p->characters ? hash_texts(p, part, &p->runs[worker])
                        : load_block(p, part, &p->errors[worker]));
  part->piece.problem.n_classes = out->n_classes;
  part->piece.problem.n_folds = out->n_folds;
  if (!p->counts) {
    LQA_TRY(lqa_vec_reserve(&part->probs, (size_t)part->x.n_rows * (size_t)out->n_classes));
  }
  return lqa_bayes_piece_sort(&part->piece);
}

static void clear_part(rows_part *part) {
  lqa_feature_block_clear(&part->words);
  lqa_vec_clear(&part->hashes);
  lqa_vec_clear(&part->values);
  lqa_vec_clear(&part->starts);
  lqa_vec_clear(&part->label);
  lqa_vec_clear(&part->fold);
  lqa_vec_clear(&part->probs);
  lqa_bayes_piece_clear(&part->piece);
}

/* --- folds --- */

/* Adds a row's weighted log-probabilities to its scores. */
static void add_scores(const lqa_text_stream *s, int fold, const float *p, float *score) {
  int32_t n_classes = s->job->dataset->n_classes;
  float weight = (float)s->sample.weight[fold][s->member];
  for (int32_t k = 0; k < n_classes; k++) {
    float least = LQA_SMALLEST_PROBABILITY, term = weight * lqa_logf(p[k] > least ? p[k] : least);
    score[k] = isnan(score[k]) ? term : score[k] + term;
  }
}

static void predict_fold(const pass *p, const rows_part *part, int fold) {
  const lqa_bayes_piece *piece = &part->piece;
  size_t n_classes = (size_t)piece->problem.n_classes;
  lqa_bayes_stream_predict(p->bayes, piece, fold, part->probs.data);
  for (size_t i = piece->start[fold]; i < piece->start[fold + 1]; i++) {
    size_t at = piece->rows.data[i];
    size_t row = p->characters ? (size_t)part->first + at : part->words.row[at];
    add_scores(p->s, fold, part->probs.data + at * n_classes,
               p->s->job->out->pred_probs + row * n_classes);
  }
}

/* The folds at the present wave first, as they take longest, then parts of the next. */
static lqa_status run_task(void *data, size_t task, size_t worker) {
  pass *p = data;
  size_t n_folds = (size_t)p->s->job->out->n_folds;
  if (task >= n_folds) {
    return fill_part(p, &p->next->parts[task - n_folds], worker);
  }
  for (size_t i = 0; i < p->now->n_parts; i++) {
    if (p->counts) {
      lqa_bayes_stream_count(p->bayes, &p->now->parts[i].piece, (int)task);
    } else {
      predict_fold(p, &p->now->parts[i], (int)task);
    }
  }
  return LQA_OK;
}

static lqa_status tell(const pass *p, lqa_status status) {
  for (size_t i = 0; p->s->job->err && i < lqa_pool_threads(p->s->job->options->pool); i++) {
    if (p->errors[i].status == status) {
      *p->s->job->err = p->errors[i];
      break;
    }
  }
  return status;
}

/* Over all rows, counting or predicting. */
static lqa_status run_pass(pass *p, bool counts) {
  lqa_crossval_job *job = p->s->job;
  p->counts = counts;
  p->next_row = 0;
  p->next_block = 0;
  p->now = &p->waves[0];
  p->next = &p->waves[1];
  p->now->n_parts = 0;
  do {
    cut_wave(p);
    LQA_TRY(lqa_observe_check(job->options->observer, job->err));
    size_t n_tasks = (size_t)job->out->n_folds + p->next->n_parts;
    lqa_status status = lqa_pool_run(job->options->pool, n_tasks, run_task, p);
    LQA_TRY(status == LQA_OK ? LQA_OK : tell(p, status));
    if (p->characters) {
      lqa_dataset_release_content(job->dataset, p->next_row);
    }
    wave *done = p->now;
    p->now = p->next;
    p->next = done;
  } while (p->now->n_parts > 0);
  return LQA_OK;
}

static lqa_status open_pass(pass *p) {
  const lqa_text_stream *s = p->s;
  size_t n_workers = lqa_pool_threads(s->job->options->pool);
  p->errors = lqa_calloc(n_workers, sizeof *p->errors);
  p->runs = lqa_calloc(n_workers, sizeof *p->runs);
  LQA_TRY(p->errors && p->runs ? LQA_OK : LQA_NO_MEMORY);
  for (size_t i = 0; p->characters && i < n_workers; i++) {
    LQA_TRY(lqa_char_runs_init(&p->runs[i], LQA_CHARACTERS_PER_RUN, s->plan->character_bits));
  }
  lqa_naive_bayes_options options = {p->characters ? LQA_CHARACTER_ALPHA : LQA_WORD_ALPHA,
                                     s->job->options->pool};
  int32_t n_columns = p->characters ? (int32_t)1 << s->plan->character_bits : s->features.n_columns;
  return lqa_bayes_stream_open(n_columns, s->job->dataset->n_classes, s->job->out->n_folds,
                               &options, &p->bayes);
}

static void close_pass(pass *p) {
  for (size_t i = 0; p->runs && i < lqa_pool_threads(p->s->job->options->pool); i++) {
    lqa_char_runs_clear(&p->runs[i]);
  }
  for (size_t i = 0; i < PARTS; i++) {
    clear_part(&p->waves[0].parts[i]);
    clear_part(&p->waves[1].parts[i]);
  }
  lqa_bayes_stream_close(p->bayes);
  free(p->errors);
  free(p->runs);
}

lqa_status lqa_text_stream_bayes(lqa_text_stream *stream, bool characters) {
  pass *p = lqa_calloc(1, sizeof *p);
  lqa_status status;
  if (!p) {
    return LQA_NO_MEMORY;
  }
  p->s = stream;
  p->characters = characters;
  LQA_TRY_OUT(open_pass(p));
  LQA_TRY_OUT(run_pass(p, true));
  LQA_TRY_OUT(lqa_bayes_stream_train(p->bayes));
  LQA_TRY_OUT(run_pass(p, false));
out:
  close_pass(p);
  free(p);
  return status;
}
