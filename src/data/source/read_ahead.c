/* A ring of blocks between one thread that fills them and one that empties them.
 *
 * The mutex guards the two counters alone: a block is the filler's before `n_filled` counts it and
 * the reader's until `n_emptied` does. Memory: N_BLOCKS x BLOCK_BYTES.
 */
#include "data/source/read_ahead.h"

#include "base/memory.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { N_BLOCKS = 4, BLOCK_BYTES = 1 << 18 };

typedef struct block {
  char *bytes;
  size_t size, taken;
  lqa_status status;
} block;

struct lqa_read_ahead {
  lqa_read_fn read;
  void *data;
  block blocks[N_BLOCKS];
  pthread_mutex_t lock;
  pthread_cond_t filled, emptied;
  uint64_t n_filled, n_emptied; /* under the lock */
  bool stopping;                /* under the lock */
  pthread_t thread;
  lqa_error error; /* of the block whose status is not LQA_OK: the last */
};

/* Waits for a free block; NULL: stop. */
static block *next_empty(lqa_read_ahead *a) {
  pthread_mutex_lock(&a->lock);
  while (!a->stopping && a->n_filled - a->n_emptied == N_BLOCKS) {
    pthread_cond_wait(&a->emptied, &a->lock);
  }
  block *b = a->stopping ? NULL : &a->blocks[a->n_filled % N_BLOCKS];
  pthread_mutex_unlock(&a->lock);
  return b;
}

/* Fills a block to the brim, so that small pieces cost no waiting. False at the end. */
static bool fill(lqa_read_ahead *a, block *b) {
  size_t got = 1;
  b->size = b->taken = 0;
  b->status = LQA_OK;
  while (b->status == LQA_OK && got > 0 && b->size < BLOCK_BYTES) {
    b->status = a->read(a->data, b->bytes + b->size, BLOCK_BYTES - b->size, &got, &a->error);
    b->size += b->status == LQA_OK ? got : 0;
  }
  return b->status == LQA_OK && b->size == BLOCK_BYTES;
}

static void *run(void *argument) {
  lqa_read_ahead *a = argument;
  bool more = true;
  while (more) {
    block *b = next_empty(a);
    if (!b) {
      break;
    }
    more = fill(a, b);
    pthread_mutex_lock(&a->lock);
    a->n_filled++;
    pthread_cond_signal(&a->filled);
    pthread_mutex_unlock(&a->lock);
  }
  return NULL;
}

static void free_blocks(lqa_read_ahead *a) {
  for (int i = 0; i < N_BLOCKS; i++) {
    free(a->blocks[i].bytes);
  }
  pthread_cond_destroy(&a->filled);
  pthread_cond_destroy(&a->emptied);
  pthread_mutex_destroy(&a->lock);
  free(a);
}

lqa_read_ahead *lqa_read_ahead_new(lqa_read_fn read, void *data) {
  lqa_read_ahead *a = lqa_calloc(1, sizeof *a);
  if (!a) {
    return NULL;
  }
  a->read = read;
  a->data = data;
  pthread_mutex_init(&a->lock, NULL);
  pthread_cond_init(&a->filled, NULL);
  pthread_cond_init(&a->emptied, NULL);
  bool ready = true;
  for (int i = 0; i < N_BLOCKS; i++) {
    a->blocks[i].bytes = lqa_malloc(BLOCK_BYTES, 1);
    ready = ready && a->blocks[i].bytes;
  }
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  ready = ready && pthread_create(&a->thread, NULL, run, a) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!ready) {
    free_blocks(a);
    return NULL;
  }
  return a;
}

/* The block to read from: the last one stays, at its end, for ever. */
static block *current(lqa_read_ahead *a) {
  pthread_mutex_lock(&a->lock);
  while (a->n_filled == a->n_emptied) {
    pthread_cond_wait(&a->filled, &a->lock);
  }
  block *b = &a->blocks[a->n_emptied % N_BLOCKS];
  pthread_mutex_unlock(&a->lock);
  return b;
}

static void release(lqa_read_ahead *a) {
  pthread_mutex_lock(&a->lock);
  a->n_emptied++;
  pthread_cond_signal(&a->emptied);
  pthread_mutex_unlock(&a->lock);
}

lqa_status lqa_read_ahead_get(lqa_read_ahead *ahead, char *to, size_t capacity, size_t *got,
                              lqa_error *err) {
  block *b = current(ahead);
  size_t left = b->size - b->taken;
  *got = left < capacity ? left : capacity;
  memcpy(to, b->bytes + b->taken, *got);
  b->taken += *got;
  if (*got == 0 && b->status != LQA_OK && err) {
    *err = ahead->error;
  }
  lqa_status status = *got == 0 ? b->status : LQA_OK;
  if (b->taken == BLOCK_BYTES) {
    release(ahead);
  }
  return status;
}

void lqa_read_ahead_free(lqa_read_ahead *ahead) {
  if (!ahead) {
    return;
  }
  pthread_mutex_lock(&ahead->lock);
  ahead->stopping = true;
  pthread_cond_signal(&ahead->emptied);
  pthread_mutex_unlock(&ahead->lock);
  pthread_join(ahead->thread, NULL);
  free_blocks(ahead);
}
