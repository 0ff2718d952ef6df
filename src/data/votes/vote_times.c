/* A column has one form of time: the first that fits all values. Where none does, the form that got
 * furthest names the value in the way. */
#include "data/votes/vote_times.h"

#include "base/timestamp.h"
#include "base/memory.h"

#include <math.h>

/* The first vote whose time is not of this form, or n_votes. */
static int64_t read_as(const lqa_vote_table *t, lqa_time_form form, double *time) {
  for (int64_t v = 0; v < t->n_votes; v++) {
    time[v] = (double)NAN;
    if (t->time[v].data && !lqa_time_parse(t->time[v], form, &time[v])) {
      return v;
    }
  }
  return t->n_votes;
}

static lqa_status check_units(const lqa_vote_table *t, lqa_error *err) {
  lqa_time_units units = {0};
  for (int64_t v = 0; v < t->n_votes; v++) {
    lqa_time_count_unit(&units, t->time[v], v);
  }
  if (!lqa_time_mixes_units(&units)) {
    return LQA_OK;
  }
  bool odd_seconds = units.n_seconds < units.n_milliseconds;
  int64_t v = odd_seconds ? units.seconds_row : units.milliseconds_row;
  lqa_str text = t->time[v];
  return lqa_fail_at(err, LQA_BAD_DATA, t->file, t->row[v], t->columns.time,
                     "%s%srow %u, column '%s': '%.*s' counts %s since 1970, but other times of the "
                     "column count %s. Give all of them in one unit",
                     t->file ? t->file : "", t->file ? ", " : "", t->row[v], t->columns.time,
                     (int)(text.size < 60 ? text.size : 60), text.data,
                     odd_seconds ? "seconds" : "milliseconds",
                     odd_seconds ? "milliseconds" : "seconds");
}

lqa_status lqa_vote_times_read(const lqa_vote_table *t, double **time, lqa_error *err) {
  int64_t furthest = 0;
  *time = NULL;
  if (!t->time) {
    return LQA_OK;
  }
  double *values = lqa_malloc((size_t)t->n_votes, sizeof *values);
  if (!values) {
    return lqa_fail_memory(err, "reading times");
  }
  for (int form = 0; form < LQA_TIME_FORM_COUNT; form++) {
    int64_t end = read_as(t, (lqa_time_form)form, values);
    if (end == t->n_votes) {
      lqa_status status = form == LQA_TIME_NUMBER ? check_units(t, err) : LQA_OK;
      if (status != LQA_OK) {
        free(values);
        return status;
      }
      *time = values;
      return LQA_OK;
    }
    furthest = end > furthest ? end : furthest;
  }
  free(values);
  lqa_str text = t->time[furthest];
  return lqa_fail_at(err, LQA_BAD_DATA, t->file, t->row[furthest], t->columns.time,
                     "%s%srow %u, column '%s': '%.*s' is no time of the form that the others have "
                     "(2026-11-23T21:04:12, seconds since 1970, or any number)",
                     t->file ? t->file : "", t->file ? ", " : "", t->row[furthest], t->columns.time,
                     (int)(text.size < 60 ? text.size : 60), text.data);
}
