/* review/review.c - opening, and what a decision changes in memory. */
#include "review/review.h"

#include "base/memory.h"
#include "base/rng.h"

bool lqa_review_wants(const lqa_review *review, int64_t row) {
  const lqa_evidence *e = &review->run->evidence;
  return e->decided_label[row] >= 0 || e->action[row] != LQA_ACTION_KEEP;
}

bool lqa_review_is_double(const lqa_review *review, int64_t row) {
  double share = review->options.second_share;
  if (share <= 0) {
    return false;
  }
  lqa_rng rng;
  lqa_rng_init(&rng, review->options.seed, (uint64_t)row);
  return lqa_rng_uniform(&rng) < share;
}

static void count_rows(lqa_review *review) {
  const lqa_evidence *e = &review->run->evidence;
  review->to_review = 0;
  review->decided = 0;
  for (int64_t row = 0; row < e->n_rows; row++) {
    bool is_decided = e->decided_label[row] >= 0;
    review->decided += is_decided;
    review->to_review += !is_decided && e->action[row] != LQA_ACTION_KEEP;
  }
}

static lqa_status open_parts(lqa_review *review, const char *folder, lqa_error *err) {
  const lqa_observer *observer = review->options.observer;
  LQA_TRY(lqa_run_open(folder, true, observer, &review->run, err));
  if (review->options.claim) {
    LQA_TRY(lqa_run_claim_set(review->run, review->options.claim, err));
  }
  LQA_TRY(lqa_review_log_open(review->run, &review->log, err));
  review->n_leases = lqa_calloc((size_t)review->run->rows.n_rows + 1, 1);
  if (!review->n_leases) {
    return lqa_fail_memory(err, "opening the review");
  }
  const lqa_row_texts_input input = {.folder = review->run->folder,
                                     .manifest = &review->run->manifest,
                                     .rows = &review->run->rows,
                                     .observer = observer};
  LQA_TRY(lqa_contents_open(&input, &review->contents, err));
  count_rows(review);
  return LQA_OK;
}

lqa_status lqa_review_open(const char *folder, const lqa_review_options *options, lqa_review **out,
                           lqa_error *err) {
  lqa_review *review = lqa_calloc(1, sizeof *review);
  if (!review) {
    return lqa_fail_memory(err, "opening the review");
  }
  review->options = *options;
  review->contents.file.fd = -1;
  lqa_status status = open_parts(review, folder, err);
  if (status != LQA_OK) {
    lqa_review_close(review);
    return status;
  }
  *out = review;
  return LQA_OK;
}

void lqa_review_close(lqa_review *review) {
  if (!review) {
    return;
  }
  lqa_contents_close(&review->contents);
  lqa_vec_clear(&review->leases);
  free(review->n_leases);
  if (review->log.names) {
    lqa_review_log_close(&review->log);
  }
  if (review->run) {
    lqa_run_close(review->run);
  }
  free(review);
}

lqa_status lqa_review_reload(lqa_review *review, lqa_error *err) {
  bool changed;
  LQA_TRY(lqa_run_reload(review->run, &changed, err));
  review->version++;
  count_rows(review);
  return LQA_OK;
}

static void end_lease(lqa_review *review, int64_t row, int32_t reviewer) {
  for (size_t i = 0; i < review->leases.n; i++) {
    const lqa_lease *lease = &review->leases.data[i];
    if (lease->row == row && lease->reviewer == reviewer) {
      review->leases.data[i] = review->leases.data[--review->leases.n];
      review->n_leases[row]--;
      return;
    }
  }
}

/* Counts of `row` out and in again around a change. */
static void count_row(lqa_review *review, int64_t row, int64_t sign) {
  const lqa_evidence *e = &review->run->evidence;
  bool is_decided = e->decided_label[row] >= 0;
  review->decided += sign * is_decided;
  review->to_review += sign * (!is_decided && e->action[row] != LQA_ACTION_KEEP);
}

lqa_status lqa_review_decide(lqa_review *review, const lqa_review_entry *entry, int64_t *id,
                             lqa_error *err) {
  count_row(review, entry->row, -1);
  lqa_status status = lqa_review_log_add(&review->log, entry, id, err);
  count_row(review, entry->row, 1);
  if (status == LQA_OK) {
    end_lease(review, entry->row, entry->reviewer);
    review->version++;
  }
  return status;
}

lqa_status lqa_review_undo(lqa_review *review, int32_t reviewer, int64_t *row, lqa_error *err) {
  LQA_TRY(lqa_review_log_undo(&review->log, reviewer, row, err));
  if (*row >= 0) {
    review->version++;
    count_rows(review);
  }
  return LQA_OK;
}
