/* audit/provenance/row_match.h - which row of other data is this row? */
#ifndef LQA_AUDIT_PROVENANCE_ROW_MATCH_H
#define LQA_AUDIT_PROVENANCE_ROW_MATCH_H

#include "data/dataset.h"

/* Other data to match with. */
typedef struct lqa_other_rows {
  int64_t n_rows;
  const lqa_hash128 *content_hash;
  const lqa_column *row_id; /* NULL or name NULL: match by content */
} lqa_other_rows;

typedef struct lqa_row_match {
  bool by_id;
  int64_t *other_of; /* per row of the data set: row of the other data, or -1 */
  uint8_t *is_taken; /* per row of the other data */
  int64_t n_matched;
} lqa_row_match;

/* By id where both have ids, else by content hash; rows that are alike are matched in order, each
 * other row at most once. LQA_BAD_DATA if both have ids and none matches. */
lqa_status lqa_row_match_init(const lqa_dataset *dataset, const lqa_other_rows *other,
                              lqa_row_match *out, lqa_error *err);
void lqa_row_match_clear(lqa_row_match *match);

#endif
