/* Header or data: the heads of tests/heads, each with the right answer, and the rules one by one.
 */
#include "data/source/header_evidence.h"
#include "source_fixture.h"

static const char heads_folder[] = LABELQA_SOURCE_DIR "/tests/heads/";

/* Reads one head as a file; right: 1. Wrong ones are printed. */
static int check_head(const char *title, const char *text, size_t size) {
  lqa_source *source = NULL;
  lqa_error err;
  bool wants_header = strncmp(title, "header", 6) == 0;
  write_bytes("head.csv", text, size);
  lqa_source_options o = options_for("head.csv", NULL);
  if (lqa_source_open(&o, NULL, &source, &err) != LQA_OK) {
    fail_msg("%s: %s", title, err.message);
  }
  bool is_header = strcmp(lqa_source_column_name(source, 0), "column0") != 0 ||
                   (text[0] == ',' && strcmp(lqa_source_column_name(source, 1), "column1") != 0);
  lqa_source_close(source);
  if (is_header != wants_header) {
    print_message("wrong: %s\n", title);
  }
  return is_header == wants_header;
}

/* Checks all heads of a file; at least `n_heads`, all of them right. */
static void check_file(const char *name, int n_heads) {
  lqa_buf text;
  char path[4096], title[200];
  int n = 0, n_right = 0;
  lqa_buf_init(&text, 1 << 20);
  snprintf(path, sizeof path, "%s%s", heads_folder, name);
  assert_int_equal(lqa_file_load(path, &text, NULL), LQA_OK);
  char *at = strstr(text.data, "\n== ");
  while (at) {
    char *begin = strchr(at + 1, '\n') + 1, *next = strstr(begin - 1, "\n== ");
    size_t size = next ? (size_t)(next + 1 - begin) : strlen(begin);
    snprintf(title, sizeof title, "%.*s", (int)(begin - at - 5), at + 4);
    n_right += check_head(title, begin, size);
    n++;
    at = next;
  }
  lqa_buf_clear(&text);
  assert_true(n >= n_heads);
  assert_int_equal(n_right, n);
}

static void test_heads(void **state) {
  (void)state;
  check_file("heads.txt", 60);
  check_file("more.txt", 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads)};
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
