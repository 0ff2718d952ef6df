/* store/manifest.c - manifest.json in and out, by one table of its fields.
 *
 * Keys that the table does not name are ignored, so a newer version may add some; a change of
 * meaning gets a new schema number. */
#include "store/manifest.h"

#include "base/file.h"
#include "base/memory.h"

static const char SCHEMA[] = "labelqa.run/1";
static const size_t max_manifest_bytes = (size_t)1 << 28;

#define AT(member) LQA_FIELD(lqa_manifest, member)
#define AS(kind, member) LQA_FIELD_AS(kind, lqa_manifest, member)
#define FROM(member) LQA_FIELD(lqa_source_options, member)
/* An lqa_text_list of the source's options. */
#define LIST_FROM(member, meaning)                               \
  LQA_FIELD_AS(LIST, lqa_source_options, member.items), meaning, \
      LQA_ELEMENTS(char *, lqa_field_texts, lqa_source_options, member.n)

static const lqa_field OPTION[] = {{"name", LQA_FIELD(lqa_run_option, name), "the option"},
                                   {"value", LQA_FIELD(lqa_run_option, value), "as typed"},
                                   {.key = NULL}};

static const lqa_field SEVERITY[] = {{"id", LQA_FIELD(lqa_run_severity, id), "the finding"},
                                     {"severity", LQA_FIELD(lqa_run_severity, severity),
                                      "error, warn, info or ignore", .absent = ""},
                                     {.key = NULL}};

static const lqa_field CHECK[] = {{"id", LQA_FIELD(lqa_run_check_time, id), "the check"},
                                  {"seconds", LQA_FIELD(lqa_run_check_time, seconds), "seconds"},
                                  {.key = NULL}};

static const lqa_field STAGE[] = {
    {"stage", LQA_FIELD(lqa_run_stage, name), "the stage", .absent = ""},
    {"seconds", LQA_FIELD(lqa_run_stage, seconds), "seconds it took"},
    {"peak_rss_bytes", LQA_FIELD(lqa_run_stage, peak_rss_bytes),
     "peak memory of the process up to its end; 0 = not measured"},
    {.key = NULL}};

static const lqa_field SOURCE_FILE[] = {
    {"path", LQA_FIELD(lqa_source_file, path), "as it was named", .absent = ""},
    {"bytes", LQA_FIELD(lqa_source_file, size_bytes), "its size"},
    {"sha256", LQA_FIELD(lqa_source_file, sha256), "of its bytes, 64 hexadecimal digits"},
    {"first_row", LQA_FIELD(lqa_source_file, first_row), "row number of its first row"},
    {"rows", LQA_FIELD(lqa_source_file, n_rows), "its rows"},
    {.key = NULL}};

static const lqa_field READING[] = {
    {"paths", LIST_FROM(paths, "the sources as given")},
    {"columns", LIST_FROM(columns, "names given for files without a header")},
    {"pred_probs", LIST_FROM(pred_probs, "a .npy file, or columns of probabilities")},
    {"missing_labels", LIST_FROM(missing_labels, "labels that mean: none")},
    {"header", FROM(header), "yes, no or auto; null = auto"},
    {"delimiter", FROM(delimiter), "between fields; null = detected"},
    {"quote", FROM(quote), "around fields; null = detected"},
    {"encoding", FROM(encoding), "of the text; null = UTF-8, or what a byte-order mark says"},
    {"escape", FROM(escape), "makes the next character a plain one"},
    {"comment", FROM(comment), "lines that begin with it are no rows"},
    {"where", FROM(where), "SQL condition on the rows"},
    {"classes_file", FROM(classes_file), "file that the classes were read from"},
    {"embeddings", FROM(embeddings), ".npy file, one row per source row"},
    {"max_field_bytes", FROM(max_field_bytes), "longest field allowed"},
    {"limit", FROM(limit), "first rows that were read; 0 = all"},
    {"skip", FROM(skip), "lines above the table"},
    {.key = NULL}};

static const lqa_field ROLES[] = {
    {"text", LIST_FROM(text, "columns of text, joined by a space")},
    {"features", LIST_FROM(features, "columns of a table")},
    {"class_names", LIST_FROM(class_names, "what codes of the label column mean, CODE=NAME")},
    {"json_columns",
     LIST_FROM(json_columns, "columns of JSON without texts: numbers, objects, ...")},
    {"label", FROM(label), "the label column"},
    {"id", FROM(id), "the id column"},
    {"split", FROM(split), "the split column"},
    {"time", FROM(time), "the time column"},
    {"annotator", FROM(annotator), "the annotator column"},
    {"source", FROM(source_column), "the column that names where a row is from"},
    {"group", FROM(group), "the column of groups that stay together"},
    {"label_time", FROM(label_time), "the column of when a label was given"},
    {.key = NULL}};

static const char *const KIND_NAMES[] = {"text", "table", "embedding", "none", NULL};

const lqa_field lqa_manifest_fields[] = {
    {"schema", LQA_FIELD_CONSTANT, 0, 0, "always labelqa.run/1", .absent = SCHEMA},
    {"version", AT(version), "of labelqa"},
    {"command", AT(command), "that made the run"},
    {"made", AT(made_utc), "when, in UTC"},
    {"tie_order", AT(tie_order), "how equal scores are ordered"},
    {"model", AT(model), "what made the probabilities"},
    {"seed", AT(seed), "of all random draws"},
    {"rows", AT(n_rows), "rows of the data"},
    {"options", AS(MAP, options), "the options as a user would type them",
     LQA_ELEMENTS(lqa_run_option, OPTION, lqa_manifest, n_options)},
    {"severities", AS(MAP, severities), "the severity of each finding id in this run",
     LQA_ELEMENTS(lqa_run_severity, SEVERITY, lqa_manifest, n_severities)},
    {"sources", AS(LIST, files), "the files that were read",
     LQA_ELEMENTS(lqa_source_file, SOURCE_FILE, lqa_manifest, n_files)},
    {"reading", AS(OBJECT, source), "how they were read", .fields = READING},
    {"columns", AS(LIST, columns), "of the source, in order",
     LQA_ELEMENTS(char *, lqa_field_texts, lqa_manifest, n_columns)},
    {"roles", AS(OBJECT, source), "what the columns were used for, guesses included",
     .fields = ROLES},
    {"snapshot", AT(has_snapshot), "source.parquet is there"},
    {"maker", AT(maker),
     "signature of the user who made the run, where it names files outside of itself"},
    {"content", AS(CHOICE, content_kind), "what rows hold", .choices = KIND_NAMES},
    {"classes", AS(LIST, classes), "the classes, in order",
     LQA_ELEMENTS(lqa_str, lqa_field_strs, lqa_manifest, n_classes)},
    {"classes_given", AT(classes_given), "they were named, not collected"},
    {"judge_models", AS(LIST, judge_models.items), "language models that judged rows",
     LQA_ELEMENTS(char *, lqa_field_texts, lqa_manifest, judge_models.n)},
    {"loss_files", AS(LIST, loss_files.items), "training logs that were added",
     LQA_ELEMENTS(char *, lqa_field_texts, lqa_manifest, loss_files.n)},
    {"loss_epochs", AT(loss_epochs), "epochs in them"},
    {"stages", AS(LIST, stages), "time and memory by stage, in order",
     LQA_ELEMENTS(lqa_run_stage, STAGE, lqa_manifest, n_stages)},
    {"check_seconds", AS(MAP, checks), "seconds by check",
     LQA_ELEMENTS(lqa_run_check_time, CHECK, lqa_manifest, n_checks)},
    {"peak_rss_bytes", AT(peak_rss_bytes), "peak memory of the process"},
    {.key = NULL}};

lqa_str lqa_manifest_class_name(const lqa_manifest *m, lqa_str code) {
  for (size_t i = 0; code.data && i < m->source.class_names.n; i++) {
    const char *pair = m->source.class_names.items[i], *equals = strchr(pair, '=');
    if (equals && lqa_str_equal(code, (lqa_str){pair, (size_t)(equals - pair)})) {
      return lqa_str_from(equals + 1);
    }
  }
  return code;
}

void lqa_manifest_set_roles(lqa_manifest *m, const lqa_source_roles *roles) {
  m->source.text = roles->text;
  m->source.features = roles->features;
  m->source.class_names = roles->class_names;
  m->source.json_columns = roles->json_columns;
  m->source.label = roles->label;
  m->source.id = roles->column[LQA_ROLE_ID];
  m->source.split = roles->column[LQA_ROLE_SPLIT];
  m->source.time = roles->column[LQA_ROLE_TIME];
  m->source.annotator = roles->column[LQA_ROLE_ANNOTATOR];
  m->source.source_column = roles->column[LQA_ROLE_SOURCE];
  m->source.group = roles->column[LQA_ROLE_GROUP];
  m->source.label_time = roles->column[LQA_ROLE_LABEL_TIME];
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
  lqa_fields_write(lqa_manifest_fields, m, &json);
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
  lqa_json_open_array(&json);
  for (int32_t k = 0; k < m->n_classes; k++) {
    lqa_json_str(&json, m->classes[k]);
  }
  lqa_json_close_array(&json);
  lqa_buf_add_char(&text, '\n');
  lqa_status status = save_json(&text, folder, "classes.json", err);
  lqa_buf_clear(&text);
  return status;
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
  if (lqa_fields_read(lqa_manifest_fields, root, arena, &made) != LQA_OK) {
    return lqa_fail_memory(err, "reading the manifest");
  }
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
