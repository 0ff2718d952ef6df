/* audit/provenance/metadata_leak.c - the label can be told from metadata alone.
 *
 * If the source, the annotator, the group or the file predicts the label, then a model may learn to
 * recognise the source, and error rates by source are error rates by class. For each such column
 * every row's label is predicted as the most frequent among the other rows of the same value, and
 * compared with always guessing the most frequent class.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/provenance/parts.h"
#include "base/memory.h"

enum { PARAM_ACCURACY, PARAM_GAIN };
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
  lqa_status status = cell && total ? LQA_OK : LQA_NO_MEMORY;
  int64_t most = 0;
  *out = (leak){0};
  for (int64_t row = 0; status == LQA_OK && row < d->n_rows; row++) {
    if (d->label[row] >= 0 && parts->of[row] != LQA_PART_NONE) {
      cell[parts->of[row] * n_classes + (size_t)d->label[row]]++;
      total[d->label[row]]++;
      out->rows++;
    }
  }
  for (uint32_t part = 0; status == LQA_OK && part < parts->n; part++) {
    out->accuracy += count_right(cell + part * n_classes, d->n_classes);
  }
  for (size_t k = 0; status == LQA_OK && k < n_classes; k++) {
    most = total[k] > most ? total[k] : most;
  }
  if (out->rows > 0) {
    out->accuracy /= out->rows;
    out->baseline = (double)most / out->rows;
  }
  free(cell);
  free(total);
  return status;
}

static lqa_status judge(const lqa_audit_input *input, const lqa_parts *parts) {
  const lqa_dataset *d = input->dataset;
  if (parts->n < 2 || (uint64_t)parts->n * (uint64_t)d->n_classes > MAX_CELLS) {
    return LQA_OK;
  }
  leak found;
  LQA_TRY(measure(d, parts, &found));
  bool enough = found.rows >= MIN_ROWS && found.rows >= MIN_ROWS_PER_VALUE * (double)parts->n;
  double gain = (found.accuracy - found.baseline) / (found.baseline < 1 ? 1 - found.baseline : 1);
  if (!enough || found.accuracy < input->params[PARAM_ACCURACY] ||
      gain < input->params[PARAM_GAIN]) {
    return LQA_OK;
  }
  const char *column = parts->role < 0 ? "the source file" : d->roles[parts->role].name;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "The label can be told from %s alone: right for %s of the rows (always guessing the most "
      "frequent class: %s). A model may learn to recognise the source instead of the subject; "
      "gather "
      "each class from several sources, or test on a source left out of training.",
      column, lqa_phrase_percent(input->arena, found.accuracy),
      lqa_phrase_percent(input->arena, found.baseline));
  if (finding) {
    finding->subject = column;
  }
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  static const int kinds[] = {LQA_PARTS_FILES, LQA_ROLE_SOURCE, LQA_ROLE_ANNOTATOR, LQA_ROLE_GROUP,
                              LQA_ROLE_SPLIT};
  uint32_t most = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    lqa_parts parts;
    LQA_TRY(lqa_parts_read(input->dataset, kinds[i], &parts, err));
    most = parts.n > most ? parts.n : most;
    lqa_status status = judge(input, &parts);
    lqa_parts_clear(&parts);
    LQA_TRY(status);
  }
  return most >= 2 ? LQA_OK
                   : lqa_finding_decline(input->findings,
                                         "one file, and no source, annotator, group or split "
                                         "column");
}

const lqa_audit lqa_audit_metadata_leak = {
    .number = LQA_AUDIT_metadata_leak,
    .id = "metadata-leak",
    .family = "provenance",
    .summary = "the label can be told from file, source, annotator, group or split alone",
    .needs = LQA_NEEDS_LABELS,
    .kinds = {{"metadata-leak", LQA_WARN, false, "metadata alone predicts the label"}},
    .params =
        {
            [PARAM_ACCURACY] = {"accuracy", .9, 0, 1, "of that prediction, at least"},
            [PARAM_GAIN] = {"gain", .6, 0, 1, "of the errors of the most frequent class avoided"},
        },
    .run = run,
};
