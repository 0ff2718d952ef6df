/* store/inherit.c - matching old rows to new ones by key and occurrence.
 *
 * Only rows with records matter, and they are few: their keys go into a map, one pass over the old
 * rows tells which occurrence of its key each was, one pass over the new rows finds it again. The
 * copying itself is SQL over the attached old database. Cost: two passes over keys, memory by
 * records. */
#include "store/inherit.h"

#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/plain_file.h"
#include "base/vec.h"
#include "data/query/query.h"
#include "store/run_files.h"

/* A row that records are about. */
typedef struct recorded {
  int64_t id;      /* in the temporary table */
  int64_t old_row; /* -1: was already gone */
  int64_t occurrence, new_row;
  uint32_t key;
} recorded;

typedef struct carrier {
  lqa_sql *sql;
  const lqa_run_rows *rows;
  lqa_manifest old; /* of the old run */
  lqa_arena arena;
  lqa_map *keys;
  LQA_VEC(recorded) items;
  int64_t *count; /* per key: occurrences seen in a pass */
  bool old_has_content;
  const char *collect, *copy; /* SQL */
} carrier;

#define MAKE_TABLE                                                                             \
  "CREATE TEMP TABLE recorded(id INTEGER PRIMARY KEY, old_row INTEGER, row_key TEXT NOT NULL," \
  " occurrence INTEGER, new_row INTEGER);"

static const char COLLECT[] =
    MAKE_TABLE "INSERT INTO recorded(old_row, row_key, occurrence)"
               " SELECT row_number, row_key, occurrence FROM old.verdict"
               " UNION SELECT row_number, row_key, occurrence FROM old.reply"
               " UNION SELECT row_number, row_key, occurrence FROM old.decision"
               " UNION SELECT row_number, row_key, occurrence FROM old.sheet_row"
               " ORDER BY 1;"
               "CREATE INDEX temp.recorded_key ON recorded(row_key, old_row);";

#define FOLLOWED " r.new_row, o.row_key, CASE WHEN r.new_row IS NULL THEN r.occurrence END"
#define MATCHED                                                               \
  " o JOIN recorded r ON r.row_key = o.row_key AND r.old_row IS o.row_number" \
  " AND (o.row_number IS NOT NULL OR r.occurrence IS o.occurrence)"

static const char COPY[] =
    "INSERT INTO judge_run SELECT * FROM old.judge_run;"
    "INSERT INTO note SELECT * FROM old.note;"
    "INSERT INTO sheet SELECT * FROM old.sheet;"
    "INSERT INTO stratum SELECT * FROM old.stratum;"
    "INSERT INTO answer SELECT * FROM old.answer;"
    "INSERT INTO verdict(id, row_number, row_key, occurrence, label, verdict, corrected, judge_run,"
    " made_utc, kind, inclusion) SELECT o.id," FOLLOWED ", o.label, o.verdict, o.corrected,"
    " o.judge_run, o.made_utc, o.kind, o.inclusion FROM old.verdict" MATCHED ";"
    "INSERT INTO reply(id, row_number, row_key, occurrence, judge_run, judge, repeat, verdict,"
    " corrected, why, raw, model, base_url, reply_model, prompt_hash, asked_utc, tokens_in,"
    " tokens_out, cost_usd, cached) SELECT o.id," FOLLOWED ", o.judge_run, o.judge, o.repeat,"
    " o.verdict, o.corrected, o.why, o.raw, o.model, o.base_url, o.reply_model, o.prompt_hash,"
    " o.asked_utc, o.tokens_in, o.tokens_out, o.cost_usd, o.cached FROM old.reply" MATCHED ";"
    "INSERT INTO decision(id, row_number, row_key, occurrence, label, decided_by, note, made_utc)"
    " SELECT o.id," FOLLOWED ", o.label, o.decided_by, o.note, o.made_utc"
    " FROM old.decision" MATCHED ";"
    "INSERT INTO sheet_row(sheet, position, row_number, row_key, occurrence, label, stratum)"
    " SELECT o.sheet, o.position," FOLLOWED ", o.label, o.stratum FROM old.sheet_row" MATCHED ";"
    "DROP TABLE recorded;";

static const char COLLECT_DECISIONS[] =
    MAKE_TABLE "INSERT INTO recorded(old_row, row_key, occurrence)"
               " SELECT DISTINCT row_number, row_key, occurrence FROM old.decision ORDER BY 1;"
               "CREATE INDEX temp.recorded_key ON recorded(row_key, old_row);";

static const char COPY_DECISIONS[] =
    "CREATE TEMP TABLE decided AS SELECT DISTINCT row_number FROM main.decision"
    " WHERE row_number IS NOT NULL;"
    "INSERT INTO decision(row_number, row_key, occurrence, label, decided_by, note, made_utc)"
    " SELECT" FOLLOWED ", o.label, o.decided_by, o.note, o.made_utc FROM old.decision" MATCHED
    " WHERE r.new_row IS NULL OR r.new_row NOT IN (SELECT row_number FROM decided)"
    " ORDER BY o.id;"
    "DROP TABLE decided; DROP TABLE recorded;";

static lqa_status attach(carrier *c, const char *old_folder, lqa_error *err) {
  lqa_statement *s = NULL;
  char *path = lqa_path_join(old_folder, "run.db");
  if (!path) {
    return lqa_fail_memory(err, "carrying verdicts over");
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_sql_prepare(c->sql, "ATTACH ? AS old", &s, err));
  lqa_statement_set_text(s, 1, lqa_str_from(path));
  status = lqa_statement_run(s, err);
out:
  lqa_statement_free(s);
  free(path);
  return status;
}

static lqa_status load_items(carrier *c, lqa_error *err) {
  lqa_statement *s = NULL;
  bool more = true;
  LQA_TRY(lqa_sql_prepare(c->sql,
                          "SELECT id, coalesce(old_row, -1), coalesce(occurrence, -1), row_key"
                          " FROM recorded ORDER BY old_row",
                          &s, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  while (more) {
    recorded item = {lqa_statement_int(s, 0), lqa_statement_int(s, 1), lqa_statement_int(s, 2), -1,
                     0};
    if (lqa_map_add(c->keys, lqa_statement_text(s, 3), &item.key, NULL) != LQA_OK ||
        lqa_vec_push(&c->items, item) != LQA_OK) {
      LQA_TRY_OUT(lqa_fail_memory(err, "carrying verdicts over"));
    }
    LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  }
out:
  lqa_statement_free(s);
  return status;
}

/* Which occurrence of `key` this row is, counting from 0; -1 where no record is about that key. */
static int64_t count_key(carrier *c, lqa_str key, uint32_t *index) {
  int64_t found = lqa_map_find(c->keys, key);
  *index = (uint32_t)found;
  return found < 0 ? -1 : c->count[found]++;
}

/* The key of an old row, from its id and hash columns. */
static void format_old_key(const carrier *c, lqa_query *query, int64_t row, lqa_buf *key) {
  lqa_value id = lqa_query_get(query, 0), hash = lqa_query_get(query, 1);
  lqa_buf_reset(key);
  if (c->old.source.id && !id.is_null && id.text.size > 0) {
    lqa_buf_add_text(key, "id:");
    lqa_buf_add_str(key, id.text);
  } else if (c->old_has_content) {
    lqa_buf_add_text(key, "hash:");
    lqa_buf_add_str(key, hash.is_null ? LQA_STR("00000000000000000000000000000000") : hash.text);
  } else {
    lqa_buf_printf(key, "row:%lld", (long long)row);
  }
}

/* Fills in the occurrences of recorded old rows; items are sorted by old row. */
static lqa_status walk_old_rows(carrier *c, lqa_query *query, lqa_error *err) {
  lqa_buf key;
  lqa_buf_init(&key, 1 << 30);
  lqa_status status = LQA_OK;
  bool more = true;
  size_t next = 0;
  while (next < c->items.n && c->items.data[next].old_row < 0) {
    next++;
  }
  for (int64_t row = 0; next < c->items.n; row++) {
    LQA_TRY_OUT(lqa_query_next(query, &more, err));
    if (!more) {
      break;
    }
    uint32_t index;
    format_old_key(c, query, row, &key);
    LQA_TRY_OUT(key.failed ? lqa_fail_memory(err, "carrying verdicts over") : LQA_OK);
    int64_t occurrence = count_key(c, lqa_buf_str(&key), &index);
    for (; next < c->items.n && c->items.data[next].old_row == row; next++) {
      recorded *item = &c->items.data[next];
      item->occurrence = occurrence >= 0 && item->key == index ? occurrence : -1;
    }
  }
out:
  lqa_buf_clear(&key);
  return status;
}

/* Does any old row have content, so that keys are hashes? */
static lqa_status find_content(carrier *c, lqa_database *database, const char *path,
                               lqa_error *err) {
  lqa_query *query = NULL;
  bool more = false;
  LQA_TRY(lqa_query_open(database, "SELECT count(content_hash) FROM read_parquet($1)", &path, 1,
                         &query, err));
  lqa_status status = lqa_query_next(query, &more, err);
  c->old_has_content = status == LQA_OK && more && lqa_query_get(query, 0).integer > 0;
  lqa_query_close(query);
  return status;
}

static lqa_status find_occurrences(carrier *c, const char *old_folder, lqa_error *err) {
  const lqa_database_options options = {.n_threads = 1};
  lqa_database *database = NULL;
  lqa_query *query = NULL;
  lqa_plain_file file = {.descriptor = -1};
  char *path = lqa_path_join(old_folder, "rows.parquet");
  if (!path) {
    return lqa_fail_memory(err, "carrying verdicts over");
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_plain_file_open(path, &file, err));
  LQA_TRY_OUT(lqa_database_open(&options, &database, err));
  const char *open_file = file.path;
  LQA_TRY_OUT(find_content(c, database, open_file, err));
  LQA_TRY_OUT(lqa_query_open(database, "SELECT row_id, content_hash FROM read_parquet($1)",
                             &open_file, 1, &query, err));
  status = walk_old_rows(c, query, err);
out:
  lqa_query_close(query);
  lqa_database_close(database);
  lqa_plain_file_close(&file);
  free(path);
  return status;
}

static int compare_items(const void *a, const void *b) {
  const recorded *x = a, *y = b;
  if (x->key != y->key) {
    return x->key < y->key ? -1 : 1;
  }
  return x->occurrence < y->occurrence ? -1 : x->occurrence > y->occurrence;
}

/* The first item of (key, occurrence) in the sorted items; NULL if there is none. */
static recorded *find_item(const carrier *c, uint32_t key, int64_t occurrence) {
  size_t low = 0, high = c->items.n;
  const recorded wanted = {.key = key, .occurrence = occurrence};
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (compare_items(&c->items.data[middle], &wanted) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  recorded *item = c->items.data + low;
  return low < c->items.n && compare_items(item, &wanted) == 0 ? item : NULL;
}

/* Finds the recorded rows among the new ones. */
static lqa_status walk_new_rows(carrier *c, lqa_error *err) {
  lqa_buf key;
  lqa_buf_init(&key, 1 << 30);
  memset(c->count, 0, (lqa_map_count(c->keys) + 1) * sizeof *c->count);
  qsort(c->items.data, c->items.n, sizeof *c->items.data, compare_items);
  for (int64_t row = 0; row < c->rows->n_rows; row++) {
    lqa_buf_reset(&key);
    if (lqa_run_rows_key(c->rows, row, &key) != LQA_OK) {
      lqa_buf_clear(&key);
      return lqa_fail_memory(err, "carrying verdicts over");
    }
    uint32_t index;
    int64_t occurrence = count_key(c, lqa_buf_str(&key), &index);
    recorded *item = occurrence < 0 ? NULL : find_item(c, index, occurrence);
    for (; item && item < c->items.data + c->items.n && item->key == index &&
           item->occurrence == occurrence;
         item++) {
      item->new_row = row;
    }
  }
  lqa_buf_clear(&key);
  return LQA_OK;
}

static lqa_status store_items(carrier *c, lqa_error *err) {
  lqa_statement *s = NULL;
  lqa_status status = LQA_OK;
  LQA_TRY(lqa_sql_prepare(
      c->sql, "UPDATE recorded SET occurrence = ?, new_row = nullif(?, -1) WHERE id = ?", &s, err));
  for (size_t i = 0; i < c->items.n; i++) {
    lqa_statement_set_int(s, 1, c->items.data[i].occurrence);
    lqa_statement_set_int(s, 2, c->items.data[i].new_row);
    lqa_statement_set_int(s, 3, c->items.data[i].id);
    LQA_TRY_OUT(lqa_statement_run(s, err));
  }
out:
  lqa_statement_free(s);
  return status;
}

static lqa_status match_rows(carrier *c, const char *old_folder, lqa_error *err) {
  LQA_TRY(lqa_sql_run(c->sql, c->collect, err));
  LQA_TRY(load_items(c, err));
  c->count = lqa_calloc((size_t)lqa_map_count(c->keys) + 1, sizeof *c->count);
  if (!c->count) {
    return lqa_fail_memory(err, "carrying verdicts over");
  }
  if (c->items.n > 0) {
    LQA_TRY(find_occurrences(c, old_folder, err));
    LQA_TRY(walk_new_rows(c, err));
  }
  return store_items(c, err);
}

static void tell(const carrier *c, const lqa_observer *observer) {
  int64_t lost = 0;
  for (size_t i = 0; i < c->items.n; i++) {
    lost += c->items.data[i].new_row < 0;
  }
  if (c->items.n > 0) {
    lqa_observe_message(observer, LQA_MESSAGE_INFO,
                        "carried over verdicts and decisions on %lld row%s; %lld more with "
                        "verdicts or decisions are no longer in the data",
                        (long long)c->items.n - (long long)lost,
                        lqa_plural((int64_t)c->items.n - lost), (long long)lost);
  }
}

/* ATTACH makes a database that is not there, and takes any schema. */
static lqa_status check_old(const char *old_folder, bool *is_there, lqa_error *err) {
  lqa_run_db *db = NULL;
  LQA_TRY(lqa_run_check_files(old_folder, err));
  char *path = lqa_path_join(old_folder, "run.db");
  if (!path) {
    return lqa_fail_memory(err, "carrying verdicts over");
  }
  *is_there = lqa_path_exists(path);
  lqa_status status = *is_there ? lqa_run_db_open(path, false, &db, err) : LQA_OK;
  lqa_run_db_close(db);
  free(path);
  return status;
}

static lqa_status carry(carrier *c, const char *old_folder, lqa_error *err) {
  LQA_TRY(lqa_manifest_load(old_folder, &c->arena, &c->old, err));
  LQA_TRY(attach(c, old_folder, err));
  LQA_TRY(lqa_sql_run(c->sql, "BEGIN", err));
  lqa_status status;
  LQA_TRY_OUT(match_rows(c, old_folder, err));
  LQA_TRY_OUT(lqa_sql_run(c->sql, c->copy, err));
  return lqa_sql_run(c->sql, "COMMIT; DETACH old", err);
out:
  (void)!lqa_sql_run(c->sql, "ROLLBACK; DETACH old", NULL);
  return status;
}

static lqa_status inherit(carrier *c, const char *old_folder, const lqa_observer *observer,
                          lqa_error *err) {
  c->keys = lqa_map_new(true);
  if (!c->keys) {
    return lqa_fail_memory(err, "carrying verdicts over");
  }
  lqa_arena_init(&c->arena);
  bool is_there = false;
  lqa_status status;
  LQA_TRY_OUT(check_old(old_folder, &is_there, err));
  if (is_there) {
    LQA_TRY_OUT(carry(c, old_folder, err));
  } else {
    lqa_observe_message(observer, LQA_MESSAGE_WARN,
                        "'%s' holds no run.db: no verdicts and decisions are carried over",
                        old_folder);
  }
  tell(c, observer);
out:
  lqa_map_free(c->keys);
  lqa_vec_clear(&c->items);
  free(c->count);
  lqa_arena_clear(&c->arena);
  return status;
}

lqa_status lqa_run_inherit(const char *old_folder, lqa_run_db *db, const lqa_run_rows *rows,
                           const lqa_observer *observer, lqa_error *err) {
  carrier c = {.sql = lqa_run_db_sql(db), .rows = rows, .collect = COLLECT, .copy = COPY};
  return inherit(&c, old_folder, observer, err);
}

lqa_status lqa_run_inherit_decisions(const char *old_folder, lqa_run_db *db,
                                     const lqa_run_rows *rows, const lqa_observer *observer,
                                     lqa_error *err) {
  carrier c = {.sql = lqa_run_db_sql(db),
               .rows = rows,
               .collect = COLLECT_DECISIONS,
               .copy = COPY_DECISIONS};
  return inherit(&c, old_folder, observer, err);
}
