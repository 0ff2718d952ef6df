/* audit/provenance/id_order.c - rows out of the order of their ids, and ids that are missing.
 *
 * Where ids count up through a file, a row that breaks the order was moved or pasted in, and a hole
 * says that rows were dropped: the usual beginning of labels that slip by as many rows. Files whose
 * ids do not count up (shuffled, random, UUIDs) say nothing and get no finding.
 * Numbers are taken from whole ids ("1042") or their last digits ("tweet-1042").
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/sequence.h"
#include "base/buf.h"
#include "base/memory.h"

#include <math.h>

enum { ORDER, GAP };
enum { PARAM_ASCENDING, PARAM_DENSE };
enum { GAPS_NAMED = 5, MAX_LIST_BYTES = 4096, MIN_ROWS = 20 };

/* The number at the end of an id, NaN if there is none or it has more than 15 digits. */
static double read_number(lqa_str id) {
  size_t start = id.size;
  while (start > 0 && id.data[start - 1] >= '0' && id.data[start - 1] <= '9') {
    start--;
  }
  if (!id.data || start == id.size || id.size - start > 15) {
    return NAN;
  }
  double value = 0;
  for (size_t i = start; i < id.size; i++) {
    value = value * 10 + (id.data[i] - '0');
  }
  return value;
}

static lqa_status report_order(const lqa_audit_input *input, const lqa_sequence *found) {
  int64_t n = (int64_t)found->breaks.n;
  lqa_finding *finding =
      lqa_finding_add(input->findings, &input->audit->kinds[ORDER], found->breaks.data, n,
                      "The ids of column %s count up, but %s out of order (%s). Were rows moved or "
                      "pasted in? Check "
                      "that their labels moved with them.",
                      input->dataset->roles[LQA_ROLE_ID].name,
                      lqa_phrase_count(input->arena, n, "row is", "rows are"),
                      lqa_phrase_rows(input->arena, found->breaks.data, n));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

/* A hole: the id jumps by more than one from the row above. */
typedef struct gap {
  int64_t row;
  double missing;
} gap;
typedef LQA_VEC(gap) gap_list;

/* Steps between the rows that are in order; *dense is the share of steps by one. */
static lqa_status find_gaps(const double *value, int64_t n, const lqa_row_list *breaks,
                            gap_list *gaps, double *dense) {
  double last = NAN;
  int64_t n_steps = 0, by_one = 0;
  size_t next_break = 0;
  for (int64_t row = 0; row < n; row++) {
    bool is_break = next_break < breaks->n && breaks->data[next_break] == row;
    next_break += is_break;
    if (isnan(value[row]) || is_break) {
      continue;
    }
    double step = value[row] - last;
    if (step >= 1) {
      n_steps++;
      by_one += step == 1;
      if (step > 1) {
        LQA_TRY(lqa_vec_push(gaps, ((gap){row, step - 1})));
      }
    }
    last = value[row];
  }
  *dense = n_steps ? (double)by_one / (double)n_steps : 0;
  return LQA_OK;
}

static lqa_status report_gaps(const lqa_audit_input *input, const double *value,
                              const gap_list *gaps) {
  lqa_buf list;
  lqa_buf_init(&list, MAX_LIST_BYTES);
  double missing = 0;
  for (size_t i = 0; i < gaps->n; i++) {
    const gap *g = &gaps->data[i];
    missing += g->missing;
    if (i < GAPS_NAMED) {
      lqa_buf_printf(&list, "%s%.0f to %.0f before row %lld", i ? ", " : "",
                     value[g->row] - g->missing, value[g->row] - 1, (long long)g->row);
    }
  }
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[GAP], NULL, 0,
      "The ids of column %s count up one by one, but %.0f of them are missing in %s: %s%s. Were "
      "rows "
      "dropped before or after the labels were attached? If before, see row-shift.",
      input->dataset->roles[LQA_ROLE_ID].name, missing,
      lqa_phrase_count(input->arena, (int64_t)gaps->n, "place", "places"),
      list.data ? list.data : "", gaps->n > GAPS_NAMED ? ", ..." : "");
  lqa_buf_clear(&list);
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status check_order(const lqa_audit_input *input, const double *value) {
  int64_t n = input->dataset->n_rows;
  double dense = 0;
  lqa_sequence found = {0};
  gap_list gaps = {0};
  lqa_status status;
  LQA_TRY_OUT(lqa_sequence_check(value, n, &found));
  if (found.n_values >= MIN_ROWS && found.ascending >= input->params[PARAM_ASCENDING]) {
    LQA_TRY_OUT(found.breaks.n ? report_order(input, &found) : LQA_OK);
    LQA_TRY_OUT(find_gaps(value, n, &found.breaks, &gaps, &dense));
    if (gaps.n && dense >= input->params[PARAM_DENSE]) {
      LQA_TRY_OUT(report_gaps(input, value, &gaps));
    }
  }
out:
  lqa_vec_clear(&gaps);
  lqa_sequence_clear(&found);
  return status;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  const lqa_dataset *d = input->dataset;
  double *value = lqa_malloc((size_t)d->n_rows, sizeof *value);
  if (!value) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < d->n_rows; row++) {
    value[row] = read_number(lqa_column_get(&d->roles[LQA_ROLE_ID], row));
  }
  lqa_status status = check_order(input, value);
  free(value);
  return status;
}

const lqa_audit lqa_audit_id_order = {
    .number = LQA_AUDIT_id_order,
    .id = "id-order",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "rows out of the order of their ids, and holes in the ids",
    .needs = LQA_NEEDS_ID,
    .kinds =
        {
            [ORDER] = {"id-order", LQA_WARN, true, "the row breaks the order of the ids"},
            [GAP] = {"id-order", LQA_WARN, false, "ids are missing in between"},
        },
    .params =
        {
            [PARAM_ASCENDING] = {"ascending", .95, .5, 1,
                                 "share of rows in order from which on the "
                                 "order is taken as meant",
                                 false},
            [PARAM_DENSE] = {"dense", .99, .5, 1, "share of steps by one from which on holes count",
                             false},
        },
    .run = run,
};
