/* Guessing a dialect, carefully: a wrong guess must end in an error, not in wrong rows.
 *
 * Delimiter: the head is read strictly with each candidate. One under which every record has the
 * same number of fields, at least two, wins; else (a damaged file) the one under which most records
 * agree. Between equals the file name's habit, then comma, tab, semicolon, bar.
 *
 * Quote: '"' always, so that an unterminated quote is an error and not text. The one exception is
 * tab-separated text, where quoting is rare and a chat message may begin with a quote: if some
 * field begins with a quote that closes on the same line before further text ("Happy days" I know),
 * no reader could have meant quoting, and quotes are plain characters.
 *
 * Spaces: where one follows every delimiter ("39, State-gov, 77516"), they belong to no field;
 * below a header that may do without. Told, because a value is not read as it stands then.
 *
 * First line: "sep=;" is how spreadsheets name the delimiter; it is obeyed and no row. Lines above
 * the table (a title, an export's date) are only noticed, so that the error can name --skip.
 *
 * Line end: "\r" only where the head has no "\n" at all.
 */
#include "data/source/csv_detect.h"

#include <string.h>
#include <strings.h>

enum { MAX_RECORDS = 2000, MAX_WIDTH = 4096, MOST_PREAMBLE = 20, MIN_SPACED = 2 };

static const char candidates[] = {',', '\t', ';', '|'};

/* The head that is looked at, and a copy that readers may change. */
typedef struct sample {
  const char *head;
  char *copy;
  size_t size;
  bool whole;
} sample;

static void open_sample(const sample *s, const lqa_csv_dialect *dialect, lqa_csv *csv) {
  memcpy(s->copy, s->head, s->size);
  lqa_csv_open_memory(csv, dialect, s->copy, s->size, s->whole);
}

/* How well a delimiter fits: most records that agree on a number of fields >= 2. */
typedef struct fit {
  bool perfect;
  int64_t agreeing;
  size_t width; /* that number of fields */
} fit;

static lqa_status measure(const sample *s, const lqa_csv_dialect *dialect, fit *out) {
  int64_t *count = lqa_calloc(MAX_WIDTH, sizeof *count);
  if (!count) {
    return LQA_NO_MEMORY;
  }
  lqa_csv csv;
  open_sample(s, dialect, &csv);
  lqa_status status = LQA_OK;
  bool more = true;
  int64_t n = 0;
  *out = (fit){0};
  while (n < MAX_RECORDS) {
    status = lqa_csv_next(&csv, false, &more, NULL);
    if (status != LQA_OK || !more) {
      break;
    }
    n++;
    size_t width = csv.fields.n < MAX_WIDTH ? csv.fields.n : MAX_WIDTH - 1;
    count[width]++;
    if (width >= 2 && count[width] > out->agreeing) {
      out->agreeing = count[width];
      out->width = width;
    }
  }
  out->perfect = n > 0 && out->agreeing == n && status == LQA_OK;
  lqa_csv_close(&csv);
  free(count);
  return status == LQA_NO_MEMORY ? status : LQA_OK;
}

/* Whether a space stands before every field of the record but the first. */
static bool is_spaced(const lqa_csv *csv) {
  for (size_t i = 1; i < csv->fields.n; i++) {
    const lqa_csv_field *field = &csv->fields.data[i];
    if (field->text.data[-1 - (field->is_quoted ? 1 : 0)] != ' ') {
      return false;
    }
  }
  return csv->fields.n > 1;
}

/* A space follows every delimiter, in the first record perhaps not. */
static lqa_status find_spaces(const sample *s, const lqa_csv_dialect *dialect, bool *found) {
  lqa_csv csv;
  lqa_csv_dialect skipping = *dialect;
  skipping.skips_spaces = true;
  open_sample(s, &skipping, &csv);
  bool more = true, spaced = true;
  int64_t n = 0;
  lqa_status status = LQA_OK;
  for (; spaced && n < MAX_RECORDS; n++) {
    status = lqa_csv_next(&csv, false, &more, NULL);
    if (status != LQA_OK || !more) {
      break;
    }
    spaced = n == 0 || is_spaced(&csv);
  }
  lqa_csv_close(&csv);
  *found = spaced && n > MIN_SPACED;
  return status == LQA_NO_MEMORY ? status : LQA_OK;
}

/* Lines above the first record of the usual width, if from there on all have it; else 0. */
static lqa_status count_preamble(const sample *s, const lqa_csv_dialect *dialect, size_t width,
                                 int64_t *n_lines) {
  lqa_csv csv;
  open_sample(s, dialect, &csv);
  bool more = true;
  int64_t n_other = 0, n_usual = 0, line = 0;
  lqa_status status = LQA_OK;
  for (int64_t n = 0; n < MAX_RECORDS; n++) {
    status = lqa_csv_next(&csv, false, &more, NULL);
    if (status != LQA_OK || !more) {
      break;
    }
    bool is_usual = csv.fields.n == width;
    line = is_usual && n_usual == 0 ? csv.line : line;
    n_usual += is_usual;
    n_other += !is_usual;
    if (!is_usual && (n_usual > 0 || n_other > MOST_PREAMBLE)) {
      n_other = 0;
      break;
    }
  }
  lqa_csv_close(&csv);
  *n_lines = n_other > 0 && n_usual > 1 ? line - 1 - dialect->skip_lines : 0;
  return status == LQA_NO_MEMORY ? status : LQA_OK;
}

/* The closing quote of the field that opens at `p`, or NULL. */
static const char *find_closing(const char *p, const char *end, char quote) {
  for (p++; p < end; p += 2) {
    p = memchr(p, quote, (size_t)(end - p));
    if (!p || p + 1 == end || p[1] != quote) {
      return p;
    }
  }
  return NULL;
}

/* Whether some field shows that quotes cannot be meant as such: it closes on its own line before
 * further text. Over more lines that is damage, and the reader's to report. */
static bool has_plain_quotes(const char *head, size_t size, const lqa_csv_dialect *dialect) {
  const char *p = head, *end = head + size;
  while (p < end) {
    if (*p == dialect->quote) {
      const char *closing = find_closing(p, end, dialect->quote);
      if (!closing || closing + 1 == end) {
        return false;
      }
      if (!strchr("\r\n\t", closing[1])) {
        return !memchr(p, '\n', (size_t)(closing - p));
      }
      p = closing + 1;
    }
    while (p < end && *p != dialect->delimiter && *p != '\n') {
      p++;
    }
    p += p < end;
  }
  return false;
}

/* Tab-separated text may have plain quotes; see above. */
static void settle_quote(const char *head, size_t size, const lqa_csv_hints *hints,
                         lqa_csv_dialect *dialect) {
  dialect->quote = hints->has_quote ? hints->quote : '"';
  if (!hints->has_quote && dialect->delimiter == '\t' && has_plain_quotes(head, size, dialect)) {
    dialect->quote = '\0';
  }
}

static lqa_status choose_delimiter(const sample *s, const lqa_csv_hints *hints,
                                   lqa_csv_dialect *dialect, fit *best) {
  const char first = hints->prefers_tab ? '\t' : ',';
  char chosen = first;
  lqa_status status = LQA_OK;
  *best = (fit){0};
  for (size_t i = 0; i < sizeof candidates + 1; i++) {
    fit f = {0};
    dialect->delimiter = i == 0 ? first : candidates[i - 1];
    settle_quote(s->head, s->size, hints, dialect);
    LQA_TRY_OUT(measure(s, dialect, &f));
    if (f.perfect > best->perfect || (f.perfect == best->perfect && f.agreeing > best->agreeing)) {
      *best = f;
      chosen = dialect->delimiter;
    }
  }
out:
  dialect->delimiter = chosen;
  return status;
}

/* The delimiter that a first line "sep=;" names, or '\0'. */
static char named_separator(const char *head, size_t size, char newline) {
  bool quoted = size > 0 && head[0] == '"';
  const char *p = head + quoted;
  size_t left = size - quoted;
  if (left < 5 || strncasecmp(p, "sep=", 4) != 0 || p[4] == '\n' || p[4] == '\r') {
    return '\0';
  }
  const char *end = p + 5, *stop = head + size;
  end += quoted && end < stop && *end == '"';
  end += end < stop && *end == '\r' && newline == '\n';
  return end == stop || *end == newline ? p[4] : '\0';
}

/* Everything but the delimiter's choice and the quote. */
static void begin_dialect(const char *head, size_t size, const lqa_csv_hints *hints,
                          lqa_csv_dialect *dialect, lqa_csv_finds *finds) {
  bool old_mac = !memchr(head, '\n', size) && memchr(head, '\r', size);
  *finds = (lqa_csv_finds){0};
  *dialect = (lqa_csv_dialect){.delimiter = hints->delimiter,
                               .quote = '"',
                               .newline = old_mac ? '\r' : '\n',
                               .escape = hints->escape,
                               .comment = hints->comment,
                               .skip_lines = hints->skip_lines};
  char separator = hints->skip_lines > 0 ? '\0' : named_separator(head, size, dialect->newline);
  if (separator) {
    finds->has_separator_line = true;
    dialect->skip_lines = 1;
    dialect->delimiter = hints->has_delimiter ? hints->delimiter : separator;
  }
}

lqa_status lqa_csv_detect(const char *head, size_t size, bool whole, const lqa_csv_hints *hints,
                          lqa_csv_dialect *dialect, lqa_csv_finds *finds) {
  sample s = {head, lqa_malloc(size, 1), size, whole};
  fit best = {0};
  if (!s.copy) {
    return LQA_NO_MEMORY;
  }
  begin_dialect(head, size, hints, dialect, finds);
  bool is_named = hints->has_delimiter || finds->has_separator_line;
  lqa_status status;
  LQA_TRY_OUT(is_named ? LQA_OK : choose_delimiter(&s, hints, dialect, &best));
  settle_quote(head, size, hints, dialect);
  if (is_named) {
    LQA_TRY_OUT(measure(&s, dialect, &best));
  }
  if (dialect->delimiter != ' ') {
    LQA_TRY_OUT(find_spaces(&s, dialect, &finds->spaces_skipped));
  }
  if (finds->spaces_skipped) {
    dialect->skips_spaces = true;
    LQA_TRY_OUT(measure(&s, dialect, &best));
  }
  if (!best.perfect && best.width > 1) {
    LQA_TRY_OUT(count_preamble(&s, dialect, best.width, &finds->n_preamble));
  }
out:
  finds->quotes_dropped = !hints->has_quote && !dialect->quote;
  free(s.copy);
  return status;
}
