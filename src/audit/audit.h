/* audit/audit.h - the contract between the driver and an audit.
 *
 * An audit is one file ending in one const descriptor, and one row in audit_list.h. The driver
 * (audit_run.c) computes each needed artifact at most once and hands out read-only views; an audit
 * adds findings (or fills the row columns that are its own) and prints nothing.
 *
 * Adding one: write src/audit/<family>/<name>.c with `const lqa_audit lqa_audit_<name> = {.number =
 * LQA_AUDIT_<name>, ...}`, add AUDIT(<name>)
 * to audit_list.h and docs/audits/<id>.md. */
#ifndef LQA_AUDIT_AUDIT_H
#define LQA_AUDIT_AUDIT_H

#include "audit/finding.h"
#include "base/observer.h"
#include "base/pool.h"
#include "data/dataset/dataset.h"

/* What an audit needs; the driver skips it, with a remark, where the data cannot give it. */
enum {
  LQA_NEEDS_CONTENT = 1 << 0,
  LQA_NEEDS_LABELS = 1 << 1,
  LQA_NEEDS_PRED_PROBS = 1 << 2, /* out-of-fold */
  LQA_NEEDS_TEXT = 1 << 3,
  LQA_NEEDS_ID = 1 << 4,
  LQA_NEEDS_TIME = 1 << 5,
  LQA_NEEDS_SPLIT = 1 << 6,
  LQA_NEEDS_CLUSTERS = 1 << 7,     /* near-duplicate clusters */
  LQA_NEEDS_FEATURES = 1 << 8,     /* the sparse or dense model matrix */
  LQA_NEEDS_AGAINST = 1 << 9,      /* --against */
  LQA_NEEDS_MIGRATION = 1 << 10,   /* --migrated-from and --map */
  LQA_NEEDS_GROUPS = 1 << 11,      /* rows of equal content */
  LQA_NEEDS_GIVEN_PROBS = 1 << 12, /* --pred-probs */
  LQA_NEEDS_LABEL_TIME = 1 << 13
};

typedef struct lqa_audit_param {
  const char *name; /* kebab-case */
  double default_value, min, max;
  const char *help;
  bool is_whole; /* takes no fraction */
} lqa_audit_param;

enum { LQA_AUDIT_MAX_PARAMS = 8, LQA_AUDIT_MAX_KINDS = 8 };

/* Everything an audit may read. Members that it did not ask for may be NULL. */
typedef struct lqa_audit_input {
  const lqa_dataset *dataset;
  /* Out-of-fold probabilities of the model stage, n_rows x n_classes, NaN rows where not scored. */
  const float *pred_probs;
  const uint8_t *fold;
  double train_accuracy, out_of_fold_accuracy; /* NaN before the model stage */
  const char *trained_member;                  /* of a blend: what train_accuracy is of, or NULL */
  const struct lqa_metrics *metrics;           /* of pred_probs, or NULL */
  const struct lqa_sparse *sparse; /* text features; empty rows where not scorable; or NULL */
  const struct lqa_row_groups *content_groups; /* rows of equal content, or NULL */
  const struct lqa_row_groups *chance_groups;  /* rows that are equal by chance, or NULL */
  /* Near-duplicate clusters: cluster number per row (rows alone have their own), or NULL. */
  const uint32_t *cluster;
  const struct lqa_against *against;     /* rows of an earlier run, or NULL */
  const struct lqa_migration *migration; /* the old data and the map, or NULL */
  const struct lqa_audit *audit;         /* the descriptor that runs: its kinds name the findings */
  double params[LQA_AUDIT_MAX_PARAMS];   /* in the descriptor's order */
  uint64_t seed;
  lqa_pool *pool;
  uint64_t memory_bytes; /* limit, 0 = none */
  const lqa_observer *observer;
  lqa_finding_list *findings; /* output */
  lqa_arena *arena;           /* scratch that lives as long as the findings */
} lqa_audit_input;

#define AUDIT(name) LQA_AUDIT_##name,
typedef enum lqa_audit_number {
#include "audit/audit_list.h"
  LQA_AUDIT_COUNT
} lqa_audit_number;
#undef AUDIT

/* What an audit speaks of. Its folder has the same name (tools/check-docs). */
typedef enum lqa_audit_family {
  LQA_FAMILY_PROVENANCE,         /* how the data came about: rows, order, files, codes, copies */
  LQA_FAMILY_CONFIDENT_LEARNING, /* where out-of-fold predictions disagree with labels, and how */
  LQA_FAMILY_MODEL               /* whether the model or the given probabilities can be trusted */
} lqa_audit_family;
/* "provenance", "confident-learning", "model". */
const char *lqa_audit_family_name(lqa_audit_family family);

typedef struct lqa_audit {
  lqa_audit_number number;
  const char *id; /* kebab-case; docs/audits/<id>.md */
  lqa_audit_family family;
  const char *summary;
  unsigned needs;
  bool is_basic;                                /* part of --checks basic */
  lqa_finding_kind kinds[LQA_AUDIT_MAX_KINDS];  /* ends at id == NULL */
  lqa_audit_param params[LQA_AUDIT_MAX_PARAMS]; /* ends at name == NULL */
  /* Adds findings. May return a bare LQA_NO_MEMORY: the driver words it. */
  lqa_status (*run)(const lqa_audit_input *input, lqa_error *err);
} lqa_audit;

/* True where the probabilities say no more than label frequencies: disagreement is no evidence, and
 * an audit that counts it declines with this reason. */
bool lqa_audit_is_unskilled(const lqa_audit_input *input);
extern const char lqa_audit_unskilled_reason[];

/* Parameters of near-duplicate, which the driver reads: it makes the clusters for all. */
enum {
  LQA_NEAR_DUPLICATE_JACCARD,
  LQA_NEAR_DUPLICATE_SHINGLE,
  LQA_NEAR_DUPLICATE_WORDS,
  LQA_NEAR_DUPLICATE_FRACTION
};

/* The descriptor of a number, in audit_list.h order. */
const lqa_audit *lqa_audit_get(lqa_audit_number number);
/* By id ("duplicate-conflict"), also by the id of one of its finding kinds; NULL
 * if there is none. */
const lqa_audit *lqa_audit_find(const char *id);
/* The audit whose table the kind is a part of. */
const lqa_audit *lqa_audit_of_kind(const lqa_finding_kind *kind);
int lqa_audit_kind_count(const lqa_audit *audit);
int lqa_audit_param_count(const lqa_audit *audit);

/* Row-marking finding ids, numbered in table order for evidence bits: -1 for an id that marks no
 * rows, NULL for a number out of range. Numbers may change between versions; files hold ids. */
enum { LQA_FINDING_MAX_BITS = 64 };
int lqa_finding_bit(const char *id);
const char *lqa_finding_bit_id(int bit);
int lqa_finding_bit_count(void);

#endif
