/* The answers go to run.db in one transaction with the session that they belong to, then the run's
 * files are made again from it. A cancelled or failed session saves what it has: it was paid for.
 */
#include "api/judge_session.h"

#include "api/report_result.h"
#include "base/memory.h"

/* run.db knows this row's verdict already, from the same answers. */
static bool is_known(const lqa_judge_session *s, const lqa_judge_row *row) {
  const lqa_evidence *e = &s->run->evidence;
  int64_t number = row->item->row;
  return e->verdict[number] == (uint8_t)row->verdict &&
         e->corrected_label[number] == row->corrected;
}

static lqa_str class_name(const lqa_judge_session *s, int32_t code) {
  return code >= 0 ? s->classes[code].name : (lqa_str){NULL, 0};
}

/* Whether run.db holds this very answer already. */
typedef struct lookup {
  const lqa_judge_answer *answer;
  bool found;
} lookup;

static lqa_status compare_reply(void *data, const lqa_reply_record *r, lqa_error *err) {
  (void)err;
  lookup *l = data;
  const lqa_judge_answer *a = l->answer;
  l->found = l->found || (r->repeat == a->repeat && lqa_str_equal(r->raw, a->raw) &&
                          lqa_str_equal(r->model, lqa_str_from(a->model)) &&
                          lqa_str_equal(r->base_url, lqa_str_from(a->base_url)) &&
                          lqa_str_equal(r->prompt_hash, lqa_str_from(a->prompt_hash)));
  return LQA_OK;
}

static lqa_status save_answer(void *data, const lqa_judge_answer *a, lqa_error *err) {
  lqa_judge_session *s = data;
  lookup known = {a, false};
  if (a->cached) {
    LQA_TRY(lqa_run_db_each_reply(s->run->db, a->item->row, compare_reply, &known, err));
  }
  if (known.found) {
    return LQA_OK; /* recorded when it was paid for */
  }
  lqa_reply_record record = {
      .row = {a->item->row, a->item->key},
      .judge_run = s->judge_run,
      .judge = a->judge,
      .repeat = a->repeat,
      .verdict = lqa_str_from(lqa_verdict_name(a->verdict)),
      .corrected = class_name(s, a->corrected),
      .why = lqa_str_from(a->why),
      .raw = a->raw,
      .model = lqa_str_from(a->model),
      .base_url = lqa_str_from(a->base_url),
      .reply_model = lqa_str_from(a->reply_model),
      .prompt_hash = lqa_str_from(a->prompt_hash),
      .asked_utc = lqa_str_from(a->asked_utc),
      .tokens_in = a->tokens_in,
      .tokens_out = a->tokens_out,
      .cost_usd = a->cost_usd,
      .cached = a->cached,
  };
  return lqa_run_db_add_reply(s->run->db, &record, err);
}

static lqa_status save_row(void *data, const lqa_judge_row *row, lqa_error *err) {
  lqa_judge_session *s = data;
  if (is_known(s, row)) {
    return LQA_OK;
  }
  lqa_verdict_record record = {
      .row = {row->item->row, row->item->key},
      .label = lqa_run_rows_label(&s->run->rows, &s->run->manifest, row->item->row),
      .verdict = lqa_str_from(lqa_verdict_name(row->verdict)),
      .corrected = class_name(s, row->corrected),
      .judge_run = s->judge_run,
      .kind = lqa_str_from(lqa_judge_kind_name(row->item->kind)),
      .inclusion = row->item->inclusion,
  };
  return lqa_run_db_add_verdict(s->run->db, &record, err);
}

static lqa_status save_session(lqa_judge_session *s, lqa_error *err) {
  const lqa_judge_summary *sum = &s->summary;
  lqa_buf details, model;
  lqa_buf_init(&details, 1 << 20);
  lqa_buf_init(&model, 1 << 12);
  lqa_error why;
  const lqa_judge_report report = lqa_judge_session_report(s, &why);
  lqa_judge_report_details(&report, &details);
  lqa_buf_add_text(&model, s->options.judges[0].model);
  if (s->options.n_judges == 2) {
    lqa_buf_printf(&model, " + %s", s->options.judges[1].model);
  }
  lqa_judge_run record = {
      .model = lqa_buf_str(&model),
      .protocol = lqa_str_from(s->options.protocol == LQA_PROTOCOL_BLIND ? "blind" : "verify"),
      .planned = sum->planned,
      .judged = sum->judged,
      .yes = sum->yes,
      .no = sum->no,
      .unknown = sum->unknown,
      .cached = sum->cached,
      .calls = sum->calls,
      .tokens_in = sum->tokens_in,
      .tokens_out = sum->tokens_out,
      .cost_usd = sum->cost_usd,
      .agreement = sum->agreement,
      .details_json = lqa_buf_str(&details),
  };
  lqa_status status = details.failed || model.failed
                          ? lqa_fail_memory(err, "recording the judge's session")
                          : lqa_run_db_add_judge_run(s->run->db, &record, &s->judge_run, err);
  lqa_buf_clear(&details);
  lqa_buf_clear(&model);
  return status;
}

static lqa_status save_records(lqa_judge_session *s, lqa_error *err) {
  lqa_judge_sink sink = {s, save_answer, save_row};
  lqa_judge_summary same;
  LQA_TRY(lqa_run_db_begin(s->run->db, err));
  lqa_status status;
  LQA_TRY_OUT(save_session(s, err));
  LQA_TRY_OUT(lqa_judge_apply(s->plan, &sink, &same, err));
  return lqa_run_db_commit(s->run->db, err);
out:
  lqa_run_db_roll_back(s->run->db);
  return status;
}

/* The manifest names every model that ever judged this run. */
static lqa_status add_models(lqa_judge_session *s, lqa_error *err) {
  lqa_text_list *list = &s->run->manifest.judge_models;
  size_t most = list->n + (size_t)s->options.n_judges;
  const char **items = lqa_arena_alloc(&s->run->arena, most, sizeof *items);
  if (!items) {
    return lqa_fail_memory(err, "recording the judge's session");
  }
  size_t n = 0;
  for (; n < list->n; n++) {
    items[n] = list->items[n];
  }
  for (int j = 0; j < s->options.n_judges; j++) {
    bool known = false;
    for (size_t i = 0; i < n; i++) {
      known = known || strcmp(items[i], s->options.judges[j].model) == 0;
    }
    if (!known) {
      items[n++] = lqa_arena_printf(&s->run->arena, "%s", s->options.judges[j].model);
    }
  }
  *list = (lqa_text_list){items, n};
  return LQA_OK;
}

lqa_status lqa_judge_session_save(lqa_judge_session *s, lqa_error *err) {
  LQA_TRY(lqa_judge_apply(s->plan, NULL, &s->summary, err));
  if (s->summary.judged == 0 && s->summary.calls == 0) {
    return LQA_OK; /* an endpoint that was never reached leaves no mark on the run */
  }
  LQA_TRY(add_models(s, err));
  LQA_TRY(save_records(s, err));
  lqa_result *shown = lqa_result_new(&s->args->common);
  lqa_report_args report;
  lqa_report_args_init(&report);
  report.common = s->args->common;
  report.common.observer = &s->observer;
  lqa_status status = shown ? lqa_report_result_refresh(s->run, s->args->run, &report, shown, err)
                            : lqa_fail_memory(err, "reporting");
  lqa_result_free(shown);
  return status;
}
