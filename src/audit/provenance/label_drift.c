/* audit/provenance/label_drift.c - classes that appear or vanish on the way.
 *
 * A class that first shows up after two thirds of the time was added then, and everything before
 * was labelled without it; one that vanishes was renamed or retired, and if another appears at the
 * same place the two are probably one. Along time (--time) or else along the rows: a class's runs
 * (rows in a row count once, so sorted and blocked files say nothing) would all have to fall into
 * the same part by chance. Across files and sources: a class that should have a dozen rows in a
 * part by the rest of the data, and has none. Files that each hold their own classes say nothing
 * either.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/parts.h"
#include "audit/measure/time_column.h"
#include "base/explog.h"
#include "base/memory.h"

#include <math.h>

enum { PARAM_ALPHA, PARAM_MIN_EXPECTED };

static const double MOST_CLASSES = .5; /* drifting classes beyond this share: the file is sorted */
static const double MOST_CELLS = .2;   /* empty cells beyond this share: files hold own classes */

/* Where a class occurs along an order of `n` rows. */
typedef struct extent {
  int64_t first, last, runs, rows;
} extent;

typedef struct track {
  const lqa_audit_input *input;
  const int64_t *order; /* row numbers in the order looked along */
  int64_t n;
  const double *seconds; /* per row, or NULL: along the rows */
  lqa_time_form form;
} track;

static void measure(const track *t, extent *extents) {
  const int32_t *label = t->input->dataset->label;
  int32_t last = -1;
  for (int64_t i = 0; i < t->n; i++) {
    int32_t class = label[t->order ? t->order[i] : i];
    if (class < 0) {
      continue;
    }
    extent *e = &extents[class];
    e->first = e->rows ? e->first : i;
    e->last = i;
    e->runs += class != last;
    e->rows++;
    last = class;
  }
}

/* log of the chance that all runs fall into a part of this size. */
static double log_chance(const extent *e, int64_t part, int64_t n) {
  return (double)e->runs * lqa_log((double)part / (double)n);
}

static const char *describe_place(const track *t, int64_t at) {
  int64_t row = t->order ? t->order[at] : at;
  char text[40];
  if (t->seconds) {
    lqa_time_format(t->seconds[row], t->form, text);
    const char *made = lqa_arena_printf(t->input->arena, "%s (row %lld)", text, (long long)row);
    return made ? made : "";
  }
  const char *made = lqa_arena_printf(t->input->arena, "row %lld", (long long)row);
  return made ? made : "";
}

/* The class whose other end lies within 2 % of the rows, or -1. */
static int32_t find_partner(const track *t, const extent *extents, const uint8_t *drifts,
                            int64_t at, bool appears) {
  for (int32_t k = 0; k < t->input->dataset->n_classes; k++) {
    bool other_end = appears ? (drifts[k] & 2) != 0 : (drifts[k] & 1) != 0;
    int64_t place = appears ? extents[k].last : extents[k].first;
    if (other_end && llabs(place - at) <= t->n / 50) {
      return k;
    }
  }
  return -1;
}

static lqa_status report_end(const track *t, const extent *extents, const uint8_t *drifts,
                             int32_t class, bool appears) {
  const lqa_audit_input *input = t->input;
  const lqa_str *classes = input->dataset->classes;
  int64_t at = appears ? extents[class].first : extents[class].last;
  int32_t partner = find_partner(t, extents, drifts, at, appears);
  const char *hint = partner < 0
                         ? ""
                         : lqa_arena_printf(input->arena, " Class %s %s there: renamed?",
                                            lqa_phrase_quote(input->arena, classes[partner], 40),
                                            appears ? "ends" : "begins");
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "Class %s (%s) %s at %s: %s of the rows %s it hold none.%s %s",
      lqa_phrase_quote(input->arena, classes[class], 40),
      lqa_phrase_count(input->arena, extents[class].rows, "row", "rows"),
      appears ? "first appears" : "is last seen", describe_place(t, at),
      lqa_phrase_percent(input->arena, (double)(appears ? at : t->n - 1 - at) / (double)t->n),
      appears ? "before" : "after", hint ? hint : "",
      appears ? "Rows before it were labelled without that class: label them again, or start there."
              : "Was it renamed or retired? Rows after it may carry a substitute.");
  if (finding) {
    finding->subject = lqa_arena_copy(input->arena, classes[class].data, classes[class].size);
  }
  return finding && finding->subject ? LQA_OK : LQA_NO_MEMORY;
}

/* Bit 0: appears late, bit 1: vanishes early. Returns how many classes drift. */
static int32_t find_drifts(const track *t, const extent *extents, uint8_t *drifts) {
  int32_t n_classes = t->input->dataset->n_classes, n = 0;
  double limit = lqa_log(t->input->params[PARAM_ALPHA] / (2. * n_classes));
  for (int32_t k = 0; k < n_classes; k++) {
    const extent *e = &extents[k];
    if (e->runs > 1) {
      drifts[k] = (uint8_t)((log_chance(e, t->n - e->first, t->n) < limit) |
                            (log_chance(e, e->last + 1, t->n) < limit) << 1);
    }
    n += drifts[k] != 0;
  }
  return n;
}

static lqa_status judge_track(const track *t) {
  int32_t n_classes = t->input->dataset->n_classes;
  extent *extents = lqa_calloc((size_t)n_classes, sizeof *extents);
  uint8_t *drifts = lqa_calloc((size_t)n_classes, 1);
  lqa_status status;
  LQA_TRY_OUT(extents && drifts ? LQA_OK : LQA_NO_MEMORY);
  measure(t, extents);
  int32_t n = find_drifts(t, extents, drifts);
  for (int32_t k = 0; k < n_classes && n > 0 && n <= MOST_CLASSES * n_classes; k++) {
    for (int end = 0; end < 2; end++) {
      if (drifts[k] >> end & 1) {
        LQA_TRY_OUT(report_end(t, extents, drifts, k, end == 0));
      }
    }
  }
out:
  free(extents);
  free(drifts);
  return status;
}

typedef struct timed_row {
  double seconds;
  int64_t row;
} timed_row;

static int compare_times(const void *a, const void *b) {
  const timed_row *x = a, *y = b;
  if (x->seconds != y->seconds) {
    return x->seconds < y->seconds ? -1 : 1;
  }
  return x->row < y->row ? -1 : x->row > y->row;
}

static lqa_status judge_time(const lqa_audit_input *input, lqa_error *err) {
  const lqa_dataset *d = input->dataset;
  double *seconds = lqa_malloc((size_t)d->n_rows, sizeof *seconds);
  timed_row *timed = lqa_malloc((size_t)d->n_rows, sizeof *timed);
  int64_t *order = lqa_malloc((size_t)d->n_rows, sizeof *order);
  track t = {.input = input, .order = order, .seconds = seconds};
  lqa_status status = seconds && timed && order ? LQA_OK : LQA_NO_MEMORY;
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(lqa_time_read(d, &d->roles[LQA_ROLE_TIME], &t.form, seconds, err));
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (!isnan(seconds[row])) {
      timed[t.n++] = (timed_row){seconds[row], row};
    }
  }
  qsort(timed, (size_t)t.n, sizeof *timed, compare_times);
  for (int64_t i = 0; i < t.n; i++) {
    order[i] = timed[i].row;
  }
  bool has_parts = d->n_files > 1 || lqa_dataset_has_role(d, LQA_ROLE_SOURCE);
  status = t.n > 0 || has_parts ? judge_track(&t)
                                : lqa_finding_decline(input->findings, "column '%s' holds no time",
                                                      d->roles[LQA_ROLE_TIME].name);
out:
  free(seconds);
  free(timed);
  free(order);
  return status;
}

static lqa_status report_missing(const lqa_audit_input *input, const lqa_parts *parts,
                                 uint32_t part, int32_t class, double expected) {
  const lqa_str name = input->dataset->classes[class];
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "Class %s does not occur in %s %s, where about %.0f rows of it would be expected. Was it "
      "added later, renamed, or filtered out there?",
      lqa_phrase_quote(input->arena, name, 40),
      parts->role < 0 ? "file" : input->dataset->roles[parts->role].name,
      lqa_phrase_quote(input->arena, lqa_parts_name(parts, part), 80), expected);
  if (finding) {
    finding->subject = lqa_arena_copy(input->arena, name.data, name.size);
  }
  return finding && finding->subject ? LQA_OK : LQA_NO_MEMORY;
}

/* A class by part table of row counts; the last row and column hold totals. */
typedef struct cells {
  int64_t *count;
  int32_t n_classes;
  uint32_t n_parts;
} cells;

static int64_t *cell(const cells *c, int32_t class, uint32_t part) {
  return &c->count[(size_t) class * (c->n_parts + 1) + part];
}

static void cells_fill(const cells *c, const lqa_dataset *d, const lqa_parts *parts) {
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0 && parts->of[row] != LQA_PART_NONE) {
      ++*cell(c, d->label[row], parts->of[row]);
      ++*cell(c, d->label[row], c->n_parts);
      ++*cell(c, c->n_classes, parts->of[row]);
      ++*cell(c, c->n_classes, c->n_parts);
    }
  }
}

static double expected_count(const cells *c, int32_t class, uint32_t part) {
  int64_t all = *cell(c, c->n_classes, c->n_parts);
  return (double)*cell(c, class, c->n_parts) * (double)*cell(c, c->n_classes, part) /
         (double)(all ? all : 1);
}

static lqa_status judge_cells(const lqa_audit_input *input, const lqa_parts *parts,
                              const cells *c) {
  int64_t n_judged = 0, n_empty = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (int32_t k = 0; k < c->n_classes; k++) {
      for (uint32_t part = 0; part < c->n_parts; part++) {
        double expected = expected_count(c, k, part);
        bool is_empty = *cell(c, k, part) == 0;
        if (expected < input->params[PARAM_MIN_EXPECTED]) {
          continue;
        }
        if (pass == 1 && is_empty) {
          LQA_TRY(report_missing(input, parts, part, k, expected));
        }
        n_judged += pass == 0;
        n_empty += pass == 0 && is_empty;
      }
    }
    if ((double)n_empty > MOST_CELLS * (double)n_judged) {
      return LQA_OK;
    }
  }
  return LQA_OK;
}

static lqa_status judge_parts(const lqa_audit_input *input, int role, lqa_error *err) {
  lqa_parts parts;
  LQA_TRY(lqa_parts_read(input->dataset, role, &parts, err));
  lqa_status status = LQA_OK;
  if (parts.n >= 2 && parts.n <= LQA_PARTS_MAX) {
    cells c = {.n_classes = input->dataset->n_classes, .n_parts = parts.n};
    c.count = lqa_calloc((size_t)c.n_classes + 1, (parts.n + (size_t)1) * sizeof *c.count);
    if (c.count) {
      cells_fill(&c, input->dataset, &parts);
    }
    status = c.count ? judge_cells(input, &parts, &c) : LQA_NO_MEMORY;
    free(c.count);
  }
  lqa_parts_clear(&parts);
  return status;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  LQA_TRY(judge_parts(input, LQA_PARTS_FILES, err));
  LQA_TRY(judge_parts(input, LQA_ROLE_SOURCE, err));
  if (lqa_dataset_has_role(input->dataset, LQA_ROLE_TIME)) {
    return judge_time(input, err);
  }
  track t = {.input = input, .n = input->dataset->n_rows};
  return input->dataset->n_files > 1 ? LQA_OK : judge_track(&t);
}

const lqa_audit lqa_audit_label_drift = {
    .number = LQA_AUDIT_label_drift,
    .id = "label-drift",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "classes that appear or vanish along time, rows, files or sources",
    .needs = LQA_NEEDS_LABELS,
    .kinds = {{"label-drift", LQA_WARN, false, "a class appears or vanishes on the way"}},
    .params =
        {
            [PARAM_ALPHA] = {"alpha", .0001, 1e-12, .5, "chance of a false alarm in shuffled data",
                             false},
            [PARAM_MIN_EXPECTED] = {"min-expected", 12, 5, 1e9,
                                    "rows of a class that a file should have, at least", false},
        },
    .run = run,
};
