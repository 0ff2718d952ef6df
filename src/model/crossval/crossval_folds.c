/* The folds of a cross-validation: which rows stay together, into how many folds they fit.
 *
 * Rows of equal content, near duplicates and --group values share a fold. That can go too far. A
 * class whose rows are all near duplicates of each other would lie in one fold, unknown to the
 * model that predicts it and wrong without exception: its rows are parted, but for equal ones,
 * since copies that agree have no error to carry over. Groups that hang together through rows of
 * equal content may leave nothing to hold out: then --group cannot be kept. Each is said in a note.
 */
#include "base/message_text.h"
#include "base/memory.h"

#include "data/dataset/folds.h"
#include "model/crossval/crossval_job.h"
#include "model/problem/row_partition.h"

#include <string.h>

#define REPEAT_STRIDE 0x9E3779B97F4A7C15u /* between the seeds of repeats */
#define LEAST_TRAINING .5                 /* of the rows that even folds leave to train on */
enum { MIN_ROWS = 50, NO_FOLD = 255 };

/* Where a class's rows lie. */
typedef struct class_place {
  int64_t n;
  uint32_t group;
  bool is_split; /* over several groups */
} class_place;

/* n_classes places; NULL when out of memory. */
static class_place *find_classes(const lqa_crossval_job *job) {
  class_place *place = lqa_calloc((size_t)job->dataset->n_classes, sizeof *place);
  for (int64_t row = 0; place && row < job->dataset->n_rows; row++) {
    if (job->label[row] >= 0) {
      class_place *p = &place[job->label[row]];
      p->is_split = p->is_split || (p->n > 0 && p->group != job->group[row]);
      p->group = job->group[row];
      p->n++;
    }
  }
  return place;
}

/* Marks in `alone` all rows of groups that hold a whole class, one of as many rows as folds at
 * least. False: there are none. */
static bool mark_whole_classes(const lqa_crossval_job *job, const class_place *place,
                               uint8_t *whole, uint8_t *alone) {
  bool any = false;
  for (int32_t k = 0; k < job->dataset->n_classes; k++) {
    if (place[k].n >= job->options->n_folds && !place[k].is_split) {
      whole[place[k].group] = 1;
      any = true;
    }
  }
  for (int64_t row = 0; any && row < job->dataset->n_rows; row++) {
    alone[row] = whole[job->group[row]];
  }
  return any;
}

static int64_t count_parted(const class_place *before, const class_place *after, int32_t n,
                            int n_folds) {
  int64_t parted = 0;
  for (int32_t k = 0; k < n; k++) {
    parted += before[k].n >= n_folds && !before[k].is_split && after[k].is_split;
  }
  return parted;
}

static lqa_status note_parted(lqa_crossval_job *job, const class_place *before) {
  class_place *after = find_classes(job);
  if (!after) {
    return LQA_NO_MEMORY;
  }
  int64_t n = count_parted(before, after, job->dataset->n_classes, job->options->n_folds);
  free(after);
  return n == 0 ? LQA_OK
                : lqa_job_note(job, lqa_arena_printf(
                                        &job->out->arena,
                                        "%lld class%s of near duplicates throughout: only equal "
                                        "rows of %s share a fold, or no model could know %s.",
                                        (long long)n, n == 1 ? " consists" : "es consist",
                                        n == 1 ? "it" : "them", n == 1 ? "it" : "them"));
}

/* Parts clusters of near duplicates that hold a whole class. */
static lqa_status part_whole_classes(lqa_crossval_job *job, lqa_partition_rules *rules,
                                     int64_t *n_groups) {
  size_t n = (size_t)job->dataset->n_rows;
  class_place *place = find_classes(job);
  uint8_t *whole = lqa_calloc(n, 1), *alone = lqa_calloc(n, 1);
  lqa_status status;
  LQA_TRY_OUT(place && whole && alone ? LQA_OK : LQA_NO_MEMORY);
  if (mark_whole_classes(job, place, whole, alone)) {
    rules->alone = alone;
    LQA_TRY_OUT(lqa_row_partition(job->dataset, rules, job->group, n_groups));
    LQA_TRY_OUT(note_parted(job, place));
  }
out:
  rules->alone = NULL;
  free(place);
  free(whole);
  free(alone);
  return status;
}

static lqa_status part_rows(lqa_crossval_job *job, int64_t *n_groups) {
  lqa_partition_rules rules = {.cluster = job->options->cluster, .loose = job->options->loose};
  LQA_TRY(lqa_row_partition(job->dataset, &rules, job->group, n_groups));
  if (*n_groups < 2 && lqa_dataset_has_role(job->dataset, LQA_ROLE_GROUP)) {
    rules.no_groups = true;
    LQA_TRY(lqa_job_note(
        job, lqa_message_new(
                 &job->out->arena,
                 "The groups of column %s, joined where rows of theirs have equal "
                 "content, are one group of all rows: no rows could be held out, so " LQA_OPTION(
                     "group") " is ignored.",
                 job->dataset->roles[LQA_ROLE_GROUP].name)));
    LQA_TRY(lqa_row_partition(job->dataset, &rules, job->group, n_groups));
  }
  return rules.cluster ? part_whole_classes(job, &rules, n_groups) : LQA_OK;
}

/* Fewer groups than folds: fewer folds, or no groups if there is only one. */
static lqa_status fit_folds(lqa_crossval_job *job, int64_t n_groups) {
  job->out->n_folds = job->options->n_folds;
  job->grouped = n_groups > 1;
  if (n_groups >= job->options->n_folds) {
    return LQA_OK;
  }
  if (!job->grouped) {
    return lqa_job_note(job,
                        "All rows hold the same content, or nearly the same, so equal rows had "
                        "to be put in different folds: probabilities are class frequencies at "
                        "best.");
  }
  job->out->n_folds = (int)n_groups;
  return lqa_job_note(
      job, lqa_message_new(&job->out->arena,
                           "Only %d folds: the rows form no more than %d groups (of equal "
                           "content, or by " LQA_OPTION("group") ") that must stay together.",
                           (int)n_groups, (int)n_groups));
}

/* A fold that leaves next to nothing to train on is predicted by a model that has seen nothing. */
static lqa_status note_unequal(lqa_crossval_job *job) {
  int64_t size[LQA_MAX_FOLDS] = {0}, n = 0, largest = 0;
  int n_folds = job->out->n_folds;
  for (int64_t row = 0; row < job->dataset->n_rows; row++) {
    if (job->out->fold[row] != NO_FOLD) {
      n++;
      size[job->out->fold[row]]++;
    }
  }
  lqa_buf sizes;
  lqa_buf_init(&sizes, 1 << 12);
  for (int f = 0; f < n_folds; f++) {
    largest = size[f] > largest ? size[f] : largest;
    lqa_buf_printf(&sizes, "%s%lld", f ? ", " : "", (long long)size[f]);
  }
  double even = (double)n * (n_folds - 1) / n_folds;
  lqa_status status;
  LQA_TRY_OUT(sizes.failed ? LQA_NO_MEMORY : LQA_OK);
  if (n >= MIN_ROWS && (double)(n - largest) < LEAST_TRAINING * even) {
    LQA_TRY_OUT(lqa_job_note(
        job, lqa_message_new(
                 &job->out->arena,
                 "The folds are very unequal (%s rows), since rows of equal content "
                 "or of one " LQA_OPTION(
                     "group") " value stay together: %lld rows are predicted by "
                              "a model of %lld, so flags among them are unreliable. "
                              "Give " LQA_OPTION("group") " smaller groups, or leave it out.",
                 sizes.data, (long long)largest, (long long)(n - largest))));
  }
out:
  lqa_buf_clear(&sizes);
  return status;
}

/* Folds the caller gave: every scorable row in 0..n_folds-1. */
static lqa_status copy_folds(lqa_crossval_job *job) {
  job->out->n_folds = job->options->n_folds;
  for (int64_t row = 0; row < job->dataset->n_rows; row++) {
    uint8_t fold = job->options->fixed_fold[row];
    if (job->label[row] >= 0 && fold >= job->options->n_folds) {
      return lqa_fail(job->err, LQA_BAD_USAGE, "row %lld is in fold %d of %d", (long long)row, fold,
                      job->options->n_folds);
    }
    job->out->fold[row] = job->label[row] >= 0 ? fold : NO_FOLD;
  }
  return LQA_OK;
}

lqa_status lqa_job_deal_folds(lqa_crossval_job *job, int repeat) {
  const lqa_dataset *d = job->dataset;
  return lqa_folds_assign(d->n_rows, job->label, d->n_classes, job->grouped ? job->group : NULL,
                          job->out->n_folds, job->options->seed + (uint64_t)repeat * REPEAT_STRIDE,
                          job->out->fold, job->err);
}

lqa_status lqa_job_assign_folds(lqa_crossval_job *job) {
  if (job->options->fixed_fold) {
    return copy_folds(job);
  }
  int64_t n_groups;
  lqa_job_begin(job, "assigning folds");
  job->group = lqa_malloc((size_t)job->dataset->n_rows, sizeof *job->group);
  LQA_TRY(job->group ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY(part_rows(job, &n_groups));
  LQA_TRY(fit_folds(job, n_groups));
  LQA_TRY(lqa_job_deal_folds(job, 0));
  LQA_TRY(note_unequal(job));
  lqa_job_end(job, "folds");
  return LQA_OK;
}
