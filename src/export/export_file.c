/* export/export_file.c - a file is the same file whatever it is called: links, "./" and ".." are
 * seen through by device and inode, for the folder by walking up from the place to write to. Files
 * are put in place by rename, which would replace a device or a pipe by a file, so those are
 * refused.
 */
#include "export/export_file.h"

#include "base/file.h"
#include "export/task_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const struct {
  const char *name;
  lqa_table_format format;
} FORMATS[] = {{"csv", LQA_TABLE_CSV}, {"jsonl", LQA_TABLE_JSONL}, {"parquet", LQA_TABLE_PARQUET}};
enum { N_FORMATS = sizeof FORMATS / sizeof FORMATS[0] };

static int find_format(const char *name) {
  for (int i = 0; i < N_FORMATS; i++) {
    if (strcmp(FORMATS[i].name, name) == 0) {
      return i;
    }
  }
  return -1;
}

/* "csv|jsonl|parquet", with the labelling tools' where the export has them. */
static void list_formats(const lqa_export *export, lqa_buf *out) {
  lqa_buf_add_text(out, "csv|jsonl|parquet");
  for (size_t i = 0; export->has_tasks && lqa_task_format_name(i); i++) {
    lqa_buf_printf(out, "|%s", lqa_task_format_name(i));
  }
}

static lqa_status fail_format(const lqa_export_options *options, const lqa_export *export,
                              lqa_error *err) {
  lqa_buf names;
  lqa_buf_init(&names, 1 << 12);
  list_formats(export, &names);
  const char *list = names.data ? names.data : "csv|jsonl|parquet";
  lqa_status status =
      options->format ? lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION_AS("format", "%s") ": expected %s",
                                 options->format, list)
                      : lqa_fail_at(err, LQA_BAD_USAGE, options->path, -1, NULL,
                                    "the name '%s' does not show its format: end it in .csv, "
                                    ".jsonl or .parquet, or give " LQA_OPTION("format") " %s",
                                    options->path, list);
  lqa_buf_clear(&names);
  return status;
}

lqa_status lqa_export_format_check(const lqa_export_options *options, const lqa_export *export,
                                   lqa_error *err) {
  lqa_table_format format;
  if (export->is_one_format) {
    return options->format ? lqa_fail(err, LQA_BAD_USAGE,
                                      "'%s' has one format: " LQA_OPTION("format") " is not for it",
                                      export->name)
                           : LQA_OK;
  }
  if (!options->format) {
    return lqa_table_format_of(options->path, &format, NULL) == LQA_OK
               ? LQA_OK
               : fail_format(options, export, err);
  }
  if (lqa_task_format_find(options->format)) {
    return export->has_tasks
               ? LQA_OK
               : lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION_AS("format", "%s") " belongs to 'review'",
                          options->format);
  }
  return find_format(options->format) >= 0 ? LQA_OK : fail_format(options, export, err);
}

lqa_table_format lqa_export_table_format(const lqa_export_options *options) {
  lqa_table_format format = LQA_TABLE_CSV;
  if (options->format) {
    int i = find_format(options->format);
    return i < 0 ? format : FORMATS[i].format;
  }
  lqa_status status = lqa_table_format_of(options->path, &format, NULL);
  (void)status; /* checked before */
  return format;
}

static bool same_file(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The file of "file.db::table"; "-" and URLs are nothing on this machine. */
static bool find_source(const char *path, struct stat *info) {
  char file[PATH_MAX];
  const char *table = strstr(path, "::");
  size_t n = table ? (size_t)(table - path) : strlen(path);
  if (n >= sizeof file) {
    return false;
  }
  memcpy(file, path, n);
  file[n] = '\0';
  return stat(file, info) == 0;
}

static lqa_status check_sources(const lqa_run *run, const char *path, const struct stat *target,
                                lqa_error *err) {
  for (int32_t i = 0; i < run->manifest.n_files; i++) {
    struct stat source;
    if (find_source(run->manifest.files[i].path, &source) && same_file(&source, target)) {
      return lqa_fail_at(err, LQA_BAD_USAGE, path, -1, NULL,
                         "'%s' is a source of this run and is never replaced; name another file",
                         path);
    }
  }
  return LQA_OK;
}

/* The folder that `path` would be written to, resolved; false if there is none. */
static bool find_folder(const char *path, char out[PATH_MAX]) {
  char folder[PATH_MAX];
  size_t n = (size_t)(lqa_path_name(path) - path);
  if (n >= sizeof folder) {
    return false;
  }
  memcpy(folder, path, n);
  folder[n] = '\0';
  return realpath(n > 0 ? folder : ".", out) != NULL;
}

/* True if `folder` (resolved) is the run's or lies in it. */
static bool is_inside(const lqa_run *run, char *folder) {
  struct stat own, info;
  if (stat(run->folder, &own) != 0) {
    return false;
  }
  while (*folder) {
    if (stat(folder, &info) == 0 && same_file(&own, &info)) {
      return true;
    }
    *strrchr(folder, '/') = '\0';
  }
  return false;
}

lqa_status lqa_export_path_check(const lqa_run *run, const char *path, lqa_error *err) {
  char folder[PATH_MAX];
  struct stat target;
  if (*path == '\0') {
    return lqa_fail(err, LQA_BAD_USAGE, "FILE is empty: name the file to write");
  }
  if (!find_folder(path, folder)) {
    return lqa_fail_create(err, "write", path);
  }
  if (is_inside(run, folder)) {
    return lqa_fail_at(
        err, LQA_BAD_USAGE, path, -1, NULL,
        "'%s' lies inside the run folder, which holds only the run's own files; name "
        "a file outside of it",
        path);
  }
  if (stat(path, &target) != 0) {
    return LQA_OK;
  }
  if (!S_ISREG(target.st_mode)) {
    return lqa_fail_because(lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL,
                                        "'%s' is %s: name a file to write", path,
                                        S_ISDIR(target.st_mode) ? "a folder" : "no ordinary file"),
                            err, S_ISDIR(target.st_mode) ? LQA_REASON_FOLDER : LQA_REASON_EXISTS);
  }
  return check_sources(run, path, &target, err);
}

lqa_status lqa_export_table(const lqa_run *run, const lqa_table *table,
                            const lqa_export_options *options, lqa_error *err) {
  return lqa_table_save(table, options->path, lqa_export_table_format(options), run->observer, err);
}
