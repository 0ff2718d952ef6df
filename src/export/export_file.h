/* export/export_file.h - in what form an export is written, and where it may be. */
#ifndef LQA_EXPORT_EXPORT_FILE_H
#define LQA_EXPORT_EXPORT_FILE_H

#include "data/table/table.h"
#include "export/export.h"

/* The format asked for, or told by the suffix, is one that this export has. */
LQA_MUST_CHECK lqa_status lqa_export_format_check(const lqa_export_options *options,
                                                  const lqa_export *export, lqa_error *err);
/* The table format, after lqa_export_format_check and where it is no labelling tool's. */
lqa_table_format lqa_export_table_format(const lqa_export_options *options);

/* `path` is no folder, device or pipe, no source of the run, and outside the run folder. */
LQA_MUST_CHECK lqa_status lqa_export_path_check(const lqa_run *run, const char *path,
                                                lqa_error *err);

/* Writes the table in the format of `options`, telling the run's observer. */
LQA_MUST_CHECK lqa_status lqa_export_table(const lqa_run *run, const lqa_table *table,
                                           const lqa_export_options *options, lqa_error *err);

#endif
