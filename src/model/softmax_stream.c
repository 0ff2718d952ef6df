/* Dual coordinate ascent over blocks: the kernel of softmax_epoch.c on one block after the other.
 *
 * A group of folds keeps its weights in memory and streams the blocks for itself: it loads one,
 * reads the block's duals, runs an epoch over its rows, writes the duals back. Groups never wait
 * for each other; all visit rows in the same order, so how folds are grouped leaves no trace. Rows
 * were dealt to blocks at random (hashed_blocks.h), so a block is a sample of the whole and
 * shuffling within it converges as shuffling everything does (bench/RESULTS.md).
 */
#include "model/softmax_stream.h"

#include "base/memory.h"
#include "base/rng.h"
#include "model/softmax_plan.h"

#include <string.h>

enum {
  BLOCK_ORDER_STREAM = 12,
  STIFFNESS = 150 /* of the intercepts over all rows: number of rows x bias_scale */
};

typedef struct run {
  const lqa_stream_problem *problem;
  lqa_softmax_plan plan;
  lqa_problem whole;   /* all rows, without a matrix */
  uint64_t *first_row; /* of a block, counted in the order of blocks: where its duals lie */
  lqa_scratch_file duals;
  uint64_t *group_start; /* n_groups: where a group's duals begin in the file */
  float *out;
  lqa_error *errors; /* one for each group */
} run;

/* A group at work. */
typedef struct worker {
  const run *r;
  size_t number;
  lqa_softmax_group group;
  lqa_feature_block block;
  lqa_problem local;    /* the block's rows */
  int32_t *label;       /* max_rows */
  uint8_t *fold;        /* max_rows */
  uint32_t *order;      /* max_rows */
  uint32_t *blocks;     /* n_blocks: their order */
  double *gap;          /* of the epoch, per lane */
  float *probabilities; /* max_rows x n_classes */
} worker;

static size_t lanes(const worker *w) {
  return (size_t)w->group.n_vectors * LQA_LANES;
}

static uint64_t dual_place(const worker *w, size_t block) {
  return w->r->group_start[w->number] + w->r->first_row[block] * (uint64_t)lanes(w) * sizeof(float);
}

/* Loads a block and its duals; the group then sees its rows alone. */
static lqa_status enter_block(worker *w, size_t number) {
  const lqa_stream_problem *p = w->r->problem;
  lqa_error *err = &w->r->errors[w->number];
  if (lqa_observe_cancelled(w->r->plan.options->observer)) {
    return LQA_INTERRUPTED;
  }
  LQA_TRY(lqa_hashed_blocks_load(p->features, number, &w->block, err));
  for (size_t i = 0; i < w->block.n_rows; i++) {
    w->label[i] = p->label[w->block.row[i]];
    w->fold[i] = p->fold[w->block.row[i]];
  }
  w->local = (lqa_problem){&w->block.x, w->label, w->fold, p->n_classes, p->n_folds};
  w->group.problem = &w->local;
  lqa_softmax_describe_rows(&w->group, w->block.square_norm);
  return lqa_scratch_read(&w->r->duals, w->group.residual,
                          w->block.n_rows * lanes(w) * sizeof(float), dual_place(w, number), err);
}

static lqa_status train_block(worker *w, size_t number, lqa_rng *rng) {
  LQA_TRY(enter_block(w, number));
  size_t n = w->block.n_rows;
  for (size_t i = 0; i < n; i++) {
    w->order[i] = (uint32_t)i;
  }
  lqa_rng_shuffle(rng, w->order, n);
  lqa_softmax_epoch(&w->group, w->order, n);
  for (size_t lane = 0; lane < lanes(w); lane++) {
    w->gap[lane] += (double)((const float *)w->group.gap)[lane];
  }
  return lqa_scratch_write(&w->r->duals, w->group.residual, n * lanes(w) * sizeof(float),
                           dual_place(w, number), &w->r->errors[w->number]);
}

static lqa_status train_group(worker *w) {
  const lqa_softmax_options *o = w->r->plan.options;
  size_t n_blocks = w->r->problem->features->n_blocks;
  lqa_rng rng;
  lqa_rng_init(&rng, o->seed, BLOCK_ORDER_STREAM);
  for (size_t i = 0; i < n_blocks; i++) {
    w->blocks[i] = (uint32_t)i;
  }
  for (int epoch = 1; epoch <= o->max_epochs; epoch++) {
    memset(w->gap, 0, lanes(w) * sizeof *w->gap);
    lqa_rng_shuffle(&rng, w->blocks, n_blocks);
    for (size_t i = 0; i < n_blocks; i++) {
      LQA_TRY(train_block(w, w->blocks[i], &rng));
    }
    for (size_t lane = 0; lane < lanes(w); lane++) {
      ((float *)w->group.gap)[lane] = (float)w->gap[lane];
    }
    if (lqa_softmax_check_models(&w->r->plan, &w->group, epoch) == 0) {
      return LQA_OK;
    }
  }
  return LQA_OK;
}

/* The block's rows that the group's models leave out, to their places. */
static void place_predictions(const worker *w) {
  size_t n_classes = (size_t)w->local.n_classes;
  int first = w->group.first_model, last = first + w->group.n_models;
  for (size_t i = 0; i < w->block.n_rows; i++) {
    if (w->fold[i] >= first && w->fold[i] < last) {
      memcpy(w->r->out + w->block.row[i] * n_classes, w->probabilities + i * n_classes,
             n_classes * sizeof(float));
    }
  }
}

static lqa_status predict_group(worker *w) {
  lqa_softmax_group *g = &w->group;
  lqa_predictions out = {.outer = w->probabilities};
  lqa_softmax_block sums = {.out = &out, .p = g->scratch, .sum = g->scratch + g->n_vectors};
  size_t n_lanes = lanes(w);
  lqa_status status;
  sums.sums = lqa_calloc((size_t)g->n_models, sizeof *sums.sums);
  sums.gap = lqa_calloc(n_lanes * 2, sizeof *sums.gap);
  LQA_TRY_OUT(sums.sums && sums.gap ? LQA_OK : LQA_NO_MEMORY);
  sums.gradient = sums.gap + n_lanes;
  for (size_t i = 0; i < w->r->problem->features->n_blocks; i++) {
    LQA_TRY_OUT(enter_block(w, i));
    sums.last = (int64_t)w->block.n_rows;
    lqa_softmax_predict(g, &sums);
    place_predictions(w);
  }
  for (int m = 0; m < g->n_models; m++) {
    lqa_softmax_certify(&w->r->plan, g, &sums, m);
  }
  status = LQA_OK;
out:
  free(sums.sums);
  free(sums.gap);
  return status;
}

static lqa_status open_worker(worker *w) {
  const lqa_hashed_blocks *f = w->r->problem->features;
  LQA_TRY(lqa_softmax_group_open(&w->r->plan, (int)w->number, f->max_rows, &w->group));
  w->label = lqa_malloc(f->max_rows, sizeof *w->label);
  w->fold = lqa_malloc(f->max_rows, sizeof *w->fold);
  w->order = lqa_malloc(f->max_rows, sizeof *w->order);
  w->blocks = lqa_malloc(f->n_blocks, sizeof *w->blocks);
  w->gap = lqa_calloc(lanes(w), sizeof *w->gap);
  w->probabilities = lqa_malloc(f->max_rows, (size_t)w->r->problem->n_classes * sizeof(float));
  bool all = w->label && w->fold && w->order && w->blocks && w->gap && w->probabilities;
  return all ? LQA_OK : LQA_NO_MEMORY;
}

static void close_worker(worker *w) {
  lqa_softmax_group_close(&w->group);
  lqa_feature_block_clear(&w->block);
  free(w->label);
  free(w->fold);
  free(w->order);
  free(w->blocks);
  free(w->gap);
  free(w->probabilities);
}

static lqa_status run_group(void *data, size_t task, size_t thread) {
  (void)thread;
  run *r = data;
  worker w = {.r = r, .number = task};
  lqa_status status;
  LQA_TRY_OUT(open_worker(&w));
  LQA_TRY_OUT(train_group(&w));
  LQA_TRY_OUT(predict_group(&w));
out:
  close_worker(&w);
  return status;
}

static int vectors_of(const run *r, int group) {
  int n_folds = r->problem->n_folds, n = r->plan.n_outer_groups;
  int models = (group + 1) * n_folds / n - group * n_folds / n;
  return (models * r->plan.width + LQA_LANES - 1) / LQA_LANES;
}

/* Where everybody's duals lie in the file; returns its size. */
static uint64_t place_duals(run *r) {
  const lqa_hashed_blocks *f = r->problem->features;
  uint64_t n_rows = 0, bytes = 0;
  for (size_t i = 0; i < f->n_blocks; i++) {
    r->first_row[i] = n_rows;
    n_rows += f->n_rows[i];
  }
  for (int g = 0; g < r->plan.n_groups; g++) {
    r->group_start[g] = bytes;
    bytes += n_rows * (uint64_t)vectors_of(r, g) * sizeof(lqa_f8);
  }
  return bytes;
}

static lqa_status open_run(run *r, const lqa_softmax_options *options, lqa_error *err) {
  const lqa_hashed_blocks *f = r->problem->features;
  const lqa_predictions none = {0};
  LQA_TRY(lqa_softmax_plan_init(&r->plan, &r->whole, options, &none));
  if (r->plan.bias_scale * (float)r->plan.n_rows > (float)STIFFNESS) {
    r->plan.bias_scale = (float)STIFFNESS / (float)r->plan.n_rows;
  }
  size_t n_groups = (size_t)r->plan.n_groups;
  r->first_row = lqa_malloc(f->n_blocks, sizeof *r->first_row);
  r->group_start = lqa_malloc(n_groups, sizeof *r->group_start);
  r->errors = lqa_calloc(n_groups, sizeof *r->errors);
  if (!r->first_row || !r->group_start || !r->errors) {
    return LQA_NO_MEMORY;
  }
  uint64_t bytes = place_duals(r);
  return lqa_scratch_open(&r->duals, r->problem->folder, bytes, err);
}

/* The error of the first group that has one. */
static lqa_status first_error(const run *r, lqa_status status, lqa_error *err) {
  for (int g = 0; g < r->plan.n_groups; g++) {
    if (err && r->errors[g].status == status) {
      *err = r->errors[g];
      return status;
    }
  }
  return status;
}

lqa_status lqa_softmax_stream_run(const lqa_stream_problem *problem,
                                  const lqa_softmax_options *options, float *out,
                                  lqa_softmax_fold *folds, lqa_error *err) {
  const lqa_sparse shape = {.n_rows = problem->features->n_source_rows,
                            .n_columns = problem->features->n_columns};
  run r = {.problem = problem, .out = out, .duals = {.fd = -1}};
  r.whole =
      (lqa_problem){&shape, problem->label, problem->fold, problem->n_classes, problem->n_folds};
  lqa_status status;
  LQA_TRY_OUT(open_run(&r, options, err));
  status = lqa_pool_run(options->pool, (size_t)r.plan.n_groups, run_group, &r);
  if (status != LQA_OK) {
    status = first_error(&r, status, err);
    goto out;
  }
  memcpy(folds, r.plan.models, (size_t)problem->n_folds * sizeof *folds);
out:
  lqa_softmax_plan_clear(&r.plan);
  lqa_scratch_close(&r.duals);
  free(r.first_row);
  free(r.group_start);
  free(r.errors);
  return status;
}

uint64_t lqa_softmax_stream_disk_bytes(int64_t n_rows, int32_t n_classes, int n_folds) {
  return lqa_softmax_stream_weight_bytes(n_rows, n_classes, n_folds);
}

uint64_t lqa_softmax_stream_weight_bytes(int64_t n_columns, int32_t n_classes, int n_folds) {
  uint64_t width = (uint64_t)lqa_softmax_fold_width(n_classes), lane_bytes = sizeof(float);
  uint64_t bytes = (width * (uint64_t)n_folds + LQA_LANES - 1) / LQA_LANES * LQA_LANES * lane_bytes;
  return (uint64_t)n_columns * bytes;
}
