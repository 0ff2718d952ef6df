/* model/votes/annotator.c - one annotator at a time, in parallel: counts against consensus, others,
 * truth.
 *
 * Intervals are Wilson's over the annotator's votes, with consensus and the others' majorities
 * taken as given. Kappa's interval is that of the agreement, moved by the agreement by chance.
 *
 * Marks are for people to look at. Spammer: even the upper end of kappa (99 %) is below 0.2, over
 * at least 20 votes. Drift: right votes come earlier or later than chance would have it (rank-sum
 * test at 1 % over all annotators together), and the halves differ by a tenth.
 *
 * References: Wilson (1927); Cohen (1960); Mann and Whitney (1947).
 */
#include "model/votes/annotator.h"

#include "base/memory.h"
#include "base/interval.h"
#include "model/votes/majority_without.h"

#include <math.h>
#include <string.h>

#define MARK_CONFIDENCE 0.99
#define SPAM_KAPPA 0.2
#define REVERSED_KAPPA -0.2
#define CONSTANT_SHARE 0.95
#define DRIFT_STEP 0.1

enum { LEAST_JUDGED = 20, LEAST_TIMED = 30 };

/* A judged vote in time. */
struct moment {
  double time;
  int64_t order; /* among the annotator's votes, where times are equal */
  bool is_right;
};

struct scratch {
  int64_t *said, *consensus, *others; /* n_classes counts */
  int64_t *cell;                      /* most votes of an annotator: consensus * n_classes + said */
  struct moment *moment;
};

struct measuring {
  const lqa_votes *votes;
  const lqa_consensus *consensus;
  const lqa_annotators_options *options;
  lqa_item_counts *counts;
  struct scratch *scratch; /* per worker */
  double drift_limit;      /* of the rank-sum statistic */
  lqa_annotator *out;
};

/* ---- counts ---- */

static int compare_cells(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The commonest cell that is no agreement; the first of equals. */
static void find_worst(const struct measuring *m, struct scratch *s, lqa_annotator *out) {
  int64_t n = m->votes->n_classes;
  qsort(s->cell, (size_t)out->n_votes, sizeof *s->cell, compare_cells);
  out->worst[0] = out->worst[1] = -1;
  for (int64_t i = 0; i < out->n_votes;) {
    int64_t cell = s->cell[i], from = i;
    while (i < out->n_votes && s->cell[i] == cell) {
      i++;
    }
    if (cell / n != cell % n && i - from > out->n_worst) {
      out->n_worst = i - from;
      out->worst[0] = (int32_t)(cell / n);
      out->worst[1] = (int32_t)(cell % n);
    }
  }
  out->n_worst_of = out->n_worst > 0 ? s->consensus[out->worst[0]] : 0;
}

static void find_bias(const struct measuring *m, const struct scratch *s, lqa_annotator *out) {
  int64_t most = 0, most_surplus = 0;
  out->bias_class = out->top_class = -1;
  for (int32_t k = 0; k < m->votes->n_classes; k++) {
    if (s->said[k] > most) {
      most = s->said[k];
      out->top_class = k;
    }
    if (s->said[k] - s->consensus[k] > most_surplus) {
      most_surplus = s->said[k] - s->consensus[k];
      out->bias_class = k;
    }
  }
  out->top_share = (double)most / (double)out->n_votes;
  out->bias = (double)most_surplus / (double)out->n_votes;
}

/* Consensus, truth: everything that needs no others. */
static void count_votes(const struct measuring *m, int32_t annotator, struct scratch *s,
                        lqa_annotator *out) {
  const lqa_votes *votes = m->votes;
  int64_t from = votes->annotator_start[annotator], end = votes->annotator_start[annotator + 1];
  int64_t n_right = 0, n_true = 0;
  for (int64_t i = from; i < end; i++) {
    int64_t v = votes->vote[i], item = votes->item[v];
    int32_t said = votes->label[v], consensus = m->consensus->label[item];
    int32_t truth = m->options->truth ? m->options->truth[item] : -1;
    s->said[said]++;
    s->consensus[consensus]++;
    s->cell[i - from] = (int64_t)consensus * votes->n_classes + said;
    n_right += said == consensus;
    out->n_truth += truth != -1;
    n_true += truth == said;
  }
  out->n_votes = end - from;
  out->agreement = (double)n_right / (double)out->n_votes;
  double right = out->n_truth > 0 ? (double)n_true / (double)out->n_truth : (double)NAN;
  out->truth_accuracy = lqa_interval_of_share(right, (double)out->n_truth, m->options->confidence);
}

/* ---- against the others ---- */

/* Said and others' majority of the judged votes; returns how many agree. */
static int64_t count_judged(const struct measuring *m, int32_t annotator, struct scratch *s,
                            lqa_annotator *out) {
  const lqa_votes *votes = m->votes;
  int64_t n_same = 0;
  for (int64_t i = votes->annotator_start[annotator]; i < votes->annotator_start[annotator + 1];
       i++) {
    int64_t v = votes->vote[i];
    int32_t said = votes->label[v];
    int32_t majority = lqa_item_majority_without(&m->counts[votes->item[v]], said, -1);
    if (majority < 0) {
      continue;
    }
    double time = m->options->time ? m->options->time[v] : (double)NAN;
    if (!isnan(time)) {
      s->moment[out->n_timed] = (struct moment){time, out->n_timed, said == majority};
      out->n_timed++;
    }
    s->said[said]++;
    s->others[majority]++;
    out->n_judged++;
    n_same += said == majority;
  }
  return n_same;
}

static double beyond_chance(double agreement, double by_chance) {
  return by_chance < 1 ? (agreement - by_chance) / (1 - by_chance) : (double)NAN;
}

static void compare_with_others(const struct measuring *m, const struct scratch *s, int64_t n_same,
                                lqa_annotator *out) {
  double n = (double)out->n_judged;
  double by_chance = 0, same = n > 0 ? (double)n_same / n : (double)NAN;
  for (int32_t k = 0; k < m->votes->n_classes; k++) {
    by_chance += (double)s->said[k] / n * ((double)s->others[k] / n);
  }
  out->with_others = lqa_interval_of_share(same, n, m->options->confidence);
  out->kappa = out->with_others;
  out->kappa.estimate = beyond_chance(out->with_others.estimate, by_chance);
  out->kappa.low = beyond_chance(out->with_others.low, by_chance);
  out->kappa.high = beyond_chance(out->with_others.high, by_chance);
  double most = beyond_chance(lqa_interval_of_share(same, n, MARK_CONFIDENCE).high, by_chance);
  if (out->n_judged >= LEAST_JUDGED && most < SPAM_KAPPA) {
    out->marks |= most < REVERSED_KAPPA ? LQA_ANNOTATOR_REVERSED
                  : out->top_share >= CONSTANT_SHARE
                      ? LQA_ANNOTATOR_SPAMMER | LQA_ANNOTATOR_CONSTANT
                      : LQA_ANNOTATOR_SPAMMER;
  }
}

/* ---- over time ---- */

static int compare_moments(const void *a, const void *b) {
  const struct moment *x = a, *y = b;
  if (x->time != y->time) {
    return x->time < y->time ? -1 : 1;
  }
  return (x->order > y->order) - (x->order < y->order);
}

static double share_right(const struct moment *moment, int64_t from, int64_t end) {
  int64_t n_right = 0;
  for (int64_t i = from; i < end; i++) {
    n_right += moment[i].is_right;
  }
  return end > from ? (double)n_right / (double)(end - from) : (double)NAN;
}

/* The rank-sum statistic of the right votes, equal times at their mid-rank: about standard normal
 * without drift. */
static double rank_sum(const struct moment *moment, int64_t n) {
  double sum = 0, n_right = 0, tied = 0;
  for (int64_t i = 0; i < n;) {
    int64_t from = i, right = 0;
    while (i < n && moment[i].time == moment[from].time) {
      right += moment[i++].is_right;
    }
    double size = (double)(i - from);
    sum += (double)right * ((double)(from + i + 1) / 2);
    n_right += (double)right;
    tied += size * size * size - size;
  }
  double all = (double)n, n_wrong = all - n_right;
  double variance = n_right * n_wrong / 12 * (all + 1 - tied / (all * (all - 1)));
  return variance > 0 ? (sum - n_right * (all + 1) / 2) / sqrt(variance) : 0;
}

static void look_for_drift(const struct measuring *m, struct scratch *s, lqa_annotator *out) {
  int64_t n = out->n_timed;
  out->early = out->late = (double)NAN;
  if (n < 2) {
    return;
  }
  qsort(s->moment, (size_t)n, sizeof *s->moment, compare_moments);
  out->early = share_right(s->moment, 0, n / 2);
  out->late = share_right(s->moment, n / 2, n);
  bool is_drift = n >= LEAST_TIMED && fabs(out->early - out->late) >= DRIFT_STEP &&
                  fabs(rank_sum(s->moment, n)) > m->drift_limit;
  out->marks |= is_drift ? LQA_ANNOTATOR_DRIFT : 0;
}

/* ---- all together ---- */

static lqa_status measure_annotator(void *data, size_t annotator, size_t worker) {
  const struct measuring *m = data;
  struct scratch *s = &m->scratch[worker];
  lqa_annotator *out = &m->out[annotator];
  size_t bytes = (size_t)m->votes->n_classes * sizeof *s->said;
  *out = (lqa_annotator){.worst = {-1, -1}, .bias_class = -1, .top_class = -1};
  double quality = m->consensus->annotator_quality[annotator];
  memset(s->said, 0, bytes);
  memset(s->consensus, 0, bytes);
  memset(s->others, 0, bytes);
  count_votes(m, (int32_t)annotator, s, out);
  out->quality = lqa_interval_of_share(quality, isnan(quality) ? 0 : (double)out->n_votes,
                                       m->options->confidence);
  if (out->n_votes > 0) {
    find_worst(m, s, out);
    find_bias(m, s, out);
  }
  memset(s->said, 0, bytes);
  int64_t n_same = count_judged(m, (int32_t)annotator, s, out);
  compare_with_others(m, s, n_same, out);
  look_for_drift(m, s, out);
  return LQA_OK;
}

static void clear(struct measuring *m, size_t n_workers) {
  for (size_t w = 0; m->scratch && w < n_workers; w++) {
    free(m->scratch[w].said);
    free(m->scratch[w].consensus);
    free(m->scratch[w].others);
    free(m->scratch[w].cell);
    free(m->scratch[w].moment);
  }
  free(m->scratch);
  free(m->counts);
}

static lqa_status allocate(struct measuring *m, size_t n_workers) {
  size_t n_classes = (size_t)m->votes->n_classes;
  int64_t most = 0;
  for (int32_t a = 0; a < m->votes->n_annotators; a++) {
    int64_t n = m->votes->annotator_start[a + 1] - m->votes->annotator_start[a];
    most = n > most ? n : most;
  }
  m->counts = lqa_malloc((size_t)m->votes->n_items, sizeof *m->counts);
  m->scratch = lqa_calloc(n_workers, sizeof *m->scratch);
  bool ok = m->counts && m->scratch;
  for (size_t w = 0; ok && w < n_workers; w++) {
    struct scratch *s = &m->scratch[w];
    s->said = lqa_malloc(n_classes, sizeof *s->said);
    s->consensus = lqa_malloc(n_classes, sizeof *s->consensus);
    s->others = lqa_malloc(n_classes, sizeof *s->others);
    s->cell = lqa_malloc((size_t)most, sizeof *s->cell);
    s->moment = lqa_malloc(m->options->time ? (size_t)most : 0, sizeof *s->moment);
    ok = s->said && s->consensus && s->others && s->cell && s->moment;
  }
  return ok ? LQA_OK : LQA_NO_MEMORY;
}

lqa_status lqa_annotators_measure(const lqa_votes *votes, const lqa_consensus *consensus,
                                  const lqa_annotators_options *options, lqa_annotator *out,
                                  lqa_error *err) {
  struct measuring m = {.votes = votes, .consensus = consensus, .options = options, .out = out};
  size_t n_workers = lqa_pool_threads(votes->pool);
  m.drift_limit = lqa_normal_quantile(1 - 0.01 / (2 * (double)votes->n_annotators));
  lqa_status status;
  LQA_TRY_OUT(allocate(&m, n_workers));
  LQA_TRY_OUT(lqa_item_counts_init(votes, m.counts));
  status = lqa_pool_run(votes->pool, (size_t)votes->n_annotators, measure_annotator, &m);
out:
  clear(&m, n_workers);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "measuring annotators") : status;
}
