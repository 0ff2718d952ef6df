/* base/plain_file.c - files of a run, opened so that they cannot lead elsewhere.
 *
 * O_NONBLOCK keeps a pipe without a writer from being waited for; on a plain file it means nothing.
 * The path of the open file is /dev/fd/N: on Linux opening it again opens the same file anew, with
 * a position of its own, also after another file took its name.
 */
#include "base/plain_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *kind_of(mode_t mode) {
  return S_ISLNK(mode)    ? "a link"
         : S_ISDIR(mode)  ? "a folder"
         : S_ISFIFO(mode) ? "a pipe"
                          : "a device";
}

static lqa_status fail_kind(const char *path, mode_t mode, lqa_error *err) {
  return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                     "'%s' is %s: the files of a run are plain files, so it is not read", path,
                     kind_of(mode));
}

static lqa_status fail_missing(const char *path, lqa_error *err) {
  return lqa_fail_because(lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL, "'%s' is missing", path),
                          err, LQA_REASON_MISSING);
}

lqa_status lqa_plain_file_check(const char *path, bool may_miss, lqa_error *err) {
  struct stat info;
  if (lstat(path, &info) != 0) {
    bool is_missing = errno == ENOENT;
    return is_missing ? may_miss ? LQA_OK : fail_missing(path, err)
                      : lqa_fail_errno(err, "open", path);
  }
  return S_ISREG(info.st_mode) ? LQA_OK : fail_kind(path, info.st_mode, err);
}

lqa_status lqa_plain_file_open(const char *path, lqa_plain_file *out, lqa_error *err) {
  *out = (lqa_plain_file){.descriptor = -1};
  LQA_TRY(lqa_plain_file_check(path, false, err));
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    return errno == ENOENT ? fail_missing(path, err) : lqa_fail_errno(err, "open", path);
  }
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return fail_kind(path, info.st_mode, err);
  }
  out->descriptor = fd;
  out->size_bytes = (uint64_t)info.st_size;
  snprintf(out->path, sizeof out->path, "/dev/fd/%d", fd);
  return LQA_OK;
}

void lqa_plain_file_close(lqa_plain_file *file) {
  if (file->descriptor >= 0) {
    close(file->descriptor);
    file->descriptor = -1;
  }
}
