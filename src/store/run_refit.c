/* Texts and tables are the audit's own, or read again from the snapshot; embeddings from the file
 * that was given, if its rows still have the hashes that the run knows them by.
 *
 * Members and their default weights follow what the audit's blends found for each kind of content.
 * Where probabilities were given, whoever gave them has a model of their own: a channel and a
 * calibrator go over it, nothing is trained in its place.
 */
#include "store/run_refit.h"

#include "data/dataset/content.h"
#include "store/run_source.h"

#include <limits.h>

void lqa_run_refit_clear(lqa_run_refit *refit) {
  lqa_soft_text_free(refit->text);
  lqa_soft_table_free(refit->table);
  lqa_soft_embedding_free(refit->embedding);
  lqa_dataset_free(refit->dataset);
  lqa_npy_close(&refit->npy);
}

/* The run's contents; NULL where they are gone. */
static lqa_status find_dataset(const lqa_run *run, lqa_run_refit *out, const lqa_dataset **dataset,
                               lqa_error *err) {
  lqa_run_source source;
  lqa_error ignored;
  *dataset = run->rows.dataset;
  if (*dataset) {
    return LQA_OK;
  }
  lqa_status status =
      lqa_run_source_open(run->folder, &run->manifest, run->observer, &source, &ignored);
  if (status == LQA_OK) {
    status = lqa_source_load(source.source, &out->dataset, &ignored);
    lqa_run_source_close(&source);
  }
  *dataset = status == LQA_OK && out->dataset->n_rows == run->rows.n_rows ? out->dataset : NULL;
  if (status == LQA_NO_MEMORY || status == LQA_INTERRUPTED) {
    return lqa_fail(err, status, LQA_WORDS, ignored.message);
  }
  return LQA_OK;
}

static lqa_status prepare_text(const lqa_run_refit_input *in, const lqa_dataset *dataset,
                               lqa_run_refit *out, lqa_error *err) {
  lqa_soft_text_input input = {.text = &dataset->content,
                               .row = in->row,
                               .n_rows = in->rows->n_rows,
                               .fold = in->rows->fold,
                               .n_folds = in->rows->n_folds,
                               .n_classes = in->rows->n_classes,
                               .memory_bytes = in->memory_bytes,
                               .pool = in->rows->pool,
                               .observer = in->run->observer};
  LQA_TRY(lqa_soft_text_new(&input, &out->text, err));
  out->refit = (lqa_posterior_refit){.data = out->text,
                                     .run = lqa_soft_text_run,
                                     .n_members = 2,
                                     .n_final = 3,
                                     .prior = {.4, .4},
                                     .final_prior = {.1, .15, .8},
                                     .unproven = 1};
  return LQA_OK;
}

static lqa_status prepare_table(const lqa_run_refit_input *in, const lqa_dataset *dataset,
                                lqa_run_refit *out) {
  lqa_soft_table_input input = {.dataset = dataset,
                                .row = in->row,
                                .n_rows = in->rows->n_rows,
                                .label = in->rows->label,
                                .fold = in->rows->fold,
                                .n_folds = in->rows->n_folds,
                                .n_classes = in->rows->n_classes,
                                .memory_bytes = in->memory_bytes,
                                .pool = in->rows->pool,
                                .observer = in->run->observer};
  int n_members = 0;
  LQA_TRY(lqa_soft_table_new(&input, &out->table, &n_members));
  out->refit = (lqa_posterior_refit){.data = out->table,
                                     .run = lqa_soft_table_run,
                                     .n_members = n_members,
                                     .n_final = n_members,
                                     .prior = {n_members > 1 ? .3 : 1, .7},
                                     .final_prior = {n_members > 1 ? .3 : 1, .7}};
  return LQA_OK;
}

/* Whether the rows that take part are still what the run knows. */
static lqa_status is_same(const lqa_run_refit_input *in, const lqa_matrix *matrix, bool *same) {
  const lqa_hash128 *known = in->run->rows.content_hash;
  lqa_status status = LQA_OK;
  lqa_buf scratch;
  lqa_buf_init(&scratch, SIZE_MAX / 2);
  *same = matrix->n_rows == in->run->rows.n_rows && known;
  for (int64_t i = 0; *same && i < in->rows->n_rows; i++) {
    lqa_hash128 hash;
    LQA_TRY_OUT(lqa_content_hash_numbers(matrix, in->row[i], &scratch, &hash));
    *same = hash.low == known[in->row[i]].low && hash.high == known[in->row[i]].high;
  }
out:
  lqa_buf_clear(&scratch);
  return status;
}

static lqa_status find_embeddings(const lqa_run_refit_input *in, lqa_run_refit *out,
                                  const lqa_matrix **matrix) {
  const lqa_run *run = in->run;
  lqa_error ignored;
  bool same = false;
  *matrix = run->rows.dataset ? run->rows.dataset->embeddings : NULL;
  if (*matrix || !run->manifest.source.embeddings || !run->manifest.is_own) {
    return LQA_OK;
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_npy_open(run->manifest.source.embeddings, &out->npy, &ignored));
  if (out->npy.n_dims == 2) {
    LQA_TRY(is_same(in, &out->npy.matrix, &same));
  }
out:
  *matrix = same ? &out->npy.matrix : NULL;
  return status == LQA_NO_MEMORY ? status : LQA_OK;
}

static lqa_status prepare_embedding(const lqa_run_refit_input *in, lqa_run_refit *out) {
  const lqa_matrix *matrix = NULL;
  LQA_TRY(find_embeddings(in, out, &matrix));
  if (!matrix) {
    out->why_not = "the embeddings are not there any more, not the same, or somebody else's";
    return LQA_OK;
  }
  lqa_soft_embedding_input input = {.matrix = matrix,
                                    .row = in->row,
                                    .n_rows = in->rows->n_rows,
                                    .fold = in->rows->fold,
                                    .n_folds = in->rows->n_folds,
                                    .n_classes = in->rows->n_classes,
                                    .memory_bytes = in->memory_bytes,
                                    .pool = in->rows->pool,
                                    .observer = in->run->observer};
  LQA_TRY(lqa_soft_embedding_new(&input, &out->embedding));
  out->refit = (lqa_posterior_refit){.data = out->embedding,
                                     .run = lqa_soft_embedding_run,
                                     .n_members = 1,
                                     .n_final = 1,
                                     .prior = {1},
                                     .final_prior = {1}};
  return LQA_OK;
}

lqa_status lqa_run_refit_prepare(const lqa_run_refit_input *in, lqa_run_refit *out,
                                 lqa_error *err) {
  const lqa_dataset *dataset = NULL;
  lqa_content_kind kind = in->run->manifest.content_kind;
  if (in->run->manifest.source.pred_probs.n > 0) {
    out->why_not = "the probabilities were given";
    return LQA_OK;
  }
  if (kind == LQA_CONTENT_EMBEDDING) {
    LQA_TRY(prepare_embedding(in, out));
  } else {
    LQA_TRY(find_dataset(in->run, out, &dataset, err));
    out->why_not = dataset ? NULL : "the contents cannot be read again";
  }
  if (dataset && kind == LQA_CONTENT_TEXT) {
    LQA_TRY(prepare_text(in, dataset, out, err));
  } else if (dataset && kind == LQA_CONTENT_TABLE) {
    LQA_TRY(prepare_table(in, dataset, out));
  }
  if (!out->refit.data && !out->why_not) {
    out->why_not = "training on them again would take more memory or time than there is for it";
  }
  return LQA_OK;
}
