/* report/report.h - what a run says, as plain data, and the renderers that turn it into files.
 *
 * The bridge fills a struct lqa_report from a finished audit (or from a run folder); each renderer
 * is one file and a pure function from the struct to text. report.json holds all of it, so that a
 * run folder can be reported on again: the caller reads the static part back from there.
 */
#ifndef LQA_REPORT_REPORT_H
#define LQA_REPORT_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/field.h"
#include "base/str.h"
#include "report/figures.h"
#include "store/manifest.h"
#include "trust/trust_summary.h"

#include <stdint.h>

enum { LQA_REPORT_FINDING_ROWS = 100, LQA_REPORT_SCHEMA_VERSION = 1 };

typedef struct lqa_report_finding {
  const char *id, *severity; /* "null-content", "error" */
  int64_t count;             /* rows marked, or 1 for a finding about the whole file; 0 = nothing */
  int64_t groups;
  int64_t accepted; /* by the baseline: rows, or findings about the whole file */
  const char *message;
  const int64_t *rows; /* the first LQA_REPORT_FINDING_ROWS row numbers */
  int64_t n_rows;
  bool is_block, has_shift;
  int64_t rows_from, rows_to; /* 0-based, inclusive */
  int32_t shift;
  double z;                 /* NaN = none */
  const char *repair;       /* or NULL */
  const char *details_json; /* one JSON object, or NULL */
} lqa_report_finding;

/* A finding that was not looked for, and why: "no --time column". */
typedef struct lqa_report_not_run {
  const char *id, *reason;
} lqa_report_not_run;

typedef struct lqa_report_length {
  lqa_str label;
  double mean, std; /* code points */
  int64_t count;
} lqa_report_length;

typedef struct lqa_report_class {
  lqa_str label;
  int64_t count, flagged;
  double label_noise, inverse_label_noise, quality;
} lqa_report_class;

typedef struct lqa_report_overlap {
  lqa_str label_a, label_b;
  int64_t count;
  double joint;
} lqa_report_overlap;

typedef struct lqa_report_confident {
  bool ran;
  const char *model;     /* "logistic", "given probabilities" ... */
  const char *tie_order; /* "stable" or "compat" */
  int64_t flagged, estimated_errors;
  double train_accuracy, out_of_fold_accuracy; /* NaN = unknown */
  const lqa_report_class *per_class;
  int64_t n_classes;
  const lqa_report_overlap *overlaps;
  int64_t n_overlaps;
  const char *model_json;     /* one JSON object about the model that was trained, or NULL */
  const char *trained_member; /* of a blend: the member that train_accuracy is of, or NULL */
  bool has_skill;     /* else no better than class frequencies: nothing flagged or estimated */
  int64_t not_scored; /* rows without content, a known label or probabilities */
} lqa_report_confident;

typedef struct lqa_report_loss {
  int64_t count;    /* rows that are high */
  bool from_logs;   /* else the loss is -log(self-confidence): no independent signal */
  int64_t n_epochs; /* of the logs */
} lqa_report_loss;

typedef struct lqa_report_judge {
  bool ran;
  const char *model, *protocol;
  int64_t planned, judged, yes, no, unknown, cached, calls, tokens_in, tokens_out;
  double cost_usd, agreement; /* NaN = unknown */
  int64_t all_calls;          /* of all sessions, the newest included */
  double all_cost_usd;
  bool has_random;
  lqa_interval random; /* share of NO among the rows drawn at random; n = 0: none were */
} lqa_report_judge;

typedef struct lqa_report_timing {
  const char *stage;
  double seconds;
  int64_t peak_rss_bytes; /* of the process up to the stage's end; 0 = not known */
} lqa_report_timing;

typedef struct lqa_report_confusion {
  lqa_str label, true_label;
  lqa_interval rate;
  int64_t rows, verified;
} lqa_report_confusion;

typedef struct lqa_report_channel_row {
  const double *given; /* one per class */
  int32_t n_classes;
} lqa_report_channel_row;

/* lqa_trust_summary in the words of report.json: names for codes, lists for matrices. */
typedef struct lqa_report_trust {
  bool is_calibrated;
  const char *why_rank;
  int n_rounds;
  const char *why_no_refit;
  lqa_trust_basis basis;
  int64_t n_verified;
  double mean_p_wrong;
  bool has_ece, has_channel;
  lqa_interval ece;
  const lqa_reliability_bin *bins;
  int32_t n_bins;
  struct {
    const lqa_str *classes;
    int64_t n_classes;
    const lqa_report_channel_row *rows;
  } channel;
  const lqa_report_confusion *confusions;
  int32_t n_confusions;
  const lqa_judge_accuracy *judges;
  int32_t n_judges;
} lqa_report_trust;

/* A row of the list of suspects. */
typedef struct lqa_report_suspect {
  lqa_str row_id;
  int64_t row_number;
  lqa_str text, label, predicted, suggested;
  double self_confidence, p_correct, trust_score; /* NaN = none */
  const char *action, *verdict;
  const lqa_str *reasons;
  size_t n_reasons;
} lqa_report_suspect;

/* The error rate among the rows of one given label. */
typedef struct lqa_report_class_rate {
  lqa_str label;
  double estimate, low, high;
  int64_t n; /* verified rows */
} lqa_report_class_rate;

/* The same among the rows of which a column says one thing. */
typedef struct lqa_report_slice_rate {
  const char *column;         /* "split", "source file", "source", "group" */
  lqa_report_class_rate rate; /* `label` is the column's value */
} lqa_report_slice_rate;

typedef struct lqa_report {
  const char *version, *run_path;
  const lqa_manifest *manifest; /* of the run, or NULL */
  lqa_report_figures *figures;  /* what pictures are drawn from, or NULL */
  int64_t n_rows;
  const lqa_str *classes;
  int64_t n_classes;
  const lqa_report_finding *findings;
  int64_t n_findings;
  const lqa_report_not_run *not_run;
  int64_t n_not_run;
  const lqa_report_length *lengths;
  int64_t n_lengths;
  lqa_report_confident confident;
  lqa_report_loss loss;
  lqa_report_judge judge;
  int64_t relabel, keep_ambiguous, needs_review, keep; /* rows per action */
  bool has_error_rate;
  lqa_interval error_rate;
  const char *error_rate_frame; /* the rows that it speaks for, in words */
  int64_t rows_for_one_percent; /* to verify in all for plus or minus 1 %; 0 = not known */
  lqa_report_class_rate *rates; /* by class; classes with too few verified rows are left out */
  int64_t n_rates;
  bool has_flag_recall;
  lqa_interval flag_recall;          /* share of all wrong labels that suspected rows contain */
  lqa_report_class_rate *annotators; /* the same by annotator: `label` is the name */
  int64_t n_annotators;
  lqa_report_slice_rate *slices; /* by the other columns that rows can be told apart by */
  int64_t n_slices;
  const lqa_trust_summary *trust; /* of the run, or NULL */
  const char *verdict;            /* lqa_report_verdict, for report.json: filled on writing */
  bool has_trust;
  lqa_report_trust trust_said; /* the same as report.json says it: filled on writing */
  const lqa_report_timing *timings;
  int64_t n_timings;
  int64_t peak_rss_bytes;
  const lqa_report_suspect *suspects; /* most suspicious first; as many as were asked for */
  int64_t n_suspects;
  const char *const *notes; /* remarks of the stages ("character n-grams were used ...") */
  int64_t n_notes;
} lqa_report;

/* report.json, schema "labelqa.report/1": everything but the suspects. Its fields are one table,
 * from which docs/schema/report.json.md and report.schema.json are made. */
extern const lqa_field lqa_report_fields[];
void lqa_report_json(const lqa_report *report, lqa_buf *out);
/* report_words.c: a copy whose sentences name options in `style`; new texts live in `arena`. */
LQA_MUST_CHECK lqa_status lqa_report_in_style(const lqa_report *report, lqa_option_style style,
                                              lqa_arena *arena, lqa_report *out);
/* report.md, report.html (stands alone), a JUnit file, and for a terminal the summary, no line
 * wider than `width`, and what to do next. */
void lqa_report_markdown(const lqa_report *report, lqa_buf *out);
void lqa_report_html(const lqa_report *report, lqa_buf *out);
void lqa_report_terminal(const lqa_report *report, int width, lqa_buf *out);
void lqa_report_terminal_next(const lqa_report *report, lqa_buf *out);
void lqa_report_junit(const lqa_report *report, lqa_buf *out);

/* Reads report.json back. Everything lives in `arena`; the suspects stay empty. `run_path` is
 * borrowed. LQA_BAD_DATA where the text is no report of this schema. */
LQA_MUST_CHECK lqa_status lqa_report_load(lqa_str json, const char *run_path, lqa_arena *arena,
                                          lqa_report *out, lqa_error *err);

/* Fills has_trust and trust_said from `trust`; what it makes lives in `arena`. LQA_OK or
 * LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_report_say_trust(lqa_report *report, lqa_arena *arena);
/* How far p_correct may be believed, suspected confusions, judges' accuracies: lines with `bullet`
 * before each. */
void lqa_report_trust_lines(const lqa_report *report, const char *bullet, lqa_buf *out);
/* "tickets.csv, label column topic, 2026-12-01": the data and when it was audited; nothing where
 * that is not known. */
void lqa_report_about(const lqa_report *report, lqa_buf *out);
/* How bad it is and what to do first, in a sentence each: what stands on top of every summary. */
void lqa_report_verdict(const lqa_report *report, lqa_buf *out);
/* The order in which findings that found something are shown: errors, then warnings, then the rest,
 * each as they were found. Starts where *at is -1; NULL after the last. */
const lqa_report_finding *lqa_report_next_finding(const lqa_report *report, int64_t *at);
/* 0 for an error, 1 for a warning, 2 for anything else. */
int lqa_report_severity_rank(const char *severity);
/* The numbers of the classes by estimated share of wrong labels, worst first, then by rows flagged;
 * owned by the caller. NULL when out of memory. */
int64_t *lqa_report_worst_classes(const lqa_report_confident *confident);
/* Total by severity of findings that found something. */
int64_t lqa_report_count_findings(const lqa_report *report, const char *severity);
/* "12.0 % of the labels are wrong (...)", of all rows that the rate is about, and how many rows to
 * verify for plus or minus 1 %. Nothing where there is no rate. */
void lqa_report_rate_words(const lqa_report *report, lqa_buf *out);
/* How many rows confident learning flagged and how many labels it estimates wrong, or why it says
 * nothing; without a full stop. */
void lqa_report_flagged(const lqa_report *report, lqa_buf *out);
/* "on its own training rows", or of which member alone: what train_accuracy is a share of. */
void lqa_report_trained_on(const lqa_report *report, lqa_buf *out);
/* The checks without a finding to show, as lines: how many found nothing, what the baseline
 * accepts, what was not run and why; `brief`: many reasons share a line, without ids. */
void lqa_report_quiet_checks(const lqa_report *report, bool brief, lqa_buf *out);
/* What the judge said and what it cost, as lines. */
void lqa_report_judged(const lqa_report_judge *judge, lqa_buf *out);
/* "3 rows are not scored (...)", nothing where all are. */
void lqa_report_not_scored(const lqa_report_confident *confident, lqa_buf *out);
/* What to do when more than this share is wrong by the lower end of an interval: every summary that
 * has one says it. */
#define LQA_BEYOND_REPAIR 0.30
void lqa_report_advise_relabel(double low, const char *run_path, const char *bullet, lqa_buf *out);
/* True where the lower end of the share of wrong labels, by people or a judge, lies above it. */
bool lqa_report_is_beyond_repair(const lqa_report *report);
/* What to do next, in order: sentences with commands, appended as lines with `bullet` before each.
 */
void lqa_report_next_steps(const lqa_report *report, const char *bullet, lqa_buf *out);

#endif
