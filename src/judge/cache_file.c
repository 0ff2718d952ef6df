/* judge/cache_file.c - the file behind cache.h.
 *
 * Tables: answers (what models said), claims (open questions), refused (fields that endpoints do
 * not take), batches (handed to a provider); the last three are cache_claims.c's. A write-ahead log
 * lets one process read while another commits; writers queue for up to a minute.
 *
 * Throughput: statements are prepared once; one transaction holds all answers and claims of a step
 * of the engine's loop, about 20 microseconds each plus one fsync.
 */
#include "base/memory.h"
#include "judge/cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_WAIT_MS = 60000, SCHEMA_VERSION = 1 };

static const char *const queries[LQA_CACHE_QUERY_COUNT] = {
    [LQA_CACHE_FIND_ANSWER] =
        "SELECT content, ending, finish, reply_model, fingerprint, tokens_in, "
        "tokens_out, cost, asked_ms FROM answers WHERE key = ?1",
    [LQA_CACHE_HAS_ANSWER] = "SELECT 1 FROM answers WHERE key = ?1 AND asked_ms >= ?2",
    [LQA_CACHE_STORE_ANSWER] =
        "INSERT OR REPLACE INTO answers VALUES "
        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    [LQA_CACHE_COUNT_MODEL] = "SELECT count(*) FROM answers WHERE base_url = ?1 AND model = ?2",
    [LQA_CACHE_FORGET_MODEL] = "DELETE FROM answers WHERE base_url = ?1 AND model = ?2",
    [LQA_CACHE_FORGET_REFUSED] = "DELETE FROM refused WHERE base_url = ?1 AND model = ?2",
    [LQA_CACHE_GET_CLAIM] = "SELECT owner, batch, expires_ms FROM claims WHERE key = ?1",
    [LQA_CACHE_SET_CLAIM] = "INSERT OR REPLACE INTO claims VALUES (?1, ?2, NULL, ?3)",
    [LQA_CACHE_DROP_CLAIM] = "DELETE FROM claims WHERE key = ?1 AND owner = ?2",
    [LQA_CACHE_DROP_MINE] = "DELETE FROM claims WHERE owner = ?1",
    [LQA_CACHE_LIST_OWNERS] =
        "SELECT owner, max(expires_ms), count(*) FROM claims WHERE batch IS NULL "
        "GROUP BY owner",
    [LQA_CACHE_DROP_OWNER] = "DELETE FROM claims WHERE owner = ?1 AND batch IS NULL",
    [LQA_CACHE_GET_REFUSED] = "SELECT fields FROM refused WHERE base_url = ?1 AND model = ?2",
    [LQA_CACHE_SET_REFUSED] = "INSERT OR REPLACE INTO refused VALUES (?1, ?2, ?3)",
    [LQA_CACHE_ADD_BATCH] = "INSERT OR REPLACE INTO batches VALUES (?1, ?2, ?3)",
    [LQA_CACHE_ADD_BATCH_KEY] = "INSERT OR REPLACE INTO claims VALUES (?1, '', ?2, ?3)",
    [LQA_CACHE_DROP_BATCH_KEYS] = "DELETE FROM claims WHERE batch = ?1",
    [LQA_CACHE_DROP_BATCH] = "DELETE FROM batches WHERE id = ?1",
    [LQA_CACHE_NEXT_BATCH] =
        "SELECT id FROM batches WHERE base_url = ?1 AND model = ?2 AND id > ?3 "
        "ORDER BY id LIMIT 1",
    [LQA_CACHE_BEGIN_READ] = "BEGIN",
    [LQA_CACHE_BEGIN] = "BEGIN IMMEDIATE",
    [LQA_CACHE_COMMIT] = "COMMIT",
    [LQA_CACHE_ROLLBACK] = "ROLLBACK",
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

/* ---- opening ---- */

/* What is wrong, and what to do about it. */
static const char *advice_on(const lqa_sql *sql) {
  switch (lqa_sql_why(sql)) {
  case LQA_SQL_DISK_FULL:
    return "the disk is full. Every answer that was stored before is kept; make room (or name a "
           "file elsewhere with " LQA_OPTION(
               "cache") ") and run the command again: it asks only what is missing";
  case LQA_SQL_DISK_FAILS:
    return "the disk fails, or a quota or a limit on file sizes is reached. Every answer that was "
           "stored before is kept; fix this and run the command again (or name a file "
           "elsewhere with " LQA_OPTION("cache") "): it asks only what is missing";
  case LQA_SQL_NO_DATABASE:
    return "this is no SQLite database, or a damaged one; name another file with " LQA_OPTION(
        "cache") ", or move "
                 "it away: paid answers in it are then asked again";
  case LQA_SQL_DAMAGED:
    return "the file is damaged; move it away: paid answers in it are then asked again";
  case LQA_SQL_NOT_WRITABLE:
    return "file and folder must be writable; name a file elsewhere with " LQA_OPTION("cache");
  case LQA_SQL_BUSY:
    return "another program has kept it locked for a minute; try again when it has ended";
  default:
    return "every answer that was stored before is kept; run the command again";
  }
}

static lqa_status fail(const lqa_cache *cache, const char *what, lqa_error *err) {
  if (lqa_sql_why(cache->sql) == LQA_SQL_NO_MEMORY) {
    return lqa_fail_memory(err, "using the judge's cache");
  }
  const char *path = cache->path ? cache->path : "(in memory)";
  return lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL,
                     "the judge's cache '%s' %s (%s): " LQA_WORDS, path, what,
                     lqa_sql_message(cache->sql), advice_on(cache->sql));
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

/* Looks before anything is changed: the file may be somebody else's. */
static lqa_status check_owner(lqa_cache *cache, int64_t *version, lqa_error *err) {
  int64_t n, n_own;
  if (lqa_sql_get_int(cache->sql, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'", &n,
                      NULL) != LQA_OK ||
      lqa_sql_get_int(cache->sql,
                      "SELECT count(*) FROM sqlite_schema WHERE name IN ('answers', 'claims', "
                      "'refused', 'batches')",
                      &n_own, NULL) != LQA_OK ||
      lqa_sql_get_int(cache->sql, "PRAGMA user_version", version, NULL) != LQA_OK) {
    return fail(cache, "cannot be read", err);
  }
  if (n > 0 && n_own < 4) {
    return lqa_fail_at(
        err, LQA_BAD_FILE, cache->path, -1, NULL,
        "'%s' is a database of something else than the judge's answers; name another "
        "file with " LQA_OPTION("cache"),
        cache->path);
  }
  if (*version > SCHEMA_VERSION) {
    return lqa_fail(err, LQA_BAD_FILE, "the judge's cache '%s' was written by a newer labelqa",
                    cache->path);
  }
  return LQA_OK;
}

static lqa_status prepare(lqa_cache *cache, lqa_error *err) {
  for (int i = 0; i < LQA_CACHE_QUERY_COUNT; i++) {
    if (lqa_sql_prepare(cache->sql, queries[i], &cache->statements[i], NULL) != LQA_OK) {
      return fail(cache, "cannot be used", err);
    }
  }
  return LQA_OK;
}

static lqa_status set_up(lqa_cache *cache, lqa_error *err) {
  if (lqa_sql_connect(cache->path, LQA_SQL_CREATE, BUSY_WAIT_MS, &cache->sql) != LQA_OK) {
    return fail(cache, "cannot be opened", err);
  }
  int64_t version;
  LQA_TRY(check_owner(cache, &version, err));
  if (lqa_sql_use_log(cache->sql, BUSY_WAIT_MS, NULL) != LQA_OK) {
    return fail(cache, "cannot be written", err);
  }
  if (version == 0 && lqa_sql_run(cache->sql, schema, NULL) != LQA_OK) {
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
  lqa_status status;
  if (path) {
    cache->path = strdup(path);
    LQA_TRY_OUT(cache->path ? make_file(path, err)
                            : lqa_fail_memory(err, "opening the judge's cache"));
  }
  LQA_TRY_OUT(set_up(cache, err));
  *out = cache;
  return LQA_OK;
out:
  lqa_cache_close(cache);
  return status;
}

/* ---- statements ---- */

lqa_statement *lqa_cache_statement(lqa_cache *cache, lqa_cache_query which) {
  lqa_statement_reset(cache->statements[which]);
  return cache->statements[which];
}

void lqa_cache_set_key(lqa_statement *s, const lqa_cache_key *key) {
  lqa_statement_set_bytes(s, 1, (lqa_str){(const char *)key->bytes, sizeof key->bytes});
}

void lqa_cache_set_text(lqa_statement *s, int parameter, const char *text) {
  lqa_statement_set_text(s, parameter, text ? lqa_str_from(text) : (lqa_str){NULL, 0});
}

lqa_status lqa_cache_finish(lqa_cache *cache, lqa_statement *s, lqa_error *err) {
  return lqa_statement_run(s, NULL) == LQA_OK ? LQA_OK : fail(cache, "cannot be written", err);
}

lqa_status lqa_cache_step(lqa_cache *cache, lqa_statement *s, bool *row, lqa_error *err) {
  return lqa_statement_next(s, row, NULL) == LQA_OK ? LQA_OK : fail(cache, "cannot be read", err);
}

void lqa_cache_close(lqa_cache *cache) {
  if (!cache) {
    return;
  }
  if (cache->statements[LQA_CACHE_DROP_MINE]) {
    lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_DROP_MINE);
    lqa_cache_set_text(s, 1, cache->owner.text);
    lqa_status ignored = lqa_statement_run(s, NULL);
    (void)ignored; /* failing that, the claims die with this process */
  }
  for (int i = 0; i < LQA_CACHE_QUERY_COUNT; i++) {
    lqa_statement_free(cache->statements[i]);
  }
  lqa_sql_close(cache->sql);
  free(cache->path);
  free(cache);
}

lqa_status lqa_cache_begin_read(lqa_cache *cache, lqa_error *err) {
  return lqa_cache_finish(cache, lqa_cache_statement(cache, LQA_CACHE_BEGIN_READ), err);
}

lqa_status lqa_cache_begin(lqa_cache *cache, lqa_error *err) {
  return lqa_cache_finish(cache, lqa_cache_statement(cache, LQA_CACHE_BEGIN), err);
}

lqa_status lqa_cache_commit(lqa_cache *cache, lqa_error *err) {
  return lqa_cache_finish(cache, lqa_cache_statement(cache, LQA_CACHE_COMMIT), err);
}

void lqa_cache_roll_back(lqa_cache *cache) {
  if (lqa_sql_is_in_transaction(cache->sql)) {
    lqa_status ignored = lqa_statement_run(lqa_cache_statement(cache, LQA_CACHE_ROLLBACK), NULL);
    (void)ignored; /* what failed before is the one to report */
  }
}
