/* model/votes/votes.c - reads votes, wide or long, into two orders: by item and by annotator.
 *
 * Both orders are counting sorts, so building them is linear and what follows from them does not
 * depend on the order in which votes were listed. A wide matrix with many gaps costs what its votes
 * cost.
 */
#include "model/votes/votes.h"

#include "base/memory.h"

#include <math.h>

void lqa_votes_input_init(lqa_votes_input *input) {
  *input = (lqa_votes_input){0};
}

/* One vote while reading. */
struct ballot {
  int64_t item;
  int32_t annotator, label;
};

struct ballots {
  struct ballot *data;
  int64_t n;
};

static lqa_status fail_label(lqa_error *err, int64_t row, double label) {
  return lqa_fail_at(err, LQA_BAD_DATA, NULL, row, NULL,
                     "item %lld has the label %.9g: class numbers from 0 are needed",
                     (long long)row, label);
}

static int64_t count_wide(const lqa_matrix *wide) {
  int64_t n = 0;
  for (int64_t i = 0; i < wide->n_rows; i++) {
    for (int64_t a = 0; a < wide->n_columns; a++) {
      n += lqa_matrix_get(wide, i, a) >= 0; /* false for NaN */
    }
  }
  return n;
}

static lqa_status read_wide(const lqa_matrix *wide, struct ballots *ballots, lqa_error *err) {
  ballots->data = lqa_malloc((size_t)count_wide(wide), sizeof *ballots->data);
  if (!ballots->data) {
    return lqa_fail_memory(err, "reading votes");
  }
  for (int64_t i = 0; i < wide->n_rows; i++) {
    for (int64_t a = 0; a < wide->n_columns; a++) {
      double label = lqa_matrix_get(wide, i, a);
      if (!(label >= 0)) {
        continue;
      }
      if (label != rint(label) || label >= INT32_MAX) {
        return fail_label(err, i, label);
      }
      ballots->data[ballots->n++] = (struct ballot){i, (int32_t)a, (int32_t)label};
    }
  }
  return LQA_OK;
}

static lqa_status read_lists(const lqa_votes_input *input, struct ballots *ballots,
                             lqa_error *err) {
  ballots->data = lqa_malloc((size_t)input->n_votes, sizeof *ballots->data);
  if (!ballots->data) {
    return lqa_fail_memory(err, "reading votes");
  }
  for (int64_t i = 0; i < input->n_votes; i++) {
    struct ballot b = {input->item[i], input->annotator[i], input->label[i]};
    if (b.item < 0 || b.annotator < 0 || b.label < 0) {
      return lqa_fail_at(err, LQA_BAD_DATA, NULL, i, NULL,
                         "vote %lld is (item %lld, annotator %d, label %d): numbers from 0 are "
                         "needed",
                         (long long)i, (long long)b.item, (int)b.annotator, (int)b.label);
    }
    ballots->data[ballots->n++] = b;
  }
  return LQA_OK;
}

static int64_t larger(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* Sets the sizes: as given, else by what occurs. */
static lqa_status set_sizes(const lqa_votes_input *input, const struct ballots *ballots,
                            lqa_votes *votes, lqa_error *err) {
  int64_t n_items = input->wide ? input->wide->n_rows : 0;
  int64_t n_annotators = input->wide ? input->wide->n_columns : 0;
  int64_t n_classes = 0;
  for (int64_t i = 0; i < ballots->n; i++) {
    n_items = larger(n_items, ballots->data[i].item + 1);
    n_annotators = larger(n_annotators, ballots->data[i].annotator + 1);
    n_classes = larger(n_classes, (int64_t)ballots->data[i].label + 1);
  }
  if (ballots->n == 0) {
    return lqa_fail(err, LQA_BAD_DATA, "there are no votes");
  }
  if ((input->n_items > 0 && input->n_items < n_items) ||
      (input->n_annotators > 0 && input->n_annotators < n_annotators) ||
      (input->n_classes > 0 && input->n_classes < n_classes)) {
    return lqa_fail(err, LQA_BAD_DATA,
                    "votes go up to item %lld, annotator %lld, class %lld, beyond the sizes given",
                    (long long)n_items - 1, (long long)n_annotators - 1, (long long)n_classes - 1);
  }
  votes->n_votes = ballots->n;
  votes->n_items = larger(n_items, input->n_items);
  votes->n_annotators = (int32_t)larger(n_annotators, input->n_annotators);
  votes->n_classes = (int32_t)larger(n_classes, input->n_classes);
  return LQA_OK;
}

static lqa_status allocate(lqa_votes *votes, lqa_error *err) {
  size_t n = (size_t)votes->n_votes;
  votes->item_start = lqa_calloc((size_t)votes->n_items + 1, sizeof *votes->item_start);
  votes->annotator_start =
      lqa_calloc((size_t)votes->n_annotators + 1, sizeof *votes->annotator_start);
  votes->annotator = lqa_malloc(n, sizeof *votes->annotator);
  votes->label = lqa_malloc(n, sizeof *votes->label);
  votes->vote = lqa_malloc(n, sizeof *votes->vote);
  votes->item = lqa_malloc(n, sizeof *votes->item);
  if (!votes->item_start || !votes->annotator_start || !votes->annotator || !votes->label ||
      !votes->vote || !votes->item) {
    return lqa_fail_memory(err, "sorting votes");
  }
  return LQA_OK;
}

/* Turns counts at [i + 1] into offsets. */
static void sum_counts(int64_t *start, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    start[i + 1] += start[i];
  }
}

static void shift_back(int64_t *start, int64_t n) {
  for (int64_t i = n; i > 0; i--) {
    start[i] = start[i - 1];
  }
  start[0] = 0;
}

/* By annotator first, then, stably, by item: an item's votes come in annotator order. `order` has
 * room for n_votes. */
static void sort_votes(lqa_votes *votes, const struct ballots *ballots, int64_t *order) {
  for (int64_t i = 0; i < ballots->n; i++) {
    votes->annotator_start[ballots->data[i].annotator + 1]++;
    votes->item_start[ballots->data[i].item + 1]++;
  }
  sum_counts(votes->annotator_start, votes->n_annotators);
  sum_counts(votes->item_start, votes->n_items);
  for (int64_t i = 0; i < ballots->n; i++) {
    order[votes->annotator_start[ballots->data[i].annotator]++] = i;
  }
  shift_back(votes->annotator_start, votes->n_annotators);
  for (int64_t i = 0; i < ballots->n; i++) {
    const struct ballot *b = &ballots->data[order[i]];
    int64_t place = votes->item_start[b->item]++;
    votes->annotator[place] = b->annotator;
    votes->label[place] = b->label;
    votes->item[place] = b->item;
  }
  shift_back(votes->item_start, votes->n_items);
  for (int64_t i = 0; i < votes->n_votes; i++) {
    votes->vote[votes->annotator_start[votes->annotator[i]]++] = i;
  }
  shift_back(votes->annotator_start, votes->n_annotators);
}

static lqa_status check_twice(const lqa_votes *votes, lqa_error *err) {
  for (int64_t i = 1; i < votes->n_votes; i++) {
    if (votes->item[i] == votes->item[i - 1] && votes->annotator[i] == votes->annotator[i - 1]) {
      return lqa_fail_at(err, LQA_BAD_DATA, NULL, votes->item[i], NULL,
                         "annotator %d labels item %lld more than once", (int)votes->annotator[i],
                         (long long)votes->item[i]);
    }
  }
  return LQA_OK;
}

static lqa_status build(const lqa_votes_input *input, lqa_votes *votes, struct ballots *ballots,
                        lqa_error *err) {
  LQA_TRY(input->wide ? read_wide(input->wide, ballots, err) : read_lists(input, ballots, err));
  LQA_TRY(set_sizes(input, ballots, votes, err));
  LQA_TRY(allocate(votes, err));
  int64_t *order = lqa_malloc((size_t)votes->n_votes, sizeof *order);
  if (!order) {
    return lqa_fail_memory(err, "sorting votes");
  }
  sort_votes(votes, ballots, order);
  free(order);
  LQA_TRY(check_twice(votes, err));
  if (input->threads != 1) {
    votes->pool = lqa_pool_new((int)input->threads);
    return votes->pool ? LQA_OK : lqa_fail_memory(err, "starting threads");
  }
  return LQA_OK;
}

lqa_status lqa_votes_open(const lqa_votes_input *input, lqa_votes **out, lqa_error *err) {
  if (input->threads < 0 || input->threads > 1024) {
    return lqa_fail(err, LQA_BAD_USAGE, "threads is %lld, not between 0 and 1024",
                    (long long)input->threads);
  }
  struct ballots ballots = {0};
  lqa_votes *votes = lqa_calloc(1, sizeof *votes);
  if (!votes) {
    return lqa_fail_memory(err, "reading votes");
  }
  votes->observer = input->observer;
  lqa_status status = build(input, votes, &ballots, err);
  free(ballots.data);
  if (status != LQA_OK) {
    lqa_votes_close(votes);
    return status;
  }
  *out = votes;
  return LQA_OK;
}

void lqa_votes_close(lqa_votes *votes) {
  if (votes) {
    free(votes->item_start);
    free(votes->annotator_start);
    free(votes->annotator);
    free(votes->label);
    free(votes->vote);
    free(votes->item);
    lqa_pool_free(votes->pool);
    free(votes);
  }
}

int64_t lqa_votes_count(const lqa_votes *votes) {
  return votes->n_votes;
}
int64_t lqa_votes_count_items(const lqa_votes *votes) {
  return votes->n_items;
}
int32_t lqa_votes_count_annotators(const lqa_votes *votes) {
  return votes->n_annotators;
}
int32_t lqa_votes_count_classes(const lqa_votes *votes) {
  return votes->n_classes;
}

lqa_status lqa_votes_check_probs(const lqa_votes *votes, const lqa_matrix *pred_probs,
                                 lqa_error *err) {
  if (pred_probs->n_rows != votes->n_items || pred_probs->n_columns != votes->n_classes) {
    return lqa_fail(err, LQA_BAD_DATA,
                    "pred_probs is %lld x %lld, but there are %lld items and %d classes",
                    (long long)pred_probs->n_rows, (long long)pred_probs->n_columns,
                    (long long)votes->n_items, (int)votes->n_classes);
  }
  return LQA_OK;
}

lqa_status lqa_votes_check_items(const lqa_votes *votes, lqa_error *err) {
  for (int64_t i = 0; i < votes->n_items; i++) {
    if (lqa_votes_of_item(votes, i) == 0) {
      return lqa_fail_at(err, LQA_BAD_DATA, NULL, i, NULL, "item %lld has no vote", (long long)i);
    }
  }
  return LQA_OK;
}

void lqa_votes_confusion(const lqa_votes *votes, const int32_t *reference, int64_t *count) {
  int64_t n = votes->n_classes;
  for (int64_t i = 0; i < votes->n_annotators * n * n; i++) {
    count[i] = 0;
  }
  for (int64_t v = 0; v < votes->n_votes; v++) {
    int32_t truth = reference[votes->item[v]];
    if (truth >= 0) {
      count[(votes->annotator[v] * n + truth) * n + votes->label[v]]++;
    }
  }
}
