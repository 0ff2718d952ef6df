/* feature/sketch.h - a set of hashes as a fixed number of minima (one-permutation MinHash).
 *
 * Two sketches agree in a bin with probability equal to the Jaccard index of the sets.
 */
#ifndef LQA_FEATURE_SKETCH_H
#define LQA_FEATURE_SKETCH_H

#include <stddef.h>
#include <stdint.h>

enum { LQA_SKETCH_MAX_BINS = 128 };

typedef struct lqa_sketcher {
  int n_bins;
  uint64_t mask, multiplier;
  uint8_t probe[LQA_SKETCH_MAX_BINS][LQA_SKETCH_MAX_BINS]; /* where an empty bin looks, in order */
} lqa_sketcher;

/* n_bins in [1, LQA_SKETCH_MAX_BINS]. */
void lqa_sketcher_init(lqa_sketcher *sketcher, int n_bins, uint64_t seed);
/* hash: n well-mixed 64-bit hashes, repetitions allowed; minimum: n_bins, all UINT32_MAX for the
 * empty set. */
void lqa_sketcher_run(const lqa_sketcher *sketcher, const uint64_t *hash, size_t n,
                      uint32_t *minimum);

#endif
