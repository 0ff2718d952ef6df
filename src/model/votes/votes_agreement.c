/* model/votes/votes_agreement.c - do annotators agree beyond chance? Krippendorff's alpha and
 * Fleiss' kappa.
 *
 * Both are 1 - disagreement / disagreement by chance, over items with at least two votes; any vote
 * may be missing. Alpha counts pairs of votes within items, weighted so that each vote counts once,
 * against pairs from the pool of all votes, at whatever distance the classes have. Fleiss' kappa
 * averages the items' agreement against the squared class shares.
 *
 * Intervals resample items (not votes: votes on one item hang together). With many votes, or no
 * resamples asked for, the variance comes from the infinitesimal jackknife instead: the derivative
 * of the coefficient by each item's weight, in one pass. Perfect agreement, where both would give
 * an interval of no width, takes its lower end from the exact binomial bound on unseen
 * disagreement.
 *
 * Reference: Krippendorff, "Content Analysis"; Fleiss (1971); Efron and Tibshirani, "An
 * Introduction to the Bootstrap".
 */
#include "model/votes/votes.h"

#include "base/explog.h"
#include "base/memory.h"
#include "base/rng.h"
#include "model/votes/votes_interval.h"

#include <math.h>
#include <string.h>

/* Beyond this many votes (and class pairs) times resamples the jackknife is used. */
#define MOST_WORK 1e8

enum { AGREEMENT_STREAM = 71 };

/* The votes of items with at least two, as class counts. */
struct tally {
  int64_t n_items, n_votes;
  int32_t n_classes;
  int64_t *start; /* n_items + 1 offsets */
  int32_t *klass; /* class, */
  double *count;  /* and how many votes of the item are for it */
  double *n_of;   /* n_items: votes of the item */
};

/* Sums over items, each taken `weight` times. */
struct sums {
  double n_votes, n_items;
  double *share; /* n_classes: votes per class */
  double *pair;  /* n_classes squared: coincidences; alpha only */
  double agree;  /* sum of the items' agreement; Fleiss only */
};

struct coefficient {
  const struct tally *tally;
  lqa_vote_distance distance;
  bool is_fleiss;
  struct sums sums;
  double *delta; /* n_classes squared: distances; alpha only */
  double observed, expected;
};

void lqa_agreement_options_init(lqa_agreement_options *options) {
  *options = (lqa_agreement_options){.confidence = 0.95, .n_resamples = 1000};
}

/* ---- tallying ---- */

static void clear_tally(struct tally *t) {
  free(t->start);
  free(t->klass);
  free(t->count);
  free(t->n_of);
}

static void tally_item(const lqa_votes *votes, int64_t item, struct tally *t) {
  int64_t from = t->start[t->n_items];
  int64_t end = from;
  for (int64_t v = votes->item_start[item]; v < votes->item_start[item + 1]; v++) {
    int64_t at = from;
    while (at < end && t->klass[at] != votes->label[v]) {
      at++;
    }
    if (at == end) {
      t->klass[end] = votes->label[v];
      t->count[end++] = 0;
    }
    t->count[at] += 1;
  }
  t->n_of[t->n_items] = (double)lqa_votes_of_item(votes, item);
  t->n_votes += lqa_votes_of_item(votes, item);
  t->start[++t->n_items] = end;
}

static lqa_status tally_votes(const lqa_votes *votes, struct tally *t, lqa_error *err) {
  *t = (struct tally){.n_classes = votes->n_classes};
  t->start = lqa_malloc((size_t)votes->n_items + 1, sizeof *t->start);
  t->n_of = lqa_malloc((size_t)votes->n_items, sizeof *t->n_of);
  t->klass = lqa_malloc((size_t)votes->n_votes, sizeof *t->klass);
  t->count = lqa_malloc((size_t)votes->n_votes, sizeof *t->count);
  if (!t->start || !t->n_of || !t->klass || !t->count) {
    return lqa_fail_memory(err, "counting agreement");
  }
  t->start[0] = 0;
  for (int64_t i = 0; i < votes->n_items; i++) {
    if (lqa_votes_of_item(votes, i) >= 2) {
      tally_item(votes, i, t);
    }
  }
  if (t->n_items == 0) {
    return lqa_fail(err, LQA_BAD_DATA, "no item has two votes: agreement cannot be measured");
  }
  return LQA_OK;
}

/* ---- the coefficients ---- */

static void add_item(struct coefficient *c, int64_t item) {
  const struct tally *t = c->tally;
  struct sums *s = &c->sums;
  double n = t->n_of[item];
  double same = 0;
  s->n_votes += n;
  s->n_items += 1;
  for (int64_t i = t->start[item]; i < t->start[item + 1]; i++) {
    s->share[t->klass[i]] += t->count[i];
    same += t->count[i] * (t->count[i] - 1);
    for (int64_t j = t->start[item]; !c->is_fleiss && j < t->start[item + 1]; j++) {
      double pairs = t->count[i] * (t->count[j] - (i == j));
      s->pair[(int64_t)t->klass[i] * t->n_classes + t->klass[j]] += pairs / (n - 1);
    }
  }
  s->agree += same / (n * (n - 1));
}

static void reset(struct coefficient *c) {
  size_t n = (size_t)c->tally->n_classes;
  c->sums.n_votes = c->sums.n_items = c->sums.agree = 0;
  memset(c->sums.share, 0, n * sizeof *c->sums.share);
  if (!c->is_fleiss) {
    memset(c->sums.pair, 0, n * n * sizeof *c->sums.pair);
  }
}

/* Distances; those of the ordinal scale depend on the shares. */
static void set_distances(struct coefficient *c) {
  int64_t n = c->tally->n_classes;
  for (int64_t a = 0; a < n; a++) {
    double between = -c->sums.share[a] / 2; /* ranks from the middle of a on */
    for (int64_t b = a; b < n; b++) {
      double gap = (double)(b - a);
      between += c->sums.share[b];
      double rank_gap = between - c->sums.share[b] / 2;
      double d = a == b                                  ? 0
                 : c->distance == LQA_DISTANCE_NOMINAL   ? 1
                 : c->distance == LQA_DISTANCE_LINEAR    ? gap
                 : c->distance == LQA_DISTANCE_QUADRATIC ? gap * gap
                                                         : rank_gap * rank_gap;
      c->delta[a * n + b] = c->delta[b * n + a] = d;
    }
  }
}

/* 1 - observed / expected disagreement; 1 where nothing disagrees, even if nothing could. */
static double alpha_of(struct coefficient *c) {
  int64_t n = c->tally->n_classes;
  double observed = 0;
  double expected = 0;
  set_distances(c);
  for (int64_t a = 0; a < n; a++) {
    for (int64_t b = 0; b < n; b++) {
      observed += c->sums.pair[a * n + b] * c->delta[a * n + b];
      expected += c->sums.share[a] * c->sums.share[b] * c->delta[a * n + b];
    }
  }
  c->observed = observed / c->sums.n_votes;
  c->expected = expected / (c->sums.n_votes * (c->sums.n_votes - 1));
  return c->observed == 0 ? 1 : 1 - c->observed / c->expected;
}

static double fleiss_of(struct coefficient *c) {
  c->observed = c->sums.agree / c->sums.n_items;
  c->expected = 0;
  for (int32_t k = 0; k < c->tally->n_classes; k++) {
    double share = c->sums.share[k] / c->sums.n_votes;
    c->expected += share * share;
  }
  return c->observed == 1 ? 1 : (c->observed - c->expected) / (1 - c->expected);
}

static double value_of(struct coefficient *c) {
  return c->is_fleiss ? fleiss_of(c) : alpha_of(c);
}

/* ---- variance by the infinitesimal jackknife ---- */

static double fleiss_slope(const struct coefficient *c, int64_t item) {
  const struct tally *t = c->tally;
  double n = t->n_of[item];
  double same = 0;
  double by_chance = 0;
  for (int64_t i = t->start[item]; i < t->start[item + 1]; i++) {
    same += t->count[i] * (t->count[i] - 1);
    by_chance += c->sums.share[t->klass[i]] / c->sums.n_votes * t->count[i];
  }
  double observed = (same / (n * (n - 1)) - c->observed) / c->sums.n_items;
  double expected = 2 * (by_chance - n * c->expected) / c->sums.n_votes;
  double room = 1 - c->expected;
  return (observed * room - (1 - c->observed) * expected) / (room * room);
}

/* `chance`: per class the share-weighted distance to the others. */
static double alpha_slope(const struct coefficient *c, int64_t item, const double *chance) {
  const struct tally *t = c->tally;
  double n = t->n_of[item];
  double total = c->sums.n_votes;
  double a = c->observed * total;
  double b = c->expected * total * (total - 1);
  double item_a = 0;
  double item_b = 0;
  for (int64_t i = t->start[item]; i < t->start[item + 1]; i++) {
    item_b += 2 * t->count[i] * chance[t->klass[i]];
    for (int64_t j = t->start[item]; j < t->start[item + 1]; j++) {
      double d = c->delta[(int64_t)t->klass[i] * t->n_classes + t->klass[j]];
      item_a += t->count[i] * t->count[j] * d / (n - 1);
    }
  }
  return -(n * a / b + (total - 1) * (item_a / b - a * item_b / (b * b)));
}

static double jackknife(const struct coefficient *c, double *chance) {
  const struct tally *t = c->tally;
  double sum = 0;
  for (int64_t k = 0; !c->is_fleiss && k < t->n_classes; k++) {
    chance[k] = 0;
    for (int64_t j = 0; j < t->n_classes; j++) {
      chance[k] += c->sums.share[j] * c->delta[k * t->n_classes + j];
    }
  }
  for (int64_t i = 0; i < t->n_items; i++) {
    double slope = c->is_fleiss ? fleiss_slope(c, i) : alpha_slope(c, i, chance);
    sum += slope * slope;
  }
  return sqrt(sum * (double)t->n_items / (double)(t->n_items > 1 ? t->n_items - 1 : 1));
}

/* ---- intervals ---- */

struct resampling {
  struct coefficient *worker; /* one per thread, with sums of its own */
  double *value;              /* per resample */
  uint64_t seed;
};

static lqa_status resample_once(void *data, size_t resample, size_t worker) {
  struct resampling *r = data;
  struct coefficient *c = &r->worker[worker];
  uint64_t n = (uint64_t)c->tally->n_items;
  lqa_rng rng;
  lqa_rng_init(&rng, r->seed, ((uint64_t)AGREEMENT_STREAM << 32) + resample);
  reset(c);
  for (uint64_t i = 0; i < n; i++) {
    add_item(c, (int64_t)lqa_rng_below(&rng, n));
  }
  r->value[resample] = value_of(c);
  return LQA_OK;
}

static void clear_sums(struct coefficient *c) {
  free(c->sums.share);
  free(c->sums.pair);
  free(c->delta);
}

static lqa_status allocate_sums(struct coefficient *c) {
  size_t n = (size_t)c->tally->n_classes;
  c->sums.share = lqa_malloc(n, sizeof *c->sums.share);
  c->sums.pair = c->is_fleiss ? NULL : lqa_malloc(n * n, sizeof *c->sums.pair);
  c->delta = c->is_fleiss ? NULL : lqa_malloc(n * n, sizeof *c->delta);
  bool ok = c->sums.share && (c->is_fleiss || (c->sums.pair && c->delta));
  return ok ? LQA_OK : LQA_NO_MEMORY;
}

/* Every resample draws from a stream of its own, so any thread may run it. */
static lqa_status resample(const struct coefficient *c, lqa_pool *pool,
                           const lqa_agreement_options *options, lqa_agreement *out) {
  size_t n_threads = lqa_pool_threads(pool);
  struct resampling r = {.seed = options->seed};
  lqa_status status = LQA_OK;
  r.value = lqa_malloc((size_t)options->n_resamples, sizeof *r.value);
  r.worker = lqa_calloc(n_threads, sizeof *r.worker);
  if (!r.value || !r.worker) {
    status = LQA_NO_MEMORY;
    goto out;
  }
  for (size_t t = 0; t < n_threads; t++) {
    r.worker[t] =
        (struct coefficient){.tally = c->tally, .distance = c->distance, .is_fleiss = c->is_fleiss};
    LQA_TRY_OUT(allocate_sums(&r.worker[t]));
  }
  LQA_TRY_OUT(lqa_pool_run(pool, (size_t)options->n_resamples, resample_once, &r));
  lqa_interval_of_resamples(r.value, options->n_resamples, options->confidence, out);
out:
  for (size_t t = 0; r.worker && t < n_threads; t++) {
    clear_sums(&r.worker[t]);
  }
  free(r.worker);
  free(r.value);
  return status;
}

static lqa_status find_interval(struct coefficient *c, const lqa_votes *votes,
                                const lqa_agreement_options *options, double *chance,
                                lqa_agreement *out) {
  double room = c->is_fleiss ? 1 - c->expected : c->expected;
  bool is_perfect = c->is_fleiss ? c->observed == 1 : c->observed == 0;
  double n_pairs = c->is_fleiss ? 0 : (double)c->tally->n_classes * c->tally->n_classes;
  double work = ((double)c->tally->n_votes + n_pairs) * options->n_resamples;
  if (c->tally->n_items < 2 && !is_perfect) {
    out->low = out->high = (double)NAN; /* one item tells nothing about others */
  } else if (is_perfect) {
    lqa_interval_of_perfection(c->tally->n_items, room, options->confidence, out);
  } else if (options->n_resamples > 0 && work <= MOST_WORK) {
    out->interval = "bootstrap";
    return resample(c, votes->pool, options, out);
  } else {
    out->interval = "jackknife";
    lqa_interval_of_error(jackknife(c, chance), options->confidence, out);
  }
  return LQA_OK;
}

static lqa_status measure(const lqa_votes *votes, struct coefficient *c,
                          const lqa_agreement_options *options, lqa_agreement *out,
                          lqa_error *err) {
  struct tally tally = {0};
  double *chance = NULL;
  lqa_status status = tally_votes(votes, &tally, err);
  LQA_TRY_OUT(status);
  c->tally = &tally;
  chance = lqa_malloc((size_t)votes->n_classes, sizeof *chance);
  LQA_TRY_OUT(chance ? allocate_sums(c) : LQA_NO_MEMORY);
  reset(c);
  for (int64_t i = 0; i < tally.n_items; i++) {
    add_item(c, i);
  }
  *out = (lqa_agreement){.value = value_of(c), .n_items = tally.n_items, .n_votes = tally.n_votes};
  out->observed = c->observed;
  out->expected = c->expected;
  status = find_interval(c, votes, options, chance, out);
out:
  free(chance);
  clear_sums(c);
  clear_tally(&tally);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "measuring agreement") : status;
}

lqa_status lqa_votes_alpha(const lqa_votes *votes, const lqa_agreement_options *options,
                           lqa_agreement *out, lqa_error *err) {
  lqa_agreement_options defaults;
  lqa_agreement_options_init(&defaults);
  options = options ? options : &defaults;
  struct coefficient c = {.distance = options->distance};
  LQA_TRY(lqa_interval_check(options, err));
  return measure(votes, &c, options, out, err);
}

lqa_status lqa_votes_fleiss(const lqa_votes *votes, const lqa_agreement_options *options,
                            lqa_agreement *out, lqa_error *err) {
  lqa_agreement_options defaults;
  lqa_agreement_options_init(&defaults);
  options = options ? options : &defaults;
  struct coefficient c = {.is_fleiss = true};
  LQA_TRY(lqa_interval_check(options, err));
  if (options->distance != LQA_DISTANCE_NOMINAL) {
    return lqa_fail(err, LQA_BAD_USAGE, "Fleiss' kappa knows nominal distances only: take alpha");
  }
  return measure(votes, &c, options, out, err);
}
