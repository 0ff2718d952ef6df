/* mkostemp and unlink, then pwrite and pread in loops: both may transfer less than asked. */
#include "base/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

static lqa_status check_space(const char *folder, uint64_t need_bytes, lqa_error *err) {
  struct statvfs disk;
  if (need_bytes == 0 || statvfs(folder, &disk) != 0) {
    return LQA_OK;
  }
  uint64_t left = (uint64_t)disk.f_bavail * disk.f_frsize;
  if (left >= need_bytes) {
    return LQA_OK;
  }
  return lqa_fail_at(err, LQA_BAD_FILE, folder, -1, NULL,
                     "'%s' has %.1f MB left, and training within the memory limit needs about %.1f "
                     "MB of temporary space there: free some, write the run to another disk, or "
                     "give a larger " LQA_OPTION("memory_limit"),
                     folder, (double)left / 1e6, (double)need_bytes / 1e6);
}

lqa_status lqa_scratch_open(lqa_scratch_file *file, const char *folder, uint64_t need_bytes,
                            lqa_error *err) {
  char path[4096];
  folder = folder ? folder : "/tmp";
  file->fd = -1;
  snprintf(file->folder, sizeof file->folder, "%s", folder);
  LQA_TRY(check_space(folder, need_bytes, err));
  snprintf(path, sizeof path, "%s/labelqa-XXXXXX", folder);
  file->fd = mkostemp(path, O_CLOEXEC);
  if (file->fd < 0) {
    return lqa_fail_errno(err, "make a temporary file in", folder);
  }
  unlink(path);
  return LQA_OK;
}

lqa_status lqa_scratch_write(const lqa_scratch_file *file, const void *data, size_t size,
                             uint64_t offset, lqa_error *err) {
  for (size_t done = 0; done < size;) {
    ssize_t n = pwrite(file->fd, (const char *)data + done, size - done, (off_t)(offset + done));
    if (n < 0 && errno != EINTR) {
      return lqa_fail_errno(err, "write a temporary file in", file->folder);
    }
    done += n > 0 ? (size_t)n : 0;
  }
  return LQA_OK;
}

lqa_status lqa_scratch_read(const lqa_scratch_file *file, void *data, size_t size, uint64_t offset,
                            lqa_error *err) {
  for (size_t done = 0; done < size;) {
    ssize_t n = pread(file->fd, (char *)data + done, size - done, (off_t)(offset + done));
    if (n < 0 && errno != EINTR) {
      return lqa_fail_errno(err, "read a temporary file in", file->folder);
    }
    if (n == 0) {
      memset((char *)data + done, 0, size - done);
      return LQA_OK;
    }
    done += n > 0 ? (size_t)n : 0;
  }
  return LQA_OK;
}

void lqa_scratch_close(lqa_scratch_file *file) {
  if (file->fd >= 0) {
    close(file->fd);
    file->fd = -1;
  }
}
