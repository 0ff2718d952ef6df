/* Files of a run are files: links, folders and pipes are refused, and a file stays the one that was
 * opened. */
#include "base/file.h"
#include "base/plain_file.h"

#include "must.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/labelqa-plain-file-XXXXXX";

static int enter_folder(void **state) {
  (void)state;
  assert_non_null(mkdtemp(folder));
  return chdir(folder);
}

static int remove_folder(void **state) {
  (void)state;
  assert_int_equal(chdir("/"), 0);
  return lqa_folder_remove(folder, NULL);
}

static void expect_kind(const char *path, const char *kind) {
  lqa_error err;
  lqa_plain_file file;
  assert_int_equal(lqa_plain_file_check(path, true, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, kind));
  assert_int_equal(lqa_plain_file_open(path, &file, &err), LQA_BAD_DATA);
  assert_int_equal(file.descriptor, -1);
}

static void what_is_no_file_is_refused(void **state) {
  (void)state;
  assert_int_equal(symlink("/etc/passwd", "link"), 0);
  assert_int_equal(symlink("nowhere", "dangling"), 0);
  assert_int_equal(mkdir("folder", 0700), 0);
  assert_int_equal(mkfifo("pipe", 0600), 0);
  expect_kind("link", "a link");
  expect_kind("dangling", "a link");
  expect_kind("folder", "a folder");
  expect_kind("pipe", "a pipe");
  expect_kind("/dev/zero", "a device");
}

static void a_missing_file_may_be_fine(void **state) {
  (void)state;
  lqa_error err;
  lqa_plain_file file;
  assert_int_equal(lqa_plain_file_check("none", true, &err), LQA_OK);
  assert_int_equal(lqa_plain_file_check("none", false, &err), LQA_BAD_FILE);
  assert_int_equal(lqa_plain_file_open("none", &file, &err), LQA_BAD_FILE);
  assert_int_equal(err.reason, LQA_REASON_MISSING);
}

static void the_open_file_outlives_its_name(void **state) {
  (void)state;
  lqa_plain_file file;
  lqa_error err;
  MUST(lqa_file_save("a", "first", 5, &err));
  MUST(lqa_plain_file_open("a", &file, &err));
  assert_int_equal(file.size_bytes, 5);
  MUST(lqa_file_save("a", "second", 6, &err));
  for (int i = 0; i < 2; i++) {
    lqa_buf text;
    lqa_buf_init(&text, 100);
    MUST(lqa_file_load(file.path, &text, &err));
    assert_string_equal(text.data, "first");
    lqa_buf_clear(&text);
  }
  lqa_plain_file_close(&file);
  assert_int_equal(file.descriptor, -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_no_file_is_refused),
      cmocka_unit_test(a_missing_file_may_be_fine),
      cmocka_unit_test(the_open_file_outlives_its_name),
  };
  return cmocka_run_group_tests(tests, enter_folder, remove_folder);
}
