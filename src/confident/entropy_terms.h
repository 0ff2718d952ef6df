/* confident/entropy_terms.h - what entropies are summed from, for many probabilities at once. */
#ifndef LQA_CONFIDENT_ENTROPY_TERMS_H
#define LQA_CONFIDENT_ENTROPY_TERMS_H

#include <stdbool.h>
#include <stddef.h>

/* value[i] = value[i] ln value[i], and 0 for 0. False if a value lies outside [0, 1]: the entropy
 * has no meaning there, not even by rounding; NaN passes. */
bool lqa_entropy_terms(double *value, size_t n);

#endif
