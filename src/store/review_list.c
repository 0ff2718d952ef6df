/* store/review_list.c - the review list: twelve columns over an order of rows. */
#include "store/review_list.h"

#include "base/memory.h"
#include "store/row_texts.h"
#include "trust/reasons.h"
#include "trust/rule.h"

#include <math.h>

typedef struct lister {
  const lqa_run *run;
  const int64_t *order;
  lqa_row_texts texts;
  lqa_reasons reasons;
  char id[24];
} lister;

static void set_text(lqa_value *value, lqa_str text) {
  value->text = text;
  value->is_null = lqa_str_is_null(text);
}

static void set_class(const lister *l, lqa_value *value, int32_t code) {
  value->is_null = code < 0;
  if (code >= 0) {
    value->text = l->run->manifest.classes[code];
  }
}

/* A column: `row` is the position in the list, `at` the row number it stands for. */
#define COLUMN(name)                                                  \
  static void name(lister *l, int64_t at, lqa_value *value);          \
  static void get_##name(void *data, int64_t row, lqa_value *value) { \
    name(data, ((lister *)data)->order[row], value);                  \
  }                                                                   \
  static void name(lister *l, int64_t at, lqa_value *value)

COLUMN(row_id) {
  set_text(value, lqa_run_rows_id(&l->run->rows, at, l->id));
}
COLUMN(row_number) {
  (void)l;
  value->integer = at;
}
COLUMN(text) {
  set_text(value, lqa_row_texts_get(&l->texts, at));
}
COLUMN(label) {
  set_text(value, lqa_run_rows_label(&l->run->rows, &l->run->manifest, at));
}
COLUMN(predicted_label) {
  set_class(l, value, l->run->evidence.predicted_label[at]);
}
COLUMN(suggested_label) {
  set_class(l, value, l->run->evidence.suggested_label[at]);
}
COLUMN(self_confidence) {
  value->number = l->run->evidence.self_confidence[at];
  value->is_null = isnan(value->number);
}
COLUMN(verdict) {
  set_text(value, lqa_str_from(lqa_verdict_name((lqa_verdict)l->run->evidence.verdict[at])));
}
COLUMN(corrected_label) {
  set_class(l, value, l->run->evidence.corrected_label[at]);
}
COLUMN(trust_score) {
  value->number = l->run->evidence.trust_score[at];
}
COLUMN(review_action) {
  set_text(value, lqa_str_from(lqa_action_name((lqa_action)l->run->evidence.action[at])));
}
COLUMN(reasons) {
  value->n_list = lqa_reasons_get(&l->reasons, at, &value->list);
}

static const lqa_table_column COLUMNS[] = {
    {"row_id", LQA_VALUE_TEXT, get_row_id, NULL},
    {"row_number", LQA_VALUE_INT64, get_row_number, NULL},
    {"text", LQA_VALUE_TEXT, get_text, NULL},
    {"label", LQA_VALUE_TEXT, get_label, NULL},
    {"predicted_label", LQA_VALUE_TEXT, get_predicted_label, NULL},
    {"suggested_label", LQA_VALUE_TEXT, get_suggested_label, NULL},
    {"self_confidence", LQA_VALUE_DOUBLE, get_self_confidence, NULL},
    {"verdict", LQA_VALUE_TEXT, get_verdict, NULL},
    {"corrected_label", LQA_VALUE_TEXT, get_corrected_label, NULL},
    {"trust_score", LQA_VALUE_DOUBLE, get_trust_score, NULL},
    {"review_action", LQA_VALUE_TEXT, get_review_action, NULL},
    {"reasons", LQA_VALUE_TEXT_LIST, get_reasons, NULL}};

static lqa_status save_list(lister *l, int64_t n, const lqa_review_output *output, lqa_error *err) {
  const lqa_run *run = l->run;
  const lqa_row_texts_input input = {run->folder, &run->manifest, &run->rows, run->observer,
                                     output->max_chars};
  const lqa_table table = {
      .n_rows = n, .columns = COLUMNS, .n_columns = sizeof COLUMNS / sizeof COLUMNS[0], .data = l};
  LQA_TRY(lqa_row_texts_load(&input, l->order, n, &l->texts, err));
  lqa_reasons_init(&l->reasons, &run->evidence, run->manifest.classes,
                   run->manifest.loss_files.n > 0);
  lqa_status status = lqa_table_save(&table, output->path, output->format, run->observer, err);
  lqa_reasons_clear(&l->reasons);
  lqa_row_texts_clear(&l->texts);
  return status;
}

lqa_status lqa_review_save(const lqa_run *run, const lqa_review_output *output, lqa_error *err) {
  int64_t *order = lqa_malloc((size_t)run->rows.n_rows, sizeof *order);
  if (!order) {
    return lqa_fail_memory(err, "ordering rows for review");
  }
  int64_t n = lqa_rule_order(&run->evidence, order);
  lister l = {.run = run, .order = order};
  lqa_status status = save_list(&l, n, output, err);
  free(order);
  return status;
}
