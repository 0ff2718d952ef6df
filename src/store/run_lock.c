/* store/run_lock.c - flock on the run folder itself.
 *
 * The lock follows the folder when it is exchanged, dies with its process and leaves no file
 * behind, so a run stays portable. Files inside are not locked that way: closing any descriptor of
 * run.db would drop SQLite's own locks. Rewriting files takes a second lock, on classes.json, which
 * no command ever replaces. Where the file system knows no flock the commands run unlocked. */
#include "store/run_lock.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is `fd` still what lies at `path`? A run may be exchanged between open and flock. */
static bool is_current(int fd, const char *path) {
  struct stat held, there;
  return fstat(fd, &held) == 0 && stat(path, &there) == 0 && held.st_ino == there.st_ino &&
         held.st_dev == there.st_dev;
}

/* Takes the lock; *busy tells that somebody else has it. */
static lqa_status take(const char *path, int flags, int operation, lqa_run_lock *lock, bool *busy,
                       lqa_error *err) {
  *busy = false;
  for (int tries = 0; tries < 100; tries++) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0) {
      return lqa_fail_errno(err, "open", path);
    }
    int code;
    do {
      code = flock(fd, operation);
    } while (code != 0 && errno == EINTR);
    *busy = code != 0 && errno == EWOULDBLOCK;
    if (*busy) {
      close(fd);
      return LQA_OK;
    }
    if (is_current(fd, path)) {
      lock->fd = fd;
      return LQA_OK;
    }
    close(fd);
  }
  return lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL, "'%s' keeps being replaced", path);
}

static lqa_status fail_missing(const char *run, lqa_error *err) {
  return lqa_fail_because(lqa_fail_at(err, LQA_BAD_FILE, run, -1, NULL,
                                      lqa_path_exists(run)
                                          ? "'%s' is not a run folder (labelqa audit makes one)"
                                          : "there is no run '%s' (labelqa audit makes one)",
                                      run),
                          err, lqa_path_exists(run) ? LQA_REASON_NONE : LQA_REASON_MISSING);
}

lqa_status lqa_run_lock_shared(const char *run, lqa_run_lock *lock, lqa_error *err) {
  bool busy;
  if (!lqa_path_is_folder(run)) {
    return fail_missing(run, err);
  }
  LQA_TRY(take(run, O_DIRECTORY, LOCK_SH | LOCK_NB, lock, &busy, err));
  return busy ? lqa_fail_at(err, LQA_BAD_FILE, run, -1, NULL,
                            "'%s' is being replaced by another command; try again when it is done",
                            run)
              : LQA_OK;
}

lqa_status lqa_run_lock_alone(const char *run, lqa_run_lock *lock, lqa_error *err) {
  bool busy;
  if (!lqa_path_is_folder(run)) {
    return fail_missing(run, err);
  }
  LQA_TRY(take(run, O_DIRECTORY, LOCK_EX | LOCK_NB, lock, &busy, err));
  return busy ? lqa_fail_at(err, LQA_BAD_FILE, run, -1, NULL,
                            "'%s' is in use by another command (judge, review, sample or audit); "
                            "try again when it is done",
                            run)
              : LQA_OK;
}

lqa_status lqa_run_lock_files(const char *run, lqa_run_lock *lock, lqa_error *err) {
  bool busy;
  char *path = lqa_path_join(run, "classes.json");
  if (!path) {
    return lqa_fail_memory(err, "locking the run");
  }
  lqa_status status = take(path, 0, LOCK_EX, lock, &busy, err);
  free(path);
  return status;
}

void lqa_run_unlock(lqa_run_lock *lock) {
  if (lock->fd >= 0) {
    close(lock->fd);
    lock->fd = -1;
  }
}
