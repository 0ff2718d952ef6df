/* Labels as people write them, before they become classes: texts that mean "no label"
 * (--missing-label), lists of one ("['card']", "[\"card\"]", "[card]", {"choices": ["card"]}), and
 * codes that have names (--class-names, or what Hugging Face's datasets keep in a Parquet file).
 * A list of several labels is an error: every audit here asks which one label is right.
 */
#include "data/source/source_labels.h"

#include "base/json_read.h"
#include "base/memory.h"
#include "data/dataset/storage.h"

enum { MOST_REMARKS = 3 };

/* ---- lists ---- */

static bool is_enclosed(lqa_str s, char open, char close) {
  return s.size >= 2 && s.data[0] == open && s.data[s.size - 1] == close;
}

static lqa_str inside(lqa_str s) {
  return lqa_str_trim((lqa_str){s.data + 1, s.size - 2});
}

/* The end of a quoted text, or of a bracket and what it holds, that begins at `at`. */
static size_t skip_one(lqa_str s, size_t at) {
  char quote = '\0';
  int depth = 0;
  for (; at < s.size; at++) {
    char c = s.data[at];
    if (quote) {
      at += c == '\\';
      quote = c == quote ? '\0' : quote;
    } else if (c == '"' || (c == '\'' && (at == 0 || strchr("[{,: ", s.data[at - 1])))) {
      quote = c;
    } else if (strchr("[{(", c)) {
      depth++;
    } else if (strchr("]})", c)) {
      depth--;
    } else if (c == ',' && depth == 0) {
      break;
    }
  }
  return at < s.size ? at : s.size;
}

/* Elements of what stands between brackets, and the first of them. */
static size_t count_elements(lqa_str body, lqa_str *first) {
  size_t n = 0;
  for (size_t at = 0; body.size > 0 && at <= body.size; n++) {
    size_t end = skip_one(body, at);
    *first = n == 0 ? lqa_str_trim((lqa_str){body.data, end}) : *first;
    at = end + 1;
  }
  return n;
}

/* "choices": [...] without its key. */
static lqa_str value_of_pair(lqa_str pair) {
  char quote = '\0';
  for (size_t i = 0; i < pair.size; i++) {
    char c = pair.data[i];
    if (quote ? c == quote : (c == '"' || c == '\'')) {
      quote = quote ? '\0' : c;
    } else if (!quote && c == ':') {
      return lqa_str_trim((lqa_str){pair.data + i + 1, pair.size - i - 1});
    }
  }
  return pair;
}

/* Text between quotes, its escapes undone. NULL data: no memory. */
static lqa_str unquote(lqa_str s, lqa_arena *arena) {
  if (is_enclosed(s, '"', '"')) {
    const lqa_json_node *node = lqa_json_parse_foreign(s, arena);
    if (node && node->kind == LQA_JSON_TEXT) {
      return node->text;
    }
  }
  return is_enclosed(s, '"', '"') || is_enclosed(s, '\'', '\'') ? (lqa_str){s.data + 1, s.size - 2}
                                                                : s;
}

static bool is_list(lqa_str s) {
  return is_enclosed(s, '[', ']') || is_enclosed(s, '{', '}');
}

size_t lqa_label_unwrap(lqa_str label, lqa_arena *arena, lqa_str *element) {
  lqa_str s = lqa_str_trim(label);
  while (is_list(s)) {
    bool is_object = s.data[0] == '{';
    lqa_str first = {0};
    size_t n = count_elements(inside(s), &first);
    if (n != 1) {
      return n;
    }
    s = is_object ? value_of_pair(first) : first;
  }
  if (lqa_str_equal(s, LQA_STR("null")) || lqa_str_equal(s, LQA_STR("None"))) {
    return 0;
  }
  *element = unquote(s, arena);
  return 1;
}

/* ---- a new column ---- */

typedef struct cleaning {
  lqa_loader *loader;
  lqa_arena arena; /* of values in the making */
  bool are_lists;
  const lqa_class_name *names;
  size_t n_names;
} cleaning;

static lqa_status fail_several(const cleaning *c, int64_t row, lqa_str label, size_t n,
                               lqa_error *err) {
  const lqa_dataset *d = c->loader->dataset;
  int64_t in_file = row;
  const lqa_source_file *file = lqa_dataset_file_of(d, row, &in_file);
  return lqa_fail_at(
      err, LQA_BAD_DATA, file->path, in_file, d->label_text.name,
      "%s, row %lld, column '%s': %zu labels in one cell (%.*s): this is multi-label "
      "data, and an audit needs one label per row; write a column of yes and "
      "no for each label and audit them one by one, or keep the rows with one label",
      file->path, (long long)in_file, d->label_text.name, n,
      (int)(label.size < 80 ? label.size : 80), label.data);
}

static bool is_missing(const lqa_source_options *o, lqa_str label) {
  for (size_t i = 0; i < o->missing_labels.n; i++) {
    if (lqa_str_equal(lqa_str_trim(label), lqa_str_from(o->missing_labels.items[i]))) {
      return true;
    }
  }
  return false;
}

static lqa_str name_of(const cleaning *c, lqa_str label) {
  lqa_str code = lqa_str_trim(label);
  for (size_t i = 0; i < c->n_names; i++) {
    if (lqa_str_equal(code, lqa_str_from(c->names[i].code))) {
      return lqa_str_from(c->names[i].name);
    }
  }
  return label;
}

/* The label of a row, cleaned; NULL data: none. */
static lqa_status clean(cleaning *c, int64_t row, lqa_str *label, lqa_error *err) {
  lqa_str text = *label;
  if (lqa_str_is_null(text) || is_missing(&c->loader->source->options, text)) {
    *label = (lqa_str){NULL, 0};
    return LQA_OK;
  }
  bool is_empty = lqa_str_equal(lqa_str_trim(text), LQA_STR("[]"));
  if (c->are_lists || is_empty) {
    size_t n = lqa_label_unwrap(text, &c->arena, label);
    if (n > 1) {
      return fail_several(c, row, text, n, err);
    }
    *label = n == 0 ? (lqa_str){NULL, 0} : *label;
  }
  if (label->data && is_missing(&c->loader->source->options, *label)) {
    *label = (lqa_str){NULL, 0};
  }
  bool is_unlabelled = c->loader->source->has_dataset_names && label->data &&
                       lqa_str_equal(lqa_str_trim(*label), LQA_STR("-1"));
  *label = is_unlabelled ? (lqa_str){NULL, 0} : label->data ? name_of(c, *label) : *label;
  return LQA_OK;
}

/* True where every label there is looks like a list; *any: some label is to be changed. */
static bool look_like_lists(const lqa_column *labels, bool *any) {
  int64_t n = 0, n_lists = 0;
  for (int64_t row = 0; row < labels->n; row++) {
    lqa_str label = lqa_str_trim(lqa_column_get(labels, row));
    n += label.size > 0;
    n_lists += is_list(label);
  }
  *any = n_lists > 0;
  return n > 0 && n == n_lists;
}

static lqa_status rebuild(cleaning *c, lqa_error *err) {
  lqa_dataset *d = c->loader->dataset;
  lqa_column_builder builder;
  lqa_column_builder_init(&builder, 0, NULL);
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < d->label_text.n; row++) {
    lqa_str label = lqa_column_get(&d->label_text, row);
    LQA_TRY_OUT(clean(c, row, &label, err));
    LQA_TRY_OUT(lqa_column_builder_add(&builder, label, err));
  }
  status = lqa_column_builder_finish(&builder, d->storage, d->label_text.name, &d->label_text, err);
out:
  lqa_column_builder_clear(&builder);
  return status;
}

lqa_status lqa_loader_clean_labels(lqa_loader *l, lqa_error *err) {
  cleaning c = {
      .loader = l, .names = l->source->class_names.data, .n_names = l->source->class_names.n};
  bool any = false;
  c.are_lists = look_like_lists(&l->dataset->label_text, &any);
  if (!any && c.n_names == 0 && l->source->options.missing_labels.n == 0) {
    return LQA_OK;
  }
  lqa_arena_init(&c.arena);
  lqa_status status = rebuild(&c, err);
  lqa_arena_clear(&c.arena);
  return status;
}

/* ---- what looks like a missing label ---- */

/* -1 beside 0, 1, 2, ...; not beside 1 alone, or 0 and 1: a polarity. */
static bool counts_from_zero(const lqa_dataset *d) {
  long long number, largest = 0;
  for (int32_t k = 0; k < d->n_classes; k++) {
    if (!lqa_str_to_int64(d->classes[k], &number) || number < -1) {
      return false;
    }
    largest = number > largest ? number : largest;
  }
  return largest > 1;
}

static bool is_usually_missing(const lqa_dataset *d, int32_t class) {
  static const char *const words[] = {"na",      "n/a",       "nan",         "null", "none",
                                      "nil",     "unlabeled", "unlabelled",  "?",    "-",
                                      "missing", "no label",  "not labeled", NULL};
  if (lqa_is_known_name(words, d->classes[class])) {
    return true;
  }
  return lqa_str_equal(d->classes[class], LQA_STR("-1")) && counts_from_zero(d);
}

void lqa_loader_remark_missing(const lqa_loader *l) {
  const lqa_dataset *d = l->dataset;
  int n_remarks = 0;
  for (int32_t k = 0; k < d->n_classes && !d->classes_given; k++) {
    if (!is_usually_missing(d, k) || n_remarks++ >= MOST_REMARKS) {
      continue;
    }
    int64_t n = 0;
    for (int64_t row = 0; row < d->n_rows; row++) {
      n += d->label[row] == k;
    }
    lqa_observe_message(
        l->source->observer, LQA_MESSAGE_WARN,
        "class '%.*s' (%lld row%s) looks like a missing label; if it is, say " LQA_OPTION_AS(
            "missing_label", "'%.*s'"),
        (int)d->classes[k].size, d->classes[k].data, (long long)n, n == 1 ? "" : "s",
        (int)d->classes[k].size, d->classes[k].data);
  }
}
