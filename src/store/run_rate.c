/* store/run_rate.c - phases from their documents (api/judge_phases.c writes them), verdicts and
 * decisions from the evidence.
 *
 * Rows whose label or content changed since are not there any more: a phase document belongs to the
 * run that made it, and a new audit starts without it.
 */
#include "store/run_rate.h"

#include "base/memory.h"
#include "base/vec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_PHASES = 3 };
static const double Z = 1.959963984540054;

/* One judging in phases. */
typedef struct design {
  char key[64]; /* "<budget> <seed>" */
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
  design made = {.n_told = 0};
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
  *status = lqa_vec_push(&d->rows[phase], r);
  return true;
}

/* A document that is damaged, or of a version that kept no control, is no design. */
static lqa_status add_document(collector *c, const char *name, const char *text) {
  char key[64];
  long long budget, seed;
  int phase, used = 0;
  design *d = NULL;
  lqa_status status = LQA_OK;
  bool is_phase = sscanf(name, "judge-phase %lld %lld %d%n", &budget, &seed, &phase, &used) == 3 &&
                  name[used] == '\0' && phase >= 0 && phase < MAX_PHASES;
  if (!is_phase || strncmp(text, "class ", 6) != 0) {
    return LQA_OK;
  }
  snprintf(key, sizeof key, "%lld %lld", budget, seed);
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
  LQA_TRY(lqa_sql_prepare(lqa_run_db_sql(c->run->db),
                          "SELECT name, body FROM document WHERE name LIKE 'judge-phase %'"
                          " ORDER BY name",
                          &s, err));
  lqa_status status = lqa_statement_next(s, &more, err);
  while (status == LQA_OK && more) {
    lqa_str name = lqa_statement_text(s, 0), body = lqa_statement_text(s, 1);
    status = name.data && body.data ? add_document(c, name.data, body.data) : LQA_OK;
    status = status == LQA_OK ? lqa_statement_next(s, &more, err)
                              : lqa_fail_memory(err, "reading the phases of the judge");
  }
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
    if (!t->judges[i].is_left_out && !isnan(a->estimate)) {
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

/* Rows with content and a known label, by class. */
static int64_t count_frame(const lqa_run *run, int64_t *class_rows) {
  const lqa_hash128 *hash = run->rows.content_hash;
  int64_t n = 0;
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    bool has_content = hash && (hash[row].high != 0 || hash[row].low != 0);
    if (has_content && run->evidence.label[row] >= 0) {
      class_rows[run->evidence.label[row]]++;
      n++;
    }
  }
  return n;
}

lqa_status lqa_run_rate_of(const lqa_run *run, lqa_arena *arena, lqa_run_rate *out,
                           lqa_error *err) {
  collector c = {.run = run};
  lqa_judge_error judge = {0, 1, 0, 0};
  size_t n_classes = (size_t)run->manifest.n_classes;
  int64_t *class_rows = lqa_arena_alloc(arena, n_classes + 1, sizeof *class_rows);
  lqa_rate_phase phases[MAX_PHASES];
  int n_phases = 0;
  *out = (lqa_run_rate){.n_frame = 0};
  lqa_status status = class_rows ? LQA_OK : lqa_fail_memory(err, "estimating the error rate");
  c.has_judge = find_judge(run, &judge);
  status = status == LQA_OK ? read_documents(&c, err) : status;
  const design *best = status == LQA_OK ? find_best(&c) : NULL;
  for (int h = 0; best && h < MAX_PHASES && best->sums[h]; h++) {
    phases[n_phases++] =
        (lqa_rate_phase){best->rows[h].data, (int64_t)best->rows[h].n, best->sums[h]};
  }
  if (best) {
    out->n_frame = count_frame(run, class_rows);
    const lqa_phase_rate_input input = {.n_rows = out->n_frame,
                                        .n_classes = (int32_t)n_classes,
                                        .label = run->evidence.label,
                                        .class_rows = class_rows,
                                        .phases = phases,
                                        .n_phases = n_phases,
                                        .judges = &judge};
    if (lqa_phase_rate_of(&input, arena, &out->rate) != LQA_OK) {
      status = lqa_fail_memory(err, "estimating the error rate");
    }
  }
  clear(&c);
  return status;
}
