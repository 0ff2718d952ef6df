/* tests/unit/text_stream_fixture.h - made-up texts, and their features in blocks on disk. */
#ifndef LQA_TESTS_TEXT_STREAM_FIXTURE_H
#define LQA_TESTS_TEXT_STREAM_FIXTURE_H

#include "trained.h"

#include "base/memory.h"
#include "base/rng.h"
#include "data/dataset/dataset.h"
#include "feature/hashed_blocks.h"

#include <stdio.h>
#include <string.h>

enum { N_CLASSES = 3, N_FOLDS = 5 };

/* Rows of made-up text, most words from the class's own. */
typedef struct corpus {
  int64_t n;
  char (*text)[200];
  lqa_str *content, *label;
  int32_t *code;
  uint8_t *fold;
} corpus;

static const char *const class_names[] = {"a", "b", "c"};

static inline corpus make(int64_t n, uint64_t seed) {
  size_t rows = (size_t)n;
  corpus c = {.n = n};
  lqa_rng rng;
  c.text = calloc(rows, sizeof *c.text);
  c.content = calloc(rows, sizeof *c.content);
  c.label = calloc(rows, sizeof *c.label);
  c.code = calloc(rows, sizeof *c.code);
  c.fold = calloc(rows, sizeof *c.fold);
  lqa_rng_init(&rng, seed, 1);
  for (int64_t i = 0; i < n; i++) {
    uint64_t k = lqa_rng_below(&rng, N_CLASSES);
    size_t size = 0;
    for (int w = 0; w < 12; w++) {
      uint64_t word = w < 5 ? 100 * (k + 1) + lqa_rng_below(&rng, 60) : lqa_rng_below(&rng, 90);
      size += (size_t)snprintf(c.text[i] + size, sizeof c.text[i] - size, "word%llu ",
                               (unsigned long long)word);
    }
    uint64_t given = lqa_rng_below(&rng, 10) == 0 ? lqa_rng_below(&rng, N_CLASSES) : k;
    c.content[i] = (lqa_str){c.text[i], size};
    c.label[i] = lqa_str_from(class_names[given]);
    c.code[i] = (int32_t)given;
    c.fold[i] = (uint8_t)(i % N_FOLDS);
  }
  return c;
}

static inline void clear(corpus *c) {
  free(c->text);
  free(c->content);
  free(c->label);
  free(c->code);
  free(c->fold);
}

static inline lqa_dataset *dataset_of(const corpus *c) {
  lqa_dataset *dataset = NULL;
  assert_int_equal(lqa_dataset_from_arrays(c->n, c->content, c->label, NULL, 0, &dataset, NULL),
                   LQA_OK);
  return dataset;
}

static inline lqa_hashed_options hashed_options(void) {
  return (lqa_hashed_options){.terms = lqa_tfidf_defaults(),
                              .bucket_bits = 22,
                              .filter_bits = 24,
                              .n_blocks = 7,
                              .seed = 3};
}

static inline lqa_hashed_blocks build(const lqa_dataset *d, const lqa_hashed_options *options) {
  lqa_hashed_blocks features;
  lqa_text_rows rows = {&d->content, NULL};
  lqa_error err;
  if (lqa_hashed_blocks_build(&rows, options, &features, &err) != LQA_OK) {
    fail_msg("%s", err.message);
  }
  return features;
}

/* All blocks as one matrix in the order of the source. */
static inline lqa_sparse assemble(const lqa_hashed_blocks *f) {
  lqa_sparse x = {.n_rows = f->n_source_rows, .n_columns = f->n_columns};
  lqa_feature_block block = {0};
  x.row_start = calloc((size_t)x.n_rows + 1, sizeof *x.row_start);
  x.column = malloc((f->n_entries + 1) * sizeof *x.column);
  x.value = malloc((f->n_entries + 1) * sizeof *x.value);
  for (int pass = 0; pass < 2; pass++) {
    for (size_t b = 0; b < f->n_blocks; b++) {
      assert_int_equal(lqa_hashed_blocks_load(f, b, &block, NULL), LQA_OK);
      for (size_t i = 0; i < block.n_rows; i++) {
        uint64_t from = block.x.row_start[i], n = block.x.row_start[i + 1] - from;
        uint64_t to = x.row_start[block.row[i]];
        if (pass == 0) {
          x.row_start[block.row[i] + 1] = n;
        } else if (n > 0) {
          memcpy(x.column + to, block.x.column + from, n * sizeof *x.column);
          memcpy(x.value + to, block.x.value + from, n * sizeof *x.value);
        }
      }
    }
    for (int64_t row = 0; pass == 0 && row < x.n_rows; row++) {
      x.row_start[row + 1] += x.row_start[row];
    }
  }
  lqa_feature_block_clear(&block);
  return x;
}

#endif
