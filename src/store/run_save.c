/* store/run_save.c - making, opening and refreshing a run.
 *
 * rows.parquet holds what the audit found, run.db what judges and people said since; the two are
 * laid over each other in memory and the rule is applied. A record names labels by text: what no
 * longer fits (a verdict on another label, a class that is gone) stays in the history and is passed
 * over. */
#include "store/run.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "store/inherit.h"
#include "store/review_list.h"
#include "store/run_files.h"
#include "store/run_posterior.h"
#include "trust/rule.h"

#include <sys/stat.h>

enum { REVIEW_CHARS = 200 };

static lqa_status new_run(const char *folder, const lqa_observer *observer, lqa_run **out,
                          lqa_error *err) {
  lqa_run *run = lqa_calloc(1, sizeof *run);
  if (run) {
    run->lock = LQA_RUN_LOCK_NONE;
    run->observer = observer;
    lqa_arena_init(&run->arena);
    run->folder = strdup(folder);
    run->people = lqa_map_new(true);
  }
  if (!run || !run->folder || !run->people) {
    lqa_run_close(run);
    return lqa_fail_memory(err, "opening a run");
  }
  *out = run;
  return LQA_OK;
}

void lqa_run_close(lqa_run *run) {
  if (!run) {
    return;
  }
  lqa_run_db_close(run->db);
  lqa_evidence_clear(&run->evidence);
  lqa_run_rows_clear(&run->rows);
  lqa_map_free(run->classes);
  lqa_map_free(run->people);
  lqa_vec_clear(&run->names);
  lqa_arena_clear(&run->arena);
  lqa_run_unlock(&run->lock);
  free(run->folder);
  free(run);
}

static lqa_status index_classes(lqa_run *run, lqa_error *err) {
  uint32_t index;
  run->classes = lqa_map_new(false);
  for (int32_t k = 0; k < run->manifest.n_classes; k++) {
    if (!run->classes ||
        lqa_map_add(run->classes, run->manifest.classes[k], &index, NULL) != LQA_OK) {
      return lqa_fail_memory(err, "opening a run");
    }
  }
  return LQA_OK;
}

int32_t lqa_run_find_class(const lqa_run *run, lqa_str name) {
  return lqa_str_is_null(name) ? LQA_CLASS_NONE : (int32_t)lqa_map_find(run->classes, name);
}

lqa_status lqa_run_row_ref(const lqa_run *run, int64_t row, lqa_buf *key, lqa_row_ref *out,
                           lqa_error *err) {
  lqa_buf_reset(key);
  if (lqa_run_rows_key(&run->rows, row, key) != LQA_OK) {
    return lqa_fail_memory(err, "recording a decision");
  }
  *out = (lqa_row_ref){row, lqa_buf_str(key)};
  return LQA_OK;
}

/* ---- overlay ---- */

static lqa_status apply_verdict(void *data, const lqa_verdict_record *r, lqa_error *err) {
  (void)err;
  lqa_run *run = data;
  int64_t row = r->row.row;
  lqa_verdict verdict;
  if (row < 0 || row >= run->rows.n_rows || !lqa_verdict_parse(r->verdict, &verdict)) {
    return LQA_OK;
  }
  lqa_str label = lqa_run_rows_label(&run->rows, &run->manifest, row);
  int32_t corrected = lqa_run_find_class(run, r->corrected);
  bool is_void = lqa_str_is_null(label) != lqa_str_is_null(r->label) ||
                 !lqa_str_equal(label, r->label) ||
                 (verdict == LQA_VERDICT_NO && corrected == LQA_CLASS_NONE);
  if (is_void) {
    run->overlay.void_verdicts++;
    return LQA_OK;
  }
  run->evidence.verdict[row] = (uint8_t)verdict;
  run->evidence.corrected_label[row] = verdict == LQA_VERDICT_NO ? corrected : LQA_CLASS_NONE;
  run->overlay.verdicts++;
  return LQA_OK;
}

/* One copy per name, however many rows a person decided; NULL when out of memory. */
static const char *intern_name(lqa_run *run, lqa_str name) {
  uint32_t index;
  bool added;
  if (lqa_map_add(run->people, name, &index, &added) != LQA_OK) {
    return NULL;
  }
  if (added) {
    const char *copy = lqa_arena_copy(&run->arena, name.data, name.size);
    if (!copy || lqa_vec_push(&run->names, copy) != LQA_OK) {
      return NULL;
    }
  }
  return run->names.data[index];
}

static lqa_status apply_decision(void *data, const lqa_decision_record *r, lqa_error *err) {
  lqa_run *run = data;
  int64_t row = r->row.row;
  int32_t code = lqa_run_find_class(run, r->label);
  if (row < 0 || row >= run->rows.n_rows) {
    return LQA_OK;
  }
  if (code == LQA_CLASS_NONE) {
    run->overlay.void_decisions++;
    return LQA_OK;
  }
  const char *by = intern_name(run, r->by);
  if (!by) {
    return lqa_fail_memory(err, "reading decisions");
  }
  run->evidence.decided_label[row] = code;
  run->evidence.decided_by[row] = by;
  run->overlay.decisions++;
  return LQA_OK;
}

lqa_status lqa_run_set_decision(lqa_run *run, int64_t row, int32_t label, lqa_str by,
                                lqa_error *err) {
  lqa_evidence *e = &run->evidence;
  const char *name = label >= 0 ? intern_name(run, by) : NULL;
  if (label >= 0 && !name) {
    return lqa_fail_memory(err, "keeping a decision");
  }
  e->decided_label[row] = label >= 0 ? label : LQA_CLASS_NONE;
  e->decided_by[row] = name;
  lqa_rule_result outcome = lqa_rule_outcome(e, row);
  e->trust_score[row] = outcome.trust_score;
  e->action[row] = (uint8_t)outcome.action;
  e->suggested_label[row] = outcome.suggested_label;
  return LQA_OK;
}

static lqa_status apply_suggestion(void *data, int64_t row, lqa_str label, lqa_error *err) {
  (void)err;
  lqa_run *run = data;
  if (row >= 0 && row < run->rows.n_rows) {
    run->evidence.structural_label[row] = lqa_run_find_class(run, label);
  }
  return LQA_OK;
}

static void forget(lqa_evidence *e) {
  for (int64_t row = 0; row < e->n_rows; row++) {
    e->verdict[row] = LQA_VERDICT_NONE;
    e->corrected_label[row] = LQA_CLASS_NONE;
    e->decided_label[row] = LQA_CLASS_NONE;
    e->decided_by[row] = NULL;
  }
}

static void tell_void(const lqa_run *run) {
  const lqa_overlay *o = &run->overlay;
  if (o->void_verdicts > 0 || o->void_decisions > 0) {
    lqa_observe_message(run->observer, LQA_MESSAGE_WARN,
                        "%lld verdicts (the row's label has changed since) and %lld decisions (for "
                        "a class that is not in the list any more) are kept but do not count",
                        (long long)o->void_verdicts, (long long)o->void_decisions);
  }
}

lqa_status lqa_run_overlay(lqa_run *run, lqa_error *err) {
  run->overlay = (lqa_overlay){0};
  forget(&run->evidence);
  LQA_TRY(lqa_run_db_each_verdict(run->db, apply_verdict, run, err));
  LQA_TRY(lqa_run_db_each_decision(run->db, false, apply_decision, run, err));
  lqa_rule_run(&run->evidence);
  tell_void(run);
  return LQA_OK;
}

/* ---- after an audit ---- */

static lqa_status store_suggestions(lqa_run *run, lqa_error *err) {
  lqa_status status = LQA_OK;
  LQA_TRY(lqa_run_db_begin(run->db, err));
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    int32_t code = run->evidence.structural_label[row];
    if (code >= 0) {
      LQA_TRY_OUT(lqa_run_db_add_suggestion(run->db, row, run->manifest.classes[code], err));
    }
  }
out:
  if (status != LQA_OK) {
    lqa_run_db_roll_back(run->db);
    return status;
  }
  return lqa_run_db_commit(run->db, err);
}

static bool is_same_folder(const char *a, const char *b) {
  struct stat first, second;
  return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

/* A decision of the replaced run comes after those taken over: it is the newer word on this data.
 */
static lqa_status start_database(lqa_run *run, const lqa_run_draft *draft,
                                 const char *decisions_from, lqa_error *err) {
  char *path = lqa_path_join(run->folder, "run.db");
  if (!path) {
    return lqa_fail_memory(err, "making run.db");
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_run_db_create(path, &run->db, err));
  LQA_TRY_OUT(store_suggestions(run, err));
  if (draft->replaces) {
    LQA_TRY_OUT(lqa_run_inherit(draft->path, run->db, &run->rows, run->observer, err));
  }
  bool is_same = draft->replaces && decisions_from && is_same_folder(draft->path, decisions_from);
  if (decisions_from && !is_same) {
    LQA_TRY_OUT(lqa_run_inherit_decisions(decisions_from, run->db, &run->rows, run->observer, err));
  }
out:
  free(path);
  return status;
}

lqa_status lqa_run_new(const lqa_run_parts *parts, const lqa_run_draft *draft, lqa_run **out,
                       lqa_error *err) {
  lqa_run *run = NULL;
  LQA_TRY(new_run(draft->folder, parts->observer, &run, err));
  run->for_writing = true;
  run->manifest = *parts->manifest;
  run->manifest.n_rows = parts->dataset->n_rows;
  run->evidence = *parts->evidence;
  memset(parts->evidence, 0, sizeof *parts->evidence);
  lqa_run_rows_of_dataset(parts->dataset, &run->rows);
  lqa_status status;
  LQA_TRY_OUT(index_classes(run, err));
  LQA_TRY_OUT(start_database(run, draft, parts->decisions_from, err));
  status = lqa_run_overlay(run, err);
out:
  if (status != LQA_OK) {
    lqa_run_close(run);
    return status;
  }
  *out = run;
  return LQA_OK;
}

/* ---- files ---- */

static lqa_status save_rows(void *data, const lqa_observer *observer, lqa_error *err) {
  const lqa_run *run = data;
  const lqa_rows_output output = {&run->rows, &run->evidence, &run->manifest, observer};
  return lqa_rows_save(&output, run->folder, err);
}

static lqa_status save_review(const lqa_run *run, lqa_error *err) {
  char *path = lqa_path_join(run->folder, "review.csv");
  if (!path) {
    return lqa_fail_memory(err, "writing review.csv");
  }
  const lqa_review_output review = {
      .path = path, .format = LQA_TABLE_CSV, .max_chars = REVIEW_CHARS};
  lqa_status status = lqa_review_save(run, &review, err);
  free(path);
  return status;
}

static lqa_status save_pred_probs(const lqa_run *run, const float *pred_probs, lqa_error *err) {
  char *path = lqa_path_join(run->folder, "pred_probs.npy");
  if (!path) {
    return lqa_fail_memory(err, "writing pred_probs.npy");
  }
  lqa_status status =
      lqa_npy_save_f32(path, pred_probs, run->rows.n_rows, run->manifest.n_classes, err);
  free(path);
  return status;
}

static lqa_status save_small(const lqa_run *run, const float *pred_probs, lqa_error *err) {
  LQA_TRY(pred_probs ? save_pred_probs(run, pred_probs, err) : LQA_OK);
  return save_review(run, err);
}

/* rows.parquet takes longest: the others are written beside it. Its failure is told first. */
static lqa_status save_tables(lqa_run *run, const float *pred_probs, lqa_error *err) {
  lqa_background *rows = NULL;
  lqa_error other;
  LQA_TRY(lqa_background_start(save_rows, run, run->observer, &rows, err));
  lqa_status status = save_small(run, pred_probs, &other);
  lqa_status rows_status = lqa_background_wait(rows, err);
  lqa_background_free(rows);
  if (rows_status == LQA_OK && status != LQA_OK && err) {
    *err = other;
  }
  return rows_status != LQA_OK ? rows_status : status;
}

lqa_status lqa_run_save(lqa_run *run, const float *pred_probs, lqa_error *err) {
  LQA_TRY(lqa_classes_save(&run->manifest, run->folder, err));
  LQA_TRY(save_tables(run, pred_probs, err));
  return lqa_manifest_save(&run->manifest, run->folder, err);
}

lqa_status lqa_run_seal(lqa_run *run, lqa_error *err) {
  return lqa_sql_fold_log(lqa_run_db_sql(run->db), err);
}

/* ---- opening ---- */

/* When rows.parquet was written; zero where it is missing. */
static struct timespec find_rows_time(const lqa_run *run) {
  struct stat info = {0};
  char *path = lqa_path_join(run->folder, "rows.parquet");
  if (path && stat(path, &info) != 0) {
    info.st_mtim = (struct timespec){0, 0};
  }
  free(path);
  return info.st_mtim;
}

static lqa_status load_rows(lqa_run *run, lqa_error *err) {
  run->rows_time = find_rows_time(run);
  LQA_TRY(lqa_rows_load(run->folder, &run->manifest, &run->rows, &run->evidence, err));
  return lqa_run_db_each_suggestion(run->db, apply_suggestion, run, err);
}

static lqa_status open_database(lqa_run *run, lqa_error *err) {
  char *path = lqa_path_join(run->folder, "run.db");
  if (!path) {
    return lqa_fail_memory(err, "opening run.db");
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_run_db_open(path, run->for_writing, &run->db, err));
  lqa_sql_set_observer(lqa_run_db_sql(run->db), run->observer);
out:
  free(path);
  return status;
}

static lqa_status open_parts(lqa_run *run, lqa_error *err) {
  LQA_TRY(lqa_run_check_files(run->folder, err));
  if (run->for_writing) {
    LQA_TRY(lqa_run_lock_shared(run->folder, &run->lock, err));
  }
  LQA_TRY(lqa_manifest_load(run->folder, &run->arena, &run->manifest, err));
  run->loaded = run->manifest;
  LQA_TRY(open_database(run, err));
  LQA_TRY(index_classes(run, err));
  LQA_TRY(load_rows(run, err));
  return lqa_run_overlay(run, err);
}

lqa_status lqa_run_open(const char *path, bool for_writing, const lqa_observer *observer,
                        lqa_run **out, lqa_error *err) {
  lqa_run *run = NULL;
  LQA_TRY(new_run(path, observer, &run, err));
  run->for_writing = for_writing;
  lqa_status status = open_parts(run, err);
  if (status != LQA_OK) {
    lqa_run_close(run);
    return status;
  }
  *out = run;
  return LQA_OK;
}

/* ---- refreshing ---- */

/* What another command wrote meanwhile, under what this one changed. */
static lqa_status merge_changes(lqa_run *run, lqa_error *err) {
  const lqa_manifest *ours = &run->manifest, *old = &run->loaded;
  bool new_losses = ours->loss_files.items != old->loss_files.items;
  bool new_judges = ours->judge_models.items != old->judge_models.items;
  lqa_manifest merged;
  LQA_TRY(lqa_manifest_load(run->folder, &run->arena, &merged, err));
  merged.sources_named = ours->sources_named;
  merged.is_own = ours->is_own && merged.maker && strcmp(merged.maker, ours->maker) == 0;
  if (new_losses) {
    merged.loss_files = ours->loss_files;
    merged.loss_epochs = ours->loss_epochs;
  }
  if (new_judges) {
    merged.judge_models = ours->judge_models;
  }
  run->manifest = merged;
  if (new_losses) {
    return LQA_OK; /* nobody else writes evidence */
  }
  lqa_run_rows_clear(&run->rows);
  lqa_evidence_clear(&run->evidence);
  return load_rows(run, err);
}

lqa_status lqa_run_reload(lqa_run *run, bool *changed, lqa_error *err) {
  struct timespec now = find_rows_time(run);
  *changed = now.tv_sec != run->rows_time.tv_sec || now.tv_nsec != run->rows_time.tv_nsec;
  if (*changed) {
    LQA_TRY(merge_changes(run, err));
  }
  return lqa_run_overlay(run, err);
}

/* The posterior anew, after what judges and people have said since. */
static lqa_status weigh_evidence(lqa_run *run, lqa_error *err) {
  lqa_pool *pool = lqa_pool_new(0);
  if (!pool) {
    return lqa_fail_memory(err, "weighing the evidence");
  }
  lqa_run_posterior_options options = {.pool = pool};
  lqa_status status;
  LQA_TRY_OUT(lqa_run_posterior(run, &options, err));
  lqa_rule_run(&run->evidence);
out:
  lqa_pool_free(pool);
  return status;
}

lqa_status lqa_run_refresh(lqa_run *run, lqa_error *err) {
  struct timespec now = find_rows_time(run);
  bool is_changed = now.tv_sec != run->rows_time.tv_sec || now.tv_nsec != run->rows_time.tv_nsec;
  if (is_changed && !run->rows.dataset) {
    LQA_TRY(merge_changes(run, err));
  }
  LQA_TRY(lqa_run_overlay(run, err));
  LQA_TRY(weigh_evidence(run, err));
  LQA_TRY(save_tables(run, NULL, err));
  LQA_TRY(lqa_manifest_save(&run->manifest, run->folder, err));
  run->loaded = run->manifest;
  run->rows_time = find_rows_time(run);
  return LQA_OK;
}

/* ---- the report ---- */

lqa_status lqa_run_keep_report(lqa_run *run, lqa_str json, lqa_error *err) {
  return lqa_run_db_set_document(run->db, "report", json, err);
}

lqa_status lqa_run_load_report(const lqa_run *run, lqa_buf *json, lqa_error *err) {
  bool found = false;
  LQA_TRY(lqa_run_db_get_document(run->db, "report", json, &found, err));
  if (found) {
    return LQA_OK;
  }
  char *path = lqa_path_join(run->folder, "report.json");
  lqa_status status =
      path ? lqa_file_load(path, json, err) : lqa_fail_memory(err, "reading the report");
  free(path);
  return status;
}

lqa_status lqa_run_population(const lqa_run *run, char out[33], lqa_error *err) {
  lqa_hash128 sum = {0, 0};
  lqa_buf text;
  bool failed = false;
  lqa_buf_init(&text, SIZE_MAX / 4);
  for (int64_t row = 0; row < run->rows.n_rows && !failed; row++) {
    lqa_str label = lqa_run_rows_label(&run->rows, &run->manifest, row);
    lqa_buf_reset(&text);
    failed = lqa_run_rows_key(&run->rows, row, &text) != LQA_OK;
    lqa_buf_add_char(&text, lqa_str_is_null(label) ? '0' : '1');
    lqa_buf_add_str(&text, label);
    failed = failed || text.failed;
    lqa_hash128 hash = failed ? sum : lqa_hash128_of(text.data, text.size);
    sum.high += hash.high; /* a sum: the order of rows plays no part */
    sum.low += hash.low;
  }
  lqa_buf_clear(&text);
  lqa_hash128_format(sum, out);
  return failed ? lqa_fail_memory(err, "fingerprinting the rows") : LQA_OK;
}
