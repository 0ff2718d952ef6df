/* review/row_json.c - rows for the page: the same columns as rows.parquet, by the same table, and
 * what a person needs to judge one. */
#include "review/row_json.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>

enum { SHOWN_CHARS = 2000, SHOWN_BYTES = 8 * SHOWN_CHARS, SIMILAR_BYTES = 1200, MAX_EQUAL = 8 };
static const char FIELD_BREAK = 0x1f;

void lqa_row_writer_init(lqa_row_writer *w, lqa_review *review) {
  *w = (lqa_row_writer){.review = review};
  lqa_buf_init(&w->text, SIZE_MAX / 4);
  lqa_row_table_init(&w->table, &review->run->rows, &review->run->evidence, &review->run->manifest);
  w->n_columns = lqa_row_table_all(&w->table, w->columns);
}

void lqa_row_writer_clear(lqa_row_writer *w) {
  lqa_row_table_clear(&w->table);
  lqa_buf_clear(&w->text);
}

void lqa_row_writer_names(const lqa_row_writer *w, lqa_json *json) {
  lqa_json_open_array(json);
  for (int32_t i = 0; i < w->n_columns; i++) {
    lqa_json_text(json, w->columns[i].name);
  }
  lqa_json_close_array(json);
}

static void write_value(const lqa_value *value, lqa_value_type type, lqa_json *json) {
  if (value->is_null) {
    lqa_json_null(json);
  } else if (type == LQA_VALUE_TEXT) {
    lqa_json_str(json, value->text);
  } else if (type == LQA_VALUE_DOUBLE) {
    lqa_json_double(json, value->number);
  } else if (type == LQA_VALUE_BOOL) {
    lqa_json_bool(json, value->integer != 0);
  } else if (type == LQA_VALUE_TEXT_LIST) {
    lqa_json_open_array(json);
    for (size_t i = 0; i < value->n_list; i++) {
      lqa_json_str(json, value->list[i]);
    }
    lqa_json_close_array(json);
  } else {
    lqa_json_int(json, value->integer);
  }
}

/* What a blind reviewer may see of a row. */
static bool is_plain(const char *column) {
  static const char *const PLAIN[] = {"row_id", "row_number", "source_file", "source_row",
                                      "split",  "time",       "group",       "content_hash"};
  for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++) {
    if (strcmp(PLAIN[i], column) == 0) {
      return true;
    }
  }
  return false;
}

static lqa_status write_columns(lqa_row_writer *w, int64_t row, bool blind, lqa_json *json,
                                lqa_error *err) {
  LQA_TRY(lqa_row_table_begin(&w->table, row, err));
  for (int32_t i = 0; i < w->n_columns; i++) {
    const lqa_table_column *column = &w->columns[i];
    if (blind && !is_plain(column->name)) {
      continue;
    }
    lqa_value value = {0};
    column->get(column->data, row, &value);
    lqa_json_key(json, column->name);
    write_value(&value, column->type, json);
  }
  return LQA_OK;
}

/* ---- content ---- */

static void write_features(const lqa_text_list *names, lqa_str content, lqa_json *json) {
  lqa_json_key(json, "features");
  lqa_json_open_object(json);
  const char *at = content.data, *end = content.data + content.size;
  for (size_t i = 0; content.data && i < names->n && at <= end; i++) {
    const char *stop = memchr(at, FIELD_BREAK, (size_t)(end - at));
    stop = stop ? stop : end;
    lqa_str value = {at, (size_t)(stop - at)};
    lqa_json_add_str(json, names->items[i], value.size ? value : (lqa_str){NULL, 0});
    at = stop + 1;
  }
  lqa_json_close_object(json);
}

static lqa_status write_content(lqa_row_writer *w, int64_t row, bool whole, lqa_json *json,
                                lqa_error *err) {
  const lqa_manifest *m = &w->review->run->manifest;
  bool is_table = m->content_kind == LQA_CONTENT_TABLE, has_content;
  lqa_buf_reset(&w->text);
  LQA_TRY(lqa_contents_get(&w->review->contents, row, whole || is_table ? 0 : SHOWN_BYTES, &w->text,
                           &has_content, err));
  lqa_str text = has_content ? lqa_buf_str(&w->text) : (lqa_str){NULL, 0};
  if (is_table) {
    write_features(&m->source.features, text, json);
    return LQA_OK;
  }
  size_t shown =
      whole || text.size == 0 ? text.size : lqa_utf8_prefix(text.data, text.size, SHOWN_CHARS);
  lqa_json_add_str(json, "text", (lqa_str){text.data, shown});
  lqa_json_add_bool(json, "text_truncated",
                    shown < lqa_contents_size(&w->review->contents, row) && has_content);
  return LQA_OK;
}

lqa_status lqa_row_write(lqa_row_writer *w, int64_t row, bool blind, lqa_json *json,
                         lqa_error *err) {
  lqa_json_open_object(json);
  LQA_TRY(write_columns(w, row, blind, json, err));
  LQA_TRY(write_content(w, row, false, json, err));
  lqa_json_close_object(json);
  return LQA_OK;
}

/* ---- evidence ---- */

typedef struct evidence_line {
  const char *source;
  int32_t label;
  double against; /* how strongly this speaks against the given label, 0 to 1; NaN = not said */
  const char *text;
} evidence_line;

static void write_line(const lqa_review *review, const evidence_line *line, lqa_json *json) {
  lqa_str name = line->label >= 0 ? review->run->manifest.classes[line->label] : (lqa_str){NULL, 0};
  lqa_json_open_object(json);
  lqa_json_add_text(json, "source", line->source);
  lqa_json_add_str(json, "label", name);
  lqa_json_add_double(json, "value", line->against);
  lqa_json_add_text(json, "text", line->text);
  lqa_json_close_object(json);
}

static int32_t label_of(const lqa_review *review, int64_t row) {
  return review->run->evidence.label[row];
}

/* The share of `rows` under another label, and the label most of them have. */
static double share_of_others(const lqa_review *review, int64_t row, const int64_t *rows, int n,
                              int32_t *most) {
  int others = 0, best = 0;
  *most = LQA_CLASS_NONE;
  for (int i = 0; i < n; i++) {
    int same = 0;
    others += label_of(review, rows[i]) != label_of(review, row);
    for (int k = 0; k < n; k++) {
      same += label_of(review, rows[k]) == label_of(review, rows[i]);
    }
    if (same > best) {
      best = same;
      *most = label_of(review, rows[i]);
    }
  }
  return n > 0 ? (double)others / n : NAN;
}

/* Rows that say something about this one. */
typedef struct company {
  int64_t equal[MAX_EQUAL], near_rows[LQA_NEAR_MAX], n_equal_total;
  lqa_near_row near[LQA_NEAR_MAX];
  int n_equal, n_near;
} company;

static lqa_status find_company(lqa_row_writer *w, int64_t row, company *c, lqa_error *err) {
  *c = (company){.n_equal = 0};
  c->n_equal = lqa_equal_find(w->review, row, c->equal, MAX_EQUAL, &c->n_equal_total);
  if (w->near) {
    LQA_TRY(lqa_near_find(w->near, w->review, row, c->near, &c->n_near, err));
  }
  for (int i = 0; i < c->n_near; i++) {
    c->near_rows[i] = c->near[i].row;
  }
  return LQA_OK;
}

static void write_company_lines(const lqa_review *review, int64_t row, const company *c,
                                lqa_json *json) {
  char text[96];
  int32_t most;
  double share = share_of_others(review, row, c->equal, c->n_equal, &most);
  if (c->n_equal > 0) {
    snprintf(text, sizeof text, "%lld other row%s of the same content", (long long)c->n_equal_total,
             lqa_plural(c->n_equal_total));
    write_line(review, &(evidence_line){"duplicates", most, share, text}, json);
  }
  share = share_of_others(review, row, c->near_rows, c->n_near, &most);
  if (c->n_near > 0) {
    snprintf(text, sizeof text, "of the %d nearest rows", c->n_near);
    write_line(review, &(evidence_line){"neighbours", most, share, text}, json);
  }
}

static void write_evidence(lqa_row_writer *w, int64_t row, const company *c, lqa_json *json) {
  const lqa_review *review = w->review;
  const lqa_evidence *e = &review->run->evidence;
  static const double AGAINST[] = {NAN, 0, 1, .5}; /* by verdict */
  lqa_json_key(json, "evidence");
  lqa_json_open_array(json);
  if (!isnan(e->p_correct[row])) {
    write_line(review,
               &(evidence_line){"all", e->suggested_label[row], 1 - e->p_correct[row],
                                "all evidence together"},
               json);
  }
  if (!isnan(e->self_confidence[row])) {
    write_line(review,
               &(evidence_line){"model", e->predicted_label[row], 1 - e->self_confidence[row],
                                "most probable class, out of fold"},
               json);
  }
  write_company_lines(review, row, c, json);
  if (e->verdict[row] != LQA_VERDICT_NONE) {
    write_line(review,
               &(evidence_line){"judge", e->corrected_label[row], AGAINST[e->verdict[row]],
                                lqa_verdict_name((lqa_verdict)e->verdict[row])},
               json);
  }
  if (e->structural_label[row] >= 0 || e->has_error_finding[row]) {
    write_line(review,
               &(evidence_line){"structure", e->structural_label[row], 1, "marked by a finding"},
               json);
  }
  if (review->run->manifest.loss_files.n > 0 && !isnan(e->loss_percentile[row])) {
    write_line(review,
               &(evidence_line){"losses", LQA_CLASS_NONE, e->loss_percentile[row],
                                "percentile of the training loss"},
               json);
  }
  lqa_json_close_array(json);
}

/* ---- other rows ---- */

static lqa_status write_similar(lqa_row_writer *w, int64_t row, double similarity, lqa_json *json,
                                lqa_error *err) {
  bool has_content;
  lqa_buf_reset(&w->text);
  LQA_TRY(lqa_contents_get(&w->review->contents, row, SIMILAR_BYTES, &w->text, &has_content, err));
  lqa_str text = has_content ? lqa_buf_str(&w->text) : (lqa_str){NULL, 0};
  for (size_t i = 0; i < text.size; i++) { /* a table's values, to be read in a line */
    w->text.data[i] = text.data[i] == FIELD_BREAK ? '|' : text.data[i];
  }
  lqa_json_open_object(json);
  lqa_json_add_int(json, "row_number", row);
  lqa_json_add_str(json, "label",
                   lqa_run_rows_label(&w->review->run->rows, &w->review->run->manifest, row));
  lqa_json_add_str(
      json, "text",
      (lqa_str){text.data, text.size ? lqa_utf8_prefix(text.data, text.size, 300) : 0});
  lqa_json_add_double(json, "similarity", similarity);
  lqa_json_close_object(json);
  return LQA_OK;
}

static lqa_status write_company(lqa_row_writer *w, const company *c, lqa_json *json,
                                lqa_error *err) {
  lqa_json_key(json, "equal");
  lqa_json_open_array(json);
  for (int i = 0; i < c->n_equal; i++) {
    LQA_TRY(write_similar(w, c->equal[i], 1, json, err));
  }
  lqa_json_close_array(json);
  lqa_json_key(json, "nearest");
  lqa_json_open_array(json);
  for (int i = 0; i < c->n_near; i++) {
    LQA_TRY(write_similar(w, c->near[i].row, c->near[i].similarity, json, err));
  }
  lqa_json_close_array(json);
  return LQA_OK;
}

static lqa_status write_reply(void *data, const lqa_reply_record *r, lqa_error *err) {
  (void)err;
  lqa_json *json = data;
  lqa_json_open_object(json);
  lqa_json_add_str(json, "model", r->model);
  lqa_json_add_str(json, "verdict", r->verdict);
  lqa_json_add_str(json, "corrected_label", r->corrected);
  lqa_json_add_str(json, "reply", r->raw);
  lqa_json_close_object(json);
  return LQA_OK;
}

static void write_event(const lqa_review *review, const lqa_review_event *e, lqa_json *json) {
  static const char *const KINDS[] = {"label", "unsure", "undo"};
  lqa_str label = e->label >= 0 ? review->run->manifest.classes[e->label] : (lqa_str){NULL, 0};
  lqa_json_open_object(json);
  lqa_json_add_int(json, "id", e->id);
  lqa_json_add_text(json, "decision", KINDS[e->kind]);
  lqa_json_add_str(json, "label", label);
  lqa_json_add_str(json, "reviewer", lqa_review_log_name_of(&review->log, e->reviewer));
  lqa_json_add_bool(json, "blind", e->blind);
  lqa_json_add_bool(json, "adjudicates", e->adjudicates);
  lqa_json_add_bool(json, "undone", e->is_undone);
  lqa_json_add_text(json, "at", e->made_utc);
  lqa_json_close_object(json);
}

/* Newest first. `only_valid`: the decisions that count. */
static void write_events(const lqa_review *review, int64_t row, bool only_valid, lqa_json *json) {
  const lqa_review_log *log = &review->log;
  lqa_json_key(json, "decisions");
  lqa_json_open_array(json);
  for (int64_t i = log->newest[row]; i >= 0; i = log->events.data[i].previous_event) {
    const lqa_review_event *e = &log->events.data[i];
    if (!only_valid || (e->kind == LQA_REVIEW_LABEL && !e->is_undone)) {
      write_event(review, e, json);
    }
  }
  lqa_json_close_array(json);
}

lqa_status lqa_row_write_detail(lqa_row_writer *w, int64_t row, bool blind, lqa_json *json,
                                lqa_error *err) {
  company c;
  lqa_json_open_object(json);
  LQA_TRY(write_columns(w, row, blind, json, err));
  LQA_TRY(write_content(w, row, true, json, err));
  if (!blind) {
    LQA_TRY(find_company(w, row, &c, err));
    write_evidence(w, row, &c, json);
    LQA_TRY(write_company(w, &c, json, err));
    lqa_json_key(json, "verdicts");
    lqa_json_open_array(json);
    LQA_TRY(lqa_run_db_each_reply(w->review->run->db, row, write_reply, json, err));
    lqa_json_close_array(json);
    write_events(w->review, row, false, json);
  }
  lqa_json_close_object(json);
  return LQA_OK;
}

lqa_status lqa_row_write_disputed(lqa_row_writer *w, int64_t row, lqa_json *json, lqa_error *err) {
  lqa_json_open_object(json);
  LQA_TRY(write_columns(w, row, false, json, err));
  LQA_TRY(write_content(w, row, false, json, err));
  write_events(w->review, row, true, json);
  lqa_json_close_object(json);
  return LQA_OK;
}
