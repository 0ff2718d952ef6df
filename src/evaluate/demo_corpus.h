/* evaluate/demo_corpus.h - a small made-up news corpus for the demo where AG News is not at hand.
 *
 * Four classes (World, Sports, Business, Sci/Tech) of short reports built from word lists of our
 * own, with words shared between classes so that a model is right about nine times in ten, as on
 * the real one. Figures measured on it say that the tool works, not how well it works on real text.
 */
#ifndef LQA_EVALUATE_DEMO_CORPUS_H
#define LQA_EVALUATE_DEMO_CORPUS_H

#include "data/dataset/dataset.h"

/* A dataset of n_rows generated reports with their true labels; same seed, same rows. */
LQA_MUST_CHECK lqa_status lqa_demo_corpus_make(int64_t n_rows, uint64_t seed, lqa_dataset **out,
                                               lqa_error *err);

#endif
