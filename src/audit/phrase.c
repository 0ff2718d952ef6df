/* audit/phrase.c - counts, row lists and quotations, worded the same way in every message. */
#include "audit/phrase.h"

#include "base/buf.h"
#include "base/unicode.h"

#include <math.h>
#include <stdio.h>

enum { MAX_PHRASE_BYTES = 1 << 16, ROWS_NAMED = 5 };

/* Without memory a phrase is "": the arena remembers it, and the audit's driver looks. */
static const char *keep(lqa_arena *arena, lqa_buf *buf) {
  const char *text =
      buf->failed ? NULL : lqa_arena_copy(arena, buf->data ? buf->data : "", buf->size);
  arena->failed = arena->failed || !text;
  lqa_buf_clear(buf);
  return text ? text : "";
}

static void add_grouped(lqa_buf *out, int64_t n) {
  char digits[32];
  int size = snprintf(digits, sizeof digits, "%lld", (long long)n);
  for (int i = 0; i < size; i++) {
    lqa_buf_add_char(out, digits[i]);
    int left = size - 1 - i;
    if (left > 0 && left % 3 == 0 && digits[i] != '-') {
      lqa_buf_add_char(out, ',');
    }
  }
}

const char *lqa_phrase_count(lqa_arena *arena, int64_t n, const char *one, const char *many) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_PHRASE_BYTES);
  add_grouped(&out, n);
  lqa_buf_printf(&out, " %s", n == 1 ? one : many);
  return keep(arena, &out);
}

const char *lqa_phrase_rows(lqa_arena *arena, const int64_t *rows, int64_t n) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_PHRASE_BYTES);
  int64_t named = n <= ROWS_NAMED ? n : ROWS_NAMED - 2;
  lqa_buf_add_text(&out, n == 1 ? "row " : "rows ");
  for (int64_t i = 0; i < named; i++) {
    bool is_last = i + 1 == named && named == n;
    lqa_buf_printf(&out, "%s%lld", i == 0 ? "" : is_last ? " and " : ", ", (long long)rows[i]);
  }
  if (named < n) {
    lqa_buf_add_text(&out, " and ");
    add_grouped(&out, n - named);
    lqa_buf_add_text(&out, " more");
  }
  return keep(arena, &out);
}

const char *lqa_phrase_block(lqa_arena *arena, const lqa_dataset *dataset, int64_t from,
                             int64_t to) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_PHRASE_BYTES);
  lqa_buf_printf(&out, "rows %lld-%lld", (long long)from, (long long)to);
  if (dataset->n_files > 1) {
    int64_t first = 0, last = 0;
    const lqa_source_file *a = lqa_dataset_file_of(dataset, from, &first);
    const lqa_source_file *b = lqa_dataset_file_of(dataset, to, &last);
    if (a == b) {
      lqa_buf_printf(&out, " (rows %lld-%lld of %s)", (long long)first, (long long)last, a->path);
    } else {
      lqa_buf_printf(&out, " (row %lld of %s to row %lld of %s)", (long long)first, a->path,
                     (long long)last, b->path);
    }
  }
  return keep(arena, &out);
}

const char *lqa_phrase_quote(lqa_arena *arena, lqa_str text, size_t max_code_points) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_PHRASE_BYTES);
  lqa_buf_add_char(&out, '"');
  size_t at = 0;
  for (size_t n = 0; at < text.size && n < max_code_points; n++) {
    size_t length = 0;
    uint32_t code_point = lqa_utf8_decode(text.data + at, text.size - at, &length);
    char utf8[4];
    size_t size = lqa_utf8_encode(code_point < 32 || code_point == 127 ? ' ' : code_point, utf8);
    lqa_buf_add(&out, utf8, size);
    at += length;
  }
  lqa_buf_add_text(&out, at < text.size ? "...\"" : "\"");
  return keep(arena, &out);
}

const char *lqa_phrase_percent(lqa_arena *arena, double fraction) {
  double percent = fraction * 100;
  bool is_whole = percent >= 10 && fabs(percent - floor(percent + .5)) < .05;
  const char *text = lqa_arena_printf(arena, is_whole ? "%.0f %%" : "%.1f %%", percent);
  return text ? text : "";
}
