/* A thread beside the reader: the file's pages are read twice from the page cache, which costs less
 * than hashing in the reader's way would (SHA-256 runs at 1-2 GB/s). A server's database has no
 * file and thus no digest.
 */
#include "data/source/source_digest.h"

#include "base/hash.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>

struct lqa_source_digests {
  const lqa_source *source;
  lqa_source_file *files; /* sha256 and size_bytes only */
  pthread_t thread;
  bool has_thread;
  atomic_int stop;
  lqa_status status;
  lqa_error error;
};

static lqa_status hash_files(lqa_source_digests *d) {
  for (size_t i = 0; i < d->source->parts.n; i++) {
    const lqa_source_part *part = &d->source->parts.data[i];
    if (!part->is_postgres) {
      LQA_TRY(lqa_sha256_file_until(part->original ? part->original : part->path, &d->stop,
                                    d->files[i].sha256, &d->files[i].size_bytes, &d->error));
    }
  }
  return LQA_OK;
}

static void *run(void *data) {
  lqa_source_digests *d = data;
  d->status = hash_files(d);
  return NULL;
}

lqa_status lqa_source_digests_start(const lqa_source *source, lqa_source_digests **out,
                                    lqa_error *err) {
  lqa_source_digests *d = lqa_calloc(1, sizeof *d);
  if (d) {
    d->source = source;
    d->files = lqa_calloc(source->parts.n, sizeof *d->files);
  }
  if (!d || !d->files) {
    free(d);
    return lqa_fail_memory(err, "hashing the sources");
  }
  lqa_error_clear(&d->error);
  d->has_thread = pthread_create(&d->thread, NULL, run, d) == 0;
  if (!d->has_thread) {
    run(d);
  }
  *out = d;
  return LQA_OK;
}

static void join(lqa_source_digests *d) {
  if (d->has_thread) {
    pthread_join(d->thread, NULL);
    d->has_thread = false;
  }
}

lqa_status lqa_source_digests_wait(lqa_source_digests *digests, lqa_source_file *files,
                                   lqa_error *err) {
  join(digests);
  for (size_t i = 0; i < digests->source->parts.n; i++) {
    files[i].size_bytes = digests->files[i].size_bytes;
    memcpy(files[i].sha256, digests->files[i].sha256, sizeof files[i].sha256);
  }
  if (digests->status != LQA_OK && err) {
    *err = digests->error;
  }
  return digests->status;
}

void lqa_source_digests_free(lqa_source_digests *digests) {
  if (digests) {
    atomic_store(&digests->stop, 1);
    join(digests);
    free(digests->files);
    free(digests);
  }
}
