/* labelqa export RUN decisions: who decided what and when, in the order it was decided.
 *
 * The whole history, not its last state: changed minds and withdrawals (decided_label empty) are
 * rows of their own. label_before is what held until then: the row's earlier decision, else its
 * label in the source. Read into memory: people decide thousands of rows, not millions.
 */
#include "base/memory.h"
#include "export/export.h"
#include "export/export_file.h"

typedef struct decision {
  int64_t row;
  lqa_str row_id, key, label_before, label, by, note, made_utc;
} decision;

typedef struct history {
  const lqa_run *run;
  LQA_VEC(decision) items;
  lqa_map *seen;         /* row key -> index in `last` */
  LQA_VEC(lqa_str) last; /* label in force, NULL data: as given */
  lqa_arena arena;
} history;

static lqa_status keep_text(history *h, lqa_str text, lqa_str *out) {
  *out = (lqa_str){NULL, 0};
  if (lqa_str_is_null(text)) {
    return LQA_OK;
  }
  *out = (lqa_str){lqa_arena_copy(&h->arena, text.data, text.size), text.size};
  return out->data ? LQA_OK : LQA_NO_MEMORY;
}

/* The label that held before `d`, which holds from now on. */
static lqa_status turn_label(history *h, decision *d) {
  uint32_t index;
  bool added;
  LQA_TRY(lqa_map_add(h->seen, d->key, &index, &added));
  if (added) {
    LQA_TRY(lqa_vec_push(&h->last, ((lqa_str){NULL, 0})));
  }
  lqa_str before = h->last.data[index];
  h->last.data[index] = d->label;
  d->label_before = before;
  return lqa_str_is_null(before)
             ? keep_text(h, lqa_run_rows_label(&h->run->rows, &h->run->manifest, d->row),
                         &d->label_before)
             : LQA_OK;
}

static lqa_status copy_decision(history *h, const lqa_decision_record *r) {
  decision d = {.row = r->row.row};
  char id[24];
  LQA_TRY(keep_text(h, lqa_run_rows_id(&h->run->rows, d.row, id), &d.row_id));
  LQA_TRY(keep_text(h, r->row.key, &d.key));
  LQA_TRY(keep_text(h, r->label, &d.label));
  LQA_TRY(keep_text(h, r->by, &d.by));
  LQA_TRY(keep_text(h, r->note, &d.note));
  LQA_TRY(keep_text(h, r->made_utc, &d.made_utc));
  LQA_TRY(turn_label(h, &d));
  return lqa_vec_push(&h->items, d);
}

static lqa_status keep_decision(void *data, const lqa_decision_record *record, lqa_error *err) {
  history *h = data;
  if (record->row.row < 0 || record->row.row >= h->run->rows.n_rows) {
    return LQA_OK;
  }
  return copy_decision(h, record) == LQA_OK ? LQA_OK : lqa_fail_memory(err, "reading decisions");
}

static const decision *at(const void *data, int64_t i) {
  return &((const history *)data)->items.data[i];
}

static void set_text(lqa_value *value, lqa_str text) {
  value->text = text;
  value->is_null = lqa_str_is_null(text);
}

static void get_row_number(void *data, int64_t i, lqa_value *value) {
  value->integer = at(data, i)->row;
}

#define TEXT_GETTER(field)                                           \
  static void get_##field(void *data, int64_t i, lqa_value *value) { \
    set_text(value, at(data, i)->field);                             \
  }
TEXT_GETTER(row_id)
TEXT_GETTER(key)
TEXT_GETTER(label_before)
TEXT_GETTER(label)
TEXT_GETTER(by)
TEXT_GETTER(note)
TEXT_GETTER(made_utc)

static const lqa_table_column COLUMNS[] = {{"row_id", LQA_VALUE_TEXT, get_row_id, NULL},
                                           {"row_number", LQA_VALUE_INT64, get_row_number, NULL},
                                           {"row_key", LQA_VALUE_TEXT, get_key, NULL},
                                           {"label_before", LQA_VALUE_TEXT, get_label_before, NULL},
                                           {"decided_label", LQA_VALUE_TEXT, get_label, NULL},
                                           {"decided_by", LQA_VALUE_TEXT, get_by, NULL},
                                           {"note", LQA_VALUE_TEXT, get_note, NULL},
                                           {"decided_at", LQA_VALUE_TEXT, get_made_utc, NULL}};

static lqa_status run(lqa_run *run, const lqa_export_options *options, lqa_export_summary *summary,
                      lqa_error *err) {
  history h = {.run = run, .seen = lqa_map_new(false)};
  lqa_arena_init(&h.arena);
  lqa_status status;
  LQA_TRY_OUT(h.seen ? lqa_run_db_each_decision(run->db, true, keep_decision, &h, err)
                     : lqa_fail_memory(err, "reading decisions"));
  const lqa_table table = {.n_rows = (int64_t)h.items.n,
                           .columns = COLUMNS,
                           .n_columns = sizeof COLUMNS / sizeof COLUMNS[0],
                           .data = &h};
  LQA_TRY_OUT(lqa_export_table(run, &table, options, err));
  summary->n_rows = table.n_rows;
out:
  lqa_map_free(h.seen);
  lqa_vec_clear(&h.items);
  lqa_vec_clear(&h.last);
  lqa_arena_clear(&h.arena);
  return status;
}

const lqa_export lqa_export_decisions = {
    .number = LQA_EXPORT_decisions,
    .name = "decisions",
    .summary = "every decision of people in order: label, reviewer, time",
    .run = run,
};
