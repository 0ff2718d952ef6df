/* XXH3 by library, SHA-256 by OpenSSL's libcrypto where fast instructions matter: a manifest hashes
 * whole sources, and libcrypto uses the processor's SHA extensions.
 */
#include "base/hash.h"

#include "base/memory.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <xxhash.h>

enum { READ_BYTES = 1 << 18 };

uint64_t lqa_hash64(const void *data, size_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(data, size, seed);
}

lqa_hash128 lqa_hash128_of(const void *data, size_t size) {
  XXH128_hash_t hash = XXH3_128bits(data, size);
  return (lqa_hash128){hash.high64, hash.low64};
}

void lqa_hash128_format(lqa_hash128 hash, char out[33]) {
  snprintf(out, 33, "%016llx%016llx", (unsigned long long)hash.high, (unsigned long long)hash.low);
}

static void format_digest(const unsigned char digest[32], char out[65]) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < 32; i++) {
    out[2 * i] = digits[digest[i] >> 4];
    out[2 * i + 1] = digits[digest[i] & 15];
  }
  out[64] = '\0';
}

/* Feeds the whole of `file` into `context`. */
static lqa_status digest_file(FILE *file, const char *path, const atomic_int *stop,
                              EVP_MD_CTX *context, uint64_t *size, lqa_error *err) {
  char *block = lqa_malloc(READ_BYTES, 1);
  if (!block) {
    return lqa_fail_memory(err, "hashing a file");
  }
  lqa_status status = LQA_OK;
  size_t n;
  *size = 0;
  while ((n = fread(block, 1, READ_BYTES, file)) > 0) {
    if (EVP_DigestUpdate(context, block, n) != 1) {
      LQA_TRY_OUT(lqa_fail_memory(err, "hashing a file"));
    }
    *size += n;
    if (stop && atomic_load(stop)) {
      LQA_TRY_OUT(lqa_fail(err, LQA_INTERRUPTED, "interrupted while hashing '%s'", path));
    }
  }
  if (ferror(file)) {
    LQA_TRY_OUT(lqa_fail_errno(err, "read", path));
  }
out:
  free(block);
  return status;
}

lqa_status lqa_sha256_file(const char *path, char out[65], uint64_t *size_bytes, lqa_error *err) {
  return lqa_sha256_file_until(path, NULL, out, size_bytes, err);
}

lqa_status lqa_sha256_file_until(const char *path, const atomic_int *stop, char out[65],
                                 uint64_t *size_bytes, lqa_error *err) {
  unsigned char digest[32];
  uint64_t size = 0;
  FILE *file = fopen(path, "rb");
  if (!file) {
    return lqa_fail_errno(err, "open", path);
  }
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  lqa_status status = LQA_OK;
  if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
    status = lqa_fail_memory(err, "hashing a file");
    goto out;
  }
  LQA_TRY_OUT(digest_file(file, path, stop, context, &size, err));
  EVP_DigestFinal_ex(context, digest, NULL);
  format_digest(digest, out);
  *size_bytes = size;
out:
  EVP_MD_CTX_free(context);
  fclose(file);
  return status;
}

void lqa_sha256(const void *data, size_t size, char out[65]) {
  unsigned char digest[32];
  EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL);
  format_digest(digest, out);
}

bool lqa_hmac_sha256(lqa_str text, const void *key, size_t key_bytes, char out[65]) {
  unsigned char digest[32];
  unsigned int size = sizeof digest;
  if (!HMAC(EVP_sha256(), key, (int)key_bytes, (const unsigned char *)text.data, text.size, digest,
            &size)) {
    return false;
  }
  format_digest(digest, out);
  return true;
}
