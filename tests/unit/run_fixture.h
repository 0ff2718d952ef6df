/* tests/unit/run_fixture.h - a small finished run on disk, for the tests of store/, report/ and
 * export/.
 *
 * Twelve news rows, three classes, no real model: the evidence is written by hand, so that every
 * value is known. Row 3 is empty, row 4 has no label, row 5 an unknown one, rows 6 and 7 are
 * duplicates under different labels, rows 0, 1 and 8 are flagged. */
#ifndef LQA_TESTS_RUN_FIXTURE_H
#define LQA_TESTS_RUN_FIXTURE_H

#include "must.h"

#include "audit/audit.h"
#include "audit/high_loss/high_loss.h"
#include "base/buf.h"
#include "base/file.h"
#include "data/query/query.h"
#include "data/table/table.h"
#include "store/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIXTURE_ROWS = 12 };

typedef struct run_row {
  const char *id, *text, *label;
  int predicted;
  double confidence;
  int rank;
} run_row;

static const run_row RUN_ROWS[FIXTURE_ROWS] = {
    {"a0", "the cup final went to penalties", "World", 1, .05, 2},
    {"a1", "shares fell after the, \"warning\"", "Sports", 2, .01, 1},
    {"a2", "ministers met in the capital", "World", 0, .9, 0},
    {"a3", NULL, "World", -1, NAN, 0},
    {"a4", "profit rose by a tenth", NULL, 2, NAN, 0},
    {"a5", "the striker scored twice", "MISC", 1, NAN, 0},
    {"a6", "oil price climbs", "Business", 2, .8, 0},
    {"a7", "Oil  price climbs", "World", 2, .1, 0},
    {"a8", "=cmd() the bank\nlent more", "Sports", 2, .2, 3},
    {"a9", "a treaty was signed \xc3\xa9", "World", 0, .95, 0},
    {"a10", "the marathon was won by a local", "Sports", 1, .85, 0},
    {"a11", "the merger was approved", "Business", 2, .75, 0}};

static const lqa_str RUN_CLASSES[] = {{"World", 5}, {"Sports", 6}, {"Business", 8}};

/* A fresh folder; owned. Removed by remove_scratch. */
static inline char *make_scratch(void) {
  char *folder = strdup("/tmp/labelqa-test-XXXXXX");
  assert_non_null(mkdtemp(folder));
  return folder;
}

static inline void remove_scratch(char *folder) {
  lqa_error err;
  MUST(lqa_folder_remove(folder, &err));
  free(folder);
}

static inline char *path_in(const char *folder, const char *name) {
  char *path = lqa_path_join(folder, name);
  assert_non_null(path);
  return path;
}

/* The rows n..m of `rows` as a dataset with ids. */
static inline lqa_dataset *make_run_dataset(const run_row *rows, size_t n) {
  lqa_str texts[64], labels[64];
  lqa_dataset *dataset = NULL;
  lqa_error err;
  assert_true(n <= 64);
  for (size_t i = 0; i < n; i++) {
    texts[i] = lqa_str_from(rows[i].text);
    labels[i] = lqa_str_from(rows[i].label);
  }
  MUST(lqa_dataset_from_arrays((int64_t)n, texts, labels, RUN_CLASSES, 3, &dataset, &err));
  return dataset;
}

/* Ids as a column over static text; the dataset borrows it. */
typedef struct id_column {
  char bytes[1024];
  uint64_t offsets[65];
} id_column;

static inline void add_ids(lqa_dataset *dataset, const run_row *rows, id_column *ids) {
  ids->offsets[0] = 0;
  for (int64_t i = 0; i < dataset->n_rows; i++) {
    size_t size = strlen(rows[i].id);
    memcpy(ids->bytes + ids->offsets[i], rows[i].id, size);
    ids->offsets[i + 1] = ids->offsets[i] + size;
  }
  dataset->roles[LQA_ROLE_ID] = (lqa_column){"id", dataset->n_rows, ids->bytes, ids->offsets, NULL};
}

static inline void set_bit(lqa_evidence *e, int64_t row, const char *id) {
  e->finding_bits[row] |= (uint64_t)1 << lqa_finding_bit(id);
  e->has_error_finding[row] = 1;
}

static inline void fill_evidence(const lqa_dataset *dataset, const run_row *rows, lqa_evidence *e) {
  lqa_error err;
  MUST(lqa_evidence_init(e, dataset->n_rows, 3, dataset->label, &err));
  for (int64_t i = 0; i < dataset->n_rows; i++) {
    e->predicted_label[i] = rows[i].predicted;
    e->self_confidence[i] = rows[i].confidence;
    e->is_label_issue[i] = rows[i].rank > 0;
    e->issue_rank[i] = rows[i].rank;
    if (!rows[i].text) {
      set_bit(e, i, "null-content");
    } else if (!rows[i].label) {
      set_bit(e, i, "null-label");
    } else if (dataset->label[i] == LQA_LABEL_UNKNOWN) {
      set_bit(e, i, "unknown-label");
    } else if (strcasestr(rows[i].text, "oil")) {
      set_bit(e, i, "duplicate-conflict");
      e->structural_label[i] = 2;
    }
  }
  const lqa_high_loss loss = {e->loss, e->loss_percentile, e->is_high_loss};
  MUST(lqa_high_loss_from_confidence(dataset->n_rows, e->self_confidence, &loss, &err));
}

/* A snapshot as the audit leaves it: columns id, text, label, extra. */
static inline void get_cell(void *data, int64_t row, lqa_value *value, int column) {
  const run_row *r = (const run_row *)data + row;
  static char extra[32];
  snprintf(extra, sizeof extra, "extra %lld", (long long)row);
  value->text = lqa_str_from(column == 0   ? r->id
                             : column == 1 ? r->text
                             : column == 2 ? r->label
                                           : extra);
  value->is_null = lqa_str_is_null(value->text);
}
static inline void get_cell0(void *d, int64_t row, lqa_value *v) {
  get_cell(d, row, v, 0);
}
static inline void get_cell1(void *d, int64_t row, lqa_value *v) {
  get_cell(d, row, v, 1);
}
static inline void get_cell2(void *d, int64_t row, lqa_value *v) {
  get_cell(d, row, v, 2);
}
static inline void get_cell3(void *d, int64_t row, lqa_value *v) {
  get_cell(d, row, v, 3);
}

static inline void save_snapshot(const char *folder, const run_row *rows, size_t n) {
  static const lqa_table_column columns[] = {{"id", LQA_VALUE_TEXT, get_cell0, NULL},
                                             {"text", LQA_VALUE_TEXT, get_cell1, NULL},
                                             {"label", LQA_VALUE_TEXT, get_cell2, NULL},
                                             {"extra", LQA_VALUE_TEXT, get_cell3, NULL}};
  lqa_table table = {(int64_t)n, columns, 4, (void *)rows, NULL};
  char *path = path_in(folder, "source.parquet");
  lqa_error err;
  MUST(lqa_table_save(&table, path, LQA_TABLE_PARQUET, NULL, &err));
  free(path);
}

static const char *const TEXT_COLUMN[] = {"text"};
static const lqa_run_severity SEVERITIES[] = {{"null-content", "error"},
                                              {"null-label", "error"},
                                              {"unknown-label", "error"},
                                              {"duplicate-conflict", "error"}};

static inline lqa_manifest make_manifest(const lqa_dataset *dataset, bool with_ids) {
  return (lqa_manifest){.version = "0.1.0",
                        .command = "audit",
                        .made_utc = "2026-11-23T20:46:32Z",
                        .seed = 7,
                        .source = {.text = {(const char **)TEXT_COLUMN, 1},
                                   .label = "label",
                                   .id = with_ids ? "id" : NULL},
                        .files = dataset->files,
                        .n_files = dataset->n_files,
                        .has_snapshot = true,
                        .content_kind = LQA_CONTENT_TEXT,
                        .classes = dataset->classes,
                        .n_classes = dataset->n_classes,
                        .classes_given = true,
                        .tie_order = "stable",
                        .model = "logistic",
                        .severities = SEVERITIES,
                        .n_severities = 4};
}

/* Audits `rows` into `path` as a whole run; overwrites. */
static inline void write_run_of(const char *path, const run_row *rows, size_t n, bool with_ids) {
  static const float probability[64 * 3];
  static id_column ids;
  lqa_error err;
  lqa_run_draft draft;
  lqa_evidence evidence;
  lqa_run *run = NULL;
  lqa_dataset *dataset = make_run_dataset(rows, n);
  if (with_ids) {
    add_ids(dataset, rows, &ids);
  }
  fill_evidence(dataset, rows, &evidence);
  lqa_manifest manifest = make_manifest(dataset, with_ids);
  MUST(lqa_run_draft_begin(path, lqa_path_exists(path), &draft, &err));
  const lqa_run_parts parts = {&manifest, dataset, &evidence, NULL, NULL};
  MUST(lqa_run_new(&parts, &draft, &run, &err));
  save_snapshot(draft.folder, rows, n);
  MUST(lqa_run_save(run, probability, &err));
  lqa_run_close(run);
  MUST(lqa_run_draft_commit(&draft, &err));
  lqa_dataset_free(dataset);
}

static inline void write_run(const char *path) {
  write_run_of(path, RUN_ROWS, FIXTURE_ROWS, true);
}

static inline void decide(lqa_run *run, int64_t row, const char *label, const char *by) {
  lqa_error err;
  lqa_buf key;
  lqa_buf_init(&key, 1 << 20);
  lqa_decision_record record = {.label = lqa_str_from(label), .by = lqa_str_from(by)};
  MUST(lqa_run_row_ref(run, row, &key, &record.row, &err));
  MUST(lqa_run_db_add_decision(run->db, &record, &err));
  lqa_buf_clear(&key);
}

static inline void give_verdict(lqa_run *run, int64_t row, const char *verdict,
                                const char *corrected) {
  lqa_error err;
  lqa_buf key;
  lqa_buf_init(&key, 1 << 20);
  lqa_verdict_record record = {.label = lqa_run_rows_label(&run->rows, &run->manifest, row),
                               .verdict = lqa_str_from(verdict),
                               .corrected = lqa_str_from(corrected)};
  MUST(lqa_run_row_ref(run, row, &key, &record.row, &err));
  MUST(lqa_run_db_add_verdict(run->db, &record, &err));
  lqa_buf_clear(&key);
}

/* Writes a text file. */
static inline void save_text(const char *path, const char *text) {
  lqa_error err;
  MUST(lqa_file_save(path, text, strlen(text), &err));
}

/* A whole file as an owned text. */
static inline char *read_all(const char *folder, const char *name) {
  lqa_buf text;
  lqa_error err;
  lqa_buf_init(&text, 1 << 26);
  char *path = path_in(folder, name);
  MUST(lqa_file_load(path, &text, &err));
  free(path);
  return lqa_buf_take(&text, NULL);
}

/* Runs a query over one file ($1) and returns its rows as lines "a|b|c", NULL as "-"; owned. */
static inline char *query_file(const char *path, const char *sql) {
  const lqa_database_options options = {.n_threads = 1};
  lqa_database *database = NULL;
  lqa_query *query = NULL;
  lqa_error err;
  lqa_buf out;
  bool more = true;
  lqa_buf_init(&out, 1 << 26);
  MUST(lqa_database_open(&options, &database, &err));
  MUST(lqa_query_open(database, sql, &path, 1, &query, &err));
  for (MUST(lqa_query_next(query, &more, &err)); more; MUST(lqa_query_next(query, &more, &err))) {
    for (size_t c = 0; c < lqa_query_count_columns(query); c++) {
      lqa_value value = lqa_query_get(query, c);
      lqa_buf_add_text(&out, c > 0 ? "|" : "");
      lqa_buf_add_str(&out, value.is_null ? LQA_STR("-") : value.text);
    }
    lqa_buf_add_char(&out, '\n');
  }
  lqa_query_close(query);
  lqa_database_close(database);
  lqa_buf_add(&out, "", 0);
  return lqa_buf_take(&out, NULL);
}

#endif
