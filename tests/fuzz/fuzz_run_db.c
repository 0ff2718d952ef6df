/* run.db of a stranger. Random bytes are no database, so the input changes one that we made: three
 * bytes a change, a place (a third of them within the schema's page) and what stands there; the
 * first byte says how it is opened. Everything in it is read, or the file is refused as bad data or
 * as a bad file: nothing is "internal", and nothing takes long. */
#include "fuzz_file.h"
#include "store/run_db.h"

#include <time.h>

enum { MAX_TEMPLATE_BYTES = 1 << 20, SCHEMA_BYTES = 4096 };

static uint8_t template_bytes[MAX_TEMPLATE_BYTES];
static size_t template_size;

static void add_records(lqa_run_db *db) {
  const lqa_judge_run session = {
      .model = LQA_STR("m"), .protocol = LQA_STR("verify"), .planned = 3};
  int64_t id = 0;
  demand(lqa_run_db_add_judge_run(db, &session, &id, NULL) == LQA_OK);
  for (int64_t row = 0; row < 40; row++) {
    const lqa_row_ref ref = {row, LQA_STR("id:r1")};
    const lqa_verdict_record verdict = {
        .row = ref, .label = LQA_STR("a"), .verdict = LQA_STR("YES"), .judge_run = id};
    const lqa_reply_record reply = {
        .row = ref, .judge_run = id, .verdict = LQA_STR("YES"), .raw = LQA_STR("VERDICT: YES")};
    const lqa_decision_record decision = {.row = ref, .label = LQA_STR("b"), .by = LQA_STR("ann")};
    demand(lqa_run_db_add_verdict(db, &verdict, NULL) == LQA_OK);
    demand(lqa_run_db_add_reply(db, &reply, NULL) == LQA_OK);
    demand(lqa_run_db_add_decision(db, &decision, NULL) == LQA_OK);
    demand(lqa_run_db_add_suggestion(db, row, LQA_STR("b"), NULL) == LQA_OK);
  }
  demand(lqa_run_db_set_document(db, "audit", LQA_STR("{}"), NULL) == LQA_OK);
}

static void make_template(void) {
  lqa_run_db *db = NULL;
  const char *path = fuzz_file("run.db", "", 0);
  unlink(path);
  demand(lqa_run_db_create(path, &db, NULL) == LQA_OK);
  add_records(db);
  lqa_run_db_close(db);
  FILE *file = fopen(path, "rb");
  demand(file != NULL);
  template_size = fread(template_bytes, 1, sizeof template_bytes, file);
  demand(template_size > SCHEMA_BYTES && template_size < sizeof template_bytes);
  fclose(file);
}

static const char *write_changed(const uint8_t *data, size_t size) {
  static uint8_t bytes[MAX_TEMPLATE_BYTES];
  memcpy(bytes, template_bytes, template_size);
  for (size_t i = 0; i + 2 < size; i += 3) {
    size_t within = i % 9 == 0 ? SCHEMA_BYTES : template_size;
    bytes[((size_t)data[i] << 8 | data[i + 1]) * 7 % within] = data[i + 2];
  }
  return fuzz_file("run.db", bytes, template_size);
}

static lqa_status see_verdict(void *data, const lqa_verdict_record *record, lqa_error *err) {
  (void)err;
  *(int64_t *)data += (int64_t)record->verdict.size + record->row.row;
  return LQA_OK;
}

static lqa_status see_decision(void *data, const lqa_decision_record *record, lqa_error *err) {
  (void)err;
  *(int64_t *)data += (int64_t)(record->label.size + record->by.size);
  return LQA_OK;
}

static lqa_status see_reply(void *data, const lqa_reply_record *record, lqa_error *err) {
  (void)err;
  *(int64_t *)data += (int64_t)(record->raw.size + record->model.size);
  return LQA_OK;
}

static lqa_status see_suggestion(void *data, int64_t row, lqa_str label, lqa_error *err) {
  (void)err;
  *(int64_t *)data += row + (int64_t)label.size;
  return LQA_OK;
}

static void expect(lqa_status status) {
  if (status != LQA_OK && status != LQA_BAD_DATA && status != LQA_BAD_FILE) {
    fprintf(stderr, "status %d\n", (int)status);
  }
  demand(status == LQA_OK || status == LQA_BAD_DATA || status == LQA_BAD_FILE);
}

static void read_all(lqa_run_db *db) {
  int64_t seen = 0;
  bool found;
  lqa_arena arena;
  lqa_judge_run session;
  lqa_buf document;
  lqa_arena_init(&arena);
  lqa_buf_init(&document, 1 << 20);
  expect(lqa_run_db_each_verdict(db, see_verdict, &seen, NULL));
  expect(lqa_run_db_each_decision(db, false, see_decision, &seen, NULL));
  expect(lqa_run_db_each_decision(db, true, see_decision, &seen, NULL));
  expect(lqa_run_db_each_reply(db, 3, see_reply, &seen, NULL));
  expect(lqa_run_db_each_latest_reply(db, see_reply, &seen, NULL));
  expect(lqa_run_db_each_suggestion(db, see_suggestion, &seen, NULL));
  expect(lqa_run_db_get_judge_run(db, &session, &arena, &found, NULL));
  expect(lqa_run_db_get_document(db, "audit", &document, &found, NULL));
  lqa_buf_clear(&document);
  lqa_arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lqa_run_db *db = NULL;
  if (template_size == 0) {
    make_template();
  }
  bool for_writing = size > 0 && data[0] & 1;
  const char *path = write_changed(data + (size > 0), size - (size > 0));
  time_t started = time(NULL);
  lqa_status status = lqa_run_db_open(path, for_writing, &db, NULL);
  expect(status);
  if (status == LQA_OK) {
    const lqa_decision_record decision = {
        .row = {1, LQA_STR("id:r1")}, .label = LQA_STR("b"), .by = LQA_STR("bob")};
    read_all(db);
    expect(for_writing ? lqa_run_db_add_decision(db, &decision, NULL) : LQA_OK);
  }
  lqa_run_db_close(db);
  demand(time(NULL) - started < 10);
  return 0;
}
