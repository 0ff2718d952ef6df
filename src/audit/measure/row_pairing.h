/* audit/measure/row_pairing.h - which row of other data is this row? */
#ifndef LQA_AUDIT_MEASURE_ROW_PAIRING_H
#define LQA_AUDIT_MEASURE_ROW_PAIRING_H

#include "data/dataset/dataset.h"

/* Other data to match with. */
typedef struct lqa_other_rows {
  int64_t n_rows;
  const lqa_hash128 *content_hash;
  const lqa_column *row_id; /* NULL or name NULL: match by content */
} lqa_other_rows;

typedef struct lqa_row_pairing {
  bool by_id;
  int64_t *other_of; /* per row of the data set: row of the other data, or -1 */
  uint8_t *is_taken; /* per row of the other data */
  int64_t n_matched;
} lqa_row_pairing;

/* By id where both have ids, else by content hash; where that finds nothing, without the
 * apostrophes that a CSV export puts before cells that a spreadsheet would take for a formula. Rows
 * that are alike are matched in order, each other row at most once. LQA_BAD_DATA if both have ids
 * and none matches. */
LQA_MUST_CHECK lqa_status lqa_row_pairing_init(const lqa_dataset *dataset,
                                               const lqa_other_rows *other, lqa_row_pairing *out,
                                               lqa_error *err);
/* The hash of the row's content without the apostrophes that a CSV export puts before formulas;
 * *found is false where there are none. */
LQA_MUST_CHECK lqa_status lqa_row_pairing_unguarded(const lqa_dataset *dataset, int64_t row,
                                                    lqa_hash128 *hash, bool *found);
/* True if `text` is `other` with such an apostrophe before it. */
bool lqa_row_pairing_is_guarded(lqa_str text, lqa_str other);
void lqa_row_pairing_clear(lqa_row_pairing *match);

#endif
