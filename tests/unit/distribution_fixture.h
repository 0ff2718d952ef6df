/* distribution_fixture.h - N rows of random text and labels, with columns of roles, for the audits
 * that compare groups of rows. */
#ifndef LQA_TESTS_DISTRIBUTION_FIXTURE_H
#define LQA_TESTS_DISTRIBUTION_FIXTURE_H

#include "audit_fixture.h"

#include "base/rng.h"

#include <stdio.h>

enum { N = 600, K = 4 };

static const char *const NAMES[K] = {"a", "b", "c", "d"};
static fixture_row rows[N];
static char texts[N][96];
static int labels[N];

static inline void fill(uint64_t seed) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 0);
  for (int i = 0; i < N; i++) {
    snprintf(texts[i], sizeof texts[i], "text number %03d %d", i, (int)lqa_rng_below(&rng, 100000));
    labels[i] = (int)lqa_rng_below(&rng, K);
  }
}

static inline lqa_dataset *make_dataset(void) {
  for (int i = 0; i < N; i++) {
    rows[i] = (fixture_row){texts[i], labels[i] < 0 ? NULL : NAMES[labels[i]]};
  }
  return fixture_dataset(rows, N, NAMES, K);
}

/* A role column from one text per row. */
typedef struct role_store {
  char bytes[N * 24];
  uint64_t offsets[N + 1];
} role_store;

static role_store STORES[2];

static inline void set_role(lqa_dataset *d, lqa_role role, int store, const char *name,
                            const char *(*value)(int)) {
  role_store *s = &STORES[store];
  for (int i = 0; i < N; i++) {
    const char *text = value(i);
    memcpy(s->bytes + s->offsets[i], text, strlen(text));
    s->offsets[i + 1] = s->offsets[i] + strlen(text);
  }
  d->roles[role] = (lqa_column){name, N, s->bytes, s->offsets, NULL};
}

static inline void audit(lqa_dataset *d, const char *check, const float *probs,
                         lqa_audit_run *run) {
  fixture_init(run, check, NULL);
  fixture_run(run, &(lqa_audit_input){.dataset = d, .pred_probs = probs});
}

static inline void done(lqa_dataset *d, lqa_audit_run *run) {
  lqa_audit_run_clear(run);
  lqa_dataset_free(d);
}

#endif
