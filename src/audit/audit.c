/* audit/audit.c - the table of audits, expanded from audit_list.h.
 *
 * Each audit is one const descriptor in its own file; this file only collects them, in list order,
 * and answers questions about the table. A row without a file fails to link.
 */
#include "audit/audit.h"

#include "model/problem/metrics.h"

#define AUDIT(name) extern const lqa_audit lqa_audit_##name;
#include "audit/audit_list.h"
#undef AUDIT

#define AUDIT(name) &lqa_audit_##name,
static const lqa_audit *const AUDITS[LQA_AUDIT_COUNT] = {
#include "audit/audit_list.h"
};
#undef AUDIT

const char *lqa_audit_family_name(lqa_audit_family family) {
  static const char *const names[] = {"provenance", "confident-learning", "model"};
  return names[family];
}

const lqa_audit *lqa_audit_get(lqa_audit_number number) {
  return AUDITS[number];
}

int lqa_audit_kind_count(const lqa_audit *audit) {
  int n = 0;
  while (n < LQA_AUDIT_MAX_KINDS && audit->kinds[n].id) {
    n++;
  }
  return n;
}

int lqa_audit_param_count(const lqa_audit *audit) {
  int n = 0;
  while (n < LQA_AUDIT_MAX_PARAMS && audit->params[n].name) {
    n++;
  }
  return n;
}

static bool has_kind(const lqa_audit *audit, const char *id) {
  for (int k = 0; k < lqa_audit_kind_count(audit); k++) {
    if (strcmp(audit->kinds[k].id, id) == 0) {
      return true;
    }
  }
  return false;
}

const lqa_audit *lqa_audit_find(const char *id) {
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    if (strcmp(AUDITS[i]->id, id) == 0) {
      return AUDITS[i];
    }
  }
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    if (has_kind(AUDITS[i], id)) {
      return AUDITS[i];
    }
  }
  return NULL;
}

const lqa_audit *lqa_audit_of_kind(const lqa_finding_kind *kind) {
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    const lqa_finding_kind *first = AUDITS[i]->kinds;
    for (int k = 0; k < lqa_audit_kind_count(AUDITS[i]); k++) {
      if (kind == &first[k]) {
        return AUDITS[i];
      }
    }
  }
  return NULL;
}

static bool holds(const char *const *ids, int n, const char *id) {
  for (int i = 0; i < n; i++) {
    if (strcmp(ids[i], id) == 0) {
      return true;
    }
  }
  return false;
}

/* The marking ids in table order; kinds that share an id share its bit. Returns how many. */
static int collect_bits(const char *ids[LQA_FINDING_MAX_BITS]) {
  int n = 0;
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    for (int k = 0; k < lqa_audit_kind_count(AUDITS[i]); k++) {
      const lqa_finding_kind *kind = &AUDITS[i]->kinds[k];
      if (kind->marks_rows && n < LQA_FINDING_MAX_BITS && !holds(ids, n, kind->id)) {
        ids[n++] = kind->id;
      }
    }
  }
  return n;
}

int lqa_finding_bit(const char *id) {
  const char *ids[LQA_FINDING_MAX_BITS];
  int n = collect_bits(ids);
  for (int bit = 0; bit < n; bit++) {
    if (strcmp(ids[bit], id) == 0) {
      return bit;
    }
  }
  return -1;
}

const char *lqa_finding_bit_id(int bit) {
  const char *ids[LQA_FINDING_MAX_BITS];
  return bit >= 0 && bit < collect_bits(ids) ? ids[bit] : NULL;
}

int lqa_finding_bit_count(void) {
  const char *ids[LQA_FINDING_MAX_BITS];
  return collect_bits(ids);
}

const char lqa_audit_unskilled_reason[] =
    "the probabilities predict labels no better than their frequencies";

bool lqa_audit_is_unskilled(const lqa_audit_input *input) {
  const lqa_metrics *m = input->metrics;
  return m && m->n_rows > 0 && !lqa_metrics_has_skill(m);
}
