/* One pass over the text, in parallel, without a lock.
 *
 * Every worker keeps its own dictionary across all the chunks it happens to take, so which local
 * number a word gets is chance. The dictionaries are then merged, rare symbols dropped, the rest
 * sorted by text, and every chunk's local numbers replaced by the rank: chance is gone, and counts
 * are sums of integers. Merging costs one look-up per distinct word and worker.
 *
 * Dropping symbols by document frequency before any n-gram is formed is the Apriori argument
 * (Agrawal and Srikant 1994): half of the words of a corpus occur once and take their n-grams with
 * them.
 */
#include "feature/symbols.h"

#include "base/sort.h"
#include "base/unicode.h"
#include "feature/token.h"

enum { CHUNK_BYTES = 256 * 1024 };

typedef struct reader {
  lqa_tokenizer tokenizer;
  lqa_dictionary dictionary;
  uint32_t *rank; /* local number -> final number */
  char apart[LQA_APART_BYTES];
} reader;

typedef struct reading {
  const lqa_text_rows *rows;
  const lqa_symbol_options *options;
  lqa_symbols *out;
  reader *readers;
  size_t n_readers;
} reading;

static bool is_used(const lqa_text_rows *rows, int64_t row) {
  return (!rows->use || rows->use[row]) && !lqa_str_is_null(lqa_column_get(rows->text, row));
}

/* The first row of the chunk after the one that begins at `row`. */
static int64_t chunk_end(const lqa_column *text, int64_t row) {
  uint64_t limit = text->offsets[row] + CHUNK_BYTES;
  int64_t end = row + 1;
  while (end < text->n && text->offsets[end] < limit && end - row < CHUNK_BYTES / 16) {
    end++;
  }
  return end;
}

static lqa_status cut_chunks(const lqa_column *text, lqa_symbols *out) {
  size_t n = 0;
  for (int64_t row = 0; row < text->n; row = chunk_end(text, row)) {
    n++;
  }
  out->chunks = lqa_calloc(n, sizeof *out->chunks);
  if (!out->chunks) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < text->n; out->n_chunks++) {
    lqa_symbol_chunk *chunk = &out->chunks[out->n_chunks];
    chunk->first_row = row;
    row = chunk_end(text, row);
    chunk->n_rows = row - chunk->first_row;
  }
  return LQA_OK;
}

static lqa_status add_symbol(reader *r, lqa_symbol_chunk *chunk, const lqa_token *token,
                             uint32_t row) {
  uint32_t number;
  LQA_TRY(lqa_dictionary_add(&r->dictionary, r->tokenizer.lower.data + token->start, token->size,
                             &number));
  lqa_dictionary_count(&r->dictionary, number, row);
  chunk->symbols.data[chunk->symbols.n++] = number;
  return LQA_OK;
}

static lqa_status read_words(reader *r, lqa_symbol_chunk *chunk, lqa_str text, uint32_t row) {
  LQA_TRY(lqa_tokenizer_split(&r->tokenizer, text));
  size_t n = r->tokenizer.tokens.n;
  LQA_TRY(lqa_vec_reserve(&chunk->symbols, chunk->symbols.n + n));
  for (size_t i = 0; i < n; i++) {
    LQA_TRY(add_symbol(r, chunk, &r->tokenizer.tokens.data[i], row));
  }
  return LQA_OK;
}

/* One space, the code points of a word, one space: scikit-learn's analyzer "char_wb". */
static lqa_status read_padded(reader *r, lqa_symbol_chunk *chunk, lqa_token word, uint32_t row) {
  const lqa_token space = {(uint32_t)r->tokenizer.lower.n, 1}; /* a blank is kept after the text */
  LQA_TRY(add_symbol(r, chunk, &space, row));
  for (uint32_t at = 0; at < word.size;) {
    size_t length;
    lqa_utf8_decode(r->tokenizer.lower.data + word.start + at, word.size - at, &length);
    lqa_token letter = {word.start + at, (uint32_t)length};
    LQA_TRY(add_symbol(r, chunk, &letter, row));
    at += (uint32_t)length;
  }
  LQA_TRY(add_symbol(r, chunk, &space, row));
  chunk->symbols.data[chunk->symbols.n++] = LQA_SYMBOL_BREAK;
  return LQA_OK;
}

static lqa_status read_characters(reader *r, lqa_symbol_chunk *chunk, lqa_str text, uint32_t row) {
  LQA_TRY(lqa_tokenizer_split_space(&r->tokenizer, text));
  r->tokenizer.lower.data[r->tokenizer.lower.n] = ' ';
  size_t n = r->tokenizer.tokens.n;
  LQA_TRY(lqa_vec_reserve(&chunk->symbols, chunk->symbols.n + r->tokenizer.lower.n + 3 * n));
  for (size_t i = 0; i < n; i++) {
    LQA_TRY(read_padded(r, chunk, r->tokenizer.tokens.data[i], row));
  }
  return LQA_OK;
}

static lqa_status read_rows(const reading *job, reader *r, lqa_symbol_chunk *chunk) {
  chunk->row_end = lqa_malloc((size_t)chunk->n_rows, sizeof *chunk->row_end);
  if (!chunk->row_end) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < chunk->n_rows; i++) {
    int64_t row = chunk->first_row + i;
    if (is_used(job->rows, row)) {
      lqa_str text = lqa_column_get(job->rows->text, row);
      LQA_TRY(job->options->characters ? read_characters(r, chunk, text, (uint32_t)row)
                                       : read_words(r, chunk, text, (uint32_t)row));
    }
    chunk->row_end[i] = chunk->symbols.n;
  }
  return LQA_OK;
}

/* On a copy of the chunk: its neighbours in the array are being written by other threads. */
static lqa_status read_chunk(void *data, size_t task, size_t worker) {
  reading *job = data;
  lqa_symbol_chunk chunk = job->out->chunks[task];
  chunk.worker = worker;
  lqa_status status = read_rows(job, &job->readers[worker], &chunk);
  job->out->chunks[task] = chunk;
  return status;
}

/* Adds all words of all readers, with their counts, to `merged`; rank becomes local -> merged. */
static lqa_status merge_words(reading *job, lqa_dictionary *merged) {
  for (size_t w = 0; w < job->n_readers; w++) {
    reader *r = &job->readers[w];
    r->rank = lqa_malloc(r->dictionary.words.n, sizeof *r->rank);
    if (!r->rank) {
      return LQA_NO_MEMORY;
    }
    for (size_t i = 0; i < r->dictionary.words.n; i++) {
      const lqa_word *word = &r->dictionary.words.data[i];
      LQA_TRY(lqa_dictionary_add_word(merged, word, &r->rank[i]));
      merged->words.data[r->rank[i]].count += word->count;
      merged->words.data[r->rank[i]].n_rows += word->n_rows;
    }
  }
  return LQA_OK;
}

/* By bytes, which for UTF-8 is code point order; `hash` (free now) holds the merged number. */
static int compare_words(const void *left, const void *right) {
  const lqa_word *a = left, *b = right;
  uint64_t head_a = __builtin_bswap64(a->head), head_b = __builtin_bswap64(b->head);
  if (head_a != head_b) {
    return head_a < head_b ? -1 : 1;
  }
  return lqa_str_compare((lqa_str){a->data, a->size}, (lqa_str){b->data, b->size});
}

/* The count of the max_symbols-th most frequent word in enough rows, 0 if all are wanted. */
static lqa_status lowest_count(const lqa_dictionary *merged, const lqa_symbol_options *options,
                               uint64_t *lowest) {
  *lowest = 0;
  if (options->max_symbols == 0) {
    return LQA_OK;
  }
  uint64_t *count = lqa_malloc(merged->words.n, sizeof *count);
  if (!count) {
    return LQA_NO_MEMORY;
  }
  size_t n = 0;
  for (size_t i = 0; i < merged->words.n; i++) {
    if (merged->words.data[i].n_rows >= options->min_rows) {
      count[n++] = merged->words.data[i].count;
    }
  }
  if (n > (uint64_t)options->max_symbols) {
    *lowest = lqa_select_largest(count, n, (size_t)options->max_symbols);
  }
  free(count);
  return LQA_OK;
}

/* Keeps the words that occur often enough, sorted; merged_rank: merged number -> rank or NONE. */
static lqa_status rank_words(const lqa_dictionary *merged, const lqa_symbol_options *options,
                             lqa_symbols *out, uint32_t *merged_rank) {
  size_t n = merged->words.n;
  uint64_t lowest;
  LQA_TRY(lowest_count(merged, options, &lowest));
  out->words = lqa_malloc(n, sizeof *out->words);
  if (!out->words) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < n; i++) {
    const lqa_word *word = &merged->words.data[i];
    merged_rank[i] = LQA_SYMBOL_NONE;
    if (word->n_rows >= options->min_rows && word->count >= lowest) {
      out->words[out->n_symbols] = *word;
      out->words[out->n_symbols++].hash = (uint32_t)i;
    }
  }
  qsort(out->words, out->n_symbols, sizeof *out->words, compare_words);
  for (uint32_t rank = 0; rank < out->n_symbols; rank++) {
    merged_rank[out->words[rank].hash] = rank;
  }
  return LQA_OK;
}

static lqa_status renumber_chunk(void *data, size_t task, size_t worker) {
  (void)worker;
  reading *job = data;
  lqa_symbol_chunk *chunk = &job->out->chunks[task];
  const uint32_t *rank = job->readers[chunk->worker].rank;
  for (size_t i = 0; i < chunk->symbols.n; i++) {
    uint32_t local = chunk->symbols.data[i];
    chunk->symbols.data[i] = local == LQA_SYMBOL_BREAK ? local : rank[local];
  }
  return LQA_OK;
}

/* Replaces every reader's rank by the final one. The arena of `merged` moves to `out`. */
static lqa_status merge_readers(reading *job, lqa_pool *pool) {
  lqa_dictionary merged;
  uint32_t *merged_rank = NULL;
  lqa_status status;
  LQA_TRY_OUT(lqa_dictionary_init(&merged));
  LQA_TRY_OUT(merge_words(job, &merged));
  merged_rank = lqa_malloc(merged.words.n, sizeof *merged_rank);
  LQA_TRY_OUT(merged_rank ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(rank_words(&merged, job->options, job->out, merged_rank));
  for (size_t w = 0; w < job->n_readers; w++) {
    for (size_t i = 0; i < job->readers[w].dictionary.words.n; i++) {
      job->readers[w].rank[i] = merged_rank[job->readers[w].rank[i]];
    }
  }
  LQA_TRY_OUT(lqa_pool_run(pool, job->out->n_chunks, renumber_chunk, job));
  job->out->arena = merged.arena;
  lqa_arena_init(&merged.arena);
out:
  lqa_dictionary_clear(&merged);
  free(merged_rank);
  return status;
}

static lqa_status init_readers(reading *job) {
  job->readers = lqa_calloc(job->n_readers, sizeof *job->readers);
  if (!job->readers) {
    return LQA_NO_MEMORY;
  }
  for (size_t w = 0; w < job->n_readers; w++) {
    lqa_tokenizer_init(&job->readers[w].tokenizer);
    LQA_TRY(lqa_dictionary_init(&job->readers[w].dictionary));
  }
  return LQA_OK;
}

static void clear_readers(reading *job) {
  for (size_t w = 0; job->readers && w < job->n_readers; w++) {
    lqa_tokenizer_clear(&job->readers[w].tokenizer);
    lqa_dictionary_clear(&job->readers[w].dictionary);
    free(job->readers[w].rank);
  }
  free(job->readers);
}

lqa_status lqa_symbols_read(const lqa_text_rows *rows, const lqa_symbol_options *options,
                            lqa_pool *pool, lqa_symbols *out, lqa_error *err) {
  *out = (lqa_symbols){0};
  lqa_arena_init(&out->arena);
  reading job = {rows, options, out, NULL, lqa_pool_threads(pool)};
  for (int64_t row = 0; row < rows->text->n; row++) {
    out->n_documents += is_used(rows, row);
  }
  lqa_status status;
  LQA_TRY_OUT(cut_chunks(rows->text, out));
  LQA_TRY_OUT(init_readers(&job));
  LQA_TRY_OUT(lqa_pool_run(pool, out->n_chunks, read_chunk, &job));
  LQA_TRY_OUT(merge_readers(&job, pool));
out:
  clear_readers(&job);
  if (status == LQA_NO_MEMORY) {
    return lqa_fail_memory(err, "splitting texts into words");
  }
  return status == LQA_OK ? status
                          : lqa_fail(err, status, "a text of 4 GB or more cannot be split");
}

void lqa_symbols_clear(lqa_symbols *symbols) {
  for (size_t i = 0; symbols->chunks && i < symbols->n_chunks; i++) {
    lqa_vec_clear(&symbols->chunks[i].symbols);
    free(symbols->chunks[i].row_end);
  }
  free(symbols->chunks);
  free(symbols->words);
  lqa_arena_clear(&symbols->arena);
  *symbols = (lqa_symbols){0};
}
