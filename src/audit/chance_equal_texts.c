/* Equal texts: copies, or short and common?
 *
 * By the frequencies of the words in the column, n rows let one expect n p others that say the same
 * by chance, p the product of the shares of the words. Words go together ("see you later"), which
 * makes p far too small: the exponent 0.6 is what phrases of three to five words in messages and
 * reviews ask for, and what still leaves a sentence of seven usual words one in millions. A group
 * is by chance if a hundredth of a row or more is expected. The group's own words do not count, and
 * every share is that of a column a thousand words larger, so that in small files a word that
 * occurs nowhere else is rare, not impossible.
 *
 * A word is a run of letters and digits; of scripts without spaces, a character. Cost: the words of
 * up to 50,000 rows, 1,000 bytes of each.
 */
#include "audit/chance_equal.h"

#include "base/buf.h"
#include "base/explog.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "base/vec.h"

enum { MOST_ROWS = 50000, MOST_BYTES = 1000, PRIOR_WORDS = 1000, FIRST_SPACELESS = 0x2E80 };

static const double exponent = 0.6, least_expected = 0.01;

typedef struct lexicon {
  lqa_map *words;
  LQA_VEC(double) count;
  double n;
  lqa_buf folded;
} lexicon;

/* The next word of `text` from *at on; size 0 at the end. */
static lqa_str next_word(lqa_str text, size_t *at) {
  size_t begin = text.size, length;
  for (; *at < text.size; *at += length) {
    uint32_t c = lqa_utf8_decode(text.data + *at, text.size - *at, &length);
    bool is_word = lqa_unicode_is_word(c), alone = is_word && c >= FIRST_SPACELESS;
    if (begin < text.size && (!is_word || alone)) {
      break;
    }
    begin = is_word && begin == text.size ? *at : begin;
    if (alone) {
      *at += length;
      break;
    }
  }
  return begin < text.size ? (lqa_str){text.data + begin, *at - begin} : (lqa_str){NULL, 0};
}

/* The folded text, its beginning if it is long; valid until the next call. */
static lqa_str fold(lexicon *l, lqa_str text) {
  lqa_buf_reset(&l->folded);
  text.size = lqa_utf8_prefix(text.data, text.size, MOST_BYTES);
  lqa_unicode_case_fold(text, &l->folded);
  return lqa_buf_str(&l->folded);
}

static lqa_status add_text(lexicon *l, lqa_str text) {
  lqa_str folded = fold(l, text);
  size_t at = 0;
  for (lqa_str word = next_word(folded, &at); word.size > 0; word = next_word(folded, &at)) {
    uint32_t place;
    bool is_new;
    LQA_TRY(lqa_map_add(l->words, word, &place, &is_new));
    LQA_TRY(is_new ? lqa_vec_push(&l->count, 0) : LQA_OK);
    l->count.data[place] += 1;
    l->n += 1;
  }
  return LQA_OK;
}

static size_t count_words(lqa_str folded) {
  size_t n = 0, at = 0;
  while (next_word(folded, &at).size > 0) {
    n++;
  }
  return n;
}

/* How often the text holds the word. */
static double count_within(lqa_str folded, lqa_str word) {
  double n = 0;
  size_t at = 0;
  for (lqa_str w = next_word(folded, &at); w.size > 0; w = next_word(folded, &at)) {
    n += lqa_str_equal(w, word);
  }
  return n;
}

/* Whether n_rows rows let one expect another with this text; n_own rows of those read hold it. */
static bool is_expected(lexicon *l, lqa_str text, double n_own, double n_rows) {
  lqa_str folded = fold(l, text);
  double expected = lqa_log(n_rows), limit = lqa_log(least_expected);
  double rest = l->n - n_own * (double)count_words(folded) + PRIOR_WORDS;
  size_t at = 0;
  if (text.size > MOST_BYTES) {
    return false;
  }
  for (lqa_str word = next_word(folded, &at); word.size > 0; word = next_word(folded, &at)) {
    int64_t place = lqa_map_find(l->words, word);
    double count = place < 0 ? 0 : l->count.data[place] - n_own * count_within(folded, word);
    expected += exponent * lqa_log(((count > 0 ? count : 0) + 0.5) / rest);
    if (expected < limit) {
      return false;
    }
  }
  return true;
}

static lqa_status judge_groups(lexicon *l, const lqa_dataset *d, const lqa_row_groups *groups,
                               uint8_t *by_chance) {
  int64_t stride = (d->n_rows + MOST_ROWS - 1) / MOST_ROWS;
  for (int64_t row = 0; row < d->n_rows; row += stride) {
    LQA_TRY(add_text(l, lqa_column_get(&d->content, row)));
  }
  for (int32_t g = 0; g < groups->n_groups; g++) {
    double n_own = (double)(groups->start[g + 1] - groups->start[g]) / (double)stride;
    lqa_str text = lqa_column_get(&d->content, groups->rows[groups->start[g]]);
    by_chance[g] = is_expected(l, text, n_own, (double)d->n_rows);
  }
  return l->folded.failed ? LQA_NO_MEMORY : LQA_OK;
}

lqa_status lqa_chance_equal_texts(const lqa_dataset *dataset, const lqa_row_groups *groups,
                                  uint8_t *by_chance) {
  lexicon l = {.words = lqa_map_new(true)};
  lqa_buf_init(&l.folded, 1 << 20);
  lqa_status status = l.words ? judge_groups(&l, dataset, groups, by_chance) : LQA_NO_MEMORY;
  lqa_dataset_release_content(dataset, dataset->n_rows);
  lqa_map_free(l.words);
  lqa_vec_clear(&l.count);
  lqa_buf_clear(&l.folded);
  return status;
}
