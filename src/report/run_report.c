/* The report that run.db keeps holds what only the audit knew; everything that people, judges and
 * logs add comes from the run. So one function completes the report, whoever asks.
 */
#include "report/run_report.h"

#include "base/file.h"
#include "base/json_read.h"
#include "base/memory.h"
#include "report/report_build.h"
#include "store/row_texts.h"
#include "store/spot_check.h"
#include "store/run_rate.h"
#include "trust/rule.h"

#include <math.h>

enum { MAX_REPORT_BYTES = 256 << 20, TEXT_CHARS = 400 };

/* Of a session's details: {"random_error": {"low": 0.31, ...}}. */
static lqa_interval find_random(lqa_str details, lqa_arena *arena) {
  const lqa_json_node *root = details.size ? lqa_json_parse_foreign(details, arena) : NULL;
  const lqa_json_node *rate = lqa_json_find(root, "random_error");
  return (lqa_interval){.estimate = lqa_json_find_number(rate, "estimate", 0),
                        .low = lqa_json_find_number(rate, "low", 0),
                        .high = lqa_json_find_number(rate, "high", 0),
                        .method = "wilson",
                        .n = (int64_t)lqa_json_find_number(rate, "n", 0)};
}

static lqa_status complete_judge(lqa_run *run, lqa_arena *arena, lqa_report *report,
                                 lqa_error *err) {
  lqa_judge_run last;
  bool found = false;
  LQA_TRY(lqa_run_db_get_judge_run(run->db, &last, arena, &found, err));
  report->judge = (lqa_report_judge){.ran = found, .cost_usd = NAN, .agreement = NAN};
  if (found) {
    report->judge = (lqa_report_judge){.ran = true,
                                       .model = last.model.data,
                                       .protocol = last.protocol.data,
                                       .planned = last.planned,
                                       .judged = last.judged,
                                       .yes = last.yes,
                                       .no = last.no,
                                       .unknown = last.unknown,
                                       .cached = last.cached,
                                       .calls = last.calls,
                                       .tokens_in = last.tokens_in,
                                       .tokens_out = last.tokens_out,
                                       .cost_usd = last.cost_usd,
                                       .agreement = last.agreement,
                                       .all_calls = last.all_calls,
                                       .all_cost_usd = last.all_cost_usd,
                                       .random = find_random(last.details_json, arena)};
    report->judge.has_random = report->judge.random.n > 0;
  }
  return LQA_OK;
}

/* Texts of the suspects, kept in the arena for as long as the report. */
struct views {
  lqa_run *run;
  lqa_row_texts texts;
  lqa_arena *arena;
};

static lqa_str keep(lqa_arena *arena, lqa_str s) {
  return s.data ? (lqa_str){lqa_arena_copy(arena, s.data, s.size), s.size} : s;
}

static lqa_status view_row(void *data, int64_t row, lqa_row_view *view) {
  struct views *views = data;
  char scratch[24];
  view->row_id = keep(views->arena, lqa_run_rows_id(&views->run->rows, row, scratch));
  view->text = keep(views->arena, lqa_row_texts_get(&views->texts, row));
  view->label =
      keep(views->arena, lqa_run_rows_label(&views->run->rows, &views->run->manifest, row));
  return view->row_id.data ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status complete_suspects(lqa_run *run, int64_t top, lqa_arena *arena, lqa_report *report,
                                    lqa_error *err) {
  struct views views = {.run = run, .arena = arena};
  lqa_row_texts_input input = {.folder = run->folder,
                               .manifest = &run->manifest,
                               .rows = &run->rows,
                               .observer = run->observer,
                               .max_chars = TEXT_CHARS};
  lqa_suspect_source source = {.evidence = &run->evidence,
                               .classes = run->manifest.classes,
                               .losses_from_logs = run->manifest.loss_files.n > 0,
                               .view = view_row,
                               .data = &views};
  int64_t *order = lqa_malloc((size_t)run->evidence.n_rows, sizeof *order);
  if (!order) {
    return lqa_fail_memory(err, "listing suspects");
  }
  int64_t n = lqa_rule_order(&run->evidence, order);
  lqa_status status;
  LQA_TRY_OUT(lqa_row_texts_load(&input, order, n < top ? n : top, &views.texts, err));
  status = lqa_report_add_suspects(report, &source, top, arena, err);
out:
  lqa_row_texts_clear(&views.texts);
  free(order);
  return status;
}

/* By given label: of a spot check its strata, of phases their domains. */
static void add_rate(lqa_report *report, lqa_str label, const lqa_interval *rate, int64_t room) {
  if (rate->n >= LQA_RATE_MIN_ROWS && report->n_rates < room) {
    report->rates[report->n_rates++] =
        (lqa_report_class_rate){label, rate->estimate, rate->low, rate->high, rate->n};
  }
}

static int64_t count_labelled(const lqa_run *run, int32_t class_code) {
  int64_t n = 0;
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    n += run->evidence.label[row] == class_code;
  }
  return n;
}

/* A stratum is suspicious rows of a class or the others: both make the class. Where one of the two
 * was merged with those of other classes, what is left is not the class, and says nothing of it. */
static void add_spot_rates(const lqa_run *run, const lqa_spot_check *check, lqa_report *report,
                           int64_t room) {
  for (int32_t k = 0; k < run->manifest.n_classes; k++) {
    lqa_stratum strata[2];
    size_t n = 0;
    int64_t answered = 0, population = 0;
    for (size_t i = 0; i < check->n_strata && n < 2; i++) {
      const lqa_spot_stratum *s = &check->strata[i];
      if (!s->is_rest && lqa_str_equal(s->label, run->manifest.classes[k])) {
        strata[n++] = (lqa_stratum){s->population, s->answered, s->wrong};
        answered += s->answered;
        population += s->population;
      }
    }
    if (answered > 0 && population == count_labelled(run, k)) {
      const lqa_interval rate = lqa_interval_stratified(strata, n, .95);
      add_rate(report, run->manifest.classes[k], &rate, room);
    }
  }
}

static lqa_status add_annotators(const lqa_run_rate *rate, lqa_arena *arena, lqa_report *report) {
  report->annotators =
      lqa_arena_alloc(arena, (size_t)rate->n_annotators + 1, sizeof *report->annotators);
  for (int64_t i = 0; report->annotators && i < rate->n_annotators; i++) {
    const lqa_rate_by_name *one = &rate->by_annotator[i];
    report->annotators[report->n_annotators++] = (lqa_report_class_rate){
        one->name, one->rate.estimate, one->rate.low, one->rate.high, one->rate.n};
  }
  return report->annotators ? LQA_OK : LQA_NO_MEMORY;
}

/* What people checked at random comes first; else what judges and people verified in phases. */
static lqa_status complete_error_rate(lqa_run *run, lqa_arena *arena, lqa_report *report,
                                      lqa_error *err) {
  lqa_spot_check check;
  lqa_run_rate phases;
  bool found = false;
  int64_t n_frame = run->rows.n_rows;
  int64_t room = run->manifest.n_classes;
  report->n_rates = report->n_annotators = 0;
  report->annotators = NULL;
  report->rates = lqa_arena_alloc(arena, (size_t)room + 1, sizeof *report->rates);
  if (!report->rates) {
    return lqa_fail_memory(err, "estimating the error rate");
  }
  LQA_TRY(lqa_spot_rate(run, arena, &check, &found, err));
  report->has_flag_recall = found && check.recall.n > 0 && !isnan(check.recall.estimate);
  report->flag_recall = report->has_flag_recall ? check.recall : (lqa_interval){0};
  found = found && check.rate.n > 0;
  if (found) {
    report->error_rate = check.rate;
    report->error_rate_frame = "all rows";
    add_spot_rates(run, &check, report, room);
  } else {
    LQA_TRY(lqa_run_rate_of(run, arena, &phases, err));
    found = phases.rate.rate.n > 0;
    n_frame = phases.n_frame;
    report->error_rate = found ? phases.rate.rate : (lqa_interval){0};
    report->error_rate_frame = "all rows with content and a known label";
    for (int32_t k = 0; found && k < run->manifest.n_classes; k++) {
      add_rate(report, run->manifest.classes[k], &phases.rate.by_class[k], room);
    }
    report->has_flag_recall = phases.recall.n > 0 && !isnan(phases.recall.estimate);
    report->flag_recall = report->has_flag_recall ? phases.recall : (lqa_interval){0};
    if (add_annotators(&phases, arena, report) != LQA_OK) {
      return lqa_fail_memory(err, "estimating the error rate");
    }
  }
  report->has_error_rate = found;
  report->rows_for_one_percent = found ? lqa_rate_rows_for(&report->error_rate, n_frame, .01) : 0;
  return LQA_OK;
}

static lqa_status complete_figures(lqa_run *run, lqa_arena *arena, lqa_report *report,
                                   lqa_error *err) {
  report->figures = lqa_arena_alloc(arena, 1, sizeof *report->figures);
  lqa_status status =
      report->figures ? lqa_figures_make(run, arena, report->figures) : LQA_NO_MEMORY;
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "counting rows for the report");
}

lqa_status lqa_run_report_complete(lqa_run *run, const char *path, int64_t top, lqa_arena *arena,
                                   lqa_report *report, lqa_error *err) {
  report->run_path = path;
  report->manifest = &run->manifest;
  report->trust = run->trust.is_known || run->trust.why_not ? &run->trust : NULL;
  report->loss.from_logs = run->manifest.loss_files.n > 0;
  report->loss.n_epochs = run->manifest.loss_epochs;
  lqa_report_add_actions(report, &run->evidence);
  LQA_TRY(complete_judge(run, arena, report, err));
  LQA_TRY(complete_error_rate(run, arena, report, err));
  LQA_TRY(complete_figures(run, arena, report, err));
  return complete_suspects(run, top, arena, report, err);
}

lqa_status lqa_run_report_load(lqa_run *run, const char *path, int64_t top, lqa_arena *arena,
                               lqa_report *report, lqa_error *err) {
  lqa_buf json;
  lqa_buf_init(&json, MAX_REPORT_BYTES);
  lqa_status status;
  LQA_TRY_OUT(lqa_run_load_report(run, &json, err));
  status = lqa_report_load(lqa_buf_str(&json), path, arena, report, err);
out:
  lqa_buf_clear(&json);
  return status == LQA_OK ? lqa_run_report_complete(run, path, top, arena, report, err) : status;
}

static const struct {
  const char *name;
  void (*render)(const lqa_report *report, lqa_buf *out);
} files[] = {
#define REPORT(name, render) {name, render},
#include "report/report_list.h"
#undef REPORT
};

lqa_status lqa_run_report_save(const lqa_report *report, const char *folder, lqa_error *err) {
  lqa_buf text;
  lqa_arena arena;
  lqa_report shown;
  lqa_buf_init(&text, MAX_REPORT_BYTES);
  lqa_arena_init(&arena);
  lqa_status status = lqa_report_in_style(report, LQA_AS_FLAGS, &arena, &shown);
  LQA_TRY_OUT(status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "writing the report"));
  for (size_t i = 0; i < sizeof files / sizeof files[0] && status == LQA_OK; i++) {
    char *path = lqa_path_join(folder, files[i].name);
    lqa_buf_reset(&text);
    files[i].render(&shown, &text);
    status = path && !text.failed ? lqa_file_save(path, text.data, text.size, err)
                                  : lqa_fail_memory(err, "writing the report");
    free(path);
  }
out:
  lqa_buf_clear(&text);
  lqa_arena_clear(&arena);
  return status;
}
