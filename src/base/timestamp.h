/* base/timestamp.h - texts that are times, as seconds since 1970. */
#ifndef LQA_BASE_TIMESTAMP_H
#define LQA_BASE_TIMESTAMP_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Forms a time may be written in. A column has one. */
typedef enum lqa_time_form {
  LQA_TIME_ISO,       /* 2026-11-23, 2026-11-23T21:04:12[.5][Z|+01:00], also with a space or '/' */
  LQA_TIME_DAY_FIRST, /* 23.11.2026, 23/11/2026 21:04 */
  LQA_TIME_MONTH_FIRST,  /* 11/23/2026 21:04 */
  LQA_TIME_SECONDS,      /* 1795467852, also with a fraction */
  LQA_TIME_MILLISECONDS, /* 1795467852000 */
  LQA_TIME_NUMBER,       /* any other number: an order, but no date */
  LQA_TIME_FORM_COUNT
} lqa_time_form;

/* Reads `text` in one form; false if it is not written so. */
bool lqa_time_parse(lqa_str text, lqa_time_form form, double *seconds);
/* How many numbers of a column count seconds since 1970, how many milliseconds; start from zero. */
typedef struct lqa_time_units {
  int64_t n_seconds, n_milliseconds, n_others; /* NULLs are none of these */
  int64_t seconds_row, milliseconds_row;       /* the first of each */
} lqa_time_units;
void lqa_time_count_unit(lqa_time_units *units, lqa_str text, int64_t row);
/* True if every number is a date in one of the two units, and both occur. */
bool lqa_time_mixes_units(const lqa_time_units *units);
/* True if any of n seconds is a time. */
bool lqa_time_occurs(const double *seconds, int64_t n);
/* "2026-11-23T21:04:12Z", or the number for LQA_TIME_NUMBER. */
void lqa_time_format(double seconds, lqa_time_form form, char out[32]);

#endif
