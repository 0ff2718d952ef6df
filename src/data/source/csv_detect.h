/* data/source/csv_detect.h - the dialect of a delimited text, judged from its first bytes. */
#ifndef LQA_DATA_SOURCE_CSV_DETECT_H
#define LQA_DATA_SOURCE_CSV_DETECT_H

#include "data/source/csv.h"

/* What the user fixed. */
typedef struct lqa_csv_hints {
  bool has_delimiter, has_quote;
  char delimiter, quote;
  bool prefers_tab; /* the name ends in .tsv or .tab */
} lqa_csv_hints;

/* `head`: the first bytes; `whole`: they are the whole file. *quotes_dropped is set where quotes
 * were found to be plain characters (see csv_detect.c). Never fails on odd text, only
 * LQA_NO_MEMORY. */
lqa_status lqa_csv_detect(const char *head, size_t size, bool whole, const lqa_csv_hints *hints,
                          lqa_csv_dialect *dialect, bool *quotes_dropped);

#endif
