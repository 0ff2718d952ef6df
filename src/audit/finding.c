/* audit/finding.c - findings: made in an arena, kept in a list.
 *
 * A finding is plain data. Its texts and rows are copied into the list's arena, so an audit may
 * build them in scratch memory and forget them; nothing here knows how a finding will be shown.
 */
#include "audit/finding.h"

#include "base/message_text.h"

#include "base/str.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const SEVERITY_NAMES[] = {"ignore", "info", "warn", "error"};

const char *lqa_severity_name(lqa_severity severity) {
  return SEVERITY_NAMES[severity];
}

bool lqa_severity_parse(const char *name, lqa_severity *severity) {
  for (int i = LQA_IGNORE; i <= LQA_ERROR; i++) {
    if (lqa_str_equal_nocase(lqa_str_from(name), lqa_str_from(SEVERITY_NAMES[i]))) {
      *severity = (lqa_severity)i;
      return true;
    }
  }
  return false;
}

static lqa_finding *push(lqa_finding_list *list, const lqa_finding_kind *kind) {
  lqa_finding blank = {.kind = kind, .severity = kind->severity, .message = "", .z = NAN};
  if (lqa_vec_push(&list->items, blank) != LQA_OK) {
    return NULL;
  }
  return &list->items.data[list->items.n - 1];
}

lqa_finding *lqa_finding_add(lqa_finding_list *list, const lqa_finding_kind *kind,
                             const int64_t *rows, int64_t n_rows, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *message = lqa_message_new_v(list->arena, format, args);
  va_end(args);
  int64_t *copy = lqa_arena_alloc(list->arena, n_rows > 0 ? (size_t)n_rows : 1, sizeof *copy);
  if (!message || !copy) {
    return NULL;
  }
  if (n_rows > 0) {
    memcpy(copy, rows, (size_t)n_rows * sizeof *copy);
  }
  lqa_finding *finding = push(list, kind);
  if (finding) {
    finding->message = message;
    finding->rows = copy;
    finding->n_rows = n_rows;
    finding->count = kind->marks_rows ? n_rows : 1;
  }
  return finding;
}

lqa_status lqa_finding_decline(lqa_finding_list *list, const char *format, ...) {
  va_list args;
  va_start(args, format);
  list->declined = lqa_message_new_v(list->arena, format, args);
  va_end(args);
  return list->declined ? LQA_OK : LQA_NO_MEMORY;
}

lqa_status lqa_finding_decline_kind(lqa_finding_list *list, const lqa_finding_kind *kind,
                                    const char *reason) {
  return lqa_vec_push(&list->declined_kinds, ((lqa_declined_kind){kind, reason}));
}

lqa_finding *lqa_finding_add_none(lqa_finding_list *list, const lqa_finding_kind *kind) {
  return push(list, kind);
}
