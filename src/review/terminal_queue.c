/* Rows are leased as the page leases them, so a session beside an open page takes no row twice.
 */
#include "review/terminal_queue.h"

#include "base/clock.h"
#include "review/queue.h"
#include "review/terminal_screen.h"
#include "store/spot_check.h"

#include <stdio.h>

enum { BATCH = 20, MAX_NOTE = 1000, MAX_TYPED = 64, ESCAPE = 27, DELETE = 127, BACKSPACE = 8 };
enum { END_OF_TEXT = 3, END_OF_FILE = 4 };

typedef struct session {
  lqa_review *review;
  const lqa_terminal *terminal;
  lqa_row_screen screen;
  lqa_row_screen_state state;
  int32_t reviewer;
  lqa_view batch;
  int64_t next;           /* in the batch */
  LQA_VEC(int64_t) again; /* rows to show before the batch, the last first */
  lqa_buf note;
  double began, shown_at;
  bool has_more, is_over;
  char said[160];
} session;

static lqa_status lease(session *s, lqa_error *err) {
  const lqa_queue_request request = {
      .reviewer = s->reviewer, .count = BATCH, .order = LQA_QUEUE_TRUST, .filter = LQA_VIEW_ALL};
  lqa_view_clear(&s->batch);
  s->next = 0;
  return lqa_queue_lease(s->review, &request, &s->batch, err);
}

/* state.row is -1 where none is left. */
static lqa_status go_on(session *s, lqa_error *err) {
  s->state.from_line = 0;
  s->shown_at = lqa_clock_seconds();
  if (s->again.n > 0) {
    s->state.row = s->again.data[--s->again.n];
    return LQA_OK;
  }
  if (s->next >= s->batch.n) {
    LQA_TRY(lease(s, err));
  }
  s->state.row = s->next < s->batch.n ? s->batch.rows[s->next++] : -1;
  return LQA_OK;
}

static lqa_status show_row(session *s, lqa_error *err) {
  s->terminal->size(s->terminal->data, &s->screen.columns, &s->screen.lines);
  s->screen.columns = s->screen.columns < 20 ? 20 : s->screen.columns;
  s->state.note = lqa_buf_str(&s->note);
  s->state.said = s->said;
  s->state.minutes = (lqa_clock_seconds() - s->began) / 60;
  LQA_TRY(lqa_row_screen_show(&s->screen, &s->state, &s->has_more, err));
  s->terminal->show(s->terminal->data, s->screen.text.data);
  s->said[0] = '\0';
  return LQA_OK;
}

/* ---- what keys do ---- */

static lqa_status record(session *s, lqa_review_kind kind, int32_t label, lqa_error *err) {
  const lqa_review_entry entry = {.row = s->state.row,
                                  .kind = kind,
                                  .label = label,
                                  .reviewer = s->reviewer,
                                  .seconds = lqa_clock_seconds() - s->shown_at,
                                  .blind = s->review->options.blind,
                                  .note =
                                      s->note.size ? lqa_buf_str(&s->note) : (lqa_str){NULL, 0}};
  int64_t id;
  LQA_TRY(lqa_review_decide(s->review, &entry, &id, err));
  s->state.decided++;
  lqa_buf_reset(&s->note);
  if (kind == LQA_REVIEW_LABEL) {
    lqa_str name = s->review->run->manifest.classes[label];
    snprintf(s->said, sizeof s->said, "Row %lld: %.*s.", (long long)entry.row,
             name.size < 100 ? (int)name.size : 100, name.data);
    const lqa_spot_answer spot = {.row = entry.row,
                                  .label = label,
                                  .by = lqa_review_log_name_of(&s->review->log, s->reviewer)};
    LQA_TRY(lqa_spot_take(s->review->run, &spot, err));
  } else {
    snprintf(s->said, sizeof s->said, "Row %lld: unsure.", (long long)entry.row);
  }
  return go_on(s, err);
}

/* Blind reviewers choose a class: "keep" would decide what they cannot see. */
static lqa_status take(session *s, int32_t label, bool needs_sight, lqa_error *err) {
  if (needs_sight && s->review->options.blind) {
    snprintf(s->said, sizeof s->said, "The labels are hidden: choose a class.");
    return LQA_OK;
  }
  if (label < 0) {
    snprintf(s->said, sizeof s->said, "There is no such class here.");
    return LQA_OK;
  }
  return record(s, LQA_REVIEW_LABEL, label, err);
}

static lqa_status undo(session *s, lqa_error *err) {
  int64_t row;
  LQA_TRY(lqa_review_undo(s->review, s->reviewer, &row, err));
  if (row < 0) {
    snprintf(s->said, sizeof s->said, "There is no decision of yours to take back.");
    return LQA_OK;
  }
  if (s->state.row >= 0 && lqa_vec_push(&s->again, s->state.row) != LQA_OK) {
    return lqa_fail_memory(err, "taking a decision back");
  }
  snprintf(s->said, sizeof s->said, "Row %lld is undecided again.", (long long)row);
  s->state.decided -= s->state.decided > 0;
  s->state.row = row;
  s->state.from_line = 0;
  s->shown_at = lqa_clock_seconds();
  return LQA_OK;
}

/* One key of a typed text; false where typing is over: *taken by Enter, or dropped. */
static bool type_key(int key, size_t most, lqa_buf *text, bool *taken) {
  *taken = key == '\r' || key == '\n';
  if (*taken || key == ESCAPE || key < 0) {
    return false;
  }
  if (key == DELETE || key == BACKSPACE) {
    while (text->size > 0 && (text->data[text->size - 1] & 0xC0) == 0x80) {
      text->size--;
    }
    text->size -= text->size > 0;
  } else if (key >= ' ' && text->size < most) {
    lqa_buf_add_char(text, (char)key);
  }
  return true;
}

static lqa_status search(session *s, lqa_error *err) {
  lqa_buf typed;
  bool taken = false;
  int key = 0;
  lqa_status status = LQA_OK;
  lqa_buf_init(&typed, 1 << 10);
  do {
    LQA_TRY_OUT(lqa_row_screen_classes(&s->screen, lqa_buf_str(&typed), err));
    s->terminal->show(s->terminal->data, s->screen.text.data);
    key = s->terminal->read_key(s->terminal->data);
  } while (type_key(key, MAX_TYPED, &typed, &taken));
  s->is_over = key < 0;
  if (taken) {
    LQA_TRY_OUT(take(s, lqa_row_screen_class_at(&s->screen, lqa_buf_str(&typed), 0), false, err));
  }
out:
  lqa_buf_clear(&typed);
  return status;
}

static lqa_status write_note(session *s, lqa_error *err) {
  bool taken = false;
  int key = 0;
  do {
    LQA_TRY(lqa_row_screen_note(&s->screen, lqa_buf_str(&s->note), err));
    s->terminal->show(s->terminal->data, s->screen.text.data);
    key = s->terminal->read_key(s->terminal->data);
  } while (type_key(key, MAX_NOTE, &s->note, &taken));
  if (!taken) {
    lqa_buf_reset(&s->note);
  }
  s->is_over = key < 0;
  return LQA_OK;
}

static lqa_status help(session *s, lqa_error *err) {
  LQA_TRY(lqa_row_screen_help(&s->screen, err));
  s->terminal->show(s->terminal->data, s->screen.text.data);
  s->is_over = s->terminal->read_key(s->terminal->data) < 0;
  return LQA_OK;
}

static lqa_status answer_key(session *s, int key, lqa_error *err) {
  int64_t row = s->state.row;
  int32_t n_classes = s->review->run->manifest.n_classes;
  switch (key) {
  case '\r':
  case '\n':
    return take(s, lqa_row_screen_proposal(&s->screen, row), true, err);
  case 'k':
  case 'K':
    return take(s, s->review->run->evidence.label[row], true, err);
  case '/':
    return search(s, err);
  case 'u':
  case 'U':
    return record(s, LQA_REVIEW_UNSURE, LQA_CLASS_NONE, err);
  case 's':
  case 'S':
    snprintf(s->said, sizeof s->said, "Row %lld: skipped.", (long long)row);
    return go_on(s, err);
  case 'z':
  case 'Z':
    return undo(s, err);
  case 'n':
  case 'N':
    return write_note(s, err);
  case '?':
    return help(s, err);
  case ' ':
    s->state.from_line = s->has_more ? s->state.from_line + s->screen.lines / 2 : 0;
    return LQA_OK;
  default:
    s->is_over = key < 0 || key == 'q' || key == 'Q' || key == END_OF_TEXT || key == END_OF_FILE;
    return key >= '1' && key <= '9' ? take(s, key - '1' < n_classes ? key - '1' : -1, false, err)
                                    : LQA_OK;
  }
}

lqa_status lqa_terminal_queue_run(lqa_review *review, const lqa_terminal *terminal,
                                  lqa_str reviewer, int64_t *decided, lqa_error *err) {
  session s = {.review = review, .terminal = terminal, .began = lqa_clock_seconds()};
  lqa_status status;
  lqa_row_screen_init(&s.screen, review);
  lqa_buf_init(&s.note, 4 * MAX_NOTE);
  LQA_TRY_OUT(lqa_review_log_name(&review->log, reviewer, &s.reviewer, err));
  LQA_TRY_OUT(go_on(&s, err));
  while (!s.is_over && s.state.row >= 0) {
    LQA_TRY_OUT(show_row(&s, err));
    LQA_TRY_OUT(answer_key(&s, terminal->read_key(terminal->data), err));
  }
out:
  *decided = s.state.decided;
  lqa_row_screen_clear(&s.screen);
  lqa_view_clear(&s.batch);
  lqa_vec_clear(&s.again);
  lqa_buf_clear(&s.note);
  return status;
}
