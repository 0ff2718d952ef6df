/* Models of embeddings: a linear head, a vote of near rows, or ("auto") a blend of both; beside
 * texts or a table the same two join the blend there.
 *
 * The linear head is logistic regression by the solver of the text models: dual coordinate ascent
 * reads a dense row as it reads a sparse one, all folds in one sweep, to a stated duality gap. The
 * vote sees what is not linear (small groups, islands of one class within another). Up to
 * MAX_SEARCH multiplications every row may vote; of more, as many as that pays for, so that time
 * grows with the rows and not with their square. `--model knn` always asks all.
 */
#include "model/embedding/embedding_model.h"

#include "base/memory.h"
#include "model/embedding/neighbor_vote.h"

/* Default weights, near what fitting gives. */
#define HEAD_WEIGHT 0.8
#define VOTE_WEIGHT 0.3

static const double MAX_SEARCH = 1.5e11; /* of "auto" */

enum { MIN_VOTERS = 2000 };

/* ---- memory ---- */

/* Rows that may vote in a blend; 0 = all. */
static int64_t count_voters(const lqa_crossval_job *job) {
  const lqa_matrix *matrix = job->dataset->embeddings;
  double pairs = MAX_SEARCH / (double)matrix->n_columns;
  if ((double)matrix->n_rows * (double)matrix->n_rows <= pairs) {
    return 0;
  }
  int64_t n = (int64_t)(pairs / (double)matrix->n_rows);
  return n > MIN_VOTERS ? n : MIN_VOTERS;
}

/* What training holds at its peak, the predictions apart: the rows, packed once more for the
 * search, and the dual variables of the head. */
static double training_bytes(const lqa_crossval_job *job) {
  double rows = (double)lqa_dense_bytes(job->dataset->embeddings);
  double lanes = (double)job->out->n_folds * (double)(job->dataset->n_classes + 1);
  bool blends = job->options->kind == LQA_MODEL_AUTO;
  double duals = 4 * (double)job->dataset->n_rows * lanes * (blends ? 2 : 1);
  bool votes = blends || job->options->kind == LQA_MODEL_KNN;
  return rows * (votes ? 2 : 1) + (job->options->kind == LQA_MODEL_KNN ? 0 : duals);
}

static lqa_status check_memory(const lqa_crossval_job *job) {
  const lqa_matrix *matrix = job->dataset->embeddings;
  double need = training_bytes(job), limit = (double)job->options->memory_bytes;
  lqa_observe_message(job->options->observer, LQA_MESSAGE_INFO,
                      "training on %lld embeddings of %lld numbers takes about %.1f MB",
                      (long long)matrix->n_rows, (long long)matrix->n_columns, need / 1e6);
  if (limit == 0 || need <= limit) {
    return LQA_OK;
  }
  return lqa_fail(
      job->err, LQA_BAD_USAGE,
      "training on %lld embeddings of %lld numbers takes about %.1f MB, more than the "
      "memory limit of %.1f MB: raise " LQA_OPTION(
          "memory_limit") ", give embeddings of fewer "
                          "dimensions, or out-of-fold probabilities of your own (" LQA_OPTION(
                              "pred_probs") ")",
      (long long)matrix->n_rows, (long long)matrix->n_columns, need / 1e6, limit / 1e6);
}

lqa_status lqa_embeddings_read(lqa_crossval_job *job) {
  int64_t n_rows = job->dataset->n_rows;
  LQA_TRY(check_memory(job));
  uint8_t *use = lqa_malloc((size_t)n_rows, sizeof *use);
  if (!use) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < n_rows; row++) {
    use[row] = job->label[row] >= 0;
  }
  lqa_job_begin(job, "reading embeddings");
  lqa_status status =
      lqa_dense_build(job->dataset->embeddings, use, job->options->pool, &job->dense);
  lqa_job_end(job, "embeddings");
  free(use);
  LQA_TRY(status);
  int64_t n = job->dense.n_zero;
  return n == 0 ? LQA_OK
                : lqa_job_note(job, lqa_arena_printf(
                                        &job->out->arena,
                                        "%lld of %lld embeddings %s zero, or too small to have a "
                                        "direction: they carry no information about their rows.",
                                        (long long)n, (long long)n_rows, n == 1 ? "is" : "are"));
}

/* ---- members ---- */

static lqa_status vote(lqa_crossval_job *job, const lqa_predictions *out, int64_t max_points) {
  lqa_problem problem = lqa_job_problem(job, &job->dense.x);
  lqa_neighbor_vote_options options = lqa_vote_defaults();
  options.max_points = max_points;
  options.seed = job->options->seed;
  options.pool = job->options->pool;
  options.observer = job->options->observer;
  lqa_job_begin(job, "searching neighbours");
  LQA_TRY(lqa_neighbor_vote_run(&problem, &job->dense, &options, out));
  lqa_job_end(job, "neighbours");
  return LQA_OK;
}

static lqa_blend_member *next_member(lqa_blend *blend, const char *name, double weight) {
  lqa_blend_member *member = (lqa_blend_member *)&blend->members[blend->n_members++];
  *member = (lqa_blend_member){.name = name, .default_weight = weight};
  return member;
}

lqa_status lqa_embedding_members_add(lqa_crossval_job *job, lqa_blend *blend) {
  if (!job->dense.x.value) {
    return LQA_OK;
  }
  lqa_problem problem = lqa_job_problem(job, &job->dense.x);
  lqa_blend_member *head = next_member(blend, "linear head", HEAD_WEIGHT);
  LQA_TRY(lqa_predictions_init(job, &head->p));
  LQA_TRY(lqa_job_logistic(job, &problem, &head->p));
  lqa_blend_member *near = next_member(blend, "nearest neighbours", VOTE_WEIGHT);
  LQA_TRY(lqa_predictions_init(job, &near->p));
  return vote(job, &near->p, count_voters(job));
}

/* ---- the model ---- */

static lqa_status describe(lqa_crossval_job *job, const char *model, const char *what) {
  lqa_crossval_result *out = job->out;
  out->model = model;
  out->description = lqa_arena_printf(&out->arena, "%s on embeddings of %d dimensions, %d folds",
                                      what, job->dense.x.n_columns, out->n_folds);
  return out->description ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run_head(lqa_crossval_job *job) {
  lqa_problem problem = lqa_job_problem(job, &job->dense.x);
  LQA_TRY(lqa_job_logistic(job, &problem, &(lqa_predictions){.outer = job->out->pred_probs}));
  return describe(job, "logistic", "logistic regression");
}

static lqa_status run_vote(lqa_crossval_job *job) {
  LQA_TRY(vote(job, &(lqa_predictions){.outer = job->out->pred_probs}, 0));
  return describe(job, "knn", "vote of 50 nearest neighbours");
}

static lqa_status blend_once(lqa_crossval_job *job, void *data) {
  (void)data;
  lqa_blend_member members[LQA_MAX_MEMBERS] = {0};
  lqa_blend blend = {.members = members, .pool = job->options->pool};
  lqa_problem problem = lqa_job_problem(job, &job->dense.x);
  lqa_status status;
  lqa_blend_choose_rows(&problem, job->wanted);
  LQA_TRY_OUT(lqa_embedding_members_add(job, &blend));
  const char *what =
      lqa_arena_printf(&job->out->arena, "embeddings of %d dimensions", job->dense.x.n_columns);
  LQA_TRY_OUT(what ? lqa_job_blend(job, &problem, &blend, what) : LQA_NO_MEMORY);
out:
  for (int m = 0; m < blend.n_members; m++) {
    lqa_predictions_clear(&members[m].p);
  }
  return status;
}

/* Says where not every row votes. */
static lqa_status note_voters(lqa_crossval_job *job) {
  int64_t n = count_voters(job);
  return n == 0 ? LQA_OK
                : lqa_job_note(job, lqa_arena_printf(&job->out->arena,
                                                     "Nearest neighbours are searched among %lld "
                                                     "of the rows, drawn evenly: " LQA_OPTION_AS(
                                                         "model", "knn") " searches all.",
                                                     (long long)n));
}

lqa_status lqa_embedding_model_run(lqa_crossval_job *job) {
  switch (job->options->kind) {
  case LQA_MODEL_LOGISTIC:
    return run_head(job);
  case LQA_MODEL_KNN:
    return run_vote(job);
  case LQA_MODEL_AUTO:
    LQA_TRY(note_voters(job));
    return lqa_job_repeat(job, blend_once, NULL);
  default:
    return lqa_fail(
        job->err, LQA_BAD_USAGE,
        "embeddings are modelled by auto, logistic or knn; naive-bayes needs " LQA_OPTION(
            "text") ", "
                    "trees need " LQA_OPTION("features"));
  }
}
