/* review/queue.c - leases: a row is with one reviewer at a time, and comes back by itself when that
 * one goes away. A row of the share that is decided twice may be with two. */
#include "review/queue.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/rng.h"

#include <math.h>

static void drop_expired(lqa_review *review) {
  double now = lqa_clock_seconds();
  for (size_t i = review->leases.n; i-- > 0;) {
    if (review->leases.data[i].until <= now) {
      review->n_leases[review->leases.data[i].row]--;
      review->leases.data[i] = review->leases.data[--review->leases.n];
    }
  }
}

static lqa_lease *find_lease(lqa_review *review, int64_t row, int32_t reviewer) {
  for (size_t i = 0; review->n_leases[row] > 0 && i < review->leases.n; i++) {
    lqa_lease *lease = &review->leases.data[i];
    if (lease->row == row && lease->reviewer == reviewer) {
      return lease;
    }
  }
  return NULL;
}

/* Reviewers other than `reviewer` whose decision on the row counts; at most 2 matter. */
static int count_others(const lqa_review_log *log, int64_t row, int32_t reviewer) {
  int32_t first = -1;
  int n = 0;
  for (int64_t i = log->newest[row]; i >= 0 && n < 2; i = log->events.data[i].previous_event) {
    const lqa_review_event *e = &log->events.data[i];
    if (e->kind == LQA_REVIEW_LABEL && !e->is_undone && e->reviewer != reviewer &&
        e->reviewer != first) {
      first = e->reviewer;
      n++;
    }
  }
  return n;
}

/* May this reviewer decide the row now, leases aside? */
static bool is_open(const lqa_review *review, int64_t row, int32_t reviewer) {
  const lqa_review_log *log = &review->log;
  if (lqa_review_log_find(log, row, reviewer)) {
    return false;
  }
  if (review->run->evidence.decided_label[row] < 0) {
    return true;
  }
  return lqa_review_is_double(review, row) && count_others(log, row, reviewer) == 1 &&
         !lqa_review_log_last_word(log, row);
}

static bool is_free(const lqa_review *review, int64_t row) {
  int room = lqa_review_is_double(review, row) ? 2 : 1;
  return review->n_leases[row] < room;
}

static lqa_status add_lease(lqa_review *review, int64_t row, int32_t reviewer, lqa_error *err) {
  const lqa_lease lease = {row, reviewer,
                           lqa_clock_seconds() + (double)review->options.lease_seconds};
  if (lqa_vec_push(&review->leases, lease) != LQA_OK) {
    return lqa_fail_memory(err, "leasing rows");
  }
  review->n_leases[row]++;
  return LQA_OK;
}

/* ---- order ---- */

typedef struct shuffled {
  double key;
  int64_t row;
} shuffled;

static int compare_shuffled(const void *a, const void *b) {
  const shuffled *x = a, *y = b;
  return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
                          : (x->row > y->row) - (x->row < y->row);
}

static double key_of(const lqa_review *review, const lqa_queue_request *request, int64_t row) {
  if (request->order == LQA_QUEUE_VALUE) {
    double p = review->run->evidence.p_correct[row];
    return fabs((isnan(p) ? review->run->evidence.trust_score[row] : p) - .5);
  }
  lqa_rng rng;
  lqa_rng_init(&rng, review->options.seed ^ (uint64_t)(request->reviewer + 1) << 40, (uint64_t)row);
  return lqa_rng_uniform(&rng);
}

static lqa_status sort_queue(const lqa_review *review, const lqa_queue_request *request,
                             lqa_view *view, lqa_error *err) {
  if (request->order == LQA_QUEUE_TRUST) {
    return lqa_view_sort_by_doubt(review, view, err);
  }
  shuffled *items = lqa_malloc((size_t)view->n + 1, sizeof *items);
  if (!items) {
    return lqa_fail_memory(err, "ordering the queue");
  }
  for (int64_t i = 0; i < view->n; i++) {
    items[i] = (shuffled){key_of(review, request, view->rows[i]), view->rows[i]};
  }
  qsort(items, (size_t)view->n, sizeof *items, compare_shuffled);
  for (int64_t i = 0; i < view->n; i++) {
    view->rows[i] = items[i].row;
  }
  free(items);
  return LQA_OK;
}

/* ---- leasing ---- */

/* Keeps the rows that this reviewer may get, in place. */
static void keep_open(lqa_review *review, const lqa_queue_request *request, lqa_view *view) {
  int64_t n = 0;
  for (int64_t i = 0; i < view->n; i++) {
    int64_t row = view->rows[i];
    bool is_asked = request->filter.action || lqa_review_wants(review, row);
    if (is_asked && is_open(review, row, request->reviewer)) {
      view->rows[n++] = row;
    }
  }
  view->n = n;
}

/* Moves what is leased to the front of the view, which is cut there. */
static lqa_status lease_rows(lqa_review *review, const lqa_queue_request *request, lqa_view *view,
                             lqa_error *err) {
  int64_t n = 0, n_open = view->n;
  double until = lqa_clock_seconds() + (double)review->options.lease_seconds;
  int64_t *chosen = lqa_malloc((size_t)request->count + 1, sizeof *chosen);
  lqa_status status;
  LQA_TRY_OUT(chosen ? LQA_OK : lqa_fail_memory(err, "leasing rows"));
  for (int64_t i = 0; request->renew && i < n_open && n < request->count; i++) {
    lqa_lease *own = find_lease(review, view->rows[i], request->reviewer);
    if (own) {
      own->until = until;
      chosen[n++] = view->rows[i];
    }
  }
  for (int64_t i = 0; i < n_open && n < request->count; i++) {
    int64_t row = view->rows[i];
    if (is_free(review, row) && !find_lease(review, row, request->reviewer)) {
      LQA_TRY_OUT(add_lease(review, row, request->reviewer, err));
      chosen[n++] = row;
    }
  }
  memcpy(view->rows, chosen, (size_t)n * sizeof *chosen);
  view->n = n;
out:
  free(chosen);
  return status;
}

lqa_status lqa_queue_lease(lqa_review *review, const lqa_queue_request *request, lqa_view *out,
                           lqa_error *err) {
  drop_expired(review);
  LQA_TRY(lqa_view_filter_rows(review, &request->filter, out, err));
  keep_open(review, request, out);
  LQA_TRY(sort_queue(review, request, out, err));
  return lease_rows(review, request, out, err);
}
