/* audit/measure/row_pairing.c - a join of two data sets on id or content, one to one.
 *
 * The other data's rows go into chains by key (an array of next rows and a hash table of first
 * rows); each row of the data set takes the first free row of its chain. Equal keys are therefore
 * matched in order, which keeps n copies of a text apart from n + 1 copies.
 */
#include "audit/measure/row_pairing.h"

#include "base/memory.h"
#include "data/dataset/content.h"
#include "data/table/table.h"

static const uint32_t NONE = UINT32_MAX;

typedef struct chains {
  const lqa_dataset *dataset;
  const lqa_other_rows *other;
  bool by_id;
  uint32_t *slots, *next; /* first row of a chain, free rows only; next row of the chain */
  size_t mask;
} chains;

static uint64_t hash_of(lqa_hash128 content, lqa_str id) {
  return id.data ? lqa_hash64(id.data, id.size, 0) : content.low;
}

/* The id that a row is matched by; NULL data: by its content, as where its id is empty. */
static lqa_str id_of(const chains *c, const lqa_column *ids, int64_t row) {
  lqa_str id = c->by_id ? lqa_column_get(ids, row) : (lqa_str){NULL, 0};
  return id.size > 0 ? id : (lqa_str){NULL, 0};
}

static lqa_hash128 content_of(const lqa_hash128 *hashes, int64_t row) {
  return hashes ? hashes[row] : (lqa_hash128){0, 0};
}

/* The slot of a key: the one whose chain has it, or an empty one. */
static size_t find_slot(const chains *c, lqa_hash128 content, lqa_str id) {
  size_t slot = (size_t)hash_of(content, id) & c->mask;
  for (;; slot = (slot + 1) & c->mask) {
    uint32_t first = c->slots[slot];
    if (first == NONE) {
      return slot;
    }
    lqa_hash128 there = content_of(c->other->content_hash, first);
    lqa_str id_there = id_of(c, c->other->row_id, first);
    bool is_same = id.data
                       ? id_there.data && lqa_str_equal(id_there, id)
                       : !id_there.data && there.low == content.low && there.high == content.high;
    if (is_same) {
      return slot;
    }
  }
}

/* Rows in reverse, so that each chain ends up in row order. Rows without a key are left out. */
static void fill_chains(chains *c) {
  for (int64_t row = c->other->n_rows - 1; row >= 0; row--) {
    lqa_str id = id_of(c, c->other->row_id, row);
    lqa_hash128 content = content_of(c->other->content_hash, row);
    bool has_key = id.data || (content.low | content.high) != 0;
    if (has_key) {
      size_t slot = find_slot(c, content, id);
      c->next[row] = c->slots[slot];
      c->slots[slot] = (uint32_t)row;
    }
  }
}

/* Takes the first free row with a key. The last row of a chain stays in its slot, marked as taken,
 * so that later keys are still found behind it. */
static int64_t claim_key(chains *c, lqa_hash128 content, lqa_str id, uint8_t *is_taken) {
  if (!id.data && (content.low | content.high) == 0) {
    return -1;
  }
  size_t slot = find_slot(c, content, id);
  uint32_t first = c->slots[slot];
  if (first == NONE || is_taken[first]) {
    return -1;
  }
  is_taken[first] = 1;
  if (c->next[first] != NONE) {
    c->slots[slot] = c->next[first];
  }
  return first;
}

bool lqa_row_pairing_is_guarded(lqa_str text, lqa_str other) {
  return text.size == other.size + 1 && text.data[0] == '\'' && lqa_table_is_formula(other) &&
         memcmp(text.data + 1, other.data, other.size) == 0;
}

lqa_status lqa_row_pairing_unguarded(const lqa_dataset *dataset, int64_t row, lqa_hash128 *hash,
                                     bool *found) {
  lqa_str text = row < dataset->content.n ? lqa_column_get(&dataset->content, row) : (lqa_str){0};
  lqa_buf bare, folded;
  lqa_buf_init(&bare, SIZE_MAX / 2);
  lqa_buf_init(&folded, SIZE_MAX / 2);
  lqa_status status;
  *found = text.size > 1 && lqa_content_unguard(text, &bare);
  LQA_TRY_OUT(bare.failed ? LQA_NO_MEMORY : LQA_OK);
  if (*found) {
    LQA_TRY_OUT(lqa_content_hash(lqa_buf_str(&bare), &folded, hash));
  }
out:
  lqa_buf_clear(&bare);
  lqa_buf_clear(&folded);
  return status;
}

static lqa_status claim_match(chains *c, int64_t row, uint8_t *is_taken, int64_t *other) {
  const lqa_dataset *d = c->dataset;
  lqa_str id = id_of(c, &d->roles[LQA_ROLE_ID], row);
  lqa_hash128 content = content_of(d->content_hash, row);
  *other = claim_key(c, content, id, is_taken);
  if (*other >= 0) {
    return LQA_OK;
  }
  lqa_str bare = id.size > 1 ? (lqa_str){id.data + 1, id.size - 1} : (lqa_str){NULL, 0};
  bool found = false;
  if (id.data) {
    found = bare.data && lqa_row_pairing_is_guarded(id, bare);
  } else {
    LQA_TRY(lqa_row_pairing_unguarded(d, row, &content, &found));
  }
  *other = found ? claim_key(c, content, bare, is_taken) : -1;
  return LQA_OK;
}

static lqa_status match_rows(chains *c, lqa_row_pairing *made) {
  size_t n = (size_t)c->other->n_rows, n_slots = 16;
  while (n_slots < n + n / 2) {
    n_slots *= 2;
  }
  c->mask = n_slots - 1;
  c->slots = lqa_malloc(n_slots, sizeof *c->slots);
  c->next = lqa_malloc(n, sizeof *c->next);
  made->other_of = lqa_malloc((size_t)c->dataset->n_rows, sizeof *made->other_of);
  made->is_taken = lqa_calloc(n, 1);
  if (!c->slots || !c->next || !made->other_of || !made->is_taken) {
    return LQA_NO_MEMORY;
  }
  memset(c->slots, 0xff, n_slots * sizeof *c->slots);
  memset(c->next, 0xff, n * sizeof *c->next);
  fill_chains(c);
  for (int64_t row = 0; row < c->dataset->n_rows; row++) {
    LQA_TRY(claim_match(c, row, made->is_taken, &made->other_of[row]));
    made->n_matched += made->other_of[row] >= 0;
  }
  return LQA_OK;
}

lqa_status lqa_row_pairing_init(const lqa_dataset *dataset, const lqa_other_rows *other,
                                lqa_row_pairing *out, lqa_error *err) {
  bool by_id = lqa_dataset_has_role(dataset, LQA_ROLE_ID) && other->row_id && other->row_id->name;
  chains c = {.dataset = dataset, .other = other, .by_id = by_id};
  lqa_row_pairing made = {.by_id = by_id};
  lqa_status status = match_rows(&c, &made);
  free(c.slots);
  free(c.next);
  if (status != LQA_OK) {
    lqa_row_pairing_clear(&made);
    return lqa_fail_memory(err, "matching rows");
  }
  if (by_id && made.n_matched == 0 && other->n_rows > 0 && dataset->n_rows > 0) {
    lqa_row_pairing_clear(&made);
    return lqa_fail(
        err, LQA_BAD_DATA,
        "no id of column '%s' occurs in the other data's '%s'; name columns with " LQA_OPTION(
            "id") " "
                  "that hold the same ids in both",
        dataset->roles[LQA_ROLE_ID].name, other->row_id->name);
  }
  *out = made;
  return LQA_OK;
}

void lqa_row_pairing_clear(lqa_row_pairing *match) {
  free(match->other_of);
  free(match->is_taken);
  *match = (lqa_row_pairing){0};
}
