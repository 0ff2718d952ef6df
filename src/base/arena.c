/* Chunked bump allocation. A chunk's header and its bytes are one malloc block; freeing walks the
 * list. Large requests get their own chunk behind the current one, so its free space is not lost.
 */
#include "base/arena.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>

enum { FIRST_CHUNK = 64 << 10, SMALL_CHUNK = 8 << 10, LARGEST_CHUNK = 8 << 20, ALIGNMENT = 16 };

struct lqa_arena_chunk {
  struct lqa_arena_chunk *next;
  size_t used, capacity;
  _Alignas(ALIGNMENT) char bytes[];
};

void lqa_arena_init(lqa_arena *arena) {
  *arena = (lqa_arena){.first_bytes = FIRST_CHUNK};
}

void lqa_arena_init_small(lqa_arena *arena) {
  *arena = (lqa_arena){.first_bytes = SMALL_CHUNK};
}

void lqa_arena_clear(lqa_arena *arena) {
  struct lqa_arena_chunk *chunk = arena->chunks;
  while (chunk) {
    struct lqa_arena_chunk *next = chunk->next;
    free(chunk);
    chunk = next;
  }
  *arena = (lqa_arena){.first_bytes = arena->first_bytes};
}

static struct lqa_arena_chunk *add_chunk(lqa_arena *arena, size_t capacity) {
  size_t bytes;
  if (__builtin_add_overflow(capacity, sizeof(struct lqa_arena_chunk), &bytes)) {
    return NULL;
  }
  struct lqa_arena_chunk *chunk = lqa_calloc(1, bytes);
  if (!chunk) {
    return NULL;
  }
  chunk->capacity = capacity;
  arena->size_bytes += bytes;
  return chunk;
}

/* A chunk with room for `need` bytes. */
static struct lqa_arena_chunk *chunk_for(lqa_arena *arena, size_t need) {
  struct lqa_arena_chunk *head = arena->chunks;
  if (head && head->capacity - head->used >= need) {
    return head;
  }
  size_t first = arena->first_bytes ? arena->first_bytes : FIRST_CHUNK; /* zeroed, not made */
  size_t next = head ? head->capacity * 2 : first;
  next = next > LARGEST_CHUNK ? LARGEST_CHUNK : next < first ? first : next;
  bool own_chunk = need > next / 4;
  struct lqa_arena_chunk *chunk = add_chunk(arena, own_chunk ? need : next);
  if (!chunk) {
    return NULL;
  }
  if (own_chunk && head) {
    chunk->next = head->next;
    head->next = chunk;
  } else {
    chunk->next = head;
    arena->chunks = chunk;
  }
  return chunk;
}

void *lqa_arena_alloc(lqa_arena *arena, size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX - ALIGNMENT) {
    arena->failed = true;
    return NULL;
  }
  bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  struct lqa_arena_chunk *chunk = chunk_for(arena, bytes);
  if (!chunk) {
    arena->failed = true;
    return NULL;
  }
  void *place = chunk->bytes + chunk->used;
  chunk->used += bytes;
  return place;
}

char *lqa_arena_copy(lqa_arena *arena, const char *data, size_t size) {
  if (size == SIZE_MAX) {
    return NULL;
  }
  char *copy = lqa_arena_alloc(arena, size + 1, 1);
  if (copy && size) {
    memcpy(copy, data, size);
  }
  return copy;
}

char *lqa_arena_printf(lqa_arena *arena, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = length < 0 ? NULL : lqa_arena_alloc(arena, (size_t)length + 1, 1);
  if (text) {
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
  }
  return text;
}
