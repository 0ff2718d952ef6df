/* data/source/source_digest.h - SHA-256 of all source files, computed while they are being read. */
#ifndef LQA_DATA_SOURCE_SOURCE_DIGEST_H
#define LQA_DATA_SOURCE_SOURCE_DIGEST_H

#include "data/source/source_part.h"

typedef struct lqa_source_digests lqa_source_digests;

/* Starts one thread that hashes every file in order (here and now where there can be no thread). */
LQA_MUST_CHECK lqa_status lqa_source_digests_start(const lqa_source *source,
                                                   lqa_source_digests **out, lqa_error *err);
/* Waits; then sha256 and size_bytes of files[i] are those of part i. */
LQA_MUST_CHECK lqa_status lqa_source_digests_wait(lqa_source_digests *digests,
                                                  lqa_source_file *files, lqa_error *err);
/* Stops soon if it still runs. */
void lqa_source_digests_free(lqa_source_digests *digests);

#endif
