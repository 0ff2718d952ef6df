/* audit/provenance/given_probs.c - probabilities that the user brought: in another column order, or
 * made by a model that had seen the rows.
 *
 * Confident learning with such a matrix fails without a word: with columns permuted nearly every
 * row is flagged, with in-sample probabilities nearly none. Columns: the confusion matrix of given
 * and predicted labels is searched for a permutation that fits far better than none. In-sample: the
 * matrix agrees with nearly all given labels, while a quick model that predicts unseen rows agrees
 * with clearly fewer; a model that is that good on unseen rows exists, hence the margin.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/provenance/alignment.h"
#include "audit/provenance/permutation.h"
#include "audit/provenance/quick_bayes.h"
#include "base/buf.h"
#include "base/memory.h"

#include <math.h>

enum { COLUMNS, IN_SAMPLE };
enum { PARAM_ACCURACY, PARAM_MARGIN, PARAM_MIN_ROWS };
enum { SAMPLE_ROWS = 20000 };

static const double ALPHA = .01, MIN_RATIO = 1.5;

static lqa_status count_confusion(const lqa_alignment *a, int64_t *confusion) {
  const lqa_dataset *d = a->dataset;
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0 && a->predicted[row] >= 0) {
      confusion[(int64_t)d->label[row] * d->n_classes + a->predicted[row]]++;
    }
  }
  return LQA_OK;
}

static lqa_status report_columns(const lqa_audit_input *input, const lqa_permutation *found) {
  lqa_buf list;
  lqa_buf_init(&list, 1 << 14);
  for (int32_t k = 0; k < input->dataset->n_classes && list.size < 1000; k++) {
    if (found->to[k] != k) {
      lqa_buf_printf(&list, "%s%s stands where %s belongs", list.size ? ", " : "",
                     lqa_phrase_quote(input->arena, input->dataset->classes[k], 40),
                     lqa_phrase_quote(input->arena, input->dataset->classes[found->to[k]], 40));
    }
  }
  lqa_finding *finding =
      lqa_finding_add(input->findings, &input->audit->kinds[COLUMNS], NULL, 0,
                      "The columns of the given probabilities are in another order than the "
                      "classes: %s (of the rows "
                      "so labelled the matrix favours the exchanged class %lld times, their own "
                      "%lld times). Put the "
                      "columns in the order of --classes; the flags of this run are of no use.",
                      list.data ? list.data : "", (long long)found->moved, (long long)found->kept);
  lqa_buf_clear(&list);
  if (finding) {
    finding->z = found->z;
  }
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status judge_columns(const lqa_audit_input *input, const lqa_alignment *a, bool *found,
                                lqa_error *err) {
  int32_t n = input->dataset->n_classes;
  int64_t *confusion = lqa_calloc((size_t)n * (size_t)n, sizeof *confusion);
  lqa_permutation permutation = {0};
  lqa_status status = confusion ? count_confusion(a, confusion) : LQA_NO_MEMORY;
  if (status == LQA_OK) {
    status = lqa_permutation_find(n, confusion, MIN_RATIO,
                                  lqa_alignment_z_limit((double)n * n, ALPHA), &permutation, err);
  }
  *found = permutation.n_moved > 0;
  if (status == LQA_OK && *found) {
    status = report_columns(input, &permutation);
  }
  lqa_permutation_clear(&permutation);
  free(confusion);
  return status;
}

/* Accuracy of the matrix and of a quick model on the same drawn rows. */
typedef struct agreement {
  double given, quick, n;
} agreement;

static lqa_status measure(const lqa_audit_input *input, const lqa_alignment *a, agreement *out,
                          lqa_error *err) {
  const lqa_dataset *d = input->dataset;
  uint32_t n_buckets = lqa_quick_bayes_buckets(d->n_classes);
  lqa_bag_source *source;
  lqa_bag bag = {0};
  lqa_quick_bayes model = {0};
  int32_t *label = NULL, *predicted = NULL;
  *out = (agreement){0};
  LQA_TRY(lqa_bag_source_new(input, n_buckets, &source, err));
  if (!source) {
    return LQA_OK;
  }
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_bag_draw(source, 0, d->n_rows, SAMPLE_ROWS, input->seed, &bag, err));
  label = lqa_malloc(bag.n, sizeof *label);
  predicted = lqa_malloc(bag.n, sizeof *predicted);
  status = label && predicted ? LQA_OK : LQA_NO_MEMORY;
  LQA_TRY_OUT(status);
  for (size_t i = 0; i < bag.n; i++) {
    label[i] = d->label[bag.row[i]];
  }
  LQA_TRY_OUT(lqa_quick_bayes_fit(&model, &bag, n_buckets, d->n_classes, label));
  LQA_TRY_OUT(lqa_quick_bayes_predict(&model, &bag, predicted));
  for (size_t i = 0; i < bag.n; i++) {
    if (label[i] >= 0 && a->predicted[bag.row[i]] >= 0) {
      out->n++;
      out->given += a->predicted[bag.row[i]] == label[i];
      out->quick += predicted[i] == label[i];
    }
  }
out:
  lqa_quick_bayes_clear(&model);
  lqa_bag_clear(&bag);
  lqa_bag_source_free(source);
  free(label);
  free(predicted);
  return status;
}

static lqa_status judge_in_sample(const lqa_audit_input *input, const lqa_alignment *a,
                                  lqa_error *err) {
  agreement found;
  LQA_TRY(measure(input, a, &found, err));
  if (found.n < input->params[PARAM_MIN_ROWS]) {
    return LQA_OK;
  }
  double given = found.given / found.n, quick = found.quick / found.n;
  if (given < input->params[PARAM_ACCURACY] || quick > given - input->params[PARAM_MARGIN]) {
    return LQA_OK;
  }
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[IN_SAMPLE], NULL, 0,
      "The given probabilities agree with %s of the given labels; a quick model agrees with %s of "
      "rows it "
      "has not seen. They were probably made by a model that was trained on these rows, and then "
      "they "
      "repeat the wrong labels too. Use out-of-fold probabilities (cross-validation), or leave "
      "--pred-probs out.",
      lqa_phrase_percent(input->arena, given), lqa_phrase_percent(input->arena, quick));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  if (!input->dataset->pred_probs) {
    return LQA_OK;
  }
  lqa_alignment alignment;
  bool permuted = false;
  LQA_TRY(lqa_alignment_init(&alignment, input->dataset, input->pred_probs, err));
  lqa_status status = judge_columns(input, &alignment, &permuted, err);
  if (status == LQA_OK && !permuted) {
    status = judge_in_sample(input, &alignment, err);
  }
  lqa_alignment_clear(&alignment);
  return status;
}

const lqa_audit lqa_audit_given_probs = {
    .number = LQA_AUDIT_given_probs,
    .id = "given-probabilities",
    .family = "provenance",
    .summary = "given probabilities with permuted columns, or of a model that had seen the rows",
    .needs = LQA_NEEDS_PRED_PROBS | LQA_NEEDS_LABELS,
    .kinds =
        {
            [COLUMNS] = {"probability-columns", LQA_ERROR, false,
                         "the columns of the given probabilities are in another order"},
            [IN_SAMPLE] = {"in-sample-probabilities", LQA_ERROR, false,
                           "the given probabilities come from a model that had seen the rows"},
        },
    .params =
        {
            [PARAM_ACCURACY] = {"accuracy", .97, 0, 1,
                                "agreement with the labels that is suspicious"},
            [PARAM_MARGIN] = {"margin", .05, 0, 1, "above the agreement of a quick model"},
            [PARAM_MIN_ROWS] = {"min-rows", 100, 1, 1e9, "fewer rows are not judged"},
        },
    .run = run,
};
