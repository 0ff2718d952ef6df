/* Columns that look like a model's probabilities and are not used: probably nobody knows that they
 * could be. A remark names them and the option.
 *
 * Two kinds count: columns called prob... beside as many classes (or one beside two), and columns
 * called p_... only where they are named by class. Whether they are out-of-fold only their owner
 * knows, so they are never taken unasked.
 */
#include "base/buf.h"
#include "base/memory.h"
#include "data/dataset/class_columns.h"
#include "data/source/source_columns.h"
#include "data/source/source_labels.h"

enum { MOST_LISTED = 3 };

static bool begins_with(const char *name, const char *const *words) {
  for (; *words; words++) {
    if (strncasecmp(name, *words, strlen(*words)) == 0) {
      return true;
    }
  }
  return false;
}

/* The unused columns that begin with one of the words; returns how many. */
static size_t gather(const lqa_source *source, const char *const *words, const char **columns) {
  size_t n = 0;
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    const char *name = lqa_source_column_name(source, c);
    if (begins_with(name, words) && !lqa_source_is_taken(source, name)) {
      columns[n++] = name;
    }
  }
  return n;
}

/* Whether --pred-probs would take the columns for the classes; *is_named: by their names. */
static lqa_status fit(const lqa_dataset *d, const char *const *columns, size_t n, bool *is_named,
                      bool *fits) {
  lqa_map *labels = lqa_map_new(false);
  lqa_str *name = lqa_malloc(n, sizeof *name);
  lqa_class_columns c = {columns, n, name, false};
  lqa_status status;
  LQA_TRY_OUT(labels && name ? LQA_OK : LQA_NO_MEMORY);
  for (int32_t k = 0; k < d->n_classes; k++) {
    uint32_t number = 0;
    LQA_TRY_OUT(lqa_map_add(labels, d->classes[k], &number, NULL));
  }
  status = lqa_class_columns_match(&c, labels, NULL); /* what does not match is no failure here */
  *fits = status == LQA_OK && (n == (size_t)d->n_classes || c.is_named);
  *is_named = c.is_named;
  status = status == LQA_NO_MEMORY ? status : LQA_OK;
out:
  free(name);
  lqa_map_free(labels);
  return status;
}

/* "prob_a,prob_b", or "'prob_*'" where they are many and all of that pattern. */
static void list(const char *const *columns, size_t n, lqa_buf *out) {
  size_t same = strlen(columns[0]);
  for (size_t i = 1; i < n; i++) {
    while (strncmp(columns[0], columns[i], same) != 0) {
      same--;
    }
  }
  if (n > MOST_LISTED) {
    lqa_buf_printf(out, "'%.*s*'", (int)same, columns[0]);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    lqa_buf_printf(out, "%s%s", i ? "," : "", columns[i]);
  }
}

static void remark(const lqa_loader *l, const char *const *columns, size_t n) {
  lqa_buf option;
  lqa_buf_init(&option, 1 << 12);
  list(columns, n, &option);
  if (lqa_buf_check(&option, NULL) == LQA_OK) {
    lqa_observe_message(
        l->source->observer, LQA_MESSAGE_INFO,
        "column%s %s %s like a model's probabilities and %s not used: if no row was predicted by a "
        "model that saw its label, give " LQA_OPTION_AS("pred_probs", "%s") " and no model is "
                                                                            "trained",
        n == 1 ? "" : "s", option.data, n == 1 ? "looks" : "look", n == 1 ? "is" : "are",
        option.data);
  }
  lqa_buf_clear(&option);
}

lqa_status lqa_loader_remark_probabilities(const lqa_loader *l, lqa_error *err) {
  static const char *const sure[] = {"prob", "pred_prob", "predicted_prob", NULL};
  static const char *const vague[] = {"p_", "p.", NULL};
  if (l->source->options.pred_probs.n > 0) {
    return LQA_OK;
  }
  const char **columns = lqa_malloc(lqa_source_count_columns(l->source), sizeof *columns);
  bool is_done = false;
  lqa_status status;
  LQA_TRY_OUT(columns ? LQA_OK : LQA_NO_MEMORY);
  for (int kind = 0; kind < 2 && !is_done; kind++) {
    bool is_named = false, fits = false;
    size_t n = gather(l->source, kind ? vague : sure, columns);
    LQA_TRY_OUT(n > 0 ? fit(l->dataset, columns, n, &is_named, &fits) : LQA_OK);
    fits = fits || (n == 1 && l->dataset->n_classes == 2);
    is_done = kind ? is_named : fits;
    if (is_done) {
      remark(l, columns, n);
    }
  }
out:
  free(columns);
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "looking for probabilities");
}
