/* A phase is a document of run.db, "judge-phase <budget> <seed> <phase>" (api/judge_design.h).
 * Without --yes nothing is kept, so the plan shows the first phase that has no answers yet.
 */
#include "api/judge_phases.h"

#include "api/judge_design.h"
#include "base/memory.h"

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

static lqa_status draw(lqa_judge_session *s, const lqa_choose_input *in, int phase,
                       lqa_error *err) {
  lqa_choose_input input = *in;
  char name[96];
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
  name_phase(s, phase, name);
  LQA_TRY_OUT(s->args->yes ? lqa_judge_design_keep(s, &input, name, first, err) : LQA_OK);
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
