/* model/votes/annotator_pairs.c - do two annotators agree, and did they work on their own?
 *
 * Good annotators agree because both are right. Who copies agrees in the mistakes, too: of the
 * items where at least one of a pair differs from the majority of all other votes, independent
 * annotators give the same other answer in few. A pair is marked where that share is at least 0.8
 * and surely (99 %, Wilson) above 0.6; or where the two agree in at least 98 % of 20 items or more,
 * far more than either agrees with anyone else (0.1 % over all pairs together).
 *
 * All pairs of the annotators with most votes are counted in one pass over items; the kappas follow
 * pair by pair. Counts are whole numbers, so threads change nothing.
 */
#include "model/votes/annotator.h"

#include "base/memory.h"
#include "base/interval.h"
#include "model/votes/majority_without.h"

#include <math.h>

#define MOST_WORK 2e9 /* steps for all kappas */
#define COPY_SHARE 0.8
#define COPY_SURE 0.6
#define SAME_SHARE 0.98

enum { MOST_COMPARED = 200, LEAST_WRONG = 10, LEAST_SHARED = 20 };

struct count {
  uint32_t shared, same, wrong, wrong_same;
};

struct pairing {
  const lqa_votes *votes;
  const lqa_agreement_options *options;
  lqa_item_counts *counts;
  int32_t n;            /* annotators compared */
  int32_t *annotator;   /* n, ascending */
  int32_t *rank;        /* n_annotators: place in `annotator`, -1 */
  struct count **count; /* per worker n * n, first < second used */
  lqa_annotator_pairs *out;
};

void lqa_annotator_pairs_clear(lqa_annotator_pairs *pairs) {
  free(pairs->pairs);
  *pairs = (lqa_annotator_pairs){0};
}

/* ---- whom to compare ---- */

static int64_t votes_of(const lqa_votes *votes, int32_t annotator) {
  return votes->annotator_start[annotator + 1] - votes->annotator_start[annotator];
}

struct candidate {
  int64_t n_votes;
  int32_t annotator;
};

static int compare_candidates(const void *a, const void *b) {
  const struct candidate *x = a, *y = b;
  if (x->n_votes != y->n_votes) {
    return x->n_votes > y->n_votes ? -1 : 1;
  }
  return x->annotator - y->annotator;
}

/* How many of the candidates, most votes first, can be compared within the work allowed. */
static int32_t count_affordable(const lqa_votes *votes, const struct candidate *candidate) {
  double cells = 6.0 * votes->n_classes * votes->n_classes;
  double work = 0, n_votes = 0;
  int32_t n = 0;
  while (n < votes->n_annotators && n < MOST_COMPARED && candidate[n].n_votes > 0) {
    work += n_votes + (double)n * ((double)candidate[n].n_votes + cells);
    n_votes += (double)candidate[n].n_votes;
    if (n >= 2 && work > MOST_WORK) {
      break;
    }
    n++;
  }
  return n;
}

static lqa_status choose(struct pairing *p) {
  const lqa_votes *votes = p->votes;
  size_t n_annotators = (size_t)votes->n_annotators;
  struct candidate *candidate = lqa_malloc(n_annotators, sizeof *candidate);
  p->rank = lqa_malloc(n_annotators, sizeof *p->rank);
  p->annotator = lqa_malloc(MOST_COMPARED, sizeof *p->annotator);
  if (!candidate || !p->rank || !p->annotator) {
    free(candidate);
    return LQA_NO_MEMORY;
  }
  for (int32_t a = 0; a < votes->n_annotators; a++) {
    candidate[a] = (struct candidate){votes_of(votes, a), a};
    p->rank[a] = -1;
  }
  qsort(candidate, n_annotators, sizeof *candidate, compare_candidates);
  int32_t n = count_affordable(votes, candidate);
  for (int32_t i = 0; i < n; i++) {
    p->rank[candidate[i].annotator] = 0;
  }
  for (int32_t a = 0; a < votes->n_annotators; a++) {
    if (p->rank[a] == 0) {
      p->annotator[p->n] = a;
      p->rank[a] = p->n++;
    }
  }
  free(candidate);
  return LQA_OK;
}

/* ---- counting ---- */

static void count_item(const struct pairing *p, int64_t item, struct count *count) {
  const lqa_votes *votes = p->votes;
  int64_t end = votes->item_start[item + 1];
  for (int64_t v = votes->item_start[item]; v < end; v++) {
    int32_t a = p->rank[votes->annotator[v]];
    for (int64_t w = v + 1; a >= 0 && w < end; w++) {
      int32_t b = p->rank[votes->annotator[w]];
      if (b < 0) {
        continue;
      }
      struct count *c = &count[(int64_t)a * p->n + b];
      bool same = votes->label[v] == votes->label[w];
      int32_t majority =
          lqa_item_majority_without(&p->counts[item], votes->label[v], votes->label[w]);
      bool wrong = majority >= 0 && (votes->label[v] != majority || votes->label[w] != majority);
      c->shared++;
      c->same += same;
      c->wrong += wrong;
      c->wrong_same += wrong && same;
    }
  }
}

static lqa_status count_items(void *data, size_t task, size_t worker) {
  const struct pairing *p = data;
  int64_t end = lqa_votes_task_end(p->votes, task);
  if (lqa_observe_cancelled(p->votes->observer)) {
    return LQA_INTERRUPTED;
  }
  for (int64_t i = (int64_t)task * LQA_VOTE_TASK; i < end; i++) {
    count_item(p, i, p->count[worker]);
  }
  return LQA_OK;
}

static lqa_status count_pairs(struct pairing *p, size_t n_workers) {
  size_t n_cells = (size_t)p->n * (size_t)p->n;
  p->count = lqa_calloc(n_workers, sizeof *p->count);
  p->counts = lqa_malloc((size_t)p->votes->n_items, sizeof *p->counts);
  if (!p->count || !p->counts) {
    return LQA_NO_MEMORY;
  }
  for (size_t w = 0; w < n_workers; w++) {
    p->count[w] = lqa_calloc(n_cells, sizeof **p->count);
    if (!p->count[w]) {
      return LQA_NO_MEMORY;
    }
  }
  LQA_TRY(lqa_item_counts_init(p->votes, p->counts));
  LQA_TRY(lqa_pool_run(p->votes->pool, lqa_votes_tasks(p->votes), count_items, p));
  for (size_t w = 1; w < n_workers; w++) {
    for (size_t c = 0; c < n_cells; c++) {
      struct count *sum = &p->count[0][c], *add = &p->count[w][c];
      sum->shared += add->shared;
      sum->same += add->same;
      sum->wrong += add->wrong;
      sum->wrong_same += add->wrong_same;
    }
  }
  return LQA_OK;
}

/* ---- results ---- */

static lqa_status list_pairs(struct pairing *p) {
  size_t n = 0;
  for (int64_t c = 0; c < (int64_t)p->n * p->n; c++) {
    n += p->count[0][c].shared > 0;
  }
  p->out->pairs = lqa_calloc(n, sizeof *p->out->pairs);
  if (!p->out->pairs) {
    return LQA_NO_MEMORY;
  }
  for (int64_t c = 0; c < (int64_t)p->n * p->n; c++) {
    const struct count *count = &p->count[0][c];
    if (count->shared > 0) {
      p->out->pairs[p->out->n++] = (lqa_annotator_pair){.first = p->annotator[c / p->n],
                                                        .second = p->annotator[c % p->n],
                                                        .n_shared = count->shared,
                                                        .n_same = count->same,
                                                        .n_wrong = count->wrong,
                                                        .n_wrong_same = count->wrong_same};
    }
  }
  p->out->n_compared = p->n;
  return LQA_OK;
}

static lqa_status measure_kappa(void *data, size_t pair, size_t worker) {
  const struct pairing *p = data;
  lqa_annotator_pair *out = &p->out->pairs[pair];
  const int32_t annotators[2] = {out->first, out->second};
  (void)worker;
  if (lqa_observe_cancelled(p->votes->observer)) {
    return LQA_INTERRUPTED;
  }
  return lqa_votes_cohen(p->votes, annotators, p->options, &out->kappa, NULL);
}

static bool copies_mistakes(const lqa_annotator_pair *pair) {
  double share = pair->n_wrong > 0 ? (double)pair->n_wrong_same / (double)pair->n_wrong : 0;
  double low = lqa_interval_of_share(share, (double)pair->n_wrong, 0.99).low;
  return pair->n_wrong >= LEAST_WRONG && share >= COPY_SHARE && low > COPY_SURE;
}

/* `usual`: the highest agreement that either has with anyone else. */
static bool agrees_too_much(const lqa_annotator_pair *pair, double usual, size_t n_pairs) {
  double n = (double)pair->n_shared;
  double same = (double)pair->n_same / n;
  double error = sqrt(usual * (1 - usual) / n);
  double limit = lqa_normal_quantile(1 - 0.001 / (double)(n_pairs > 1 ? n_pairs : 2));
  return pair->n_shared >= LEAST_SHARED && same >= SAME_SHARE && usual >= 0 &&
         same - usual > limit * (error > 1 / n ? error : 1 / n);
}

/* Per annotator the two highest shares of same answers, over pairs of enough items. */
struct closest {
  double share[2];
  size_t pair; /* the one that share[0] is of */
};

static void note_closest(struct closest *c, double share, size_t pair) {
  if (share > c->share[0]) {
    c->share[1] = c->share[0];
    c->share[0] = share;
    c->pair = pair;
  } else if (share > c->share[1]) {
    c->share[1] = share;
  }
}

static lqa_status mark_copies(struct pairing *p) {
  struct closest *closest = lqa_malloc((size_t)p->votes->n_annotators, sizeof *closest);
  if (!closest) {
    return LQA_NO_MEMORY;
  }
  for (int32_t a = 0; a < p->votes->n_annotators; a++) {
    closest[a] = (struct closest){{-1, -1}, 0};
  }
  for (size_t i = 0; i < p->out->n; i++) {
    const lqa_annotator_pair *pair = &p->out->pairs[i];
    double share = (double)pair->n_same / (double)pair->n_shared;
    if (pair->n_shared >= LEAST_SHARED) {
      note_closest(&closest[pair->first], share, i);
      note_closest(&closest[pair->second], share, i);
    }
  }
  for (size_t i = 0; i < p->out->n; i++) {
    lqa_annotator_pair *pair = &p->out->pairs[i];
    const struct closest *a = &closest[pair->first], *b = &closest[pair->second];
    double of_first = a->share[a->pair == i], of_second = b->share[b->pair == i];
    double usual = of_first > of_second ? of_first : of_second;
    pair->is_copy = copies_mistakes(pair) || agrees_too_much(pair, usual, p->out->n);
  }
  free(closest);
  return LQA_OK;
}

static lqa_status find(struct pairing *p, size_t n_workers) {
  LQA_TRY(choose(p));
  LQA_TRY(count_pairs(p, n_workers));
  LQA_TRY(list_pairs(p));
  LQA_TRY(lqa_pool_run(p->votes->pool, p->out->n, measure_kappa, p));
  return mark_copies(p);
}

lqa_status lqa_annotator_pairs_find(const lqa_votes *votes, const lqa_agreement_options *options,
                                    lqa_annotator_pairs *out, lqa_error *err) {
  struct pairing p = {.votes = votes, .options = options, .out = out};
  size_t n_workers = lqa_pool_threads(votes->pool);
  *out = (lqa_annotator_pairs){0};
  lqa_status status = find(&p, n_workers);
  for (size_t w = 0; p.count && w < n_workers; w++) {
    free(p.count[w]);
  }
  free(p.count);
  free(p.counts);
  free(p.annotator);
  free(p.rank);
  if (status != LQA_OK) {
    lqa_annotator_pairs_clear(out);
  }
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "comparing annotators") : status;
}
