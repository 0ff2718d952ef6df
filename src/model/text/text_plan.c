/* The plan: what training in memory would take, and if that is too much, how large the parts of
 * streamed training may be.
 *
 * In memory the largest moments are: building the matrix (8 bytes an entry, twice while it is put
 * together), training (matrix, weights and duals of all folds; in a blend those of pair models
 * too), and in a blend the hashed characters beside the matrix and the members' predictions. The
 * number of distinct terms is what nobody knows beforehand: 12 % of the entries for small texts,
 * growing with their power .8 (measured: 9 % at 2.8 million entries of news, 3 % at 30 million).
 */
#include "model/text/text_plan.h"

#include "base/explog.h"
#include "feature/term_hash.h"
#include "feature/word_sample.h"
#include "model/linear/naive_bayes.h"
#include "model/linear/softmax_group.h"
#include "model/text/stream/softmax_stream.h"
#include "model/text/text_members.h"

#include <math.h>

enum {
  SAMPLE_ROWS = 2000,
  SAMPLE_BYTES = 1 << 16, /* of one row */
  ROW_BYTES = 80,         /* a row outside the model: offsets, hashes, labels, findings */
  SPILL_PART = 4, /* texts above limit / SPILL_PART lie in a file (data/source/source_load.c) */
  MIN_BUCKET_BITS = 14,
  MAX_BUCKET_BITS = 22,
  MIN_FILTER_BITS = 16,
  MAX_FILTER_BITS = 28,
  CHARACTER_BITS = 18,
  SAMPLE_MAX = 100000, /* rows that the blend's weights are fitted on */
  BLOCK_ROWS = 32768,
  MIN_BLOCK_ROWS = 256,
  MIN_AVAILABLE = 64 << 20,
  FIXED_BYTES = 32 << 20, /* of the program and its threads */
  BYTES_PER_STORED_ENTRY = 4,
  BYTES_PER_LOADED_ENTRY = 12 /* as stored, and as a matrix */
};

#define KEPT_TERMS 0.85     /* of a text's n-grams, those frequent enough */
#define DISTINCT_TERMS 0.12 /* of the entries, up to ... */
#define FEW_ENTRIES 3e6     /* ... so many; beyond that with their power: */
#define DISTINCT_POWER 0.8
#define CHARACTER_ENTRIES 0.65 /* of a text's bytes */

/* What the text amounts to. */
typedef struct size_up {
  double n_rows, text_bytes, n_terms, n_entries, n_distinct;
} size_up;

static lqa_status sample_text(const lqa_crossval_job *job, const lqa_text_rows *rows,
                              size_up *out) {
  lqa_term_hasher hasher;
  lqa_tfidf_options options = lqa_word_options(job->options);
  const lqa_column *text = rows->text;
  int64_t step = text->n / SAMPLE_ROWS + 1, n = 0;
  bool lacks_spaces;
  double n_terms = 0, share = 1;
  LQA_TRY(lqa_lacks_spaces(rows, &lacks_spaces, job->err));
  options = lacks_spaces ? lqa_character_options(job->options) : options;
  lqa_status status = LQA_OK;
  lqa_term_hasher_init(&hasher);
  for (int64_t row = 0; row < text->n; row += step, n++) {
    lqa_str value = lqa_column_get(text, row);
    share = value.size > SAMPLE_BYTES ? (double)value.size / SAMPLE_BYTES : 1;
    value.size = value.size < SAMPLE_BYTES ? value.size : SAMPLE_BYTES;
    LQA_TRY_OUT(lqa_term_hasher_read(&hasher, &options, value));
    n_terms += (double)hasher.terms.n * share;
  }
out:
  lqa_term_hasher_clear(&hasher);
  out->n_rows = (double)text->n;
  out->text_bytes = text->n > 0 ? (double)text->offsets[text->n] : 0;
  out->n_terms = n > 0 ? n_terms / (double)n * out->n_rows : 0;
  out->n_entries = out->n_terms * (options.min_df > 1 ? KEPT_TERMS : 1);
  double excess = out->n_entries / FEW_ENTRIES;
  out->n_distinct = excess <= 1
                        ? DISTINCT_TERMS * out->n_entries
                        : DISTINCT_TERMS * FEW_ENTRIES * lqa_exp(DISTINCT_POWER * lqa_log(excess));
  if (job->options->max_features > 0 && out->n_distinct > (double)job->options->max_features) {
    out->n_distinct = (double)job->options->max_features;
  }
  return status;
}

static double largest(double a, double b) {
  return a > b ? a : b;
}

/* The counting tables of characters, which are left out where they are too large. */
static double character_tables(const lqa_crossval_job *job, const size_up *s) {
  double columns = DISTINCT_TERMS * CHARACTER_ENTRIES * s->text_bytes;
  columns = fmin(columns, (double)(1 << CHARACTER_BITS));
  double most = fmin((double)job->options->memory_bytes / 4, LQA_MAX_BAYES_BYTES);
  return fmin(most, 2 * (double)lqa_bayes_stream_bytes((int32_t)columns, job->dataset->n_classes,
                                                       job->out->n_folds));
}

/* What training in memory takes at most, texts and labels not counted. */
static double in_memory(const lqa_crossval_job *job, const size_up *s) {
  bool is_blend = job->options->kind == LQA_MODEL_AUTO;
  int32_t n_classes = job->dataset->n_classes;
  int n_folds = job->out->n_folds, kinds = is_blend && n_folds >= 3 ? 2 : 1;
  double lane = (double)lqa_softmax_stream_weight_bytes(1, n_classes, n_folds) * kinds;
  double matrix = 8 * s->n_entries + 8 * s->n_rows, probs = 4 * s->n_rows * n_classes;
  double building = 2 * s->n_terms + 2 * matrix;
  double rows = sizeof(lqa_softmax_row) * s->n_rows * n_folds * kinds; /* for every group at most */
  double training = matrix + lane * (s->n_distinct + s->n_rows) + rows + 3 * probs;
  double tables = character_tables(job, s);
  double hashed = CHARACTER_ENTRIES * s->text_bytes, kept = matrix + 9 * probs + tables;
  double characters = kept + 12 * hashed; /* while they are hashed; 8 from then on */
  double again = kept + 8 * hashed + (4 * s->n_entries + 2 * probs) * n_folds; /* second_pass.h */
  double blend = is_blend ? largest(characters, again) : 0;
  return FIXED_BYTES + largest(building, largest(training, blend));
}

/* The largest number of bits between the bounds for which bits * unit bytes fit. */
static unsigned fit_bits(uint64_t bytes, uint64_t unit, unsigned least, unsigned most) {
  unsigned bits = most;
  while (bits > least && unit << bits > bytes) {
    bits--;
  }
  return bits;
}

/* Parts of streamed training: a third for weights, as much for counting tables, an eighth for the
 * filter, a sixth for blocks. */
static void plan_stream(const lqa_crossval_job *job, const size_up *s, lqa_text_plan *plan) {
  int32_t n_classes = job->dataset->n_classes;
  int n_folds = job->out->n_folds;
  uint64_t available = plan->available_bytes;
  uint64_t lane = lqa_softmax_stream_weight_bytes(1, n_classes, n_folds);
  unsigned enough = MIN_BUCKET_BITS; /* four columns for every term are plenty */
  while (enough < MAX_BUCKET_BITS && (double)((uint64_t)1 << enough) < 4 * s->n_distinct) {
    enough++;
  }
  plan->bucket_bits = fit_bits(available / 3, lane, MIN_BUCKET_BITS, enough);
  plan->filter_bits = fit_bits(available / 8, 1, MIN_FILTER_BITS, MAX_FILTER_BITS);
  while (plan->filter_bits > MIN_FILTER_BITS &&
         (double)((uint64_t)1 << (plan->filter_bits - 1)) > 8 * s->n_terms) {
    plan->filter_bits--;
  }
  double row = BYTES_PER_LOADED_ENTRY * s->n_terms / largest(s->n_rows, 1) + (double)lane / n_folds;
  double rows = (double)available / 6 / (row * n_folds);
  rows = rows > BLOCK_ROWS ? BLOCK_ROWS : rows < MIN_BLOCK_ROWS ? MIN_BLOCK_ROWS : rows;
  plan->n_blocks = (size_t)(s->n_rows / rows) + 1;
  plan->disk_bytes = (uint64_t)(BYTES_PER_STORED_ENTRY * s->n_entries + 12 * s->n_rows) +
                     lane * (uint64_t)s->n_rows;
  plan->word_bayes =
      lqa_bayes_stream_bytes((int32_t)1 << plan->bucket_bits, n_classes, n_folds) <= available / 2;
  plan->character_bits = CHARACTER_BITS;
  while (plan->character_bits > MIN_BUCKET_BITS &&
         (double)((uint64_t)1 << (plan->character_bits - 1)) > 4 * s->text_bytes) {
    plan->character_bits--;
  }
  plan->characters = lqa_bayes_stream_bytes((int32_t)1 << plan->character_bits, n_classes,
                                            n_folds) <= available / 2;
}

lqa_status lqa_text_plan_make(const lqa_crossval_job *job, const lqa_text_rows *rows,
                              lqa_text_plan *plan) {
  size_up s;
  *plan = (lqa_text_plan){.limit = job->options->memory_bytes};
  if (plan->limit == 0 || job->dataset->embeddings) { /* a blend with embeddings stays in memory */
    return LQA_OK;
  }
  LQA_TRY(sample_text(job, rows, &s));
  bool spilled = s.text_bytes > (double)plan->limit / SPILL_PART;
  double rows_bytes = s.n_rows * (ROW_BYTES + 4 * job->dataset->n_classes);
  plan->rows_bytes = (uint64_t)(rows_bytes + (spilled ? 0 : s.text_bytes));
  plan->memory_bytes = (uint64_t)in_memory(job, &s);
  uint64_t left = plan->limit > plan->rows_bytes ? plan->limit - plan->rows_bytes : 0;
  plan->streamed = plan->memory_bytes > left;
  double part = (double)left / 2 / (double)plan->memory_bytes;
  plan->sample_rows = (int64_t)((part < 1 ? part : 1) * s.n_rows);
  plan->sample_rows = plan->sample_rows < SAMPLE_MAX ? plan->sample_rows : SAMPLE_MAX;
  plan->below_minimum = left < MIN_AVAILABLE;
  plan->available_bytes = plan->below_minimum ? MIN_AVAILABLE : left;
  plan_stream(job, &s, plan);
  return LQA_OK;
}
