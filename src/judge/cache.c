/* judge/cache.c - see cache.h.
 *
 * Tables: answers (what models said), claims (open questions), refused (fields that endpoints do
 * not take), batches (handed to a provider). A write-ahead log lets one process read while another
 * commits; writers queue for up to a minute. A claim's owner is "boot/namespace/pid/start/nonce":
 * the first four find the process, the nonce tells two handles of one process apart. Process ids
 * are only believed inside the same boot and pid namespace; elsewhere a claim lives until it
 * expires.
 *
 * Throughput: statements are prepared once; one transaction holds all answers and claims of a step
 * of the engine's loop, about 20 microseconds each plus one fsync.
 */
#include "judge/cache.h"

#include "base/clock.h"
#include "base/memory.h"
#include "judge/claim_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_WAIT_MS = 60000, SCHEMA_VERSION = 1 };

typedef enum sql_name {
  FIND_ANSWER,
  HAS_ANSWER,
  STORE_ANSWER,
  GET_CLAIM,
  SET_CLAIM,
  DROP_CLAIM,
  DROP_MINE,
  LIST_OWNERS,
  DROP_OWNER,
  GET_REFUSED,
  SET_REFUSED,
  ADD_BATCH,
  ADD_BATCH_KEY,
  DROP_BATCH_KEYS,
  DROP_BATCH,
  NEXT_BATCH,
  BEGIN_READ,
  BEGIN,
  COMMIT,
  ROLLBACK,
  STATEMENT_COUNT
} sql_name;

static const char *const sql[STATEMENT_COUNT] = {
    [FIND_ANSWER] = "SELECT content, ending, finish, reply_model, fingerprint, tokens_in, "
                    "tokens_out, cost, asked_ms FROM answers WHERE key = ?1",
    [HAS_ANSWER] = "SELECT 1 FROM answers WHERE key = ?1 AND asked_ms >= ?2",
    [STORE_ANSWER] = "INSERT OR REPLACE INTO answers VALUES "
                     "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    [GET_CLAIM] = "SELECT owner, batch, expires_ms FROM claims WHERE key = ?1",
    [SET_CLAIM] = "INSERT OR REPLACE INTO claims VALUES (?1, ?2, NULL, ?3)",
    [DROP_CLAIM] = "DELETE FROM claims WHERE key = ?1 AND owner = ?2",
    [DROP_MINE] = "DELETE FROM claims WHERE owner = ?1",
    [LIST_OWNERS] = "SELECT owner, max(expires_ms), count(*) FROM claims WHERE batch IS NULL "
                    "GROUP BY owner",
    [DROP_OWNER] = "DELETE FROM claims WHERE owner = ?1 AND batch IS NULL",
    [GET_REFUSED] = "SELECT fields FROM refused WHERE base_url = ?1 AND model = ?2",
    [SET_REFUSED] = "INSERT OR REPLACE INTO refused VALUES (?1, ?2, ?3)",
    [ADD_BATCH] = "INSERT OR REPLACE INTO batches VALUES (?1, ?2, ?3)",
    [ADD_BATCH_KEY] = "INSERT OR REPLACE INTO claims VALUES (?1, '', ?2, ?3)",
    [DROP_BATCH_KEYS] = "DELETE FROM claims WHERE batch = ?1",
    [DROP_BATCH] = "DELETE FROM batches WHERE id = ?1",
    [NEXT_BATCH] = "SELECT id FROM batches WHERE base_url = ?1 AND model = ?2 AND id > ?3 "
                   "ORDER BY id LIMIT 1",
    [BEGIN_READ] = "BEGIN",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS answers (key BLOB UNIQUE NOT NULL, row_key TEXT, prompt_hash TEXT, "
    "base_url TEXT, model TEXT, settings TEXT, repeat INTEGER, content BLOB, ending INTEGER, "
    "finish TEXT, reply_model TEXT, fingerprint TEXT, tokens_in INTEGER, tokens_out INTEGER, "
    "cost INTEGER, asked_ms INTEGER) STRICT;"
    "CREATE TABLE IF NOT EXISTS claims (key BLOB PRIMARY KEY, owner TEXT, batch TEXT, "
    "expires_ms INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS refused (base_url TEXT, model TEXT, fields INTEGER, "
    "PRIMARY KEY (base_url, model)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS batches (id TEXT PRIMARY KEY, base_url TEXT, model TEXT) STRICT;"
    "PRAGMA user_version = 1;"
    "COMMIT;";

struct lqa_cache {
  sqlite3 *db;
  sqlite3_stmt *statements[STATEMENT_COUNT];
  char *path;
  lqa_claim_owner owner;
};

/* ---- opening ---- */

/* What is wrong, and what to do about it. */
static const char *advice_on(sqlite3 *db) {
  switch (db ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM) {
  case SQLITE_FULL:
    return "the disk is full. Every answer that was stored before is kept; make room (or name a "
           "file elsewhere with --cache) and run the command again: it asks only what is missing";
  case SQLITE_IOERR:
    return "the disk fails, or a quota or a limit on file sizes is reached. Every answer that was "
           "stored before is kept; run the command again when this is mended (or name a file "
           "elsewhere with --cache): it asks only what is missing";
  case SQLITE_NOTADB:
    return "this is no SQLite database, or a damaged one; name another file with --cache, or move "
           "it away: paid answers in it are then asked again";
  case SQLITE_CORRUPT:
    return "the file is damaged; move it away: paid answers in it are then asked again";
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_PERM:
    return "file and folder must be writable; name a file elsewhere with --cache";
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return "another program has kept it locked for a minute; try again when it has ended";
  default:
    return "every answer that was stored before is kept; run the command again";
  }
}

static lqa_status fail(const lqa_cache *cache, const char *what, lqa_error *err) {
  const char *path = cache->path ? cache->path : "(in memory)";
  return lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL, "the judge's cache '%s' %s (%s): %s", path,
                     what, cache->db ? sqlite3_errmsg(cache->db) : "out of memory",
                     advice_on(cache->db));
}

/* mkdir -p of the folder that holds `path`. */
static lqa_status make_folder(const char *path, lqa_error *err) {
  char *copy = strdup(path);
  if (!copy) {
    return lqa_fail_memory(err, "opening the judge's cache");
  }
  lqa_status status = LQA_OK;
  for (char *slash = strchr(copy + 1, '/'); slash && status == LQA_OK;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
      status = lqa_fail_errno(err, "create the folder", copy);
    }
    *slash = '/';
  }
  free(copy);
  return status;
}

/* The file is made by us so that nobody else may read it. */
static lqa_status make_file(const char *path, lqa_error *err) {
  LQA_TRY(make_folder(path, err));
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return lqa_fail_errno(err, "open the judge's cache", path);
  }
  close(fd);
  return LQA_OK;
}

/* The number that `query` returns, or -1. */
static int read_number(sqlite3 *db, const char *query) {
  sqlite3_stmt *statement = NULL;
  int number = -1;
  if (sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    number = sqlite3_column_int(statement, 0);
  }
  sqlite3_finalize(statement);
  return number;
}

/* Looks before anything is changed: the file may be somebody else's. */
static lqa_status check_owner(lqa_cache *cache, int *version, lqa_error *err) {
  int n = read_number(cache->db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'");
  int n_own = read_number(cache->db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('answers', "
                                     "'claims', 'refused', 'batches')");
  *version = read_number(cache->db, "PRAGMA user_version");
  if (n < 0 || n_own < 0 || *version < 0) {
    return fail(cache, "cannot be read", err);
  }
  if (n > 0 && n_own < 4) {
    return lqa_fail_at(
        err, LQA_BAD_FILE, cache->path, -1, NULL,
        "'%s' is a database of something else than the judge's answers; name another "
        "file with --cache",
        cache->path);
  }
  if (*version > SCHEMA_VERSION) {
    return lqa_fail(err, LQA_BAD_FILE, "the judge's cache '%s' was written by a newer labelqa",
                    cache->path);
  }
  return LQA_OK;
}

static lqa_status prepare(lqa_cache *cache, lqa_error *err) {
  for (int i = 0; i < STATEMENT_COUNT; i++) {
    if (sqlite3_prepare_v3(cache->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &cache->statements[i],
                           NULL) != SQLITE_OK) {
      return fail(cache, "cannot be used", err);
    }
  }
  return LQA_OK;
}

/* The switch to a write-ahead log does not wait for other processes by itself. */
static bool use_log(sqlite3 *db) {
  int rc = SQLITE_BUSY;
  for (int waited = 0; rc == SQLITE_BUSY && waited < BUSY_WAIT_MS; waited += 20) {
    rc =
        sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", NULL, NULL, NULL);
    if (rc == SQLITE_BUSY) {
      sqlite3_sleep(20);
    }
  }
  return rc == SQLITE_OK;
}

static lqa_status set_up(lqa_cache *cache, lqa_error *err) {
  const char *path = cache->path ? cache->path : ":memory:";
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path, &cache->db, flags, NULL) != SQLITE_OK) {
    return fail(cache, "cannot be opened", err);
  }
  sqlite3_busy_timeout(cache->db, BUSY_WAIT_MS);
  int version;
  LQA_TRY(check_owner(cache, &version, err));
  if (!use_log(cache->db)) {
    return fail(cache, "cannot be written", err);
  }
  if (version == 0 && sqlite3_exec(cache->db, schema, NULL, NULL, NULL) != SQLITE_OK) {
    return fail(cache, "cannot be set up", err);
  }
  return prepare(cache, err);
}

lqa_status lqa_cache_open(const char *path, lqa_cache **out, lqa_error *err) {
  lqa_cache *cache = lqa_calloc(1, sizeof *cache);
  if (!cache) {
    return lqa_fail_memory(err, "opening the judge's cache");
  }
  lqa_claim_owner_init(&cache->owner);
  lqa_status status = LQA_OK;
  if (path) {
    cache->path = strdup(path);
    status = cache->path ? make_file(path, err) : lqa_fail_memory(err, "opening the judge's cache");
  }
  if (status == LQA_OK) {
    status = set_up(cache, err);
  }
  if (status != LQA_OK) {
    lqa_cache_close(cache);
    return status;
  }
  *out = cache;
  return LQA_OK;
}

/* ---- statements ---- */

static sqlite3_stmt *take(lqa_cache *cache, sql_name which) {
  sqlite3_stmt *s = cache->statements[which];
  sqlite3_reset(s);
  sqlite3_clear_bindings(s);
  return s;
}

static void bind_key(sqlite3_stmt *s, const lqa_cache_key *key) {
  sqlite3_bind_blob(s, 1, key->bytes, sizeof key->bytes, SQLITE_STATIC);
}

static void bind_text(sqlite3_stmt *s, int at, const char *text) {
  sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

/* Runs a statement that returns no rows. */
static lqa_status finish(lqa_cache *cache, sqlite3_stmt *s, lqa_error *err) {
  int rc = sqlite3_step(s);
  lqa_status status = rc == SQLITE_DONE ? LQA_OK : fail(cache, "cannot be written", err);
  sqlite3_reset(s);
  return status;
}

/* Steps a statement that returns rows: *row tells whether there is one. */
static lqa_status step(lqa_cache *cache, sqlite3_stmt *s, bool *row, lqa_error *err) {
  int rc = sqlite3_step(s);
  *row = rc == SQLITE_ROW;
  return *row || rc == SQLITE_DONE ? LQA_OK : fail(cache, "cannot be read", err);
}

void lqa_cache_close(lqa_cache *cache) {
  if (!cache) {
    return;
  }
  if (cache->statements[DROP_MINE]) {
    sqlite3_stmt *s = take(cache, DROP_MINE);
    bind_text(s, 1, cache->owner.text);
    sqlite3_step(s); /* failing that, the claims die with this process */
  }
  for (int i = 0; i < STATEMENT_COUNT; i++) {
    sqlite3_finalize(cache->statements[i]);
  }
  sqlite3_close(cache->db);
  free(cache->path);
  free(cache);
}

lqa_status lqa_cache_begin_read(lqa_cache *cache, lqa_error *err) {
  return finish(cache, take(cache, BEGIN_READ), err);
}

lqa_status lqa_cache_begin(lqa_cache *cache, lqa_error *err) {
  return finish(cache, take(cache, BEGIN), err);
}

lqa_status lqa_cache_commit(lqa_cache *cache, lqa_error *err) {
  return finish(cache, take(cache, COMMIT), err);
}

void lqa_cache_roll_back(lqa_cache *cache) {
  if (!sqlite3_get_autocommit(cache->db)) {
    sqlite3_step(take(cache, ROLLBACK));
    sqlite3_reset(cache->statements[ROLLBACK]);
  }
}

/* ---- answers ---- */

static const char *column_text(sqlite3_stmt *s, int column, lqa_arena *arena) {
  const char *text = (const char *)sqlite3_column_text(s, column);
  return lqa_arena_copy(arena, text ? text : "", (size_t)sqlite3_column_bytes(s, column));
}

static bool read_answer(sqlite3_stmt *s, lqa_arena *arena, lqa_cache_answer *out) {
  const char *content = sqlite3_column_blob(s, 0);
  size_t size = (size_t)sqlite3_column_bytes(s, 0);
  out->content = (lqa_str){lqa_arena_copy(arena, content ? content : "", size), size};
  out->end = (lqa_reply_end)sqlite3_column_int(s, 1);
  out->finish = column_text(s, 2, arena);
  out->reply_model = column_text(s, 3, arena);
  out->fingerprint = column_text(s, 4, arena);
  out->tokens_in = sqlite3_column_int64(s, 5);
  out->tokens_out = sqlite3_column_int64(s, 6);
  out->cost = sqlite3_column_int64(s, 7);
  out->asked_ms = sqlite3_column_int64(s, 8);
  return out->content.data && out->finish && out->reply_model && out->fingerprint;
}

lqa_status lqa_cache_find(lqa_cache *cache, const lqa_cache_key *key, lqa_arena *arena,
                          lqa_cache_answer *answer, lqa_error *err) {
  sqlite3_stmt *s = take(cache, FIND_ANSWER);
  bind_key(s, key);
  bool row;
  LQA_TRY(step(cache, s, &row, err));
  bool copied = !row || read_answer(s, arena, answer);
  sqlite3_reset(s);
  answer->is_found = row;
  return copied ? LQA_OK : lqa_fail_memory(err, "reading the judge's cache");
}

lqa_status lqa_cache_store(lqa_cache *cache, const lqa_cache_key *key,
                           const lqa_cache_question *question, const lqa_cache_answer *answer,
                           lqa_error *err) {
  sqlite3_stmt *s = take(cache, STORE_ANSWER);
  bind_key(s, key);
  sqlite3_bind_text(s, 2, question->row_key.data, (int)question->row_key.size, SQLITE_STATIC);
  bind_text(s, 3, question->prompt_hash);
  bind_text(s, 4, question->base_url);
  bind_text(s, 5, question->model);
  bind_text(s, 6, question->settings);
  sqlite3_bind_int(s, 7, question->repeat);
  sqlite3_bind_blob(s, 8, answer->content.size ? answer->content.data : "",
                    (int)answer->content.size, SQLITE_STATIC);
  sqlite3_bind_int(s, 9, answer->end);
  bind_text(s, 10, answer->finish);
  bind_text(s, 11, answer->reply_model);
  bind_text(s, 12, answer->fingerprint);
  sqlite3_bind_int64(s, 13, answer->tokens_in);
  sqlite3_bind_int64(s, 14, answer->tokens_out);
  sqlite3_bind_int64(s, 15, answer->cost);
  sqlite3_bind_int64(s, 16, answer->asked_ms);
  LQA_TRY(finish(cache, s, err));
  return lqa_cache_release(cache, key, err);
}

/* ---- claims ---- */

static lqa_status has_answer(lqa_cache *cache, const lqa_cache_key *key, int64_t newer_than_ms,
                             bool *row, lqa_error *err) {
  sqlite3_stmt *s = take(cache, HAS_ANSWER);
  bind_key(s, key);
  sqlite3_bind_int64(s, 2, newer_than_ms);
  lqa_status status = step(cache, s, row, err);
  sqlite3_reset(s);
  return status;
}

/* Who holds the claim: TAKEN means that nobody else does. */
static lqa_status claim_holder(lqa_cache *cache, const lqa_cache_key *key, lqa_claim *claim,
                               lqa_error *err) {
  sqlite3_stmt *s = take(cache, GET_CLAIM);
  bind_key(s, key);
  bool row;
  LQA_TRY(step(cache, s, &row, err));
  *claim = LQA_CLAIM_TAKEN;
  if (row) {
    const char *owner = (const char *)sqlite3_column_text(s, 0);
    int64_t expires_ms = sqlite3_column_int64(s, 2);
    if (sqlite3_column_type(s, 1) != SQLITE_NULL) {
      *claim = lqa_clock_unix_ms() < expires_ms ? LQA_CLAIM_BATCH : LQA_CLAIM_TAKEN;
    } else if (owner && strcmp(owner, cache->owner.text) != 0 &&
               lqa_claim_owner_is_alive(&cache->owner, owner, expires_ms)) {
      *claim = LQA_CLAIM_BUSY;
    }
  }
  sqlite3_reset(s);
  return LQA_OK;
}

lqa_status lqa_cache_claim(lqa_cache *cache, const lqa_cache_key *key, const lqa_claim_terms *terms,
                           lqa_claim *claim, lqa_error *err) {
  bool answered;
  LQA_TRY(has_answer(cache, key, terms->newer_than_ms, &answered, err));
  if (answered) {
    *claim = LQA_CLAIM_ANSWERED;
    return LQA_OK;
  }
  LQA_TRY(claim_holder(cache, key, claim, err));
  if (*claim != LQA_CLAIM_TAKEN) {
    return LQA_OK;
  }
  sqlite3_stmt *s = take(cache, SET_CLAIM);
  bind_key(s, key);
  bind_text(s, 2, cache->owner.text);
  sqlite3_bind_int64(s, 3, lqa_clock_unix_ms() + (int64_t)(terms->seconds * 1000));
  return finish(cache, s, err);
}

lqa_status lqa_cache_release(lqa_cache *cache, const lqa_cache_key *key, lqa_error *err) {
  sqlite3_stmt *s = take(cache, DROP_CLAIM);
  bind_key(s, key);
  bind_text(s, 2, cache->owner.text);
  return finish(cache, s, err);
}

lqa_status lqa_cache_in_batch(lqa_cache *cache, const lqa_cache_key *key, bool *in_batch,
                              lqa_error *err) {
  lqa_claim claim;
  LQA_TRY(claim_holder(cache, key, &claim, err));
  *in_batch = claim == LQA_CLAIM_BATCH;
  return LQA_OK;
}

static lqa_status drop_owner(lqa_cache *cache, const char *owner, lqa_error *err) {
  sqlite3_stmt *s = take(cache, DROP_OWNER);
  bind_text(s, 1, owner);
  return finish(cache, s, err);
}

static lqa_status sweep(lqa_cache *cache, int64_t *n_lost, lqa_error *err) {
  sqlite3_stmt *s = take(cache, LIST_OWNERS);
  bool row;
  lqa_status status;
  while ((status = step(cache, s, &row, err)) == LQA_OK && row) {
    const char *owner = (const char *)sqlite3_column_text(s, 0);
    if (strcmp(owner, cache->owner.text) == 0 ||
        lqa_claim_owner_is_alive(&cache->owner, owner, sqlite3_column_int64(s, 1))) {
      continue;
    }
    *n_lost += sqlite3_column_int64(s, 2);
    char copy[sizeof cache->owner.text];
    snprintf(copy, sizeof copy, "%s", owner);
    status = drop_owner(cache, copy, err);
    if (status != LQA_OK) {
      break;
    }
  }
  sqlite3_reset(s);
  return status;
}

lqa_status lqa_cache_sweep(lqa_cache *cache, int64_t *n_lost, lqa_error *err) {
  *n_lost = 0;
  LQA_TRY(lqa_cache_begin(cache, err));
  lqa_status status = sweep(cache, n_lost, err);
  if (status == LQA_OK) {
    return lqa_cache_commit(cache, err);
  }
  lqa_cache_roll_back(cache);
  return status;
}

/* ---- capabilities and batches ---- */

lqa_status lqa_cache_get_refused(lqa_cache *cache, const char *base_url, const char *model,
                                 unsigned *refused, lqa_error *err) {
  sqlite3_stmt *s = take(cache, GET_REFUSED);
  bind_text(s, 1, base_url);
  bind_text(s, 2, model);
  bool row;
  LQA_TRY(step(cache, s, &row, err));
  *refused = row ? (unsigned)sqlite3_column_int(s, 0) : 0;
  sqlite3_reset(s);
  return LQA_OK;
}

lqa_status lqa_cache_set_refused(lqa_cache *cache, const char *base_url, const char *model,
                                 unsigned refused, lqa_error *err) {
  sqlite3_stmt *s = take(cache, SET_REFUSED);
  bind_text(s, 1, base_url);
  bind_text(s, 2, model);
  sqlite3_bind_int(s, 3, (int)refused);
  return finish(cache, s, err);
}

lqa_status lqa_cache_batch_add(lqa_cache *cache, const char *id, const char *base_url,
                               const char *model, lqa_error *err) {
  sqlite3_stmt *s = take(cache, ADD_BATCH);
  bind_text(s, 1, id);
  bind_text(s, 2, base_url);
  bind_text(s, 3, model);
  return finish(cache, s, err);
}

lqa_status lqa_cache_batch_add_key(lqa_cache *cache, const lqa_cache_key *key, const char *id,
                                   double seconds, lqa_error *err) {
  sqlite3_stmt *s = take(cache, ADD_BATCH_KEY);
  bind_key(s, key);
  bind_text(s, 2, id);
  sqlite3_bind_int64(s, 3, lqa_clock_unix_ms() + (int64_t)(seconds * 1000));
  return finish(cache, s, err);
}

lqa_status lqa_cache_batch_close(lqa_cache *cache, const char *id, lqa_error *err) {
  sqlite3_stmt *s = take(cache, DROP_BATCH_KEYS);
  bind_text(s, 1, id);
  LQA_TRY(finish(cache, s, err));
  s = take(cache, DROP_BATCH);
  bind_text(s, 1, id);
  return finish(cache, s, err);
}

lqa_status lqa_cache_batch_next(lqa_cache *cache, const char *base_url, const char *model,
                                char id[128], lqa_error *err) {
  sqlite3_stmt *s = take(cache, NEXT_BATCH);
  bind_text(s, 1, base_url);
  bind_text(s, 2, model);
  sqlite3_bind_text(s, 3, id, -1, SQLITE_TRANSIENT);
  bool row;
  LQA_TRY(step(cache, s, &row, err));
  snprintf(id, 128, "%s", row ? (const char *)sqlite3_column_text(s, 0) : "");
  sqlite3_reset(s);
  return LQA_OK;
}
