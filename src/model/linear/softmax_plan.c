/* What training in memory and streamed training share: how models are laid out in lanes and groups,
 * when one has converged, and its certificate.
 */
#include "model/linear/softmax_plan.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

/* Of the constant feature: at most BIAS_SCALE, and BIAS_ROWS in the rows of an average class. More
 * ties all rows to each other and slows every epoch's progress; less, and the intercepts crawl.
 * Epochs to 1e-6 for AG News (13,488 rows a class): .3: 8; .1 to .03: 7; .003: 14. Banking77 (130
 * rows a class): .3: 8 to 9; .1: 10; .03: 14. */
#define BIAS_SCALE 0.3f
#define BIAS_ROWS 700.f
#define INTERCEPT_TOLERANCE                                                               \
  1000.0                    /* times tolerance: movement of an intercept, in log-odds ... \
                             */
#define INTERCEPT_LIMIT 0.1 /* ... and at most this much */

enum { MAX_LANES = LQA_SMALL_VECTORS * LQA_LANES };

lqa_softmax_options lqa_softmax_defaults(void) {
  return (lqa_softmax_options){
      .C = 1.0, .tolerance = 1e-6, .inner_tolerance = 1e-2, .max_epochs = 300};
}

/* Lanes that a fold's classes take. */
int lqa_softmax_fold_width(int32_t n_classes) {
  for (int width = 2; width <= LQA_LANES; width *= 2) {
    if (n_classes <= width) {
      return width;
    }
  }
  return (n_classes + LQA_LANES - 1) / LQA_LANES * LQA_LANES;
}

/* For n_folds models of one kind: as few groups as the lanes allow, but one for every thread. */
static int count_groups(const lqa_softmax_plan *plan, size_t n_threads) {
  int per_group = plan->width > LQA_LANES ? 1 : MAX_LANES / plan->width; /* at most LQA_MAX_GROUP */
  int n_folds = plan->problem->n_folds, needed = (n_folds + per_group - 1) / per_group;
  int wanted = n_threads < (size_t)n_folds ? (int)n_threads : n_folds;
  return wanted > needed ? wanted : needed;
}

/* Models of the two kinds stop at different tolerances, so they form different groups. */
static void plan_groups(lqa_softmax_plan *plan, size_t n_threads) {
  bool pairs = plan->n_models > plan->problem->n_folds;
  plan->n_outer_groups = count_groups(plan, pairs ? (n_threads + 1) / 2 : n_threads);
  plan->n_groups = pairs ? 2 * plan->n_outer_groups : plan->n_outer_groups;
}

static void count_classes(lqa_softmax_plan *plan) {
  const lqa_problem *p = plan->problem;
  for (int64_t row = 0; row < p->x->n_rows; row++) {
    if (p->fold[row] != LQA_NO_FOLD) {
      plan->n_rows++;
      plan->n_in_class[p->fold[row] * p->n_classes + p->label[row]]++;
    }
  }
}

lqa_status lqa_softmax_plan_init(lqa_softmax_plan *plan, const lqa_problem *problem,
                                 const lqa_softmax_options *options, const lqa_predictions *out) {
  *plan = (lqa_softmax_plan){.problem = problem,
                             .options = options,
                             .out = out,
                             .bias_scale = BIAS_SCALE,
                             .n_models = lqa_model_count(out, problem->n_folds),
                             .width = lqa_softmax_fold_width(problem->n_classes)};
  plan->models = lqa_calloc((size_t)plan->n_models, sizeof *plan->models);
  plan->n_in_class =
      lqa_calloc((size_t)problem->n_folds * (size_t)problem->n_classes, sizeof *plan->n_in_class);
  if (!plan->models || !plan->n_in_class) {
    return LQA_NO_MEMORY;
  }
  plan_groups(plan, lqa_pool_threads(options->pool));
  count_classes(plan);
  if (plan->bias_scale * (float)plan->n_rows > BIAS_ROWS * (float)problem->n_classes) {
    plan->bias_scale = BIAS_ROWS * (float)problem->n_classes / (float)plan->n_rows;
  }
  return LQA_OK;
}

void lqa_softmax_plan_clear(lqa_softmax_plan *plan) {
  free(plan->models);
  free(plan->n_in_class);
}

/* Training rows of class `k` for a model. */
static int64_t training_count(const lqa_softmax_plan *plan, lqa_holdout holdout, int32_t k) {
  int64_t total = 0;
  for (int fold = 0; fold < plan->problem->n_folds; fold++) {
    bool trains = fold != holdout.first && fold != holdout.second;
    total += trains ? plan->n_in_class[fold * plan->problem->n_classes + k] : 0;
  }
  return total;
}

/* Says for every lane which model and class it is, and whether there is anything to learn. An
 * intercept starts at the logarithm of its class's share: a class of one row is far from the rest.
 */
static void set_lanes(const lqa_softmax_plan *plan, lqa_softmax_group *g) {
  int32_t *first = (int32_t *)g->first_out, *second = (int32_t *)g->second_out;
  int32_t *class = (int32_t *)g->lane_class;
  int32_t *valid = (int32_t *)g->valid, *active = (int32_t *)g->active;
  float even = (float)plan->n_rows / (float)plan->problem->n_classes;
  for (int lane = 0; lane < g->n_vectors * LQA_LANES; lane++) {
    int m = lane / g->width, k = lane % g->width;
    bool used = m < g->n_models && k < plan->problem->n_classes;
    lqa_holdout holdout = lqa_holdout_of(g->first_model + m, plan->problem->n_folds);
    int64_t n = used ? training_count(plan, holdout, k) : 0;
    first[lane] = holdout.first;
    second[lane] = holdout.second;
    class[lane] = k;
    valid[lane] = active[lane] = n > 0 ? -1 : 0;
    g->n_train[m < g->n_models ? m : 0] += n;
    ((float *)g->centre)[lane] = n > 0 ? lqa_logf((float)n / even) : 0;
  }
}

lqa_status lqa_softmax_group_open(const lqa_softmax_plan *plan, int number, size_t n_rows,
                                  lqa_softmax_group *g) {
  int n_folds = plan->problem->n_folds, n_groups = plan->n_outer_groups;
  int kind = number / n_groups, within = number % n_groups; /* kind 1: pair models */
  int first = within * n_folds / n_groups;
  *g = (lqa_softmax_group){
      .problem = plan->problem,
      .first_model = kind * n_folds + first,
      .n_models = (within + 1) * n_folds / n_groups - first,
      .width = plan->width,
      .C = (float)(plan->options->C * (plan->problem->n_classes == 2 ? 0.5 : 1.0)),
      .bias_scale = plan->bias_scale / (float)plan->options->C,
      .row_weight = plan->options->weight};
  g->n_vectors = (g->n_models * g->width + LQA_LANES - 1) / LQA_LANES;
  size_t n = (size_t)g->n_vectors;
  g->weight = lqa_calloc_table((size_t)plan->problem->x->n_columns, n * sizeof *g->weight);
  g->residual = lqa_calloc_table(n_rows, n * sizeof *g->residual);
  g->row = lqa_malloc_aligned(n_rows, sizeof *g->row);
  g->centre = lqa_calloc_table(n * 3, sizeof *g->centre);
  g->first_out = lqa_calloc_table(n * 5, sizeof *g->first_out);
  g->scratch = lqa_calloc_table(n * 6, sizeof *g->scratch);
  if (!g->weight || !g->residual || !g->row || !g->centre || !g->first_out || !g->scratch) {
    return LQA_NO_MEMORY;
  }
  g->pull = g->centre + n;
  g->gap = g->centre + 2 * n;
  g->second_out = g->first_out + n;
  g->lane_class = g->first_out + 2 * n;
  g->valid = g->first_out + 3 * n;
  g->active = g->first_out + 4 * n;
  set_lanes(plan, g);
  return LQA_OK;
}

static float square_norm_of(const lqa_sparse *x, int64_t row) {
  double sum = 0;
  for (uint64_t i = x->row_start[row]; i < x->row_start[row + 1]; i++) {
    sum += (double)x->value[i] * (double)x->value[i];
  }
  return (float)sum;
}

void lqa_softmax_describe_rows(lqa_softmax_group *g, const float *square_norm) {
  const lqa_problem *p = g->problem;
  for (int64_t row = 0; row < p->x->n_rows; row++) {
    float scale = g->row_weight ? g->C * g->row_weight[row] : g->C;
    float norm = square_norm ? square_norm[row] : square_norm_of(p->x, row);
    g->row[row] =
        (lqa_softmax_row){.start = p->x->row_start[row],
                          .n = (uint32_t)(p->x->row_start[row + 1] - p->x->row_start[row]),
                          .scale = scale,
                          .curve = scale * (norm + g->bias_scale),
                          .label = p->label[row],
                          .fold = p->fold[row]};
  }
}

void lqa_softmax_group_close(lqa_softmax_group *g) {
  free(g->weight);
  free(g->residual);
  free(g->row);
  free(g->centre);
  free(g->first_out);
  free(g->scratch);
}

/* Moves the centres of the intercepts; returns the largest movement within model `m`. */
static double move_intercepts(lqa_softmax_group *g, int m) {
  const float *pull = (const float *)g->pull + m * g->width;
  float *centre = (float *)g->centre + m * g->width;
  double largest = 0;
  for (int k = 0; k < g->width; k++) {
    largest = fabs((double)pull[k]) > largest ? fabs((double)pull[k]) : largest;
    centre[k] += pull[k];
  }
  return largest;
}

/* After an epoch: moves the intercepts, retires models that have converged, returns how many go on.
 */
int lqa_softmax_check_models(const lqa_softmax_plan *plan, lqa_softmax_group *g, int epoch) {
  bool pairs = g->first_model >= plan->problem->n_folds;
  double tolerance = pairs ? plan->options->inner_tolerance : plan->options->tolerance;
  int n_left = 0;
  for (int m = 0; m < g->n_models; m++) {
    lqa_softmax_fold *model = &plan->models[g->first_model + m];
    if (model->converged) {
      continue;
    }
    const float *gap = (const float *)g->gap + m * g->width;
    double sum = 0, moved = move_intercepts(g, m);
    for (int k = 0; k < g->width; k++) {
      sum += (double)gap[k];
    }
    model->epochs = epoch;
    model->converged = sum <= tolerance * (double)g->n_train[m] &&
                       moved <= fmin(tolerance * INTERCEPT_TOLERANCE, INTERCEPT_LIMIT);
    n_left += !model->converged;
    for (int k = 0; model->converged && k < g->width; k++) {
      ((int32_t *)g->active)[m * g->width + k] = 0;
    }
  }
  return n_left;
}

void lqa_softmax_add_sums(const lqa_softmax_group *g, lqa_softmax_block *sums,
                          const lqa_softmax_block *more) {
  for (int m = 0; m < g->n_models; m++) {
    sums->sums[m].loss += more->sums[m].loss;
    sums->sums[m].n_train += more->sums[m].n_train;
    sums->sums[m].n_correct += more->sums[m].n_correct;
  }
  for (size_t i = 0; i < 2 * (size_t)g->n_vectors * LQA_LANES; i++) {
    sums->gap[i] += more->gap[i]; /* the gradient follows the gap */
  }
}

/* Half the squared norm of a model's weights. */
static double penalty(const lqa_softmax_group *g, int m, int32_t n_columns) {
  double sum = 0;
  for (int32_t column = 0; column < n_columns; column++) {
    const float *lane = (const float *)(g->weight + (size_t)column * (size_t)g->n_vectors);
    for (int k = 0; k < g->width; k++) {
      double weight = (double)lane[m * g->width + k];
      sum += weight * weight;
    }
  }
  return sum / 2;
}

/* Turns sums over training rows into a model's certificate, in scikit-learn's scale. */
void lqa_softmax_certify(const lqa_softmax_plan *plan, const lqa_softmax_group *g,
                         const lqa_softmax_block *sums, int m) {
  lqa_softmax_fold *model = &plan->models[g->first_model + m];
  double scale = plan->problem->n_classes == 2 ? 2.0 : 1.0, C = (double)g->C, gap = 0, slope = 0;
  for (int k = 0; k < g->width; k++) {
    gap += sums->gap[m * g->width + k];
    double gradient = fabs(sums->gradient[m * g->width + k]);
    slope = gradient > slope ? gradient : slope;
  }
  model->n_train = sums->sums[m].n_train;
  model->n_train_correct = sums->sums[m].n_correct;
  model->objective = scale * (penalty(g, m, plan->problem->x->n_columns) + C * sums->sums[m].loss);
  model->gap = scale * C * gap;
  model->intercept_gradient = slope;
}
