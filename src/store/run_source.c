/* store/run_source.c - the snapshot holds all columns of the rows that were audited, so it is read
 * without any of the original reading options. Original files are hashed before use: verdicts
 * and decisions belong to the bytes that were audited.
 */
#include "store/run_source.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"

#include <stdio.h>

/* A path on this machine: neither standard input nor a URL. "file.db::table" gives the file. */
static bool local_part(const char *path, char *out, size_t size) {
  const char *table = strstr(path, "::");
  size_t n = table ? (size_t)(table - path) : strlen(path);
  if (strcmp(path, "-") == 0 || strstr(path, "://") || n >= size) {
    return false;
  }
  memcpy(out, path, n);
  out[n] = '\0';
  return true;
}

static lqa_status check_file(const lqa_source_file *file, lqa_error *err) {
  char path[4096], sha256[65];
  uint64_t size;
  if (!local_part(file->path, path, sizeof path)) {
    return lqa_fail_because(
        lqa_fail_at(
            err, LQA_BAD_FILE, file->path, -1, NULL,
            "this run has no snapshot and '%s' cannot be read again; audit it without " LQA_OPTION(
                "no_snapshot"),
            file->path),
        err, LQA_REASON_MISSING);
  }
  LQA_TRY(lqa_sha256_file(path, sha256, &size, err));
  if (strcmp(sha256, file->sha256) != 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, file->path, -1, NULL,
                       "'%s' has changed since it was audited (the run has no snapshot); audit it "
                       "again with " LQA_OPTION("overwrite"),
                       file->path);
  }
  return LQA_OK;
}

static lqa_status open_snapshot(const char *folder, lqa_run_source *out, lqa_error *err) {
  out->snapshot = lqa_path_join(folder, "source.parquet");
  if (!out->snapshot) {
    return lqa_fail_memory(err, "opening the snapshot");
  }
  if (!lqa_path_exists(out->snapshot)) {
    return lqa_fail_because(
        lqa_fail_at(err, LQA_BAD_FILE, out->snapshot, -1, NULL, "'%s' is missing", out->snapshot),
        err, LQA_REASON_MISSING);
  }
  out->paths[0] = out->snapshot;
  out->options.paths = (lqa_text_list){out->paths, 1};
  return LQA_OK;
}

/* The roles of the run, nothing to guess and no way to read differently. */
static void copy_roles(const lqa_source_options *from, lqa_source_options *to) {
  to->text = from->text;
  to->features = from->features;
  to->label = from->label;
  to->id = from->id;
  to->content_optional = true;
  to->one_class_allowed = true;
}

lqa_status lqa_run_source_open(const char *folder, const lqa_manifest *m,
                               const lqa_observer *observer, lqa_run_source *out, lqa_error *err) {
  lqa_status status = LQA_OK;
  *out = (lqa_run_source){0};
  if (m->has_snapshot) {
    copy_roles(&m->source, &out->options);
    LQA_TRY_OUT(open_snapshot(folder, out, err));
  } else {
    out->options = m->source;
    copy_roles(&m->source, &out->options);
    for (int32_t i = 0; i < m->n_files; i++) {
      LQA_TRY_OUT(check_file(&m->files[i], err));
    }
  }
  LQA_TRY_OUT(lqa_source_open(&out->options, observer, &out->source, err));
  return LQA_OK;
out:
  lqa_run_source_close(out);
  return status;
}

void lqa_run_source_close(lqa_run_source *source) {
  lqa_source_close(source->source);
  free(source->snapshot);
  *source = (lqa_run_source){0};
}

lqa_status lqa_run_source_content(const lqa_run_source *source, const lqa_manifest *m,
                                  lqa_content_columns *out, lqa_error *err) {
  const lqa_text_list *names =
      m->content_kind == LQA_CONTENT_TABLE ? &m->source.features : &m->source.text;
  size_t *columns = lqa_malloc(names->n, sizeof *columns);
  if (!columns) {
    return lqa_fail_memory(err, "opening the source");
  }
  for (size_t i = 0; i < names->n; i++) {
    int64_t column = lqa_source_find_column(source->source, names->items[i]);
    if (column < 0) {
      free(columns);
      return lqa_fail_at(err, LQA_BAD_DATA, NULL, -1, names->items[i],
                         "the run's source has no column '%s' any more", names->items[i]);
    }
    columns[i] = (size_t)column;
  }
  *out = (lqa_content_columns){columns, names->n};
  return LQA_OK;
}
