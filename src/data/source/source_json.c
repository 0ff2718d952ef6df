/* JSON files that are not rows as they stand (json_document.h) are written as JSON lines to a
 * temporary file, which is read in their place. They are parsed whole, so this takes memory of
 * several times their size; rows as they stand, told by the first object of the head, are streamed.
 */
#include "base/memory.h"
#include "base/scratch_file.h"
#include "data/source/json_document.h"
#include "data/source/source_part.h"

enum { READ_BYTES = 1 << 18 };

static const size_t max_document_bytes = (size_t)1 << 32;

/* Where the value that begins at `text` ends, or 0 if it does not. */
static size_t find_end(lqa_str text) {
  size_t depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (in_text) {
      i += c == '\\';
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      depth++;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

static lqa_str skip(lqa_str text, size_t n) {
  return lqa_str_trim((lqa_str){text.data + n, text.size - n});
}

/* What the head says: rows as they stand, objects one after another of a labelling tool, or a
 * document. */
typedef enum reading { ROWS, LINES_OF_A_TOOL, DOCUMENT } reading;

static bool is_of_tool(lqa_str object) {
  lqa_arena arena;
  lqa_arena_init(&arena);
  const lqa_json_node *row = lqa_json_parse_foreign(object, &arena);
  bool is_tool = row && lqa_json_export_tool(row);
  lqa_arena_clear(&arena);
  return is_tool;
}

static reading judge_head(const lqa_source_head *head) {
  lqa_str text = lqa_str_trim(head->bytes);
  bool is_list = text.size > 0 && text.data[0] == '[';
  lqa_str first = is_list ? skip(text, 1) : text;
  if (is_list && first.size > 0 && first.data[0] == '[') {
    return DOCUMENT;
  }
  size_t end = first.size > 0 && first.data[0] == '{' ? find_end(first) : 0;
  if (end == 0) {
    return first.size > 0 && first.data[0] == '{' && !is_list ? DOCUMENT : ROWS;
  }
  bool is_tool = is_of_tool((lqa_str){first.data, end});
  if (is_list) {
    return is_tool ? DOCUMENT : ROWS;
  }
  bool is_alone = skip(first, end).size == 0;
  return is_tool ? LINES_OF_A_TOOL : is_alone ? DOCUMENT : ROWS;
}

static lqa_status load(const lqa_source_part *part, lqa_buf *text, lqa_error *err) {
  lqa_input *input = NULL;
  char *block = lqa_malloc(READ_BYTES, 1);
  size_t got = 1;
  lqa_status status = block ? LQA_OK : lqa_fail_memory(err, "reading JSON");
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(lqa_input_open(part->path, part->name, part->encoding, &input, err));
  while (got > 0) {
    LQA_TRY_OUT(lqa_input_read(input, block, READ_BYTES, &got, err));
    lqa_buf_add(text, block, got);
  }
  status = text->failed ? lqa_fail_memory(err, "reading JSON") : LQA_OK;
out:
  lqa_input_close(input);
  free(block);
  return status;
}

/* One object after the other, each flat; stops without a word at damage, which is then told when
 * the file is read as it stands. */
static const char *flatten_lines(lqa_str text, lqa_buf *out) {
  const char *tool = NULL;
  for (text = lqa_str_trim(text); text.size > 0;) {
    size_t end = find_end(text);
    lqa_arena arena;
    lqa_arena_init(&arena);
    const lqa_json_node *row =
        end ? lqa_json_parse_foreign((lqa_str){text.data, end}, &arena) : NULL;
    if (row) {
      lqa_json_line line;
      tool = tool ? tool : lqa_json_export_tool(row);
      lqa_json_line_begin(&line, out);
      lqa_json_export_members(&line, tool, row);
      lqa_json_line_end(&line);
    }
    lqa_arena_clear(&arena);
    if (!row) {
      return NULL;
    }
    text = skip(text, end);
  }
  return tool;
}

static const char *flatten(lqa_str text, reading how, lqa_buf *out) {
  if (how == LINES_OF_A_TOOL) {
    return flatten_lines(text, out);
  }
  lqa_json_shape shape = {0};
  lqa_arena arena;
  lqa_arena_init(&arena);
  const lqa_json_node *root = lqa_json_parse_foreign(text, &arena);
  if (root) {
    lqa_json_document_flatten(root, out, &shape);
  }
  lqa_arena_clear(&arena);
  return shape.what;
}

/* The part is read from a temporary file that holds `lines`. */
static lqa_status replace(lqa_source *source, lqa_source_part *part, const lqa_buf *lines,
                          lqa_error *err) {
  lqa_scratch_file file = {.fd = -1};
  LQA_TRY(lqa_scratch_open(&file, source->options.temporary_folder, lines->size, err));
  lqa_status status = lqa_scratch_write(&file, lines->data, lines->size, 0, err);
  char *path = lqa_arena_printf(&source->arena, "/proc/self/fd/%d", file.fd);
  if (status != LQA_OK || !path) {
    lqa_scratch_close(&file);
    return status == LQA_OK ? lqa_fail_memory(err, "reading JSON") : status;
  }
  part->original = part->path;
  part->original_fd = part->fd;
  part->path = path;
  part->fd = file.fd;
  part->encoding = NULL;
  return LQA_OK;
}

lqa_status lqa_source_flatten_json(lqa_source *source, lqa_source_part *part,
                                   const lqa_source_head *head, lqa_error *err) {
  reading how = judge_head(head);
  if (how == ROWS || source->options.raw_json) {
    return LQA_OK;
  }
  lqa_buf text, lines;
  lqa_buf_init(&text, max_document_bytes);
  lqa_buf_init(&lines, max_document_bytes);
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(load(part, &text, err));
  const char *what = flatten(lqa_buf_str(&text), how, &lines);
  if (lines.failed) {
    status = lqa_fail_memory(err, "reading JSON");
  } else if (what && lines.size > 0) {
    lqa_observe_message(source->observer, LQA_MESSAGE_INFO, "%s: read as %s", part->name, what);
    status = replace(source, part, &lines, err);
  }
out:
  lqa_buf_clear(&text);
  lqa_buf_clear(&lines);
  return status;
}

/* No part has a text in the column, and all are JSON. */
static bool is_json_column(const lqa_source *source, size_t column) {
  for (size_t i = 0; i < source->parts.n; i++) {
    const lqa_source_part *part = &source->parts.data[i];
    for (size_t c = 0; c < part->n_columns; c++) {
      if (part->to_column[c] == column && (!part->is_text || part->is_text[c])) {
        return false;
      }
    }
    if (part->kind != LQA_PART_JSON) {
      return false;
    }
  }
  return true;
}

lqa_status lqa_source_find_json_columns(lqa_source *source, lqa_error *err) {
  size_t n = lqa_source_count_columns(source);
  const char **items = lqa_arena_alloc(&source->arena, n + 1, sizeof *items);
  if (!items) {
    return lqa_fail_memory(err, "reading columns");
  }
  lqa_text_list *list = &source->roles.json_columns;
  *list = (lqa_text_list){items, 0};
  for (size_t c = 0; c < n; c++) {
    if (is_json_column(source, c)) {
      items[list->n++] = lqa_source_column_name(source, c);
    }
  }
  return LQA_OK;
}
