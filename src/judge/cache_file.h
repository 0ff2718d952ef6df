/* judge/cache_file.h - what the files of the judge's cache share: the open cache, its
 * statements, and one way to run them that names the cache in every message. */
#ifndef LQA_JUDGE_CACHE_FILE_H
#define LQA_JUDGE_CACHE_FILE_H

#include "base/sql.h"
#include "judge/cache.h"
#include "judge/claim_owner.h"

/* Each has its text in cache_file.c. */
typedef enum lqa_cache_query {
  LQA_CACHE_FIND_ANSWER,
  LQA_CACHE_HAS_ANSWER,
  LQA_CACHE_STORE_ANSWER,
  LQA_CACHE_COUNT_MODEL,
  LQA_CACHE_FORGET_MODEL,
  LQA_CACHE_FORGET_REFUSED,
  LQA_CACHE_GET_CLAIM,
  LQA_CACHE_SET_CLAIM,
  LQA_CACHE_DROP_CLAIM,
  LQA_CACHE_DROP_MINE,
  LQA_CACHE_LIST_OWNERS,
  LQA_CACHE_DROP_OWNER,
  LQA_CACHE_GET_REFUSED,
  LQA_CACHE_SET_REFUSED,
  LQA_CACHE_ADD_BATCH,
  LQA_CACHE_ADD_BATCH_KEY,
  LQA_CACHE_DROP_BATCH_KEYS,
  LQA_CACHE_DROP_BATCH,
  LQA_CACHE_NEXT_BATCH,
  LQA_CACHE_BEGIN_READ,
  LQA_CACHE_BEGIN,
  LQA_CACHE_COMMIT,
  LQA_CACHE_ROLLBACK,
  LQA_CACHE_QUERY_COUNT
} lqa_cache_query;

struct lqa_cache {
  lqa_sql *sql;
  lqa_statement *statements[LQA_CACHE_QUERY_COUNT];
  char *path; /* NULL: in memory */
  lqa_claim_owner owner;
};

/* The statement, at its start, ready to be given its parameters. */
lqa_statement *lqa_cache_statement(lqa_cache *cache, lqa_cache_query which);
/* The key as the first parameter. */
void lqa_cache_set_key(lqa_statement *statement, const lqa_cache_key *key);
void lqa_cache_set_text(lqa_statement *statement, int parameter, const char *text);
/* Runs a statement that returns no rows. */
LQA_MUST_CHECK lqa_status lqa_cache_finish(lqa_cache *cache, lqa_statement *statement,
                                           lqa_error *err);
/* The next row of a statement that returns rows: *row tells whether there is one. */
LQA_MUST_CHECK lqa_status lqa_cache_step(lqa_cache *cache, lqa_statement *statement, bool *row,
                                         lqa_error *err);

#endif
