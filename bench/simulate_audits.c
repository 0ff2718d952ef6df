/* bench/simulate_audits.c - does the error rate's interval hold what it promises?
 *
 *     simulate_audits [AUDITS [top]]    (default 1000; built and run by bench/error_rate)
 *
 * Simulates audits whose truth is known: rows with a share of wrong labels, a model's probability
 * that each is wrong (informative, uninformative, or badly scaled), rows drawn in three phases as
 * `labelqa judge --budget` draws them, a judge right in a share of its answers whose accuracy is
 * known from rows that people decided. Prints the share of audits whose 95 % interval contains the
 * true rate, the mean estimate and the mean width beside Wilson's on a plain random sample of as
 * many rows. With `top` every suspicious row is asked and "rows" others, drawn at random, as
 * `--top` does when it covers them all.
 */
#include "base/memory.h"
#include "base/rng.h"
#include "judge/choose.h"
#include "trust/error_rate.h"
#include "trust/phase_rate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 6000, K = 4, PHASES = 3, TOLD = 200 };

static const double SHARE[PHASES] = {.3, .35, .35}, FLOOR[PHASES] = {.6, .3, .3};

typedef struct setting {
  const char *model; /* good, useless, overconfident, swapped */
  double rate;
  int64_t budget;
  double accuracy; /* of the judge; 1 = a person */
  bool is_top;
} setting;

typedef struct world {
  int32_t label[N];
  uint8_t wrong[N], has_content[N], suspicious[N], done[N];
  int32_t rank[N];
  double p[N];
} world;

static const world *drawn_from;

static double normal(lqa_rng *rng) {
  return sqrt(-2 * log(1 - lqa_rng_uniform(rng))) * cos(6.283185307179586 * lqa_rng_uniform(rng));
}

/* Class 0 and 1 are swapped under "swapped": there the model sees nothing. */
static void make_world(const setting *s, lqa_rng *rng, world *w) {
  bool swapped = s->model[0] == 's';
  double sharp = s->model[0] == 'u' || swapped ? 0 : 2.2;
  double stretch = s->model[0] == 'o' ? 2.5 : 1;
  for (int i = 0; i < N; i++) {
    w->label[i] = (int32_t)lqa_rng_below(rng, K);
    double rate = !swapped ? s->rate : w->label[i] < 2 ? 2 * s->rate : 0;
    w->wrong[i] = lqa_rng_uniform(rng) < rate;
    double margin = sharp * (w->wrong[i] ? 1 : -1) + normal(rng) * (sharp > 0 ? 1.5 : 1);
    double base = log(s->rate / (1 - s->rate));
    w->p[i] = 1 / (1 + exp(-stretch * (base + margin)));
    w->has_content[i] = 1;
    w->suspicious[i] = w->p[i] > .5;
    w->rank[i] = 0;
    w->done[i] = 0;
  }
}

/* What the judge says; UNKNOWN of one row in fifty. */
static double ask(const setting *s, const world *w, int64_t row, lqa_rng *rng) {
  if (s->accuracy < 1 && lqa_rng_uniform(rng) < .02) {
    return NAN;
  }
  bool is_right = lqa_rng_uniform(rng) < s->accuracy;
  if (!w->wrong[row]) {
    return !is_right;
  }
  return is_right || lqa_rng_uniform(rng) > 1. / (K - 1);
}

static int compare_rows(const void *a, const void *b) {
  const lqa_phase_row *x = a, *y = b;
  int32_t k = drawn_from->label[x->row], l = drawn_from->label[y->row];
  return k != l ? (k > l) - (k < l) : (x->control > y->control) - (x->control < y->control);
}

typedef struct design {
  LQA_VEC(lqa_phase_row) rows[PHASES];
  double sums[PHASES][K];
  lqa_rate_phase phases[PHASES];
  int n;
} design;

/* The rows of a phase, or of `top`. */
static void choose(const setting *s, world *w, int h, int64_t n, uint64_t seed,
                   lqa_choice_list *chosen) {
  const lqa_choose_input input = {.n_rows = N,
                                  .label = w->label,
                                  .has_content = w->has_content,
                                  .is_suspicious = w->suspicious,
                                  .issue_rank = w->rank,
                                  .p_wrong = w->p,
                                  .is_done = w->done,
                                  .floor_share = FLOOR[h],
                                  .seed = seed + (uint64_t)h};
  lqa_error err;
  lqa_status status = s->is_top ? lqa_choose_top(&input, N, n, chosen, &err)
                                : lqa_choose_budget(&input, n, LQA_CHOOSE_PHASE, chosen, &err);
  if (status != LQA_OK) {
    fprintf(stderr, "%s\n", err.message);
    exit(1);
  }
}

static void draw_phase(const setting *s, world *w, lqa_rng *rng, const lqa_choice_list *chosen,
                       int h, design *d) {
  for (int k = 0; k < K; k++) {
    d->sums[h][k] = 0;
  }
  for (int i = 0; i < N; i++) {
    d->sums[h][w->label[i]] += w->done[i] ? 0 : w->p[i];
  }
  d->rows[h].n = 0;
  for (size_t i = 0; i < chosen->n; i++) {
    int64_t row = chosen->data[i].row;
    lqa_phase_row r = {row, chosen->data[i].inclusion, w->p[row], ask(s, w, row, rng),
                       s->accuracy < 1 ? 0 : -1};
    if (lqa_vec_push(&d->rows[h], r) != LQA_OK) {
      exit(1);
    }
    w->done[row] = 1;
  }
  drawn_from = w;
  if (!s->is_top) {
    qsort(d->rows[h].data, d->rows[h].n, sizeof *d->rows[h].data, compare_rows);
  }
  d->phases[h] = (lqa_rate_phase){d->rows[h].data, (int64_t)d->rows[h].n, d->sums[h]};
}

static void draw(const setting *s, world *w, lqa_rng *rng, uint64_t seed, design *d) {
  int64_t left = s->budget;
  d->n = s->is_top ? 1 : PHASES;
  for (int h = 0; h < d->n; h++) {
    int64_t n = h == d->n - 1 ? left : (int64_t)(SHARE[h] * (double)s->budget + .5);
    lqa_choice_list chosen = {0};
    left -= n;
    choose(s, w, h, n, seed, &chosen);
    draw_phase(s, w, rng, &chosen, h, d);
    lqa_vec_clear(&chosen);
  }
}

/* The judge's accuracy, as known from TOLD rows that people decided. */
static lqa_judge_error measure_judge(const setting *s, lqa_rng *rng) {
  double right = 0;
  for (int i = 0; i < TOLD; i++) {
    right += lqa_rng_uniform(rng) < s->accuracy;
  }
  double a = (right + 1) / (TOLD + 2), se = sqrt(a * (1 - a) / TOLD);
  return (lqa_judge_error){1 - a, 1 - (1 - a) / (K - 1), se, se / (K - 1)};
}

typedef struct tally {
  double covered, estimate, width, wilson, wilson_covered, classes, class_covered;
} tally;

static void run_audit(const setting *s, uint64_t seed, world *w, design *d, tally *t) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 7);
  make_world(s, &rng, w);
  draw(s, w, &rng, seed, d);
  lqa_judge_error judge = measure_judge(s, &rng);
  int64_t class_rows[K] = {0}, wrong = 0, class_wrong[K] = {0}, hits = 0;
  for (int i = 0; i < N; i++) {
    class_rows[w->label[i]]++;
    class_wrong[w->label[i]] += w->wrong[i];
    wrong += w->wrong[i];
  }
  const lqa_phase_rate_input input = {N, K, w->label, class_rows, d->phases, d->n, &judge};
  lqa_phase_rate out;
  lqa_arena arena;
  lqa_arena_init(&arena);
  if (lqa_phase_rate_of(&input, &arena, &out) != LQA_OK) {
    exit(1);
  }
  double truth = (double)wrong / N;
  t->covered += out.rate.low <= truth && truth <= out.rate.high;
  t->estimate += out.rate.estimate;
  t->width += out.rate.high - out.rate.low;
  for (int k = 0; k < K; k++) {
    double rate = (double)class_wrong[k] / (double)class_rows[k];
    t->classes += out.by_class[k].n >= LQA_RATE_MIN_ROWS;
    t->class_covered += out.by_class[k].n >= LQA_RATE_MIN_ROWS && out.by_class[k].low <= rate &&
                        rate <= out.by_class[k].high;
  }
  int64_t told = 0;
  for (int h = 0; h < d->n; h++) {
    told += d->phases[h].n;
  }
  for (int64_t i = 0; i < told; i++) {
    hits += w->wrong[lqa_rng_below(&rng, N)];
  }
  lqa_interval plain = lqa_interval_wilson(hits, told, .95);
  t->wilson += plain.high - plain.low;
  t->wilson_covered += plain.low <= truth && truth <= plain.high;
  lqa_arena_clear(&arena);
}

int main(int argc, char **argv) {
  static const char *const MODELS[] = {"good", "useless", "overconfident", "swapped"};
  static const double RATES[] = {.01, .03, .09, .25};
  static const int64_t BUDGETS[] = {60, 200, 500}, OTHERS[] = {20, 60, 200};
  static const double ACCURACIES[] = {1, .95, .85};
  int n = argc > 1 ? atoi(argv[1]) : 1000;
  bool is_top = argc > 2;
  static world w;
  static design d;
  printf("| model | true rate | rows | judge right | coverage | classes | mean estimate | width |"
         " Wilson: width | coverage |\n|---|---|---|---|---|---|---|---|---|---|\n");
  for (size_t m = 0; m < 4; m++) {
    for (size_t r = 0; r < 4; r++) {
      for (size_t b = 0; b < 3; b++) {
        for (size_t a = 0; a < 3; a++) {
          const setting s = {MODELS[m], RATES[r], is_top ? OTHERS[b] : BUDGETS[b], ACCURACIES[a],
                             is_top};
          tally t = {0};
          for (int i = 0; i < n; i++) {
            run_audit(&s, 1000 * (uint64_t)i + 17, &w, &d, &t);
          }
          printf("| %s | %.2f | %lld | %.2f | %.3f | %.3f | %.4f | %.4f | %.4f | %.3f |\n", s.model,
                 s.rate, (long long)s.budget, s.accuracy, t.covered / n,
                 t.class_covered / t.classes, t.estimate / n, t.width / n, t.wilson / n,
                 t.wilson_covered / n);
          fflush(stdout);
        }
      }
    }
  }
  return 0;
}
