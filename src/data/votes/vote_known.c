/* data/votes/vote_known.c - known labels from a file of its own: a column of items and one of
 * labels.
 *
 * Crowd data come as answers in one file and the experts' labels in another. The item column is
 * found under the name it has among the votes, else under a usual name, else it is the first; the
 * label is the column of a usual name, else the only other.
 */
#include "data/votes/vote_read.h"

static const char *const item_names[] = {"item", "item_id", "task", "question", "id", NULL};
static const char *const known_names[] = {
    "truth", "true_label", "ground_truth", "gold", "gold_label", "label", "answer", "class", NULL};

static int64_t find_usual(const lqa_source *source, const char *const *names) {
  for (; *names; names++) {
    int64_t column = lqa_source_find_column(source, *names);
    if (column >= 0) {
      return column;
    }
  }
  return -1;
}

void lqa_vote_side_close(lqa_vote_side *side) {
  lqa_source_reader_close(side->rows);
  lqa_source_close(side->source);
  *side = (lqa_vote_side){0};
}

lqa_status lqa_vote_side_open(const lqa_vote_reader *r, const char *option, const char *path,
                              lqa_vote_side *side, lqa_error *err) {
  *side = (lqa_vote_side){.path = path};
  if (!r->table->items) {
    return lqa_fail(
        err, LQA_BAD_USAGE,
        LQA_OPTION_AS("%s",
                      "%s") ": the votes have no item column by which to find its rows; name it "
                            "with " LQA_OPTION("item"),
        option, path);
  }
  const char *name = r->table->columns.item ? r->table->columns.item : r->table->columns.text;
  const lqa_source_options options = {.paths = {&side->path, 1},
                                      .encoding = r->options->source.encoding,
                                      .other_columns = {&name, 1},
                                      .usual_names = lqa_vote_usual_names,
                                      .n_threads = r->options->source.n_threads};
  LQA_TRY(lqa_source_open(&options, r->observer, &side->source, err));
  int64_t item = lqa_source_find_column(side->source, name);
  item = item < 0 ? find_usual(side->source, item_names) : item;
  side->item = item < 0 ? 0 : (size_t)item;
  return lqa_source_reader_open(side->source, &side->rows, err);
}

lqa_status lqa_vote_side_next(const lqa_vote_reader *r, lqa_vote_side *side, int64_t *item,
                              bool *more, lqa_error *err) {
  LQA_TRY(lqa_source_reader_next(side->rows, more, err));
  *item = *more ? lqa_map_find(r->table->items, lqa_source_reader_get(side->rows, side->item)) : -1;
  return LQA_OK;
}

static lqa_status find_label(const lqa_vote_side *side, const char *option, size_t *label,
                             lqa_error *err) {
  int64_t column = find_usual(side->source, known_names);
  size_t n = lqa_source_count_columns(side->source);
  if ((column < 0 || (size_t)column == side->item) && n == 2) {
    column = side->item == 0;
  }
  if (column < 0 || (size_t)column == side->item) {
    return lqa_fail_at(
        err, LQA_BAD_USAGE, side->path, -1, NULL,
        LQA_OPTION_AS("%s",
                      "%s") ": no column looks like the label: it needs the items in '%s' and "
                            "the labels in a column named 'truth' or 'label'",
        option, side->path, lqa_source_column_name(side->source, side->item));
  }
  *label = (size_t)column;
  return LQA_OK;
}

/* One row's label into known[item]. */
static lqa_status read_label(lqa_vote_reader *r, const lqa_vote_side *side, bool is_gold,
                             lqa_str text, int32_t *known, lqa_error *err) {
  int64_t row = 0;
  uint32_t number = 0;
  (void)lqa_source_reader_file(side->rows, &row);
  if (lqa_vote_is_missing(r, text)) {
    return LQA_OK;
  }
  text = lqa_vote_label_name(r, text);
  if (is_gold && r->n_given > 0 && lqa_map_find(r->labels, text) < 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, side->path, row, NULL,
                       "%s, row %lld: the label '%.*s' is none of the %lld classes given",
                       side->path, (long long)row, (int)(text.size < 60 ? text.size : 60),
                       text.data, (long long)r->n_given);
  }
  if (lqa_map_add(is_gold ? r->labels : r->truths, text, &number, NULL) != LQA_OK) {
    return lqa_fail_memory(err, "reading known labels");
  }
  if (*known >= 0 && *known != (int32_t)number) {
    return lqa_fail_at(err, LQA_BAD_DATA, side->path, row, NULL,
                       "%s, row %lld: the item has another label here than in an earlier row",
                       side->path, (long long)row);
  }
  *known = (int32_t)number;
  return LQA_OK;
}

static lqa_status load(lqa_vote_reader *r, const char *path, bool is_gold, lqa_error *err) {
  lqa_vote_side side = {0};
  const char *option = is_gold ? "gold" : "truth";
  size_t label = 0;
  int64_t n_found = 0;
  bool more = true;
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_vote_side_open(r, option, path, &side, err));
  LQA_TRY_OUT(find_label(&side, option, &label, err));
  for (;;) {
    int64_t item = -1;
    LQA_TRY_OUT(lqa_vote_side_next(r, &side, &item, &more, err));
    if (!more) {
      break;
    }
    r->table->n_truth_unknown += item < 0;
    n_found += item >= 0;
    if (item >= 0) {
      int32_t *known = is_gold ? &r->gold.data[item] : &r->truth.data[item];
      LQA_TRY_OUT(
          read_label(r, &side, is_gold, lqa_source_reader_get(side.rows, label), known, err));
    }
  }
  if (n_found == 0) {
    status = lqa_fail_at(
        err, LQA_BAD_DATA, path, -1, NULL,
        LQA_OPTION_AS("%s", "%s") ": none of its items (column '%s') is among the votes", option,
        path, lqa_source_column_name(side.source, side.item));
  }
out:
  lqa_vote_side_close(&side);
  return status;
}

lqa_status lqa_vote_known_load(lqa_vote_reader *r, lqa_error *err) {
  const lqa_vote_options *o = r->options;
  if (o->gold && r->plan.gold < 0) {
    LQA_TRY(load(r, o->gold, true, err));
  }
  return o->truth && r->plan.truth < 0 ? load(r, o->truth, false, err) : LQA_OK;
}
