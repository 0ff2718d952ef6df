/* Copies figures, never rows of data: the report is small whatever the data's size. */
#include "report/report_build.h"

#include "audit/provenance/length_fingerprint.h"
#include "base/memory.h"
#include "trust/reasons.h"
#include "trust/rule.h"

#include <math.h>

static lqa_report_finding describe_finding(const lqa_finding *f) {
  return (lqa_report_finding){
      .id = f->kind->id,
      .severity = lqa_severity_name(f->severity),
      .count = f->count,
      .groups = f->n_groups,
      .accepted = f->accepted,
      .message = f->message ? f->message : "",
      .rows = f->rows,
      .n_rows = f->n_rows < LQA_REPORT_FINDING_ROWS ? f->n_rows : LQA_REPORT_FINDING_ROWS,
      .is_block = f->is_block,
      .has_shift = f->has_shift,
      .rows_from = f->rows_from,
      .rows_to = f->rows_to,
      .shift = f->shift,
      .z = f->z,
      .repair = f->repair,
      .details_json = f->details_json};
}

lqa_status lqa_report_add_findings(lqa_report *report, const lqa_finding_list *findings,
                                   lqa_arena *arena, lqa_error *err) {
  lqa_report_finding *out = lqa_arena_alloc(arena, findings->items.n + 1, sizeof *out);
  if (!out) {
    return lqa_fail_memory(err, "writing the report");
  }
  for (size_t i = 0; i < findings->items.n; i++) {
    out[i] = describe_finding(&findings->items.data[i]);
  }
  report->findings = out;
  report->n_findings = (int64_t)findings->items.n;
  return LQA_OK;
}

/* True if the list names `id` with this reason: an audit may have two kinds of one id. */
static bool is_named(const lqa_report_not_run *list, int64_t n, const char *id) {
  return n > 0 && strcmp(list[n - 1].id, id) == 0;
}

lqa_status lqa_report_add_not_run(lqa_report *report, const lqa_audit_run *run, lqa_arena *arena,
                                  lqa_error *err) {
  size_t most = (size_t)LQA_AUDIT_COUNT * LQA_AUDIT_MAX_KINDS;
  lqa_report_not_run *out = lqa_arena_alloc(arena, most, sizeof *out);
  if (!out) {
    return lqa_fail_memory(err, "writing the report");
  }
  int64_t n = 0;
  for (int i = 0; i < run->n_skipped; i++) {
    const lqa_audit *audit = run->skipped[i].audit;
    for (int k = 0; k < lqa_audit_kind_count(audit); k++) {
      const lqa_finding_kind *only = run->skipped[i].kind;
      bool wanted = (!only || only == &audit->kinds[k]) && run->plan.wanted[audit->number][k] &&
                    run->plan.severity[audit->number][k] != LQA_IGNORE;
      if (wanted && !is_named(out, n, audit->kinds[k].id)) {
        out[n++] = (lqa_report_not_run){audit->kinds[k].id, run->skipped[i].reason};
      }
    }
  }
  report->not_run = out;
  report->n_not_run = n;
  return LQA_OK;
}

lqa_status lqa_report_add_lengths(lqa_report *report, const lqa_dataset *dataset, lqa_arena *arena,
                                  lqa_error *err) {
  size_t n = (size_t)dataset->n_classes;
  lqa_class_length *lengths = lqa_arena_alloc(arena, n + 1, sizeof *lengths);
  lqa_report_length *out = lqa_arena_alloc(arena, n + 1, sizeof *out);
  if (!lengths || !out) {
    return lqa_fail_memory(err, "writing the report");
  }
  if (dataset->kind != LQA_CONTENT_TEXT) {
    return LQA_OK;
  }
  LQA_TRY(lqa_length_fingerprint(dataset, lengths, err));
  for (size_t k = 0; k < n; k++) {
    out[k] =
        (lqa_report_length){dataset->classes[k], lengths[k].mean, lengths[k].std, lengths[k].count};
  }
  report->lengths = out;
  report->n_lengths = dataset->n_classes;
  return LQA_OK;
}

static lqa_status add_overlaps(lqa_report_confident *c, const lqa_dataset *dataset,
                               const lqa_label_issues *issues, lqa_arena *arena) {
  lqa_report_overlap *out = lqa_arena_alloc(arena, (size_t)issues->n_overlaps + 1, sizeof *out);
  if (!out) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < issues->n_overlaps; i++) {
    const lqa_class_overlap *pair = &issues->overlaps[i];
    if (pair->n_overlapping > 0) {
      out[c->n_overlaps++] =
          (lqa_report_overlap){dataset->classes[pair->class_a], dataset->classes[pair->class_b],
                               pair->n_overlapping, pair->joint};
    }
  }
  c->overlaps = out;
  return LQA_OK;
}

lqa_status lqa_report_add_confident(lqa_report *report, const lqa_dataset *dataset,
                                    const lqa_label_issues *issues, lqa_arena *arena,
                                    lqa_error *err) {
  lqa_report_confident *c = &report->confident;
  size_t n = (size_t)dataset->n_classes;
  lqa_report_class *classes = lqa_arena_alloc(arena, n + 1, sizeof *classes);
  if (!classes || add_overlaps(c, dataset, issues, arena) != LQA_OK) {
    return lqa_fail_memory(err, "writing the report");
  }
  for (size_t k = 0; k < n; k++) {
    const lqa_class_summary *s = &issues->per_class[k];
    classes[k] = (lqa_report_class){dataset->classes[k],    s->count,  s->flagged, s->label_noise,
                                    s->inverse_label_noise, s->quality};
  }
  c->ran = true;
  c->not_scored = issues->n_not_scored;
  c->flagged = issues->n_flagged;
  c->estimated_errors = issues->estimated_errors;
  c->per_class = classes;
  c->n_classes = dataset->n_classes;
  return LQA_OK;
}

void lqa_report_add_actions(lqa_report *report, const lqa_evidence *evidence) {
  int64_t count[LQA_ACTION_COUNT];
  lqa_rule_count(evidence, count);
  report->relabel = count[LQA_ACTION_RELABEL];
  report->keep_ambiguous = count[LQA_ACTION_KEEP_AMBIGUOUS];
  report->needs_review = count[LQA_ACTION_NEEDS_REVIEW];
  report->keep = count[LQA_ACTION_KEEP];
  report->loss.count = 0;
  for (int64_t i = 0; i < evidence->n_rows; i++) {
    report->loss.count += evidence->is_high_loss[i];
  }
}

/* Copies a row's reasons, because the generator reuses its buffer. */
static lqa_status copy_reasons(lqa_reasons *reasons, int64_t row, lqa_arena *arena,
                               lqa_report_suspect *suspect) {
  const lqa_str *list = NULL;
  size_t n = lqa_reasons_get(reasons, row, &list);
  lqa_str *copy = lqa_arena_alloc(arena, n + 1, sizeof *copy);
  if (!copy) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < n; i++) {
    copy[i] = (lqa_str){lqa_arena_copy(arena, list[i].data, list[i].size), list[i].size};
    if (!copy[i].data) {
      return LQA_NO_MEMORY;
    }
  }
  suspect->reasons = copy;
  suspect->n_reasons = n;
  return LQA_OK;
}

static lqa_str class_name(const lqa_suspect_source *source, int32_t class) {
  return class >= 0 ? source->classes[class] : (lqa_str){NULL, 0};
}

static lqa_status describe_suspect(const lqa_suspect_source *source, lqa_reasons *reasons,
                                   int64_t row, lqa_arena *arena, lqa_report_suspect *out) {
  const lqa_evidence *e = source->evidence;
  lqa_row_view view = {0};
  LQA_TRY(source->view(source->data, row, &view));
  *out = (lqa_report_suspect){.row_id = view.row_id,
                              .row_number = row,
                              .text = view.text,
                              .label = view.label,
                              .predicted = class_name(source, e->predicted_label[row]),
                              .suggested = class_name(source, e->suggested_label[row]),
                              .self_confidence = e->self_confidence[row],
                              .p_correct = e->p_correct[row],
                              .trust_score = e->trust_score[row],
                              .action = lqa_action_name((lqa_action)e->action[row]),
                              .verdict = lqa_verdict_name((lqa_verdict)e->verdict[row])};
  return copy_reasons(reasons, row, arena, out);
}

lqa_status lqa_report_add_suspects(lqa_report *report, const lqa_suspect_source *source,
                                   int64_t top, lqa_arena *arena, lqa_error *err) {
  const lqa_evidence *e = source->evidence;
  lqa_reasons reasons;
  lqa_reasons_init(&reasons, e, source->classes, source->losses_from_logs);
  int64_t *order = lqa_malloc((size_t)e->n_rows, sizeof *order);
  int64_t n = order ? lqa_rule_order(e, order) : 0;
  n = n < top ? n : top;
  lqa_report_suspect *suspects = lqa_arena_alloc(arena, (size_t)n + 1, sizeof *suspects);
  lqa_status status;
  LQA_TRY_OUT(order && suspects ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t i = 0; i < n; i++) {
    LQA_TRY_OUT(describe_suspect(source, &reasons, order[i], arena, &suspects[i]));
  }
out:
  free(order);
  lqa_reasons_clear(&reasons);
  if (status != LQA_OK) {
    return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "listing suspects") : status;
  }
  report->suspects = suspects;
  report->n_suspects = n;
  return LQA_OK;
}
