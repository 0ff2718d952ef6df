/* Models of tables: shallow boosted trees, logistic regression on encoded columns, or ("auto") a
 * blend of both. Trees find thresholds and interactions; the linear model holds its own where rows
 * are few or effects add up. The blend's weights, fitted on other folds, decide which counts.
 *
 * What cannot be done falls back with a note: no column that varies gives class frequencies; more
 * classes than trees can be grown for, or no XGBoost on this machine, gives logistic regression.
 */
#include "model/embedding/embedding_model.h"
#include "model/table/boosted_trees.h"

#include "base/memory.h"
#include "model/table/table_model.h"
#include "model/table/trees.h"

#define TREES_WEIGHT 0.7
#define LOGISTIC_WEIGHT 0.3

enum {
  MAX_TREE_CLASSES = 100, /* of "auto": every round grows a tree for each */
  MOST_NAMES = 20         /* in a note */
};

typedef struct table_job {
  lqa_crossval_job *job;
  uint8_t *use;
  lqa_table_matrix table;
  lqa_sparse x;
  const char *columns; /* "14 columns" */
} table_job;

static lqa_status encode(table_job *t) {
  lqa_crossval_job *job = t->job;
  int64_t n_rows = job->dataset->n_rows;
  t->use = lqa_malloc((size_t)n_rows, sizeof *t->use);
  if (!t->use) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < n_rows; row++) {
    t->use[row] = job->label[row] >= 0;
  }
  lqa_job_begin(job, "encoding columns");
  LQA_TRY(lqa_table_encode(job->dataset, t->use, &t->table));
  LQA_TRY(lqa_table_expand(&t->table, t->use, &t->x));
  lqa_job_end(job, "features");
  int32_t n = t->table.n_columns;
  t->columns = lqa_arena_printf(&job->out->arena, "%d column%s%s", n, n == 1 ? "" : "s",
                                job->dense.x.value ? " and embeddings" : "");
  return t->columns ? LQA_OK : LQA_NO_MEMORY;
}

/* "3 feature columns were left out (a, b, c): the same value, or none, in every row." */
static lqa_status note_constant(table_job *t) {
  const lqa_dataset *d = t->job->dataset;
  const lqa_table_matrix *x = &t->table;
  lqa_buf note;
  lqa_buf_init(&note, 1 << 16);
  lqa_buf_printf(&note, "%d feature column%s left out (", x->n_constant,
                 x->n_constant == 1 ? " was" : "s were");
  int32_t n = 0, used = 0;
  for (int32_t c = 0; c < d->n_features && n < MOST_NAMES; c++) {
    if (used < x->n_columns && x->column[used].name == d->features[c].name) {
      used++;
    } else {
      lqa_buf_printf(&note, "%s%s", n++ > 0 ? ", " : "", d->features[c].name);
    }
  }
  lqa_buf_add_text(&note, n < x->n_constant ? " ...)" : ")");
  lqa_buf_add_text(&note, ": the same value, or none, in every row.");
  char *text = note.failed ? NULL : lqa_arena_printf(&t->job->out->arena, "%s", note.data);
  lqa_buf_clear(&note);
  return text ? lqa_job_note(t->job, text) : LQA_NO_MEMORY;
}

static lqa_status note_columns(table_job *t) {
  if (t->table.n_columns == 0) {
    return lqa_job_note(t->job, "No feature column holds two different values: probabilities are "
                                "class frequencies.");
  }
  return t->table.n_constant == 0 ? LQA_OK : note_constant(t);
}

static lqa_status describe(table_job *t, const char *what) {
  lqa_crossval_result *out = t->job->out;
  out->description =
      lqa_arena_printf(&out->arena, "%s on %s, %d folds", what, t->columns, out->n_folds);
  return out->description ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run_logistic(table_job *t) {
  lqa_problem problem = lqa_job_problem(t->job, &t->x);
  t->job->out->model = "logistic";
  LQA_TRY(lqa_job_logistic(t->job, &problem, &(lqa_predictions){.outer = t->job->out->pred_probs}));
  return describe(t, "logistic regression");
}

static lqa_status grow_trees(table_job *t, const lqa_predictions *out) {
  lqa_crossval_job *job = t->job;
  lqa_problem problem = lqa_job_problem(job, &t->x);
  lqa_boosting_fold folds[LQA_MAX_FOLDS];
  lqa_boosting_options options = lqa_boosting_defaults();
  options.seed = job->options->seed;
  options.pool = job->options->pool;
  options.observer = job->options->observer;
  lqa_job_begin(job, "growing trees");
  LQA_TRY(lqa_boosted_trees_run(&problem, &t->table, &options, out, folds, job->err));
  lqa_job_end(job, "trees");
  int64_t n = 0, n_correct = 0;
  for (int f = 0; f < job->out->n_folds; f++) {
    n += folds[f].n_train;
    n_correct += folds[f].n_train_correct;
  }
  job->out->train_accuracy = (double)n_correct / (double)n;
  job->member = "boosted trees";
  return LQA_OK;
}

static lqa_status run_trees(table_job *t) {
  t->job->out->model = "trees";
  LQA_TRY(grow_trees(t, &(lqa_predictions){.outer = t->job->out->pred_probs}));
  return describe(t, "boosted trees");
}

/* Logistic regression first, so that the accuracy on training rows is that of the trees. */
static lqa_status train_members(table_job *t, lqa_blend *blend, lqa_blend_member *members) {
  lqa_problem problem = lqa_job_problem(t->job, &t->x);
  double scale = lqa_class_emphasis(t->job->dataset->n_classes);
  members[0] =
      (lqa_blend_member){.name = "logistic", .default_weight = LOGISTIC_WEIGHT, .emphasis = scale};
  members[1] =
      (lqa_blend_member){.name = "trees", .default_weight = TREES_WEIGHT, .emphasis = scale};
  blend->n_members = 2;
  LQA_TRY(lqa_predictions_init(t->job, &members[0].p));
  LQA_TRY(lqa_job_logistic(t->job, &problem, &members[0].p));
  LQA_TRY(lqa_predictions_init(t->job, &members[1].p));
  return grow_trees(t, &members[1].p);
}

/* One blend on the folds as they are. */
static lqa_status blend_once(lqa_crossval_job *job, void *data) {
  table_job *t = data;
  lqa_blend_member members[LQA_MAX_MEMBERS] = {0};
  lqa_blend blend = {.members = members, .pool = job->options->pool};
  lqa_problem problem = lqa_job_problem(job, &t->x);
  lqa_status status;
  lqa_blend_choose_rows(&problem, job->wanted);
  LQA_TRY_OUT(train_members(t, &blend, members));
  LQA_TRY_OUT(lqa_embedding_members_add(job, &blend));
  LQA_TRY_OUT(lqa_job_blend(job, &problem, &blend, t->columns));
out:
  for (int m = 0; m < LQA_MAX_MEMBERS; m++) {
    lqa_predictions_clear(&members[m].p);
  }
  return status;
}

static lqa_status run_auto(table_job *t) {
  lqa_tree_library *library = NULL;
  if (t->job->dataset->n_classes > MAX_TREE_CLASSES) {
    LQA_TRY(lqa_job_note(t->job, "Trees were left out: there are too many classes for them."));
    return run_logistic(t);
  }
  lqa_status status = lqa_tree_library_open(&library, NULL);
  lqa_tree_library_close(library);
  if (status == LQA_BAD_FILE) {
    LQA_TRY(lqa_job_note(t->job, "Trees were left out: the XGBoost library is not installed."));
    return run_logistic(t);
  }
  return status == LQA_OK ? lqa_job_repeat(t->job, blend_once, t) : status;
}

static lqa_status run_kind(table_job *t) {
  lqa_model_kind kind = t->job->options->kind;
  bool is_empty = t->table.n_columns == 0;
  switch (kind) {
  case LQA_MODEL_LOGISTIC:
    return run_logistic(t);
  case LQA_MODEL_TREES:
    return is_empty ? run_logistic(t) : run_trees(t);
  case LQA_MODEL_AUTO:
    return is_empty ? run_logistic(t) : run_auto(t);
  default:
    return lqa_fail(t->job->err, LQA_BAD_USAGE,
                    "tables are modelled by auto, trees or logistic; naive-bayes needs " LQA_OPTION(
                        "text") ", knn "
                                "needs " LQA_OPTION_AS("embeddings", "FILE.npy"));
  }
}

lqa_status lqa_table_model_run(lqa_crossval_job *job) {
  table_job t = {.job = job};
  lqa_status status;
  LQA_TRY_OUT(encode(&t));
  LQA_TRY_OUT(note_columns(&t));
  LQA_TRY_OUT(lqa_observe_check(job->options->observer, job->err));
  LQA_TRY_OUT(run_kind(&t));
out:
  free(t.use);
  lqa_table_matrix_clear(&t.table);
  lqa_sparse_clear(&t.x);
  return status;
}
