/* trust/posterior.h - the probability of every class for every row, by all evidence.
 *
 *     lqa_posterior *posterior;
 *     LQA_TRY(lqa_posterior_new(&input, &posterior));           // the model alone
 *     LQA_TRY(lqa_posterior_update(posterior, &opinions));      // what people and judges said
 *     ... posterior->class_p, posterior->p_wrong ...
 *     lqa_posterior_free(posterior);
 *
 * With verified rows the calibrator (calibrator.h) corrects what the model alone says
 * (model_evidence.h). Where the content can be trained on again (`refit`), members are then trained
 * on the posterior itself, out of fold, blended, put behind a channel of posterior-weighted counts
 * and calibrated anew, until it settles: verified rows teach the model which of two confused
 * classes a text belongs to, and high-rate confusion that the labels alone cannot show comes out.
 *
 * Nothing of a row's own label reaches its posterior but through the channel: members are out of
 * fold, and weights, channel and calibrator are a few numbers fitted on all rows.
 */
#ifndef LQA_TRUST_POSTERIOR_H
#define LQA_TRUST_POSTERIOR_H

#include "trust/calibrator.h"
#include "trust/judge_check.h"
#include "trust/model_evidence.h"

enum { LQA_REFIT_MEMBERS = 3 };

/* Trains members on class probabilities, out of fold. */
typedef struct lqa_posterior_refit {
  void *data;
  /* log_p[0 .. n_members-1], n_rows x n_classes each. */
  lqa_status (*run)(void *data, const float *soft, int n_members, float *const *log_p);
  int n_members;                   /* of every round: the first ones */
  int n_final;                     /* of the last round of a plan's last phase */
  double prior[LQA_REFIT_MEMBERS]; /* default weights of the members of a round */
  double final_prior[LQA_REFIT_MEMBERS];
  double unproven; /* how far it is believed, 0 to 1, with too few verified rows to tell; 1:
                    * always */
} lqa_posterior_refit;

typedef struct lqa_posterior_input {
  lqa_model_evidence_input model;
  const lqa_posterior_refit *refit; /* borrowed; NULL: the content is not trained on again */
  bool is_alone; /* nobody has said anything: class_p takes the place of model.log_class */
} lqa_posterior_input;

typedef struct lqa_opinions {
  const lqa_opinion *items; /* ascending by row, then by judge */
  size_t n;
  int n_judges;
  bool is_last; /* of a plan in phases: also train the members of the last round */
} lqa_opinions;

typedef struct lqa_posterior {
  lqa_posterior_input input;
  const lqa_trust_rows *rows;
  lqa_model_evidence model;
  float *class_p;         /* n_rows x n_classes */
  double *p_wrong;        /* n_rows: before a row's own opinions are counted */
  double *accuracy;       /* of the judges, or NULL */
  lqa_judge_check *judge; /* n_judges, or NULL */
  uint8_t *is_left_out;   /* n_judges, or NULL: constant, near chance, or weak */
  lqa_opinion *kept;      /* without those; owned */
  lqa_opinions used;      /* `kept` and the rest as given: what p_wrong rests on */
  lqa_channel channel;    /* given by true, as it is now believed */
  int n_rounds;           /* of refits */
  double refit_z;         /* their gain on verified rows (refit_gate.h), 0 = not measured ... */
  double refit_weight;    /* ... and how far they are believed, 0 to 1 */
  float *member[LQA_REFIT_MEMBERS], *log_p, *log_class, *next; /* of refits */
} lqa_posterior;

/* `input` is copied, what it points to borrowed. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_posterior_new(const lqa_posterior_input *input, lqa_posterior **out);
/* All opinions so far, not only new ones. Judges that verify nothing are left out. */
LQA_MUST_CHECK lqa_status lqa_posterior_update(lqa_posterior *posterior,
                                               const lqa_opinions *opinions);
void lqa_posterior_free(lqa_posterior *posterior);

#endif
