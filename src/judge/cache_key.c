/* judge/cache_key.c - what makes two questions the same: SHA-256 over length-prefixed parts, so
 * that no text can imitate the border between two of them. SHA-256 because row texts may be
 * hostile: nobody can craft a row that is answered by another row's cached verdict.
 */
#include "base/hash.h"
#include "judge/cache.h"

#include <stdio.h>

static void add_part(lqa_buf *buf, lqa_str part) {
  uint64_t size = part.size;
  unsigned char prefix[8];
  for (int i = 0; i < 8; i++) {
    prefix[i] = (unsigned char)(size >> (8 * i));
  }
  lqa_buf_add(buf, prefix, sizeof prefix);
  lqa_buf_add_str(buf, part);
}

void lqa_cache_key_make(const lqa_cache_question *question, lqa_cache_key *key) {
  char repeat[16], hex[65];
  snprintf(repeat, sizeof repeat, "%d", question->repeat);
  lqa_buf buf;
  lqa_buf_init(&buf, (size_t)1 << 30);
  add_part(&buf, question->row_key);
  add_part(&buf, lqa_str_from(question->prompt_hash));
  add_part(&buf, lqa_str_from(question->base_url));
  add_part(&buf, lqa_str_from(question->model));
  add_part(&buf, lqa_str_from(question->settings));
  add_part(&buf, lqa_str_from(repeat));
  lqa_sha256(buf.data, buf.size, hex);
  lqa_cache_key_parse(hex, key);
  lqa_buf_clear(&buf);
}

void lqa_cache_key_format(const lqa_cache_key *key, char hex[65]) {
  for (size_t i = 0; i < sizeof key->bytes; i++) {
    snprintf(hex + 2 * i, 3, "%02x", key->bytes[i]);
  }
}

static int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool lqa_cache_key_parse(const char *hex, lqa_cache_key *key) {
  if (strlen(hex) != 2 * sizeof key->bytes) {
    return false;
  }
  for (size_t i = 0; i < sizeof key->bytes; i++) {
    int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) {
      return false;
    }
    key->bytes[i] = (unsigned char)(high << 4 | low);
  }
  return true;
}
