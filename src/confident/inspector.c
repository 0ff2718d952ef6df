/* confident/inspector.c - confident learning over batches of rows, three times
 * forwards.
 *
 * A batch is a small problem of its own (confident.h), so it is checked, scaled and scanned by the
 * same code as a whole matrix. What the passes add up:
 *
 *   1. thresholds  a running pairwise sum of self-confidence per class (base/running_sum.h)
 *   2. joint       counts, and two bits a row
 *   3. flags       the quotas' rows (quota_members.h)
 *
 * Nothing depends on where batches are cut: sums run in row order, counts are whole numbers, ties
 * go to the earlier row. So the answer is that of the matrix in one piece.
 *
 * A pass must bring the rows of the first one. That is checked by the number of rows of each class:
 * a stream that broke off, or another file, is an error and not an answer.
 */
#include "labelqa/inspector.h"

#include "confident/prune.h"
#include "confident/quota_members.h"
#include "base/memory.h"
#include "base/running_sum.h"
#include "base/vec.h"

#include <stdio.h>

struct lqa_inspector {
  lqa_inspector_options options;
  lqa_observer quiet; /* cancellation only: batches have nothing to say */
  lqa_pool *pool;
  lqa_pass pass;
  lqa_confident totals; /* what is known of all rows: classes, counts, rows, precision */
  lqa_dtype type;       /* of the first batch */
  int64_t n_rows;       /* in this pass so far */
  int64_t *class_count; /* the same, by class */
  int64_t n_scaled;
  lqa_running_sum *sum; /* per class */
  lqa_thresholds thresholds;
  int64_t *joint, *batch_joint, *quota;
  int64_t n_issues;
  LQA_VEC(uint8_t) flags;
  lqa_quota_members members;
};

void lqa_inspector_options_init(lqa_inspector_options *options) {
  *options = (lqa_inspector_options){.tolerance = LQA_CL_TOLERANCE};
  lqa_filter_options_init(&options->filter);
}

lqa_status lqa_inspector_open(const lqa_inspector_options *options, lqa_inspector **out,
                              lqa_error *err) {
  lqa_filter_by filter = options->filter.filter_by;
  if (filter != LQA_FILTER_PRUNE_BY_NOISE_RATE && filter != LQA_FILTER_PRUNE_BY_CLASS &&
      filter != LQA_FILTER_BOTH) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "batches can be filtered by prune_by_noise_rate, prune_by_class or both");
  }
  lqa_inspector *in = lqa_calloc(1, sizeof *in);
  if (!in) {
    return lqa_fail_memory(err, "opening an inspector");
  }
  in->options = *options;
  if (options->observer) {
    in->quiet.cancelled = options->observer->cancelled;
  }
  if (options->threads != 1) {
    in->pool = lqa_pool_new((int)options->threads);
    if (!in->pool) {
      free(in);
      return lqa_fail_memory(err, "starting threads");
    }
  }
  *out = in;
  return LQA_OK;
}

void lqa_inspector_close(lqa_inspector *in) {
  if (!in) {
    return;
  }
  for (int32_t k = 0; in->sum && k < in->totals.n_classes; k++) {
    lqa_running_sum_clear(&in->sum[k]);
  }
  lqa_quota_members_clear(&in->members);
  lqa_vec_clear(&in->flags);
  free(in->sum);
  free(in->thresholds.value);
  free(in->joint);
  free(in->batch_joint);
  free(in->quota);
  free(in->class_count);
  free(in->totals.class_count);
  lqa_pool_free(in->pool);
  free(in);
}

/* ---- batches ---- */

static lqa_status start(lqa_inspector *in, const lqa_confident *batch, lqa_dtype type,
                        lqa_error *err) {
  size_t n = (size_t)batch->n_classes;
  const lqa_joint *joint = in->options.filter.confident_joint;
  if (joint && joint->n != batch->n_classes) {
    return lqa_fail(err, LQA_BAD_USAGE, "confident_joint is %d x %d but there are %d classes",
                    (int)joint->n, (int)joint->n, (int)batch->n_classes);
  }
  in->totals = (lqa_confident){.ties = LQA_TIES_STABLE,
                               .n_classes = batch->n_classes,
                               .is_single = batch->is_single,
                               .class_count = lqa_calloc(n, sizeof(int64_t))};
  in->type = type;
  in->sum = lqa_calloc(n, sizeof *in->sum);
  in->thresholds.value = lqa_calloc(n, sizeof(double));
  in->class_count = lqa_calloc(n, sizeof *in->class_count);
  bool is_full = in->totals.class_count && in->sum && in->thresholds.value && in->class_count;
  return is_full ? LQA_OK : lqa_fail_memory(err, "inspecting labels");
}

/* The batch fits what came before it. */
static lqa_status check_batch(lqa_inspector *in, const lqa_confident *batch, lqa_dtype type,
                              lqa_error *err) {
  if (!in->sum) {
    return start(in, batch, type, err);
  }
  if (batch->n_classes != in->totals.n_classes) {
    return lqa_fail(err, LQA_BAD_DATA, "pred_probs has %d columns but earlier batches have %d",
                    (int)batch->n_classes, (int)in->totals.n_classes);
  }
  if (type != in->type) {
    return lqa_fail(err, LQA_BAD_DATA, "pred_probs is of another type than in earlier batches");
  }
  if (in->pass != LQA_PASS_THRESHOLDS && batch->n_rows > in->totals.n_rows - in->n_rows) {
    return lqa_fail(err, LQA_BAD_DATA,
                    "this pass has more rows than the %lld of the first one: give each pass the "
                    "same batches",
                    (long long)in->totals.n_rows);
  }
  return LQA_OK;
}

static lqa_status add_to_thresholds(lqa_inspector *in, const lqa_confident *batch, lqa_error *err) {
  int32_t label[LQA_LABEL_BLOCK];
  for (int64_t row = 0; row < batch->n_rows; row += LQA_LABEL_BLOCK) {
    int64_t n = batch->n_rows - row < LQA_LABEL_BLOCK ? batch->n_rows - row : LQA_LABEL_BLOCK;
    lqa_confident_read_labels(batch, row, n, label);
    for (int64_t i = 0; i < n; i++) {
      if (label[i] < 0) {
        continue;
      }
      double own = lqa_confident_value(batch, row + i, label[i]);
      if (lqa_running_sum_add(&in->sum[label[i]], own, batch->is_single) != LQA_OK) {
        return lqa_fail_memory(err, "averaging self-confidence");
      }
    }
  }
  return LQA_OK;
}

static lqa_status add_to_joint(lqa_inspector *in, lqa_confident *batch, lqa_error *err) {
  size_t n_cells = (size_t)in->totals.n_classes * (size_t)in->totals.n_classes;
  lqa_confident_scan scan = {.joint = in->batch_joint, .flags = in->flags.data + in->n_rows};
  LQA_TRY(lqa_confident_scan_rows(batch, &in->thresholds, &scan, err));
  for (size_t i = 0; i < n_cells; i++) {
    in->joint[i] += in->batch_joint[i];
  }
  in->n_issues += scan.n_both;
  return LQA_OK;
}

static lqa_status add_batch(lqa_inspector *in, lqa_confident *batch, lqa_error *err) {
  switch (in->pass) {
  case LQA_PASS_THRESHOLDS:
    in->n_scaled += batch->n_scaled;
    return add_to_thresholds(in, batch, err);
  case LQA_PASS_JOINT:
    return add_to_joint(in, batch, err);
  case LQA_PASS_FLAGS:
    return lqa_quota_members_add(&in->members, batch, in->options.rank_by, in->n_rows, err);
  case LQA_PASS_DONE:
    break;
  }
  return lqa_fail(err, LQA_BAD_USAGE, "all passes are over: open another inspector");
}

/* Says which batch it was; rows count from the first row of the pass. */
static lqa_status told(const lqa_inspector *in, lqa_status status, lqa_error *err) {
  if (status == LQA_OK || !err) {
    return status;
  }
  if (status == LQA_INTERRUPTED) {
    return lqa_fail(err, status, "stopped on request");
  }
  if (in->n_rows > 0 && status == LQA_BAD_DATA) {
    lqa_error batch = *err;
    int64_t row = batch.row < 0 ? -1 : batch.row + in->n_rows;
    return lqa_fail_at(err, status, NULL, row, NULL, "in the batch that starts at row %lld: %s",
                       (long long)in->n_rows, batch.message);
  }
  return status;
}

/* Later passes bring the same rows: they are looked at again only to find those to be scaled. */
static bool must_check(const lqa_inspector *in) {
  return in->options.tolerance >= 0 && (in->pass == LQA_PASS_THRESHOLDS || in->n_scaled > 0);
}

lqa_status lqa_inspector_add(lqa_inspector *in, const lqa_matrix *labels,
                             const lqa_matrix *pred_probs, lqa_error *err) {
  lqa_confident *batch = NULL;
  lqa_confident_input input = {.pred_probs = pred_probs,
                               .labels = labels,
                               .ties = LQA_TIES_STABLE,
                               .pool = in->pool,
                               .observer = &in->quiet};
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_confident_new(&input, &batch, err));
  LQA_TRY_OUT(check_batch(in, batch, pred_probs->dtype, err));
  if (must_check(in)) {
    LQA_TRY_OUT(lqa_confident_check(batch, in->options.tolerance, err));
  }
  LQA_TRY_OUT(add_batch(in, batch, err));
  for (int32_t k = 0; k < in->totals.n_classes; k++) {
    in->class_count[k] += batch->class_count[k];
  }
  in->n_rows += batch->n_rows;
out:
  lqa_confident_free(batch);
  return told(in, status, err);
}

/* ---- between passes ---- */

static lqa_status end_thresholds(lqa_inspector *in, lqa_error *err) {
  size_t n = (size_t)in->totals.n_classes;
  bool is_single = in->totals.is_single;
  in->totals.n_rows = in->n_rows;
  for (size_t k = 0; k < n; k++) {
    double sum = lqa_running_sum_total(&in->sum[k], in->totals.is_single);
    in->thresholds.value[k] = lqa_confident_average(sum, in->class_count[k], in->totals.is_single);
    in->totals.class_count[k] = in->class_count[k];
    lqa_running_sum_clear(&in->sum[k]);
    is_single = is_single && in->class_count[k] > 0;
  }
  in->thresholds.is_single = is_single;
  lqa_confident_lift_thresholds(&in->thresholds, in->totals.n_classes);
  in->joint = lqa_calloc(n * n, sizeof *in->joint);
  in->batch_joint = lqa_malloc(n * n, sizeof *in->batch_joint);
  if (!in->joint || !in->batch_joint || lqa_vec_reserve(&in->flags, (size_t)in->n_rows) != LQA_OK) {
    return lqa_fail_memory(err, "inspecting labels");
  }
  in->flags.n = (size_t)in->n_rows;
  if (in->n_scaled > 0) {
    lqa_observe_message(in->options.observer, LQA_MESSAGE_WARN,
                        "%lld of %lld rows of pred_probs did not sum to 1 (within %g): scaled",
                        (long long)in->n_scaled, (long long)in->n_rows, in->options.tolerance);
  }
  return LQA_OK;
}

static lqa_status end_joint(lqa_inspector *in, lqa_error *err) {
  size_t n_cells = (size_t)in->totals.n_classes * (size_t)in->totals.n_classes;
  in->quota = in->batch_joint;
  in->batch_joint = NULL;
  memcpy(in->quota, in->joint, n_cells * sizeof *in->quota);
  LQA_TRY(lqa_prune_quotas(&in->totals, &in->options.filter, in->quota, err));
  return lqa_quota_members_init(&in->members, &in->totals, &in->options.filter, in->quota, err);
}

static void end_flags(lqa_inspector *in) {
  uint8_t bits = LQA_ROW_DISAGREES;
  bits |= in->members.taker ? LQA_ROW_BY_NOISE_RATE : 0;
  bits |= in->members.worst ? LQA_ROW_BY_CLASS : 0;
  lqa_quota_members_mark(&in->members, in->flags.data);
  for (size_t row = 0; row < in->flags.n; row++) {
    in->flags.data[row] = (in->flags.data[row] & bits) == bits;
  }
}

static lqa_status check_same_rows(const lqa_inspector *in, lqa_error *err) {
  if (in->n_rows == 0) {
    return lqa_fail(err, LQA_BAD_DATA, "no rows were given");
  }
  if (in->pass == LQA_PASS_THRESHOLDS) {
    return LQA_OK;
  }
  if (in->n_rows != in->totals.n_rows) {
    return lqa_fail(err, LQA_BAD_DATA,
                    "this pass ended after %lld rows but the first one had %lld: give each pass "
                    "the same batches",
                    (long long)in->n_rows, (long long)in->totals.n_rows);
  }
  for (int32_t k = 0; k < in->totals.n_classes; k++) {
    if (in->class_count[k] != in->totals.class_count[k]) {
      return lqa_fail(err, LQA_BAD_DATA,
                      "this pass has %lld rows labelled %d but the first one had %lld: give each "
                      "pass the same batches",
                      (long long)in->class_count[k], (int)k, (long long)in->totals.class_count[k]);
    }
  }
  return LQA_OK;
}

lqa_status lqa_inspector_next(lqa_inspector *in, lqa_error *err) {
  LQA_TRY(check_same_rows(in, err));
  if (in->pass == LQA_PASS_THRESHOLDS) {
    LQA_TRY(end_thresholds(in, err));
  } else if (in->pass == LQA_PASS_JOINT) {
    LQA_TRY(end_joint(in, err));
  } else if (in->pass == LQA_PASS_FLAGS) {
    end_flags(in);
  }
  in->pass += in->pass < LQA_PASS_DONE;
  in->n_rows = 0;
  memset(in->class_count, 0, (size_t)in->totals.n_classes * sizeof *in->class_count);
  return LQA_OK;
}

/* ---- results ---- */

lqa_pass lqa_inspector_pass(const lqa_inspector *in) {
  return in->pass;
}
int64_t lqa_inspector_count_rows(const lqa_inspector *in) {
  return in->pass == LQA_PASS_THRESHOLDS ? in->n_rows : in->totals.n_rows;
}
int32_t lqa_inspector_count_classes(const lqa_inspector *in) {
  return in->totals.n_classes;
}
int64_t lqa_inspector_count_scaled(const lqa_inspector *in) {
  return in->n_scaled;
}
const double *lqa_inspector_thresholds(const lqa_inspector *in) {
  return in->thresholds.value;
}
int64_t lqa_inspector_count_issues(const lqa_inspector *in) {
  return in->n_issues;
}
const int64_t *lqa_inspector_joint(const lqa_inspector *in) {
  return in->joint;
}
const uint8_t *lqa_inspector_issues(const lqa_inspector *in) {
  return in->flags.data;
}

static int compare_scores(const void *a, const void *b) {
  const lqa_taken *x = a;
  const lqa_taken *y = b;
  if (x->score != y->score) {
    return x->score < y->score ? -1 : 1;
  }
  return (x->row > y->row) - (x->row < y->row);
}

/* The flagged rows among the taken, some of them several times. */
static size_t gather(const lqa_inspector *in, lqa_taken *out) {
  size_t n = 0, n_classes = (size_t)in->totals.n_classes;
  const lqa_taker *list = in->members.taker ? in->members.taker : in->members.worst;
  size_t n_lists = in->members.taker ? n_classes * n_classes : n_classes;
  for (size_t i = 0; i < n_lists; i++) {
    for (size_t j = 0; j < list[i].n; j++) {
      if (in->flags.data[list[i].data[j].row]) {
        if (out) {
          out[n] = list[i].data[j];
        }
        n++;
      }
    }
  }
  return n;
}

lqa_status lqa_inspector_rank(const lqa_inspector *in, lqa_ranking *ranking, lqa_error *err) {
  if (in->pass != LQA_PASS_DONE) {
    return lqa_fail(err, LQA_BAD_USAGE, "rows can be ranked once all passes are over");
  }
  size_t n = gather(in, NULL);
  lqa_taken *taken = lqa_malloc(n, sizeof *taken);
  int64_t *rows = lqa_malloc(n, sizeof *rows);
  if (!taken || !rows) {
    free(taken);
    free(rows);
    return lqa_fail_memory(err, "ranking label issues");
  }
  gather(in, taken);
  qsort(taken, n, sizeof *taken, compare_scores);
  int64_t n_rows = 0;
  for (size_t i = 0; i < n; i++) {
    if (i == 0 || taken[i].row != taken[i - 1].row) {
      rows[n_rows++] = taken[i].row;
    }
  }
  free(taken);
  *ranking = (lqa_ranking){rows, n_rows};
  return LQA_OK;
}
