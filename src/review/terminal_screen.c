/* The head and the foot take the lines they need, the content the rest; at least three. Everything
 * that comes from the data is cleaned of what could move the cursor.
 */
#include "review/terminal_screen.h"

#include "base/printable.h"
#include "base/text_wrap.h"

#include <ctype.h>
#include <math.h>

enum { MAX_SCREEN = 1 << 20, MAX_CONTENT = 1 << 18, MIN_CONTENT = 3, NUMBERED = 9 };
static const char FIELD_BREAK = 0x1f;

void lqa_row_screen_init(lqa_row_screen *s, lqa_review *review) {
  const lqa_manifest *m = &review->run->manifest;
  *s = (lqa_row_screen){.review = review, .columns = 80, .lines = 24};
  lqa_reasons_init(&s->reasons, &review->run->evidence, m->classes, m->loss_files.n > 0);
  lqa_buf_init(&s->text, MAX_SCREEN);
  lqa_buf_init(&s->content, SIZE_MAX / 4);
  lqa_buf_init(&s->wrapped, SIZE_MAX / 4);
  lqa_buf_init(&s->foot, MAX_SCREEN);
}

void lqa_row_screen_clear(lqa_row_screen *s) {
  lqa_reasons_clear(&s->reasons);
  lqa_buf_clear(&s->text);
  lqa_buf_clear(&s->content);
  lqa_buf_clear(&s->wrapped);
  lqa_buf_clear(&s->foot);
}

static lqa_status finish(lqa_row_screen *s, lqa_error *err) {
  lqa_buf_add_char(&s->text, '\0');
  LQA_TRY(lqa_buf_check(&s->text, err));
  s->text.size--;
  lqa_printable_clean(s->text.data, s->text.size);
  return LQA_OK;
}

static lqa_str class_name(const lqa_row_screen *s, int32_t code) {
  return code >= 0 ? s->review->run->manifest.classes[code] : lqa_str_from("none");
}

int32_t lqa_row_screen_proposal(const lqa_row_screen *s, int64_t row) {
  const lqa_evidence *e = &s->review->run->evidence;
  return e->suggested_label[row] >= 0 ? e->suggested_label[row] : e->label[row];
}

/* ---- content ---- */

static void add_fields(const lqa_text_list *names, lqa_str content, lqa_buf *out) {
  const char *at = content.data, *end = content.data + content.size;
  for (size_t i = 0; i < names->n && at <= end; i++) {
    const char *stop = memchr(at, FIELD_BREAK, (size_t)(end - at));
    stop = stop ? stop : end;
    lqa_buf_printf(out, "%s: %.*s\n", names->items[i], (int)(stop - at), at);
    at = stop + 1;
  }
}

/* The row's content as wrapped lines in `wrapped`. */
static lqa_status wrap_content(lqa_row_screen *s, int64_t row, lqa_error *err) {
  const lqa_manifest *m = &s->review->run->manifest;
  lqa_buf raw;
  bool has_content = false;
  lqa_status status;
  lqa_buf_init(&raw, SIZE_MAX / 4);
  lqa_buf_reset(&s->content);
  lqa_buf_reset(&s->wrapped);
  LQA_TRY_OUT(lqa_contents_get(&s->review->contents, row, MAX_CONTENT, &raw, &has_content, err));
  if (!has_content) {
    lqa_buf_add_text(&s->content, "(this row has no content that can be shown)");
  } else if (m->content_kind == LQA_CONTENT_TABLE) {
    add_fields(&m->source.features, lqa_buf_str(&raw), &s->content);
  } else {
    lqa_buf_add_str(&s->content, lqa_buf_str(&raw));
  }
  LQA_TRY_OUT(lqa_buf_check(&s->content, err));
  lqa_text_wrap(lqa_buf_str(&s->content), s->columns, &s->wrapped);
  if (s->wrapped.size == 0 || s->wrapped.data[s->wrapped.size - 1] != '\n') {
    lqa_buf_add_char(&s->wrapped, '\n');
  }
  status = lqa_buf_check(&s->wrapped, err);
out:
  lqa_buf_clear(&raw);
  return status;
}

static int count_lines(lqa_str text) {
  int n = 0;
  for (size_t i = 0; i < text.size; i++) {
    n += text.data[i] == '\n';
  }
  return n;
}

/* Lines [from, from + room) of the wrapped content; the last becomes a remark where more follow. */
static bool add_content(lqa_row_screen *s, int64_t from, int room) {
  lqa_str all = lqa_buf_str(&s->wrapped);
  int64_t n = count_lines(all), last = from + room;
  bool has_more = n > last;
  int64_t shown = has_more ? last - 1 : last, line = 0;
  for (size_t i = 0; i < all.size; i++) {
    if (line >= from && line < shown) {
      lqa_buf_add_char(&s->text, all.data[i]);
    }
    line += all.data[i] == '\n';
  }
  if (has_more) {
    lqa_buf_printf(&s->text, "(%lld more line%s: Space)\n", (long long)(n - shown),
                   n - shown == 1 ? "" : "s");
  }
  return has_more;
}

/* ---- head and foot ---- */

static void add_rule(const lqa_row_screen *s, lqa_buf *out) {
  for (int i = 0; i < s->columns; i++) {
    lqa_buf_add_char(out, '-');
  }
  lqa_buf_add_char(out, '\n');
}

static void add_head(lqa_row_screen *s, const lqa_row_screen_state *state) {
  const lqa_review *r = s->review;
  lqa_buf_printf(&s->text, "Row %lld. %lld decided, %lld left", (long long)state->row,
                 (long long)state->decided, (long long)r->to_review);
  if (state->decided >= 3 && state->minutes > .05) {
    double rate = (double)state->decided / state->minutes;
    lqa_buf_printf(&s->text, ", %.0f a minute, %.0f minutes to go", rate,
                   (double)r->to_review / rate);
  }
  lqa_buf_add_char(&s->text, '\n');
  add_rule(s, &s->text);
}

static void add_evidence(lqa_row_screen *s, int64_t row) {
  const lqa_evidence *e = &s->review->run->evidence;
  lqa_str given = class_name(s, e->label[row]),
          better = class_name(s, lqa_row_screen_proposal(s, row));
  lqa_buf_printf(&s->foot, "Label      %.*s\n", (int)given.size, given.data);
  if (!lqa_str_equal(given, better)) {
    lqa_buf_printf(&s->foot, "Suggested  %.*s\n", (int)better.size, better.data);
  }
  lqa_buf_printf(&s->foot, "Trust      %.2f", e->trust_score[row]);
  if (!isnan(e->p_correct[row])) {
    lqa_buf_printf(&s->foot, ", p_correct %.3f", e->p_correct[row]);
  }
  lqa_buf_add_char(&s->foot, '\n');
  const lqa_str *reasons;
  size_t n = lqa_reasons_get(&s->reasons, row, &reasons);
  for (size_t i = 0; i < n && i < 4; i++) {
    lqa_buf_printf(&s->foot, "%s%.*s\n", i ? "           " : "Why        ", (int)reasons[i].size,
                   reasons[i].data);
  }
}

static void add_keys(lqa_row_screen *s, int64_t row) {
  const lqa_manifest *m = &s->review->run->manifest;
  bool blind = s->review->options.blind;
  for (int32_t k = 0; k < m->n_classes && k < NUMBERED; k++) {
    lqa_buf_printf(&s->foot, "%s%d %.*s", k ? "   " : "", (int)k + 1, (int)m->classes[k].size,
                   m->classes[k].data);
  }
  lqa_buf_add_text(&s->foot, m->n_classes > NUMBERED ? "   / more classes\n" : "\n");
  if (!blind) {
    lqa_str better = class_name(s, lqa_row_screen_proposal(s, row));
    lqa_buf_printf(&s->foot, "Enter %.*s  K keep  ", (int)better.size, better.data);
  }
  lqa_buf_add_text(&s->foot, "/ search  U unsure  S skip  Z undo  N note  ? help  Q end\n");
}

lqa_status lqa_row_screen_show(lqa_row_screen *s, const lqa_row_screen_state *state, bool *has_more,
                               lqa_error *err) {
  lqa_buf wrapped;
  lqa_status status;
  lqa_buf_init(&wrapped, MAX_SCREEN);
  lqa_buf_reset(&s->text);
  lqa_buf_reset(&s->foot);
  LQA_TRY_OUT(wrap_content(s, state->row, err));
  add_rule(s, &s->foot);
  if (!s->review->options.blind) {
    add_evidence(s, state->row);
  }
  if (state->note.size > 0) {
    lqa_buf_printf(&s->foot, "Note       %.*s\n", (int)state->note.size, state->note.data);
  }
  lqa_buf_printf(&s->foot, "%s\n", state->said ? state->said : "");
  add_keys(s, state->row);
  LQA_TRY_OUT(lqa_buf_check(&s->foot, err));
  lqa_text_wrap(lqa_buf_str(&s->foot), s->columns, &wrapped);
  int room = s->lines - 1 - 2 - count_lines(lqa_buf_str(&wrapped));
  add_head(s, state);
  *has_more = add_content(s, state->from_line, room > MIN_CONTENT ? room : MIN_CONTENT);
  lqa_buf_add_str(&s->text, lqa_buf_str(&wrapped));
  status = wrapped.failed ? lqa_fail_memory(err, "showing a row") : finish(s, err);
out:
  lqa_buf_clear(&wrapped);
  return status;
}

/* ---- searching classes ---- */

static bool holds(lqa_str name, lqa_str typed) {
  for (size_t i = 0; i + typed.size <= name.size; i++) {
    size_t j = 0;
    while (j < typed.size &&
           tolower((unsigned char)name.data[i + j]) == tolower((unsigned char)typed.data[j])) {
      j++;
    }
    if (j == typed.size) {
      return true;
    }
  }
  return false;
}

int32_t lqa_row_screen_class_at(const lqa_row_screen *s, lqa_str typed, int which) {
  const lqa_manifest *m = &s->review->run->manifest;
  for (int32_t k = 0; k < m->n_classes; k++) {
    if (holds(m->classes[k], typed) && which-- == 0) {
      return k;
    }
  }
  return LQA_CLASS_NONE;
}

lqa_status lqa_row_screen_classes(lqa_row_screen *s, lqa_str typed, lqa_error *err) {
  int room = s->lines - 5, found = 0;
  lqa_buf_reset(&s->text);
  lqa_buf_printf(&s->text, "Class: %.*s_\n", (int)typed.size, typed.data);
  add_rule(s, &s->text);
  for (int32_t k; (k = lqa_row_screen_class_at(s, typed, found)) >= 0; found++) {
    lqa_str name = class_name(s, k);
    if (found < room) {
      lqa_buf_printf(&s->text, "%2d %.*s\n", found + 1, (int)name.size, name.data);
    }
  }
  if (found > room) {
    lqa_buf_printf(&s->text, "   and %d more\n", found - room);
  }
  lqa_buf_add_text(&s->text, found ? "Enter takes the first; letters search on; Esc goes back.\n"
                                   : "No class holds this; Backspace takes a letter back.\n");
  return finish(s, err);
}

lqa_status lqa_row_screen_note(lqa_row_screen *s, lqa_str note, lqa_error *err) {
  lqa_buf_reset(&s->text);
  lqa_buf_printf(&s->text, "Note: %.*s_\n", (int)note.size, note.data);
  add_rule(s, &s->text);
  lqa_buf_add_text(&s->text, "Enter keeps it for the next decision; Esc drops it.\n");
  return finish(s, err);
}

lqa_status lqa_row_screen_help(lqa_row_screen *s, lqa_error *err) {
  lqa_buf_reset(&s->text);
  lqa_buf_add_text(&s->text,
                   "Enter      take the suggested label (the given one where there is none)\n"
                   "K          keep the given label\n"
                   "1 to 9     the class with that number\n"
                   "/          search a class: type letters, then Enter\n"
                   "U          unsure: another person should decide\n"
                   "S          skip: the row comes again in the next session\n"
                   "Z          take your latest decision back\n"
                   "N          a note, kept with the next decision\n"
                   "Space      the next lines of a long text\n"
                   "Q          end; every decision is on disk already\n\n"
                   "Any key goes back.\n");
  return finish(s, err);
}
