/* report/votes_said.c - fills the records that votes_json.c writes: the best annotators first, the
 * items that most need another vote first, pairs only where one seems to copy.
 */
#include "report/votes_said.h"

#include "base/message_text.h"

#include <math.h>
#include <stdlib.h>

static lqa_str class_name(const lqa_vote_study *s, int32_t klass) {
  return klass < 0 ? (lqa_str){NULL, 0} : s->table->classes[klass];
}

static lqa_status say_notes(const lqa_vote_table *t, lqa_arena *arena, lqa_said_votes *out) {
  const char **notes = lqa_arena_alloc(arena, t->notes.n + 1, sizeof *notes);
  for (size_t i = 0; notes && i < t->notes.n; i++) {
    notes[i] = lqa_message_in_style(t->notes.data[i], LQA_AS_FLAGS, arena);
    notes = notes[i] ? notes : NULL;
  }
  out->notes = notes;
  out->n_notes = (int64_t)t->notes.n;
  return notes ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_said_consensus say_consensus(const lqa_vote_study *s) {
  bool is_iterated = s->method == LQA_CONSENSUS_DAWID_SKENE || s->method == LQA_CONSENSUS_ONE_COIN;
  double n = (double)s->n_truth;
  return (lqa_said_consensus){.method = lqa_consensus_method_name(s->method),
                              .model = is_iterated ? NULL : s->model,
                              .model_accuracy = s->model_accuracy,
                              .is_iterated = is_iterated,
                              .iterations = s->consensus.iterations,
                              .has_converged = s->consensus.has_converged,
                              .n_moved = s->n_moved,
                              .n_tied = s->n_tied,
                              .n_truth = s->n_truth,
                              .has_truth = s->n_truth > 0,
                              .accuracy = n > 0 ? (double)s->n_right / n : (double)NAN,
                              .majority_accuracy =
                                  n > 0 ? (double)s->n_majority_right / n : (double)NAN};
}

/* ---- annotators ---- */

static lqa_status say_marks(const lqa_vote_study *s, int32_t annotator, lqa_arena *arena,
                            lqa_said_annotator *out) {
  static const char *const names[] = {"spammer", "constant", "reversed", "drift"};
  uint32_t marks = s->annotators[annotator].marks;
  const char **list = lqa_arena_alloc(arena, 4, sizeof *list);
  lqa_buf sentence;
  if (!list || !marks) {
    return list ? LQA_OK : LQA_NO_MEMORY;
  }
  for (int i = 0; i < 4; i++) {
    if (marks & 1U << i) {
      list[out->n_marks++] = names[i];
    }
  }
  out->marks = list;
  lqa_buf_init(&sentence, 4096);
  lqa_votes_report_marks(s, annotator, &sentence);
  out->remark = sentence.failed ? NULL : lqa_arena_copy(arena, sentence.data, sentence.size);
  lqa_buf_clear(&sentence);
  return out->remark ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status say_annotator(const lqa_vote_study *s, int32_t annotator, lqa_arena *arena,
                                lqa_said_annotator *out) {
  const lqa_annotator *a = &s->annotators[annotator];
  *out = (lqa_said_annotator){.name = lqa_vote_table_annotator(s->table, annotator),
                              .numbers = *a,
                              .weight = s->consensus.annotator_weight[annotator],
                              .has_mistake = a->n_worst > 0,
                              .has_truth = s->n_truth > 0,
                              .has_times = a->n_timed > 0,
                              .mistake = {class_name(s, a->worst[0]), class_name(s, a->worst[1]),
                                          a->n_worst, a->n_worst_of},
                              .overused = class_name(s, a->bias_class)};
  return say_marks(s, annotator, arena, out);
}

static lqa_status say_annotators(const lqa_vote_study *s, lqa_arena *arena, lqa_said_votes *out) {
  size_t n = (size_t)s->table->n_annotators;
  int32_t *order = lqa_votes_report_annotators(s);
  lqa_said_annotator *said = lqa_arena_alloc(arena, n + 1, sizeof *said);
  lqa_status status;
  LQA_TRY_OUT(order && said ? LQA_OK : LQA_NO_MEMORY);
  for (size_t i = 0; i < n; i++) {
    LQA_TRY_OUT(say_annotator(s, order[i], arena, &said[i]));
  }
out:
  free(order);
  out->annotators = said;
  return status;
}

static lqa_status say_pairs(const lqa_vote_study *s, lqa_arena *arena, lqa_said_votes *out) {
  lqa_said_pair *copies = lqa_arena_alloc(arena, s->pairs.n + 1, sizeof *copies);
  int64_t n = 0;
  for (size_t i = 0; copies && i < s->pairs.n; i++) {
    const lqa_annotator_pair *p = &s->pairs.pairs[i];
    if (p->is_copy) {
      copies[n++] = (lqa_said_pair){lqa_vote_table_annotator(s->table, p->first),
                                    lqa_vote_table_annotator(s->table, p->second),
                                    p->n_shared,
                                    p->n_same,
                                    p->n_wrong,
                                    p->n_wrong_same};
    }
  }
  out->pairs = (lqa_said_pairs){(int64_t)s->pairs.n, s->pairs.n_compared, copies, n};
  return copies ? LQA_OK : LQA_NO_MEMORY;
}

/* ---- items ---- */

static lqa_status say_item(const lqa_vote_study *s, int32_t item, lqa_arena *arena,
                           lqa_said_item *out) {
  char scratch[24];
  lqa_str name = lqa_vote_table_item(s->table, item, scratch);
  *out = (lqa_said_item){.item = {lqa_arena_copy(arena, name.data, name.size), name.size},
                         .consensus = class_name(s, s->consensus.label[item]),
                         .quality = s->consensus.quality[item],
                         .active = s->consensus.active[item],
                         .n_votes = lqa_votes_of_item(s->votes, item)};
  return out->item.data ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status say_items(const lqa_votes_report *r, lqa_arena *arena, lqa_said_votes *out) {
  const lqa_vote_study *s = r->study;
  int64_t n = s->table->n_items < r->top ? s->table->n_items : r->top;
  int32_t *order = lqa_votes_report_items(s);
  lqa_said_item *again = lqa_arena_alloc(arena, (size_t)n + 1, sizeof *again);
  lqa_status status;
  LQA_TRY_OUT(order && again ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t i = 0; i < n && !isnan(s->consensus.active[order[i]]); i++) {
    LQA_TRY_OUT(say_item(s, order[i], arena, &again[out->n_again++]));
  }
out:
  free(order);
  out->again = again;
  return status;
}

lqa_status lqa_votes_say(const lqa_votes_report *r, lqa_arena *arena, lqa_said_votes *out) {
  const lqa_vote_study *s = r->study;
  const lqa_vote_table *t = s->table;
  *out = (lqa_said_votes){.source = r->source,
                          .is_wide = t->is_wide,
                          .n_items = t->n_items,
                          .n_annotators = t->n_annotators,
                          .n_votes = t->n_votes,
                          .n_missing = t->n_missing,
                          .n_empty = t->n_items_empty,
                          .n_repeats = t->n_repeats,
                          .n_repeats_same = t->n_repeats_same,
                          .classes = t->classes,
                          .n_classes = t->n_classes,
                          .consensus = say_consensus(s),
                          .agreement = {.confidence = r->confidence,
                                        .has_alpha = s->has_agreement,
                                        .has_fleiss = s->has_fleiss,
                                        .alpha = s->alpha,
                                        .fleiss = s->fleiss}};
  LQA_TRY(say_notes(t, arena, out));
  LQA_TRY(say_annotators(s, arena, out));
  LQA_TRY(say_pairs(s, arena, out));
  return say_items(r, arena, out);
}
