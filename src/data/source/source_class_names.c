/* Names of codes. Hugging Face's datasets keep the names of a ClassLabel in a Parquet file's
 * metadata, key "huggingface": {"info": {"features": {"label": {"names": [...]}}}}. They are the
 * classes' names for people, prompts and exports; the manifest keeps them as CODE=NAME.
 */
#include "data/source/source_labels.h"

#include "base/json_read.h"
#include "data/source/scan_duckdb.h"

static lqa_status add_name(lqa_source *source, const char *code, const char *name, lqa_error *err) {
  lqa_class_name pair = {code, name};
  return code && name && lqa_vec_push(&source->class_names, pair) == LQA_OK
             ? LQA_OK
             : lqa_fail_memory(err, "reading the classes' names");
}

static lqa_status parse_given(lqa_source *source, lqa_error *err) {
  const lqa_text_list *given = &source->options.class_names;
  for (size_t i = 0; i < given->n; i++) {
    const char *equals = strchr(given->items[i], '=');
    if (!equals || equals == given->items[i] || !equals[1]) {
      return lqa_fail(err, LQA_BAD_USAGE,
                      LQA_OPTION("class_names") " takes CODE=NAME, as 0=World, not '%s'",
                      given->items[i]);
    }
    LQA_TRY(add_name(
        source, lqa_arena_copy(&source->arena, given->items[i], (size_t)(equals - given->items[i])),
        equals + 1, err));
  }
  return LQA_OK;
}

/* The names of the label's ClassLabel, also of a sequence of one; or NULL. */
static const lqa_json_node *find_names(const lqa_json_node *root, const char *label) {
  const lqa_json_node *features = lqa_json_find(lqa_json_find(root, "info"), "features");
  const lqa_json_node *feature = lqa_json_find(features, label);
  const lqa_json_node *inner = lqa_json_find(feature, "feature");
  const lqa_json_node *names = lqa_json_find(inner ? inner : feature, "names");
  return names && names->kind == LQA_JSON_ARRAY ? names : NULL;
}

/* Equal names under equal codes. */
static bool same_names(const lqa_json_node *a, const lqa_json_node *b) {
  const lqa_json_node *x = a->first, *y = b->first;
  for (; x && y && lqa_str_equal(x->text, y->text); x = x->next, y = y->next) {
  }
  return !x && !y;
}

/* Reads what a part says of the label's codes; NULL where it says nothing. */
static lqa_status read_names(lqa_source *source, const lqa_source_part *part,
                             const lqa_json_node **names, lqa_error *err) {
  lqa_database *database = NULL;
  lqa_str metadata = {NULL, 0};
  *names = NULL;
  if (part->kind != LQA_PART_PARQUET) {
    return LQA_OK;
  }
  LQA_TRY(lqa_source_database(source, &database, err));
  LQA_TRY(lqa_duckdb_metadata(database, part, "huggingface", &source->arena, &metadata, err));
  if (metadata.data) {
    *names = find_names(lqa_json_parse_foreign(metadata, &source->arena), source->roles.label);
  }
  return LQA_OK;
}

/* The names that all files agree on; files that say nothing have the codes of the others. */
static lqa_status agree_on_names(lqa_source *source, const lqa_json_node **out, lqa_error *err) {
  const lqa_source_part *first = NULL;
  *out = NULL;
  for (size_t i = 0; i < source->parts.n; i++) {
    const lqa_source_part *part = &source->parts.data[i];
    const lqa_json_node *names = NULL;
    LQA_TRY(read_names(source, part, &names, err));
    if (names && *out && !same_names(names, *out)) {
      return lqa_fail_at(err, LQA_BAD_DATA, part->name, -1, source->roles.label,
                         "'%s' and '%s' give the codes of '%s' different names, so one code means "
                         "different classes: audit each file by itself, or say with " LQA_OPTION(
                             "class_names") " what the codes mean in all files",
                         first->name, part->name, source->roles.label);
    }
    if (names && !*out) {
      *out = names;
      first = part;
    }
  }
  return LQA_OK;
}

static lqa_status take_names(lqa_source *source, const lqa_json_node *names, lqa_error *err) {
  int code = 0;
  for (const lqa_json_node *name = names ? names->first : NULL; name; name = name->next) {
    if (name->kind == LQA_JSON_TEXT) {
      LQA_TRY(add_name(source, lqa_arena_printf(&source->arena, "%d", code), name->text.data, err));
    }
    code++;
  }
  source->has_dataset_names = source->class_names.n > 0;
  return LQA_OK;
}

/* CODE=NAME for the manifest. */
static lqa_status list_names(lqa_source *source, lqa_error *err) {
  size_t n = source->class_names.n;
  const char **items = lqa_arena_alloc(&source->arena, n + 1, sizeof *items);
  for (size_t i = 0; items && i < n; i++) {
    items[i] = lqa_arena_printf(&source->arena, "%s=%s", source->class_names.data[i].code,
                                source->class_names.data[i].name);
    if (!items[i]) {
      return lqa_fail_memory(err, "reading the classes' names");
    }
  }
  source->roles.class_names = (lqa_text_list){items, n};
  return items ? LQA_OK : lqa_fail_memory(err, "reading the classes' names");
}

static lqa_status find_names_of(lqa_source *source, lqa_error *err) {
  if (source->options.class_names.n > 0) {
    return parse_given(source, err);
  }
  const lqa_json_node *names = NULL;
  LQA_TRY(source->roles.label ? agree_on_names(source, &names, err) : LQA_OK);
  LQA_TRY(take_names(source, names, err));
  if (source->has_dataset_names) {
    lqa_observe_message(source->observer, LQA_MESSAGE_INFO,
                        "the file names the classes of '%s': 0 is '%s', 1 is '%s'%s",
                        source->roles.label, source->class_names.data[0].name,
                        source->class_names.n > 1 ? source->class_names.data[1].name : "",
                        source->class_names.n > 2 ? ", ..." : "");
  }
  return LQA_OK;
}

lqa_status lqa_source_find_class_names(lqa_source *source, lqa_error *err) {
  source->class_names.n = 0;
  LQA_TRY(find_names_of(source, err));
  return list_names(source, err);
}
