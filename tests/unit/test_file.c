/* Files and folders: whole or not at all, also when the writer is killed or the disk is full. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/labelqa-file-XXXXXX";

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  return lqa_folder_remove(folder, NULL) == LQA_OK ? 0 : -1;
}

/* A path in the test's folder; four live at a time. */
static const char *in_folder(const char *name) {
  static char paths[4][128];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void expect_content(const char *path, const char *text) {
  lqa_buf content;
  lqa_buf_init(&content, 1 << 26);
  assert_int_equal(lqa_file_load(path, &content, NULL), LQA_OK);
  assert_int_equal(content.size, strlen(text));
  assert_memory_equal(content.data, text, content.size);
  lqa_buf_clear(&content);
}

static void save(const char *path, const char *text) {
  assert_int_equal(lqa_file_save(path, text, strlen(text), NULL), LQA_OK);
}

/* How many entries of the test's folder hold ".tmp-" in their name. */
static int count_leftovers(void) {
  DIR *dir = opendir(folder);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(dir));) {
    count += strstr(entry->d_name, ".tmp-") != NULL;
  }
  closedir(dir);
  return count;
}

static void test_paths(void **state) {
  (void)state;
  char *path = lqa_path_join("a/b", "c");
  assert_string_equal(path, "a/b/c");
  free(path);
  path = lqa_path_join("a/", "c");
  assert_string_equal(path, "a/c");
  free(path);
  assert_string_equal(lqa_path_name("a/b.csv"), "b.csv");
  assert_string_equal(lqa_path_name("b.csv"), "b.csv");
  assert_true(lqa_path_exists(folder) && lqa_path_is_folder(folder));
  assert_false(lqa_path_exists(in_folder("none")));
  save(in_folder("plain"), "x");
  assert_true(lqa_path_exists(in_folder("plain")));
  assert_false(lqa_path_is_folder(in_folder("plain")));
  char *first = lqa_path_temporary("out/run/"), *second = lqa_path_temporary("out/run/");
  assert_memory_equal(first, "out/run.tmp-", 12);
  assert_string_not_equal(first, second);
  free(first);
  free(second);
}

static void test_save_and_load(void **state) {
  (void)state;
  const char *path = in_folder("a");
  save(path, "");
  expect_content(path, "");
  save(path, "first");
  save(path, "second, longer");
  expect_content(path, "second, longer");
  assert_int_equal(count_leftovers(), 0);
}

static void test_load_refuses(void **state) {
  (void)state;
  lqa_buf content;
  lqa_error err;
  lqa_buf_init(&content, 4);
  save(in_folder("five"), "12345");
  assert_int_equal(lqa_file_load(in_folder("five"), &content, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "larger than the 4 bytes"));
  lqa_buf_clear(&content);
  assert_int_equal(lqa_file_load(in_folder("none"), &content, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "No such file or directory"));
  assert_int_equal(lqa_file_load(folder, &content, &err), LQA_BAD_FILE);
  lqa_buf_clear(&content);
}

static void test_save_in_a_wrong_place(void **state) {
  (void)state;
  lqa_error err;
  assert_int_equal(lqa_file_save("/nonexistent/a", "x", 1, &err), LQA_BAD_FILE);
  assert_string_equal(err.message,
                      "cannot write '/nonexistent/a': there is no folder '/nonexistent'; make it "
                      "first, or name another place");
  char *temporary = NULL;
  assert_int_equal(lqa_folder_begin("/nonexistent/a/b//", &temporary, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "no folder '/nonexistent/a'"));
  mkdir(in_folder("taken"), 0777);
  assert_int_equal(lqa_file_save(in_folder("taken"), "x", 1, &err), LQA_BAD_FILE);
  assert_int_equal(count_leftovers(), 0);
}

/* A full disk, played by a limit on file sizes: the old file stays, nothing else is left. */
static void test_save_on_a_full_disk(void **state) {
  (void)state;
  const char *path = in_folder("precious");
  save(path, "old");
  pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    char *big = calloc(1, 100000);
    lqa_error err;
    lqa_status status = lqa_file_save(path, big, 100000, &err);
    _exit(status == LQA_BAD_FILE && strstr(err.message, "too large; raise the limit") ? 0 : 1);
  }
  int how = -1;
  waitpid(child, &how, 0);
  assert_int_equal(how, 0);
  expect_content(path, "old");
  assert_int_equal(count_leftovers(), 0);
}

/* Killed at any moment, a writer leaves one of the two contents, whole. */
static void test_killed_writer(void **state) {
  (void)state;
  enum { BIG = 1 << 20 };
  const char *path = in_folder("big");
  char *text = malloc(BIG);
  memset(text, 'a', BIG);
  assert_int_equal(lqa_file_save(path, text, BIG, NULL), LQA_OK);
  for (int round = 0; round < 20; round++) {
    pid_t child = fork();
    if (child == 0) {
      for (int i = 0;; i++) {
        memset(text, 'a' + i % 26, BIG);
        if (lqa_file_save(path, text, BIG, NULL) != LQA_OK) {
          _exit(1);
        }
      }
    }
    usleep(1000 + round * 700);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    lqa_buf content;
    lqa_buf_init(&content, BIG);
    assert_int_equal(lqa_file_load(path, &content, NULL), LQA_OK);
    assert_int_equal(content.size, BIG);
    memset(text, content.data[0], BIG);
    assert_memory_equal(content.data, text, BIG);
    lqa_buf_clear(&content);
  }
  free(text);
}

/* A new folder that holds one file "f" with `text`. */
static char *begin_with(const char *path, const char *text) {
  char *temporary = NULL;
  assert_int_equal(lqa_folder_begin(path, &temporary, NULL), LQA_OK);
  char *file = lqa_path_join(temporary, "f");
  save(file, text);
  free(file);
  return temporary;
}

static void test_folder_commit(void **state) {
  (void)state;
  const char *path = in_folder("run.labelqa");
  char *temporary = begin_with(path, "one");
  assert_false(lqa_path_exists(path));
  assert_int_equal(lqa_folder_commit(temporary, path, false, NULL), LQA_OK);
  free(temporary);
  expect_content(in_folder("run.labelqa/f"), "one");
  lqa_error err;
  temporary = begin_with(path, "two");
  assert_int_equal(lqa_folder_commit(temporary, path, false, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "is in the way"));
  expect_content(in_folder("run.labelqa/f"), "one");
  assert_int_equal(lqa_folder_commit(temporary, path, true, &err), LQA_OK);
  expect_content(in_folder("run.labelqa/f"), "two");
  assert_false(lqa_path_exists(temporary));
  free(temporary);
}

static void test_folder_replaces_only_folders(void **state) {
  (void)state;
  const char *path = in_folder("data.csv");
  save(path, "a user's file");
  char *temporary = begin_with(path, "run");
  lqa_error err;
  assert_int_equal(lqa_folder_commit(temporary, path, true, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "no folder"));
  expect_content(path, "a user's file");
  assert_int_equal(lqa_folder_remove(temporary, NULL), LQA_OK);
  free(temporary);
}

static void test_folder_in_a_wrong_place(void **state) {
  (void)state;
  char *temporary = NULL;
  lqa_error err;
  assert_int_equal(lqa_folder_begin("/nonexistent/run", &temporary, &err), LQA_BAD_FILE);
  assert_null(temporary);
  assert_non_null(strstr(err.message, "/nonexistent/run"));
  assert_int_equal(lqa_folder_commit(in_folder("none"), in_folder("run"), true, &err),
                   LQA_BAD_FILE);
}

static void test_folder_remove(void **state) {
  (void)state;
  const char *path = in_folder("tree");
  mkdir(path, 0777);
  mkdir(in_folder("tree/deep"), 0777);
  save(in_folder("tree/deep/file"), "x");
  save(in_folder("kept"), "kept");
  assert_int_equal(symlink(in_folder("kept"), in_folder("tree/link")), 0);
  assert_int_equal(symlink(folder, in_folder("tree/up")), 0);
  assert_int_equal(lqa_folder_remove(path, NULL), LQA_OK);
  assert_false(lqa_path_exists(path));
  expect_content(in_folder("kept"), "kept"); /* links are removed, not followed */
  assert_int_equal(lqa_folder_remove(path, NULL), LQA_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paths),
      cmocka_unit_test(test_save_and_load),
      cmocka_unit_test(test_load_refuses),
      cmocka_unit_test(test_save_in_a_wrong_place),
      cmocka_unit_test(test_save_on_a_full_disk),
      cmocka_unit_test(test_killed_writer),
      cmocka_unit_test(test_folder_commit),
      cmocka_unit_test(test_folder_replaces_only_folders),
      cmocka_unit_test(test_folder_in_a_wrong_place),
      cmocka_unit_test(test_folder_remove),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
