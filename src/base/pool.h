/* base/pool.h - a fixed set of threads that run numbered tasks.
 *
 * Tasks are handed out by an atomic counter, so which thread runs a task is chance; a task must
 * therefore write only to places given by its own number. Results never depend on the thread count
 * as long as the caller cuts work into tasks by the data alone (never by n_threads).
 * Threads sleep on a condition variable between calls: no spinning,
 * kind to busy machines. */
#ifndef LQA_BASE_POOL_H
#define LQA_BASE_POOL_H

#include "base/status.h"

typedef struct lqa_pool lqa_pool;

/* A task: `task` in [0, n_tasks), `worker` in [0,
 * lqa_pool_threads(pool)) for per-thread scratch. */
typedef lqa_status (*lqa_task_fn)(void *data, size_t task, size_t worker);

/* n_threads <= 0: one per online processor (affinity respected). NULL when out of memory. */
lqa_pool *lqa_pool_new(int n_threads);
void lqa_pool_free(lqa_pool *pool);
size_t lqa_pool_threads(const lqa_pool *pool); /* 1 for NULL */

/* Runs all tasks and waits. A failure stops handing out tasks; the status returned is that of the
 * failed task with the lowest number. `pool` NULL runs them here. Not to be called from a task. */
LQA_MUST_CHECK lqa_status lqa_pool_run(lqa_pool *pool, size_t n_tasks, lqa_task_fn run, void *data);

/* The number of processors this process may use, at least 1. */
int lqa_processor_count(void);

#endif
