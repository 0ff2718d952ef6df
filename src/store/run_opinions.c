/* Every answer of a judge is an opinion of its own: two judges who differ are two witnesses, not
 * one verdict UNKNOWN, and repeats of one judge stand beside each other (the calibrator counts them
 * once). Where a run holds verdicts without answers, the verdict is the opinion of the session's
 * model.
 *
 * Rules for what does not fit: a row without a verdict that counts (none, or about a label that has
 * changed since) has no opinions; an answer that names a class that is gone says nothing; UNKNOWN
 * says nothing; of a person's several decisions about a row the newest counts.
 */
#include "store/run_opinions.h"

#include <string.h>

/* Which judge spoke in a session of run.db. */
typedef struct judge_session {
  int64_t session;
  int32_t judge;
} judge_session;

/* Lists opinions: answers first, then verdicts, which come in the order of rows, too. */
typedef struct lister {
  lqa_run *run;
  const lqa_run_numbers *numbers;
  lqa_run_opinions *out;
  size_t next; /* of the opinions that answers made */
  size_t n_answers;
  LQA_VEC(judge_session) sessions;
} lister;

void lqa_run_opinions_clear(lqa_run_opinions *opinions) {
  lqa_vec_clear(&opinions->items);
  lqa_vec_clear(&opinions->judges);
  lqa_vec_clear(&opinions->keys);
}

/* The number of a judge, which is kept. */
static lqa_status number_judge(lister *l, lqa_str model, lqa_str base_url, int32_t *judge) {
  lqa_run_opinions *o = l->out;
  for (size_t i = 0; i < o->keys.n; i++) {
    if (lqa_str_equal(lqa_str_from(o->keys.data[i].model), model) &&
        lqa_str_equal(lqa_str_from(o->keys.data[i].base_url), base_url)) {
      *judge = (int32_t)i;
      return LQA_OK;
    }
  }
  lqa_run_judge key = {
      lqa_arena_printf(&l->run->arena, "%.*s", (int)model.size, model.data ? model.data : ""),
      lqa_arena_printf(&l->run->arena, "%.*s", (int)base_url.size,
                       base_url.data ? base_url.data : "")};
  *judge = (int32_t)o->keys.n;
  if (!key.model || !key.base_url) {
    return LQA_NO_MEMORY;
  }
  LQA_TRY(lqa_vec_push(&o->judges, key.model));
  return lqa_vec_push(&o->keys, key);
}

/* The class that YES or NO with a correction names; LQA_CLASS_NONE: it says nothing. */
static int32_t class_said(const lister *l, int64_t row, lqa_str verdict, lqa_str corrected) {
  if (lqa_str_equal(verdict, lqa_str_from("YES"))) {
    return l->run->rows.label[row];
  }
  return lqa_str_equal(verdict, lqa_str_from("NO")) ? lqa_run_find_class(l->run, corrected)
                                                    : LQA_CLASS_NONE;
}

static bool takes_part(const lister *l, int64_t row) {
  const lqa_evidence *e = &l->run->evidence;
  return row >= 0 && row < e->n_rows && l->numbers->number[row] >= 0 &&
         e->verdict[row] != LQA_VERDICT_NONE; /* void verdicts are none there */
}

static lqa_status add_answer(void *data, const lqa_reply_record *r, lqa_error *err) {
  lister *l = data;
  int64_t row = r->row.row;
  int32_t said = takes_part(l, row) ? class_said(l, row, r->verdict, r->corrected) : LQA_CLASS_NONE;
  if (said < 0) {
    return LQA_OK;
  }
  lqa_opinion opinion = {.row = l->numbers->number[row], .class_code = said, .inclusion = 1};
  lqa_status status;
  LQA_TRY_OUT(number_judge(l, r->model, r->base_url, &opinion.judge));
  status = lqa_vec_push(&l->out->items, opinion);
out:
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "reading verdicts");
}

/* The number of a judge by the session that it spoke in: sessions of one model are one judge. */
static lqa_status find_judge(lister *l, int64_t session, int32_t *judge, lqa_error *err) {
  lqa_str model;
  for (size_t i = 0; i < l->sessions.n; i++) {
    if (l->sessions.data[i].session == session) {
      *judge = l->sessions.data[i].judge;
      return LQA_OK;
    }
  }
  LQA_TRY(lqa_run_db_judge_model(l->run->db, session, &l->run->arena, &model, err));
  judge_session found = {session, 0};
  lqa_status status;
  LQA_TRY_OUT(number_judge(l, model, (lqa_str){"", 0}, &found.judge));
  status = lqa_vec_push(&l->sessions, found);
out:
  *judge = found.judge;
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "reading verdicts");
}

/* A verdict gives its row's answers their chance to be asked for, or is itself the opinion. */
static lqa_status add_verdict(void *data, const lqa_verdict_record *r, lqa_error *err) {
  lister *l = data;
  int64_t row = r->row.row;
  if (!takes_part(l, row)) {
    return LQA_OK;
  }
  int64_t number = l->numbers->number[row];
  double inclusion = r->inclusion > 0 && r->inclusion <= 1 ? r->inclusion : 1;
  while (l->next < l->n_answers && l->out->items.data[l->next].row < number) {
    l->next++;
  }
  if (l->next < l->n_answers && l->out->items.data[l->next].row == number) {
    for (; l->next < l->n_answers && l->out->items.data[l->next].row == number; l->next++) {
      l->out->items.data[l->next].inclusion = inclusion;
    }
    return LQA_OK;
  }
  lqa_opinion opinion = {.row = number,
                         .class_code = class_said(l, row, r->verdict, r->corrected),
                         .inclusion = inclusion};
  if (opinion.class_code < 0) {
    return LQA_OK;
  }
  LQA_TRY(find_judge(l, r->judge_run, &opinion.judge, err));
  return lqa_vec_push(&l->out->items, opinion) == LQA_OK ? LQA_OK
                                                         : lqa_fail_memory(err, "reading verdicts");
}

static lqa_status add_decisions(lister *l, lqa_error *err) {
  const lqa_evidence *e = &l->run->evidence;
  for (int64_t i = 0; i < l->numbers->n; i++) {
    int32_t decided = e->decided_label[l->numbers->row[i]];
    lqa_opinion opinion = {.row = i, .class_code = decided, .judge = -1, .inclusion = 1};
    if (decided >= 0 && lqa_vec_push(&l->out->items, opinion) != LQA_OK) {
      return lqa_fail_memory(err, "reading decisions");
    }
  }
  return LQA_OK;
}

static int compare_opinions(const void *a, const void *b) {
  const lqa_opinion *x = a, *y = b;
  if (x->row != y->row) {
    return x->row < y->row ? -1 : 1;
  }
  if (x->judge != y->judge) {
    return x->judge < y->judge ? -1 : 1;
  }
  return x->class_code < y->class_code ? -1 : x->class_code > y->class_code;
}

lqa_status lqa_run_opinions_list(lqa_run *run, const lqa_run_numbers *numbers,
                                 lqa_run_opinions *out, lqa_error *err) {
  lister l = {.run = run, .numbers = numbers, .out = out};
  lqa_status status;
  LQA_TRY_OUT(lqa_run_db_each_latest_reply(run->db, add_answer, &l, err));
  l.n_answers = out->items.n;
  LQA_TRY_OUT(lqa_run_db_each_verdict(run->db, add_verdict, &l, err));
  LQA_TRY_OUT(add_decisions(&l, err));
  if (out->items.n > 0) {
    qsort(out->items.data, out->items.n, sizeof *out->items.data, compare_opinions);
  }
out:
  lqa_vec_clear(&l.sessions);
  return status;
}
