/* feature/minhash.h - near-duplicate texts: MinHash with banding, then an exact check.
 *
 * Texts are compared as sets of shingles (runs of k characters or k words of the folded text) by
 * the Jaccard index |A and B| / |A or B|. Pairs that share a band of their signatures are
 * candidates; every candidate is checked on its full shingle sets, so a reported pair is never an
 * accident of hashing. Pairs at or above the threshold are joined; clusters are what is connected.
 */
#ifndef LQA_FEATURE_MINHASH_H
#define LQA_FEATURE_MINHASH_H

#include "base/observer.h"
#include "base/pool.h"
#include "data/dataset/dataset.h"

typedef struct lqa_minhash_options {
  double jaccard;           /* threshold in (0, 1], default .8 */
  int shingle;              /* units per shingle, default 5 */
  bool words;               /* units are words instead of characters */
  uint64_t seed;            /* of the permutations */
  uint64_t memory_bytes;    /* a hint: smaller means more passes over the text; 0 = none */
  const lqa_dataset *owner; /* whose content the texts are, to give memory back; or NULL */
  lqa_pool *pool;
  const lqa_observer *observer;
} lqa_minhash_options;

enum { LQA_MINHASH_PERMUTATIONS = 128 };

/* The banding for a threshold: the widest bands that find a pair at the threshold with probability
 * .99 or more. bands * rows <= LQA_MINHASH_PERMUTATIONS. */
void lqa_minhash_bands(double jaccard, int *bands, int *rows);

/* cluster: n entries, in and out. On entry cluster[i] <= i names the first row of equal content (i
 * for itself), so that copies cost nothing; on return the first row of the cluster. NULL texts stay
 * alone. The result depends on the texts, the options and the seed alone. */
LQA_MUST_CHECK lqa_status lqa_minhash_cluster(const lqa_column *texts,
                                              const lqa_minhash_options *options, uint32_t *cluster,
                                              lqa_error *err);

/* The shingles of one text: distinct 64-bit hashes, ascending. A text of fewer units than `shingle`
 * has one shingle, itself; an empty one has none. */
typedef struct lqa_shingle_set {
  uint64_t *hash;
  size_t n, capacity;
} lqa_shingle_set;

/* Scratch of one thread. */
typedef struct lqa_shingler lqa_shingler;
lqa_shingler *lqa_shingler_new(int shingle, bool words);
void lqa_shingler_free(lqa_shingler *shingler);
LQA_MUST_CHECK lqa_status lqa_shingler_run(lqa_shingler *shingler, lqa_str text,
                                           lqa_shingle_set *out);
/* The same in text order with repetitions: enough for minima, and much cheaper. */
LQA_MUST_CHECK lqa_status lqa_shingler_cut(lqa_shingler *shingler, lqa_str text,
                                           lqa_shingle_set *out);
void lqa_shingle_set_clear(lqa_shingle_set *set);
/* 1 for two empty sets. */
double lqa_shingle_jaccard(const lqa_shingle_set *a, const lqa_shingle_set *b);

#endif
