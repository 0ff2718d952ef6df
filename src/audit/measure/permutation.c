/* audit/measure/permutation.c - the best relabelling of a confusion matrix, if it beats
 * none.
 *
 * If codes were swapped, rows given class a are predicted as b and rows given b as a. The
 * assignment of given to predicted classes with the most agreement finds any permutation, not only
 * swaps (Kuhn 1955, Munkres 1957; the shortest augmenting path form of Jonker and Volgenant). Only
 * classes whose most frequent prediction is another class, and those predictions, enter it: usually
 * none at all. The permutation is then cut into cycles and each is judged on its own.
 */
#include "audit/measure/permutation.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { MAX_SUSPECTS = 400 };

/* Working arrays of the assignment, 1-based as is usual: index 0 is the free column. */
typedef struct matching {
  int32_t n;
  const double *weight;
  double *row_potential, *column_potential, *least;
  int32_t *row_of, *previous;
  uint8_t *used;
} matching;

/* Grows the shortest augmenting path from `row` and flips it. Costs are negated weights. */
static void augment(matching *m, int32_t row) {
  int32_t column = 0;
  m->row_of[0] = row;
  for (int32_t j = 0; j <= m->n; j++) {
    m->least[j] = INFINITY;
    m->used[j] = 0;
  }
  do {
    m->used[column] = 1;
    int32_t from = m->row_of[column], next = 0;
    double delta = INFINITY;
    for (int32_t j = 1; j <= m->n; j++) {
      if (m->used[j]) {
        continue;
      }
      double cost =
          -m->weight[(from - 1) * m->n + j - 1] - m->row_potential[from] - m->column_potential[j];
      if (cost < m->least[j]) {
        m->least[j] = cost;
        m->previous[j] = column;
      }
      if (m->least[j] < delta) {
        delta = m->least[j];
        next = j;
      }
    }
    for (int32_t j = 0; j <= m->n; j++) {
      if (m->used[j]) {
        m->row_potential[m->row_of[j]] += delta;
        m->column_potential[j] -= delta;
      } else {
        m->least[j] -= delta;
      }
    }
    column = next;
  } while (m->row_of[column] != 0);
  for (; column != 0; column = m->previous[column]) {
    m->row_of[column] = m->row_of[m->previous[column]];
  }
}

lqa_status lqa_assignment_find(int32_t n, const double *weight, int32_t *to, lqa_error *err) {
  size_t size = (size_t)n + 1;
  matching m = {.n = n,
                .weight = weight,
                .row_potential = lqa_calloc(size, sizeof(double)),
                .column_potential = lqa_calloc(size, sizeof(double)),
                .least = lqa_calloc(size, sizeof(double)),
                .row_of = lqa_calloc(size, sizeof(int32_t)),
                .previous = lqa_calloc(size, sizeof(int32_t)),
                .used = lqa_calloc(size, 1)};
  bool fits = m.row_potential && m.column_potential && m.least && m.row_of && m.previous && m.used;
  for (int32_t row = 1; fits && row <= n; row++) {
    augment(&m, row);
  }
  for (int32_t column = 1; fits && column <= n; column++) {
    to[m.row_of[column] - 1] = column - 1;
  }
  free(m.row_potential);
  free(m.column_potential);
  free(m.least);
  free(m.row_of);
  free(m.previous);
  free(m.used);
  return fits ? LQA_OK : lqa_fail_memory(err, "matching classes");
}

void lqa_permutation_clear(lqa_permutation *permutation) {
  free(permutation->to);
  *permutation = (lqa_permutation){0};
}

/* Classes worth a look, ascending; returns how many, at most MAX_SUSPECTS. */
static int32_t list_suspects(int32_t n_classes, const int64_t *confusion, uint8_t *is_suspect,
                             int32_t *suspects) {
  for (int32_t given = 0; given < n_classes; given++) {
    const int64_t *row = confusion + (int64_t)given * n_classes;
    int32_t best = given;
    for (int32_t k = 0; k < n_classes; k++) {
      best = row[k] > row[best] ? k : best;
    }
    if (best != given) {
      is_suspect[given] = is_suspect[best] = 1;
    }
  }
  int32_t n = 0;
  for (int32_t k = 0; k < n_classes && n < MAX_SUSPECTS; k++) {
    if (is_suspect[k]) {
      suspects[n++] = k;
    }
  }
  return n;
}

static lqa_status assign_suspects(int32_t n_classes, const int64_t *confusion,
                                  const int32_t *suspects, int32_t n, int32_t *to, lqa_error *err) {
  double *weight = lqa_malloc((size_t)n * (size_t)n, sizeof *weight);
  int32_t *found = lqa_malloc((size_t)n, sizeof *found);
  lqa_status status;
  LQA_TRY_OUT(weight && found ? LQA_OK : lqa_fail_memory(err, "matching classes"));
  for (int32_t i = 0; i < n; i++) {
    for (int32_t j = 0; j < n; j++) {
      weight[i * n + j] = (double)confusion[(int64_t)suspects[i] * n_classes + suspects[j]];
    }
  }
  LQA_TRY_OUT(lqa_assignment_find(n, weight, found, err));
  for (int32_t i = 0; i < n; i++) {
    to[suspects[i]] = suspects[found[i]];
  }
out:
  free(weight);
  free(found);
  return status;
}

/* Judges the cycle through `first`: counts it in, or puts it back to the identity. */
static void judge_cycle(int32_t n_classes, const int64_t *confusion, int32_t first,
                        double min_ratio, double min_z, lqa_permutation *out) {
  int64_t moved = 0, kept = 0;
  int32_t length = 0;
  bool holds = true;
  int32_t k = first;
  do {
    int64_t as_new = confusion[(int64_t)k * n_classes + out->to[k]];
    int64_t as_old = confusion[(int64_t)k * n_classes + k];
    holds = holds && as_new > 0 && (double)as_new >= min_ratio * (double)as_old;
    moved += as_new;
    kept += as_old;
    length++;
    k = out->to[k];
  } while (k != first);
  double z = moved + kept > 0 ? (double)(moved - kept) / sqrt((double)(moved + kept)) : 0;
  if (holds && z > min_z) {
    out->n_moved += length;
    out->moved += moved;
    out->kept += kept;
    return;
  }
  do {
    int32_t next = out->to[k];
    out->to[k] = k;
    k = next;
  } while (k != first);
}

static void judge_cycles(int32_t n_classes, const int64_t *confusion, double min_ratio,
                         double min_z, uint8_t *seen, lqa_permutation *out) {
  memset(seen, 0, (size_t)n_classes);
  for (int32_t first = 0; first < n_classes; first++) {
    if (seen[first] || out->to[first] == first) {
      continue;
    }
    for (int32_t k = first; !seen[k]; k = out->to[k]) {
      seen[k] = 1;
    }
    judge_cycle(n_classes, confusion, first, min_ratio, min_z, out);
  }
  double both = (double)(out->moved + out->kept);
  out->z = both > 0 ? (double)(out->moved - out->kept) / sqrt(both) : 0;
}

lqa_status lqa_permutation_find(int32_t n_classes, const int64_t *confusion, double min_ratio,
                                double min_z, lqa_permutation *out, lqa_error *err) {
  lqa_permutation made = {.to = lqa_malloc((size_t)n_classes, sizeof *made.to)};
  uint8_t *is_suspect = lqa_calloc((size_t)n_classes, 1);
  int32_t *suspects = lqa_malloc(MAX_SUSPECTS, sizeof *suspects);
  lqa_status status = LQA_OK;
  if (!made.to || !is_suspect || !suspects) {
    status = lqa_fail_memory(err, "matching classes");
    goto out;
  }
  for (int32_t k = 0; k < n_classes; k++) {
    made.to[k] = k;
  }
  int32_t n = list_suspects(n_classes, confusion, is_suspect, suspects);
  if (n > 1) {
    LQA_TRY_OUT(assign_suspects(n_classes, confusion, suspects, n, made.to, err));
    judge_cycles(n_classes, confusion, min_ratio, min_z, is_suspect, &made);
  }
  *out = made;
  made.to = NULL;
out:
  free(made.to);
  free(is_suspect);
  free(suspects);
  return status;
}
