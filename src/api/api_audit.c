/* labelqa audit: runs the stages (audit_session.c) and puts the run folder in place in one step.
 *
 * What can be refused is refused first: conditions, checks, a run in the way. The folder is written
 * beside its place; any failure leaves nothing behind.
 */
#include "api/audit_session.h"
#include "api/command.h"
#include "report/fail_if.h"
#include "api/option_values.h"
#include "api/result.h"
#include "api/report_result.h"
#include "api/report_truth.h"
#include "report/run_report.h"
#include "api/source_options.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/run_claim.h"
#include "store/run_name.h"
#include "store/run_posterior.h"
#include "trust/rule.h"

static const lqa_option options[];

enum { MAX_REPORT_BYTES = 256 << 20 };
static const size_t MAX_BASELINE_BYTES = (size_t)1 << 30;

static lqa_status fill_manifest(lqa_audit_session *s, lqa_manifest *m, lqa_error *err) {
  char *made = lqa_arena_alloc(&s->arena, 32, 1);
  const lqa_source_roles *roles = NULL;
  if (!made) {
    return lqa_fail_memory(err, "writing the manifest");
  }
  lqa_clock_utc(made);
  *m = (lqa_manifest){.version = lqa_version(),
                      .command = "audit",
                      .made_utc = made,
                      .seed = s->args->common.seed,
                      .n_rows = s->dataset->n_rows,
                      .source = s->source_options,
                      .files = s->dataset->files,
                      .n_files = s->dataset->n_files,
                      .has_snapshot = s->snapshot_path != NULL,
                      .content_kind = s->dataset->kind,
                      .classes = s->dataset->classes,
                      .n_classes = s->dataset->n_classes,
                      .classes_given = s->dataset->classes_given,
                      .tie_order = s->report.confident.tie_order,
                      .model = s->report.confident.model};
  LQA_TRY(lqa_source_resolve(s->source, &roles, err));
  lqa_manifest_set_roles(m, roles);
  return lqa_option_values(options, s->args, &s->arena, &m->options, &m->n_options, err);
}

/* Columns of the source and severities of this run, which later commands need. */
static lqa_status fill_manifest_lists(lqa_audit_session *s, lqa_manifest *m, lqa_error *err) {
  size_t n_columns = lqa_source_count_columns(s->source), n = s->audits.findings.items.n;
  const char **columns = lqa_arena_alloc(&s->arena, n_columns + 1, sizeof *columns);
  lqa_run_severity *severities = lqa_arena_alloc(&s->arena, n + 1, sizeof *severities);
  lqa_run_stage *stages = lqa_arena_alloc(&s->arena, LQA_SESSION_MAX_STAGES, sizeof *stages);
  if (!columns || !severities || !stages) {
    return lqa_fail_memory(err, "writing the manifest");
  }
  for (size_t c = 0; c < n_columns; c++) {
    columns[c] = lqa_source_column_name(s->source, c);
  }
  m->columns = columns;
  m->n_columns = n_columns;
  for (size_t i = 0; i < n; i++) {
    const lqa_finding *f = &s->audits.findings.items.data[i];
    bool is_new = i == 0 || severities[m->n_severities - 1].id != f->kind->id;
    if (is_new) {
      severities[m->n_severities++] =
          (lqa_run_severity){f->kind->id, lqa_severity_name(f->severity)};
    }
  }
  m->severities = severities;
  for (int i = 0; i < s->n_timings; i++) {
    stages[i] =
        (lqa_run_stage){s->timings[i].stage, s->timings[i].seconds, s->timings[i].peak_rss_bytes};
  }
  m->stages = stages;
  m->n_stages = (size_t)s->n_timings;
  m->peak_rss_bytes = lqa_peak_rss_bytes();
  return LQA_OK;
}

/* Only this user's later commands may read what lies outside the run. */
static lqa_status sign(lqa_audit_session *s, lqa_manifest *m, lqa_error *err) {
  const lqa_run_claim claim = {.state_home = s->args->state_home, .home = s->args->home};
  if (m->has_snapshot && !m->source.embeddings) {
    return LQA_OK;
  }
  char *mark = lqa_arena_alloc(&s->arena, 65, 1);
  if (!mark) {
    return lqa_fail_memory(err, "writing the manifest");
  }
  m->maker = mark;
  return lqa_run_claim_sign(&claim, m, true, mark, err);
}

static lqa_status fill_check_times(lqa_audit_session *s, lqa_manifest *m, lqa_error *err) {
  lqa_run_check_time *times = lqa_arena_alloc(&s->arena, LQA_AUDIT_COUNT + 1, sizeof *times);
  if (!times) {
    return lqa_fail_memory(err, "writing the manifest");
  }
  times[m->n_checks++] = (lqa_run_check_time){"clusters", s->audits.cluster_seconds};
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    if (s->audits.seconds[i] > 0) {
      const lqa_audit *audit = lqa_audit_get((lqa_audit_number)i);
      times[m->n_checks++] = (lqa_run_check_time){audit->id, s->audits.seconds[i]};
    }
  }
  m->checks = times;
  return LQA_OK;
}

static lqa_status write_report(lqa_audit_session *s, lqa_run *run, const char *path,
                               lqa_result *result, lqa_error *err) {
  LQA_TRY(lqa_run_report_complete(run, path, LQA_REPORT_DEFAULT_TOP, &s->arena, &s->report, err));
  LQA_TRY(lqa_report_truth_add(run, &s->report, err));
  s->report.timings = s->timings;
  s->report.n_timings = s->n_timings;
  s->report.peak_rss_bytes = lqa_peak_rss_bytes();
  LQA_TRY(lqa_run_report_save(&s->report, run->folder, err));
  if (lqa_report_result_show(&s->report, (int)s->args->common.width, result) != LQA_OK) {
    return lqa_fail_memory(err, "writing the result");
  }
  lqa_buf kept; /* with the marks of options, for whoever shows it later */
  lqa_buf_init(&kept, MAX_REPORT_BYTES);
  lqa_report_json(&s->report, &kept);
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&kept, err));
  status = lqa_run_keep_report(run, lqa_buf_str(&kept), err);
out:
  lqa_buf_clear(&kept);
  return status;
}

/* Everything into the draft's folder. */
static lqa_status write_run(lqa_audit_session *s, const lqa_run_draft *draft, lqa_result *result,
                            lqa_error *err) {
  lqa_manifest manifest;
  lqa_run *run = NULL;
  bool beside = s->snapshot && lqa_audit_session_has_room(s); /* rows.parquet is written too */
  LQA_TRY(beside ? LQA_OK : lqa_audit_session_finish_snapshot(s, err));
  double started = lqa_clock_seconds();
  LQA_TRY(fill_manifest(s, &manifest, err));
  LQA_TRY(fill_manifest_lists(s, &manifest, err));
  LQA_TRY(fill_check_times(s, &manifest, err));
  LQA_TRY(sign(s, &manifest, err));
  lqa_run_parts parts = {&manifest, s->dataset, &s->evidence, s->args->common.observer,
                         s->args->decisions_from};
  lqa_observe_progress(s->args->common.observer, "writing the run", -1);
  LQA_TRY(lqa_run_new(&parts, draft, &run, err));
  lqa_run_posterior_options posterior = {
      .pred_probs = s->pred_probs, .pool = s->pool, .memory_bytes = s->args->source.memory_limit};
  lqa_status status;
  double weighed = lqa_clock_seconds();
  LQA_TRY_OUT(lqa_run_posterior(run, &posterior, err));
  lqa_audit_session_time(s, "posterior", weighed);
  started += lqa_clock_seconds() - weighed; /* "write" is without it */
  lqa_rule_run(&run->evidence);
  LQA_TRY_OUT(lqa_run_save(run, s->pred_probs, err));
  lqa_audit_session_time(s, "write", started);
  if (beside) {
    LQA_TRY_OUT(lqa_audit_session_finish_snapshot(s, err));
  }
  LQA_TRY_OUT(write_report(s, run, draft->path, result, err));
  status = lqa_run_seal(run, err);
out:
  lqa_run_close(run);
  return status;
}

/* --write-baseline: what was accepted before, and all that was found now. */
static lqa_status write_baseline(const lqa_audit_session *s, lqa_error *err) {
  const lqa_audit_args *args = s->args;
  if (!args->write_baseline) {
    return LQA_OK;
  }
  lqa_buf text;
  lqa_buf_init(&text, MAX_BASELINE_BYTES);
  lqa_status status;
  LQA_TRY_OUT(args->baseline ? lqa_file_load(args->baseline, &text, err) : LQA_OK);
  if (text.size > 0 && text.data[text.size - 1] != '\n') {
    lqa_buf_add_char(&text, '\n');
  }
  lqa_baseline_write(&s->audits.findings, s->dataset, &text);
  LQA_TRY_OUT(lqa_buf_check(&text, err));
  status = lqa_file_save(args->write_baseline, text.data, text.size, err);
out:
  lqa_buf_clear(&text);
  return status;
}

static lqa_status audit_into(lqa_audit_session *s, const lqa_audit_args *args, lqa_run_draft *draft,
                             lqa_result *result, lqa_error *err) {
  LQA_TRY(lqa_audit_session_run(s, args, err));
  LQA_TRY(write_baseline(s, err));
  return write_run(s, draft, result, err);
}

static lqa_status run_into(const lqa_audit_args *args, const char *path, lqa_result *result,
                           lqa_error *err) {
  lqa_run_draft draft;
  lqa_audit_session *session = lqa_calloc(1, sizeof *session);
  if (!session) {
    return lqa_fail_memory(err, "starting the audit");
  }
  lqa_status status = lqa_run_draft_begin(path, args->overwrite != 0, &draft, err);
  if (status != LQA_OK) {
    free(session);
    return status;
  }
  char *snapshot_path = args->no_snapshot ? NULL : lqa_path_join(draft.folder, "source.parquet");
  session->snapshot_path = snapshot_path;
  session->temporary_folder = draft.folder;
  status = snapshot_path || args->no_snapshot ? audit_into(session, args, &draft, result, err)
                                              : lqa_fail_memory(err, "starting the audit");
  lqa_background_free(session->snapshot); /* before its folder goes */
  session->snapshot = NULL;
  lqa_audit_session_close_source(session); /* nor may its temporary files move with it */
  if (status == LQA_OK) {
    status = lqa_run_draft_commit(&draft, err);
  } else {
    lqa_run_draft_discard(&draft);
  }
  if (status == LQA_OK) {
    status = lqa_fail_if_run(&args->fail_if, &session->report, err);
  }
  lqa_audit_session_clear(session);
  free(session);
  free(snapshot_path);
  return status;
}

/* Options of a model that is not trained, or that do not concern the one that is: a warning each,
 * so that nobody thinks they took effect. A value equal to the default cannot be told from none. */
static void warn_of_idle_options(const lqa_audit_args *a) {
  bool is_given = a->source.pred_probs.n > 0, is_knn = strcmp(a->model, "knn") == 0;
  const struct {
    const char *name;
    bool is_idle;
  } known[] = {
      {"model", is_given && strcmp(a->model, "auto") != 0},
      {"folds", is_given && a->folds != 5},
      {"C", (is_given || is_knn) && a->C != 1},
      {"min_df", is_given && a->min_df != 2},
      {"max_features", is_given && a->max_features != 0},
      {"embeddings", is_given && a->source.embeddings && a->source.text.n + a->source.features.n},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (known[i].is_idle) {
      lqa_observe_message(a->common.observer, LQA_MESSAGE_WARN,
                          LQA_OPTION("%s") " has no effect: " LQA_WORDS, known[i].name,
                          is_given ? "with " LQA_OPTION("pred_probs") " no model is trained"
                                   : LQA_OPTION_AS("model", "knn") " has no such parameter");
    }
  }
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_audit_args *args = data;
  if (args->sources.n == 0) {
    return lqa_fail(err, LQA_BAD_USAGE, "SOURCE is missing: name at least one file");
  }
  LQA_TRY(lqa_fail_if_check(&args->fail_if, err));
  if (args->out && !args->out[0]) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("out") " is empty: name the run folder to write");
  }
  if (args->source.label_time && !args->source.time) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("label_time") " needs " LQA_OPTION(
                        "time") " COL too: the time of the label is compared with that "
                                "of the content");
  }
  warn_of_idle_options(args);
  char *path = args->out ? strdup(args->out) : lqa_run_default_path(args->sources.items[0]);
  lqa_result *result = lqa_result_new(&args->common);
  lqa_status status = path && result ? run_into(args, path, result, err)
                                     : lqa_fail_memory(err, "starting the audit");
  free(path);
  if (status != LQA_OK && status != LQA_FAIL_IF) {
    lqa_result_free(result);
    return status;
  }
  lqa_status finished = lqa_result_finish(result, out, err);
  return finished == LQA_OK ? status : finished;
}

/* clang-format off */
static const char *const default_ngrams[] = {"1", "2", NULL};
#define FIELD(name) offsetof(lqa_audit_args, name)

static const lqa_option options[] = {
  {.name = "out", .kind = LQA_OPTION_TEXT, .offset = FIELD(out), .argument = "RUN",
   .help = "run folder to write (default: <first source's stem>.labelqa)", .group = "Run"},
  {.name = "overwrite", .kind = LQA_OPTION_FLAG, .offset = FIELD(overwrite),
   .help = "replace an existing run; verdicts and decisions are carried over", .group = "Run"},
  {.name = "review", .kind = LQA_OPTION_FLAG, .offset = FIELD(review),
   .help = "open the review page when the audit is done, as labelqa review does"},
  {.name = "no-snapshot", .kind = LQA_OPTION_FLAG, .offset = FIELD(no_snapshot),
   .help = "keep no copy of the source in the run", .group = "Run"},
  {.name = "fail-if", .kind = LQA_OPTION_TEXT_LIST, .offset = FIELD(fail_if),
   .argument = "'NAME OP NUMBER'", .group = "Run",
   .help = "exit with 1 if this holds, such as 'findings.error > 0'; names: " LQA_FAIL_IF_NAMES},
  LQA_SOURCE_OPTIONS(lqa_audit_args),
  {.name = "model", .kind = LQA_OPTION_CHOICE, .offset = FIELD(model), .default_value = "auto",
   .choices = lqa_model_choices, .help = "model that predicts every row out of fold",
   .group = "Model"},
  {.name = "folds", .kind = LQA_OPTION_INT, .offset = FIELD(folds), .default_value = "5", .min = 2,
   .max = 64, .argument = "N", .help = "cross-validation folds", .group = "Model"},
  {.name = "C", .kind = LQA_OPTION_DOUBLE, .offset = FIELD(C), .default_value = "1", .min = 1e-6,
   .max = 1e6, .argument = "C", .help = "inverse strength of the l2 penalty", .group = "Model"},
  {.name = "ngrams", .kind = LQA_OPTION_TEXT_LIST, .offset = FIELD(ngrams), .argument = "LOW,HIGH",
   .default_value = "1,2", .default_list = default_ngrams, .split_commas = true,
   .help = "word n-grams", .group = "Model"},
  {.name = "min-df", .kind = LQA_OPTION_INT, .offset = FIELD(min_df), .default_value = "2",
   .min = 1, .max = 1e9, .argument = "N", .help = "rows a term must occur in", .group = "Model"},
  {.name = "max-features", .kind = LQA_OPTION_INT, .offset = FIELD(max_features),
   .default_value = "0", .min = 0, .max = 2e9, .argument = "N",
   .help = "keep the N most frequent terms, 0 = all", .group = "Model"},
  {.name = "checks", .kind = LQA_OPTION_TEXT_LIST, .offset = FIELD(checks),
   .argument = "basic|all|ID,...", .split_commas = true, .default_value = "all",
   .help = "which checks to run", .group = "Checks"},
  {.name = "severity", .kind = LQA_OPTION_TEXT_LIST, .offset = FIELD(severity),
   .argument = "ID=LEVEL", .help = "change a finding's level: error, warn, info, ignore",
   .group = "Checks"},
  {.name = "set", .kind = LQA_OPTION_TEXT_LIST, .offset = FIELD(set), .argument = "ID.PARAM=VALUE",
   .help = "change a check's parameter", .group = "Checks"},
  {.name = "baseline", .kind = LQA_OPTION_TEXT, .offset = FIELD(baseline), .argument = "FILE",
   .help = "accepted findings", .group = "Checks"},
  {.name = "write-baseline", .kind = LQA_OPTION_TEXT, .offset = FIELD(write_baseline),
   .argument = "FILE", .help = "accept what this audit finds: for the next ones' --baseline",
   .group = "Checks"},
  {.name = "against", .kind = LQA_OPTION_TEXT, .offset = FIELD(against), .argument = "RUN",
   .help = "report rows that changed since this earlier run", .group = "Checks"},
  {.name = "decisions-from", .kind = LQA_OPTION_TEXT, .offset = FIELD(decisions_from),
   .argument = "RUN", .help = "take over what people decided in this run, row by row by key",
   .group = "Checks"},
  {.name = "migrated-from", .kind = LQA_OPTION_TEXT, .offset = FIELD(migrated_from),
   .argument = "SOURCE", .help = "the data before a change of label scheme", .group = "Checks"},
  {.name = "map", .kind = LQA_OPTION_TEXT, .offset = FIELD(map), .argument = "FILE",
   .help = "allowed pairs of labels: columns old and new", .group = "Checks"},
  LQA_STATE_HOME_OPTIONS(lqa_audit_args, state_home, home), LQA_COMMON_OPTIONS(lqa_audit_args)};
/* clang-format on */

const lqa_command lqa_command_audit = {
    .number = LQA_COMMAND_audit,
    .name = "audit",
    .summary = "Checks structure, finds suspect labels, scores every row; writes a run folder",
    .description = "A SOURCE is a CSV, TSV, JSON, JSON lines or Parquet file (also .gz, .zst), a "
                   "glob, - for\nstandard input, or FILE.db::TABLE (DuckDB, SQLite). Several are "
                   "read as one.",
    .example = "labelqa audit tickets.csv --text subject --text body --label category\n"
               "labelqa audit table.parquet --features age,job --label churn",
    .args_size = sizeof(lqa_audit_args),
    .options = options,
    .positionals = {{"SOURCE", offsetof(lqa_audit_args, sources), true, true}},
    .run = run,
};

void lqa_audit_args_init(lqa_audit_args *args) {
  lqa_command_init_args(LQA_COMMAND_audit, args);
}

lqa_status lqa_cmd_audit(const lqa_audit_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
