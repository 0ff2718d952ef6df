/* `top` speaks for all rows where every suspicious row is asked, each with probability 1, and some
 * of the others, drawn with equal probability.
 */
#include "api/judge_design.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>

enum { MAX_BYTES = 1 << 28 };

/* A row that no model scored may be right or wrong. */
static double control_of(const lqa_judge_session *s, const lqa_choose_input *in, int64_t row) {
  double p_correct = s->run->evidence.p_correct[row];
  double p = isnan(p_correct) ? in->p_wrong[row] : 1 - p_correct;
  return isnan(p) ? .5 : p;
}

static bool could_be_drawn(const lqa_choose_input *in, int64_t row) {
  return in->label[row] >= 0 && in->has_content[row] && !(in->is_done && in->is_done[row]);
}

/* By given class, over the rows that could be drawn. */
static lqa_status add_sums(const lqa_judge_session *s, const lqa_choose_input *in, lqa_buf *out) {
  int32_t n_classes = s->run->manifest.n_classes;
  double *sums = lqa_calloc((size_t)n_classes + 1, sizeof *sums);
  if (!sums) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < in->n_rows; row++) {
    if (could_be_drawn(in, row)) {
      sums[in->label[row]] += control_of(s, in, row);
    }
  }
  for (int32_t k = 0; k < n_classes; k++) {
    lqa_buf_printf(out, "class %d %.17g\n", (int)k, sums[k]);
  }
  free(sums);
  return LQA_OK;
}

lqa_status lqa_judge_design_keep(const lqa_judge_session *s, const lqa_choose_input *in,
                                 const char *name, size_t first, lqa_error *err) {
  lqa_buf text;
  lqa_status status;
  lqa_buf_init(&text, MAX_BYTES);
  LQA_TRY_OUT(add_sums(s, in, &text) == LQA_OK ? LQA_OK : lqa_fail_memory(err, "choosing rows"));
  for (size_t i = first; i < s->choices.n; i++) {
    const lqa_choice *c = &s->choices.data[i];
    lqa_buf_printf(&text, "%lld %.17g %.17g\n", (long long)c->row, c->inclusion,
                   control_of(s, in, c->row));
  }
  LQA_TRY_OUT(lqa_buf_check(&text, err));
  LQA_TRY_OUT(lqa_run_db_set_document(s->run->db, name, lqa_buf_str(&text), err));
out:
  lqa_buf_clear(&text);
  return status;
}

/* Every row that could be drawn is among the choices, or has others drawn in its place. */
static bool speaks_for_all(const lqa_judge_session *s, const lqa_choose_input *in) {
  const lqa_judge_args *a = s->args;
  if (a->budget > 0) {
    return strcmp(a->strategy, "random") == 0;
  }
  int64_t suspects = 0, others = 0, drawn_suspects = 0, drawn_others = 0;
  for (int64_t row = 0; row < in->n_rows; row++) {
    suspects += could_be_drawn(in, row) && in->is_suspicious[row];
    others += could_be_drawn(in, row) && !in->is_suspicious[row];
  }
  for (size_t i = 0; i < s->choices.n; i++) {
    drawn_suspects += s->choices.data[i].kind == LQA_JUDGE_SUSPICIOUS;
    drawn_others += s->choices.data[i].kind == LQA_JUDGE_RANDOM;
  }
  return drawn_suspects == suspects && (drawn_others > 0 || others == 0);
}

lqa_status lqa_judge_design_keep_draw(const lqa_judge_session *s, const lqa_choose_input *in,
                                      lqa_error *err) {
  const lqa_judge_args *a = s->args;
  char name[96];
  bool found = false;
  lqa_buf text;
  if (!a->yes || s->choices.n == 0 || !speaks_for_all(s, in)) {
    return LQA_OK;
  }
  bool is_top = a->budget <= 0;
  snprintf(name, sizeof name, "judge-draw %s %lld %lld", is_top ? "top" : "random",
           (long long)(is_top ? a->sample_unflagged : a->budget), (long long)a->common.seed);
  lqa_buf_init(&text, MAX_BYTES);
  lqa_status status = lqa_run_db_get_document(s->run->db, name, &text, &found, err);
  lqa_buf_clear(&text);
  return status != LQA_OK || found ? status : lqa_judge_design_keep(s, in, name, 0, err);
}
