/* Dual coordinate ascent over blocks: the kernel of softmax_epoch.c on one block after the other.
 *
 * A group of folds keeps its weights in memory and streams the blocks for itself: it loads one,
 * reads the block's duals, runs an epoch over its rows, writes the duals back. Groups never wait
 * for each other; all visit rows in the same order, so how folds are grouped leaves no trace. A
 * group that is trained predicts the blocks, chunk by chunk; who is done with its own chunks takes
 * those of other groups that are trained, since groups are not equally large. Rows were dealt to
 * blocks at random (hashed_blocks.h), so a block is a sample of the whole and shuffling within it
 * converges as shuffling everything does (bench/RESULTS.md).
 */
#include "model/text/stream/softmax_stream.h"

#include "base/memory.h"
#include "base/rng.h"
#include "model/linear/softmax_plan.h"

#include <stdatomic.h>
#include <string.h>

enum {
  BLOCK_ORDER_STREAM = 12,
  STIFFNESS = 150, /* of the intercepts over all rows: number of rows x bias_scale */
  CHUNKS = 16      /* of consecutive blocks, predicted by one thread each */
};

typedef struct run {
  const lqa_stream_problem *problem;
  lqa_softmax_plan plan;
  lqa_problem whole;   /* all rows, without a matrix */
  uint64_t *first_row; /* of a block, counted in the order of blocks: where its duals lie */
  lqa_scratch_file duals;
  uint64_t *group_start; /* n_groups: where a group's duals begin in the file */
  float *out;
  lqa_error *errors;      /* one for each group */
  struct worker *workers; /* one for each group */
} run;

/* A group at work. */
typedef struct worker {
  run *r;
  size_t number;
  atomic_bool is_trained;
  atomic_size_t next_chunk;       /* to predict */
  lqa_softmax_block sums[CHUNKS]; /* of a chunk */
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

static size_t lanes(const lqa_softmax_group *g) {
  return (size_t)g->n_vectors * LQA_LANES;
}

static uint64_t dual_place(const worker *w, size_t block) {
  uint64_t row_bytes = (uint64_t)lanes(&w->group) * sizeof(float);
  return w->r->group_start[w->number] + w->r->first_row[block] * row_bytes;
}

/* Loads a block into w, and the duals that `owner` has of it into group; which then sees the
 * block's rows alone. */
static lqa_status enter_block(worker *w, size_t number, const worker *owner,
                              lqa_softmax_group *group) {
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
  group->problem = &w->local;
  lqa_softmax_describe_rows(group, w->block.square_norm);
  return lqa_scratch_read(&w->r->duals, group->residual,
                          w->block.n_rows * lanes(group) * sizeof(float), dual_place(owner, number),
                          err);
}

static lqa_status train_block(worker *w, size_t number, lqa_rng *rng) {
  LQA_TRY(enter_block(w, number, w, &w->group));
  size_t n = w->block.n_rows;
  for (size_t i = 0; i < n; i++) {
    w->order[i] = (uint32_t)i;
  }
  lqa_rng_shuffle(rng, w->order, n);
  lqa_softmax_epoch(&w->group, w->order, n);
  for (size_t lane = 0; lane < lanes(&w->group); lane++) {
    w->gap[lane] += (double)((const float *)w->group.gap)[lane];
  }
  return lqa_scratch_write(&w->r->duals, w->group.residual, n * lanes(&w->group) * sizeof(float),
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
    memset(w->gap, 0, lanes(&w->group) * sizeof *w->gap);
    lqa_rng_shuffle(&rng, w->blocks, n_blocks);
    for (size_t i = 0; i < n_blocks; i++) {
      LQA_TRY(train_block(w, w->blocks[i], &rng));
    }
    for (size_t lane = 0; lane < lanes(&w->group); lane++) {
      ((float *)w->group.gap)[lane] = (float)w->gap[lane];
    }
    if (lqa_softmax_check_models(&w->r->plan, &w->group, epoch) == 0) {
      return LQA_OK;
    }
  }
  return LQA_OK;
}

/* The block's rows that the group's models leave out, to their places. */
static void place_predictions(const worker *w, const lqa_softmax_group *g) {
  size_t n_classes = (size_t)w->local.n_classes;
  int first = g->first_model, last = first + g->n_models;
  for (size_t i = 0; i < w->block.n_rows; i++) {
    if (w->fold[i] >= first && w->fold[i] < last) {
      memcpy(w->r->out + w->block.row[i] * n_classes, w->probabilities + i * n_classes,
             n_classes * sizeof(float));
    }
  }
}

static lqa_status open_sums(const lqa_softmax_group *g, lqa_softmax_block *sums) {
  sums->sums = lqa_calloc((size_t)g->n_models, sizeof *sums->sums);
  sums->gap = lqa_calloc(lanes(g) * 2, sizeof *sums->gap);
  sums->gradient = sums->gap ? sums->gap + lanes(g) : NULL;
  return sums->sums && sums->gap ? LQA_OK : LQA_NO_MEMORY;
}

/* Predicts one chunk of another's group, or one's own. */
static lqa_status predict_chunk(worker *w, worker *owner, size_t chunk) {
  size_t n_blocks = w->r->problem->features->n_blocks;
  size_t first = chunk * n_blocks / CHUNKS, last = (chunk + 1) * n_blocks / CHUNKS;
  lqa_softmax_group g = owner->group;
  lqa_predictions out = {.outer = w->probabilities};
  lqa_softmax_block *sums = &owner->sums[chunk];
  size_t vector = (size_t)g.n_vectors * sizeof(lqa_f8);
  lqa_f8 *scratch = lqa_malloc_aligned(2, vector);
  lqa_status status;
  g.row = w->group.row; /* its owner may be at work with its own */
  g.residual = lqa_malloc_aligned(w->r->problem->features->max_rows, vector);
  LQA_TRY_OUT(scratch && g.residual ? open_sums(&g, sums) : LQA_NO_MEMORY);
  sums->out = &out;
  sums->p = scratch;
  sums->sum = scratch + g.n_vectors;
  for (size_t i = first; i < last; i++) {
    LQA_TRY_OUT(enter_block(w, i, owner, &g));
    sums->last = (int64_t)w->block.n_rows;
    lqa_softmax_predict(&g, sums);
    place_predictions(w, &g);
  }
  status = LQA_OK;
out:
  free(scratch);
  free(g.residual);
  return status;
}

/* The group's chunks that nobody has taken yet. */
static lqa_status predict_group(worker *w, worker *owner) {
  for (size_t chunk; (chunk = atomic_fetch_add(&owner->next_chunk, 1)) < CHUNKS;) {
    LQA_TRY(predict_chunk(w, owner, chunk));
  }
  return LQA_OK;
}

/* Adds the chunks up, in order. */
static lqa_status certify(void *data, size_t task, size_t thread) {
  (void)thread;
  worker *w = &((run *)data)->workers[task];
  lqa_softmax_block *all = &w->sums[0];
  for (int chunk = 1; chunk < CHUNKS; chunk++) {
    lqa_softmax_add_sums(&w->group, all, &w->sums[chunk]);
  }
  for (int m = 0; m < w->group.n_models; m++) {
    lqa_softmax_certify(&w->r->plan, &w->group, all, m);
  }
  return LQA_OK;
}

static lqa_status open_worker(worker *w) {
  const lqa_hashed_blocks *f = w->r->problem->features;
  LQA_TRY(lqa_softmax_group_open(&w->r->plan, (int)w->number, f->max_rows, &w->group));
  w->label = lqa_malloc(f->max_rows, sizeof *w->label);
  w->fold = lqa_malloc(f->max_rows, sizeof *w->fold);
  w->order = lqa_malloc(f->max_rows, sizeof *w->order);
  w->blocks = lqa_malloc(f->n_blocks, sizeof *w->blocks);
  w->gap = lqa_calloc(lanes(&w->group), sizeof *w->gap);
  w->probabilities = lqa_malloc(f->max_rows, (size_t)w->r->problem->n_classes * sizeof(float));
  bool all = w->label && w->fold && w->order && w->blocks && w->gap && w->probabilities;
  return all ? LQA_OK : LQA_NO_MEMORY;
}

/* What only training and predicting need. */
static void close_buffers(worker *w) {
  lqa_feature_block_clear(&w->block);
  free(w->label);
  free(w->fold);
  free(w->order);
  free(w->blocks);
  free(w->gap);
  free(w->probabilities);
  w->label = NULL;
  w->fold = NULL;
  w->order = w->blocks = NULL;
  w->gap = NULL;
  w->probabilities = NULL;
}

static void close_worker(worker *w) {
  close_buffers(w);
  lqa_softmax_group_close(&w->group);
  for (int chunk = 0; chunk < CHUNKS; chunk++) {
    free(w->sums[chunk].sums);
    free(w->sums[chunk].gap);
  }
}

static lqa_status run_group(void *data, size_t task, size_t thread) {
  (void)thread;
  run *r = data;
  worker *w = &r->workers[task];
  lqa_status status;
  LQA_TRY_OUT(open_worker(w));
  LQA_TRY_OUT(train_group(w));
  atomic_store(&w->is_trained, true);
  LQA_TRY_OUT(predict_group(w, w));
  for (int g = 0; g < r->plan.n_groups; g++) {
    if (atomic_load(&r->workers[g].is_trained)) {
      LQA_TRY_OUT(predict_group(w, &r->workers[g]));
    }
  }
out:
  close_buffers(w);
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
  r->workers = lqa_calloc(n_groups, sizeof *r->workers);
  if (!r->first_row || !r->group_start || !r->errors || !r->workers) {
    return LQA_NO_MEMORY;
  }
  for (size_t g = 0; g < n_groups; g++) {
    r->workers[g].r = r;
    r->workers[g].number = g;
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
  LQA_TRY_OUT(lqa_pool_run(options->pool, (size_t)r.plan.n_groups, certify, &r));
  memcpy(folds, r.plan.models, (size_t)problem->n_folds * sizeof *folds);
out:
  for (int g = 0; r.workers && g < r.plan.n_groups; g++) {
    close_worker(&r.workers[g]);
  }
  lqa_softmax_plan_clear(&r.plan);
  lqa_scratch_close(&r.duals);
  free(r.first_row);
  free(r.group_start);
  free(r.errors);
  free(r.workers);
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
