/* model/text/text_members.h - the settings of the text models that training in memory
 * (text_model.c) and from disk (text_stream.c) share. Internal to these.
 */
#ifndef LQA_MODEL_TEXT_TEXT_MEMBERS_H
#define LQA_MODEL_TEXT_TEXT_MEMBERS_H

#include "model/crossval/crossval_job.h"

/* In units of the features: tf-idf weights are about .2, hashed n-grams about .08. */
#define LQA_WORD_ALPHA 0.3f
#define LQA_CHARACTER_ALPHA 0.01f

/* Default weights of the blend's members, near what fitting gives on four data sets. */
#define LQA_LOGISTIC_WEIGHT 0.8
#define LQA_WORD_BAYES_WEIGHT 0.1
#define LQA_CHARACTER_BAYES_WEIGHT 0.15

/* Flatter than log-loss wants, with more of the characters: most planted errors rank higher by this
 * (bench/RESULTS.md; swaps of an eighth of the rows hardly), for about .004 of log-loss. */
#define LQA_WORD_EMPHASIS 0.85
#define LQA_CHARACTER_EMPHASIS 1.06

enum {
  LQA_CHARACTERS_PER_RUN = 4,
  LQA_TEXT_MEMBERS = 3,
  LQA_MAX_BAYES_BYTES = 256 << 20 /* a larger counting model is left out of the blend */
};

/* Hash values for characters: about four for every byte of text, within bounds. */
static inline unsigned lqa_character_bits(uint64_t text_bytes) {
  unsigned bits = 10;
  while (bits < 18 && (text_bytes * 4) >> bits > 0) {
    bits++;
  }
  return bits;
}

/* The words' features that options ask for. */
static inline lqa_tfidf_options lqa_word_options(const lqa_crossval_options *o) {
  return (lqa_tfidf_options){.kind = LQA_TERMS_WORDS,
                             .ngram_lo = o->ngram_lo,
                             .ngram_hi = o->ngram_hi,
                             .min_df = o->min_df,
                             .max_features = o->max_features,
                             .sublinear_tf = o->kind == LQA_MODEL_AUTO,
                             .memory_bytes = o->memory_bytes};
}

/* Character n-grams instead, for texts that words do not serve. */
static inline lqa_tfidf_options lqa_character_options(const lqa_crossval_options *o) {
  lqa_tfidf_options options = lqa_word_options(o);
  options.kind = LQA_TERMS_CHARACTERS;
  options.ngram_lo = 1;
  options.ngram_hi = 3;
  return options;
}

#endif
