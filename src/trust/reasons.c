/* trust/reasons.c - evidence in words.
 *
 * One sentence per piece of evidence, in the order of belief of trust/rule.c: people, judge,
 * structure, confident learning, loss. A finding speaks through its kind's summary, so a new audit
 * brings its own sentence along. */
#include "trust/reasons.h"

#include "audit/audit.h"

#include <math.h>

enum { MAX_TEXT_BYTES = 1 << 20 };

void lqa_reasons_init(lqa_reasons *reasons, const lqa_evidence *evidence, const lqa_str *classes,
                      bool losses_from_logs) {
  memset(reasons, 0, sizeof *reasons);
  reasons->evidence = evidence;
  reasons->classes = classes;
  reasons->losses_from_logs = losses_from_logs;
  lqa_buf_init(&reasons->text, MAX_TEXT_BYTES);
}

void lqa_reasons_clear(lqa_reasons *reasons) {
  lqa_buf_clear(&reasons->text);
}

static void add_class(lqa_reasons *r, int32_t code) {
  lqa_buf_add_char(&r->text, '\'');
  lqa_buf_add_str(&r->text, r->classes[code]);
  lqa_buf_add_char(&r->text, '\'');
}

/* Ends the sentence that stands at the end of the buffer. */
static void end_sentence(lqa_reasons *r, size_t *n) {
  if (*n < LQA_REASONS_MAX) {
    r->ends[(*n)++] = r->text.size;
  }
}

static void add_decision(lqa_reasons *r, int64_t row, size_t *n) {
  const lqa_evidence *e = r->evidence;
  if (e->decided_label[row] < 0) {
    return;
  }
  const char *by = e->decided_by[row];
  lqa_buf_printf(&r->text, "%s decided: ", by && by[0] ? by : "a person");
  add_class(r, e->decided_label[row]);
  end_sentence(r, n);
}

static void add_verdict(lqa_reasons *r, int64_t row, size_t *n) {
  const lqa_evidence *e = r->evidence;
  switch (e->verdict[row]) {
  case LQA_VERDICT_YES:
    lqa_buf_add_text(&r->text, "the judge confirms the label");
    break;
  case LQA_VERDICT_NO:
    lqa_buf_add_text(&r->text, "the judge finds the label wrong");
    if (e->corrected_label[row] >= 0) {
      lqa_buf_add_text(&r->text, " and proposes ");
      add_class(r, e->corrected_label[row]);
    }
    break;
  case LQA_VERDICT_UNKNOWN:
    lqa_buf_add_text(&r->text, "the judge gave no clear answer");
    break;
  default:
    return;
  }
  end_sentence(r, n);
}

static const char *find_summary(const char *id) {
  const lqa_audit *audit = lqa_audit_find(id);
  for (int k = 0; audit && k < lqa_audit_kind_count(audit); k++) {
    if (strcmp(audit->kinds[k].id, id) == 0) {
      return audit->kinds[k].summary;
    }
  }
  return id;
}

static void add_findings(lqa_reasons *r, int64_t row, size_t *n) {
  const lqa_evidence *e = r->evidence;
  for (uint64_t left = e->finding_bits[row]; left; left &= left - 1) {
    const char *id = lqa_finding_bit_id(__builtin_ctzll(left));
    if (id) {
      lqa_buf_printf(&r->text, "%s (%s)", find_summary(id), id);
      end_sentence(r, n);
    }
  }
  if (e->structural_label[row] >= 0 && e->structural_label[row] != e->label[row]) {
    lqa_buf_add_text(&r->text, "the structure of the data suggests ");
    add_class(r, e->structural_label[row]);
    end_sentence(r, n);
  }
}

static void add_model(lqa_reasons *r, int64_t row, size_t *n) {
  const lqa_evidence *e = r->evidence;
  if (!e->is_label_issue[row]) {
    return;
  }
  lqa_buf_printf(&r->text, "a model that never saw this row gives the label %.1f %%",
                 100 * e->self_confidence[row]);
  if (e->predicted_label[row] >= 0 && e->predicted_label[row] != e->label[row]) {
    lqa_buf_add_text(&r->text, " and predicts ");
    add_class(r, e->predicted_label[row]);
  }
  lqa_buf_printf(&r->text, " (label issue %d)", (int)e->issue_rank[row]);
  end_sentence(r, n);
}

static void add_loss(lqa_reasons *r, int64_t row, size_t *n) {
  const lqa_evidence *e = r->evidence;
  if (r->losses_from_logs && e->is_high_loss[row]) {
    lqa_buf_printf(&r->text,
                   "its training loss stays among the highest (above %.0f %% of the rows)",
                   floor(100 * e->loss_percentile[row]));
    end_sentence(r, n);
  }
}

size_t lqa_reasons_get(lqa_reasons *r, int64_t row, const lqa_str **list) {
  size_t n = 0, from = 0;
  lqa_buf_reset(&r->text);
  add_decision(r, row, &n);
  add_verdict(r, row, &n);
  add_findings(r, row, &n);
  add_model(r, row, &n);
  add_loss(r, row, &n);
  for (size_t i = 0; i < n; i++) {
    r->list[i] = (lqa_str){r->text.data + from, r->ends[i] - from};
    from = r->ends[i];
  }
  *list = r->list;
  return n;
}
