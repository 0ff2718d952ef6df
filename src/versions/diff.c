/* One pass over the matched rows. The difference of two error rates has the interval of MOVER (Zou
 * and Donner 2008), which takes each rate's own, and a p-value from their half-widths as standard
 * errors.
 */
#include "versions/diff.h"

#include "audit/p_value.h"
#include "base/memory.h"

#include <math.h>

enum { MAX_LABEL = 1 << 20 };
static const double Z = 1.959963984540054;

const char *lqa_diff_status_name(lqa_diff_status status) {
  static const char *const NAMES[] = {"unchanged", "relabelled", "content_changed", "added",
                                      "removed"};
  return NAMES[status];
}

const char *lqa_diff_by_name(lqa_diff_by by) {
  static const char *const NAMES[] = {NULL, "decision", "judge", "someone else"};
  return NAMES[by];
}

lqa_str lqa_diff_label(const lqa_run *run, int64_t row) {
  return lqa_run_rows_label(&run->rows, &run->manifest, row);
}

static lqa_str class_name(const lqa_run *run, int32_t code) {
  return code >= 0 ? run->manifest.classes[code] : (lqa_str){NULL, 0};
}

static bool is_same(lqa_str x, lqa_str y) {
  return lqa_str_is_null(x) || lqa_str_is_null(y) ? lqa_str_is_null(x) == lqa_str_is_null(y)
                                                  : lqa_str_equal(x, y);
}

static bool has_same_content(const lqa_diff *d, int64_t row_a, int64_t row_b) {
  const lqa_hash128 *x = d->a->rows.content_hash, *y = d->b->rows.content_hash;
  if (!x || !y) {
    return !x == !y;
  }
  return x[row_a].high == y[row_b].high && x[row_a].low == y[row_b].low;
}

/* ---- rows ---- */

static lqa_diff_by find_by(const lqa_diff *d, int64_t row_a, lqa_str now) {
  const lqa_evidence *e = &d->a->evidence;
  if (e->decided_label[row_a] >= 0 &&
      lqa_str_equal(class_name(d->a, e->decided_label[row_a]), now)) {
    return LQA_DIFF_BY_DECISION;
  }
  bool is_judges = e->verdict[row_a] == LQA_VERDICT_NO && e->corrected_label[row_a] >= 0 &&
                   lqa_str_equal(class_name(d->a, e->corrected_label[row_a]), now);
  return is_judges ? LQA_DIFF_BY_JUDGE : LQA_DIFF_BY_OTHERS;
}

static lqa_status count_pair(lqa_diff *d, lqa_map *keys, lqa_buf *key, const lqa_diff_pair *pair) {
  uint32_t k;
  bool added;
  lqa_buf_reset(key);
  lqa_buf_printf(key, "%c%zu ", lqa_str_is_null(pair->from) ? '0' : '1', pair->from.size);
  lqa_buf_add_str(key, pair->from);
  lqa_buf_add_char(key, lqa_str_is_null(pair->to) ? '0' : '1');
  lqa_buf_add_str(key, pair->to);
  LQA_TRY(key->failed ? LQA_NO_MEMORY : lqa_map_add(keys, lqa_buf_str(key), &k, &added));
  LQA_TRY(added ? lqa_vec_push(&d->pairs, *pair) : LQA_OK);
  d->pairs.data[k].count++;
  return LQA_OK;
}

/* What people had decided in a, against what stands in b. */
static void count_decision(lqa_diff *d, int64_t row_a, lqa_str before, lqa_str now) {
  int32_t code = d->a->evidence.decided_label[row_a];
  if (code < 0) {
    return;
  }
  lqa_str decided = class_name(d->a, code);
  d->reverted += is_same(decided, before) && !is_same(decided, now);
  d->not_applied += !is_same(decided, before) && is_same(before, now);
}

static lqa_status add_matched(lqa_diff *d, lqa_diff_row *r, lqa_map *keys, lqa_buf *key) {
  lqa_str before = lqa_diff_label(d->a, r->row_a), now = lqa_diff_label(d->b, r->row_b);
  bool kept_before = d->a->evidence.action[r->row_a] == LQA_ACTION_KEEP;
  bool kept_now = d->b->evidence.action[r->row_b] == LQA_ACTION_KEEP;
  bool same_label = is_same(before, now);
  r->by = same_label ? LQA_DIFF_BY_NOBODY : find_by(d, r->row_a, now);
  d->fixed += !kept_before && kept_now;
  d->newly_doubted += kept_before && !kept_now;
  count_decision(d, r->row_a, before, now);
  if (!has_same_content(d, r->row_a, r->row_b)) {
    r->status = LQA_DIFF_CONTENT_CHANGED;
  } else if (!same_label) {
    const lqa_diff_pair pair = {before, now, 0};
    r->status = LQA_DIFF_RELABELLED;
    d->by[r->by]++;
    LQA_TRY(count_pair(d, keys, key, &pair));
  }
  bool is_told = r->status != LQA_DIFF_UNCHANGED || kept_before != kept_now;
  return is_told ? lqa_vec_push(&d->rows, *r) : LQA_OK;
}

static int compare_pairs(const void *x, const void *y) {
  const lqa_diff_pair *p = x, *q = y;
  if (p->count != q->count) {
    return p->count > q->count ? -1 : 1;
  }
  int order = lqa_str_compare(p->from, q->from);
  return order ? order : lqa_str_compare(p->to, q->to);
}

static lqa_status add_rows(lqa_diff *d) {
  lqa_map *keys = lqa_map_new(true);
  lqa_buf key;
  lqa_status status;
  lqa_buf_init(&key, 2 * MAX_LABEL);
  LQA_TRY_OUT(keys ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; row < d->b->rows.n_rows; row++) {
    lqa_diff_row r = {.row_a = d->match.a_of_b[row], .row_b = row};
    r.status = r.row_a < 0 ? LQA_DIFF_ADDED : LQA_DIFF_UNCHANGED;
    LQA_TRY_OUT(r.row_a < 0 ? lqa_vec_push(&d->rows, r) : add_matched(d, &r, keys, &key));
    d->counts[r.status]++;
  }
  for (int64_t row = 0; row < d->a->rows.n_rows; row++) {
    const lqa_diff_row r = {.status = LQA_DIFF_REMOVED, .row_a = row, .row_b = -1};
    if (d->match.b_of_a[row] < 0) {
      LQA_TRY_OUT(lqa_vec_push(&d->rows, r));
      d->counts[LQA_DIFF_REMOVED]++;
    }
  }
  if (d->pairs.n > 0) {
    qsort(d->pairs.data, d->pairs.n, sizeof *d->pairs.data, compare_pairs);
  }
out:
  lqa_map_free(keys);
  lqa_buf_clear(&key);
  return status;
}

/* ---- rates ---- */

static double length_of(double x, double y) {
  return sqrt(x * x + y * y);
}

static void compare_rates(lqa_diff *d) {
  const lqa_interval *a = &d->report_a->error_rate, *b = &d->report_b->error_rate;
  d->error_difference = (lqa_interval){NAN, NAN, NAN, "mover", 0};
  d->error_p = NAN;
  if (!d->report_a->has_error_rate || !d->report_b->has_error_rate) {
    return;
  }
  double difference = b->estimate - a->estimate;
  double se = length_of((a->high - a->low) / (2 * Z), (b->high - b->low) / (2 * Z));
  d->error_difference = (lqa_interval){
      difference, difference - length_of(b->estimate - b->low, a->high - a->estimate),
      difference + length_of(b->high - b->estimate, a->estimate - a->low), "mover", a->n + b->n};
  d->error_p = se > 0 ? 2 * lqa_p_value_normal(fabs(difference) / se) : difference != 0 ? 0 : 1;
}

/* Rows that the judge called wrong and a person decided. */
static lqa_interval check_judge(const lqa_run *run) {
  const lqa_evidence *e = &run->evidence;
  int64_t n = 0, right = 0;
  for (int64_t row = 0; row < e->n_rows; row++) {
    bool is_checked = e->verdict[row] == LQA_VERDICT_NO && e->decided_label[row] >= 0;
    n += is_checked;
    right += is_checked && e->decided_label[row] != e->label[row];
  }
  lqa_interval out = {NAN, NAN, NAN, "wilson", 0};
  if (n > 0) {
    out = lqa_interval_of_share((double)right / (double)n, (double)n, .95);
    out.n = n;
  }
  return out;
}

lqa_status lqa_diff_make(const lqa_run *a, const lqa_report *report_a, const lqa_run *b,
                         const lqa_report *report_b, lqa_diff *out, lqa_error *err) {
  *out = (lqa_diff){.a = a, .b = b, .report_a = report_a, .report_b = report_b};
  LQA_TRY(lqa_match_rows(a, b, &out->match, err));
  if (out->match.n_matched == 0 && a->rows.n_rows > 0 && b->rows.n_rows > 0) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "the two runs have no row in common, by %s: are they versions of one data set?",
                    out->match.by_id ? "id" : "content");
  }
  if (add_rows(out) != LQA_OK) {
    return lqa_fail_memory(err, "comparing two runs");
  }
  compare_rates(out);
  out->relabel_a = check_judge(a);
  out->relabel_b = check_judge(b);
  return LQA_OK;
}

void lqa_diff_clear(lqa_diff *diff) {
  lqa_match_clear(&diff->match);
  lqa_vec_clear(&diff->rows);
  lqa_vec_clear(&diff->pairs);
}
