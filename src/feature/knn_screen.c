/* feature/knn_screen.c - inner products of a tile of queries with 16 points.
 *
 * The points of a panel are the lanes of one, two or four registers; several queries share every
 * load, their running sums never leave the registers (knn_kernel.h, one copy per SIMD level, chosen
 * at run time). Work goes in chunks of 128 dimensions, for which a panel takes 8 KB and stays in
 * the first-level cache while all queries of the tile, in the second-level one, pass by. The sums
 * of the chunks are then added up: the rounding error grows with 128 + n / 128 instead of n. Every
 * product is added in the same order at every level and never contracted, so even this pass has the
 * same bits everywhere.
 */
#include "feature/knn_screen.h"

#include <string.h>

#define WIDTH 4
#define QUERIES 2
#define LEVEL
#define NAME(x) x##_4
#include "feature/knn_kernel.h"

#if defined(__x86_64__)
#define WIDTH 8
#define QUERIES 4
#define LEVEL __attribute__((target("avx2")))
#define NAME(x) x##_8
#include "feature/knn_kernel.h"

#define WIDTH 16
#define QUERIES 8
#define LEVEL __attribute__((target("avx512f")))
#define NAME(x) x##_16
#include "feature/knn_kernel.h"
#endif

void lqa_screen_dots(const struct lqa_screen *screen, lqa_panel_row *dot) {
  memset(dot, 0, (size_t)screen->n_queries * sizeof *dot);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) {
    screen_dots_16(screen, dot);
    return;
  }
  if (__builtin_cpu_supports("avx2")) {
    screen_dots_8(screen, dot);
    return;
  }
#endif
  screen_dots_4(screen, dot);
}
