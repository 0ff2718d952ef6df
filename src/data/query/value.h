/* data/query/value.h - one cell of a query's result, or of a table that is written. */
#ifndef LQA_DATA_QUERY_VALUE_H
#define LQA_DATA_QUERY_VALUE_H

#include "base/status.h"
#include "base/str.h"

typedef enum lqa_value_type {
  LQA_VALUE_TEXT,
  LQA_VALUE_INT64,
  LQA_VALUE_INT32,
  LQA_VALUE_DOUBLE,
  LQA_VALUE_BOOL,
  LQA_VALUE_TEXT_LIST
} lqa_value_type;

typedef struct lqa_value {
  bool is_null;
  bool is_json;        /* TEXT: it is JSON's own, no string: JSON lines write it as it is */
  lqa_str text;        /* TEXT; borrowed until the next call of the same getter */
  int64_t integer;     /* INT64, INT32, BOOL (0 or 1) */
  double number;       /* DOUBLE; NaN is written as NULL */
  const lqa_str *list; /* TEXT_LIST, n_list items */
  size_t n_list;
} lqa_value;

#endif
