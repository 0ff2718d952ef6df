/* feature/sketch.c - MinHash with one hash per element.
 *
 * Classical MinHash hashes every element once per permutation. Here one hash deals the elements to
 * bins and orders them within (Li, Owen, Zhang, "One Permutation Hashing", 2012). A bin that stays
 * empty copies the first occupied one of its own random order of bins, which keeps the probability
 * of agreement at the Jaccard index (Shrivastava, "Optimal Densification for Fast and Accurate
 * Minwise Hashing", 2017). Cost: one multiplication an element instead of one a bin and element.
 */
#include "feature/sketch.h"

#include "base/rng.h"

#include <string.h>

enum { RNG_STREAM = 0x6d68 /* "mh" */ };

void lqa_sketcher_init(lqa_sketcher *sketcher, int n_bins, uint64_t seed) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, RNG_STREAM);
  sketcher->n_bins = n_bins;
  sketcher->mask = lqa_rng_next(&rng);
  sketcher->multiplier = lqa_rng_next(&rng) | 1;
  for (int bin = 0; bin < n_bins; bin++) {
    uint32_t order[LQA_SKETCH_MAX_BINS];
    for (int i = 0; i < n_bins; i++) {
      order[i] = (uint32_t)i;
    }
    lqa_rng_shuffle(&rng, order, (size_t)n_bins);
    for (int i = 0; i < n_bins; i++) {
      sketcher->probe[bin][i] = (uint8_t)order[i];
    }
  }
}

static void fill_empty(const lqa_sketcher *sketcher, uint32_t *minimum) {
  uint8_t empty[LQA_SKETCH_MAX_BINS];
  uint32_t value[LQA_SKETCH_MAX_BINS];
  int n_empty = 0;
  for (int bin = 0; bin < sketcher->n_bins; bin++) {
    empty[n_empty] = (uint8_t)bin;
    n_empty += minimum[bin] == UINT32_MAX;
  }
  for (int i = 0; i < n_empty; i++) { /* ends: some bin is occupied */
    const uint8_t *probe = sketcher->probe[empty[i]];
    while ((value[i] = minimum[*probe]) == UINT32_MAX) {
      probe++;
    }
  }
  for (int i = 0; i < n_empty; i++) {
    minimum[empty[i]] = value[i];
  }
}

void lqa_sketcher_run(const lqa_sketcher *sketcher, const uint64_t *hash, size_t n,
                      uint32_t *minimum) {
  uint64_t n_bins = (uint64_t)sketcher->n_bins;
  memset(minimum, 0xff, (size_t)n_bins * sizeof *minimum);
  for (size_t i = 0; i < n; i++) {
    uint64_t mixed = (hash[i] ^ sketcher->mask) * sketcher->multiplier;
    uint32_t *bin = &minimum[(mixed >> 32) * n_bins >> 32];
    uint32_t value = (uint32_t)mixed & (UINT32_MAX - 1); /* never the mark of an empty bin */
    *bin = value < *bin ? value : *bin;
  }
  if (n > 0) {
    fill_empty(sketcher, minimum);
  }
}
