/* feature/knn_kernel.h - inner products of QUERIES queries with the 16 points of a panel, held in
 * registers of WIDTH floats.
 *
 * No include guard: knn_screen.c includes it once per SIMD level, with WIDTH, QUERIES (a divisor of
 * LQA_SCREEN_QUERIES), LEVEL (the target attribute) and NAME(x). QUERIES * 16 / WIDTH running sums
 * stay in registers: eight are enough to hide the latency of an addition.
 */

enum { NAME(parts) = LQA_PANEL_POINTS / WIDTH };

typedef float NAME(vector) __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));

/* dot += the products of dimensions [0, n_dims); the queries lie `stride` floats apart. */
LEVEL static void NAME(add_dots)(const float *queries, int64_t stride, const lqa_panel_row *panel,
                                 int64_t n_dims, lqa_panel_row *dot) {
  NAME(vector) sum[QUERIES][NAME(parts)] = {{{0}}};
  for (int64_t j = 0; j < n_dims; j++) {
    const NAME(vector) *point = (const NAME(vector) *)panel[j];
#pragma GCC unroll 8
    for (int q = 0; q < QUERIES; q++) {
      float query = queries[q * stride + j];
#pragma GCC unroll 4
      for (int p = 0; p < NAME(parts); p++) {
        sum[q][p] += point[p] * query;
      }
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < QUERIES; q++) {
    NAME(vector) *total = (NAME(vector) *)dot[q];
#pragma GCC unroll 4
    for (int p = 0; p < NAME(parts); p++) {
      total[p] += sum[q][p];
    }
  }
}

LEVEL static void NAME(screen_dots)(const struct lqa_screen *screen, lqa_panel_row *dot) {
  for (int64_t from = 0; from < screen->n_dims; from += LQA_SCREEN_CHUNK) {
    int64_t rest = screen->n_dims - from;
    int64_t n = rest < LQA_SCREEN_CHUNK ? rest : LQA_SCREEN_CHUNK;
    for (int64_t q = 0; q < screen->n_queries; q += QUERIES) {
      NAME(add_dots)
      (screen->queries + q * screen->n_dims + from, screen->n_dims, screen->panel + from, n,
       dot + q);
    }
  }
}

#undef WIDTH
#undef QUERIES
#undef LEVEL
#undef NAME
