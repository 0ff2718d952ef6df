/* confident/joint.c - the confident joint: counts to a calibrated, whole-numbered
 * matrix.
 *
 * Raw counts are scaled so that row i sums to the number of rows given label i and the whole to N,
 * then rounded so that every row keeps its total: after plain rounding (half to even) the cells
 * with the largest remainders gain, or the smallest lose, one each until the total is right. Rows
 * of a calibrated joint often hold many equal remainders, so from 17 classes on the tie order
 * decides which cells move, and with them some flags; see tie_order.h.
 *
 * The order of additions is the reference's: row sums pairwise (column by column where that would
 * hold the matrix transposed), the grand total pairwise over the memory order.
 */
#include "confident/confident_internal.h"

#include "base/memory.h"

#include <math.h>

static double sum_row(const lqa_joint *joint, int32_t i) {
  const double *row = joint->cell + (int64_t)i * joint->n;
  if (!joint->by_column) {
    return lqa_pairwise_sum(row, joint->n, false);
  }
  double sum = 0;
  for (int32_t j = 0; j < joint->n; j++) {
    sum += row[j];
  }
  return sum;
}

/* Column by column where the reference holds the matrix transposed, as its buffers come. */
static double sum_all(const lqa_joint *joint) {
  double buffer[LQA_PAIRWISE_BUFFER], total = 0;
  int64_t n = joint->n;
  if (!joint->by_column) {
    return lqa_pairwise_sum(joint->cell, n * n, false);
  }
  int64_t filled = 0;
  for (int64_t at = 0, i = 0, j = 0; at < n * n; at++) {
    buffer[filled++] = joint->cell[i * n + j];
    i = i + 1 < n ? i + 1 : 0;
    j += i == 0;
    if (filled == LQA_PAIRWISE_BUFFER || at == n * n - 1) {
      total += lqa_pairwise_sum(buffer, filled, false);
      filled = 0;
    }
  }
  return total;
}

void lqa_joint_from_counts(const int64_t *counts, lqa_joint *joint) {
  int64_t n = joint->n;
  joint->by_column = true;
  for (int64_t i = 0; i < n * n; i++) {
    joint->cell[i] = (double)counts[i];
  }
  lqa_joint_lift_diagonal(joint);
}

void lqa_joint_lift_diagonal(lqa_joint *joint) {
  for (int64_t k = 0; k < joint->n; k++) {
    double *diagonal = &joint->cell[k * joint->n + k];
    *diagonal = *diagonal < 1 ? 1 : *diagonal;
  }
}

/* Working space of one row's rounding. */
struct rounding {
  double *whole, *remainder;
  int64_t *order;
};

static void move_cells(double *whole, const int64_t *order, int32_t n, double difference) {
  double room = fabs(difference);
  int32_t changes = room < n ? (int32_t)room : n;
  for (int32_t c = 0; c < changes; c++) {
    if (difference < 0) {
      whole[order[c]] -= 1;
    } else {
      whole[order[n - 1 - c]] += 1;
    }
  }
}

static lqa_status round_row(double *row, int32_t n, lqa_tie_order ties, const struct rounding *r) {
  double target = rint(lqa_pairwise_sum(row, n, false));
  for (int32_t j = 0; j < n; j++) {
    r->whole[j] = rint(row[j]);
  }
  double total = rint(lqa_pairwise_sum(r->whole, n, false));
  while (fabs(total - target) > LQA_CONFIDENT_EPS) {
    for (int32_t j = 0; j < n; j++) {
      r->remainder[j] = row[j] - r->whole[j];
    }
    LQA_TRY(lqa_argsort(r->remainder, n, ties, r->order));
    move_cells(r->whole, r->order, n, rint(target - total));
    total = rint(lqa_pairwise_sum(r->whole, n, false));
  }
  memcpy(row, r->whole, (size_t)n * sizeof *row);
  return LQA_OK;
}

lqa_status lqa_joint_round_rows(lqa_joint *joint, lqa_tie_order ties, lqa_error *err) {
  size_t n = (size_t)joint->n;
  lqa_status status = LQA_OK;
  struct rounding r = {lqa_malloc(n, sizeof(double)), lqa_malloc(n, sizeof(double)),
                       lqa_malloc(n, sizeof(int64_t))};
  if (!r.whole || !r.remainder || !r.order) {
    status = lqa_fail_memory(err, "rounding the confident joint");
    goto out;
  }
  for (size_t i = 0; i < n; i++) {
    LQA_TRY_OUT(round_row(joint->cell + i * n, joint->n, ties, &r));
  }
  joint->by_column = false; /* the reference makes a new matrix here */
out:
  free(r.whole);
  free(r.remainder);
  free(r.order);
  return status;
}

static double at_least(double value, double least) {
  return value > least ? value : least;
}

lqa_status lqa_joint_calibrate(lqa_joint *joint, const int64_t *class_counts, lqa_tie_order ties,
                               lqa_error *err) {
  int64_t n = joint->n;
  int64_t n_rows = 0;
  for (int32_t i = 0; i < n; i++) {
    double *row = joint->cell + i * n;
    double row_sum = at_least(sum_row(joint, i), LQA_CONFIDENT_TINY);
    for (int32_t j = 0; j < n; j++) {
      row[j] = row[j] / row_sum * (double)class_counts[i];
    }
    n_rows += class_counts[i];
  }
  double total = at_least(sum_all(joint), LQA_CONFIDENT_TINY);
  for (int64_t i = 0; i < n * n; i++) {
    joint->cell[i] = joint->cell[i] / total * (double)n_rows;
  }
  return lqa_joint_round_rows(joint, ties, err);
}

void lqa_joint_normalize(lqa_joint *joint) {
  double total = at_least(sum_all(joint), LQA_CONFIDENT_TINY);
  for (int64_t i = 0; i < (int64_t)joint->n * joint->n; i++) {
    joint->cell[i] /= total;
  }
}

static double diagonal_at(const void *data, int64_t k) {
  const lqa_joint *joint = data;
  return joint->cell[k * joint->n + k];
}

int64_t lqa_joint_count_issues(const lqa_joint *joint, int64_t n_rows) {
  double on_diagonal = lqa_pairwise_sum_of(diagonal_at, joint, joint->n, false);
  return (int64_t)rint((1 - on_diagonal) * (double)n_rows);
}
