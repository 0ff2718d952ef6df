/* data/votes/vote_read.c - rows into votes: one pass, every name interned as it comes.
 *
 * A row of a long table is a vote, a row of a wide one has a vote in each annotator's cell. What
 * else a row says belongs to its item; the first row of an item is believed, and a later one that
 * contradicts it is an error (known labels, probabilities) or counted (texts).
 */
#include "data/votes/vote_read.h"

#include "base/message_text.h"
#include "base/message_text.h"
#include "base/buf.h"
#include "base/unicode.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { QUOTE = 60 };

lqa_status lqa_vote_fail(const lqa_vote_reader *r, int64_t column, lqa_error *err,
                         const char *format, ...) {
  char what[512];
  va_list arguments;
  va_start(arguments, format);
  lqa_message_format(what, sizeof what, format, arguments);
  va_end(arguments);
  const char *file = lqa_source_file_path(r->source, (int32_t)r->file);
  const char *name = column < 0 ? NULL : lqa_source_column_name(r->source, (size_t)column);
  return name ? lqa_fail_at(err, LQA_BAD_DATA, file, r->file_row, name,
                            "%s, row %lld, column '%s': " LQA_WORDS, file, (long long)r->file_row,
                            name, what)
              : lqa_fail_at(err, LQA_BAD_DATA, file, r->file_row, NULL, "%s, row %lld: " LQA_WORDS,
                            file, (long long)r->file_row, what);
}

lqa_str lqa_vote_copy(lqa_vote_reader *r, lqa_str text) {
  return (lqa_str){lqa_arena_copy(&r->table->arena, text.data ? text.data : "", text.size),
                   text.size};
}

lqa_status lqa_vote_note(lqa_vote_reader *r, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const char *note = lqa_message_new_v(&r->table->arena, format, arguments);
  va_end(arguments);
  return note ? lqa_vec_push(&r->table->notes, note) : LQA_NO_MEMORY;
}

bool lqa_vote_is_missing(const lqa_vote_reader *r, lqa_str text) {
  bool is_plain = text.size > 0 && text.data[0] > ' ' && text.data[0] < 0x7F;
  if (!is_plain && (text.size == 0 || lqa_unicode_is_blank(text))) {
    return true;
  }
  const lqa_text_list *missing = &r->options->missing;
  for (size_t i = 0; i < missing->n; i++) {
    if (lqa_str_equal(text, lqa_str_from(missing->items[i]))) {
      return true;
    }
  }
  return false;
}

/* The given class nearest to a label that is none, for "did you mean"; "" if none is near. */
static lqa_str nearest_class(const lqa_vote_reader *r, lqa_str text) {
  lqa_str best = LQA_STR("");
  size_t least = 3;
  for (int64_t k = 0; k < r->n_given; k++) {
    lqa_str name = lqa_map_key(r->labels, (uint32_t)k);
    size_t distance = lqa_str_distance(lqa_str_trim(text), lqa_str_trim(name));
    if (distance < least && distance < name.size) {
      least = distance;
      best = name;
    }
  }
  return best;
}

lqa_str lqa_vote_label_name(const lqa_vote_reader *r, lqa_str text) {
  for (size_t i = 0; i < r->source->class_names.n; i++) {
    if (lqa_str_equal(text, lqa_str_from(r->source->class_names.data[i].code))) {
      return lqa_str_from(r->source->class_names.data[i].name);
    }
  }
  return text;
}

lqa_status lqa_vote_label_add(lqa_vote_reader *r, int64_t column, lqa_str text, int32_t *number,
                              lqa_error *err) {
  uint32_t index = 0;
  *number = -1;
  if (lqa_vote_is_missing(r, text)) {
    return LQA_OK;
  }
  text = lqa_vote_label_name(r, text);
  int64_t known = r->n_given > 0 ? lqa_map_find(r->labels, text) : 0;
  if (known < 0) {
    lqa_str near = nearest_class(r, text);
    return lqa_vote_fail(
        r, column, err,
        "the label '%.*s' is none of the %lld classes given%s%.*s%s. Mend it, add "
        "it to " LQA_OPTION("classes") ", or leave such votes out with " LQA_OPTION("missing"),
        (int)(text.size < QUOTE ? text.size : QUOTE), text.data, (long long)r->n_given,
        near.size ? " (did you mean '" : "", (int)(near.size < QUOTE ? near.size : QUOTE),
        near.data, near.size ? "'?)" : "");
  }
  LQA_TRY(lqa_map_add(r->labels, text, &index, NULL) == LQA_OK
              ? LQA_OK
              : lqa_fail_memory(err, "reading labels"));
  *number = (int32_t)index;
  return LQA_OK;
}

/* ---- items ---- */

/* The text columns joined by a space, in `joined`; NULL data if all are empty. */
static lqa_str join_text(const lqa_vote_reader *r, lqa_buf *joined) {
  lqa_str only = {NULL, 0};
  lqa_buf_reset(joined);
  for (size_t i = 0; i < r->plan.n_texts; i++) {
    lqa_str part = lqa_source_reader_get(r->rows, r->plan.texts[i]);
    if (part.size > 0) {
      lqa_buf_add_text(joined, joined->size > 0 ? " " : "");
      lqa_buf_add_str(joined, part);
      only = part;
    }
  }
  return only.data && joined->size > only.size ? lqa_buf_str(joined) : only;
}

static lqa_status find_item(lqa_vote_reader *r, lqa_str text, uint32_t *item, bool *added,
                            lqa_error *err) {
  lqa_vote_table *t = r->table;
  if (!t->items) {
    *item = (uint32_t)t->n_rows;
    *added = true;
    return LQA_OK;
  }
  bool by_column = r->plan.item >= 0;
  lqa_str name = by_column ? lqa_source_reader_get(r->rows, (size_t)r->plan.item) : text;
  if (name.size == 0) {
    return lqa_vote_fail(r, by_column ? r->plan.item : (int64_t)r->plan.texts[0], err,
                         "the item is empty; every row needs one");
  }
  *added = false;
  return lqa_map_add(t->items, name, item, added) == LQA_OK ? LQA_OK
                                                            : lqa_fail_memory(err, "reading items");
}

static lqa_status add_probs(lqa_vote_reader *r, uint32_t item, bool added, lqa_error *err) {
  for (size_t i = 0; i < r->plan.n_probs; i++) {
    int64_t column = (int64_t)r->plan.probs[i];
    lqa_str text = lqa_str_trim(lqa_source_reader_get(r->rows, (size_t)column));
    double value = (double)NAN;
    if (text.size == 0 || !lqa_str_to_double(text, &value)) {
      return lqa_vote_fail(r, column, err,
                           "'%.*s' is no probability; every item needs one for "
                           "every class",
                           (int)(text.size < QUOTE ? text.size : QUOTE),
                           text.data ? text.data : "");
    }
    size_t at = (size_t)item * r->plan.n_probs + i;
    if (!added && r->probs.data[at] != value) {
      return lqa_vote_fail(r, column, err,
                           "the item has the probability %.9g here, but %.9g in row %lld", value,
                           r->probs.data[at], (long long)r->first_row.data[item]);
    }
    if (added && lqa_vec_push(&r->probs, value) != LQA_OK) {
      return lqa_fail_memory(err, "reading probabilities");
    }
  }
  return LQA_OK;
}

/* Sets known[item], or says that it contradicts an earlier row. */
static lqa_status set_known(lqa_vote_reader *r, int64_t column, int32_t number, int32_t *known,
                            lqa_error *err) {
  if (number >= 0 && *known >= 0 && *known != number) {
    return lqa_vote_fail(r, column, err,
                         "the item has another known label here than in an earlier row");
  }
  *known = number >= 0 ? number : *known;
  return LQA_OK;
}

static lqa_status add_known(lqa_vote_reader *r, uint32_t item, lqa_error *err) {
  const lqa_vote_plan *p = &r->plan;
  int32_t number = -1;
  if (p->gold >= 0) {
    LQA_TRY(lqa_vote_label_add(r, p->gold, lqa_source_reader_get(r->rows, (size_t)p->gold), &number,
                               err));
    LQA_TRY(set_known(r, p->gold, number, &r->gold.data[item], err));
  }
  if (p->truth >= 0) {
    lqa_str text = lqa_source_reader_get(r->rows, (size_t)p->truth);
    uint32_t index = 0;
    if (!lqa_vote_is_missing(r, text)) {
      LQA_TRY(lqa_map_add(r->truths, lqa_vote_label_name(r, text), &index, NULL) == LQA_OK
                  ? LQA_OK
                  : lqa_fail_memory(err, "reading labels"));
      LQA_TRY(set_known(r, p->truth, (int32_t)index, &r->truth.data[item], err));
    }
  }
  return LQA_OK;
}

static lqa_status grow_items(lqa_vote_reader *r) {
  LQA_TRY(lqa_vec_push(&r->first_row, (uint32_t)r->table->n_rows));
  LQA_TRY(lqa_vec_push(&r->truth, -1));
  LQA_TRY(lqa_vec_push(&r->gold, -1));
  r->table->n_items++;
  return r->plan.n_texts > 0 ? lqa_vec_push(&r->text, ((lqa_str){NULL, 0})) : LQA_OK;
}

static lqa_status add_text(lqa_vote_reader *r, uint32_t item, lqa_str text) {
  if (r->plan.n_texts == 0 || text.size == 0) {
    return LQA_OK;
  }
  lqa_str *own = &r->text.data[item];
  if (!own->data) {
    *own = lqa_vote_copy(r, text);
    return own->data ? LQA_OK : LQA_NO_MEMORY;
  }
  r->table->n_texts_differ += !lqa_str_equal(*own, text);
  return LQA_OK;
}

/* ---- votes ---- */

static lqa_status push_vote(lqa_vote_reader *r, uint32_t item, uint32_t annotator, int32_t label) {
  LQA_TRY(lqa_vec_push(&r->item, (int32_t)item));
  LQA_TRY(lqa_vec_push(&r->annotator, (int32_t)annotator));
  LQA_TRY(lqa_vec_push(&r->label, label));
  LQA_TRY(lqa_vec_push(&r->row, (uint32_t)r->file_row));
  if (r->plan.time >= 0) {
    lqa_str text = lqa_str_trim(lqa_source_reader_get(r->rows, (size_t)r->plan.time));
    lqa_str copy = text.size > 0 ? lqa_vote_copy(r, text) : (lqa_str){NULL, 0};
    LQA_TRY(text.size > 0 && !copy.data ? LQA_NO_MEMORY : LQA_OK);
    LQA_TRY(lqa_vec_push(&r->time, copy));
  }
  return LQA_OK;
}

static lqa_status add_vote(lqa_vote_reader *r, uint32_t item, lqa_error *err) {
  const lqa_vote_plan *p = &r->plan;
  lqa_str name = lqa_source_reader_get(r->rows, (size_t)p->annotator);
  int32_t label = -1;
  uint32_t annotator = 0;
  LQA_TRY(lqa_vote_label_add(r, p->label, lqa_source_reader_get(r->rows, (size_t)p->label), &label,
                             err));
  if (label < 0) {
    r->table->n_missing++;
    return LQA_OK;
  }
  if (name.size == 0) {
    return lqa_vote_fail(r, p->annotator, err,
                         "the annotator is empty; every vote needs one, so that annotators can be "
                         "judged");
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_map_add(r->table->annotators, name, &annotator, NULL));
  status = push_vote(r, item, annotator, label);
out:
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "reading votes");
}

static lqa_status add_cells(lqa_vote_reader *r, uint32_t item, lqa_error *err) {
  for (size_t a = 0; a < r->plan.n_wide; a++) {
    int64_t column = (int64_t)r->plan.wide[a];
    int32_t label = -1;
    LQA_TRY(
        lqa_vote_label_add(r, column, lqa_source_reader_get(r->rows, (size_t)column), &label, err));
    r->table->n_missing += label < 0;
    if (label >= 0 && push_vote(r, item, (uint32_t)a, label) != LQA_OK) {
      return lqa_fail_memory(err, "reading votes");
    }
  }
  return LQA_OK;
}

static lqa_status add_row(lqa_vote_reader *r, lqa_buf *joined, lqa_error *err) {
  lqa_str text = join_text(r, joined);
  uint32_t item = 0;
  bool added = false;
  LQA_TRY(find_item(r, text, &item, &added, err));
  if (added && grow_items(r) != LQA_OK) {
    return lqa_fail_memory(err, "reading items");
  }
  LQA_TRY(add_text(r, item, text) == LQA_OK ? LQA_OK : lqa_fail_memory(err, "reading texts"));
  LQA_TRY(add_probs(r, item, added, err));
  LQA_TRY(add_known(r, item, err));
  LQA_TRY(r->table->is_wide ? add_cells(r, item, err) : add_vote(r, item, err));
  if (++r->table->n_rows >= INT32_MAX || r->item.n >= INT32_MAX) {
    return lqa_fail(err, LQA_BAD_DATA, "there are more than %d rows or votes", INT32_MAX);
  }
  return LQA_OK;
}

static lqa_status enter_row(lqa_vote_reader *r) {
  int64_t file = lqa_source_reader_file(r->rows, &r->file_row);
  r->file = file;
  while ((int64_t)r->first_vote.n <= file) {
    LQA_TRY(lqa_vec_push(&r->first_vote, (int64_t)r->item.n));
  }
  return LQA_OK;
}

static bool *wanted_columns(const lqa_vote_reader *r) {
  const lqa_vote_plan *p = &r->plan;
  bool *wanted = lqa_calloc(lqa_source_count_columns(r->source), sizeof *wanted);
  const int64_t single[] = {p->item, p->annotator, p->label, p->time, p->truth, p->gold};
  const struct {
    const size_t *columns;
    size_t n;
  } lists[] = {{p->texts, p->n_texts}, {p->wide, p->n_wide}, {p->probs, p->n_probs}};
  for (size_t i = 0; wanted && i < sizeof single / sizeof *single; i++) {
    if (single[i] >= 0) {
      wanted[single[i]] = true;
    }
  }
  for (size_t k = 0; wanted && k < sizeof lists / sizeof *lists; k++) {
    for (size_t i = 0; i < lists[k].n; i++) {
      wanted[lists[k].columns[i]] = true;
    }
  }
  return wanted;
}

lqa_status lqa_vote_rows_read(lqa_vote_reader *r, lqa_error *err) {
  lqa_buf joined;
  lqa_status status = LQA_OK;
  bool more = true;
  bool *wanted = wanted_columns(r);
  lqa_buf_init(&joined, (size_t)1 << 32);
  LQA_TRY_OUT(wanted ? LQA_OK : lqa_fail_memory(err, "reading votes"));
  LQA_TRY_OUT(lqa_source_reader_open_wanted(r->source, wanted, &r->rows, err));
  for (;;) {
    LQA_TRY_OUT(lqa_source_reader_next(r->rows, &more, err));
    if (!more) {
      break;
    }
    LQA_TRY_OUT(enter_row(r) == LQA_OK ? LQA_OK : lqa_fail_memory(err, "reading votes"));
    LQA_TRY_OUT(add_row(r, &joined, err));
    if (r->table->n_rows % 65536 == 0) {
      lqa_observe_progress(r->observer, "reading", lqa_source_reader_fraction(r->rows));
      LQA_TRY_OUT(lqa_observe_check(r->observer, err));
    }
  }
out:
  lqa_buf_clear(&joined);
  free(wanted);
  return status;
}
