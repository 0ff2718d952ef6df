/* trust/evidence.c - the columns of rows.parquet as arrays in one arena.
 *
 * A column per array keeps a pass over one of them (ranking, counting) in cache and lets the audits
 * fill their own columns without knowing the others. A row costs 88 bytes. Which arrays there are
 * is said once, in evidence_columns.h.
 */
#include "trust/evidence.h"

#include <math.h>
#include <stddef.h>

static const char *const ACTION_NAMES[] = {"relabel", "keep (ambiguous)", "needs_review", "keep"};

const char *lqa_action_name(lqa_action action) {
  return ACTION_NAMES[action];
}

bool lqa_action_parse(lqa_str name, lqa_action *action) {
  for (int i = 0; i < LQA_ACTION_COUNT; i++) {
    if (lqa_str_equal(name, lqa_str_from(ACTION_NAMES[i]))) {
      *action = (lqa_action)i;
      return true;
    }
  }
  return false;
}

/* Where an array lies in the struct, the size of its elements and what an empty one is filled with.
 */
typedef struct array_row {
  size_t offset, size;
  const void *empty; /* NULL = zeros */
} array_row;

static const int32_t NO_CLASS = LQA_CLASS_NONE;
static const double NO_NUMBER = NAN;

#define TYPE_CLASS int32_t
#define TYPE_NUMBER double
#define TYPE_FLAG uint8_t
#define TYPE_RANK int32_t
#define TYPE_FINDINGS uint64_t
#define TYPE_VERDICT uint8_t
#define TYPE_ACTION uint8_t
#define TYPE_NAME const char *
#define EMPTY_CLASS &NO_CLASS
#define EMPTY_NUMBER &NO_NUMBER
#define EMPTY_FLAG NULL
#define EMPTY_RANK NULL
#define EMPTY_FINDINGS NULL
#define EMPTY_VERDICT NULL
#define EMPTY_ACTION NULL
#define EMPTY_NAME NULL

#define EVIDENCE(column, field, kind, origin, meaning) HIDDEN(field, kind)

/* A row whose kind is not the type of its field does not compile. */
#define HIDDEN(field, kind)                                                               \
  _Static_assert(_Generic(((lqa_evidence *)NULL)->field, TYPE_##kind * : 1, default : 0), \
                 #field " is no " #kind);
#include "trust/evidence_columns.h"
#undef HIDDEN

static const array_row ARRAYS[] = {
#define HIDDEN(field, kind) {offsetof(lqa_evidence, field), sizeof(TYPE_##kind), EMPTY_##kind},
#include "trust/evidence_columns.h"
#undef HIDDEN
};

/* n elements, each empty; NULL when out of memory. */
static void *make_array(lqa_arena *arena, size_t n, const array_row *row) {
  char *array = lqa_arena_alloc(arena, n, row->size);
  for (size_t i = 0; array && row->empty && i < n; i++) {
    memcpy(array + i * row->size, row->empty, row->size);
  }
  return array;
}

lqa_status lqa_evidence_init(lqa_evidence *e, int64_t n_rows, int32_t n_classes,
                             const int32_t *label, lqa_error *err) {
  size_t n = n_rows > 0 ? (size_t)n_rows : 1;
  lqa_evidence made = {.n_rows = n_rows, .n_classes = n_classes, .label = label};
  lqa_arena_init(&made.arena);
  for (size_t i = 0; i < sizeof ARRAYS / sizeof ARRAYS[0]; i++) {
    void *array = make_array(&made.arena, n, &ARRAYS[i]);
    if (!array) {
      lqa_arena_clear(&made.arena);
      return lqa_fail_memory(err, "setting up the rows' evidence");
    }
    memcpy((char *)&made + ARRAYS[i].offset, &array, sizeof array);
  }
  *e = made;
  return LQA_OK;
}

void lqa_evidence_clear(lqa_evidence *evidence) {
  lqa_arena_clear(&evidence->arena);
  memset(evidence, 0, sizeof *evidence);
}
