/* judge/cache_claims.c - who is asking what: claims on questions, what endpoints refuse, batches.
 *
 * A claim's owner is "boot/namespace/pid/start/nonce": the first four find the process, the nonce
 * tells two handles of one process apart. Process ids are only believed inside the same boot and
 * pid namespace; elsewhere a claim lives until it expires.
 */
#include "base/clock.h"
#include "judge/cache_file.h"

#include <stdio.h>
#include <string.h>

/* ---- claims ---- */

static lqa_status has_answer(lqa_cache *cache, const lqa_cache_key *key, int64_t newer_than_ms,
                             bool *row, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_HAS_ANSWER);
  lqa_cache_set_key(s, key);
  lqa_statement_set_int(s, 2, newer_than_ms);
  lqa_status status = lqa_cache_step(cache, s, row, err);
  lqa_statement_reset(s);
  return status;
}

/* Who holds the claim: TAKEN means that nobody else does. */
static lqa_status claim_holder(lqa_cache *cache, const lqa_cache_key *key, lqa_claim *claim,
                               lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_GET_CLAIM);
  lqa_cache_set_key(s, key);
  bool row;
  LQA_TRY(lqa_cache_step(cache, s, &row, err));
  *claim = LQA_CLAIM_TAKEN;
  if (row) {
    const char *owner = lqa_statement_text(s, 0).data;
    int64_t expires_ms = lqa_statement_int(s, 2);
    if (!lqa_statement_is_null(s, 1)) {
      *claim = lqa_clock_unix_ms() < expires_ms ? LQA_CLAIM_BATCH : LQA_CLAIM_TAKEN;
    } else if (owner && strcmp(owner, cache->owner.text) != 0 &&
               lqa_claim_owner_is_alive(&cache->owner, owner, expires_ms)) {
      *claim = LQA_CLAIM_BUSY;
    }
  }
  lqa_statement_reset(s);
  return LQA_OK;
}

lqa_status lqa_cache_claim(lqa_cache *cache, const lqa_cache_key *key, const lqa_claim_terms *terms,
                           lqa_claim *claim, lqa_error *err) {
  bool answered;
  LQA_TRY(has_answer(cache, key, terms->newer_than_ms, &answered, err));
  if (answered) {
    *claim = LQA_CLAIM_ANSWERED;
    return LQA_OK;
  }
  LQA_TRY(claim_holder(cache, key, claim, err));
  if (*claim != LQA_CLAIM_TAKEN) {
    return LQA_OK;
  }
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_SET_CLAIM);
  lqa_cache_set_key(s, key);
  lqa_cache_set_text(s, 2, cache->owner.text);
  lqa_statement_set_int(s, 3, lqa_clock_unix_ms() + (int64_t)(terms->seconds * 1000));
  return lqa_cache_finish(cache, s, err);
}

lqa_status lqa_cache_release(lqa_cache *cache, const lqa_cache_key *key, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_DROP_CLAIM);
  lqa_cache_set_key(s, key);
  lqa_cache_set_text(s, 2, cache->owner.text);
  return lqa_cache_finish(cache, s, err);
}

lqa_status lqa_cache_in_batch(lqa_cache *cache, const lqa_cache_key *key, bool *in_batch,
                              lqa_error *err) {
  lqa_claim claim;
  LQA_TRY(claim_holder(cache, key, &claim, err));
  *in_batch = claim == LQA_CLAIM_BATCH;
  return LQA_OK;
}

static lqa_status drop_owner(lqa_cache *cache, const char *owner, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_DROP_OWNER);
  lqa_cache_set_text(s, 1, owner);
  return lqa_cache_finish(cache, s, err);
}

static lqa_status sweep(lqa_cache *cache, int64_t *n_lost, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_LIST_OWNERS);
  bool row;
  lqa_status status;
  while ((status = lqa_cache_step(cache, s, &row, err)) == LQA_OK && row) {
    const char *owner = lqa_statement_text(s, 0).data;
    if (strcmp(owner, cache->owner.text) == 0 ||
        lqa_claim_owner_is_alive(&cache->owner, owner, lqa_statement_int(s, 1))) {
      continue;
    }
    *n_lost += lqa_statement_int(s, 2);
    char copy[sizeof cache->owner.text];
    snprintf(copy, sizeof copy, "%s", owner);
    status = drop_owner(cache, copy, err);
    if (status != LQA_OK) {
      break;
    }
  }
  lqa_statement_reset(s);
  return status;
}

lqa_status lqa_cache_sweep(lqa_cache *cache, int64_t *n_lost, lqa_error *err) {
  *n_lost = 0;
  LQA_TRY(lqa_cache_begin(cache, err));
  lqa_status status;
  LQA_TRY_OUT(sweep(cache, n_lost, err));
  return lqa_cache_commit(cache, err);
out:
  lqa_cache_roll_back(cache);
  return status;
}

/* ---- capabilities and batches ---- */

lqa_status lqa_cache_get_refused(lqa_cache *cache, const char *base_url, const char *model,
                                 unsigned *refused, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_GET_REFUSED);
  lqa_cache_set_text(s, 1, base_url);
  lqa_cache_set_text(s, 2, model);
  bool row;
  LQA_TRY(lqa_cache_step(cache, s, &row, err));
  *refused = row ? (unsigned)lqa_statement_int(s, 0) : 0;
  lqa_statement_reset(s);
  return LQA_OK;
}

lqa_status lqa_cache_set_refused(lqa_cache *cache, const char *base_url, const char *model,
                                 unsigned refused, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_SET_REFUSED);
  lqa_cache_set_text(s, 1, base_url);
  lqa_cache_set_text(s, 2, model);
  lqa_statement_set_int(s, 3, (int)refused);
  return lqa_cache_finish(cache, s, err);
}

lqa_status lqa_cache_batch_add(lqa_cache *cache, const char *id, const char *base_url,
                               const char *model, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_ADD_BATCH);
  lqa_cache_set_text(s, 1, id);
  lqa_cache_set_text(s, 2, base_url);
  lqa_cache_set_text(s, 3, model);
  return lqa_cache_finish(cache, s, err);
}

lqa_status lqa_cache_batch_add_key(lqa_cache *cache, const lqa_cache_key *key, const char *id,
                                   double seconds, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_ADD_BATCH_KEY);
  lqa_cache_set_key(s, key);
  lqa_cache_set_text(s, 2, id);
  lqa_statement_set_int(s, 3, lqa_clock_unix_ms() + (int64_t)(seconds * 1000));
  return lqa_cache_finish(cache, s, err);
}

lqa_status lqa_cache_batch_close(lqa_cache *cache, const char *id, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_DROP_BATCH_KEYS);
  lqa_cache_set_text(s, 1, id);
  LQA_TRY(lqa_cache_finish(cache, s, err));
  s = lqa_cache_statement(cache, LQA_CACHE_DROP_BATCH);
  lqa_cache_set_text(s, 1, id);
  return lqa_cache_finish(cache, s, err);
}

lqa_status lqa_cache_batch_next(lqa_cache *cache, const char *base_url, const char *model,
                                char id[128], lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_NEXT_BATCH);
  lqa_cache_set_text(s, 1, base_url);
  lqa_cache_set_text(s, 2, model);
  lqa_cache_set_text(s, 3, id);
  bool row;
  LQA_TRY(lqa_cache_step(cache, s, &row, err));
  snprintf(id, 128, "%s", row ? lqa_statement_text(s, 0).data : "");
  lqa_statement_reset(s);
  return LQA_OK;
}
