/* data/votes/vote_repeats.c - one annotator, one item, more than one vote.
 *
 * Counting such a vote twice would let the annotator agree with themselves, so the user says which
 * one holds. Votes are brought into the order (item, annotator, row) by two counting sorts; linear
 * in votes.
 */
#include "data/votes/vote_read.h"

#include "base/memory.h"

/* Stable counting sort of `in` (n vote numbers) by key[vote] into `out`. */
static lqa_status sort_by(const int32_t *key, int64_t n_keys, const uint32_t *in, int64_t n,
                          uint32_t *out) {
  uint32_t *start = lqa_calloc((size_t)n_keys + 1, sizeof *start);
  if (!start) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) {
    start[key[i] + 1]++;
  }
  for (int64_t k = 0; k < n_keys; k++) {
    start[k + 1] += start[k];
  }
  for (int64_t i = 0; i < n; i++) {
    uint32_t vote = in ? in[i] : (uint32_t)i;
    out[start[key[vote]]++] = vote;
  }
  free(start);
  return LQA_OK;
}

static int64_t file_of(const lqa_vote_reader *r, uint32_t vote) {
  size_t file = r->first_vote.n;
  while (file > 0 && r->first_vote.data[file - 1] > (int64_t)vote) {
    file--;
  }
  return file > 0 ? (int64_t)file - 1 : 0;
}

static lqa_status fail_repeat(const lqa_vote_reader *r, uint32_t first, uint32_t second,
                              lqa_error *err) {
  const lqa_vote_table *t = r->table;
  char scratch[24];
  lqa_str item = lqa_vote_table_item(t, r->item.data[second], scratch);
  lqa_str annotator = lqa_vote_table_annotator(t, r->annotator.data[second]);
  lqa_str a = lqa_map_key(r->labels, (uint32_t)r->label.data[first]);
  lqa_str b = lqa_map_key(r->labels, (uint32_t)r->label.data[second]);
  const char *file = lqa_source_file_path(r->source, (int32_t)file_of(r, second));
  return lqa_fail_at(err, LQA_BAD_DATA, file, r->row.data[second], NULL,
                     "%s, row %u: annotator '%.*s' labels item '%.*s' a second time ('%.*s', after "
                     "'%.*s' in row %u). Say which vote holds: " LQA_OPTION_AS(
                         "repeats", "first") " or " LQA_OPTION_AS("repeats", "last"),
                     file, r->row.data[second], (int)(annotator.size < 60 ? annotator.size : 60),
                     annotator.data, (int)(item.size < 60 ? item.size : 60), item.data,
                     (int)(b.size < 60 ? b.size : 60), b.data, (int)(a.size < 60 ? a.size : 60),
                     a.data, r->row.data[first]);
}

static void drop(lqa_vote_reader *r, const bool *is_dropped) {
  size_t kept = 0;
  for (size_t v = 0; v < r->item.n; v++) {
    if (!is_dropped[v]) {
      r->item.data[kept] = r->item.data[v];
      r->annotator.data[kept] = r->annotator.data[v];
      r->label.data[kept] = r->label.data[v];
      r->row.data[kept] = r->row.data[v];
      if (r->time.n > 0) {
        r->time.data[kept] = r->time.data[v];
      }
      kept++;
    }
  }
  r->item.n = r->annotator.n = r->label.n = r->row.n = kept;
  r->time.n = r->time.n > 0 ? kept : 0;
}

/* Marks what is dropped among the votes in `order`; the first repeat in reading order is an error
 * where repeats are. */
static lqa_status mark(lqa_vote_reader *r, const uint32_t *order, bool *is_dropped,
                       lqa_error *err) {
  bool is_error = r->options->repeats == LQA_REPEATS_ERROR;
  bool keeps_last = r->options->repeats == LQA_REPEATS_LAST;
  uint32_t worst[2] = {0, UINT32_MAX};
  for (size_t i = 1; i < r->item.n; i++) {
    uint32_t a = order[i - 1], b = order[i];
    if (r->item.data[a] == r->item.data[b] && r->annotator.data[a] == r->annotator.data[b]) {
      r->table->n_repeats++;
      r->table->n_repeats_same += r->label.data[a] == r->label.data[b];
      is_dropped[keeps_last ? a : b] = true;
      if (b < worst[1]) {
        worst[0] = a;
        worst[1] = b;
      }
    }
  }
  return is_error && r->table->n_repeats > 0 ? fail_repeat(r, worst[0], worst[1], err) : LQA_OK;
}

lqa_status lqa_vote_repeats_check(lqa_vote_reader *r, lqa_error *err) {
  int64_t n = (int64_t)r->item.n;
  uint32_t *by_annotator = lqa_malloc((size_t)n, sizeof *by_annotator);
  uint32_t *order = lqa_malloc((size_t)n, sizeof *order);
  bool *is_dropped = lqa_calloc((size_t)n, sizeof *is_dropped);
  lqa_status status = by_annotator && order && is_dropped ? LQA_OK : LQA_NO_MEMORY;
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(sort_by(r->annotator.data, r->table->n_annotators, NULL, n, by_annotator));
  LQA_TRY_OUT(sort_by(r->item.data, r->table->n_items, by_annotator, n, order));
  LQA_TRY_OUT(mark(r, order, is_dropped, err));
  if (r->table->n_repeats > 0) {
    drop(r, is_dropped);
  }
out:
  free(by_annotator);
  free(order);
  free(is_dropped);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "looking for repeated votes") : status;
}
