/* store/spot_draw.c - strata, allocation, drawing, the sheet.
 *
 * Allocation is proportional, with a floor so that no stratum is guessed at: the suspicious rows of
 * a rare class say little about the whole but much about the flags. A class whose share of the
 * sample would be less than a handful is merged with the others of its kind, because many strata of
 * one or two rows make the interval wide. Within a stratum rows are drawn without replacement by a
 * seeded shuffle. */
#include "base/memory.h"
#include "base/rng.h"
#include "store/row_table.h"
#include "store/spot_check.h"

#include <stdio.h>

enum { STREAM_ROWS = 31, STREAM_ORDER = 32, LEAST_SHARE = 5, FLOOR = 10 };

/* A cell of suspicious x class; class n_classes is "no known label". */
typedef struct cell {
  int64_t population;
  int stratum;
} cell;

typedef struct draw {
  lqa_run *run;
  const lqa_spot_options *options;
  int64_t n;         /* rows to draw */
  cell *cells;       /* 2 x (n_classes + 1) */
  int32_t n_columns; /* n_classes + 1 */
  lqa_spot_stratum *strata;
  size_t n_strata;
  uint32_t *rows; /* of all strata, one after the other */
  int64_t *first; /* per stratum: where its rows begin */
  int64_t *drawn_rows;
  int32_t *drawn_stratum;
} draw;

static cell *cell_of(const draw *d, int64_t row) {
  int32_t label = d->run->rows.label[row];
  int32_t column = label >= 0 ? label : d->n_columns - 1;
  return &d->cells[lqa_evidence_is_suspicious(&d->run->evidence, row) * d->n_columns + column];
}

static void count_cells(draw *d) {
  for (int64_t row = 0; row < d->run->rows.n_rows; row++) {
    cell_of(d, row)->population++;
  }
}

static size_t add_stratum(draw *d, bool is_suspicious, bool is_rest, lqa_str label) {
  d->strata[d->n_strata] =
      (lqa_spot_stratum){.is_suspicious = is_suspicious, .is_rest = is_rest, .label = label};
  return d->n_strata++;
}

/* Large cells become strata; the small ones of either kind share one. */
static void make_strata(draw *d) {
  for (int s = 0; s < 2; s++) {
    int rest = -1;
    for (int32_t c = 0; c < d->n_columns; c++) {
      cell *here = &d->cells[s * d->n_columns + c];
      bool is_known = c < d->n_columns - 1;
      double share = (double)d->n * (double)here->population / (double)d->run->rows.n_rows;
      if (here->population == 0) {
        continue;
      }
      if (share >= LEAST_SHARE) {
        lqa_str label = is_known ? d->run->manifest.classes[c] : (lqa_str){NULL, 0};
        here->stratum = (int)add_stratum(d, s, false, label);
      } else {
        rest = rest >= 0 ? rest : (int)add_stratum(d, s, true, (lqa_str){NULL, 0});
        here->stratum = rest;
      }
      d->strata[here->stratum].population += here->population;
    }
  }
}

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Proportional shares rounded down, at least the floor; what is left goes to the largest strata
 * that have rows to give, what is too much is taken from them. */
static void allocate(draw *d) {
  int64_t floor = smaller(FLOOR, d->n / (2 * (int64_t)d->n_strata));
  int64_t left = d->n;
  floor = floor > 0 ? floor : 1;
  for (size_t h = 0; h < d->n_strata; h++) {
    lqa_spot_stratum *s = &d->strata[h];
    int64_t share = (int64_t)((double)d->n * (double)s->population / (double)d->run->rows.n_rows);
    s->drawn = smaller(share > floor ? share : floor, s->population);
    left -= s->drawn;
  }
  while (left != 0) {
    lqa_spot_stratum *best = NULL;
    for (size_t h = 0; h < d->n_strata; h++) {
      lqa_spot_stratum *s = &d->strata[h];
      bool can = left > 0 ? s->drawn < s->population : s->drawn > (d->n < 2 ? 0 : 1);
      /* Rows that one drawn row stands for: largest first when giving, smallest when taking. */
      double weight = can ? (double)s->population / (double)(s->drawn + (left > 0)) : 0;
      double best_weight = best ? (double)best->population / (double)(best->drawn + (left > 0)) : 0;
      if (can && (!best || (left > 0 ? weight > best_weight : weight < best_weight))) {
        best = s;
      }
    }
    if (!best) {
      break;
    }
    best->drawn += left > 0 ? 1 : -1;
    left += left > 0 ? -1 : 1;
  }
}

/* Rows stratum by stratum, in source order within each. */
static void gather_rows(draw *d) {
  for (size_t h = 1; h <= d->n_strata; h++) {
    d->first[h] = d->first[h - 1] + d->strata[h - 1].population;
  }
  for (int64_t row = 0; row < d->run->rows.n_rows; row++) {
    d->rows[d->first[cell_of(d, row)->stratum]++] = (uint32_t)row;
  }
  for (size_t h = d->n_strata; h > 0; h--) {
    d->first[h] = d->first[h - 1];
  }
  d->first[0] = 0;
}

static int64_t pick_rows(draw *d) {
  lqa_rng rng;
  int64_t n = 0;
  lqa_rng_init(&rng, d->options->seed, STREAM_ROWS);
  for (size_t h = 0; h < d->n_strata; h++) {
    uint32_t *rows = d->rows + d->first[h];
    for (int64_t i = 0; i < d->strata[h].drawn; i++) {
      int64_t j = i + (int64_t)lqa_rng_below(&rng, (uint64_t)(d->strata[h].population - i));
      uint32_t row = rows[j];
      rows[j] = rows[i];
      rows[i] = row;
      d->drawn_rows[n] = row;
      d->drawn_stratum[n++] = (int32_t)h;
    }
  }
  return n;
}

/* So that the order of the sheet gives nothing away. */
static void shuffle_sheet(draw *d, int64_t n) {
  lqa_rng rng;
  lqa_rng_init(&rng, d->options->seed, STREAM_ORDER);
  for (int64_t i = n - 1; i > 0; i--) {
    int64_t j = (int64_t)lqa_rng_below(&rng, (uint64_t)i + 1);
    int64_t row = d->drawn_rows[i];
    int32_t stratum = d->drawn_stratum[i];
    d->drawn_rows[i] = d->drawn_rows[j];
    d->drawn_stratum[i] = d->drawn_stratum[j];
    d->drawn_rows[j] = row;
    d->drawn_stratum[j] = stratum;
  }
}

/* ---- run.db ---- */

static lqa_status record_sheet(draw *d, const lqa_spot_check *check, const char *population,
                               lqa_error *err) {
  lqa_statement *s = NULL;
  lqa_sql *sql = lqa_run_db_sql(d->run->db);
  LQA_TRY(lqa_sql_prepare(sql, "INSERT INTO sheet VALUES(?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ'))",
                          &s, err));
  lqa_statement_set_text(s, 1, lqa_str_from(check->sheet));
  lqa_statement_set_text(s, 2, lqa_str_from(population));
  lqa_statement_set_int(s, 3, (int64_t)d->options->seed);
  lqa_status status = lqa_statement_run(s, err);
  lqa_statement_free(s);
  return status;
}

static lqa_status record_strata(draw *d, const lqa_spot_check *check, lqa_error *err) {
  lqa_statement *s = NULL;
  lqa_status status = LQA_OK;
  LQA_TRY(lqa_sql_prepare(lqa_run_db_sql(d->run->db),
                          "INSERT INTO stratum(sheet, label, number, suspicious, rest, population,"
                          " drawn) VALUES(?, ?, ?, ?, ?, ?, ?)",
                          &s, err));
  for (size_t h = 0; h < d->n_strata; h++) {
    const lqa_spot_stratum *stratum = &d->strata[h];
    lqa_statement_set_text(s, 1, lqa_str_from(check->sheet));
    lqa_statement_set_text(s, 2, stratum->label);
    lqa_statement_set_int(s, 3, (int64_t)h);
    lqa_statement_set_int(s, 4, stratum->is_suspicious);
    lqa_statement_set_int(s, 5, stratum->is_rest);
    lqa_statement_set_int(s, 6, stratum->population);
    lqa_statement_set_int(s, 7, stratum->drawn);
    LQA_TRY_OUT(lqa_statement_run(s, err));
  }
out:
  lqa_statement_free(s);
  return status;
}

static lqa_status record_rows(draw *d, const lqa_spot_check *check, lqa_error *err) {
  lqa_statement *s = NULL;
  lqa_status status = LQA_OK;
  lqa_buf key;
  lqa_buf_init(&key, (size_t)1 << 30);
  LQA_TRY(lqa_sql_prepare(lqa_run_db_sql(d->run->db),
                          "INSERT INTO sheet_row(sheet, row_key, label, position, row_number,"
                          " stratum) VALUES(?, ?, ?, ?, ?, ?)",
                          &s, err));
  for (int64_t i = 0; i < check->drawn; i++) {
    lqa_row_ref ref;
    LQA_TRY_OUT(lqa_run_row_ref(d->run, d->drawn_rows[i], &key, &ref, err));
    lqa_statement_set_text(s, 1, lqa_str_from(check->sheet));
    lqa_statement_set_text(s, 2, ref.key);
    lqa_statement_set_text(s, 3, lqa_run_rows_label(&d->run->rows, &d->run->manifest, ref.row));
    lqa_statement_set_int(s, 4, i);
    lqa_statement_set_int(s, 5, ref.row);
    lqa_statement_set_int(s, 6, d->drawn_stratum[i]);
    LQA_TRY_OUT(lqa_statement_run(s, err));
  }
out:
  lqa_statement_free(s);
  lqa_buf_clear(&key);
  return status;
}

/* The sheet's id: the same draw from the same data has the same id up to its number. */
static lqa_status name_sheet(draw *d, const char *population, char out[17], lqa_error *err) {
  char text[160];
  int64_t n_sheets = 0;
  LQA_TRY(
      lqa_sql_get_int(lqa_run_db_sql(d->run->db), "SELECT count(*) FROM sheet", &n_sheets, err));
  int size = snprintf(text, sizeof text, "%s %llu %lld %lld", population,
                      (unsigned long long)d->options->seed, (long long)d->n, (long long)n_sheets);
  snprintf(out, 17, "%08llx",
           (unsigned long long)(lqa_hash64(text, (size_t)size, 0) & 0xffffffffu));
  return LQA_OK;
}

static lqa_status record(draw *d, lqa_spot_check *check, lqa_error *err) {
  char population[33];
  LQA_TRY(lqa_run_population(d->run, population, err));
  LQA_TRY(lqa_run_db_begin(d->run->db, err));
  lqa_status status;
  LQA_TRY_OUT(name_sheet(d, population, check->sheet, err));
  LQA_TRY_OUT(record_sheet(d, check, population, err));
  LQA_TRY_OUT(record_strata(d, check, err));
  status = record_rows(d, check, err);
out:
  if (status != LQA_OK) {
    lqa_run_db_roll_back(d->run->db);
    return status;
  }
  return lqa_run_db_commit(d->run->db, err);
}

/* ---- the sheet ---- */

/* The sheet's id and the text of the current row's, which the value borrows. */
struct check_id {
  const char *sheet;
  char text[48];
};

static void get_check_id(void *data, int64_t i, lqa_value *value) {
  struct check_id *id = data;
  int n = snprintf(id->text, sizeof id->text, "%s-%lld", id->sheet, (long long)i);
  value->text = (lqa_str){id->text, (size_t)n};
}

static void get_nothing(void *data, int64_t i, lqa_value *value) {
  (void)data;
  (void)i;
  value->is_null = true;
}

static lqa_status save_sheet(const draw *d, const lqa_spot_check *check, lqa_table_format format,
                             lqa_error *err) {
  const lqa_row_texts_input input = {d->run->folder, &d->run->manifest, &d->run->rows,
                                     d->run->observer, 0};
  struct check_id id = {.sheet = check->sheet};
  lqa_row_table rows;
  const lqa_table_column columns[] = {{"check_id", LQA_VALUE_TEXT, get_check_id, &id},
                                      lqa_row_table_column(&rows, "row_id"),
                                      lqa_row_table_column(&rows, "row_number"),
                                      lqa_row_table_column(&rows, "text"),
                                      lqa_row_table_column(&rows, "label"),
                                      {"is_correct", LQA_VALUE_TEXT, get_nothing, NULL},
                                      {"correct_label", LQA_VALUE_TEXT, get_nothing, NULL},
                                      {"note", LQA_VALUE_TEXT, get_nothing, NULL}};
  lqa_row_texts texts = {0};
  const lqa_table table = {.n_rows = check->drawn,
                           .columns = columns,
                           .n_columns = sizeof columns / sizeof columns[0],
                           .data = &rows,
                           .begin_row = lqa_row_table_begin};
  LQA_TRY(lqa_row_texts_load(&input, d->drawn_rows, check->drawn, &texts, err));
  lqa_row_table_init(&rows, &d->run->rows, &d->run->evidence, &d->run->manifest);
  rows.order = d->drawn_rows;
  rows.texts = &texts;
  lqa_status status = lqa_table_save(&table, d->options->path, format, d->run->observer, err);
  lqa_row_table_clear(&rows);
  lqa_row_texts_clear(&texts);
  return status;
}

static lqa_status alloc_memory(draw *d, lqa_arena *arena, lqa_error *err) {
  size_t n_cells = 2 * (size_t)d->n_columns, n_rows = (size_t)d->run->rows.n_rows;
  d->cells = lqa_calloc(n_cells, sizeof *d->cells);
  d->first = lqa_calloc(n_cells + 2, sizeof *d->first);
  d->rows = lqa_malloc(n_rows, sizeof *d->rows);
  d->drawn_rows = lqa_malloc(n_rows, sizeof *d->drawn_rows);
  d->drawn_stratum = lqa_malloc(n_rows, sizeof *d->drawn_stratum);
  d->strata = lqa_arena_alloc(arena, n_cells, sizeof *d->strata);
  return d->cells && d->first && d->rows && d->drawn_rows && d->drawn_stratum && d->strata
             ? LQA_OK
             : lqa_fail_memory(err, "drawing a sample");
}

static lqa_status draw_sheet(draw *d, lqa_arena *arena, lqa_spot_check *check, lqa_error *err) {
  lqa_table_format format = LQA_TABLE_CSV;
  LQA_TRY(d->options->path ? lqa_table_format_of(d->options->path, &format, err) : LQA_OK);
  LQA_TRY(alloc_memory(d, arena, err));
  count_cells(d);
  make_strata(d);
  allocate(d);
  gather_rows(d);
  check->drawn = pick_rows(d);
  check->strata = d->strata;
  check->n_strata = d->n_strata;
  check->rate = lqa_interval_wilson(0, 0, .95);
  shuffle_sheet(d, check->drawn);
  LQA_TRY(record(d, check, err));
  return d->options->path ? save_sheet(d, check, format, err) : LQA_OK;
}

lqa_status lqa_spot_draw(lqa_run *run, const lqa_spot_options *options, lqa_arena *arena,
                         lqa_spot_check *out, lqa_error *err) {
  lqa_spot_check check = {0};
  draw d = {.run = run, .options = options, .n = smaller(options->n, run->rows.n_rows)};
  if (d.n < 1 || run->rows.n_rows > UINT32_MAX) {
    return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION("n") " %lld: draw at least one row",
                    (long long)options->n);
  }
  d.n_columns = run->manifest.n_classes + 1;
  lqa_status status;
  LQA_TRY_OUT(draw_sheet(&d, arena, &check, err));
  *out = check;
out:
  free(d.cells);
  free(d.first);
  free(d.rows);
  free(d.drawn_rows);
  free(d.drawn_stratum);
  return status;
}
