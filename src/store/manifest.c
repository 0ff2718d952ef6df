/* store/manifest.c - manifest.json in and out.
 *
 * The same table of texts serves writing and reading, so that a key cannot be written under one
 * name and read under another. Unknown keys are ignored, so a newer version may add some; a change
 * of meaning gets a new schema number. */
#include "store/manifest.h"

#include "base/file.h"
#include "base/json.h"
#include "base/json_read.h"
#include "base/memory.h"

static const char SCHEMA[] = "labelqa.run/1";
static const char *const KIND_NAMES[] = {"text", "table", "embedding", "none"};
static const size_t max_manifest_bytes = (size_t)1 << 30;

/* One key of the manifest that is a text, or a list of texts, at an offset in the struct. */
typedef struct text_key {
  const char *key;
  size_t offset;
} text_key;

#define KEY(name, field) \
  { name, offsetof(lqa_manifest, field) }

static const text_key HEAD_TEXTS[] = {KEY("version", version), KEY("command", command),
                                      KEY("made", made_utc), KEY("tie_order", tie_order),
                                      KEY("model", model)};
static const text_key READING_TEXTS[] = {
    KEY("header", source.header),        KEY("delimiter", source.delimiter),
    KEY("quote", source.quote),          KEY("encoding", source.encoding),
    KEY("escape", source.escape),        KEY("comment", source.comment),
    KEY("where", source.where),          KEY("classes_file", source.classes_file),
    KEY("embeddings", source.embeddings)};
static const text_key READING_LISTS[] = {KEY("paths", source.paths), KEY("columns", source.columns),
                                         KEY("pred_probs", source.pred_probs)};
static const text_key ROLE_TEXTS[] = {
    KEY("label", source.label),         KEY("id", source.id),
    KEY("split", source.split),         KEY("time", source.time),
    KEY("annotator", source.annotator), KEY("source", source.source_column),
    KEY("group", source.group),         KEY("label_time", source.label_time)};
static const text_key ROLE_LISTS[] = {KEY("text", source.text), KEY("features", source.features)};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char **text_at(const lqa_manifest *m, const text_key *key) {
  return (const char **)((char *)(uintptr_t)m + key->offset);
}

static lqa_text_list *list_at(const lqa_manifest *m, const text_key *key) {
  return (lqa_text_list *)((char *)(uintptr_t)m + key->offset);
}

void lqa_manifest_set_roles(lqa_manifest *m, const lqa_source_roles *roles) {
  m->source.text = roles->text;
  m->source.features = roles->features;
  m->source.label = roles->label;
  m->source.id = roles->column[LQA_ROLE_ID];
  m->source.split = roles->column[LQA_ROLE_SPLIT];
  m->source.time = roles->column[LQA_ROLE_TIME];
  m->source.annotator = roles->column[LQA_ROLE_ANNOTATOR];
  m->source.source_column = roles->column[LQA_ROLE_SOURCE];
  m->source.group = roles->column[LQA_ROLE_GROUP];
  m->source.label_time = roles->column[LQA_ROLE_LABEL_TIME];
}

/* ---- writing ---- */

static void add_texts(lqa_json *json, const lqa_manifest *m, const text_key *keys, size_t n) {
  for (size_t i = 0; i < n; i++) {
    lqa_json_add_text(json, keys[i].key, *text_at(m, &keys[i]));
  }
}

static void add_list(lqa_json *json, const char *key, const lqa_text_list *list) {
  lqa_json_key(json, key);
  lqa_json_open_array(json);
  for (size_t i = 0; i < list->n; i++) {
    lqa_json_text(json, list->items[i]);
  }
  lqa_json_close_array(json);
}

static void add_lists(lqa_json *json, const lqa_manifest *m, const text_key *keys, size_t n) {
  for (size_t i = 0; i < n; i++) {
    add_list(json, keys[i].key, list_at(m, &keys[i]));
  }
}

static void add_files(lqa_json *json, const lqa_manifest *m) {
  lqa_json_key(json, "sources");
  lqa_json_open_array(json);
  for (int32_t i = 0; i < m->n_files; i++) {
    lqa_json_open_object(json);
    lqa_json_add_text(json, "path", m->files[i].path);
    lqa_json_add_int(json, "bytes", (int64_t)m->files[i].size_bytes);
    lqa_json_add_text(json, "sha256", m->files[i].sha256);
    lqa_json_add_int(json, "first_row", m->files[i].first_row);
    lqa_json_add_int(json, "rows", m->files[i].n_rows);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_reading(lqa_json *json, const lqa_manifest *m) {
  lqa_json_key(json, "reading");
  lqa_json_open_object(json);
  add_lists(json, m, READING_LISTS, COUNT(READING_LISTS));
  add_texts(json, m, READING_TEXTS, COUNT(READING_TEXTS));
  lqa_json_add_int(json, "max_field_bytes", (int64_t)m->source.max_field_bytes);
  lqa_json_add_int(json, "limit", m->source.limit);
  lqa_json_add_int(json, "skip", m->source.skip);
  lqa_json_close_object(json);
  lqa_json_key(json, "columns");
  lqa_json_open_array(json);
  for (size_t i = 0; i < m->n_columns; i++) {
    lqa_json_text(json, m->columns[i]);
  }
  lqa_json_close_array(json);
  lqa_json_key(json, "roles");
  lqa_json_open_object(json);
  add_lists(json, m, ROLE_LISTS, COUNT(ROLE_LISTS));
  add_texts(json, m, ROLE_TEXTS, COUNT(ROLE_TEXTS));
  lqa_json_close_object(json);
}

static void add_class_names(lqa_json *json, const lqa_manifest *m) {
  lqa_json_open_array(json);
  for (int32_t k = 0; k < m->n_classes; k++) {
    lqa_json_str(json, m->classes[k]);
  }
  lqa_json_close_array(json);
}

static void add_pairs(lqa_json *json, const lqa_manifest *m) {
  lqa_json_key(json, "options");
  lqa_json_open_object(json);
  for (size_t i = 0; i < m->n_options; i++) {
    lqa_json_add_text(json, m->options[i].name, m->options[i].value);
  }
  lqa_json_close_object(json);
  lqa_json_key(json, "severities");
  lqa_json_open_object(json);
  for (size_t i = 0; i < m->n_severities; i++) {
    lqa_json_add_text(json, m->severities[i].id, m->severities[i].severity);
  }
  lqa_json_close_object(json);
}

static void add_stages(lqa_json *json, const lqa_manifest *m) {
  lqa_json_key(json, "stages");
  lqa_json_open_array(json);
  for (size_t i = 0; i < m->n_stages; i++) {
    lqa_json_open_object(json);
    lqa_json_add_text(json, "stage", m->stages[i].name);
    lqa_json_add_double(json, "seconds", m->stages[i].seconds);
    lqa_json_add_int(json, "peak_rss_bytes", m->stages[i].peak_rss_bytes);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
  lqa_json_key(json, "check_seconds");
  lqa_json_open_object(json);
  for (size_t i = 0; i < m->n_checks; i++) {
    lqa_json_add_double(json, m->checks[i].id, m->checks[i].seconds);
  }
  lqa_json_close_object(json);
  lqa_json_add_int(json, "peak_rss_bytes", m->peak_rss_bytes);
}

static lqa_status save_json(const lqa_buf *text, const char *folder, const char *name,
                            lqa_error *err) {
  LQA_TRY(lqa_buf_check(text, err));
  char *path = lqa_path_join(folder, name);
  if (!path) {
    return lqa_fail_memory(err, "writing the manifest");
  }
  lqa_status status = lqa_file_save(path, text->data, text->size, err);
  free(path);
  return status;
}

lqa_status lqa_manifest_save(const lqa_manifest *m, const char *folder, lqa_error *err) {
  lqa_buf text;
  lqa_json json;
  lqa_buf_init(&text, max_manifest_bytes);
  lqa_json_init(&json, &text, 2);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "schema", SCHEMA);
  add_texts(&json, m, HEAD_TEXTS, COUNT(HEAD_TEXTS));
  lqa_json_add_int(&json, "seed", m->seed);
  lqa_json_add_int(&json, "rows", m->n_rows);
  add_pairs(&json, m);
  add_files(&json, m);
  add_reading(&json, m);
  lqa_json_add_bool(&json, "snapshot", m->has_snapshot);
  lqa_json_add_text(&json, "content", KIND_NAMES[m->content_kind]);
  lqa_json_key(&json, "classes");
  add_class_names(&json, m);
  lqa_json_add_bool(&json, "classes_given", m->classes_given);
  add_list(&json, "judge_models", &m->judge_models);
  add_list(&json, "loss_files", &m->loss_files);
  lqa_json_add_int(&json, "loss_epochs", m->loss_epochs);
  add_stages(&json, m);
  lqa_json_close_object(&json);
  lqa_buf_add_char(&text, '\n');
  lqa_status status = save_json(&text, folder, "manifest.json", err);
  lqa_buf_clear(&text);
  return status;
}

lqa_status lqa_classes_save(const lqa_manifest *m, const char *folder, lqa_error *err) {
  lqa_buf text;
  lqa_json json;
  lqa_buf_init(&text, max_manifest_bytes);
  lqa_json_init(&json, &text, 2);
  add_class_names(&json, m);
  lqa_buf_add_char(&text, '\n');
  lqa_status status = save_json(&text, folder, "classes.json", err);
  lqa_buf_clear(&text);
  return status;
}

/* ---- reading ---- */

static void read_texts(const lqa_json_node *object, lqa_manifest *m, const text_key *keys,
                       size_t n) {
  for (size_t i = 0; i < n; i++) {
    *text_at(m, &keys[i]) = lqa_json_find_text(object, keys[i].key);
  }
}

/* n elements for the members of `node`, at least one; *n is 0 where it is absent. */
static void *alloc_members(lqa_arena *arena, const lqa_json_node *node, size_t size, size_t *n) {
  bool is_list = node && (node->kind == LQA_JSON_ARRAY || node->kind == LQA_JSON_OBJECT);
  *n = is_list ? node->n : 0;
  return lqa_arena_alloc(arena, *n + 1, size);
}

static lqa_status read_list(const lqa_json_node *array, lqa_arena *arena, lqa_text_list *list) {
  const char **items = alloc_members(arena, array, sizeof *items, &list->n);
  if (!items) {
    return LQA_NO_MEMORY;
  }
  const lqa_json_node *item = list->n ? array->first : NULL;
  for (size_t i = 0; item; item = item->next, i++) {
    items[i] = item->kind == LQA_JSON_TEXT ? item->text.data : "";
  }
  list->items = list->n ? items : NULL;
  return LQA_OK;
}

static lqa_status read_lists(const lqa_json_node *object, lqa_arena *arena, lqa_manifest *m,
                             const text_key *keys, size_t n) {
  for (size_t i = 0; i < n; i++) {
    LQA_TRY(read_list(lqa_json_find(object, keys[i].key), arena, list_at(m, &keys[i])));
  }
  return LQA_OK;
}

static lqa_status read_files(const lqa_json_node *array, lqa_arena *arena, lqa_manifest *m) {
  size_t n;
  lqa_source_file *files = alloc_members(arena, array, sizeof *files, &n);
  if (!files) {
    return LQA_NO_MEMORY;
  }
  m->files = files;
  m->n_files = (int32_t)n;
  for (const lqa_json_node *f = n ? array->first : NULL; f; f = f->next, files++) {
    const char *path = lqa_json_find_text(f, "path"), *sha256 = lqa_json_find_text(f, "sha256");
    files->path = path ? path : "";
    files->first_row = lqa_json_find_int(f, "first_row", 0);
    files->n_rows = lqa_json_find_int(f, "rows", 0);
    files->size_bytes = (uint64_t)lqa_json_find_int(f, "bytes", 0);
    if (sha256 && strlen(sha256) < sizeof files->sha256) {
      strcpy(files->sha256, sha256);
    }
  }
  return LQA_OK;
}

static lqa_status read_classes(const lqa_json_node *array, lqa_arena *arena, lqa_manifest *m) {
  size_t n;
  lqa_str *names = alloc_members(arena, array, sizeof *names, &n);
  if (!names) {
    return LQA_NO_MEMORY;
  }
  m->classes = names;
  m->n_classes = (int32_t)n;
  for (const lqa_json_node *name = n ? array->first : NULL; name; name = name->next) {
    *names++ = name->kind == LQA_JSON_TEXT ? name->text : LQA_STR("");
  }
  return LQA_OK;
}

static lqa_status read_pairs(const lqa_json_node *root, lqa_arena *arena, lqa_manifest *m) {
  const lqa_json_node *options = lqa_json_find(root, "options");
  const lqa_json_node *severities = lqa_json_find(root, "severities");
  lqa_run_option *option = alloc_members(arena, options, sizeof *option, &m->n_options);
  lqa_run_severity *severity = alloc_members(arena, severities, sizeof *severity, &m->n_severities);
  if (!option || !severity) {
    return LQA_NO_MEMORY;
  }
  m->options = option;
  m->severities = severity;
  for (const lqa_json_node *o = m->n_options ? options->first : NULL; o; o = o->next) {
    *option++ = (lqa_run_option){o->key.data, o->text.data};
  }
  for (const lqa_json_node *s = m->n_severities ? severities->first : NULL; s; s = s->next) {
    *severity++ = (lqa_run_severity){s->key.data, s->text.data ? s->text.data : ""};
  }
  return LQA_OK;
}

static lqa_status read_stages(const lqa_json_node *array, lqa_arena *arena, lqa_manifest *m) {
  lqa_run_stage *stage = alloc_members(arena, array, sizeof *stage, &m->n_stages);
  if (!stage) {
    return LQA_NO_MEMORY;
  }
  m->stages = stage;
  for (const lqa_json_node *s = m->n_stages ? array->first : NULL; s; s = s->next) {
    const char *name = lqa_json_find_text(s, "stage");
    *stage++ = (lqa_run_stage){name ? name : "", lqa_json_find_number(s, "seconds", 0),
                               lqa_json_find_int(s, "peak_rss_bytes", 0)};
  }
  return LQA_OK;
}

static lqa_status read_checks(const lqa_json_node *object, lqa_arena *arena, lqa_manifest *m) {
  lqa_run_check_time *check = alloc_members(arena, object, sizeof *check, &m->n_checks);
  if (!check) {
    return LQA_NO_MEMORY;
  }
  m->checks = check;
  for (const lqa_json_node *c = m->n_checks ? object->first : NULL; c; c = c->next) {
    *check++ = (lqa_run_check_time){c->key.data, lqa_json_find_number(object, c->key.data, 0)};
  }
  return LQA_OK;
}

static lqa_content_kind kind_of(const char *name) {
  for (size_t i = 0; name && i < COUNT(KIND_NAMES); i++) {
    if (strcmp(name, KIND_NAMES[i]) == 0) {
      return (lqa_content_kind)i;
    }
  }
  return LQA_CONTENT_TEXT;
}

static lqa_status read_all(const lqa_json_node *root, lqa_arena *arena, lqa_manifest *m) {
  const lqa_json_node *reading = lqa_json_find(root, "reading");
  const lqa_json_node *roles = lqa_json_find(root, "roles");
  lqa_text_list columns;
  read_texts(root, m, HEAD_TEXTS, COUNT(HEAD_TEXTS));
  read_texts(reading, m, READING_TEXTS, COUNT(READING_TEXTS));
  read_texts(roles, m, ROLE_TEXTS, COUNT(ROLE_TEXTS));
  m->seed = lqa_json_find_int(root, "seed", 0);
  m->n_rows = lqa_json_find_int(root, "rows", 0);
  m->has_snapshot = lqa_json_find_bool(root, "snapshot", false);
  m->content_kind = kind_of(lqa_json_find_text(root, "content"));
  m->classes_given = lqa_json_find_bool(root, "classes_given", false);
  m->loss_epochs = lqa_json_find_int(root, "loss_epochs", 0);
  m->peak_rss_bytes = lqa_json_find_int(root, "peak_rss_bytes", 0);
  m->source.max_field_bytes = (uint64_t)lqa_json_find_int(reading, "max_field_bytes", 0);
  m->source.limit = lqa_json_find_int(reading, "limit", 0);
  m->source.skip = lqa_json_find_int(reading, "skip", 0);
  LQA_TRY(read_lists(reading, arena, m, READING_LISTS, COUNT(READING_LISTS)));
  LQA_TRY(read_lists(roles, arena, m, ROLE_LISTS, COUNT(ROLE_LISTS)));
  LQA_TRY(read_list(lqa_json_find(root, "columns"), arena, &columns));
  m->columns = columns.items;
  m->n_columns = columns.n;
  LQA_TRY(read_list(lqa_json_find(root, "judge_models"), arena, &m->judge_models));
  LQA_TRY(read_list(lqa_json_find(root, "loss_files"), arena, &m->loss_files));
  LQA_TRY(read_files(lqa_json_find(root, "sources"), arena, m));
  LQA_TRY(read_classes(lqa_json_find(root, "classes"), arena, m));
  LQA_TRY(read_pairs(root, arena, m));
  LQA_TRY(read_checks(lqa_json_find(root, "check_seconds"), arena, m));
  return read_stages(lqa_json_find(root, "stages"), arena, m);
}

static lqa_status parse(lqa_str text, const char *path, lqa_arena *arena, lqa_manifest *out,
                        lqa_error *err) {
  const lqa_json_node *root = NULL;
  LQA_TRY(lqa_json_parse(text, path, arena, &root, err));
  const char *schema = lqa_json_find_text(root, "schema");
  if (!schema || strcmp(schema, SCHEMA) != 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                       "'%s' has the schema '%s', this version reads '%s'", path,
                       schema ? schema : "none", SCHEMA);
  }
  lqa_manifest made = {0};
  LQA_TRY(read_all(root, arena, &made) == LQA_OK ? LQA_OK
                                                 : lqa_fail_memory(err, "reading the manifest"));
  if (made.n_rows < 0 || made.n_classes < 1) {
    return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL, "'%s' is damaged: no rows or classes",
                       path);
  }
  *out = made;
  return LQA_OK;
}

lqa_status lqa_manifest_load(const char *folder, lqa_arena *arena, lqa_manifest *out,
                             lqa_error *err) {
  char *path = lqa_path_join(folder, "manifest.json");
  if (!path) {
    return lqa_fail_memory(err, "reading the manifest");
  }
  lqa_buf text;
  lqa_buf_init(&text, max_manifest_bytes);
  lqa_status status = lqa_file_load(path, &text, err);
  if (status == LQA_OK) {
    status = parse(lqa_buf_str(&text), path, arena, out, err);
  } else if (status == LQA_BAD_FILE && !lqa_path_exists(path)) {
    status = lqa_fail_because(lqa_fail_at(err, LQA_BAD_FILE, folder, -1, NULL,
                                          lqa_path_is_folder(folder)
                                              ? "'%s' is not a run: it holds no manifest.json"
                                              : "there is no run '%s' (labelqa audit makes one)",
                                          folder),
                              err, lqa_path_exists(folder) ? LQA_REASON_NONE : LQA_REASON_MISSING);
  }
  lqa_buf_clear(&text);
  free(path);
  return status;
}
