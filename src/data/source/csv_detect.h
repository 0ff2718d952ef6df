/* data/source/csv_detect.h - the dialect of a delimited text, judged from its first bytes. */
#ifndef LQA_DATA_SOURCE_CSV_DETECT_H
#define LQA_DATA_SOURCE_CSV_DETECT_H

#include "data/source/csv.h"

/* What the user fixed. */
typedef struct lqa_csv_hints {
  bool has_delimiter, has_quote;
  char delimiter, quote;
  bool prefers_tab;     /* the name ends in .tsv or .tab */
  char escape, comment; /* '\0': none */
  int64_t skip_lines;
} lqa_csv_hints;

/* What was found out that a reader should be told. */
typedef struct lqa_csv_finds {
  bool quotes_dropped;     /* quotes are plain characters (see csv_detect.c) */
  bool has_separator_line; /* the first line is Excel's "sep=;" */
  bool spaces_skipped;     /* a space follows every delimiter */
  int64_t n_preamble;      /* lines that seem to stand above the table */
} lqa_csv_finds;

/* `head`: the first bytes; `whole`: they are the whole file. Never fails on odd text, only
 * LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_csv_detect(const char *head, size_t size, bool whole,
                                         const lqa_csv_hints *hints, lqa_csv_dialect *dialect,
                                         lqa_csv_finds *finds);

#endif
