/* model/problem/confusion.h - is one class called another more often than its model can explain?
 *
 * A model of given labels that could learn everything would predict the noise as well. Where labels
 * are confused systematically (an eighth of World is called Business), a linear model cannot, since
 * nothing in the text says which rows: it stays torn between both classes, and a channel from true
 * to given labels, put behind its predictions, explains the labels better than they do alone.
 */
#ifndef LQA_MODEL_PROBLEM_CONFUSION_H
#define LQA_MODEL_PROBLEM_CONFUSION_H

#include "base/status.h"

/* The strongest confusion: `share` of class `from` is called `to`. Which is strongest is judged by
 * `bound`, two standard errors below its share; all 0 where there is none, or where the predictions
 * say not clearly more of the labels than class frequencies. */
typedef struct lqa_confusion {
  int32_t from, to;
  double share, bound;
} lqa_confusion;

/* p: n_rows x n_classes, probabilities of unseen rows; label: the given ones. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_confusion_fit(const double *p, const int32_t *label, size_t n_rows,
                                            int32_t n_classes, lqa_confusion *out);

/* Whether training again pays (measured: from a twelfth of the labels on it does, at a sixteenth it
 * does not yet; elsewhere bounds were .032 at most, .04 where 40 % of labels are random). */
static inline bool lqa_confusion_is_systematic(const lqa_confusion *confusion) {
  return confusion->bound > .045;
}

#endif
