/* store/run_draft.c - begin, commit, discard.
 *
 * The folder being written is locked by its writer, so that another writer of the same run is told
 * at once, not after its work. A killed writer's lock dies with it, so a
 * folder of that name that can be locked, and is older than a minute (its writer may be about to
 * lock it), is rubbish. */
#include "store/run_draft.h"

#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SWEEP_AFTER_SECONDS = 60 };

static bool is_run(const char *path) {
  char *manifest = lqa_path_join(path, "manifest.json");
  bool found = manifest && lqa_path_exists(manifest);
  free(manifest);
  return found;
}

static lqa_status check_place(const char *path, bool overwrite, lqa_error *err) {
  if (!overwrite) {
    return lqa_fail_because(
        lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL,
                    "'%s' exists; " LQA_OPTION(
                        "overwrite") " replaces it (verdicts and decisions are carried "
                                     "over), " LQA_OPTION("out") " names another place",
                    path),
        err, LQA_REASON_EXISTS);
  }
  if (!lqa_path_is_folder(path) || !is_run(path)) {
    return lqa_fail_because(
        lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL,
                    "'%s' is in the way and is not a run; it will not be replaced", path),
        err, LQA_REASON_EXISTS);
  }
  return LQA_OK;
}

/* The real path of what exists (a link is followed), else the path without closing slashes;
 * owned. */
static char *clean_path(const char *path) {
  char *real = lqa_path_exists(path) ? realpath(path, NULL) : NULL;
  char *copy = real ? real : strdup(path);
  for (size_t n = copy ? strlen(copy) : 0; n > 1 && copy[n - 1] == '/'; n--) {
    copy[n - 1] = '\0';
  }
  return copy;
}

static bool is_old(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && info.st_mtime + SWEEP_AFTER_SECONDS < time(NULL);
}

/* True if somebody is writing the draft. */
static bool sweep_one(const char *folder) {
  lqa_run_lock lock = LQA_RUN_LOCK_NONE;
  bool is_free = lqa_run_lock_alone(folder, &lock, NULL) == LQA_OK;
  if (is_free && is_old(folder)) {
    (void)!lqa_folder_remove(folder, NULL);
  }
  lqa_run_unlock(&lock);
  return !is_free && access(folder, R_OK) == 0;
}

/* Does `name` read "<base>.tmp-<number>-<number>"? */
static bool is_draft_of(const char *name, const char *base) {
  size_t n = strlen(base);
  long pid;
  unsigned count;
  int end = 0;
  return strncmp(name, base, n) == 0 && strncmp(name + n, ".tmp-", 5) == 0 &&
         sscanf(name + n + 5, "%ld-%u%n", &pid, &count, &end) == 2 && name[n + 5 + end] == '\0';
}

/* Removes what killed writers left beside `path`, best effort; true if one is alive. */
static bool sweep(const char *path) {
  bool is_busy = false;
  const char *base = lqa_path_name(path);
  char *parent = base == path ? strdup(".") : strndup(path, (size_t)(base - path));
  DIR *folder = parent ? opendir(parent) : NULL;
  for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
    char *full = is_draft_of(entry->d_name, base) ? lqa_path_join(parent, entry->d_name) : NULL;
    if (full) {
      is_busy = sweep_one(full) || is_busy;
    }
    free(full);
  }
  if (folder) {
    closedir(folder);
  }
  free(parent);
  return is_busy;
}

lqa_status lqa_run_draft_begin(const char *path, bool overwrite, lqa_run_draft *out,
                               lqa_error *err) {
  lqa_run_draft draft = {.path = clean_path(path), .old = {-1}, .own = {-1}};
  lqa_status status;
  LQA_TRY_OUT(draft.path ? LQA_OK : lqa_fail_memory(err, "making a run folder"));
  if (lqa_path_exists(draft.path)) {
    LQA_TRY_OUT(check_place(path, overwrite, err));
    draft.replaces = true;
  }
  if (draft.replaces) {
    LQA_TRY_OUT(lqa_run_lock_alone(draft.path, &draft.old, err));
  }
  if (sweep(draft.path)) {
    LQA_TRY_OUT(lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL,
                            "another command is writing '%s'; wait for it, or name another place "
                            "with " LQA_OPTION("out"),
                            path));
  }
  LQA_TRY_OUT(lqa_folder_begin(draft.path, &draft.folder, err));
  status = lqa_run_lock_alone(draft.folder, &draft.own, err);
out:
  if (status != LQA_OK) {
    lqa_run_draft_discard(&draft);
    return status;
  }
  *out = draft;
  return LQA_OK;
}

static void release(lqa_run_draft *draft) {
  lqa_run_unlock(&draft->old);
  lqa_run_unlock(&draft->own);
  free(draft->path);
  free(draft->folder);
  draft->path = draft->folder = NULL;
}

lqa_status lqa_run_draft_commit(lqa_run_draft *draft, lqa_error *err) {
  lqa_status status = lqa_folder_commit(draft->folder, draft->path, draft->replaces, err);
  if (status != LQA_OK) {
    (void)!lqa_folder_remove(draft->folder, NULL);
  }
  release(draft);
  return status;
}

void lqa_run_draft_discard(lqa_run_draft *draft) {
  if (draft->folder) {
    (void)!lqa_folder_remove(draft->folder, NULL);
  }
  release(draft);
}
