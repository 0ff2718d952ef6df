/* data/dataset/column_builder.h - a text column under construction, in memory or, past a limit, on
 * disk.
 *
 * Values are appended piece by piece. When the bytes pass `spill_above` they go to an unlinked
 * temporary file, which the finished column maps: readers cannot tell the difference, and the
 * system may drop the pages when memory is short.
 */
#ifndef LQA_DATA_DATASET_COLUMN_BUILDER_H
#define LQA_DATA_DATASET_COLUMN_BUILDER_H

#include "base/vec.h"
#include "data/dataset/dataset.h"

typedef struct lqa_column_builder {
  LQA_VEC(char) bytes;       /* not yet spilled */
  LQA_VEC(uint64_t) offsets; /* of the ends of all values */
  LQA_VEC(uint8_t) valid;
  bool has_nulls;
  uint64_t spilled_bytes;
  uint64_t spill_above; /* 0: never */
  const char *folder;   /* for the temporary file; borrowed */
  int fd;               /* -1: not spilled */
} lqa_column_builder;

void lqa_column_builder_init(lqa_column_builder *builder, uint64_t spill_above, const char *folder);
void lqa_column_builder_clear(lqa_column_builder *builder);
/* Appends to the value under construction. LQA_NO_MEMORY; a full disk is LQA_BAD_FILE with `err`.
 */
LQA_MUST_CHECK lqa_status lqa_column_builder_append(lqa_column_builder *builder, lqa_str piece,
                                                    lqa_error *err);
/* Ends the value; `is_null`: what was appended to it still counts as bytes, but reads as NULL. */
LQA_MUST_CHECK lqa_status lqa_column_builder_end(lqa_column_builder *builder, bool is_null,
                                                 lqa_error *err);
/* Append and end in one; NULL data is NULL. */
LQA_MUST_CHECK lqa_status lqa_column_builder_add(lqa_column_builder *builder, lqa_str value,
                                                 lqa_error *err);
/* Moves everything into `storage`; the builder is empty after. `name` is borrowed. */
LQA_MUST_CHECK lqa_status lqa_column_builder_finish(lqa_column_builder *builder,
                                                    struct lqa_dataset_storage *storage,
                                                    const char *name, lqa_column *column,
                                                    lqa_error *err);

#endif
