/* Open addressing with linear probing over 64-bit XXH3 hashes; at most 2/3 full.
 *
 * The slots hold only key numbers (4 bytes), hashes and keys lie in insertion order beside them, so
 * a rehash reads sequentially and iteration by number is an array walk. Copied keys go to an arena.
 */
#include "base/map.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/vec.h"

enum { EMPTY = 0 }; /* slots hold number + 1 */

struct lqa_map {
  uint32_t *slots;
  size_t mask; /* slot count - 1; count is a power of two */
  LQA_VEC(lqa_str) keys;
  LQA_VEC(uint64_t) hashes;
  lqa_arena arena;
  bool copy_keys;
};

lqa_map *lqa_map_new(bool copy_keys) {
  lqa_map *map = lqa_calloc(1, sizeof *map);
  if (!map) {
    return NULL;
  }
  map->mask = 63;
  map->slots = lqa_calloc(map->mask + 1, sizeof *map->slots);
  map->copy_keys = copy_keys;
  lqa_arena_init(&map->arena);
  if (!map->slots) {
    free(map);
    return NULL;
  }
  return map;
}

void lqa_map_free(lqa_map *map) {
  if (!map) {
    return;
  }
  free(map->slots);
  lqa_vec_clear(&map->keys);
  lqa_vec_clear(&map->hashes);
  lqa_arena_clear(&map->arena);
  free(map);
}

/* The slot of `key`, or the empty slot where it belongs. */
static size_t probe(const lqa_map *map, lqa_str key, uint64_t hash) {
  size_t slot = (size_t)hash & map->mask;
  for (; map->slots[slot] != EMPTY; slot = (slot + 1) & map->mask) {
    uint32_t index = map->slots[slot] - 1;
    if (map->hashes.data[index] == hash && lqa_str_equal(map->keys.data[index], key)) {
      break;
    }
  }
  return slot;
}

static lqa_status grow(lqa_map *map) {
  size_t mask = map->mask * 2 + 1;
  uint32_t *slots = lqa_calloc(mask + 1, sizeof *slots);
  if (!slots) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < map->hashes.n; i++) {
    size_t slot = (size_t)map->hashes.data[i] & mask;
    while (slots[slot] != EMPTY) {
      slot = (slot + 1) & mask;
    }
    slots[slot] = (uint32_t)i + 1;
  }
  free(map->slots);
  map->slots = slots;
  map->mask = mask;
  return LQA_OK;
}

static lqa_status store_key(lqa_map *map, lqa_str key, uint64_t hash) {
  if (map->keys.n >= UINT32_MAX - 1) {
    return LQA_NO_MEMORY;
  }
  LQA_TRY(lqa_vec_reserve(&map->keys, map->keys.n + 1));
  LQA_TRY(lqa_vec_reserve(&map->hashes, map->hashes.n + 1));
  if (map->copy_keys) {
    key.data = lqa_arena_copy(&map->arena, key.data, key.size);
    if (!key.data) {
      return LQA_NO_MEMORY;
    }
  }
  map->keys.data[map->keys.n++] = key;
  map->hashes.data[map->hashes.n++] = hash;
  return LQA_OK;
}

lqa_status lqa_map_add(lqa_map *map, lqa_str key, uint32_t *index, bool *added) {
  uint64_t hash = lqa_hash64(key.data, key.size, 0);
  size_t slot = probe(map, key, hash);
  bool is_new = map->slots[slot] == EMPTY;
  if (is_new && (map->keys.n + 1) * 3 > (map->mask + 1) * 2) {
    LQA_TRY(grow(map));
    slot = probe(map, key, hash);
  }
  if (is_new) {
    LQA_TRY(store_key(map, key, hash));
    map->slots[slot] = (uint32_t)map->keys.n;
  }
  *index = map->slots[slot] - 1;
  if (added) {
    *added = is_new;
  }
  return LQA_OK;
}

int64_t lqa_map_find(const lqa_map *map, lqa_str key) {
  uint64_t hash = lqa_hash64(key.data, key.size, 0);
  return (int64_t)map->slots[probe(map, key, hash)] - 1;
}

uint32_t lqa_map_count(const lqa_map *map) {
  return (uint32_t)map->keys.n;
}

lqa_str lqa_map_key(const lqa_map *map, uint32_t index) {
  return map->keys.data[index];
}
