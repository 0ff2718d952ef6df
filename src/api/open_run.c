/* api/open_run.c - opens a run and settles at once whether its source may be read, so that no
 * command can forget to.
 */
#include "api/open_run.h"

lqa_run_claim lqa_reread_claim(const lqa_reread_args *reread) {
  return (lqa_run_claim){
      .sources = reread->source, .state_home = reread->state_home, .home = reread->home};
}

lqa_status lqa_command_open_run(const lqa_run_opening *opening, lqa_run **out, lqa_error *err) {
  lqa_run *run = NULL;
  const lqa_run_claim claim = lqa_reread_claim(opening->reread);
  LQA_TRY(lqa_run_open(opening->path, opening->for_writing, opening->observer, &run, err));
  lqa_status status = lqa_run_claim_set(run, &claim, err);
  if (status != LQA_OK) {
    lqa_run_close(run);
    return status;
  }
  *out = run;
  return LQA_OK;
}
