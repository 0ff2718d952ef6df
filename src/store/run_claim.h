/* store/run_claim.h - whose run it is: only its maker's commands read files outside of it.
 *
 * The manifest of a run without a copy of its source names files of this machine. A stranger's
 * manifest could name any. So an audit signs what the manifest says of its source with a key that
 * lies in the user's own folder, and later commands read the source of such a run only; of any
 * other, the files that the user names.
 */
#ifndef LQA_STORE_RUN_CLAIM_H
#define LQA_STORE_RUN_CLAIM_H

#include "store/run.h"

/* What the user of a command has to say about the source. Everything is borrowed. */
typedef struct lqa_run_claim {
  lqa_text_list sources; /* where it is, in the manifest's order; none: where the manifest says */
  const char *state_home, *home; /* the key is in <state_home or home/.local/state>/labelqa/key */
} lqa_run_claim;

/* Signs what `manifest` says of its source: 64 hexadecimal digits into `out`, "" where no key can
 * be had. A missing key is made where `make` says so. */
LQA_MUST_CHECK lqa_status lqa_run_claim_sign(const lqa_run_claim *claim,
                                             const lqa_manifest *manifest, bool make, char out[65],
                                             lqa_error *err);
/* Before the source of `run` is opened (lqa_run_source_open): `claim` is borrowed with the run. */
LQA_MUST_CHECK lqa_status lqa_run_claim_set(lqa_run *run, const lqa_run_claim *claim,
                                            lqa_error *err);

#endif
