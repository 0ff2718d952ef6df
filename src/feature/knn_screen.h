/* feature/knn_screen.h - the float32 pass of the neighbour search: which points may be near?
 *
 * Points are packed 16 at a time, dimension by dimension, so that one vector register holds one
 * dimension of several points. The pass never misses a neighbour: see the error bound below.
 */
#ifndef LQA_FEATURE_KNN_SCREEN_H
#define LQA_FEATURE_KNN_SCREEN_H

#include "base/status.h"

enum { LQA_PANEL_POINTS = 16, LQA_SCREEN_QUERIES = 8, LQA_SCREEN_CHUNK = 128 };

/* n_dims x 16 floats, point last. */
typedef float lqa_panel_row[LQA_PANEL_POINTS];

struct lqa_screen {
  const float *queries; /* n_queries x n_dims */
  int64_t n_queries;    /* a multiple of LQA_SCREEN_QUERIES */
  const lqa_panel_row *panel;
  int64_t n_dims;
};

/* dot[q][p] = inner product of query q with point p of the panel; n_queries rows. */
void lqa_screen_dots(const struct lqa_screen *screen, lqa_panel_row *dot);

/* |squared distance of the float32 pass - true squared distance| is at most this times
 * (|query| + |point|)^2. Inner products: chunks of 128 terms and n / 128 partial sums, each
 * rounded; the conversion to float32; and what is done with the product in float32 afterwards; all
 * with room to spare. */
static inline double lqa_screen_error(int64_t n_dims) {
  return (LQA_SCREEN_CHUNK + (double)n_dims / LQA_SCREEN_CHUNK + 32) * 0x1p-24;
}

#endif
