/* data/source/json_document.h - JSON that is no list of flat objects, as rows: one object of lists,
 * columns, {"data": [...]}, and what labelling tools export. Private to data/source. */
#ifndef LQA_DATA_SOURCE_JSON_DOCUMENT_H
#define LQA_DATA_SOURCE_JSON_DOCUMENT_H

#include "base/buf.h"
#include "base/json_read.h"

/* What a document is, judged from its root, or that it is rows as it stands. */
typedef struct lqa_json_shape {
  const char *what; /* for messages: "lists under train, test"; NULL: rows as it stands */
  bool has_split;   /* keys of the root became a column "split" */
} lqa_json_shape;

/* Writes the document's rows as JSON lines; nothing where shape->what stays NULL. Failed
 * allocations are left in out->failed. */
void lqa_json_document_flatten(const lqa_json_node *root, lqa_buf *out, lqa_json_shape *shape);

/* json_export.c: the labelling tool whose export the row comes from, or NULL. */
const char *lqa_json_export_tool(const lqa_json_node *row);

/* A row in the making: members in order, then its end. */
typedef struct lqa_json_line {
  lqa_buf *out;
  bool any;
} lqa_json_line;
void lqa_json_line_begin(lqa_json_line *line, lqa_buf *out);
void lqa_json_line_add(lqa_json_line *line, lqa_str key, const lqa_json_node *value);
void lqa_json_line_end(lqa_json_line *line);

/* The members of a row of `tool` (NULL: as they stand), flat. */
void lqa_json_export_members(lqa_json_line *line, const char *tool, const lqa_json_node *row);

#endif
