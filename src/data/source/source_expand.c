/* From what the user typed to files: globs, standard input, pipes, downloads, database tables.
 *
 * What can be read only once (standard input, a pipe, a URL) is copied to an unlinked temporary
 * file first: formats are told from the first bytes, JSON takes two passes, and a snapshot reads
 * again. The copy is opened through /proc/self/fd, so every reader can open it by name.
 */
#include "data/source/source_fetch.h"
#include "data/source/source_part.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 1 << 18 };

static lqa_status add_part(lqa_source *source, const lqa_source_part *part, lqa_error *err) {
  lqa_source_part copy = *part;
  copy.number = (int)source->parts.n;
  if (lqa_vec_push(&source->parts, copy) != LQA_OK) {
    if (part->fd >= 0) {
      close(part->fd);
    }
    return lqa_fail_memory(err, "listing the sources");
  }
  return LQA_OK;
}

static lqa_status open_temporary(const lqa_source *source, int *fd, lqa_error *err) {
  const char *folder = source->options.temporary_folder ? source->options.temporary_folder : "/tmp";
  char path[4096];
  snprintf(path, sizeof path, "%s/labelqa-XXXXXX", folder);
  *fd = mkostemp(path, O_CLOEXEC);
  if (*fd < 0) {
    return lqa_fail_errno(err, "make a temporary file in", folder);
  }
  unlink(path);
  return LQA_OK;
}

static lqa_status write_all(int fd, const char *data, size_t size, lqa_error *err) {
  while (size > 0) {
    ssize_t n = write(fd, data, size);
    if (n < 0 && errno != EINTR) {
      return lqa_fail_errno(err, "write", "a temporary file");
    }
    data += n > 0 ? n : 0;
    size -= n > 0 ? (size_t)n : 0;
  }
  return LQA_OK;
}

static lqa_status copy_stream(const lqa_source *source, int from, int to, const char *name,
                              lqa_error *err) {
  char *block = lqa_malloc(COPY_BYTES, 1);
  lqa_status status;
  LQA_TRY_OUT(block ? LQA_OK : lqa_fail_memory(err, "reading a stream"));
  ssize_t n = 1;
  while (n != 0) {
    n = read(from, block, COPY_BYTES);
    if (n < 0 && errno != EINTR) {
      LQA_TRY_OUT(lqa_fail_errno(err, "read", name));
    } else if (n > 0) {
      LQA_TRY_OUT(write_all(to, block, (size_t)n, err));
    }
    LQA_TRY_OUT(lqa_observe_check(source->observer, err));
  }
out:
  free(block);
  return status;
}

/* A part that is read from the copy `fd`, which it takes over. */
static lqa_status add_copy(lqa_source *source, const char *given, const char *name, int fd,
                           lqa_error *err) {
  lqa_source_part part = {.given = given, .name = name, .fd = fd};
  part.path = lqa_arena_printf(&source->arena, "/proc/self/fd/%d", fd);
  if (!part.path || !given || !name) {
    close(fd);
    return lqa_fail_memory(err, "listing the sources");
  }
  return add_part(source, &part, err);
}

static lqa_status add_stream(lqa_source *source, int from, const char *given, const char *name,
                             lqa_error *err) {
  int fd = -1;
  LQA_TRY(open_temporary(source, &fd, err));
  lqa_status status = copy_stream(source, from, fd, name, err);
  if (status != LQA_OK) {
    close(fd);
    return status;
  }
  return add_copy(source, given, name, fd, err);
}

/* A file by its exact name; pipes and devices are copied. */
static lqa_status add_file(lqa_source *source, const char *path, const char *table,
                           lqa_error *err) {
  struct stat info;
  if (stat(path, &info) != 0) {
    return lqa_fail_errno(err, "open", path);
  }
  if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
      return lqa_fail_errno(err, "open", path);
    }
    lqa_status status = add_stream(source, from, path, path, err);
    close(from);
    return status;
  }
  lqa_source_part part = {.given = path, .name = path, .path = path, .table = table, .fd = -1};
  return add_part(source, &part, err);
}

static int compare_paths(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Matches in byte order, whatever the locale. */
static lqa_status add_glob(lqa_source *source, const char *pattern, const char *table,
                           lqa_error *err) {
  glob_t found;
  int result = glob(pattern, GLOB_NOSORT | GLOB_BRACE, NULL, &found);
  if (result != 0) {
    return result == GLOB_NOSPACE
               ? lqa_fail_memory(err, "listing the sources")
               : lqa_fail_because(lqa_fail_at(err, LQA_BAD_FILE, pattern, -1, NULL,
                                              strpbrk(pattern, "*?[{")
                                                  ? "no file matches '%s'"
                                                  : "cannot open '%s': No such file or directory",
                                              pattern),
                                  err, LQA_REASON_MISSING);
  }
  qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare_paths);
  lqa_status status = LQA_OK;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    char *path = lqa_arena_copy(&source->arena, found.gl_pathv[i], strlen(found.gl_pathv[i]));
    LQA_TRY_OUT(path ? add_file(source, path, table, err)
                     : lqa_fail_memory(err, "listing the sources"));
  }
out:
  globfree(&found);
  return status;
}

/* Splits "file::table" at the last "::" if there is one; the pieces live in the arena. */
static lqa_status split_table(lqa_source *source, const char *given, const char **path,
                              const char **table, lqa_error *err) {
  const char *mark = NULL;
  for (const char *p = strstr(given, "::"); p; p = strstr(p + 1, "::")) {
    mark = p;
  }
  *path = given;
  *table = NULL;
  if (mark) {
    *path = lqa_arena_copy(&source->arena, given, (size_t)(mark - given));
    *table = mark + 2;
  }
  return *path ? LQA_OK : lqa_fail_memory(err, "listing the sources");
}

static lqa_status add_postgres(lqa_source *source, const char *given, lqa_error *err) {
  lqa_source_part part = {.fd = -1, .kind = LQA_PART_DUCKDB, .is_postgres = true};
  LQA_TRY(split_table(source, given, &part.path, &part.table, err));
  /* A password must not end up in messages and manifests. */
  const char *at = strchr(given, '@'), *host = strstr(given, "://") + 3;
  const char *secret = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
  part.given = part.name =
      secret ? lqa_arena_printf(&source->arena, "%.*s%s", (int)(secret - given), given, at) : given;
  return part.name ? add_part(source, &part, err) : lqa_fail_memory(err, "listing the sources");
}

/* One downloaded file, handed over by lqa_source_fetch. */
static lqa_status keep_download(void *data, const char *url, const char *bytes, size_t size,
                                lqa_error *err) {
  lqa_source *source = data;
  int fd = -1;
  LQA_TRY(open_temporary(source, &fd, err));
  lqa_status status = write_all(fd, bytes, size, err);
  if (status != LQA_OK) {
    close(fd);
    return status;
  }
  char *name = lqa_arena_copy(&source->arena, url, strlen(url));
  return add_copy(source, name, name, fd, err);
}

static lqa_status add_url(lqa_source *source, const char *url, lqa_error *err) {
  if (source->options.no_network) {
    return lqa_fail_at(err, LQA_BAD_USAGE, url, -1, NULL,
                       "'%s' is a URL, and network access is off", url);
  }
  if (lqa_str_starts_with(lqa_str_from(url), LQA_STR("postgres://")) ||
      lqa_str_starts_with(lqa_str_from(url), LQA_STR("postgresql://"))) {
    return add_postgres(source, url, err);
  }
  return lqa_source_fetch(url, source->observer, keep_download, source, err);
}

static lqa_status add_given(lqa_source *source, const char *given, lqa_error *err) {
  const char *path, *table;
  struct stat info;
  if (strcmp(given, "-") == 0) {
    return add_stream(source, STDIN_FILENO, "-", "standard input", err);
  }
  if (stat(given, &info) == 0) {
    return add_file(source, given, NULL, err);
  }
  if (strstr(given, "://")) {
    return add_url(source, given, err);
  }
  LQA_TRY(split_table(source, given, &path, &table, err));
  return stat(path, &info) == 0 ? add_file(source, path, table, err)
                                : add_glob(source, path, table, err);
}

/* A temporary file is known by the name its maker gave it; `given` still tells its format, and
 * follows when the source is open. */
static lqa_status rename_part(lqa_source *source, lqa_error *err) {
  const char *name = source->options.source_name;
  if (name && source->parts.n != 1) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("source_name") " names one file, but there are %zu",
                    source->parts.n);
  }
  if (name) {
    source->parts.data[0].name = name;
  }
  return LQA_OK;
}

lqa_status lqa_source_expand(lqa_source *source, lqa_error *err) {
  if (source->options.paths.n == 0) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "no source is given: name a file, a glob, a URL, or - for standard input");
  }
  for (size_t i = 0; i < source->options.paths.n; i++) {
    LQA_TRY(add_given(source, source->options.paths.items[i], err));
  }
  return rename_part(source, err);
}
