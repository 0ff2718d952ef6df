/* data/source/csv.h - a strict streaming reader of delimited text.
 *
 * RFC 4180 with a free delimiter and quote: a field that begins with the quote runs to the closing
 * one, a doubled quote inside is one, and only a delimiter or a line end may follow. In other
 * fields a quote is a character like any other. Lines end in "\n" or "\r\n" (or "\r" throughout, if
 * the dialect says so); line ends inside quotes belong to the field. NUL bytes are ordinary. A
 * blank line is no record, except that in a file of one column it is an empty field. An escape
 * character (none by default) makes the next character plain; unquoted, escape and N alone are an
 * empty field, as MySQL and PostgreSQL write NULL.
 *
 * Nothing is ever guessed, skipped or repaired while reading: an unterminated quote, text after a
 * closing quote, invalid UTF-8 and a field over the limit are LQA_BAD_DATA with row and line. The
 * number of fields is the caller's to check.
 */
#ifndef LQA_DATA_SOURCE_CSV_H
#define LQA_DATA_SOURCE_CSV_H

#include "base/str.h"
#include "base/vec.h"
#include "data/source/record_buffer.h"

typedef struct lqa_csv_dialect {
  char delimiter;
  char quote;         /* '\0': quotes are plain characters */
  char newline;       /* '\n' (with or without '\r' before it) or '\r' */
  char escape;        /* makes the next character a plain one; '\0': none */
  char comment;       /* a line that begins with it is no record; '\0': none */
  bool skips_spaces;  /* spaces around fields do not belong to them */
  int64_t skip_lines; /* lines above the first record, whatever they hold */
} lqa_csv_dialect;

typedef struct lqa_csv_field {
  lqa_str text;   /* unescaped; valid until the next read that refills (see lqa_csv_next) */
  bool is_quoted; /* "" is an empty text, nothing is NULL */
} lqa_csv_field;

typedef struct lqa_csv {
  lqa_csv_dialect dialect;
  const char *name; /* for messages; borrowed */
  size_t max_field_bytes;
  lqa_record_buffer window;
  const char *const *columns; /* names for messages, or NULL; borrowed */
  size_t n_columns;
  bool single_column;    /* blank lines are records */
  int64_t skipped_lines; /* of dialect.skip_lines */
  int64_t row;  /* 0-based, of the current record (the header, where there is one, is -1) */
  int64_t line; /* 1-based, at which the current record begins */
  int64_t next_line;
  LQA_VEC(lqa_csv_field) fields; /* of the current record */
} lqa_csv;

/* Reads from `input`; has_header makes the first record row -1. */
LQA_MUST_CHECK lqa_status lqa_csv_open(lqa_csv *csv, const lqa_csv_dialect *dialect,
                                       lqa_input *input, const char *name, size_t max_field_bytes,
                                       bool has_header);
/* Reads `size` bytes of memory, which are changed where quotes are doubled. `whole`: the text ends
 * there; else an incomplete last record is left out. */
void lqa_csv_open_memory(lqa_csv *csv, const lqa_csv_dialect *dialect, char *data, size_t size,
                         bool whole);
void lqa_csv_close(lqa_csv *csv);

/* The next record into csv->fields: *more false at the end. Fields of earlier records stay valid as
 * long as `may_refill` is false; then *more false may also mean "no whole record is left in the
 * window". */
LQA_MUST_CHECK lqa_status lqa_csv_next(lqa_csv *csv, bool may_refill, bool *more, lqa_error *err);

/* "row 17 (line 19)" or "the header (line 1)". */
void lqa_csv_place(const lqa_csv *csv, char out[64]);

#endif
