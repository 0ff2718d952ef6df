/* Runs under attack: killed writers, a full disk, a folder that cannot be written, failing
 * allocations, two writers at once. The old run or the new one, never a mixture, and no decision
 * lost. */
#include "run_fixture.h"

#include "base/hash.h"
#include "base/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static char *fingerprint(const char *run) {
  static const char *const files[] = {"rows.parquet", "review.csv", "manifest.json", "classes.json",
                                      "pred_probs.npy"};
  lqa_buf sum;
  lqa_buf_init(&sum, 1 << 12);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char *path = path_in(run, files[i]), hash[65];
    uint64_t size;
    lqa_error err;
    MUST(lqa_sha256_file(path, hash, &size, &err));
    lqa_buf_printf(&sum, "%s %s\n", files[i], hash);
    free(path);
  }
  return lqa_buf_take(&sum, NULL);
}

static int count_entries(const char *folder, const char *part) {
  int n = 0;
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
    n += strstr(e->d_name, part) != NULL;
  }
  closedir(dir);
  return n;
}

/* Runs `work` in a child; returns what waitpid says. */
static int in_child(void (*work)(const char *path), const char *path) {
  fflush(NULL);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    work(path);
    _exit(0);
  }
  int how = 0;
  assert_int_equal(waitpid(pid, &how, 0), pid);
  return how;
}

/* ---- killed between writing and putting in place ---- */

static void die_before_commit(const char *path) {
  lqa_error err;
  lqa_run_draft draft;
  if (lqa_run_draft_begin(path, true, &draft, &err) == LQA_OK) {
    save_snapshot(draft.folder, RUN_ROWS, FIXTURE_ROWS);
    raise(SIGKILL);
  }
}

static void make_old(const char *folder, const char *part) {
  DIR *dir = opendir(folder);
  for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
    if (strstr(e->d_name, part)) {
      const struct timespec times[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
      assert_int_equal(utimensat(dirfd(dir), e->d_name, times, 0), 0);
    }
  }
  closedir(dir);
}

static void killed_writer_leaves_the_old_run(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  lqa_error err;
  lqa_run_draft draft;
  write_run(path);
  char *before = fingerprint(path);
  int how = in_child(die_before_commit, path);
  assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
  char *after = fingerprint(path);
  assert_string_equal(before, after);
  assert_int_equal(count_entries(scratch, ".tmp-"), 1);
  write_run(path); /* works at once; a young leftover may belong to somebody */
  assert_int_equal(count_entries(scratch, ".tmp-"), 1);
  make_old(scratch, ".tmp-");
  MUST(lqa_run_draft_begin(path, true, &draft, &err)); /* sweeps it, and only it */
  assert_int_equal(count_entries(scratch, ".tmp-"), 1);
  make_old(scratch, ".tmp-");
  lqa_run_draft other;
  char *elsewhere = path_in(scratch, "y.labelqa");
  MUST(lqa_run_draft_begin(elsewhere, false, &other,
                           &err)); /* another name's draft is not its own */
  assert_int_equal(count_entries(scratch, "x.labelqa.tmp-"), 1);
  lqa_run_draft_discard(&other);
  lqa_run_draft_discard(&draft);
  assert_int_equal(count_entries(scratch, ".tmp-"), 0);
  free(before), free(after), free(elsewhere);
  remove_scratch(scratch);
  free(path);
}

/* ---- no decision that was acknowledged is lost ---- */

static int acknowledge[2];

static void decide_for_ever(const char *path) {
  lqa_error err;
  lqa_run *run = NULL;
  lqa_buf key;
  lqa_buf_init(&key, 1 << 10);
  if (lqa_run_open(path, true, NULL, &run, &err) != LQA_OK) {
    return;
  }
  for (int64_t i = 0;; i++) {
    char by[32];
    snprintf(by, sizeof by, "person %lld", (long long)i);
    lqa_decision_record record = {.label = RUN_CLASSES[0], .by = lqa_str_from(by)};
    if (lqa_run_row_ref(run, i % FIXTURE_ROWS, &key, &record.row, &err) != LQA_OK ||
        lqa_run_db_add_decision(run->db, &record, &err) != LQA_OK ||
        write(acknowledge[1], &i, sizeof i) != sizeof i) {
      return;
    }
  }
}

static lqa_status count_decision(void *data, const lqa_decision_record *record, lqa_error *err) {
  (void)record, (void)err;
  ++*(int64_t *)data;
  return LQA_OK;
}

static void kill_loses_nothing(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  lqa_error err;
  write_run(path);
  for (int round = 0; round < 5; round++) {
    int64_t last = -1, n = 0, number;
    lqa_run *run = NULL;
    MUST(lqa_run_open(path, false, NULL, &run, &err));
    int64_t before = 0;
    MUST(lqa_run_db_each_decision(run->db, true, count_decision, &before, &err));
    lqa_run_close(run);
    assert_int_equal(pipe(acknowledge), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
      decide_for_ever(path);
      _exit(1);
    }
    close(acknowledge[1]);
    while (last < 20 + 7 * round && read(acknowledge[0], &number, sizeof number) > 0) {
      last = number;
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (read(acknowledge[0], &number, sizeof number) == sizeof number) {
      last = number;
    }
    close(acknowledge[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    MUST(lqa_run_open(path, false, NULL, &run, &err));
    MUST(lqa_run_db_each_decision(run->db, true, count_decision, &n, &err));
    assert_in_range(n - before, last + 1, last + 2); /* one may be stored but not yet told */
    lqa_run_close(run);
  }
  remove_scratch(scratch);
  free(path);
}

static void decide_fifty(const char *path) {
  lqa_error err;
  lqa_run *run = NULL;
  lqa_buf key;
  lqa_buf_init(&key, 1 << 10);
  lqa_decision_record record = {.label = RUN_CLASSES[1], .by = LQA_STR("twin")};
  if (lqa_run_open(path, true, NULL, &run, &err) != LQA_OK) {
    _exit(1);
  }
  for (int i = 0; i < 50; i++) {
    if (lqa_run_row_ref(run, i % FIXTURE_ROWS, &key, &record.row, &err) != LQA_OK ||
        lqa_run_db_add_decision(run->db, &record, &err) != LQA_OK) {
      _exit(2);
    }
  }
  lqa_run_close(run);
  lqa_buf_clear(&key);
}

static void two_writers_share(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  lqa_error err;
  lqa_run *run = NULL;
  int64_t n = 0;
  write_run(path);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    decide_fifty(path);
    _exit(0);
  }
  decide_fifty(path);
  int how;
  assert_int_equal(waitpid(pid, &how, 0), pid);
  assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
  MUST(lqa_run_open(path, false, NULL, &run, &err));
  MUST(lqa_run_db_each_decision(run->db, true, count_decision, &n, &err));
  assert_int_equal(n, 100);
  lqa_run_close(run);
  remove_scratch(scratch);
  free(path);
}

/* ---- a disk that is full ---- */

static void refresh_on_a_full_disk(const char *path) {
  lqa_error err;
  lqa_run *run = NULL;
  signal(SIGXFSZ, SIG_IGN);
  if (lqa_run_open(path, true, NULL, &run, &err) != LQA_OK) {
    _exit(10);
  }
  const struct rlimit limit = {512, 512};
  setrlimit(RLIMIT_FSIZE, &limit);
  lqa_status status = lqa_run_refresh(run, &err);
  _exit(status == LQA_BAD_FILE && err.message[0] ? 0 : status == LQA_OK ? 11 : 12);
}

/* SQLite cannot even make its shared-memory file: who only reads does without it, who writes is
 * told what to do. */
static void open_on_a_full_disk(const char *path) {
  lqa_error err;
  lqa_run *run = NULL;
  signal(SIGXFSZ, SIG_IGN);
  const struct rlimit limit = {0, 0};
  setrlimit(RLIMIT_FSIZE, &limit);
  for (int round = 0; round < 2; round++) { /* an empty log of the first is not in the way */
    if (lqa_run_open(path, false, NULL, &run, &err) != LQA_OK) {
      _exit(20);
    }
    lqa_run_close(run);
  }
  if (lqa_run_open(path, true, NULL, &run, &err) == LQA_OK) {
    _exit(21);
  }
  _exit(err.status == LQA_BAD_FILE && strstr(err.message, "make room on it") ? 0 : 22);
}

static void new_run_on_a_full_disk(const char *path) {
  lqa_error err;
  lqa_run_draft draft;
  lqa_evidence evidence;
  lqa_run *run = NULL;
  signal(SIGXFSZ, SIG_IGN);
  lqa_dataset *dataset = make_run_dataset(RUN_ROWS, FIXTURE_ROWS);
  fill_evidence(dataset, RUN_ROWS, &evidence);
  lqa_manifest manifest = make_manifest(dataset, false);
  const struct rlimit limit = {20000, 20000}; /* not even the schema of run.db */
  setrlimit(RLIMIT_FSIZE, &limit);
  const lqa_run_parts parts = {&manifest, dataset, &evidence, NULL, NULL};
  if (lqa_run_draft_begin(path, true, &draft, &err) != LQA_OK) {
    _exit(10);
  }
  lqa_status status = lqa_run_new(&parts, &draft, &run, &err);
  lqa_run_draft_discard(&draft);
  _exit(status == LQA_BAD_FILE && strstr(err.message, "run.db") ? 0 : 11);
}

static void full_disk_changes_nothing(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  write_run(path);
  char *before = fingerprint(path);
  int how = in_child(refresh_on_a_full_disk, path);
  assert_true(WIFEXITED(how));
  assert_int_equal(WEXITSTATUS(how), 0);
  char *after = fingerprint(path);
  assert_string_equal(before, after);
  assert_int_equal(count_entries(path, ".tmp"), 0);
  how = in_child(open_on_a_full_disk, path);
  assert_true(WIFEXITED(how));
  assert_int_equal(WEXITSTATUS(how), 0);
  how = in_child(new_run_on_a_full_disk, path);
  assert_true(WIFEXITED(how));
  assert_int_equal(WEXITSTATUS(how), 0);
  assert_int_equal(count_entries(scratch, ".tmp-"), 0);
  free(after);
  after = fingerprint(path);
  assert_string_equal(before, after);
  free(before), free(after);
  remove_scratch(scratch);
  free(path);
}

/* ---- a folder that may only be read ---- */

/* Root may write anywhere, so the child becomes nobody. */
static void read_only_visit(const char *path) {
  lqa_error err;
  lqa_run *run = NULL;
  if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
    _exit(10);
  }
  if (lqa_run_open(path, false, NULL, &run, &err) != LQA_OK) {
    fprintf(stderr, "%s\n", err.message);
    _exit(11);
  }
  if (run->overlay.decisions != 1 || run->rows.n_rows != FIXTURE_ROWS) {
    _exit(12);
  }
  if (lqa_run_refresh(run, &err) != LQA_BAD_FILE) {
    _exit(13);
  }
  lqa_run_close(run);
  if (lqa_run_open(path, true, NULL, &run, &err) == LQA_OK) {
    lqa_decision_record record = {
        .row = {0, LQA_STR("id:a0")}, .label = RUN_CLASSES[0], .by = LQA_STR("nobody")};
    if (lqa_run_db_add_decision(run->db, &record, &err) != LQA_BAD_FILE) {
      _exit(14);
    }
  }
}

static void read_only_folder_can_be_read(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  lqa_error err;
  lqa_run *run = NULL;
  write_run(path);
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  decide(run, 1, "Business", "ann");
  lqa_run_close(run);
  char *before = fingerprint(path);
  assert_int_equal(chmod(scratch, 0755), 0);
  assert_int_equal(chmod(path, 0555), 0);
  int how = in_child(read_only_visit, path);
  assert_true(WIFEXITED(how));
  assert_int_equal(WEXITSTATUS(how), 0);
  assert_int_equal(chmod(path, 0755), 0);
  char *after = fingerprint(path);
  assert_string_equal(before, after);
  free(before), free(after);
  remove_scratch(scratch);
  free(path);
}

/* ---- memory runs out ---- */

static void any_allocation_may_fail(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  write_run(path);
  char *before = fingerprint(path);
  int failed = 0, passed = 0;
  for (long n = 1; passed < 3 && n < 2000; n++) {
    lqa_error err;
    lqa_run *run = NULL;
    lqa_error_clear(&err);
    lqa_memory_fail_after(n);
    lqa_status status = lqa_run_open(path, true, NULL, &run, &err);
    if (status == LQA_OK) {
      status = lqa_run_refresh(run, &err);
    }
    lqa_memory_fail_after(0);
    lqa_run_close(run);
    if (status == LQA_OK) {
      passed++;
    } else {
      if (status != LQA_NO_MEMORY) {
        print_error("allocation %ld: status %d: %s\n", n, (int)status, err.message);
      }
      assert_int_equal(status, LQA_NO_MEMORY);
      assert_non_null(strstr(err.message, "memory"));
      failed++;
    }
  }
  print_message("%d allocations failed one at a time\n", failed);
  assert_int_equal(passed, 3);
  assert_true(failed > 30);
  char *after = fingerprint(path);
  assert_string_equal(before, after);
  assert_int_equal(count_entries(path, ".tmp"), 0);
  free(before), free(after);
  remove_scratch(scratch);
  free(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(killed_writer_leaves_the_old_run),
      cmocka_unit_test(kill_loses_nothing),
      cmocka_unit_test(two_writers_share),
      cmocka_unit_test(full_disk_changes_nothing),
      cmocka_unit_test(read_only_folder_can_be_read),
      cmocka_unit_test(any_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
