/* audit/audit_run.h - the driver: runs the planned audits in two stages and gathers their findings.
 *
 * Stage 1, before any model: all audits that need only the data. It also finds near-duplicate
 * clusters, which the model stage takes as fold groups. Stage 2: audits that need out-of-fold
 * probabilities. After it the findings are complete: in audit_list.h order, then in the order
 * found; a check that found nothing is listed with count 0, one that could not run is listed in
 * `skipped` with the reason, and told to the observer if it was asked for by name.
 *
 *     lqa_audit_run run;
 *     LQA_TRY(lqa_audit_run_init(&run, &choices, err));
 *     lqa_audit_input known = {.dataset = dataset, .pool = pool, .observer = observer, .seed =
 * seed}; lqa_audit_run_structural(&run, &known, err); known.fold = ..., known.pred_probs = ...
 * (folds by run.cluster) lqa_audit_run_modelled(&run, &known, err); lqa_audit_run_mark(&run,
 * &marks); lqa_audit_run_clear(&run);
 */
#ifndef LQA_AUDIT_AUDIT_RUN_H
#define LQA_AUDIT_AUDIT_RUN_H

#include "audit/audit_plan.h"
#include "audit/row_groups.h"

typedef struct lqa_audit_skip {
  const lqa_audit *audit;
  const lqa_finding_kind *kind; /* NULL: all of the audit's */
  const char *reason;           /* "no --time column"; arena, or static */
} lqa_audit_skip;

typedef struct lqa_audit_run {
  lqa_audit_plan plan;
  lqa_arena arena;
  lqa_finding_list findings;
  lqa_row_groups content_groups; /* copies; after stage 1 */
  lqa_row_groups chance_groups;  /* rows that are equal by chance (chance_equal.h) */
  uint8_t *is_by_chance;         /* per row: in one of the latter; NULL where there are none */
  /* Cluster number per row after stage 1, n_rows long: near duplicates if that check runs, else
   * exact duplicates; NULL where the data has no content to compare. */
  uint32_t *cluster;
  bool cluster_is_near; /* near duplicates, not only exact ones */
  lqa_audit_skip skipped[LQA_AUDIT_COUNT * LQA_AUDIT_MAX_KINDS];
  int n_skipped;
  /* Time per audit, for the manifest only; clusters are timed apart. */
  double seconds[LQA_AUDIT_COUNT], cluster_seconds;
} lqa_audit_run;

/* Errors: LQA_BAD_USAGE for choices that name what does not exist. The run must not be moved. */
LQA_MUST_CHECK lqa_status lqa_audit_run_init(lqa_audit_run *run, const lqa_audit_choices *choices,
                                             lqa_error *err);
void lqa_audit_run_clear(lqa_audit_run *run);

/* `known` holds what the caller has; members that the driver fills (params, findings, arena,
 * groups, clusters) are ignored. */
LQA_MUST_CHECK lqa_status lqa_audit_run_structural(lqa_audit_run *run, const lqa_audit_input *known,
                                                   lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_audit_run_modelled(lqa_audit_run *run, const lqa_audit_input *known,
                                                 lqa_error *err);

/* The row columns that findings fill; arrays of n_rows, zeroed or set by the caller before. */
typedef struct lqa_audit_marks {
  uint64_t *finding_bits;    /* |= 1 << lqa_finding_bit(id) */
  uint8_t *has_error;        /* = 1 where an error finding marks the row */
  int32_t *structural_label; /* set where a finding suggests a label; errors before warnings */
} lqa_audit_marks;
void lqa_audit_run_mark(const lqa_audit_run *run, const lqa_audit_marks *marks);

/* Number of findings (not rows) of a severity, count 0 excluded. */
int64_t lqa_finding_count_severity(const lqa_finding_list *list, lqa_severity severity);

#endif
