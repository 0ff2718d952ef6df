/* audit/provenance/split_drift.c - splits that do not look like one another.
 *
 * Train and test should be draws from one pot. Compared are the class shares (chi-square of the
 * table split x class; Cramer's V says whether the difference matters) and the mean text lengths
 * (in standard deviations of all rows). Both must be unlikely by chance and large enough to care.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/parts.h"
#include "audit/p_value.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <math.h>

enum { ROWS_PER_PIECE = 1 << 18, MAX_SPLITS = 100 };

enum { PARAM_V, PARAM_DISTANCE };

static const double ALPHA = 1e-4;

/* Sums over one split. */
typedef struct split_sums {
  double rows, labelled, length, texts;
} split_sums;

typedef struct tables {
  const lqa_dataset *dataset;
  lqa_parts parts;
  double *cell, *class_total; /* parts x classes; classes */
  split_sums *split;
  double labelled, length_mean, length_std;
} tables;

static void tables_clear(tables *t) {
  lqa_parts_clear(&t->parts);
  free(t->cell);
  free(t->class_total);
  free(t->split);
}

static void tables_fill(tables *t) {
  const lqa_dataset *d = t->dataset;
  double n = 0, sum = 0, squares = 0;
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (row % ROWS_PER_PIECE == 0) {
      lqa_dataset_release_content(d, row);
    }
    uint32_t part = t->parts.of[row];
    if (part == LQA_PART_NONE) {
      continue;
    }
    t->split[part].rows++;
    if (d->label[row] >= 0) {
      t->cell[(size_t)part * (size_t)d->n_classes + (size_t)d->label[row]]++;
      t->class_total[d->label[row]]++;
      t->split[part].labelled++;
      t->labelled++;
    }
    lqa_str text = d->kind == LQA_CONTENT_TEXT ? lqa_column_get(&d->content, row) : (lqa_str){0};
    if (text.data) {
      double length = (double)lqa_utf8_count(text.data, text.size);
      t->split[part].length += length;
      t->split[part].texts++;
      n++;
      sum += length;
      squares += length * length;
    }
  }
  t->length_mean = n > 0 ? sum / n : 0;
  t->length_std = n > 0 ? sqrt(fmax(squares / n - t->length_mean * t->length_mean, 0)) : 0;
}

static lqa_status judge_classes(const lqa_audit_input *input, const tables *t) {
  double chi = 0, worst = 0;
  size_t n_classes = (size_t)t->dataset->n_classes, worst_class = 0;
  uint32_t worst_part = 0;
  for (uint32_t part = 0; part < t->parts.n; part++) {
    for (size_t k = 0; k < n_classes; k++) {
      double expected = t->class_total[k] * t->split[part].labelled / fmax(t->labelled, 1);
      double difference = t->cell[part * n_classes + k] - expected;
      double term = expected > 0 ? difference * difference / expected : 0;
      chi += term;
      if (term > worst) {
        worst = term;
        worst_part = part;
        worst_class = k;
      }
    }
  }
  double parts = (double)t->parts.n - 1, classes = (double)n_classes - 1;
  double v = sqrt(chi / fmax(t->labelled * fmin(parts, classes), 1));
  if (v < input->params[PARAM_V] || lqa_p_value_chi_square(chi, parts * classes) > ALPHA) {
    return LQA_OK;
  }
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "The splits differ in their class shares (Cramer's V %.2f): most of all, class %s makes up "
      "%s of "
      "split %s and %s of all rows. Split again, stratified by class, unless this is meant.",
      v, lqa_phrase_quote(input->arena, t->dataset->classes[worst_class], 40),
      lqa_phrase_percent(input->arena, t->cell[worst_part * n_classes + worst_class] /
                                           fmax(t->split[worst_part].labelled, 1)),
      lqa_phrase_quote(input->arena, lqa_parts_name(&t->parts, worst_part), 40),
      lqa_phrase_percent(input->arena, t->class_total[worst_class] / fmax(t->labelled, 1)));
  if (finding) {
    finding->subject = "classes";
  }
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status judge_lengths(const lqa_audit_input *input, const tables *t) {
  for (uint32_t part = 0; part < t->parts.n && t->length_std > 0; part++) {
    double n = t->split[part].texts, mean = t->split[part].length / fmax(n, 1);
    double distance = (mean - t->length_mean) / t->length_std;
    double p = 2 * lqa_p_value_normal(fabs(distance) * sqrt(n));
    if (n < 20 || fabs(distance) < input->params[PARAM_DISTANCE] || p > ALPHA / t->parts.n) {
      continue;
    }
    lqa_finding *finding = lqa_finding_add(
        input->findings, &input->audit->kinds[0], NULL, 0,
        "The texts of split %s are %.0f code points long on average, all texts %.0f (%.2f standard "
        "deviations). Do the splits come from different sources?",
        lqa_phrase_quote(input->arena, lqa_parts_name(&t->parts, part), 40), mean, t->length_mean,
        distance);
    if (!finding) {
      return LQA_NO_MEMORY;
    }
    finding->subject = "lengths";
  }
  return LQA_OK;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  tables t = {.dataset = input->dataset};
  LQA_TRY(lqa_parts_read(input->dataset, LQA_ROLE_SPLIT, &t.parts, err));
  size_t n_classes = (size_t)input->dataset->n_classes;
  lqa_status status;
  if (t.parts.n < 2 || t.parts.n > MAX_SPLITS) {
    status = lqa_finding_decline(input->findings, "column '%s' holds %s",
                                 input->dataset->roles[LQA_ROLE_SPLIT].name,
                                 t.parts.n == 0   ? "no split"
                                 : t.parts.n == 1 ? "one split only"
                                                  : "more than 100 splits");
    goto out;
  }
  t.cell = lqa_calloc(t.parts.n, n_classes * sizeof *t.cell);
  t.class_total = lqa_calloc(n_classes, sizeof *t.class_total);
  t.split = lqa_calloc(t.parts.n, sizeof *t.split);
  LQA_TRY_OUT(t.cell && t.class_total && t.split ? LQA_OK : LQA_NO_MEMORY);
  tables_fill(&t);
  LQA_TRY_OUT(n_classes > 1 ? judge_classes(input, &t) : LQA_OK);
  status = judge_lengths(input, &t);
out:
  tables_clear(&t);
  return status;
}

const lqa_audit lqa_audit_split_drift = {
    .number = LQA_AUDIT_split_drift,
    .id = "split-drift",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "splits that differ in class shares or text lengths",
    .needs = LQA_NEEDS_SPLIT | LQA_NEEDS_LABELS,
    .kinds = {{"split-drift", LQA_WARN, false, "the splits differ in classes or text lengths"}},
    .params =
        {
            [PARAM_V] = {"v", .1, 0, 1, "Cramer's V of split and class from which on it matters",
                         false},
            [PARAM_DISTANCE] = {"distance", .25, 0, 100, "of mean lengths, in standard deviations",
                                false},
        },
    .run = run,
};
