/* judge/claim_owner.h - who holds a claim, and whether that process is still at work. */
#ifndef LQA_JUDGE_CLAIM_OWNER_H
#define LQA_JUDGE_CLAIM_OWNER_H

#include "base/status.h"

typedef struct lqa_claim_owner {
  char text[192];
  size_t machine_size; /* of `text`: boot and pid namespace, where process ids mean something */
} lqa_claim_owner;

/* This process, and within it this handle. */
void lqa_claim_owner_init(lqa_claim_owner *owner);

/* Whether the process behind another claim may still be at work; where that cannot be seen, whether
 * the claim has not yet expired. */
bool lqa_claim_owner_is_alive(const lqa_claim_owner *self, const char *other, int64_t expires_ms);

#endif
