/* trust/channel.h - the noise model: how often a row of a true class is given each label.
 *
 * A channel T[true, given] stands between the class that a model sees in a row's content and the
 * label that the row was given: P(given | row) = sum over classes of P(class | row) T[class,
 * given]. It is fitted to the given labels by expectation maximisation behind fixed out-of-fold
 * probabilities (Dawid and Skene 1979 with a model for the second annotator; Patrini et al. 2017),
 * with a Dirichlet prior around a channel that spreads 10 % evenly.
 *
 * Where labels are wrong at random, a channel of pairs fits noise and makes the ranking worse, so
 * it is believed only as far as it predicts given labels of rows that it was not fitted on better
 * than a uniform channel does (lqa_channel_gate).
 */
#ifndef LQA_TRUST_CHANNEL_H
#define LQA_TRUST_CHANNEL_H

#include "trust/trust_rows.h"

#include <stdbool.h>

/* Most classes that a channel is made for: it has n_classes squared cells. */
enum { LQA_CHANNEL_MAX_CLASSES = 2000 };

/* Cells are laid out by given label: cell[given * n_classes + true]. */
typedef struct lqa_channel {
  int32_t n_classes;
  double *cell; /* owned */
} lqa_channel;

LQA_MUST_CHECK lqa_status lqa_channel_init(lqa_channel *channel, int32_t n_classes);
void lqa_channel_clear(lqa_channel *channel);
LQA_MUST_CHECK lqa_status lqa_channel_copy(const lqa_channel *from, lqa_channel *to);

static inline double lqa_channel_get(const lqa_channel *c, int32_t truth, int32_t given) {
  return c->cell[(size_t)given * (size_t)c->n_classes + (size_t)truth];
}
/* The probabilities of one given label under every true class. */
static inline const double *lqa_channel_given(const lqa_channel *c, int32_t given) {
  return c->cell + (size_t)given * (size_t)c->n_classes;
}

/* A share `wrong` of every class is given the other labels, evenly. */
void lqa_channel_set_uniform(lqa_channel *channel, double wrong);

/* p: n_rows x n_classes probabilities of the true class, by the content alone. */
typedef struct lqa_channel_problem {
  const lqa_trust_rows *rows;
  const float *p;
  double prior_rows; /* weight of the prior, in rows per true class */
  int left_out;      /* fold whose rows are not used; -1: all rows are */
} lqa_channel_problem;

/* `steps` of expectation maximisation from the channel as it is. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_channel_fit(const lqa_channel_problem *problem, int steps,
                                          lqa_channel *channel);
/* The best uniform channel: its share of wrong labels into *wrong. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_channel_fit_uniform(const lqa_channel_problem *problem,
                                                  double *wrong);
/* z of the cross-fitted gain in log-likelihood of the given labels: channel of pairs over uniform
 * channel. problem->left_out is ignored. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_channel_gate(const lqa_channel_problem *problem, double *z);

/* cell = weighted counts of (given label, soft class), plus the prior: `soft` is n_rows x n_classes
 * class probabilities. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_channel_count(const lqa_trust_rows *rows, const float *soft,
                                            double prior_rows, lqa_channel *channel);

#endif
