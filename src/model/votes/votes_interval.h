/* model/votes/votes_interval.h - confidence intervals of agreement coefficients. */
#ifndef LQA_MODEL_VOTES_VOTES_INTERVAL_H
#define LQA_MODEL_VOTES_VOTES_INTERVAL_H

#include "base/status.h"
#include "labelqa/annotators.h"

/* LQA_BAD_USAGE for a confidence outside (0, 1) or a negative number of resamples. */
LQA_MUST_CHECK lqa_status lqa_interval_check(const lqa_agreement_options *options, lqa_error *err);

/* value +- z * error, at most 1. */
void lqa_interval_of_error(double error, double confidence, lqa_agreement *out);

/* Percentiles of n resampled values, which are sorted. */
void lqa_interval_of_resamples(double *value, int32_t n, double confidence, lqa_agreement *out);

/* For n items without any disagreement: high = 1, low = 1 - p / room where p is the largest rate of
 * disagreeing items that would still show none with probability (1 - confidence) / 2. NaN where
 * `room`, the disagreement by chance, is 0: only one class was ever used. */
void lqa_interval_of_perfection(int64_t n, double room, double confidence, lqa_agreement *out);

#endif
