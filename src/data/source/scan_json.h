/* data/source/scan_json.h - the columns of a JSON file. */
#ifndef LQA_DATA_SOURCE_SCAN_JSON_H
#define LQA_DATA_SOURCE_SCAN_JSON_H

#include "base/map.h"
#include "data/source/scan.h"

/* Adds all keys of the file to `keys` (which copies them), in order of first appearance. */
LQA_MUST_CHECK lqa_status lqa_scan_json_columns(const struct lqa_source_part *part,
                                                const lqa_scan_options *options, lqa_map *keys,
                                                lqa_error *err);

#endif
