/* report/figures.h - what the pictures of report.html are drawn from: counts over all rows.
 *
 * A few passes over columns in memory; nothing here grows with the number of rows but scratch space
 * that is freed again. "Doubt" of a row is 1 - p_correct where that is a probability, else 1 for a
 * suspicious row and 0 for any other.
 */
#ifndef LQA_REPORT_FIGURES_H
#define LQA_REPORT_FIGURES_H

#include "base/arena.h"
#include "base/interval.h"
#include "base/str.h"
#include "base/timestamp.h"

#include <stdbool.h>
#include <stdint.h>

struct lqa_run;

enum {
  LQA_FIGURE_BINS = 20,      /* of p_correct or trust_score */
  LQA_FIGURE_BLOCKS = 60,    /* along the file, at most */
  LQA_FIGURE_PERIODS = 20,   /* along time, at most */
  LQA_FIGURE_DECILES = 10,   /* of losses */
  LQA_FIGURE_SOURCES = 15,   /* values of a column that are told apart */
  LQA_FIGURE_DIMENSIONS = 4, /* file, split, annotator, group */
  LQA_FIGURE_POINTS = 40     /* of a curve of review effort */
};

/* Rows that carry `given` and are rather `suggested`: by all evidence or, where that changes no
 * label, by the model on rows that it flags. */
typedef struct lqa_figure_pair {
  int32_t given, suggested;
  int64_t n;
} lqa_figure_pair;

/* Some rows: how many, their mean doubt and its 95 % interval (Wilson's; NaN without rows). */
typedef struct lqa_figure_part {
  lqa_str name; /* or NULL data */
  int64_t n;
  lqa_interval doubt;
} lqa_figure_part;

typedef struct lqa_figure_sources {
  const char *title; /* "source file", "split" ... */
  const lqa_figure_part *parts;
  int n_parts;
  int64_t n_values; /* of the column; those above n_parts are left out */
} lqa_figure_sources;

/* After `budget` rows were looked at, most doubted first. */
typedef struct lqa_figure_effort {
  int64_t budget;
  double precision, recall; /* NaN = undefined */
} lqa_figure_effort;

typedef struct lqa_report_figures {
  bool is_known;
  bool doubt_is_probability;

  const lqa_figure_pair *pairs; /* most rows first */
  bool pairs_of_model;          /* of flagged rows; else by all evidence */
  int64_t n_pairs, n_changed;   /* rows in them */
  const int64_t *agreed;        /* per class: the other rows */

  bool histogram_of_p; /* p_correct where it is a probability; else trust_score */
  int64_t histogram[LQA_FIGURE_BINS];

  lqa_figure_part blocks[LQA_FIGURE_BLOCKS]; /* in the order of the file, of equal length */
  int n_blocks;
  lqa_figure_part periods[LQA_FIGURE_PERIODS]; /* in the order of time, of equal counts */
  int n_periods;
  char first_time[32], last_time[32];
  lqa_figure_part deciles[LQA_FIGURE_DECILES]; /* of losses in training logs, lowest first */
  int n_deciles;
  lqa_figure_sources sources[LQA_FIGURE_DIMENSIONS];
  int n_sources;

  lqa_figure_effort effort[LQA_FIGURE_POINTS];
  int n_effort;
  int64_t effort_errors, effort_rows; /* wrong labels among all rows whose truth is known */
  bool effort_by_people;              /* people decided; else the source holds the truth */
} lqa_report_figures;

/* Counts; what it allocates lives in `arena`. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_figures_make(const struct lqa_run *run, lqa_arena *arena,
                                           lqa_report_figures *out);

/* Parts of it, one file each. */
LQA_MUST_CHECK lqa_status lqa_figures_pairs(const struct lqa_run *run, lqa_arena *arena,
                                            lqa_report_figures *out);
LQA_MUST_CHECK lqa_status lqa_figures_sources(const struct lqa_run *run, lqa_arena *arena,
                                              lqa_report_figures *out);
LQA_MUST_CHECK lqa_status lqa_figures_time(const struct lqa_run *run, lqa_report_figures *out);
LQA_MUST_CHECK lqa_status lqa_figures_effort(const struct lqa_run *run, lqa_report_figures *out);
double lqa_figures_doubt(const struct lqa_run *run, bool is_probability, int64_t row);
/* Adds a row; when all are in, finish makes the mean and its interval. */
void lqa_figure_part_add(lqa_figure_part *part, double doubt);
void lqa_figure_part_finish(lqa_figure_part *part);

#endif
