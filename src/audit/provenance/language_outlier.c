/* audit/provenance/language_outlier.c - texts in another language or script than the rest of their
 * class.
 *
 * One English text in a French class is a routing error, a template, or another source. Rows are
 * guessed roughly (language.c); a class is judged only where nine of ten guessed rows agree, and
 * only clear guesses are marked. Classes of mixed languages say nothing.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/language.h"
#include "audit/row_list.h"
#include "base/buf.h"
#include "base/memory.h"
#include "data/dataset/row_pass.h"

enum { PARAM_SHARE, PARAM_MIN_ROWS };
enum { ROWS_PER_TASK = 4096, MAX_LIST_BYTES = 4096, MAX_SCRATCH_BYTES = 1 << 16 };

typedef struct guesses {
  const lqa_dataset *dataset;
  lqa_language_guesser *guesser;
  uint8_t *of; /* lqa_language per row */
} guesses;

static lqa_status guess_rows(void *data, size_t task, size_t worker) {
  (void)worker;
  guesses *g = data;
  int64_t from = (int64_t)task * ROWS_PER_TASK, to = from + ROWS_PER_TASK;
  lqa_buf scratch;
  lqa_buf_init(&scratch, MAX_SCRATCH_BYTES);
  for (int64_t row = from; row < to && row < g->dataset->n_rows; row++) {
    lqa_str text = lqa_column_get(&g->dataset->content, row);
    if (text.size && g->dataset->label[row] >= 0) {
      g->of[row] = lqa_language_guess(g->guesser, text, &scratch);
    }
  }
  lqa_status status = scratch.failed ? LQA_NO_MEMORY : LQA_OK;
  lqa_buf_clear(&scratch);
  return status;
}

/* The language of nine of ten guessed rows of a class, or NONE. */
static lqa_language main_language(const lqa_audit_input *input, const int64_t *count) {
  int64_t total = 0;
  int best = LQA_LANGUAGE_NONE + 1;
  for (int k = best; k < LQA_LANGUAGE_COUNT; k++) {
    total += count[k];
    best = count[k] > count[best] ? k : best;
  }
  bool agrees = (double)count[best] >= input->params[PARAM_SHARE] * (double)total &&
                (double)total >= input->params[PARAM_MIN_ROWS];
  return agrees ? (lqa_language)best : LQA_LANGUAGE_NONE;
}

static const char *list_languages(const lqa_audit_input *input, const guesses *g,
                                  const lqa_row_list *rows) {
  int64_t count[LQA_LANGUAGE_COUNT] = {0};
  for (size_t i = 0; i < rows->n; i++) {
    count[g->of[rows->data[i]]]++;
  }
  lqa_buf out;
  lqa_buf_init(&out, MAX_LIST_BYTES);
  for (int k = 0; k < LQA_LANGUAGE_COUNT; k++) {
    if (count[k]) {
      lqa_buf_printf(&out, "%s%s %lld", out.size ? ", " : "", lqa_language_name((lqa_language)k),
                     (long long)count[k]);
    }
  }
  const char *text = out.failed ? NULL : lqa_arena_copy(input->arena, out.data, out.size);
  lqa_buf_clear(&out);
  return text ? text : "";
}

static lqa_status report(const lqa_audit_input *input, const guesses *g, const lqa_row_list *rows) {
  int64_t n = (int64_t)rows->n;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], rows->data, n,
      "%s in another language or script than nine tenths of their class (%s): %s, for example %s. "
      "Were they routed wrongly, are they from another source, or a template? The guess is rough; "
      "read a few.",
      lqa_phrase_count(input->arena, n, "text is", "texts are"), list_languages(input, g, rows),
      lqa_phrase_rows(input->arena, rows->data, n),
      lqa_phrase_quote(input->arena, lqa_column_get(&input->dataset->content, rows->data[0]), 60));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status judge(const lqa_audit_input *input, const guesses *g, int64_t *count,
                        uint8_t *main) {
  const lqa_dataset *d = input->dataset;
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0) {
      count[(int64_t)d->label[row] * LQA_LANGUAGE_COUNT + g->of[row]]++;
    }
  }
  for (int32_t k = 0; k < d->n_classes; k++) {
    main[k] = main_language(input, count + (int64_t)k * LQA_LANGUAGE_COUNT);
  }
  lqa_row_list rows = {0};
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0 && main[d->label[row]] && g->of[row] &&
        g->of[row] != main[d->label[row]]) {
      LQA_TRY_OUT(lqa_vec_push(&rows, row));
    }
  }
  if (rows.n) {
    LQA_TRY_OUT(report(input, g, &rows));
  }
out:
  lqa_vec_clear(&rows);
  return status;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  const lqa_dataset *d = input->dataset;
  guesses g = {
      .dataset = d, .guesser = lqa_language_guesser_new(), .of = lqa_calloc((size_t)d->n_rows, 1)};
  size_t n_cells = (size_t)d->n_classes * LQA_LANGUAGE_COUNT;
  int64_t *count = lqa_calloc(n_cells, sizeof *count);
  uint8_t *main = lqa_calloc((size_t)d->n_classes, 1);
  lqa_status status;
  LQA_TRY_OUT(g.guesser && g.of && count && main ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(lqa_row_pass(d, input->pool, ROWS_PER_TASK, guess_rows, &g));
  status = judge(input, &g, count, main);
out:
  lqa_language_guesser_free(g.guesser);
  free(g.of);
  free(count);
  free(main);
  return status;
}

const lqa_audit lqa_audit_language_outlier = {
    .number = LQA_AUDIT_language_outlier,
    .id = "language-outlier",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "texts in another language or script than the rest of their class",
    .needs = LQA_NEEDS_TEXT | LQA_NEEDS_LABELS,
    .kinds = {{"language-outlier", LQA_INFO, true, "the text is in another language or script"}},
    .params =
        {
            [PARAM_SHARE] = {"share", .9, .5, 1, "of a class's guessed rows in one language",
                             false},
            [PARAM_MIN_ROWS] = {"min-rows", 50, 2, 1e9, "guessed rows of a class, at least", true},
        },
    .run = run,
};
