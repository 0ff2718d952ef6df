/* base/vec.h - a growable array of any type, as three macros.
 *
 *     LQA_VEC(int64_t) rows = {0};
 *     LQA_TRY(lqa_vec_push(&rows, 7));       // LQA_NO_MEMORY when it cannot grow
 *     for (size_t i = 0; i < rows.n; i++) use(rows.data[i]);
 *     lqa_vec_clear(&rows);
 */
#ifndef LQA_BASE_VEC_H
#define LQA_BASE_VEC_H

#include "base/memory.h"

#define LQA_VEC(type)   \
  struct {              \
    type *data;         \
    size_t n, capacity; \
  }

/* Grows to hold at least one more element; used by lqa_vec_push. */
LQA_MUST_CHECK lqa_status lqa_vec_grow(void **data, size_t *capacity, size_t need,
                                       size_t element_bytes);

#define lqa_vec_reserve(vec, need) \
  ((need) <= (vec)->capacity       \
       ? LQA_OK                    \
       : lqa_vec_grow((void **)&(vec)->data, &(vec)->capacity, (need), sizeof *(vec)->data))
#define lqa_vec_push(vec, value)                                                                \
  (lqa_vec_reserve((vec), (vec)->n + 1) == LQA_OK ? ((vec)->data[(vec)->n++] = (value), LQA_OK) \
                                                  : LQA_NO_MEMORY)
#define lqa_vec_clear(vec) \
  (free((vec)->data), (vec)->data = NULL, (vec)->n = 0, (vec)->capacity = 0)

#endif
