/* review/view.c - filtering and sorting row numbers.
 *
 * Keys are 64-bit integers in the order of the values, so one stable sort by digits
 * serves numbers, classes and flags: a million rows in some 30 ms. Texts go through their rank in
 * the sorted texts. */
#include "review/view.h"

#include "audit/audit.h"
#include "base/memory.h"
#include "base/sort.h"

#include <math.h>
#include <stddef.h>

void lqa_view_clear(lqa_view *view) {
  free(view->rows);
  *view = (lqa_view){0};
}

/* ---- filtering ---- */

enum { ANY = -9 };

/* A filter with its names looked up. */
typedef struct wanted {
  int action;
  int32_t label, suggested, predicted;
  uint64_t finding;
  lqa_str role[LQA_ROLE_COUNT]; /* the column's value; NULL data = any */
  bool has_role;                /* one of them is set */
  int32_t file;                 /* number in the manifest; ANY */
  int decided;
  uint8_t *found; /* by search; owned; NULL = any */
} wanted;

static lqa_status fail_field(const char *field, lqa_str value, const char *what, lqa_error *err) {
  return lqa_fail_at(err, LQA_BAD_USAGE, NULL, -1, field, "'%.*s' is no %s of this run",
                     (int)value.size, value.data ? value.data : "", what);
}

static lqa_status find_class(const lqa_review *review, const char *field, lqa_str name,
                             int32_t *code, lqa_error *err) {
  *code = lqa_str_is_null(name) ? ANY : lqa_run_find_class(review->run, name);
  return *code == LQA_CLASS_NONE ? fail_field(field, name, "class", err) : LQA_OK;
}

static lqa_status find_role(const lqa_review *review, lqa_role role, const char *field,
                            lqa_str value, wanted *w, lqa_error *err) {
  w->role[role] = value;
  w->has_role = w->has_role || !lqa_str_is_null(value);
  return lqa_str_is_null(value) || review->run->rows.roles[role].name
             ? LQA_OK
             : fail_field(field, value, field, err);
}

static lqa_status find_file(const lqa_review *review, lqa_str path, wanted *w, lqa_error *err) {
  const lqa_manifest *m = &review->run->manifest;
  w->file = ANY;
  for (int32_t i = 0; i < m->n_files && !lqa_str_is_null(path); i++) {
    w->file = lqa_str_equal(path, lqa_str_from(m->files[i].path)) ? i : w->file;
  }
  return lqa_str_is_null(path) || w->file != ANY
             ? LQA_OK
             : fail_field("source_file", path, "source file", err);
}

static lqa_status find_names(const lqa_review *review, const lqa_view_filter *f, wanted *w,
                             lqa_error *err) {
  lqa_action action = LQA_ACTION_KEEP;
  LQA_TRY(find_class(review, "label", f->label, &w->label, err));
  LQA_TRY(find_class(review, "suggested", f->suggested, &w->suggested, err));
  LQA_TRY(find_class(review, "predicted", f->predicted, &w->predicted, err));
  if (f->action && !lqa_action_parse(lqa_str_from(f->action), &action)) {
    return fail_field("action", lqa_str_from(f->action), "action", err);
  }
  w->action = f->action ? (int)action : ANY;
  int bit = f->finding ? lqa_finding_bit(f->finding) : 0;
  if (bit < 0) {
    return fail_field("finding", lqa_str_from(f->finding), "finding that marks rows", err);
  }
  w->finding = f->finding ? (uint64_t)1 << bit : 0;
  LQA_TRY(find_role(review, LQA_ROLE_ANNOTATOR, "annotator", f->annotator, w, err));
  LQA_TRY(find_role(review, LQA_ROLE_SPLIT, "split", f->split, w, err));
  LQA_TRY(find_role(review, LQA_ROLE_GROUP, "group", f->group, w, err));
  LQA_TRY(find_file(review, f->source_file, w, err));
  w->decided = f->decided;
  return LQA_OK;
}

static bool is_wanted(const lqa_review *review, const wanted *w, int64_t row) {
  const lqa_evidence *e = &review->run->evidence;
  bool fits = (w->action == ANY || e->action[row] == w->action) &&
              (w->label == ANY || e->label[row] == w->label) &&
              (w->suggested == ANY || e->suggested_label[row] == w->suggested) &&
              (w->predicted == ANY || e->predicted_label[row] == w->predicted) &&
              (w->finding == 0 || (e->finding_bits[row] & w->finding) != 0) &&
              (w->decided < 0 || (e->decided_label[row] >= 0) == w->decided) &&
              (!w->found || w->found[row]);
  for (int role = 0; fits && w->has_role && role < LQA_ROLE_COUNT; role++) {
    fits = lqa_str_is_null(w->role[role]) ||
           lqa_str_equal(lqa_column_get(&review->run->rows.roles[role], row), w->role[role]);
  }
  return fits && (w->file == ANY || lqa_run_rows_file_of(&review->run->rows, row) == w->file);
}

static lqa_status search(const lqa_review *review, lqa_str text, wanted *w, lqa_error *err) {
  if (text.size == 0) {
    return LQA_OK;
  }
  w->found = lqa_malloc((size_t)review->run->rows.n_rows + 1, 1);
  return w->found ? lqa_contents_search(&review->contents, text, w->found, err)
                  : lqa_fail_memory(err, "searching");
}

lqa_status lqa_view_filter_rows(lqa_review *review, const lqa_view_filter *filter, lqa_view *out,
                                lqa_error *err) {
  int64_t n_rows = review->run->rows.n_rows;
  lqa_view view = {.rows = NULL};
  wanted w = {.found = NULL};
  lqa_status status;
  LQA_TRY_OUT(find_names(review, filter, &w, err));
  LQA_TRY_OUT(search(review, filter->search, &w, err));
  view.rows = lqa_malloc((size_t)n_rows + 1, sizeof *view.rows);
  LQA_TRY_OUT(view.rows ? LQA_OK : lqa_fail_memory(err, "choosing rows"));
  for (int64_t row = 0; row < n_rows; row++) {
    view.rows[view.n] = row;
    view.n += is_wanted(review, &w, row);
  }
  *out = view;
  view = (lqa_view){0};
out:
  lqa_view_clear(&view);
  free(w.found);
  return status;
}

/* ---- sorting ---- */

/* Stable: rows of equal keys keep their order. */
static lqa_status sort_by_keys(lqa_view *view, lqa_keyed *items, lqa_error *err) {
  lqa_keyed *scratch = lqa_malloc((size_t)view->n + 1, sizeof *scratch);
  if (!scratch) {
    return lqa_fail_memory(err, "sorting");
  }
  const lqa_keyed *sorted = lqa_sort_keyed(items, scratch, (size_t)view->n, 64);
  for (int64_t i = 0; i < view->n; i++) {
    view->rows[i] = sorted[i].row;
  }
  free(scratch);
  return LQA_OK;
}

/* Ascending as integers; NaN last, whichever way the column is sorted. */
static uint64_t key_of_number(double value, bool descending) {
  uint64_t bits;
  if (isnan(value)) {
    return UINT64_MAX;
  }
  value = value == 0 ? 0 : value; /* -0 is 0 */
  memcpy(&bits, &value, sizeof bits);
  bits = bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
  bits = descending ? ~bits : bits;
  return bits == UINT64_MAX ? bits - 1 : bits;
}

typedef double (*number_fn)(const lqa_review *review, int64_t row);

#define NUMBER(name, expression)                              \
  static double name(const lqa_review *review, int64_t row) { \
    const lqa_evidence *e = &review->run->evidence;           \
    return expression;                                        \
  }
NUMBER(row_number, ((void)e, (double)row))
NUMBER(label, e->label[row] < 0 ? NAN : e->label[row])
NUMBER(predicted_label, e->predicted_label[row] < 0 ? NAN : e->predicted_label[row])
NUMBER(suggested_label, e->suggested_label[row] < 0 ? NAN : e->suggested_label[row])
NUMBER(corrected_label, e->corrected_label[row] < 0 ? NAN : e->corrected_label[row])
NUMBER(decided_label, e->decided_label[row] < 0 ? NAN : e->decided_label[row])
NUMBER(self_confidence, e->self_confidence[row])
NUMBER(is_label_issue, e->is_label_issue[row])
NUMBER(issue_rank, e->issue_rank[row] == 0 ? NAN : e->issue_rank[row])
NUMBER(loss, e->loss[row])
NUMBER(loss_percentile, e->loss_percentile[row])
NUMBER(is_high_loss, e->is_high_loss[row])
NUMBER(verdict, e->verdict[row] == LQA_VERDICT_NONE ? NAN : e->verdict[row])
NUMBER(p_correct, e->p_correct[row])
NUMBER(trust_score, e->trust_score[row])
NUMBER(review_action, e->action[row])

static const struct sort_column {
  const char *name;
  number_fn get;
} COLUMNS[] = {{"row_number", row_number},
               {"label", label},
               {"predicted_label", predicted_label},
               {"suggested_label", suggested_label},
               {"corrected_label", corrected_label},
               {"decided_label", decided_label},
               {"self_confidence", self_confidence},
               {"is_label_issue", is_label_issue},
               {"issue_rank", issue_rank},
               {"loss", loss},
               {"loss_percentile", loss_percentile},
               {"is_high_loss", is_high_loss},
               {"verdict", verdict},
               {"p_correct", p_correct},
               {"trust_score", trust_score},
               {"review_action", review_action}};

static lqa_status sort_by(const lqa_review *review, number_fn get, bool descending, lqa_view *view,
                          lqa_error *err) {
  lqa_keyed *items = lqa_malloc((size_t)view->n + 1, sizeof *items);
  if (!items) {
    return lqa_fail_memory(err, "sorting");
  }
  for (int64_t i = 0; i < view->n; i++) {
    items[i] = (lqa_keyed){.key = key_of_number(get(review, view->rows[i]), descending),
                           .row = view->rows[i]};
  }
  lqa_status status = sort_by_keys(view, items, err);
  free(items);
  return status;
}

/* ---- by texts ---- */

typedef struct text_row {
  lqa_str text;
  int64_t row;
} text_row;

static int compare_texts(const void *a, const void *b) {
  const text_row *x = a, *y = b;
  int order = lqa_str_compare(x->text, y->text);
  return order ? order : (x->row > y->row) - (x->row < y->row);
}

static int compare_texts_down(const void *a, const void *b) {
  const text_row *x = a, *y = b;
  int order = lqa_str_compare(y->text, x->text);
  return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* The first eight bytes as a number that compares as they do. */
static uint64_t prefix_of(lqa_str text) {
  uint64_t key = 0;
  for (size_t i = 0; i < 8; i++) {
    key = key << 8 | (i < text.size ? (unsigned char)text.data[i] : 0);
  }
  return key;
}

/* Rows of the same prefix, by the whole text. */
static lqa_status sort_run(const lqa_column *column, bool descending, lqa_keyed *items, size_t n,
                           lqa_error *err) {
  text_row *run = lqa_malloc(n, sizeof *run);
  if (!run) {
    return lqa_fail_memory(err, "sorting");
  }
  for (size_t i = 0; i < n; i++) {
    run[i] = (text_row){lqa_column_get(column, items[i].row), items[i].row};
  }
  qsort(run, n, sizeof *run, descending ? compare_texts_down : compare_texts);
  for (size_t i = 0; i < n; i++) {
    items[i].row = run[i].row;
  }
  free(run);
  return LQA_OK;
}

static lqa_status sort_keyed_texts(const lqa_column *column, bool descending, lqa_keyed *items,
                                   lqa_keyed *scratch, size_t n, lqa_keyed **out, lqa_error *err) {
  lqa_keyed *sorted = lqa_sort_keyed(items, scratch, n, 64);
  for (size_t i = 0, next; i < n; i = next) {
    for (next = i + 1; next < n && sorted[next].key == sorted[i].key; next++) {
    }
    if (next - i > 1) {
      LQA_TRY(sort_run(column, descending, sorted + i, next - i, err));
    }
  }
  *out = sorted;
  return LQA_OK;
}

static lqa_status sort_by_text(const lqa_column *column, bool descending, lqa_view *view,
                               lqa_error *err) {
  lqa_keyed *items = lqa_malloc((size_t)view->n + 1, sizeof *items), *sorted;
  lqa_keyed *scratch = lqa_malloc((size_t)view->n + 1, sizeof *scratch);
  int64_t n = 0, at = 0;
  lqa_status status;
  LQA_TRY_OUT(items && scratch ? LQA_OK : lqa_fail_memory(err, "sorting"));
  for (int64_t i = 0; i < view->n; i++) {
    lqa_str text = lqa_column_get(column, view->rows[i]);
    if (!lqa_str_is_null(text)) {
      uint64_t key = prefix_of(text);
      items[n++] = (lqa_keyed){.key = descending ? ~key : key, .row = view->rows[i]};
    }
  }
  for (int64_t i = view->n; i-- > 0;) { /* NULLs to the end, in order */
    if (lqa_str_is_null(lqa_column_get(column, view->rows[i]))) {
      view->rows[view->n - 1 - at++] = view->rows[i];
    }
  }
  LQA_TRY_OUT(sort_keyed_texts(column, descending, items, scratch, (size_t)n, &sorted, err));
  for (int64_t i = 0; i < n; i++) {
    view->rows[i] = sorted[i].row;
  }
out:
  free(items);
  free(scratch);
  return status;
}

static const struct {
  const char *name;
  int role;
} ROLES[] = {{"annotator", LQA_ROLE_ANNOTATOR},
             {"split", LQA_ROLE_SPLIT},
             {"time", LQA_ROLE_TIME},
             {"group", LQA_ROLE_GROUP}};

static const lqa_column *find_text_column(const lqa_review *review, const char *name) {
  const lqa_run_rows *rows = &review->run->rows;
  if (strcmp(name, "row_id") == 0 && rows->row_id.name) {
    return &rows->row_id;
  }
  for (size_t i = 0; i < sizeof ROLES / sizeof *ROLES; i++) {
    if (strcmp(name, ROLES[i].name) == 0 && rows->roles[ROLES[i].role].name) {
      return &rows->roles[ROLES[i].role];
    }
  }
  return NULL;
}

const char *lqa_view_sort_column(const lqa_review *review, size_t i) {
  size_t n = sizeof COLUMNS / sizeof *COLUMNS;
  if (i <= n) {
    return i < n ? COLUMNS[i].name : "row_id";
  }
  for (size_t k = 0, at = n + 1; k < sizeof ROLES / sizeof *ROLES; k++) {
    bool is_there = review->run->rows.roles[ROLES[k].role].name != NULL;
    if (is_there && at++ == i) {
      return ROLES[k].name;
    }
  }
  return NULL;
}

lqa_status lqa_view_sort(const lqa_review *review, const char *column, bool descending,
                         lqa_view *view, lqa_error *err) {
  for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++) {
    if (strcmp(COLUMNS[i].name, column) == 0) {
      return sort_by(review, COLUMNS[i].get, descending, view, err);
    }
  }
  if (strcmp(column, "row_id") == 0 && !review->run->rows.row_id.name) {
    return sort_by(review, row_number, descending, view, err);
  }
  const lqa_column *texts = find_text_column(review, column);
  return texts ? sort_by_text(texts, descending, view, err)
               : lqa_fail_at(err, LQA_BAD_USAGE, NULL, -1, "sort", "rows cannot be sorted by '%s'",
                             column);
}

lqa_status lqa_view_sort_by_doubt(const lqa_review *review, lqa_view *view, lqa_error *err) {
  LQA_TRY(sort_by(review, issue_rank, false, view, err));
  LQA_TRY(sort_by(review, trust_score, false, view, err));
  return sort_by(review, p_correct, false, view, err);
}
