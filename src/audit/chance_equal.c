/* Groups of equal contents, parted into copies and chance. What chance is, a table answers from its
 * columns (chance_equal_rows.c), a text from its words (chance_equal_texts.c).
 */
#include "audit/chance_equal.h"

#include "base/memory.h"

enum { MIN_ROWS = 30 };

/* The groups with by_chance[g] == wanted, in order. */
static lqa_status take_groups(const lqa_row_groups *from, const uint8_t *by_chance, uint8_t wanted,
                              lqa_row_groups *out) {
  *out = (lqa_row_groups){0};
  out->start = lqa_calloc((size_t)from->n_groups + 1, sizeof *out->start);
  out->rows = lqa_malloc((size_t)from->n_members, sizeof *out->rows);
  if (!out->start || !out->rows) {
    lqa_row_groups_clear(out);
    return LQA_NO_MEMORY;
  }
  for (int32_t g = 0; g < from->n_groups; g++) {
    if (by_chance[g] == wanted) {
      int64_t n = from->start[g + 1] - from->start[g];
      memcpy(out->rows + out->n_members, from->rows + from->start[g],
             (size_t)n * sizeof *out->rows);
      out->n_members += n;
      out->start[++out->n_groups] = out->n_members;
    }
  }
  return LQA_OK;
}

static lqa_status part(const uint8_t *by_chance, lqa_row_groups *groups, lqa_row_groups *chance) {

  lqa_row_groups copies;
  LQA_TRY(take_groups(groups, by_chance, 0, &copies));
  lqa_status status = take_groups(groups, by_chance, 1, chance);
  if (status != LQA_OK) {
    lqa_row_groups_clear(&copies);
    return status;
  }
  lqa_row_groups_clear(groups);
  *groups = copies;
  return LQA_OK;
}

lqa_status lqa_chance_equal_part(const lqa_dataset *dataset, lqa_row_groups *groups,
                                 lqa_row_groups *chance, lqa_error *err) {
  *chance = (lqa_row_groups){0};
  if (dataset->n_rows < MIN_ROWS || groups->n_groups == 0) {
    return LQA_OK;
  }
  uint8_t *by_chance = lqa_calloc((size_t)groups->n_groups, 1);
  lqa_status status;
  LQA_TRY_OUT(by_chance ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT((dataset->kind == LQA_CONTENT_TABLE ? lqa_chance_equal_rows : lqa_chance_equal_texts)(
      dataset, groups, by_chance));
  status = part(by_chance, groups, chance);
out:
  free(by_chance);
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "comparing contents");
}
