/* The stages in their order: read, look at the structure, train out of fold, find label issues,
 * look at the structure again with probabilities at hand, losses, outcome. Each stage leaves its
 * result in the session; nothing is printed and nothing written.
 */
#include "api/audit_session.h"

#include "api/source_map.h"
#include "audit/high_loss/high_loss.h"
#include "audit/phrase.h"
#include "audit/row_list.h"
#include "base/clock.h"
#include "base/memory.h"
#include "model/problem/metrics.h"
#include "trust/rule.h"

#include <math.h>

enum { MOST_SNAPSHOT_COLUMNS = 8000 };

void lqa_audit_session_time(lqa_audit_session *s, const char *stage, double started) {
  if (s->n_timings < LQA_SESSION_MAX_STAGES) {
    double seconds = round((lqa_clock_seconds() - started) * 1e4) / 1e4;
    s->timings[s->n_timings++] = (lqa_report_timing){stage, seconds, lqa_peak_rss_bytes()};
  }
}

void lqa_audit_session_clear(lqa_audit_session *s) {
  lqa_background_free(s->snapshot);
  if (s->has_evidence) {
    lqa_evidence_clear(&s->evidence);
  }
  lqa_label_issues_clear(&s->issues);
  if (s->has_model) {
    lqa_crossval_clear(&s->model);
  }
  free(s->given_probs);
  if (s->has_audits) {
    lqa_audit_run_clear(&s->audits);
  }
  lqa_audit_reference_clear(&s->reference);
  lqa_dataset_free(s->dataset);
  lqa_source_close(s->source);
  lqa_pool_free(s->pool);
  lqa_arena_clear(&s->arena);
}

/* The user's parameters after what --min-class-rows comes to, so that a parameter wins. */
static lqa_status list_params(lqa_audit_session *s, lqa_text_list *out, lqa_error *err) {
  const lqa_audit_args *a = s->args;
  const char **items = lqa_arena_alloc(&s->arena, a->set.n + 1, sizeof *items);
  const char *rows =
      lqa_arena_printf(&s->arena, "rare-class.min-rows=%lld", (long long)a->source.min_class_rows);
  if (!items || !rows) {
    return lqa_fail_memory(err, "reading options");
  }
  items[0] = rows;
  for (size_t i = 0; i < a->set.n; i++) {
    items[i + 1] = a->set.items[i];
  }
  *out = (lqa_text_list){items, a->set.n + 1};
  return LQA_OK;
}

static lqa_status prepare(lqa_audit_session *s, lqa_error *err) {
  const lqa_audit_args *a = s->args;
  lqa_audit_choices choices = {
      .checks = a->checks, .severity = a->severity, .baseline = a->baseline};
  LQA_TRY(list_params(s, &choices.set, err));
  LQA_TRY(lqa_audit_run_init(&s->audits, &choices, err));
  s->has_audits = true;
  s->pool = lqa_pool_new((int)a->common.threads);
  return s->pool ? LQA_OK : lqa_fail_memory(err, "starting threads");
}

/* What DuckDB takes while it writes texts: up to 230 MB measured. */
enum { WRITER_BYTES = 256 << 20 };

static lqa_status write_snapshot(void *data, const lqa_observer *observer, lqa_error *err) {
  lqa_audit_session *s = data;
  return lqa_source_snapshot(s->source, s->snapshot_path, observer, err);
}

bool lqa_audit_session_has_room(const lqa_audit_session *s) {
  int64_t limit = (int64_t)s->args->source.memory_limit;
  return limit == 0 || lqa_rss_bytes() + WRITER_BYTES <= limit;
}

/* The source is not needed again, so its copy can be written beside the other stages: from the
 * start, or under a memory limit once the model has given its memory back, if there is room; not
 * where the user wants one thread. */
static lqa_status start_snapshot(lqa_audit_session *s, bool has_trained, lqa_error *err) {
  bool is_limited = s->args->source.memory_limit > 0, alone = s->args->common.threads == 1;
  return s->snapshot_path && !alone && has_trained == is_limited && lqa_audit_session_has_room(s)
             ? lqa_background_start(write_snapshot, s, s->args->common.observer, &s->snapshot, err)
             : LQA_OK;
}

/* Before any work: a run that can be read. */
static lqa_status check_decisions(const lqa_audit_session *s, lqa_error *err) {
  lqa_run *run = NULL;
  if (!s->args->decisions_from) {
    return LQA_OK;
  }
  LQA_TRY(lqa_run_open(s->args->decisions_from, false, s->args->common.observer, &run, err));
  lqa_run_close(run);
  return LQA_OK;
}

/* Parquet's writer holds a block per column: of very many, more than a machine has. */
static void forgo_wide_snapshot(lqa_audit_session *s) {
  size_t n = lqa_source_count_columns(s->source);
  if (s->snapshot_path && n > MOST_SNAPSHOT_COLUMNS) {
    s->snapshot_path = NULL;
    lqa_observe_message(
        s->args->common.observer, LQA_MESSAGE_WARN,
        "%s: %zu columns are too many to keep a copy of (source.parquet): none is "
        "kept, as with " LQA_OPTION("no_snapshot") ", and later commands read the source again",
        s->dataset->files[0].path, n);
  }
}

static lqa_status read_source(lqa_audit_session *s, lqa_error *err) {
  const lqa_observer *observer = s->args->common.observer;
  s->source_options =
      lqa_source_options_from(&s->args->source, &s->args->sources, &s->args->common);
  s->source_options.temporary_folder = s->temporary_folder;
  lqa_observe_progress(observer, "reading", -1);
  LQA_TRY(check_decisions(s, err));
  const lqa_audit_reference_paths held_against = {s->args->against, s->args->migrated_from,
                                                  s->args->map};
  LQA_TRY(
      lqa_audit_reference_load(&s->reference, &held_against, &s->source_options, observer, err));
  LQA_TRY(lqa_source_open(&s->source_options, observer, &s->source, err));
  LQA_TRY(lqa_source_load(s->source, &s->dataset, err));
  forgo_wide_snapshot(s);
  return start_snapshot(s, false, err);
}

void lqa_audit_session_close_source(lqa_audit_session *s) {
  lqa_source_close(s->source);
  s->source = NULL;
}

lqa_status lqa_audit_session_finish_snapshot(lqa_audit_session *s, lqa_error *err) {
  if (!s->snapshot_path) {
    return LQA_OK;
  }
  double started = lqa_clock_seconds();
  lqa_observe_progress(s->args->common.observer, "writing the snapshot", -1);
  lqa_status status = s->snapshot ? lqa_background_wait(s->snapshot, err)
                                  : write_snapshot(s, s->args->common.observer, err);
  lqa_audit_session_time(s, "snapshot", started);
  return status;
}

static lqa_audit_input known_facts(const lqa_audit_session *s) {
  return (lqa_audit_input){.dataset = s->dataset,
                           .pool = s->pool,
                           .observer = s->args->common.observer,
                           .seed = (uint64_t)s->args->common.seed,
                           .memory_bytes = s->args->source.memory_limit,
                           .against = s->reference.has_against ? &s->reference.against : NULL,
                           .migration = s->reference.has_migration ? &s->reference.migration : NULL,
                           .train_accuracy = NAN,
                           .out_of_fold_accuracy = NAN};
}

static lqa_status look_at_structure(lqa_audit_session *s, lqa_error *err) {
  lqa_audit_input known = known_facts(s);
  lqa_observe_progress(s->args->common.observer, "checking structure", -1);
  return lqa_audit_run_structural(&s->audits, &known, err);
}

/* "1,2" as two numbers; one number stands for both. */
static lqa_status parse_ngrams(const lqa_text_list *list, lqa_crossval_options *options,
                               lqa_error *err) {
  long long lo = 1, hi = 2;
  bool ok = list->n >= 1 && list->n <= 2 && lqa_str_to_int64(lqa_str_from(list->items[0]), &lo) &&
            lqa_str_to_int64(lqa_str_from(list->items[list->n - 1]), &hi);
  if (list->n > 0 && (!ok || lo < 1 || hi < lo || hi > 8)) {
    return lqa_fail(
        err, LQA_BAD_USAGE,
        LQA_OPTION("ngrams") ": expected LOW,HIGH with 1 <= LOW <= HIGH <= 8, such as 1,2");
  }
  options->ngram_lo = (int)lo;
  options->ngram_hi = (int)hi;
  return LQA_OK;
}

static lqa_status model_options(const lqa_audit_session *s, lqa_crossval_options *options,
                                lqa_error *err) {
  const lqa_audit_args *a = s->args;
  lqa_crossval_options_init(options);
  if (!lqa_model_kind_of(lqa_str_from(a->model), &options->kind)) {
    return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION_AS("model", "%s") ": there is no such model",
                    a->model);
  }
  options->n_folds = (int)a->folds;
  options->C = a->C;
  options->min_df = a->min_df;
  options->max_features = a->max_features;
  options->seed = (uint64_t)a->common.seed;
  options->memory_bytes = a->source.memory_limit;
  options->temporary_folder = s->temporary_folder;
  options->cluster = s->audits.cluster;
  options->loose = s->audits.is_by_chance;
  options->pool = s->pool;
  options->observer = a->common.observer;
  return parse_ngrams(&a->ngrams, options, err);
}

/* Says how many given rows hold a NaN; an error where no row can be scored for it. */
static lqa_status tell_missing(lqa_audit_session *s, const lqa_row_list *missing, int64_t n_scored,
                               lqa_error *err) {
  const lqa_text_list *names = &s->args->source.pred_probs;
  if (n_scored == 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, names->items[0], -1, NULL,
                       "'%s'%s: no row can be scored: every row with a known label has a NaN or an "
                       "empty cell among its probabilities; make them again, or leave " LQA_OPTION(
                           "pred_probs") " "
                                         "out",
                       names->items[0], names->n > 1 ? " and the other columns" : "");
  }
  if (missing->n == 0) {
    return LQA_OK;
  }
  const char **notes = lqa_arena_alloc(&s->arena, 1, sizeof *notes);
  const char *note = lqa_arena_printf(
      &s->arena, "%s a NaN or an empty cell among the given probabilities (%s): not scored",
      lqa_phrase_count(&s->arena, (int64_t)missing->n, "row has", "rows have"),
      lqa_phrase_rows(&s->arena, missing->data, (int64_t)missing->n));
  if (!notes || !note) {
    return lqa_fail_memory(err, "reading the given probabilities");
  }
  notes[0] = note;
  s->report.notes = notes;
  s->report.n_notes = 1;
  return LQA_OK;
}

/* A row with any NaN has no distribution: all of it becomes NaN, as every later stage and
 * pred_probs.npy have it for rows that are not scored. */
static lqa_status blank_missing(lqa_audit_session *s, lqa_error *err) {
  int32_t n_classes = s->dataset->n_classes;
  lqa_row_list missing = {0};
  lqa_status status = LQA_OK;
  int64_t n_scored = 0;
  for (int64_t row = 0; row < s->dataset->n_rows; row++) {
    float *p = s->given_probs + row * n_classes;
    if (lqa_best_class(p, n_classes) >= 0) {
      n_scored += lqa_dataset_is_scorable(s->dataset, row);
      continue;
    }
    for (int32_t k = 0; k < n_classes; k++) {
      p[k] = NAN;
    }
    LQA_TRY_OUT(lqa_vec_push(&missing, row));
  }
out:
  status = status == LQA_OK ? tell_missing(s, &missing, n_scored, err)
                            : lqa_fail_memory(err, "reading the given probabilities");
  lqa_vec_clear(&missing);
  return status;
}

/* Given probabilities as float32, what pred_probs.npy stores and flags are computed from. */
static lqa_status copy_given_probs(lqa_audit_session *s, lqa_error *err) {
  const lqa_matrix *given = s->dataset->pred_probs;
  size_t k = (size_t)s->dataset->n_classes;
  s->given_probs = lqa_malloc((size_t)s->dataset->n_rows * k, sizeof *s->given_probs);
  if (!s->given_probs) {
    return lqa_fail_memory(err, "reading the given probabilities");
  }
  for (int64_t i = 0; i < s->dataset->n_rows; i++) {
    lqa_matrix_row_f32(given, i, s->given_probs + (size_t)i * k);
  }
  s->pred_probs = s->given_probs;
  s->report.confident.model = "given probabilities";
  s->report.confident.train_accuracy = NAN;
  s->report.confident.out_of_fold_accuracy = NAN;
  return blank_missing(s, err);
}

static lqa_status cross_validate(lqa_audit_session *s, lqa_error *err) {
  lqa_crossval_options options;
  LQA_TRY(model_options(s, &options, err));
  LQA_TRY(lqa_crossval_run(s->dataset, &options, &s->model, err));
  s->has_model = true;
  s->pred_probs = s->model.pred_probs;
  s->report.confident.model = s->model.model;
  s->report.confident.train_accuracy = s->model.train_accuracy;
  s->report.confident.trained_member = s->model.trained_member;
  s->report.confident.out_of_fold_accuracy = s->model.out_of_fold_accuracy;
  s->report.notes = s->model.notes.data;
  s->report.n_notes = (int64_t)s->model.notes.n;
  return LQA_OK;
}

static lqa_status train(lqa_audit_session *s, lqa_error *err) {
  LQA_TRY(s->dataset->pred_probs ? copy_given_probs(s, err) : cross_validate(s, err));
  return start_snapshot(s, true, err);
}

/* Labels of scorable rows, -1 for the rest. */
static int32_t *scorable_labels(lqa_audit_session *s) {
  size_t n = (size_t)s->dataset->n_rows;
  int32_t *label = lqa_arena_alloc(&s->arena, n + 1, sizeof *label);
  for (size_t i = 0; label && i < n; i++) {
    label[i] = lqa_dataset_is_scorable(s->dataset, (int64_t)i) ? s->dataset->label[i] : -1;
  }
  return label;
}

static lqa_status find_label_issues(lqa_audit_session *s, lqa_error *err) {
  lqa_observe_progress(s->args->common.observer, "finding label issues", -1);
  lqa_label_issues_input input = {.pred_probs = s->pred_probs,
                                  .label = scorable_labels(s),
                                  .n_rows = s->dataset->n_rows,
                                  .n_classes = s->dataset->n_classes,
                                  .ties = LQA_TIES_STABLE,
                                  .pool = s->pool};
  if (!input.label) {
    return lqa_fail_memory(err, "finding label issues");
  }
  s->report.confident.tie_order = "stable";
  LQA_TRY(lqa_label_issues_find(&input, &s->issues, err));
  lqa_scored scored = {input.pred_probs, input.label, input.n_rows, input.n_classes};
  if (lqa_metrics_run(&scored, &s->metrics) != LQA_OK) {
    return lqa_fail_memory(err, "finding label issues");
  }
  s->report.confident.has_skill = s->metrics.n_rows == 0 || lqa_metrics_has_skill(&s->metrics);
  if (!s->report.confident.has_skill) {
    lqa_label_issues_drop(&s->issues);
  }
  return LQA_OK;
}

static lqa_status look_again(lqa_audit_session *s, lqa_error *err) {
  lqa_audit_input known = known_facts(s);
  known.pred_probs = s->pred_probs;
  known.fold = s->has_model ? s->model.fold : NULL;
  known.train_accuracy = s->report.confident.train_accuracy;
  known.out_of_fold_accuracy = s->report.confident.out_of_fold_accuracy;
  known.trained_member = s->report.confident.trained_member;
  known.metrics = &s->metrics;
  lqa_observe_progress(s->args->common.observer, "checking alignment", -1);
  return lqa_audit_run_modelled(&s->audits, &known, err);
}

/* All evidence into one place, then the rule. */
static lqa_status judge_rows(lqa_audit_session *s, lqa_error *err) {
  lqa_evidence *e = &s->evidence;
  size_t n = (size_t)s->dataset->n_rows;
  LQA_TRY(lqa_evidence_init(e, s->dataset->n_rows, s->dataset->n_classes, s->dataset->label, err));
  s->has_evidence = true;
  memcpy(e->predicted_label, s->issues.predicted, n * sizeof *e->predicted_label);
  memcpy(e->self_confidence, s->issues.self_confidence, n * sizeof *e->self_confidence);
  memcpy(e->is_label_issue, s->issues.is_issue, n);
  memcpy(e->issue_rank, s->issues.rank, n * sizeof *e->issue_rank);
  lqa_high_loss losses = {e->loss, e->loss_percentile, e->is_high_loss};
  LQA_TRY(lqa_high_loss_from_confidence(s->dataset->n_rows, e->self_confidence, &losses, err));
  lqa_audit_marks marks = {e->finding_bits, e->has_error_finding, e->structural_label};
  lqa_audit_run_mark(&s->audits, &marks);
  lqa_rule_run(e);
  return LQA_OK;
}

static lqa_status fill_report(lqa_audit_session *s, lqa_error *err) {
  lqa_report *r = &s->report;
  r->version = lqa_version();
  r->n_rows = s->dataset->n_rows;
  r->classes = s->dataset->classes;
  r->n_classes = s->dataset->n_classes;
  r->judge.cost_usd = NAN;
  r->judge.agreement = NAN;
  LQA_TRY(lqa_report_add_findings(r, &s->audits.findings, &s->arena, err));
  LQA_TRY(lqa_report_add_not_run(r, &s->audits, &s->arena, err));
  LQA_TRY(lqa_report_add_lengths(r, s->dataset, &s->arena, err));
  LQA_TRY(lqa_report_add_confident(r, s->dataset, &s->issues, &s->arena, err));
  lqa_report_add_actions(r, &s->evidence);
  return s->has_model ? lqa_report_add_model(r, &s->model, &s->arena, err) : LQA_OK;
}

lqa_status lqa_audit_session_run(lqa_audit_session *s, const lqa_audit_args *args, lqa_error *err) {
  static const struct {
    const char *name;
    lqa_status (*run)(lqa_audit_session *s, lqa_error *err);
  } stages[] = {{"prepare", prepare},
                {"read", read_source},
                {"structure", look_at_structure},
                {"model", train},
                {"confident_learning", find_label_issues},
                {"alignment", look_again},
                {"trust", judge_rows},
                {"summary", fill_report}};
  s->args = args;
  lqa_arena_init(&s->arena);
  for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
    double started = lqa_clock_seconds();
    LQA_TRY(stages[i].run(s, err));
    LQA_TRY(lqa_observe_check(args->common.observer, err));
    if (s->dataset) { /* mapped texts that were read count as memory until they are let go */
      lqa_dataset_release_content(s->dataset, s->dataset->n_rows);
    }
    lqa_audit_session_time(s, stages[i].name, started);
  }
  return LQA_OK;
}
