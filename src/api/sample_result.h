/* api/sample_result.h - what a spot check came to, in words and as JSON. */
#ifndef LQA_API_SAMPLE_RESULT_H
#define LQA_API_SAMPLE_RESULT_H

#include "api/result.h"
#include "store/spot_check.h"

/* A sheet that was just drawn to `path`. */
void lqa_sample_describe_draw(const lqa_spot_check *check, const char *path, const char *run,
                              lqa_result *result);
/* A sheet with answers: the error rate of the run and by stratum. `ingested`: it was just taken
 * back. */
void lqa_sample_describe_rate(const lqa_spot_check *check, bool ingested, lqa_result *result);

#endif
