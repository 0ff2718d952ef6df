/* export/source_copy.h - a run's source, written again with other labels: `cleaned` and `fixed`. */
#ifndef LQA_EXPORT_SOURCE_COPY_H
#define LQA_EXPORT_SOURCE_COPY_H

#include "data/source/source.h"
#include "export/export.h"

/* The label that `row` should have: true if it differs from the one it has, with the new one in
 * *label (NULL data: none). Borrowed until the next call. `reader` stands on the row. *is_lost,
 * false before, is set where the right label is not to be found anywhere. */
typedef bool (*lqa_relabel_fn)(void *data, const lqa_source_reader *reader, int64_t row,
                               lqa_str *label, bool *is_lost);

typedef struct lqa_source_copy {
  const lqa_run *run;
  lqa_relabel_fn relabel;
  /* Told once the source is open, before the first row; or NULL. */
  lqa_status (*begin)(void *data, const lqa_source *source, lqa_error *err);
  void *data; /* of both */
} lqa_source_copy;

/* Streams all columns of all rows in order; only the label column may differ. */
LQA_MUST_CHECK lqa_status lqa_source_copy_save(const lqa_source_copy *copy,
                                               const lqa_export_options *options,
                                               lqa_export_summary *summary, lqa_error *err);

#endif
