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
#include "data/source/csv_detect.h"

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
