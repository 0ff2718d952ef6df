/* data/source/source.h - SOURCEs: files of any format, read as one table of texts
 * (docs/sources.md).
 *
 *     lqa_source *source = NULL;
 *     LQA_TRY(lqa_source_open(&options, observer, &source, err));   // globs, formats, columns
 *     status = lqa_source_load(source, &dataset, err);              // roles, labels, hashes
 *     status = lqa_source_snapshot(source, "run/source.parquet", observer, err);
 *     lqa_source_close(source);
 *
 * A source is a path, a glob, "-" (standard input), "file.db::table" (DuckDB or SQLite) or a URL.
 * Compression and format are told by content where a file has a magic number, else by its name.
 * Every value is a text exactly as written (1 stays 1, 01 stays 01, True stays True) or NULL;
 * binary formats give their values as SQL would print them. An empty unquoted CSV field is NULL, ""
 * is an empty text; an empty or blank label, or content, is NULL.
 *
 * All files are read in order as one; columns are matched by each file's own header. Files of the
 * same source set must have the same columns (JSON apart, where a missing key is NULL).
 *
 * Errors name the file, the 0-based row in it, its line and the column. LQA_BAD_USAGE: options, or
 * a column the source does not have. LQA_BAD_DATA: damaged content. LQA_BAD_FILE: cannot be read.
 */
#ifndef LQA_DATA_SOURCE_SOURCE_H
#define LQA_DATA_SOURCE_SOURCE_H

#include "base/observer.h"
#include "data/dataset/dataset.h"
#include "labelqa/text_list.h"

/* Zeroed = all defaults. Everything is borrowed until lqa_source_close. */
typedef struct lqa_source_options {
  lqa_text_list paths; /* one or more SOURCEs */

  /* Reading. */
  const char *header;       /* "auto" (NULL), "yes", "no" */
  lqa_text_list columns;    /* names, where there is no header */
  const char *delimiter;    /* one character, "\\t" or "tab"; NULL = detect */
  const char *quote;        /* one character, "" = no quoting; NULL = detect */
  int64_t skip;             /* lines above the table */
  const char *comment;      /* lines that begin with this character are no rows; NULL = none */
  const char *escape;       /* makes the next character a plain one; NULL = none */
  const char *encoding;     /* any that iconv knows; NULL = UTF-8, or what a byte-order mark says */
  uint64_t max_field_bytes; /* 0 = 64 MB */
  const char *where;        /* SQL condition on the columns; CSV and JSON columns are VARCHAR */
  int64_t limit;            /* first N rows (after `where`); 0 = all */
  const char *source_name;  /* what messages and manifests call the only file; NULL = its path */

  /* Roles. NULL or empty: text, label and id are guessed, the others are absent. */
  lqa_text_list text;
  lqa_text_list features;   /* names and patterns: '*', 'age_*' */
  lqa_text_list exclude;    /* names and patterns that are no features and are not guessed */
  const char *embeddings;   /* .npy, one row per source row */
  lqa_text_list pred_probs; /* one .npy, or one column per class */
  const char *label, *id, *split, *time, *annotator, *source_column, *group, *label_time;
  lqa_text_list classes;          /* the known label set, in order */
  lqa_text_list class_names;      /* CODE=NAME */
  lqa_text_list json_columns;     /* of a run: as in lqa_source_roles; ignored when opening */
  lqa_text_list missing_labels;   /* texts that mean: no label */
  const char *classes_file;       /* one class a line, UTF-8 */
  lqa_text_list other_columns;    /* that the caller reads itself: their names tell a header */
  const char *const *usual_names; /* more names that tell a header, NULL ends; or NULL */
  bool raw_json;                  /* JSON of labelling tools as it stands: the caller reads it */
  bool content_optional;          /* no text column is fine (annotators): kind LQA_CONTENT_NONE */
  bool one_class_allowed;         /* else fewer than two classes are LQA_BAD_DATA */

  /* Means. */
  uint64_t memory_bytes;        /* limit, 0 = none; above a part of it text spills to disk */
  const char *temporary_folder; /* for spills, standard input, downloads; NULL = /tmp */
  int n_threads;                /* 0 = one per processor; results never depend on it */
  bool no_network;              /* URLs are refused */
} lqa_source_options;

typedef struct lqa_source lqa_source;

/* Expands globs (sorted), copies standard input and URLs to a temporary file, tells formats and
 * dialects, reads the columns. A message says what was guessed. */
LQA_MUST_CHECK lqa_status lqa_source_open(const lqa_source_options *options,
                                          const lqa_observer *observer, lqa_source **out,
                                          lqa_error *err);
void lqa_source_close(lqa_source *source);

/* Columns of all files, in the order of the first. Names are valid until lqa_source_close. */
size_t lqa_source_count_columns(const lqa_source *source);
const char *lqa_source_column_name(const lqa_source *source, size_t column);
/* The number of a column, or -1. Exact; else the only match without case. */
int64_t lqa_source_find_column(const lqa_source *source, const char *name);

/* Which column is what. */
typedef struct lqa_source_roles {
  lqa_text_list text, features;
  const char *label;                  /* NULL only where no label was asked for or found */
  const char *column[LQA_ROLE_COUNT]; /* NULL = absent */
  lqa_text_list class_names;          /* CODE=NAME, of codes that have names */
  lqa_text_list json_columns;         /* of JSON: no value is a text, all stand without quotes */
} lqa_source_roles;
/* Resolves names and guesses what was not given, telling the observer (once). Without it
 * lqa_source_load does. Valid until lqa_source_close. */
LQA_MUST_CHECK lqa_status lqa_source_resolve(lqa_source *source, const lqa_source_roles **roles,
                                             lqa_error *err);

/* Reads all rows into a dataset, which outlives the source. */
LQA_MUST_CHECK lqa_status lqa_source_load(lqa_source *source, lqa_dataset **out, lqa_error *err);
/* Open, load, close. */
LQA_MUST_CHECK lqa_status lqa_dataset_load(const lqa_source_options *options,
                                           const lqa_observer *observer, lqa_dataset **out,
                                           lqa_error *err);

/* Writes all columns of all rows read (after `where` and `limit`), as texts, to a Parquet file: the
 * same rows give the same bytes. Needs no load. After a load it may run on another thread, as long
 * as nothing else reads the source meanwhile; `observer` (NULL allowed) is then the source's. */
LQA_MUST_CHECK lqa_status lqa_source_snapshot(lqa_source *source, const char *path,
                                              const lqa_observer *observer, lqa_error *err);

/* All columns of all rows in order, for whoever copies a source: export, corrupt, compare. Any
 * number may be open at once. */
typedef struct lqa_source_reader lqa_source_reader;
LQA_MUST_CHECK lqa_status lqa_source_reader_open(lqa_source *source, lqa_source_reader **out,
                                                 lqa_error *err);
/* The next row: *more false at the end. */
LQA_MUST_CHECK lqa_status lqa_source_reader_next(lqa_source_reader *reader, bool *more,
                                                 lqa_error *err);
/* A value of the current row; NULL data = SQL NULL. Valid until the next call of _next. */
lqa_str lqa_source_reader_get(const lqa_source_reader *reader, size_t column);
/* Where the current row came from: number of the file, 0-based row in it. */
int32_t lqa_source_reader_file(const lqa_source_reader *reader, int64_t *row_in_file);
void lqa_source_reader_close(lqa_source_reader *reader);

/* The files, after globs. */
int32_t lqa_source_count_files(const lqa_source *source);
const char *lqa_source_file_path(const lqa_source *source, int32_t file);

#endif
