/* model/crossval/crossval_result.h - what a cross-validation is asked for, and what it returns. The
 * call itself is model/out_of_fold/crossval.h.
 */
#ifndef LQA_MODEL_CROSSVAL_CROSSVAL_RESULT_H
#define LQA_MODEL_CROSSVAL_CROSSVAL_RESULT_H

#include "base/arena.h"
#include "base/observer.h"
#include "base/pool.h"
#include "base/vec.h"
#include "feature/tfidf.h"
#include "model/linear/softmax.h"

typedef enum lqa_model_kind {
  LQA_MODEL_AUTO, /* what suits the data: see docs/models.md */
#define MODEL(kind, name) LQA_MODEL_##kind,
#include "model/crossval/model_list.h"
#undef MODEL
  LQA_MODEL_COUNT
} lqa_model_kind;

typedef struct lqa_crossval_options {
  lqa_model_kind kind;    /* default LQA_MODEL_AUTO */
  int n_folds;            /* default 5, 2 to 64 */
  double C;               /* inverse l2 strength of logistic regression, default 1 */
  int ngram_lo, ngram_hi; /* words, default 1 to 2 */
  int64_t min_df;         /* default 2 */
  int64_t max_features;   /* default 0 = all */
  double tolerance;       /* of logistic regression, see softmax.h; default 1e-6 */
  uint64_t seed;
  uint64_t memory_bytes;        /* 0 = no limit; see docs/models.md */
  const char *temporary_folder; /* for what does not fit in it; NULL = /tmp */
  const uint32_t *cluster;   /* near-duplicate cluster per row (below n_rows), or NULL; borrowed */
  const uint8_t *loose;      /* rows that equal others by chance need not share a fold, or NULL */
  const uint8_t *fixed_fold; /* fold per row instead of choosing them (255 where not scorable), or
                              * NULL; borrowed. For experiments that must hold folds fixed. */
  bool keep_features;        /* leave the matrix in result.features */
  lqa_pool *pool;            /* NULL: this thread alone */
  const lqa_observer *observer; /* NULL: silent */
} lqa_crossval_options;

typedef struct lqa_stage {
  const char *name; /* static text */
  double seconds;
} lqa_stage;

/* How near a linear model of the result came to its optimum; of the last deal of the folds. */
typedef struct lqa_optimum {
  const char *of; /* "tf-idf", "columns", "embeddings" */
  double C, tolerance;
  lqa_softmax_fold folds[LQA_MAX_FOLDS]; /* one per fold left out */
} lqa_optimum;

enum { LQA_MAX_STAGES = 16, LQA_MAX_OPTIMA = 2 };

typedef struct lqa_crossval_result {
  int64_t n_rows;
  int32_t n_classes;
  float *pred_probs;     /* n_rows x n_classes; NaN where the row is not scorable */
  uint8_t *fold;         /* n_rows; 255 where the row is not scorable */
  int n_folds;           /* may be below the wish, see notes */
  double train_accuracy; /* of the fold models on their own training rows, over all of them; of a
                          * blend's `trained_member` alone */
  const char *trained_member; /* "logistic regression", "boosted trees"; NULL: none, or no blend */
  double out_of_fold_accuracy;
  double log_loss; /* mean of -log p(given label), out of fold */
  double
      prior_log_loss; /* the same if every row got the class frequencies: entropy of the labels */
  const char *model;  /* "logistic", ... : what was really used */
  const char *description; /* one line for reports: features, folds, solver; valid until clear */
  LQA_VEC(const char *) notes; /* sentences for people; valid until clear */
  lqa_optimum optima[LQA_MAX_OPTIMA];
  int n_optima;
  lqa_stage stages[LQA_MAX_STAGES];
  int n_stages;
  bool has_features; /* options.keep_features and the content is text */
  lqa_tfidf features;
  lqa_arena arena;
} lqa_crossval_result;

void lqa_crossval_options_init(lqa_crossval_options *options);

void lqa_crossval_clear(lqa_crossval_result *result);

/* "auto" or a name of model_list.h; false for any other. */
bool lqa_model_kind_of(lqa_str name, lqa_model_kind *kind);
extern const char lqa_model_choices[]; /* "auto|logistic|..." */

#endif
