/* store/row_conflicts.c - see row_conflicts.h.
 *
 * The contents of the marked rows go into a map, one pass over all rows collects who else has them.
 * Marked rows are few, so memory is by conflicts; where nothing is marked no pass is made.
 */
#include "store/row_conflicts.h"

#include "audit/audit.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "base/vec.h"

enum { MAX_SHOWN = 20, MAX_LABEL = 400, MAX_TEXT = 1 << 15 };

typedef struct member {
  int64_t row;
  int64_t previous; /* of the same content; -1 = the first */
} member;

struct lqa_row_conflicts {
  const lqa_run_rows *rows;
  const lqa_manifest *manifest;
  lqa_map *contents;
  LQA_VEC(member) members;
  LQA_VEC(int64_t) last; /* member, by index in `contents` */
  lqa_buf text;
};

static lqa_str key_of(const lqa_run_rows *rows, int64_t row) {
  return (lqa_str){(const char *)&rows->content_hash[row], sizeof rows->content_hash[row]};
}

static lqa_status collect_contents(lqa_row_conflicts *c, const lqa_evidence *evidence,
                                   const int64_t *rows, int64_t n) {
  int bit = lqa_finding_bit("duplicate-conflict");
  for (int64_t i = 0; i < n && bit >= 0; i++) {
    uint32_t index;
    bool added;
    if (!(evidence->finding_bits[rows[i]] >> bit & 1)) {
      continue;
    }
    LQA_TRY(lqa_map_add(c->contents, key_of(c->rows, rows[i]), &index, &added));
    if (added) {
      LQA_TRY(lqa_vec_push(&c->last, -1));
    }
  }
  return LQA_OK;
}

static lqa_status collect_members(lqa_row_conflicts *c) {
  int64_t n_rows = lqa_map_count(c->contents) > 0 ? c->rows->n_rows : 0;
  for (int64_t row = 0; row < n_rows; row++) {
    int64_t index = lqa_map_find(c->contents, key_of(c->rows, row));
    if (index >= 0) {
      member m = {row, c->last.data[index]};
      LQA_TRY(lqa_vec_push(&c->members, m));
      c->last.data[index] = (int64_t)c->members.n - 1;
    }
  }
  return LQA_OK;
}

lqa_status lqa_row_conflicts_new(const lqa_run_rows *run_rows, const lqa_manifest *manifest,
                                 const lqa_evidence *evidence, const int64_t *rows, int64_t n,
                                 lqa_row_conflicts **out, lqa_error *err) {
  lqa_row_conflicts *c = lqa_calloc(1, sizeof *c);
  char *room = lqa_calloc(MAX_TEXT, 1);
  lqa_status status;
  LQA_TRY_OUT(c && room ? LQA_OK : LQA_NO_MEMORY);
  *c = (lqa_row_conflicts){.rows = run_rows, .manifest = manifest, .contents = lqa_map_new(true)};
  lqa_buf_init(&c->text, MAX_TEXT);
  lqa_buf_add(&c->text, room, MAX_TEXT); /* all that a text can take: none fails */
  LQA_TRY_OUT(c->contents && !c->text.failed ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(run_rows->content_hash ? collect_contents(c, evidence, rows, n) : LQA_OK);
  status = collect_members(c);
out:
  free(room);
  if (status != LQA_OK) {
    lqa_row_conflicts_free(c);
    return lqa_fail_memory(err, "looking for conflicts");
  }
  *out = c;
  return LQA_OK;
}

void lqa_row_conflicts_free(lqa_row_conflicts *c) {
  if (c) {
    lqa_map_free(c->contents);
    lqa_vec_clear(&c->members);
    lqa_vec_clear(&c->last);
    lqa_buf_clear(&c->text);
    free(c);
  }
}

static void add_row(lqa_row_conflicts *c, int64_t row) {
  lqa_str label = lqa_run_rows_label(c->rows, c->manifest, row);
  label.size =
      label.size > MAX_LABEL ? lqa_utf8_prefix(label.data, MAX_LABEL, MAX_LABEL / 4) : label.size;
  lqa_buf_printf(&c->text, "%srow %lld: ", c->text.size ? "; " : "", (long long)row);
  lqa_buf_add_str(&c->text, lqa_str_is_null(label) ? LQA_STR("(no label)") : label);
}

lqa_str lqa_row_conflicts_get(lqa_row_conflicts *c, int64_t row) {
  int64_t index = c->rows->content_hash ? lqa_map_find(c->contents, key_of(c->rows, row)) : -1;
  if (index < 0) {
    return (lqa_str){NULL, 0};
  }
  int64_t n = 0, shown[MAX_SHOWN];
  for (int64_t at = c->last.data[index]; at >= 0; at = c->members.data[at].previous) {
    if (c->members.data[at].row != row) {
      shown[n++ % MAX_SHOWN] = c->members.data[at].row; /* newest first: the earliest rows stay */
    }
  }
  lqa_buf_reset(&c->text);
  for (int64_t i = n - 1; i >= 0 && i >= n - MAX_SHOWN; i--) {
    add_row(c, shown[i % MAX_SHOWN]);
  }
  if (n > MAX_SHOWN) {
    lqa_buf_printf(&c->text, "; and %lld more", (long long)n - MAX_SHOWN);
  }
  return n == 0 ? (lqa_str){NULL, 0} : lqa_buf_str(&c->text);
}
