/* xoshiro256** and the three things done with it. */
#include "base/rng.h"

static uint64_t splitmix(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void lqa_rng_init(lqa_rng *rng, uint64_t seed, uint64_t stream) {
  uint64_t state = seed;
  uint64_t mixed = splitmix(&state) ^ (stream * 0xd1342543de82ef95u);
  for (int i = 0; i < 4; i++) {
    rng->state[i] = splitmix(&mixed);
  }
}

static uint64_t rotate(uint64_t x, int k) {
  return (x << k) | (x >> (64 - k));
}

uint64_t lqa_rng_next(lqa_rng *rng) {
  uint64_t *s = rng->state;
  uint64_t result = rotate(s[1] * 5, 7) * 9;
  uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

uint64_t lqa_rng_below(lqa_rng *rng, uint64_t n) {
  if (n == 0) {
    return 0;
  }
  unsigned __int128 product = (unsigned __int128)lqa_rng_next(rng) * n;
  if ((uint64_t)product < n) {
    uint64_t threshold = -n % n;
    while ((uint64_t)product < threshold) {
      product = (unsigned __int128)lqa_rng_next(rng) * n;
    }
  }
  return (uint64_t)(product >> 64);
}

double lqa_rng_uniform(lqa_rng *rng) {
  return (double)(lqa_rng_next(rng) >> 11) * 0x1p-53;
}

void lqa_rng_shuffle(lqa_rng *rng, uint32_t *values, size_t n) {
  for (size_t i = n; i > 1; i--) {
    size_t j = (size_t)lqa_rng_below(rng, i);
    uint32_t swapped = values[i - 1];
    values[i - 1] = values[j];
    values[j] = swapped;
  }
}
