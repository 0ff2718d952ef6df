/* base/map.h - byte strings to dense numbers 0, 1, 2, ... in order of first insertion.
 *
 * Serves as set, interner and group-by: the number indexes whatever array the caller keeps.
 * Open addressing over 64-bit hashes (XXH3); keys are compared in full. One thread at a time for
 * insertion; any number may look up once insertion has ended.
 */
#ifndef LQA_BASE_MAP_H
#define LQA_BASE_MAP_H

#include "base/status.h"
#include "base/str.h"

typedef struct lqa_map lqa_map;

/* `copy_keys`: the map copies keys; else it borrows them and they must outlive it. NULL if no
 * memory. */
lqa_map *lqa_map_new(bool copy_keys);
void lqa_map_free(lqa_map *map);

/* Finds or adds `key`; *index is its number, *added (may be NULL) whether it is new. */
LQA_MUST_CHECK lqa_status lqa_map_add(lqa_map *map, lqa_str key, uint32_t *index, bool *added);

/* The number of `key`, or -1. */
int64_t lqa_map_find(const lqa_map *map, lqa_str key);
uint32_t lqa_map_count(const lqa_map *map);
lqa_str lqa_map_key(const lqa_map *map, uint32_t index); /* borrowed from the map */

#endif
