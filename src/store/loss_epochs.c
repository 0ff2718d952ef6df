/* store/loss_epochs.c - see loss_epochs.h.
 *
 * A row's loss is ranked among the rows of the same epoch, so an epoch must be a pass over the
 * data. What trainers write in its place:
 *
 * | the column holds | an epoch is |
 * |---|---|
 * | whole numbers, few | the number |
 * | fractions (0.01, 0.02, ...: how far training is) | k for all values in (k-1, k] |
 * | fractions that each cover half of the rows or more (an evaluation every half epoch) | the value
 * | | numbers that are steps: far more of them than any row has records | the n-th record of a row
 * |
 *
 * A column `step` is always of the last kind. Records of a row are counted by step, whatever their
 * order in the files. Cost: sorts of the records.
 */
#include "store/loss_epochs.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define CLOSE 1e-6     /* 1.0000001 is the end of epoch 1 */
#define STEPS_FACTOR 2 /* so many times more numbers than records of a row: steps */

typedef struct entry {
  double value;
  int64_t row;
  size_t record;
} entry;

static int compare_doubles(double x, double y) {
  return x < y ? -1 : x > y;
}

static int by_value(const void *a, const void *b) {
  const entry *x = a, *y = b;
  int order = compare_doubles(x->value, y->value);
  order = order ? order : (x->row > y->row) - (x->row < y->row);
  return order ? order : (x->record > y->record) - (x->record < y->record);
}

static int by_row(const void *a, const void *b) {
  const entry *x = a, *y = b;
  int order = (x->row > y->row) - (x->row < y->row);
  order = order ? order : compare_doubles(x->value, y->value);
  return order ? order : (x->record > y->record) - (x->record < y->record);
}

/* What a log looks like. */
typedef struct profile {
  int64_t n_rows;    /* that have a record */
  int64_t most;      /* records of one row at most */
  int64_t n_values;  /* different ones */
  int64_t n_covered; /* pairs of row and value, for the mean share of rows that a value covers */
  bool has_fraction;
} profile;

static void count_rows(const entry *entries, size_t n, profile *p) {
  int64_t run = 0;
  for (size_t i = 0; i < n; i++) {
    bool is_new = i == 0 || entries[i].row != entries[i - 1].row;
    run = is_new ? 1 : run + 1;
    p->n_rows += is_new;
    p->most = run > p->most ? run : p->most;
  }
}

static void count_values(const entry *entries, size_t n, profile *p) {
  for (size_t i = 0; i < n; i++) {
    bool is_new = i == 0 || entries[i].value != entries[i - 1].value;
    p->n_values += is_new;
    p->n_covered += is_new || entries[i].row != entries[i - 1].row;
    p->has_fraction = p->has_fraction || entries[i].value != floor(entries[i].value);
  }
}

static bool covers_half(const profile *p) {
  return 2 * p->n_covered >= p->n_rows * p->n_values;
}

/* Numbers the values in order; `entries` are sorted by value. */
static int64_t number_values(const entry *entries, size_t n, lqa_loss_record *records) {
  int64_t epoch = -1;
  for (size_t i = 0; i < n; i++) {
    epoch += i == 0 || entries[i].value != entries[i - 1].value;
    records[entries[i].record].epoch = (int32_t)epoch;
  }
  return epoch + 1;
}

/* Numbers the records of each row; `entries` are sorted by row. */
static void number_records(const entry *entries, size_t n, lqa_loss_record *records) {
  int32_t epoch = 0;
  for (size_t i = 0; i < n; i++) {
    epoch = i > 0 && entries[i].row == entries[i - 1].row ? epoch + 1 : 0;
    records[entries[i].record].epoch = epoch;
  }
}

/* Values become the end of their epoch; sorted stays sorted. */
static void round_up(entry *entries, size_t n) {
  for (size_t i = 0; i < n; i++) {
    entries[i].value = ceil(entries[i].value - CLOSE) + 0.; /* no -0 */
  }
}

static void set_by_epoch(entry *entries, size_t n, lqa_loss_record *records, profile *p,
                         lqa_epoch_count *out) {
  qsort(entries, n, sizeof *entries, by_value);
  count_values(entries, n, p);
  out->rule = "as the log numbers them";
  if (p->has_fraction && covers_half(p)) {
    out->rule = "each value of epoch is a pass of its own: it covers half of the rows or more";
  } else if (p->has_fraction) {
    out->rule = "fractions are grouped: p in (k-1, k] is epoch k";
    round_up(entries, n);
    *p = (profile){.n_rows = p->n_rows, .most = p->most};
    count_values(entries, n, p);
  }
  if (p->n_values > STEPS_FACTOR * p->most && 4 * p->n_covered < p->n_rows * p->n_values) {
    out->rule = "the values of epoch are steps: the n-th record of a row is its epoch n";
    qsort(entries, n, sizeof *entries, by_row);
    number_records(entries, n, records);
    out->n_epochs = p->most;
    return;
  }
  out->n_epochs = number_values(entries, n, records);
}

lqa_status lqa_loss_epochs_set(lqa_epoch_source source, const double *value,
                               lqa_loss_record *records, size_t n_records, lqa_epoch_count *out,
                               lqa_error *err) {
  profile p = {0};
  entry *entries = lqa_malloc(n_records, sizeof *entries);
  if (!entries) {
    return lqa_fail_memory(err, "reading losses");
  }
  for (size_t i = 0; i < n_records; i++) {
    double own = source == LQA_EPOCHS_NONE ? 0 : value[i];
    entries[i] = (entry){own, records[i].row, i};
  }
  qsort(entries, n_records, sizeof *entries, by_row);
  count_rows(entries, n_records, &p);
  if (source == LQA_EPOCHS_EPOCH) {
    set_by_epoch(entries, n_records, records, &p, out);
  } else if (source == LQA_EPOCHS_STEP) {
    number_records(entries, n_records, records);
    *out = (lqa_epoch_count){p.most, "the n-th record of a row, by step, is its epoch n"};
  } else {
    number_values(entries, n_records, records);
    *out = (lqa_epoch_count){1, "the log names none: all records are one"};
  }
  free(entries);
  return LQA_OK;
}
