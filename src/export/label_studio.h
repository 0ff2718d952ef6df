/* export/label_studio.h - rows as tasks of Label Studio. */
#ifndef LQA_EXPORT_LABEL_STUDIO_H
#define LQA_EXPORT_LABEL_STUDIO_H

#include "export/export_rows.h"

/* Writes a JSON array of tasks, atomically. */
LQA_MUST_CHECK lqa_status lqa_label_studio_save(lqa_export_rows *rows, const char *path,
                                                lqa_error *err);

#endif
