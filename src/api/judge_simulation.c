/* A session whose transport is the simulated judge instead of HTTP: everything else, from the plan
 * to the run's files, is what a real judge goes through.
 */
#include "api/judge_simulation.h"

#include "api/judge_result.h"
#include "base/memory.h"
#include "evaluate/truth.h"
#include "judge/simulate.h"

static lqa_status ask_simulated(lqa_judge_session *s, double accuracy, const int32_t *truth,
                                lqa_error *err) {
  lqa_transport transport;
  lqa_simulated_judge judge = {accuracy,   (uint64_t)s->args->common.seed,     s->options.protocol,
                               s->classes, (size_t)s->run->manifest.n_classes, truth};
  LQA_TRY(lqa_simulated_open(&judge, &transport, err));
  lqa_status status = lqa_judge_ask(s->plan, &transport, err);
  transport.close(transport.self);
  return status;
}

static lqa_status simulate(lqa_judge_session *s, double accuracy, const char *column,
                           lqa_result **out, lqa_error *err) {
  size_t n = (size_t)s->run->rows.n_rows;
  int32_t *truth = lqa_malloc(n, sizeof *truth);
  lqa_result *result = lqa_result_new(&s->args->common), *shown = NULL;
  lqa_status status = truth && result ? LQA_OK : lqa_fail_memory(err, "simulating a judge");
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(lqa_truth_read_classes(s->run, column, &s->observer, truth, err));
  LQA_TRY_OUT(ask_simulated(s, accuracy, truth, err));
  lqa_buf_printf(&result->text,
                 "The judge is SIMULATED: it knows the truth and answers with it %.0f %% of the "
                 "time; no model was called.\n",
                 100 * accuracy);
  status = lqa_judge_result_save(s, LQA_OK, result, &shown, err);
out:
  if (shown) {
    *out = shown;
  } else {
    lqa_result_free(result);
  }
  free(truth);
  return status;
}

lqa_status lqa_judge_simulate(const lqa_judge_args *args, double accuracy, const char *truth,
                              lqa_result **result, lqa_error *err) {
  lqa_judge_session session;
  LQA_TRY(lqa_judge_session_open(args, true, &session, err));
  lqa_status status = simulate(&session, accuracy, truth, result, err);
  lqa_judge_session_close(&session);
  return status;
}
