/* base/field.h - tables of fields: what a struct holds, under which key it stands in JSON, and what
 * it means. One table writes the JSON, reads it back, and makes the schema and the page that users
 * get, so that none of them can say anything else.
 *
 *     #define AT(member) LQA_FIELD(lqa_report_length, member)
 *     static const lqa_field LENGTH[] = {
 *         {"label", AT(label), "the class"},
 *         {"mean", AT(mean), "mean length in code points"},
 *         {.key = NULL}};
 *
 * The kind follows from the member's type, so a row cannot contradict the struct. Keys that are not
 * in the table are ignored when reading; a missing one reads as 0, NaN, NULL, nothing, or as
 * `absent`. */
#ifndef LQA_BASE_FIELD_H
#define LQA_BASE_FIELD_H

#include "base/arena.h"
#include "base/json.h"
#include "base/json_read.h"

#include <stddef.h>

typedef enum lqa_field_kind {
  LQA_FIELD_CONSTANT, /* the text in `absent`, in no struct */
  LQA_FIELD_TEXT,     /* const char *; NULL is null */
  LQA_FIELD_STR,      /* lqa_str; NULL data is null */
  LQA_FIELD_CHARS,    /* char[size] */
  LQA_FIELD_INT,      /* a signed or unsigned integer of 4 or 8 bytes; at most 2^63 - 1 */
  LQA_FIELD_DOUBLE,   /* NaN is null */
  LQA_FIELD_BOOL,
  LQA_FIELD_CHOICE, /* an enum or a bool: its number in `choices` */
  LQA_FIELD_JSON,   /* const char *: one JSON object, NULL is null */
  LQA_FIELD_OBJECT, /* a struct within the struct: `fields` */
  LQA_FIELD_LIST,   /* a pointer to elements and their count */
  LQA_FIELD_MAP     /* the same as an object: of `fields` the first is the key, the second the value
                     */
} lqa_field_kind;

typedef enum lqa_field_presence {
  LQA_ALWAYS,
  LQA_UNLESS_EMPTY, /* left out where it is 0, NaN, NULL or has no elements */
  LQA_WHERE_GIVEN,  /* left out unless the bool at `given` is set, which reading sets */
  LQA_NULL_OR_GIVEN /* null unless it is set */
} lqa_field_presence;

typedef struct lqa_field {
  const char *key; /* NULL ends a table */
  lqa_field_kind kind;
  size_t offset, size;
  const char *meaning; /* one phrase; "" only where the key says it */
  lqa_field_presence presence;
  size_t given;
  const char *absent;             /* TEXT, STR: what a missing one reads as; BOOL: "true" */
  const char *const *choices;     /* CHOICE, closed by NULL */
  const struct lqa_field *fields; /* OBJECT, LIST, MAP; of plain elements one row with key "" */
  size_t element_size;            /* LIST, MAP */
  size_t count_offset, count_size;
} lqa_field;

/* A member that is one value: kind, offset and size. */
#define LQA_FIELD(type, member) \
  .kind = \
      _Generic(((type *)NULL)->member, const char * : LQA_FIELD_TEXT, char * : LQA_FIELD_CHARS, \
           lqa_str : LQA_FIELD_STR, int32_t : LQA_FIELD_INT, int64_t : LQA_FIELD_INT, \
           uint64_t : LQA_FIELD_INT, double : LQA_FIELD_DOUBLE, bool : LQA_FIELD_BOOL), \
      LQA_FIELD_PLACE(type, member)
#define LQA_FIELD_AS(what, type, member) .kind = LQA_FIELD_##what, LQA_FIELD_PLACE(type, member)
#define LQA_FIELD_PLACE(type, member) \
  .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
/* After the meaning of a LIST or MAP: the type of its elements, their table, where the count is. */
#define LQA_ELEMENTS(type, table, owner, count)                                          \
  .fields = table, .element_size = sizeof(type), .count_offset = offsetof(owner, count), \
  .count_size = sizeof(((owner *)NULL)->count)

/* Elements that are plain values: lqa_str, const char *, int64_t, double. */
extern const lqa_field lqa_field_strs[], lqa_field_texts[], lqa_field_ints[], lqa_field_doubles[];

/* The members of an open object. */
void lqa_fields_write(const lqa_field *fields, const void *record, lqa_json *json);
/* Fills `record`, whose members named in the table are overwritten; new arrays and texts live in
 * `arena`. `object` may be NULL: everything is missing. LQA_OK or LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_fields_read(const lqa_field *fields, const lqa_json_node *object,
                                          lqa_arena *arena, void *record);

#endif
