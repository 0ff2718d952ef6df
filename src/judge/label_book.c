/* judge/label_book.c - see label_book.h.
 *
 * Two maps, one over names as they are and one over their lower case, each from text to class code.
 * A text that two classes share (they differ in case only, or in outer white space) maps to -1: a
 * reply must then spell the class exactly, and what even that leaves open is no answer at all.
 * Lower case is Unicode's (base/unicode.h), so "ÉTÉ" finds "été".
 */
#include "judge/label_book.h"

#include "base/memory.h"
#include "base/unicode.h"

enum { AMBIGUOUS = -1, MAX_NAME_BYTES = 1 << 20 };

static bool must_quote(lqa_str name) {
  lqa_str trimmed = lqa_str_trim(name);
  if (trimmed.size != name.size || name.size == 0) {
    return true;
  }
  for (size_t i = 0; i < name.size; i++) {
    if (strchr(",\"\r\n", name.data[i]) && name.data[i] != '\0') {
      return true;
    }
  }
  return false;
}

static void write_shown(lqa_str name, lqa_buf *out) {
  if (!must_quote(name)) {
    lqa_buf_add_str(out, name);
    return;
  }
  lqa_buf_add_char(out, '"');
  for (size_t i = 0; i < name.size; i++) {
    switch (name.data[i]) {
    case '"':
      lqa_buf_add_text(out, "\"\"");
      break;
    case '\n':
      lqa_buf_add_text(out, "\\n");
      break;
    case '\r':
      lqa_buf_add_text(out, "\\r");
      break;
    default:
      lqa_buf_add_char(out, name.data[i]);
    }
  }
  lqa_buf_add_char(out, '"');
}

/* Enters `text` for `code`. A text already there for another class becomes ambiguous, unless it is
 * one of the first `n_names`: a class's own exact name stays its own. */
static lqa_status enter(lqa_map *map, int32_t *codes, lqa_str text, int32_t code, size_t n_names) {
  uint32_t index;
  bool added;
  LQA_TRY(lqa_map_add(map, text, &index, &added));
  if (added) {
    codes[index] = code;
  } else if (codes[index] != code && index >= n_names) {
    codes[index] = AMBIGUOUS;
  }
  return LQA_OK;
}

static lqa_status enter_lower(lqa_label_book *book, lqa_str text, int32_t code, lqa_buf *scratch) {
  lqa_buf_reset(scratch);
  lqa_unicode_lower(text, scratch);
  LQA_TRY(lqa_buf_check(scratch, NULL));
  return enter(book->folded, book->folded_code, lqa_buf_str(scratch), code, 0);
}

/* The trimmed name counts as a spelling of its own: replies are trimmed before they are looked up.
 */
static lqa_status enter_class(lqa_label_book *book, int32_t code, lqa_buf *scratch) {
  lqa_str name = book->classes[code].name;
  lqa_str shown = lqa_str_from(book->shown[code]);
  lqa_str trimmed = lqa_str_trim(name);
  LQA_TRY(enter(book->exact, book->exact_code, trimmed, code, book->n_classes));
  LQA_TRY(enter(book->exact, book->exact_code, shown, code, book->n_classes));
  LQA_TRY(enter_lower(book, trimmed, code, scratch));
  return lqa_str_equal(shown, trimmed) ? LQA_OK : enter_lower(book, shown, code, scratch);
}

static lqa_status fill(lqa_label_book *book) {
  lqa_buf scratch;
  lqa_buf_init(&scratch, MAX_NAME_BYTES);
  lqa_status status = LQA_OK;
  for (size_t i = 0; i < book->n_classes; i++) {
    lqa_buf_reset(&scratch);
    write_shown(book->classes[i].name, &scratch);
    book->shown[i] = lqa_buf_take(&scratch, NULL);
    LQA_TRY_OUT(book->shown[i] ? LQA_OK : LQA_NO_MEMORY);
  }
  /* Exact names first: no shown or trimmed form of another class may take a name away. */
  for (size_t i = 0; i < book->n_classes; i++) {
    LQA_TRY_OUT(enter(book->exact, book->exact_code, book->classes[i].name, (int32_t)i, 0));
  }
  for (size_t i = 0; i < book->n_classes; i++) {
    LQA_TRY_OUT(enter_class(book, (int32_t)i, &scratch));
  }
out:
  lqa_buf_clear(&scratch);
  return status;
}

lqa_status lqa_label_book_init(lqa_label_book *book, const lqa_judge_class *classes,
                               size_t n_classes, lqa_error *err) {
  *book = (lqa_label_book){.classes = classes, .n_classes = n_classes};
  book->shown = lqa_calloc(n_classes, sizeof *book->shown);
  book->exact = lqa_map_new(true);
  book->folded = lqa_map_new(true);
  book->exact_code = lqa_calloc(n_classes, 3 * sizeof *book->exact_code);
  book->folded_code = lqa_calloc(n_classes, 3 * sizeof *book->folded_code);
  if (!book->shown || !book->exact || !book->folded || !book->exact_code || !book->folded_code ||
      fill(book) != LQA_OK) {
    lqa_label_book_clear(book);
    return lqa_fail_memory(err, "reading the class names");
  }
  return LQA_OK;
}

void lqa_label_book_clear(lqa_label_book *book) {
  for (size_t i = 0; book->shown && i < book->n_classes; i++) {
    free(book->shown[i]);
  }
  free(book->shown);
  free(book->exact_code);
  free(book->folded_code);
  lqa_map_free(book->exact);
  lqa_map_free(book->folded);
  *book = (lqa_label_book){0};
}

int32_t lqa_label_book_find(const lqa_label_book *book, lqa_str text) {
  int64_t index = lqa_map_find(book->exact, text);
  if (index >= 0) {
    return book->exact_code[index];
  }
  lqa_buf lower;
  lqa_buf_init(&lower, MAX_NAME_BYTES);
  lqa_unicode_lower(text, &lower);
  index = lower.failed ? -1 : lqa_map_find(book->folded, lqa_buf_str(&lower));
  lqa_buf_clear(&lower);
  return index >= 0 ? book->folded_code[index] : LQA_JUDGE_NO_CLASS;
}

const char *lqa_label_book_shown(const lqa_label_book *book, int32_t code) {
  return book->shown[code];
}
