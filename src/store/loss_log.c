/* store/loss_log.c - reading per-example loss logs.
 *
 * Ids are looked up in a map of the run's ids; an id that two rows share says nothing about either
 * and is passed over. All records are kept (32 bytes each) because a rank within an epoch needs the
 * whole epoch, and what an epoch is shows in the whole log (loss_epochs.h). */
#include "store/loss_log.h"

#include "base/memory.h"
#include "data/source/source.h"
#include "store/loss_epochs.h"

#include <math.h>
#include <stdio.h>

static const char *const ID_NAMES[] = {"row_id", "id", "guid", "example_id", NULL};
static const char *const NUMBER_NAMES[] = {"idx", "index", "row", "row_number", NULL};
static const char *const EPOCH_NAMES[] = {"epoch", NULL};
static const char *const STEP_NAMES[] = {"step", "global_step", NULL};
static const char *const LOSS_NAMES[] = {"loss", "train_loss", "nll", NULL};

enum { AMBIGUOUS = -1 };

typedef struct log_reader {
  lqa_run *run;
  lqa_loss_summary summary;
  LQA_VEC(lqa_loss_record) records;
  lqa_map *ids;            /* where the run has ids */
  LQA_VEC(int64_t) row_of; /* per id: its row, or AMBIGUOUS */
  LQA_VEC(double) values;  /* per record: of the column epoch or step */
  lqa_epoch_source source; /* which of them; the same in all files */
  /* the open file */
  const char *path;
  lqa_source_reader *reader;
  int64_t id, epoch, step, loss; /* columns; -1 = absent */
  bool by_number;
} log_reader;

static int64_t find_any(const lqa_source *source, const char *const *names) {
  int64_t column = -1;
  for (; *names && column < 0; names++) {
    column = lqa_source_find_column(source, *names);
  }
  return column;
}

static lqa_status find_columns(log_reader *l, const lqa_source *source, lqa_error *err) {
  l->id = find_any(source, ID_NAMES);
  l->by_number = l->id < 0;
  if (l->by_number) {
    l->id = find_any(source, NUMBER_NAMES);
  }
  l->loss = find_any(source, LOSS_NAMES);
  l->epoch = find_any(source, EPOCH_NAMES);
  l->step = l->epoch < 0 ? find_any(source, STEP_NAMES) : -1;
  lqa_epoch_source told = l->epoch >= 0  ? LQA_EPOCHS_EPOCH
                          : l->step >= 0 ? LQA_EPOCHS_STEP
                                         : LQA_EPOCHS_NONE;
  if (l->records.n > 0 && told != l->source) {
    static const char *const words[] = {"names neither epoch nor step", "has a column epoch",
                                        "has a column step"};
    return lqa_fail_at(
        err, LQA_BAD_USAGE, l->path, -1, NULL,
        "'%s' %s, the file before it %s: all files of one log must name epochs the same way",
        l->path, words[told], words[l->source]);
  }
  l->source = told;
  if (l->id < 0 || l->loss < 0) {
    return lqa_fail_at(err, LQA_BAD_USAGE, l->path, -1, l->id < 0 ? "id" : "loss",
                       "'%s' has no column %s", l->path,
                       l->id < 0 ? "with the rows' ids: row_id, id, guid, example_id, or idx, "
                                   "index, row, row_number for row numbers"
                                 : "with the losses: loss, train_loss or nll");
  }
  return LQA_OK;
}

static lqa_status index_ids(log_reader *l) {
  const lqa_run_rows *rows = &l->run->rows;
  char scratch[24];
  l->ids = lqa_map_new(false);
  if (!l->ids) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < rows->n_rows; row++) {
    uint32_t index;
    bool added;
    lqa_str id = lqa_run_rows_id(rows, row, scratch);
    if (id.data == scratch) {
      continue; /* a NULL id: its stand-in is not in the log */
    }
    LQA_TRY(lqa_map_add(l->ids, id, &index, &added));
    if (added) {
      LQA_TRY(lqa_vec_push(&l->row_of, row));
    } else {
      l->row_of.data[index] = AMBIGUOUS;
    }
  }
  return LQA_OK;
}

/* The row that an id means, or -1. */
static int64_t find_row(const log_reader *l, lqa_str id) {
  if (l->ids && !l->by_number) {
    int64_t index = lqa_map_find(l->ids, id);
    return index < 0 ? -1 : l->row_of.data[index];
  }
  double number;
  bool is_row = lqa_str_to_double(lqa_str_trim(id), &number) && number == floor(number) &&
                number >= 0 && number < (double)l->run->rows.n_rows;
  return is_row ? (int64_t)number : -1;
}

static lqa_status fail_value(const log_reader *l, int64_t row, const char *column, lqa_str value,
                             lqa_error *err) {
  return lqa_fail_at(err, LQA_BAD_DATA, l->path, row, column,
                     "'%s', row %lld, column %s: expected a finite number, found '%.*s'", l->path,
                     (long long)row, column, (int)(value.size < 40 ? value.size : 40),
                     value.data ? value.data : "");
}

/* What stands beside the loss: the value of epoch or step. */
static lqa_status read_value(const log_reader *l, int64_t file_row, double *value, lqa_error *err) {
  bool by_step = l->source == LQA_EPOCHS_STEP;
  *value = 0;
  if (l->source == LQA_EPOCHS_NONE) {
    return LQA_OK;
  }
  lqa_str text = lqa_source_reader_get(l->reader, (size_t)(by_step ? l->step : l->epoch));
  return lqa_str_to_double(lqa_str_trim(text), value)
             ? LQA_OK
             : fail_value(l, file_row, by_step ? "step" : "epoch", text, err);
}

static lqa_status read_record(log_reader *l, int64_t file_row, lqa_error *err) {
  lqa_str text = lqa_source_reader_get(l->reader, (size_t)l->loss);
  lqa_loss_record record = {.row = find_row(l, lqa_source_reader_get(l->reader, (size_t)l->id))};
  if (!lqa_str_to_double(lqa_str_trim(text), &record.loss)) {
    return fail_value(l, file_row, "loss", text, err);
  }
  if (record.row < 0) {
    l->summary.unmatched++;
    return LQA_OK;
  }
  double value;
  LQA_TRY(read_value(l, file_row, &value, err));
  bool kept =
      lqa_vec_push(&l->records, record) == LQA_OK && lqa_vec_push(&l->values, value) == LQA_OK;
  return kept ? LQA_OK : lqa_fail_memory(err, "reading losses");
}

static lqa_status read_records(log_reader *l, lqa_error *err) {
  bool more = true;
  for (int64_t row = 0;; row++) {
    LQA_TRY(lqa_source_reader_next(l->reader, &more, err));
    if (!more) {
      return LQA_OK;
    }
    LQA_TRY(read_record(l, row, err));
  }
}

static lqa_status read_file(log_reader *l, const char *path, lqa_error *err) {
  const lqa_source_options options = {
      .paths = {&path, 1}, .header = "yes", .content_optional = true};
  lqa_source *source = NULL;
  l->path = path;
  LQA_TRY(lqa_source_open(&options, l->run->observer, &source, err));
  lqa_status status;
  LQA_TRY_OUT(find_columns(l, source, err));
  LQA_TRY_OUT(lqa_source_reader_open(source, &l->reader, err));
  status = read_records(l, err);
out:
  lqa_source_reader_close(l->reader);
  l->reader = NULL;
  lqa_source_close(source);
  return status;
}

static lqa_status remember_files(lqa_run *run, const lqa_text_list *files, int64_t n_epochs,
                                 lqa_error *err) {
  const char **names = lqa_arena_alloc(&run->arena, files->n + 1, sizeof *names);
  for (size_t i = 0; names && i < files->n; i++) {
    names[i] = lqa_arena_copy(&run->arena, files->items[i], strlen(files->items[i]));
    if (!names[i]) {
      names = NULL;
    }
  }
  if (!names) {
    return lqa_fail_memory(err, "reading losses");
  }
  run->manifest.loss_files = (lqa_text_list){names, files->n};
  run->manifest.loss_epochs = n_epochs;
  return LQA_OK;
}

static lqa_status read_losses(log_reader *l, const lqa_text_list *files, lqa_error *err) {
  lqa_evidence *e = &l->run->evidence;
  const lqa_high_loss out = {e->loss, e->loss_percentile, e->is_high_loss};
  if (l->records.n == 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, files->items[0], -1, NULL,
                       "'%s': none of its %lld ids is a row of this run", files->items[0],
                       (long long)l->summary.unmatched);
  }
  lqa_epoch_count epochs;
  LQA_TRY(
      lqa_loss_epochs_set(l->source, l->values.data, l->records.data, l->records.n, &epochs, err));
  l->summary.epochs = epochs.n_epochs;
  l->summary.rule = epochs.rule;
  LQA_TRY(lqa_high_loss_from_log(l->run->rows.n_rows, l->records.data, l->records.n, &out, err));
  for (int64_t row = 0; row < l->run->rows.n_rows; row++) {
    l->summary.rows += !isnan(e->loss[row]);
    l->summary.high += e->is_high_loss[row];
  }
  l->summary.records = (int64_t)l->records.n;
  return remember_files(l->run, files, l->summary.epochs, err);
}

static void tell_unmatched(const log_reader *l) {
  if (l->summary.unmatched > 0) {
    lqa_observe_message(l->run->observer, LQA_MESSAGE_WARN,
                        "%lld log lines name no row of this run, or an id that several rows share; "
                        "they were left out",
                        (long long)l->summary.unmatched);
  }
}

lqa_status lqa_run_add_losses(lqa_run *run, const lqa_text_list *files, lqa_loss_summary *summary,
                              lqa_error *err) {
  log_reader l = {.run = run};
  lqa_status status = LQA_OK;
  if (run->rows.row_id.name && index_ids(&l) != LQA_OK) {
    LQA_TRY_OUT(lqa_fail_memory(err, "reading losses"));
  }
  for (size_t i = 0; i < files->n; i++) {
    LQA_TRY_OUT(read_file(&l, files->items[i], err));
  }
  LQA_TRY_OUT(read_losses(&l, files, err));
  tell_unmatched(&l);
  *summary = l.summary;
out:
  lqa_vec_clear(&l.records);
  lqa_vec_clear(&l.row_of);
  lqa_map_free(l.ids);
  lqa_vec_clear(&l.values);
  return status;
}
