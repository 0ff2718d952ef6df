/* data/source/scan_json.h - the columns of a JSON file. */
#ifndef LQA_DATA_SOURCE_SCAN_JSON_H
#define LQA_DATA_SOURCE_SCAN_JSON_H

#include "base/map.h"
#include "base/vec.h"
#include "data/source/scan.h"

typedef struct lqa_json_keys {
  lqa_map *keys;         /* all of the file, copied, in order of first appearance */
  LQA_VEC(bool) is_text; /* per key: some value is a text, else all are numbers, arrays, ... */
} lqa_json_keys;

/* Adds to `keys`, also on failure. */
LQA_MUST_CHECK lqa_status lqa_scan_json_columns(const struct lqa_source_part *part,
                                                const lqa_scan_options *options,
                                                lqa_json_keys *keys, lqa_error *err);

#endif
