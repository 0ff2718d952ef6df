/* data/votes/vote_classes.c - from label texts to classes, and remarks about labels that look
 * alike.
 *
 * The class set is what the user gave, else what the probabilities' columns name, else what occurs
 * among votes and gold labels. A label that differs from another only in case or spaces, or by one
 * letter while it is very rare, is probably the same class misspelt: that is told, not mended.
 */
#include "data/votes/vote_read.h"

#include "base/memory.h"
#include "data/dataset/labels.h"

enum { MOST_COMPARED = 1000, MOST_REMARKS = 10, LEAST_TYPO_SIZE = 4, RARE = 200 };

lqa_status lqa_vote_classes_given(lqa_vote_reader *r, lqa_error *err) {
  const lqa_source_options *o = &r->options->source;
  lqa_str *classes = NULL;
  int32_t n = (int32_t)o->classes.n;
  if (o->classes.n > 0 && o->classes_file) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("classes") " and " LQA_OPTION("classes_file") " cannot go together");
  }
  if (o->classes_file) {
    LQA_TRY(lqa_classes_load(o->classes_file, &r->table->arena, &classes, &n, err));
  }
  for (int32_t k = 0; k < n; k++) {
    lqa_str name = classes ? classes[k] : lqa_str_from(o->classes.items[k]);
    uint32_t number = 0;
    bool added = false;
    if (name.size == 0) {
      return lqa_fail(err, LQA_BAD_USAGE, "class %d of the given classes is empty", (int)k + 1);
    }
    LQA_TRY(lqa_map_add(r->labels, name, &number, &added) == LQA_OK
                ? LQA_OK
                : lqa_fail_memory(err, "reading the classes"));
    if (!added) {
      return lqa_fail(err, LQA_BAD_USAGE, "class '%.*s' is given twice", (int)name.size, name.data);
    }
  }
  r->n_given = n;
  return LQA_OK;
}

/* Named classes come first, in the order of their codes. */
static void order_by_code(const lqa_vote_reader *r, lqa_str *classes, size_t n) {
  size_t done = 0;
  for (size_t i = 0; i < r->source->class_names.n; i++) {
    lqa_str name = lqa_str_from(r->source->class_names.data[i].name);
    for (size_t k = done; k < n; k++) {
      if (lqa_str_equal(classes[k], name)) {
        name = classes[k]; /* lives as long as the table */
        memmove(classes + done + 1, classes + done, (k - done) * sizeof *classes);
        classes[done++] = name;
        break;
      }
    }
  }
}

/* The labels themselves: those given in their order, else sorted. */
static lqa_status classes_of_labels(lqa_vote_reader *r, lqa_str **classes, size_t *n,
                                    lqa_error *err) {
  *n = lqa_map_count(r->labels);
  *classes = lqa_arena_alloc(&r->table->arena, *n + 1, sizeof **classes);
  for (size_t k = 0; *classes && k < *n; k++) {
    (*classes)[k] = lqa_vote_copy(r, lqa_map_key(r->labels, (uint32_t)k));
    *classes = (*classes)[k].data ? *classes : NULL;
  }
  if (!*classes) {
    return lqa_fail_memory(err, "numbering the labels");
  }
  if (r->n_given == 0) {
    lqa_labels_sort(*classes, *n);
    order_by_code(r, *classes, *n);
  }
  return LQA_OK;
}

/* code[number in `labels`] = the class of that text, -2 where it is none. */
static int32_t *match(const lqa_vote_table *t, const lqa_map *labels) {
  uint32_t n = lqa_map_count(labels);
  lqa_map *known = lqa_map_new(false);
  int32_t *code = lqa_malloc((size_t)n + 1, sizeof *code);
  bool ok = known && code;
  for (int32_t k = 0; ok && k < t->n_classes; k++) {
    uint32_t number = 0;
    ok = lqa_map_add(known, t->classes[k], &number, NULL) == LQA_OK;
  }
  for (uint32_t i = 0; ok && i < n; i++) {
    int64_t found = lqa_map_find(known, lqa_map_key(labels, i));
    code[i] = found < 0 ? -2 : (int32_t)found;
  }
  lqa_map_free(known);
  if (!ok) {
    free(code);
  }
  return ok ? code : NULL;
}

static void renumber(int32_t *values, size_t n, const int32_t *code) {
  for (size_t i = 0; i < n; i++) {
    values[i] = values[i] >= 0 ? code[values[i]] : values[i];
  }
}

/* ---- labels that look alike ---- */

static bool look_alike(lqa_str a, lqa_str b, int64_t n_a, int64_t n_b) {
  if (lqa_str_equal_nocase(lqa_str_trim(a), lqa_str_trim(b))) {
    return true;
  }
  if (lqa_str_is_same_number(lqa_str_trim(a), lqa_str_trim(b))) {
    return true;
  }
  long long number = 0;
  int64_t rarer = n_a < n_b ? n_a : n_b, commoner = n_a < n_b ? n_b : n_a;
  return a.size >= LEAST_TYPO_SIZE && b.size >= LEAST_TYPO_SIZE && rarer * RARE <= commoner &&
         !lqa_str_to_int64(a, &number) && lqa_str_distance(a, b) == 1;
}

static lqa_status remark_alike(lqa_vote_reader *r, const int64_t *count) {
  const lqa_vote_table *t = r->table;
  int n_remarks = 0;
  for (int32_t a = 0; a < t->n_classes && t->n_classes <= MOST_COMPARED; a++) {
    for (int32_t b = a + 1; b < t->n_classes && n_remarks < MOST_REMARKS; b++) {
      lqa_str x = t->classes[a], y = t->classes[b];
      if (count[a] > 0 && count[b] > 0 && look_alike(x, y, count[a], count[b])) {
        LQA_TRY(lqa_vote_note(r,
                              "labels '%.*s' (%lld votes) and '%.*s' (%lld) look like one class "
                              "spelt in two ways; they count as two",
                              (int)(x.size < 60 ? x.size : 60), x.data, (long long)count[a],
                              (int)(y.size < 60 ? y.size : 60), y.data, (long long)count[b]));
        n_remarks++;
      }
    }
  }
  return LQA_OK;
}

static lqa_status remark(lqa_vote_reader *r) {
  size_t n = (size_t)r->table->n_classes;
  int64_t *count = lqa_calloc(n, sizeof *count);
  lqa_status status = count ? LQA_OK : LQA_NO_MEMORY;
  for (size_t v = 0; count && v < r->label.n; v++) {
    count[r->label.data[v]]++;
  }
  status = status == LQA_OK && r->n_given == 0 ? remark_alike(r, count) : status;
  free(count);
  return status;
}

lqa_status lqa_vote_classes_finish(lqa_vote_reader *r, lqa_error *err) {
  lqa_vote_table *t = r->table;
  lqa_str *classes = NULL;
  size_t n = 0;
  if (r->n_given == 0) {
    LQA_TRY(lqa_vote_probs_classes(r, &classes, &n, err));
  }
  LQA_TRY(n > 0 ? LQA_OK : classes_of_labels(r, &classes, &n, err));
  t->classes = classes;
  t->n_classes = (int32_t)n;
  int32_t *code = match(t, r->labels);
  int32_t *truth_code = match(t, r->truths);
  lqa_status status;
  LQA_TRY_OUT(code && truth_code ? LQA_OK : LQA_NO_MEMORY);
  renumber(r->label.data, r->label.n, code);
  renumber(r->gold.data, r->gold.n, code);
  renumber(r->truth.data, r->truth.n, truth_code);
  status = remark(r);
out:
  free(code);
  free(truth_code);
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "numbering the labels");
}
