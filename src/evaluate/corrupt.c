/* Candidates are taken from one seeded shuffle of the drawn rows, kind after kind, each kind taking
 * the first rows that fit and are still clean; so kinds cannot overlap and one more kind never
 * changes which rows an earlier one took. The row-shift block is placed first, because it needs
 * neighbours.
 */
#include "evaluate/corrupt.h"

#include "base/memory.h"
#include "base/rng.h"

#include <math.h>

static const char *const names[LQA_CORRUPT_COUNT] = {
    "clean",     "off_by_one",      "random_flip",    "systematic",
    "row_shift", "structural_null", "structural_dup", "structural_enum"};

const char *lqa_corruption_name(lqa_corruption corruption) {
  return names[corruption];
}

int lqa_corruption_parse(lqa_str name) {
  for (int i = 0; i < LQA_CORRUPT_COUNT; i++) {
    if (lqa_str_equal(name, lqa_str_from(names[i]))) {
      return i;
    }
  }
  return -1;
}

enum { STREAM_SAMPLE = 101, STREAM_ORDER, STREAM_LABEL, STREAM_BLOCK };

struct work {
  const lqa_dataset *dataset;
  const lqa_corrupt_options *options;
  lqa_corrupt_plan *plan;
  int64_t n_drawn;
  uint32_t *order; /* the drawn rows, shuffled; taken rows are skipped */
  lqa_rng labels;
};

void lqa_corrupt_plan_clear(lqa_corrupt_plan *plan) {
  free(plan->source_row);
  free(plan->label);
  free(plan->kind);
  *plan = (lqa_corrupt_plan){0};
}

static int64_t count_of(const struct work *work, double rate) {
  return (int64_t)floor(rate * (double)work->n_drawn + 0.5);
}

/* Draws the rows, in source order, and shuffles their numbers. */
static lqa_status draw_rows(struct work *work) {
  int64_t n = work->dataset->n_rows;
  uint32_t *rows = lqa_malloc((size_t)n, sizeof *rows);
  if (!rows) {
    return LQA_NO_MEMORY;
  }
  uint8_t *drawn = lqa_calloc((size_t)n, 1);
  if (!drawn) {
    free(rows);
    return LQA_NO_MEMORY;
  }
  lqa_rng rng;
  lqa_rng_init(&rng, work->options->seed, STREAM_SAMPLE);
  for (int64_t i = 0; i < n; i++) {
    rows[i] = (uint32_t)i;
  }
  lqa_rng_shuffle(&rng, rows, (size_t)n);
  for (int64_t i = 0; i < work->n_drawn; i++) {
    drawn[rows[i]] = 1;
  }
  int64_t next = 0;
  for (int64_t i = 0; i < n; i++) {
    if (drawn[i]) {
      work->plan->source_row[next] = i;
      work->plan->label[next] = work->dataset->label[i];
      work->order[next] = (uint32_t)next;
      next++;
    }
  }
  lqa_rng_init(&rng, work->options->seed, STREAM_ORDER);
  lqa_rng_shuffle(&rng, work->order, (size_t)next);
  free(drawn);
  free(rows);
  return LQA_OK;
}

static bool is_candidate(const struct work *work, int64_t row) {
  return work->plan->kind[row] == LQA_CORRUPT_CLEAN &&
         lqa_dataset_is_scorable(work->dataset, work->plan->source_row[row]);
}

static lqa_status fail_too_few(lqa_corruption kind, int64_t wanted, int64_t found, lqa_error *err) {
  return lqa_fail(err, LQA_BAD_USAGE,
                  "%s: %lld rows wanted, but only %lld candidates are left; lower a rate or draw "
                  "more rows",
                  names[kind], (long long)wanted, (long long)found);
}

/* Marks `row` and gives it the label that `kind` makes of its own. */
static void corrupt_row(struct work *work, int64_t row, lqa_corruption kind, const lqa_swap *swap) {
  int32_t k = work->dataset->n_classes, *label = &work->plan->label[row];
  work->plan->kind[row] = (uint8_t)kind;
  work->plan->counts[kind]++;
  if (kind == LQA_CORRUPT_OFF_BY_ONE) {
    *label = (*label + 1) % k;
  } else if (kind == LQA_CORRUPT_RANDOM_FLIP) {
    *label = (*label + 1 + (int32_t)lqa_rng_below(&work->labels, (uint64_t)k - 1)) % k;
  } else if (kind == LQA_CORRUPT_SYSTEMATIC) {
    *label = *label == swap->a ? swap->b : swap->a;
  } else if (kind == LQA_CORRUPT_STRUCTURAL_ENUM) {
    *label = LQA_LABEL_UNKNOWN;
  }
}

/* Corrupts the first `wanted` clean rows of the shuffled order (of the swap's classes, if any). */
static lqa_status corrupt_rows(struct work *work, lqa_corruption kind, int64_t wanted,
                               const lqa_swap *swap, lqa_error *err) {
  int64_t taken = 0;
  for (int64_t i = 0; i < work->n_drawn && taken < wanted; i++) {
    int64_t row = work->order[i];
    int32_t label = work->plan->label[row];
    if (is_candidate(work, row) && (!swap || label == swap->a || label == swap->b)) {
      corrupt_row(work, row, kind, swap);
      taken++;
    }
  }
  return taken == wanted ? LQA_OK : fail_too_few(kind, wanted, taken, err);
}

/* One contiguous block whose rows carry the label of the row above. */
static lqa_status shift_block(struct work *work, lqa_error *err) {
  int64_t wanted = count_of(work, work->options->row_shift);
  if (wanted == 0) {
    return LQA_OK;
  }
  if (wanted > work->n_drawn - 1) {
    return fail_too_few(LQA_CORRUPT_ROW_SHIFT, wanted, work->n_drawn - 1, err);
  }
  lqa_rng rng;
  lqa_rng_init(&rng, work->options->seed, STREAM_BLOCK);
  int64_t first = 1 + (int64_t)lqa_rng_below(&rng, (uint64_t)(work->n_drawn - wanted));
  for (int64_t row = first + wanted - 1; row >= first; row--) {
    work->plan->label[row] = work->plan->label[row - 1];
    work->plan->kind[row] = LQA_CORRUPT_ROW_SHIFT;
  }
  work->plan->counts[LQA_CORRUPT_ROW_SHIFT] = wanted;
  return LQA_OK;
}

/* Copies of clean rows under another label, appended. */
static lqa_status plant_duplicates(struct work *work, lqa_error *err) {
  lqa_corrupt_plan *plan = work->plan;
  int64_t wanted = work->options->duplicate_conflict, taken = 0;
  for (int64_t i = 0; i < work->n_drawn && taken < wanted; i++) {
    int64_t row = work->order[work->n_drawn - 1 - i]; /* from the other end: partners stay clean */
    if (!is_candidate(work, row)) {
      continue;
    }
    int64_t copy = plan->n_rows++;
    plan->source_row[copy] = plan->source_row[row];
    plan->label[copy] = plan->label[row];
    corrupt_row(work, copy, LQA_CORRUPT_RANDOM_FLIP, NULL);
    plan->counts[LQA_CORRUPT_RANDOM_FLIP]--;
    plan->kind[copy] = LQA_CORRUPT_STRUCTURAL_DUP;
    plan->counts[LQA_CORRUPT_STRUCTURAL_DUP]++;
    taken++;
  }
  return taken == wanted ? LQA_OK : fail_too_few(LQA_CORRUPT_STRUCTURAL_DUP, wanted, taken, err);
}

static lqa_status corrupt_all(struct work *work, lqa_error *err) {
  const lqa_corrupt_options *o = work->options;
  LQA_TRY(shift_block(work, err));
  LQA_TRY(corrupt_rows(work, LQA_CORRUPT_STRUCTURAL_NULL, o->null_content, NULL, err));
  LQA_TRY(corrupt_rows(work, LQA_CORRUPT_STRUCTURAL_ENUM, o->unknown_label, NULL, err));
  for (size_t i = 0; i < o->n_swaps; i++) {
    LQA_TRY(corrupt_rows(work, LQA_CORRUPT_SYSTEMATIC, count_of(work, o->swaps[i].rate),
                         &o->swaps[i], err));
  }
  LQA_TRY(corrupt_rows(work, LQA_CORRUPT_OFF_BY_ONE, count_of(work, o->off_by_one), NULL, err));
  LQA_TRY(corrupt_rows(work, LQA_CORRUPT_RANDOM_FLIP, count_of(work, o->random_flip), NULL, err));
  return plant_duplicates(work, err);
}

static lqa_status check_options(const lqa_dataset *dataset, const lqa_corrupt_options *options,
                                lqa_error *err) {
  if (dataset->n_classes < 2) {
    return lqa_fail(err, LQA_BAD_DATA, "found %d class; corrupting labels needs at least two",
                    (int)dataset->n_classes);
  }
  if (options->sample > dataset->n_rows) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION_AS("sample", "%lld") ": the source has %lld rows",
                    (long long)options->sample, (long long)dataset->n_rows);
  }
  return LQA_OK;
}

lqa_status lqa_corrupt_plan_make(const lqa_dataset *dataset, const lqa_corrupt_options *options,
                                 lqa_corrupt_plan *out, lqa_error *err) {
  LQA_TRY(check_options(dataset, options, err));
  lqa_corrupt_plan plan = {0};
  struct work work = {.dataset = dataset, .options = options, .plan = &plan};
  work.n_drawn = options->sample > 0 ? options->sample : dataset->n_rows;
  plan.n_rows = work.n_drawn;
  size_t n = (size_t)(work.n_drawn + options->duplicate_conflict);
  plan.source_row = lqa_calloc(n, sizeof *plan.source_row);
  plan.label = lqa_calloc(n, sizeof *plan.label);
  plan.kind = lqa_calloc(n, 1);
  work.order = lqa_calloc(n, sizeof *work.order);
  lqa_rng_init(&work.labels, options->seed, STREAM_LABEL);
  lqa_status status =
      plan.source_row && plan.label && plan.kind && work.order ? draw_rows(&work) : LQA_NO_MEMORY;
  status = status == LQA_OK ? corrupt_all(&work, err) : lqa_fail_memory(err, "drawing rows");
  free(work.order);
  if (status != LQA_OK) {
    lqa_corrupt_plan_clear(&plan);
    return status;
  }
  for (int64_t i = 0; i < plan.n_rows; i++) {
    plan.counts[LQA_CORRUPT_CLEAN] += plan.kind[i] == LQA_CORRUPT_CLEAN;
  }
  *out = plan;
  return LQA_OK;
}
