/* The delimited-text reader on any bytes: a dialect is detected, every record read; what came out,
 * written again with all fields quoted, must read as the same fields. The first byte chooses hints.
 */
#include "base/buf.h"
#include "base/unicode.h"
#include "data/source/csv_detect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
  if (!holds) {
    abort();
  }
}

static void write_record(const lqa_csv *csv, lqa_buf *out) {
  for (size_t i = 0; i < csv->fields.n; i++) {
    lqa_str text = csv->fields.data[i].text;
    demand(lqa_utf8_check(text.data, text.size) < 0);
    lqa_buf_add_text(out, i ? ",\"" : "\"");
    for (size_t k = 0; k < text.size; k++) {
      lqa_buf_add(out, "\"\"", text.data[k] == '"' ? 2 : 0);
      lqa_buf_add(out, text.data + k, text.data[k] != '"');
    }
    lqa_buf_add_char(out, '"');
  }
  lqa_buf_add_char(out, '\n');
}

/* Reads everything readable and appends it in the one dialect. */
static void rewrite(const char *text, size_t size, const lqa_csv_dialect *dialect, lqa_buf *out) {
  char *copy = lqa_malloc(size, 1);
  lqa_csv csv;
  bool more = true;
  demand(copy != NULL);
  memcpy(copy, text, size);
  lqa_csv_open_memory(&csv, dialect, copy, size, true);
  while (lqa_csv_next(&csv, false, &more, NULL) == LQA_OK && more) {
    demand(csv.fields.n > 0 && csv.line >= csv.row + 1);
    write_record(&csv, out);
  }
  lqa_csv_close(&csv);
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const lqa_csv_dialect plain = {.delimiter = ',', .quote = '"', .newline = '\n'};
  if (size == 0) {
    return 0;
  }
  lqa_csv_hints hints = {.has_delimiter = data[0] & 1,
                         .delimiter = ";\t|\x1f"[data[0] >> 6],
                         .has_quote = data[0] & 2,
                         .quote = data[0] & 4 ? '\'' : '\0',
                         .prefers_tab = data[0] & 8,
                         .escape = data[0] & 32 ? '\\' : '\0',
                         .comment = data[0] & 32 ? '#' : '\0'};
  const char *text = (const char *)data + 1;
  lqa_csv_dialect dialect;
  lqa_csv_finds finds;
  demand(lqa_csv_detect(text, size - 1, data[0] & 16, &hints, &dialect, &finds) == LQA_OK);
  lqa_buf once, twice;
  lqa_buf_init(&once, 1 << 28);
  lqa_buf_init(&twice, 1 << 28);
  rewrite(text, size - 1, &dialect, &once);
  rewrite(once.data ? once.data : "", once.size, &plain, &twice);
  demand(once.size == twice.size && (once.size == 0 || !memcmp(once.data, twice.data, once.size)));
  lqa_buf_clear(&once);
  lqa_buf_clear(&twice);
  return 0;
}
