/* A session's plan or outcome as a command's result. An outcome is saved before it is shown: it was
 * paid for.
 */
#include "api/judge_result.h"

lqa_status lqa_judge_result_finish(const lqa_judge_session *s, bool judged, lqa_result *result,
                                   lqa_result **out, lqa_error *err) {
  lqa_json json;
  lqa_error why;
  const lqa_judge_report report = lqa_judge_session_report(s, &why);
  lqa_json_init(&json, &result->json, 2);
  lqa_json_open_object(&json);
  lqa_json_key(&json, "plan");
  lqa_judge_report_plan_json(&report, &json);
  lqa_json_key(&json, "judge");
  if (judged) {
    lqa_judge_report_json(&report, &json);
  } else {
    lqa_json_null(&json);
  }
  lqa_json_close_object(&json);
  lqa_buf_add_char(&result->json, '\n');
  free(result->run_path);
  result->run_path = strdup(s->args->run);
  if (!result->run_path) {
    return lqa_fail_memory(err, "writing the result");
  }
  LQA_TRY(lqa_result_show(result, err));
  *out = result;
  return LQA_OK;
}

lqa_status lqa_judge_result_plan(const lqa_judge_session *s, lqa_result *result, lqa_result **out,
                                 lqa_error *err) {
  lqa_error why;
  const lqa_judge_report report = lqa_judge_session_report(s, &why);
  LQA_TRY(lqa_judge_report_plan_text(&report, &result->text, err));
  if (lqa_judge_plan_numbers(s->plan)->to_ask == 0) {
    lqa_buf_add_text(&result->text, "\nNothing was spent, and with " LQA_OPTION(
                                        "yes") " nothing will be: the cache "
                                               "answers every question.\n");
  } else if (report.missing) {
    lqa_buf_printf(&result->text, "\nNothing was spent. Before " LQA_OPTION("yes") ": %s\n",
                   report.missing);
  } else {
    lqa_buf_add_text(&result->text, "\nNothing was spent. Add " LQA_OPTION("yes") " to ask.\n");
  }
  return lqa_judge_result_finish(s, false, result, out, err);
}

lqa_status lqa_judge_result_save(lqa_judge_session *s, lqa_status asked, lqa_result *result,
                                 lqa_result **out, lqa_error *err) {
  lqa_error later;
  lqa_status status;
  LQA_TRY_OUT(lqa_judge_session_save(s, asked == LQA_OK ? err : &later));
  lqa_error why;
  const lqa_judge_report report = lqa_judge_session_report(s, &why);
  lqa_judge_report_text(&report, &result->text);
  if (s->summary.judged > 0) {
    lqa_buf_printf(&result->text, "Look at them: labelqa export %s review review.csv\n",
                   s->args->run);
  }
  status = lqa_judge_result_finish(s, true, result, out, asked == LQA_OK ? err : &later);
out:
  return asked == LQA_OK ? status : asked;
}
