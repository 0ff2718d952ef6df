/* labelqa evaluate: the truth comes from a column of the run's own source, so the rows need no
 * joining. */
#include "api/command.h"
#include "api/result.h"
#include "base/memory.h"
#include "evaluate/evaluate.h"
#include "store/run.h"
#include "store/run_source.h"

#include <math.h>

/* Truth per row, from two columns of the source. */
struct truth_columns {
  uint8_t *is_error, *is_left_out, *kind;
};

static lqa_status find_column(const lqa_run_source *source, const char *option, const char *name,
                              size_t *column, lqa_error *err) {
  int64_t found = lqa_source_find_column(source->source, name);
  if (found < 0) {
    return lqa_fail_at(err, LQA_BAD_USAGE, NULL, -1, name,
                       "--%s %s: the run's source has no such column", option, name);
  }
  *column = (size_t)found;
  return LQA_OK;
}

/* Label as given against the truth: both as texts, so that an unknown label is an error too. */
static bool is_wrong(const lqa_run *run, int64_t row, lqa_str truth) {
  lqa_str given = lqa_run_rows_label(&run->rows, &run->manifest, row);
  return !lqa_str_equal(given, truth) || lqa_str_is_null(given) != lqa_str_is_null(truth);
}

static lqa_status read_kind(lqa_str text, int64_t row, uint8_t *kind, lqa_error *err) {
  int number = lqa_corruption_parse(text);
  if (number < 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, NULL, row, NULL,
                       "row %lld: '%.*s' is no kind of corruption; 'labelqa corrupt' writes clean, "
                       "off_by_one, random_flip, systematic, row_shift, structural_null, "
                       "structural_dup, structural_enum",
                       (long long)row, (int)(text.size < 40 ? text.size : 40),
                       text.data ? text.data : "");
  }
  *kind = (uint8_t)number;
  return LQA_OK;
}

static lqa_status read_columns(const lqa_evaluate_args *args, lqa_run *run,
                               const lqa_run_source *source, struct truth_columns *out,
                               lqa_error *err) {
  size_t truth = 0, kind = 0;
  bool more = true;
  lqa_source_reader *reader = NULL;
  LQA_TRY(find_column(source, "truth", args->truth, &truth, err));
  if (args->corruption) {
    LQA_TRY(find_column(source, "corruption", args->corruption, &kind, err));
  }
  LQA_TRY(lqa_source_reader_open(source->source, &reader, err));
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < run->rows.n_rows && status == LQA_OK; row++) {
    status = lqa_source_reader_next(reader, &more, err);
    if (status == LQA_OK && !more) {
      status = lqa_fail(err, LQA_BAD_DATA, "the source ends at row %lld, the run has %lld rows",
                        (long long)row, (long long)run->rows.n_rows);
    }
    if (status == LQA_OK) {
      out->is_error[row] = is_wrong(run, row, lqa_source_reader_get(reader, truth));
    }
    if (status == LQA_OK && args->corruption) {
      status = read_kind(lqa_source_reader_get(reader, kind), row, &out->kind[row], err);
    }
  }
  lqa_source_reader_close(reader);
  return status;
}

/* With kinds known: clean rows are never errors, structural ones always. */
static void apply_kinds(int64_t n, struct truth_columns *columns) {
  for (int64_t i = 0; i < n; i++) {
    lqa_corruption kind = (lqa_corruption)columns->kind[i];
    columns->is_error[i] =
        kind != LQA_CORRUPT_CLEAN && (columns->is_error[i] || lqa_corruption_is_structural(kind));
  }
}

/* Clean rows with the content of a planted duplicate count neither way. */
static lqa_status leave_out_partners(const lqa_run *run, struct truth_columns *columns) {
  const lqa_hash128 *hash = run->rows.content_hash;
  lqa_map *planted = hash ? lqa_map_new(false) : NULL;
  lqa_status status = hash && !planted ? LQA_NO_MEMORY : LQA_OK;
  for (int64_t i = 0; planted && i < run->rows.n_rows && status == LQA_OK; i++) {
    uint32_t index;
    if (columns->kind[i] == LQA_CORRUPT_STRUCTURAL_DUP) {
      status =
          lqa_map_add(planted, (lqa_str){(const char *)&hash[i], sizeof hash[i]}, &index, NULL);
    }
  }
  for (int64_t i = 0; planted && i < run->rows.n_rows && status == LQA_OK; i++) {
    lqa_str key = {(const char *)&hash[i], sizeof hash[i]};
    columns->is_left_out[i] =
        columns->kind[i] == LQA_CORRUPT_CLEAN && lqa_map_find(planted, key) >= 0;
  }
  lqa_map_free(planted);
  return status;
}

static lqa_status evaluate(const lqa_evaluate_args *args, lqa_run *run,
                           struct truth_columns *columns, lqa_evaluation *out, lqa_error *err) {
  lqa_run_source source;
  LQA_TRY(lqa_run_source_open(run->folder, &run->manifest, args->common.observer, &source, err));
  lqa_status status = read_columns(args, run, &source, columns, err);
  lqa_run_source_close(&source);
  LQA_TRY(status);
  if (args->corruption) {
    apply_kinds(run->rows.n_rows, columns);
    if (leave_out_partners(run, columns) != LQA_OK) {
      return lqa_fail_memory(err, "evaluating");
    }
  }
  lqa_truth truth = {columns->is_error, columns->is_left_out,
                     args->corruption ? columns->kind : NULL};
  return lqa_evaluate_rows(&run->evidence, &truth, out, err);
}

static lqa_status show(const lqa_evaluate_args *args, const lqa_evaluation *evaluation,
                       lqa_result **out, lqa_error *err) {
  lqa_result *result = lqa_result_new();
  if (!result) {
    return lqa_fail_memory(err, "writing the result");
  }
  lqa_json json;
  lqa_evaluation_print(evaluation, (int)args->common.width, &result->text);
  lqa_json_init(&json, &result->json, 1);
  lqa_evaluation_json(evaluation, &json);
  lqa_buf_add_char(&result->json, '\n');
  return lqa_result_finish(result, out, err);
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_evaluate_args *args = data;
  lqa_evaluation evaluation;
  lqa_run *opened = NULL;
  LQA_TRY(lqa_run_open(args->run, false, args->common.observer, &opened, err));
  size_t n = (size_t)opened->rows.n_rows;
  struct truth_columns columns = {lqa_calloc(n, 1), lqa_calloc(n, 1), lqa_calloc(n, 1)};
  lqa_status status = columns.is_error && columns.is_left_out && columns.kind
                          ? evaluate(args, opened, &columns, &evaluation, err)
                          : lqa_fail_memory(err, "evaluating");
  if (status == LQA_OK) {
    status = show(args, &evaluation, out, err);
  }
  free(columns.is_error);
  free(columns.is_left_out);
  free(columns.kind);
  lqa_run_close(opened);
  return status;
}

/* clang-format off */
static const lqa_option options[] = {
  {.name = "truth", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_evaluate_args, truth),
   .argument = "COL", .help = "column with the true label", .required = true},
  {.name = "corruption", .kind = LQA_OPTION_TEXT,
   .offset = offsetof(lqa_evaluate_args, corruption), .argument = "COL",
   .help = "column with the kind of corruption"},
  LQA_COMMON_OPTIONS(lqa_evaluate_args)};
/* clang-format on */

const lqa_command lqa_command_evaluate = {
    .number = LQA_COMMAND_evaluate,
    .name = "evaluate",
    .summary = "Precision and recall of every audit against known truth",
    .example = "labelqa evaluate corrupted.labelqa --truth label_true --corruption corruption",
    .args_size = sizeof(lqa_evaluate_args),
    .options = options,
    .positionals = {{"RUN", offsetof(lqa_evaluate_args, run), false, true}},
    .run = run,
};

void lqa_evaluate_args_init(lqa_evaluate_args *args) {
  lqa_command_init_args(LQA_COMMAND_evaluate, args);
}

lqa_status lqa_cmd_evaluate(const lqa_evaluate_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
