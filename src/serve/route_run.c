/* GET /api/run: what every page shows of the run. */
#include "base/file.h"
#include "serve/json_copy.h"
#include "serve/review_server.h"

static void write_actions(const lqa_review *review, lqa_json *json) {
  int64_t count[LQA_ACTION_COUNT] = {0};
  const lqa_evidence *e = &review->run->evidence;
  for (int64_t row = 0; row < e->n_rows; row++) {
    count[e->action[row]]++;
  }
  lqa_json_key(json, "actions");
  lqa_json_open_object(json);
  for (int i = 0; i < LQA_ACTION_COUNT; i++) {
    lqa_json_add_int(json, lqa_action_name((lqa_action)i), count[i]);
  }
  lqa_json_close_object(json);
}

/* Rows whose decision by this reviewer counts; a row decided twice by one counts once. */
static int64_t count_rows(const lqa_review_log *log, int32_t reviewer) {
  int64_t n = 0;
  for (size_t i = 0; i < log->events.n; i++) {
    const lqa_review_event *e = &log->events.data[i];
    n += e->reviewer == reviewer && e->kind == LQA_REVIEW_LABEL &&
         lqa_review_log_find(log, e->row, reviewer) == e;
  }
  return n;
}

static void write_progress(const lqa_review *review, lqa_json *json) {
  lqa_json_key(json, "progress");
  lqa_json_open_object(json);
  lqa_json_add_int(json, "to_review", review->to_review);
  lqa_json_add_int(json, "decided", review->decided);
  lqa_json_key(json, "by_reviewer");
  lqa_json_open_object(json);
  for (uint32_t i = 0; i < lqa_map_count(review->log.names); i++) {
    int64_t n = count_rows(&review->log, (int32_t)i);
    if (n > 0) {
      lqa_json_add_int(json, lqa_map_key(review->log.names, i).data, n);
    }
  }
  lqa_json_close_object(json);
  lqa_json_close_object(json);
}

/* What report.json says, as of the last time the files were made. */
static void write_report_parts(const lqa_server *server, lqa_arena *arena, lqa_json *json) {
  static const char *const PARTS[] = {"error_rate", "trust", "judge"};
  const lqa_json_node *report = NULL;
  lqa_error err;
  lqa_status status =
      lqa_json_parse(lqa_buf_str(&server->report), "report.json", arena, &report, &err);
  for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
    lqa_json_key(json, PARTS[i]);
    lqa_json_copy(status == LQA_OK ? lqa_json_find(report, PARTS[i]) : NULL, json);
  }
}

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  const lqa_review *review = server->review;
  const lqa_manifest *m = &review->run->manifest;
  lqa_row_writer writer;
  lqa_json json;
  lqa_row_writer_init(&writer, server->review);
  lqa_answer_begin(out, &json);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "name", server->name);
  lqa_json_add_int(&json, "rows", review->run->rows.n_rows);
  lqa_json_key(&json, "classes");
  lqa_json_open_array(&json);
  for (int32_t k = 0; k < m->n_classes; k++) {
    lqa_json_str(&json, m->classes[k]);
  }
  lqa_json_close_array(&json);
  lqa_json_key(&json, "columns");
  lqa_row_writer_names(&writer, &json);
  lqa_json_key(&json, "files");
  lqa_json_open_array(&json);
  for (int32_t i = 0; i < m->n_files; i++) {
    lqa_json_text(&json, m->files[i].path);
  }
  lqa_json_close_array(&json);
  write_actions(review, &json);
  write_progress(review, &json);
  write_report_parts(server, call->arena, &json);
  lqa_json_add_bool(&json, "blind", server->options.review.blind);
  lqa_json_add_text(&json, "reviewer", server->options.reviewer);
  lqa_json_add_text(&json, "guidelines", server->options.guidelines);
  lqa_json_add_text(&json, "against",
                    server->options.against ? lqa_path_name(server->options.against) : NULL);
  lqa_json_key(&json, "judge_job");
  lqa_job_write(&server->job, &json);
  lqa_json_close_object(&json);
  lqa_row_writer_clear(&writer);
  lqa_answer_end(out, 200);
}

const lqa_route lqa_route_run = {
    .name = "run",
    .method = "GET",
    .path = "/api/run",
    .summary = "The run: rows, classes, columns, actions, progress, error rate, trust, judge",
    .answers = "200",
    .answer = answer};
