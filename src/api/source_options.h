/* api/source_options.h - the option rows of every command that reads a SOURCE (docs/sources.md).
 */
#ifndef LQA_API_SOURCE_OPTIONS_H
#define LQA_API_SOURCE_OPTIONS_H

#include "api/command.h"

/* clang-format off */
#define LQA_READING_OPTIONS(type)                                                                  \
  {.name = "header", .kind = LQA_OPTION_CHOICE, .offset = offsetof(type, source.header),           \
   .default_value = "auto", .choices = "auto|yes|no", .help = "whether CSV files have a header",   \
   .group = "Reading"},                                                                            \
  {.name = "columns", .kind = LQA_OPTION_TEXT_LIST, .offset = offsetof(type, source.columns),      \
   .argument = "a,b,c", .split_commas = true, .help = "column names where there is no header",     \
   .group = "Reading"},                                                                            \
  {.name = "delimiter", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.delimiter),       \
   .argument = "C", .help = "CSV delimiter (detected if not given; \\t is a tab)",                 \
   .group = "Reading"},                                                                            \
  {.name = "quote", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.quote),               \
   .argument = "C", .help = "CSV quote character; '' for none", .group = "Reading"},               \
  {.name = "escape", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.escape),             \
   .argument = "C", .help = "CSV escape character, such as '\\'",                                  \
   .group = "Reading"},                                                                            \
  {.name = "skip", .kind = LQA_OPTION_INT, .offset = offsetof(type, source.skip),                  \
   .default_value = "0", .min = 0, .max = 1e9, .argument = "N",                                    \
   .help = "CSV lines above the table", .group = "Reading"},                                       \
  {.name = "comment", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.comment),           \
   .argument = "C", .help = "skip CSV lines that begin with this character",                       \
   .group = "Reading"},                                                                            \
  {.name = "encoding", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.encoding),         \
   .default_value = "utf-8", .argument = "NAME", .help = "utf-8, latin-1, utf-16",                 \
   .group = "Reading"},                                                                            \
  {.name = "max-field-size", .kind = LQA_OPTION_SIZE,                                              \
   .offset = offsetof(type, source.max_field_bytes), .default_value = "64MB", .argument = "SIZE",  \
   .help = "a larger field is an error", .group = "Reading"},                                      \
  {.name = "where", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.where),               \
   .argument = "SQL", .help = "only rows for which this condition holds", .group = "Reading"},     \
  {.name = "limit", .kind = LQA_OPTION_INT, .offset = offsetof(type, source.limit),                \
   .default_value = "0", .min = 0, .max = 9e15, .argument = "N",                                   \
   .help = "only the first N rows, 0 = all", .group = "Reading"},                                  \
  {.name = "source-name", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.source_name),   \
   .argument = "NAME", .help = "what the run calls the file, in place of its path",                \
   .group = "Reading"},                                                                            \
  {.name = "memory-limit", .kind = LQA_OPTION_SIZE,                                                \
   .offset = offsetof(type, source.memory_limit), .default_value = "0", .argument = "SIZE",        \
   .help = "stay below this much memory, 0 = no limit", .group = "Reading"}

#define LQA_SOURCE_OPTIONS(type)                                                                   \
  {.name = "text", .kind = LQA_OPTION_TEXT_LIST, .offset = offsetof(type, source.text),            \
   .argument = "COL", .help = "text column; repeat it to join columns by a space",                 \
   .group = "Columns"},                                                                            \
  {.name = "features", .kind = LQA_OPTION_TEXT_LIST, .offset = offsetof(type, source.features),    \
   .argument = "COL,COL,...", .split_commas = true,                                                \
   .help = "columns of a table, instead of text; patterns such as 'age_*', '*' for all others",    \
   .group = "Columns"},                                                                            \
  {.name = "exclude", .kind = LQA_OPTION_TEXT_LIST, .offset = offsetof(type, source.exclude),      \
   .argument = "COL,COL,...", .split_commas = true,                                                \
   .help = "columns, or patterns, to leave out of the features", .group = "Columns"},              \
  {.name = "embeddings", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.embeddings),     \
   .argument = "FILE.npy", .help = "one embedding per row", .group = "Columns"},                   \
  {.name = "pred-probs", .kind = LQA_OPTION_TEXT_LIST,                                             \
   .offset = offsetof(type, source.pred_probs), .argument = "FILE.npy|COL,COL,...",                \
   .split_commas = true,                                                                           \
   .help = "out-of-fold probabilities of your own model; no model is trained",                     \
   .group = "Columns"},                                                                            \
  {.name = "label", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.label),               \
   .argument = "COL", .help = "label column", .group = "Columns"},                                 \
  {.name = "id", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.id),                     \
   .argument = "COL", .help = "row id column", .group = "Columns"},                                \
  {.name = "split", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.split),               \
   .argument = "COL", .help = "train/test split column", .group = "Columns"},                      \
  {.name = "time", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.time),                 \
   .argument = "COL", .help = "time column", .group = "Columns"},                                  \
  {.name = "label-time", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.label_time),     \
   .argument = "COL", .help = "when the label was given", .group = "Columns"},                     \
  {.name = "annotator", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.annotator),       \
   .argument = "COL", .help = "who gave the label", .group = "Columns"},                           \
  {.name = "source-column", .kind = LQA_OPTION_TEXT,                                               \
   .offset = offsetof(type, source.source_column), .argument = "COL",                              \
   .help = "vendor, app or batch the row came from", .group = "Columns"},                          \
  {.name = "group", .kind = LQA_OPTION_TEXT, .offset = offsetof(type, source.group),               \
   .argument = "COL", .help = "rows with the same value stay in one fold", .group = "Columns"},    \
  {.name = "classes", .kind = LQA_OPTION_TEXT_LIST, .offset = offsetof(type, source.classes),      \
   .argument = "A,B,C", .split_commas = true, .help = "the known label set, in order",             \
   .group = "Columns"},                                                                            \
  {.name = "classes-file", .kind = LQA_OPTION_TEXT,                                                \
   .offset = offsetof(type, source.classes_file), .argument = "F",                                 \
   .help = "the same from a file, one class per line", .group = "Columns"},                        \
  {.name = "class-names", .kind = LQA_OPTION_TEXT_LIST,                                            \
   .offset = offsetof(type, source.class_names), .argument = "CODE=NAME,...",                      \
   .split_commas = true, .help = "names of codes, for reports, judges and exports",                \
   .group = "Columns"},                                                                            \
  {.name = "missing-label", .kind = LQA_OPTION_TEXT_LIST,                                          \
   .offset = offsetof(type, source.missing_labels), .argument = "VALUE",                           \
   .help = "a label that means 'no label'; repeat it for more", .group = "Columns"},               \
  {.name = "min-class-rows", .kind = LQA_OPTION_INT,                                               \
   .offset = offsetof(type, source.min_class_rows), .default_value = "2", .min = 0, .max = 1e15,   \
   .argument = "N", .help = "classes with fewer rows are reported", .group = "Columns"},           \
  LQA_READING_OPTIONS(type)
/* clang-format on */

#endif
