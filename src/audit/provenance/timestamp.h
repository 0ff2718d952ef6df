/* audit/provenance/timestamp.h - a column of times as seconds since 1970. */
#ifndef LQA_AUDIT_PROVENANCE_TIMESTAMP_H
#define LQA_AUDIT_PROVENANCE_TIMESTAMP_H

#include "data/dataset.h"

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
/* Finds the form of a column and fills n seconds (NaN for NULL). LQA_BAD_DATA, with row and column,
 * where no form fits all values: mixed forms have no order. */
lqa_status lqa_time_read(const lqa_dataset *dataset, const lqa_column *column, lqa_time_form *form,
                         double *seconds, lqa_error *err);
/* "2026-11-23T21:04:12Z", or the number for LQA_TIME_NUMBER. */
void lqa_time_format(double seconds, lqa_time_form form, char out[32]);

#endif
