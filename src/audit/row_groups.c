/* audit/row_groups.c - group-by on content, in 13 bytes a row.
 *
 * A table of row numbers, open-addressed by the low half of the 128-bit content hash, finds each
 * row's first equal; a counting sort then lays the members out group by group. The hash is not
 * cryptographic, so every hit is compared again on the folded text: a forged collision must not
 * tie two different rows together.
 */
#include "audit/row_groups.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/unicode.h"

static const uint32_t EMPTY = UINT32_MAX;

void lqa_row_groups_clear(lqa_row_groups *groups) {
  free(groups->start);
  free(groups->rows);
  *groups = (lqa_row_groups){0};
}

/* count[first row of the group] -> number or EMPTY, in place; fills n_groups and n_members. */
static void number_groups(int64_t n_rows, uint32_t *count, lqa_row_groups *groups) {
  for (int64_t row = 0; row < n_rows; row++) {
    if (count[row] >= 2) {
      groups->n_members += count[row];
      count[row] = (uint32_t)groups->n_groups++;
    } else {
      count[row] = EMPTY;
    }
  }
}

lqa_status lqa_row_groups_by_number(int64_t n_rows, const uint32_t *number, lqa_row_groups *groups,
                                    lqa_error *err) {
  lqa_row_groups result = {0};
  lqa_status status = LQA_OK;
  uint32_t *count = lqa_calloc((size_t)n_rows, sizeof *count);
  uint32_t *first = lqa_malloc((size_t)n_rows, sizeof *first); /* of a number */
  if (!count || !first) {
    status = lqa_fail_memory(err, "grouping rows");
    goto out;
  }
  memset(first, 0xff, (size_t)n_rows * sizeof *first);
  for (int64_t row = 0; row < n_rows; row++) {
    if (first[number[row]] == EMPTY) {
      first[number[row]] = (uint32_t)row;
    }
    count[first[number[row]]]++;
  }
  number_groups(n_rows, count, &result);
  result.start = lqa_calloc((size_t)result.n_groups + 2, sizeof *result.start);
  result.rows = lqa_malloc((size_t)result.n_members, sizeof *result.rows);
  if (!result.start || !result.rows) {
    status = lqa_fail_memory(err, "grouping rows");
    goto out;
  }
  /* start[g + 2] counts, then start[g + 1] is where group g is being written. */
  for (int64_t row = 0; row < n_rows; row++) {
    uint32_t group = count[first[number[row]]];
    if (group != EMPTY) {
      result.start[group + 2]++;
    }
  }
  for (int32_t g = 2; g < result.n_groups + 2; g++) {
    result.start[g] += result.start[g - 1];
  }
  for (int64_t row = 0; row < n_rows; row++) {
    uint32_t group = count[first[number[row]]];
    if (group != EMPTY) {
      result.rows[result.start[group + 1]++] = (uint32_t)row;
    }
  }
  *groups = result;
  result = (lqa_row_groups){0};
out:
  lqa_row_groups_clear(&result);
  free(count);
  free(first);
  return status;
}

typedef struct content_table {
  const lqa_dataset *dataset;
  uint32_t *slots; /* row numbers */
  size_t mask;
  lqa_buf a, b;
} content_table;

static bool is_same_content(content_table *table, int64_t a, int64_t b) {
  const lqa_dataset *d = table->dataset;
  if (d->content_hash[a].low != d->content_hash[b].low ||
      d->content_hash[a].high != d->content_hash[b].high) {
    return false;
  }
  lqa_str text_a = lqa_column_get(&d->content, a), text_b = lqa_column_get(&d->content, b);
  if (lqa_str_equal(text_a, text_b)) {
    return true;
  }
  lqa_buf_reset(&table->a);
  lqa_buf_reset(&table->b);
  lqa_unicode_case_fold(text_a, &table->a);
  lqa_unicode_case_fold(text_b, &table->b);
  return lqa_str_equal(lqa_buf_str(&table->a), lqa_buf_str(&table->b));
}

/* The first row of equal content, `row` itself if it is new. */
static uint32_t find_first(content_table *table, int64_t row) {
  size_t slot = (size_t)table->dataset->content_hash[row].low & table->mask;
  while (table->slots[slot] != EMPTY && !is_same_content(table, table->slots[slot], row)) {
    slot = (slot + 1) & table->mask;
  }
  if (table->slots[slot] == EMPTY) {
    table->slots[slot] = (uint32_t)row;
  }
  return table->slots[slot];
}

lqa_status lqa_row_groups_by_content(const lqa_dataset *dataset, lqa_row_groups *groups,
                                     lqa_error *err) {
  *groups = (lqa_row_groups){0};
  if (!dataset->content_hash) {
    return LQA_OK;
  }
  size_t n = (size_t)dataset->n_rows, n_slots = 16;
  while (n_slots < n + n / 2) {
    n_slots *= 2;
  }
  content_table table = {.dataset = dataset, .mask = n_slots - 1};
  lqa_buf_init(&table.a, SIZE_MAX / 2);
  lqa_buf_init(&table.b, SIZE_MAX / 2);
  table.slots = lqa_malloc(n_slots, sizeof *table.slots);
  uint32_t *first = lqa_malloc(n, sizeof *first);
  lqa_status status = LQA_OK;
  if (!table.slots || !first) {
    status = lqa_fail_memory(err, "grouping rows by content");
    goto out;
  }
  memset(table.slots, 0xff, n_slots * sizeof *table.slots);
  for (int64_t row = 0; row < dataset->n_rows; row++) {
    first[row] = lqa_dataset_has_content(dataset, row) ? find_first(&table, row) : (uint32_t)row;
  }
  if (table.a.failed || table.b.failed) {
    status = lqa_fail_memory(err, "comparing contents");
    goto out;
  }
  free(table.slots); /* before the next arrays are made: the peak is what counts */
  table.slots = NULL;
  status = lqa_row_groups_by_number(dataset->n_rows, first, groups, err);
out:
  free(table.slots);
  free(first);
  lqa_buf_clear(&table.a);
  lqa_buf_clear(&table.b);
  return status;
}

/* The first row whose value equals row `row`'s. */
static uint32_t find_first_value(const lqa_column *column, uint32_t *slots, size_t mask,
                                 int64_t row) {
  lqa_str value = lqa_column_get(column, row);
  size_t slot = (size_t)lqa_hash64(value.data, value.size, 0) & mask;
  while (slots[slot] != EMPTY && !lqa_str_equal(lqa_column_get(column, slots[slot]), value)) {
    slot = (slot + 1) & mask;
  }
  if (slots[slot] == EMPTY) {
    slots[slot] = (uint32_t)row;
  }
  return slots[slot];
}

lqa_status lqa_row_groups_by_value(const lqa_column *column, lqa_row_groups *groups,
                                   lqa_error *err) {
  *groups = (lqa_row_groups){0};
  size_t n = (size_t)column->n, n_slots = 16;
  while (n_slots < n + n / 2) {
    n_slots *= 2;
  }
  uint32_t *slots = lqa_malloc(n_slots, sizeof *slots);
  uint32_t *first = lqa_malloc(n, sizeof *first);
  lqa_status status;
  LQA_TRY_OUT(slots && first ? LQA_OK : lqa_fail_memory(err, "grouping rows by value"));
  memset(slots, 0xff, n_slots * sizeof *slots);
  for (int64_t row = 0; row < column->n; row++) {
    bool is_null = lqa_column_get(column, row).data == NULL;
    first[row] = is_null ? (uint32_t)row : find_first_value(column, slots, n_slots - 1, row);
  }
  free(slots);
  slots = NULL;
  status = lqa_row_groups_by_number(column->n, first, groups, err);
out:
  free(slots);
  free(first);
  return status;
}

uint8_t *lqa_row_groups_copies(const lqa_row_groups *groups, int64_t n_rows) {
  uint8_t *is_copy = lqa_calloc((size_t)n_rows, 1);
  for (int32_t g = 0; is_copy && groups && g < groups->n_groups; g++) {
    for (int64_t i = groups->start[g] + 1; i < groups->start[g + 1]; i++) {
      is_copy[groups->rows[i]] = 1;
    }
  }
  return is_copy;
}
