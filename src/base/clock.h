/* base/clock.h - time spent and memory used, for manifests, reports and what may run beside what:
 * never for results. */
#ifndef LQA_BASE_CLOCK_H
#define LQA_BASE_CLOCK_H

#include <stdint.h>

double lqa_clock_seconds(void);   /* monotonic */
int64_t lqa_peak_rss_bytes(void); /* of this process, so far */
int64_t lqa_rss_bytes(void);      /* at the moment; the peak where the system does not say */
int64_t lqa_clock_unix_ms(void);  /* milliseconds since 1970 */
void lqa_clock_utc(char out[32]); /* now as 2026-11-23T20:46:32Z */

#endif
