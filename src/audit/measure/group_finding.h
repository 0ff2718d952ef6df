/* audit/measure/group_finding.h - a finding whose rows come in groups, while it is
 * gathered. */
#ifndef LQA_AUDIT_MEASURE_GROUP_FINDING_H
#define LQA_AUDIT_MEASURE_GROUP_FINDING_H

#include "audit/audit.h"

typedef struct lqa_group_member {
  int64_t row;
  int32_t group;
  int32_t suggested; /* class, or -1 */
} lqa_group_member;

/* Zero it to begin. Members may be added in any order; groups are numbered by the caller. */
typedef struct lqa_group_finding {
  LQA_VEC(lqa_group_member) members;
  int32_t n_groups;
} lqa_group_finding;

LQA_MUST_CHECK lqa_status lqa_group_finding_add(lqa_group_finding *finding, int64_t row,
                                                int32_t group, int32_t suggested);
/* Sorts the members by row and adds the finding of input->audit->kinds[kind]. */
LQA_MUST_CHECK lqa_status lqa_group_finding_report(lqa_group_finding *finding,
                                                   const lqa_audit_input *input, int kind,
                                                   const char *format, ...) LQA_PRINTF(4, 5);
/* 'For example rows 3 ("Sports") and 17 ("Business"): "text ...".' about the first group. */
const char *lqa_group_finding_example(const lqa_group_finding *finding,
                                      const lqa_audit_input *input);
void lqa_group_finding_clear(lqa_group_finding *finding);

#endif
