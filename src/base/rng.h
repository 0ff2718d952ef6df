/* base/rng.h - xoshiro256** seeded by splitmix64: fast, portable, the same numbers everywhere.
 *
 * A (seed, stream) pair gives an independent sequence; use one stream per purpose ("folds" = 1,
 * ...) and never share a generator between threads, so that results depend on the seed alone.
 * Source: Blackman and Vigna, "Scrambled
 * linear pseudorandom number generators". */
#ifndef LQA_BASE_RNG_H
#define LQA_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct lqa_rng {
  uint64_t state[4];
} lqa_rng;

void lqa_rng_init(lqa_rng *rng, uint64_t seed, uint64_t stream);
uint64_t lqa_rng_next(lqa_rng *rng);
/* Uniform in [0, n), without modulo bias (Lemire). n = 0 gives 0. */
uint64_t lqa_rng_below(lqa_rng *rng, uint64_t n);
double lqa_rng_uniform(lqa_rng *rng); /* [0, 1), 53 bits */
/* Fisher-Yates over 32-bit row numbers. */
void lqa_rng_shuffle(lqa_rng *rng, uint32_t *values, size_t n);

#endif
