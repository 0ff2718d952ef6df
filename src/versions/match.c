/* Rows of a key form a chain in run a, in order; each row of b takes the head off its chain. Keys
 * are borrowed from the runs.
 */
#include "versions/match.h"

#include "base/memory.h"

typedef struct matcher {
  const lqa_run *a, *b;
  lqa_map *keys;
  int64_t *head, *tail; /* by key: the first row of a that is not matched, and the last; -1: none */
  int64_t *next;        /* by row of a */
  lqa_match *out;
} matcher;

void lqa_match_clear(lqa_match *match) {
  free(match->b_of_a);
  free(match->a_of_b);
  *match = (lqa_match){.b_of_a = NULL};
}

/* NULL data: the row has no key. */
static lqa_str key_of(const lqa_run *run, int64_t row, bool by_id) {
  if (by_id) {
    return lqa_run_rows_given_id(&run->rows, row);
  }
  const lqa_hash128 *hash = run->rows.content_hash;
  bool has_content = hash && (hash[row].high != 0 || hash[row].low != 0);
  return has_content ? (lqa_str){(const char *)&hash[row], sizeof hash[row]} : (lqa_str){NULL, 0};
}

static lqa_status chain_rows(matcher *m) {
  for (int64_t row = 0; row < m->a->rows.n_rows; row++) {
    lqa_str key = key_of(m->a, row, m->out->by_id);
    uint32_t k;
    bool added;
    m->next[row] = -1;
    if (lqa_str_is_null(key)) {
      continue;
    }
    LQA_TRY(lqa_map_add(m->keys, key, &k, &added));
    if (added) {
      m->head[k] = row;
    } else {
      m->next[m->tail[k]] = row;
    }
    m->tail[k] = row;
  }
  return LQA_OK;
}

static void take_rows(matcher *m) {
  for (int64_t row = 0; row < m->b->rows.n_rows; row++) {
    lqa_str key = key_of(m->b, row, m->out->by_id);
    int64_t k = lqa_str_is_null(key) ? -1 : lqa_map_find(m->keys, key);
    int64_t of_a = k < 0 ? -1 : m->head[k];
    m->out->a_of_b[row] = of_a;
    if (of_a >= 0) {
      m->out->b_of_a[of_a] = row;
      m->head[k] = m->next[of_a];
      m->out->n_matched++;
    }
  }
}

lqa_status lqa_match_rows(const lqa_run *a, const lqa_run *b, lqa_match *out, lqa_error *err) {
  size_t n_a = (size_t)a->rows.n_rows, n_b = (size_t)b->rows.n_rows;
  *out = (lqa_match){.b_of_a = lqa_malloc(n_a + 1, sizeof *out->b_of_a),
                     .a_of_b = lqa_malloc(n_b + 1, sizeof *out->a_of_b),
                     .by_id = a->rows.row_id.name && b->rows.row_id.name};
  matcher m = {a,
               b,
               lqa_map_new(false),
               lqa_malloc(n_a + 1, sizeof(int64_t)),
               lqa_malloc(n_a + 1, sizeof(int64_t)),
               lqa_malloc(n_a + 1, sizeof(int64_t)),
               out};
  lqa_status status = LQA_NO_MEMORY;
  if (out->b_of_a && out->a_of_b && m.keys && m.head && m.tail && m.next) {
    for (size_t i = 0; i < n_a; i++) {
      out->b_of_a[i] = -1;
    }
    status = chain_rows(&m);
  }
  if (status == LQA_OK) {
    take_rows(&m);
  }
  lqa_map_free(m.keys);
  free(m.head);
  free(m.tail);
  free(m.next);
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "matching the rows of two runs");
}
