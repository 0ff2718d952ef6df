/* trust/evidence.c - the columns of CONTRACT section 5 as arrays in one arena.
 *
 * A column per array keeps a pass over one of them (ranking, counting) in cache and lets the audits
 * fill their own columns without knowing the others. A row costs 88 bytes.
 */
#include "trust/evidence.h"

#include <math.h>

static const char *const VERDICT_NAMES[] = {NULL, "YES", "NO", "UNKNOWN"};
static const char *const ACTION_NAMES[] = {"relabel", "keep (ambiguous)", "needs_review", "keep"};

const char *lqa_verdict_name(lqa_verdict verdict) {
  return VERDICT_NAMES[verdict];
}

const char *lqa_action_name(lqa_action action) {
  return ACTION_NAMES[action];
}

static int name_index(const char *const *names, int n, lqa_str name) {
  for (int i = 0; i < n; i++) {
    if (names[i] && lqa_str_equal(name, lqa_str_from(names[i]))) {
      return i;
    }
  }
  return -1;
}

bool lqa_verdict_parse(lqa_str name, lqa_verdict *verdict) {
  int i = lqa_str_is_null(name) ? LQA_VERDICT_NONE : name_index(VERDICT_NAMES, 4, name);
  if (i >= 0) {
    *verdict = (lqa_verdict)i;
  }
  return i >= 0;
}

bool lqa_action_parse(lqa_str name, lqa_action *action) {
  int i = name_index(ACTION_NAMES, LQA_ACTION_COUNT, name);
  if (i >= 0) {
    *action = (lqa_action)i;
  }
  return i >= 0;
}

static int32_t *alloc_codes(lqa_arena *arena, size_t n) {
  int32_t *codes = lqa_arena_alloc(arena, n, sizeof *codes);
  for (size_t i = 0; codes && i < n; i++) {
    codes[i] = LQA_CLASS_NONE;
  }
  return codes;
}

static double *alloc_numbers(lqa_arena *arena, size_t n) {
  double *numbers = lqa_arena_alloc(arena, n, sizeof *numbers);
  for (size_t i = 0; numbers && i < n; i++) {
    numbers[i] = NAN;
  }
  return numbers;
}

lqa_status lqa_evidence_init(lqa_evidence *e, int64_t n_rows, int32_t n_classes,
                             const int32_t *label, lqa_error *err) {
  size_t n = n_rows > 0 ? (size_t)n_rows : 1;
  lqa_arena arena;
  lqa_arena_init(&arena);
  lqa_evidence made = {
      .n_rows = n_rows,
      .n_classes = n_classes,
      .label = label,
      .predicted_label = alloc_codes(&arena, n),
      .self_confidence = alloc_numbers(&arena, n),
      .is_label_issue = lqa_arena_alloc(&arena, n, 1),
      .issue_rank = lqa_arena_alloc(&arena, n, sizeof(int32_t)),
      .loss = alloc_numbers(&arena, n),
      .loss_percentile = alloc_numbers(&arena, n),
      .is_high_loss = lqa_arena_alloc(&arena, n, 1),
      .finding_bits = lqa_arena_alloc(&arena, n, sizeof(uint64_t)),
      .has_error_finding = lqa_arena_alloc(&arena, n, 1),
      .verdict = lqa_arena_alloc(&arena, n, 1),
      .corrected_label = alloc_codes(&arena, n),
      .decided_label = alloc_codes(&arena, n),
      .decided_by = lqa_arena_alloc(&arena, n, sizeof(char *)),
      .structural_label = alloc_codes(&arena, n),
      .suggested_label = alloc_codes(&arena, n),
      .p_correct = alloc_numbers(&arena, n),
      .trust_score = alloc_numbers(&arena, n),
      .action = lqa_arena_alloc(&arena, n, 1),
  };
  const void *all[] = {made.predicted_label,
                       made.self_confidence,
                       made.is_label_issue,
                       made.issue_rank,
                       made.loss,
                       made.loss_percentile,
                       made.is_high_loss,
                       made.finding_bits,
                       made.has_error_finding,
                       made.verdict,
                       made.corrected_label,
                       made.decided_label,
                       made.decided_by,
                       made.structural_label,
                       made.suggested_label,
                       made.p_correct,
                       made.trust_score,
                       made.action};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    if (!all[i]) {
      lqa_arena_clear(&arena);
      return lqa_fail_memory(err, "setting up the rows' evidence");
    }
  }
  made.arena = arena;
  *e = made;
  return LQA_OK;
}

void lqa_evidence_clear(lqa_evidence *evidence) {
  lqa_arena_clear(&evidence->arena);
  memset(evidence, 0, sizeof *evidence);
}
