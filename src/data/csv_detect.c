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
 * Line end: "\r" only where the head has no "\n" at all.
 */
#include "data/csv_detect.h"

#include <string.h>

enum { MAX_RECORDS = 2000, MAX_WIDTH = 4096 };

static const char candidates[] = {',', '\t', ';', '|'};

/* How well a delimiter fits: most records that agree on a number of fields >= 2. */
typedef struct fit {
  bool perfect;
  int64_t agreeing;
} fit;

static lqa_status measure(char *copy, const char *head, size_t size, bool whole,
                          const lqa_csv_dialect *dialect, fit *out) {
  int64_t *count = lqa_calloc(MAX_WIDTH, sizeof *count);
  if (!count) {
    return LQA_NO_MEMORY;
  }
  memcpy(copy, head, size);
  lqa_csv csv;
  lqa_csv_open_memory(&csv, dialect, copy, size, whole);
  lqa_status status = LQA_OK;
  bool more = true;
  int64_t n = 0, best = 0;
  while (n < MAX_RECORDS) {
    status = lqa_csv_next(&csv, false, &more, NULL);
    if (status != LQA_OK || !more) {
      break;
    }
    n++;
    size_t width = csv.fields.n < MAX_WIDTH ? csv.fields.n : MAX_WIDTH - 1;
    count[width]++;
    best = width >= 2 && count[width] > best ? count[width] : best;
  }
  *out = (fit){n > 0 && best == n && status == LQA_OK, best};
  lqa_csv_close(&csv);
  free(count);
  return status == LQA_NO_MEMORY ? status : LQA_OK;
}

/* Whether the field [p, end) opens a quote that closes before further text. */
static bool closes_early(const char *p, const char *end, char quote) {
  if (p == end || *p != quote) {
    return false;
  }
  for (p++; p < end; p++) {
    if (*p == quote && (p + 1 == end || p[1] != quote)) {
      return p + 1 < end;
    }
    p += *p == quote;
  }
  return false;
}

/* Whether some field, taken line by line, shows that quotes cannot be meant as such. */
static bool has_plain_quotes(const char *head, size_t size, const lqa_csv_dialect *dialect) {
  const char *p = head, *end = head + size;
  while (p < end) {
    const char *line_end = memchr(p, dialect->newline, (size_t)(end - p));
    line_end = line_end ? line_end : end;
    const char *text_end = line_end > p && line_end[-1] == '\r' ? line_end - 1 : line_end;
    while (p <= text_end) {
      const char *stop = memchr(p, dialect->delimiter, (size_t)(text_end - p));
      stop = stop ? stop : text_end;
      if (line_end < end && closes_early(p, stop, dialect->quote)) {
        return true;
      }
      p = stop + 1;
    }
    p = line_end + 1;
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

static lqa_status choose_delimiter(const char *head, size_t size, bool whole,
                                   const lqa_csv_hints *hints, lqa_csv_dialect *dialect) {
  char *copy = lqa_malloc(size, 1);
  fit best = {false, 0};
  const char first = hints->prefers_tab ? '\t' : ',';
  char chosen = first;
  lqa_status status = copy ? LQA_OK : LQA_NO_MEMORY;
  for (size_t i = 0; status == LQA_OK && i < sizeof candidates + 1; i++) {
    fit f = {false, 0};
    dialect->delimiter = i == 0 ? first : candidates[i - 1];
    settle_quote(head, size, hints, dialect);
    status = measure(copy, head, size, whole, dialect, &f);
    if (f.perfect > best.perfect || (f.perfect == best.perfect && f.agreeing > best.agreeing)) {
      best = f;
      chosen = dialect->delimiter;
    }
  }
  dialect->delimiter = chosen;
  free(copy);
  return status;
}

lqa_status lqa_csv_detect(const char *head, size_t size, bool whole, const lqa_csv_hints *hints,
                          lqa_csv_dialect *dialect, bool *quotes_dropped) {
  bool old_mac = !memchr(head, '\n', size) && memchr(head, '\r', size);
  *dialect = (lqa_csv_dialect){hints->delimiter, '"', old_mac ? '\r' : '\n'};
  if (!hints->has_delimiter) {
    LQA_TRY(choose_delimiter(head, size, whole, hints, dialect));
  }
  settle_quote(head, size, hints, dialect);
  *quotes_dropped = !hints->has_quote && !dialect->quote;
  return LQA_OK;
}
