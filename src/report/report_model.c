/* What report.json says of the model: what was trained, how well it predicts rows that it has not
 * seen, and for linear models the certificate of every fold, so that "converged" can be checked.
 */
#include "base/json.h"
#include "report/report_build.h"

static const size_t MAX_MODEL_BYTES = 1 << 20;

static void add_fold(const lqa_softmax_fold *fold, lqa_json *json) {
  lqa_json_open_object(json);
  lqa_json_add_int(json, "rows", fold->n_train);
  lqa_json_add_double(json, "objective", fold->objective);
  lqa_json_add_double(json, "gap", fold->gap);
  lqa_json_add_double(json, "intercept_gradient", fold->intercept_gradient);
  lqa_json_add_int(json, "epochs", fold->epochs);
  lqa_json_add_bool(json, "converged", fold->converged);
  lqa_json_close_object(json);
}

static void add_linear(const lqa_crossval_result *model, lqa_json *json) {
  lqa_json_key(json, "linear");
  lqa_json_open_array(json);
  for (int i = 0; i < model->n_optima; i++) {
    const lqa_optimum *o = &model->optima[i];
    lqa_json_open_object(json);
    lqa_json_add_text(json, "features", o->of);
    lqa_json_add_double(json, "C", o->C);
    lqa_json_add_double(json, "tolerance", o->tolerance);
    lqa_json_key(json, "folds");
    lqa_json_open_array(json);
    for (int f = 0; f < model->n_folds; f++) {
      add_fold(&o->folds[f], json);
    }
    lqa_json_close_array(json);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

lqa_status lqa_report_add_model(lqa_report *report, const lqa_crossval_result *model,
                                lqa_arena *arena, lqa_error *err) {
  lqa_buf text;
  lqa_json json;
  lqa_buf_init(&text, MAX_MODEL_BYTES);
  lqa_json_init(&json, &text, 0);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "kind", model->model);
  lqa_json_add_text(&json, "description", model->description);
  lqa_json_add_int(&json, "folds", model->n_folds);
  lqa_json_add_double(&json, "log_loss", model->log_loss);
  lqa_json_add_double(&json, "prior_log_loss", model->prior_log_loss);
  add_linear(model, &json);
  lqa_json_close_object(&json);
  const char *copy = text.failed ? NULL : lqa_arena_copy(arena, text.data, text.size);
  report->confident.model_json = copy;
  lqa_buf_clear(&text);
  return copy ? LQA_OK : lqa_fail_memory(err, "describing the model");
}
