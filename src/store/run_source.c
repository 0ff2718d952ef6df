/* store/run_source.c - the snapshot holds all columns of the rows that were audited, so it is read
 * without any of the original reading options. Original files are hashed before use: verdicts
 * and decisions belong to the bytes that were audited. What is opened is what was hashed, by the
 * same path, and only where this user made the run or names the files (store/run_claim.h).
 */
#include "store/run_source.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"

#include <stdio.h>
#include <sys/stat.h>

/* A path on this machine: neither standard input nor a URL. "file.db::table" gives the file. */
static bool local_part(const char *path, char *out, size_t size) {
  size_t n = strlen(path);
  bool is_whole = lqa_path_exists(path);
  for (size_t i = n; i > 1 && !is_whole; i--) {
    if (path[i - 1] == ':' && path[i - 2] == ':') {
      n = i - 2;
      break;
    }
  }
  if (strcmp(path, "-") == 0 || (!is_whole && strstr(path, "://")) || n >= size) {
    return false;
  }
  memcpy(out, path, n);
  out[n] = '\0';
  return true;
}

static lqa_status fail_gone(const char *path, lqa_error *err) {
  return lqa_fail_because(
      lqa_fail_at(
          err, LQA_BAD_FILE, path, -1, NULL,
          "this run has no snapshot and '%s' cannot be read again; audit it without " LQA_OPTION(
              "no_snapshot"),
          path),
      err, LQA_REASON_MISSING);
}

/* Whether the file at `path` holds the bytes that were audited. */
static lqa_status check_file(const char *given, const char *expected, lqa_error *err) {
  char path[4096], sha256[65];
  struct stat info;
  uint64_t size;
  if (!local_part(given, path, sizeof path) || (stat(path, &info) == 0 && !S_ISREG(info.st_mode))) {
    return fail_gone(given, err);
  }
  LQA_TRY(lqa_sha256_file(path, sha256, &size, err));
  if (strcmp(sha256, expected) != 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, given, -1, NULL,
                       "'%s' has changed since it was audited (the run has no snapshot); audit it "
                       "again with " LQA_OPTION("overwrite"),
                       given);
  }
  return LQA_OK;
}

/* What was opened for file `i`: as it was given where that is the same file, table included. */
static const char *recorded_path(const lqa_manifest *m, int32_t i) {
  char whole[4096];
  const char *path = m->files[i].path;
  if (m->source.paths.n != (size_t)m->n_files) {
    return path;
  }
  const char *given = m->source.paths.items[i];
  bool is_same = local_part(given, whole, sizeof whole) && strcmp(whole, path) == 0;
  return is_same ? given : path;
}

static lqa_status fail_stranger(const lqa_manifest *m, lqa_error *err) {
  const char *path = m->n_files > 0 ? m->files[0].path : "nothing";
  return lqa_fail_at(err, LQA_BAD_DATA, "manifest.json", -1, "sources",
                     "the run keeps no copy of its source: 'sources' in its manifest.json names "
                     "'%s', outside the run, and the run was not made by you on this machine. If "
                     "you have that data, name it: " LQA_OPTION_AS("source", "FILE"),
                     path);
}

/* Which files are opened: those that the user names, or that his own audit recorded. */
static lqa_status choose_paths(const lqa_manifest *m, lqa_run_source *out, lqa_error *err) {
  bool is_named = m->sources_named.n > 0;
  if (!is_named && !m->is_own) {
    return fail_stranger(m, err);
  }
  if (is_named && m->sources_named.n != (size_t)m->n_files) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("source") " names %zu file%s, but the run was made of %d: name each "
                                         "of them, in the same order",
                    m->sources_named.n, m->sources_named.n == 1 ? "" : "s", (int)m->n_files);
  }
  out->files = lqa_calloc((size_t)m->n_files + 1, sizeof *out->files);
  if (!out->files) {
    return lqa_fail_memory(err, "opening the source");
  }
  for (int32_t i = 0; i < m->n_files; i++) {
    out->files[i] = is_named ? m->sources_named.items[i] : recorded_path(m, i);
    LQA_TRY(check_file(out->files[i], m->files[i].sha256, err));
  }
  out->options.paths = (lqa_text_list){out->files, (size_t)m->n_files};
  return LQA_OK;
}

/* The files themselves, read as the audit read them. An SQL condition is a program: only one's own
 * is run. */
static lqa_status open_files(const lqa_manifest *m, lqa_run_source *out, lqa_error *err) {
  out->options = m->source;
  LQA_TRY(choose_paths(m, out, err));
  out->options.embeddings = NULL;
  out->options.classes_file = NULL;
  out->options.pred_probs = (lqa_text_list){NULL, 0};
  if (m->source.where && !m->is_own) {
    return lqa_fail_at(
        err, LQA_BAD_DATA, "manifest.json", -1, "reading.where",
        "'reading.where' in the run's manifest.json is an SQL condition, and the run "
        "was not made by you on this machine: it is not evaluated. Audit the source "
        "yourself with " LQA_OPTION("where"));
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
    LQA_TRY_OUT(open_files(m, out, err));
    copy_roles(&m->source, &out->options);
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
  free(source->files);
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
