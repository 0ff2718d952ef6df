/* export/votes_tables.c - one list of columns a table, which writes it and makes its page
 * (docs/schema/annotators-tables.md); one getter per column; the table writer pulls rows in order.
 *
 * Confusions are sparse: an annotator who never saw a class has no row for it.
 */
#include "export/votes_tables.h"

#include "base/memory.h"

#include <assert.h>
#include <math.h>

enum { MOST_COLUMNS = 32 };
enum { ALWAYS, NEEDS_GOLD, NEEDS_TRUTH, NEEDS_TEXT };

struct rows {
  const lqa_vote_study *study;
  int64_t n;
  char scratch[24];
  const struct cell *cells; /* confusions */
};

static void set_double(lqa_value *value, double number) {
  value->number = number;
  value->is_null = isnan(number);
}

static void set_class(const struct rows *r, lqa_value *value, int32_t klass) {
  value->is_null = klass < 0;
  value->text = klass < 0 ? (lqa_str){NULL, 0} : r->study->table->classes[klass];
}

static bool is_there(const lqa_votes_column *column, const lqa_vote_table *t) {
  return column->needs == NEEDS_GOLD    ? t->gold != NULL
         : column->needs == NEEDS_TRUTH ? t->truth != NULL
         : column->needs == NEEDS_TEXT  ? t->text != NULL
                                        : true;
}

static lqa_status save(const lqa_votes_column *columns, struct rows *rows, const char *path,
                       const lqa_observer *observer, lqa_error *err) {
  lqa_table_format format;
  lqa_table_column there[MOST_COLUMNS];
  int32_t n = 0;
  LQA_TRY(lqa_table_format_of(path, &format, err));
  for (; columns->name; columns++) {
    if (is_there(columns, rows->study->table)) {
      assert(n < MOST_COLUMNS);
      there[n++] = (lqa_table_column){columns->name, columns->type, columns->get, NULL};
    }
  }
  const lqa_table table = {.n_rows = rows->n, .columns = there, .n_columns = n, .data = rows};
  return lqa_table_save(&table, path, format, observer, err);
}

/* ---- items ---- */

static void get_item(void *data, int64_t row, lqa_value *value) {
  struct rows *r = data;
  value->text = lqa_vote_table_item(r->study->table, row, r->scratch);
}
static void get_label(void *data, int64_t row, lqa_value *value) {
  const struct rows *r = data;
  set_class(r, value, r->study->consensus.label[row]);
}
static void get_quality(void *data, int64_t row, lqa_value *value) {
  set_double(value, ((const struct rows *)data)->study->consensus.quality[row]);
}
static void get_agreement(void *data, int64_t row, lqa_value *value) {
  set_double(value, ((const struct rows *)data)->study->consensus.agreement[row]);
}
static void get_n_votes(void *data, int64_t row, lqa_value *value) {
  value->integer = lqa_votes_of_item(((const struct rows *)data)->study->votes, row);
}
static void get_entropy(void *data, int64_t row, lqa_value *value) {
  set_double(value, ((const struct rows *)data)->study->consensus.entropy[row]);
}
static void get_active(void *data, int64_t row, lqa_value *value) {
  set_double(value, ((const struct rows *)data)->study->consensus.active[row]);
}
static void get_majority(void *data, int64_t row, lqa_value *value) {
  const struct rows *r = data;
  set_class(r, value, r->study->consensus.majority[row]);
}
static void get_is_tied(void *data, int64_t row, lqa_value *value) {
  value->integer = ((const struct rows *)data)->study->consensus.is_tied[row];
}
static void get_is_right(void *data, int64_t row, lqa_value *value) {
  const lqa_vote_study *s = ((const struct rows *)data)->study;
  value->is_null = s->table->truth[row] == -1;
  value->integer = s->table->truth[row] == s->consensus.label[row];
}
static void get_gold(void *data, int64_t row, lqa_value *value) {
  const struct rows *r = data;
  set_class(r, value, r->study->table->gold[row]);
}

static void get_text(void *data, int64_t row, lqa_value *value) {
  value->text = ((const struct rows *)data)->study->table->text[row];
  value->is_null = lqa_str_is_null(value->text);
}

static const lqa_votes_column ITEMS[] = {
    {"item", LQA_VALUE_TEXT, get_item, "the item", ALWAYS},
    {"label", LQA_VALUE_TEXT, get_label, "its consensus", ALWAYS},
    {"quality", LQA_VALUE_DOUBLE, get_quality,
     "probability of that label by the method (share of votes for `majority`)", ALWAYS},
    {"agreement", LQA_VALUE_DOUBLE, get_agreement,
     "share of the item's votes that are the consensus", ALWAYS},
    {"votes", LQA_VALUE_INT64, get_n_votes, "how many votes it has", ALWAYS},
    {"vote_entropy", LQA_VALUE_DOUBLE, get_entropy, "of the vote shares, in bits: 0 = all alike",
     ALWAYS},
    {"active_score", LQA_VALUE_DOUBLE, get_active,
     "ActiveLab: low = another vote helps most; NULL for gold items", ALWAYS},
    {"majority", LQA_VALUE_TEXT, get_majority, "the plain vote", ALWAYS},
    {"is_tied", LQA_VALUE_BOOL, get_is_tied, "the plain vote was tied", ALWAYS},
    {"gold", LQA_VALUE_TEXT, get_gold, "the known label that was taken for the consensus",
     NEEDS_GOLD},
    {"is_right", LQA_VALUE_BOOL, get_is_right,
     "the consensus is the known label; NULL where none is known", NEEDS_TRUTH},
    {"text", LQA_VALUE_TEXT, get_text, "the text of the item", NEEDS_TEXT},
    {.name = NULL}};

lqa_status lqa_votes_items_save(const lqa_vote_study *study, const char *path,
                                const lqa_observer *observer, lqa_error *err) {
  struct rows rows = {.study = study, .n = study->table->n_items};
  return save(ITEMS, &rows, path, observer, err);
}

lqa_status lqa_votes_probs_save(const lqa_vote_study *study, const char *path, lqa_error *err) {
  size_t n = (size_t)study->table->n_items * (size_t)study->table->n_classes;
  float *probs = lqa_malloc(n, sizeof *probs);
  if (!probs) {
    return lqa_fail_memory(err, "writing probabilities");
  }
  for (size_t i = 0; i < n; i++) {
    probs[i] = (float)study->consensus.posterior[i];
  }
  lqa_status status =
      lqa_npy_save_f32(path, probs, study->table->n_items, study->table->n_classes, err);
  free(probs);
  return status;
}

/* ---- annotators ---- */

#define ANNOTATOR(data, row) (&((const struct rows *)(data))->study->annotators[row])
#define GET_DOUBLE(name, field)                                 \
  static void name(void *data, int64_t row, lqa_value *value) { \
    set_double(value, ANNOTATOR(data, row)->field);             \
  }
#define GET_INT(name, field)                                    \
  static void name(void *data, int64_t row, lqa_value *value) { \
    value->integer = ANNOTATOR(data, row)->field;               \
  }
#define GET_CLASS(name, field)                                                \
  static void name(void *data, int64_t row, lqa_value *value) {               \
    set_class((const struct rows *)data, value, ANNOTATOR(data, row)->field); \
  }

static void get_annotator(void *data, int64_t row, lqa_value *value) {
  value->text = lqa_vote_table_annotator(((const struct rows *)data)->study->table, (int32_t)row);
}
GET_INT(get_votes, n_votes)
GET_DOUBLE(get_annotator_quality, quality.estimate)
GET_DOUBLE(get_quality_low, quality.low)
GET_DOUBLE(get_quality_high, quality.high)
static void get_weight(void *data, int64_t row, lqa_value *value) {
  set_double(value, ((const struct rows *)data)->study->consensus.annotator_weight[row]);
}
GET_DOUBLE(get_with_consensus, agreement)
GET_DOUBLE(get_with_others, with_others.estimate)
GET_DOUBLE(get_others_low, with_others.low)
GET_DOUBLE(get_others_high, with_others.high)
GET_DOUBLE(get_kappa, kappa.estimate)
GET_INT(get_compared, n_judged)
GET_CLASS(get_worst_consensus, worst[0])
GET_CLASS(get_worst_said, worst[1])
GET_INT(get_n_worst, n_worst)
GET_INT(get_n_worst_of, n_worst_of)
GET_CLASS(get_overused, bias_class)
GET_DOUBLE(get_overused_by, bias)
GET_DOUBLE(get_truth, truth_accuracy.estimate)
GET_INT(get_n_truth, n_truth)
GET_DOUBLE(get_early, early)
GET_DOUBLE(get_late, late)

static void get_marks(void *data, int64_t row, lqa_value *value) {
  uint32_t marks = ANNOTATOR(data, row)->marks;
  static const lqa_str drift = {"drift", 5};
  static const lqa_str spammer_constant[3] = {{"spammer", 7}, {"constant", 8}, {"drift", 5}};
  static const lqa_str with_drift[2][2] = {{{"spammer", 7}, {"drift", 5}},
                                           {{"reversed", 8}, {"drift", 5}}};
  bool has_drift = marks & LQA_ANNOTATOR_DRIFT;
  if (marks & LQA_ANNOTATOR_CONSTANT) {
    value->list = spammer_constant;
    value->n_list = has_drift ? 3 : 2;
  } else if (marks & (LQA_ANNOTATOR_SPAMMER | LQA_ANNOTATOR_REVERSED)) {
    value->list = with_drift[(marks & LQA_ANNOTATOR_REVERSED) != 0];
    value->n_list = has_drift ? 2 : 1;
  } else {
    value->list = &drift;
    value->n_list = has_drift;
  }
}

static const lqa_votes_column ANNOTATORS[] = {
    {"annotator", LQA_VALUE_TEXT, get_annotator, "the annotator", ALWAYS},
    {"votes", LQA_VALUE_INT64, get_votes, "how many votes they gave", ALWAYS},
    {"quality", LQA_VALUE_DOUBLE, get_annotator_quality,
     "how many of their votes are right, by the method", ALWAYS},
    {"quality_low", LQA_VALUE_DOUBLE, get_quality_low, "lower end of its interval", ALWAYS},
    {"quality_high", LQA_VALUE_DOUBLE, get_quality_high, "upper end", ALWAYS},
    {"weight", LQA_VALUE_DOUBLE, get_weight, "of their votes, if the method gives weights", ALWAYS},
    {"agreement_with_consensus", LQA_VALUE_DOUBLE, get_with_consensus,
     "share of votes that are the consensus, which their own votes helped to make", ALWAYS},
    {"agreement_with_others", LQA_VALUE_DOUBLE, get_with_others,
     "share equal to the majority of the item's other votes", ALWAYS},
    {"others_low", LQA_VALUE_DOUBLE, get_others_low, "lower end of its interval", ALWAYS},
    {"others_high", LQA_VALUE_DOUBLE, get_others_high, "upper end", ALWAYS},
    {"kappa_with_others", LQA_VALUE_DOUBLE, get_kappa, "the same beyond chance", ALWAYS},
    {"compared_with_others", LQA_VALUE_INT64, get_compared,
     "votes on items whose other votes have one majority", ALWAYS},
    {"mistake_consensus", LQA_VALUE_TEXT, get_worst_consensus,
     "the commonest confusion: the consensus", ALWAYS},
    {"mistake_said", LQA_VALUE_TEXT, get_worst_said, "what they said", ALWAYS},
    {"mistake_votes", LQA_VALUE_INT64, get_n_worst, "votes so", ALWAYS},
    {"mistake_of", LQA_VALUE_INT64, get_n_worst_of, "their votes on items of that consensus",
     ALWAYS},
    {"overused", LQA_VALUE_TEXT, get_overused, "the class they use most above the consensus' share",
     ALWAYS},
    {"overused_by", LQA_VALUE_DOUBLE, get_overused_by, "by so much", ALWAYS},
    {"truth_accuracy", LQA_VALUE_DOUBLE, get_truth, "share of votes that are the known label",
     ALWAYS},
    {"truth_known", LQA_VALUE_INT64, get_n_truth, "votes on items with a known label", ALWAYS},
    {"first_half", LQA_VALUE_DOUBLE, get_early,
     "agreement with the others in the first half of their time", ALWAYS},
    {"second_half", LQA_VALUE_DOUBLE, get_late, "and in the second", ALWAYS},
    {"marks", LQA_VALUE_TEXT_LIST, get_marks, "spammer, constant, reversed, drift", ALWAYS},
    {.name = NULL}};

lqa_status lqa_votes_annotators_save(const lqa_vote_study *study, const char *path,
                                     const lqa_observer *observer, lqa_error *err) {
  struct rows rows = {.study = study, .n = study->table->n_annotators};
  return save(ANNOTATORS, &rows, path, observer, err);
}

/* ---- pairs ---- */

#define PAIR(data, row) (&((const struct rows *)(data))->study->pairs.pairs[row])

static void get_first(void *data, int64_t row, lqa_value *value) {
  value->text =
      lqa_vote_table_annotator(((const struct rows *)data)->study->table, PAIR(data, row)->first);
}
static void get_second(void *data, int64_t row, lqa_value *value) {
  value->text =
      lqa_vote_table_annotator(((const struct rows *)data)->study->table, PAIR(data, row)->second);
}
static void get_shared(void *data, int64_t row, lqa_value *value) {
  value->integer = PAIR(data, row)->n_shared;
}
static void get_same(void *data, int64_t row, lqa_value *value) {
  value->integer = PAIR(data, row)->n_same;
}
static void get_pair_kappa(void *data, int64_t row, lqa_value *value) {
  set_double(value, PAIR(data, row)->kappa.value);
}
static void get_kappa_low(void *data, int64_t row, lqa_value *value) {
  set_double(value, PAIR(data, row)->kappa.low);
}
static void get_kappa_high(void *data, int64_t row, lqa_value *value) {
  set_double(value, PAIR(data, row)->kappa.high);
}
static void get_wrong(void *data, int64_t row, lqa_value *value) {
  value->integer = PAIR(data, row)->n_wrong;
}
static void get_wrong_same(void *data, int64_t row, lqa_value *value) {
  value->integer = PAIR(data, row)->n_wrong_same;
}
static void get_is_copy(void *data, int64_t row, lqa_value *value) {
  value->integer = PAIR(data, row)->is_copy;
}

static const lqa_votes_column PAIRS[] = {
    {"first", LQA_VALUE_TEXT, get_first, "one annotator", ALWAYS},
    {"second", LQA_VALUE_TEXT, get_second, "the other", ALWAYS},
    {"items", LQA_VALUE_INT64, get_shared, "items that both labelled", ALWAYS},
    {"same", LQA_VALUE_INT64, get_same, "of those with the same label", ALWAYS},
    {"kappa", LQA_VALUE_DOUBLE, get_pair_kappa, "Cohen's kappa", ALWAYS},
    {"kappa_low", LQA_VALUE_DOUBLE, get_kappa_low, "lower end of its interval", ALWAYS},
    {"kappa_high", LQA_VALUE_DOUBLE, get_kappa_high, "upper end", ALWAYS},
    {"unlike_others", LQA_VALUE_INT64, get_wrong,
     "items where one differs from the others' majority", ALWAYS},
    {"unlike_others_same", LQA_VALUE_INT64, get_wrong_same,
     "of those where both give the same other label", ALWAYS},
    {"is_copy", LQA_VALUE_BOOL, get_is_copy, "the two hardly worked independently", ALWAYS},
    {.name = NULL}};

lqa_status lqa_votes_pairs_save(const lqa_vote_study *study, const char *path,
                                const lqa_observer *observer, lqa_error *err) {
  struct rows rows = {.study = study, .n = (int64_t)study->pairs.n};
  return save(PAIRS, &rows, path, observer, err);
}

/* ---- confusions ---- */

struct cell {
  int32_t annotator, consensus, said;
  int64_t n, n_of; /* votes so, and all of the annotator on items of this consensus */
};

static void get_cell_annotator(void *data, int64_t row, lqa_value *value) {
  const struct rows *r = data;
  value->text = lqa_vote_table_annotator(r->study->table, r->cells[row].annotator);
}
static void get_cell_consensus(void *data, int64_t row, lqa_value *value) {
  const struct rows *r = data;
  set_class(r, value, r->cells[row].consensus);
}
static void get_cell_said(void *data, int64_t row, lqa_value *value) {
  const struct rows *r = data;
  set_class(r, value, r->cells[row].said);
}
static void get_cell_n(void *data, int64_t row, lqa_value *value) {
  value->integer = ((const struct rows *)data)->cells[row].n;
}
static void get_cell_share(void *data, int64_t row, lqa_value *value) {
  const struct cell *cell = &((const struct rows *)data)->cells[row];
  value->number = (double)cell->n / (double)cell->n_of;
}

static int compare_cells(const void *a, const void *b) {
  const struct cell *x = a, *y = b;
  return x->annotator != y->annotator   ? x->annotator - y->annotator
         : x->consensus != y->consensus ? x->consensus - y->consensus
                                        : x->said - y->said;
}

/* One cell per vote, sorted, equal ones merged; returns how many are left. */
static int64_t merge_cells(struct cell *cells, int64_t n) {
  int64_t kept = 0;
  qsort(cells, (size_t)n, sizeof *cells, compare_cells);
  for (int64_t i = 0; i < n; i++) {
    if (kept > 0 && compare_cells(&cells[kept - 1], &cells[i]) == 0) {
      cells[kept - 1].n++;
    } else {
      cells[kept++] = cells[i];
    }
  }
  for (int64_t from = 0, i = 0; from < kept; from = i) {
    int64_t sum = 0;
    for (i = from; i < kept && cells[i].annotator == cells[from].annotator &&
                   cells[i].consensus == cells[from].consensus;
         i++) {
      sum += cells[i].n;
    }
    for (int64_t k = from; k < i; k++) {
      cells[k].n_of = sum;
    }
  }
  return kept;
}

static const lqa_votes_column CONFUSION[] = {
    {"annotator", LQA_VALUE_TEXT, get_cell_annotator, "the annotator", ALWAYS},
    {"consensus", LQA_VALUE_TEXT, get_cell_consensus, "the consensus", ALWAYS},
    {"said", LQA_VALUE_TEXT, get_cell_said, "what they said", ALWAYS},
    {"votes", LQA_VALUE_INT64, get_cell_n, "votes so", ALWAYS},
    {"share", LQA_VALUE_DOUBLE, get_cell_share, "of their votes on items of that consensus",
     ALWAYS},
    {.name = NULL}};

lqa_status lqa_votes_confusion_save(const lqa_vote_study *study, const char *path,
                                    const lqa_observer *observer, lqa_error *err) {
  const lqa_votes *votes = study->votes;
  struct cell *cells = lqa_malloc((size_t)votes->n_votes, sizeof *cells);
  if (!cells) {
    return lqa_fail_memory(err, "writing confusions");
  }
  for (int64_t v = 0; v < votes->n_votes; v++) {
    cells[v] = (struct cell){votes->annotator[v], study->consensus.label[votes->item[v]],
                             votes->label[v], 1, 0};
  }
  struct rows rows = {.study = study, .cells = cells};
  rows.n = merge_cells(cells, votes->n_votes);
  lqa_status status = save(CONFUSION, &rows, path, observer, err);
  free(cells);
  return status;
}

const lqa_votes_column *lqa_votes_columns(lqa_votes_table table) {
  static const lqa_votes_column *const all[] = {ITEMS, ANNOTATORS, PAIRS, CONFUSION};
  return all[table];
}
