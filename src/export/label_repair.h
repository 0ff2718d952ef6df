/* export/label_repair.h - the repairs that provenance findings offer, applied row by row.
 *
 * A finding in report.json names its repair and says where and how: a block and its shift, a block
 * that is reversed, labels that stand for others in one part of the data. All findings of one name
 * are applied together; where two meet in a row, the first one listed counts.
 */
#ifndef LQA_EXPORT_LABEL_REPAIR_H
#define LQA_EXPORT_LABEL_REPAIR_H

#include "data/source/source.h"
#include "store/run.h"

typedef struct lqa_label_repair lqa_label_repair;

/* The repair `name` of the run. LQA_BAD_USAGE where it is NULL or not offered; the message lists
 * what is. */
LQA_MUST_CHECK lqa_status lqa_label_repair_load(const lqa_run *run, const char *name,
                                                lqa_label_repair **out, lqa_error *err);
void lqa_label_repair_free(lqa_label_repair *repair);

/* Finds the columns that the repair looks at: once, before the first row. */
LQA_MUST_CHECK lqa_status lqa_label_repair_begin(lqa_label_repair *repair, const lqa_source *source,
                                                 lqa_error *err);
/* True if `row` gets another label: *label, NULL data where the right one is empty itself or was
 * overwritten (*is_lost, else untouched). `reader` stands on the row. Borrowed from the run or the
 * repair. */
bool lqa_label_repair_get(const lqa_label_repair *repair, const lqa_source_reader *reader,
                          int64_t row, lqa_str *label, bool *is_lost);

#endif
