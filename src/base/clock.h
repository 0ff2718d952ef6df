/* base/clock.h - time spent and memory used, for manifests and reports only: never for results. */
#ifndef LQA_BASE_CLOCK_H
#define LQA_BASE_CLOCK_H

#include <stdint.h>

double lqa_clock_seconds(void);   /* monotonic */
int64_t lqa_peak_rss_bytes(void); /* of this process, so far */
void lqa_clock_utc(char out[32]); /* now as 2026-11-23T20:46:32Z */

#endif
