/* audit/measure/lag_refit.h - does the whole file fit better with labels from elsewhere?
 */
#ifndef LQA_AUDIT_MEASURE_LAG_REFIT_H
#define LQA_AUDIT_MEASURE_LAG_REFIT_H

#include "audit/audit.h"

enum { LQA_REFIT_MAX_LAG = 10 };

/* Row i's own label stands at row i + lag of its file, or at the mirrored row. */
typedef struct lqa_hypothesis {
  int32_t lag;
  bool reversed;
} lqa_hypothesis;

/* A model refitted to the hypothesis' labels against one fitted to the labels as they are, both on
 * rows they have not seen, on the rows where the two labels differ (McNemar's test). */
typedef struct lqa_refit {
  lqa_hypothesis hypothesis;
  double accuracy, given_accuracy; /* over all rows drawn */
  int64_t only_hypothesis, only_given;
  double z;
} lqa_refit;

/* The row at which the hypothesis looks for the label of `row`, or -1 outside the file. */
int64_t lqa_hypothesis_row(const lqa_dataset *dataset, lqa_hypothesis hypothesis, int64_t row);

/* Tests lags -max_lag..max_lag and the reversed order on at most `max_rows` drawn rows. `out` gets
 * the best; *null_accuracy the accuracy with permuted labels. *tested is false where the data has
 * no content to fit a model to. */
LQA_MUST_CHECK lqa_status lqa_refit_search(const lqa_audit_input *input, int max_lag,
                                           size_t max_rows, lqa_refit *out, double *null_accuracy,
                                           bool *tested, lqa_error *err);
/* The same for one hypothesis, and the prediction of its model for every row (-1 = none). */
LQA_MUST_CHECK lqa_status lqa_refit_predict(const lqa_audit_input *input, lqa_hypothesis hypothesis,
                                            size_t max_rows, lqa_refit *out, int32_t *predicted,
                                            lqa_error *err);

#endif
