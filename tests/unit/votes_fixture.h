/* votes_fixture.h - random vote tables for tests. */
#ifndef LQA_TESTS_VOTES_FIXTURE_H
#define LQA_TESTS_VOTES_FIXTURE_H

#include "must.h"

#include "base/rng.h"
#include "model/votes/vote_study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Votes as lists; every item has one. */
typedef struct ballots {
  int64_t n_items, n_votes;
  int32_t n_annotators, n_classes;
  int32_t *item, *annotator, *label, *truth;
} ballots;

__attribute__((unused)) static ballots ballots_draw(uint64_t seed, int64_t n_items,
                                                    int32_t n_annotators, int32_t n_classes) {
  ballots b = {n_items, 0, n_annotators, n_classes, NULL, NULL, NULL, NULL};
  size_t most = (size_t)(n_items * n_annotators);
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 1);
  b.item = malloc(most * sizeof *b.item);
  b.annotator = malloc(most * sizeof *b.annotator);
  b.label = malloc(most * sizeof *b.label);
  b.truth = malloc((size_t)n_items * sizeof *b.truth);
  for (int64_t i = 0; i < n_items; i++) {
    int32_t sure = (int32_t)lqa_rng_below(&rng, (uint64_t)n_annotators);
    b.truth[i] = (int32_t)lqa_rng_below(&rng, (uint64_t)n_classes);
    for (int32_t a = 0; a < n_annotators; a++) {
      double skill = .55 + .4 * a / n_annotators;
      bool votes = a == sure || lqa_rng_uniform(&rng) < .6;
      bool knows = lqa_rng_uniform(&rng) < skill;
      int32_t guess = (int32_t)lqa_rng_below(&rng, (uint64_t)n_classes);
      if (votes) {
        b.item[b.n_votes] = (int32_t)i;
        b.annotator[b.n_votes] = a;
        b.label[b.n_votes++] = knows ? b.truth[i] : guess;
      }
    }
  }
  return b;
}

__attribute__((unused)) static void ballots_clear(ballots *b) {
  free(b->item);
  free(b->annotator);
  free(b->label);
  free(b->truth);
}

__attribute__((unused)) static lqa_votes *ballots_open(const ballots *b, int64_t threads) {
  lqa_votes_input input;
  lqa_votes_input_init(&input);
  input.item = b->item;
  input.annotator = b->annotator;
  input.label = b->label;
  input.n_votes = b->n_votes;
  input.n_items = b->n_items;
  input.n_annotators = b->n_annotators;
  input.n_classes = b->n_classes;
  input.threads = threads;
  lqa_votes *votes = NULL;
  lqa_error err;
  lqa_error_clear(&err);
  MUST(lqa_votes_open(&input, &votes, &err));
  return votes;
}

/* The vote of an annotator on an item, -1 without. */
__attribute__((unused)) static int32_t ballots_find(const ballots *b, int32_t item,
                                                    int32_t annotator) {
  for (int64_t v = 0; v < b->n_votes; v++) {
    if (b->item[v] == item && b->annotator[v] == annotator) {
      return b->label[v];
    }
  }
  return -1;
}

#endif
