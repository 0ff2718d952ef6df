/* labelqa/annotators.h - several people labelled the same items: who is right, who is good, do they
 * agree?
 *
 *     lqa_votes_input input;
 *     lqa_votes_input_init(&input);
 *     input.wide = &labels;           // n_items x n_annotators, NaN or negative = did not label
 *     lqa_votes *votes = NULL;
 *     lqa_error err;
 *     if (lqa_votes_open(&input, &votes, &err) != LQA_OK) { puts(err.message); return 1; }
 *     int32_t *label = malloc(n_items * sizeof *label);
 *     lqa_votes_majority(votes, NULL, &(lqa_majority){.label = label}, &err);
 *     lqa_votes_close(votes);
 *
 * Items, annotators and classes are numbers from 0. Missing votes are the normal case everywhere.
 * Results do not depend on the number of threads. Where a function restates cleanlab 2.9.0's
 * multiannotator module it says so; sums run in the same order, logarithms are our own.
 */
#ifndef LABELQA_ANNOTATORS_H
#define LABELQA_ANNOTATORS_H

#include "labelqa/error.h"
#include "labelqa/matrix.h"
#include "labelqa/observer.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------
 * 1. Votes, wide or long
 * ------------------------------------------------------------------------------------------------
 */

/* Either `wide`, or the three lists of length n_votes. */
typedef struct lqa_votes_input {
  const lqa_matrix *wide; /* n_items x n_annotators labels; NaN or negative = no vote */
  const int32_t *item, *annotator, *label; /* one vote each, in any order */
  int64_t n_votes;
  int64_t n_items;      /* lists: 0 = largest item + 1 */
  int32_t n_annotators; /* lists: 0 = largest annotator + 1 */
  int32_t n_classes;    /* 0 = largest label + 1 */
  int64_t threads;      /* 0 = one per processor */
  const lqa_observer *observer;
} lqa_votes_input;

LQA_API void lqa_votes_input_init(lqa_votes_input *input);

/* Copies the votes. Belongs to one thread at a time. */
typedef struct lqa_votes lqa_votes;

/* LQA_BAD_DATA: a label that is no whole number or >= n_classes, a number that is negative, an
 * annotator who labels an item twice, no votes at all (err->row is the item or the vote). */
LQA_API LQA_MUST_CHECK lqa_status lqa_votes_open(const lqa_votes_input *input, lqa_votes **out,
                                                 lqa_error *err);
LQA_API void lqa_votes_close(lqa_votes *votes);

LQA_API int64_t lqa_votes_count(const lqa_votes *votes);
LQA_API int64_t lqa_votes_count_items(const lqa_votes *votes);
LQA_API int32_t lqa_votes_count_annotators(const lqa_votes *votes);
LQA_API int32_t lqa_votes_count_classes(const lqa_votes *votes);

/* ------------------------------------------------------------------------------------------------
 * 2. Majority
 * ------------------------------------------------------------------------------------------------
 */

typedef struct lqa_majority {
  int32_t *label;     /* n_items: the winner, -1 for an item without votes; the caller's */
  uint8_t *is_open;   /* n_items: 1 = tied to the end, label is the lowest of the tied; or NULL */
  uint8_t *candidate; /* n_items x n_classes: 1 = among the tied of an open item; or NULL */
  int64_t n_open;     /* set */
} lqa_majority;

/* Most votes win. Ties go to the class with the highest probability, then to the class rarest among
 * all votes, then to the class whose voters agree most with the untied items' majority; what is
 * tied even then is open. `pred_probs` (n_items x n_classes) may be NULL. As cleanlab's
 * get_majority_vote_label, which draws open items at random. */
LQA_API LQA_MUST_CHECK lqa_status lqa_votes_majority(const lqa_votes *votes,
                                                     const lqa_matrix *pred_probs,
                                                     lqa_majority *out, lqa_error *err);

/* ------------------------------------------------------------------------------------------------
 * 3. Consensus with a model: CROWDLAB
 *
 * Goh, Tkachenko and Mueller, "CROWDLAB: Supervised learning to infer consensus labels and quality
 * scores for data with multiple annotators" (2022). The model's prediction and each vote are
 * averaged with weights: how much better than always naming the commonest class the model, and each
 * annotator, agrees with the others.
 * ------------------------------------------------------------------------------------------------
 */

/* A consensus and what speaks for it. All arrays are the caller's. */
typedef struct lqa_crowdlab {
  const lqa_matrix *models;    /* n_models matrices of probabilities, n_items x n_classes */
  int32_t n_models;            /* 0 = the votes alone, weighed by how annotators agree */
  int32_t *consensus;          /* n_items: in; out where best_quality */
  double *agreement;           /* n_items: share of an item's votes for its consensus */
  double *posterior;           /* n_items x n_classes: the weighted averages */
  double *model_weight;        /* n_models */
  double *annotator_weight;    /* n_annotators */
  double *annotator_agreement; /* n_annotators: with the others, on shared items */
} lqa_crowdlab;

/* Fills everything but `consensus`, which is given. An annotator who shares no item with others
 * gets the average agreement. Every item needs a vote. */
LQA_API LQA_MUST_CHECK lqa_status lqa_votes_crowdlab(const lqa_votes *votes, lqa_crowdlab *crowdlab,
                                                     lqa_error *err);

/* Majority vote, its weights, and from them the class of largest posterior (the majority's where
 * that is tied) as consensus, with its own weights: cleanlab's default. `start`: a majority vote
 * already made (n_items), or NULL. */
LQA_API LQA_MUST_CHECK lqa_status lqa_votes_best_quality(const lqa_votes *votes,
                                                         const int32_t *start,
                                                         lqa_crowdlab *crowdlab, lqa_error *err);

/* *temperature that brings the probabilities closest (soft cross-entropy) to the votes'
 * distribution: the best of a coarse and then a fine grid between 0.1 and 8. */
LQA_API LQA_MUST_CHECK lqa_status lqa_votes_temperature(const lqa_votes *votes,
                                                        const lqa_matrix *pred_probs,
                                                        double *temperature, lqa_error *err);

/* out = probabilities sharpened (temperature < 1) or flattened (> 1): p^(1/T), rows scaled to sum
 * 1; n_rows x n_columns, C order. */
LQA_API LQA_MUST_CHECK lqa_status lqa_temperature_scale(const lqa_matrix *pred_probs,
                                                        double temperature, double *out,
                                                        lqa_error *err);

/* Which items to have labelled next: low = worth another vote. score: n_items values from the
 * consensus' quality (n_items), by the weight behind it. Source: Goh and Mueller, "ActiveLab"
 * (2023). */
LQA_API void lqa_votes_active_scores(const lqa_votes *votes, const lqa_crowdlab *crowdlab,
                                     const double *quality, double *score);

/* ------------------------------------------------------------------------------------------------
 * 4. Annotators as noisy channels: Dawid and Skene
 *
 * Every annotator has a confusion matrix P(says j | true k); it and the true labels are estimated
 * together by expectation-maximisation. Source: Dawid and Skene, "Maximum likelihood estimation of
 * observer error-rates using the EM algorithm", Applied Statistics 28 (1979).
 * ------------------------------------------------------------------------------------------------
 */

typedef struct lqa_dawid_skene_options {
  bool is_one_coin;       /* one accuracy per annotator instead of a matrix: for few votes each */
  double smoothing;       /* votes added to every cell of a matrix; default 0.01 */
  const int32_t *gold;    /* n_items: known labels, negative = unknown; NULL = none */
  int32_t max_iterations; /* default 200 */
  double tolerance;       /* stop when no posterior moves by more; default 1e-6 */
} lqa_dawid_skene_options;

LQA_API void lqa_dawid_skene_options_init(lqa_dawid_skene_options *options);

/* Arrays are the caller's. */
typedef struct lqa_dawid_skene {
  double *posterior; /* n_items x n_classes; the class prior for an item without votes */
  double *prior;     /* n_classes */
  double *confusion; /* n_annotators x n_classes x n_classes [true][said]; NULL = not wanted */
  double *accuracy;  /* n_annotators: prior-weighted diagonal; NULL = not wanted */
  int32_t iterations;
  bool has_converged;
  double log_likelihood; /* of the votes under the estimate */
} lqa_dawid_skene;

/* Starts from the vote shares. `options` NULL = defaults. */
LQA_API LQA_MUST_CHECK lqa_status lqa_votes_dawid_skene(const lqa_votes *votes,
                                                        const lqa_dawid_skene_options *options,
                                                        lqa_dawid_skene *out, lqa_error *err);

/* ------------------------------------------------------------------------------------------------
 * 5. Agreement
 * ------------------------------------------------------------------------------------------------
 */

/* What a disagreement of classes a and b costs. */
typedef enum lqa_vote_distance {
  LQA_DISTANCE_NOMINAL,   /* 1: classes have no order */
  LQA_DISTANCE_LINEAR,    /* |a - b| */
  LQA_DISTANCE_QUADRATIC, /* (a - b)^2: Krippendorff's interval scale */
  LQA_DISTANCE_ORDINAL    /* Krippendorff's ordinal scale: by ranks in between. Alpha only */
} lqa_vote_distance;

typedef struct lqa_agreement_options {
  lqa_vote_distance distance;
  double confidence;   /* of the interval; default 0.95 */
  int32_t n_resamples; /* bootstrap over items; default 1000. 0 = jackknife, as is taken beyond
                        * 1e8 votes times resamples */
  uint64_t seed;       /* default 0 */
} lqa_agreement_options;

LQA_API void lqa_agreement_options_init(lqa_agreement_options *options);

/* A coefficient: 1 = perfect, 0 = as by chance. With perfect agreement it is 1, and the interval's
 * lower end comes from the exact binomial bound on how often disagreement could yet occur. */
typedef struct lqa_agreement {
  double value, low, high;   /* low, high NaN: one item, or one class, tells none */
  double observed, expected; /* disagreement (alpha) or agreement (kappas), as shares */
  int64_t n_items;           /* items with at least two votes: the others say nothing */
  int64_t n_votes;           /* on those */
  const char *interval;      /* how: "bootstrap", "jackknife", "large-sample", "exact"; static.
                              * NULL: none */
} lqa_agreement;

/* Krippendorff's alpha: any number of annotators, any votes missing. LQA_BAD_DATA without an item
 * that has two votes. Source: Krippendorff, "Content Analysis" (2004); Hayes and Krippendorff
 * (2007). */
LQA_API LQA_MUST_CHECK lqa_status lqa_votes_alpha(const lqa_votes *votes,
                                                  const lqa_agreement_options *options,
                                                  lqa_agreement *out, lqa_error *err);

/* Fleiss' kappa, with numbers of votes that differ between items. Nominal only. Source: Fleiss,
 * "Measuring nominal scale agreement among many raters", Psychological Bulletin 76 (1971). */
LQA_API LQA_MUST_CHECK lqa_status lqa_votes_fleiss(const lqa_votes *votes,
                                                   const lqa_agreement_options *options,
                                                   lqa_agreement *out, lqa_error *err);

/* Cohen's kappa of two annotators on the items both labelled; weighted where the distance is LINEAR
 * or QUADRATIC. The interval is the large-sample one (Fleiss, Cohen and Everitt 1969). LQA_BAD_DATA
 * without a shared item. Source: Cohen, "A coefficient of agreement for nominal scales" (1960). */
LQA_API LQA_MUST_CHECK lqa_status lqa_votes_cohen(const lqa_votes *votes,
                                                  const int32_t annotators[2],
                                                  const lqa_agreement_options *options,
                                                  lqa_agreement *out, lqa_error *err);

/* count: n_annotators x n_classes x n_classes votes by [reference label][said]; the reference
 * (n_items, negative = skip the item) is a consensus or gold. */
LQA_API void lqa_votes_confusion(const lqa_votes *votes, const int32_t *reference, int64_t *count);

#ifdef __cplusplus
}
#endif
#endif
