/* The report that run.db keeps holds what only the audit knew; everything that people, judges and
 * logs add comes from the run. So one function completes the report, whoever asks.
 */
#include "report/run_report.h"

#include "base/file.h"
#include "base/json_read.h"
#include "base/memory.h"
#include "report/rate_report.h"
#include "report/report_build.h"
#include "store/row_texts.h"
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
  LQA_TRY(lqa_report_add_rates(run, arena, report, err));
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
