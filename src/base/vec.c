/* Growth by doubling, from 8 elements on. */
#include "base/vec.h"

lqa_status lqa_vec_grow(void **data, size_t *capacity, size_t need, size_t element_bytes) {
  size_t wanted = *capacity < 8 ? 8 : *capacity;
  while (wanted < need) {
    if (wanted > SIZE_MAX / 2) {
      return LQA_NO_MEMORY;
    }
    wanted *= 2;
  }
  void *grown = lqa_realloc(*data, wanted, element_bytes);
  if (!grown) {
    return LQA_NO_MEMORY;
  }
  *data = grown;
  *capacity = wanted;
  return LQA_OK;
}
