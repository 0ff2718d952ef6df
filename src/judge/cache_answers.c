/* judge/cache_answers.c - what models said, by key. */
#include "judge/cache_file.h"

/* A column's copy, "" for NULL; NULL data when out of memory. */
static lqa_str copy_column(lqa_statement *s, int column, lqa_arena *arena) {
  lqa_str text = lqa_statement_text(s, column);
  return (lqa_str){lqa_arena_copy(arena, text.data ? text.data : "", text.size), text.size};
}

static bool read_answer(lqa_statement *s, lqa_arena *arena, lqa_cache_answer *out) {
  out->content = copy_column(s, 0, arena);
  out->end = (lqa_reply_end)lqa_statement_int(s, 1);
  out->finish = copy_column(s, 2, arena).data;
  out->reply_model = copy_column(s, 3, arena).data;
  out->fingerprint = copy_column(s, 4, arena).data;
  out->tokens_in = lqa_statement_int(s, 5);
  out->tokens_out = lqa_statement_int(s, 6);
  out->cost = lqa_statement_int(s, 7);
  out->asked_ms = lqa_statement_int(s, 8);
  return out->content.data && out->finish && out->reply_model && out->fingerprint;
}

lqa_status lqa_cache_find(lqa_cache *cache, const lqa_cache_key *key, lqa_arena *arena,
                          lqa_cache_answer *answer, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_FIND_ANSWER);
  lqa_cache_set_key(s, key);
  bool row;
  LQA_TRY(lqa_cache_step(cache, s, &row, err));
  bool copied = !row || read_answer(s, arena, answer);
  lqa_statement_reset(s);
  answer->is_found = row;
  return copied ? LQA_OK : lqa_fail_memory(err, "reading the judge's cache");
}

lqa_status lqa_cache_store(lqa_cache *cache, const lqa_cache_key *key,
                           const lqa_cache_question *question, const lqa_cache_answer *answer,
                           lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_STORE_ANSWER);
  lqa_cache_set_key(s, key);
  lqa_statement_set_text(s, 2, question->row_key);
  lqa_cache_set_text(s, 3, question->prompt_hash);
  lqa_cache_set_text(s, 4, question->base_url);
  lqa_cache_set_text(s, 5, question->model);
  lqa_cache_set_text(s, 6, question->settings);
  lqa_statement_set_int(s, 7, question->repeat);
  lqa_statement_set_bytes(s, 8, answer->content.size ? answer->content : lqa_str_from(""));
  lqa_statement_set_int(s, 9, answer->end);
  lqa_cache_set_text(s, 10, answer->finish);
  lqa_cache_set_text(s, 11, answer->reply_model);
  lqa_cache_set_text(s, 12, answer->fingerprint);
  lqa_statement_set_int(s, 13, answer->tokens_in);
  lqa_statement_set_int(s, 14, answer->tokens_out);
  lqa_statement_set_int(s, 15, answer->cost);
  lqa_statement_set_int(s, 16, answer->asked_ms);
  LQA_TRY(lqa_cache_finish(cache, s, err));
  return lqa_cache_release(cache, key, err);
}

static lqa_status run_on_model(lqa_cache *cache, lqa_cache_query query, const char *base_url,
                               const char *model, lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, query);
  lqa_cache_set_text(s, 1, base_url);
  lqa_cache_set_text(s, 2, model);
  return lqa_cache_finish(cache, s, err);
}

lqa_status lqa_cache_forget(lqa_cache *cache, const char *base_url, const char *model, int64_t *n,
                            lqa_error *err) {
  lqa_statement *s = lqa_cache_statement(cache, LQA_CACHE_COUNT_MODEL);
  bool row;
  lqa_cache_set_text(s, 1, base_url);
  lqa_cache_set_text(s, 2, model);
  LQA_TRY(lqa_cache_step(cache, s, &row, err));
  *n = row ? lqa_statement_int(s, 0) : 0;
  lqa_statement_reset(s);
  LQA_TRY(run_on_model(cache, LQA_CACHE_FORGET_MODEL, base_url, model, err));
  return run_on_model(cache, LQA_CACHE_FORGET_REFUSED, base_url, model, err);
}
