/* evaluate/evaluate.h - precision and recall of every audit against known truth.
 *
 * A real error is a row whose label differs from the truth; where the kind of corruption is known,
 * one of a kind other than clean that also differs from the truth or is structural. The unchanged
 * partner of a planted duplicate counts neither way: it is marked by design and is right by design.
 */
#ifndef LQA_EVALUATE_EVALUATE_H
#define LQA_EVALUATE_EVALUATE_H

#include "base/buf.h"
#include "base/json.h"
#include "evaluate/corrupt.h"
#include "trust/evidence.h"

typedef enum lqa_evaluated {
  LQA_EVALUATED_PROVENANCE, /* marked by an error finding */
  LQA_EVALUATED_CONFIDENT_LEARNING,
  LQA_EVALUATED_JUDGE, /* flagged, and the judge says NO */
  LQA_EVALUATED_HIGH_LOSS,
  LQA_EVALUATED_COMBINED, /* action other than keep */
  LQA_EVALUATED_COUNT
} lqa_evaluated;

/* What is known of the truth; borrowed arrays of n_rows. */
typedef struct lqa_truth {
  const uint8_t *is_error;
  const uint8_t *is_left_out; /* counts neither way, or NULL */
  const uint8_t *kind;        /* lqa_corruption per row, or NULL */
  const int32_t *label;       /* class of the true label, negative where it is no class; or NULL */
} lqa_truth;

typedef struct lqa_score {
  int64_t n_flagged, n_true; /* rows named; real errors among them */
  double precision, recall;  /* NaN where undefined */
  int64_t kind_true[LQA_CORRUPT_COUNT];
} lqa_score;

typedef struct lqa_budget_point {
  int64_t budget;           /* k: rows reviewed, most suspicious first */
  double precision, recall; /* precision at k, recall at k */
} lqa_budget_point;

enum { LQA_BUDGET_POINTS = 24 };

/* The judge alone, on the rows that it judged; UNKNOWN is no NO. */
typedef struct lqa_judge_measure {
  int64_t n_wrong, n_wrong_doubted; /* wrong labels judged; of them NO: its sensitivity */
  int64_t n_right, n_right_doubted; /* right labels judged; of them NO: its false alarms */
} lqa_judge_measure;

/* p_correct and suggested_label on rows that have both and whose true label is a class. */
typedef struct lqa_posterior_measure {
  int64_t n_rows;
  int64_t n_wrong;                    /* label differs from the truth */
  int64_t n_changed, n_changed_right; /* suggested_label differs from label; of them it is right */
  int64_t n_right_after;              /* suggested_label is right */
  double average_precision;           /* of rows ordered by p_correct, ... */
  double trust_precision, self_confidence_precision; /* ... by the other two */
  double calibration_error;
  /* Of rows ordered by one audit alone; NaN where it named no row. The judge: NO first, YES last.
   */
  double audit_precision[LQA_EVALUATED_COMBINED];
} lqa_posterior_measure;

typedef struct lqa_evaluation {
  int64_t n_rows, n_errors;
  int64_t kind_errors[LQA_CORRUPT_COUNT]; /* real errors by kind */
  bool has_kinds, has_judge;
  lqa_judge_measure judge;
  lqa_score scores[LQA_EVALUATED_COUNT];
  lqa_budget_point curve[LQA_BUDGET_POINTS];
  int n_points;
  int64_t confident_budget; /* rows that confident learning flags */
  double average_precision; /* of rows ordered by suspicion */
  lqa_posterior_measure posterior;
} lqa_evaluation;

/* Fails only for lack of memory. Suspicion for the budget curve: trust score ascending, then
 * self-confidence, then row number. */
LQA_MUST_CHECK lqa_status lqa_evaluate_rows(const lqa_evidence *evidence, const lqa_truth *truth,
                                            lqa_evaluation *out, lqa_error *err);

/* "confident learning"; in JSON "confident_learning". */
const char *lqa_evaluated_title(lqa_evaluated audit);
const char *lqa_evaluated_key(lqa_evaluated audit);

/* n_rows is 0 where no row has p_correct, or the true classes are not known. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_evaluate_posterior(const lqa_evidence *evidence,
                                                 const lqa_truth *truth,
                                                 lqa_posterior_measure *out);
void lqa_posterior_measure_print(const lqa_posterior_measure *measure, lqa_buf *out);
/* The member "posterior" of an object. */
void lqa_posterior_measure_json(const lqa_posterior_measure *measure, lqa_json *json);

/* The tables and the small plot for the terminal; the same as one JSON object. */
void lqa_evaluation_print(const lqa_evaluation *evaluation, int width, lqa_buf *out);
void lqa_evaluation_json(const lqa_evaluation *evaluation, lqa_json *json);

#endif
