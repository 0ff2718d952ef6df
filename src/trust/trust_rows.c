/* A sum's blocks hold at least 2,048 rows; there are at most 64 of them, and fewer where a partial
 * sum is large (the channel of 1,000 classes takes 8 MB), so that partial sums take 64 MB at most.
 */
#include "trust/trust_rows.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

enum { MIN_BLOCK_ROWS = 2048, MAX_BLOCKS = 64, MAX_PARTIAL_BYTES = 64 << 20 };

typedef struct block_job {
  lqa_trust_add_fn add;
  const void *data;
  int64_t n_rows;
  size_t n_blocks, n_sums;
  double *partial; /* n_blocks x n_sums, or NULL */
} block_job;

static size_t count_blocks(int64_t n_rows, size_t n_sums) {
  size_t by_rows = (size_t)(n_rows / MIN_BLOCK_ROWS);
  size_t by_bytes = n_sums > 0 ? MAX_PARTIAL_BYTES / (n_sums * sizeof(double)) : MAX_BLOCKS;
  size_t n = by_rows < MAX_BLOCKS ? by_rows : MAX_BLOCKS;
  n = n < by_bytes ? n : by_bytes;
  return n > 0 ? n : 1;
}

static lqa_status run_block(void *data, size_t task, size_t worker) {
  const block_job *job = data;
  (void)worker;
  int64_t n = (int64_t)job->n_blocks, b = (int64_t)task;
  job->add(job->data, job->n_rows * b / n, job->n_rows * (b + 1) / n,
           job->partial ? job->partial + task * job->n_sums : NULL);
  return LQA_OK;
}

lqa_status lqa_trust_sum(const lqa_trust_rows *rows, lqa_trust_add_fn add, const void *data,
                         size_t n_sums, double *sum) {
  assert(n_sums > 0);
  block_job job = {.add = add,
                   .data = data,
                   .n_rows = rows->n_rows,
                   .n_blocks = count_blocks(rows->n_rows, n_sums),
                   .n_sums = n_sums};
  job.partial = lqa_calloc(job.n_blocks, n_sums * sizeof *sum);
  if (!job.partial) {
    return LQA_NO_MEMORY;
  }
  lqa_status status = lqa_pool_run(rows->pool, job.n_blocks, run_block, &job);
  memset(sum, 0, n_sums * sizeof *sum);
  for (size_t b = 0; b < job.n_blocks; b++) {
    for (size_t i = 0; i < n_sums; i++) {
      sum[i] += job.partial[b * n_sums + i];
    }
  }
  free(job.partial);
  return status;
}

lqa_status lqa_trust_each(const lqa_trust_rows *rows, lqa_trust_add_fn each, const void *data) {
  block_job job = {.add = each, .data = data, .n_rows = rows->n_rows};
  job.n_blocks = count_blocks(rows->n_rows, 0);
  return lqa_pool_run(rows->pool, job.n_blocks, run_block, &job);
}
