/* data/source/source_part.h - one file of a source: what it is and how to read it. Private to
 * data/. */
#ifndef LQA_DATA_SOURCE_SOURCE_PART_H
#define LQA_DATA_SOURCE_SOURCE_PART_H

#include "base/arena.h"
#include "base/map.h"
#include "data/source/csv_detect.h"
#include "data/query/query.h"
#include "data/source/scan.h"
#include "data/source/source.h"

typedef enum lqa_part_kind {
  LQA_PART_CSV,
  LQA_PART_JSON,
  LQA_PART_PARQUET,
  LQA_PART_DUCKDB,
  LQA_PART_SQLITE
} lqa_part_kind;

typedef struct lqa_source_part {
  const char *given;          /* as the user gave it, glob expanded: for manifests */
  const char *name;           /* for messages: `given`, or "standard input" */
  const char *path;           /* what to open: the file, or /proc/self/fd/N for a copy */
  int fd;                     /* a temporary copy (standard input, a download), else -1 */
  const char *original;       /* of a file that is read in another shape: its path; else NULL */
  int original_fd;            /* what that may be a copy in, or -1; only beside it */
  int number;                 /* among the source's parts */
  const char *schema, *table; /* of a database, or NULL */
  bool is_postgres;
  lqa_part_kind kind;
  lqa_csv_dialect dialect; /* CSV */
  bool has_header;
  int64_t n_preamble;       /* lines that seem to stand above the table, for messages */
  const char *first_record; /* of a file without a header, for messages */
  const char *encoding;
  const char **columns; /* names, in the file's order */
  bool *is_blob;        /* binary columns of a DuckDB scan, or NULL */
  bool *is_text;        /* JSON, per column: some value stands in quotes */
  size_t n_columns;
  uint32_t *to_column; /* the source's column for each of the file's */
} lqa_source_part;

/* What a code of the label column means. */
typedef struct lqa_class_name {
  const char *code, *name;
} lqa_class_name;

/* source_json.c: settles roles.json_columns. */
struct lqa_source;
LQA_MUST_CHECK lqa_status lqa_source_find_json_columns(struct lqa_source *source, lqa_error *err);

struct lqa_source {
  lqa_source_options options; /* members borrowed from the caller */
  const lqa_observer *observer;
  lqa_arena arena;
  LQA_VEC(lqa_source_part) parts;
  lqa_map *columns;       /* names of all files' columns, in order */
  lqa_database *database; /* opened when a part needs it */
  lqa_source_roles roles;
  bool is_resolved;
  bool is_id_by_type;                  /* guessed from values: dropped again if they repeat */
  LQA_VEC(lqa_class_name) class_names; /* in the order of the codes */
  bool has_dataset_names;              /* they came with the file: -1 is no label then */
  bool is_table;                       /* by guess: features, no text */
  bool is_split_by_file; /* files are called train, test, ...: lqa_source_file_split */
  bool *is_excluded;     /* per column, once resolving has begun */
  const char *left_out;  /* a whole table by guess: " but 'Name'"; or NULL */
  struct lqa_column_profile *profiles; /* per column, once looked at */
  int64_t n_rows;                      /* of the last complete reading, or -1 */
};

/* source_expand.c: options.paths to parts with name and path. */
LQA_MUST_CHECK lqa_status lqa_source_expand(lqa_source *source, lqa_error *err);
/* Names gathered from whatever holds them. */
typedef struct lqa_name_list {
  LQA_VEC(const char *) names;
  LQA_VEC(bool) flags; /* DuckDB: a BLOB column, a table in a schema of its own */
} lqa_name_list;

/* The first bytes of a file's content, decompressed, as UTF-8; `whole`: that is all of it. */
typedef struct lqa_source_head {
  lqa_str bytes;
  bool whole;
} lqa_source_head;

/* source_header.c: dialect, header and column names of a delimited file. */
LQA_MUST_CHECK lqa_status lqa_source_tell_csv(lqa_source *source, lqa_source_part *part,
                                              const lqa_source_head *head, lqa_name_list *names,
                                              lqa_error *err);
/* source_json.c: a document that is no rows as it stands is read as JSON lines in its place. */
LQA_MUST_CHECK lqa_status lqa_source_flatten_json(lqa_source *source, lqa_source_part *part,
                                                  const lqa_source_head *head, lqa_error *err);
/* source_format.c: whether the content's name ends so: "a.csv.gz" ends in ".csv". */
bool lqa_source_part_has_suffix(const lqa_source_part *part, const char *suffix);
/* source_format.c: fills kind, dialect, header and columns of a part. */
LQA_MUST_CHECK lqa_status lqa_source_tell_format(lqa_source *source, lqa_source_part *part,
                                                 lqa_error *err);
/* source_guess.c: known names, lower case, best first. NULL ends. */
extern const char *const lqa_known_text_names[], *const lqa_known_label_names[],
                                                     *const lqa_known_id_names[];
/* '*' is any text, '?' any character. */
bool lqa_name_matches(const char *pattern, const char *name);
bool lqa_is_known_name(const char *const *names, lqa_str name);
/* The columns that the options name, one by one: NULL at the end. Calls for 0, 1, 2, ... */
const char *lqa_source_named_column(const lqa_source *source, size_t i);
/* LQA_BAD_DATA if two columns' names differ only in case, which DuckDB cannot hold; `what` cannot
 * be done then ("a snapshot"). */
LQA_MUST_CHECK lqa_status lqa_source_check_names(const lqa_source *source, const char *what,
                                                 lqa_error *err);
/* The database for scans (one thread), opened at the first call. */
LQA_MUST_CHECK lqa_status lqa_source_database(lqa_source *source, lqa_database **out,
                                              lqa_error *err);

#endif
