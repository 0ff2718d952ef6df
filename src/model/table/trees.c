/* The only file that knows XGBoost. The library is loaded when the first tree is wanted: people who
 * audit text pay nothing for it and need not have it.
 *
 * One thread per booster: OpenMP's threads spin while they wait and cannot be tamed from inside a
 * library (a busy machine made training ten times slower), so folds run side by side on our own
 * pool instead. Histograms, category splits and missing values are XGBoost's own; scores start at
 * 0. Reference: Chen and Guestrin, "XGBoost: A Scalable Tree Boosting System" (2016).
 */
#include "model/table/trees.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <xgboost/c_api.h>

/* The functions in use; each is looked up by its name. */
#define XGBOOST_FUNCTIONS(X)     \
  X(XGBGetLastError)             \
  X(XGBSetGlobalConfig)          \
  X(XGDMatrixCreateFromDense)    \
  X(XGDMatrixSetStrFeatureInfo)  \
  X(XGDMatrixFree)               \
  X(XGBoosterCreate)             \
  X(XGBoosterSetParam)           \
  X(XGBoosterBoostOneIter)       \
  X(XGBoosterPredictFromDMatrix) \
  X(XGBoosterFree)

/* Headers before 2.0 lack it; from 2.1 on it is the only one that takes several outputs. */
typedef int train_one_iter(BoosterHandle booster, DMatrixHandle rows, int round,
                           const char *gradient, const char *curve);

struct lqa_tree_library {
#define DECLARE(name) __typeof__(&name) name;
  XGBOOST_FUNCTIONS(DECLARE)
#undef DECLARE
  train_one_iter *XGBoosterTrainOneIter; /* NULL before 2.0 */
};

struct lqa_tree_rows {
  DMatrixHandle handle;
  int64_t n;
};

struct lqa_booster {
  BoosterHandle handle;
  const lqa_tree_rows *train;
  int32_t n_outputs;
  int n_rounds; /* grown so far */
};

static void *load(void) {
  static const char *const names[] = {"libxgboost.so.0", "libxgboost.so"};
  void *handle = NULL;
  for (size_t i = 0; !handle && i < sizeof names / sizeof *names; i++) {
    handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  }
  return handle;
}

lqa_status lqa_tree_library_open(lqa_tree_library **out, lqa_error *err) {
  void *handle = load();
  if (!handle) {
    return lqa_fail(err, LQA_BAD_FILE,
                    "trees need the XGBoost library, which is not installed (Debian: "
                    "libxgboost0); " LQA_OPTION_AS("model", "logistic") " does without");
  }
  lqa_tree_library *library = lqa_calloc(1, sizeof *library);
  bool found = library != NULL;
#define FIND(name)                                                           \
  if (found) {                                                               \
    *(void **)&library->name = dlsym(handle, #name); /* POSIX's own idiom */ \
    found = library->name != NULL;                                           \
  }
  XGBOOST_FUNCTIONS(FIND)
#undef FIND
  if (found) {
    *(void **)&library->XGBoosterTrainOneIter = dlsym(handle, "XGBoosterTrainOneIter");
  }
  dlclose(handle); /* it stays loaded: its OpenMP threads could not survive unloading */
  if (!found) {
    lqa_status status = library ? lqa_fail(err, LQA_BAD_FILE,
                                           "the XGBoost library is too old: 1.6 or later is needed")
                                : LQA_NO_MEMORY;
    free(library);
    return status;
  }
  *out = library;
  return LQA_OK;
}

void lqa_tree_library_close(lqa_tree_library *library) {
  free(library);
}

/* A non-zero result of XGBoost as an error; its words up to the first line break (a stack trace
 * follows). */
static lqa_status check_result(const lqa_tree_library *library, int result, lqa_error *err) {
  if (result == 0) {
    return LQA_OK;
  }
  const char *words = library->XGBGetLastError();
  if (strstr(words, "bad_alloc")) {
    return LQA_NO_MEMORY;
  }
  return lqa_fail(err, LQA_INTERNAL, "XGBoost failed: %.*s", (int)strcspn(words, "\n"), words);
}

static lqa_status set_types(const lqa_tree_library *library, const lqa_table_matrix *table,
                            DMatrixHandle handle, lqa_error *err) {
  size_t n = (size_t)table->n_columns;
  const char **types = lqa_malloc(n, sizeof *types);
  if (!types) {
    return LQA_NO_MEMORY;
  }
  for (size_t c = 0; c < n; c++) {
    types[c] = table->column[c].n_codes > 0 ? "c" : "float";
  }
  lqa_status status = check_result(
      library, library->XGDMatrixSetStrFeatureInfo(handle, "feature_type", types, (bst_ulong)n),
      err);
  free(types);
  return status;
}

/* The values as XGBoost's array interface: row by row, 32-bit. */
static void describe_array(const float *values, int64_t n, int32_t width, char out[200]) {
  snprintf(out, 200,
           "{\"data\": [%llu, true], \"shape\": [%lld, %d], \"typestr\": \"<f4\", \"version\": 3}",
           (unsigned long long)(uintptr_t)values, (long long)n, width);
}

static lqa_status create_matrix(const lqa_tree_library *library, const float *values, int64_t n,
                                int32_t width, DMatrixHandle *handle, lqa_error *err) {
  char array[200];
  describe_array(values, n, width, array);
  return check_result(
      library,
      library->XGDMatrixCreateFromDense(array, "{\"missing\": NaN, \"nthread\": 1}", handle), err);
}

lqa_status lqa_tree_rows_new(const lqa_tree_library *library, const lqa_table_matrix *table,
                             const int64_t *row, int64_t n, lqa_tree_rows **out, lqa_error *err) {
  size_t width = (size_t)table->n_columns;
  float *values = lqa_malloc((size_t)n, width * sizeof *values);
  lqa_tree_rows *rows = lqa_calloc(1, sizeof *rows);
  lqa_status status;
  LQA_TRY_OUT(values && rows ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t i = 0; i < n; i++) {
    memcpy(values + (size_t)i * width, table->value + row[i] * table->n_columns,
           width * sizeof *values);
  }
  rows->n = n;
  LQA_TRY_OUT(check_result(library, library->XGBSetGlobalConfig("{\"verbosity\": 0}"), err));
  LQA_TRY_OUT(create_matrix(library, values, n, table->n_columns, &rows->handle, err));
  LQA_TRY_OUT(set_types(library, table, rows->handle, err));
  *out = rows;
  rows = NULL;
out:
  free(values);
  lqa_tree_rows_free(library, rows);
  return status;
}

void lqa_tree_rows_free(const lqa_tree_library *library, lqa_tree_rows *rows) {
  if (rows && rows->handle) {
    library->XGDMatrixFree(rows->handle);
  }
  free(rows);
}

static lqa_status set_params(const lqa_tree_library *library, const lqa_booster_options *options,
                             BoosterHandle handle, lqa_error *err) {
  char depth[16], rate[32], weight[16], outputs[16], seed[32];
  snprintf(depth, sizeof depth, "%d", options->depth);
  snprintf(rate, sizeof rate, "%d.%02d", options->learning_percent / 100,
           options->learning_percent % 100); /* never a locale's decimal comma */
  snprintf(weight, sizeof weight, "%d", options->min_child_weight);
  snprintf(outputs, sizeof outputs, "%d", options->n_outputs);
  snprintf(seed, sizeof seed, "%d", (int)(options->seed & 0x7FFFFFFF));
  bool several = options->n_outputs > 1;
  const char *const params[][2] = {
      {"nthread", "1"},
      {"verbosity", "0"},
      {"tree_method", "hist"},
      {"base_score", "0"},
      {"objective", several ? "multi:softprob" : "reg:squarederror"},
      {"num_class", several ? outputs : "0"},
      {"max_depth", depth},
      {"eta", rate},
      {"min_child_weight", weight},
      {"seed", seed},
  };
  for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
    LQA_TRY(
        check_result(library, library->XGBoosterSetParam(handle, params[i][0], params[i][1]), err));
  }
  return LQA_OK;
}

lqa_status lqa_booster_new(const lqa_tree_library *library, const lqa_booster_options *options,
                           const lqa_tree_rows *train, lqa_booster **out, lqa_error *err) {
  lqa_booster *booster = lqa_calloc(1, sizeof *booster);
  if (!booster) {
    return LQA_NO_MEMORY;
  }
  booster->train = train;
  booster->n_outputs = options->n_outputs;
  lqa_status status;
  LQA_TRY_OUT(
      check_result(library, library->XGBoosterCreate(&train->handle, 1, &booster->handle), err));
  status = set_params(library, options, booster->handle, err);
out:
  if (status != LQA_OK) {
    lqa_booster_free(library, booster);
    return status;
  }
  *out = booster;
  return LQA_OK;
}

void lqa_booster_free(const lqa_tree_library *library, lqa_booster *booster) {
  if (booster && booster->handle) {
    library->XGBoosterFree(booster->handle);
  }
  free(booster);
}

lqa_status lqa_booster_margins(const lqa_tree_library *library, lqa_booster *booster,
                               const lqa_tree_rows *rows, const float **margins, lqa_error *err) {
  static const char config[] = "{\"type\": 1, \"training\": false, \"iteration_begin\": 0, "
                               "\"iteration_end\": 0, \"strict_shape\": false}";
  const bst_ulong *shape;
  bst_ulong n_dimensions;
  return check_result(library,
                      library->XGBoosterPredictFromDMatrix(booster->handle, rows->handle, config,
                                                           &shape, &n_dimensions, margins),
                      err);
}

lqa_status lqa_booster_grow(const lqa_tree_library *library, lqa_booster *booster, float *gradient,
                            float *curve, lqa_error *err) {
  int64_t n = booster->train->n;
  DMatrixHandle rows = booster->train->handle;
  if (!library->XGBoosterTrainOneIter) {
    bst_ulong size = (bst_ulong)n * (bst_ulong)booster->n_outputs;
    return check_result(
        library, library->XGBoosterBoostOneIter(booster->handle, rows, gradient, curve, size), err);
  }
  char gradients[200], curves[200];
  describe_array(gradient, n, booster->n_outputs, gradients);
  describe_array(curve, n, booster->n_outputs, curves);
  int round = booster->n_rounds++;
  return check_result(
      library, library->XGBoosterTrainOneIter(booster->handle, rows, round, gradients, curves),
      err);
}
