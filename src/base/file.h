/* base/file.h - whole files, folders, and changes that happen at once or not at all.
 *
 * A file is written beside its place under a temporary name, flushed to disk and renamed; a folder
 * is built beside its place and exchanged (renameat2 RENAME_EXCHANGE where the file system has it).
 * A crash leaves the old state or the new one.
 */
#ifndef LQA_BASE_FILE_H
#define LQA_BASE_FILE_H

#include "base/buf.h"

bool lqa_path_exists(const char *path);
bool lqa_path_is_folder(const char *path);
/* Returns an owned "folder/name", NULL when out of memory. */
char *lqa_path_join(const char *folder, const char *name);
/* As lqa_fail_errno for a file or folder that cannot be made at `path`: names the folder it was to
 * lie in if that is what is missing. */
LQA_MUST_CHECK lqa_status lqa_fail_create(lqa_error *err, const char *verb, const char *path);
/* The part after the last '/', borrowed. */
const char *lqa_path_name(const char *path);
/* An unused name beside `path`, on the same file system, to write to before lqa_file_commit; owned,
 * NULL when out of memory. */
char *lqa_path_temporary(const char *path);
/* Whole file into `out` (initialised; its ceiling applies). */
LQA_MUST_CHECK lqa_status lqa_file_load(const char *path, lqa_buf *out, lqa_error *err);
/* Atomic replacement of `path`: temporary file, fsync, rename. */
LQA_MUST_CHECK lqa_status lqa_file_save(const char *path, const void *data, size_t size,
                                        lqa_error *err);
/* Renames a finished temporary file into place after fsync. */
LQA_MUST_CHECK lqa_status lqa_file_commit(const char *temporary, const char *path, lqa_error *err);
/* Makes a fresh folder "<path>.tmp-<pid>-<n>" beside `path`; *temporary is owned. */
LQA_MUST_CHECK lqa_status lqa_folder_begin(const char *path, char **temporary, lqa_error *err);
/* Flushes what is in `temporary` and puts it at `path`. `replace`: an existing folder is exchanged
 * and then removed. LQA_BAD_FILE where something is in the way: any path without `replace`, what is
 * no folder even with it. On failure `temporary` stays. */
LQA_MUST_CHECK lqa_status lqa_folder_commit(const char *temporary, const char *path, bool replace,
                                            lqa_error *err);
/* Removes a folder and what is in it; a missing one is fine. */
LQA_MUST_CHECK lqa_status lqa_folder_remove(const char *path, lqa_error *err);

#endif
