/* judge/choose.c - see choose.h.
 *
 * Budget: weights w = 0.8 score/sum + 0.2 floor/sum, where the floor is 1 for unsuspected rows;
 * inclusion probabilities pi = min(1, c w) with c such that they add up to n (rows that reach 1 are
 * taken for certain, the rest is scaled again). Rows are laid out by (suspicion, class, random),
 * their pi end to end, and a ruler with marks every 1 is thrown on them at a random offset:
 * systematic sampling, which has exactly these probabilities, a fixed size, and spreads over the
 * strata by itself. Source: Madow 1949; mixing in a uniform part: Zrnic and Candes, "Active
 * Statistical Inference", 2024.
 *
 * The score for corrections is the fourth power of p_wrong: the draw then leans on the rows that
 * are most likely wrong nearly as much as taking the top would, and still gives every row a known
 * chance.
 */
#include "judge/choose.h"

#include "base/memory.h"
#include "base/rng.h"

#include <math.h>

enum { RANDOM_STREAM = 0x72616e64, BUDGET_STREAM = 0x62756467 };
#define FLOOR_SHARE 0.2

static bool is_eligible(const lqa_choose_input *in, int64_t row) {
  return in->label[row] >= 0 && in->has_content[row];
}

static lqa_status add(lqa_choice_list *out, const lqa_choose_input *in, int64_t row,
                      lqa_judge_kind kind, double inclusion) {
  lqa_choice choice = {row, kind, inclusion, in->label[row] >= 0 ? in->label[row] : -1};
  return lqa_vec_push(out, choice);
}

/* ---- top ---- */

typedef struct suspect {
  int64_t row;
  int32_t rank; /* INT32_MAX = not flagged */
  double p_wrong;
} suspect;

static int compare_suspects(const void *a, const void *b) {
  const suspect *x = a, *y = b;
  if (x->rank != y->rank) {
    return x->rank < y->rank ? -1 : 1;
  }
  if (x->p_wrong != y->p_wrong) {
    return x->p_wrong > y->p_wrong ? -1 : 1;
  }
  return x->row < y->row ? -1 : x->row > y->row;
}

static lqa_status add_suspects(const lqa_choose_input *in, int64_t top, lqa_choice_list *out) {
  LQA_VEC(suspect) suspects = {0};
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < in->n_rows; row++) {
    if (in->is_suspicious[row] && is_eligible(in, row)) {
      int32_t rank = in->issue_rank[row] > 0 ? in->issue_rank[row] : INT32_MAX;
      double p = isnan(in->p_wrong[row]) ? 1 : in->p_wrong[row];
      suspect s = {row, rank, p};
      LQA_TRY_OUT(lqa_vec_push(&suspects, s));
    }
  }
  if (suspects.n > 0) {
    qsort(suspects.data, suspects.n, sizeof *suspects.data, compare_suspects);
  }
  for (size_t i = 0; i < suspects.n && (int64_t)i < top; i++) {
    LQA_TRY_OUT(add(out, in, suspects.data[i].row, LQA_JUDGE_SUSPICIOUS, 1));
  }
out:
  lqa_vec_clear(&suspects);
  return status;
}

static lqa_status add_random(const lqa_choose_input *in, int64_t n_random, lqa_choice_list *out) {
  LQA_VEC(int64_t) rows = {0};
  lqa_status status = LQA_OK;
  lqa_rng rng;
  lqa_rng_init(&rng, in->seed, RANDOM_STREAM);
  for (int64_t row = 0; row < in->n_rows; row++) {
    if (!in->is_suspicious[row] && is_eligible(in, row)) {
      LQA_TRY_OUT(lqa_vec_push(&rows, row));
    }
  }
  size_t n = (size_t)n_random < rows.n ? (size_t)n_random : rows.n;
  for (size_t i = 0; i < n; i++) {
    size_t pick = i + (size_t)lqa_rng_below(&rng, rows.n - i);
    int64_t row = rows.data[pick];
    rows.data[pick] = rows.data[i];
    LQA_TRY_OUT(add(out, in, row, LQA_JUDGE_RANDOM, (double)n / (double)rows.n));
  }
out:
  lqa_vec_clear(&rows);
  return status;
}

lqa_status lqa_choose_top(const lqa_choose_input *input, int64_t top, int64_t n_random,
                          lqa_choice_list *out, lqa_error *err) {
  if (add_suspects(input, top, out) != LQA_OK || add_random(input, n_random, out) != LQA_OK) {
    return lqa_fail_memory(err, "choosing rows for the judge");
  }
  return LQA_OK;
}

/* ---- budget ---- */

typedef struct candidate {
  int64_t row;
  double weight, inclusion;
  double order; /* within the stratum */
  int32_t label;
  bool is_suspicious;
  bool is_first; /* of the two groups that strata are drawn in */
} candidate;

static double score_of(double p, bool is_suspicious, lqa_choose_strategy strategy) {
  p = isnan(p) ? (is_suspicious ? 1 : 0.5) : p;
  double held = p < .02 ? .02 : p > .98 ? .98 : p;
  switch (strategy) {
  case LQA_CHOOSE_CORRECTIONS:
    return p * p * p * p;
  case LQA_CHOOSE_UNCERTAINTY:
    return p * (1 - p);
  case LQA_CHOOSE_PHASE:
    return held * (1 - held) + 1e-6;
  default:
    return 1;
  }
}

static int compare_candidates(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->is_first != y->is_first) {
    return x->is_first ? -1 : 1;
  }
  if (x->label != y->label) {
    return x->label < y->label ? -1 : 1;
  }
  if (x->order != y->order) {
    return x->order < y->order ? -1 : 1;
  }
  return x->row < y->row ? -1 : x->row > y->row;
}

typedef LQA_VEC(candidate) candidate_list;

static lqa_status list_candidates(const lqa_choose_input *in, lqa_choose_strategy strategy,
                                  lqa_rng *rng, candidate_list *out) {
  double scores = 0, floors = 0;
  bool is_phase = strategy == LQA_CHOOSE_PHASE;
  double floor_share = is_phase ? in->floor_share : FLOOR_SHARE;
  for (int64_t row = 0; row < in->n_rows; row++) {
    if (!is_eligible(in, row) || (in->is_done && in->is_done[row])) {
      continue;
    }
    double p = isnan(in->p_wrong[row]) ? 2 : in->p_wrong[row];
    candidate c = {.row = row,
                   .order = is_phase ? p : lqa_rng_uniform(rng),
                   .label = in->label[row],
                   .is_suspicious = in->is_suspicious[row],
                   .is_first = !is_phase && in->is_suspicious[row]};
    c.weight = score_of(in->p_wrong[row], c.is_suspicious, strategy);
    scores += c.weight;
    floors += is_phase || !c.is_suspicious;
    LQA_TRY(lqa_vec_push(out, c));
  }
  for (size_t i = 0; i < out->n; i++) {
    candidate *c = &out->data[i];
    double by_score = scores > 0 ? c->weight / scores : 0;
    double by_floor = floors > 0 && (is_phase || !c->is_suspicious) ? 1 / floors : 0;
    c->weight = (1 - floor_share) * by_score + floor_share * by_floor;
  }
  return LQA_OK;
}

/* pi = min(1, c w), adding up to n. Each round settles the rows that reach 1. */
static void set_inclusion(candidate_list *list, int64_t n) {
  for (;;) {
    double left = (double)n, weights = 0;
    for (size_t i = 0; i < list->n; i++) {
      left -= list->data[i].inclusion >= 1 ? 1 : 0;
      weights += list->data[i].inclusion >= 1 ? 0 : list->data[i].weight;
    }
    bool settled = true;
    for (size_t i = 0; i < list->n; i++) {
      candidate *c = &list->data[i];
      if (c->inclusion >= 1) {
        continue;
      }
      c->inclusion = weights > 0 ? left * c->weight / weights : 0;
      settled = settled && c->inclusion < 1;
      c->inclusion = c->inclusion < 1 ? c->inclusion : 1;
    }
    if (settled) {
      return;
    }
  }
}

static lqa_status draw(const lqa_choose_input *in, const candidate_list *list, lqa_rng *rng,
                       lqa_choice_list *out) {
  double at = lqa_rng_uniform(rng);
  for (size_t i = 0; i < list->n; i++) {
    const candidate *c = &list->data[i];
    double before = floor(at);
    at += c->inclusion;
    if (c->inclusion >= 1 || floor(at) > before) {
      lqa_judge_kind kind = c->is_suspicious ? LQA_JUDGE_SUSPICIOUS : LQA_JUDGE_RANDOM;
      LQA_TRY(add(out, in, c->row, kind, c->inclusion));
    }
  }
  return LQA_OK;
}

lqa_status lqa_choose_budget(const lqa_choose_input *input, int64_t n, lqa_choose_strategy strategy,
                             lqa_choice_list *out, lqa_error *err) {
  lqa_rng rng;
  candidate_list list = {0};
  lqa_rng_init(&rng, input->seed, BUDGET_STREAM);
  lqa_status status;
  LQA_TRY_OUT(list_candidates(input, strategy, &rng, &list));
  if (list.n > 0) {
    qsort(list.data, list.n, sizeof *list.data, compare_candidates);
    set_inclusion(&list, n < (int64_t)list.n ? n : (int64_t)list.n);
    LQA_TRY_OUT(draw(input, &list, &rng, out));
  }
out:
  lqa_vec_clear(&list);
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "choosing rows for the judge");
}

lqa_status lqa_choose_every(const lqa_choose_input *input, lqa_choice_list *out, lqa_error *err) {
  for (int64_t row = 0; row < input->n_rows; row++) {
    if (input->has_content[row] && add(out, input, row, LQA_JUDGE_EVERY, 1) != LQA_OK) {
      return lqa_fail_memory(err, "choosing rows for the judge");
    }
  }
  return LQA_OK;
}
