/* Only rows with content, a known label and probabilities take part. Folds are dealt by the hash of
 * the content, so equal contents share one; they need not be the audit's folds, since the members
 * that are trained here leave out their own.
 *
 * What the structure of the data says and what training logs say are witnesses that are heard at
 * the end: a label that a finding suggests (the majority of equal contents, a shift of rows) is 20
 * times as likely as without it; what a training loss says is fitted to verified rows
 * (trust/loss_weight.h).
 */
#include "store/run_posterior.h"

#include "base/explog.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "model/problem/metrics.h"
#include "store/run_opinions.h"
#include "store/run_refit.h"
#include "trust/loss_weight.h"

#include <math.h>

enum { N_FOLDS = 5, MIN_ROWS = 50, MIN_REFIT_OPINIONS = 20 };
static const float SMALLEST = 1e-30f;
static const double STRUCTURAL_WEIGHT = 20;

typedef struct posterior_job {
  lqa_run *run;
  const lqa_run_posterior_options *options;
  lqa_npy npy;
  const float *given; /* options' probabilities, or NULL: npy's */
  int64_t *row;       /* of the run, for every row that takes part */
  int32_t *label;
  uint8_t *fold;
  float *log_p;
  bool has_skill;
  lqa_trust_rows rows;
  lqa_run_opinions opinions;
  lqa_run_refit refit;
  lqa_loss_weight by_loss;
  lqa_posterior *posterior;
} posterior_job;

static void forget(lqa_run *run) {
  lqa_evidence *e = &run->evidence;
  for (int64_t row = 0; row < e->n_rows; row++) {
    e->p_correct[row] = NAN;
    e->posterior_label[row] = LQA_CLASS_NONE;
  }
}

static lqa_status open_probabilities(posterior_job *j, lqa_error *err) {
  const lqa_run *run = j->run;
  j->given = j->options->pred_probs;
  if (j->given) {
    return LQA_OK;
  }
  char *path = lqa_path_join(run->folder, "pred_probs.npy");
  if (!path) {
    return lqa_fail_memory(err, "reading probabilities");
  }
  lqa_status status = lqa_npy_open(path, &j->npy, err);
  const lqa_matrix *m = &j->npy.matrix;
  if (status == LQA_OK &&
      (m->n_rows != run->rows.n_rows || m->n_columns != run->manifest.n_classes)) {
    status = lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                         "'%s' has %lld rows and %lld columns; the run has %lld rows and %d "
                         "classes. Audit the data again",
                         path, (long long)m->n_rows, (long long)m->n_columns,
                         (long long)run->rows.n_rows, (int)run->manifest.n_classes);
  }
  free(path);
  return status;
}

static void read_probabilities(const posterior_job *j, int64_t row, float *p) {
  size_t k = (size_t)j->run->manifest.n_classes;
  if (j->given) {
    memcpy(p, j->given + (size_t)row * k, k * sizeof *p);
  } else {
    lqa_matrix_row_f32(&j->npy.matrix, row, p);
  }
}

static uint8_t fold_of(const lqa_run_rows *rows, int64_t row) {
  uint64_t hash = rows->content_hash ? rows->content_hash[row].low : (uint64_t)row;
  return (uint8_t)(hash % N_FOLDS);
}

static lqa_status alloc(posterior_job *j) {
  size_t n = (size_t)j->run->rows.n_rows, k = (size_t)j->run->manifest.n_classes;
  j->row = lqa_malloc(n, sizeof *j->row);
  j->label = lqa_malloc(n, sizeof *j->label);
  j->fold = lqa_malloc(n, sizeof *j->fold);
  j->log_p = lqa_malloc(n, k * sizeof *j->log_p);
  return j->row && j->label && j->fold && j->log_p ? LQA_OK : LQA_NO_MEMORY;
}

static void take_logarithms(const void *data, int64_t from, int64_t to, double *sum) {
  const posterior_job *j = data;
  size_t k = (size_t)j->rows.n_classes;
  (void)sum;
  for (size_t i = (size_t)from * k; i < (size_t)to * k; i++) {
    j->log_p[i] = lqa_logf(j->log_p[i] > SMALLEST ? j->log_p[i] : SMALLEST);
  }
}

/* Lists the rows that take part, with their probabilities; looks whether the model has skill. */
static lqa_status list_rows(posterior_job *j) {
  const lqa_run *run = j->run;
  int32_t k = run->manifest.n_classes;
  int64_t n = 0;
  lqa_metrics metrics;
  LQA_TRY(alloc(j));
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    float *p = j->log_p + (size_t)n * (size_t)k;
    read_probabilities(j, row, p);
    if (!isnan(run->evidence.self_confidence[row]) && run->rows.label[row] >= 0 && !isnan(p[0])) {
      j->row[n] = row;
      j->label[n] = run->rows.label[row];
      j->fold[n++] = fold_of(&run->rows, row);
    }
  }
  lqa_scored scored = {j->log_p, j->label, n, k};
  LQA_TRY(lqa_metrics_run(&scored, &metrics));
  j->has_skill = metrics.n_rows > 0 && lqa_metrics_has_skill(&metrics);
  j->rows = (lqa_trust_rows){.n_rows = n,
                             .n_classes = k,
                             .n_folds = N_FOLDS,
                             .label = j->label,
                             .fold = j->fold,
                             .pool = j->options->pool,
                             .without = j->options->without};
  return lqa_trust_each(&j->rows, take_logarithms, j);
}

static bool has_opinions(const lqa_run *run) {
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    if (run->evidence.verdict[row] != LQA_VERDICT_NONE || run->evidence.decided_label[row] >= 0) {
      return true;
    }
  }
  return false;
}

static lqa_status list_opinions(posterior_job *j, lqa_error *err) {
  lqa_run *run = j->run;
  if (!has_opinions(run)) {
    return LQA_OK;
  }
  int64_t *number = lqa_malloc((size_t)run->rows.n_rows, sizeof *number);
  if (!number) {
    return LQA_NO_MEMORY;
  }
  memset(number, 0xff, (size_t)run->rows.n_rows * sizeof *number); /* all -1 */
  for (int64_t i = 0; i < j->rows.n_rows; i++) {
    number[j->row[i]] = i;
  }
  lqa_run_numbers numbers = {j->row, number, j->rows.n_rows};
  lqa_status status = lqa_run_opinions_list(run, &numbers, &j->opinions, err);
  free(number);
  return status;
}

/* ---- results ---- */

static bool has_losses(const posterior_job *j) {
  return j->run->manifest.loss_files.n > 0 && !(j->rows.without & LQA_WITHOUT_LOSSES);
}

/* Odds of a wrong label after the training logs. */
static double loss_weight(const posterior_job *j, int64_t row) {
  if (!has_losses(j) || isnan(j->run->evidence.loss[row])) {
    return 1;
  }
  return lqa_loss_weight_get(&j->by_loss, j->run->evidence.loss_percentile[row]);
}

/* What the verified rows show of the training logs. */
static lqa_status fit_losses(posterior_job *j) {
  const lqa_opinions *o = &j->posterior->used;
  size_t n = 0, k = (size_t)j->rows.n_classes;
  lqa_loss_weight_init(&j->by_loss);
  if (!has_losses(j) || o->n == 0) {
    return LQA_OK;
  }
  lqa_loss_check *checks = lqa_malloc(o->n, sizeof *checks);
  if (!checks) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < o->n; i++) {
    int64_t number = o->items[i].row, row = j->row[number];
    bool is_new = i == 0 || o->items[i - 1].row != number;
    if (is_new && !isnan(j->run->evidence.loss[row])) {
      const float *q = j->posterior->class_p + (size_t)number * k;
      checks[n++] = (lqa_loss_check){.percentile = j->run->evidence.loss_percentile[row],
                                     .predicted = j->posterior->p_wrong[number],
                                     .observed = 1 - (double)q[j->label[number]]};
    }
  }
  lqa_loss_weight_fit(&j->by_loss, checks, n);
  free(checks);
  return LQA_OK;
}

static void set_row(const posterior_job *j, int64_t i) {
  lqa_evidence *e = &j->run->evidence;
  int64_t row = j->row[i];
  int32_t n = j->rows.n_classes, best = 0;
  double total = 0, given = 0, largest = -1, by_loss = loss_weight(j, row);
  int32_t structural =
      j->rows.without & LQA_WITHOUT_STRUCTURE ? LQA_CLASS_NONE : e->structural_label[row];
  for (int32_t k = 0; k < n; k++) {
    double p = (double)j->posterior->class_p[i * n + k];
    p *= k == structural ? STRUCTURAL_WEIGHT : 1;
    p *= k == j->label[i] ? 1 : by_loss;
    given = k == j->label[i] ? p : given;
    best = p > largest ? k : best;
    largest = p > largest ? p : largest;
    total += p;
  }
  e->p_correct[row] = given / total;
  e->posterior_label[row] = best;
  if (e->decided_label[row] >= 0) {
    e->p_correct[row] = e->decided_label[row] == j->label[i];
    e->posterior_label[row] = e->decided_label[row];
  }
}

/* Boosted trees are close to their labels: on adult they find half of the wrong ones, by their
 * likelihood, and disagree with three times as many (bench/trust.py --sets). 0: the usual bound. */
static double min_claim_of(const lqa_run *run) {
  bool is_given = run->manifest.source.pred_probs.n > 0;
  return !is_given && run->manifest.content_kind == LQA_CONTENT_TABLE ? .35 : 0;
}

static lqa_status run_stages(posterior_job *j, lqa_error *err) {
  lqa_run *run = j->run;
  LQA_TRY(list_opinions(j, err));
  if (j->opinions.items.n >= MIN_REFIT_OPINIONS) {
    lqa_run_refit_input contents = {run, j->row, &j->rows, j->options->memory_bytes};
    LQA_TRY(lqa_run_refit_prepare(&contents, &j->refit, err));
  }
  lqa_posterior_input input = {.model = {.rows = &j->rows,
                                         .n_members = 1,
                                         .log_p = {j->log_p},
                                         .prior = {1},
                                         .min_claim = min_claim_of(run),
                                         .room = j->log_p},
                               .refit = j->refit.refit.data ? &j->refit.refit : NULL,
                               .is_alone = j->opinions.items.n == 0};
  lqa_opinions opinions = {j->opinions.items.data, j->opinions.items.n, (int)j->opinions.judges.n,
                           true};
  lqa_observe_progress(run->observer, "weighing the evidence", -1);
  LQA_TRY(lqa_posterior_new(&input, &j->posterior));
  if (opinions.n > 0) {
    LQA_TRY(lqa_posterior_update(j->posterior, &opinions));
  }
  lqa_trust_summary_input summary = {j->posterior, &opinions, j->opinions.judges.data,
                                     j->has_skill};
  LQA_TRY(lqa_trust_summary_make(&summary, &run->arena, &run->trust));
  run->trust.why_no_refit = j->refit.why_not;
  LQA_TRY(fit_losses(j));
  for (int64_t i = 0; i < j->rows.n_rows; i++) {
    set_row(j, i);
  }
  return LQA_OK;
}

/* Why there can be no posterior, or NULL. */
static const char *find_obstacle(const posterior_job *j) {
  if (j->rows.n_classes < 2) {
    return "there are fewer than two classes";
  }
  if (j->rows.n_classes > LQA_CHANNEL_MAX_CLASSES) {
    return "there are more than 2,000 classes";
  }
  return j->rows.n_rows < MIN_ROWS
             ? "fewer than 50 rows have content, a known label and probabilities"
             : NULL;
}

static void clear(posterior_job *j) {
  lqa_posterior_free(j->posterior);
  lqa_run_refit_clear(&j->refit);
  lqa_npy_close(&j->npy);
  lqa_run_opinions_clear(&j->opinions);
  free(j->row);
  free(j->label);
  free(j->fold);
  free(j->log_p);
}

lqa_status lqa_run_posterior(lqa_run *run, const lqa_run_posterior_options *options,
                             lqa_error *err) {
  posterior_job j = {.run = run, .options = options};
  lqa_status status;
  forget(run);
  run->trust = (lqa_trust_summary){.why_not = "the run has no rows"};
  if (run->rows.n_rows == 0) {
    return LQA_OK;
  }
  LQA_TRY_OUT(open_probabilities(&j, err));
  LQA_TRY_OUT(list_rows(&j));
  run->trust.why_not = find_obstacle(&j);
  LQA_TRY_OUT(run->trust.why_not ? LQA_OK : run_stages(&j, err));
out:
  clear(&j);
  if (status == LQA_NO_MEMORY) {
    return lqa_fail_memory(err, "weighing the evidence");
  }
  return status == LQA_INTERRUPTED
             ? lqa_fail(err, LQA_INTERRUPTED, "interrupted while the evidence was weighed")
             : status;
}
