/* Dialect and header of a delimited file.
 *
 * With --header auto the first record is a header if it holds a column that the user named, or if
 * it has the names of an earlier file; else the evidence of the whole head decides
 * (header_evidence.c). When --columns gives the names, only a first record equal to them is one.
 */
#include "data/source/header_evidence.h"
#include "data/source/source_part.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <stdio.h>

enum { MOST_ROWS = 4000 };

static lqa_status parse_character(const char *option, const char *given, char *out,
                                  lqa_error *err) {
  if (strcmp(given, "\\t") == 0 || strcmp(given, "tab") == 0) {
    *out = '\t';
    return LQA_OK;
  }
  if (strlen(given) != 1 || (unsigned char)*given > 0x7F || *given == '\n' || *given == '\r') {
    return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION("%s") " takes one character (or \\t), not '%s'",
                    option, given);
  }
  *out = *given;
  return LQA_OK;
}

static lqa_status read_hints(const lqa_source_options *options, const lqa_source_part *part,
                             lqa_csv_hints *hints, lqa_error *err) {
  *hints = (lqa_csv_hints){.prefers_tab = lqa_source_part_has_suffix(part, ".tsv") ||
                                          lqa_source_part_has_suffix(part, ".tab")};
  if (options->delimiter) {
    hints->has_delimiter = true;
    LQA_TRY(parse_character("delimiter", options->delimiter, &hints->delimiter, err));
  }
  if (options->quote) {
    hints->has_quote = true;
    if (*options->quote) {
      LQA_TRY(parse_character("quote", options->quote, &hints->quote, err));
    }
  }
  LQA_TRY(options->escape && *options->escape
              ? parse_character("escape", options->escape, &hints->escape, err)
              : LQA_OK);
  LQA_TRY(options->comment && *options->comment
              ? parse_character("comment", options->comment, &hints->comment, err)
              : LQA_OK);
  hints->escape = hints->escape == (hints->has_quote ? hints->quote : '"') ? '\0' : hints->escape;
  hints->skip_lines = options->skip;
  return hints->has_delimiter && hints->has_quote && hints->delimiter == hints->quote
             ? lqa_fail(
                   err, LQA_BAD_USAGE,
                   LQA_OPTION("delimiter") " and " LQA_OPTION("quote") " are the same character")
             : LQA_OK;
}

static bool equals_text(lqa_str s, const char *text) {
  return lqa_str_equal(s, lqa_str_from(text));
}

static bool record_holds(const lqa_csv *csv, const char *name) {
  for (size_t i = 0; i < csv->fields.n; i++) {
    if (equals_text(lqa_str_trim(csv->fields.data[i].text), name)) {
      return true;
    }
  }
  return false;
}

static bool equals_given_columns(const lqa_csv *csv, const lqa_text_list *columns) {
  bool equal = csv->fields.n == columns->n;
  for (size_t i = 0; equal && i < columns->n; i++) {
    equal = equals_text(csv->fields.data[i].text, columns->items[i]);
  }
  return equal;
}

/* "column3": how columns without a header are called. */
static bool is_place_name(const char *name) {
  size_t n = strlen("column");
  return strncmp(name, "column", n) == 0 && name[n] &&
         strspn(name + n, "0123456789") == strlen(name + n);
}

/* What the user's own names say: 1 a header, -1 data, 0 nothing. */
static int heed_named_columns(const lqa_source *source, const lqa_csv *csv) {
  int said = 0;
  const char *name = lqa_source_named_column(source, 0);
  for (size_t i = 0; name; name = lqa_source_named_column(source, ++i)) {
    if (record_holds(csv, name)) {
      return 1;
    }
    said = is_place_name(name) ? -1 : said;
  }
  return said;
}

/* The record is the header of an earlier file. */
static bool is_earlier_header(const lqa_source *source, const lqa_source_part *part,
                              const lqa_csv *csv) {
  for (int p = 0; p < part->number; p++) {
    const lqa_source_part *earlier = &source->parts.data[p];
    bool equal =
        earlier->kind == LQA_PART_CSV && earlier->has_header && earlier->n_columns == csv->fields.n;
    for (size_t i = 0; equal && i < earlier->n_columns; i++) {
      equal = equals_text(lqa_str_trim(csv->fields.data[i].text), earlier->columns[i]);
    }
    if (equal) {
      return true;
    }
  }
  return false;
}

static bool is_usual_name(const lqa_source_options *options, lqa_str cell) {
  return lqa_is_known_name(lqa_known_text_names, cell) ||
         lqa_is_known_name(lqa_known_label_names, cell) ||
         lqa_is_known_name(lqa_known_id_names, cell) ||
         (options->usual_names && lqa_is_known_name(options->usual_names, cell));
}

/* The records below the first, as far as the head holds them whole and they have its width. */
typedef struct sample {
  char *copy;
  lqa_csv csv;
  LQA_VEC(lqa_str) values;
  size_t n_rows;
} sample;

static lqa_status read_sample(const lqa_source_part *part, const lqa_source_head *head,
                              size_t width, sample *s) {
  *s = (sample){.copy = lqa_malloc(head->bytes.size, 1)};
  if (!s->copy) {
    return LQA_NO_MEMORY;
  }
  memcpy(s->copy, head->bytes.data, head->bytes.size);
  lqa_csv_open_memory(&s->csv, &part->dialect, s->copy, head->bytes.size, head->whole);
  s->csv.single_column = width == 1;
  bool more = true;
  for (int64_t row = 0; row <= MOST_ROWS; row++) {
    lqa_status status = lqa_csv_next(&s->csv, false, &more, NULL);
    if (status == LQA_NO_MEMORY) {
      return status;
    }
    if (status != LQA_OK || !more) {
      break; /* damage is told when the rows are read */
    }
    if (row == 0 || s->csv.fields.n != width) {
      continue;
    }
    for (size_t i = 0; i < width; i++) {
      LQA_TRY(lqa_vec_push(&s->values, s->csv.fields.data[i].text));
    }
    s->n_rows++;
  }
  return LQA_OK;
}

static void clear_sample(sample *s) {
  lqa_csv_close(&s->csv);
  lqa_vec_clear(&s->values);
  free(s->copy);
}

/* Judges the first record, in csv, by what stands below it. */
static lqa_status judge_by_evidence(const lqa_source *source, const lqa_source_part *part,
                                    const lqa_source_head *head, const lqa_csv *csv,
                                    lqa_header_verdict *verdict) {
  size_t n = csv->fields.n;
  sample s = {0};
  lqa_str *cells = lqa_malloc(n, sizeof *cells);
  bool *is_known = lqa_malloc(n, sizeof *is_known);
  lqa_status status;
  LQA_TRY_OUT(cells && is_known ? read_sample(part, head, n, &s) : LQA_NO_MEMORY);
  for (size_t i = 0; i < n; i++) {
    cells[i] = csv->fields.data[i].text;
    is_known[i] = is_usual_name(&source->options, lqa_str_trim(cells[i]));
  }
  const lqa_header_head judged = {.cells = cells,
                                  .n_columns = n,
                                  .body = s.values.data,
                                  .n_rows = s.n_rows,
                                  .is_known = is_known};
  status = lqa_header_judge(&judged, verdict);
out:
  clear_sample(&s);
  free(is_known);
  free(cells);
  return status;
}

/* See the top of this file. */
static lqa_status tell_header(const lqa_source *source, const lqa_source_part *part,
                              const lqa_source_head *head, const lqa_csv *csv,
                              lqa_header_verdict *verdict) {
  const lqa_source_options *options = &source->options;
  *verdict = (lqa_header_verdict){0};
  if (options->header && strcmp(options->header, "auto") != 0) {
    verdict->is_header = strcmp(options->header, "yes") == 0;
    return LQA_OK;
  }
  if (options->columns.n > 0) {
    verdict->is_header = equals_given_columns(csv, &options->columns);
    return LQA_OK;
  }
  int said = heed_named_columns(source, csv);
  if (said != 0 || is_earlier_header(source, part, csv)) {
    verdict->is_header = said >= 0;
    return LQA_OK;
  }
  return judge_by_evidence(source, part, head, csv, verdict);
}

/* The name of a field of the header; an empty one (pandas' index) is named by its place. */
static lqa_status name_from_header(lqa_source *source, const lqa_source_part *part,
                                   const lqa_csv *csv, size_t i, const char **name,
                                   lqa_error *err) {
  lqa_str text = lqa_str_trim(csv->fields.data[i].text);
  if (text.size > 0 && memchr(text.data, '\0', text.size)) {
    return lqa_fail_at(err, LQA_BAD_DATA, part->name, -1, NULL,
                       "'%s' has a NUL byte in a column name", part->name);
  }
  *name = text.size > 0 ? lqa_arena_copy(&source->arena, text.data, text.size)
                        : lqa_arena_printf(&source->arena, "column%zu", i);
  return *name ? LQA_OK : lqa_fail_memory(err, "reading columns");
}

static lqa_status name_columns(lqa_source *source, lqa_source_part *part, const lqa_csv *csv,
                               lqa_name_list *list, lqa_error *err) {
  const lqa_text_list *given = &source->options.columns;
  size_t n = csv->fields.n;
  if (!part->has_header && given->n > 0 && given->n != n) {
    return lqa_fail_at(
        err, LQA_BAD_USAGE, part->name, 0, NULL,
        LQA_OPTION("columns") " names %zu columns, but the first record of '%s' has %zu field%s",
        given->n, part->name, n, n == 1 ? "" : "s");
  }
  for (size_t i = 0; i < n; i++) {
    const char *name = given->n > 0 && !part->has_header ? given->items[i] : NULL;
    if (part->has_header) {
      LQA_TRY(name_from_header(source, part, csv, i, &name, err));
    } else if (!name) {
      name = lqa_arena_printf(&source->arena, "column%zu", i);
    }
    if (!name || lqa_vec_push(&list->names, name) != LQA_OK) {
      return lqa_fail_memory(err, "reading columns");
    }
  }
  return LQA_OK;
}

/* ": 'ham' is a value of its column, too" */
static void explain_data(const lqa_csv *csv, const lqa_header_verdict *verdict, char why[200]) {
  if (verdict->reason == LQA_HEADER_NO_REASON) {
    why[0] = '\0';
    return;
  }
  static const char *const reasons[] = {
      [LQA_HEADER_VALUE_RECURS] = "occurs again below it",
      [LQA_HEADER_SAME_TYPE] = "is of the same type as the values below it",
      [LQA_HEADER_LIKE_COLUMN] = "is written like the values below it"};
  lqa_str cell = csv->fields.data[verdict->column].text;
  snprintf(why, 200, ", because '%.*s' %s", (int)lqa_utf8_prefix(cell.data, cell.size, 40),
           cell.data, reasons[verdict->reason]);
}

/* Keeps the first record for messages, and warns where it was judged to be data. */
static lqa_status tell_headerless(lqa_source *source, lqa_source_part *part, const lqa_csv *csv,
                                  const lqa_header_verdict *verdict, lqa_error *err) {
  lqa_buf line;
  lqa_buf_init(&line, 1 << 16);
  for (size_t i = 0; i < csv->fields.n && line.size < 100; i++) {
    lqa_str text = csv->fields.data[i].text;
    lqa_buf_add_text(&line, i ? ", " : "");
    lqa_buf_add(&line, text.data, lqa_utf8_prefix(text.data, text.size, 40));
  }
  part->first_record =
      line.failed ? NULL : lqa_arena_copy(&source->arena, line.data ? line.data : "", line.size);
  lqa_buf_clear(&line);
  if (!part->first_record) {
    return lqa_fail_memory(err, "reading columns");
  }
  bool is_auto = !source->options.header || strcmp(source->options.header, "auto") == 0;
  if (is_auto && source->options.columns.n == 0) {
    char why[200];
    explain_data(csv, verdict, why);
    lqa_observe_message(
        source->observer, LQA_MESSAGE_WARN,
        "%s: the first record (%s) is read as data%s; if it is the header, say " LQA_OPTION_AS(
            "header", "yes"),
        part->name, part->first_record, why);
  }
  return LQA_OK;
}

/* Reads the first record and decides what it is. */
static lqa_status read_first_record(lqa_source *source, lqa_source_part *part,
                                    const lqa_source_head *head, lqa_name_list *list,
                                    lqa_error *err) {
  lqa_input *input = NULL;
  lqa_csv csv = {0};
  lqa_header_verdict verdict;
  bool more = false;
  lqa_status status = lqa_input_open(part->path, part->name, part->encoding, &input, err);
  LQA_TRY_OUT(status);
  status = lqa_csv_open(&csv, &part->dialect, input, part->name, source->options.max_field_bytes,
                        source->options.header && strcmp(source->options.header, "yes") == 0);
  LQA_TRY_OUT(status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "opening a file"));
  LQA_TRY_OUT(lqa_csv_next(&csv, true, &more, err));
  if (!more) {
    status = lqa_fail_at(err, LQA_BAD_DATA, part->name, -1, NULL,
                         "'%s' is empty: it has no header and no rows", part->name);
    goto out;
  }
  LQA_TRY_OUT(tell_header(source, part, head, &csv, &verdict) == LQA_OK
                  ? LQA_OK
                  : lqa_fail_memory(err, "reading columns"));
  part->has_header = verdict.is_header;
  LQA_TRY_OUT(verdict.is_header ? LQA_OK : tell_headerless(source, part, &csv, &verdict, err));
  status = name_columns(source, part, &csv, list, err);
out:
  lqa_csv_close(&csv);
  lqa_input_close(input);
  return status;
}

/* What was found out about the dialect and is not as one would expect. */
static void tell_finds(const lqa_source *source, lqa_source_part *part,
                       const lqa_csv_finds *finds) {
  part->n_preamble = finds->n_preamble;
  if (finds->quotes_dropped) {
    lqa_observe_message(source->observer, LQA_MESSAGE_INFO,
                        "%s: quotes are read as plain characters, because some texts begin with a "
                        "quotation; if they enclose fields, say " LQA_OPTION_AS("quote", "'\"'"),
                        part->name);
  }
  if (finds->has_separator_line) {
    lqa_observe_message(source->observer, LQA_MESSAGE_INFO,
                        "%s: the first line names the delimiter, '%c', and is no row", part->name,
                        part->dialect.delimiter);
  }
  if (finds->spaces_skipped) {
    lqa_observe_message(source->observer, LQA_MESSAGE_INFO,
                        "%s: a space follows every delimiter: the spaces around fields are left "
                        "out",
                        part->name);
  }
}

lqa_status lqa_source_tell_csv(lqa_source *source, lqa_source_part *part,
                               const lqa_source_head *head, lqa_name_list *names, lqa_error *err) {
  lqa_csv_hints hints;
  lqa_csv_finds finds;
  LQA_TRY(read_hints(&source->options, part, &hints, err));
  if (lqa_csv_detect(head->bytes.data, head->bytes.size, head->whole, &hints, &part->dialect,
                     &finds) != LQA_OK) {
    return lqa_fail_memory(err, "reading a file's head");
  }
  tell_finds(source, part, &finds);
  return read_first_record(source, part, head, names, err);
}
