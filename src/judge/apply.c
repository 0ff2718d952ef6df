/* judge/apply.c - from answers to verdicts, and what the whole run came to.
 *
 * Which model answered. Servers name the model in the reply: most echo what was asked, some add a
 * date, hosted deployments tell the real name behind an alias, local servers tell what they have
 * loaded. So a judge's answers are looked at together: if any names the model asked for, answers
 * under another name are UNKNOWN (a gateway fell back to something else); if none does, the most
 * frequent name is taken for an alias and only the others are UNKNOWN. Both are told in the
 * summary.
 *
 * Confident learning against judge, on the rows both have looked at: categories "wrong" (flagged,
 * NO) and "fine" (not flagged, YES), every row weighted by the inverse of its chance to be chosen:
 * the judged rows are mostly flagged ones, and unweighted agreement would be low by that alone. A
 * kappa near 0 means that one of the two does not see what the other sees; neither should be
 * believed alone.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "judge/agree.h"
#include "judge/endpoint.h"
#include "judge/plan.h"
#include "judge/request.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define RELABEL_ABOVE 0.30

/* The name under which each judge's model answers, and whether it is the one asked for. */
typedef struct alias {
  const char *name; /* NULL = nobody said; borrowed from an answer */
  bool is_asked;    /* only names that match the model asked for count */
} alias;

typedef struct folder {
  lqa_judge_plan *plan;
  const lqa_judge_sink *sink;
  lqa_judge_summary *sum;
  alias aliases[LQA_JUDGE_MAX_JUDGES];
  lqa_judge_agreement judges, overlap; /* YES, NO, UNKNOWN; fine, wrong */
  lqa_weighted random;                 /* NO among the rows drawn at random */
  int64_t hits[LQA_JUDGE_MAX_JUDGES][2], trials[LQA_JUDGE_MAX_JUDGES][2]; /* label kept, changed */
  int64_t stable[LQA_JUDGE_MAX_JUDGES], repeated[LQA_JUDGE_MAX_JUDGES];
  lqa_map *names; /* of models that answered; borrows them from the answers */
  lqa_error *err;
} folder;

static bool is_answered(const lqa_task *task) {
  return task && (task->state == LQA_TASK_ANSWERED || task->has_old);
}

/* ---- which model answered ---- */

/* Counts the names of one judge's answers; *asked is the first that matches the model asked for. */
static lqa_status tally(const lqa_judge_plan *plan, int judge, lqa_map *names, int64_t *counts,
                        const char **asked) {
  for (size_t t = 0; t < plan->n_tasks; t++) {
    const lqa_task *task = &plan->tasks[t];
    const char *name = is_answered(task) && task->judge == judge ? task->answer.reply_model : "";
    if (!*name) {
      continue;
    }
    if (!*asked && lqa_model_matches(plan->judges[judge].model, name)) {
      *asked = name;
    }
    uint32_t index;
    LQA_TRY(lqa_map_add(names, lqa_str_from(name), &index, NULL));
    counts[index]++;
  }
  return LQA_OK;
}

/* The name that was asked for if any answer bears it, else the most frequent (the first of equals).
 */
static lqa_status find_alias(folder *f, int judge) {
  const lqa_judge_plan *plan = f->plan;
  const char *asked = NULL;
  int64_t best = 0;
  int64_t *counts = lqa_calloc(plan->n_tasks, sizeof *counts);
  lqa_status status;
  LQA_TRY_OUT(counts && f->names ? tally(plan, judge, f->names, counts, &asked) : LQA_NO_MEMORY);
  for (uint32_t i = 0; i < lqa_map_count(f->names); i++) {
    if (counts[i] > best) {
      best = counts[i];
      f->aliases[judge].name = lqa_map_key(f->names, i).data;
    }
  }
out:
  f->aliases[judge].is_asked = asked != NULL;
  f->aliases[judge].name = asked ? asked : f->aliases[judge].name;
  free(counts);
  return status;
}

static bool is_other_model(const folder *f, const lqa_task *task) {
  const alias *a = &f->aliases[task->judge];
  const char *name = task->answer.reply_model;
  if (!*name || !a->name) {
    return false;
  }
  return a->is_asked ? !lqa_model_matches(f->plan->judges[task->judge].model, name)
                     : strcmp(name, a->name) != 0;
}

static lqa_reply reply_of(const folder *f, const lqa_task *task) {
  return is_other_model(f, task)
             ? (lqa_reply){LQA_VERDICT_UNKNOWN, LQA_JUDGE_NO_CLASS, "answered by another model"}
             : task->reply;
}

/* ---- telling ---- */

static void format_utc(int64_t ms, char out[32]) {
  time_t seconds = (time_t)(ms / 1000);
  struct tm parts;
  gmtime_r(&seconds, &parts);
  strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static lqa_status tell_answer(folder *f, size_t item, const lqa_task *task, int repeat) {
  if (!f->sink || !f->sink->answer) {
    return LQA_OK;
  }
  char utc[32];
  format_utc(task->answer.asked_ms, utc);
  lqa_reply reply = reply_of(f, task);
  const lqa_plan_judge *judge = &f->plan->judges[task->judge];
  lqa_judge_answer answer = {.item = &f->plan->input.items[item],
                             .index = item,
                             .judge = task->judge,
                             .repeat = repeat,
                             .verdict = reply.verdict,
                             .corrected = reply.corrected,
                             .why = reply.why,
                             .raw = task->answer.content,
                             .model = judge->model,
                             .base_url = judge->base_url,
                             .reply_model = task->answer.reply_model,
                             .prompt_hash = task->prompt_hash,
                             .asked_utc = utc,
                             .tokens_in = task->answer.tokens_in,
                             .tokens_out = task->answer.tokens_out,
                             .cost_usd =
                                 task->answer.cost < 0 ? NAN : lqa_usd_from_pico(task->answer.cost),
                             .cached = task->cached || task->has_old || task->item != item};
  return f->sink->answer(f->sink->data, &answer, f->err);
}

/* ---- counting ---- */

/* Rows where the plan asks several times: did every answer say the same? */
static void count_repeats(folder *f, size_t item, int judge, lqa_reply first) {
  bool stable = true;
  int n = 1;
  for (int repeat = 1; repeat < f->plan->options.repeats; repeat++) {
    const lqa_task *task = lqa_plan_task(f->plan, item, judge, repeat);
    if (is_answered(task)) {
      lqa_reply other = reply_of(f, task);
      stable = stable && other.verdict == first.verdict && other.corrected == first.corrected;
      n++;
    }
  }
  f->repeated[judge] += n > 1;
  f->stable[judge] += n > 1 && stable;
}

static void count_judge(folder *f, size_t item, int judge, lqa_reply reply) {
  const lqa_judge_item *it = &f->plan->input.items[item];
  lqa_judge_score *score = &f->sum->judges[judge];
  score->yes += reply.verdict == LQA_VERDICT_YES;
  score->no += reply.verdict == LQA_VERDICT_NO;
  score->unknown += reply.verdict == LQA_VERDICT_UNKNOWN;
  if (it->decided != LQA_JUDGE_NO_CLASS && it->label != LQA_JUDGE_NO_CLASS) {
    int changed = it->decided != it->label;
    f->trials[judge][changed]++;
    f->hits[judge][changed] += reply.verdict == LQA_VERDICT_NO;
  }
  count_repeats(f, item, judge, reply);
}

static void count_row(folder *f, const lqa_judge_item *item, lqa_verdict verdict) {
  lqa_judge_summary *s = f->sum;
  bool decisive = verdict != LQA_VERDICT_UNKNOWN;
  s->judged++;
  s->yes += verdict == LQA_VERDICT_YES;
  s->no += verdict == LQA_VERDICT_NO;
  s->unknown += !decisive;
  if (decisive && item->kind == LQA_JUDGE_RANDOM) {
    lqa_weighted_add(&f->random, verdict == LQA_VERDICT_NO, item->inclusion);
  }
  if (decisive && item->label != LQA_JUDGE_NO_CLASS) {
    double weight = item->inclusion > 0 ? 1 / item->inclusion : 1;
    lqa_agreement_add(&f->overlap, item->is_flagged, verdict == LQA_VERDICT_NO, weight);
  }
}

/* ---- rows ---- */

/* What stands in the way of a verdict on `item`, as task states; ANSWERED = nothing. */
static lqa_task_state state_of(const folder *f, size_t item) {
  for (int judge = 0; judge < f->plan->options.n_judges; judge++) {
    const lqa_task *task = lqa_plan_task(f->plan, item, judge, 0);
    if (!is_answered(task)) {
      return (lqa_task_state)task->state;
    }
  }
  return LQA_TASK_ANSWERED;
}

static lqa_status tell_answers(folder *f, size_t item) {
  for (int judge = 0; judge < f->plan->options.n_judges; judge++) {
    for (int repeat = 0; repeat < f->plan->options.repeats; repeat++) {
      const lqa_task *task = lqa_plan_task(f->plan, item, judge, repeat);
      if (!is_answered(task)) {
        continue;
      }
      LQA_TRY(tell_answer(f, item, task, repeat));
      f->sum->judges[judge].other_model += task->item == item && is_other_model(f, task);
      f->sum->truncated += task->item == item && task->answer.end == LQA_REPLY_TRUNCATED;
    }
  }
  return LQA_OK;
}

static lqa_status fold_row(folder *f, size_t item) {
  lqa_verdict verdicts[2] = {LQA_VERDICT_NONE, LQA_VERDICT_NONE};
  int32_t corrected[2] = {LQA_JUDGE_NO_CLASS, LQA_JUDGE_NO_CLASS};
  lqa_judge_row row = {.item = &f->plan->input.items[item], .index = item};
  for (int judge = 0; judge < f->plan->options.n_judges; judge++) {
    lqa_reply reply = reply_of(f, lqa_plan_task(f->plan, item, judge, 0));
    verdicts[judge] = reply.verdict;
    corrected[judge] = reply.corrected;
    count_judge(f, item, judge, reply);
    if (reply.verdict == LQA_VERDICT_UNKNOWN) {
      const lqa_task *task = lqa_plan_task(f->plan, item, judge, 0);
      lqa_unknown_note(&f->sum->unknown_notes, row.item->row, reply.why, task->answer.content);
    }
  }
  row.verdict = verdicts[0];
  row.corrected = corrected[0];
  if (f->plan->options.n_judges == 2) {
    lqa_agree_verdicts(verdicts, corrected, &row.verdict, &row.corrected);
    lqa_agreement_add(&f->judges, verdicts[0] - LQA_VERDICT_YES, verdicts[1] - LQA_VERDICT_YES, 1);
  }
  count_row(f, row.item, row.verdict);
  return f->sink && f->sink->row ? f->sink->row(f->sink->data, &row, f->err) : LQA_OK;
}

static lqa_status fold_item(folder *f, size_t item) {
  LQA_TRY(tell_answers(f, item));
  switch (state_of(f, item)) {
  case LQA_TASK_ANSWERED:
    return fold_row(f, item);
  case LQA_TASK_BATCH:
    f->sum->in_batch++;
    return LQA_OK;
  default:
    f->sum->unanswered++;
    return LQA_OK;
  }
}

/* ---- the summary ---- */

static void list_refused(const lqa_judge_plan *plan, char out[256]) {
  size_t used = 0;
  out[0] = '\0';
  for (int j = 0; j < plan->options.n_judges; j++) {
    for (int i = 0; i < LQA_FIELD_COUNT; i++) {
      if (plan->judges[j].refused >> i & 1u && used < 200) {
        used +=
            (size_t)snprintf(out + used, 256 - used, "%s%.80s: %s", used ? ", " : "",
                             plan->judges[j].model, lqa_request_field_name((lqa_request_field)i));
      }
    }
  }
}

static void sum_up_money(const lqa_judge_plan *plan, lqa_judge_summary *s) {
  bool priced = true;
  for (int j = 0; j < plan->options.n_judges; j++) {
    priced = priced && plan->judges[j].price.known;
  }
  s->calls = plan->budget.calls;
  s->cost_usd = priced ? lqa_usd_from_pico(plan->budget.cost) : NAN;
  s->errors = plan->n_errors;
  s->booked = plan->n_booked;
  s->lost = plan->n_lost;
  s->tokens_in = plan->tokens_in;
  s->tokens_out = plan->tokens_out;
  for (size_t t = 0; t < plan->n_tasks; t++) {
    s->cached += plan->tasks[t].state == LQA_TASK_ANSWERED && plan->tasks[t].cached;
  }
}

static void sum_up(folder *f) {
  lqa_judge_summary *s = f->sum;
  const lqa_judge_options *o = &f->plan->options;
  for (int j = 0; j < o->n_judges; j++) {
    lqa_judge_score *score = &s->judges[j];
    score->false_alarm = lqa_rate_make(f->hits[j][0], f->trials[j][0]);
    score->sensitivity = lqa_rate_make(f->hits[j][1], f->trials[j][1]);
    score->self_agreement = lqa_rate_make(f->stable[j], f->repeated[j]);
    snprintf(score->reply_model, sizeof score->reply_model, "%s",
             f->aliases[j].name ? f->aliases[j].name : "");
  }
  s->agreement = lqa_agreement_share(&f->judges);
  s->kappa = lqa_agreement_kappa(&f->judges);
  s->overlap_rows = f->overlap.n;
  s->overlap_agreement = lqa_agreement_share(&f->overlap);
  s->overlap_kappa = lqa_agreement_kappa(&f->overlap);
  s->random_error = lqa_weighted_rate(&f->random);
  s->advise_relabel = s->random_error.share.low > RELABEL_ABOVE;
  if (o->n_judges == 2) {
    const char *first = lqa_model_family(o->judges[0].model);
    const char *second = lqa_model_family(o->judges[1].model);
    s->same_family = first && second ? strcmp(first, second) == 0
                                     : strcmp(o->judges[0].model, o->judges[1].model) == 0;
  }
  sum_up_money(f->plan, s);
  list_refused(f->plan, s->dropped_fields);
}

lqa_status lqa_judge_apply(lqa_judge_plan *plan, const lqa_judge_sink *sink,
                           lqa_judge_summary *summary, lqa_error *err) {
  *summary = (lqa_judge_summary){.planned = (int64_t)plan->input.n_items};
  folder f = {.plan = plan, .sink = sink, .sum = summary, .err = err};
  f.judges.k = 3;
  f.overlap.k = 2;
  f.names = lqa_map_new(false);
  lqa_status status = LQA_OK;
  for (int j = 0; j < plan->options.n_judges; j++) {
    if (find_alias(&f, j) != LQA_OK) {
      LQA_TRY_OUT(lqa_fail_memory(err, "counting the judge's answers"));
    }
  }
  for (size_t i = 0; i < plan->input.n_items; i++) {
    LQA_TRY_OUT(fold_item(&f, i));
  }
  sum_up(&f);
out:
  lqa_map_free(f.names);
  return status;
}
