/* trust/trust_summary.h - how far the posterior may be believed, and what it shows of the labels.
 */
#ifndef LQA_TRUST_TRUST_SUMMARY_H
#define LQA_TRUST_TRUST_SUMMARY_H

#include "base/interval.h"
#include "base/arena.h"
#include "trust/error_rate.h"
#include "trust/posterior.h"

typedef enum lqa_trust_basis {
  LQA_BASIS_MODEL,   /* nobody has looked at a row */
  LQA_BASIS_JUDGED,  /* judges have */
  LQA_BASIS_REVIEWED /* people have */
} lqa_trust_basis;

enum {
  LQA_RELIABILITY_BINS = 10,
  LQA_MAX_CONFUSIONS = 20,
  LQA_MIN_VERIFIED = 100, /* rows from which on calibration is claimed by what was verified ... */
  LQA_MIN_WORTH = 80      /* ... if they are worth as many that a person verifies */
};

/* Verified rows whose predicted probability of a wrong label lies in [from, to). */
typedef struct lqa_reliability_bin {
  double from, to;
  int64_t n;
  double predicted;      /* a mean, weighted by the inverse chance to be looked at */
  lqa_interval observed; /* the same of what was found, at 95 % */
} lqa_reliability_bin;

/* A share `rate` of the rows of class `truth` is labelled `given`. */
typedef struct lqa_suspected_confusion {
  int32_t given, truth;
  lqa_interval rate; /* by the verified rows of `truth`; NaN where there are none */
  int64_t rows;      /* rows labelled `given` that are rather `truth` */
  int64_t verified;  /* rows of the pair that a judge or a person has verified */
} lqa_suspected_confusion;

typedef struct lqa_judge_accuracy {
  const char *model; /* borrowed */
  lqa_interval accuracy;
  int64_t n;
  bool is_constant; /* it gave one and the same answer */
  bool is_weak;     /* right too rarely for so few answers */
  bool is_left_out; /* constant, near chance or weak: p_correct does not rest on it */
} lqa_judge_accuracy;

typedef struct lqa_trust_summary {
  bool is_known; /* false: no posterior was made, `why_not` says why */
  const char *why_not;
  bool is_calibrated; /* false: p_correct is a rank */
  const char *why_rank;
  lqa_trust_basis basis;
  int64_t n_verified;
  double worth; /* of these: a person's count 1, a judge's less (judge_check.h) */
  double rate;  /* mean probability of a wrong label */
  double gate_z;
  int n_rounds;             /* of refits */
  const char *why_no_refit; /* NULL: there was one, or too few opinions for it */
  bool has_ece;             /* expected calibration error on verified rows */
  double ece, ece_low, ece_high;
  lqa_reliability_bin bins[LQA_RELIABILITY_BINS];
  int n_bins;
  int32_t n_classes;
  double *channel; /* n_classes x n_classes: [true][given]; NULL where there are over 100 classes */
  lqa_suspected_confusion confusions[LQA_MAX_CONFUSIONS];
  int n_confusions;
  lqa_judge_accuracy *judges;
  int n_judges;
} lqa_trust_summary;

typedef struct lqa_trust_summary_input {
  const lqa_posterior *posterior;
  const lqa_opinions *opinions;
  const char *const *judge_names; /* opinions->n_judges */
  bool has_skill;                 /* the model is better than class frequencies */
} lqa_trust_summary_input;

/* Arrays live in `arena`. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_trust_summary_make(const lqa_trust_summary_input *input,
                                                 lqa_arena *arena, lqa_trust_summary *out);

#endif
