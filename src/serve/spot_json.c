/* A spot check's rows are shown blind: who sees the given label tends to agree with it. */
#include "serve/spot_json.h"

enum { MAX_SHOWN = 50 };

static lqa_status write_rows(lqa_server *server, const lqa_spot_sheet_state *sheet, lqa_json *json,
                             lqa_error *err) {
  lqa_row_writer writer;
  lqa_status status = LQA_OK;
  lqa_row_writer_init(&writer, server->review);
  for (int64_t i = 0, n = 0; i < sheet->n && n < MAX_SHOWN; i++) {
    if (!sheet->is_answered[i]) {
      LQA_TRY_OUT(lqa_row_write(&writer, sheet->rows[i], true, json, err));
      n++;
    }
  }
out:
  lqa_row_writer_clear(&writer);
  return status;
}

static void write_rate(const lqa_spot_check *check, bool found, lqa_json *json) {
  lqa_json_key(json, "error_rate");
  if (!found || check->rate.n == 0) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_double(json, "estimate", check->rate.estimate);
  lqa_json_add_double(json, "low", check->rate.low);
  lqa_json_add_double(json, "high", check->rate.high);
  lqa_json_add_text(json, "method", check->rate.method);
  lqa_json_add_int(json, "n", check->rate.n);
  lqa_json_close_object(json);
}

static lqa_status write_state(lqa_server *server, lqa_arena *arena, lqa_json *json,
                              lqa_error *err) {
  lqa_spot_sheet_state sheet = {.n = 0};
  lqa_spot_check check = {.drawn = 0};
  bool found = false;
  LQA_TRY(lqa_spot_newest(server->review->run, arena, &sheet, err));
  LQA_TRY(lqa_spot_rate(server->review->run, arena, &check, &found, err));
  int64_t checked = 0;
  for (int64_t i = 0; i < sheet.n; i++) {
    checked += sheet.is_answered[i];
  }
  lqa_json_add_int(json, "n", sheet.n);
  lqa_json_add_int(json, "drawn", sheet.n);
  lqa_json_add_int(json, "checked", checked);
  write_rate(&check, found, json);
  lqa_json_key(json, "rows");
  lqa_json_open_array(json);
  lqa_status status = write_rows(server, &sheet, json, err);
  lqa_json_close_array(json);
  return status;
}

lqa_status lqa_spot_answer_state(lqa_server *server, int code, lqa_http_answer *answer,
                                 lqa_error *err) {
  lqa_arena arena;
  lqa_json json;
  lqa_arena_init_small(&arena);
  lqa_answer_begin(answer, &json);
  lqa_json_open_object(&json);
  lqa_status status = write_state(server, &arena, &json, err);
  lqa_json_close_object(&json);
  lqa_answer_end(answer, code);
  lqa_arena_clear(&arena);
  return status;
}
