/* judge/cache.h - answers that were paid for, kept forever, and who is asking what right now.
 *
 * An answer's key is SHA-256 over (row key, prompt hash, base URL, model, sampling settings,
 * repeat). Stored is what the model said, not what we made of it: the verdict is parsed again on
 * every read.
 *
 * Claims keep two processes from paying for the same thing: who sends a request first writes a
 * claim, in the same transaction in which it looks for the answer. A claim dies with its process
 * (boot id, pid namespace, pid and start time are recorded), or, where that cannot be seen (another
 * host), when its time is over.
 *
 * Commits are synchronous=FULL: an answer survives a kill and a power cut. Cost: one fsync for
 * everything that came in since the last one.
 */
#ifndef LQA_JUDGE_CACHE_H
#define LQA_JUDGE_CACHE_H

#include "base/arena.h"
#include "judge/reply.h"

typedef struct lqa_cache lqa_cache;

typedef struct lqa_cache_key {
  unsigned char bytes[32];
} lqa_cache_key;

/* What the key is made of; kept beside the answer for people who look into the file. */
typedef struct lqa_cache_question {
  lqa_str row_key;
  const char *prompt_hash; /* 64 hex digits */
  const char *base_url, *model, *settings;
  int repeat;
} lqa_cache_question;

void lqa_cache_key_make(const lqa_cache_question *question, lqa_cache_key *key);
void lqa_cache_key_format(const lqa_cache_key *key, char hex[65]);
bool lqa_cache_key_parse(const char *hex, lqa_cache_key *key);

typedef struct lqa_cache_answer {
  lqa_str content;
  lqa_reply_end end;
  const char *finish, *reply_model, *fingerprint;
  int64_t tokens_in, tokens_out; /* as charged */
  int64_t cost;                  /* pico-dollars as charged; -1 = price unknown */
  int64_t asked_ms;              /* since 1970, when the answer came */
  bool is_found;                 /* set by lqa_cache_find */
} lqa_cache_answer;

/* `path` NULL = in memory. Creates folders (0700) and file (0600). LQA_BAD_FILE if it cannot. */
LQA_MUST_CHECK lqa_status lqa_cache_open(const char *path, lqa_cache **cache, lqa_error *err);
/* Releases this handle's claims. */
void lqa_cache_close(lqa_cache *cache);

/* The answer to `key`, texts copied into `arena`; without is_found, and nothing else set, if there
 * is none. */
LQA_MUST_CHECK lqa_status lqa_cache_find(lqa_cache *cache, const lqa_cache_key *key,
                                         lqa_arena *arena, lqa_cache_answer *answer,
                                         lqa_error *err);

/* Many reads in a row are faster, and see one state, between begin_read and commit. */
LQA_MUST_CHECK lqa_status lqa_cache_begin_read(lqa_cache *cache, lqa_error *err);
/* All writes below happen between begin and commit. */
LQA_MUST_CHECK lqa_status lqa_cache_begin(lqa_cache *cache, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_cache_commit(lqa_cache *cache, lqa_error *err);
void lqa_cache_roll_back(lqa_cache *cache);

/* Stores an answer (replacing an older one) and drops the claim on it. */
LQA_MUST_CHECK lqa_status lqa_cache_store(lqa_cache *cache, const lqa_cache_key *key,
                                          const lqa_cache_question *question,
                                          const lqa_cache_answer *answer, lqa_error *err);

/* Removes all answers of a model at an endpoint, and what was learnt of the fields it refuses; *n
 * tells how many answers. Between begin and commit. */
LQA_MUST_CHECK lqa_status lqa_cache_forget(lqa_cache *cache, const char *base_url,
                                           const char *model, int64_t *n, lqa_error *err);

typedef enum lqa_claim {
  LQA_CLAIM_TAKEN,    /* ours: send the request */
  LQA_CLAIM_ANSWERED, /* the answer is there: read it */
  LQA_CLAIM_BUSY,     /* another process is asking: look again later */
  LQA_CLAIM_BATCH     /* waits in a submitted batch */
} lqa_claim;

/* How to claim. */
typedef struct lqa_claim_terms {
  double seconds;        /* until it expires, where nobody can see whether we are alive */
  int64_t newer_than_ms; /* older answers do not count; 0 = all do */
} lqa_claim_terms;

LQA_MUST_CHECK lqa_status lqa_cache_claim(lqa_cache *cache, const lqa_cache_key *key,
                                          const lqa_claim_terms *terms, lqa_claim *claim,
                                          lqa_error *err);
/* Drops our claim. */
LQA_MUST_CHECK lqa_status lqa_cache_release(lqa_cache *cache, const lqa_cache_key *key,
                                            lqa_error *err);
/* Whether `key` waits in a submitted batch (needs no transaction). */
LQA_MUST_CHECK lqa_status lqa_cache_in_batch(lqa_cache *cache, const lqa_cache_key *key,
                                             bool *in_batch, lqa_error *err);
/* Removes claims whose process is gone; *n_lost says how many: requests that were open when it
 * died, perhaps paid, their answers never received. A transaction of its own. */
LQA_MUST_CHECK lqa_status lqa_cache_sweep(lqa_cache *cache, int64_t *n_lost, lqa_error *err);

/* What an endpoint and model refuse (request.h), 0 if nothing is known. set is a transaction of its
 * own. */
LQA_MUST_CHECK lqa_status lqa_cache_get_refused(lqa_cache *cache, const char *base_url,
                                                const char *model, unsigned *refused,
                                                lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_cache_set_refused(lqa_cache *cache, const char *base_url,
                                                const char *model, unsigned refused,
                                                lqa_error *err);

/* Batches handed to a provider. A key claimed for a batch stays claimed until the batch is closed
 * or `seconds` are over. add_key belongs between begin and commit. */
LQA_MUST_CHECK lqa_status lqa_cache_batch_add(lqa_cache *cache, const char *id,
                                              const char *base_url, const char *model,
                                              lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_cache_batch_add_key(lqa_cache *cache, const lqa_cache_key *key,
                                                  const char *id, double seconds, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_cache_batch_close(lqa_cache *cache, const char *id, lqa_error *err);
/* Replaces `id` ("" = none) by the next id, in code point order, of an open batch of that endpoint
 * and model; "" at the end. */
LQA_MUST_CHECK lqa_status lqa_cache_batch_next(lqa_cache *cache, const char *base_url,
                                               const char *model, char id[128], lqa_error *err);

#endif
