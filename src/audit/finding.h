/* audit/finding.h - what an audit says: one struct, gathered in a list, rendered by others.
 *
 * Severities: an `error` finding makes the rows it marks suspicious (trust/rule.h). */
#ifndef LQA_AUDIT_FINDING_H
#define LQA_AUDIT_FINDING_H

#include "base/arena.h"
#include "base/vec.h"

typedef enum lqa_severity { LQA_IGNORE, LQA_INFO, LQA_WARN, LQA_ERROR } lqa_severity;

/* What kinds of finding an audit can make; a static table in its file. */
typedef struct lqa_finding_kind {
  const char *id; /* kebab-case, never reused: "null-content" */
  lqa_severity severity;
  bool marks_rows;
  const char *summary; /* one line for `labelqa checks` */
} lqa_finding_kind;

typedef struct lqa_finding {
  const lqa_finding_kind *kind;
  lqa_severity severity; /* the kind's, unless overridden */
  /* What the finding is about within its kind ("Sports", "a.csv"), or NULL: baselines name it. */
  const char *subject;
  const char *message; /* a full sentence or more, with numbers and what to do; arena */
  int64_t count;       /* rows marked; 1 for a finding about the whole file; 0: found nothing */
  const int64_t *rows; /* rows marked, ascending; arena */
  int64_t n_rows;
  int64_t accepted;        /* taken out by the baseline: rows, or 1 for the whole file */
  const int32_t *group_of; /* per marked row: its group, or NULL */
  int64_t n_groups;
  bool is_block;              /* rows_from..rows_to is meaningful */
  int64_t rows_from, rows_to; /* inclusive */
  bool has_shift;
  int32_t shift;            /* row i carries the label of row i - shift */
  double z;                 /* test statistic where one exists, else NaN */
  const char *repair;       /* name of the repair that export --repair applies, or NULL */
  const char *details_json; /* more for report.json, one JSON object, or NULL */
  /* Per marked row, a label that is better by this finding's own evidence, or -1; or NULL. */
  const int32_t *suggested_label;
} lqa_finding;

typedef struct lqa_declined_kind {
  const lqa_finding_kind *kind;
  const char *reason;
} lqa_declined_kind;

typedef struct lqa_finding_list {
  LQA_VEC(lqa_finding) items; /* in the order found: audit_list.h order, then by row */
  lqa_arena *arena;           /* borrowed; owns texts and rows */
  const char *declined;       /* why the audit that runs cannot look at this data, or NULL */
  LQA_VEC(lqa_declined_kind) declined_kinds; /* of the audit that runs */
} lqa_finding_list;

/* Appends a finding with its rows copied into the list's arena. Returns a pointer to fill in the
 * rest, valid until the next add; NULL when out of memory. */
lqa_finding *lqa_finding_add(lqa_finding_list *list, const lqa_finding_kind *kind,
                             const int64_t *rows, int64_t n_rows, const char *format, ...)
    LQA_PRINTF(5, 6);

/* Appends "this kind found nothing": count 0, so that a report shows what was looked for. */
lqa_finding *lqa_finding_add_none(lqa_finding_list *list, const lqa_finding_kind *kind);

/* The audit that runs says that this data gives it nothing to look at ("column 'when' is empty"):
 * where it found nothing either, it counts as not run, not as passed. LQA_OK or LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_finding_decline(lqa_finding_list *list, const char *format, ...)
    LQA_PRINTF(2, 3);

/* The same of one kind, where the audit looks for its others; `reason` lives as long as the list.
 */
LQA_MUST_CHECK lqa_status lqa_finding_decline_kind(lqa_finding_list *list,
                                                   const lqa_finding_kind *kind,
                                                   const char *reason);

const char *lqa_severity_name(lqa_severity severity);
/* In small or capital letters. */
bool lqa_severity_parse(const char *name, lqa_severity *severity);

#endif
