/* Models of text: logistic regression, naive Bayes, or ("auto") a blend of both on words with naive
 * Bayes on hashed character 4-grams.
 *
 * Where labels turn out to be confused systematically, the members are trained twice
 * (second_pass.h).
 *
 * Measured on AG News, Banking77, SMS spam and tweets with real disagreement (docs/models.md): each
 * member is wrong about other rows, so the blend finds more wrong labels than any of them on every
 * set, and costs little, since counting models train in one pass. Words are weighted by sublinear
 * tf in the blend; `--model logistic` keeps raw tf, as scikit-learn's defaults do.
 */
#include "model/text/text_memory.h"

#include "base/memory.h"
#include "feature/char_hash.h"
#include "model/embedding/embedding_model.h"
#include "model/linear/naive_bayes.h"
#include "model/text/second_pass.h"
#include "model/text/text_members.h"

enum {
  MAX_CHARACTER_BYTES = 256 << 20, /* and so are characters of a larger text */
};

typedef struct text_job {
  lqa_crossval_job *job;
  lqa_text_rows rows;
  lqa_sparse characters;
  bool told; /* of the second pass */
} text_job;

/* A blend has members that need no terms. */
static const char *no_terms_note(const lqa_crossval_job *job) {
  return job->options->kind == LQA_MODEL_AUTO
             ? "No word and no character n-gram occurs in " LQA_OPTION(
                   "min_df") " rows: only the members of the blend that need none (hashed "
                             "characters, embeddings) distinguish classes."
             : "No word and no character n-gram occurs in " LQA_OPTION(
                   "min_df") " rows: probabilities are class "
                             "frequencies.";
}

static lqa_status build_characters(text_job *t, const char *note) {
  lqa_crossval_job *job = t->job;
  lqa_tfidf_options options = lqa_character_options(job->options);
  LQA_TRY(lqa_tfidf_build(&t->rows, &options, job->options->pool, &job->out->features, job->err));
  return lqa_job_note(job, job->out->features.matrix.n_columns > 0 ? note : no_terms_note(job));
}

/* Words; character n-grams where texts have no spaces, or no word occurs in min_df rows; if there
 * are none either, an empty matrix, from which any model gives class frequencies. */
static lqa_status build_features(text_job *t) {
  lqa_crossval_job *job = t->job;
  lqa_tfidf *features = &job->out->features;
  lqa_tfidf_options options = lqa_word_options(job->options);
  bool lacks_spaces;
  LQA_TRY(lqa_lacks_spaces(&t->rows, &lacks_spaces, job->err));
  if (lacks_spaces) {
    return build_characters(t, "The texts do not separate words by spaces: character 1-3-grams "
                               "were used instead of words.");
  }
  LQA_TRY(lqa_tfidf_build(&t->rows, &options, job->options->pool, features, job->err));
  if (features->matrix.n_columns > 0) {
    return LQA_OK;
  }
  lqa_tfidf_clear(features);
  return build_characters(t, "No word occurs in enough rows: character n-grams were used.");
}

static lqa_status describe(const text_job *t, const char *what) {
  lqa_crossval_result *out = t->job->out;
  out->description = lqa_arena_printf(&out->arena, "%s on tf-idf of %d term%s, %d folds", what,
                                      out->features.matrix.n_columns,
                                      lqa_plural(out->features.matrix.n_columns), out->n_folds);
  return out->description ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run_logistic(text_job *t) {
  lqa_problem problem = lqa_job_problem(t->job, &t->job->out->features.matrix);
  t->job->out->model = "logistic";
  LQA_TRY(lqa_job_logistic(t->job, &problem, &(lqa_predictions){.outer = t->job->out->pred_probs}));
  return describe(t, "logistic regression");
}

static lqa_status run_bayes(text_job *t) {
  lqa_problem problem = lqa_job_problem(t->job, &t->job->out->features.matrix);
  lqa_naive_bayes_options options = {LQA_WORD_ALPHA, t->job->options->pool};
  t->job->out->model = "naive-bayes";
  LQA_TRY(lqa_naive_bayes_run(&problem, &options,
                              &(lqa_predictions){.outer = t->job->out->pred_probs}));
  return describe(t, "multinomial naive Bayes");
}

static uint64_t bayes_limit(const text_job *t) {
  uint64_t limit = t->job->options->memory_bytes / 4;
  return limit > 0 && limit < LQA_MAX_BAYES_BYTES ? limit : LQA_MAX_BAYES_BYTES;
}

/* Adds a naive Bayes member on matrix `x`, unless it would take too much memory: with a thread for
 * every fold, so that what is left out does not depend on threads. */
static lqa_status add_bayes(text_job *t, const lqa_sparse *x, float alpha, lqa_blend *blend) {
  lqa_blend_member *member = (lqa_blend_member *)&blend->members[blend->n_members];
  lqa_problem problem = lqa_job_problem(t->job, x);
  lqa_naive_bayes_options options = {alpha, t->job->options->pool};
  if (lqa_naive_bayes_bytes(&problem, (size_t)problem.n_folds) > bayes_limit(t)) {
    return lqa_job_note(t->job, "Naive Bayes was left out of the blend: its tables would take too "
                                "much memory.");
  }
  blend->n_members++;
  LQA_TRY(lqa_predictions_init(t->job, &member->p));
  return lqa_naive_bayes_run(&problem, &options, &member->p);
}

static lqa_status add_characters(text_job *t, lqa_blend *blend) {
  uint64_t bytes = t->rows.text->offsets[t->rows.text->n];
  if (bytes > MAX_CHARACTER_BYTES || bytes > bayes_limit(t)) {
    return lqa_job_note(t->job, "Characters were left out of the blend: the text is too long.");
  }
  lqa_char_hash_options options = {.n = LQA_CHARACTERS_PER_RUN,
                                   .hash_bits = lqa_character_bits(bytes),
                                   .pool = t->job->options->pool};
  if (!t->characters.row_start) {
    lqa_job_begin(t->job, "reading characters");
    LQA_TRY(lqa_char_hash_build(&t->rows, &options, &t->characters));
    lqa_job_end(t->job, "characters");
  }
  lqa_job_begin(t->job, "counting characters");
  LQA_TRY(add_bayes(t, &t->characters, LQA_CHARACTER_ALPHA, blend));
  lqa_job_end(t->job, "character model");
  return LQA_OK;
}

static void set_emphasis(text_job *t, lqa_blend_member *members) {
  double scale = lqa_class_emphasis(t->job->dataset->n_classes);
  for (int m = 0; m < LQA_MAX_MEMBERS; m++) {
    members[m].emphasis *= scale;
  }
}

static lqa_status train_members(text_job *t, lqa_blend *blend, lqa_blend_member *members) {
  const lqa_sparse *x = &t->job->out->features.matrix;
  lqa_problem problem = lqa_job_problem(t->job, x);
  members[0] = (lqa_blend_member){
      .name = "logistic", .default_weight = LQA_LOGISTIC_WEIGHT, .emphasis = LQA_WORD_EMPHASIS};
  blend->n_members = 1;
  LQA_TRY(lqa_predictions_init(t->job, &members[0].p));
  LQA_TRY(lqa_job_logistic(t->job, &problem, &members[0].p));
  members[blend->n_members] = (lqa_blend_member){.name = "naive Bayes",
                                                 .default_weight = LQA_WORD_BAYES_WEIGHT,
                                                 .emphasis = LQA_WORD_EMPHASIS};
  lqa_job_begin(t->job, "counting words");
  LQA_TRY(add_bayes(t, x, LQA_WORD_ALPHA, blend));
  lqa_job_end(t->job, "word model");
  members[blend->n_members] = (lqa_blend_member){.name = "characters",
                                                 .default_weight = LQA_CHARACTER_BAYES_WEIGHT,
                                                 .emphasis = LQA_CHARACTER_EMPHASIS};
  return add_characters(t, blend);
}

static lqa_status tell_second_pass(text_job *t, const lqa_second_pass *pass) {
  const lqa_confusion *strongest = pass->blend->confusion;
  const lqa_dataset *d = t->job->dataset;
  int n_folds = t->job->out->n_folds;
  for (int f = 1; f < n_folds; f++) {
    strongest =
        pass->blend->confusion[f].bound > strongest->bound ? &pass->blend->confusion[f] : strongest;
  }
  lqa_str from = d->classes[strongest->from], to = d->classes[strongest->to];
  t->told = true;
  return lqa_job_note(
      t->job, lqa_arena_printf(&t->job->out->arena,
                               "Labels look confused systematically: about %.0f %% of class %.*s "
                               "seem to be labelled %.*s. The text models were trained a second "
                               "time for %d of %d folds, with less weight on doubtful rows.",
                               strongest->share * 100, (int)from.size, from.data, (int)to.size,
                               to.data, pass->n_folds_again, n_folds));
}

/* Not for the blend whose weights alone are wanted. */
static lqa_status train_again(text_job *t, lqa_blend *blend) {
  lqa_second_pass pass = {
      .words = &t->job->out->features.matrix, .characters = &t->characters, .blend = blend};
  if (t->job->fitted || !blend->looks_for_confusion) {
    return LQA_OK;
  }
  LQA_TRY(lqa_second_pass_run(t->job, &pass));
  return pass.n_folds_again > 0 && !t->told ? tell_second_pass(t, &pass) : LQA_OK;
}

/* One blend on the folds as they are. */
static lqa_status blend_once(lqa_crossval_job *job, void *data) {
  text_job *t = data;
  lqa_blend_member members[LQA_MAX_MEMBERS] = {0};
  lqa_blend blend = {.members = members, .pool = job->options->pool};
  const lqa_sparse *x = &job->out->features.matrix;
  lqa_problem problem = lqa_job_problem(job, x);
  lqa_status status;
  lqa_blend_choose_rows(&problem, job->wanted);
  LQA_TRY_OUT(train_members(t, &blend, members));
  set_emphasis(t, members);
  blend.looks_for_confusion = blend.n_members == LQA_TEXT_MEMBERS;
  LQA_TRY_OUT(lqa_embedding_members_add(job, &blend));
  const char *what =
      lqa_arena_printf(&job->out->arena, "tf-idf of %d term%s%s", x->n_columns,
                       lqa_plural(x->n_columns), job->dense.x.value ? " and embeddings" : "");
  LQA_TRY_OUT(what ? lqa_job_blend(job, &problem, &blend, what) : LQA_NO_MEMORY);
  LQA_TRY_OUT(train_again(t, &blend));
out:
  for (int m = 0; m < LQA_MAX_MEMBERS; m++) {
    lqa_predictions_clear(&members[m].p);
  }
  return status;
}

static lqa_status run_kind(text_job *t) {
  switch (t->job->options->kind) {
  case LQA_MODEL_LOGISTIC:
    return run_logistic(t);
  case LQA_MODEL_NAIVE_BAYES:
    return run_bayes(t);
  default:
    return lqa_job_repeat(t->job, blend_once, t);
  }
}

static lqa_status train(text_job *t) {
  lqa_crossval_job *job = t->job;
  lqa_job_begin(job, "splitting texts");
  LQA_TRY(build_features(t));
  lqa_job_end(job, "features");
  LQA_TRY(lqa_observe_check(job->options->observer, job->err));
  return run_kind(t);
}

lqa_status lqa_text_memory_run(lqa_crossval_job *job, const lqa_text_rows *rows) {
  text_job t = {.job = job, .rows = *rows};
  lqa_status status = train(&t);
  lqa_sparse_clear(&t.characters);
  return status;
}
