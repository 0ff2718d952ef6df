/* audit/provenance/misalignment.c - labels that stand beside the wrong rows.
 *
 * A column pasted one cell too low, a sort applied to one column only, a join on row numbers after
 * a filter: every label is a real label, every count is right, and the file trains to nonsense. Two
 * searches: a refit at every lag finds files that slipped as a whole (lag_refit.c), a scan over the
 * out-of-fold probabilities finds blocks with their ends (alignment.c). When the refit alarms, its
 * own predictions are scanned instead, since the model of the slipped labels knows nothing.
 *
 * Given probabilities may have slipped themselves: a quick model of the contents is then the
 * arbiter (order_fault.h). Blocks where only the probabilities slipped are left to given_probs.c;
 * where nothing can tell, both possibilities are named and no repair is offered.
 *
 * A block marks its rows and suggests each the label that stands `shift` rows away. The labels of
 * its last rows were overwritten; they are marked without a suggestion.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/alignment.h"
#include "audit/measure/order_fault.h"
#include "audit/measure/lag_refit.h"
#include "audit/row_list.h"
#include "base/memory.h"

#include <math.h>

enum { BLOCK, WHOLE, REVERSED };
enum { PARAM_MAX_LAG, PARAM_ALPHA, PARAM_MIN_RATIO, PARAM_SAMPLE, PARAM_FULL_SAMPLE };
enum { MAX_SEGMENTS = 32 };

static const double SUSPICION_Z = 3.5;
static const double WHOLE_SHARE = .95; /* of a file's rows, from which on it slipped as a whole */

/* "of the row above", "of the row 2 below". */
static const char *describe_shift(lqa_arena *arena, int32_t shift) {
  const char *side = shift > 0 ? "above" : "below";
  int32_t distance = shift > 0 ? shift : -shift;
  const char *text = distance == 1
                         ? lqa_arena_printf(arena, "of the row %s", side)
                         : lqa_arena_printf(arena, "of the row %d %s", (int)distance, side);
  return text ? text : "";
}

/* True if the segment is (nearly) a whole file, and then made exactly that: the ends of a file that
 * slipped as a whole are the file's. *name is its path where there are several. */
static bool widen_to_file(const lqa_dataset *d, lqa_segment *segment, const char **name) {
  int64_t from, to, row_in_file;
  lqa_alignment_file_bounds(d, segment->from, &from, &to);
  *name = d->n_files > 1 ? lqa_dataset_file_of(d, segment->from, &row_in_file)->path : NULL;
  bool whole = (double)(segment->to - segment->from + 1) >= WHOLE_SHARE * (double)(to - from);
  if (whole) {
    segment->from = from;
    segment->to = to - 1;
  }
  return whole;
}

static void set_block(lqa_finding *finding, const lqa_segment *segment, const char *repair) {
  finding->is_block = true;
  finding->rows_from = segment->from;
  finding->rows_to = segment->to;
  finding->has_shift = segment->lag != 0;
  finding->shift = segment->lag;
  finding->z = segment->test.z;
  finding->repair = repair;
}

static lqa_status suggest_labels(const lqa_audit_input *input, lqa_finding *finding) {
  int32_t *label = lqa_arena_alloc(input->arena, (size_t)finding->n_rows, sizeof *label);
  if (!label) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < finding->n_rows; i++) {
    int64_t other = finding->rows[i] + finding->shift;
    bool inside = other >= finding->rows_from && other <= finding->rows_to;
    label[i] = inside && input->dataset->label[other] >= 0 ? input->dataset->label[other] : -1;
  }
  finding->suggested_label = label;
  return LQA_OK;
}

static lqa_status report_block(const lqa_audit_input *input, const lqa_segment *segment) {
  lqa_row_list rows = {0};
  lqa_finding *finding = NULL;
  lqa_status status = LQA_OK;
  for (int64_t row = segment->from; row <= segment->to; row++) {
    LQA_TRY_OUT(lqa_vec_push(&rows, row));
  }
  finding = lqa_finding_add(
      input->findings, &input->audit->kinds[BLOCK], rows.data, (int64_t)rows.n,
      "The %s carry the label %s (z = %.1f): of %lld rows there whose two labels differ, the "
      "model predicts that label %lld times and their own %lld times. Look at the first and last "
      "rows in the source, then move the labels back: labelqa export RUN fixed FILE --repair "
      "row-shift.",
      lqa_phrase_block(input->arena, input->dataset, segment->from, segment->to),
      describe_shift(input->arena, segment->lag), segment->test.z,
      (long long)segment->test.differing, (long long)segment->test.other,
      (long long)segment->test.own);
out:
  lqa_vec_clear(&rows);
  if (!finding) {
    return LQA_NO_MEMORY;
  }
  set_block(finding, segment, "row-shift");
  return suggest_labels(input, finding);
}

static lqa_status report_whole(const lqa_audit_input *input, const lqa_segment *segment,
                               const char *file, const lqa_refit *refit) {
  const char *accuracy =
      refit->z > SUSPICION_Z
          ? lqa_arena_printf(input->arena,
                             "; a model fits the labels with %s accuracy after moving them back, "
                             "with %s as they are",
                             lqa_phrase_percent(input->arena, refit->accuracy),
                             lqa_phrase_percent(input->arena, refit->given_accuracy))
          : "";
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[WHOLE], NULL, 0,
      "All rows%s%s carry the label %s (z = %.1f%s). Check the join or the paste that brought the "
      "labels in, or move them back: labelqa export RUN fixed FILE --repair row-shift.",
      file ? " of " : "", file ? file : "", describe_shift(input->arena, segment->lag),
      segment->test.z, accuracy ? accuracy : "");
  if (!finding) {
    return LQA_NO_MEMORY;
  }
  finding->subject = file;
  set_block(finding, segment, "row-shift");
  return LQA_OK;
}

static lqa_status report_reversed(const lqa_audit_input *input, lqa_segment *segment) {
  const char *file;
  bool whole = widen_to_file(input->dataset, segment, &file);
  const char *where =
      !whole ? lqa_phrase_block(input->arena, input->dataset, segment->from, segment->to)
      : file ? lqa_arena_printf(input->arena, "all rows of %s", file)
             : "all rows";
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[REVERSED], NULL, 0,
      "The labels of %s are in reversed order (z = %.1f): the first row carries the last row's "
      "label, and so on. Check how the labels were sorted, or reverse them: labelqa export RUN "
      "fixed FILE --repair reversed-order.",
      where ? where : "", segment->test.z);
  if (!finding) {
    return LQA_NO_MEMORY;
  }
  finding->subject = whole ? file : NULL;
  set_block(finding, segment, "reversed-order");
  return LQA_OK;
}

/* Labels or given probabilities slipped, and nothing tells which: no rows are marked, no repair. */
static lqa_status report_open(const lqa_audit_input *input, lqa_segment *segment,
                              bool has_content) {
  const char *file;
  bool whole = widen_to_file(input->dataset, segment, &file);
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[segment->lag ? WHOLE : REVERSED], NULL, 0,
      "Either the labels of the %s are %s, or the given probabilities are (z = %.1f), and %s "
      "decide which. Compare some of these rows with the source. If it is the probabilities, "
      "compute them again in this file's order; if it is the labels, audit without " LQA_OPTION(
          "pred_probs") LQA_WORDS ": that offers "
                                  "a "
                                  "repair.",
      lqa_phrase_block(input->arena, input->dataset, segment->from, segment->to),
      segment->lag
          ? lqa_arena_printf(input->arena, "%d row%s too %s", abs(segment->lag),
                             abs(segment->lag) == 1 ? "" : "s", segment->lag > 0 ? "low" : "high")
          : "in reversed order",
      segment->test.z, has_content ? "the contents say too little to" : "there is no content to",
      has_content ? "" : " and with " LQA_OPTION("text") " or " LQA_OPTION("features"));
  if (!finding) {
    return LQA_NO_MEMORY;
  }
  finding->subject = whole ? file : NULL;
  set_block(finding, segment, NULL);
  return LQA_OK;
}

/* True if the given probabilities are known to be in another order. */
static bool are_probabilities_wrong(const lqa_audit_input *input) {
  for (size_t i = 0; i < input->findings->items.n; i++) {
    const lqa_finding *finding = &input->findings->items.data[i];
    if (finding->count > 0 && (strcmp(finding->kind->id, "probability-columns") == 0 ||
                               strcmp(finding->kind->id, "probability-rows") == 0)) {
      return true;
    }
  }
  return false;
}

static lqa_status report_segment(const lqa_audit_input *input, lqa_segment *segment,
                                 const lqa_refit *refit, const lqa_order_fault *arbiter) {
  lqa_fault_side blame = arbiter ? lqa_order_fault_find(arbiter, segment) : LQA_FAULT_LABELS;
  if (blame == LQA_FAULT_PROBABILITIES ||
      (blame == LQA_FAULT_OPEN && are_probabilities_wrong(input))) {
    return LQA_OK;
  }
  if (blame == LQA_FAULT_OPEN) {
    return report_open(input, segment, arbiter->has_content);
  }
  if (segment->lag == 0) {
    return report_reversed(input, segment);
  }
  const char *file;
  return widen_to_file(input->dataset, segment, &file) ? report_whole(input, segment, file, refit)
                                                       : report_block(input, segment);
}

static int compare_segments(const void *a, const void *b) {
  const lqa_segment *x = a, *y = b;
  return x->from < y->from ? -1 : x->from > y->from;
}

/* arbiter: NULL where the alignment is a refitted model's, which saw contents only. */
static lqa_status scan(const lqa_audit_input *input, lqa_alignment *alignment,
                       const lqa_refit *refit, const lqa_order_fault *arbiter) {
  lqa_alignment_options options = {.max_lag = (int)input->params[PARAM_MAX_LAG],
                                   .alpha = input->params[PARAM_ALPHA],
                                   .min_ratio = input->params[PARAM_MIN_RATIO],
                                   .max_segments = MAX_SEGMENTS};
  lqa_segment_list shifts = {0}, reversals = {0};
  lqa_status status;
  LQA_TRY_OUT(lqa_alignment_find_shifts(alignment, &options, &shifts));
  LQA_TRY_OUT(lqa_alignment_find_reversals(alignment, &options, &reversals));
  if (shifts.n) {
    qsort(shifts.data, shifts.n, sizeof *shifts.data, compare_segments);
  }
  for (size_t i = 0; i < shifts.n; i++) {
    LQA_TRY_OUT(report_segment(input, &shifts.data[i], refit, arbiter));
  }
  for (size_t i = 0; i < reversals.n; i++) {
    LQA_TRY_OUT(report_segment(input, &reversals.data[i], refit, arbiter));
  }
out:
  lqa_vec_clear(&shifts);
  lqa_vec_clear(&reversals);
  return status;
}

/* Scans the predictions of a model refitted under the suspected hypothesis; *confirmed tells
 * whether the suspicion held on the larger sample. */
static lqa_status scan_suspicion(const lqa_audit_input *input, lqa_refit *refit, bool *confirmed,
                                 lqa_error *err) {
  int32_t *predicted = lqa_malloc((size_t)input->dataset->n_rows, sizeof *predicted);
  lqa_alignment alignment = {0};
  lqa_status status = predicted ? LQA_OK : LQA_NO_MEMORY;
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(lqa_refit_predict(input, refit->hypothesis, (size_t)input->params[PARAM_FULL_SAMPLE],
                                refit, predicted, err));
  double tests = 2 * input->params[PARAM_MAX_LAG] + 1;
  *confirmed = refit->z > lqa_alignment_z_limit(tests, input->params[PARAM_ALPHA]);
  if (*confirmed) {
    double hit = fmin(fmax(refit->accuracy, .3), .95);
    LQA_TRY_OUT(lqa_alignment_init_votes(&alignment, input->dataset, predicted, hit, err));
    LQA_TRY_OUT(scan(input, &alignment, refit, NULL));
  }
out:
  lqa_alignment_clear(&alignment);
  free(predicted);
  return status;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  lqa_refit refit;
  double null_accuracy;
  bool tested, confirmed = false;
  LQA_TRY(lqa_refit_search(input, (int)input->params[PARAM_MAX_LAG],
                           (size_t)input->params[PARAM_SAMPLE], &refit, &null_accuracy, &tested,
                           err));
  if (tested && refit.z > SUSPICION_Z) {
    LQA_TRY(scan_suspicion(input, &refit, &confirmed, err));
  }
  if (confirmed) {
    return LQA_OK;
  }
  lqa_alignment alignment = {0};
  lqa_order_fault arbiter;
  lqa_status status = lqa_order_fault_init(&arbiter, input, err);
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(lqa_alignment_init(&alignment, input->dataset, input->pred_probs, err));
  status = scan(input, &alignment, &refit, &arbiter);
out:
  lqa_alignment_clear(&alignment);
  lqa_order_fault_clear(&arbiter);
  return status;
}

const lqa_audit lqa_audit_misalignment = {
    .number = LQA_AUDIT_misalignment,
    .id = "misalignment",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "labels that are a few rows away from their content, or in reversed order",
    .needs = LQA_NEEDS_PRED_PROBS | LQA_NEEDS_LABELS,
    .kinds =
        {
            [BLOCK] = {"row-shift", LQA_ERROR, true, "the row carries the label of another row"},
            [WHOLE] = {"row-shift", LQA_ERROR, false,
                       "all labels of a file are shifted by some rows"},
            [REVERSED] = {"reversed-order", LQA_ERROR, false,
                          "the labels of a file or block are in reversed order"},
        },
    .params =
        {
            [PARAM_MAX_LAG] = {"max-lag", 3, 1, LQA_REFIT_MAX_LAG, "rows to search up and down",
                               true},
            [PARAM_ALPHA] = {"alpha", .01, 1e-9, .5, "chance of a false alarm in a clean file",
                             false},
            [PARAM_MIN_RATIO] = {"min-ratio", 1.5, 1, 100,
                                 "predictions for the other row's label over those for the own",
                                 false},
            [PARAM_SAMPLE] = {"sample", 8192, 100, 1e7, "rows of the quick refit", true},
            [PARAM_FULL_SAMPLE] = {"full-sample", 200000, 100, 1e8,
                                   "rows of the refit on suspicion", true},
        },
    .run = run,
};
