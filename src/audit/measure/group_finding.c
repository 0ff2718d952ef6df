/* audit/measure/group_finding.c - gathers (row, group, suggestion) triples and turns
 * them into the parallel arrays of a finding, ascending by row.
 */
#include "audit/measure/group_finding.h"

#include "audit/phrase.h"
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

enum {
  MAX_MESSAGE_BYTES = 1 << 13,
  EXAMPLE_ROWS = 4,
  QUOTE_CODE_POINTS = 80,
  LABEL_CODE_POINTS = 40
};

lqa_status lqa_group_finding_add(lqa_group_finding *finding, int64_t row, int32_t group,
                                 int32_t suggested) {
  lqa_group_member member = {row, group, suggested};
  return lqa_vec_push(&finding->members, member);
}

void lqa_group_finding_clear(lqa_group_finding *finding) {
  lqa_vec_clear(&finding->members);
}

static int compare_rows(const void *a, const void *b) {
  const lqa_group_member *x = a, *y = b;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* Fills the arrays beside the rows; false when out of memory. */
static bool fill_arrays(const lqa_group_finding *gathered, lqa_finding *finding, lqa_arena *arena) {
  size_t n = gathered->members.n;
  int32_t *groups = lqa_arena_alloc(arena, n, sizeof *groups);
  int32_t *labels = lqa_arena_alloc(arena, n, sizeof *labels);
  if (!groups || !labels) {
    return false;
  }
  bool has_suggestion = false;
  for (size_t i = 0; i < n; i++) {
    groups[i] = gathered->members.data[i].group;
    labels[i] = gathered->members.data[i].suggested;
    has_suggestion = has_suggestion || labels[i] >= 0;
  }
  finding->group_of = groups;
  finding->n_groups = gathered->n_groups;
  finding->suggested_label = has_suggestion ? labels : NULL;
  return true;
}

lqa_status lqa_group_finding_report(lqa_group_finding *gathered, const lqa_audit_input *input,
                                    int kind, const char *format, ...) {
  size_t n = gathered->members.n;
  char *message = lqa_arena_alloc(input->arena, MAX_MESSAGE_BYTES, 1);
  int64_t *rows = lqa_malloc(n, sizeof *rows);
  if (!message || !rows) {
    free(rows);
    return LQA_NO_MEMORY;
  }
  va_list args;
  va_start(args, format);
  vsnprintf(message, MAX_MESSAGE_BYTES, format, args);
  va_end(args);
  qsort(gathered->members.data, n, sizeof *gathered->members.data, compare_rows);
  for (size_t i = 0; i < n; i++) {
    rows[i] = gathered->members.data[i].row;
  }
  lqa_finding *finding =
      lqa_finding_add(input->findings, &input->audit->kinds[kind], rows, (int64_t)n, "%s", message);
  free(rows);
  return finding && fill_arrays(gathered, finding, input->arena) ? LQA_OK : LQA_NO_MEMORY;
}

const char *lqa_group_finding_example(const lqa_group_finding *gathered,
                                      const lqa_audit_input *input) {
  const lqa_dataset *d = input->dataset;
  lqa_buf out;
  lqa_buf_init(&out, MAX_MESSAGE_BYTES);
  int named = 0;
  int64_t first = -1;
  for (size_t i = 0; i < gathered->members.n && named < EXAMPLE_ROWS; i++) {
    const lqa_group_member *member = &gathered->members.data[i];
    if (member->group == gathered->members.data[0].group) {
      first = first < 0 ? member->row : first;
      lqa_buf_printf(&out, "%srow %lld (%s)", named++ ? ", " : "For example ",
                     (long long)member->row,
                     lqa_phrase_quote(input->arena, lqa_column_get(&d->label_text, member->row),
                                      LABEL_CODE_POINTS));
    }
  }
  if (first >= 0 && d->content.offsets) {
    lqa_buf_printf(
        &out, ": %s.",
        lqa_phrase_quote(input->arena, lqa_column_get(&d->content, first), QUOTE_CODE_POINTS));
  }
  if (first >= 0 && !d->content.offsets) {
    lqa_buf_add_char(&out, '.');
  }
  const char *text =
      out.failed || !out.data ? NULL : lqa_arena_copy(input->arena, out.data, out.size);
  lqa_buf_clear(&out);
  return text ? text : "";
}
