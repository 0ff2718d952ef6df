/* api/api_confident.c - labelqa/confident.h over audit/confident_learning: a handle that owns its
 * threads. The functions on joints need no handle and are exported from where they are written.
 */
#include "confident/confident.h"
#include "base/memory.h"
#include "labelqa/confident.h"

struct lqa_confident_learner {
  lqa_confident *problem;
  lqa_pool *pool;
  lqa_matrix pred_probs, labels;
};

/* Gives an interruption its message; other failures have theirs. */
static lqa_status told(lqa_status status, lqa_error *err) {
  return status == LQA_INTERRUPTED ? lqa_fail(err, status, "stopped on request") : status;
}

void lqa_confident_learner_input_init(lqa_confident_learner_input *input) {
  *input = (lqa_confident_learner_input){.ties = LQA_TIES_STABLE, .tolerance = LQA_CL_TOLERANCE};
}

static lqa_status prepare(lqa_confident_learner *cl, const lqa_confident_learner_input *input,
                          lqa_error *err) {
  cl->pred_probs = *input->pred_probs;
  cl->labels = *input->labels;
  if (input->threads != 1) {
    cl->pool = lqa_pool_new((int)input->threads);
    if (!cl->pool) {
      return lqa_fail_memory(err, "starting threads");
    }
  }
  lqa_confident_input problem = {.pred_probs = &cl->pred_probs,
                                 .labels = &cl->labels,
                                 .ties = input->ties,
                                 .pool = cl->pool,
                                 .observer = input->observer};
  LQA_TRY(lqa_confident_new(&problem, &cl->problem, err));
  if (input->tolerance < 0) {
    return LQA_OK;
  }
  return told(lqa_confident_check(cl->problem, input->tolerance, err), err);
}

lqa_status lqa_confident_learner_open(const lqa_confident_learner_input *input,
                                      lqa_confident_learner **out, lqa_error *err) {
  if (!input->pred_probs || !input->labels) {
    return lqa_fail(err, LQA_BAD_USAGE, "both labels and pred_probs are needed");
  }
  if (input->threads < 0 || input->threads > 1024) {
    return lqa_fail(err, LQA_BAD_USAGE, "threads is %lld, not between 0 and 1024",
                    (long long)input->threads);
  }
  lqa_confident_learner *cl = lqa_calloc(1, sizeof *cl);
  if (!cl) {
    return lqa_fail_memory(err, "opening a problem");
  }
  lqa_status status = prepare(cl, input, err);
  if (status != LQA_OK) {
    lqa_confident_learner_close(cl);
    return status;
  }
  *out = cl;
  return LQA_OK;
}

void lqa_confident_learner_close(lqa_confident_learner *cl) {
  if (cl) {
    lqa_confident_free(cl->problem);
    lqa_pool_free(cl->pool);
    free(cl);
  }
}

lqa_status lqa_confident_learner_check_range(lqa_confident_learner *cl, lqa_error *err) {
  return told(lqa_confident_check_range(cl->problem, err), err);
}

int64_t lqa_confident_learner_count_rows(const lqa_confident_learner *cl) {
  return lqa_confident_count_rows(cl->problem);
}
int64_t lqa_confident_learner_count_labels(const lqa_confident_learner *cl) {
  return lqa_confident_count_used(cl->problem);
}
int64_t lqa_confident_learner_count_scaled(const lqa_confident_learner *cl) {
  return lqa_confident_count_scaled(cl->problem);
}
int32_t lqa_confident_learner_count_classes(const lqa_confident_learner *cl) {
  return lqa_confident_count_classes(cl->problem);
}
const int64_t *lqa_confident_learner_class_counts(const lqa_confident_learner *cl) {
  return lqa_confident_class_counts(cl->problem);
}

lqa_status lqa_confident_learner_find_issues(lqa_confident_learner *cl,
                                             const lqa_filter_options *options, uint8_t *issue,
                                             lqa_error *err) {
  lqa_filter_options defaults;
  lqa_filter_options_init(&defaults);
  options = options ? options : &defaults;
  const lqa_joint *joint = options->confident_joint;
  if (joint && joint->n != lqa_confident_learner_count_classes(cl)) {
    return lqa_fail(err, LQA_BAD_USAGE, "confident_joint is %d x %d but there are %d classes",
                    (int)joint->n, (int)joint->n, (int)lqa_confident_learner_count_classes(cl));
  }
  return told(lqa_confident_filter(cl->problem, options, issue, err), err);
}

lqa_status lqa_confident_learner_count_issues(lqa_confident_learner *cl, int64_t *n_issues,
                                              lqa_error *err) {
  return told(lqa_confident_count_issues(cl->problem, n_issues, err), err);
}

static const lqa_rank_options SELF_CONFIDENCE = {LQA_SCORE_SELF_CONFIDENCE, false};

lqa_status lqa_confident_learner_scores(lqa_confident_learner *cl, const lqa_rank_options *options,
                                        double *score, bool *is_single, lqa_error *err) {
  options = options ? options : &SELF_CONFIDENCE;
  return told(lqa_confident_scores(cl->problem, options, score, is_single, err), err);
}

lqa_status lqa_confident_learner_rank(lqa_confident_learner *cl, const uint8_t *issue,
                                      const lqa_rank_options *options, lqa_ranking *ranking,
                                      lqa_error *err) {
  options = options ? options : &SELF_CONFIDENCE;
  return told(lqa_confident_rank(cl->problem, issue, options, ranking, err), err);
}

lqa_status lqa_confident_learner_rank_rows(lqa_confident_learner *cl, const uint8_t *issue,
                                           const lqa_rank_options *options, int64_t *rows,
                                           lqa_error *err) {
  options = options ? options : &SELF_CONFIDENCE;
  return told(lqa_confident_rank_rows(cl->problem, issue, options, rows, err), err);
}

lqa_status lqa_confident_learner_ensemble_scores(lqa_ensemble *ensemble,
                                                 const lqa_ensemble_options *options,
                                                 lqa_error *err) {
  if (ensemble->n_models < 1) {
    return lqa_fail(err, LQA_BAD_USAGE, "an ensemble needs at least one model");
  }
  if (options->weights == LQA_ENSEMBLE_CUSTOM && !options->custom) {
    return lqa_fail(err, LQA_BAD_USAGE, "custom weights are chosen but not given");
  }
  lqa_confident **models = lqa_malloc((size_t)ensemble->n_models, sizeof *models);
  if (!models) {
    return lqa_fail_memory(err, "scoring with several models");
  }
  for (int32_t i = 0; i < ensemble->n_models; i++) {
    models[i] = ensemble->models[i]->problem;
  }
  lqa_status status = lqa_confident_ensemble(models, ensemble, options, err);
  free(models);
  return told(status, err);
}

lqa_status lqa_confident_learner_thresholds(lqa_confident_learner *cl, lqa_thresholds *thresholds,
                                            lqa_error *err) {
  return told(lqa_confident_thresholds(cl->problem, thresholds, err), err);
}

/* The scan for the joint; `thresholds` are the caller's or computed into `own`. */
static lqa_status scan(lqa_confident_learner *cl, const lqa_joint_options *options,
                       lqa_thresholds *own, lqa_confident_scan *out, lqa_error *err) {
  const lqa_thresholds *thresholds = options->thresholds;
  if (!thresholds) {
    LQA_TRY(lqa_confident_thresholds(cl->problem, own, err));
    thresholds = own;
  }
  LQA_TRY(lqa_confident_scan_rows(cl->problem, thresholds, out, err));
  for (int64_t row = 0; options->off_diagonal && row < lqa_confident_learner_count_rows(cl);
       row++) {
    options->off_diagonal[row] = (options->off_diagonal[row] & LQA_ROW_OFF_DIAGONAL) != 0;
  }
  return LQA_OK;
}

lqa_status lqa_confident_learner_joint(lqa_confident_learner *cl, const lqa_joint_options *options,
                                       lqa_joint *joint, lqa_error *err) {
  static const lqa_joint_options DEFAULTS = {.calibrate = true};
  options = options ? options : &DEFAULTS;
  size_t n = (size_t)lqa_confident_learner_count_classes(cl);
  lqa_thresholds own = {.value = lqa_malloc(n, sizeof(double))};
  lqa_confident_scan counted = {.joint = lqa_malloc(n * n, sizeof(int64_t)),
                                .flags = options->off_diagonal,
                                .any_range = true};
  lqa_status status = LQA_OK;
  if (!own.value || !counted.joint) {
    status = lqa_fail_memory(err, "counting the confident joint");
    goto out;
  }
  LQA_TRY_OUT(scan(cl, options, &own, &counted, err));
  joint->n = (int32_t)n;
  lqa_joint_from_counts(counted.joint, joint);
  if (options->calibrate) {
    status = lqa_joint_calibrate(joint, lqa_confident_learner_class_counts(cl),
                                 lqa_confident_ties(cl->problem), err);
  }
out:
  free(own.value);
  free(counted.joint);
  return told(status, err);
}
