/* Whole files and folders, put in place by rename; the parent folder is flushed too, so that the
 * rename itself survives a power cut.
 */
#include "base/file.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool lqa_path_exists(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0;
}

bool lqa_path_is_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

char *lqa_path_join(const char *folder, const char *name) {
  size_t n = strlen(folder);
  const char *slash = n > 0 && folder[n - 1] == '/' ? "" : "/";
  char *path = NULL;
  return asprintf(&path, "%s%s%s", folder, slash, name) < 0 ? NULL : path;
}

const char *lqa_path_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

lqa_status lqa_fail_create(lqa_error *err, const char *verb, const char *path) {
  int number = errno;
  size_t n = strlen(path);
  while (n > 1 && path[n - 1] == '/') {
    n--;
  }
  while (n > 0 && path[n - 1] != '/') {
    n--;
  }
  char folder[4096];
  int length = snprintf(folder, sizeof folder, "%.*s", (int)(n > 1 ? n - 1 : n), path);
  if (number != ENOENT || n == 0 || length >= (int)sizeof folder || lqa_path_exists(folder)) {
    errno = number;
    return lqa_fail_errno(err, verb, path);
  }
  return lqa_fail_because(
      lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL,
                  "cannot %s '%s': there is no folder '%s'; make it first, or name another place",
                  verb, path, folder),
      err, LQA_REASON_MISSING);
}

lqa_status lqa_file_load(const char *path, lqa_buf *out, lqa_error *err) {
  char block[1 << 16];
  ssize_t n = 0;
  size_t size = out->size;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return lqa_fail_errno(err, "open", path);
  }
  while ((n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR)) {
    size += n > 0 ? (size_t)n : 0;
    lqa_buf_add(out, block, n > 0 ? (size_t)n : 0);
  }
  lqa_status status;
  LQA_TRY_OUT(n < 0 ? lqa_fail_errno(err, "read", path) : LQA_OK);
  lqa_buf_add(out, "", 0);
  if (out->failed) {
    status = size <= out->max_bytes ? lqa_fail_memory(err, "reading a file")
                                    : lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL,
                                                  "'%s' is larger than the %zu bytes allowed here",
                                                  path, out->max_bytes);
  }
out:
  close(fd);
  return status;
}

char *lqa_path_temporary(const char *path) {
  static atomic_uint counter;
  size_t n = strlen(path);
  while (n > 1 && path[n - 1] == '/') {
    n--;
  }
  char *name = NULL;
  int length = asprintf(&name, "%.*s.tmp-%ld-%u", (int)n, path, (long)getpid(),
                        atomic_fetch_add(&counter, 1));
  return length < 0 ? NULL : name;
}

static lqa_status write_all(int fd, const char *path, const char *data, size_t size,
                            lqa_error *err) {
  while (size > 0) {
    ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return lqa_fail_errno(err, "write", path);
    }
    data += n;
    size -= (size_t)n;
  }
  return LQA_OK;
}

/* Writes `fd` through to the disk; a file system that knows no such thing is fine. */
static bool flush(int fd) {
  return fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
}

/* Flushes the folder that holds `path`; best effort, some file systems cannot. */
static void flush_parent(const char *path) {
  char *copy = strdup(path);
  if (!copy) {
    return;
  }
  char *slash = strrchr(copy, '/');
  const char *folder = !slash ? "." : slash == copy ? "/" : (*slash = '\0', copy);
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    (void)!fsync(fd);
    close(fd);
  }
  free(copy);
}

lqa_status lqa_file_save(const char *path, const void *data, size_t size, lqa_error *err) {
  char *temporary = lqa_path_temporary(path);
  if (!temporary) {
    return lqa_fail_memory(err, "writing a file");
  }
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  lqa_status status;
  LQA_TRY_OUT(fd < 0 ? lqa_fail_create(err, "write", path) : LQA_OK);
  status = write_all(fd, path, data, size, err);
  if (close(fd) != 0 && status == LQA_OK) {
    status = lqa_fail_errno(err, "write", path);
  }
  status = status == LQA_OK ? lqa_file_commit(temporary, path, err) : status;
  if (status != LQA_OK) {
    unlink(temporary);
  }
out:
  free(temporary);
  return status;
}

lqa_status lqa_file_commit(const char *temporary, const char *path, lqa_error *err) {
  int fd = open(temporary, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return lqa_fail_errno(err, "open", temporary);
  }
  lqa_status status;
  LQA_TRY_OUT(flush(fd) ? LQA_OK : lqa_fail_errno(err, "flush", path));
  if (rename(temporary, path) != 0) {
    LQA_TRY_OUT(lqa_fail_errno(err, "write", path));
  }
  flush_parent(path);
out:
  close(fd);
  return status;
}

lqa_status lqa_folder_begin(const char *path, char **temporary, lqa_error *err) {
  char *name = lqa_path_temporary(path);
  if (!name) {
    return lqa_fail_memory(err, "making a folder");
  }
  if (mkdir(name, 0777) != 0) {
    lqa_status status = lqa_fail_create(err, "make folder", path);
    free(name);
    return status;
  }
  *temporary = name;
  return LQA_OK;
}

/* Old and new change places in one step; where the file system cannot, two renames. */
static lqa_status exchange(const char *temporary, const char *path, lqa_error *err) {
  if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
    return LQA_OK;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return lqa_fail_errno(err, "replace folder", path);
  }
  char *old = lqa_path_temporary(path);
  if (!old) {
    return lqa_fail_memory(err, "replacing a folder");
  }
  lqa_status status = LQA_OK;
  if (rename(path, old) != 0) {
    status = lqa_fail_errno(err, "replace folder", path);
  } else if (rename(temporary, path) != 0) {
    status = lqa_fail_errno(err, "replace folder", path);
    (void)!rename(old, path);
  } else if (rename(old, temporary) != 0) {
    status = lqa_fail_errno(err, "remove", old);
  }
  free(old);
  return status;
}

static int flush_entry(const char *path, const struct stat *info, int kind, struct FTW *where) {
  (void)info;
  (void)where;
  if (kind != FTW_F && kind != FTW_DP) {
    return 0;
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return -1;
  }
  bool flushed = flush(fd);
  close(fd);
  return flushed ? 0 : -1;
}

lqa_status lqa_folder_commit(const char *temporary, const char *path, bool replace,
                             lqa_error *err) {
  if (nftw(temporary, flush_entry, 32, FTW_DEPTH | FTW_PHYS) != 0) {
    return lqa_fail_errno(err, "flush folder", path);
  }
  if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
    flush_parent(path);
    return LQA_OK;
  }
  if (errno == EINVAL && !lqa_path_exists(path) && rename(temporary, path) == 0) {
    return LQA_OK;
  }
  if (!lqa_path_exists(path)) {
    return lqa_fail_errno(err, "make folder", path);
  }
  if (!replace) {
    return lqa_fail_because(
        lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL, "'%s' is in the way", path), err,
        LQA_REASON_EXISTS);
  }
  if (!lqa_path_is_folder(path)) {
    return lqa_fail_because(
        lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL, "'%s' is in the way and is no folder", path),
        err, LQA_REASON_EXISTS);
  }
  LQA_TRY(exchange(temporary, path, err));
  flush_parent(path);
  return lqa_folder_remove(temporary, err);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where) {
  (void)info;
  (void)kind;
  (void)where;
  return remove(path);
}

lqa_status lqa_folder_remove(const char *path, lqa_error *err) {
  if (!lqa_path_exists(path)) {
    return LQA_OK;
  }
  if (nftw(path, remove_entry, 32, FTW_DEPTH | FTW_PHYS) != 0) {
    return lqa_fail_errno(err, "remove folder", path);
  }
  return LQA_OK;
}
