/* api/option_values.h - the options of a call as texts again, for manifests. */
#ifndef LQA_API_OPTION_VALUES_H
#define LQA_API_OPTION_VALUES_H

#include "base/arena.h"
#include "base/option.h"
#include "store/manifest.h"

/* Every option of `table` that has a value, as a user would type it; list items joined by commas.
 * The array and texts live in `arena`. Rows that only the environment sets are left out: they are
 * keys. */
LQA_MUST_CHECK lqa_status lqa_option_values(const lqa_option *table, const void *args,
                                            lqa_arena *arena, const lqa_run_option **out,
                                            size_t *n_out, lqa_error *err);

#endif
