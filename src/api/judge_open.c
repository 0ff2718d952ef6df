/* The run's rows become items: key, text, given label, why they were chosen, what people decided.
 * What is made of the answers is judge_save.c's.
 */
#include "api/open_run.h"
#include "api/judge_session.h"

#include "api/judge_endpoint.h"
#include "api/judge_design.h"
#include "api/judge_phases.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/dataset/labels.h"
#include "judge/plan.h"
#include "judge/simulate.h"
#include "store/row_texts.h"

#include <math.h>
#include <stdio.h>

enum { MAX_FILE_BYTES = 16 << 20 };

/* ---- options ---- */

static lqa_status load_text(const char *path, lqa_arena *arena, const char **out, lqa_error *err) {
  lqa_buf buf;
  lqa_buf_init(&buf, MAX_FILE_BYTES);
  lqa_status status;
  LQA_TRY_OUT(lqa_file_load(path, &buf, err));
  *out = lqa_arena_copy(arena, buf.size ? buf.data : "", buf.size);
  status = *out ? LQA_OK : lqa_fail_memory(err, "reading a file");
out:
  lqa_buf_clear(&buf);
  return status;
}

static lqa_status set_options(lqa_judge_session *s, bool simulated, lqa_error *err) {
  const lqa_judge_args *a = s->args;
  lqa_judge_options *o = &s->options;
  lqa_judge_options_init(o);
  o->protocol = strcmp(a->protocol, "blind") == 0 || strcmp(a->mode, "label") == 0
                    ? LQA_PROTOCOL_BLIND
                    : LQA_PROTOCOL_VERIFY;
  o->max_text_chars = a->max_text;
  o->seed = (uint64_t)a->common.seed;
  o->max_calls = a->max_calls;
  o->max_cost_usd = a->max_cost < 0 ? NAN : a->max_cost;
  o->concurrency = (int)a->concurrency;
  o->timeout_seconds = a->timeout;
  o->backoff_seconds = a->backoff;
  o->max_output_tokens = a->max_output_tokens;
  o->temperature = a->temperature;
  o->reasoning_effort = a->reasoning_effort;
  o->retry_unknown = a->retry_unknown;
  o->max_unknown = a->max_unknown;
  o->repeats = (int)a->repeat;
  o->repeat_rows = a->repeat_rows;
  o->ca_file = a->ca_file;
  o->observer = a->common.observer;
  o->answered = a->answered;
  o->answered_data = a->answered_data;
  if (a->prompt) {
    o->template_name = a->prompt;
    LQA_TRY(load_text(a->prompt, &s->arena, &o->template_text, err));
  }
  if (simulated) {
    o->judges[0] = (lqa_judge_endpoint){LQA_SIMULATED_URL, LQA_SIMULATED_MODEL, NULL, 0, 0};
    return LQA_OK;
  }
  LQA_TRY(lqa_judge_set_endpoints(a, o, err));
  return lqa_judge_cache_path(a, &s->arena, &o->cache_path, err);
}

/* ---- class notes ---- */

/* Splits "CLASS<tab>NOTE" or "CLASS: NOTE" at the first tab, else at a colon whose left side is a
 * class. */
static bool split_note(const lqa_run *run, lqa_str line, int32_t *class, lqa_str *note) {
  const char *tab = memchr(line.data, '\t', line.size);
  for (size_t i = 0; i < line.size; i++) {
    bool is_end = tab ? line.data + i == tab : line.data[i] == ':';
    int32_t code = is_end ? lqa_run_find_class(run, lqa_str_trim((lqa_str){line.data, i})) : -1;
    if (code >= 0) {
      *class = code;
      *note = lqa_str_trim((lqa_str){line.data + i + 1, line.size - i - 1});
      return true;
    }
  }
  return false;
}

static lqa_status read_notes(lqa_judge_session *s, const char *text, lqa_error *err) {
  int number = 0;
  while (*text) {
    size_t size = strcspn(text, "\n");
    lqa_str line = lqa_str_trim((lqa_str){text, size}), note;
    int32_t class;
    number++;
    if (line.size > 0 && !split_note(s->run, line, &class, &note)) {
      return lqa_fail_at(
          err, LQA_BAD_USAGE, s->args->class_notes, number - 1, NULL,
          "%s: line %d names no class of this run; expected 'CLASS: what belongs in it'",
          s->args->class_notes, number);
    }
    if (line.size > 0) {
      s->classes[class].note = note;
    }
    text += size + (text[size] ? 1 : 0);
  }
  return LQA_OK;
}

static lqa_status set_classes(lqa_judge_session *s, lqa_error *err) {
  const lqa_manifest *m = &s->run->manifest;
  const char *notes = NULL;
  s->classes = lqa_arena_alloc(&s->arena, (size_t)m->n_classes + 1, sizeof *s->classes);
  if (!s->classes) {
    return lqa_fail_memory(err, "preparing the judge");
  }
  for (int32_t i = 0; i < m->n_classes; i++) {
    s->classes[i].name = m->classes[i];
  }
  if (!s->args->class_notes) {
    return LQA_OK;
  }
  LQA_TRY(load_text(s->args->class_notes, &s->arena, &notes, err));
  return read_notes(s, notes, err);
}

/* ---- rows ---- */

/* Arrays that choosing wants, made from the evidence. */
typedef struct chooser {
  uint8_t *has_content, *is_suspicious;
  double *p_wrong;
} chooser;

static bool is_zero(lqa_hash128 hash) {
  return hash.high == 0 && hash.low == 0;
}

/* p_correct moves with every verdict, so only phases, whose rows are kept, may go by it: any other
 * choice must be the same when the command is given again, or it would pay for other rows. */
static void fill_chooser(const lqa_run *run, bool in_phases, chooser *c) {
  const lqa_evidence *e = &run->evidence;
  for (int64_t row = 0; row < e->n_rows; row++) {
    c->has_content[row] = run->rows.content_hash && !is_zero(run->rows.content_hash[row]);
    c->is_suspicious[row] = lqa_evidence_is_suspicious(e, row);
    c->p_wrong[row] =
        1 - (in_phases && !isnan(e->p_correct[row]) ? e->p_correct[row] : e->self_confidence[row]);
  }
}

static lqa_choose_strategy strategy_of(const char *name) {
  return strcmp(name, "random") == 0        ? LQA_CHOOSE_RANDOM
         : strcmp(name, "uncertainty") == 0 ? LQA_CHOOSE_UNCERTAINTY
                                            : LQA_CHOOSE_CORRECTIONS;
}

static lqa_status choose_rows(lqa_judge_session *s, const chooser *c, lqa_error *err) {
  const lqa_judge_args *a = s->args;
  lqa_choose_input input = {.n_rows = s->run->evidence.n_rows,
                            .label = s->run->rows.label,
                            .has_content = c->has_content,
                            .is_suspicious = c->is_suspicious,
                            .issue_rank = s->run->evidence.issue_rank,
                            .p_wrong = c->p_wrong,
                            .seed = (uint64_t)a->common.seed};
  if (strcmp(a->mode, "label") == 0) {
    return lqa_choose_every(&input, &s->choices, err);
  }
  if (s->phase >= 0) {
    return lqa_judge_phase_choose(s, &input, err);
  }
  LQA_TRY(a->budget > 0
              ? lqa_choose_budget(&input, a->budget, strategy_of(a->strategy), &s->choices, err)
              : lqa_choose_top(&input, a->top, a->sample_unflagged, &s->choices, err));
  return lqa_judge_design_keep_draw(s, &input, err);
}

static lqa_status choose(lqa_judge_session *s, lqa_error *err) {
  size_t n = (size_t)s->run->evidence.n_rows;
  chooser c = {lqa_calloc(n, 1), lqa_calloc(n, 1), lqa_calloc(n, sizeof *c.p_wrong)};
  lqa_status status;
  if (c.has_content && c.is_suspicious && c.p_wrong) {
    fill_chooser(s->run, s->phase >= 0, &c);
    status = choose_rows(s, &c, err);
  } else {
    status = lqa_fail_memory(err, "choosing rows for the judge");
  }
  free(c.has_content);
  free(c.is_suspicious);
  free(c.p_wrong);
  return status;
}

static lqa_status set_item(lqa_judge_session *s, const lqa_choice *choice, lqa_row_texts *texts,
                           lqa_buf *key, lqa_judge_item *item) {
  const lqa_evidence *e = &s->run->evidence;
  int64_t row = choice->row;
  lqa_str text = lqa_row_texts_get(texts, row);
  int32_t label = s->run->rows.label[row];
  lqa_buf_reset(key);
  LQA_TRY(lqa_run_rows_key(&s->run->rows, row, key));
  *item = (lqa_judge_item){
      .row = row,
      .key = {lqa_arena_copy(&s->arena, key->data, key->size), key->size},
      .text = {lqa_arena_copy(&s->arena, text.data ? text.data : "", text.size), text.size},
      .label = label >= 0 ? label : LQA_JUDGE_NO_CLASS,
      .kind = choice->kind,
      .inclusion = choice->inclusion,
      .stratum = choice->stratum,
      .is_flagged = e->is_label_issue[row],
      .decided = e->decided_label[row],
  };
  return item->key.data && item->text.data ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status set_items(lqa_judge_session *s, lqa_row_texts *texts) {
  lqa_buf key;
  lqa_buf_init(&key, 1 << 20);
  lqa_status status = LQA_OK;
  for (size_t i = 0; i < s->choices.n; i++) {
    LQA_TRY_OUT(set_item(s, &s->choices.data[i], texts, &key, &s->items[i]));
  }
out:
  lqa_buf_clear(&key);
  return status;
}

static lqa_status load_items(lqa_judge_session *s, lqa_error *err) {
  size_t n = s->choices.n;
  lqa_row_texts texts;
  lqa_row_texts_input input = {.folder = s->run->folder,
                               .manifest = &s->run->manifest,
                               .rows = &s->run->rows,
                               .observer = s->run->observer};
  s->items = lqa_arena_alloc(&s->arena, n + 1, sizeof *s->items);
  int64_t *wanted = lqa_malloc(n, sizeof *wanted);
  lqa_status status;
  LQA_TRY_OUT(s->items && wanted ? LQA_OK : lqa_fail_memory(err, "reading the rows to judge"));
  for (size_t i = 0; i < n; i++) {
    wanted[i] = s->choices.data[i].row;
  }
  LQA_TRY_OUT(lqa_row_texts_load(&input, wanted, (int64_t)n, &texts, err));
  if (set_items(s, &texts) != LQA_OK) {
    status = lqa_fail_memory(err, "reading the rows to judge");
  }
  lqa_row_texts_clear(&texts);
out:
  free(wanted);
  return status;
}

/* ---- opening ---- */

lqa_status lqa_judge_session_replan(lqa_judge_session *s, lqa_error *err) {
  lqa_judge_input input = {s->items, s->choices.n, s->classes, (size_t)s->run->manifest.n_classes};
  lqa_judge_plan_free(s->plan);
  s->plan = NULL;
  return lqa_judge_plan_new(&input, &s->options, &s->plan, err);
}

static lqa_status check_content(const lqa_run *run, lqa_error *err) {
  if (run->rows.content_hash) {
    return LQA_OK;
  }
  return lqa_fail(
      err, LQA_BAD_USAGE,
      "this run has no texts or features that a judge could read; audit with " LQA_OPTION(
          "text") " or " LQA_OPTION("features"));
}

static lqa_status prepare(lqa_judge_session *s, bool simulated, lqa_error *err) {
  LQA_TRY(set_options(s, simulated, err));
  if (s->args->forget && !simulated) {
    LQA_TRY(lqa_judge_forget(&s->options, &s->n_forgotten, err));
  }
  bool writes = s->args->yes || s->args->batch_read || s->args->batch_poll || simulated;
  LQA_TRY(lqa_command_open_run(
      &(lqa_run_opening){s->args->run, writes, &s->observer, &s->args->reread}, &s->run, err));
  LQA_TRY(check_content(s->run, err));
  LQA_TRY(set_classes(s, err));
  LQA_TRY(choose(s, err));
  LQA_TRY(load_items(s, err));
  return lqa_judge_session_replan(s, err);
}

static lqa_status open_session(const lqa_judge_args *args, bool simulated,
                               lqa_judge_session *session, lqa_error *err) {
  if (args->common.observer) {
    session->observer = *args->common.observer;
    session->observer.cancelled = NULL;
  }
  lqa_status status = prepare(session, simulated, err);
  if (status != LQA_OK) {
    lqa_judge_session_close(session);
  }
  return status;
}

lqa_status lqa_judge_session_open(const lqa_judge_args *args, bool simulated,
                                  lqa_judge_session *session, lqa_error *err) {
  *session = (lqa_judge_session){.args = args, .phase = -1};
  lqa_arena_init(&session->arena);
  return open_session(args, simulated, session, err);
}

lqa_status lqa_judge_session_open_phase(const lqa_judge_args *args, int phase,
                                        lqa_judge_session *session, lqa_error *err) {
  *session = (lqa_judge_session){.args = args, .phase = phase};
  lqa_arena_init(&session->arena);
  return open_session(args, false, session, err);
}

void lqa_judge_session_close(lqa_judge_session *s) {
  lqa_judge_plan_free(s->plan);
  lqa_vec_clear(&s->choices);
  lqa_run_close(s->run);
  lqa_arena_clear(&s->arena);
  *s = (lqa_judge_session){0};
}

lqa_judge_report lqa_judge_session_report(const lqa_judge_session *s, lqa_error *why) {
  lqa_judge_report report = {
      .plan = s->plan, .options = &s->options, .summary = &s->summary, .mode = s->args->mode};
  for (int j = 0; j < s->options.n_judges; j++) {
    report.price_origin[j] = lqa_judge_price_origin(s->args, j, s->options.judges[j].price_in);
  }
  report.phase = s->phase + 1;
  for (int phase = 0; s->phase >= 0 && phase < LQA_JUDGE_PHASES; phase++) {
    report.phase_rows[phase] = lqa_judge_phase_rows(s->args->budget, phase);
  }
  const lqa_manifest *m = &s->run->manifest;
  if (!s->args->class_notes && lqa_labels_are_integers(m->classes, (size_t)m->n_classes)) {
    report.codes = m->classes;
    report.n_codes = m->n_classes;
  }
  lqa_error_clear(why);
  bool is_missing = lqa_plan_check_keys(s->plan, why) != LQA_OK ||
                    lqa_judge_check_price(s->args, &s->options, why) != LQA_OK;
  report.missing = is_missing ? why->message : NULL;
  return report;
}
