/* store/run_rate.c - designs from their documents (api/judge_design.c writes them), verdicts and
 * decisions from the evidence.
 *
 * Rows whose label or content changed since are not there any more: a phase document belongs to the
 * run that made it, and a new audit starts without it.
 */
#include "store/run_rate.h"

#include "base/map.h"
#include "base/memory.h"
#include "base/vec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_PHASES = 3 };
static const double Z = 1.959963984540054;
static const char DRAW[] = "judge-draw ";

/* One judging in phases. */
typedef struct design {
  char key[96]; /* the document's name, without the phase */
  bool is_draw; /* of rows drawn at once: it speaks once all of them were asked */
  LQA_VEC(lqa_phase_row) rows[MAX_PHASES];
  double *sums[MAX_PHASES];
  int64_t n_told;
} design;

typedef struct collector {
  const lqa_run *run;
  LQA_VEC(design) designs;
  bool has_judge; /* one whose word counts */
} collector;

static void clear(collector *c) {
  for (size_t i = 0; i < c->designs.n; i++) {
    for (int h = 0; h < MAX_PHASES; h++) {
      lqa_vec_clear(&c->designs.data[i].rows[h]);
      free(c->designs.data[i].sums[h]);
    }
  }
  lqa_vec_clear(&c->designs);
}

static void read_verdict(const collector *c, lqa_phase_row *r) {
  const lqa_evidence *e = &c->run->evidence;
  bool is_decided = e->decided_label[r->row] >= 0;
  uint8_t verdict = e->verdict[r->row];
  r->judge = is_decided ? -1 : 0;
  r->wrong = is_decided                   ? e->decided_label[r->row] != e->label[r->row]
             : !c->has_judge              ? NAN
             : verdict == LQA_VERDICT_YES ? 0
             : verdict == LQA_VERDICT_NO  ? 1
                                          : NAN;
}

static lqa_status find_design(collector *c, const char *key, design **out) {
  for (size_t i = 0; i < c->designs.n; i++) {
    if (strcmp(c->designs.data[i].key, key) == 0) {
      *out = &c->designs.data[i];
      return LQA_OK;
    }
  }
  design made = {.is_draw = strncmp(key, DRAW, sizeof DRAW - 1) == 0};
  snprintf(made.key, sizeof made.key, "%s", key);
  LQA_TRY(lqa_vec_push(&c->designs, made));
  *out = &c->designs.data[c->designs.n - 1];
  return LQA_OK;
}

/* "class 3 12.5" or "17 0.04 0.2"; false where the line is neither. */
static bool read_line(const collector *c, const char *line, design *d, int phase,
                      lqa_status *status) {
  const lqa_run *run = c->run;
  char *end;
  if (strncmp(line, "class ", 6) == 0) {
    long k = strtol(line + 6, &end, 10);
    bool fits = k >= 0 && k < run->manifest.n_classes;
    if (fits) {
      d->sums[phase][k] = strtod(end, &end);
    }
    return fits;
  }
  lqa_phase_row r = {.row = strtoll(line, &end, 10)};
  r.inclusion = strtod(end, &end);
  char *before = end;
  r.control = strtod(end, &end);
  if (end == before || r.row < 0 || r.row >= run->rows.n_rows || run->evidence.label[r.row] < 0 ||
      !(r.inclusion > 0 && r.inclusion <= 1) || !(r.control >= 0 && r.control <= 1)) {
    return false;
  }
  read_verdict(c, &r);
  d->n_told += !isnan(r.wrong);
  bool was_asked = !isnan(r.wrong) || run->evidence.verdict[r.row] != LQA_VERDICT_NONE;
  if (d->is_draw && !was_asked) {
    d->n_told = INT64_MIN / 2; /* never the best: rows are asked suspicious ones first */
  }
  *status = lqa_vec_push(&d->rows[phase], r);
  return true;
}

/* False for documents that hold no design. */
static bool read_name(const char *name, char key[96], int *phase) {
  long long budget, seed;
  int used = 0;
  if (strncmp(name, DRAW, sizeof DRAW - 1) == 0 && strlen(name) < 96) {
    snprintf(key, 96, "%s", name);
    return true;
  }
  bool is_phase = sscanf(name, "judge-phase %lld %lld %d%n", &budget, &seed, phase, &used) == 3 &&
                  name[used] == '\0' && *phase >= 0 && *phase < MAX_PHASES;
  if (is_phase) {
    snprintf(key, 96, "judge-phase %lld %lld", budget, seed);
  }
  return is_phase;
}

/* A document that is damaged, or of a version that kept no control, is no design. */
static lqa_status add_document(collector *c, const char *name, const char *text) {
  char key[96];
  int phase = 0;
  design *d = NULL;
  lqa_status status = LQA_OK;
  if (!read_name(name, key, &phase) || strncmp(text, "class ", 6) != 0) {
    return LQA_OK;
  }
  LQA_TRY(find_design(c, key, &d));
  d->sums[phase] = lqa_calloc((size_t)c->run->manifest.n_classes + 1, sizeof **d->sums);
  if (!d->sums[phase]) {
    return LQA_NO_MEMORY;
  }
  for (const char *at = text; *at && status == LQA_OK;) {
    const char *stop = strchr(at, '\n');
    if (!read_line(c, at, d, phase, &status)) {
      d->n_told = INT64_MIN / 2; /* never the best */
    }
    at = stop ? stop + 1 : at + strlen(at);
  }
  return status;
}

static lqa_status read_documents(collector *c, lqa_error *err) {
  lqa_statement *s = NULL;
  bool more = true;
  LQA_TRY(lqa_sql_prepare(
      lqa_run_db_sql(c->run->db),
      "SELECT name, body FROM document WHERE name LIKE 'judge-phase %' OR name LIKE 'judge-draw %'"
      " ORDER BY name",
      &s, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  while (more) {
    lqa_str name = lqa_statement_text(s, 0), body = lqa_statement_text(s, 1);
    if (name.data && body.data && add_document(c, name.data, body.data) != LQA_OK) {
      LQA_TRY_OUT(lqa_fail_memory(err, "reading the phases of the judge"));
    }
    LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  }
out:
  lqa_statement_free(s);
  return status;
}

static const design *find_best(const collector *c) {
  const design *best = NULL;
  for (size_t i = 0; i < c->designs.n; i++) {
    const design *d = &c->designs.data[i];
    bool is_whole = d->sums[0] && (!d->rows[2].n || d->sums[1]);
    if (is_whole && d->n_told > 0 && (!best || d->n_told > best->n_told)) {
      best = d;
    }
  }
  return best;
}

/* All judges of the run as one: the mean of their accuracies, each class equally likely when they
 * err. False: their word gives no rate. */
static bool find_judge(const lqa_run *run, lqa_judge_error *out) {
  const lqa_trust_summary *t = &run->trust;
  double accuracy = 0, se = 0;
  int n = 0;
  for (int i = 0; i < t->n_judges; i++) {
    const lqa_interval *a = &t->judges[i].accuracy;
    bool counts = !t->judges[i].is_left_out || t->judges[i].is_weak;
    if (counts && !isnan(a->estimate)) {
      accuracy += a->estimate;
      se += (a->high - a->low) / (2 * Z);
      n++;
    }
  }
  if (n == 0) {
    return false;
  }
  accuracy /= n;
  se /= n;
  double others = run->manifest.n_classes > 2 ? run->manifest.n_classes - 1 : 1;
  *out = (lqa_judge_error){1 - accuracy, 1 - (1 - accuracy) / others, se, se / others};
  return out->no_of_wrong - out->no_of_right > .2;
}

static bool is_in_frame(const lqa_run *run, int64_t row) {
  const lqa_hash128 *hash = run->rows.content_hash;
  return hash && (hash[row].high != 0 || hash[row].low != 0) && run->evidence.label[row] >= 0;
}

/* A division of the rows: a code for each, negative for rows outside. */
typedef struct division {
  const int32_t *code;
  int32_t n_codes;
  bool has_control; /* the phases kept the control's sums by it */
} division;

/* The phases as they are, or without their control, of which no sums are known. */
static lqa_status copy_phases(const design *d, const division *by, lqa_arena *arena,
                              lqa_rate_phase phases[MAX_PHASES], int *n) {
  double *zeros = lqa_arena_alloc(arena, (size_t)by->n_codes + 1, sizeof *zeros);
  *n = 0;
  if (!zeros) {
    return LQA_NO_MEMORY;
  }
  for (int h = 0; h < MAX_PHASES && d->sums[h]; h++) {
    size_t n_rows = d->rows[h].n;
    lqa_phase_row *rows = lqa_arena_alloc(arena, n_rows + 1, sizeof *rows);
    if (!rows) {
      return LQA_NO_MEMORY;
    }
    for (size_t i = 0; i < n_rows; i++) {
      rows[i] = d->rows[h].data[i];
      rows[i].control = by->has_control ? rows[i].control : 0;
    }
    phases[(*n)++] = (lqa_rate_phase){rows, (int64_t)n_rows, by->has_control ? d->sums[h] : zeros};
  }
  return LQA_OK;
}

/* counts[k]: rows of the frame with code k. */
static lqa_status rate_by(const lqa_run *run, const design *d, const division *by,
                          const lqa_judge_error *judge, lqa_arena *arena, int64_t **counts,
                          lqa_phase_rate *out) {
  lqa_rate_phase phases[MAX_PHASES];
  int n_phases;
  int64_t *rows = lqa_arena_alloc(arena, (size_t)by->n_codes + 1, sizeof *rows), n = 0;
  if (!rows) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    if (is_in_frame(run, row) && by->code[row] >= 0) {
      rows[by->code[row]]++;
      n++;
    }
  }
  LQA_TRY(copy_phases(d, by, arena, phases, &n_phases));
  const lqa_phase_rate_input input = {n, by->n_codes, by->code, rows, phases, n_phases, judge};
  *counts = rows;
  return lqa_phase_rate_of(&input, arena, out);
}

/* ---- recall ---- */

static lqa_status find_recall(const lqa_run *run, const design *d, const lqa_judge_error *judge,
                              lqa_arena *arena, lqa_interval *out) {
  int32_t *is_flagged = lqa_arena_alloc(arena, (size_t)run->rows.n_rows + 1, sizeof *is_flagged);
  int64_t *rows;
  lqa_phase_rate rate;
  if (!is_flagged) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    is_flagged[row] = lqa_evidence_is_suspicious(&run->evidence, row);
  }
  const division by = {is_flagged, 2, false};
  LQA_TRY(rate_by(run, d, &by, judge, arena, &rows, &rate));
  const lqa_interval *in = &rate.by_class[1], *outside = &rate.by_class[0];
  if (in->n < LQA_RATE_MIN_ROWS || outside->n < LQA_RATE_MIN_ROWS) {
    return LQA_OK;
  }
  double n_in = (double)rows[1], n_out = (double)rows[0];
  double found = in->estimate * n_in, missed = outside->estimate * n_out;
  *out = (lqa_interval){found + missed > 0 ? found / (found + missed) : NAN,
                        in->low * n_in / (in->low * n_in + outside->high * n_out + 1e-300),
                        in->high * n_in / (in->high * n_in + outside->low * n_out + 1e-300),
                        rate.rate.method, in->n + outside->n};
  return LQA_OK;
}

/* ---- slices ---- */

static int compare_sizes(const void *a, const void *b) {
  const lqa_slice_rate *x = a, *y = b;
  if (x->rate.n != y->rate.n) {
    return x->rate.n > y->rate.n ? -1 : 1;
  }
  return lqa_str_compare(x->value, y->value);
}

/* A column of rows; its values are names[code]. */
typedef struct slicing {
  const lqa_run *run;
  const design *design;
  const lqa_judge_error *judge;
  lqa_arena *arena;
  lqa_run_rate *out;
} slicing;

/* Keeps the values with enough verified rows, their names in the arena. */
static lqa_status add_slices(const slicing *s, const char *column, const int32_t *code,
                             const lqa_str *names, int32_t n) {
  const division by = {code, n, false};
  int64_t *rows, first = s->out->n_slices;
  lqa_phase_rate rate;
  LQA_TRY(rate_by(s->run, s->design, &by, s->judge, s->arena, &rows, &rate));
  for (int32_t k = 0; k < n && s->out->n_slices < LQA_MAX_SLICE_RATES; k++) {
    if (rate.by_class[k].n >= LQA_RATE_MIN_ROWS) {
      lqa_str value = {lqa_arena_copy(s->arena, names[k].data, names[k].size), names[k].size};
      LQA_TRY(value.data ? LQA_OK : LQA_NO_MEMORY);
      s->out->slices[s->out->n_slices++] = (lqa_slice_rate){column, value, rate.by_class[k]};
    }
  }
  qsort(s->out->slices + first, (size_t)(s->out->n_slices - first), sizeof *s->out->slices,
        compare_sizes);
  return LQA_OK;
}

/* code[row] of the column's values, which become the keys of `names`. */
static lqa_status code_values(const lqa_column *column, int64_t n_rows, lqa_map *names,
                              int32_t *code) {
  for (int64_t row = 0; row < n_rows; row++) {
    uint32_t index;
    lqa_str value = lqa_column_get(column, row);
    code[row] = -1;
    if (!lqa_str_is_null(value)) {
      LQA_TRY(lqa_map_add(names, value, &index, NULL));
      code[row] = (int32_t)index;
    }
  }
  return LQA_OK;
}

static lqa_status slice_column(const slicing *s, lqa_role role, const char *title, int32_t *code) {
  const lqa_column *column = &s->run->rows.roles[role];
  if (!column->name) {
    return LQA_OK;
  }
  lqa_map *names = lqa_map_new(true);
  lqa_str *values = NULL;
  lqa_status status;
  LQA_TRY_OUT(names ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(code_values(column, s->run->rows.n_rows, names, code));
  size_t n = lqa_map_count(names);
  values = lqa_malloc(n + 1, sizeof *values);
  LQA_TRY_OUT(values ? LQA_OK : LQA_NO_MEMORY);
  for (size_t k = 0; k < n; k++) {
    values[k] = lqa_map_key(names, (uint32_t)k);
  }
  LQA_TRY_OUT(add_slices(s, title, code, values, (int32_t)n));
out:
  free(values);
  lqa_map_free(names);
  return status;
}

static lqa_status slice_files(const slicing *s, int32_t *code) {
  const lqa_manifest *m = &s->run->manifest;
  if (m->n_files < 2) {
    return LQA_OK;
  }
  lqa_str *names = lqa_malloc((size_t)m->n_files, sizeof *names);
  if (!names) {
    return LQA_NO_MEMORY;
  }
  for (int32_t i = 0; i < m->n_files; i++) {
    names[i] = lqa_str_from(m->files[i].path);
  }
  for (int64_t row = 0; row < s->run->rows.n_rows; row++) {
    code[row] = lqa_run_rows_file_of(&s->run->rows, row);
  }
  lqa_status status = add_slices(s, "source file", code, names, m->n_files);
  free(names);
  return status;
}

static lqa_status rate_slices(const slicing *s) {
  int32_t *code = lqa_malloc((size_t)s->run->rows.n_rows + 1, sizeof *code);
  s->out->slices = lqa_arena_alloc(s->arena, LQA_MAX_SLICE_RATES, sizeof *s->out->slices);
  lqa_status status;
  LQA_TRY_OUT(code && s->out->slices ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(slice_column(s, LQA_ROLE_ANNOTATOR, "annotator", code));
  LQA_TRY_OUT(slice_files(s, code));
  LQA_TRY_OUT(slice_column(s, LQA_ROLE_SPLIT, "split", code));
  LQA_TRY_OUT(slice_column(s, LQA_ROLE_SOURCE, "source", code));
  LQA_TRY_OUT(slice_column(s, LQA_ROLE_GROUP, "group", code));
out:
  free(code);
  return status;
}

static lqa_status rate_all(const lqa_run *run, const design *d, const lqa_judge_error *judge,
                           lqa_arena *arena, lqa_run_rate *out) {
  const division by_class = {run->evidence.label, run->manifest.n_classes, true};
  int64_t *rows;
  LQA_TRY(rate_by(run, d, &by_class, judge, arena, &rows, &out->rate));
  for (int32_t k = 0; k < run->manifest.n_classes; k++) {
    out->n_frame += rows[k];
  }
  LQA_TRY(find_recall(run, d, judge, arena, &out->recall));
  const slicing s = {run, d, judge, arena, out};
  return rate_slices(&s);
}

lqa_status lqa_run_rate_of(const lqa_run *run, lqa_arena *arena, lqa_run_rate *out,
                           lqa_error *err) {
  collector c = {.run = run};
  lqa_judge_error judge = {0, 1, 0, 0};
  *out = (lqa_run_rate){.n_frame = 0};
  c.has_judge = find_judge(run, &judge);
  lqa_status status = read_documents(&c, err);
  const design *best = status == LQA_OK ? find_best(&c) : NULL;
  if (best && rate_all(run, best, &judge, arena, out) != LQA_OK) {
    status = lqa_fail_memory(err, "estimating the error rate");
  }
  clear(&c);
  return status;
}
