/* export/export_run.c - the table of exports, and what holds for all of them before one runs: the
 * format is known, options are used by the export they were given to, and the file to write is
 * neither one of the run's own nor a source. An export replaces an older file of its name without
 * asking, as a compiler does; the source that was audited is the one file it must never replace.
 */
#include "export/export.h"

#include "export/export_file.h"

#define EXPORT(name) extern const lqa_export lqa_export_##name;
#include "export/export_list.h"
#undef EXPORT

#define EXPORT(name) &lqa_export_##name,
static const lqa_export *const exports[LQA_EXPORT_COUNT] = {
#include "export/export_list.h"
};
#undef EXPORT

const lqa_export *lqa_export_get(lqa_export_number number) {
  return exports[number];
}

const lqa_export *lqa_export_find(const char *name) {
  for (int i = 0; i < LQA_EXPORT_COUNT; i++) {
    if (strcmp(exports[i]->name, name) == 0) {
      return exports[i];
    }
  }
  return NULL;
}

static lqa_status check_options(const lqa_export *export, const lqa_export_options *options,
                                lqa_error *err) {
  if (options->apply_relabel && export->number != LQA_EXPORT_cleaned) {
    return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION("apply") " belongs to 'cleaned', not to '%s'",
                    export->name);
  }
  if (options->repair && export->number != LQA_EXPORT_fixed) {
    return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION("repair") " belongs to 'fixed', not to '%s'",
                    export->name);
  }
  if (options->by && export->number != LQA_EXPORT_weights) {
    return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION("by") " belongs to 'weights', not to '%s'",
                    export->name);
  }
  return lqa_export_format_check(options, export, err);
}

lqa_status lqa_export_run(const lqa_export *export, lqa_run *run, const lqa_export_options *options,
                          lqa_export_summary *summary, lqa_error *err) {
  lqa_export_summary written = {0};
  LQA_TRY(check_options(export, options, err));
  LQA_TRY(lqa_export_path_check(run, options->path, err));
  LQA_TRY(export->run(run, options, &written, err));
  *summary = written;
  return LQA_OK;
}
