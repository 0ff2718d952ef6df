/* base/arena.h - memory that is freed all at once.
 *
 * Per-run data (strings of a data set, findings, messages) lives in one arena and dies with it.
 * Chunks double from 64 KiB (8 KiB in a small arena) to 8 MiB; larger requests get a chunk of
 * their own. One thread at a time.
 */
#ifndef LQA_BASE_ARENA_H
#define LQA_BASE_ARENA_H

#include "base/status.h"
#include "base/str.h"

typedef struct lqa_arena {
  struct lqa_arena_chunk *chunks; /* newest first */
  size_t size_bytes;              /* taken from malloc so far */
  size_t first_bytes;             /* capacity of the first chunk */
  bool failed;                    /* something asked of it was refused: who only words things need
                                   * not look at each, but whoever asked for the words must */
} lqa_arena;

void lqa_arena_init(lqa_arena *arena);
/* For arenas that live for a moment and hold little. */
void lqa_arena_init_small(lqa_arena *arena);
void lqa_arena_clear(lqa_arena *arena);

/* Returns n * size zeroed bytes aligned to 16, valid until lqa_arena_clear; NULL when out of
 * memory. */
void *lqa_arena_alloc(lqa_arena *arena, size_t n, size_t size);

/* Copies `size` bytes and a closing NUL; NULL when out of memory. */
char *lqa_arena_copy(lqa_arena *arena, const char *data, size_t size);

/* printf into the arena; NULL when out of memory. */
char *lqa_arena_printf(lqa_arena *arena, const char *format, ...) LQA_PRINTF(2, 3);

#endif
