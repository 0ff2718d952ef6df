/* audit/provenance/boilerplate.c - the same opening or ending on many texts.
 *
 * "Sent from my phone", "(Reuters) -", a licence footer: harmless where every class has it, a leak
 * where one class does, since a model can read the label off it. Openings and endings of 24
 * characters (folded) are counted by hash; the frequent ones are measured against the classes.
 * Information only, unless the opening names the class in nine rows of ten; the message then says
 * so.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/row_groups.h"
#include "audit/row_list.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "data/dataset/row_pass.h"

enum { PARAM_SHARE, PARAM_MIN_ROWS };
enum { PIECE = 24, MAX_FINDINGS = 5 };

/* The first or last PIECE code points of a text; empty where it is not twice as long. */
static lqa_str cut_piece(lqa_str text, bool is_end) {
  text = lqa_str_trim(text);
  if (text.size < 2 * PIECE) {
    return (lqa_str){"", 0};
  }
  if (!is_end) {
    return (lqa_str){text.data, lqa_utf8_prefix(text.data, text.size, PIECE)};
  }
  size_t at = text.size;
  for (int n = 0; n < PIECE && at > 0; n++) {
    do {
      at--;
    } while (at > 0 && ((unsigned char)text.data[at] & 0xc0) == 0x80);
  }
  return (lqa_str){text.data + at, text.size - at};
}

/* The frequent pieces. */
typedef struct pieces {
  const lqa_dataset *dataset;
  lqa_map *map;
  LQA_VEC(int64_t) count;
  bool is_end;
  uint8_t *is_copy; /* rows whose content stood before */
  uint32_t *place;  /* per row: of its piece in the sieve; SIEVE if it has none */
  uint32_t *sieve;  /* rows per place */
} pieces;

enum { SIEVE = 1 << 18, ROWS_PER_TASK = 8192 };

static void pieces_clear(pieces *p) {
  lqa_vec_clear(&p->count);
  lqa_map_free(p->map);
  free(p->is_copy);
  free(p->place);
  free(p->sieve);
}

/* The piece of a row that counts; empty if it has none. */
static lqa_str piece_of(const pieces *p, int64_t row) {
  return p->is_copy[row] ? (lqa_str){"", 0}
                         : cut_piece(lqa_column_get(&p->dataset->content, row), p->is_end);
}

static lqa_status place_rows(void *data, size_t task, size_t worker) {
  (void)worker;
  pieces *p = data;
  int64_t from = (int64_t)task * ROWS_PER_TASK, to = from + ROWS_PER_TASK;
  for (int64_t row = from; row < to && row < p->dataset->n_rows; row++) {
    lqa_str piece = piece_of(p, row);
    uint32_t hash = piece.size ? (uint32_t)lqa_hash64(piece.data, piece.size, 0) : 0;
    p->place[row] = piece.size ? hash & (SIEVE - 1) : SIEVE;
  }
  return LQA_OK;
}

/* Counts by hash first, so that only pieces that may be frequent are ever stored. */
static lqa_status pieces_read(const lqa_audit_input *input, double limit, pieces *p) {
  const lqa_dataset *d = input->dataset;
  p->map = lqa_map_new(false);
  p->is_copy = lqa_row_groups_copies(input->content_groups, d->n_rows);
  p->place = lqa_malloc((size_t)d->n_rows, sizeof *p->place);
  p->sieve = lqa_calloc(SIEVE + 1, sizeof *p->sieve);
  if (!p->map || !p->is_copy || !p->place || !p->sieve) {
    return LQA_NO_MEMORY;
  }
  LQA_TRY(lqa_row_pass(d, input->pool, ROWS_PER_TASK, place_rows, p));
  for (int64_t row = 0; row < d->n_rows; row++) {
    p->sieve[p->place[row]]++;
  }
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (p->place[row] == SIEVE || p->sieve[p->place[row]] < limit) {
      continue;
    }
    uint32_t number;
    bool added;
    LQA_TRY(lqa_map_add(p->map, piece_of(p, row), &number, &added));
    if (added) {
      LQA_TRY(lqa_vec_push(&p->count, 0));
    }
    p->count.data[number]++;
  }
  return LQA_OK;
}

/* Rows of a piece, its most frequent class and that class's share. */
static lqa_status gather(const pieces *p, lqa_str piece, lqa_row_list *rows, int32_t *class,
                         double *share) {
  const lqa_dataset *d = p->dataset;
  uint32_t place = (uint32_t)lqa_hash64(piece.data, piece.size, 0) & (SIEVE - 1);
  int64_t *count = lqa_calloc((size_t)d->n_classes + 1, sizeof *count);
  int64_t labelled = 0;
  *class = 0;
  lqa_status status;
  LQA_TRY_OUT(count ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (p->place[row] == place && lqa_str_equal(piece_of(p, row), piece)) {
      LQA_TRY_OUT(lqa_vec_push(rows, row));
      if (d->label[row] >= 0) {
        labelled++;
        count[d->label[row]]++;
        *class = count[d->label[row]] > count[*class] ? d->label[row] : *class;
      }
    }
  }
out:
  *share = labelled ? (double)count[*class] / (double)labelled : 0;
  free(count);
  return status;
}

static lqa_status report(const lqa_audit_input *input, const pieces *p, lqa_str piece) {
  lqa_row_list rows = {0};
  int32_t class;
  double share;
  lqa_finding *finding = NULL;
  lqa_status status;
  LQA_TRY_OUT(gather(p, piece, &rows, &class, &share));
  int64_t n = (int64_t)rows.n;
  const char *quoted = lqa_phrase_quote(input->arena, piece, PIECE);
  bool leaks = share >= .9 && input->dataset->n_classes > 1;
  finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], rows.data, n, "%s with %s (%s). %s%s",
      lqa_phrase_count(input->arena, n, p->is_end ? "text ends" : "text begins",
                       p->is_end ? "texts end" : "texts begin"),
      quoted, lqa_phrase_rows(input->arena, rows.data, n),
      leaks
          ? lqa_arena_printf(input->arena,
                             "%s of them are of class %s, so a model can learn the label from it. ",
                             lqa_phrase_percent(input->arena, share),
                             lqa_phrase_quote(input->arena, input->dataset->classes[class], 40))
          : "",
      "Remove it before training if it is unrelated to the subject.");
out:
  lqa_vec_clear(&rows);
  if (!finding) {
    return LQA_NO_MEMORY;
  }
  finding->subject = lqa_arena_copy(input->arena, piece.data, piece.size);
  return finding->subject ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status check_end(const lqa_audit_input *input, bool is_end) {
  pieces p = {.dataset = input->dataset, .is_end = is_end};
  double limit = input->params[PARAM_SHARE] * (double)input->dataset->n_rows;
  limit = limit < input->params[PARAM_MIN_ROWS] ? input->params[PARAM_MIN_ROWS] : limit;
  lqa_status status;
  LQA_TRY_OUT(pieces_read(input, limit, &p));
  for (int found = 0; found < MAX_FINDINGS; found++) {
    size_t best = 0;
    for (size_t i = 1; i < p.count.n; i++) {
      best = p.count.data[i] > p.count.data[best] ? i : best;
    }
    if (p.count.n == 0 || (double)p.count.data[best] < limit) {
      break;
    }
    p.count.data[best] = 0;
    LQA_TRY_OUT(report(input, &p, lqa_map_key(p.map, (uint32_t)best)));
  }
out:
  pieces_clear(&p);
  return status;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  LQA_TRY(check_end(input, false));
  return check_end(input, true);
}

const lqa_audit lqa_audit_boilerplate = {
    .number = LQA_AUDIT_boilerplate,
    .id = "boilerplate",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "the same opening or ending on many texts",
    .needs = LQA_NEEDS_TEXT | LQA_NEEDS_LABELS | LQA_NEEDS_GROUPS,
    .kinds = {{"boilerplate", LQA_INFO, true, "the text opens or ends like many others"}},
    .params =
        {
            [PARAM_SHARE] = {"share", .02, 0, 1, "of all rows, at least", false},
            [PARAM_MIN_ROWS] = {"min-rows", 20, 2, 1e9, "rows, at least", true},
        },
    .run = run,
};
