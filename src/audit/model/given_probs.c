/* audit/model/given_probs.c - probabilities that the user brought: in another column order, in
 * another row order, made by a model that had seen the rows, or no probabilities at all.
 *
 * Confident learning with such a matrix fails without a word: with columns permuted nearly every
 * row is flagged, with in-sample probabilities nearly none. Columns: the confusion matrix of given
 * and predicted labels is searched for a permutation that fits far better than none. In-sample: the
 * matrix agrees with nearly all given labels, while a quick model that predicts unseen rows agrees
 * with clearly fewer; a model that is that good on unseen rows exists, hence the margin. Rows: no
 * better than chance where a quick model is, or shifted and reversed blocks where the quick model
 * agrees with the labels (order_fault.h). A matrix that says the same of every row is told as that.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/alignment.h"
#include "audit/measure/order_fault.h"
#include "audit/measure/permutation.h"
#include "audit/measure/quick_bayes.h"
#include "audit/row_list.h"
#include "base/buf.h"
#include "base/memory.h"

#include <math.h>

enum { COLUMNS, IN_SAMPLE, PERHAPS_IN_SAMPLE, ROW_ORDER, ROW_SUMS, CONSTANT };
enum { PARAM_ACCURACY, PARAM_MARGIN, PARAM_MIN_ROWS, PARAM_SUM, PARAM_GAP };
enum { SAMPLE_ROWS = 20000, MAX_LAG = 3, MAX_SEGMENTS = 32 };

static const double ALPHA = .01, MIN_RATIO = 1.5, MAX_CHANCE_Z = 3, MIN_GAIN = .1;
static const double MIN_CLOSED = .5; /* of what the quick model gets wrong */
static const float MIN_SPREAD = .01f;

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
      lqa_buf_printf(&list, "%s%s is in the place of %s", list.size ? ", " : "",
                     lqa_phrase_quote(input->arena, input->dataset->classes[k], 40),
                     lqa_phrase_quote(input->arena, input->dataset->classes[found->to[k]], 40));
    }
  }
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[COLUMNS], NULL, 0,
      "The columns of the given probabilities are in another order than the "
      "classes: %s (of the rows "
      "so labelled the matrix favours the exchanged class %lld times, their own "
      "%lld times). Put the "
      "columns in the order of " LQA_OPTION("classes") "; the flags of this run are of no use.",
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
  lqa_status status;
  LQA_TRY_OUT(confusion ? count_confusion(a, confusion) : LQA_NO_MEMORY);
  LQA_TRY_OUT(lqa_permutation_find(n, confusion, MIN_RATIO,
                                   lqa_alignment_z_limit((double)n * n, ALPHA), &permutation, err));
  *found = permutation.n_moved > 0;
  if (*found) {
    LQA_TRY_OUT(report_columns(input, &permutation));
  }
out:
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
  lqa_hashed_row_source *source;
  lqa_hashed_rows bag = {0};
  lqa_quick_bayes model = {0};
  int32_t *label = NULL, *predicted = NULL;
  *out = (agreement){0};
  LQA_TRY(lqa_hashed_row_source_new(input, n_buckets, &source, err));
  if (!source) {
    return LQA_OK;
  }
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_hashed_rows_draw(source, 0, d->n_rows, SAMPLE_ROWS, input->seed, &bag, err));
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
  lqa_hashed_rows_clear(&bag);
  lqa_hashed_row_source_free(source);
  free(label);
  free(predicted);
  return status;
}

/* Agreement of given and predicted labels over all rows, and what independence would give. */
typedef struct chance {
  double n, agree, expected;
} chance;

static lqa_status measure_chance(const lqa_alignment *a, chance *out) {
  const lqa_dataset *d = a->dataset;
  int64_t *labels = lqa_calloc((size_t)d->n_classes * 2, sizeof *labels);
  if (!labels) {
    return LQA_NO_MEMORY;
  }
  int64_t *predictions = labels + d->n_classes;
  *out = (chance){0};
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0 && a->predicted[row] >= 0) {
      out->n++;
      out->agree += d->label[row] == a->predicted[row];
      labels[d->label[row]]++;
      predictions[a->predicted[row]]++;
    }
  }
  for (int32_t k = 0; k < d->n_classes; k++) {
    out->expected += (double)labels[k] * (double)predictions[k] / fmax(out->n, 1);
  }
  free(labels);
  return LQA_OK;
}

/* True if the matrix knows no more of the labels than chance, though a quick model does. */
static lqa_status judge_row_order(const lqa_audit_input *input, const lqa_alignment *a,
                                  const agreement *quick, bool *found) {
  chance c;
  LQA_TRY(measure_chance(a, &c));
  double share = c.expected / fmax(c.n, 1), deviation = sqrt(c.n * share * (1 - share));
  double known = quick->n > 0 ? quick->quick / quick->n : NAN;
  *found = c.n >= input->params[PARAM_MIN_ROWS] && share < 1 &&
           c.agree - c.expected < MAX_CHANCE_Z * deviation && known > share + MIN_GAIN;
  if (!*found) {
    return LQA_OK;
  }
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[ROW_ORDER], NULL, 0,
      "The given probabilities agree with %s of the given labels, no more than chance (%s), while "
      "a "
      "quick model agrees with %s of rows it has not seen. Their rows are probably in another "
      "order than the data's (a shuffle, a sort or a join between the two). Make them again in the "
      "order of this file; the flags of this run are of no use.",
      lqa_phrase_percent(input->arena, c.agree / c.n), lqa_phrase_percent(input->arena, share),
      lqa_phrase_percent(input->arena, known));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status report_slip(const lqa_audit_input *input, const lqa_segment *segment) {
  int32_t shift = segment->lag;
  const char *how = shift ? lqa_arena_printf(input->arena, "belong %d row%s further %s", abs(shift),
                                             abs(shift) == 1 ? "" : "s", shift > 0 ? "down" : "up")
                          : "are in reversed order";
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[ROW_ORDER], NULL, 0,
      "The given probabilities of the %s %s (z = %.1f), while a quick model of the contents agrees "
      "with the labels there: the probabilities are in the wrong order, not the labels. Compute "
      "them again in the order of this file, and ignore the flags of these rows.",
      lqa_phrase_block(input->arena, input->dataset, segment->from, segment->to), how ? how : "",
      segment->test.z);
  if (!finding) {
    return LQA_NO_MEMORY;
  }
  finding->is_block = true;
  finding->rows_from = segment->from;
  finding->rows_to = segment->to;
  finding->z = segment->test.z;
  return LQA_OK;
}

/* Blocks of probabilities that stand beside the wrong rows; masks them in `a`. */
static lqa_status judge_slips(const lqa_audit_input *input, lqa_alignment *a, bool *found,
                              lqa_error *err) {
  lqa_alignment_options options = {MAX_LAG, ALPHA, MIN_RATIO, MAX_SEGMENTS};
  lqa_segment_list list = {0};
  lqa_order_fault arbiter = {0};
  lqa_status status = lqa_alignment_find_shifts(a, &options, &list);
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(lqa_alignment_find_reversals(a, &options, &list));
  if (list.n > 0) {
    LQA_TRY_OUT(lqa_order_fault_init(&arbiter, input, err));
  }
  for (size_t i = 0; i < list.n; i++) {
    if (lqa_order_fault_find(&arbiter, &list.data[i]) == LQA_FAULT_PROBABILITIES) {
      *found = true;
      LQA_TRY_OUT(report_slip(input, &list.data[i]));
    }
  }
out:
  lqa_order_fault_clear(&arbiter);
  lqa_vec_clear(&list);
  return status;
}

/* True if no class's probability differs between rows by more than a hair. */
static bool is_constant(const lqa_audit_input *input, const lqa_alignment *a) {
  int32_t n_classes = input->dataset->n_classes;
  for (int32_t k = 0; k < n_classes; k++) {
    float low = INFINITY, high = -INFINITY;
    for (int64_t row = 0; row < input->dataset->n_rows; row++) {
      float p = input->pred_probs[row * n_classes + k];
      low = a->predicted[row] >= 0 && p < low ? p : low;
      high = a->predicted[row] >= 0 && p > high ? p : high;
      if (high - low > MIN_SPREAD) {
        return false;
      }
    }
  }
  return true;
}

static lqa_status report_constant(const lqa_audit_input *input) {
  return lqa_finding_add(
             input->findings, &input->audit->kinds[CONSTANT], NULL, 0,
             "The given probabilities are the same in every row (within %.2g), so they carry no "
             "information about any label; ignore the flags of this run. Give a "
             "trained model's out-of-fold probabilities, or leave " LQA_OPTION(
                 "pred_probs") " out.",
             (double)MIN_SPREAD)
             ? LQA_OK
             : LQA_NO_MEMORY;
}

static lqa_status report_sums(const lqa_audit_input *input, const lqa_row_list *rows, double low,
                              double high) {
  int64_t n = (int64_t)rows->n;
  lqa_finding *finding =
      lqa_finding_add(input->findings, &input->audit->kinds[ROW_SUMS], rows->data, n,
                      "%s probabilities that do not sum to 1 (sums from %.4g to %.4g; %s). They "
                      "are used unchanged. Independent scores per class (sigmoids) or a missing "
                      "column have this effect: give a distribution over the classes.",
                      lqa_phrase_count(input->arena, n, "row has", "rows have"), low, high,
                      lqa_phrase_rows(input->arena, rows->data, n));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status judge_sums(const lqa_audit_input *input) {
  const lqa_matrix *matrix = input->dataset->pred_probs;
  size_t n = (size_t)matrix->n_columns;
  double *values = lqa_malloc(n, sizeof *values), low = INFINITY, high = -INFINITY;
  lqa_row_list rows = {0};
  lqa_status status;
  LQA_TRY_OUT(values ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; row < input->dataset->n_rows; row++) {
    double sum = 0;
    lqa_matrix_row_f64(matrix, row, values);
    for (size_t k = 0; k < n; k++) {
      sum += values[k];
    }
    if (fabs(sum - 1) > input->params[PARAM_SUM]) { /* false for NaN: a row without any */
      low = fmin(low, sum);
      high = fmax(high, sum);
      LQA_TRY_OUT(lqa_vec_push(&rows, row));
    }
  }
  if (rows.n) {
    LQA_TRY_OUT(report_sums(input, &rows, low, high));
  }
out:
  lqa_vec_clear(&rows);
  free(values);
  return status;
}

/* Agreement far above a quick model's: a warning, since a far better model is the other reason. */
static lqa_status report_gap(const lqa_audit_input *input, double given, double quick) {
  return lqa_finding_add(
             input->findings, &input->audit->kinds[PERHAPS_IN_SAMPLE], NULL, 0,
             "The given probabilities agree with %s of the given labels; a quick model agrees with "
             "%s of rows it has not seen. Either your model is far better, or it was trained on "
             "these rows, and then it repeats wrong labels and few are flagged. If you called fit "
             "and predict on the same rows, use cross-validation, or leave " LQA_OPTION(
                 "pred_probs") " out.",
             lqa_phrase_percent(input->arena, given), lqa_phrase_percent(input->arena, quick))
             ? LQA_OK
             : LQA_NO_MEMORY;
}

static lqa_status judge_in_sample(const lqa_audit_input *input, const agreement *agreed) {
  const agreement found = *agreed;
  double given = found.given / found.n, quick = found.quick / found.n;
  if (given < input->params[PARAM_ACCURACY] || quick > given - input->params[PARAM_MARGIN]) {
    bool is_far =
        given - quick >= input->params[PARAM_GAP] && given - quick >= MIN_CLOSED * (1 - quick);
    return is_far ? report_gap(input, given, quick) : LQA_OK;
  }
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[IN_SAMPLE], NULL, 0,
      "The given probabilities agree with %s of the given labels; a quick model agrees with %s of "
      "rows it "
      "has not seen. They were probably made by a model that was trained on these rows, and then "
      "they "
      "repeat the wrong labels too. Use out-of-fold probabilities (cross-validation), or "
      "leave " LQA_OPTION("pred_probs") " out.",
      lqa_phrase_percent(input->arena, given), lqa_phrase_percent(input->arena, quick));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

/* Kinds that come after one that was found, or that there is too little to compare with for. */
static lqa_status decline(const lqa_audit_input *input, int from, const char *reason) {
  const lqa_finding_kind *kinds = input->audit->kinds;
  if (from == ROW_ORDER) {
    LQA_TRY(lqa_finding_decline_kind(input->findings, &kinds[ROW_ORDER], reason));
  }
  LQA_TRY(lqa_finding_decline_kind(input->findings, &kinds[PERHAPS_IN_SAMPLE], reason));
  return lqa_finding_decline_kind(input->findings, &kinds[IN_SAMPLE], reason);
}

static lqa_status judge_against_model(const lqa_audit_input *input, lqa_alignment *alignment,
                                      lqa_error *err) {
  agreement agreed;
  bool is_found = false;
  LQA_TRY(measure(input, alignment, &agreed, err));
  if (agreed.n == 0) {
    return decline(input, ROW_ORDER, "no content beside the probabilities");
  }
  if (agreed.n < input->params[PARAM_MIN_ROWS]) {
    return decline(input, ROW_ORDER,
                   "too few rows (" LQA_OPTION_AS("set", "given-probabilities.min-rows") ")");
  }
  LQA_TRY(judge_slips(input, alignment, &is_found, err));
  if (!is_found) {
    LQA_TRY(judge_row_order(input, alignment, &agreed, &is_found));
  }
  return is_found ? decline(input, IN_SAMPLE, "the rows are in another order")
                  : judge_in_sample(input, &agreed);
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  lqa_alignment alignment;
  bool is_found = false;
  LQA_TRY(judge_sums(input));
  LQA_TRY(lqa_alignment_init(&alignment, input->dataset, input->pred_probs, err));
  lqa_status status;
  if (is_constant(input, &alignment)) {
    LQA_TRY_OUT(report_constant(input));
    LQA_TRY_OUT(decline(input, ROW_ORDER, "the probabilities are the same in every row"));
  } else {
    LQA_TRY_OUT(judge_columns(input, &alignment, &is_found, err));
    status = is_found ? decline(input, ROW_ORDER, "the columns are in another order")
                      : judge_against_model(input, &alignment, err);
  }
out:
  lqa_alignment_clear(&alignment);
  return status;
}

const lqa_audit lqa_audit_given_probs = {
    .number = LQA_AUDIT_given_probs,
    .id = "given-probabilities",
    .family = LQA_FAMILY_MODEL,
    .summary =
        "given probabilities: columns or rows permuted, sums, a model that had seen the rows",
    .needs = LQA_NEEDS_PRED_PROBS | LQA_NEEDS_GIVEN_PROBS | LQA_NEEDS_LABELS,
    .kinds =
        {
            [COLUMNS] = {"probability-columns", LQA_ERROR, false,
                         "the columns of the given probabilities are in another order"},
            [IN_SAMPLE] = {"in-sample-probabilities", LQA_ERROR, false,
                           "the given probabilities come from a model that had seen the rows"},
            [PERHAPS_IN_SAMPLE] = {"in-sample-probabilities", LQA_WARN, false,
                                   "they agree with far more labels than a quick model does"},
            [ROW_ORDER] = {"probability-rows", LQA_ERROR, false,
                           "the rows of the given probabilities are in another order"},
            [CONSTANT] = {"probability-constant", LQA_ERROR, false,
                          "the given probabilities are the same in every row"},
            [ROW_SUMS] = {"probability-sums", LQA_WARN, true,
                          "the given probabilities of the row do not sum to 1"},
        },
    .params =
        {
            [PARAM_ACCURACY] = {"accuracy", .97, 0, 1,
                                "agreement with the labels that is suspicious", false},
            [PARAM_MARGIN] = {"margin", .05, 0, 1, "above the agreement of a quick model", false},
            [PARAM_MIN_ROWS] = {"min-rows", 100, 1, 1e9, "fewer rows are not judged", true},
            [PARAM_SUM] = {"sum-tolerance", .01, 0, 1e9, "a row's sum may differ from 1 by this",
                           false},
            [PARAM_GAP] = {"gap", .08, 0, 1,
                           "agreement this far above a quick model's is a warning", false},
        },
    .run = run,
};
