/* data/source/source_reader.h - the batches beneath lqa_source_reader_next, for the loader and the
 * snapshot. */
#ifndef LQA_DATA_SOURCE_SOURCE_READER_H
#define LQA_DATA_SOURCE_SOURCE_READER_H

#include "data/source/source_part.h"

/* As lqa_source_reader_open; `wanted` has one flag per column of the source, or is NULL: others may
 * come as NULL. Borrowed. */
LQA_MUST_CHECK lqa_status lqa_source_reader_open_wanted(lqa_source *source, const bool *wanted,
                                                        lqa_source_reader **out, lqa_error *err);
/* The next batch of one file, in the file's own columns (part->to_column numbers them); n == 0 at
 * the end of all. Not to be mixed with lqa_source_reader_next. */
LQA_MUST_CHECK lqa_status lqa_source_reader_batch(lqa_source_reader *reader, lqa_scan_rows *rows,
                                                  const lqa_source_part **part, lqa_error *err);
/* 0 to 1, or negative: unknown. */
double lqa_source_reader_fraction(const lqa_source_reader *reader);

#endif
