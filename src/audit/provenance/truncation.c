/* audit/provenance/truncation.c - texts that were cut at one length.
 *
 * A column of VARCHAR(255), a preview field, a tokenizer limit: the longest texts all end at the
 * same length, in bytes or in code points, where lengths would otherwise thin out. Reported is a
 * pile at the greatest length that holds ten times as many different texts as the lengths just
 * below it do on average, and of which most end in the middle of a sentence.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/row_list.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/unicode.h"

enum { PARAM_MIN_ROWS, PARAM_RATIO };
enum { WINDOW = 20, MIN_LENGTH = 20 };

static const double CUT_SHARE = .6;

static size_t measure(lqa_str text, bool in_bytes) {
  return in_bytes ? text.size : lqa_utf8_count(text.data, text.size);
}

/* Does the text stop without an end: no sentence mark, bracket or quote last? */
static bool ends_open(lqa_str text) {
  text = lqa_str_trim(text);
  return text.size > 0 && !strchr(".!?)]}>\"'\xbb\x9d\x82", text.data[text.size - 1]);
}

/* What stands at and just below the greatest length. */
typedef struct pile {
  size_t length;
  double near_below; /* rows per length over the WINDOW lengths below */
  lqa_row_list rows; /* of the greatest length, different texts only */
  int64_t n_open;
} pile;

static size_t find_longest(const lqa_dataset *d, bool in_bytes) {
  size_t longest = 0;
  for (int64_t row = 0; row < d->n_rows; row++) {
    lqa_str text = lqa_column_get(&d->content, row);
    if (text.size > longest) { /* bytes bound code points: most rows are decided by their size */
      size_t length = measure(text, in_bytes);
      longest = length > longest ? length : longest;
    }
  }
  return longest;
}

static lqa_status pile_read(const lqa_dataset *d, bool in_bytes, pile *out) {
  out->length = find_longest(d, in_bytes);
  uint64_t last_hash = 0;
  double below = 0;
  for (int64_t row = 0; row < d->n_rows; row++) {
    lqa_str text = lqa_column_get(&d->content, row);
    if (text.size + WINDOW < out->length) {
      continue;
    }
    size_t length = measure(text, in_bytes);
    below += length < out->length && length + WINDOW >= out->length;
    if (length == out->length && d->content_hash[row].low != last_hash) {
      last_hash = d->content_hash[row].low;
      out->n_open += ends_open(text);
      LQA_TRY(lqa_vec_push(&out->rows, row));
    }
  }
  out->near_below = below / WINDOW;
  return LQA_OK;
}

static bool is_cut(const lqa_audit_input *input, const pile *p) {
  double n = (double)p->rows.n;
  return p->length >= MIN_LENGTH && n >= input->params[PARAM_MIN_ROWS] &&
         n >= input->params[PARAM_RATIO] * (p->near_below > .1 ? p->near_below : .1) &&
         (double)p->n_open >= CUT_SHARE * n;
}

static lqa_status report(const lqa_audit_input *input, const pile *p, bool in_bytes) {
  int64_t n = (int64_t)p->rows.n;
  lqa_str text = lqa_column_get(&input->dataset->content, p->rows.data[0]);
  size_t tail = text.size > 40 ? text.size - 40 : 0;
  while (tail > 0 && ((unsigned char)text.data[tail] & 0xc0) == 0x80) {
    tail--;
  }
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], p->rows.data, n,
      "%s exactly %zu %s long, the longest there is, and most stop in mid-sentence (%s ends in "
      "%s). "
      "Something cut them there: fetch the full texts, or keep in mind that what decides the label "
      "may "
      "be missing.",
      lqa_phrase_count(input->arena, n, "text is", "texts are"), p->length,
      in_bytes ? "bytes" : "characters", lqa_phrase_rows(input->arena, p->rows.data, 1),
      lqa_phrase_quote(input->arena, (lqa_str){text.data + tail, text.size - tail}, 60));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  lqa_status status = LQA_OK;
  bool found = false;
  for (int in_bytes = 0; status == LQA_OK && !found && in_bytes < 2; in_bytes++) {
    pile p = {0};
    status = pile_read(input->dataset, in_bytes, &p);
    found = status == LQA_OK && is_cut(input, &p);
    if (found) {
      status = report(input, &p, in_bytes);
    }
    lqa_vec_clear(&p.rows);
  }
  return status;
}

const lqa_audit lqa_audit_truncation = {
    .number = LQA_AUDIT_truncation,
    .id = "truncation",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "texts that were cut at one length",
    .needs = LQA_NEEDS_TEXT,
    .kinds = {{"truncation", LQA_WARN, true, "the text was probably cut at its end"}},
    .params =
        {
            [PARAM_MIN_ROWS] = {"min-rows", 10, 2, 1e9, "texts of the greatest length, at least",
                                true},
            [PARAM_RATIO] = {"ratio", 10, 1, 1e6, "times as many as at the lengths just below",
                             false},
        },
    .run = run,
};
