/* feature/knn_screen.c - inner products of 4 queries with 16 points at a time.
 *
 * Sixteen points are the lanes of a 64-byte vector (one, two or four registers, by SIMD level),
 * four queries share every load. Terms are added in chunks of 64 dimensions whose sums are then
 * added up: the rounding error grows with 64 + n / 64 instead of n. Multiplications and additions
 * in a fixed order, never contracted, so even this pass has the same bits at every SIMD level.
 */
#include "feature/knn_screen.h"

#include <string.h>

typedef float lanes __attribute__((vector_size(64)));

__attribute__((target_clones("default", "avx2", "avx512f"))) void
lqa_screen_dots(const float *queries, int64_t stride, const lqa_panel_row *panel, int64_t n_dims,
                lqa_panel_row dot[LQA_SCREEN_QUERIES]) {
  lanes total[LQA_SCREEN_QUERIES] = {{0}};
  for (int64_t from = 0; from < n_dims; from += LQA_SCREEN_CHUNK) {
    int64_t end = from + LQA_SCREEN_CHUNK < n_dims ? from + LQA_SCREEN_CHUNK : n_dims;
    lanes a = {0}, b = {0}, c = {0}, d = {0};
    for (int64_t j = from; j < end; j++) {
      lanes points;
      memcpy(&points, panel[j], sizeof points);
      a += points * queries[j];
      b += points * queries[stride + j];
      c += points * queries[2 * stride + j];
      d += points * queries[3 * stride + j];
    }
    total[0] += a;
    total[1] += b;
    total[2] += c;
    total[3] += d;
  }
  memcpy(dot, total, sizeof total);
}
