/* The strict JSON reader against another strict reader (jansson): both accept a document or both
 * refuse it, and every text that comes out is valid UTF-8. Left out of the comparison: depth over
 * 64 (ours refuses), exponents and long numbers (jansson refuses what overflows a double), and NUL
 * (jansson takes a raw one for the end, and refuses an escaped one in a key). */
#include "base/json_read.h"
#include "base/unicode.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONG_NUMBER = 300, MAX_DEPTH = 64 };

static void demand(bool holds) {
  if (!holds) {
    abort();
  }
}

static void check_tree(const lqa_json_node *node, int depth) {
  demand(depth <= MAX_DEPTH + 1);
  size_t n = 0;
  for (const lqa_json_node *child = node->first; child != NULL; child = child->next, n++) {
    check_tree(child, depth + 1);
  }
  demand(n == node->n);
  if (node->kind == LQA_JSON_TEXT) {
    demand(lqa_utf8_check(node->text.data, node->text.size) < 0);
    demand(node->text.data[node->text.size] == '\0');
  }
}

/* Whether the two readers must agree on this text. */
static bool is_comparable(const char *text, size_t size) {
  int depth = 0, digits = 0;
  if (memmem(text, size, "\\u0000", strlen("\\u0000")) != NULL) {
    return false;
  }
  for (size_t i = 0; i < size; i++) {
    depth += (text[i] == '[' || text[i] == '{');
    digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
    if (text[i] == '\0' || text[i] == 'e' || text[i] == 'E' || digits > LONG_NUMBER ||
        depth > MAX_DEPTH) {
      return false;
    }
  }
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data;
  lqa_arena arena;
  lqa_arena_init(&arena);
  const lqa_json_node *root = NULL;
  lqa_status status = lqa_json_parse((lqa_str){text, size}, "fuzz", &arena, &root, NULL);
  if (status == LQA_OK) {
    check_tree(root, 0);
  }
  if (is_comparable(text, size)) {
    size_t flags =
        JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL;
    json_t *other = size > 0 ? json_loadb(text, size, flags, NULL) : NULL;
    demand((other != NULL) == (status == LQA_OK));
    json_decref(other);
  }
  lqa_arena_clear(&arena);
  return 0;
}
