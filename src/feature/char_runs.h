/* feature/char_runs.h - the hashed runs of characters of one text after the other: what
 * feature/char_hash.h builds a matrix of, for those who want no matrix.
 *
 *     lqa_char_runs runs;
 *     LQA_TRY_OUT(lqa_char_runs_init(&runs, 4, 18));
 *     lqa_hash_list hashes = {0};
 *     LQA_TRY_OUT(lqa_char_runs_add(&runs, text, &hashes));
 */
#ifndef LQA_FEATURE_CHAR_RUNS_H
#define LQA_FEATURE_CHAR_RUNS_H

#include "base/buf.h"
#include "base/str.h"
#include "base/vec.h"

enum { LQA_MAX_RUN = 8 };

typedef LQA_VEC(uint32_t) lqa_hash_list;

/* Scratch of one thread. */
typedef struct lqa_char_runs {
  unsigned n, hash_bits;
  lqa_buf lower;          /* the text in lower case */
  LQA_VEC(uint32_t) word; /* a blank, a word's code points, a blank */
  uint8_t *stamp;         /* per hash: the text it was last seen in, counted modulo 256 */
  uint8_t now;
} lqa_char_runs;

/* Runs of n code points, 1 to LQA_MAX_RUN; 2^hash_bits hash values. Clear it whatever the status:
 * LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_char_runs_init(lqa_char_runs *runs, unsigned n, unsigned hash_bits);
void lqa_char_runs_clear(lqa_char_runs *runs);
/* Appends each hash of the text once, in order of first appearance. */
LQA_MUST_CHECK lqa_status lqa_char_runs_add(lqa_char_runs *runs, lqa_str text, lqa_hash_list *out);

#endif
