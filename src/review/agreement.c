/* review/agreement.c - pairs of decisions on one row, by different reviewers.
 *
 * Who is first and who is second follows the order of the decisions, so kappa is that of "an
 * earlier and a later reviewer", whoever they are. The interval of kappa is the large-sample one
 * (Fleiss, Cohen and Everitt 1969), that of agreement Wilson's. */
#include "review/agreement.h"

#include "base/memory.h"

/* The newest decisions of two reviewers on the row, the later reviewer's second; false where there
 * are not two. */
static bool find_pair(const lqa_review_log *log, int64_t row, int32_t pair[2]) {
  const lqa_review_event *last = NULL;
  for (int64_t i = log->newest[row]; i >= 0; i = log->events.data[i].previous_event) {
    const lqa_review_event *e = &log->events.data[i];
    bool counts = e->kind == LQA_REVIEW_LABEL && !e->is_undone && !e->adjudicates && e->label >= 0;
    if (counts && !last) {
      last = e;
    } else if (counts && e->reviewer != last->reviewer) {
      pair[0] = e->label;
      pair[1] = last->label;
      return true;
    }
  }
  return false;
}

/* Votes of two pseudo-annotators, earlier and later, on `n` items. */
static lqa_status measure_kappa(const int32_t *item, const int32_t *who, const int32_t *label,
                                int64_t n, lqa_agreement *out, lqa_error *err) {
  static const int32_t both[2] = {0, 1};
  lqa_votes *votes = NULL;
  lqa_votes_input input;
  lqa_agreement_options options;
  lqa_votes_input_init(&input);
  lqa_agreement_options_init(&options);
  input.item = item;
  input.annotator = who;
  input.label = label;
  input.n_votes = 2 * n;
  input.threads = 1;
  LQA_TRY(lqa_votes_open(&input, &votes, err));
  lqa_status status = lqa_votes_cohen(votes, both, &options, out, err);
  lqa_votes_close(votes);
  return status;
}

lqa_status lqa_review_agreement_of(const lqa_review *review, lqa_review_agreement *out,
                                   lqa_error *err) {
  int64_t n_rows = review->run->rows.n_rows, n = 0, same = 0;
  LQA_VEC(int32_t) item = {0}, who = {0}, label = {0};
  *out = (lqa_review_agreement){.n = 0};
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < n_rows; row++) {
    int32_t pair[2];
    if (!find_pair(&review->log, row, pair)) {
      continue;
    }
    for (int32_t k = 0; k < 2; k++) {
      LQA_TRY_OUT(lqa_vec_push(&item, (int32_t)n));
      LQA_TRY_OUT(lqa_vec_push(&who, k));
      LQA_TRY_OUT(lqa_vec_push(&label, pair[k]));
    }
    same += pair[0] == pair[1];
    n++;
  }
  if (n > 0) {
    out->n = n;
    out->agreement = lqa_interval_wilson(same, n, .95);
    status = measure_kappa(item.data, who.data, label.data, n, &out->kappa, err);
  }
out:
  lqa_vec_clear(&item);
  lqa_vec_clear(&who);
  lqa_vec_clear(&label);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "comparing reviewers") : status;
}

lqa_status lqa_review_disagreements(const lqa_review *review, lqa_view *out, lqa_error *err) {
  int64_t n_rows = review->run->rows.n_rows;
  *out = (lqa_view){.rows = lqa_malloc((size_t)n_rows + 1, sizeof *out->rows)};
  if (!out->rows) {
    return lqa_fail_memory(err, "comparing reviewers");
  }
  for (int64_t row = 0; row < n_rows; row++) {
    int32_t pair[2];
    if (find_pair(&review->log, row, pair) && pair[0] != pair[1] &&
        !lqa_review_log_last_word(&review->log, row)) {
      out->rows[out->n++] = row;
    }
  }
  return LQA_OK;
}
