/* audit/confident_learning/slice.c - parts of the data in which the model disagrees far more often.
 *
 * A tired annotator, a bad batch, a source that was labelled by a rule: errors are rarely spread
 * evenly. Rows are sliced by file, source, annotator, group, time, text length and, where they were
 * made, clusters of near duplicates (a template that a rule labelled); in each slice
 * the rows whose label differs from the out-of-fold prediction are compared with what the classes
 * of the slice's rows would lead to expect (a slice of hard classes is no bad slice). Many slices
 * are looked at, so p-values go through Benjamini and Hochberg's step-up rule.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/alignment.h"
#include "audit/measure/parts.h"
#include "audit/measure/time_column.h"
#include "audit/p_value.h"
#include "base/memory.h"
#include "base/sort.h"
#include "base/unicode.h"

#include <math.h>

enum { PARAM_Q, PARAM_RATIO, PARAM_EXCESS, PARAM_MIN_ROWS };
enum { MAX_FINDINGS = 10, TENTHS = 10, MAX_SLICES = 5000, ROWS_PER_PIECE = 1 << 18 };

typedef struct slice {
  const char *what; /* "annotator \"bob\"", in the arena */
  double rows, wrong, expected, variance, p;
} slice;
typedef LQA_VEC(slice) slice_list;

typedef struct slicing {
  const lqa_audit_input *input;
  const lqa_alignment *alignment;
  double *rate; /* of disagreement, per class */
  slice_list slices;
} slicing;

static lqa_status measure_classes(slicing *s) {
  const lqa_dataset *d = s->input->dataset;
  double *rows = lqa_calloc((size_t)d->n_classes, sizeof *rows);
  s->rate = lqa_calloc((size_t)d->n_classes, sizeof *s->rate);
  if (!rows || !s->rate) {
    free(rows);
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0 && s->alignment->predicted[row] >= 0) {
      rows[d->label[row]]++;
      s->rate[d->label[row]] += s->alignment->predicted[row] != d->label[row];
    }
  }
  for (int32_t k = 0; k < d->n_classes; k++) {
    s->rate[k] = (s->rate[k] + .5) / (rows[k] + 1);
  }
  free(rows);
  return LQA_OK;
}

static void add_row(const slicing *s, int64_t row, slice *to) {
  int32_t label = s->input->dataset->label[row];
  if (label >= 0 && s->alignment->predicted[row] >= 0) {
    double rate = s->rate[label];
    to->rows++;
    to->wrong += s->alignment->predicted[row] != label;
    to->expected += rate;
    to->variance += rate * (1 - rate);
  }
}

/* Keeps the slices of one slicing that are large enough, with names. */
static lqa_status keep_slices(slicing *s, slice *made, uint32_t n,
                              const char *(*name)(const slicing *, const void *, uint32_t),
                              const void *data) {
  for (uint32_t i = 0; i < n; i++) {
    if (made[i].rows < s->input->params[PARAM_MIN_ROWS] || made[i].variance <= 0) {
      continue;
    }
    made[i].p = lqa_p_value_normal((made[i].wrong - made[i].expected) / sqrt(made[i].variance));
    made[i].what = name(s, data, i);
    LQA_TRY(lqa_vec_push(&s->slices, made[i]));
  }
  return LQA_OK;
}

static const char *name_part(const slicing *s, const void *data, uint32_t part) {
  const lqa_parts *parts = data;
  const char *column = parts->role < 0 ? "file" : s->input->dataset->roles[parts->role].name;
  const char *quoted = lqa_phrase_quote(s->input->arena, lqa_parts_name(parts, part), 60);
  const char *text = lqa_arena_printf(s->input->arena, "%s %s", column, quoted);
  return text ? text : "";
}

static lqa_status slice_by_parts(slicing *s, int role, lqa_error *err) {
  lqa_parts parts;
  LQA_TRY(lqa_parts_read(s->input->dataset, role, &parts, err));
  lqa_status status = LQA_OK;
  if (parts.n >= 2 && parts.n <= MAX_SLICES) {
    slice *made = lqa_calloc(parts.n, sizeof *made);
    status = made ? LQA_OK : LQA_NO_MEMORY;
    for (int64_t row = 0; made && row < s->input->dataset->n_rows; row++) {
      if (parts.of[row] != LQA_PART_NONE) {
        add_row(s, row, &made[parts.of[row]]);
      }
    }
    if (made) {
      status = keep_slices(s, made, parts.n, name_part, &parts);
    }
    free(made);
  }
  lqa_parts_clear(&parts);
  return status;
}

/* Tenths of the rows along a number. */
typedef struct tenths {
  const char *what; /* "texts of %s to %s characters" */
  double edge[TENTHS + 1];
  bool is_time;
  lqa_time_form form;
} tenths;

static const char *name_tenth(const slicing *s, const void *data, uint32_t tenth) {
  const tenths *t = data;
  char from[40], to[40];
  if (t->is_time) {
    lqa_time_format(t->edge[tenth], t->form, from);
    lqa_time_format(t->edge[tenth + 1], t->form, to);
  } else {
    lqa_time_format(t->edge[tenth], LQA_TIME_NUMBER, from);
    lqa_time_format(t->edge[tenth + 1], LQA_TIME_NUMBER, to);
  }
  const char *text = lqa_arena_printf(s->input->arena, "%s %s to %s", t->what, from, to);
  return text ? text : "";
}

static uint32_t find_tenth(const tenths *t, double value) {
  uint32_t tenth = 0;
  while (tenth < TENTHS - 1 && value >= t->edge[tenth + 1]) {
    tenth++;
  }
  return tenth;
}

static lqa_status slice_by_number(slicing *s, const double *value, tenths *t) {
  int64_t n_rows = s->input->dataset->n_rows;
  size_t n = 0;
  slice made[TENTHS] = {{0}};
  double *sorted = lqa_malloc((size_t)n_rows, sizeof *sorted);
  if (!sorted) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < n_rows; row++) {
    if (!isnan(value[row])) {
      sorted[n++] = value[row];
    }
  }
  qsort(sorted, n, sizeof *sorted, lqa_compare_doubles);
  for (size_t i = 0; n > 0 && i <= TENTHS; i++) {
    t->edge[i] = sorted[i < TENTHS ? n * i / TENTHS : n - 1];
  }
  free(sorted);
  for (int64_t row = 0; n > 0 && row < n_rows; row++) {
    if (!isnan(value[row])) {
      add_row(s, row, &made[find_tenth(t, value[row])]);
    }
  }
  return keep_slices(s, made, TENTHS, name_tenth, t);
}

static lqa_status slice_by_length(slicing *s, double *value) {
  const lqa_dataset *d = s->input->dataset;
  if (d->kind != LQA_CONTENT_TEXT) {
    return LQA_OK;
  }
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (row % ROWS_PER_PIECE == 0) {
      lqa_dataset_release_content(d, row);
    }
    lqa_str text = lqa_column_get(&d->content, row);
    value[row] = text.data ? (double)lqa_utf8_count(text.data, text.size) : NAN;
  }
  tenths t = {.what = "texts of length"};
  return slice_by_number(s, value, &t);
}

static lqa_status slice_by_time(slicing *s, double *value, lqa_error *err) {
  const lqa_dataset *d = s->input->dataset;
  if (!lqa_dataset_has_role(d, LQA_ROLE_TIME)) {
    return LQA_OK;
  }
  tenths t = {.what = "the time", .is_time = true};
  LQA_TRY(lqa_time_read(d, &d->roles[LQA_ROLE_TIME], &t.form, value, err));
  return slice_by_number(s, value, &t);
}

/* Clusters with enough rows get numbers; what lies in smaller ones gets none. */
typedef struct clusters {
  uint32_t *number; /* per cluster, by its first row; LQA_PART_NONE */
  uint32_t n;
  int64_t *first_row; /* per number */
} clusters;

static const char *name_cluster(const slicing *s, const void *data, uint32_t i) {
  const clusters *c = data;
  const char *text = lqa_arena_printf(s->input->arena, "the near duplicates of row %lld",
                                      (long long)c->first_row[i]);
  return text ? text : "";
}

static lqa_status number_clusters(const slicing *s, clusters *c) {
  const uint32_t *cluster = s->input->cluster;
  size_t n_rows = (size_t)s->input->dataset->n_rows;
  double least = s->input->params[PARAM_MIN_ROWS];
  c->number = lqa_calloc(n_rows, sizeof *c->number);
  c->first_row = lqa_calloc(MAX_SLICES, sizeof *c->first_row);
  if (!c->number || !c->first_row) {
    return LQA_NO_MEMORY;
  }
  for (size_t row = 0; row < n_rows; row++) {
    c->number[cluster[row]]++;
  }
  for (size_t row = 0; row < n_rows; row++) {
    bool is_slice = c->number[row] >= least && c->n < MAX_SLICES;
    c->number[row] = is_slice ? c->n : LQA_PART_NONE;
    if (is_slice) {
      c->first_row[c->n++] = (int64_t)row;
    }
  }
  return LQA_OK;
}

static lqa_status slice_by_cluster(slicing *s) {
  clusters c = {0};
  slice *made = NULL;
  lqa_status status;
  if (!s->input->cluster) {
    return LQA_OK;
  }
  LQA_TRY_OUT(number_clusters(s, &c));
  made = lqa_calloc(c.n, sizeof *made);
  LQA_TRY_OUT(made ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; row < s->input->dataset->n_rows; row++) {
    uint32_t number = c.number[s->input->cluster[row]];
    if (number != LQA_PART_NONE) {
      add_row(s, row, &made[number]);
    }
  }
  status = keep_slices(s, made, c.n, name_cluster, &c);
out:
  free(made);
  free(c.number);
  free(c.first_row);
  return status;
}

static int compare_p(const void *a, const void *b) {
  const slice *x = a, *y = b;
  return x->p < y->p ? -1 : x->p > y->p;
}

static lqa_status report(const lqa_audit_input *input, const slice *found) {
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "In %s the model disagrees with %s of the labels (%.0f of %.0f rows), where %s would be "
      "expected "
      "of these classes. Draw a sample there first; ask how these rows were labelled.",
      found->what, lqa_phrase_percent(input->arena, found->wrong / found->rows), found->wrong,
      found->rows, lqa_phrase_percent(input->arena, found->expected / found->rows));
  if (finding) {
    finding->subject = found->what;
    finding->z = (found->wrong - found->expected) / sqrt(found->variance);
  }
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status judge(slicing *s) {
  size_t n = s->slices.n;
  double *p = lqa_malloc(n, sizeof *p);
  if (!p) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < n; i++) {
    p[i] = s->slices.data[i].p;
  }
  double limit = lqa_p_value_discovery_limit(p, n, s->input->params[PARAM_Q]);
  free(p);
  if (n > 0) {
    qsort(s->slices.data, n, sizeof *s->slices.data, compare_p);
  }
  int reported = 0;
  for (size_t i = 0; i < n && s->slices.data[i].p <= limit && reported < MAX_FINDINGS; i++) {
    const slice *found = &s->slices.data[i];
    if (found->wrong >= s->input->params[PARAM_RATIO] * found->expected &&
        found->wrong - found->expected >= s->input->params[PARAM_EXCESS] * found->rows) {
      LQA_TRY(report(s->input, found));
      reported++;
    }
  }
  return LQA_OK;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  if (lqa_audit_is_unskilled(input)) {
    return lqa_finding_decline(input->findings, "%s", lqa_audit_unskilled_reason);
  }
  static const int kinds[] = {LQA_PARTS_FILES, LQA_ROLE_SOURCE, LQA_ROLE_ANNOTATOR, LQA_ROLE_GROUP};
  lqa_alignment alignment;
  LQA_TRY(lqa_alignment_init(&alignment, input->dataset, input->pred_probs, err));
  slicing s = {.input = input, .alignment = &alignment};
  double *value = lqa_malloc((size_t)input->dataset->n_rows, sizeof *value);
  lqa_status status;
  LQA_TRY_OUT(value ? measure_classes(&s) : LQA_NO_MEMORY);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    LQA_TRY_OUT(slice_by_parts(&s, kinds[i], err));
  }
  LQA_TRY_OUT(slice_by_length(&s, value));
  LQA_TRY_OUT(slice_by_time(&s, value, err));
  LQA_TRY_OUT(slice_by_cluster(&s));
  status = judge(&s);
out:
  free(value);
  free(s.rate);
  lqa_vec_clear(&s.slices);
  lqa_alignment_clear(&alignment);
  return status;
}

const lqa_audit lqa_audit_slice = {
    .number = LQA_AUDIT_slice,
    .id = "slice",
    .family = LQA_FAMILY_CONFIDENT_LEARNING,
    .summary = "files, sources, annotators, times, lengths or clusters whose labels disagree far "
               "more often",
    .needs = LQA_NEEDS_PRED_PROBS | LQA_NEEDS_LABELS,
    .kinds = {{"slice", LQA_WARN, false, "one slice of the data has far more disagreement"}},
    .params =
        {
            [PARAM_Q] = {"q", .01, 1e-9, .5, "false discovery rate over all slices", false},
            [PARAM_RATIO] = {"ratio", 1.5, 1, 100, "disagreement over what is expected, at least",
                             false},
            [PARAM_EXCESS] = {"excess", .03, 0, 1, "of the slice's rows beyond what is expected",
                              false},
            [PARAM_MIN_ROWS] = {"min-rows", 20, 2, 1e9, "smaller slices are not judged", true},
        },
    .run = run,
};
