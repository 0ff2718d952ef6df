/* Open addressing with linear probing, at most half full; the slots hold numbers only (4 bytes), so
 * the table of a large vocabulary still fits a near cache and a rehash reads sequentially.
 *
 * A word of up to 16 bytes is hashed with two multiplications from two overlapping 8-byte loads;
 * longer ones go to XXH3. Equality is checked in full: hash, size, first 8 bytes, then the rest.
 */
#include "feature/dictionary.h"

#include "base/hash.h"

enum { FIRST_SLOTS = 4096 };

lqa_status lqa_dictionary_init(lqa_dictionary *dictionary) {
  memset(dictionary, 0, sizeof *dictionary);
  lqa_arena_init(&dictionary->arena);
  dictionary->mask = FIRST_SLOTS - 1;
  dictionary->slots = lqa_calloc(FIRST_SLOTS, sizeof *dictionary->slots);
  return dictionary->slots ? LQA_OK : LQA_NO_MEMORY;
}

void lqa_dictionary_clear(lqa_dictionary *dictionary) {
  lqa_vec_clear(&dictionary->words);
  free(dictionary->slots);
  dictionary->slots = NULL;
  lqa_arena_clear(&dictionary->arena);
}

static inline uint64_t load_8(const char *data) {
  uint64_t word;
  memcpy(&word, data, 8);
  return word;
}

/* The first min(size, 8) bytes, zero-padded. */
static inline uint64_t load_head(const char *data, uint32_t size) {
  uint64_t word = load_8(data);
  return size >= 8 ? word : word & (((uint64_t)1 << (8 * size)) - 1);
}

static inline uint32_t hash_word(const char *data, uint32_t size, uint64_t head) {
  if (size > 16) {
    return (uint32_t)(lqa_hash64(data, size, 0) >> 32);
  }
  uint64_t tail = size > 8 ? load_8(data + size - 8) : size;
  uint64_t mixed = (head ^ 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
  mixed = (mixed ^ mixed >> 32 ^ tail) * 0xCA5A826395121157u;
  return (uint32_t)(mixed >> 32);
}

static lqa_status grow(lqa_dictionary *d) {
  uint64_t n_slots = ((uint64_t)d->mask + 1) * 2;
  uint32_t *slots = n_slots > UINT32_MAX ? NULL : lqa_calloc(n_slots, sizeof *slots);
  if (!slots) {
    return LQA_NO_MEMORY;
  }
  uint32_t mask = (uint32_t)n_slots - 1;
  for (size_t i = 0; i < d->words.n; i++) {
    uint32_t slot = d->words.data[i].hash & mask;
    while (slots[slot]) {
      slot = (slot + 1) & mask;
    }
    slots[slot] = (uint32_t)i + 1;
  }
  free(d->slots);
  d->slots = slots;
  d->mask = mask;
  return LQA_OK;
}

static lqa_status add_new(lqa_dictionary *d, const lqa_word *word, uint32_t *number) {
  if ((d->words.n + 1) * 2 > (size_t)d->mask + 1) {
    LQA_TRY(grow(d));
  }
  uint32_t slot = word->hash & d->mask;
  while (d->slots[slot]) {
    slot = (slot + 1) & d->mask;
  }
  lqa_word owned = {.size = word->size, .hash = word->hash, .head = word->head};
  owned.data = lqa_arena_copy(&d->arena, word->data, word->size);
  if (!owned.data) {
    return LQA_NO_MEMORY;
  }
  *number = (uint32_t)d->words.n;
  LQA_TRY(lqa_vec_push(&d->words, owned));
  d->slots[slot] = *number + 1;
  return LQA_OK;
}

lqa_status lqa_dictionary_add_word(lqa_dictionary *dictionary, const lqa_word *word,
                                   uint32_t *number) {
  for (uint32_t slot = word->hash & dictionary->mask;; slot = (slot + 1) & dictionary->mask) {
    uint32_t found = dictionary->slots[slot];
    if (!found) {
      return add_new(dictionary, word, number);
    }
    const lqa_word *other = &dictionary->words.data[found - 1];
    if (other->hash == word->hash && other->size == word->size && other->head == word->head &&
        (word->size <= 8 || memcmp(other->data + 8, word->data + 8, word->size - 8) == 0)) {
      *number = found - 1;
      return LQA_OK;
    }
  }
}

lqa_status lqa_dictionary_add(lqa_dictionary *dictionary, const char *data, uint32_t size,
                              uint32_t *number) {
  uint64_t head = load_head(data, size);
  lqa_word word = {.data = data, .size = size, .hash = hash_word(data, size, head), .head = head};
  return lqa_dictionary_add_word(dictionary, &word, number);
}
