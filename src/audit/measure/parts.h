/* audit/measure/parts.h - rows by where they come from: source file, source column,
 * annotator.
 */
#ifndef LQA_AUDIT_MEASURE_PARTS_H
#define LQA_AUDIT_MEASURE_PARTS_H

#include "base/map.h"
#include "data/dataset/dataset.h"

enum { LQA_PARTS_FILES = -1, LQA_PARTS_MAX = 10000 };
#define LQA_PART_NONE UINT32_MAX

typedef struct lqa_parts {
  int role; /* lqa_role, or LQA_PARTS_FILES */
  uint32_t n;
  uint32_t *of;   /* per row, LQA_PART_NONE for NULL values */
  lqa_map *names; /* of a role's values; NULL for files */
  const lqa_dataset *dataset;
} lqa_parts;

/* Parts by a role's values in the order of first appearance, or by file. n is 0 where the role was
 * not named, or there are no files. Borrows the data set. */
LQA_MUST_CHECK lqa_status lqa_parts_read(const lqa_dataset *dataset, int role, lqa_parts *parts,
                                         lqa_error *err);
lqa_str lqa_parts_name(const lqa_parts *parts, uint32_t part);
void lqa_parts_clear(lqa_parts *parts);

#endif
