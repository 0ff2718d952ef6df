/* The delimited-text reader: a window over the input, in which whole records are found.
 *
 * A record is scanned without being changed; only when it is complete are doubled quotes undone in
 * place, so an incomplete record can simply be scanned again after a refill. The window doubles
 * when a record does not fit, so long records cost a constant number of scans. Quoted fields are
 * searched with memchr, unquoted ones 16 bytes at a time (SSE2), ASCII is recognised 8 bytes at a
 * time, so that a file of texts is read at about memory speed: 1-2 GB/s on one core.
 *
 * DuckDB's reader is not used for delimited text: it gives no row numbers, takes an unterminated
 * quote for text and cannot tell "" from nothing and doubled from damaged quotes (see
 * ARCHITECTURE.md).
 */
#include "data/source/csv.h"

#include "base/unicode.h"

#include <stdio.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef enum outcome { RECORD, INCOMPLETE, UNTERMINATED, TRAILING, TOO_LONG, NO_MEMORY } outcome;

/* A scan of one record in progress. */
typedef struct cursor {
  const char *p, *end;
  bool at_end;
  int64_t n_lines; /* line ends inside quotes */
} cursor;

lqa_status lqa_csv_open(lqa_csv *csv, const lqa_csv_dialect *dialect, lqa_input *input,
                        const char *name, size_t max_field_bytes, bool has_header) {
  *csv = (lqa_csv){.dialect = *dialect,
                   .name = name,
                   .max_field_bytes = max_field_bytes,
                   .row = has_header ? -2 : -1,
                   .next_line = 1};
  return lqa_record_buffer_open(&csv->window, input);
}

void lqa_csv_open_memory(lqa_csv *csv, const lqa_csv_dialect *dialect, char *data, size_t size,
                         bool whole) {
  *csv = (lqa_csv){.dialect = *dialect,
                   .name = "(memory)",
                   .max_field_bytes = SIZE_MAX / 2,
                   .row = -1,
                   .next_line = 1};
  lqa_record_buffer_open_memory(&csv->window, data, size, whole);
}

void lqa_csv_close(lqa_csv *csv) {
  lqa_record_buffer_close(&csv->window);
  lqa_vec_clear(&csv->fields);
}

void lqa_csv_place(const lqa_csv *csv, char out[64]) {
  if (csv->row < 0) {
    snprintf(out, 64, "the header (line %lld)", (long long)csv->line);
  } else {
    snprintf(out, 64, "row %lld (line %lld)", (long long)csv->row, (long long)csv->line);
  }
}

/* The first `a` or `b` in [p, end), or end. */
static const char *find_either(const char *p, const char *end, char a, char b) {
#ifdef __SSE2__
  const __m128i all_a = _mm_set1_epi8(a), all_b = _mm_set1_epi8(b);
  for (; end - p >= 16; p += 16) {
    __m128i block = _mm_loadu_si128((const __m128i *)p);
    __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(block, all_a), _mm_cmpeq_epi8(block, all_b));
    int mask = _mm_movemask_epi8(hit);
    if (mask) {
      return p + __builtin_ctz((unsigned)mask);
    }
  }
#endif
  while (p < end && *p != a && *p != b) {
    p++;
  }
  return p;
}

static int64_t count_lines(const char *p, const char *end, char newline) {
  int64_t n = 0;
  for (; p < end; p++) {
    n += *p == newline;
  }
  return n;
}

/* The next quote at or behind `q` that no escape precedes, or NULL; *changed: an escape does. */
static const char *find_quote(const lqa_csv_dialect *dialect, const char *q, const char *end,
                              bool *changed) {
  if (!dialect->escape || dialect->escape == dialect->quote) {
    return q < end ? memchr(q, dialect->quote, (size_t)(end - q)) : NULL;
  }
  for (; q < end; q++) {
    if (*q == dialect->escape) {
      *changed = true;
      q += q + 1 < end;
    } else if (*q == dialect->quote) {
      return q;
    }
  }
  return NULL;
}

/* Scans a quoted field from its opening quote; c->p comes to stand behind the closing one. */
static outcome scan_quoted(const lqa_csv *csv, cursor *c, lqa_csv_field *field, bool *doubled) {
  const char *text = c->p + 1, *q = text;
  for (;;) {
    q = find_quote(&csv->dialect, q, c->end, doubled);
    if (!q) {
      return c->at_end ? UNTERMINATED : INCOMPLETE;
    }
    if (q + 1 == c->end && !c->at_end) {
      return INCOMPLETE;
    }
    if (q + 1 == c->end || q[1] != csv->dialect.quote) {
      break;
    }
    *doubled = true;
    q += 2;
  }
  field->text = (lqa_str){text, (size_t)(q - text)};
  c->n_lines += count_lines(text, q, csv->dialect.newline);
  c->p = q + 1;
  return RECORD;
}

/* The end of an unquoted field: a delimiter or line end that no escape precedes. */
static const char *find_stop(const lqa_csv_dialect *dialect, cursor *c, bool *changed) {
  if (!dialect->escape) {
    return find_either(c->p, c->end, dialect->delimiter, dialect->newline);
  }
  const char *p = c->p;
  for (; p < c->end && *p != dialect->delimiter && *p != dialect->newline; p++) {
    if (*p == dialect->escape) {
      *changed = true;
      p += p + 1 < c->end;
      c->n_lines += *p == dialect->newline;
    }
  }
  return p;
}

static outcome scan_plain(const lqa_csv *csv, cursor *c, lqa_csv_field *field, bool *changed) {
  const char *stop = find_stop(&csv->dialect, c, changed);
  if (stop == c->end && !c->at_end) {
    return INCOMPLETE;
  }
  field->text = (lqa_str){c->p, (size_t)(stop - c->p)};
  bool line_ends = stop == c->end || *stop == '\n';
  if (line_ends && csv->dialect.newline == '\n' && field->text.size > 0 && stop[-1] == '\r') {
    field->text.size--;
  }
  while (csv->dialect.skips_spaces && field->text.size > 0 &&
         field->text.data[field->text.size - 1] == ' ') {
    field->text.size--;
  }
  c->p = stop;
  return RECORD;
}

static void skip_spaces(const lqa_csv *csv, cursor *c) {
  while (csv->dialect.skips_spaces && c->p < c->end && *c->p == ' ') {
    c->p++;
  }
}

/* Behind a field: a delimiter (*last false), a line end or the end of the text (*last true). */
static outcome scan_separator(const lqa_csv *csv, cursor *c, bool *last) {
  *last = true;
  skip_spaces(csv, c);
  if (c->p == c->end) {
    return c->at_end ? RECORD : INCOMPLETE;
  }
  if (*c->p == '\r' && csv->dialect.newline == '\n') {
    if (c->p + 1 == c->end) {
      c->p += c->at_end;
      return c->at_end ? RECORD : INCOMPLETE;
    }
    if (c->p[1] == '\n') {
      c->p += 2;
      return RECORD;
    }
    return TRAILING;
  }
  if (*c->p != csv->dialect.newline && *c->p != csv->dialect.delimiter) {
    return TRAILING;
  }
  *last = *c->p == csv->dialect.newline;
  c->p++;
  return RECORD;
}

/* One record from csv->start, its fields as they stand; *any_doubled: quotes are to be undone. */
static outcome scan_record(lqa_csv *csv, cursor *c, bool *any_doubled) {
  csv->fields.n = 0;
  for (bool last = false; !last;) {
    if (lqa_vec_reserve(&csv->fields, csv->fields.n + 1) != LQA_OK) {
      return NO_MEMORY;
    }
    lqa_csv_field *field = &csv->fields.data[csv->fields.n];
    const char *begin = c->p;
    bool doubled = false;
    skip_spaces(csv, c);
    field->is_quoted = csv->dialect.quote && c->p < c->end && *c->p == csv->dialect.quote;
    outcome result = field->is_quoted ? scan_quoted(csv, c, field, &doubled)
                                      : scan_plain(csv, c, field, &doubled);
    size_t length = result == RECORD ? field->text.size : (size_t)(c->end - begin);
    if (length > csv->max_field_bytes) {
      return TOO_LONG;
    }
    if (result != RECORD) {
      return result;
    }
    *any_doubled |= doubled;
    csv->fields.n++;
    result = scan_separator(csv, c, &last);
    if (result != RECORD) {
      return result;
    }
  }
  return RECORD;
}

/* Makes every escaped character itself and every doubled quote one, in place. */
static void unescape(lqa_csv_field *field, const lqa_csv_dialect *dialect) {
  char *text = (char *)field->text.data;
  size_t n = 0, size = field->text.size;
  if (!field->is_quoted && size == 2 && text[0] == dialect->escape && text[1] == 'N') {
    field->text.size = 0;
    return;
  }
  for (size_t i = 0; i < size; i++) {
    bool is_pair = text[i] == dialect->escape || (field->is_quoted && text[i] == dialect->quote);
    i += is_pair && i + 1 < size;
    text[n++] = text[i];
  }
  field->text.size = n;
}

/* Makes every doubled quote one, in place. */
static void undouble(lqa_csv_field *field, char quote) {
  char *to = memchr(field->text.data, quote, field->text.size);
  if (!field->is_quoted || !to) {
    return;
  }
  const char *from = to, *end = field->text.data + field->text.size;
  while (from < end) {
    const char *next = memchr(from, quote, (size_t)(end - from));
    size_t n = (size_t)((next ? next + 1 : end) - from);
    memmove(to, from, n);
    to += n;
    from = next ? next + 2 : end;
  }
  field->text.size = (size_t)(to - field->text.data);
}

/* "column 'text'" or "field 3"; the name, or NULL, is returned. */
static const char *name_field(const lqa_csv *csv, size_t field, char out[160]) {
  if (csv->row >= 0 && csv->columns && field < csv->n_columns) {
    snprintf(out, 160, "column '%.120s'", csv->columns[field]);
    return csv->columns[field];
  }
  snprintf(out, 160, "field %zu", field + 1);
  return NULL;
}

static lqa_status check_encoding(const lqa_csv *csv, lqa_error *err) {
  char place[64], where[160];
  for (size_t i = 0; i < csv->fields.n; i++) {
    lqa_str text = csv->fields.data[i].text;
    int64_t bad = lqa_utf8_check(text.data, text.size);
    if (bad >= 0) {
      lqa_csv_place(csv, place);
      const char *column = name_field(csv, i, where);
      return lqa_fail_at(err, LQA_BAD_DATA, csv->name, csv->row, column,
                         "%s, %s, %s: byte 0x%02X at offset %lld is not valid UTF-8; if the file "
                         "is in another encoding, name it (" LQA_OPTION_AS(
                             "encoding", "latin-1") ", windows-1252, "
                                                    "utf-16)",
                         csv->name, place, where, (unsigned char)text.data[bad], (long long)bad);
    }
  }
  return LQA_OK;
}

static lqa_status fail_record(const lqa_csv *csv, outcome result, const cursor *c, lqa_error *err) {
  char place[64], where[160];
  if (result == NO_MEMORY) {
    return lqa_fail_memory(err, "reading a record");
  }
  lqa_csv_place(csv, place);
  const char *column = name_field(csv, csv->fields.n - (result == TRAILING), where);
  if (result == UNTERMINATED) {
    return lqa_fail_at(err, LQA_BAD_DATA, csv->name, csv->row, column,
                       "%s, %s, %s: the quote that opens it is never closed; close it, or read "
                       "quotes as plain characters with " LQA_OPTION_AS("quote", "''"),
                       csv->name, place, where);
  }
  if (result == TOO_LONG) {
    return lqa_fail_at(err, LQA_BAD_DATA, csv->name, csv->row, column,
                       "%s, %s, %s is longer than %zu bytes: is a closing quote missing? If it is "
                       "right, raise " LQA_OPTION("max_field_size"),
                       csv->name, place, where, csv->max_field_bytes);
  }
  return lqa_fail_at(err, LQA_BAD_DATA, csv->name, csv->row, column,
                     "%s, %s, %s: more text follows its closing quote on line %lld; a quote inside "
                     "a quoted field must be doubled, or is a closing quote missing before? (read "
                     "quotes as plain characters with " LQA_OPTION_AS("quote", "''") ")",
                     csv->name, place, where, (long long)(csv->line + c->n_lines));
}

/* Steps over the line that begins at the window's start; false: its end is not in sight yet. */
static bool skip_line(lqa_csv *csv) {
  lqa_record_buffer *w = &csv->window;
  const char *from = w->data + w->start;
  const char *end = memchr(from, csv->dialect.newline, w->end - w->start);
  if (!end && !w->at_end) {
    return false;
  }
  w->start = end ? (size_t)(end + 1 - w->data) : w->end;
  csv->next_line++;
  return true;
}

/* Steps over the lines above the first record and over comments; false: more bytes are needed. */
static bool skip_remarks(lqa_csv *csv) {
  const lqa_record_buffer *w = &csv->window;
  while (w->start < w->end) {
    bool is_above = csv->skipped_lines < csv->dialect.skip_lines;
    if (!is_above && (!csv->dialect.comment || w->data[w->start] != csv->dialect.comment)) {
      break;
    }
    if (!skip_line(csv)) {
      return false;
    }
    csv->skipped_lines += is_above;
  }
  return true;
}

/* Steps over blank lines; in a file of one column they are records. */
static void skip_blank_lines(lqa_csv *csv) {
  lqa_record_buffer *w = &csv->window;
  while (!csv->single_column && w->start < w->end) {
    const char *p = w->data + w->start;
    size_t n = *p == csv->dialect.newline ? 1 : 0;
    if (csv->dialect.newline == '\n' && *p == '\r') {
      bool is_last = w->start + 1 == w->end;
      n = is_last ? w->at_end : p[1] == '\n' ? 2 : 0;
    }
    if (n == 0) {
      return;
    }
    w->start += n;
    csv->next_line++;
  }
}

/* To where a record begins, past remarks and blank lines in any order; false: more bytes are
 * needed to tell. */
static bool skip_to_record(lqa_csv *csv) {
  size_t before;
  do {
    before = csv->window.start;
    if (!skip_remarks(csv)) {
      return false;
    }
    skip_blank_lines(csv);
  } while (csv->window.start != before);
  return true;
}

/* Tries for one record in what the window holds. */
static outcome read_record(lqa_csv *csv, cursor *c) {
  const lqa_record_buffer *w = &csv->window;
  bool any_doubled = false;
  *c = (cursor){w->data + w->start, w->data + w->end, w->at_end, 0};
  csv->line = csv->next_line;
  outcome result = scan_record(csv, c, &any_doubled);
  if (result != RECORD) {
    return result;
  }
  for (size_t i = 0; any_doubled && i < csv->fields.n; i++) {
    if (csv->dialect.escape) {
      unescape(&csv->fields.data[i], &csv->dialect);
    } else {
      undouble(&csv->fields.data[i], csv->dialect.quote);
    }
  }
  csv->next_line += c->n_lines + 1;
  return RECORD;
}

/* Finds a whole record, reading on if allowed; *more false where there is none. */
static lqa_status find_record(lqa_csv *csv, bool may_refill, cursor *c, bool *more,
                              lqa_error *err) {
  for (;;) {
    bool stands = skip_to_record(csv);
    if (stands && csv->window.start < csv->window.end) {
      csv->row++;
      outcome result = read_record(csv, c);
      *more = result == RECORD;
      if (result != INCOMPLETE) {
        return *more ? LQA_OK : fail_record(csv, result, c, err);
      }
      csv->row--;
    }
    if (csv->window.at_end || !may_refill || !csv->window.input) {
      *more = false;
      return LQA_OK;
    }
    LQA_TRY(lqa_record_buffer_refill(&csv->window, err));
  }
}

lqa_status lqa_csv_next(lqa_csv *csv, bool may_refill, bool *more, lqa_error *err) {
  cursor c;
  LQA_TRY(find_record(csv, may_refill, &c, more, err));
  if (!*more) {
    return LQA_OK;
  }
  const char *record = csv->window.data + csv->window.start;
  csv->window.start = (size_t)(c.p - csv->window.data);
  return lqa_record_buffer_is_ascii(record, c.p) ? LQA_OK : check_encoding(csv, err);
}
