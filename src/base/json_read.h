/* base/json_read.h - a small strict JSON reader: one document, into a tree that lives in an arena.
 *
 * For what the project itself writes (manifests) and for small requests; big data goes through
 * DuckDB. RFC 8259, no extensions: duplicate keys, trailing text, invalid UTF-8 and a depth over 64
 * are refused, with the position in the message. What others send may repeat a key: of it the last
 * one counts.
 */
#ifndef LQA_BASE_JSON_READ_H
#define LQA_BASE_JSON_READ_H

#include "base/arena.h"

typedef enum lqa_json_kind {
  LQA_JSON_NULL,
  LQA_JSON_BOOL,
  LQA_JSON_NUMBER,
  LQA_JSON_TEXT,
  LQA_JSON_ARRAY,
  LQA_JSON_OBJECT
} lqa_json_kind;

typedef struct lqa_json_node {
  lqa_json_kind kind;
  lqa_str key;   /* in an object; NULL data elsewhere */
  lqa_str text;  /* TEXT: the value, NUL-terminated; NUMBER: as written */
  double number; /* NUMBER; BOOL as 0 or 1 */
  size_t n;      /* ARRAY, OBJECT: members */
  const struct lqa_json_node *first, *next; /* members of this one; next member of the parent */
} lqa_json_node;

/* Parses the whole of `text`; *root lives as long as `arena` (the written form of numbers: as long
 * as `text`). `name` is for messages. */
LQA_MUST_CHECK lqa_status lqa_json_parse(lqa_str text, const char *name, lqa_arena *arena,
                                         const lqa_json_node **root, lqa_error *err);

/* The same for what others send, where a repeated key is no damage. NULL: it is no JSON (or memory
 * is out). */
const lqa_json_node *lqa_json_parse_foreign(lqa_str text, lqa_arena *arena);

/* The member `key` of an object (the last one of that name); NULL if there is none, or `object` is
 * NULL or no object. */
const lqa_json_node *lqa_json_find(const lqa_json_node *object, const char *key);
/* The value of member `key`, or the fallback where it is absent, null or of another kind. */
double lqa_json_find_number(const lqa_json_node *object, const char *key, double fallback);
int64_t lqa_json_find_int(const lqa_json_node *object, const char *key, int64_t fallback);
bool lqa_json_find_bool(const lqa_json_node *object, const char *key, bool fallback);
/* NULL-terminated, borrowed from the arena; NULL where absent, null or no text. */
const char *lqa_json_find_text(const lqa_json_node *object, const char *key);

#endif
