/* AG News comes with class numbers, which become names so that the example reads well. A corpus
 * made up here stands in where it is not at hand, so that the demo needs no network.
 */
#include "evaluate/demo_data.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/source/source.h"
#include "evaluate/demo_corpus.h"

#include <stdio.h>

enum { N_CLASSES = LQA_DEMO_CLASSES, GENERATED_ROWS = 7600 };

const char *const lqa_demo_class_names[N_CLASSES] = {"World", "Sports", "Business", "Sci/Tech"};
static const char download_url[] =
    "hf://datasets/fancyzhx/ag_news/data/test-00000-of-00001.parquet";

/* `path` itself, or the test split inside a data folder; owned. NULL where the folder has none. */
static char *find_file(const char *path) {
  static const char *const places[] = {"ag_news/official_test.csv", "official_test.csv",
                                       "test.csv"};
  for (size_t i = 0; lqa_path_is_folder(path) && i < sizeof places / sizeof places[0]; i++) {
    char *file = lqa_path_join(path, places[i]);
    if (file && lqa_path_exists(file)) {
      return file;
    }
    free(file);
  }
  return lqa_path_is_folder(path) ? NULL : strdup(path);
}

/* The official CSV has no header: class 1-4, title, description. */
static lqa_status load_csv(const lqa_demo_options *options, const char *path, lqa_dataset **out,
                           lqa_error *err) {
  const char *paths[] = {path}, *text[] = {"title", "description"};
  const char *columns[] = {"class", "title", "description"};
  lqa_source_options source = {.paths = {paths, 1},
                               .columns = {columns, 3},
                               .header = "no",
                               .text = {text, 2},
                               .label = "class",
                               .n_threads = options->n_threads};
  return lqa_dataset_load(&source, options->observer, out, err);
}

static lqa_status load_download(const lqa_demo_options *options, lqa_dataset **out,
                                lqa_error *err) {
  const char *paths[] = {download_url}, *text[] = {"text"};
  lqa_source_options source = {
      .paths = {paths, 1}, .text = {text, 1}, .label = "label", .n_threads = options->n_threads};
  return lqa_dataset_load(&source, options->observer, out, err);
}

/* Class numbers become names, so that the example reads well: 1-4 in the CSV, 0-3 in the Parquet.
 */
static lqa_str name_of(const lqa_dataset *numbered, int32_t code) {
  return code >= 0 && numbered->n_classes == N_CLASSES ? lqa_str_from(lqa_demo_class_names[code])
                                                       : (lqa_str){NULL, 0};
}

static lqa_status name_classes(const lqa_dataset *numbered, lqa_dataset **out, lqa_error *err) {
  size_t n = (size_t)numbered->n_rows;
  lqa_str classes[N_CLASSES];
  if (numbered->n_classes != N_CLASSES) {
    return lqa_fail(err, LQA_BAD_DATA,
                    "the demo's data holds %d classes, expected the four of AG News",
                    (int)numbered->n_classes);
  }
  lqa_str *contents = lqa_calloc(n, sizeof *contents), *labels = lqa_calloc(n, sizeof *labels);
  lqa_status status;
  LQA_TRY_OUT(contents && labels ? LQA_OK : lqa_fail_memory(err, "naming classes"));
  for (int64_t i = 0; i < numbered->n_rows; i++) {
    contents[i] = lqa_column_get(&numbered->content, i);
    labels[i] = name_of(numbered, numbered->label[i]);
  }
  for (int k = 0; k < N_CLASSES; k++) {
    classes[k] = lqa_str_from(lqa_demo_class_names[k]);
  }
  status =
      lqa_dataset_from_arrays(numbered->n_rows, contents, labels, classes, N_CLASSES, out, err);
out:
  free(contents);
  free(labels);
  return status;
}

static lqa_status load_ag_news(const lqa_demo_options *options, const char *path, lqa_dataset **out,
                               lqa_error *err) {
  lqa_dataset *numbered = NULL;
  LQA_TRY(options->download ? load_download(options, &numbered, err)
                            : load_csv(options, path, &numbered, err));
  lqa_status status = name_classes(numbered, out, err);
  lqa_dataset_free(numbered);
  return status;
}

lqa_status lqa_demo_data_load(const lqa_demo_options *options, char about[256], lqa_dataset **out,
                              lqa_error *err) {
  if (options->download) {
    snprintf(about, 256, "AG News, official test split, from %s", download_url);
    return load_ag_news(options, NULL, out, err);
  }
  if (options->data && !lqa_path_exists(options->data)) {
    return lqa_fail_because(lqa_fail(err, LQA_BAD_FILE,
                                     "the demo's data '%s' is not there (" LQA_OPTION(
                                         "data") ", else $LABELQA_DATA): expected AG "
                                                 "News' test split or its folder; with neither "
                                                 "given, the demo makes up a corpus",
                                     options->data),
                            err, LQA_REASON_MISSING);
  }
  char *path = options->data ? find_file(options->data) : NULL;
  if (!path) {
    snprintf(
        about, 256,
        "a made-up news corpus (AG News is not at hand: " LQA_OPTION_AS(
            "data", "FILE") " or " LQA_OPTION("download") " uses it); "
                                                          "its figures show that the tool works, "
                                                          "not how well it does on real text");
    return lqa_demo_corpus_make(GENERATED_ROWS, options->seed, out, err);
  }
  snprintf(about, 256, "AG News, official test split (%s)", lqa_path_name(path));
  lqa_status status = load_ag_news(options, path, out, err);
  free(path);
  return status;
}
