/* store/row_columns.h - every column of rows.parquet, one row each, in the order they are written.
 * No include guard: expanded where they are written (row_table.c), read back (rows_load.c) and
 * documented (docs/schema/rows.parquet.md, which a test holds to it).
 *
 * ROW(column, type, meaning): what the row is; get_<column> writes it, load_<column> reads it.
 * ROLE(column, role, meaning): a column of the source, only where it was given.
 * EVIDENCE: see trust/evidence_columns.h.
 * MADE(column, type, meaning): made while it is written, from all the others; never read back. */
ROW(row_id, TEXT, "value of the id column; where there is none, the row number")
ROW(row_number, INT64, "0-based position over all sources")
ROW(source_file, TEXT, "the source that the row came from")
ROW(source_row, INT64, "0-based row in that source")
ROLE(annotator, ANNOTATOR, "as given, where an annotator column was named, else absent")
ROLE(split, SPLIT, "as given, where a split column was named, else absent")
ROLE(time, TIME, "as given, where a time column was named, else absent")
ROLE(group, GROUP, "as given, where a group column was named, else absent")
ROW(content_hash, TEXT,
    "128-bit hash of the normalised content, 32 hexadecimal digits; the row's key across runs "
    "where "
    "there is no id; NULL without content")
ROW(label, TEXT, "as given; NULL where it is missing")
#define HIDDEN(field, kind)
#include "trust/evidence_columns.h"
#undef HIDDEN
MADE(reasons, TEXT_LIST, "why the row has its score, in short sentences")
