/* data/votes/vote_load.c - a vote table from open to finish: columns, rows, known labels, repeats,
 * classes, probabilities; then items that nobody labelled are left out.
 *
 * The growing arrays of the reader become the table's: nothing is copied that does not shrink.
 */
#include "data/votes/vote_read.h"

#include "base/memory.h"
#include "data/source/source_labels.h"

#include <stdio.h>

void lqa_vote_table_free(lqa_vote_table *t) {
  if (!t) {
    return;
  }
  free(t->item);
  free(t->annotator);
  free(t->label);
  free(t->row);
  free(t->time);
  free(t->truth);
  free(t->gold);
  free(t->text);
  free(t->probs);
  free(t->item_name);
  lqa_vec_clear(&t->notes);
  lqa_map_free(t->items);
  lqa_map_free(t->annotators);
  lqa_arena_clear(&t->arena);
  free(t);
}

lqa_str lqa_vote_table_item(const lqa_vote_table *t, int64_t item, char scratch[24]) {
  int64_t number = t->item_name ? t->item_name[item] : item;
  if (t->items) {
    return lqa_map_key(t->items, (uint32_t)number);
  }
  int size = snprintf(scratch, 24, "%lld", (long long)number);
  return (lqa_str){scratch, (size_t)size};
}

lqa_str lqa_vote_table_annotator(const lqa_vote_table *t, int32_t annotator) {
  return lqa_map_key(t->annotators, (uint32_t)annotator);
}

static void clear_reader(lqa_vote_reader *r) {
  lqa_source_reader_close(r->rows);
  lqa_source_close(r->source);
  lqa_map_free(r->labels);
  lqa_map_free(r->truths);
  if (r->npy.map) {
    lqa_npy_close(&r->npy);
  }
  lqa_vec_clear(&r->first_vote);
  lqa_vec_clear(&r->item);
  lqa_vec_clear(&r->annotator);
  lqa_vec_clear(&r->label);
  lqa_vec_clear(&r->row);
  lqa_vec_clear(&r->time);
  lqa_vec_clear(&r->first_row);
  lqa_vec_clear(&r->truth);
  lqa_vec_clear(&r->gold);
  lqa_vec_clear(&r->text);
  lqa_vec_clear(&r->probs);
  lqa_vote_table_free(r->table);
}

static lqa_status open_source(lqa_vote_reader *r, lqa_error *err) {
  const lqa_vote_options *o = r->options;
  lqa_source_options options = o->source;
  const char *names[2] = {o->truth, o->gold};
  lqa_text_list other = {NULL, 0};
  other.items = lqa_arena_alloc(&r->table->arena, o->wide.n + 2, sizeof *other.items);
  if (!other.items) {
    return lqa_fail_memory(err, "opening the sources");
  }
  for (size_t i = 0; i < 2; i++) {
    if (names[i]) {
      other.items[other.n++] = names[i];
    }
  }
  for (size_t i = 0; i < o->wide.n; i++) {
    other.items[other.n++] = o->wide.items[i];
  }
  options.other_columns = other;
  options.usual_names = lqa_vote_usual_names;
  LQA_TRY(lqa_source_open(&options, r->observer, &r->source, err));
  LQA_TRY(lqa_vote_columns_resolve(r, err));
  int64_t label = r->plan.n_wide > 0 ? (int64_t)r->plan.wide[0] : r->plan.label;
  if (label >= 0) {
    r->source->roles.label = lqa_source_column_name(r->source, (size_t)label);
  }
  return lqa_source_find_class_names(r->source, err);
}

/* Names of a wide table's annotators are those of its columns. */
static lqa_status name_annotators(lqa_vote_reader *r, lqa_error *err) {
  for (size_t a = 0; a < r->plan.n_wide; a++) {
    const char *name = lqa_source_column_name(r->source, r->plan.wide[a]);
    uint32_t number = 0;
    if (lqa_map_add(r->table->annotators, lqa_str_from(name), &number, NULL) != LQA_OK) {
      return lqa_fail_memory(err, "reading columns");
    }
  }
  return LQA_OK;
}

static lqa_status prepare(lqa_vote_reader *r, lqa_error *err) {
  lqa_vote_table *t = r->table;
  bool has_items = r->plan.item >= 0 || (!t->is_wide && r->plan.n_texts > 0);
  if (r->source->parts.n == 1) {
    const char *name = r->source->parts.data[0].name;
    t->file = lqa_arena_copy(&t->arena, name, strlen(name));
  }
  t->annotators = lqa_map_new(true);
  t->items = has_items ? lqa_map_new(true) : NULL;
  r->labels = lqa_map_new(true);
  r->truths = lqa_map_new(true);
  if (!t->annotators || !r->labels || !r->truths || (has_items && !t->items)) {
    return lqa_fail_memory(err, "reading votes");
  }
  LQA_TRY(name_annotators(r, err));
  return lqa_vote_classes_given(r, err);
}

static lqa_status check_votes(const lqa_vote_reader *r, lqa_error *err) {
  const lqa_vote_table *t = r->table;
  const char *file = r->source->parts.data[0].name;
  if (t->n_rows == 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, file, -1, NULL,
                       r->options->source.where ? "'%s': no row satisfies " LQA_OPTION("where")
                                                : "'%s' has a header, but no rows",
                       file);
  }
  return r->item.n > 0 ? LQA_OK
                       : lqa_fail_at(err, LQA_BAD_DATA, file, -1, NULL,
                                     "'%s': none of its %lld rows has a label: there are no votes",
                                     file, (long long)t->n_rows);
}

/* ---- items that nobody labelled ---- */

/* Numbers of the items that stay; the votes' items are renumbered. NULL: no memory. */
static int32_t *keep_items(lqa_vote_reader *r) {
  size_t n = r->first_row.n;
  int32_t *kept = lqa_malloc(n, sizeof *kept);
  int32_t *number = lqa_malloc(n, sizeof *number);
  int32_t n_kept = 0;
  if (!kept || !number) {
    free(kept);
    free(number);
    return NULL;
  }
  for (size_t i = 0; i < n; i++) {
    number[i] = -1;
  }
  for (size_t v = 0; v < r->item.n; v++) {
    number[r->item.data[v]] = 0;
  }
  for (size_t i = 0; i < n; i++) {
    if (number[i] == 0) {
      kept[n_kept] = (int32_t)i;
      number[i] = n_kept++;
    }
  }
  for (size_t v = 0; v < r->item.n; v++) {
    r->item.data[v] = number[r->item.data[v]];
  }
  for (int32_t i = 0; i < n_kept; i++) {
    r->truth.data[i] = r->truth.data[kept[i]];
    r->gold.data[i] = r->gold.data[kept[i]];
    if (r->text.n > 0) {
      r->text.data[i] = r->text.data[kept[i]];
    }
  }
  r->table->n_items = n_kept;
  r->table->n_items_empty = (int64_t)n - n_kept;
  free(number);
  return kept;
}

static lqa_status finish_items(lqa_vote_reader *r, lqa_error *err) {
  r->table->item_name = keep_items(r);
  return r->table->item_name ? lqa_vote_probs_finish(r, r->table->item_name, err)
                             : lqa_fail_memory(err, "reading items");
}

/* Moves the arrays to the table. */
static void hand_over(lqa_vote_reader *r) {
  lqa_vote_table *t = r->table;
  t->n_votes = (int64_t)r->item.n;
  t->item = r->item.data;
  t->annotator = r->annotator.data;
  t->label = r->label.data;
  t->row = r->row.data;
  t->time = r->time.data;
  t->text = r->text.data;
  r->item.data = r->annotator.data = r->label.data = NULL;
  r->row.data = NULL;
  r->time.data = r->text.data = NULL;
  if (r->options->truth) {
    t->truth = r->truth.data;
    r->truth.data = NULL;
  }
  if (r->options->gold) {
    t->gold = r->gold.data;
    r->gold.data = NULL;
  }
}

static lqa_status load(lqa_vote_reader *r, lqa_error *err) {
  lqa_vote_table *t = r->table;
  LQA_TRY(open_source(r, err));
  LQA_TRY(prepare(r, err));
  LQA_TRY(lqa_vote_rows_read(r, err));
  LQA_TRY(check_votes(r, err));
  t->n_annotators = (int32_t)lqa_map_count(t->annotators);
  LQA_TRY(lqa_vote_known_load(r, err));
  LQA_TRY(lqa_vote_repeats_check(r, err));
  LQA_TRY(lqa_vote_probs_open(r, err));
  LQA_TRY(lqa_vote_classes_finish(r, err));
  LQA_TRY(finish_items(r, err));
  hand_over(r);
  return LQA_OK;
}

lqa_status lqa_vote_table_load(const lqa_vote_options *options, const lqa_observer *observer,
                               lqa_vote_table **out, lqa_error *err) {
  lqa_vote_reader r = {.options = options, .observer = observer};
  r.table = lqa_calloc(1, sizeof *r.table);
  if (!r.table) {
    return lqa_fail_memory(err, "reading votes");
  }
  lqa_arena_init(&r.table->arena);
  lqa_status status;
  LQA_TRY_OUT(load(&r, err));
  *out = r.table;
  r.table = NULL;
out:
  clear_reader(&r);
  return status;
}
