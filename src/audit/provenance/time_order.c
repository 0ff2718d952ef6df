/* audit/provenance/time_order.c - rows out of the order of their times, or of the future.
 *
 * In a log every row is later than the one above. If nearly all are, the few that are not were
 * moved, pasted in or stamped by another clock. Where ids count up, times are also checked along
 * the ids: rows sorted by something else can still have ids and times that contradict each other. A
 * time after `now` (the clock, unless set) is a wrong year or a wrong unit.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/sequence.h"
#include "audit/measure/time_column.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/sort.h"

#include <math.h>

enum { PARAM_ASCENDING, PARAM_NOW };
enum { MIN_ROWS = 20 };

static const double DAY = 86400;

static lqa_status report_breaks(const lqa_audit_input *input, const lqa_row_list *rows,
                                const char *along) {
  int64_t n = (int64_t)rows->n;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], rows->data, n,
      "The times of column %s ascend %s, but %s out of order (%s). Were rows moved, pasted in or "
      "stamped by another clock? Check that their labels belong to them.",
      input->dataset->roles[LQA_ROLE_TIME].name, along,
      lqa_phrase_count(input->arena, n, "row is", "rows are"),
      lqa_phrase_rows(input->arena, rows->data, n));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static double read_now(double param) {
  char text[32];
  double now = param;
  if (param <= 0) {
    lqa_clock_utc(text);
    if (!lqa_time_parse(lqa_str_from(text), LQA_TIME_ISO, &now)) {
      now = INFINITY;
    }
    now += DAY; /* any time zone */
  }
  return now;
}

static lqa_status judge_future(const lqa_audit_input *input, const double *seconds) {
  double now = read_now(input->params[PARAM_NOW]);
  lqa_row_list rows = {0};
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < input->dataset->n_rows; row++) {
    if (seconds[row] > now) {
      LQA_TRY_OUT(lqa_vec_push(&rows, row));
    }
  }
  if (rows.n) {
    int64_t n = (int64_t)rows.n;
    lqa_finding *finding = lqa_finding_add(
        input->findings, &input->audit->kinds[0], rows.data, n,
        "%s of the future in column %s (%s). A wrong year, or milliseconds taken for seconds?",
        lqa_phrase_count(input->arena, n, "row has a time", "rows have times"),
        input->dataset->roles[LQA_ROLE_TIME].name, lqa_phrase_rows(input->arena, rows.data, n));
    LQA_TRY_OUT(finding ? LQA_OK : LQA_NO_MEMORY);
  }
out:
  lqa_vec_clear(&rows);
  return status;
}

static int compare_ids(const void *a, const void *b, void *data) {
  const double *id = data;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  if (id[x] != id[y]) {
    return id[x] < id[y] ? -1 : 1;
  }
  return x < y ? -1 : x > y;
}

/* Whole-number ids of all rows; false if any is no number. */
static bool read_ids(const lqa_dataset *d, double *id) {
  for (int64_t row = 0; row < d->n_rows; row++) {
    long long value;
    if (!lqa_str_to_int64(lqa_column_get(&d->roles[LQA_ROLE_ID], row), &value)) {
      return false;
    }
    id[row] = (double)value;
  }
  return true;
}

/* Checks `seconds` in the order of the rows in `order`; `sorted` is scratch. */
static lqa_status check_ordered(const lqa_audit_input *input, const double *seconds,
                                const uint32_t *order, double *sorted) {
  lqa_sequence found = {0};
  for (int64_t i = 0; i < input->dataset->n_rows; i++) {
    sorted[i] = seconds[order[i]];
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_sequence_check(sorted, input->dataset->n_rows, &found));
  if (found.breaks.n && found.ascending >= input->params[PARAM_ASCENDING]) {
    for (size_t i = 0; i < found.breaks.n; i++) {
      found.breaks.data[i] = order[found.breaks.data[i]];
    }
    qsort(found.breaks.data, found.breaks.n, sizeof *found.breaks.data, lqa_compare_int64);
    LQA_TRY_OUT(report_breaks(input, &found.breaks, "with the ids"));
  }
out:
  lqa_sequence_clear(&found);
  return status;
}

static lqa_status judge_along_ids(const lqa_audit_input *input, const double *seconds) {
  const lqa_dataset *d = input->dataset;
  if (!lqa_dataset_has_role(d, LQA_ROLE_ID) || d->n_rows < MIN_ROWS) {
    return LQA_OK;
  }
  double *id = lqa_malloc((size_t)d->n_rows, sizeof *id); /* then scratch for the times */
  uint32_t *order = lqa_malloc((size_t)d->n_rows, sizeof *order);
  lqa_status status;
  LQA_TRY_OUT(id && order ? LQA_OK : LQA_NO_MEMORY);
  if (read_ids(d, id)) {
    for (int64_t row = 0; row < d->n_rows; row++) {
      order[row] = (uint32_t)row;
    }
    qsort_r(order, (size_t)d->n_rows, sizeof *order, compare_ids, id);
    LQA_TRY_OUT(check_ordered(input, seconds, order, id));
  }
out:
  free(id);
  free(order);
  return status;
}

static lqa_status check_order(const lqa_audit_input *input, const double *seconds,
                              lqa_time_form form) {
  lqa_sequence found;
  LQA_TRY(lqa_sequence_check(seconds, input->dataset->n_rows, &found));
  bool is_log = found.n_values >= MIN_ROWS && found.ascending >= input->params[PARAM_ASCENDING];
  lqa_status status = LQA_OK;
  if (is_log && found.breaks.n) {
    LQA_TRY_OUT(report_breaks(input, &found.breaks, "from row to row"));
  } else if (!is_log) {
    LQA_TRY_OUT(judge_along_ids(input, seconds));
  }
  if (form != LQA_TIME_NUMBER) {
    LQA_TRY_OUT(judge_future(input, seconds));
  }
out:
  lqa_sequence_clear(&found);
  return status;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  const lqa_dataset *d = input->dataset;
  double *seconds = lqa_malloc((size_t)d->n_rows, sizeof *seconds);
  if (!seconds) {
    return LQA_NO_MEMORY;
  }
  lqa_time_form form;
  lqa_status status;
  LQA_TRY_OUT(lqa_time_read(d, &d->roles[LQA_ROLE_TIME], &form, seconds, err));
  bool is_empty = !lqa_time_occurs(seconds, d->n_rows);
  status = is_empty ? lqa_finding_decline(input->findings, "column '%s' holds no time",
                                          d->roles[LQA_ROLE_TIME].name)
                    : check_order(input, seconds, form);
out:
  free(seconds);
  return status;
}

const lqa_audit lqa_audit_time_order = {
    .number = LQA_AUDIT_time_order,
    .id = "time-order",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "rows out of the order of their times, or with times of the future",
    .needs = LQA_NEEDS_TIME,
    .kinds = {{"time-order", LQA_WARN, true, "the row's time is out of order or of the future"}},
    .params =
        {
            [PARAM_ASCENDING] = {"ascending", .95, .5, 1,
                                 "share of rows in order from which on the "
                                 "order is taken as meant",
                                 false},
            [PARAM_NOW] = {"now", 0, 0, 1e11, "seconds since 1970; 0 = the clock", false},
        },
    .run = run,
};
