/* audit/provenance/metadata_leak.c - the label can be told from metadata alone.
 *
 * If the source, the annotator, the group or the file predicts the label, then a model may learn to
 * recognise the source, and error rates by source are error rates by class. For each such column
 * every row's label is predicted as the most frequent among the other rows of the same value, and
 * compared with always guessing the most frequent class. Feature columns of a table are held to
 * more: one that tells the label without error is the label under another name, or written after
 * it.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/parts.h"
#include "base/memory.h"

#include <math.h>

enum { PARAM_ACCURACY, PARAM_GAIN };
#define FEATURE_ACCURACY .99
#define FEATURE_GAIN .98
enum { MAX_CELLS = 1 << 24, MIN_ROWS = 50, MIN_ROWS_PER_VALUE = 5 };

/* Rows right when predicted by the others of the same value; `count` is one value's class counts.
 */
static double count_right(const int64_t *count, int32_t n_classes) {
  int32_t best = 0, second = -1;
  for (int32_t k = 1; k < n_classes; k++) {
    if (count[k] > count[best]) {
      second = best;
      best = k;
    } else if (second < 0 || count[k] > count[second]) {
      second = k;
    }
  }
  /* leaving a row of the best class out, the best must still lead or tie */
  bool leads = count[best] - 1 >= (second < 0 ? 0 : count[second]) && count[best] > 1;
  return leads ? (double)count[best] : 0;
}

typedef struct leak {
  double accuracy, baseline, rows;
} leak;

static lqa_status measure(const lqa_dataset *d, const lqa_parts *parts, leak *out) {
  size_t n_classes = (size_t)d->n_classes;
  int64_t *cell = lqa_calloc(parts->n, n_classes * sizeof *cell);
  int64_t *total = lqa_calloc(n_classes, sizeof *total);
  int64_t most = 0;
  *out = (leak){0};
  lqa_status status;
  LQA_TRY_OUT(cell && total ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0 && parts->of[row] != LQA_PART_NONE) {
      cell[parts->of[row] * n_classes + (size_t)d->label[row]]++;
      total[d->label[row]]++;
      out->rows++;
    }
  }
  for (uint32_t part = 0; part < parts->n; part++) {
    out->accuracy += count_right(cell + part * n_classes, d->n_classes);
  }
  for (size_t k = 0; k < n_classes; k++) {
    most = total[k] > most ? total[k] : most;
  }
out:
  if (out->rows > 0) {
    out->accuracy /= out->rows;
    out->baseline = (double)most / out->rows;
  }
  free(cell);
  free(total);
  return status;
}

/* What a column must reach to be reported, and what its finding says after the figures. */
typedef struct leak_standard {
  double accuracy, gain;
  const char *what, *advice;
} leak_standard;

static lqa_status check_column(const lqa_audit_input *input, const lqa_parts *parts,
                               const char *column, const leak_standard *standard) {
  const lqa_dataset *d = input->dataset;
  if (parts->n < 2 || (uint64_t)parts->n * (uint64_t)d->n_classes > MAX_CELLS) {
    return LQA_OK;
  }
  leak found;
  LQA_TRY(measure(d, parts, &found));
  bool enough = found.rows >= MIN_ROWS && found.rows >= MIN_ROWS_PER_VALUE * (double)parts->n;
  double gain = (found.accuracy - found.baseline) / (found.baseline < 1 ? 1 - found.baseline : 1);
  if (!enough || found.accuracy < standard->accuracy || gain < standard->gain) {
    return LQA_OK;
  }
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "The label can be predicted from %s%s alone: right for %s of the rows (always "
      "guessing the most frequent class: %s). %s",
      standard->what, column, lqa_phrase_percent(input->arena, found.accuracy),
      lqa_phrase_percent(input->arena, found.baseline), standard->advice);
  if (finding) {
    finding->subject = column;
  }
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status judge_metadata(const lqa_audit_input *input, uint32_t *most, lqa_error *err) {
  static const int kinds[] = {LQA_PARTS_FILES, LQA_ROLE_SOURCE, LQA_ROLE_ANNOTATOR, LQA_ROLE_GROUP,
                              LQA_ROLE_SPLIT};
  const leak_standard standard = {
      input->params[PARAM_ACCURACY], input->params[PARAM_GAIN], "",
      "A model may learn to recognise the source instead of the subject; gather each class from "
      "several sources, or test on a source left out of training."};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    lqa_parts parts;
    LQA_TRY(lqa_parts_read(input->dataset, kinds[i], &parts, err));
    *most = parts.n > *most ? parts.n : *most;
    const char *column = kinds[i] < 0 ? "the source file" : input->dataset->roles[kinds[i]].name;
    lqa_status status = check_column(input, &parts, column, &standard);
    lqa_parts_clear(&parts);
    LQA_TRY(status);
  }
  return LQA_OK;
}

/* Rows by a feature's value; no parts where it has too many values. */
static lqa_status part_by_feature(const lqa_feature_column *column, int64_t n_rows,
                                  lqa_parts *parts) {
  parts->names = lqa_map_new(true);
  parts->of = lqa_malloc((size_t)n_rows, sizeof *parts->of);
  LQA_TRY(parts->names && parts->of ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; row < n_rows; row++) {
    double value = column->values[row] == 0 ? 0 : column->values[row]; /* -0 is 0 */
    parts->of[row] = LQA_PART_NONE;
    if (!isnan(value)) {
      lqa_str key = {(const char *)&value, sizeof value};
      LQA_TRY(lqa_map_add(parts->names, key, &parts->of[row], NULL));
      parts->n = lqa_map_count(parts->names);
    }
    if (parts->n > LQA_PARTS_MAX) {
      parts->n = 0;
      break;
    }
  }
  return LQA_OK;
}

/* Features are there to tell the label, but hardly one alone, with next to no error. */
static lqa_status judge_features(const lqa_audit_input *input) {
  static const leak_standard standard = {
      FEATURE_ACCURACY, FEATURE_GAIN, "feature column ",
      "It may be the label under another name, or be written after it; a model that reads it "
      "hardly "
      "ever disagrees with a label, so wrong ones stay hidden. Leave it out of " LQA_OPTION(
          "features") "."};
  const lqa_dataset *d = input->dataset;
  for (int32_t c = 0; c < d->n_features; c++) {
    lqa_parts parts = {.dataset = d};
    lqa_status status = part_by_feature(&d->features[c], d->n_rows, &parts);
    status =
        status == LQA_OK ? check_column(input, &parts, d->features[c].name, &standard) : status;
    lqa_parts_clear(&parts);
    LQA_TRY(status);
  }
  return LQA_OK;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  uint32_t most = 0;
  LQA_TRY(judge_metadata(input, &most, err));
  LQA_TRY(judge_features(input));
  return most >= 2 || input->dataset->n_features > 0
             ? LQA_OK
             : lqa_finding_decline(input->findings,
                                   "one file, and no source, annotator, group or split column");
}

const lqa_audit lqa_audit_metadata_leak = {
    .number = LQA_AUDIT_metadata_leak,
    .id = "metadata-leak",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "the label can be predicted from file, source, annotator, group, split or one "
               "feature alone",
    .needs = LQA_NEEDS_LABELS,
    .kinds = {{"metadata-leak", LQA_WARN, false, "metadata alone predicts the label"}},
    .params =
        {
            [PARAM_ACCURACY] = {"accuracy", .9, 0, 1, "of that prediction, at least", false},
            [PARAM_GAIN] = {"gain", .6, 0, 1, "of the errors of the most frequent class avoided",
                            false},
        },
    .run = run,
};
