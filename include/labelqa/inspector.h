/* labelqa/inspector.h - label issues of a matrix larger than memory, read in batches.
 *
 *     lqa_inspector_options options;
 *     lqa_inspector_options_init(&options);
 *     lqa_inspector *inspector = NULL;
 *     lqa_error err;
 *     lqa_inspector_open(&options, &inspector, &err);
 *     while (lqa_inspector_pass(inspector) != LQA_PASS_DONE) {
 *       while (read_batch(&labels, &pred_probs)) {
 *         lqa_inspector_add(inspector, &labels, &pred_probs, &err);
 *       }
 *       lqa_inspector_next(inspector, &err);   // the same batches again, three times in all
 *     }
 *     lqa_inspector_rank(inspector, &ranking, &err);
 *     lqa_inspector_close(inspector);
 *
 * The answer equals lqa_confident_learner_find_issues' and lqa_confident_learner_rank's on the
 * whole matrix, row for row, however the rows are cut into batches. Kept in memory: one byte a row,
 * K x K numbers, up to 64 KB a class, and some 50 bytes for each row that the quotas take.
 *
 * Rows are only ever read forwards, three times: for the thresholds, the joint, and the flags.
 */
#ifndef LABELQA_INSPECTOR_H
#define LABELQA_INSPECTOR_H

#include "labelqa/confident.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lqa_inspector_options {
  /* filter_by: a prune filter. Ties go to the earlier row (LQA_TIES_STABLE). What it points to is
   * borrowed until lqa_inspector_close. */
  lqa_filter_options filter;
  lqa_score_method rank_by; /* what lqa_inspector_rank orders by */
  double tolerance;         /* as lqa_confident_learner_input's */
  int64_t threads;          /* 0 = one per processor */
  const lqa_observer *observer;
} lqa_inspector_options;

LQA_API void lqa_inspector_options_init(lqa_inspector_options *options);

/* What the batches are read for. */
typedef enum lqa_pass {
  LQA_PASS_THRESHOLDS,
  LQA_PASS_JOINT,
  LQA_PASS_FLAGS,
  LQA_PASS_DONE
} lqa_pass;

/* Belongs to one thread at a time. */
typedef struct lqa_inspector lqa_inspector;

/* LQA_BAD_USAGE: a filter that needs all rows at once. */
LQA_API LQA_MUST_CHECK lqa_status lqa_inspector_open(const lqa_inspector_options *options,
                                                     lqa_inspector **out, lqa_error *err);
LQA_API void lqa_inspector_close(lqa_inspector *inspector);

LQA_API lqa_pass lqa_inspector_pass(const lqa_inspector *inspector);

/* The next rows of this pass: labels n x 1 and pred_probs n x K as for lqa_confident_learner_open;
 * not kept. err->row counts from the first row of the pass. LQA_BAD_DATA also where a batch has
 * other classes or another type than the first, or a pass more rows than the first one. After a
 * failure only lqa_inspector_close helps. */
LQA_API LQA_MUST_CHECK lqa_status lqa_inspector_add(lqa_inspector *inspector,
                                                    const lqa_matrix *labels,
                                                    const lqa_matrix *pred_probs, lqa_error *err);

/* Ends the pass. LQA_BAD_DATA where there were no rows, or not those of the first pass. */
LQA_API LQA_MUST_CHECK lqa_status lqa_inspector_next(lqa_inspector *inspector, lqa_error *err);

/* All three passes over two .npy files, which are mapped, never loaded. batch_rows 0 = some
 * megabytes at a time. */
LQA_API LQA_MUST_CHECK lqa_status lqa_inspector_read_npy(lqa_inspector *inspector,
                                                         const char *labels_file,
                                                         const char *pred_probs_file,
                                                         int64_t batch_rows, lqa_error *err);

LQA_API int64_t lqa_inspector_count_rows(const lqa_inspector *inspector);
LQA_API int32_t lqa_inspector_count_classes(const lqa_inspector *inspector);
LQA_API int64_t lqa_inspector_count_scaled(const lqa_inspector *inspector);
/* Valid until lqa_inspector_close: after the first pass, n_classes thresholds ... */
LQA_API const double *lqa_inspector_thresholds(const lqa_inspector *inspector);
/* ... after the second, the number that lqa_confident_learner_count_issues gives ... */
LQA_API int64_t lqa_inspector_count_issues(const lqa_inspector *inspector);
/* ... and the confident joint's counts, n_classes squared [given][confident], uncalibrated ... */
LQA_API const int64_t *lqa_inspector_joint(const lqa_inspector *inspector);
/* ... after the third, 1 for rows whose label is probably wrong, else 0. */
LQA_API const uint8_t *lqa_inspector_issues(const lqa_inspector *inspector);
/* The flagged rows, worst first; after the third pass. */
LQA_API LQA_MUST_CHECK lqa_status lqa_inspector_rank(const lqa_inspector *inspector,
                                                     lqa_ranking *ranking, lqa_error *err);

#ifdef __cplusplus
}
#endif
#endif
