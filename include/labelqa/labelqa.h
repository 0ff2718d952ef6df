/* labelqa.h - audits labelled data before anyone fine-tunes on it.
 *
 * This header is the whole of labelqa: the command and the Python package use nothing else. It
 * reads as a manual, from the simple path to the details:
 *
 *   1. the simple path      audit a file, read the result
 *   2. commands             one function and one argument struct per command
 *   3. runs                 open a run folder, look at its rows
 *   4. commands by name     what bindings and front ends build on: labelqa/call.h
 *   5. confident learning   the numeric core on your own arrays: labelqa/confident.h
 *   6. annotators           several labels per item: labelqa/annotators.h
 *   7. outliers             neighbours, rows like no others: labelqa/outliers.h
 *   8. data frames          Arrow streams in and out: labelqa/frame.h
 *
 * Conventions. What can fail returns lqa_status and takes `lqa_error *err` last (NULL allowed);
 * results come through out pointers, set only on success. Argument structs borrow the texts you put
 * in; they must live until the call returns. Row numbers are 0-based positions over all sources, in
 * source order. Handles belong to one thread at a time; separate handles are independent. The
 * library never prints, never exits, never reads the environment and
 * keeps no global state. */
#ifndef LABELQA_H
#define LABELQA_H

#include "labelqa/annotators.h"
#include "labelqa/call.h"
#include "labelqa/confident.h"
#include "labelqa/error.h"
#include "labelqa/frame.h"
#include "labelqa/inspector.h"
#include "labelqa/observer.h"
#include "labelqa/outliers.h"
#include "labelqa/reread.h"
#include "labelqa/result.h"
#include "labelqa/terminal.h"
#include "labelqa/text_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0", the version that manifests record. */
LQA_API const char *lqa_version(void);

/* --------------------------------------------------------------------------------------------
 * 1. The simple path
 *
 *     lqa_audit_args args;
 *     lqa_audit_args_init(&args);
 *     const char *sources[] = {"tickets.csv"};
 *     args.sources = (lqa_text_list){sources, 1};
 *     lqa_result *result = NULL;
 *     lqa_error err;
 *     if (lqa_cmd_audit(&args, &result, &err) != LQA_OK) { puts(err.message); return 1; }
 *     puts(lqa_result_text(result));
 *     lqa_result_free(result);
 * -------------------------------------------------------------------------------------------- */

/* --------------------------------------------------------------------------------------------
 * 2. Commands
 *
 * Each struct begins with what all commands share. lqa_<command>_args_init fills the defaults of
 * `labelqa <command> --help`; a zeroed struct is not a valid one.
 * -------------------------------------------------------------------------------------------- */

/* Shared by all commands. */
typedef struct lqa_common_args {
  int64_t threads;               /* 0 = one per processor; results never depend on it */
  int64_t seed;                  /* default 0 */
  int64_t width;                 /* columns of the text result, default 100 */
  const lqa_observer *observer;  /* progress, remarks, cancellation; NULL = silent */
  lqa_option_style option_style; /* how the text result names options; default LQA_AS_FIELDS */
} lqa_common_args;

/* How to read sources, and which column is what (docs/sources.md). A source is a path, a glob,
 * "-" or a URL: CSV/TSV (.gz, .zst), JSON, JSON lines,
 * Parquet, "file.db::table" (DuckDB, SQLite). */
typedef struct lqa_source_args {
  const char *header;       /* "auto" (default), "yes", "no" */
  lqa_text_list columns;    /* names, where there is no header */
  const char *delimiter;    /* one character or "\\t"; NULL = detect */
  const char *quote;        /* one character, "" = no quoting; NULL = detect */
  int64_t skip;             /* lines above the table; default 0 */
  const char *comment;      /* lines that begin with this character are no rows; NULL = none */
  const char *escape;       /* makes the next character a plain one; NULL = none */
  const char *encoding;     /* "utf-8" (default), "latin-1", "utf-16" ... */
  uint64_t max_field_bytes; /* default 64 MB */
  const char *where;        /* SQL condition on the source's columns, or NULL */
  int64_t limit;            /* first N rows; 0 = all */
  const char *source_name;  /* what messages and the run call the one file; NULL = its path */
  lqa_text_list text;       /* joined by a space */
  lqa_text_list features;   /* columns of a table: names and patterns such as '*' */
  lqa_text_list exclude;    /* names and patterns that are neither features nor guessed */
  const char *embeddings;   /* .npy, one row per source row */
  lqa_text_list pred_probs; /* one .npy, or one column per class */
  const char *label;        /* NULL = guess, the guess is told to the observer */
  const char *id, *split, *time, *annotator, *source_column, *group; /* NULL = none */
  const char *label_time;       /* when the label was given; NULL = none */
  lqa_text_list classes;        /* the known label set in order */
  const char *classes_file;     /* one class a line */
  lqa_text_list class_names;    /* CODE=NAME: what the labels' codes are called everywhere */
  lqa_text_list missing_labels; /* texts that mean: no label */
  int64_t min_class_rows;       /* default 2 */
  uint64_t memory_limit;        /* bytes; 0 = none */
} lqa_source_args;

/* labelqa audit: provenance, confident learning, high loss; writes a run folder.
 * Errors: LQA_BAD_USAGE (options, missing column), LQA_BAD_DATA (content), LQA_BAD_FILE (files, a
 * run in the way), LQA_FAIL_IF (a --fail-if condition holds: the run and *result are complete). */
typedef struct lqa_audit_args {
  lqa_common_args common;
  lqa_source_args source;
  lqa_text_list sources;      /* one or more SOURCEs, read as one */
  const char *out;            /* run folder; NULL = "<first source's stem>.labelqa" */
  int overwrite;              /* replace an existing run; verdicts and decisions are carried over */
  int no_snapshot;            /* leave source.parquet out */
  int review;                 /* for front ends: see lqa_call_next */
  const char *model;          /* auto | logistic | naive-bayes | trees | knn */
  int64_t folds;              /* default 5 */
  double C;                   /* inverse l2 strength, as scikit-learn's, default 1 */
  lqa_text_list ngrams;       /* "1","2": word n-gram range */
  int64_t min_df;             /* rows a term must occur in, default 2 */
  int64_t max_features;       /* 0 = all */
  lqa_text_list checks;       /* "all" (default), "basic" or finding ids */
  lqa_text_list severity;     /* "ID=LEVEL" */
  lqa_text_list set;          /* "ID.PARAM=VALUE" */
  const char *baseline;       /* file of accepted findings */
  const char *write_baseline; /* file to write: the baseline and all that was found beside it */
  const char *against;        /* an earlier run, for content-changed */
  const char *decisions_from; /* a run whose decisions follow their rows into this one */
  const char *migrated_from;  /* the data before a change of label scheme */
  const char *map;            /* old,new label pairs (CSV) */
  lqa_text_list fail_if;      /* "NAME OP NUMBER" */
  const char *state_home, *home; /* where the key is that signs a run: as in lqa_reread_args */
} lqa_audit_args;
LQA_API void lqa_audit_args_init(lqa_audit_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_audit(const lqa_audit_args *args, lqa_result **result,
                                                lqa_error *err);

/* labelqa judge: asks a language model about suspicious rows and a random sample of the others,
 * behind any OpenAI-compatible endpoint, and folds its verdicts into the run (docs/judge.md).
 *
 * Without `yes` it returns the plan and its price and spends nothing. Money fails closed: no
 * request starts that could pass max_calls or max_cost, every paid answer is on disk before its
 * slot asks again, cached answers cost nothing. Keys and endpoints come in pairs (llm_*, else
 * openai_*; second_key with second_base_url); a key is never written anywhere nor sent to another
 * pair's endpoint.
 *
 * Errors: LQA_BAD_USAGE (options, no key, no price), LQA_BAD_FILE (run, cache), LQA_BAD_ENDPOINT
 * (it failed, or rows stay unanswered), LQA_OUT_OF_BUDGET, LQA_INTERRUPTED; with the last three
 * *result is set, and what was answered is in the run. */
typedef struct lqa_judge_args {
  lqa_common_args common; /* seed: random sample, order of classes in the blind protocol */
  lqa_reread_args reread;
  const char *run;
  const char *model;             /* default gpt-4o-mini */
  const char *second_model;      /* a second judge; NULL = none */
  const char *second_base_url;   /* its endpoint; NULL = the first one's */
  int64_t top, sample_unflagged; /* rows: default 60 suspicious, 20 random others */
  int64_t budget;                /* rows drawn by `strategy` instead; 0 = use top */
  const char *strategy;          /* expected-corrections | uncertainty | random */
  const char *mode;              /* "judge", or "label": every row is labelled by the model */
  const char *protocol;          /* verify | blind */
  const char *prompt;            /* template file */
  const char *class_notes;       /* file of class descriptions */
  int64_t max_text;              /* characters; longer texts are cut in the middle; default 6000 */
  int64_t max_calls;             /* -1 = the plan's requests plus a fifth */
  double max_cost;               /* USD; negative = no limit */
  const char *price, *second_price; /* "IN,OUT", USD per million tokens */
  const char *prices;               /* a price table (JSON) to use before the built-in one */
  int64_t concurrency;              /* requests open at a time, default 8 */
  double timeout;                   /* seconds a request may take, default 60 */
  double backoff;                   /* seconds before a second try, doubles; default 0.5 */
  int64_t max_output_tokens;        /* 0 = by protocol and class names */
  double temperature;
  const char *reasoning_effort;
  int retry_unknown;           /* ask rows again whose cached answer was UNKNOWN */
  double max_unknown;          /* a larger share of UNKNOWN answers ends the run; default 0.5 */
  int forget;                  /* first remove the models' answers from the cache */
  int64_t repeat, repeat_rows; /* ask repeat_rows rows `repeat` times: self-agreement */
  int yes;                     /* spend */
  /* Hears every answer as it arrives, from the thread of the call; NULL = nobody. `corrected` is
   * NULL where there is none. */
  void (*answered)(void *data, int64_t row, const char *verdict, const char *corrected);
  void *answered_data;
  const char *batch_write, *batch_read;
  int batch_submit, batch_poll;
  const char *cache;   /* file; NULL = <cache_home or home/.cache>/labelqa/judge.db */
  const char *ca_file; /* certificates of the endpoint's authority (PEM) */
  /* What the command takes from the environment alone; any may be NULL. */
  const char *llm_key, *llm_base_url, *openai_key, *openai_base_url, *second_key;
  const char *cache_home, *config_home, *home;
  const char *https_proxy, *http_proxy, *all_proxy, *no_proxy;
} lqa_judge_args;
LQA_API void lqa_judge_args_init(lqa_judge_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_judge(const lqa_judge_args *args, lqa_result **result,
                                                lqa_error *err);

/* labelqa losses: adds training logs (CSV or JSON lines of id, epoch, loss) to a run. */
typedef struct lqa_losses_args {
  lqa_common_args common;
  lqa_reread_args reread;
  const char *run;
  lqa_text_list files;
} lqa_losses_args;
LQA_API void lqa_losses_args_init(lqa_losses_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_losses(const lqa_losses_args *args, lqa_result **result,
                                                 lqa_error *err);

/* labelqa decide: takes people's decisions back from sheets (row_id or row_number, decision, note,
 * by) and exports of Label Studio, Argilla and Prodigy. Rows that make no sense are refused with a
 * reason in the result, the others are taken. Errors: LQA_BAD_DATA (no decisions in a file, or all
 * refused), LQA_BAD_FILE. */
typedef struct lqa_decide_args {
  lqa_common_args common;
  lqa_reread_args reread;
  const char *run;
  lqa_text_list files;
  const char *by; /* where a file does not say; NULL = "review" */
} lqa_decide_args;
LQA_API void lqa_decide_args_init(lqa_decide_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_decide(const lqa_decide_args *args, lqa_result **result,
                                                 lqa_error *err);

/* labelqa review: serves the review page of a run on 127.0.0.1 until the observer's `cancelled` is
 * set (docs/review.md). `listening`, if there is one, gets the page's address, which carries the
 * token, once the server answers. Decisions are on disk before they are acknowledged; the run's
 * files are made again at the end. Errors: LQA_BAD_FILE (run in use, port taken), LQA_BAD_DATA. */
typedef struct lqa_review_args {
  lqa_common_args common; /* seed: random order, which rows are decided twice */
  lqa_reread_args reread;
  const char *run;
  int64_t port;           /* 0 = any that is free */
  int open;               /* open the address in the browser */
  const char *reviewer;   /* name stored with a decision if the page gives none */
  int blind;              /* given and suggested labels are hidden */
  double second_review;   /* share of the rows that two people decide */
  int64_t lease;          /* seconds that a row stays with one reviewer, default 600 */
  const char *guidelines; /* a text file shown beside the rows */
  const char *against;    /* an older run, which the page compares with this one; or NULL */
  void (*listening)(void *data, const char *address, int open);
  void *listening_data;
  int tty;                      /* the queue on `terminal`, no page */
  const lqa_terminal *terminal; /* NULL: there is none */
  /* For the judge, from the environment alone: as in lqa_judge_args. */
  const char *llm_key, *llm_base_url, *openai_key, *openai_base_url, *second_key;
  const char *cache_home, *config_home, *home;
  const char *https_proxy, *http_proxy, *all_proxy, *no_proxy;
} lqa_review_args;
LQA_API void lqa_review_args_init(lqa_review_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_review(const lqa_review_args *args, lqa_result **result,
                                                 lqa_error *err);

/* labelqa sample: draws a stratified spot-check sheet (n and out), or takes one back (ingest). */
typedef struct lqa_sample_args {
  lqa_common_args common;
  lqa_reread_args reread;
  const char *run;
  int64_t n;          /* rows to draw, default 200 */
  int suspects;       /* the n most doubted rows instead of a sample, for lqa_cmd_decide */
  const char *out;    /* the sheet to write: .csv, .jsonl, .parquet */
  const char *ingest; /* the filled-in sheet to read */
  const char *by;     /* who checked; default "spot-check" */
} lqa_sample_args;
LQA_API void lqa_sample_args_init(lqa_sample_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_sample(const lqa_sample_args *args, lqa_result **result,
                                                 lqa_error *err);

/* labelqa report: prints the summary again and rewrites the report files from run.db. */
typedef struct lqa_report_args {
  lqa_common_args common;
  lqa_reread_args reread;
  const char *run;
  int64_t top;           /* suspicious rows to list, default 25 */
  lqa_text_list fail_if; /* "NAME OP NUMBER" */
} lqa_report_args;
LQA_API void lqa_report_args_init(lqa_report_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_report(const lqa_report_args *args, lqa_result **result,
                                                 lqa_error *err);

/* labelqa export: WHAT is relabel, review, cleaned, weights, decisions or fixed. */
typedef struct lqa_export_args {
  lqa_common_args common;
  lqa_reread_args reread;
  const char *run, *what, *file;
  const char *format; /* csv | jsonl | parquet | label-studio | argilla | prodigy;
                       * NULL = from the suffix */
  const char *apply;  /* "relabel": cleaned also takes unreviewed corrections */
  const char *repair; /* fixed: the finding whose repair to apply */
  const char *by;     /* weights: "trust_score" (NULL: this) or "p_correct" */
} lqa_export_args;
LQA_API void lqa_export_args_init(lqa_export_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_export(const lqa_export_args *args, lqa_result **result,
                                                 lqa_error *err);

/* labelqa annotators: several annotators per item. Consensus, how good each annotator is, how much
 * they agree, whom and what to look at. Of `source` the columns text, label, id (the item), time,
 * annotator, pred_probs and classes, and all about reading, are used; see data in annotators.h for
 * the numbers alone. Writes nothing but the `out` files.
 * Errors: LQA_BAD_USAGE (options, columns), LQA_BAD_DATA (content: file, row, column),
 * LQA_BAD_FILE.
 */
typedef struct lqa_annotators_args {
  lqa_common_args common; /* seed: bootstrap, folds of the text model */
  lqa_source_args source;
  lqa_text_list sources;
  lqa_text_list wide; /* one column per annotator, "*" matches; empty = a long table, or guessed */
  lqa_text_list missing; /* texts that mean: did not label */
  const char *repeats;   /* error (default) | first | last: an annotator's second vote on an item */
  const char *truth;     /* known labels to measure against: a column, or a file of items, labels */
  const char *gold;      /* known labels to learn from; those items keep them */
  const char *method;    /* auto (default) | majority | dawid-skene | one-coin | crowdlab */
  const char *distance;  /* nominal (default) | linear | quadratic | ordinal: alpha and kappas */
  double confidence;     /* of all intervals, default .95 */
  int64_t resamples;     /* of the bootstrap, default 1000; 0 = jackknife */
  int64_t max_iterations; /* of Dawid-Skene, default 200 */
  int64_t top;            /* annotators and items listed, default 10 */
  const char *out, *out_annotators, *out_pairs, *out_confusion; /* tables: .csv, .jsonl, .parquet */
  const char *out_probs; /* .npy: n_items x n_classes float32, rows as in `out` */
} lqa_annotators_args;
LQA_API void lqa_annotators_args_init(lqa_annotators_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_annotators(const lqa_annotators_args *args,
                                                     lqa_result **result, lqa_error *err);

/* labelqa corrupt: injects known errors and keeps the truth beside them.
 * Rates are fractions of all rows; kinds do not overlap. */
typedef struct lqa_corrupt_args {
  lqa_common_args common;
  lqa_source_args source;
  lqa_text_list sources;
  const char *out;
  int64_t sample; /* rows to draw first; 0 = all */
  double off_by_one, random_flip, row_shift;
  lqa_text_list systematic; /* "A:B=RATE" */
  int64_t null_content, duplicate_conflict, unknown_label;
} lqa_corrupt_args;
LQA_API void lqa_corrupt_args_init(lqa_corrupt_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_corrupt(const lqa_corrupt_args *args, lqa_result **result,
                                                  lqa_error *err);

/* labelqa evaluate: precision and recall of every audit against a truth column of the source. */
typedef struct lqa_evaluate_args {
  lqa_common_args common;
  lqa_reread_args reread;
  const char *run;
  const char *truth;      /* column with the true label */
  const char *corruption; /* column with the kind of corruption, or NULL */
} lqa_evaluate_args;
LQA_API void lqa_evaluate_args_init(lqa_evaluate_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_evaluate(const lqa_evaluate_args *args,
                                                   lqa_result **result, lqa_error *err);

/* labelqa demo: the worked example: corrupt, audit, evaluate. */
typedef struct lqa_demo_args {
  lqa_common_args common;
  const char
      *data;    /* AG News test split (CSV: class, title, description); NULL = generated corpus */
  int download; /* fetch it from its public home instead */
  const char *out; /* folder for the corrupted file and the run; default "demo" */
  int overwrite;
  int64_t sample;                                          /* default 2000 */
  double off_by_one, random_flip, systematic, row_shift;   /* default .01, .05, .03, 0 */
  int64_t null_content, duplicate_conflict, unknown_label; /* default 3, 3, 1 */
  const char *model;
  double simulated_judge; /* accuracy of a simulated judge that looks at the suspects; 0 = none */
} lqa_demo_args;
LQA_API void lqa_demo_args_init(lqa_demo_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_demo(const lqa_demo_args *args, lqa_result **result,
                                               lqa_error *err);

/* labelqa diff: what changed between two runs (docs/versions.md). */
typedef struct lqa_diff_args {
  lqa_common_args common;
  const char *a, *b; /* run folders; `a` is the older */
  const char *out;   /* a file for every row that changed: .csv, .jsonl, .parquet; or NULL */
} lqa_diff_args;
LQA_API void lqa_diff_args_init(lqa_diff_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_diff(const lqa_diff_args *args, lqa_result **result,
                                               lqa_error *err);

/* labelqa checks: the catalogue of checks, with severities and parameters. */
typedef struct lqa_checks_args {
  lqa_common_args common;
  const char *id; /* of a check or a finding: its page; NULL = the catalogue */
} lqa_checks_args;
LQA_API void lqa_checks_args_init(lqa_checks_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_checks(const lqa_checks_args *args, lqa_result **result,
                                                 lqa_error *err);

/* labelqa doctor: versions, threads, SIMD level, and whether the judge's endpoint answers.
 * LQA_BAD_ENDPOINT, with a result, where one is set up that does not work. */
typedef struct lqa_doctor_args {
  lqa_common_args common;
  /* From the environment alone, as lqa_judge_args; without them no endpoint is looked for. */
  const char *llm_key, *llm_base_url, *openai_key, *openai_base_url;
  const char *https_proxy, *http_proxy, *all_proxy, *no_proxy;
} lqa_doctor_args;
LQA_API void lqa_doctor_args_init(lqa_doctor_args *args);
LQA_API LQA_MUST_CHECK lqa_status lqa_cmd_doctor(const lqa_doctor_args *args, lqa_result **result,
                                                 lqa_error *err);

/* --------------------------------------------------------------------------------------------
 * 3. Runs
 * -------------------------------------------------------------------------------------------- */

typedef struct lqa_run_view lqa_run_view;

/* One row of rows.parquet. Texts are valid until lqa_run_view_close; NULL = SQL NULL; numbers are
 * NaN where NULL. */
typedef struct lqa_row {
  const char *row_id;
  int64_t row_number;
  const char *content_hash;
  const char *label, *predicted_label;
  double self_confidence;
  bool is_label_issue;
  int32_t issue_rank; /* 0 = not flagged */
  double loss, loss_percentile;
  bool is_high_loss;
  const char *verdict, *corrected_label, *decided_label, *decided_by, *suggested_label;
  double p_correct, trust_score;
  const char *review_action;
} lqa_row;

/* Opens a run folder for reading. Errors: LQA_BAD_FILE (not a run), LQA_BAD_DATA (damaged). */
LQA_API LQA_MUST_CHECK lqa_status lqa_run_view_open(const char *run, lqa_run_view **view,
                                                    lqa_error *err);
LQA_API int64_t lqa_run_view_count(const lqa_run_view *view);
/* Row `row` (0-based, in source order). */
LQA_API LQA_MUST_CHECK lqa_status lqa_run_view_get(lqa_run_view *view, int64_t row, lqa_row *out,
                                                   lqa_error *err);
LQA_API void lqa_run_view_close(lqa_run_view *view);

#ifdef __cplusplus
}
#endif
#endif
