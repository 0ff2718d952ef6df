/* Matrices are made over all rows of the data set, those that take no part being empty, so the rows
 * that do lie one behind the other: dropping the empty ones is a new list of row starts.
 */
#include "model/text/soft_text.h"

#include "base/memory.h"
#include "feature/char_hash.h"
#include "feature/word_sample.h"
#include "model/linear/soft_targets.h"
#include "model/text/text_members.h"

#include <string.h>

enum { MAX_TEXT_BYTES = 256 << 20, LOGISTIC_EPOCHS = 5, LOGISTIC_SEED = 1 };

/* One kind of features. */
typedef struct view {
  lqa_sparse x; /* rows that take part */
  lqa_sparse_columns columns;
  float alpha;
} view;

struct lqa_soft_text {
  lqa_soft_text_input input;
  view words, characters;
};

/* Drops the rows that take no part, all of them empty, from a matrix. */
static lqa_status drop_rows(const lqa_soft_text_input *in, lqa_sparse *x) {
  uint64_t *start = lqa_malloc((size_t)in->n_rows + 1, sizeof *start);
  if (!start) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < in->n_rows; i++) {
    start[i] = x->row_start[in->row[i]];
  }
  start[in->n_rows] = x->row_start[x->n_rows];
  free(x->row_start);
  x->row_start = start;
  x->n_rows = in->n_rows;
  return LQA_OK;
}

static lqa_status build_words(lqa_soft_text *t, const lqa_text_rows *rows, lqa_error *err) {
  const lqa_soft_text_input *in = &t->input;
  lqa_tfidf_options options = lqa_tfidf_defaults();
  lqa_tfidf tfidf;
  bool lacks_spaces;
  LQA_TRY(lqa_lacks_spaces(rows, &lacks_spaces, err));
  options.sublinear_tf = true;
  if (lacks_spaces) {
    options.kind = LQA_TERMS_CHARACTERS;
    options.ngram_lo = 1;
    options.ngram_hi = 3;
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_tfidf_build(rows, &options, in->pool, &tfidf, err));
  t->words.x = tfidf.matrix;
  tfidf.matrix = (lqa_sparse){0};
  status = drop_rows(in, &t->words.x);
out:
  lqa_tfidf_clear(&tfidf);
  t->words.alpha = LQA_WORD_ALPHA;
  return status;
}

static lqa_status build_characters(lqa_soft_text *t, const lqa_text_rows *rows) {
  lqa_char_hash_options options = {.n = LQA_CHARACTERS_PER_RUN,
                                   .hash_bits =
                                       lqa_character_bits(rows->text->offsets[rows->text->n]),
                                   .pool = t->input.pool};
  LQA_TRY(lqa_char_hash_build(rows, &options, &t->characters.x));
  t->characters.alpha = LQA_CHARACTER_ALPHA;
  return drop_rows(&t->input, &t->characters.x);
}

static lqa_soft_problem problem_of(const lqa_soft_text *t, const view *v, const float *soft) {
  return (lqa_soft_problem){.x = &v->x,
                            .soft = soft,
                            .fold = t->input.fold,
                            .n_classes = t->input.n_classes,
                            .n_folds = t->input.n_folds,
                            .pool = t->input.pool};
}

static bool is_too_large(const lqa_soft_text *t) {
  uint64_t limit = t->input.memory_bytes / 4;
  limit = limit > 0 && limit < LQA_MAX_BAYES_BYTES ? limit : LQA_MAX_BAYES_BYTES;
  lqa_soft_problem words = problem_of(t, &t->words, NULL);
  lqa_soft_problem characters = problem_of(t, &t->characters, NULL);
  return lqa_soft_bayes_bytes(&words) > limit || lqa_soft_bayes_bytes(&characters) > limit;
}

static lqa_status build(lqa_soft_text *t, lqa_error *err) {
  const lqa_soft_text_input *in = &t->input;
  uint8_t *use = lqa_calloc((size_t)in->text->n, 1);
  lqa_text_rows rows = {in->text, use};
  lqa_status status;
  LQA_TRY_OUT(use ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t i = 0; i < in->n_rows; i++) {
    use[in->row[i]] = 1;
  }
  LQA_TRY_OUT(build_words(t, &rows, err));
  LQA_TRY_OUT(build_characters(t, &rows));
out:
  free(use);
  return status;
}

lqa_status lqa_soft_text_new(const lqa_soft_text_input *input, lqa_soft_text **out,
                             lqa_error *err) {
  lqa_soft_text *t = lqa_calloc(1, sizeof *t);
  lqa_status status;
  *out = NULL;
  if (!t) {
    return LQA_NO_MEMORY;
  }
  t->input = *input;
  uint64_t bytes = input->text->offsets[input->text->n];
  bool fits =
      bytes <= MAX_TEXT_BYTES && (input->memory_bytes == 0 || bytes <= input->memory_bytes / 8);
  if (fits) {
    LQA_TRY_OUT(build(t, err));
    fits = !is_too_large(t);
  }
  if (fits) {
    LQA_TRY_OUT(lqa_sparse_columns_init(&t->words.x, &t->words.columns));
    LQA_TRY_OUT(lqa_sparse_columns_init(&t->characters.x, &t->characters.columns));
    *out = t;
    return LQA_OK;
  }
  status = LQA_OK;
out:
  lqa_soft_text_free(t);
  return status;
}

void lqa_soft_text_free(lqa_soft_text *t) {
  if (t) {
    lqa_sparse_clear(&t->words.x);
    lqa_sparse_clear(&t->characters.x);
    lqa_sparse_columns_clear(&t->words.columns);
    lqa_sparse_columns_clear(&t->characters.columns);
    free(t);
  }
}

lqa_status lqa_soft_text_run(void *text, const float *soft, int n_members, float *const *log_p) {
  lqa_soft_text *t = text;
  lqa_soft_problem words = problem_of(t, &t->words, soft);
  lqa_soft_problem characters = problem_of(t, &t->characters, soft);
  LQA_TRY(lqa_observe_check(t->input.observer, NULL));
  LQA_TRY(lqa_soft_bayes_run(&words, &t->words.columns, t->words.alpha, log_p[0]));
  LQA_TRY(lqa_soft_bayes_run(&characters, &t->characters.columns, t->characters.alpha, log_p[1]));
  if (n_members < 3) {
    return LQA_OK;
  }
  lqa_soft_logistic_options options = {
      .C = 1, .epochs = LOGISTIC_EPOCHS, .seed = LOGISTIC_SEED, .observer = t->input.observer};
  return lqa_soft_logistic_run(&words, &options, log_p[2]);
}
