/* HMAC-SHA-256 over the parts of the manifest that say what is read and how: sources with their
 * digests, the reading options (an SQL condition among them) and the roles of the columns. A copied
 * run keeps its signature, a changed one loses it. The key is 32 random bytes, readable by its
 * owner alone, and made once: by link, so that two audits at once agree on one.
 *
 * A user without a home has no key: his runs are signed with nothing and trusted by nobody.
 */
#include "store/run_claim.h"

#include "base/field.h"
#include "base/file.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_BYTES = 32, MAX_PATH_BYTES = 4096, MAX_SIGNED_BYTES = 1 << 28 };

/* Whether the claim says where the key is. */
static bool find_key(const lqa_run_claim *claim, char path[MAX_PATH_BYTES]) {
  int n = -1;
  if (claim->state_home && claim->state_home[0] == '/') {
    n = snprintf(path, MAX_PATH_BYTES, "%s/labelqa/key", claim->state_home);
  } else if (claim->home && claim->home[0] == '/') {
    n = snprintf(path, MAX_PATH_BYTES, "%s/.local/state/labelqa/key", claim->home);
  }
  return n > 0 && n < MAX_PATH_BYTES;
}

static bool read_key(const char *path, unsigned char key[KEY_BYTES]) {
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    return false;
  }
  bool is_read = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
                 read(fd, key, KEY_BYTES) == KEY_BYTES;
  close(fd);
  return is_read;
}

/* mkdir -p of the folder that holds `path`; what fails shows when the key is written. */
static void make_folder(const char *path) {
  char folder[MAX_PATH_BYTES];
  snprintf(folder, sizeof folder, "%s", path);
  for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    (void)mkdir(folder, 0700);
    *slash = '/';
  }
}

static void make_key(const char *path) {
  unsigned char key[KEY_BYTES];
  char *temporary = lqa_path_temporary(path);
  if (!temporary || getrandom(key, sizeof key, 0) != (ssize_t)sizeof key) {
    free(temporary);
    return;
  }
  make_folder(path);
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) {
    bool is_written = write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0;
    is_written = close(fd) == 0 && is_written;
    /* Refused where another audit was faster: its key is as good. */
    int linked = is_written ? link(temporary, path) : -1;
    (void)linked;
    unlink(temporary);
  }
  free(temporary);
}

static void write_signed(const lqa_manifest *manifest, lqa_buf *text) {
  static const char *const SIGNED[] = {"sources", "reading", "roles", "snapshot", "content"};
  lqa_json json;
  lqa_json_init(&json, text, 0);
  lqa_json_open_array(&json);
  for (size_t i = 0; i < sizeof SIGNED / sizeof *SIGNED; i++) {
    const lqa_field *field = lqa_manifest_fields;
    while (strcmp(field->key, SIGNED[i]) != 0) {
      field++;
    }
    const lqa_field table[] = {*field, {.key = NULL}};
    lqa_json_open_object(&json);
    lqa_fields_write(table, manifest, &json);
    lqa_json_close_object(&json);
  }
  lqa_json_close_array(&json);
}

lqa_status lqa_run_claim_sign(const lqa_run_claim *claim, const lqa_manifest *manifest, bool make,
                              char out[65], lqa_error *err) {
  unsigned char key[KEY_BYTES];
  char path[MAX_PATH_BYTES];
  bool has_key = false;
  out[0] = '\0';
  if (find_key(claim, path)) {
    has_key = read_key(path, key);
    if (!has_key && make) {
      make_key(path);
      has_key = read_key(path, key);
    }
  }
  if (!has_key) {
    return LQA_OK;
  }
  lqa_buf text;
  lqa_buf_init(&text, MAX_SIGNED_BYTES);
  write_signed(manifest, &text);
  lqa_status status = lqa_buf_check(&text, err);
  if (status == LQA_OK && !lqa_hmac_sha256(lqa_buf_str(&text), key, sizeof key, out)) {
    status = lqa_fail_memory(err, "signing the manifest");
  }
  lqa_buf_clear(&text);
  return status;
}

lqa_status lqa_run_claim_set(lqa_run *run, const lqa_run_claim *claim, lqa_error *err) {
  char mark[65];
  lqa_manifest *m = &run->manifest;
  m->sources_named = claim->sources;
  if (claim->sources.n > 0 && m->has_snapshot) {
    lqa_observe_message(run->observer, LQA_MESSAGE_WARN,
                        LQA_OPTION("source") " has no effect: the run keeps a copy of its source");
  }
  if (!m->maker || !m->maker[0]) {
    return LQA_OK;
  }
  LQA_TRY(lqa_run_claim_sign(claim, m, false, mark, err));
  m->is_own = mark[0] && strcmp(mark, m->maker) == 0;
  return LQA_OK;
}
