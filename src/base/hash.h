/* base/hash.h - XXH3, the one hash of the project (library xxhash, stable since 0.8.0).
 *
 * 128 bits identify row content across runs and machines: the canonical (big-endian) form is used,
 * so a hash written today is the hash read anywhere tomorrow.
 */
#ifndef LQA_BASE_HASH_H
#define LQA_BASE_HASH_H

#include "base/status.h"
#include "base/str.h"

#include <stdatomic.h>

typedef struct lqa_hash128 {
  uint64_t high, low;
} lqa_hash128;

uint64_t lqa_hash64(const void *data, size_t size, uint64_t seed);
lqa_hash128 lqa_hash128_of(const void *data, size_t size);
/* 32 lower-case hex digits and a NUL. */
void lqa_hash128_format(lqa_hash128 hash, char out[33]);

/* SHA-256 of a whole file as 64 hex digits and a NUL, for manifests; also gives its size. */
LQA_MUST_CHECK lqa_status lqa_sha256_file(const char *path, char out[65], uint64_t *size_bytes,
                                          lqa_error *err);
/* As lqa_sha256_file, but gives up with LQA_INTERRUPTED soon after *stop (NULL: never) is not zero.
 */
LQA_MUST_CHECK lqa_status lqa_sha256_file_until(const char *path, const atomic_int *stop,
                                                char out[65], uint64_t *size_bytes, lqa_error *err);
/* SHA-256 of a block of memory. */
void lqa_sha256(const void *data, size_t size, char out[65]);
/* HMAC-SHA-256 of `text` under a key, as 64 hex digits and a NUL. False: out of memory. */
LQA_MUST_CHECK bool lqa_hmac_sha256(lqa_str text, const void *key, size_t key_bytes, char out[65]);

#endif
