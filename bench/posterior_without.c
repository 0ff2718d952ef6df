/* posterior-without PARTS RUN: p_correct and suggested labels of a run without some parts of the
 * posterior, a line "p_correct label" for each row, and the gate's z on
 * standard error. PARTS is the sum of LQA_WITHOUT_...
 * (trust/trust_rows.h). bench/trust.py calls it; nothing is written into the run. */
#include "store/run_posterior.h"

#include <stdio.h>
#include <stdlib.h>

static void print(const lqa_run *run) {
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    int32_t best = run->evidence.posterior_label[row];
    lqa_str name = best >= 0 ? run->manifest.classes[best] : (lqa_str){"", 0};
    printf("%.17g %.*s\n", run->evidence.p_correct[row], (int)name.size, name.data);
  }
}

int main(int argc, char **argv) {
  lqa_run *run = NULL;
  lqa_error err;
  if (argc != 3) {
    fprintf(stderr, "posterior-without PARTS RUN\n");
    return 2;
  }
  lqa_run_posterior_options options = {.pool = lqa_pool_new(0), .without = atoi(argv[1])};
  lqa_status status = lqa_run_open(argv[2], false, NULL, &run, &err);
  status = status == LQA_OK ? lqa_run_posterior(run, &options, &err) : status;
  if (status == LQA_OK) {
    fprintf(stderr, "gate z %.2f\n", run->trust.gate_z);
    print(run);
  } else {
    fprintf(stderr, "%s\n", err.message);
  }
  lqa_run_close(run);
  lqa_pool_free(options.pool);
  return status != LQA_OK;
}
