/* A phase is a document of run.db, "judge-phase <budget> <seed> <phase>", with a line
 * "row inclusion control" for every row, behind lines "class number sum" of the control over the
 * rows that could be drawn: the control is the probability that the label is wrong as it was known
 * then, and error rates rest on it (store/run_rate.h). Without --yes nothing is kept, so the plan
 * shows the first phase that has no answers yet.
 */
#include "api/judge_phases.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>

enum { MAX_BYTES = 1 << 28 };
static const double SHARE[] = {.3, .35}, FLOOR[] = {.6, .3, .3};

int64_t lqa_judge_phase_rows(int64_t budget, int phase) {
  int64_t first = (int64_t)(SHARE[0] * (double)budget + .5);
  int64_t second = (int64_t)(SHARE[1] * (double)budget + .5);
  return phase == 0 ? first : phase == 1 ? second : budget - first - second;
}

static void name_phase(const lqa_judge_session *s, int phase, char name[96]) {
  snprintf(name, 96, "judge-phase %lld %lld %d", (long long)s->args->budget,
           (long long)s->args->common.seed, phase);
}

/* Appends the rows of a document. */
static lqa_status parse(const lqa_judge_session *s, const lqa_choose_input *in, const char *text,
                        lqa_choice_list *out) {
  char *end;
  for (const char *at = text; *at; at = end + (*end == '\n')) {
    if (*at == 'c') {
      end = strchr(at, '\n');
      end = end ? end : (char *)at + strlen(at);
      continue;
    }
    lqa_choice c = {.row = strtoll(at, &end, 10)};
    c.inclusion = strtod(end, &end);
    (void)strtod(end, &end); /* the control */
    if (c.row < 0 || c.row >= in->n_rows || !(c.inclusion > 0) || (*end && *end != '\n')) {
      return LQA_BAD_DATA;
    }
    c.kind = in->is_suspicious[c.row] ? LQA_JUDGE_SUSPICIOUS : LQA_JUDGE_RANDOM;
    c.stratum = s->run->rows.label[c.row];
    LQA_TRY(lqa_vec_push(out, c));
  }
  return LQA_OK;
}

static lqa_status load(lqa_judge_session *s, const lqa_choose_input *in, int phase, bool *found,
                       lqa_error *err) {
  char name[96];
  lqa_buf text;
  lqa_status status;
  lqa_buf_init(&text, MAX_BYTES);
  name_phase(s, phase, name);
  LQA_TRY_OUT(lqa_run_db_get_document(s->run->db, name, &text, found, err));
  if (*found) {
    lqa_buf_add_char(&text, '\0');
    LQA_TRY_OUT(lqa_buf_check(&text, err));
    status = parse(s, in, text.data, &s->choices);
    if (status == LQA_BAD_DATA) {
      status = lqa_fail(err, LQA_BAD_DATA, "run.db: the document '%s' is damaged", name);
    } else if (status == LQA_NO_MEMORY) {
      status = lqa_fail_memory(err, "choosing rows for the judge");
    }
  }
out:
  lqa_buf_clear(&text);
  return status;
}

/* Probability that the label is wrong; a row that no model scored may be either. */
static double control_of(const lqa_choose_input *in, int64_t row) {
  return isnan(in->p_wrong[row]) ? .5 : in->p_wrong[row];
}

/* By given class, over the rows that this phase could have drawn. */
static lqa_status add_sums(const lqa_judge_session *s, const lqa_choose_input *in, lqa_buf *out) {
  int32_t n_classes = s->run->manifest.n_classes;
  double *sums = lqa_calloc((size_t)n_classes, sizeof *sums);
  if (!sums) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < in->n_rows; row++) {
    if (in->label[row] >= 0 && in->has_content[row] && !in->is_done[row]) {
      sums[in->label[row]] += control_of(in, row);
    }
  }
  for (int32_t k = 0; k < n_classes; k++) {
    lqa_buf_printf(out, "class %d %.17g\n", (int)k, sums[k]);
  }
  free(sums);
  return LQA_OK;
}

static lqa_status keep(const lqa_judge_session *s, const lqa_choose_input *in, int phase,
                       size_t first, lqa_error *err) {
  char name[96];
  lqa_buf text;
  lqa_status status;
  lqa_buf_init(&text, MAX_BYTES);
  name_phase(s, phase, name);
  LQA_TRY_OUT(add_sums(s, in, &text) == LQA_OK ? LQA_OK : lqa_fail_memory(err, "choosing rows"));
  for (size_t i = first; i < s->choices.n; i++) {
    const lqa_choice *c = &s->choices.data[i];
    lqa_buf_printf(&text, "%lld %.17g %.17g\n", (long long)c->row, c->inclusion,
                   control_of(in, c->row));
  }
  LQA_TRY_OUT(lqa_buf_check(&text, err));
  LQA_TRY_OUT(lqa_run_db_set_document(s->run->db, name, lqa_buf_str(&text), err));
out:
  lqa_buf_clear(&text);
  return status;
}

static lqa_status draw(lqa_judge_session *s, const lqa_choose_input *in, int phase,
                       lqa_error *err) {
  lqa_choose_input input = *in;
  size_t first = s->choices.n;
  uint8_t *is_done = lqa_calloc((size_t)in->n_rows, 1);
  lqa_status status;
  LQA_TRY_OUT(is_done ? LQA_OK : lqa_fail_memory(err, "choosing rows for the judge"));
  for (size_t i = 0; i < first; i++) {
    is_done[s->choices.data[i].row] = 1;
  }
  input.is_done = is_done;
  input.floor_share = FLOOR[phase];
  input.seed += (uint64_t)phase;
  LQA_TRY_OUT(lqa_choose_budget(&input, lqa_judge_phase_rows(s->args->budget, phase),
                                LQA_CHOOSE_PHASE, &s->choices, err));
  LQA_TRY_OUT(s->args->yes ? keep(s, &input, phase, first, err) : LQA_OK);
out:
  free(is_done);
  return status;
}

lqa_status lqa_judge_phase_choose(lqa_judge_session *s, const lqa_choose_input *input,
                                  lqa_error *err) {
  for (int phase = 0; phase <= s->phase; phase++) {
    bool found = false;
    LQA_TRY(load(s, input, phase, &found, err));
    LQA_TRY(found ? LQA_OK : draw(s, input, phase, err));
  }
  return LQA_OK;
}

bool lqa_judge_phase_is_done(const lqa_judge_session *s) {
  for (size_t i = 0; i < s->choices.n; i++) {
    if (s->run->evidence.verdict[s->choices.data[i].row] == LQA_VERDICT_NONE) {
      return false;
    }
  }
  return true;
}
